/*
 * Values of the configuration: text to typed and back. See rows.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "rows.h"

static const struct unit {
	const char *name;
	uint64_t times;
} int_units[] = {{"k", 1000}, {"M", 1000000}, {NULL, 0}},
  byte_units[] = {{"k", 1u << 10}, {"K", 1u << 10}, {"M", 1u << 20},
      {"G", 1u << 30}, {"T", 1ull << 40}, {NULL, 0}},
  time_units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000},
      {"d", 86400000}, {NULL, 0}};

static const struct unit *
units_of(enum sl_kind kind)
{
	if (kind == SL_KIND_BYTES)
		return byte_units;
	return kind == SL_KIND_DURATION ? time_units : int_units;
}

bool
sl_number_parse(enum sl_kind kind, const char *text, uint64_t *ret)
{
	const struct unit *u;
	uint64_t v = 0;
	size_t n = strspn(text, "0123456789");
	char digits[24];

	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (!sl_parse_u64(digits, 0, UINT64_MAX, &v))
		return false;
	text += n;
	while (*text == ' ')
		text++;
	if (*text == '\0') {
		/* a bare number of what? only 0 is clear for a time */
		*ret = v;
		return kind != SL_KIND_DURATION || v == 0;
	}
	for (u = units_of(kind); u->name != NULL; u++) {
		if (strcmp(u->name, text) == 0) {
			*ret = v * u->times;
			return v <= (uint64_t)INT64_MAX / u->times;
		}
	}
	return false;
}

/* Digits and a unit that there is: if it is no number, it is too large. */
static bool
has_form_of_number(enum sl_kind kind, const char *text)
{
	const struct unit *u;
	size_t n = strspn(text, "0123456789");

	text += n;
	text += strspn(text, " ");
	if (n == 0 || *text == '\0')
		return n > 0 && kind != SL_KIND_DURATION;
	for (u = units_of(kind); u->name != NULL; u++)
		if (strcmp(u->name, text) == 0)
			return true;
	return false;
}

const void *
sl_value_at(const struct sl_row *r, const struct sl_section *s)
{
	return (const char *)s + r->offset;
}

static void *
value_at(const struct sl_row *r, struct sl_section *s)
{
	return (char *)s + r->offset;
}

static bool
number_value(const struct sl_row *r, const char *text, struct sl_section *s,
    char *why, size_t why_n)
{
	uint64_t v, min = 0, max = 0;

	if (!sl_number_parse(r->kind, text, &v)) {
		if (has_form_of_number(r->kind, text)) {
			(void)snprintf(why, why_n,
			    "too large: out of range %s to %s", r->min, r->max);
			return false;
		}
		(void)snprintf(why, why_n, "%s",
		    r->kind == SL_KIND_DURATION
			? "expected a duration with ms, s, min, h or d"
		    : r->kind == SL_KIND_BYTES
			? "expected bytes, with k, M, G or T"
			: "expected a whole number");
		return false;
	}
	if (!sl_number_parse(r->kind, r->min, &min) ||
	    !sl_number_parse(r->kind, r->max, &max) || v < min || v > max) {
		(void)snprintf(
		    why, why_n, "out of range %s to %s", r->min, r->max);
		return false;
	}
	if (r->kind == SL_KIND_INT)
		*(uint32_t *)value_at(r, s) = (uint32_t)v;
	else if (r->kind == SL_KIND_BYTES)
		*(uint64_t *)value_at(r, s) = v;
	else
		*(int64_t *)value_at(r, s) = (int64_t)v;
	return true;
}

static bool
text_allowed(const struct sl_row *r, const char *text, const char **ret_why)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_.+-";
	const char *p;

	if (r->kind == SL_KIND_WORD) {
		*ret_why = "expected letters, digits and _ . + -";
		return text[strspn(text, word)] == '\0';
	}
	if (r->kind == SL_KIND_CODE) {
		*ret_why = "expected capital letters A to Z";
		return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
	}
	if (r->kind == SL_KIND_URL) {
		*ret_why = "expected https://... without user or spaces";
		if (*text == '\0')
			return true;
		p = strstr(text, "://");
		return (strncmp(text, "https://", 8) == 0 ||
			   strncmp(text, "http://", 7) == 0) &&
		       p[3] != '\0' && p[3] != '/' &&
		       strpbrk(text, " @") == NULL;
	}
	if (r->kind == SL_KIND_PATH) {
		*ret_why = "a path may not hold \"..\"";
		for (p = text; (p = strstr(p, "..")) != NULL; p += 2) {
			if ((p == text || p[-1] == '/') &&
			    (p[2] == '\0' || p[2] == '/'))
				return false;
		}
	}
	return true;
}

static bool
text_value(const struct sl_row *r, const char *text, struct sl_arena *arena,
    struct sl_section *s, char *why, size_t why_n)
{
	uint64_t min = 0, max = 0;
	size_t n = strlen(text);
	const char *reason = "";

	(void)sl_number_parse(SL_KIND_INT, r->min, &min);
	(void)sl_number_parse(SL_KIND_INT, r->max, &max);
	if (n < min) {
		(void)snprintf(why, why_n, "may not be empty");
		return false;
	}
	if (n > max) {
		(void)snprintf(why, why_n, "longer than %s bytes", r->max);
		return false;
	}
	if (!text_allowed(r, text, &reason)) {
		(void)snprintf(why, why_n, "%s", reason);
		return false;
	}
	*(const char **)value_at(r, s) = sl_arena_strndup(arena, text, n);
	return true;
}

/* Index of text in "a|b|c", or -1. */
static int
choice_index(const char *choices, const char *text)
{
	size_t n = strlen(text), len;
	int i;

	for (i = 0; *choices != '\0'; i++) {
		len = strcspn(choices, "|");
		if (len == n && memcmp(choices, text, n) == 0)
			return i;
		choices += len + (choices[len] == '|');
	}
	return -1;
}

static bool
list_value(const struct sl_row *r, const char *text, struct sl_arena *arena,
    struct sl_section *s, char *why, size_t why_n)
{
	struct sl_list *l = value_at(r, s);
	uint64_t max = 0;
	const char **item;
	const char *p;
	size_t n = 0, len;

	(void)sl_number_parse(SL_KIND_INT, r->max, &max);
	for (p = text; *(p += strspn(p, " \t,")) != '\0'; n++)
		p += strcspn(p, " \t,");
	if (n > max) {
		(void)snprintf(why, why_n, "more than %s items", r->max);
		return false;
	}
	item = sl_arena_alloc(arena, (n + 1) * sizeof(*item));
	for (n = 0, p = text; *(p += strspn(p, " \t,")) != '\0'; n++) {
		len = strcspn(p, " \t,");
		item[n] = sl_arena_strndup(arena, p, len);
		p += len;
	}
	l->item = item;
	l->n = n;
	return true;
}

/* Exactly HH:MM; -1 if not. */
static int
minute_of(const char *p)
{
	int m;

	if (strlen(p) != 5 || strspn(p, "0123456789") != 2 || p[2] != ':' ||
	    strspn(p + 3, "0123456789") != 2 || p[3] > '5')
		return -1;
	m = ((p[0] - '0') * 10 + p[1] - '0') * 60 + (p[3] - '0') * 10 + p[4] -
	    '0';
	return m < 24 * 60 ? m : -1;
}

static bool
time_value(const struct sl_row *r, const char *text, struct sl_section *s,
    char *why, size_t why_n)
{
	int m = minute_of(text);

	if (m < 0) {
		(void)snprintf(why, why_n, "expected a time of day, HH:MM");
		return false;
	}
	*(uint32_t *)value_at(r, s) = (uint32_t)m;
	return true;
}

static bool
deadline_value(const struct sl_row *r, const char *text, struct sl_section *s,
    char *why, size_t why_n)
{
	static const char day[] = "next-working-day";
	struct sl_deadline *d = value_at(r, s);
	uint64_t ms;
	const char *p;

	memset(d, 0, sizeof(*d));
	if (strcmp(text, "never") == 0) {
		d->kind = SL_DEADLINE_NEVER;
		return true;
	}
	if (strncmp(text, day, sizeof(day) - 1) == 0) {
		d->kind = SL_DEADLINE_WORKING_DAY;
		p = text + sizeof(day) - 1;
		if (*p == ' ') {
			d->minute = minute_of(p + strspn(p, " "));
			if (d->minute >= 0)
				return true;
		}
	} else if (sl_number_parse(SL_KIND_DURATION, text, &ms)) {
		d->kind = SL_DEADLINE_AFTER;
		d->duration_ms = (int64_t)ms;
		if (ms <= 365ull * 86400000)
			return true;
	}
	(void)snprintf(why, why_n,
	    "expected next-working-day HH:MM, a duration up to 365d, or never");
	return false;
}

bool
sl_value_parse(const struct sl_row *r, const char *text, struct sl_arena *arena,
    struct sl_section *s, char *why, size_t why_n)
{
	int i;

	switch (r->kind) {
	case SL_KIND_STR:
	case SL_KIND_WORD:
	case SL_KIND_CODE:
	case SL_KIND_PATH:
	case SL_KIND_URL:
		return text_value(r, text, arena, s, why, why_n);
	case SL_KIND_INT:
	case SL_KIND_BYTES:
	case SL_KIND_DURATION:
		return number_value(r, text, s, why, why_n);
	case SL_KIND_LIST:
		return list_value(r, text, arena, s, why, why_n);
	case SL_KIND_DEADLINE:
		return deadline_value(r, text, s, why, why_n);
	case SL_KIND_TIME:
		return time_value(r, text, s, why, why_n);
	case SL_KIND_BOOL:
		i = choice_index("no|yes|false|true", text);
		if (i >= 0)
			*(bool *)value_at(r, s) = (i & 1) != 0;
		else
			(void)snprintf(why, why_n, "expected yes or no");
		return i >= 0;
	case SL_KIND_ENUM:
		i = choice_index(r->unit, text);
		if (i >= 0)
			*(unsigned *)value_at(r, s) = (unsigned)i;
		else
			(void)snprintf(
			    why, why_n, "expected one of %s", r->unit);
		return i >= 0;
	}
	return false;
}

/* With the largest unit that leaves no rest. */
static void
print_number(enum sl_kind kind, uint64_t v, struct sl_buf *out)
{
	const struct unit *u, *best = NULL;

	for (u = units_of(kind); v != 0 && u->name != NULL; u++) {
		if (v % u->times == 0)
			best = u;
	}
	if (kind == SL_KIND_INT)
		best = NULL;
	sl_buf_printf(out, "%" PRIu64 "%s", best != NULL ? v / best->times : v,
	    best != NULL ? best->name : "");
}

static void
print_deadline(const struct sl_deadline *d, struct sl_buf *out)
{
	if (d->kind == SL_DEADLINE_NEVER)
		sl_buf_add_str(out, "never");
	else if (d->kind == SL_DEADLINE_AFTER)
		print_number(SL_KIND_DURATION, (uint64_t)d->duration_ms, out);
	else
		sl_buf_printf(out, "next-working-day %02d:%02d", d->minute / 60,
		    d->minute % 60);
}

static void
print_choice(const char *choices, unsigned i, struct sl_buf *out)
{
	size_t len = strcspn(choices, "|");

	while (i-- > 0 && choices[len] == '|') {
		choices += len + 1;
		len = strcspn(choices, "|");
	}
	sl_buf_add(out, choices, len);
}

void
sl_value_print(
    const struct sl_row *r, const struct sl_section *s, struct sl_buf *out)
{
	const void *p = sl_value_at(r, s);
	const struct sl_list *l;
	size_t i;

	switch (r->kind) {
	case SL_KIND_STR:
	case SL_KIND_WORD:
	case SL_KIND_CODE:
	case SL_KIND_PATH:
	case SL_KIND_URL:
		sl_buf_add_str(out, *(const char *const *)p);
		break;
	case SL_KIND_BOOL:
		sl_buf_add_str(out, *(const bool *)p ? "yes" : "no");
		break;
	case SL_KIND_INT:
		print_number(r->kind, *(const uint32_t *)p, out);
		break;
	case SL_KIND_BYTES:
		print_number(r->kind, *(const uint64_t *)p, out);
		break;
	case SL_KIND_DURATION:
		print_number(r->kind, (uint64_t) * (const int64_t *)p, out);
		break;
	case SL_KIND_ENUM:
		print_choice(r->unit, *(const unsigned *)p, out);
		break;
	case SL_KIND_LIST:
		l = p;
		for (i = 0; i < l->n; i++)
			sl_buf_printf(
			    out, "%s%s", i > 0 ? " " : "", l->item[i]);
		break;
	case SL_KIND_DEADLINE:
		print_deadline(p, out);
		break;
	case SL_KIND_TIME:
		sl_buf_printf(out, "%02u:%02u", *(const uint32_t *)p / 60,
		    *(const uint32_t *)p % 60);
		break;
	}
}

static size_t
value_size(enum sl_kind kind)
{
	switch (kind) {
	case SL_KIND_BOOL:
		return sizeof(bool);
	case SL_KIND_INT:
	case SL_KIND_TIME:
		return sizeof(uint32_t);
	case SL_KIND_ENUM:
		return sizeof(unsigned);
	case SL_KIND_BYTES:
	case SL_KIND_DURATION:
		return sizeof(uint64_t);
	case SL_KIND_LIST:
		return sizeof(struct sl_list);
	case SL_KIND_DEADLINE:
		return sizeof(struct sl_deadline);
	case SL_KIND_STR:
	case SL_KIND_WORD:
	case SL_KIND_CODE:
	case SL_KIND_PATH:
	case SL_KIND_URL:
		break;
	}
	return sizeof(char *);
}

void
sl_value_copy(const struct sl_row *to, struct sl_section *d,
    const struct sl_row *from, const struct sl_section *s)
{
	memcpy(value_at(to, d), sl_value_at(from, s), value_size(to->kind));
}
