/*
 * The journal verified: every leaf, every payload, the tree over them, and
 * every head that was signed.
 *
 * Finds what was changed, removed, added or moved since it was written. Who can
 * write the database and has the key can make another journal of it: that shows
 * against a head that lies elsewhere (ask->against). Memory: one leaf and 64
 * hashes, whatever the journal's length. All is read in one transaction, so
 * slused may go on writing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../store/db.h"
#include "verify_p.h"

struct walk {
	struct sl_check c;
	struct sl_db *db;
	sqlite3_stmt *heads; /* the next signed head; NULL after the last */
	uint64_t head_size;
	/* Leaves that are filed under a post: how many, and the sum of their
	 * sequence numbers. */
	int64_t filed, filed_sum;
	struct sl_indices indices;
};

/* A payload that is not there must have gone by an event that names it. */
static void
check_payload(struct walk *w, const struct sl_leaf_view *l, sqlite3_stmt *st)
{
	struct sl_slice body;

	if (sqlite3_column_type(st, 2) == SQLITE_NULL) {
		if (sqlite3_column_type(st, 5) == SQLITE_NULL)
			sl_check_fault(
			    &w->c, l->seq, l->seq, "its payload is missing");
		w->c.v->erased++;
		return;
	}
	if (sqlite3_column_type(st, 5) != SQLITE_NULL)
		sl_check_fault(&w->c, l->seq, l->seq,
		    "its payload was erased and is there again");
	body.p = sl_db_text(st, 3);
	body.n = (uint32_t)sqlite3_column_bytes(st, 3);
	sl_check_payload(&w->c, l, sl_db_blob(st, 2), body);
	sl_check_indices_payload(&w->indices, l->seq, body.p);
}

static bool
is_decimal(struct sl_slice s, uint64_t n)
{
	while (n > 0 && s.n > 0 && s.p[s.n - 1] == (char)('0' + n % 10)) {
		n /= 10;
		s.n--;
	}
	return n == 0 && s.n == 0;
}

/* Where the columns for finding lead that the subject ("-", a reception number,
 * or that and an entry's number) does not name; NULL: to what it names. */
static const char *
misfiled(struct sl_slice subject, sqlite3_stmt *st)
{
	struct sl_slice reception = sl_slice_str(sl_db_text(st, 4));
	bool post = sqlite3_column_type(st, 6) != SQLITE_NULL,
	     entry = sqlite3_column_type(st, 7) != SQLITE_NULL;
	int64_t number = sqlite3_column_int64(st, 8);

	if (!post && !sl_slice_eq(subject, "-"))
		return "no post";
	if (!post)
		return entry ? "another entry" : NULL;
	if (reception.n == 0)
		return "a post that is not there";
	if (subject.n < reception.n ||
	    memcmp(subject.p, reception.p, reception.n) != 0)
		return "another reception number";
	subject.p += reception.n;
	subject.n -= reception.n;
	if (subject.n == 0)
		return entry ? "another entry" : NULL;
	if (subject.p[0] != '.')
		return "another reception number";
	subject.p++;
	subject.n--;
	return entry && number > 0 && is_decimal(subject, (uint64_t)number)
		   ? NULL
		   : "another entry";
}

/* Those columns stand outside the proof: `explain` would show another item's
 * events, or leave some out. */
static void
check_finding(
    struct sl_check *c, const struct sl_leaf_view *l, sqlite3_stmt *st)
{
	const char *where = misfiled(l->subject, st);

	if (where != NULL)
		sl_check_fault(
		    c, l->seq, l->seq, "it is filed under %s", where);
}

static void
next_head(struct walk *w)
{
	if (w->heads == NULL)
		return;
	if (sl_db_row(w->db, w->heads))
		w->head_size = (uint64_t)sqlite3_column_int64(w->heads, 0);
	else
		w->heads = NULL;
}

/* Heads of as many leaves as were read. */
static void
check_heads(struct walk *w)
{
	struct sl_slice note, nodes;
	struct sl_digest root, kept;

	while (w->heads != NULL && w->head_size == w->c.tree.size) {
		note.p = sl_db_text(w->heads, 1);
		note.n = (uint32_t)sqlite3_column_bytes(w->heads, 1);
		sl_check_head(&w->c, note);
		nodes = sl_db_blob(w->heads, 3);
		sl_tree_root(&w->c.tree, &root);
		if (!sl_db_digest(w->heads, 2, &kept) ||
		    memcmp(&kept, &root, sizeof(root)) != 0 ||
		    nodes.n != sl_tree_nodes(w->head_size) * sizeof(root) ||
		    memcmp(nodes.p, w->c.tree.nodes, nodes.n) != 0)
			sl_check_fault(&w->c, w->head_size - 1,
			    w->head_size - 1,
			    "what is kept of the head at %" PRIu64
			    " was changed",
			    w->head_size);
		next_head(w);
	}
	if (w->heads != NULL && w->head_size < w->c.tree.size) {
		sl_check_fault(
		    &w->c, 0, w->c.tree.size, "signed heads are out of order");
		sl_db_done(w->heads);
		w->heads = NULL;
	}
}

static void
check_leaf(struct walk *w, sqlite3_stmt *st)
{
	uint64_t seq = (uint64_t)sqlite3_column_int64(st, 0),
		 want = w->c.tree.size;
	struct sl_slice bytes = sl_db_blob(st, 1);
	struct sl_digest hash;
	struct sl_leaf_view l;

	sl_tree_leaf_hash(bytes.p, bytes.n, &hash);
	sl_check_add(&w->c, 0, &hash);
	if (seq != want)
		sl_check_fault(&w->c, want, want, "it is missing");
	if (sl_check_leaf(&w->c, want, bytes, &l)) {
		check_payload(w, &l, st);
		check_finding(&w->c, &l, st);
		sl_check_indices_leaf(&w->indices, &l, st, 6, bytes);
	}
	if (sqlite3_column_type(st, 6) != SQLITE_NULL) {
		w->filed++;
		w->filed_sum += (int64_t)seq;
	}
	check_heads(w);
}

/* The tables are held against the leaves that the index finds: it must not
 * leave any out. */
static void
check_index(struct walk *w)
{
	sqlite3_stmt *st = sl_db_query(w->db,
	    "SELECT count(*), ifnull(sum(seq), 0) FROM leaf"
	    " INDEXED BY leaf_consignment WHERE consignment IS NOT NULL",
	    "");
	uint64_t last = w->c.tree.size > 0 ? w->c.tree.size - 1 : 0;

	if (!sl_db_row(w->db, st))
		return;
	if (sqlite3_column_int64(st, 0) != w->filed ||
	    sqlite3_column_int64(st, 1) != w->filed_sum)
		sl_check_fault(&w->c, 0, last,
		    "the index of the log's posts is not what the log holds");
	sl_db_done(st);
}

/* Which full subtree differs tells where a leaf was changed. */
static void
check_nodes(struct sl_check *c, struct sl_slice nodes)
{
	size_t n = sl_tree_nodes(c->tree.size), i;
	uint64_t from = 0, size;
	int bit = 63;

	if (nodes.n != n * SL_SHA256_LEN) {
		sl_check_fault(
		    c, 0, c->tree.size - 1, "the tree's nodes do not fit");
		return;
	}
	for (i = 0; i < n; i++, bit--) {
		while ((c->tree.size >> bit & 1) == 0)
			bit--;
		size = (uint64_t)1 << bit;
		if (memcmp(c->tree.nodes[i].b, nodes.p + i * SL_SHA256_LEN,
			SL_SHA256_LEN) != 0)
			sl_check_fault(c, from, from + size - 1,
			    "the tree does not fit: a leaf was changed");
		from += size;
	}
}

static void
check_tree(struct sl_check *c, struct sl_db *db)
{
	struct sl_digest root, kept;
	sqlite3_stmt *st = sl_db_query(
	    db, "SELECT size, nodes, root FROM tree WHERE id = 1", "");

	sl_tree_root(&c->tree, &root);
	if (!sl_db_row(db, st)) {
		if (c->tree.size > 0)
			sl_check_fault(
			    c, 0, c->tree.size - 1, "the tree is missing");
		return;
	}
	c->v->tree_size = (uint64_t)sqlite3_column_int64(st, 0);
	if (c->v->tree_size > c->tree.size)
		sl_check_fault(c, c->tree.size, c->v->tree_size - 1,
		    "the tree has more leaves: the last are missing");
	else if (c->v->tree_size < c->tree.size)
		sl_check_fault(c, c->v->tree_size, c->tree.size - 1,
		    "the tree has fewer leaves: some were added");
	else if (c->tree.size > 0)
		check_nodes(c, sl_db_blob(st, 1));
	if (!sl_db_digest(st, 2, &kept) ||
	    memcmp(kept.b, root.b, SL_SHA256_LEN) != 0)
		sl_check_fault(c, 0, c->tree.size > 0 ? c->tree.size - 1 : 0,
		    "the tree's root does not fit");
	sl_db_done(st);
}

static void
check_strays(struct sl_check *c, struct sl_db *db)
{
	int64_t seq = sl_db_int(db, -1,
	    "SELECT min(seq) FROM payload WHERE seq NOT IN"
	    " (SELECT seq FROM leaf)",
	    "");

	if (seq >= 0)
		sl_check_fault(c, (uint64_t)seq, (uint64_t)seq,
		    "there is a payload without its leaf");
}

/* An erasure counts if its event is one, and its payload names the leaf. */
static void
check_erasures(struct sl_check *c, struct sl_db *db)
{
	int64_t seq = sl_db_int(db, -1,
	    "SELECT min(x.seq) FROM erasure x LEFT JOIN payload p"
	    " ON p.seq = x.event LEFT JOIN leaf l ON l.seq = x.event"
	    " WHERE l.seq IS NULL OR p.seq IS NULL OR x.event <= x.seq"
	    " OR NOT json_valid(p.body) OR NOT EXISTS (SELECT 1 FROM"
	    " json_each(p.body, '$.erased') r WHERE x.seq ="
	    " r.value)",
	    "");
	struct sl_leaf l;
	sqlite3_stmt *st;
	struct sl_slice b;

	if (seq >= 0)
		sl_check_fault(c, (uint64_t)seq, (uint64_t)seq,
		    "its payload is missing, and no event says why");
	st = sl_db_query(db,
	    "SELECT bytes, seq FROM leaf WHERE seq IN"
	    " (SELECT event FROM erasure)",
	    "");
	while (sl_db_row(db, st)) {
		b = sl_db_blob(st, 0);
		if (sl_leaf_decode(b.p, b.n, &c->lines, &l, NULL) == SL_OK &&
		    l.event == SL_EVENT_erased)
			continue;
		seq = sqlite3_column_int64(st, 1);
		sl_check_fault(c, (uint64_t)seq, (uint64_t)seq,
		    "it is not the event that erased a payload");
	}
}

static void
take_keys(struct walk *w)
{
	sqlite3_stmt *st = sl_db_query(w->db,
	    "SELECT vkey, introduction, number FROM journal_key"
	    " ORDER BY number",
	    "");
	int64_t number = 0;

	while (sl_db_row(w->db, st)) {
		if (sqlite3_column_int64(st, 2) != ++number)
			sl_check_fault(&w->c, 0, 0, "a key is missing");
		sl_check_key(&w->c, sl_slice_str(sl_db_text(st, 0)),
		    sl_slice_str(sl_db_text(st, 1)));
	}
}

enum sl_rc
sl_query_is_plain(struct sl_db *db, struct sl_err *err)
{
	if (sl_db_int(db, 1,
		"SELECT count(*) FROM sqlite_schema WHERE type IN"
		" ('view', 'trigger') OR sql LIKE '%VIRTUAL%'",
		"") == 0)
		return SL_OK;
	return sl_err_set(err, SL_REJECT, 0, "journal_broken",
	    "the database has views or triggers, which Sluse never makes");
}

static void
walk(struct walk *w)
{
	sqlite3_stmt *st;

	take_keys(w);
	sl_check_mark_elsewhere(&w->c);
	w->heads = sl_db_query(w->db,
	    "SELECT size, note, root, nodes FROM checkpoint ORDER BY size", "");
	next_head(w);
	st = sl_db_query(w->db,
	    "SELECT l.seq, l.bytes, p.salt, p.body, c.reception, x.event,"
	    " l.consignment, l.entry, e.number"
	    " FROM leaf l LEFT JOIN payload p ON p.seq = l.seq"
	    " LEFT JOIN consignment c ON c.id = l.consignment"
	    " LEFT JOIN entry e ON e.id = l.entry"
	    " AND e.consignment = l.consignment"
	    " LEFT JOIN erasure x ON x.seq = l.seq ORDER BY l.seq",
	    "");
	check_heads(w);
	while (sl_db_row(w->db, st))
		check_leaf(w, st);
	if (w->heads != NULL) {
		sl_check_fault(&w->c, w->c.tree.size, w->head_size - 1,
		    "a signed head covers more: the last are missing");
		sl_db_done(w->heads);
	}
}

enum sl_rc
sl_query_verify(struct sl_store *s, const struct sl_verify_ask *ask,
    struct sl_verify *ret, struct sl_err *err)
{
	struct walk w = {.db = sl_store_db(s)};
	struct sl_err plain;
	enum sl_rc rc;

	sl_check_begin(&w.c, ask, ret);
	sl_check_read_elsewhere(&w.c, sl_store_root(s));
	if (sl_db_script(w.db, "BEGIN", err) != SL_OK)
		return SL_FATAL;
	if (sl_query_is_plain(w.db, &plain) != SL_OK) {
		sl_check_fault(&w.c, 0, 0, "%s", plain.text);
	} else {
		sl_check_indices_begin(&w.indices);
		walk(&w);
		check_tree(&w.c, w.db);
		check_strays(&w.c, w.db);
		check_index(&w);
		sl_check_indices_end(&w.indices, &w.c, w.db);
		check_erasures(&w.c, w.db);
		sl_check_marks(&w.c, w.db);
	}
	sl_check_end(&w.c);
	if (ret->ok && !ask->log_only)
		sl_check_tables(ret, w.db);
	rc = sl_db_check(w.db, err);
	(void)sl_db_script(w.db, "COMMIT", NULL);
	return rc;
}
