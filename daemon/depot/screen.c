/*
 * What may be shown of a post.
 *
 * INVARIANTS: every text of a view has gone through put(), which masks. A title
 * of a screened unit is never shown in public unless it is its offentligTittel
 * (or the first line where the screening leaves that). What is not known is
 * kept back.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "elements.h"
#include "ids.h"
#include "posts.h"
#include "write.h"

#define STARS "*****"

unsigned
sl_mask_fnr(struct sl_buf *b, const char *s)
{
	size_t n = strlen(s), at, len;
	unsigned found = 0;
	uint8_t id[16];

	/* Eleven digits of a systemID are nobody's. */
	if (sl_id_parse(s, id)) {
		sl_buf_add(b, s, n);
		return 0;
	}
	while (sl_find_fnr(s, n, &at, &len)) {
		sl_buf_add(b, s, at);
		sl_buf_add_str(b, STARS);
		s += at + len;
		n -= at + len;
		found++;
	}
	sl_buf_add(b, s, n);
	return found;
}

/* -- what screens ------------------------------------------------------- */

static bool
is_one_of(const char *kode, const char *kodes)
{
	size_t n = strlen(kode);
	const char *p;

	for (p = kodes; n > 0 && (p = strstr(p, kode)) != NULL; p++)
		if ((p == kodes || p[-1] == ' ') &&
		    (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

static bool
names_code(const json_t *skjerming, const char *kodes)
{
	const json_t *v = json_object_get(skjerming, "skjermingMetadata");
	size_t i;

	if (!json_is_array(v))
		return v != NULL &&
		       is_one_of(
			   sl_code_kode(SL_LIST_skjermingMetadata, v), kodes);
	for (i = 0; i < json_array_size(v); i++)
		if (is_one_of(sl_code_kode(SL_LIST_skjermingMetadata,
				  json_array_get(v, i)),
			kodes))
			return true;
	return false;
}

bool
sl_is_temporary(const json_t *skjerming)
{
	const json_t *v = json_object_get(skjerming, "tilgangsrestriksjon");

	return json_is_true(json_object_get(skjerming, "ukjent")) ||
	       (v != NULL &&
		   strcmp(sl_code_kode(SL_LIST_tilgangsrestriksjon, v), "XX") ==
		       0) ||
	       names_code(skjerming, "M");
}

/* Of what it screens something is said that is none of Noark's, or nothing at
 * all: it may be anything. An empty object is no screening. */
static bool
is_unclear(const json_t *skjerming)
{
	const json_t *v = json_object_get(skjerming, "skjermingMetadata");
	bool known = true;
	size_t i;

	if (json_object_size(skjerming) == 0)
		return false;
	if (v == NULL || (json_is_array(v) && json_array_size(v) == 0))
		return json_object_get(skjerming, "skjermingDokument") == NULL;
	if (!json_is_array(v))
		(void)sl_code_name(SL_LIST_skjermingMetadata, v, &known);
	for (i = 0; known && i < json_array_size(v); i++)
		(void)sl_code_name(
		    SL_LIST_skjermingMetadata, json_array_get(v, i), &known);
	return !known;
}

bool
sl_screens(const json_t *skjerming, const char *kodes)
{
	return skjerming != NULL &&
	       (names_code(skjerming, kodes) || sl_is_temporary(skjerming) ||
		   is_unclear(skjerming));
}

/* Codes of the two instructions; an installation may have its own by the same
 * letters. */
static bool
restricts_as_graded(const json_t *skjerming)
{
	const json_t *v = json_object_get(skjerming, "tilgangsrestriksjon");
	const char *own = json_string_value(json_object_get(v, "kodenavn"));

	return v != NULL &&
	       is_one_of(sl_code_kode(SL_LIST_tilgangsrestriksjon, v),
		   "B K H F SF") &&
	       (own == NULL || *own == '\0' ||
		   strstr(own, "instruksen") != NULL);
}

bool
sl_is_graded(const json_t *of)
{
	const json_t *g = json_object_get(of, "gradering");

	return (json_is_object(g) && json_object_size(g) > 0 &&
		   sl_source_find(g, "nedgraderingsdato") == NULL) ||
	       restricts_as_graded(json_object_get(of, "skjerming"));
}

/* -- putting ------------------------------------------------------------ */

static void
put(struct sl_screen *s, json_t *o, const char *name, const char *text)
{
	SL_BUF struct sl_buf b = {0};

	if (text == NULL || *text == '\0')
		return;
	s->fnr += sl_mask_fnr(&b, text);
	(void)json_object_set_new(o, name, json_string(sl_buf_str(&b)));
}

static void
put_from(struct sl_screen *s, json_t *o, const char *name, const json_t *from)
{
	char number[32];

	put(s, o, name, sl_field_text(from, name, number, sizeof(number)));
}

static void
put_day(json_t *o, const char *name, const json_t *from)
{
	const char *s = json_string_value(json_object_get(from, name));
	char day[11];

	if (s != NULL && sl_date_text(s, day))
		(void)json_object_set_new(o, name, json_string(day));
}

static void
put_code(struct sl_screen *s, json_t *o, const char *name, int list,
    const json_t *from)
{
	const json_t *v = json_object_get(from, name);
	bool own;

	if (json_is_array(v))
		v = json_array_get(v, 0);
	if (v != NULL)
		put(s, o, name, sl_code_name(list, v, &own));
}

/* -- titles ------------------------------------------------------------- */

/* The title that everybody may see. also: another screening that it falls
 * under. first: the code that leaves the first line. */
static void
put_public_title(struct sl_screen *s, json_t *o, const json_t *from,
    const json_t *also, const char *first)
{
	const json_t *skj = json_object_get(from, "skjerming");
	const char *title = json_string_value(json_object_get(from, "tittel"));
	const char *open =
	    json_string_value(json_object_get(from, "offentligTittel"));
	SL_BUF struct sl_buf line = {0};
	size_t n;

	if (open != NULL && *open != '\0') {
		put(s, o, "offentligTittel", open);
		return;
	}
	if (title == NULL || *title == '\0')
		return;
	if (skj == NULL && also == NULL) {
		put(s, o, "offentligTittel", title);
		return;
	}
	s->titles++;
	n = strcspn(title, "\r\n");
	if (n > 0 && title[n] != '\0' && names_code(skj, first) &&
	    !sl_is_temporary(skj) && !is_unclear(skj) && also == NULL) {
		sl_buf_add(&line, title, n);
		sl_buf_add_str(&line, " " STARS);
		put(s, o, "offentligTittel", sl_buf_str(&line));
	} else
		put(s, o, "offentligTittel", STARS);
}

static void
put_titles(struct sl_screen *s, json_t *o, const json_t *from,
    const json_t *also, const char *first)
{
	if (s->public) {
		put_public_title(s, o, from, also, first);
		return;
	}
	put_from(s, o, "tittel", from);
	put_from(s, o, "offentligTittel", from);
	put_code(s, o, "skjermingMetadata", SL_LIST_skjermingMetadata,
	    json_object_get(from, "skjerming"));
}

/* -- names -------------------------------------------------------------- */

/* A natural person, or it is not known that it is none. */
static bool
may_be_person(const json_t *part)
{
	const char *type = json_string_value(json_object_get(part, "type"));

	if (type != NULL && strcmp(type, "korrespondansepartenhet") == 0)
		return false;
	return sl_source_find(part, "enhetsidentifikator|organisasjonsnummer|"
				    "forretningsadresse") == NULL;
}

/* The day a year later: from then on names are not shown. */
static int64_t
year_later(int64_t day)
{
	struct sl_date d = sl_clock_utc(day * INT64_C(86400000));

	return sl_day_number(d.year + 1, d.month, d.day);
}

static bool
names_expired(const struct sl_screen *s, int64_t day)
{
	return s->public && !s->keep_names &&
	       (day < 0 || year_later(day) <= s->today);
}

static void
put_name(struct sl_screen *s, json_t *o, const json_t *part,
    const json_t *record, int64_t day)
{
	const json_t *post = json_object_get(record, "post");
	const json_t *sak = json_object_get(record, "sak");
	const json_t *v = sl_source_find(part,
	    "korrespondansepartNavn|navn|saksbehandler|administrativEnhet");
	const json_t *type = json_object_get(part, "korrespondanseparttype");
	const char *kode = sl_code_kode(SL_LIST_korrespondanseparttype, type);
	const char *codes = is_one_of(kode, "EA IA IS") ? "NA" : "NM";

	/* A role we do not know falls under either. */
	if (!is_one_of(kode, "EA IA IS EM EK GM IM IK"))
		codes = "NA NM";
	if (s->public &&
	    (sl_screens(json_object_get(post, "skjerming"), codes) ||
		sl_screens(json_object_get(sak, "skjerming"), codes))) {
		s->names++;
		put(s, o, "korrespondansepartNavn", STARS);
	} else if (names_expired(s, day) && may_be_person(part)) {
		s->expired++;
		put(s, o, "korrespondansepartNavn", STARS);
	} else if (json_is_string(v))
		put(s, o, "korrespondansepartNavn", json_string_value(v));
}

/* -- the view ----------------------------------------------------------- */

static json_t *
view_parts(struct sl_screen *s, const json_t *record, int64_t day)
{
	const json_t *post = json_object_get(record, "post");
	const json_t *parts = json_object_get(post, "korrespondansepart"), *one;
	json_t *list = json_array(), *o;
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		one = json_array_get(parts, i);
		o = json_object();
		put_code(s, o, "korrespondanseparttype",
		    SL_LIST_korrespondanseparttype, one);
		put_name(s, o, one, record, day);
		if (!s->public &&
		    names_code(json_object_get(post, "skjerming"), "NA NM"))
			put_code(s, o, "skjermingMetadata",
			    SL_LIST_skjermingMetadata,
			    json_object_get(post, "skjerming"));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *
view_class(struct sl_screen *s, const json_t *from)
{
	const json_t *skj = json_object_get(from, "skjerming");
	json_t *o;

	if (s->public && sl_screens(skj, "KID")) {
		s->classes++;
		return NULL;
	}
	o = json_object();
	put_from(s, o, "klasseID", from);
	if (s->public && sl_screens(skj, "TKL"))
		put(s, o, "tittel", STARS);
	else
		put_from(s, o, "tittel", from);
	if (!s->public)
		put_code(
		    s, o, "skjermingMetadata", SL_LIST_skjermingMetadata, skj);
	return o;
}

static json_t *
view_case(struct sl_screen *s, const json_t *from, int64_t day)
{
	const json_t *skj = json_object_get(from, "skjerming");
	json_t *o = json_object();

	put_from(s, o, "mappeID", from);
	put_from(s, o, "saksaar", from);
	put_from(s, o, "sakssekvensnummer", from);
	put_titles(s, o, from, NULL, "TM1");
	put_from(s, o, "administrativEnhet", from);
	if (!names_expired(s, day))
		put_from(s, o, "saksansvarlig", from);
	if (s->public) {
		put_code(s, o, "tilgangsrestriksjon",
		    SL_LIST_tilgangsrestriksjon, skj);
		put_from(s, o, "skjermingshjemmel", skj);
	} else
		put_from(s, o, "referanseArkivdel", from);
	return o;
}

/* What wrote it off first. */
static void
put_written_off(struct sl_screen *s, json_t *o, const json_t *post)
{
	const json_t *v = json_object_get(post, "avskrivning");

	if (json_is_array(v))
		v = json_array_get(v, 0);
	put_day(o, "avskrivningsdato", v);
	put_code(s, o, "avskrivningsmaate", SL_LIST_avskrivningsmaate, v);
	put_from(s, o, "referanseAvskrivesAvJournalpost", v);
}

/* Who has it: the first party of ours that says so. */
static void
put_handler(struct sl_screen *s, json_t *o, const json_t *post, int64_t day)
{
	const json_t *parts = json_object_get(post, "korrespondansepart"), *one;
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		one = json_array_get(parts, i);
		if (sl_source_find(one, "saksbehandler|administrativEnhet") ==
		    NULL)
			continue;
		put_from(s, o, "administrativEnhet", one);
		if (!names_expired(s, day))
			put_from(s, o, "saksbehandler", one);
		return;
	}
}

static json_t *
view_post(struct sl_screen *s, const json_t *record, int64_t day)
{
	const json_t *post = json_object_get(record, "post");
	const json_t *skj = json_object_get(post, "skjerming");
	json_t *o = json_object();

	put_from(s, o, "systemID", post);
	put_from(s, o, "registreringsID", post);
	put_from(s, o, "journalaar", post);
	put_from(s, o, "journalsekvensnummer", post);
	put_from(s, o, "journalpostnummer", post);
	put_titles(s, o, post,
	    json_object_get(json_object_get(record, "sak"), "skjerming"),
	    "TR1");
	put_day(o, "journaldato", post);
	put_day(o, "dokumentetsDato", post);
	put_written_off(s, o, post);
	put_handler(s, o, post, day);
	put_code(s, o, "tilgangsrestriksjon", SL_LIST_tilgangsrestriksjon, skj);
	put_from(s, o, "skjermingshjemmel", skj);
	if (!s->public) {
		put_day(o, "offentlighetsvurdertDato", post);
		put_from(s, o, "antallVedlegg", post);
		put_from(s, o, "journalenhet", post);
	}
	(void)json_object_set_new(
	    o, "korrespondansepart", view_parts(s, record, day));
	return o;
}

json_t *
sl_post_view(struct sl_screen *s, const json_t *record, int64_t *ret_day)
{
	const json_t *post = json_object_get(record, "post");
	const json_t *sak = json_object_get(record, "sak");
	const json_t *klasse = json_object_get(record, "klasse");
	const char *date =
	    json_string_value(json_object_get(post, "journaldato"));
	char day[11];
	json_t *o;

	*ret_day =
	    date != NULL && sl_date_text(date, day) ? sl_day_read(day) : -1;
	if (s->public && (sl_is_graded(post) || sl_is_graded(sak))) {
		s->graded++;
		return NULL;
	}
	o = json_object();
	if (klasse != NULL)
		(void)json_object_set_new(o, "klasse", view_class(s, klasse));
	if (sak != NULL)
		(void)json_object_set_new(
		    o, "saksmappe", view_case(s, sak, *ret_day));
	(void)json_object_set_new(
	    o, "journalpost", view_post(s, record, *ret_day));
	return o;
}
