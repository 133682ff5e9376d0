/*
 * Which groups give which role, as NSS knows them (files, LDAP, AD by sssd).
 *
 * The names are looked up by a child of ours, at start and once a minute, so
 * that a directory that does not answer stops nobody but that child. Whose
 * groups are whose is never looked up: the kernel tells what groups the other
 * end of a socket has (SO_PEERCRED, SO_PEERGROUPS).
 */
#ifndef SL_ACCESS_GROUPS_H
#define SL_ACCESS_GROUPS_H

#include <stdint.h>
#include <sys/types.h>

#include "../base/err.h"
#include "../config/config.h"
#include "access.h"

#define SL_GROUPS_MAX 16u /* of one role */

struct sl_groups;

/* Whom the configuration gives a role: names of groups. */
const struct sl_list *sl_groups_of(
    const struct sl_access_config *cfg, enum sl_duty duty);
/* Starts the child; the configuration must outlive it. A role's groups beyond
 * SL_GROUPS_MAX are SL_FATAL. *ret is the caller's. */
enum sl_rc sl_groups_start(const struct sl_access_config *cfg,
    struct sl_groups **ret, struct sl_err *err);
/* Ends the child; NULL is fine. */
void sl_groups_free(struct sl_groups *g);
/* Readable when the child has something to say; -1 while there is none. */
int sl_groups_fd(const struct sl_groups *g);
/* Waits at most ms for its first answer. */
void sl_groups_wait(struct sl_groups *g, int ms);
/* Takes what it said; never blocks. True: the roles have changed. A child that
 * ended is noted: sl_groups_fd is -1 then, and sl_groups_again starts one,
 * where there is anything to look up. */
bool sl_groups_take(struct sl_groups *g);
void sl_groups_again(struct sl_groups *g);
/* A JSON object: each role with its groups, their numbers, and the members
 * that NSS tells of. Lent, until the next take. */
const char *sl_groups_json(const struct sl_groups *g);
/* The duties (bits) of who has these groups. */
unsigned sl_groups_duties(
    const struct sl_groups *g, const gid_t *gid, size_t n);

#endif
