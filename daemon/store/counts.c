#include "counts.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/text.h"
#include "../journal/leaf.h"
#include "../registry/registry.h"
#include "../wire/roles.h"

#define LIST_AT_ONCE 32768u

const char *
sl_payload_member(const char *body, const char *name)
{
	char quoted[32];
	int n = snprintf(quoted, sizeof(quoted), "\"%s\":", name);
	const char *at = body != NULL ? strstr(body, quoted) : NULL;

	return at != NULL ? at + n : NULL;
}

int64_t
sl_payload_number(const char *body, const char *name)
{
	const char *at = sl_payload_member(body, name);
	int64_t n = 0;
	int i = 0;

	if (at == NULL)
		return -1;
	for (; isdigit((unsigned char)at[i]) && i < 18; i++)
		n = n * 10 + (at[i] - '0');
	return i > 0 && (at[i] == ',' || at[i] == '}') ? n : -1;
}

/* -- by the events --------------------------------------------------------- */

static void
forget_reading(struct sl_counts *c)
{
	c->parts = c->archives = c->pages = c->texts = -1;
	c->list[0] = '\0';
}

void
sl_counts_begin(struct sl_counts *c)
{
	c->files = -1;
	c->other_file = false;
	forget_reading(c);
}

static void
take_list(struct sl_counts *c, const char *body)
{
	const char *at = sl_payload_member(body, "list");

	c->list[0] = '\0';
	if (at != NULL && *at == '"' && strlen(at) > SL_SHA256_HEX)
		(void)snprintf(c->list, sizeof(c->list), "%s", at + 1);
}

bool
sl_counts_by_event(int event)
{
	return event == SL_EVENT_received || event == SL_EVENT_copied ||
	       event == SL_EVENT_unpacked || event == SL_EVENT_read ||
	       event == SL_EVENT_read_again || event == SL_EVENT_erased;
}

void
sl_counts_take(struct sl_counts *c, int event, const char *body)
{
	if (event == SL_EVENT_read_again) {
		forget_reading(c);
		return;
	}
	if (event == SL_EVENT_received || event == SL_EVENT_copied ||
	    event == SL_EVENT_erased)
		c->files = sl_payload_number(body, "files");
	/* Of what an earlier version received. */
	if (event == SL_EVENT_unpacked && c->files < 0)
		c->files = sl_payload_number(body, "files");
	if (event == SL_EVENT_unpacked || event == SL_EVENT_erased) {
		c->parts = sl_payload_number(body, "parts");
		c->archives = sl_payload_number(body, "archives");
		c->pages = sl_payload_number(body, "pages");
		take_list(c, body);
	}
	if (event == SL_EVENT_read) {
		c->pages = sl_payload_number(body, "pages");
		c->texts = sl_payload_number(body, "texts");
	}
	if (event == SL_EVENT_erased)
		c->texts = -1;
}

void
sl_counts_told(struct sl_db *db, int64_t consignment, struct sl_counts *c)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT l.bytes, p.body FROM leaf l LEFT JOIN payload p"
	    " ON p.seq = l.seq WHERE l.consignment = ?1 ORDER BY l.seq",
	    "i", consignment);
	struct sl_leaf_view l;
	struct sl_slice b;

	sl_counts_begin(c);
	while (sl_db_row(db, st)) {
		b = sl_db_blob(st, 0);
		if (sl_leaf_read(b.p, b.n, &l) && sl_counts_by_event(l.event))
			sl_counts_take(c, l.event, sl_db_text(st, 1));
	}
}

/* -- by the rows ----------------------------------------------------------- */

/* The lines; hash: what did not fit. */
struct list {
	struct sl_buf lines;
	struct sl_sha256 *hash;
};

/* [SOURCE,PART,ROLE,PAGES,SIZE,"SHA256","MIME","REASON"]: what decides how it
 * counts, and none of it changes once it was read. */
static void
add_line(struct list *list, sqlite3_stmt *st)
{
	struct sl_buf *b = &list->lines;
	struct sl_digest d = {{0}};
	char hex[SL_SHA256_HEX + 1];
	struct sl_slice text;
	int col;

	for (col = 0; col < 5; col++)
		sl_buf_printf(b, "%c%" PRId64, col == 0 ? '[' : ',',
		    (int64_t)sqlite3_column_int64(st, col));
	(void)sl_db_digest(st, 5, &d);
	sl_digest_hex(&d, hex);
	sl_buf_printf(b, ",\"%s\"", hex);
	for (; col < 7; col++) {
		sl_buf_add_char(b, ',');
		text = sl_db_blob(st, col + 1);
		sl_text_json(b, text.p, text.n);
	}
	sl_buf_add_str(b, "]\n");
	if (b->n < LIST_AT_ONCE)
		return;
	if (list->hash == NULL)
		list->hash = sl_sha256_new();
	sl_sha256_add(list->hash, b->p, b->n);
	sl_buf_reset(b);
}

static void
end_list(struct list *list, struct sl_counts *c)
{
	struct sl_digest d;

	if (list->hash == NULL) {
		sl_sha256(sl_buf_str(&list->lines), list->lines.n, &d);
	} else {
		sl_sha256_add(list->hash, list->lines.p, list->lines.n);
		sl_sha256_end(list->hash, &d);
	}
	sl_digest_hex(&d, c->list);
	sl_buf_free(&list->lines);
}

/* The first are named, in their order, each by 64 digits in quotes. */
static void
take_file(sqlite3_stmt *st, const char **sources, struct sl_counts *c)
{
	struct sl_digest d = {{0}};
	char hex[SL_SHA256_HEX + 1];

	c->files++;
	if (*sources == NULL || **sources == '\0' || (*sources)[1] != '"')
		return;
	(void)sl_db_digest(st, 8, &d);
	sl_digest_hex(&d, hex);
	if (strncmp(*sources + 2, hex, SL_SHA256_HEX) == 0 &&
	    (*sources)[2 + SL_SHA256_HEX] == '"') {
		*sources += SL_SHA256_HEX + 3;
		return;
	}
	c->other_file = true;
	*sources = NULL;
}

static void
take_part(sqlite3_stmt *st, struct sl_counts *c)
{
	unsigned role = (unsigned)sqlite3_column_int(st, 2);

	c->parts++;
	c->archives +=
	    role == SL_PART_CONTAINER &&
	    !sl_part_is_document(role, sl_db_text(st, 6), sl_db_text(st, 7));
	/* A row that was made by hand may say anything. */
	if (__builtin_add_overflow(
		c->pages, sqlite3_column_int64(st, 3), &c->pages))
		c->pages = INT64_MAX;
	c->texts += sqlite3_column_int64(st, 9);
}

void
sl_counts_rows(struct sl_db *db, int64_t consignment, const char *sources,
    struct sl_counts *c)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT o.number, p.number, p.role, p.pages, p.size, p.sha256,"
	    " p.mime, ifnull(p.reason, ''), b.sha256, (SELECT count(*) FROM "
	    "page"
	    " g INDEXED BY page_quality WHERE g.part = p.id) FROM source o"
	    " LEFT JOIN blob b ON b.id = o.blob"
	    " LEFT JOIN part p ON p.source = o.id WHERE o.consignment = ?1"
	    " ORDER BY o.number, p.number",
	    "i", consignment);
	struct list list = {{0}, NULL};
	int64_t last = -1;

	*c = (struct sl_counts){0};
	while (sl_db_row(db, st)) {
		if (sqlite3_column_int64(st, 0) != last || c->files == 0)
			take_file(st, &sources, c);
		last = sqlite3_column_int64(st, 0);
		if (sqlite3_column_type(st, 1) == SQLITE_NULL)
			continue;
		take_part(st, c);
		add_line(&list, st);
	}
	end_list(&list, c);
}

/* -- the one against the other --------------------------------------------- */

void
sl_counts_add(const struct sl_counts *c, struct sl_buf *out)
{
	const struct {
		const char *name;
		int64_t n;
	} all[] = {{"files", c->files}, {"parts", c->parts},
	    {"archives", c->archives}, {"pages", c->pages},
	    {"texts", c->texts}};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].n >= 0)
			sl_buf_printf(
			    out, ",\"%s\":%" PRId64, all[i].name, all[i].n);
	if (c->list[0] != '\0')
		sl_buf_printf(out, ",\"list\":\"%s\"", c->list);
}

static bool
is_other(int64_t told, int64_t row)
{
	return told >= 0 && told != row;
}

const char *
sl_counts_differ(const struct sl_counts *told, const struct sl_counts *rows)
{
	if (is_other(told->files, rows->files))
		return "it has not as many files as were received";
	if (rows->other_file)
		return "a file is not what was received";
	if (is_other(told->parts, rows->parts))
		return "it has not as many parts as were unpacked";
	if (is_other(told->archives, rows->archives))
		return "not as many of its parts are archives as were unpacked";
	if (is_other(told->pages, rows->pages))
		return "it has not as many pages as were read";
	if (is_other(told->texts, rows->texts))
		return "it has not the texts of as many pages as were read";
	if (told->list[0] != '\0' && strcmp(told->list, rows->list) != 0)
		return "a part is not what was unpacked";
	return NULL;
}
