/*
 * From fields to elements.
 */
#include "write.h"

#include <stdio.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/text.h"

static void
tell(struct sl_writer *w, enum sl_dev_id id, const char *element)
{
	if (w->devs != NULL)
		sl_dev_tell(w->devs, id, w->u, element);
}

static void
put(struct sl_writer *w, const char *name, const char *s)
{
	SL_BUF struct sl_buf b = {0};

	if (sl_xml_clean(&b, s))
		tell(w, SL_DEV_tegn, name);
	if (xmlTextWriterWriteElement(
		w->w, sl_xml(name), sl_xml(sl_buf_str(&b))) < 0)
		w->failed = true;
}

static bool
is_blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

/* A value as text: what a code is called, a number's digits. */
static const char *
as_text(const json_t *v, char *out, size_t cap)
{
	bool own;

	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v)) {
		(void)snprintf(
		    out, cap, "%lld", (long long)json_integer_value(v));
		return out;
	}
	return json_is_object(v) ? sl_code_name(SL_LIST_none, v, &own) : NULL;
}

static bool
is_integer(const char *s)
{
	if (*s == '-' || *s == '+')
		s++;
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* -- references --------------------------------------------------------- */

static const struct {
	const char *name;
	int kind;
} references[] = {
    {"referanseArkivdel", SL_KIND_arkivdel},
    {"referanseSekundaerKlassifikasjon", SL_KIND_klasse},
    {"referanseTilKlasse", SL_KIND_klasse},
    {"referanseTilMappe", SL_KIND_mappe},
    {"referanseForrigeMoete", SL_KIND_mappe},
    {"referanseNesteMoete", SL_KIND_mappe},
    {"referanseTilRegistrering", SL_KIND_registrering},
    {"referanseTilMoeteregistrering", SL_KIND_registrering},
    {"referanseFraMoeteregistrering", SL_KIND_registrering},
    {"referanseAvskrivesAvJournalpost", SL_KIND_registrering},
    {"referanseArkivenhet", -1},
};

static void
check_reference(struct sl_writer *w, const char *name, const uint8_t *id)
{
	const struct sl_id *there;
	size_t i;

	for (i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		if (strcmp(references[i].name, name) != 0)
			continue;
		there = sl_ids_find(w->ids, id);
		if (there == NULL || (references[i].kind >= 0 &&
					 there->kind != references[i].kind))
			tell(w, SL_DEV_referanse, name);
		return;
	}
}

/* -- single values ------------------------------------------------------ */

static bool
put_id(struct sl_writer *w, const struct sl_el *e, const char *s)
{
	uint8_t id[16];

	if (!sl_id_parse(s, id)) {
		tell(w, SL_DEV_ugyldig, e->name);
		return false;
	}
	if (w->ids != NULL && strcmp(e->name, "systemID") != 0)
		check_reference(w, e->name, id);
	put(w, e->name, s);
	return true;
}

static bool
put_code(struct sl_writer *w, const struct sl_el *e, const json_t *v)
{
	bool own;
	const char *s = sl_code_name(e->arg, v, &own);

	if (s == NULL) {
		tell(w, SL_DEV_ugyldig, e->name);
		return false;
	}
	if (!own)
		tell(w, SL_DEV_kode, e->name);
	put(w, e->name, s);
	return true;
}

static bool
put_text(struct sl_writer *w, const struct sl_el *e, const char *s)
{
	size_t at, n;

	if ((strcmp(e->name, "tittel") == 0 ||
		strcmp(e->name, "offentligTittel") == 0) &&
	    sl_find_fnr(s, strlen(s), &at, &n))
		tell(w, SL_DEV_fnr, e->name);
	put(w, e->name, s);
	return true;
}

static bool
put_typed(struct sl_writer *w, const struct sl_el *e, const char *s)
{
	char day[11];
	bool fits = false;

	if (e->type == SL_EL_DATE && (fits = sl_date_text(s, day)))
		s = day;
	else if (e->type == SL_EL_TIME)
		fits = sl_time_valid(s);
	else if (e->type == SL_EL_INT)
		fits = is_integer(s);
	if (fits)
		put(w, e->name, s);
	else
		tell(w, SL_DEV_ugyldig, e->name);
	return fits;
}

/* False: nothing was written. */
static bool
put_one(struct sl_writer *w, const struct sl_el *e, const json_t *v)
{
	char number[32];
	const char *s;

	if (e->type == SL_EL_GROUP) {
		if (json_is_object(v)) {
			sl_write_group(w, e->name, e->arg, v);
			return true;
		}
		tell(w, SL_DEV_ugyldig, e->name);
		return false;
	}
	if (e->type == SL_EL_CODE)
		return put_code(w, e, v);
	if (e->type == SL_EL_KODE && json_is_object(v))
		v = json_object_get(v, "kode");
	else if (e->type == SL_EL_ID && json_is_object(v))
		v = json_object_get(v, "systemID"); /* what is referred to */
	s = as_text(v, number, sizeof(number));
	if (s == NULL) {
		tell(w, SL_DEV_ugyldig, e->name);
		return false;
	}
	if (is_blank(s))
		return false;
	if (e->type == SL_EL_ID)
		return put_id(w, e, s);
	if (e->type == SL_EL_TEXT || e->type == SL_EL_KODE)
		return put_text(w, e, s);
	return put_typed(w, e, s);
}

/* -- rows --------------------------------------------------------------- */

static bool
put_value(struct sl_writer *w, const struct sl_el *e, const json_t *v)
{
	bool any = false;
	json_t *one;
	size_t i;

	if (!json_is_array(v))
		return put_one(w, e, v);
	if ((e->flags & SL_EL_MANY) == 0 && json_array_size(v) > 1) {
		tell(w, SL_DEV_ugyldig, e->name);
		return false;
	}
	json_array_foreach(v, i, one)
	{
		any = put_one(w, e, one) || any;
	}
	return any;
}

static void
put_row(struct sl_writer *w, const struct sl_el *e, const json_t *fields)
{
	const json_t *v;
	const char *s;
	uint64_t told = w->devs != NULL ? w->devs->n[SL_DEV_ugyldig] : 0;
	bool any = false;

	if (e->type == SL_EL_OWN) {
		s = w->own != NULL ? w->own(w->arg, e) : NULL;
		any = s != NULL;
		if (any)
			put(w, e->name, s);
	} else {
		v = sl_source_find(fields, e->source);
		any = v != NULL && put_value(w, e, v);
	}
	/* What is there and not right has been told. */
	if (!any && (e->flags & SL_EL_OBLIGATORY) != 0 && w->devs != NULL &&
	    told == w->devs->n[SL_DEV_ugyldig])
		tell(w, SL_DEV_mangler, e->name);
}

/* Rows of the group and its base. Where units may stand below, only those
 * before (tail: behind) them. */
static void
put_rows(struct sl_writer *w, int group, const json_t *fields, bool tail)
{
	const struct sl_el *e;
	size_t n, i, k;
	int chain[2] = {sl_group_base(group), group};
	bool behind = false;

	for (k = chain[0] == SL_GROUP_none; k < 2; k++) {
		e = sl_group_rows(chain[k], &n);
		for (i = 0; i < n; i++) {
			if (e[i].type == SL_EL_KIDS)
				behind = true;
			else if (behind == tail)
				put_row(w, &e[i], fields);
		}
	}
}

/* Fields that no row looks at. */
static void
tell_left(
    struct sl_writer *w, int group, const json_t *fields, const char *prefix)
{
	json_t *v, *o;
	const char *name;
	char path[160];
	int knows;

	memcpy(&o, &fields, sizeof(o)); /* jansson walks what is not const */
	json_object_foreach(o, name, v)
	{
		(void)snprintf(path, sizeof(path), "%s%s", prefix, name);
		knows = sl_group_knows(group, path);
		/* "type" is where harvest.c says which kind of party it is. */
		if (knows == 0 && !json_is_null(v) && strcmp(name, "type") != 0)
			sl_dev_left(w->devs, sl_group_name(group), path);
		if (knows != 2 || !json_is_object(v))
			continue;
		(void)snprintf(path, sizeof(path), "%s%s/", prefix, name);
		tell_left(w, group, v, path);
	}
}

void
sl_write_head(struct sl_writer *w, int group, const json_t *fields)
{
	w->count[group]++;
	put_rows(w, group, fields, false);
}

void
sl_write_tail(struct sl_writer *w, int group, const json_t *fields)
{
	put_rows(w, group, fields, true);
	if (w->devs != NULL)
		tell_left(w, group, fields, "");
}

void
sl_write_group(
    struct sl_writer *w, const char *name, int group, const json_t *fields)
{
	if (xmlTextWriterStartElement(w->w, sl_xml(name)) < 0)
		w->failed = true;
	sl_write_head(w, group, fields);
	sl_write_tail(w, group, fields);
	if (xmlTextWriterEndElement(w->w) < 0)
		w->failed = true;
}
