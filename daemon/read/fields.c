/*
 * Labels and numbers of a page, put together.
 *
 * A label takes the value behind it on its line. Labels that end a line wait
 * for the next ones ("Deres ref.   Vår ref.   Dato" above their values), by
 * column where the blanks were kept and by order where they were not.
 *
 * SECURITY: sees text from outside; looks a bounded way from each place, keeps
 * fixed arrays, calls back at most once for each label, number and line.
 */
#include "fields.h"

#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "number.h"
#include "scan.h"

#define ITEMS_MAX 32u
#define WAIT_MAX 12u
#define PLAIN_MAX 64u /* unlabelled numbers given */

/* A label or a value on a line. */
struct item {
	size_t at, length;
	unsigned column;
	bool is_label, has_number, has_date, taken;
	struct sl_label label;
	struct sl_number number;
	struct sl_day day;
};

struct line {
	size_t at, end;
	unsigned count;
	struct item items[ITEMS_MAX];
};

/* Labels waiting for their values. */
struct waiting {
	struct item labels[WAIT_MAX], values[WAIT_MAX];
	unsigned labels_count, values_count;
	unsigned age; /* lines with text since the last label */
	bool stacked; /* each label on its own line */
	bool wide; /* columns were kept */
};

void
sl_scan_give(struct sl_scan *sc, enum sl_field field, const char *value,
    const char *label, size_t at, size_t length, unsigned confidence)
{
	struct sl_found f = {.field = field,
	    .value = value,
	    .label = label,
	    .at = at,
	    .length = length,
	    .confidence = confidence};

	sc->fn(sc->arg, &f);
}

uint32_t
sl_scan_wide(const char *s, size_t n, size_t *i)
{
	uint32_t cp = sl_utf8_next(s, n, i);

	if (cp >= 0xC0 && cp <= 0xDE && cp != 0xD7)
		return cp + 32;
	if (cp == 0xA0 || cp == 0x202F || cp == 0x2009)
		return ' ';
	if (cp >= 0x2010 && cp <= 0x2014)
		return '-';
	return cp;
}

bool
sl_scan_starts(const char *s, size_t at)
{
	uint8_t c;

	if (at == 0)
		return true;
	c = (uint8_t)s[at - 1];
	if (c == 0xA0 && at > 1 && (uint8_t)s[at - 2] == 0xC2)
		return true;
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9'))
		return false;
	return c < 0x80 || c == 0xBB || c == 0xAB; /* »« end so in UTF-8 */
}

void
sl_scan_before(const char *s, size_t at, size_t n, char *out)
{
	size_t i, k = 0;

	for (i = at > n ? at - n : 0; i < at; i++) {
		uint8_t c = (uint8_t)s[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c + 32);
		else if (k && (uint8_t)out[k - 1] == 0xC3 && c >= 0x80 &&
			 c <= 0x9E)
			c = (uint8_t)(c + 0x20);
		out[k++] = (char)(c && c != '\n' ? c : ' ');
	}
	out[k] = 0;
}

static bool
is_ref(const struct item *it)
{
	return it->is_label && it->label.def->kind <= SL_LABEL_SENDER;
}

static unsigned
cap(unsigned confidence, bool fuzzy_label, bool fuzzy_digits)
{
	if (fuzzy_label && fuzzy_digits)
		return confidence < 600 ? confidence : 600;
	if (fuzzy_label || fuzzy_digits)
		return confidence < 700 ? confidence : 700;
	return confidence;
}

static void
give_case(struct sl_scan *sc, const struct item *v, const char *label,
    unsigned confidence)
{
	char value[40];

	(void)snprintf(
	    value, sizeof(value), "%d/%u", v->number.year, v->number.sequence);
	sl_scan_give(sc, SL_FIELD_case_number, value, label, v->at, v->length,
	    confidence);
}

/* The sender's own number: as it was written. */
static void
give_sender(struct sl_scan *sc, size_t at, size_t n, const char *label,
    unsigned confidence)
{
	char value[64];

	if (n >= sizeof(value))
		return;
	memcpy(value, sc->text + at, n);
	value[n] = 0;
	sl_scan_give(
	    sc, SL_FIELD_our_ref_of_sender, value, label, at, n, confidence);
}

/* Label and value belong together. */
static void
give_pair(struct sl_scan *sc, const struct item *l, struct item *v)
{
	const struct sl_label_def *d = l->label.def;
	unsigned c = cap(d->confidence, l->label.fuzzy, v->number.fuzzy);

	if (d->kind <= SL_LABEL_SENDER && !v->has_number)
		return;
	if (d->kind >= SL_LABEL_DATE && !v->has_date)
		return;
	v->taken = true;
	if (d->kind <= SL_LABEL_SENDER && v->number.like_date && c > 300)
		c = 300;
	if (v->number.like_item && d->weak && c > 400)
		c = 400;
	switch (d->kind) {
	case SL_LABEL_OURS:
		give_case(sc, v, d->text, c);
		break;
	case SL_LABEL_SENDER:
		give_sender(sc, v->at, v->length, d->text, c);
		give_case(sc, v, d->text, c < 300 ? c : 300);
		break;
	case SL_LABEL_DATE:
		sl_scan_give_date(sc, &v->day, d->text, v->at, v->length, c);
		sc->dated = true;
		break;
	case SL_LABEL_DATE_NOT:
	case SL_LABEL_OTHER:
		break;
	}
}

/* Two directions and one value: either may be meant. */
static void
give_either(struct sl_scan *sc, struct item *v, const char *label)
{
	v->taken = true;
	give_case(sc, v, label, cap(450, false, v->number.fuzzy));
	give_sender(sc, v->at, v->length, label, 500);
}

static unsigned
count_kind(const struct item *it, unsigned n, bool numbers)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		if (it[i].is_label)
			k += is_ref(&it[i]) == numbers &&
			     it[i].label.def->kind != SL_LABEL_OTHER;
		else
			k += numbers ? it[i].has_number : it[i].has_date;
	}
	return k;
}

/* The label whose column holds v. */
static struct item *
by_column(struct item *labels, unsigned n, const struct item *v)
{
	struct item *best = &labels[0];

	for (unsigned i = 1; i < n; i++)
		if (labels[i].column <= v->column + 2)
			best = &labels[i];
	return best;
}

static bool
one_direction(const struct item *labels, unsigned n)
{
	enum sl_label_kind kind = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!is_ref(&labels[i]))
			continue;
		if (kind && kind != labels[i].label.def->kind)
			return false;
		kind = labels[i].label.def->kind;
	}
	return true;
}

/* Values of one sort (numbers or dates) to labels of that sort, in order. */
static void
pair_in_order(struct sl_scan *sc, struct item *labels, unsigned ln,
    struct item *values, unsigned vn, bool numbers)
{
	unsigned k = 0, i;

	for (i = 0; i < ln; i++) {
		if (is_ref(&labels[i]) != numbers ||
		    labels[i].label.def->kind == SL_LABEL_OTHER)
			continue;
		while (k < vn &&
		       (values[k].taken || !(numbers ? values[k].has_number
						     : values[k].has_date)))
			k++;
		if (k == vn)
			return;
		give_pair(sc, &labels[i], &values[k++]);
	}
}

/* Values of one sort to waiting labels of that sort. */
static void
pair_waiting(struct sl_scan *sc, struct waiting *w, bool numbers)
{
	unsigned ln = count_kind(w->labels, w->labels_count, numbers);
	unsigned vn = count_kind(w->values, w->values_count, numbers), i;
	const char *first = NULL;

	if (!ln || !vn)
		return;
	for (i = 0; i < w->labels_count && !first; i++)
		if (is_ref(&w->labels[i]))
			first = w->labels[i].label.def->text;
	for (i = 0; i < w->values_count && ln > vn; i++) {
		struct item *v = &w->values[i], *l;

		if (v->taken || !(numbers ? v->has_number : v->has_date))
			continue;
		l = by_column(w->labels, w->labels_count, v);
		if (w->wide)
			give_pair(sc, l, v);
		else if (numbers && !one_direction(w->labels, w->labels_count))
			give_either(sc, v, first);
		else
			pair_in_order(sc, w->labels, w->labels_count, w->values,
			    w->values_count, numbers);
	}
	if (ln <= vn)
		pair_in_order(sc, w->labels, w->labels_count, w->values,
		    w->values_count, numbers);
}

static void
resolve(struct sl_scan *sc, struct waiting *w)
{
	/* dates first: 12/3-26 under "Dato" is none of the numbers */
	for (unsigned i = 0; i < w->values_count; i++)
		if (w->values[i].number.like_date &&
		    count_kind(w->labels, w->labels_count, false))
			w->values[i].has_number = false;
	pair_waiting(sc, w, true);
	pair_waiting(sc, w, false);
	memset(w, 0, sizeof(*w));
}

/* Bytes that are not blank between two places. */
static size_t
ink(const char *s, size_t from, size_t to, bool *marks_only)
{
	size_t k = 0;

	*marks_only = true;
	for (size_t i = from; i < to; i++) {
		if (strchr(" \t\r\n", s[i]) || (uint8_t)s[i] == 0xC2 ||
		    (uint8_t)s[i] == 0xA0)
			continue;
		k++;
		if (!strchr(".:;,#(&=-", s[i]))
			*marks_only = false;
	}
	return k;
}

/* May v, this far behind the label l, be its value? */
static bool
near(const struct sl_scan *sc, const struct item *l, const struct item *v)
{
	bool marks;
	size_t k = ink(sc->text, l->at + l->length, v->at, &marks);

	if (l->label.def->weak || l->label.def->kind >= SL_LABEL_DATE)
		return marks || (k <= 12 && l->label.colon &&
				    v->number.shape != SL_NUMBER_Y2);
	if (v->has_number && v->number.shape == SL_NUMBER_Y4)
		return k <= 50;
	return k <= 12;
}

/* "formannskapet sak 12/26": an item on an agenda. */
static bool
committee(const struct sl_scan *sc, const struct item *l)
{
	static const char *const words[] = {"styre", "utval", "formannskap",
	    "formannskapet", " ps ", " fs ", " ks ", "rådet"};
	char before[80];

	sl_scan_before(sc->text, l->at, 30, before);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(before, words[i]))
			return true;
	return false;
}

/* The run of labels items[a..b) and of values items[b..e) behind them. */
static void
pair_run(
    struct sl_scan *sc, struct item *it, unsigned a, unsigned b, unsigned e)
{
	struct item *last = &it[b - 1];
	unsigned nums = count_kind(it + b, e - b, true);
	unsigned refs = count_kind(it + a, b - a, true);

	if (refs > 1 && nums == refs) {
		pair_in_order(sc, it + a, b - a, it + b, e - b, true);
	} else if (refs > 1 && nums == 1 && !last->label.colon &&
		   !one_direction(it + a, b - a) && is_ref(last)) {
		for (unsigned k = b; k < e; k++)
			if (it[k].has_number && near(sc, last, &it[k]))
				give_either(sc, &it[k], last->label.def->text);
	} else if (near(sc, last, &it[b])) {
		if (last->label.def->weak && committee(sc, last) &&
		    it[b].number.shape == SL_NUMBER_Y2)
			return;
		give_pair(sc, last, &it[b]);
		/* "Saksnr: 2026/211, 2026/212 og 2026/213" */
		for (unsigned k = b + 1; k < e && is_ref(last); k++) {
			bool marks;
			size_t from = it[k - 1].at + it[k - 1].length;

			if (ink(sc->text, from, it[k].at, &marks) > 3)
				break;
			give_pair(sc, last, &it[k]);
		}
	}
}

/* "Vår ref.: KRY-1234": no case number, kept as it is written. */
static void
odd_sender(struct sl_scan *sc, const struct item *l, size_t end)
{
	size_t at = l->at + l->length, k, n;
	bool digit = false;

	while (at < end && strchr(" \t", sc->text[at]))
		at++;
	for (k = at; k < end; k++) {
		char c = sc->text[k];

		if (c == '\t' || c == '\r' ||
		    (c == ' ' && k + 1 < end && sc->text[k + 1] == ' '))
			break;
		digit = digit || (c >= '0' && c <= '9');
	}
	n = k - at;
	if (digit && n >= 3 && n <= 40)
		give_sender(sc, at, n, l->label.def->text,
		    cap(800, l->label.fuzzy, false));
}

/* A number with a four-digit year that no label claimed. */
static void
plain_number(struct sl_scan *sc, struct item *v, size_t end)
{
	bool bracket = v->at > 0 && sc->text[v->at - 1] == '[' &&
		       v->at + v->length < end &&
		       sc->text[v->at + v->length] == ']';

	if (v->number.fuzzy || v->number.year < 1990)
		return;
	if (bracket && (v->number.shape == SL_NUMBER_Y4)) {
		give_case(sc, v, "[]", 850);
		return;
	}
	if (bracket && v->number.shape == SL_NUMBER_Y2) {
		give_case(sc, v, "[]", 600);
		return;
	}
	if (v->number.shape != SL_NUMBER_Y4 || v->number.like_split ||
	    sc->plain >= PLAIN_MAX)
		return;
	sc->plain++;
	give_case(sc, v, "", 500);
}

static bool
after_label(const struct sl_scan *sc, const struct line *ln,
    const struct waiting *w, size_t at)
{
	const struct item *it;
	bool marks;

	if (!ln->count)
		return count_kind(w->labels, w->labels_count, true) > 0;
	it = &ln->items[ln->count - 1];
	if (!is_ref(it) && !(!it->is_label && it->has_number))
		return false;
	return ink(sc->text, it->at + it->length, at, &marks) <= 12;
}

/* The label, number or date at `at`; false if there is none. */
static bool
take_item(struct sl_scan *sc, struct line *ln, const struct waiting *w,
    size_t at, struct item *it)
{
	const char *s = sc->text;
	bool digit = s[at] >= '0' && s[at] <= '9';
	bool tolerant = after_label(sc, ln, w, at);
	size_t len;

	memset(it, 0, sizeof(*it));
	it->at = at;
	if (!digit && sl_label_match(s + at, ln->end - at, &it->label)) {
		it->is_label = true;
		it->length = it->label.length;
		return true;
	}
	if (sl_number_match(s, ln->end, at, sc->year, tolerant, &it->number) &&
	    !sl_number_other(s, ln->end, at, &it->number)) {
		it->has_number = true;
		it->length = it->number.length;
	}
	len = sl_scan_date(s + at, ln->end - at, sc->year, &it->day);
	if (len && (!it->has_number || len >= it->length)) {
		it->has_date = true;
		it->length = len;
		if (it->has_number && !it->day.doubtful)
			it->has_number = false;
	}
	if (it->has_number || it->has_date)
		return true;
	/* "5aksnummer" */
	it->is_label =
	    digit && sl_label_match(s + at, ln->end - at, &it->label);
	it->length = it->label.length;
	return it->is_label;
}

/* May a label or value begin at `at`? */
static bool
may_begin(
    const struct sl_scan *sc, const struct line *ln, size_t at, uint32_t cp)
{
	bool digit = cp >= '0' && cp <= '9';
	const struct item *last = ln->count ? &ln->items[ln->count - 1] : NULL;

	if (!sl_scan_letter(cp) && !digit && cp != '|')
		return false;
	if (at == ln->at || (last && last->at + last->length == at))
		return true;
	if (!sl_scan_starts(sc->text, at))
		return false;
	/* FE-2026/211, 31/1/275: the middle of something longer */
	return !digit || !strchr("/-", sc->text[at - 1]) || at < ln->at + 2 ||
	       strchr(" \t", sc->text[at - 2]);
}

static bool
ascii_alnum(char c)
{
	unsigned letter = ((uint8_t)c | 0x20u) - 'a';

	return letter < 26 || (unsigned)(uint8_t)c - '0' < 10;
}

/* The column of `to`, if that of `from` is `column`. */
static unsigned
count_columns(const char *s, size_t from, size_t to, unsigned column)
{
	for (; from < to; from++) {
		if (s[from] == '\t')
			column = (column / 8 + 1) * 8;
		else if (((uint8_t)s[from] & 0xC0) != 0x80)
			column++;
	}
	return column;
}

/* Labels and values of the line from *at; stops when the array is full. */
static void
take_items(struct sl_scan *sc, struct line *ln, const struct waiting *w,
    size_t *at, unsigned *column)
{
	const char *s = sc->text;
	size_t counted = *at; /* most lines have no item: theirs never are */

	ln->count = 0;
	while (*at < ln->end && ln->count < ITEMS_MAX) {
		struct item *it = &ln->items[ln->count];
		size_t from = *at, to = *at;
		uint32_t cp = sl_scan_next(s, ln->end, &to);

		if (may_begin(sc, ln, from, cp) &&
		    take_item(sc, ln, w, from, it)) {
			*column = count_columns(s, counted, from, *column);
			counted = from;
			it->column = *column;
			ln->count++;
			to = from + it->length;
		} else if (ascii_alnum(s[to - 1])) {
			/* Nothing begins inside a word. */
			while (to < ln->end && ascii_alnum(s[to]))
				to++;
		}
		*at = to;
	}
	if (*at < ln->end)
		*column = count_columns(s, counted, *at, *column);
}

static void
start_waiting(
    struct sl_scan *sc, struct waiting *w, struct line *ln, unsigned from)
{
	bool alone = from == 0 && ln->count == 1, marks;
	struct item *last = &ln->items[ln->count - 1];
	unsigned i;

	/* only what ends its line waits; a weak word only with a colon */
	if (ink(sc->text, last->at + last->length, ln->end, &marks) > 0)
		return;
	if (last->label.def->weak && !last->label.colon &&
	    !(from == 0 && ink(sc->text, ln->at, ln->items[0].at, &marks) == 0))
		return;
	if (!(alone && w->labels_count && w->age == 0 && w->values_count == 0))
		resolve(sc, w);
	else
		w->stacked = true;
	for (i = from; i < ln->count && w->labels_count < WAIT_MAX; i++) {
		struct item *it = &ln->items[i];

		if (i > from && it->at >= 2) {
			const struct item *b = &ln->items[i - 1];
			size_t k = b->at + b->length;

			if (it->at - k >= 2 || sc->text[it->at - 1] == '\t')
				w->wide = true;
		}
		w->labels[w->labels_count++] = *it;
	}
	if (w->stacked)
		w->wide = false;
	w->age = 0;
}

/* Values on a line that has no label of its own. */
static void
feed_waiting(struct sl_scan *sc, struct waiting *w, struct line *ln)
{
	unsigned refs = count_kind(w->labels, w->labels_count, true);
	unsigned i, reach = w->stacked ? 2 * w->labels_count + 2 : 3;
	bool marks;

	w->age++;
	for (i = 0; i < ln->count && w->values_count < WAIT_MAX; i++) {
		struct item *v = &ln->items[i];
		bool alone =
		    ink(sc->text, ln->at, ln->items[0].at, &marks) == 0;

		if (v->has_number && v->number.shape != SL_NUMBER_Y4 &&
		    !alone && !w->wide)
			continue;
		if (v->has_number && !refs)
			continue;
		w->values[w->values_count++] = *v;
		v->taken = true;
	}
	if ((!w->stacked && w->values_count) || w->age >= reach ||
	    (w->values_count && w->values_count >= w->labels_count))
		resolve(sc, w);
}

static void
scan_items(struct sl_scan *sc, struct waiting *w, struct line *ln)
{
	struct item *it = ln->items;
	unsigned a = 0, b, e, tail = ln->count;

	while (a < ln->count && !it[a].is_label)
		a++;
	if (a == ln->count) {
		if (w->labels_count)
			feed_waiting(sc, w, ln);
	}
	for (; a < ln->count; a = e) {
		for (b = a; b < ln->count && it[b].is_label; b++)
			;
		for (e = b; e < ln->count && !it[e].is_label; e++)
			;
		if (b == e) {
			tail = a;
			break;
		}
		pair_run(sc, it, a, b, e);
	}
	for (a = 0; a < ln->count; a++) {
		if (it[a].is_label &&
		    it[a].label.def->kind == SL_LABEL_SENDER &&
		    (a + 1 == ln->count || !it[a + 1].taken) &&
		    it[a].label.colon)
			odd_sender(sc, &it[a], ln->end);
		if (it[a].is_label || it[a].taken)
			continue;
		if (it[a].has_number)
			plain_number(sc, &it[a], ln->end);
		if (it[a].has_date &&
		    !(a && it[a - 1].is_label &&
			it[a - 1].label.def->kind == SL_LABEL_DATE_NOT))
			sl_scan_plain_date(sc, ln->at, ln->end, it[a].at,
			    it[a].length, &it[a].day);
	}
	if (tail < ln->count)
		start_waiting(sc, w, ln, tail);
}

static void
scan_line(struct sl_scan *sc, struct waiting *w, size_t at, size_t end)
{
	struct line ln; /* large: only what count says is filled */
	unsigned column = 0;

	ln.at = at;
	ln.end = end;
	do {
		take_items(sc, &ln, w, &at, &column);
		scan_items(sc, w, &ln);
	} while (at < end);
}

static bool
is_unread(const char *s, size_t n)
{
	while (n > 0 && strchr(" \t\r\f", s[n - 1]) != NULL)
		n--;
	return n == sizeof(SL_UNREAD) - 1 && memcmp(s, SL_UNREAD, n) == 0;
}

void
sl_fields_warm(void)
{
	sl_number_warm();
	sl_language_warm();
}

void
sl_fields_scan(const char *text, size_t n, sl_found_fn *fn, void *arg)
{
	struct sl_scan sc = {.text = text, .n = n, .fn = fn, .arg = arg};
	struct sl_letter letter = {0};
	struct waiting w = {0};
	unsigned gap = 1, lines = 0;
	size_t at = 0, end, k;

	sc.year = sl_clock_oslo(sl_clock_utc_ms()).year;
	for (k = 0; k < n; k++)
		lines += text[k] == '\n';
	letter.lines_max = lines / 3 < 20   ? 20
			   : lines / 3 > 60 ? 60
					    : lines / 3;
	while (at < n) {
		const char *nl = memchr(text + at, '\n', n - at);

		end = nl ? (size_t)(nl - text) : n;
		for (k = at; k < end && strchr(" \t\r\f", text[k]); k++)
			;
		if (k == end) {
			gap++;
			letter.signature =
			    letter.signature > 0 ? letter.signature : 0;
		} else if (is_unread(text + k, end - k)) {
			resolve(&sc, &w);
			gap++;
		} else {
			sc.filled++;
			sl_letter_line(&sc, &letter, at, end - at, gap);
			scan_line(&sc, &w, at, end);
			gap = 0;
		}
		at = end + 1;
	}
	resolve(&sc, &w);
	sl_letter_end(&sc, &letter);
}
