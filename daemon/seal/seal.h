/*
 * The sporingslogg's signed heads: slused owns the key.
 *
 * After the commit of what they cover, heads are signed, remembered outside the
 * database (<root>/journal/checkpoint, synced), recorded (table checkpoint),
 * and only then told to others. So a crash at any point leaves one history, and
 * a database that was put back from a backup is found at start: what was signed
 * is not its beginning. Then nothing is signed, claimed or delivered until an
 * administrator says so (sl_seal_accept), under a new name.
 */
#ifndef SL_SEAL_SEAL_H
#define SL_SEAL_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/loop.h"
#include "../config/config.h"
#include "../journal/checkpoint.h"
#include "../store/store.h"

struct sl_seal;

/* The house around it; all of it outlives the seal. */
struct sl_seal_house {
	const char *root;
	const struct sl_config *cfg;
	struct sl_store *store;
	struct sl_loop *loop;
	/* All that was written is durable when it returns. */
	enum sl_rc (*commit)(void *arg);
	/* The log is not what was signed (or, false, is accepted as it is):
	 * nothing may be claimed or delivered. */
	void (*halt)(void *arg, bool halted);
	/* To sluse-push --witness. There: is anybody? */
	bool (*witness_there)(void *arg);
	bool (*witness_send)(void *arg, const struct sl_msg *m);
	void *arg;
};

/* With the store open: key, and what was remembered. Halts the house rather
 * than failing where the log is not what was signed. *ret is the caller's also
 * when it fails. */
enum sl_rc sl_seal_start(const struct sl_seal_house *house,
    struct sl_seal **ret, struct sl_err *err);
/* Behind a commit, nothing written since: signs if it is time. */
enum sl_rc sl_seal_round(struct sl_seal *s, struct sl_err *err);
/* At the end: with sign, what is not signed is; frees. NULL is fine. */
enum sl_rc sl_seal_stop(struct sl_seal *s, bool sign, struct sl_err *err);

/* The log is not what was signed. */
bool sl_seal_halted(const struct sl_seal *s);
/* The log as it is now is the one, whatever was signed before; its name
 * changes, for under the old one it would be a second history. SL_REJECT:
 * nothing is wrong, so there is nothing to accept. */
enum sl_rc sl_seal_accept(
    struct sl_seal *s, const char *why, const char *actor, struct sl_err *err);
/* A fresh key, introduced by the old one. SL_REJECT: it cannot be written. */
enum sl_rc sl_seal_rotate(
    struct sl_seal *s, const char *why, const char *actor, struct sl_err *err);
/* {"size":..,"signed":..,"halted":..,"why":".."} */
void sl_seal_status(struct sl_seal *s, struct sl_buf *b);

#endif
