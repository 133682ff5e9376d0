/*
 * The journal verified: every leaf, every payload, the tree over them.
 *
 * Finds what was changed, removed, added or moved since it was written, as far
 * as the tree row was not made to fit: that needs a signed checkpoint outside.
 * Memory: one leaf and 64 hashes, whatever the journal's length. The leaves and
 * the tree row are read in one transaction, so slused may go on writing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../journal/leaf.h"
#include "../journal/tree.h"
#include "../store/db.h"
#include "report_p.h"

struct check {
	struct sl_verify *v;
	struct sl_tree tree;
	struct sl_buf lines, again;
};

/* Keeps the first fault only. */
static void __attribute__((format(printf, 4, 5)))
fault(struct sl_verify *v, uint64_t first, uint64_t last, const char *fmt, ...)
{
	va_list ap;

	if (!v->ok)
		return;
	v->ok = false;
	v->first = first;
	v->last = last;
	va_start(ap, fmt);
	(void)vsnprintf(v->fault, sizeof(v->fault), fmt, ap);
	va_end(ap);
}

static void
check_payload(struct check *c, const struct sl_leaf *l, sqlite3_stmt *st)
{
	struct sl_slice salt = sl_db_blob(st, 2), body;
	struct sl_digest d;

	if (sqlite3_column_type(st, 2) == SQLITE_NULL) {
		fault(c->v, l->seq, l->seq, "its payload is missing");
		return;
	}
	body.p = sl_db_text(st, 3);
	body.n = (uint32_t)sqlite3_column_bytes(st, 3);
	if (salt.n != SL_SALT_LEN) {
		fault(c->v, l->seq, l->seq, "the salt has the wrong length");
		return;
	}
	sl_payload_digest((const uint8_t *)salt.p, body.p, body.n, &d);
	if (memcmp(d.b, l->payload.b, SL_SHA256_LEN) != 0)
		fault(c->v, l->seq, l->seq, "its payload was changed");
}

/* The columns for finding stand outside the proof: they must agree with the
 * subject, or `explain` would show another item's events. */
static void
check_finding(struct check *c, const struct sl_leaf *l, sqlite3_stmt *st)
{
	const char *reception = sl_db_text(st, 4);
	size_t n = strlen(reception);

	if (n > 0 && strcmp(l->subject, "-") != 0 &&
	    (strncmp(l->subject, reception, n) != 0 ||
		(l->subject[n] != '\0' && l->subject[n] != '.')))
		fault(c->v, l->seq, l->seq,
		    "it is filed under another reception number");
}

static void
check_leaf(struct check *c, uint64_t want, sqlite3_stmt *st)
{
	uint64_t seq = (uint64_t)sqlite3_column_int64(st, 0);
	struct sl_slice b = sl_db_blob(st, 1);
	struct sl_digest hash;
	struct sl_leaf l;

	sl_tree_leaf_hash(b.p, b.n, &hash);
	sl_tree_append(&c->tree, &hash);
	if (!c->v->ok)
		return;
	if (seq != want) {
		fault(c->v, want, want, "it is missing");
		return;
	}
	sl_buf_reset(&c->again);
	if (sl_leaf_decode(b.p, b.n, &c->lines, &l, NULL) != SL_OK ||
	    sl_leaf_encode(&l, &c->again, NULL) != SL_OK || c->again.n != b.n ||
	    memcmp(c->again.p, b.p, b.n) != 0) {
		fault(c->v, seq, seq, "it is not a leaf of version 1");
		return;
	}
	if (l.seq != seq) {
		fault(c->v, seq, seq,
		    "it stands in the wrong place: it is %" PRIu64, l.seq);
		return;
	}
	if (l.time_ms <= 0)
		fault(c->v, seq, seq, "it has no time");
	if (seq == 0)
		(void)snprintf(
		    c->v->origin, sizeof(c->v->origin), "%s", l.origin);
	else if (strcmp(c->v->origin, l.origin) != 0)
		fault(c->v, seq, seq, "it comes from another journal");
	check_payload(c, &l, st);
	check_finding(c, &l, st);
}

/* Which full subtree differs tells where a leaf was changed. */
static void
check_nodes(struct check *c, struct sl_slice nodes)
{
	size_t n = sl_tree_nodes(c->tree.size), i;
	uint64_t from = 0, size;
	int bit = 63;

	if (nodes.n != n * SL_SHA256_LEN) {
		fault(c->v, 0, c->tree.size - 1, "the tree's nodes do not fit");
		return;
	}
	for (i = 0; i < n; i++, bit--) {
		while ((c->tree.size >> bit & 1) == 0)
			bit--;
		size = (uint64_t)1 << bit;
		if (memcmp(c->tree.nodes[i].b, nodes.p + i * SL_SHA256_LEN,
			SL_SHA256_LEN) != 0)
			fault(c->v, from, from + size - 1,
			    "the tree does not fit: a leaf was changed");
		from += size;
	}
}

static void
check_tree(struct check *c, struct sl_db *db)
{
	struct sl_digest root, kept;
	sqlite3_stmt *st = sl_db_query(
	    db, "SELECT size, nodes, root FROM tree WHERE id = 1", "");

	sl_tree_root(&c->tree, &root);
	sl_digest_hex(&root, c->v->root);
	c->v->leaves = c->tree.size;
	if (!sl_db_row(db, st)) {
		if (c->tree.size > 0)
			fault(c->v, 0, c->tree.size - 1, "the tree is missing");
		return;
	}
	c->v->tree_size = (uint64_t)sqlite3_column_int64(st, 0);
	if (c->v->tree_size > c->tree.size)
		fault(c->v, c->tree.size, c->v->tree_size - 1,
		    "the tree has more leaves: the last are missing");
	else if (c->v->tree_size < c->tree.size)
		fault(c->v, c->v->tree_size, c->tree.size - 1,
		    "the tree has fewer leaves: some were added");
	else if (c->tree.size > 0)
		check_nodes(c, sl_db_blob(st, 1));
	if (!sl_db_digest(st, 2, &kept) ||
	    memcmp(kept.b, root.b, SL_SHA256_LEN) != 0)
		fault(c->v, 0, c->tree.size > 0 ? c->tree.size - 1 : 0,
		    "the tree's root does not fit");
	sl_db_done(st);
}

static void
check_strays(struct check *c, struct sl_db *db)
{
	int64_t seq = sl_db_int(db, -1,
	    "SELECT min(seq) FROM payload WHERE seq NOT IN"
	    " (SELECT seq FROM leaf)",
	    "");

	if (seq >= 0)
		fault(c->v, (uint64_t)seq, (uint64_t)seq,
		    "there is a payload without its leaf");
}

enum sl_rc
sl_report_verify(struct sl_store *s, struct sl_verify *ret, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(s);
	struct check c = {.v = ret};
	enum sl_rc rc;
	uint64_t want = 0;
	sqlite3_stmt *st;

	memset(ret, 0, sizeof(*ret));
	ret->ok = true;
	if (sl_db_script(db, "BEGIN", err) != SL_OK)
		return SL_FATAL;
	st = sl_db_query(db,
	    "SELECT l.seq, l.bytes, p.salt, p.body, c.reception FROM leaf l"
	    " LEFT JOIN payload p ON p.seq = l.seq"
	    " LEFT JOIN consignment c ON c.id = l.consignment"
	    " ORDER BY l.seq",
	    "");
	while (sl_db_row(db, st))
		check_leaf(&c, want++, st);
	check_tree(&c, db);
	check_strays(&c, db);
	sl_buf_free(&c.lines);
	sl_buf_free(&c.again);
	rc = sl_db_check(db, err);
	(void)sl_db_script(db, "COMMIT", NULL);
	return rc;
}
