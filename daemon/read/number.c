#include "number.h"

#include <assert.h>
#include <string.h>

#include "../base/text.h"

#define OURS(t, c)                                                             \
	{                                                                      \
		t, SL_LABEL_OURS, c, false                                     \
	}
#define WEAK(t, c)                                                             \
	{                                                                      \
		t, SL_LABEL_OURS, c, true                                      \
	}
#define SENDER(t)                                                              \
	{                                                                      \
		t, SL_LABEL_SENDER, 900, false                                 \
	}
#define OTHER(t)                                                               \
	{                                                                      \
		t, SL_LABEL_OTHER, 0, false                                    \
	}

/* Arkivsak.. is mostly the sender's own archive: less sure. */
static const struct sl_label_def labels[] = {
    OURS("deres referanse", 900),
    OURS("deres ref", 900),
    OURS("deres saksnummer", 900),
    OURS("deres saksnr", 900),
    OURS("deres saksref", 900),
    OURS("deres sak", 900),
    OURS("dykkar referanse", 900),
    OURS("dykkar ref", 900),
    OURS("dykkar saksnr", 900),
    OURS("dykkar sak", 900),
    OURS("din referanse", 900),
    OURS("din ref", 900),
    OURS("your reference", 900),
    OURS("your ref", 900),
    OURS("your case", 900),
    OURS("saksnummer", 900),
    OURS("saksnr", 900),
    OURS("saks nr", 900),
    OURS("saknr", 900),
    OURS("sak nr", 900),
    OURS("saksid", 900),
    OURS("sakid", 900),
    OURS("sak id", 900),
    OURS("saksreferanse", 900),
    OURS("saksref", 900),
    OURS("case number", 900),
    OURS("case no", 900),
    OURS("vedr sak", 900),
    OURS("vedr" /* */ "ørende sak", 900),
    OURS("ang sak", 900),
    OURS("arkivsaksnummer", 700),
    OURS("arkivsaksnr", 700),
    OURS("arkivsaknr", 700),
    OURS("arkivsak nr", 700),
    OURS("arkivsakid", 700),
    OURS("arkivsak id", 700),
    OURS("arkivsak dok", 700),
    OURS("arkivsak", 700),
    OURS("arkivreferanse", 700),
    OURS("arkivref", 700),
    WEAK("sak", 850),
    WEAK("referansenummer", 700),
    WEAK("referansenr", 700),
    WEAK("referanse", 700),
    WEAK("ref nr", 700),
    WEAK("ref", 700),
    SENDER("vår referanse"),
    SENDER("vår ref"),
    SENDER("vår saksref"),
    SENDER("vår sak"),
    SENDER("vårt saksnr"),
    SENDER("vårt saksnummer"),
    SENDER("our reference"),
    SENDER("our ref"),
    SENDER("min ref"),
    {"vår dato", SL_LABEL_DATE, 900, false},
    {"dato", SL_LABEL_DATE, 900, true},
    {"brevdato", SL_LABEL_DATE, 900, false},
    {"dokumentdato", SL_LABEL_DATE, 900, false},
    {"dokumentets dato", SL_LABEL_DATE, 900, false},
    {"date", SL_LABEL_DATE, 800, true},
    {"deres dato", SL_LABEL_DATE_NOT, 0, false},
    {"dykkar dato", SL_LABEL_DATE_NOT, 0, false},
    {"your date", SL_LABEL_DATE_NOT, 0, false},
    {"mottatt dato", SL_LABEL_DATE_NOT, 0, false},
    {"mottatt", SL_LABEL_DATE_NOT, 0, true},
    {"motteke", SL_LABEL_DATE_NOT, 0, true},
    {"fødselsdato", SL_LABEL_DATE_NOT, 0, false},
    {"født", SL_LABEL_DATE_NOT, 0, true},
    {"forfallsdato", SL_LABEL_DATE_NOT, 0, false},
    {"fakturadato", SL_LABEL_DATE_NOT, 0, false},
    {"frist", SL_LABEL_DATE_NOT, 0, true},
    OTHER("vår saksbehandler"),
    OTHER("vår sakshandsamar"),
    OTHER("saksbehandler"),
    OTHER("sakshandsamar"),
    OTHER("arkivkode"),
    OTHER("arkivnr"),
    OTHER("arkiv"),
    OTHER("telefon"),
    OTHER("tlf"),
    OTHER("løpenr"),
    OTHER("journalnr"),
    OTHER("kunde ref"),
    OTHER("kundereferanse"),
    OTHER("ordre ref"),
    OTHER("faktura ref"),
    OTHER("fakturanr"),
    OTHER("faktura nr"),
    OTHER("ordrenr"),
    OTHER("betalings ref"),
    OTHER("gnr"),
    OTHER("gbnr"),
    OTHER("bnr"),
};

#define LABELS (sizeof(labels) / sizeof(labels[0]))
#define PATTERN_MAX 24u

/* The labels decoded once, since this is asked at every word of a page. */
static struct {
	uint16_t cp[PATTERN_MAX]; /* lower case */
	uint8_t n, bytes;
} pattern[LABELS];
/* By first letter: a bit for each label that may begin so. */
static uint64_t begins[128][(LABELS + 63) / 64];
/* By the second letter: the labels that go on so. The last is for all that is
 * no ASCII. Nearly every word ends here, and most others with the third. */
static uint64_t goes_on[129][(LABELS + 63) / 64];
static uint64_t third[129][(LABELS + 63) / 64];

/* Pairs that OCR takes for each other: a bit for each set one is in. */
static const uint8_t sets[128] = {['l'] = 1,
    ['i'] = 1,
    ['1'] = 1,
    ['|'] = 1,
    ['!'] = 1,
    ['o'] = 2,
    ['0'] = 2,
    ['s'] = 4,
    ['5'] = 4,
    ['e'] = 8,
    ['c'] = 8,
    ['r'] = 16,
    ['n'] = 16};

static bool
alike(uint32_t a, uint32_t b)
{
	if (a > 0x7F || b > 0x7F)
		return (a == 0xE5 && (b == 'a' || b == 0xE4 || b == 0xE1)) ||
		       (a == 0xF8 && (b == 'o' || b == '0' || b == 0xF6));
	return (sets[a] & sets[b]) != 0;
}

void
sl_number_warm(void)
{
	size_t i, at, len;
	uint32_t c, want;

	if (pattern[0].n > 0)
		return;
	for (i = 0; i < LABELS; i++) {
		len = strlen(labels[i].text);
		for (at = 0; at < len && pattern[i].n < PATTERN_MAX;)
			pattern[i].cp[pattern[i].n++] =
			    (uint16_t)sl_scan_next(labels[i].text, len, &at);
		assert(at == len);
		pattern[i].bytes = (uint8_t)len;
		for (c = 0; c < 128; c++) {
			want = pattern[i].cp[0];
			if (c == want || alike(want, c))
				begins[c][i / 64] |= 1ull << (i % 64);
			want = pattern[i].cp[1];
			if (c == want || alike(want, c))
				goes_on[c][i / 64] |= 1ull << (i % 64);
			want = pattern[i].cp[2];
			/* a blank is any joint, or none */
			if (c == want || alike(want, c) || want == ' ' ||
			    pattern[i].cp[1] == ' ')
				third[c][i / 64] |= 1ull << (i % 64);
		}
		goes_on[128][i / 64] |= 1ull << (i % 64);
		third[128][i / 64] |= 1ull << (i % 64);
	}
}

/* Blanks, dots, hyphens: at most four. */
static size_t
joint(const char *s, size_t n, size_t i)
{
	for (int k = 0; k < 4 && i < n; k++) {
		size_t at = i;
		uint32_t cp = sl_scan_next(s, n, &i);

		if (cp != ' ' && cp != '.' && cp != '-' && cp != '\t')
			return at;
	}
	return i;
}

/* Length of label l at s; *odd counts the letters that only look alike. */
static size_t
match_text(const char *s, size_t n, size_t l, unsigned *odd)
{
	size_t i = 0, k;

	*odd = 0;
	for (k = 0; k < pattern[l].n; k++) {
		size_t at = i;
		uint32_t want = pattern[l].cp[k], cp;

		if (want == ' ') {
			i = joint(s, n, i);
			if (i == at)
				++*odd;
			continue;
		}
		if (i >= n)
			return 0;
		cp = sl_scan_next(s, n, &i);
		if (cp == want)
			continue;
		if (!alike(want, cp) || ++*odd > 2)
			return 0;
	}
	return i;
}

/* What may follow a label: ".", "nr.", blanks, a colon. */
static size_t
tail(const char *s, size_t n, size_t i, struct sl_label *l)
{
	size_t k;

	if (i < n && s[i] == '.')
		i++;
	k = joint(s, n, i);
	if (k + 2 <= n && (s[k] == 'n' || s[k] == 'N') &&
	    (s[k + 1] == 'r' || s[k + 1] == 'R') &&
	    (k + 2 == n || !strchr("abcdefghijklmnopqrstuvwxyz", s[k + 2])))
		i = k + 2 + (k + 2 < n && s[k + 2] == '.');
	for (k = i; k < n && k < i + 3 && (s[k] == ' ' || s[k] == '\t'); k++)
		;
	if (k < n && (s[k] == ':' || s[k] == ';')) {
		l->colon = true;
		i = k + 1;
	} else if (k < n && s[k] == '/') {
		l->slash = true;
		i = k + 1;
	}
	return i;
}

/* Label i at s, better than what *best says? Then it is the best. */
static void
try_label(const char *s, size_t n, size_t i, size_t *best, struct sl_label *ret)
{
	unsigned odd;
	size_t len = match_text(s, n, i, &odd), k = len;

	if (len == 0 || len < *best)
		return;
	/* one letter in five may be guessed, none in a short word */
	if (odd * 5 > pattern[i].bytes + 1u)
		return;
	if (len == *best && odd && !ret->fuzzy)
		return;
	if (k < n && sl_scan_letter(sl_scan_next(s, n, &k)))
		return;
	if (labels[i].weak && len < n && s[len] == '-')
		return;
	*best = len;
	ret->def = &labels[i];
	ret->fuzzy = odd > 0;
}

bool
sl_label_match(const char *s, size_t n, struct sl_label *ret)
{
	size_t best = 0, i = 0, w;
	uint64_t left;
	uint32_t first, second, after;

	if (n > 64)
		n = 64;
	memset(ret, 0, sizeof(*ret));
	sl_number_warm();
	first = n ? sl_scan_next(s, n, &i) : 0;
	if (first > 0x7F)
		return false; /* no label begins so */
	second = i < n ? sl_scan_next(s, n, &i) : 0;
	if (second > 0x7F)
		second = 0x80;
	after = i < n ? sl_scan_next(s, n, &i) : 0x80;
	if (after > 0x7F)
		after = 0x80;
	for (w = 0; w < sizeof(begins[0]) / sizeof(begins[0][0]); w++)
		for (left = begins[first][w] & goes_on[second][w] &
			    third[after][w];
		     left != 0; left &= left - 1)
			try_label(s, n, w * 64 + (size_t)__builtin_ctzll(left),
			    &best, ret);
	if (!best)
		return false;
	ret->length = tail(s, n, best, ret);
	return true;
}

/* Digits from *i into *v; confusions counted in *odd. Result: how many. */
static unsigned
digits(const char *s, size_t n, size_t *i, unsigned max, bool tolerant,
    unsigned *v, unsigned *odd)
{
	static const char from[] = "OoQlI|iSsBZ", to[] = "00011115582";
	unsigned k;

	*v = 0;
	for (k = 0; k < max && *i < n; k++) {
		char c = s[*i];
		const char *hit;

		if (c >= '0' && c <= '9') {
			*v = *v * 10 + (unsigned)(c - '0');
			++*i;
		} else if (tolerant && (hit = memchr(from, c, 11)) != NULL) {
			*v = *v * 10 + (unsigned)(to[hit - from] - '0');
			++*odd;
			++*i;
		} else if (tolerant && *i + 1 < n && (uint8_t)c == 0xC3 &&
			   ((uint8_t)s[*i + 1] == 0x98 ||
			       (uint8_t)s[*i + 1] == 0xB8)) {
			*v *= 10; /* Ø for 0 */
			++*odd;
			*i += 2;
		} else {
			break;
		}
	}
	return k;
}

static bool
is_digit(const char *s, size_t n, size_t i)
{
	return i < n && s[i] >= '0' && s[i] <= '9';
}

/* Neither a letter, nor "/5", nor ".5" may follow. */
static bool
ends_here(const char *s, size_t n, size_t i, bool two_digit)
{
	size_t k = i;

	if (i >= n)
		return true;
	if (is_digit(s, n, i) || sl_scan_letter(sl_scan_next(s, n, &k)))
		return false;
	if (s[i] == '%')
		return false;
	if (s[i] == '/' || s[i] == '.' || s[i] == '-')
		return !is_digit(s, n, i + 1);
	if (s[i] == ',' && two_digit && is_digit(s, n, i + 1)) {
		/* "48/84,133": properties; "26/211,26/212": cases */
		for (k = i + 1; is_digit(s, n, k) && k < i + 8; k++)
			;
		return k < n && s[k] == '/';
	}
	return true;
}

/* Optional "-8" at *i: the document in the case. */
static void
suffix(const char *s, size_t n, size_t *i, struct sl_number *num,
    unsigned first, bool two_digit, int now)
{
	size_t k = *i + 1;
	unsigned v, odd = 0, len;

	if (*i >= n || s[*i] != '-')
		return;
	len = digits(s, n, &k, 5, false, &v, &odd);
	if (len < 1 || len > 4)
		return;
	if (len == 4 && two_digit && v >= 1900 && v <= 2100)
		return; /* 12/3-2026 */
	if (two_digit && len == 2 && first >= 1 && first <= 31 &&
	    num->sequence <= 12 && (int)v + 2000 >= now - 3 &&
	    (int)v + 2000 <= now + 1)
		num->like_date = true;
	*i = k;
}

static int
century(unsigned yy, int now)
{
	return (int)yy + 2000 <= now + 1 ? (int)yy + 2000 : (int)yy + 1900;
}

static bool
nine(const char *s, size_t n, size_t i, size_t end, unsigned year,
    unsigned rest, int now, struct sl_number *num)
{
	unsigned v, odd = 0;
	size_t k = end + 1;

	num->shape = SL_NUMBER_NINE;
	num->year = (int)year;
	num->sequence = rest;
	if (end < n && s[end] == '-' &&
	    digits(s, n, &k, 4, false, &v, &odd) > 0)
		end = k;
	num->length = end - i;
	return num->year >= 1990 && num->year <= now + 1 && rest > 0 &&
	       ends_here(s, n, end, false);
}

bool
sl_number_match(const char *s, size_t n, size_t at, int now, bool tolerant,
    struct sl_number *num)
{
	unsigned first, seq, odd = 0, len, len2, exact;
	size_t i = at, k;
	bool dash;

	memset(num, 0, sizeof(*num));
	if (n > at + 40)
		n = at + 40;
	len = digits(s, n, &i, 10, tolerant, &first, &odd);
	if (len == 9 && odd == 0)
		return nine(
		    s, n, at, i, first / 100000, first % 100000, now, num);
	if (len != 4 && len != 2)
		return false;
	k = i;
	while (k < n && k < i + 2 && s[k] == ' ')
		k++;
	if (k >= n || (s[k] != '/' && !(s[k] == '-' && k == i && len == 4)))
		return false;
	dash = s[k] == '-';
	if (k > i && !tolerant)
		return false; /* "1 / 2" only after a label */
	k++;
	if (!dash && tolerant && k < n && s[k] == ' ')
		k++;
	len2 = digits(s, n, &k, 7, tolerant, &seq, &odd);
	if (len2 < 1 || len2 > 6 || seq == 0)
		return false;
	exact = len + len2 - odd;
	if (odd && (exact < 2 || exact < odd))
		return false;
	num->fuzzy = odd > 0;
	num->sequence = seq;
	num->year = len == 4 ? (int)first : century(first, now);
	num->shape = dash	? SL_NUMBER_DASH
		     : len == 4 ? SL_NUMBER_Y4
				: SL_NUMBER_Y2;
	if (dash && seq >= 1 && seq <= 12 && k + 1 < n && s[k] == '-' &&
	    is_digit(s, n, k + 1) && len2 == 2)
		return false; /* 2026-03-12 */
	suffix(s, n, &k, num, first, len == 2, now);
	num->length = k - at;
	if (num->year < (len == 4 ? 1970 : 1980) || num->year > now + 1)
		return false;
	if (len == 4)
		num->like_split =
		    seq == first + 1 || (len2 == 2 && seq == (first + 1) % 100);
	num->like_item = len == 2 && len2 == 2 &&
			 century(seq, now) >= now - 3 &&
			 century(seq, now) <= now + 1;
	return ends_here(s, n, k, len == 2);
}

bool
sl_number_other(const char *s, size_t n, size_t at, const struct sl_number *num)
{
	static const char *const both[] = {"gnr", "gbnr", "g/bnr", "bnr",
	    "g.nr", "b.nr", "gårdsnr", "gårdsnummer", "bruksnr", "gardsnr",
	    "matrikkel", "eiendom", "eigedom", "tomt"};
	/* Laws, directives, other people's numbers. */
	static const char *const law[] = {"(eu)", "(ef)", "(eøs)", "forordning",
	    "direktiv", "directive", "regulation", "rt.", "hr-", "prop.",
	    "innst.", "nou", "lov-", "for-", "faktura", "invoice", "ordre",
	    "kunde", "tlf", "telefon", "mobil", "konto", "kid", "kr", "nok",
	    "skoleår", "sesong"};
	char before[64];
	size_t i;

	sl_scan_before(s, at, 22, before);
	for (i = 0; i < sizeof(both) / sizeof(both[0]); i++)
		if (strstr(before, both[i]))
			return true;
	i = strlen(before);
	while (i && strchr(" .:-", before[i - 1]))
		before[--i] = 0;
	if (i >= 2 && !strcmp(before + i - 2, "gn") &&
	    (i == 2 || before[i - 3] == ' '))
		return true;
	if (i >= 3 && !strcmp(before + i - 3, "dir") &&
	    (i == 3 || strchr(" (", before[i - 4])))
		return true;
	for (i = 0; i < sizeof(law) / sizeof(law[0]); i++) {
		const char *hit = strstr(before, law[i]);

		if (hit && (hit == before || strchr(" (", hit[-1])))
			return true;
	}
	i = at + num->length;
	if (i + 2 < n && s[i] == '/' && (s[i + 1] == 'E' || s[i + 1] == 'e'))
		return true; /* 2014/24/EU */
	return num->shape == SL_NUMBER_Y4 && i + 3 < n && s[i] == ' ' &&
	       (!memcmp(s + i + 1, "kr", 2));
}
