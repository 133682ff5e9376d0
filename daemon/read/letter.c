/*
 * What one line of a letter tells by its form: subject, organisation number,
 * who signed.
 */
#include <string.h>

#include "../base/text.h"
#include "scan.h"

struct cue {
	const char *text; /* lower case */
	bool prefix; /* not part of the title itself */
};
/* What a Norwegian letter's subject line begins with. */
static const struct cue cues[] = {
    {"vedr", true},
    {"vedrørende", true},
    {"ang", true},
    {"angående", true},
    {"angåande", true},
    {"emne", true},
    {"gjelder", true},
    {"gjeld", true},
    {"subject", true},
    {"tema", true},
    {"søknad", false},
    {"søker om", false},
    {"klage", false},
    {"varsel om", false},
    {"nabovarsel", false},
    {"svar på", false},
    {"uttalelse", false},
    {"uttale", false},
    {"fråsegn", false},
    {"melding om", false},
    {"invitasjon", false},
    {"innkalling", false},
    {"høring", false},
    {"høyring", false},
    {"bekymringsmelding", false},
    {"oversendelse", false},
    {"oversending", false},
    {"merknad", false},
    {"anmodning", false},
    {"forespørsel", false},
    {"førespurnad", false},
    {"krav om", false},
    {"innsynskrav", false},
    {"oppmoding", false},
    {"tilbakemelding", false},
    {"tilbud på", false},
    {"rapport", false},
    {"vedtak om", false},
    {"dispensasjon", false},
};

static const char *const greetings[] = {"hei", "til ", "fra ", "frå ", "kjære",
    "vi viser", "jeg ", "eg ", "postboks", "att", "v/", "tlf", "telefon",
    "e-post", "epost", "side ", "dato", "med vennlig", "med venleg", "kopi",
    "sendt", "cc", "adresse", "vennlig", "org", "www"};

static bool
starts_with(const char *low, const char *w)
{
	return !strncmp(low, w, strlen(w));
}

/* The title in at..at+n given, spaces pressed together. */
static void
give_title(struct sl_scan *sc, const char *label, size_t at, size_t n,
    unsigned confidence)
{
	SL_BUF struct sl_buf b = {0};
	bool space = false;

	for (size_t i = at; i < at + n; i++) {
		char c = sc->text[i];

		if (c == ' ' || c == '\t' || c == '\r') {
			space = b.n > 0;
			continue;
		}
		if (space)
			sl_buf_add_char(&b, ' ');
		space = false;
		sl_buf_add_char(&b, c);
	}
	if (b.n >= 4)
		sl_scan_give(sc, SL_FIELD_title, sl_buf_str(&b), label, at, n,
		    confidence);
}

static bool
cued_title(struct sl_scan *sc, size_t at, size_t n, const char *low)
{
	for (size_t i = 0; i < sizeof(cues) / sizeof(cues[0]); i++) {
		size_t len = strlen(cues[i].text), k = len;

		if (!starts_with(low, cues[i].text))
			continue;
		if (cues[i].prefix) {
			/* "Vedr." and "Emne:" ask for their mark */
			if (k < n && low[k] == '.')
				k++;
			if (k < n && low[k] == ':')
				k++;
			if (k == len && low[k] != ' ')
				continue;
			if (k == len && n > 100)
				continue;
			if (k >= n)
				continue;
			give_title(sc, cues[i].text, at + k, n - k, 500);
			return true;
		}
		/* a sentence of the body is no subject */
		if (n > 120 || low[n - 1] == '.' || low[n - 1] == ',')
			continue;
		give_title(sc, "", at, n, 500);
		return true;
	}
	return false;
}

/* A line alone that might be the subject: some words, no address. Under the
 * references a colon may stand in it. */
static bool
line_alone(const char *s, size_t n, const char *low, bool refs)
{
	unsigned words = 1, digits = 0, i;
	size_t k = 0;
	uint32_t first = 0;

	if (n < 10 || n > 100 || strchr(".,:;", s[n - 1]))
		return false;
	first = sl_utf8_next(s, n, &k);
	if (!((first >= 'A' && first <= 'Z') ||
		(first >= 0xC0 && first <= 0xDE)))
		return false;
	for (i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++)
		if (starts_with(low, greetings[i]))
			return false;
	for (k = 0; k < n; k++) {
		if (s[k] == ' ')
			words++;
		if (s[k] >= '0' && s[k] <= '9')
			digits++;
		if (s[k] == '@' ||
		    (s[k] == ':' && (!refs || k + 1 == n || s[k + 1] != ' ')))
			return false;
		if (k + 1 < n && s[k] == ' ' && s[k + 1] == ' ')
			return false; /* columns */
	}
	return words >= 3 && digits * 4 <= n;
}

/* Weights of the organisation number (modulus 11). */
static bool
orgnr_valid(const char *d)
{
	static const int w[] = {3, 2, 7, 6, 5, 4, 3, 2};
	int sum = 0, k;

	for (k = 0; k < 8; k++)
		sum += (d[k] - '0') * w[k];
	k = 11 - sum % 11;
	if (k == 11)
		k = 0;
	return k != 10 && k == d[8] - '0' && (d[0] == '8' || d[0] == '9');
}

static void
find_orgnr(struct sl_scan *sc, size_t at, size_t n, const char *low)
{
	static const char *const labels[] = {
	    "org", "foretaksnr", "foretaksreg", "enhetsreg"};
	const char *s = sc->text + at;
	size_t i, k;
	char d[10];
	unsigned got;

	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		const char *hit = strstr(low, labels[i]);
		size_t end;

		if (!hit)
			continue;
		k = (size_t)(hit - low);
		if (!sl_scan_starts(low, k))
			continue;
		end = k + 60 < n ? k + 60 : n;
		for (got = 0; k < end && got < 9; k++) {
			if (s[k] >= '0' && s[k] <= '9')
				d[got++] = s[k];
			else if (got && s[k] != ' ' && s[k] != '.')
				got = 0;
		}
		d[got] = 0;
		if (got == 9 && !(k < n && s[k] >= '0' && s[k] <= '9') &&
		    orgnr_valid(d)) {
			sl_scan_give(sc, SL_FIELD_correspondent_orgnr, d,
			    "org.nr", at + k - 9, 9, 900);
			return;
		}
	}
}

/* "Kari Nordmann": two to four capitalised words, no digits. */
static bool
person(const char *s, size_t n)
{
	unsigned words = 0;
	bool start = true;
	size_t i = 0;

	if (n < 5 || n > 60)
		return false;
	while (i < n) {
		uint32_t cp = sl_utf8_next(s, n, &i);

		if (cp == ' ') {
			start = true;
			continue;
		}
		if (!sl_scan_letter(cp) && cp != '-' && cp != '.')
			return false;
		if (start) {
			words++;
			if (!((cp >= 'A' && cp <= 'Z') ||
				(cp >= 0xC0 && cp <= 0xDE)))
				return false;
		}
		start = false;
	}
	return words >= 2 && words <= 4;
}

static void
signature(struct sl_scan *sc, struct sl_letter *l, size_t at, size_t n,
    const char *low)
{
	static const char *const ends[] = {"med vennlig hilsen",
	    "med venleg helsing", "vennlig hilsen", "venleg helsing",
	    "med helsing", "med hilsen", "mvh", "hilsen", "helsing",
	    "beste hilsen", "kind regards", "best regards"};
	char value[64];
	size_t i;

	if (l->signature) {
		l->signature--;
		if (person(sc->text + at, n) && n < sizeof(value)) {
			memcpy(value, sc->text + at, n);
			value[n] = 0;
			sl_scan_give(sc, SL_FIELD_correspondent, value,
			    "Med vennlig hilsen", at, n, 400);
			l->signature = 0;
		}
	}
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (starts_with(low, ends[i]) && n <= strlen(ends[i]) + 2)
			l->signature = 2;
}

/* A line of the block with references and date above the subject. */
static bool
is_reference(const char *low)
{
	static const char *const words[] = {"dato", "vår dato", "vår ref",
	    "deres ref", "dykkar ref", "din ref", "saksnr", "saksnummer",
	    "arkivsak", "ref", "date", "your ref", "our ref", "saksbehandler",
	    "saksbehandlar", "kontakt", "telefon", "tlf"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (starts_with(low, words[i]))
			return true;
	return false;
}

void
sl_letter_line(
    struct sl_scan *sc, struct sl_letter *l, size_t at, size_t n, unsigned gap)
{
	char low[256];
	size_t k, m;

	if (l->has_guess && gap == 0)
		l->has_guess = false; /* not alone after all */
	sl_letter_end(sc, l);
	for (k = 0; k < n && strchr(" \t\r", sc->text[at + k]); k++)
		;
	at += k;
	n -= k;
	while (n && strchr(" \t\r", sc->text[at + n - 1]))
		n--;
	if (!n)
		return;
	/* ASCII only, so that places in low are places in the text */
	m = n < sizeof(low) - 1 ? n : sizeof(low) - 1;
	for (k = 0; k < m; k++) {
		char c = sc->text[at + k];

		low[k] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		if (k && (uint8_t)low[k - 1] == 0xC3 && (uint8_t)c >= 0x80 &&
		    (uint8_t)c <= 0x9E)
			low[k] = (char)(c + 0x20);
		if (!low[k])
			low[k] = ' ';
	}
	low[m] = 0;
	find_orgnr(sc, at, m, low);
	if (n < 120)
		signature(sc, l, at, n, low);
	if (l->titled || sc->filled > l->lines_max || n > 200)
		return;
	if (cued_title(sc, at, n, low)) {
		l->titled = true;
		return;
	}
	if (is_reference(low)) {
		l->refs = true;
		return;
	}
	if ((!l->guessed || l->refs) && gap > 0 && sc->filled > 3 &&
	    line_alone(sc->text + at, n, low, l->refs)) {
		l->has_guess = true;
		l->guess_at = at;
		l->guess_length = n;
	}
}

void
sl_letter_end(struct sl_scan *sc, struct sl_letter *l)
{
	if (!l->has_guess)
		return;
	l->has_guess = false;
	l->guessed = true;
	/* Under the references and the date it is the subject line. */
	give_title(sc, "", l->guess_at, l->guess_length, l->refs ? 600 : 400);
	l->titled = l->refs;
}
