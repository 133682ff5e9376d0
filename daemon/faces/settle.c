/*
 * SECURITY: the file comes from anybody who may write to the share. It is cut
 * at a limit, decoded to valid UTF-8 without control characters, and compared
 * with a fixed list of labels; nothing else of it is used.
 */
#include "settle.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "words.h"

#define LABEL_MAX 40u
#define HEADING SL_SETTLE_LINES /* the line with the post's number */
#define RULE "----------------"

struct label {
	const char *text; /* lower case, single spaces */
	int line;
};
static const struct label labels[] = {
    {"sak", SL_SETTLE_CASE},
    {"saksnr", SL_SETTLE_CASE},
    {"saksnummer", SL_SETTLE_CASE},
    {"case", SL_SETTLE_CASE},
    {"case number", SL_SETTLE_CASE},
    {"ny sak", SL_SETTLE_NEW_CASE},
    {"new case", SL_SETTLE_NEW_CASE},
    {"ikke arkivverdig", SL_SETTLE_NOT_WORTHY},
    {"ikkje arkivverdig", SL_SETTLE_NOT_WORTHY},
    {"not archive-worthy", SL_SETTLE_NOT_WORTHY},
    {"not archive worthy", SL_SETTLE_NOT_WORTHY},
    {"hører til", SL_SETTLE_BELONGS},
    {"høyrer til", SL_SETTLE_BELONGS},
    {"belongs to", SL_SETTLE_BELONGS},
    {"mottaksnummer", HEADING},
    {"reception number", HEADING},
};

/* Each line as it begins, and how it is explained above. An explanation that
 * is reworded stays here too: the old one may stand in somebody's folder. */
static const struct {
	const char *nb, *en, *help_nb, *help_en;
} lines[SL_SETTLE_LINES] = {
    {"Sak", "Case", "nummeret på en sak som finnes, for eksempel 2026/211",
	"the number of a case that exists, such as 2026/211"},
    {"Ny sak", "New case", "tittelen på saken som skal opprettes",
	"title of the case that is to be made"},
    {"Ikke arkivverdig", "Not archive-worthy",
	"begrunnelse (posten blir ikke arkivert)",
	"the reason (the post is not archived)"},
    {"Hører til", "Belongs to",
	"mottaksnummeret til posten denne hører sammen med",
	"reception number of the post it goes with"},
};

/* Windows-1252 in 0x80..0x9F; the rest of it is Latin-1. */
static const uint16_t cp1252[32] = {0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026,
    0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0x8D, 0x17D, 0x8F,
    0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122,
    0x161, 0x203A, 0x153, 0x9D, 0x17E, 0x178};

/* Spaces of all kinds become one kind, what cannot be seen goes. */
static void
add_plain(struct sl_buf *b, uint32_t cp)
{
	if (cp == 0xA0 || cp == 0x202F || cp == 0x2007 || cp == '\t' ||
	    cp == 0x3000)
		cp = ' ';
	if (cp == '\r' || cp == 0x2028 || cp == 0x85 || cp == '\f')
		cp = '\n';
	if ((cp < 0x20 && cp != '\n') || (cp >= 0x7F && cp < 0xA0) ||
	    cp == 0xAD || cp == 0xFEFF || (cp >= 0x200B && cp <= 0x200F) ||
	    (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F))
		return;
	sl_utf8_add(b, cp);
}

static void
decode_utf16(const uint8_t *p, size_t n, bool big, struct sl_buf *out)
{
	uint32_t cp, low;
	size_t i;

	for (i = 0; i + 1 < n; i += 2) {
		cp = big ? (uint32_t)p[i] << 8 | p[i + 1]
			 : (uint32_t)p[i + 1] << 8 | p[i];
		if (cp >= 0xD800 && cp < 0xDC00 && i + 3 < n) {
			low = big ? (uint32_t)p[i + 2] << 8 | p[i + 3]
				  : (uint32_t)p[i + 3] << 8 | p[i + 2];
			if (low >= 0xDC00 && low < 0xE000) {
				cp = 0x10000 + ((cp - 0xD800) << 10) +
				     (low - 0xDC00);
				i += 2;
			}
		}
		add_plain(out, cp);
	}
}

/* UTF-16 without a mark: every second byte of the start is zero. */
static bool
is_bare_utf16(const uint8_t *p, size_t n, bool *ret_big)
{
	size_t i, odd = 0, even = 0, look = n < 256 ? n & ~(size_t)1 : 256;

	for (i = 0; i < look; i += 2) {
		even += p[i] == 0;
		odd += p[i + 1] == 0;
	}
	*ret_big = even > odd;
	return look >= 4 && (odd > look / 4 || even > look / 4);
}

static void
decode(const char *s, size_t n, struct sl_buf *out)
{
	const uint8_t *p = (const uint8_t *)s;
	bool big = false;
	size_t i = 0;

	if (n >= 2 && ((p[0] == 0xFF && p[1] == 0xFE) ||
			  (p[0] == 0xFE && p[1] == 0xFF))) {
		decode_utf16(p + 2, n - 2, p[0] == 0xFE, out);
	} else if (is_bare_utf16(p, n, &big)) {
		decode_utf16(p, n, big, out);
	} else if (sl_utf8_valid(s, n)) {
		while (i < n)
			add_plain(out, sl_utf8_next(s, n, &i));
	} else {
		for (; i < n; i++)
			add_plain(out, p[i] >= 0x80 && p[i] < 0xA0
					   ? cp1252[p[i] - 0x80]
					   : p[i]);
	}
}

static void
trim(const char **s, size_t *n)
{
	while (*n > 0 && **s == ' ')
		(*s)++, (*n)--;
	while (*n > 0 && (*s)[*n - 1] == ' ')
		(*n)--;
}

/* The label's line, or -1. */
static int
find_label(const char *s, size_t n)
{
	SL_BUF struct sl_buf low = {0};
	char text[2 * LABEL_MAX];
	size_t i, m = 0;

	trim(&s, &n);
	if (n > LABEL_MAX)
		return -1;
	sl_text_lower(&low, s, n);
	for (i = 0; i < low.n && m < sizeof(text) - 1; i++)
		if (low.p[i] != ' ' || text[m - 1] != ' ')
			text[m++] = low.p[i];
	text[m] = '\0';
	if (m > 0 && text[m - 1] == '.')
		text[m - 1] = '\0'; /* "saksnr." */
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strcmp(labels[i].text, text) == 0)
			return labels[i].line;
	return -1;
}

/* What people write where they mean nothing. */
static bool
means_nothing(const char *s, size_t n)
{
	static const char *const no[] = {"-", "--", "–", "nei", "no", "ingen",
	    "none", "...", "…", "_", "__", "___"};
	SL_BUF struct sl_buf low = {0};
	size_t i;

	if (n == 0)
		return true;
	if (n > 16)
		return false;
	sl_text_lower(&low, s, n);
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (strcmp(sl_buf_str(&low), no[i]) == 0)
			return true;
	return false;
}

struct reading {
	struct sl_settle *to;
	unsigned filled;
	bool doubled, lone;
	bool labels; /* one of our lines was there */
	char first[256]; /* line that is none of ours, whatever went before */
	char help[256]; /* what was written in an explanation */
	enum sl_settle_line helped; /* of this line */
};

/* A value too long ends in an ellipsis, so that no part of it that happens to
 * be a case number is taken for the whole. */
static void
keep_value(char *to, struct sl_slice v)
{
	static const char ellipsis[] = "…";

	if (!sl_slice_copy(v, to, SL_SETTLE_VALUE_MAX - sizeof(ellipsis) + 1))
		memcpy(to + strlen(to), ellipsis, sizeof(ellipsis));
}

/* A second answer on the same line. Both stay to be seen: were only the first
 * written back, saving that file unchanged would decide for it. */
static void
take_second(struct reading *r, char *to, struct sl_slice v)
{
	SL_BUF struct sl_buf both = {0};

	r->doubled = true;
	sl_buf_printf(&both, "%s | %.*s", to, (int)v.n, v.p);
	keep_value(to, sl_slice_buf(&both));
}

static void
take_value(struct reading *r, int line, const char *s, size_t n)
{
	struct sl_slice v = {s, (uint32_t)n};
	char *to = line == HEADING ? r->to->number : r->to->value[line];

	if (line == HEADING) {
		(void)sl_slice_copy(v, to, sizeof(r->to->number));
		return;
	}
	if (means_nothing(s, n))
		return;
	if (*to != '\0') {
		if (!sl_slice_eq(v, to))
			take_second(r, to, v);
		return;
	}
	keep_value(to, v);
	r->filled++;
}

/* Our own words stand above the lines to fill in; below them there are none,
 * and a file without any of the lines has none either. */
static void
note_unknown(struct reading *r, struct sl_slice v)
{
	char *to = r->labels ? r->to->unknown : r->first;

	if (v.n > 0 && *to == '\0')
		(void)sl_slice_copy(v, to, sizeof(r->first));
}

/* What somebody wrote before or behind our explanation of a line, or in its
 * place. */
static struct sl_slice
beyond_help(int line, const char *s, size_t n)
{
	const char *const ours[] = {lines[line].help_nb, lines[line].help_en};
	size_t i, len;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		len = strlen(ours[i]);
		if (n < len)
			continue;
		if (memcmp(s, ours[i], len) == 0)
			s += len;
		else if (memcmp(s + n - len, ours[i], len) != 0)
			continue;
		n -= len;
		trim(&s, &n);
		break;
	}
	return (struct sl_slice){s, (uint32_t)n};
}

/* "- Sak: .." explains a line, and is none to fill in. */
static void
note_help(struct reading *r, const char *s, size_t n)
{
	const char *colon = memchr(s, ':', n);
	struct sl_slice v;
	size_t head;
	int line;

	if (n < 2 || *s != '-' || s[1] != ' ' || colon == NULL ||
	    r->help[0] != '\0')
		return;
	head = (size_t)(colon - s) + 1;
	line = find_label(s + 2, head - 3);
	if (line < 0 || line == HEADING)
		return;
	s += head;
	n -= head;
	trim(&s, &n);
	v = beyond_help(line, s, n);
	if (means_nothing(v.p, v.n))
		return;
	(void)sl_slice_copy(v, r->help, sizeof(r->help));
	r->helped = (enum sl_settle_line)line;
}

/* False at the line below which our own answer stands. */
static bool
read_line(struct reading *r, const char *s, size_t n)
{
	const char *colon;
	char number[64];
	size_t head;
	int line;

	trim(&s, &n);
	if (n >= 4 && memcmp(s, "----", 4) == 0)
		return false;
	colon = memchr(s, ':', n);
	if (colon != NULL) {
		head = (size_t)(colon - s);
		line = find_label(s, head);
		if (line >= 0) {
			r->labels = r->labels || line != HEADING;
			s = colon + 1;
			n -= head + 1;
			trim(&s, &n);
			take_value(r, line, s, n);
			return true;
		}
	}
	if (n > 0 && sl_settle_case(s, n, number, sizeof(number)))
		r->lone = true;
	note_help(r, s, n);
	note_unknown(r, (struct sl_slice){s, (uint32_t)n});
	return true;
}

static enum sl_settle_kind
kind_of(const struct reading *r)
{
	if (r->filled > 1 || r->doubled)
		return SL_SETTLED_SEVERAL;
	if (r->filled == 1)
		return SL_SETTLED_LINE;
	if (r->lone)
		return SL_SETTLED_UNLABELLED;
	if (r->labels && r->help[0] != '\0')
		return SL_SETTLED_HELP;
	if (r->to->unknown[0] != '\0')
		return SL_SETTLED_UNKNOWN;
	return r->labels ? SL_SETTLED_NOTHING : SL_SETTLED_EMPTY;
}

void
sl_settle_parse(const char *p, size_t n, struct sl_settle *ret)
{
	SL_BUF struct sl_buf text = {0};
	struct reading r = {.to = ret};
	const char *s, *end, *nl;
	int i;

	memset(ret, 0, sizeof(*ret));
	decode(p, n < SL_SETTLE_FILE_MAX ? n : SL_SETTLE_FILE_MAX, &text);
	s = sl_buf_str(&text);
	for (end = s + text.n; s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		nl = nl != NULL ? nl : end;
		if (!read_line(&r, s, (size_t)(nl - s)))
			break;
	}
	if (!r.labels)
		memcpy(ret->unknown, r.first, sizeof(r.first));
	ret->kind = kind_of(&r);
	if (ret->kind == SL_SETTLED_HELP) {
		memcpy(ret->unknown, r.help, sizeof(r.help));
		ret->line = r.helped;
	}
	for (i = SL_SETTLE_LINES - 1; i >= 0; i--)
		if (ret->value[i][0] != '\0')
			ret->line = (enum sl_settle_line)i;
	s = ret->value[SL_SETTLE_CASE];
	(void)sl_settle_case(
	    s, strlen(s), ret->case_number, sizeof(ret->case_number));
}

/* Skips "Sak", "saksnr.", "case no" before a number. */
static void
skip_word(const char **s, size_t *n)
{
	static const char *const words[] = {
	    "saksnummer", "saksnr", "sak", "case number", "case no", "case"};
	size_t i, len;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		len = strlen(words[i]);
		if (*n <= len || strncasecmp(*s, words[i], len) != 0 ||
		    isalpha((unsigned char)(*s)[len]))
			continue;
		*s += len;
		*n -= len;
		while (*n > 0 && strchr(" .:", **s) != NULL)
			(*s)++, (*n)--;
		return;
	}
}

static size_t
digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

/* Length of what stands between year and number: "/", "-", " - ", "–". */
static size_t
separator(const char *s, size_t n)
{
	size_t i = 0, spaces;

	while (i < n && s[i] == ' ')
		i++;
	spaces = i;
	if (i < n && strchr("/-_\\", s[i]) != NULL)
		i++;
	else if (i + 3 <= n && (memcmp(s + i, "\xE2\x80\x93", 3) == 0 ||
				   memcmp(s + i, "\xE2\x80\x91", 3) == 0))
		i += 3;
	else
		return spaces;
	while (i < n && s[i] == ' ')
		i++;
	return i;
}

static bool
whole_case(const char *s, size_t n, char *out, size_t cap)
{
	unsigned year = 0, number = 0;
	size_t y, sep, d, i;

	trim(&s, &n);
	skip_word(&s, &n);
	y = digits(s, n);
	sep = separator(s + y, n - y);
	d = digits(s + y + sep, n - y - sep);
	if ((y != 2 && y != 4) || sep == 0 || d < 1 || d > 8 ||
	    y + sep + d != n)
		return false;
	for (i = 0; i < y; i++)
		year = year * 10 + (unsigned)(s[i] - '0');
	for (i = 0; i < d; i++)
		number = number * 10 + (unsigned)(s[y + sep + i] - '0');
	if (y == 2)
		year += year >= 70 ? 1900 : 2000;
	if (year < 1900 || year > 2099 || number == 0)
		return false;
	(void)snprintf(out, cap, "%u/%u", year, number);
	return true;
}

bool
sl_settle_case(const char *s, size_t n, char *out, size_t cap)
{
	if (whole_case(s, n, out, cap))
		return true;
	out[0] = '\0';
	return false;
}

bool
sl_settle_folder(const char *name, const char *number, char *out, size_t cap)
{
	size_t n = strlen(name), len = strlen(number), i;

	if (n > len && memcmp(name, number, len) == 0) {
		name += len;
		n -= len;
		while (n > 0 && strchr(" -_", *name) != NULL)
			name++, n--;
	}
	/* Explorer adds " (2)" where the name is taken. */
	if (n > 4 && name[n - 1] == ')') {
		for (i = n - 2; i > 0 && isdigit((unsigned char)name[i]); i--)
			continue;
		if (i > 1 && i < n - 2 && name[i] == '(' && name[i - 1] == ' ')
			n = i - 1;
	}
	return sl_settle_case(name, n, out, cap);
}

const char *
sl_settle_name(unsigned language)
{
	return sl_words(language, "Avklar.txt", "Settle.txt");
}

const char *
sl_settle_label(unsigned language, enum sl_settle_line line)
{
	return sl_words(language, lines[line].nb, lines[line].en);
}

static void
add_line(struct sl_buf *b, const char *text)
{
	sl_buf_add_str(b, text);
	sl_buf_add_str(b, "\r\n");
}

static void
add_head(struct sl_buf *b, unsigned lang, const struct sl_settle_page *p)
{
	struct sl_date d = sl_clock_oslo(p->until_ms);

	sl_buf_printf(b, "%s: %s\r\n\r\n",
	    sl_words(lang, "Mottaksnummer", "Reception number"), p->number);
	sl_buf_printf(b, "%s %s\r\n",
	    sl_words(lang, "Hvorfor posten venter.", "Why the post waits."),
	    p->why);
	if (p->detail != NULL && *p->detail != '\0') {
		sl_buf_add_char(b, '(');
		sl_detail_say(b, lang, p->reason, p->detail);
		sl_buf_add_str(b, ")\r\n");
	}
	if (p->until_ms == 0)
		return;
	sl_buf_printf(b, "%s %02d.%02d.%d %s %02d.%02d",
	    sl_words(lang, "Avklares innen", "To be settled by"), d.day,
	    d.month, d.year, sl_words(lang, "kl.", "at"), d.hour, d.minute);
	if (p->distribution[0] != '\0')
		sl_buf_printf(b, "; %s %s",
		    sl_words(lang, "ellers legges den på fordelingssaken",
			"else it goes to the distribution case"),
		    p->distribution);
	add_line(b, ".");
}

static void
add_how(struct sl_buf *b, unsigned lang)
{
	static const char *const nb[] = {"",
	    "Fyll ut ÉN av linjene nederst og lagre filen.",
	    "Du kan også gi mappen saksnummeret som navn, for eksempel "
	    "2026-211.",
	    "Forslagene står i Forslag.html.", "", NULL};
	static const char *const en[] = {"",
	    "Fill in ONE of the lines at the bottom and save the file.",
	    "Or rename the folder to the case number, such as 2026-211.",
	    "The suggestions are in Suggestions.html.", "", NULL};
	const char *const *l = lang == SL_LANGUAGE_EN ? en : nb;
	int i;

	for (; *l != NULL; l++)
		add_line(b, *l);
	for (i = 0; i < SL_SETTLE_LINES; i++)
		sl_buf_printf(b, "- %s: %s\r\n",
		    sl_settle_label(lang, (enum sl_settle_line)i),
		    sl_words(lang, lines[i].help_nb, lines[i].help_en));
	add_line(b, "");
}

static void
add_lines(struct sl_buf *b, unsigned lang, const struct sl_settle *was)
{
	int i;

	for (i = 0; i < SL_SETTLE_LINES; i++)
		sl_buf_printf(b, "%s: %s\r\n",
		    sl_settle_label(lang, (enum sl_settle_line)i),
		    was != NULL ? was->value[i] : "");
}

void
sl_settle_write(struct sl_buf *b, unsigned lang, const struct sl_settle_page *p)
{
	struct sl_date d = sl_clock_oslo(p->answered_ms);

	sl_buf_add_str(b, "\xEF\xBB\xBF");
	add_head(b, lang, p);
	add_how(b, lang);
	add_lines(b, lang, p->was);
	if (p->answer == NULL)
		return;
	sl_buf_printf(b, "\r\n%s %s %02d.%02d.%d %s %02d.%02d\r\n%s\r\n", RULE,
	    sl_words(lang, "Svar fra Sluse", "Answer from Sluse"), d.day,
	    d.month, d.year, sl_words(lang, "kl.", "at"), d.hour, d.minute,
	    p->answer);
}
