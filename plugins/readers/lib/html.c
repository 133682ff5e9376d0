#include "html.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Entities met in Norwegian mail and pages; the rest stay as written. */
static const struct {
	const char *name;
	uint32_t cp;
} entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'},
    {"apos", '\''}, {"nbsp", ' '}, {"aelig", 0xE6}, {"AElig", 0xC6},
    {"oslash", 0xF8}, {"Oslash", 0xD8}, {"aring", 0xE5}, {"Aring", 0xC5},
    {"auml", 0xE4}, {"Auml", 0xC4}, {"ouml", 0xF6}, {"Ouml", 0xD6},
    {"uuml", 0xFC}, {"Uuml", 0xDC}, {"eacute", 0xE9}, {"Eacute", 0xC9},
    {"egrave", 0xE8}, {"ecirc", 0xEA}, {"agrave", 0xE0}, {"aacute", 0xE1},
    {"oacute", 0xF3}, {"ograve", 0xF2}, {"ocirc", 0xF4}, {"ccedil", 0xE7},
    {"szlig", 0xDF}, {"laquo", 0xAB}, {"raquo", 0xBB}, {"ldquo", 0x201C},
    {"rdquo", 0x201D}, {"bdquo", 0x201E}, {"lsquo", 0x2018}, {"rsquo", 0x2019},
    {"ndash", 0x2013}, {"mdash", 0x2014}, {"hellip", 0x2026}, {"bull", 0x2022},
    {"middot", 0xB7}, {"sect", 0xA7}, {"para", 0xB6}, {"deg", 0xB0},
    {"euro", 0x20AC}, {"pound", 0xA3}, {"copy", 0xA9}, {"reg", 0xAE},
    {"trade", 0x2122}, {"frac12", 0xBD}, {"frac14", 0xBC}, {"frac34", 0xBE},
    {"times", 0xD7}, {"sup2", 0xB2}, {"sup3", 0xB3}, {"plusmn", 0xB1},
    {"micro", 0xB5}, {"shy", 0}};

/* Elements that start a new line; those whose content is not read. */
static const char *const blocks[] = {"p", "br", "div", "tr", "li", "ul", "ol",
    "h1", "h2", "h3", "h4", "h5", "h6", "table", "hr", "blockquote", "pre",
    "section", "article", "header", "footer", "dt", "dd", "title", "body",
    "address", "option", "center", "form", "fieldset", "caption"};
static const char *const hidden[] = {"script", "style", "template", "noscript",
    "object", "svg", "math", "iframe", "select"};

struct writer {
	char *out;
	size_t n;
	bool space, pre;
};

static size_t
encode(uint32_t cp, char *o)
{
	if (cp < 0x80) {
		o[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		o[0] = (char)(0xC0 | cp >> 6);
		o[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		o[0] = (char)(0xE0 | cp >> 12);
		o[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		o[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	o[0] = (char)(0xF0 | cp >> 18);
	o[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	o[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	o[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

static void
put_bytes(struct writer *w, const char *p, size_t n)
{
	if (w->space && w->n && w->out[w->n - 1] != '\n' &&
	    w->out[w->n - 1] != '\t')
		w->out[w->n++] = ' ';
	w->space = false;
	memmove(w->out + w->n, p, n);
	w->n += n;
}

static void
put_line(struct writer *w)
{
	w->space = false;
	if (w->n && w->out[w->n - 1] != '\n')
		w->out[w->n++] = '\n';
	else if (w->n > 1 && w->out[w->n - 2] != '\n')
		w->out[w->n++] = '\n'; /* at most one empty line */
}

/* "&aring;" or "&#229;" at s: its length, 0 if it is none. */
static size_t
entity(const char *s, size_t n, uint32_t *cp)
{
	size_t i, k = 1;
	uint32_t v = 0;

	if (n > 12)
		n = 12;
	if (n > 3 && s[1] == '#') {
		bool hex = s[2] == 'x' || s[2] == 'X';

		for (k = hex ? 3 : 2; k < n; k++) {
			char c = s[k];
			int d = c >= '0' && c <= '9'	      ? c - '0'
				: hex && c >= 'a' && c <= 'f' ? c - 'a' + 10
				: hex && c >= 'A' && c <= 'F' ? c - 'A' + 10
							      : -1;
			if (d < 0)
				break;
			v = v * (hex ? 16 : 10) + (uint32_t)d;
			if (v > 0x10FFFF)
				return 0;
		}
		if (k >= n || s[k] != ';' || k < 3)
			return 0;
		if (v >= 0x80 && v < 0xA0)
			v = '?'; /* Windows numbers: hardly ever letters */
		if (v == 0xA0)
			v = ' ';
		if (v < 0x20 || (v >= 0xD800 && v < 0xE000))
			v = ' ';
		*cp = v;
		return k + 1;
	}
	for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		size_t len = strlen(entities[i].name);

		if (len + 2 <= n && !memcmp(s + 1, entities[i].name, len) &&
		    s[len + 1] == ';') {
			*cp = entities[i].cp;
			return len + 2;
		}
	}
	return 0;
}

/* Place in the list from 1, 0 if not there. */
static size_t
index_of(const char *name, size_t n, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == n && !strncasecmp(name, list[i], n))
			return i + 1;
	return 0;
}

/* First place of "</name" from i on, n if there is none. */
static size_t
find_close(const char *s, size_t n, size_t i, const char *name, size_t len)
{
	for (; i + len + 2 <= n; i++) {
		const char *p = memchr(s + i, '<', n - i);

		if (!p)
			break;
		i = (size_t)(p - s);
		if (i + len + 2 <= n && s[i + 1] == '/' &&
		    !strncasecmp(s + i + 2, name, len))
			return i;
	}
	return n;
}

/* End of the tag at s[i] == '<' (behind '>'); quotes may hold a '>'. */
static size_t
tag_end(const char *s, size_t n, size_t i)
{
	const char *gt = memchr(s + i, '>', n - i);
	size_t first = gt ? (size_t)(gt - s) + 1 : n;
	size_t stop = n - i > 512 ? i + 512 : n;
	char quote = 0;

	for (size_t k = i + 1; k < stop; k++) {
		if (quote)
			quote = s[k] == quote ? 0 : quote;
		else if (s[k] == '"' || s[k] == '\'')
			quote = s[k - 1] == '=' || s[k - 1] == ' ' ? s[k] : 0;
		else if (s[k] == '>')
			return k + 1;
	}
	return first; /* unbalanced quotes: the plain '>' */
}

/* The tag at s[*i]; *i moves behind it and what it hides. */
static void
tag(struct writer *w, const char *s, size_t n, size_t *i, unsigned *endless)
{
	size_t k = *i + 1, at, end;
	bool close = k < n && s[k] == '/';
	char name[16];
	size_t len = 0;

	if (k + 2 < n && !memcmp(s + k, "!--", 3)) {
		const char *p = *endless & 1
				    ? NULL
				    : memmem(s + k + 3, n - k - 3, "-->", 3);

		*endless |= !p; /* searched for in vain only once */
		*i = p ? (size_t)(p - s) + 3 : tag_end(s, n, *i);
		return;
	}
	at = k + close;
	for (k = at;
	     k < n && len < sizeof(name) &&
	     ((s[k] >= 'a' && s[k] <= 'z') || (s[k] >= 'A' && s[k] <= 'Z') ||
		 (s[k] >= '0' && s[k] <= '9'));
	     k++)
		name[len++] = s[k];
	if (!len && !(at < n && (s[at] == '!' || s[at] == '?'))) {
		put_bytes(w, "<", 1);
		++*i;
		return;
	}
	end = tag_end(s, n, *i);
	at = index_of(name, len, hidden, sizeof(hidden) / sizeof(hidden[0]));
	if (!close && at && !(*endless & 1u << at)) {
		size_t c = find_close(s, n, end, name, len);

		if (c < n)
			end = tag_end(s, n, c);
		else
			*endless |= 1u << at;
	}
	*i = end;
	if (len == 3 && !strncasecmp(name, "pre", 3))
		w->pre = !close;
	if (index_of(name, len, blocks, sizeof(blocks) / sizeof(blocks[0])))
		put_line(w);
	else if (len == 2 && close &&
		 (!strncasecmp(name, "td", 2) || !strncasecmp(name, "th", 2)) &&
		 w->n && w->out[w->n - 1] != '\n')
		w->out[w->n++] = '\t';
}

size_t
html_to_text(char *s, size_t n)
{
	struct writer w = {.out = s};
	unsigned endless = 0;
	size_t i = 0;

	while (i < n) {
		char c = s[i], o[4];
		uint32_t cp;
		size_t len;

		if (c == '<') {
			tag(&w, s, n, &i, &endless);
		} else if (c == '&' && (len = entity(s + i, n - i, &cp)) > 0) {
			i += len;
			if (cp == ' ')
				w.space = true;
			else if (cp)
				put_bytes(&w, o, encode(cp, o));
		} else if (!w.pre && strchr(" \t\r\n", c) && c) {
			w.space = true;
			i++;
		} else {
			put_bytes(&w, &c, 1);
			i++;
		}
	}
	while (w.n && strchr(" \t\n", s[w.n - 1]))
		w.n--;
	return w.n;
}

const char *
html_charset(const char *s, size_t n, size_t *ret_length)
{
	static const char *const keys[] = {"charset=", "encoding="};

	if (n > 4096)
		n = 4096;
	for (size_t i = 0; i + 9 < n; i++) {
		for (size_t k = 0; k < 2; k++) {
			size_t len = strlen(keys[k]), at, end;

			if (i + len >= n || strncasecmp(s + i, keys[k], len))
				continue;
			at = i + len;
			while (at < n && strchr("\"' ", s[at]) && s[at])
				at++;
			for (end = at; end < n && end < at + 40 && s[end] &&
				       !strchr("\"'; />?", s[end]);
			     end++)
				;
			*ret_length = end - at;
			return end > at ? s + at : NULL;
		}
	}
	return NULL;
}
