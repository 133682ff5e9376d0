/*
 * Walking the changes of the sporingslogg.
 */
#include "changes.h"

#include <string.h>

#include "../journal/leaf.h"
#include "../store/db.h"
#include "snap.h"

static enum sl_rc
take_leaf(struct sl_slice bytes, struct sl_buf *store, struct sl_rep_change *c,
    struct sl_err *err)
{
	struct sl_leaf l;
	enum sl_rc rc;

	sl_buf_reset(store);
	rc = sl_leaf_decode(bytes.p, bytes.n, store, &l, err);
	if (rc != SL_OK)
		return rc;
	c->event = l.event;
	c->time_ms = l.time_ms;
	(void)sl_slice_copy(sl_slice_str(l.actor), c->actor, sizeof(c->actor));
	return SL_OK;
}

static void
read_reason(struct sl_db *db, int64_t seq, struct sl_rep_change *c)
{
	sqlite3_stmt *st = sl_db_query(
	    db, "SELECT body FROM payload WHERE seq = ?1", "i", seq);

	if (!sl_db_row(db, st))
		return;
	(void)sl_json_peek(
	    sl_db_text(st, 0), "reason", c->reason, sizeof(c->reason));
	sl_db_done(st);
}

enum sl_rc
sl_rep_changes(struct sl_store *s, bool reasons, sl_rep_change_fn *fn,
    void *arg, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(s);
	SL_BUF struct sl_buf store = {0};
	/* The condition is the index's, word for word. */
#define IS(hex) "instr(bytes, x'0A" hex "0A') > 0"
#define OR(hex) " OR " IS(hex)
	static const char sql[] =
	    "SELECT bytes, consignment, entry, seq FROM leaf"
	    " INDEXED BY leaf_change WHERE (" IS("313032") OR("313033")
		OR("313034") OR("313035") OR("313036") OR("313037") OR("313038")
		    OR("313039") OR("313130") OR("313131") ") ORDER BY seq";
#undef OR
#undef IS
	sqlite3_stmt *st = sl_db_query(db, sql, "");
	struct sl_rep_change c;
	enum sl_rc rc = SL_OK;

	while (rc == SL_OK && sl_db_row(db, st)) {
		memset(&c, 0, sizeof(c));
		/* A leaf that cannot be read is journal verify's to tell. */
		if (take_leaf(sl_db_blob(st, 0), &store, &c, NULL) != SL_OK ||
		    c.event < SL_EVENT_held || c.event > SL_EVENT_replaced)
			continue;
		c.consignment = sqlite3_column_int64(st, 1);
		c.entry = sqlite3_column_int64(st, 2);
		if (reasons && c.event == SL_EVENT_held)
			read_reason(db, sqlite3_column_int64(st, 3), &c);
		rc = fn(arg, &c, err);
	}
	sl_db_done(st);
	return rc != SL_OK ? rc : sl_db_check(db, err);
}
