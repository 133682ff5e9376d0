/*
 * Writing a journal as XML.
 */
#include "journalxml.h"

#include <string.h>

#include "../base/clock.h"

#define NS "http://www.arkivverket.no/standarder/noark5/"

const char *
sl_journal_root(bool public)
{
	return public ? "offentligJournal" : "loependeJournal";
}

const char *
sl_journal_ns(bool public)
{
	return public ? NS "offentligJournal" : NS "loependeJournal";
}

uint64_t
sl_journal_count(
    const struct sl_journal *j, int64_t *ret_first, int64_t *ret_last)
{
	const struct sl_posts *p = j->posts;
	uint64_t n = 0;
	size_t i;

	*ret_first = *ret_last = -1;
	for (i = 0; i < p->n; i++) {
		if (!sl_posts_takes(
			p, i, j->screen.public, j->from_day, j->to_day))
			continue;
		if (n++ == 0 || p->at[i].day < *ret_first)
			*ret_first = p->at[i].day;
		if (p->at[i].day > *ret_last)
			*ret_last = p->at[i].day;
	}
	return n;
}

/* Noon, so that it is that day in Norway. */
static void
show_day(int64_t day, char *out, size_t cap)
{
	sl_clock_format_day(
	    day * INT64_C(86400000) + INT64_C(43200000), out, cap);
}

static void
write_head(struct sl_journal *j, struct sl_writer *w)
{
	json_t *o = json_object();
	char first[12] = "", last[12] = "";
	int64_t first_day, last_day;
	uint64_t n = sl_journal_count(j, &first_day, &last_day);

	if (n > 0) {
		show_day(first_day, first, sizeof(first));
		show_day(last_day, last, sizeof(last));
	}
	(void)json_object_set_new(o, "journalStartDato",
	    json_string(j->from != NULL ? j->from : first));
	(void)json_object_set_new(
	    o, "journalSluttDato", json_string(j->to != NULL ? j->to : last));
	if (j->selection != NULL)
		(void)json_object_set_new(
		    o, "seleksjon", json_string(j->selection));
	(void)json_object_set_new(
	    o, "antallJournalposter", json_integer((json_int_t)n));
	(void)json_object_set(o, "arkivskaper", j->creators);
	sl_write_group(w, "journalhode", SL_GROUP_journalhode, o);
	json_decref(o);
}

enum sl_rc
sl_journal_write(struct sl_journal *j, struct sl_xmlout *o, struct sl_err *err)
{
	struct sl_writer w = {.w = o->w};
	enum sl_rc rc = SL_OK;
	json_t *record, *view;
	int64_t day;
	size_t i;

	write_head(j, &w);
	for (i = 0; rc == SL_OK && i < j->posts->n; i++) {
		if (!sl_posts_takes(
			j->posts, i, j->screen.public, j->from_day, j->to_day))
			continue;
		rc = sl_posts_read(j->posts, i, &record, err);
		if (rc != SL_OK)
			break;
		view = sl_post_view(&j->screen, record, &day);
		if (view != NULL)
			sl_write_group(&w, "journalregistrering",
			    SL_GROUP_journalregistrering, view);
		json_decref(view);
		json_decref(record);
	}
	if (rc == SL_OK && w.failed)
		rc = sl_err_set(err, SL_FATAL, 0, "disk_error",
		    "the journal cannot be written");
	return rc;
}
