#include <stdio.h>
#include <string.h>

#include "scan.h"

/* Norwegian (both), English; longest first where one begins another. */
static const struct {
	const char *name;
	int month;
} months[] = {
    {"januar", 1},
    {"january", 1},
    {"jan", 1},
    {"februar", 2},
    {"february", 2},
    {"feb", 2},
    {"mars", 3},
    {"march", 3},
    {"mar", 3},
    {"april", 4},
    {"apr", 4},
    {"mai", 5},
    {"may", 5},
    {"juni", 6},
    {"june", 6},
    {"jun", 6},
    {"juli", 7},
    {"july", 7},
    {"jul", 7},
    {"august", 8},
    {"aug", 8},
    {"september", 9},
    {"sept", 9},
    {"sep", 9},
    {"oktober", 10},
    {"october", 10},
    {"okt", 10},
    {"oct", 10},
    {"november", 11},
    {"nov", 11},
    {"desember", 12},
    {"december", 12},
    {"des", 12},
    {"dec", 12},
};

static int
digit(const char *s, size_t n, size_t i)
{
	return i < n && s[i] >= '0' && s[i] <= '9' ? s[i] - '0' : -1;
}

/* Digits from *i, at most max; -1 if none. *len = how many. */
static int
number(const char *s, size_t n, size_t *i, int max, int *len)
{
	int v = 0;

	for (*len = 0; *len < max && digit(s, n, *i) >= 0; ++*len)
		v = v * 10 + digit(s, n, (*i)++);
	return *len ? v : -1;
}

static void
spaces(const char *s, size_t n, size_t *i)
{
	for (int k = 0; k < 3 && *i < n; k++) {
		if (s[*i] == ' ')
			*i += 1;
		else if (*i + 1 < n && !memcmp(s + *i, " ", 2))
			*i += 2;
		else
			break;
	}
}

/* Asked at every word of a page: the first letters of the months above. */
static bool
begins_month(const char *s)
{
	static const char firsts[] = "jafemaapjuauseokocnode";
	char a = (char)(s[0] | 0x20), b = (char)(s[1] | 0x20);

	for (size_t i = 0; i + 1 < sizeof(firsts); i += 2)
		if (a == firsts[i] && b == firsts[i + 1])
			return true;
	return false;
}

static size_t
month_name(const char *s, size_t n, int *month)
{
	char word[12];
	size_t i, k = 0;

	if (n < 3 || !begins_month(s))
		return 0;
	for (i = 0; i < n && k < sizeof(word) - 1; i++) {
		char c = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];

		if (c < 'a' || c > 'z')
			break;
		word[k++] = c;
	}
	word[k] = 0;
	if (k < 3)
		return 0;
	for (i = 0; i < sizeof(months) / sizeof(months[0]); i++) {
		if (word[0] == months[i].name[0] &&
		    word[2] == months[i].name[2] &&
		    !strcmp(word, months[i].name)) {
			*month = months[i].month;
			return k;
		}
	}
	return 0;
}

/* A year of two or four digits at *i. */
static bool
take_year(const char *s, size_t n, size_t *i, int now, int *year)
{
	int len, v = number(s, n, i, 5, &len);

	if (len == 2)
		v += v + 2000 <= now + 1 ? 2000 : 1900;
	else if (len != 4)
		return false;
	*year = v;
	return true;
}

static bool
sane(const struct sl_day *d, int now)
{
	static const int days[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (d->month < 1 || d->month > 12 || d->day < 1)
		return false;
	if (d->day > days[d->month - 1] || d->year < 1900 || d->year > now + 10)
		return false;
	return d->month != 2 || d->day < 29 ||
	       (d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0));
}

static size_t
finish(const char *s, size_t n, size_t i, int now, const struct sl_day *d)
{
	size_t k = i;

	if (!sane(d, now))
		return 0;
	if (i < n && sl_scan_letter(sl_scan_next(s, n, &k)))
		return 0;
	if (digit(s, n, i) >= 0 || (i < n && s[i] == '/'))
		return 0;
	if (i < n && (s[i] == '-' || s[i] == '.') && digit(s, n, i + 1) >= 0)
		return 0;
	return i;
}

/* "March 12, 2026" */
static size_t
english(const char *s, size_t n, int now, struct sl_day *d)
{
	int len;
	size_t i = month_name(s, n, &d->month);

	if (i < 3)
		return 0;
	spaces(s, n, &i);
	d->day = number(s, n, &i, 2, &len);
	if (d->day < 0 || i >= n || s[i] != ',')
		return 0;
	i++;
	spaces(s, n, &i);
	if (!take_year(s, n, &i, now, &d->year))
		return 0;
	return finish(s, n, i, now, d);
}

/* The rest after "12": ". mars 2026", ".03.2026", "/3-26", "-03-2026". */
static size_t
after_day(const char *s, size_t n, size_t i, int now, struct sl_day *d)
{
	int len;
	size_t k = i, name;

	if (k < n && s[k] == '.')
		k++;
	spaces(s, n, &k);
	name = month_name(s + k, n - k, &d->month);
	if (name) {
		k += name;
		if (k < n && s[k] == '.')
			k++;
		spaces(s, n, &k);
		if (k < n && s[k] == ',')
			k++, spaces(s, n, &k);
		return take_year(s, n, &k, now, &d->year)
			   ? finish(s, n, k, now, d)
			   : 0;
	}
	if (i >= n || (s[i] != '.' && s[i] != '/' && s[i] != '-'))
		return 0;
	k = i + 1;
	if (s[i] == '.')
		spaces(s, n, &k);
	d->month = number(s, n, &k, 2, &len);
	if (d->month < 0 || k >= n)
		return 0;
	if (s[k] == s[i]) {
		k++;
		if (s[i] == '.')
			spaces(s, n, &k);
	} else if (s[i] == '/' && (s[k] == '-' || s[k] == ' ')) {
		d->doubtful = s[k] == '-';
		k++;
	} else {
		return 0;
	}
	name = k;
	if (!take_year(s, n, &k, now, &d->year))
		return 0;
	d->doubtful = d->doubtful && k - name == 2;
	if (s[i] == '-' && k - name == 2)
		return 0; /* 12-03-26: a reference as likely as a date */
	return finish(s, n, k, now, d);
}

size_t
sl_scan_date(const char *s, size_t n, int year, struct sl_day *ret)
{
	struct sl_day d = {0};
	int first, len;
	size_t i = 0;

	*ret = d;
	if (n > 40)
		n = 40; /* no date is longer */
	if (digit(s, n, 0) < 0) {
		i = english(s, n, year, &d);
		*ret = d;
		return i;
	}
	first = number(s, n, &i, 5, &len);
	if (len == 4 && i < n && s[i] == '-') {
		d.year = first;
		i++;
		d.month = number(s, n, &i, 2, &len);
		if (len != 2 || i >= n || s[i] != '-')
			return 0;
		i++;
		d.day = number(s, n, &i, 2, &len);
		if (len == 2 && i < n && s[i] == 'T' && digit(s, n, i + 1) >= 0)
			i = sane(&d, year) ? i : 0;
		else
			i = len == 2 ? finish(s, n, i, year, &d) : 0;
	} else if (len <= 2) {
		d.day = first;
		i = after_day(s, n, i, year, &d);
	} else {
		i = 0;
	}
	*ret = d;
	return i;
}

void
sl_scan_give_date(struct sl_scan *sc, const struct sl_day *d, const char *label,
    size_t at, size_t length, unsigned confidence)
{
	char value[48];

	(void)snprintf(
	    value, sizeof(value), "%04d-%02d-%02d", d->year, d->month, d->day);
	sl_scan_give(
	    sc, SL_FIELD_document_date, value, label, at, length, confidence);
}

/* Words before a date that make it another date than the document's. */
static bool
other_date(const char *before)
{
	static const char *const words[] = {"født", "f.", "frist", "innen ",
	    "innan ", "mottatt", "motteke", "forfall", "fra ", "frå ", "til ",
	    "t.o.m", "f.o.m", "tom ", "fom ", " av ", "brev", "datert", "møte",
	    "vedtak", "periode", "ørsdato", "utskrift"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(before, words[i]))
			return true;
	return false;
}

void
sl_scan_plain_date(struct sl_scan *sc, size_t line, size_t end, size_t at,
    size_t length, const struct sl_day *d)
{
	char before[64];
	bool tail = true;
	size_t i;

	if (sc->dates >= 12)
		return; /* a table of dates tells nothing */
	sl_scan_before(sc->text, at, at - line < 24 ? at - line : 24, before);
	for (i = at + length; i < end; i++)
		if (!strchr(" \t\r.,", sc->text[i]))
			tail = false;
	sc->dates++;
	if (d->year < 1950 || d->doubtful || sc->filled > SL_SCAN_HEAD_LINES) {
		sl_scan_give_date(sc, d, "", at, length, 150);
	} else if (tail && at - line <= 60 && !other_date(before)) {
		/* "Jørpeland, 12. mars 2026", alone at the line's end */
		sl_scan_give_date(sc, d, "", at, length, sc->dated ? 400 : 700);
		sc->dated = true;
	} else {
		sl_scan_give_date(
		    sc, d, "", at, length, other_date(before) ? 150 : 300);
	}
}
