/*
 * Reading CSV (RFC 4180) row by row.
 */
#include "csvin.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "../base/text.h"

void
sl_csvin_open(struct sl_csvin *c, FILE *f)
{
	int a, b;

	memset(c, 0, sizeof(*c));
	c->f = f;
	c->raw.max = SL_CSVIN_LINE + 1;
	c->text.max = 2 * SL_CSVIN_LINE;
	/* A byte order mark, or what there is of it. */
	a = getc(f);
	if (a != 0xEF) {
		if (a != EOF)
			(void)ungetc(a, f);
		return;
	}
	b = getc(f);
	if (b != 0xBB || getc(f) != 0xBF)
		rewind(f);
}

void
sl_csvin_close(struct sl_csvin *c)
{
	sl_buf_free(&c->raw);
	sl_buf_free(&c->text);
}

static enum sl_rc
bad(struct sl_csvin *c, const char *what, struct sl_err *err)
{
	return sl_err_set(
	    err, SL_BROKEN, 0, "damaged", "line %u: %s", c->line, what);
}

/* The whole row as it stands, quotes and all. SL_SKIP: the end. */
static enum sl_rc
read_row(struct sl_csvin *c, struct sl_err *err)
{
	char *row;
	size_t n = 0;
	bool quoted = false;
	int ch;

	sl_buf_reset(&c->raw);
	row = sl_buf_room(&c->raw, SL_CSVIN_LINE);
	while ((ch = getc_unlocked(c->f)) != EOF && (ch != '\n' || quoted)) {
		if (ch == '"' && !c->plain)
			quoted = !quoted;
		if (ch == '\0')
			return bad(c, "the row holds a NUL", err);
		if (n == SL_CSVIN_LINE)
			return bad(c, "the row is too long", err);
		row[n++] = (char)ch;
	}
	sl_buf_grown(&c->raw, n);
	/* What comes behind is not known: not the end. */
	if (ch == EOF && ferror(c->f) != 0)
		return sl_err_set(err, SL_BROKEN, errno, "file_unreadable",
		    "the file cannot be read");
	if (ch == EOF && quoted)
		return bad(c, "a quote does not end", err);
	return ch != EOF || n > 0 ? SL_OK : SL_SKIP;
}

static char
separator(const char *s)
{
	size_t semi = 0, comma = 0, tab = 0;

	for (; *s != '\0'; s++) {
		semi += *s == ';';
		comma += *s == ',';
		tab += *s == '\t';
	}
	if (tab > semi && tab > comma)
		return '\t';
	return semi >= comma ? ';' : ',';
}

/* The field that was added since `from`, as UTF-8, and its end. */
static void
end_field(struct sl_csvin *c, size_t from)
{
	size_t n = c->text.n - from, i;
	SL_BUF struct sl_buf latin = {.max = SL_CSVIN_LINE};

	c->at[c->n++] = from;
	if (n > 0 && !sl_utf8_valid(c->text.p + from, n)) {
		sl_buf_add(&latin, c->text.p + from, n);
		c->text.n = from;
		for (i = 0; i < latin.n; i++)
			sl_utf8_add(&c->text, (unsigned char)latin.p[i]);
	}
	sl_buf_add(&c->text, "", 1);
}

/* One field from p; result: behind its separator, or NULL at the end. */
static const char *
take_field(struct sl_csvin *c, const char *p, const char *end)
{
	const char stop[] = {c->sep, '\0'};
	size_t from = c->text.n, n;
	bool quoted = *p == '"' && !c->plain;

	if (!quoted) {
		n = strcspn(p, stop);
		sl_buf_add(&c->text, p, n);
		p += n;
	}
	for (p += quoted; quoted && p < end; p++) {
		if (*p == '"' && *++p != '"') {
			/* What stands behind the closing quote is text. */
			n = strcspn(p, stop);
			sl_buf_add(&c->text, p, n);
			p += n;
			break;
		}
		sl_buf_add_char(&c->text, *p);
	}
	end_field(c, from);
	return p < end ? p + 1 : NULL;
}

enum sl_rc
sl_csvin_next(struct sl_csvin *c, struct sl_err *err)
{
	struct sl_buf *raw = &c->raw;
	const char *p, *end;
	enum sl_rc rc;

	do {
		c->line++;
		rc = read_row(c, err);
		if (rc != SL_OK)
			return rc;
		if (raw->n > 0 && raw->p[raw->n - 1] == '\r')
			raw->p[--raw->n] = '\0';
	} while (raw->n == 0);
	if (c->sep == '\0')
		c->sep = separator(raw->p);
	sl_buf_reset(&c->text);
	c->n = 0;
	end = raw->p + raw->n;
	for (p = raw->p; p != NULL; p = take_field(c, p, end))
		if (c->n == SL_CSVIN_FIELDS)
			return bad(c, "the row has too many fields", err);
	return SL_OK;
}

const char *
sl_csvin_field(const struct sl_csvin *c, int i)
{
	return i >= 0 && (size_t)i < c->n ? c->text.p + c->at[i] : "";
}

static bool
is_named(const char *field, const char *p, size_t n)
{
	return strlen(field) == n && strncasecmp(field, p, n) == 0;
}

int
sl_csvin_column(const struct sl_csvin *c, const char *names)
{
	size_t i, n;
	const char *p;

	for (p = names; *p != '\0'; p += n + (p[n] == '|')) {
		n = strcspn(p, "|");
		for (i = 0; i < c->n; i++)
			if (is_named(sl_csvin_field(c, (int)i), p, n))
				return (int)i;
	}
	return -1;
}

size_t
sl_csvin_columns(const struct sl_csvin *c, const char *names)
{
	size_t i, n, found = 0;
	const char *p;

	for (p = names; *p != '\0'; p += n + (p[n] == '|')) {
		n = strcspn(p, "|");
		for (i = 0; i < c->n; i++)
			found += is_named(sl_csvin_field(c, (int)i), p, n);
	}
	return found;
}
