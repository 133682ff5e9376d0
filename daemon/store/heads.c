#include "heads.h"

#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../journal/leaf.h"
#include "store_p.h"

#define FEW_LEAVES 256 /* as many are hashed at once, without looking */

const struct sl_tree *
sl_store_tree(const struct sl_store *s)
{
	return &s->tree;
}

const char *
sl_store_origin(const struct sl_store *s)
{
	return s->origin;
}

void
sl_store_rename(struct sl_store *s, const char *origin)
{
	(void)snprintf(s->origin, sizeof(s->origin), "%s", origin);
}

uint64_t
sl_store_loud(const struct sl_store *s)
{
	return s->loud;
}

/* The tree of a head's row (size, nodes, root), if what the row says of it
 * agrees; else the empty tree. Ends the query. */
static void
take_tree(struct sl_store *s, sqlite3_stmt *st, struct sl_tree *ret)
{
	struct sl_digest root, kept;
	struct sl_slice b;

	memset(ret, 0, sizeof(*ret));
	if (!sl_db_row(s->db, st))
		return;
	ret->size = (uint64_t)sqlite3_column_int64(st, 0);
	b = sl_db_blob(st, 1);
	if (b.n == sl_tree_nodes(ret->size) * SL_SHA256_LEN && b.n > 0) {
		memcpy(ret->nodes, b.p, b.n);
		sl_tree_root(ret, &root);
		if (sl_db_digest(st, 2, &kept) &&
		    memcmp(&kept, &root, sizeof(root)) == 0) {
			sl_db_done(st);
			return;
		}
	}
	sl_db_done(st);
	memset(ret, 0, sizeof(*ret));
}

/* Of the nearest head. */
static void
nearest(struct sl_store *s, uint64_t size, struct sl_tree *ret)
{
	take_tree(s,
	    sl_db_query(s->db,
		"SELECT size, nodes, root FROM checkpoint WHERE size <= ?1"
		" ORDER BY size DESC LIMIT 1",
		"i", (int64_t)size),
	    ret);
}

/* Did a head keep the root of start..start+width-1? Those of these sizes did.
 */
static bool
kept(struct sl_store *s, uint64_t start, uint64_t width, struct sl_digest *ret)
{
	struct sl_tree t;
	uint64_t from = 0, one;
	size_t i = 0;
	int bit;

	if (start % (2 * width) != 0)
		return false;
	take_tree(s,
	    sl_db_query(s->db,
		"SELECT size, nodes, root FROM checkpoint WHERE size >= ?1"
		" AND size < ?2 ORDER BY size LIMIT 1",
		"ii", (int64_t)(start + width), (int64_t)(start + 2 * width)),
	    &t);
	for (bit = 63; bit >= 0; bit--) {
		one = UINT64_C(1) << bit;
		if ((t.size & one) == 0)
			continue;
		if (from == start && one == width) {
			*ret = t.nodes[i];
			return true;
		}
		from += one;
		i++;
	}
	return false;
}

static bool
hash_leaves(
    struct sl_store *s, uint64_t start, uint64_t end, struct sl_digest *ret)
{
	struct sl_tree t = {0};
	struct sl_digest h;
	struct sl_slice b;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT bytes FROM leaf WHERE seq >= ?1 AND seq < ?2 ORDER BY seq",
	    "ii", (int64_t)start, (int64_t)end);

	while (sl_db_row(s->db, st)) {
		b = sl_db_blob(st, 0);
		sl_tree_leaf_hash(b.p, b.n, &h);
		sl_tree_append(&t, &h);
	}
	sl_tree_root(&t, ret);
	return t.size == end - start;
}

bool
sl_store_range(void *store, uint64_t start, uint64_t end, struct sl_digest *ret)
{
	struct sl_store *s = store;
	uint64_t width = end - start, half;
	struct sl_digest left, right;

	if (width <= FEW_LEAVES)
		return hash_leaves(s, start, end, ret);
	half = UINT64_C(1) << (63 - __builtin_clzll(width - 1));
	if (width == 2 * half && kept(s, start, width, ret))
		return true;
	if (!sl_store_range(s, start, start + half, &left) ||
	    !sl_store_range(s, start + half, end, &right))
		return false;
	sl_tree_node_hash(&left, &right, ret);
	return true;
}

bool
sl_store_tree_at(struct sl_store *s, uint64_t size, struct sl_tree *ret)
{
	sqlite3_stmt *st;
	struct sl_digest h;
	struct sl_slice b;

	nearest(s, size, ret);
	st = sl_db_query(s->db,
	    "SELECT bytes FROM leaf WHERE seq >= ?1 AND seq < ?2 ORDER BY seq",
	    "ii", (int64_t)ret->size, (int64_t)size);
	while (sl_db_row(s->db, st)) {
		b = sl_db_blob(st, 0);
		sl_tree_leaf_hash(b.p, b.n, &h);
		sl_tree_append(ret, &h);
	}
	return ret->size == size;
}

bool
sl_store_find_event(
    struct sl_store *s, uint64_t from, enum sl_event event, uint64_t *ret)
{
	SL_BUF struct sl_buf lines = {0};
	bool found = false;
	struct sl_slice b;
	struct sl_leaf l;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT bytes, seq FROM leaf WHERE seq >= ?1 ORDER BY seq", "i",
	    (int64_t)from);

	while (!found && sl_db_row(s->db, st)) {
		b = sl_db_blob(st, 0);
		found = sl_leaf_decode(b.p, b.n, &lines, &l, NULL) == SL_OK &&
			l.event == (int)event;
		*ret = (uint64_t)sqlite3_column_int64(st, 1);
	}
	if (found)
		sl_db_done(st);
	return found;
}

enum sl_rc
sl_head_put(struct sl_store *s, const struct sl_tree *t, const char *note,
    struct sl_err *err)
{
	struct sl_slice nodes = {(const char *)t->nodes,
	    (uint32_t)(sl_tree_nodes(t->size) * SL_SHA256_LEN)};
	struct sl_digest root;

	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	sl_tree_root(t, &root);
	return sl_db_run(s->db, err,
	    "INSERT OR REPLACE INTO checkpoint VALUES (?1, ?2, ?3, ?4, ?5)",
	    "idbis", (int64_t)t->size, &root, nodes, sl_clock_utc_ms(), note);
}

bool
sl_head_last(
    struct sl_store *s, uint64_t max, uint64_t *ret_size, struct sl_buf *note)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT size, note FROM checkpoint WHERE size <= ?1"
	    " ORDER BY size DESC LIMIT 1",
	    "i", (int64_t)max);

	if (!sl_db_row(s->db, st))
		return false;
	*ret_size = (uint64_t)sqlite3_column_int64(st, 0);
	sl_buf_add_str(note, sl_db_text(st, 1));
	sl_db_done(st);
	return true;
}

enum sl_rc
sl_journal_key_put(struct sl_store *s, const struct sl_vkey *k,
    const char *introduction, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};

	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	sl_vkey_text(k, &b);
	return sl_db_run(s->db, err,
	    "INSERT INTO journal_key (vkey, made_ms, introduction)"
	    " VALUES (?1, ?2, ?3)",
	    "sis", sl_buf_str(&b), sl_clock_utc_ms(), introduction);
}

size_t
sl_journal_keys(struct sl_store *s, struct sl_vkey *ret)
{
	sqlite3_stmt *st = sl_db_query(
	    s->db, "SELECT vkey FROM journal_key ORDER BY number LIMIT 64", "");
	const char *v;
	size_t n = 0;

	while (sl_db_row(s->db, st)) {
		v = sl_db_text(st, 0);
		if (n < SL_KEYS_MAX && sl_vkey_parse(v, strlen(v), &ret[n]))
			n++;
	}
	return n;
}
