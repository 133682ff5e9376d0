/*
 * A harvest folder: all units and documents of a target's archive, as
 * sluse-push(8) describes it.
 *
 * Nothing in it counts before harvest.json is there, which is written last. A
 * harvest that was cut off is begun anew, and keeps the documents it has.
 */
#ifndef SL_PUSH_HARVEST_H
#define SL_PUSH_HARVEST_H

#include "../../plugins/connector.h"
#include "../base/err.h"

#define SL_HARVEST_LINE_MAX (1u << 20) /* bytes of one unit's fields */
#define SL_HARVEST_DOCUMENT_MAX (4ull << 30) /* bytes, if not said */
#define SL_HARVEST_TRIES 8 /* of one request */
#define SL_HARVEST_TRIES_SPOILT 2 /* of what an earlier run left out */

/* Borrowed until sl_harvest_open returns. */
struct sl_harvest_conf {
	const char *dir, *target, *connector;
	struct sluse_range range;
	uint64_t document_max; /* 0 = as above */
	uint64_t free_min; /* bytes to be left on the disk */
	int64_t wait_first_ms; /* before a second try */
};

struct sl_harvest;
struct sl_push;

/* Makes the folder or takes up an unfinished harvest in it. SL_FATAL:
 * config_invalid if it holds something else, a finished harvest, one of
 * another target, or one that is under way; disk_error. */
enum sl_rc sl_harvest_open(const struct sl_harvest_conf *conf,
    struct sl_harvest **ret, struct sl_err *err);
/* Descriptor of the folder; lent. */
int sl_harvest_dir(const struct sl_harvest *h);
/* Has the connector walk, and ends the harvest. Blocks as long as that takes.
 * Anything but SL_OK leaves an unfinished one, to be gone on with. */
enum sl_rc sl_harvest_run(struct sl_push *p, struct sl_err *err);
/* NULL is fine. */
void sl_harvest_free(struct sl_harvest *h);

/* The host's calls of the contract. */
struct sluse_sink *sl_harvest_sink(
    struct sl_harvest *h, const char *key, int *ret_have);
int sl_harvest_unit(struct sl_harvest *h, const struct sluse_unit *u);
/* What the target says to a request for a document; 0: nothing. */
void sl_harvest_answered(struct sl_harvest *h, int status);
int sl_harvest_pause(struct sl_push *p, int attempt, int retry_after_s);

#endif
