/*
 * Titles and file names out of hostile text.
 */
#include <string.h>
#include <strings.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "prepare.h"

/* Not seen, or changes how the rest looks. */
static bool
is_hidden(uint32_t cp)
{
	return cp == 0xAD || (cp >= 0x200B && cp <= 0x200F) ||
	       (cp >= 0x202A && cp <= 0x202E) ||
	       (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF || cp == 0xFFFD ||
	       (cp >= 0xE0000 && cp < 0xE1000);
}

static bool
is_space(uint32_t cp)
{
	return cp <= 0x20 || (cp >= 0x7F && cp <= 0xA0) ||
	       (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0x202F || cp == 0x3000;
}

/* One clean line of any length. */
static void
fold(struct sl_buf *out, const char *s, size_t n)
{
	bool gap = false;
	size_t i = 0;
	uint32_t cp;

	while (i < n) {
		cp = sl_utf8_next(s, n, &i);
		if (is_space(cp)) {
			gap = out->n > 0;
		} else if (!is_hidden(cp)) {
			if (gap)
				sl_buf_add_char(out, ' ');
			gap = false;
			sl_utf8_add(out, cp);
		}
	}
}

/* Each removal may bring other digits together: until none is left. */
static void
remove_fnr(struct sl_buf *b, const char *instead)
{
	SL_BUF struct sl_buf next = {0};
	size_t at, len;

	while (b->n > 0 && sl_find_fnr(b->p, b->n, &at, &len)) {
		sl_buf_reset(&next);
		sl_buf_add(&next, b->p, at);
		sl_buf_add_str(&next, *instead != '\0' ? instead : " ");
		sl_buf_add(&next, b->p + at + len, b->n - at - len);
		sl_buf_reset(b);
		sl_buf_add(b, next.p, next.n);
	}
}

/* What is left dangling where a number was taken out. */
static void
tidy(struct sl_buf *b)
{
	static const char edge[] = " ,;:-_/(";
	size_t from = 0;

	while (b->n > 0 && strchr(edge, b->p[b->n - 1]) != NULL)
		b->n--;
	while (from < b->n && strchr(" ,;:-_/).", b->p[from]) != NULL)
		from++;
	if (b->n > 0) {
		memmove(b->p, b->p + from, b->n - from);
		b->n -= from;
		b->p[b->n] = '\0';
	}
}

static void
cut(struct sl_buf *b, size_t max)
{
	size_t i = 0, chars = 0;

	while (i < b->n && chars < max) {
		(void)sl_utf8_next(b->p, b->n, &i);
		chars++;
	}
	while (i > 0 && i < b->n && b->p[i - 1] == ' ')
		i--;
	if (b->p != NULL) {
		b->n = i;
		b->p[i] = '\0';
	}
}

void
sl_post_clean(
    struct sl_buf *out, const char *s, size_t max, const char *instead_of_fnr)
{
	SL_BUF struct sl_buf line = {0}, again = {0};
	size_t before;

	fold(&line, s, strlen(s));
	before = line.n;
	remove_fnr(&line, instead_of_fnr);
	/* folding again takes the doubled space where the number stood */
	fold(&again, sl_buf_str(&line), line.n);
	if (before != line.n && *instead_of_fnr == '\0')
		tidy(&again);
	cut(&again, max);
	sl_buf_add(out, sl_buf_str(&again), again.n);
}

static const char *
last_component(const char *name)
{
	const char *p;

	for (p = name; *p != '\0'; p++) {
		if ((*p == '/' || *p == '\\') && p[1] != '\0')
			name = p + 1;
	}
	return name;
}

/* The dot of a short ending such as .pdf; else the end. */
static size_t
ending_at(const char *s, size_t n)
{
	size_t i = n;

	while (i > 1 && n - i < 8) {
		i--;
		if (s[i] == '.')
			return n - i > 1 ? i : n;
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
			(s[i] >= 'A' && s[i] <= 'Z') ||
			(s[i] >= '0' && s[i] <= '9')))
			break;
	}
	return n;
}

void
sl_post_name_title(struct sl_buf *out, const char *name)
{
	SL_BUF struct sl_buf b = {0};
	size_t i;

	name = last_component(name);
	sl_buf_add(&b, name, ending_at(name, strlen(name)));
	for (i = 0; i < b.n; i++) {
		if (b.p[i] == '_' || b.p[i] == '/' || b.p[i] == '\\')
			b.p[i] = ' ';
	}
	sl_post_clean(out, sl_buf_str(&b), SL_TITLE_MAX, "");
}

void
sl_post_original_title(struct sl_buf *out, const char *name)
{
	sl_post_name_title(out, name);
	sl_buf_add_str(out, out->n > 0 ? " (original)" : "Original");
}

static bool
is_device_name(const char *s, size_t n)
{
	static const char *const devices[] = {"con", "prn", "aux", "nul",
	    "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
	    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7",
	    "lpt8", "lpt9"};
	size_t i;

	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (strlen(devices[i]) == n &&
		    strncasecmp(devices[i], s, n) == 0)
			return true;
	}
	return false;
}

void
sl_post_file_name(struct sl_buf *out, const char *name, unsigned number)
{
	enum { MAX = 150 };
	SL_BUF struct sl_buf b = {0}, stem = {0}, own = {0};
	size_t i, dot, room;

	name = last_component(name);
	sl_buf_add_str(&own, name);
	/* 010190_12345 is a national identity number too */
	for (i = 1; i + 1 < own.n; i++) {
		if (own.p[i] == '_' && own.p[i - 1] >= '0' &&
		    own.p[i - 1] <= '9' && own.p[i + 1] >= '0' &&
		    own.p[i + 1] <= '9')
			own.p[i] = ' ';
	}
	sl_post_clean(&b, sl_buf_str(&own), 4096, "");
	for (i = 0; i < b.n; i++) {
		if (strchr("/\\<>:\"|?*", b.p[i]) != NULL)
			b.p[i] = '_';
	}
	dot = ending_at(sl_buf_str(&b), b.n);
	for (i = 0; i < dot && (b.p[i] == '.' || b.p[i] == ' '); i++)
		continue;
	if (dot > i)
		sl_buf_add(&stem, b.p + i, dot - i);
	room = MAX - (b.n - dot);
	if (stem.n > room) {
		while (room > 0 && ((uint8_t)stem.p[room] & 0xC0) == 0x80)
			room--;
		stem.n = room;
	}
	while (stem.n > 0 && strchr(". ", stem.p[stem.n - 1]) != NULL)
		stem.n--;
	if (stem.n == 0)
		sl_buf_printf(out, "dokument-%u", number);
	if (is_device_name(sl_buf_str(&stem), stem.n))
		sl_buf_add_char(out, '_');
	sl_buf_add(out, sl_buf_str(&stem), stem.n);
	sl_buf_add(out, sl_buf_str(&b) + dot, b.n - dot);
}
