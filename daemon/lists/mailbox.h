/*
 * What lay in a mailbox before it was fetched: one line a message, by its UID.
 * A control total that names each one it counts.
 *
 * CSV with a head, columns in any order, Norwegian or English: kø, dato, uid,
 * uidvalidity, message-id; or what doveadm fetch writes with -f json (or tab).
 * Hostile: a Message-ID is what its sender wrote.
 *
 * Or of deliveries that their channel numbers, as SvarInn does: with a column
 * id and no uid; or SvarInn's own list in JSON.
 */
#ifndef SL_LISTS_MAILBOX_H
#define SL_LISTS_MAILBOX_H

#include "../base/names.h"
#include "csvin.h"

#define SL_MAILBOX_LINES_MAX 500000u
#define SL_MAILBOX_QUEUES_MAX 1000u
#define SL_MAILBOX_SHOWN 100u /* bytes of a Message-ID that are kept */

struct sl_mail_line {
	uint64_t hash; /* of its Message-ID; 0: none is known */
	uint32_t uid, validity; /* validity 0: not said */
	uint32_t text; /* its Message-ID in `text`; 0: none */
	uint32_t line; /* of the file */
	int32_t day; /* as sl_day_of */
	uint16_t queue; /* in `queue` */
	bool asked : 1; /* of the period and queue; the balance's */
	bool came : 1;
};
struct sl_mailbox {
	struct sl_mail_line *line; /* by queue, uid, uidvalidity; each once */
	size_t n, cap;
	uint32_t *by_id; /* those with a Message-ID, by queue and hash */
	size_t ids;
	struct sl_buf text;
	struct sl_names queue;
	bool there; /* the file is such a list */
	bool by_key; /* of deliveries: hash is of its number, uid its line */
};

/* Is the head (just read) one of such a list? */
bool sl_mailbox_is_head(const struct sl_csvin *c);
/* The rest of the file. queue: of all lines where the head names none; NULL:
 * not said. SL_BROKEN: not such a list; err names a line, never what it holds.
 */
enum sl_rc sl_mailbox_read_csv(struct sl_csvin *c, const char *queue,
    struct sl_mailbox *m, struct sl_err *err);
enum sl_rc sl_mailbox_read_json(
    FILE *f, const char *queue, struct sl_mailbox *m, struct sl_err *err);
void sl_mailbox_free(struct sl_mailbox *m);

/* The hash of a Message-ID as a reader gives it (no brackets). Never 0. */
uint64_t sl_mailbox_hash(const char *id);
/* Of the number of a delivery, in any case of its letters; key: with the name
 * of its channel before it. */
uint64_t sl_mailbox_hash_number(const char *key);
/* The first line of that UID, or of that Message-ID (in by_id); how many there
 * are. 0: none. */
size_t sl_mailbox_by_uid(
    const struct sl_mailbox *m, unsigned queue, uint32_t uid, size_t *ret_at);
size_t sl_mailbox_by_id(
    const struct sl_mailbox *m, unsigned queue, uint64_t hash, size_t *ret_at);

#endif
