#include "package.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/mailtext.h"

const char *
kind_name(enum kind k)
{
	static const char *const names[KIND_COUNT] = {[KIND_NONE] = "none",
	    [KIND_SVARINN] = "svarinn",
	    [KIND_ARKIVMELDING] = "arkivmelding",
	    [KIND_FIKS_ARKIV] = "fiks-arkiv",
	    [KIND_BEST_EDU] = "best-edu",
	    [KIND_SBD] = "sbd",
	    [KIND_FIKS_IO] = "fiks-io",
	    [KIND_MANIFEST] = "manifest",
	    [KIND_FORM] = "form"};

	return names[k < KIND_COUNT ? k : KIND_NONE];
}

void
model_free(struct model *m)
{
	size_t i;

	for (i = 0; i < m->facts; i++)
		free(m->fact[i].value);
	for (i = 0; i < m->nameds; i++) {
		free(m->named[i].file);
		free(m->named[i].title);
		free(m->named[i].type);
	}
	free(m->fact);
	free(m->named);
	*m = (struct model){.kind = KIND_NONE};
}

/* At most max bytes of it, to the border of a character. */
static char *
cut(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n > max)
		for (n = max; n > 0 && ((uint8_t)s[n] & 0xC0) == 0x80;)
			n--;
	return strndup(s, n);
}

void
text_copy(char *to, size_t cap, const char *s)
{
	size_t n = strlen(s);

	if (n >= cap)
		for (n = cap - 1; n > 0 && ((uint8_t)s[n] & 0xC0) == 0x80;)
			n--;
	memcpy(to, s, n);
	to[n] = '\0';
}

static bool
same_fact(const struct fact *f, unsigned post, const char *field)
{
	return f->post == post && strcmp(f->field, field) == 0;
}

bool
model_has(const struct model *m, unsigned post, const char *field)
{
	size_t i;

	for (i = 0; i < m->facts; i++)
		if (same_fact(&m->fact[i], post, field))
			return true;
	return false;
}

void
model_invalid(struct model *m, const char *why)
{
	if (m->invalid == NULL)
		m->invalid = why;
}

void
model_full(struct model *m, const char *why)
{
	m->full = true;
	model_invalid(m, why);
}

void
model_fact(struct model *m, unsigned post, const char *field, const char *value,
    const char *label, int confidence)
{
	struct fact *f;
	size_t i;

	if (value == NULL || *value == '\0')
		return;
	for (i = 0; i < m->facts; i++)
		if (same_fact(&m->fact[i], post, field) &&
		    strcmp(m->fact[i].value, value) == 0)
			return;
	if (m->facts == FACTS_MAX ||
	    (f = realloc(m->fact, (m->facts + 1) * sizeof(*f))) == NULL) {
		model_full(m, "a list in it is too long");
		return;
	}
	m->fact = f;
	f = &m->fact[m->facts];
	*f = (struct fact){.post = post,
	    .field = field,
	    .confidence = confidence,
	    .value = cut(value, VALUE_MAX)};
	(void)snprintf(f->label, sizeof(f->label), "%s", label);
	if (f->value != NULL)
		m->facts++;
}

struct named *
model_named(struct model *m, unsigned post, const char *file, const char *title,
    const char *type)
{
	struct named *n;

	if (m->nameds == DOCS_MAX ||
	    (n = realloc(m->named, (m->nameds + 1) * sizeof(*n))) == NULL) {
		model_full(m, "more than 400 documents");
		return NULL;
	}
	m->named = n;
	n = &m->named[m->nameds];
	*n = (struct named){.post = post,
	    .file = cut(file, 1024),
	    .title = title != NULL && *title != '\0' ? cut(title, 1024) : NULL,
	    .type = type != NULL && *type != '\0' ? cut(type, 128) : NULL,
	    .bytes = UINT64_MAX};
	if (n->file == NULL)
		return NULL;
	m->nameds++;
	return n;
}

/* The last two names of it, in a list with commas. */
void
model_unused(struct model *m, const char *path)
{
	size_t used = strlen(m->unused), n;
	const char *p = path + strlen(path), *at;
	int slashes = 0;

	for (; p > path; p--)
		if (p[-1] == '/' && ++slashes == 2)
			break;
	n = strlen(p);
	for (at = m->unused; (at = strstr(at, p)) != NULL; at += n)
		if ((at == m->unused || at[-1] == ' ') &&
		    (at[n] == '\0' || at[n] == ','))
			return;
	if (used + n + 3 > sizeof(m->unused)) {
		m->unused_more++;
		return;
	}
	(void)snprintf(m->unused + used, sizeof(m->unused) - used, "%s%s",
	    used > 0 ? ", " : "", p);
}

void
model_files(struct model *m, const char *number)
{
	size_t n = strspn(number, "0123456789");

	if (n > 0 && n < 8 && number[n] == '\0')
		(void)snprintf(m->files, sizeof(m->files), "%s", number);
	else if (*number != '\0')
		model_unused(m, "antallFiler");
}

static void
tell_named(const struct named *n, const struct sluse_reader_host *host,
    struct sluse_sink *k)
{
	const struct sluse_named out = {.size = sizeof(out),
	    .main = n->main,
	    .file = n->file,
	    .title = n->title,
	    .type = n->type,
	    .sha256 = n->has_sha256 ? n->sha256 : NULL,
	    .bytes = n->bytes};

	host->post(k, n->post);
	(void)host->named(k, &out);
	/* Which of the files is the letter: what stands in it counts more. */
	if (n->main)
		host->field(k, "main_document", n->file, "hoveddokument", 1000);
}

int
model_tell(const struct model *m, const struct sluse_reader_host *host,
    struct sluse_sink *k)
{
	const struct fact *f;
	char more[40];
	size_t i;

	if (host->describes(k, kind_name(m->kind), m->flags) != 0)
		return SLUSE_READ_LIMIT;
	if (m->unused[0] != '\0')
		host->note(k, "package_unused", m->unused);
	if (m->unused_more > 0) {
		(void)snprintf(
		    more, sizeof(more), "and %zu more", m->unused_more);
		host->note(k, "package_unused", more);
	}
	if (m->files[0] != '\0')
		host->note(k, "files_said", m->files);
	if (m->invalid != NULL)
		host->note(k, "package_invalid", m->invalid);
	if (m->full)
		return SLUSE_READ_DAMAGED;
	for (i = 0; i < m->facts; i++) {
		f = &m->fact[i];
		host->post(k, f->post);
		host->field(k, f->field, f->value, f->label, f->confidence);
	}
	for (i = 0; i < m->nameds; i++)
		tell_named(&m->named[i], host, k);
	return SLUSE_READ_OK;
}

/* -- values ---------------------------------------------------------------- */

void
model_screened(struct model *m, unsigned post, const char *label)
{
	model_fact(m, post, "access", "XX", label, 1000);
}

/* Digits only, without zeros before them; over 0. */
static const char *
number(const char *s)
{
	if (s == NULL || *s == '\0' || strlen(s) > 12 ||
	    strspn(s, "0123456789") != strlen(s))
		return NULL;
	s += strspn(s, "0");
	return *s != '\0' ? s : NULL;
}

void
model_case(struct model *m, unsigned post, const char *field, const char *year,
    const char *seq, const char *label, int confidence)
{
	const char *y = number(year), *n = number(seq);
	char value[40];

	if (y == NULL || n == NULL || strlen(y) != 4)
		return;
	(void)snprintf(value, sizeof(value), "%s/%s", y, n);
	model_fact(m, post, field, value, label, confidence);
}

void
model_day_ms(struct model *m, unsigned post, const char *field, int64_t unix_ms,
    const char *label, int confidence)
{
	char when[20];

	/* 1900 to 2199; 0 is "not set" in SvarInn. */
	if (unix_ms == 0 || unix_ms < -INT64_C(2208988800000) ||
	    unix_ms > INT64_C(7258118400000))
		return;
	mailtext_oslo(unix_ms / 1000, when);
	when[10] = '\0';
	model_fact(m, post, field, when, label, confidence);
}

static bool
digits(const char *s, size_t n, int *ret)
{
	size_t i;

	for (*ret = 0, i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*ret = *ret * 10 + (s[i] - '0');
	}
	return true;
}

/* Behind "2026-03-04": a time with a zone gives the instant. */
static bool
instant(const char *s, int y, int mo, int d, int64_t *ret_ms)
{
	int h, mi, se = 0, zh = 0, zm = 0, sign = 1;
	GDateTime *t;

	if (s[10] != 'T' || !digits(s + 11, 2, &h) || s[13] != ':' ||
	    !digits(s + 14, 2, &mi))
		return false;
	s += 16;
	if (*s == ':' && digits(s + 1, 2, &se))
		s += 3;
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	if (*s == '+' || *s == '-') {
		sign = *s == '-' ? -1 : 1;
		if (!digits(s + 1, 2, &zh))
			return false;
		s += s[3] == ':' ? 4 : 3;
		if (*s != '\0' && !digits(s, 2, &zm))
			return false;
	} else if (*s != 'Z') {
		return false; /* local: its own day */
	}
	t = g_date_time_new_utc(y, mo, d, h, mi, se);
	if (t == NULL)
		return false;
	*ret_ms =
	    (g_date_time_to_unix(t) - sign * (zh * 3600 + zm * 60)) * 1000;
	g_date_time_unref(t);
	return true;
}

void
model_day(struct model *m, unsigned post, const char *field, const char *when,
    const char *label, int confidence)
{
	char day[12];
	int64_t ms;
	int y, mo, d;

	if (when == NULL || *when == '\0')
		return;
	if (strlen(when) == 8 && digits(when, 4, &y)) {
		(void)snprintf(day, sizeof(day), "%.4s-%.2s-%.2s", when,
		    when + 4, when + 6);
	} else {
		(void)snprintf(day, sizeof(day), "%.10s", when);
	}
	if (strlen(day) != 10 || !digits(day, 4, &y) || day[4] != '-' ||
	    !digits(day + 5, 2, &mo) || day[7] != '-' ||
	    !digits(day + 8, 2, &d) ||
	    !g_date_valid_dmy((GDateDay)d, (GDateMonth)mo, (GDateYear)y)) {
		model_unused(m, label);
		return;
	}
	if (strlen(when) > 10 && instant(when, y, mo, d, &ms))
		model_day_ms(m, post, field, ms, label, confidence);
	else
		model_fact(m, post, field, day, label, confidence);
}

void
model_orgnr(
    struct model *m, unsigned post, const char *value, const char *label)
{
	static const int weights[] = {3, 2, 7, 6, 5, 4, 3, 2};
	const char *p, *colon;
	int sum = 0, i;
	char nr[10];
	size_t n = 0;

	if (value == NULL || *value == '\0')
		return;
	/* A person's number stands as NO:01019012345: that colon is not it. */
	colon = strchr(value, ':');
	p = colon != NULL && (strncmp(value, "0192:", 5) == 0 ||
				 strncmp(value, "9908:", 5) == 0)
		? colon + 1
		: value;
	for (; *p != '\0' && n < 10; p++) {
		if (*p >= '0' && *p <= '9')
			nr[n < 9 ? n : 8] = *p, n++;
		else if (strchr(" .NOMVA", *p) == NULL)
			break;
	}
	nr[9] = '\0';
	for (i = 0; i < 8 && n == 9; i++)
		sum += weights[i] * (nr[i] - '0');
	/* 910077473:123456789 is a unit of it. */
	if (n != 9 || (*p != '\0' && *p != ':') ||
	    (11 - sum % 11) % 11 != nr[8] - '0')
		model_unused(m, label);
	else
		model_fact(m, post, "correspondent_orgnr", nr, label, 1000);
}

bool
hex_digest(const char *s, uint8_t out[32])
{
	static const char hex[] = "0123456789abcdef";
	const char *p;
	size_t i;

	if (s == NULL || strlen(s) != 64)
		return false;
	for (i = 0; i < 64; i++) {
		p = strchr(hex, g_ascii_tolower(s[i]));
		if (p == NULL)
			return false;
		out[i / 2] = (uint8_t)(out[i / 2] << 4 | (p - hex));
	}
	return true;
}
