#include "csv.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/file.h"
#include "../base/text.h"

#define FIELDS_MAX 64
#define FIELD_BYTES_MAX 65536u

enum column { NUMBER, TITLE, STATUS, UNIT, KLASS, COLUMNS };
static const struct {
	const char *name;
	size_t max; /* bytes, as in messages.def */
} columns[COLUMNS] = {
    [NUMBER] = {"saksnummer", 64},
    [TITLE] = {"tittel", 1024},
    [STATUS] = {"saksstatus", 32},
    [UNIT] = {"enhet", 128},
    [KLASS] = {"klasse", 128},
};

struct csv {
	const char *p, *end;
	char separator;
	unsigned line; /* of p */
	bool latin1;
	struct sl_buf field[FIELDS_MAX];
	int fields;
};

static enum sl_rc
wrong(unsigned line, const char *what, struct sl_err *err)
{
	return sl_err_set(
	    err, SL_REJECT, 0, "csv_invalid", "line %u: %s", line, what);
}

static void
put(struct csv *c, struct sl_buf *f, char ch)
{
	if (f->n >= FIELD_BYTES_MAX) {
		f->full = true;
		return;
	}
	if (c->latin1)
		sl_utf8_add(f, (unsigned char)ch);
	else
		sl_buf_add_char(f, ch);
}

/* A quoted field; p stands behind its first quote. */
static enum sl_rc
quoted(struct csv *c, struct sl_buf *f, struct sl_err *err)
{
	unsigned line = c->line;

	for (; c->p < c->end; c->p++) {
		if (*c->p == '"') {
			if (c->p + 1 == c->end || c->p[1] != '"')
				break;
			c->p++;
		}
		if (*c->p == '\n')
			c->line++;
		put(c, f, *c->p);
	}
	if (c->p == c->end)
		return wrong(line, "a quote is not closed", err);
	c->p++;
	if (c->p < c->end && *c->p != c->separator && *c->p != '\r' &&
	    *c->p != '\n')
		return wrong(c->line, "text after a closing quote", err);
	return SL_OK;
}

/* One record into field[]. SL_SKIP at the end of the text. */
static enum sl_rc
record(struct csv *c, struct sl_err *err)
{
	struct sl_buf *f;

	c->fields = 0;
	if (c->p == c->end)
		return SL_SKIP;
	for (;; c->p++) {
		if (c->fields == FIELDS_MAX)
			return wrong(c->line, "too many columns", err);
		f = &c->field[c->fields++];
		sl_buf_reset(f);
		f->full = false;
		if (c->p < c->end && *c->p == '"') {
			c->p++;
			if (quoted(c, f, err) != SL_OK)
				return SL_REJECT;
		} else {
			for (; c->p < c->end && *c->p != c->separator &&
			       *c->p != '\n';
			     c->p++)
				if (*c->p != '\r' || c->p + 1 == c->end ||
				    c->p[1] != '\n')
					put(c, f, *c->p);
		}
		if (f->full)
			return wrong(c->line, "a field is too long", err);
		if (c->p < c->end && *c->p == '\r')
			c->p++;
		if (c->p == c->end)
			return SL_OK;
		if (*c->p == '\n') {
			c->p++;
			c->line++;
			return SL_OK;
		}
		if (*c->p != c->separator)
			return wrong(c->line, "a stray character", err);
	}
}

/* The separator is the one that the header has more of. */
static char
find_separator(const char *p, const char *end)
{
	unsigned commas = 0, semicolons = 0;

	for (; p < end && *p != '\n'; p++) {
		commas += *p == ',';
		semicolons += *p == ';';
	}
	return semicolons > commas ? ';' : ',';
}

static enum sl_rc
header(struct csv *c, const struct sl_csv_reader *to, int at[COLUMNS],
    struct sl_err *err)
{
	const char *s;
	size_t n;
	int i, k;
	bool known;

	for (k = 0; k < COLUMNS; k++)
		at[k] = -1;
	if (record(c, err) == SL_REJECT)
		return SL_REJECT;
	for (i = 0; i < c->fields; i++) {
		s = sl_buf_str(&c->field[i]);
		s += strspn(s, " \t");
		n = strcspn(s, " \t");
		known = n == 0;
		for (k = 0; k < COLUMNS; k++)
			if (strlen(columns[k].name) == n &&
			    strncasecmp(s, columns[k].name, n) == 0) {
				if (at[k] >= 0)
					return wrong(
					    1, "a column stands twice", err);
				at[k] = i;
				known = true;
			}
		if (!known && to->unknown != NULL)
			to->unknown(to->arg, s);
	}
	if (at[NUMBER] < 0)
		return wrong(1, "there is no column saksnummer", err);
	return SL_OK;
}

static bool
is_blank(const struct csv *c)
{
	return c->fields == 1 && c->field[0].n == 0;
}

/* "26/211", "2026-211" and "2026/211" to "2026/211". */
static bool
case_number(const char *s, char *out, size_t cap)
{
	size_t year, number;
	const char *rest;

	s += strspn(s, " \t");
	year = strspn(s, "0123456789");
	rest = s + year + 1;
	if ((year != 2 && year != 4) || (s[year] != '/' && s[year] != '-'))
		return false;
	number = strspn(rest, "0123456789");
	if (number < 1 || number > 9 ||
	    strspn(rest + number, " \t") != strlen(rest + number))
		return false;
	while (number > 1 && *rest == '0') {
		rest++;
		number--;
	}
	(void)snprintf(out, cap, "%s%.*s/%.*s",
	    year == 4	? ""
	    : *s >= '7' ? "19"
			: "20",
	    (int)year, s, (int)number, rest);
	return true;
}

static enum sl_rc
take_row(struct csv *c, unsigned line, const int at[COLUMNS],
    struct sl_csv_case *ret, char *number, size_t cap, struct sl_err *err)
{
	const char **to[COLUMNS] = {[TITLE] = &ret->title,
	    [STATUS] = &ret->status,
	    [UNIT] = &ret->unit,
	    [KLASS] = &ret->klass};
	char why[96];
	int k;

	if (at[NUMBER] >= c->fields ||
	    !case_number(sl_buf_str(&c->field[at[NUMBER]]), number, cap))
		return wrong(
		    line, "saksnummer is not of the form 2026/211", err);
	ret->number = number;
	ret->line = line;
	for (k = TITLE; k < COLUMNS; k++) {
		*to[k] = at[k] < 0 || at[k] >= c->fields
			     ? ""
			     : sl_buf_str(&c->field[at[k]]);
		if (strlen(*to[k]) > columns[k].max ||
		    !sl_utf8_valid(*to[k], strlen(*to[k]))) {
			(void)snprintf(why, sizeof(why),
			    "%s is longer than %zu bytes", columns[k].name,
			    columns[k].max);
			return wrong(line, why, err);
		}
	}
	return SL_OK;
}

enum sl_rc
sl_csv_cases(const char *text, size_t n, const struct sl_csv_reader *to,
    struct sl_err *err)
{
	struct csv c = {.p = text, .end = text + n, .line = 1};
	struct sl_csv_case one;
	int at[COLUMNS], i;
	char number[64];
	enum sl_rc rc;
	unsigned line;

	if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		c.p += 3;
	if (memchr(c.p, '\0', (size_t)(c.end - c.p)) != NULL)
		return wrong(1, "this is not a text file", err);
	c.latin1 = !sl_utf8_valid(c.p, (size_t)(c.end - c.p));
	c.separator = find_separator(c.p, c.end);
	rc = header(&c, to, at, err);
	while (rc == SL_OK) {
		line = c.line;
		rc = record(&c, err);
		if (rc != SL_OK || is_blank(&c))
			continue;
		rc = take_row(&c, line, at, &one, number, sizeof(number), err);
		if (rc == SL_OK)
			rc = to->row(to->arg, &one, err);
	}
	for (i = 0; i < FIELDS_MAX; i++)
		sl_buf_free(&c.field[i]);
	return rc == SL_SKIP ? SL_OK : rc;
}

enum sl_rc
sl_csv_file(
    const char *path, const struct sl_csv_reader *to, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {.max = SL_CSV_BYTES_MAX + 1};
	enum sl_rc rc = sl_read_file(AT_FDCWD, path, SL_CSV_BYTES_MAX, &b, err);

	if (rc == SL_SKIP)
		return sl_err_set(
		    err, SL_REJECT, 0, "csv_invalid", "there is no such file");
	return rc != SL_OK ? rc : sl_csv_cases(sl_buf_str(&b), b.n, to, err);
}
