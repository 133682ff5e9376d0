/*
 * Journalposter, put aside until all are known.
 */
#include "posts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../config/deadline.h"
#include "elements.h"
#include "write.h"

enum sl_rc
sl_posts_open(struct sl_posts *p, struct sl_err *err)
{
	memset(p, 0, sizeof(*p));
	p->f = tmpfile();
	if (p->f != NULL)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, errno, "disk_error",
	    "no temporary file can be made");
}

void
sl_posts_close(struct sl_posts *p)
{
	if (p->f != NULL)
		(void)fclose(p->f);
	free(p->at);
	memset(p, 0, sizeof(*p));
}

/* -- records ------------------------------------------------------------ */

static const char *const of_class[] = {"klasseID", "tittel", "skjerming", NULL};
static const char *const of_case[] = {"mappeID", "saksaar", "sakssekvensnummer",
    "tittel", "offentligTittel", "administrativEnhet", "saksansvarlig",
    "journalenhet", "referanseArkivdel", "skjerming", "gradering", NULL};
static const char *const of_post[] = {"registreringsID", "journalaar",
    "journalsekvensnummer", "journalpostnummer", "journalposttype",
    "journalstatus", "journaldato", "dokumentetsDato", "mottattDato",
    "forfallsdato", "offentlighetsvurdertDato", "antallVedlegg", "journalenhet",
    "tittel", "offentligTittel", "skjerming", "gradering", "korrespondansepart",
    "avskrivning", NULL};

static void
set_unknown(json_t *o, const char *name)
{
	(void)json_object_set_new(o, name, json_pack("{s:b}", "ukjent", 1));
}

static json_t *
some_of(const struct sl_unit *u, const char *const *names)
{
	json_t *o = json_object(), *v;

	for (; *names != NULL; names++) {
		v = json_object_get(u->fields, *names);
		if (v != NULL)
			(void)json_object_set(o, *names, v);
	}
	if (u->screen_unknown)
		set_unknown(o, "skjerming");
	if (u->grade_unknown)
		set_unknown(o, "gradering");
	return o;
}

static const struct sl_unit *
above(const struct sl_unit *u, enum sl_kind kind)
{
	for (u = u->up; u != NULL && u->kind != kind; u = u->up)
		;
	return u;
}

static json_t *
record_of(const struct sl_unit *u)
{
	const struct sl_unit *sak = above(u, SL_KIND_mappe);
	const struct sl_unit *klasse = above(u, SL_KIND_klasse);
	json_t *o = json_object(), *post = some_of(u, of_post);

	(void)json_object_set_new(post, "systemID", json_string(u->id));
	(void)json_object_set_new(o, "post", post);
	if (sak != NULL)
		(void)json_object_set_new(o, "sak", some_of(sak, of_case));
	if (klasse != NULL)
		(void)json_object_set_new(
		    o, "klasse", some_of(klasse, of_class));
	return o;
}

static int64_t
number_of(const json_t *fields, const char *name)
{
	const json_t *v = json_object_get(fields, name);

	return json_is_integer(v) ? json_integer_value(v) : INT64_MAX;
}

static int32_t
day_of(const struct sl_posts *p, const json_t *fields)
{
	const char *s = json_string_value(json_object_get(fields,
	    p->by_assessed ? "offentlighetsvurdertDato" : "journaldato"));
	char day[11];

	return s != NULL && sl_date_text(s, day) ? (int32_t)sl_day_read(day)
						 : -1;
}

/* A status that is not known is none of these. */
static bool
is_journaled(const json_t *fields)
{
	const json_t *v = json_object_get(fields, "journalstatus");
	const char *kode =
	    v != NULL ? sl_code_kode(SL_LIST_journalstatus, v) : "";

	return *kode != '\0' && kode[1] == '\0' &&
	       strchr("JEAU", *kode) != NULL;
}

enum sl_rc
sl_posts_add(struct sl_posts *p, const struct sl_unit *u, struct sl_err *err)
{
	json_t *o = record_of(u);
	char *s = json_dumps(o, JSON_COMPACT);
	size_t n = s != NULL ? strlen(s) : 0;
	struct sl_post_at *at;
	bool bad, graded = sl_is_graded(json_object_get(o, "post")) ||
			   sl_is_graded(json_object_get(o, "sak"));

	json_decref(o);
	p->at = sl_grow(p->at, &p->cap, p->n + 1, sizeof(*p->at));
	at = &p->at[p->n++];
	at->year = number_of(u->fields, "journalaar");
	at->seq = number_of(u->fields, "journalsekvensnummer");
	at->off = p->size;
	at->day = day_of(p, u->fields);
	at->journaled = is_journaled(u->fields);
	at->graded = graded;
	bad =
	    s == NULL || fwrite(s, 1, n, p->f) != n || fputc('\n', p->f) == EOF;
	p->size += n + 1;
	free(s);
	if (!bad)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, errno, "disk_error",
	    "a temporary file cannot be written");
}

static int
by_number(const void *pa, const void *pb)
{
	const struct sl_post_at *a = pa, *b = pb;

	if (a->year != b->year)
		return a->year < b->year ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return a->off < b->off ? -1 : a->off > b->off;
}

enum sl_rc
sl_posts_sort(struct sl_posts *p, struct sl_err *err)
{
	if (fflush(p->f) != 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "a temporary file cannot be written");
	if (p->n > 0)
		qsort(p->at, p->n, sizeof(*p->at), by_number);
	return SL_OK;
}

bool
sl_posts_takes(const struct sl_posts *p, size_t i, bool public,
    int64_t from_day, int64_t to_day)
{
	const struct sl_post_at *at = &p->at[i];

	return at->journaled && at->day >= from_day && at->day <= to_day &&
	       !(p->by_assessed && at->day < 0) && !(public && at->graded);
}

uint64_t
sl_posts_unassessed(const struct sl_posts *p, bool public)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < p->n && p->by_assessed; i++)
		n += p->at[i].journaled && p->at[i].day < 0 &&
		     !(public && p->at[i].graded);
	return n;
}

uint64_t
sl_posts_unjournaled(const struct sl_posts *p, int64_t from_day, int64_t to_day)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < p->n; i++)
		n += !p->at[i].journaled && p->at[i].day >= from_day &&
		     p->at[i].day <= to_day;
	return n;
}

enum sl_rc
sl_posts_read(struct sl_posts *p, size_t i, json_t **ret, struct sl_err *err)
{
	json_t *o = NULL;

	if (fseeko(p->f, (off_t)p->at[i].off, SEEK_SET) == 0)
		o = json_loadf(p->f, JSON_DISABLE_EOF_CHECK, NULL);
	*ret = o;
	if (o != NULL)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, errno, "disk_error",
	    "a temporary file cannot be read back");
}
