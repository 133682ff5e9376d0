/*
 * Reading lists of mailboxes.
 *
 * Message-IDs are compared by a hash of 64 bits, after what list and reader
 * may have written differently is gone: line breaks, what stands around the
 * brackets, and how a byte that is no ASCII was taken.
 */
#include "mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/peek.h"
#include "../base/text.h"
#include "../config/deadline.h"

#define ID_MAX 998 /* a longer one is none: RFC 5322's longest line */
#define ID_COMPARED 400 /* the database keeps 511 bytes of one */
#define OBJECT_MAX (64u << 10)
#define TEXT_MAX (64u << 20)
#define MS_MAX UINT64_C(4102444800000) /* the year 2100 */

enum { QUEUE, DAY, UID, VALIDITY, ID, NUMBER, COLUMNS };
static const char *const names[COLUMNS] = {"kø|ko|queue",
    "dato|date|date.received", "uid", "uidvalidity",
    "message-id|message_id|hdr.message-id",
    "forsendelse|forsendelsesid|delivery|id"};

/* -- Message-IDs ------------------------------------------------------------
 */

/* In place, as the readers of mail do: the first <..> of the header, without
 * brackets there the first word. "" if there is none. */
static void
bare_id(char *s)
{
	char *o = s, *from, *end;
	const char *p;

	for (p = s; *p != '\0'; p++) {
		if ((unsigned char)*p > ' ' && *p != 0x7F)
			*o++ = *p;
		else if (o > s && o[-1] != ' ')
			*o++ = ' ';
	}
	*o = '\0';
	from = strchr(s, '<');
	end = from != NULL ? strchr(from, '>') : s + strcspn(s, " ");
	if (end == NULL)
		from = end = s;
	else if (from != NULL)
		from++;
	else
		from = s;
	*end = '\0';
	memmove(s, from, strlen(from) + 1);
	if (strlen(s) > ID_MAX)
		*s = '\0';
}

uint64_t
sl_mailbox_hash(const char *id)
{
	uint64_t h = UINT64_C(0xCBF29CE484222325); /* FNV-1a, then mixed */
	const unsigned char *p = (const unsigned char *)id;
	size_t n = 0;

	for (; *p != '\0' && n < ID_COMPARED; n++) {
		h = (h ^ (*p < 0x80 ? *p : 0x80)) * UINT64_C(0x100000001B3);
		if (*p++ >= 0x80)
			while (*p >= 0x80)
				p++;
	}
	h ^= h >> 32;
	h *= UINT64_C(0x9FB21C651E98DF25);
	h ^= h >> 29;
	return h != 0 ? h : 1;
}

uint64_t
sl_mailbox_hash_number(const char *key)
{
	const char *p = strchr(key, ':');
	char low[ID_COMPARED + 1];
	size_t i;

	(void)sl_slice_copy(
	    sl_slice_str(p != NULL ? p + 1 : key), low, sizeof(low));
	for (i = 0; low[i] != '\0'; i++)
		if (low[i] >= 'A' && low[i] <= 'Z')
			low[i] = (char)(low[i] - 'A' + 'a');
	return sl_mailbox_hash(low);
}

/* -- lines ------------------------------------------------------------------
 */

struct raw {
	const char *queue, *day, *uid, *validity;
	char *id; /* written to */
	uint32_t line;
};

static enum sl_rc
bad(uint32_t line, const char *what, struct sl_err *err)
{
	return sl_err_set(
	    err, SL_BROKEN, 0, "damaged", "line %u: %s", (unsigned)line, what);
}

static void
keep_id(struct sl_mailbox *m, struct sl_mail_line *l, char *id)
{
	char shown[SL_MAILBOX_SHOWN + 1], *p;

	bare_id(id);
	if (*id == '\0')
		return;
	l->hash = m->by_key ? sl_mailbox_hash_number(id) : sl_mailbox_hash(id);
	if (!sl_utf8_valid(id, strlen(id)))
		for (p = id; *p != '\0'; p++)
			*p = (unsigned char)*p >= 0x80 ? '?' : *p;
	(void)sl_slice_copy(sl_slice_str(id), shown, sizeof(shown));
	if (m->text.n == 0)
		sl_buf_add(&m->text, "", 1);
	l->text = (uint32_t)m->text.n;
	sl_buf_add(&m->text, shown, strlen(shown) + 1);
}

/* A day, or milliseconds since 1970. */
static int64_t
day_of(const char *s)
{
	uint64_t ms;

	return strlen(s) > 10 && sl_parse_u64(s, 1, MS_MAX, &ms)
		   ? sl_day_of((int64_t)ms)
		   : sl_day_read(s);
}

static enum sl_rc
take_line(struct sl_mailbox *m, const struct raw *r, struct sl_err *err)
{
	struct sl_mail_line l = {.line = r->line};
	uint64_t uid, validity = 0;
	unsigned queue;

	if (m->by_key)
		uid = r->line;
	else if (!sl_parse_u64(r->uid, 1, UINT32_MAX, &uid) ||
		 (*r->validity != '\0' &&
		     !sl_parse_u64(r->validity, 1, UINT32_MAX, &validity)))
		return bad(
		    r->line, "a UID is a number from 1 to 4294967295", err);
	l.day = (int32_t)day_of(r->day);
	if (l.day < 0)
		return bad(r->line, "the date cannot be understood", err);
	queue = sl_names_add(&m->queue, r->queue);
	if (queue == 0)
		return bad(r->line, "there is no queue", err);
	if (queue > SL_MAILBOX_QUEUES_MAX)
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "line %u: the list names over %u queues", (unsigned)r->line,
		    SL_MAILBOX_QUEUES_MAX);
	if (m->n == SL_MAILBOX_LINES_MAX)
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "the list holds over %u messages: take a shorter period",
		    SL_MAILBOX_LINES_MAX);
	l.uid = (uint32_t)uid;
	l.validity = (uint32_t)validity;
	l.queue = (uint16_t)queue;
	keep_id(m, &l, r->id);
	if (m->by_key && l.hash == 0)
		return bad(r->line, "the delivery has no number", err);
	m->line = sl_grow(m->line, &m->cap, m->n + 1, sizeof(*m->line));
	m->line[m->n++] = l;
	return SL_OK;
}

static int
by_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_uid(const void *a, const void *b)
{
	const struct sl_mail_line *x = a, *y = b;
	int d = by_number(x->queue, y->queue);

	if (d == 0)
		d = by_number(x->uid, y->uid);
	if (d == 0)
		d = by_number(x->validity, y->validity);
	return d != 0 ? d : by_number(x->line, y->line);
}

static int
by_id(const void *a, const void *b, void *arg)
{
	const struct sl_mail_line *all = arg;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int d = by_number(all[i].queue, all[k].queue);

	if (d == 0)
		d = by_number(all[i].hash, all[k].hash);
	return d != 0 ? d : by_number(i, k);
}

static int
by_hash(const void *a, const void *b)
{
	const struct sl_mail_line *x = a, *y = b;
	int d = by_number(x->queue, y->queue);

	if (d == 0)
		d = by_number(x->hash, y->hash);
	return d != 0 ? d : by_number(x->line, y->line);
}

/* A delivery counts once, as its first line says. */
static void
drop_repeated(struct sl_mailbox *m)
{
	size_t i, n = 0;

	if (m->n > 0)
		qsort(m->line, m->n, sizeof(*m->line), by_hash);
	for (i = 0; i < m->n; i++)
		if (n == 0 || m->line[i].queue != m->line[n - 1].queue ||
		    m->line[i].hash != m->line[n - 1].hash)
			m->line[n++] = m->line[i];
	m->n = n;
}

/* A UID that stands twice counts as its first line says. */
static enum sl_rc
finish(struct sl_mailbox *m, struct sl_err *err)
{
	size_t i, n = 0;

	if (m->text.full)
		return sl_err_set(
		    err, SL_BROKEN, 0, "damaged", "the list is too large");
	if (m->by_key)
		drop_repeated(m);
	if (m->n > 0)
		qsort(m->line, m->n, sizeof(*m->line), by_uid);
	for (i = 0; i < m->n; i++)
		if (n == 0 || m->line[i].queue != m->line[n - 1].queue ||
		    m->line[i].uid != m->line[n - 1].uid ||
		    m->line[i].validity != m->line[n - 1].validity)
			m->line[n++] = m->line[i];
	m->n = n;
	m->by_id = sl_alloc((n + 1) * sizeof(*m->by_id));
	for (i = 0; i < n; i++)
		if (m->line[i].hash != 0)
			m->by_id[m->ids++] = (uint32_t)i;
	if (m->ids > 0)
		qsort_r(m->by_id, m->ids, sizeof(*m->by_id), by_id, m->line);
	return SL_OK;
}

/* -- CSV --------------------------------------------------------------------
 */

bool
sl_mailbox_is_head(const struct sl_csvin *c)
{
	return sl_csvin_column(c, names[UID]) >= 0 ||
	       sl_csvin_column(c, names[NUMBER]) >= 0;
}

static enum sl_rc
read_head(
    const struct sl_csvin *c, const char *queue, int *col, struct sl_err *err)
{
	int i;

	for (i = 0; i < COLUMNS; i++) {
		col[i] = sl_csvin_column(c, names[i]);
		if (sl_csvin_columns(c, names[i]) > 1)
			return bad(
			    c->line, "the head names a column twice", err);
	}
	if (col[DAY] < 0)
		return bad(c->line, "the head must name the column dato", err);
	if (col[QUEUE] < 0 && queue == NULL)
		return bad(
		    c->line, "the head names no column ko: say --queue", err);
	return SL_OK;
}

/* What stands behind the last column is of it where nothing is quoted. */
static void
take_id(const struct sl_csvin *c, int column, size_t width, struct sl_buf *out)
{
	size_t i = (size_t)column;

	sl_buf_reset(out);
	if (column < 0)
		return;
	sl_buf_add_str(out, sl_csvin_field(c, column));
	while (c->plain && i + 1 >= width && ++i < c->n) {
		sl_buf_add_char(out, ' ');
		sl_buf_add_str(out, sl_csvin_field(c, (int)i));
	}
}

enum sl_rc
sl_mailbox_read_csv(struct sl_csvin *c, const char *queue, struct sl_mailbox *m,
    struct sl_err *err)
{
	SL_BUF struct sl_buf id = {.max = 2 * SL_CSVIN_LINE};
	size_t width = c->n;
	int col[COLUMNS];
	enum sl_rc rc = read_head(c, queue, col, err);

	m->there = true;
	m->by_key = col[UID] < 0;
	m->text.max = TEXT_MAX;
	c->plain = c->sep == '\t';
	while (rc == SL_OK && (rc = sl_csvin_next(c, err)) == SL_OK) {
		take_id(c, col[m->by_key ? NUMBER : ID], width, &id);
		sl_buf_add(&id, "", 1);
		rc = take_line(m,
		    &(struct raw){.queue = col[QUEUE] >= 0
					       ? sl_csvin_field(c, col[QUEUE])
					       : queue,
			.day = sl_csvin_field(c, col[DAY]),
			.uid = sl_csvin_field(c, col[UID]),
			.validity = sl_csvin_field(c, col[VALIDITY]),
			.id = id.p,
			.line = c->line},
		    err);
	}
	return rc == SL_SKIP ? finish(m, err) : rc;
}

/* -- JSON -------------------------------------------------------------------
 */

static enum sl_rc
unread(struct sl_err *err)
{
	return sl_err_set(err, SL_BROKEN, errno, "file_unreadable",
	    "the file cannot be read");
}

/* The next object of the list, cut where it is too long; *brackets: how many
 * are open: a list that was begun must end, or some of it is missing. SL_SKIP:
 * the end.
 */
static enum sl_rc
next_object(FILE *f, uint32_t *line, int *brackets, struct sl_buf *out,
    struct sl_err *err)
{
	bool quoted = false;
	unsigned depth = 0;
	int ch;

	sl_buf_reset(out);
	while ((ch = getc_unlocked(f)) != EOF && ch != '{')
		if (strchr(" \t\r\n[],", ch) == NULL || ch == '\0' ||
		    (*brackets += (ch == '[') - (ch == ']')) < 0 ||
		    *brackets > 1)
			return bad(*line, "no list of messages", err);
	if (ch == EOF && ferror(f) != 0)
		return unread(err);
	if (ch == EOF)
		return *brackets == 0
			   ? SL_SKIP
			   : bad(*line, "the list does not end", err);
	++*line;
	do {
		if (ch == '\0')
			return bad(*line, "the message holds a NUL", err);
		if (out->n < OBJECT_MAX)
			sl_buf_add_char(out, (char)ch);
		if (ch == '"')
			quoted = !quoted;
		if (ch == '{' && !quoted)
			depth++;
		if (ch == '}' && !quoted && --depth == 0)
			return SL_OK;
		if (ch == '\\' && quoted && (ch = getc_unlocked(f)) > 0 &&
		    out->n < OBJECT_MAX)
			sl_buf_add_char(out, (char)ch);
	} while (ch != EOF && (ch = getc_unlocked(f)) != EOF);
	if (ferror(f) != 0)
		return unread(err);
	return bad(*line, "the message does not end", err);
}

/* Lines are numbered by messages. */
enum sl_rc
sl_mailbox_read_json(
    FILE *f, const char *queue, struct sl_mailbox *m, struct sl_err *err)
{
	SL_BUF struct sl_buf object = {.max = OBJECT_MAX + 8};
	char name[256], day[32], dato[32], date[32], uid[24], validity[24],
	    id[2048], number[128];
	struct sl_peek want[] = {SL_PEEK("uid", uid),
	    SL_PEEK("date.received", day), SL_PEEK("hdr.message-id", id),
	    SL_PEEK("queue", name), SL_PEEK("uidvalidity", validity),
	    SL_PEEK("id", number), SL_PEEK("dato", dato),
	    SL_PEEK("date", date)};
	struct raw r = {.uid = uid, .validity = validity};
	enum sl_rc rc;
	int brackets = 0;

	m->there = true;
	m->text.max = TEXT_MAX;
	while (
	    (rc = next_object(f, &r.line, &brackets, &object, err)) == SL_OK) {
		sl_json_peek_all(
		    sl_buf_str(&object), want, sizeof(want) / sizeof(want[0]));
		if (r.line == 1)
			m->by_key = *uid == '\0' && *number != '\0';
		r.id = m->by_key ? number : id;
		r.day = *day != '\0' ? day : *dato != '\0' ? dato : date;
		r.queue = *name != '\0' ? name : queue;
		if (r.queue == NULL)
			return bad(r.line,
			    "the messages name no queue: say --queue", err);
		rc = take_line(m, &r, err);
		if (rc != SL_OK)
			return rc;
	}
	return rc == SL_SKIP ? finish(m, err) : rc;
}

/* -- finding ----------------------------------------------------------------
 */

/* Lines below (queue, n) in an order; id: of by_id, else of line. */
static size_t
below(const struct sl_mailbox *m, bool id, unsigned queue, uint64_t n)
{
	size_t from = 0, to = id ? m->ids : m->n, mid;
	const struct sl_mail_line *l;

	while (from < to) {
		mid = from + (to - from) / 2;
		l = &m->line[id ? m->by_id[mid] : mid];
		if (l->queue < queue ||
		    (l->queue == queue && (id ? l->hash : l->uid) < n))
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

size_t
sl_mailbox_by_uid(
    const struct sl_mailbox *m, unsigned queue, uint32_t uid, size_t *ret_at)
{
	*ret_at = below(m, false, queue, uid);
	return below(m, false, queue, (uint64_t)uid + 1) - *ret_at;
}

size_t
sl_mailbox_by_id(
    const struct sl_mailbox *m, unsigned queue, uint64_t hash, size_t *ret_at)
{
	*ret_at = below(m, true, queue, hash);
	if (hash == UINT64_MAX)
		return below(m, true, queue + 1, 0) - *ret_at;
	return below(m, true, queue, hash + 1) - *ret_at;
}

void
sl_mailbox_free(struct sl_mailbox *m)
{
	free(m->line);
	free(m->by_id);
	sl_buf_free(&m->text);
	sl_names_free(&m->queue);
	memset(m, 0, sizeof(*m));
}
