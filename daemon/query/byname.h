/*
 * Every question about an instance by name: what `sluse` asks for itself, and
 * what sluse-report is told to answer.
 *
 * Without content (bare) a row keeps its members, but what the post says, what
 * it and its case are called and what people wrote about it is null or empty:
 * what is kept is a list of names, so that a new member is left out until
 * somebody thought of it.
 */
#ifndef SL_QUERY_BYNAME_H
#define SL_QUERY_BYNAME_H

#include "control.h"
#include "given.h"
#include "query.h"

/* verb: list, show, explain, status, age, cases-list, journal-list,
 * journal-verify, journal-prove, approvals. args: the members that the verb
 * knows (id, stage, disposition, queue, person, kind, from_ms, to_ms; of
 * journal-verify key and witness, as vkeys, and against, a signed head, or
 * which_keys: one row {keys} instead, or originals: rows {looks} before the one
 * that counts; of journal-prove id and event, or the
 * sizes old and new: one row {seq, proof}); may be NULL. fn is given each row.
 * SL_REJECT: no such verb, stage and so on; else as the query. */
enum sl_rc sl_query_by_name(struct sl_store *s, const char *verb,
    const json_t *args, bool bare, sl_query_fn *fn, void *arg,
    struct sl_err *err);
/* Takes content out of a row. */
void sl_query_strip(json_t *row);

/* An answer that is not made of rows: of this verb, by the program's own. args
 * and the files that came with them are lent; what fn is given goes to who
 * asked. */
typedef enum sl_rc sl_answer_fn(const char *root, const json_t *args,
    const struct sl_given *given, sl_bytes_fn *fn, void *arg,
    struct sl_err *err);
struct sl_query_extra {
	const char *verb; /* NULL: the end of a list */
	sl_answer_fn *answer;
};
/* Answers what slused hands over, each in a child of its own, until it closes
 * the connection; pings the watchdog over notify (may be -1). */
enum sl_rc sl_query_serve(struct sl_chan *slused, const char *root, int notify,
    const struct sl_query_extra *extra, struct sl_err *err);

#endif
