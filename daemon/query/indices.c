/*
 * The indices that reports read in the place of the log, held against it: they
 * hold copies, and one that leaves out, adds or says otherwise would make a
 * report of its own.
 *
 * Each has the leaves (or payloads) with a line of theirs that is one of some
 * numbers. What should stand in it is hashed as the log is walked, in its
 * order, and then what does. Memory: a hash for each.
 */
#include <inttypes.h>
#include <string.h>

#include "../store/counts.h"
#include "../store/store.h"
#include "verify_p.h"

enum { CONSIGNMENT = 1, ENTRY = 2, BYTES = 4 };
#define PAYLOADS (SL_INDICES - 1) /* the last; others are of leaves */

/* Conditions are those of schemas/sql, word for word. */
#define IS(hex) "instr(bytes, x'0A" hex "0A') > 0"
#define OR(hex) " OR " IS(hex)
#define LEAF(name, columns, is)                                                \
	"SELECT " columns " FROM leaf INDEXED BY " name " WHERE " is           \
	" ORDER BY seq"

static const struct {
	const char *name;
	unsigned has; /* columns behind seq, in that order */
	const char *sql;
	int event[10];
} indices[SL_INDICES] = {
    {"leaf_change", CONSIGNMENT | ENTRY | BYTES,
	LEAF("leaf_change", "seq, consignment, entry, bytes",
	    "(" IS("313032") OR("313033") OR("313034") OR("313035") OR("313036")
		OR("313037") OR("313038") OR("313039") OR("313130")
		    OR("313131") ")"),
	{102, 103, 104, 105, 106, 107, 108, 109, 110, 111}},
    {"leaf_arrival", ENTRY | BYTES,
	LEAF(
	    "leaf_arrival", "seq, entry, bytes", "(" IS("3230") OR("3531") ")"),
	{20, 51}},
    {"leaf_refused", BYTES, LEAF("leaf_refused", "seq, bytes", IS("3233")),
	{23}},
    {"leaf_count", CONSIGNMENT,
	LEAF("leaf_count", "seq, consignment",
	    "(" IS("3330") OR("3533") OR("323034") ")"),
	{30, 53, 204}},
    {"payload_count", 0, SL_COUNTS_SQL, {0}},
};

void
sl_check_indices_begin(struct sl_indices *x)
{
	size_t i, e;

	memset(x, 0, sizeof(*x));
	for (i = 0; i < SL_INDICES; i++) {
		x->in[i].hash = sl_sha256_new();
		for (e = 0; e < 10 && indices[i].event[e] != 0; e++)
			x->of[indices[i].event[e]] |= (uint8_t)(1u << i);
	}
}

/* A line that is the number alone; other lines of a leaf never are. */
static unsigned
by_line(const struct sl_indices *x, struct sl_slice line)
{
	unsigned n = 0;
	uint32_t i;

	if (line.n == 0 || line.n > 3 || line.p[0] == '0')
		return 0;
	for (i = 0; i < line.n; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return 0;
		n = n * 10 + (unsigned)(line.p[i] - '0');
	}
	return n < SL_INDICES_EVENTS ? x->of[n] : 0;
}

/* Many short pieces: they go on together. */
static void
flush(struct sl_index_hash *h)
{
	sl_sha256_add(h->hash, h->waits, h->n);
	h->n = 0;
}

static void
add(struct sl_index_hash *h, const void *p, size_t n)
{
	if (n > sizeof(h->waits) - h->n)
		flush(h);
	if (n > sizeof(h->waits)) {
		sl_sha256_add(h->hash, p, n);
		return;
	}
	memcpy(h->waits + h->n, p, n);
	h->n += n;
}

static void
add_number(struct sl_index_hash *h, int64_t n)
{
	add(h, &n, sizeof(n));
}

static void
add_bytes(struct sl_index_hash *h, struct sl_slice b)
{
	add_number(h, b.n);
	if (b.n > 0)
		add(h, b.p, b.n);
}

static void
end(struct sl_index_hash *h, struct sl_digest *ret)
{
	flush(h);
	sl_sha256_end(SL_TAKE(h->hash), ret);
}

static int64_t
number_or_none(sqlite3_stmt *st, int col)
{
	return sqlite3_column_type(st, col) == SQLITE_NULL
		   ? -1
		   : sqlite3_column_int64(st, col);
}

void
sl_check_indices_leaf(struct sl_indices *x, const struct sl_leaf_view *l,
    sqlite3_stmt *st, int consignment, struct sl_slice bytes)
{
	unsigned in = by_line(x, l->origin) | by_line(x, l->subject) |
		      by_line(x, l->actor);
	size_t i;

	if (l->event < SL_INDICES_EVENTS)
		in |= x->of[l->event];
	if (l->seq < SL_INDICES_EVENTS)
		in |= x->of[l->seq];
	for (i = 0; in != 0; i++, in >>= 1) {
		if ((in & 1) == 0)
			continue;
		add_number(&x->in[i], (int64_t)l->seq);
		if (indices[i].has & CONSIGNMENT)
			add_number(&x->in[i], number_or_none(st, consignment));
		if (indices[i].has & ENTRY)
			add_number(
			    &x->in[i], number_or_none(st, consignment + 1));
		if (indices[i].has & BYTES)
			add_bytes(&x->in[i], bytes);
	}
}

void
sl_check_indices_payload(struct sl_indices *x, uint64_t seq, const char *body)
{
	static const char *const names[] = {
	    "files", "parts", "archives", "pages"};
	size_t i;

	if (strstr(body, "\"archives\":") == NULL)
		return;
	add_number(&x->in[PAYLOADS], (int64_t)seq);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_number(&x->in[PAYLOADS], sl_payload_number(body, names[i]));
}

static void
hash_index(struct sl_db *db, size_t i, struct sl_digest *ret)
{
	sqlite3_stmt *st = sl_db_query(db, indices[i].sql, "");
	struct sl_index_hash h = {.hash = sl_sha256_new()};
	int col, columns;

	while (sl_db_row(db, st)) {
		columns = sqlite3_column_count(st);
		for (col = 0; col < columns; col++) {
			if (sqlite3_column_type(st, col) == SQLITE_BLOB)
				add_bytes(&h, sl_db_blob(st, col));
			else
				add_number(&h, number_or_none(st, col));
		}
	}
	end(&h, ret);
}

/* Of another schema no report reads any, and some need not be there. */
static bool
are_read(struct sl_db *db)
{
	return sl_db_int(db, 0, "PRAGMA user_version", "") == SL_SCHEMA_VERSION;
}

void
sl_check_indices_end(struct sl_indices *x, struct sl_check *c, struct sl_db *db)
{
	uint64_t last = c->tree.size > 0 ? c->tree.size - 1 : 0;
	bool read = are_read(db);
	struct sl_digest want, has;
	size_t i;

	for (i = 0; i < SL_INDICES; i++) {
		end(&x->in[i], &want);
		if (!read)
			continue;
		hash_index(db, i, &has);
		if (memcmp(&want, &has, sizeof(want)) != 0)
			sl_check_fault(c, 0, last,
			    "the index %s is not what the log holds",
			    indices[i].name);
	}
}
