#include "prepare.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../base/ulid.h"

#define DAY_MS 86400000LL
#define FILE_DAYS 7 /* a copied file may keep the time of years ago */
#define CHANNEL_DAYS 366 /* a mail may be dropped long after it came */

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

static bool
given(const char *s)
{
	return s != NULL && *s != '\0';
}

/* A date of the calendar, as its midnight in Oslo. */
static bool
day_ms(const char *s, int64_t *ret)
{
	struct sl_date d = {0};
	char back[16], end;

	if (!given(s) || strlen(s) < 10 ||
	    sscanf(s, "%4d-%2d-%2d%c", &d.year, &d.month, &d.day, &end) < 3 ||
	    d.year < 1900 || d.year > 2999)
		return false;
	*ret = sl_clock_from_oslo(&d);
	sl_clock_format_day(*ret, back, sizeof(back));
	return strncmp(back, s, 10) == 0 && (s[10] == '\0' || s[10] == 'T');
}

static bool
within(int64_t ms, int64_t claimed_ms, int64_t days)
{
	return ms > 0 && ms <= claimed_ms && claimed_ms - ms <= days * DAY_MS;
}

int64_t
sl_post_received_ms(const struct sl_post_source *s)
{
	int64_t ms;

	if (day_ms(s->value.received_date, &ms) && ms <= s->claimed_ms) {
		/* the clock time is known where the day is the same */
		if (s->claimed_ms - ms < DAY_MS)
			return s->claimed_ms;
		return ms;
	}
	if (within(s->channel_ms, s->claimed_ms, CHANNEL_DAYS))
		return s->channel_ms;
	if (s->queue->received_date == SL_RECEIVED_FILE &&
	    within(s->file_ms, s->claimed_ms, FILE_DAYS))
		return s->file_ms;
	return s->claimed_ms;
}

static void
set_text(json_t *o, const char *key, const char *text)
{
	(void)json_object_set_new(o, key, json_string(text));
}

/* A cleaned line under key, if there is anything in it. */
static void
set_clean(json_t *o, const char *key, const char *text, size_t max)
{
	SL_BUF struct sl_buf b = {0};

	sl_post_clean(&b, or_empty(text), max, "");
	if (b.n > 0)
		set_text(o, key, sl_buf_str(&b));
}

/* Values that must stay as they are, numbers and codes: no search for national
 * identity numbers, which an organisation's key may look like. */
static void
set_code(json_t *o, const char *key, const char *text)
{
	if (given(text) && sl_utf8_valid(text, strlen(text)))
		set_text(o, key, text);
}

/* The sender's or sidecar's letter for the kind of post; 0 = none. */
static char
declared_type(const struct sl_post_source *s)
{
	const char *t = or_empty(s->value.type);

	return *t != '\0' && t[1] == '\0' && strchr("IUNX", *t) != NULL ? *t
									: 0;
}

static char
post_type(const struct sl_post_source *s)
{
	static const char types[] = {[SL_QUEUE_INCOMING] = 'I',
	    [SL_QUEUE_OUTGOING] = 'U',
	    [SL_QUEUE_INTERNAL] = 'N',
	    [SL_QUEUE_HISTORIC] = 'X'};
	char t = declared_type(s);

	return t != 0 ? t : types[s->queue->kind & 3u];
}

static const char *
access_code(const struct sl_post_source *s)
{
	if (given(s->value.access))
		return s->value.access;
	if (given(s->queue->access))
		return s->queue->access;
	return s->queue->closed ? "XX" : "";
}

/* Nothing of the content may show in titles and file names. */
static bool
is_neutral(const struct sl_post_source *s)
{
	return s->queue->closed || s->value.screened ||
	       strcmp(access_code(s), "XX") == 0;
}

static const struct sl_post_document *
main_document(const struct sl_post_source *s)
{
	size_t i;

	for (i = 0; i < s->document_n; i++) {
		if (s->document[i].main)
			return &s->document[i];
	}
	return &s->document[0];
}

static void
post_title(const struct sl_post_source *s, struct sl_buf *out)
{
	char type = post_type(s);
	bool old = type == 'X' && s->queue->kind == SL_QUEUE_HISTORIC;
	const char *what = type == 'I'	 ? "Innkommet"
			   : type == 'U' ? "Utgående"
			   : old	 ? "Eldre"
					 : "Internt";
	SL_BUF struct sl_buf fallback = {0};

	if (is_neutral(s)) {
		sl_buf_printf(out, "%s dokument", what);
		return;
	}
	if (given(s->value.title))
		sl_post_clean(out, s->value.title, SL_TITLE_MAX, "");
	if (out->n == 0)
		sl_post_name_title(
		    out, or_empty(main_document(s)->rendition[0].name));
	if (out->n > 0)
		return;
	sl_buf_printf(&fallback, "%s post %s", what, or_empty(s->queue->name));
	sl_post_clean(out, sl_buf_str(&fallback), SL_TITLE_MAX, "");
}

/* Of a sender whose name is not known, but whose number is. */
static void
set_number_name(json_t *o, const char *orgnr)
{
	SL_BUF struct sl_buf b = {0};

	if (!given(orgnr) || strlen(orgnr) != 9)
		return;
	sl_buf_printf(&b, "Organisasjonsnummer %.3s %.3s %s", orgnr, orgnr + 3,
	    orgnr + 6);
	set_clean(o, "navn", sl_buf_str(&b), 255);
}

static void
add_others(json_t *a, const struct sl_post_source *s)
{
	json_t *o;
	size_t i;

	for (i = 0; i < s->other_n; i++) {
		/* Who it was sent to is said already of what we send. */
		if (post_type(s) == 'U' && s->value.correspondent != NULL &&
		    strcmp(s->other[i].name, s->value.correspondent) == 0)
			continue;
		o = json_object();
		set_text(o, "type", s->other[i].type);
		set_clean(o, "navn", s->other[i].name, 255);
		if (json_object_get(o, "navn") != NULL)
			(void)json_array_append(a, o);
		json_decref(o);
	}
}

static json_t *
make_parts(const struct sl_post_source *s)
{
	static const char unknown[] = "Ukjent avsender";
	char type = post_type(s);
	json_t *o = json_object(), *a;

	set_text(o, "type", type == 'I' ? "EA" : type == 'U' ? "EM" : "IA");
	set_text(o, "navn", type == 'U' ? "Ukjent mottaker" : unknown);
	set_number_name(o, s->value.orgnr);
	set_clean(o, "navn", s->value.correspondent, 255);
	set_code(o, "organisasjonsnummer", s->value.orgnr);
	set_clean(o, "epost", s->value.email, 255);
	a = json_pack("[o]", o);
	add_others(a, s);
	return a;
}

/* One PUID is an identification, several are a guess. */
static const char *
format_of(const struct sl_post_rendition *r)
{
	return given(r->puid) && strchr(r->puid, ',') == NULL &&
		       sl_utf8_valid(r->puid, strlen(r->puid))
		   ? r->puid
		   : "av/0";
}

static json_t *
make_rendition(const struct sl_post_rendition *r, unsigned number, bool neutral)
{
	SL_BUF struct sl_buf name = {0}, own = {0};
	const char variant[2] = {r->variant, '\0'}, *dot;
	char hex[SL_SHA256_HEX + 1];
	json_t *o = json_object();

	sl_post_file_name(&name, or_empty(r->name), number);
	if (neutral) {
		dot = strrchr(sl_buf_str(&name), '.');
		sl_buf_printf(&own, "dokument-%u%s", number,
		    dot != NULL && strlen(dot) <= 8 ? dot : "");
	}
	sl_digest_hex(&r->sha256, hex);
	(void)json_object_set_new(o, "rendition", json_integer(r->rendition));
	set_text(o, "variant", variant);
	set_text(o, "filnavn", sl_buf_str(neutral ? &own : &name));
	set_text(o, "mimeType", "application/octet-stream");
	set_code(o, "mimeType", r->mime);
	set_text(o, "format", format_of(r));
	(void)json_object_set_new(
	    o, "storrelse", json_integer((json_int_t)r->size));
	set_text(o, "sha256", hex);
	return o;
}

static json_t *
make_document(const struct sl_post_source *s, const struct sl_post_document *d,
    unsigned number)
{
	SL_BUF struct sl_buf title = {0};
	bool neutral = is_neutral(s);
	json_t *o = json_object(), *a = json_array();
	size_t i;

	if (neutral)
		sl_buf_printf(&title, "Dokument %u", number);
	else if (given(d->title))
		sl_post_clean(&title, d->title, SL_TITLE_MAX, "");
	else if (number == 1)
		post_title(s, &title);
	if (title.n == 0)
		sl_post_name_title(&title, or_empty(d->rendition[0].name));
	if (title.n == 0)
		sl_buf_printf(&title, "Dokument %u", number);
	(void)json_object_set_new(o, "nummer", json_integer(number));
	set_text(o, "rolle", number == 1 ? "H" : "V");
	set_text(o, "tittel", sl_buf_str(&title));
	set_clean(o, "dokumenttype", d->type, 64);
	for (i = 0; i < d->rendition_n; i++)
		(void)json_array_append_new(
		    a, make_rendition(&d->rendition[i], number, neutral));
	(void)json_object_set_new(o, "renditions", a);
	return o;
}

static json_t *
make_documents(const struct sl_post_source *s)
{
	const struct sl_post_document *first = main_document(s);
	json_t *a = json_array();
	unsigned number = 1;
	size_t i;

	(void)json_array_append_new(a, make_document(s, first, number++));
	for (i = 0; i < s->document_n; i++) {
		if (&s->document[i] != first)
			(void)json_array_append_new(
			    a, make_document(s, &s->document[i], number++));
	}
	return a;
}

static void
set_remarks(json_t *o, const struct sl_post_source *s)
{
	SL_BUF struct sl_buf b = {0};
	json_t *a = json_array();
	const char *p = or_empty(s->suggestions);
	size_t n;

	if (given(s->duplicate_of)) {
		set_code(o, "muligDuplikat", s->duplicate_of);
		sl_buf_printf(&b, "Mulig duplikat av %s: samme innhold.",
		    s->duplicate_of);
		(void)json_array_append_new(a, json_string(sl_buf_str(&b)));
	}
	/* one remark per line */
	for (; *p != '\0' && json_array_size(a) < 40; p += n + (p[n] == '\n')) {
		SL_FREE char *line = NULL;

		n = strcspn(p, "\n");
		line = sl_strndup(p, n);
		sl_buf_reset(&b);
		sl_post_clean(&b, line, 500, "[fnr]");
		if (b.n > 0)
			(void)json_array_append_new(
			    a, json_string(sl_buf_str(&b)));
	}
	if (json_array_size(a) > 0)
		(void)json_object_set_new(o, "merknad", a);
	else
		json_decref(a);
}

static void
set_case(json_t *o, const struct sl_post_source *s)
{
	const struct sl_post_values *v = &s->value;
	json_t *n;

	if (given(v->case_number)) {
		set_code(o, "saksnummer", v->case_number);
		return;
	}
	if (!given(v->new_case_title))
		return;
	n = json_object();
	set_text(n, "tittel", "Ny sak");
	set_clean(n, "tittel", v->new_case_title, SL_TITLE_MAX);
	set_clean(n, "enhet", v->new_case_unit, 128);
	set_clean(n, "klasse", v->new_case_class, 128);
	(void)json_object_set_new(o, "nySak", n);
}

static json_t *
make_post(const struct sl_post_source *s)
{
	const char type[2] = {post_type(s), '\0'};
	const struct sl_post_values *v = &s->value;
	SL_BUF struct sl_buf title = {0}, key = {0};
	json_t *o = json_object();
	char when[40];
	int64_t ms;

	sl_buf_printf(&key, "sluse-%s", s->ulid);
	(void)json_object_set_new(o, "version", json_integer(1));
	set_text(o, "ownKey", sl_buf_str(&key));
	set_text(o, "reception", or_empty(s->reception));
	set_case(o, s);
	post_title(s, &title);
	set_text(o, "tittel", sl_buf_str(&title));
	set_text(o, "journalposttype", type);
	set_text(o, "journalstatus", "M");
	sl_clock_format_oslo(sl_post_received_ms(s), when, sizeof(when));
	set_text(o, "mottattDato", when);
	if (day_ms(v->document_date, &ms)) {
		sl_clock_format_day(ms, when, sizeof(when));
		set_text(o, "dokumentetsDato", when);
	}
	if (declared_type(s) == 0)
		set_clean(o, "dokumenttype", v->type, 64);
	set_code(o, "tilgangskode", access_code(s));
	set_clean(o, "enhet", given(v->unit) ? v->unit : s->queue->unit, 128);
	set_clean(o, "eksternReferanse", v->sender_ref, 128);
	set_clean(o, "forsendelsesmaate", v->channel, 64);
	set_remarks(o, s);
	(void)json_object_set_new(o, "korrespondansepart", make_parts(s));
	(void)json_object_set_new(o, "dokumenter", make_documents(s));
	return o;
}

enum sl_rc
sl_post_make(
    const struct sl_post_source *s, struct sl_buf *out, struct sl_err *err)
{
	SL_FREE char *text = NULL;
	json_t *o;
	size_t i, n;

	if (s->document_n == 0 || !sl_ulid_valid(or_empty(s->ulid)))
		return sl_err_set(err, SL_FATAL, 0, "prepare",
		    "an entry without document or name");
	for (i = 0; i < s->document_n; i++) {
		if (s->document[i].rendition_n == 0)
			return sl_err_set(err, SL_FATAL, 0, "prepare",
			    "a document without rendition");
	}
	o = make_post(s);
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	n = text != NULL ? strlen(text) : 0;
	if (n == 0)
		return sl_err_set(
		    err, SL_FATAL, 0, "prepare", "the post is not JSON");
	if (n > SL_POST_MAX)
		return sl_err_set(err, SL_HOLD, 0, "limit_files",
		    "the post has too many documents: %zu", s->document_n);
	sl_buf_add(out, text, n);
	return SL_OK;
}
