/*
 * Members of a JSON object without building a tree: a report looks into a
 * million receipts.
 */
#include "peek.h"

#include <string.h>

#include "text.h"

static const char *
skip_space(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p++;
	return p;
}

/* Behind the closing quote; NULL: there is none. p stands on the first. A quote
 * behind an odd number of backslashes is one of the text. */
static const char *
skip_string(const char *p)
{
	const char *end = p, *q;

	while ((end = strchr(end + 1, '"')) != NULL) {
		for (q = end; q - 1 > p && q[-1] == '\\'; q--)
			;
		if ((end - q) % 2 == 0)
			return end + 1;
	}
	return NULL;
}

/* Behind a value of any kind. */
static const char *
skip_value(const char *p)
{
	size_t depth = 0;

	do {
		if (*p == '"') {
			p = skip_string(p);
			if (p == NULL)
				return NULL;
			continue;
		}
		if (*p == '\0')
			return NULL;
		if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && depth-- == 0)
			return p;
		else if (*p == ',' && depth == 0)
			return p;
		p++;
	} while (true);
}

static uint32_t
four_hex(const char *p)
{
	static const char digits[] = "0123456789abcdef";
	const char *d;
	uint32_t n = 0;
	int i;

	for (i = 0; i < 4; i++) {
		d = strchr(
		    digits, p[i] >= 'A' && p[i] <= 'F' ? p[i] + 32 : p[i]);
		if (p[i] == '\0' || d == NULL)
			return 0xFFFD;
		n = n << 4 | (uint32_t)(d - digits);
	}
	return n;
}

/* One escape; p stands behind the backslash. Result: behind it. */
static const char *
unescape(const char *p, const char *end, struct sl_buf *out)
{
	uint32_t cp, low;

	if (*p != 'u' || end - p < 5) {
		sl_buf_add_char(out, *p == 'n'	 ? '\n'
				     : *p == 't' ? '\t'
				     : *p == 'r' ? '\r'
				     : *p == 'b' ? '\b'
				     : *p == 'f' ? '\f'
						 : *p);
		return p + 1;
	}
	cp = four_hex(p + 1);
	p += 5;
	if ((cp & 0xFC00) == 0xD800 && end - p >= 6 && p[0] == '\\' &&
	    p[1] == 'u') {
		low = four_hex(p + 2);
		if ((low & 0xFC00) == 0xDC00) {
			cp = 0x10000 + ((cp & 0x3FF) << 10) + (low & 0x3FF);
			p += 6;
		}
	}
	sl_utf8_add(out, cp == 0 ? 0xFFFD : cp);
	return p;
}

/* The value from p to end into the want's text. */
static bool
take_value(const char *p, const char *end, struct sl_peek *w)
{
	SL_BUF struct sl_buf b = {.max = 65536};
	size_t n;

	if (*p != '"') {
		if (*p == '{' || *p == '[' || *p == 'n')
			return false;
		while (end > p && strchr(" \t\r\n", end[-1]) != NULL)
			end--;
	} else {
		p++;
		end--;
	}
	n = end > p ? (size_t)(end - p) : 0;
	if (memchr(p, '\\', n) == NULL) {
		(void)sl_slice_copy(
		    (struct sl_slice){p, (uint32_t)n}, w->out, w->cap);
		return true;
	}
	while (p < end) {
		if (*p == '\\')
			p = unescape(p + 1, end, &b);
		else
			sl_buf_add_char(&b, *p++);
	}
	(void)sl_slice_copy(sl_slice_buf(&b), w->out, w->cap);
	return true;
}

/* The want of this name that has not been met; NULL: none. */
static struct sl_peek *
find_want(struct sl_peek *want, size_t n, const char *name, size_t name_n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!want[i].met && name_n == want[i].key_n &&
		    memcmp(name, want[i].key, name_n) == 0)
			return &want[i];
	return NULL;
}

void
sl_json_peek_all(const char *json, struct sl_peek *want, size_t n)
{
	const char *p = skip_space(json), *name, *end;
	struct sl_peek *w;
	size_t i, left = n;

	for (i = 0; i < n; i++) {
		want[i].out[0] = '\0';
		want[i].met = want[i].found = false;
		want[i].key_n = strlen(want[i].key);
	}
	if (*p++ != '{')
		return;
	while (left > 0) {
		p = skip_space(p);
		if (*p != '"')
			return;
		name = p + 1;
		p = skip_string(p);
		if (p == NULL)
			return;
		w = find_want(want, n, name, (size_t)(p - name) - 1);
		p = skip_space(p);
		if (*p++ != ':')
			return;
		p = skip_space(p);
		end = *p == '"' ? skip_string(p) : skip_value(p);
		if (end == NULL)
			return;
		if (w != NULL) {
			w->met = true;
			w->found = take_value(p, end, w);
			left--;
		}
		p = skip_space(end);
		if (*p++ != ',')
			return;
	}
}

bool
sl_json_peek(const char *json, const char *key, char *out, size_t cap)
{
	struct sl_peek w = {.key = key, .out = out, .cap = cap};

	sl_json_peek_all(json, &w, 1);
	return w.found;
}
