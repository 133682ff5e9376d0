/*
 * Lists of any length, page by page, and files.
 *
 * FAILURES: what may pass (429, 5xx, a lost connection, half an answer) is
 * tried again as often as the host's pause() allows; everything else ends the
 * walk with a reason. A file that the target fails on again and again is
 * missing, unless it fails on all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harvest.h"

#define SPOILT_MAX 3 /* files in a row */

/* One try more? Keeps *why if not. */
static int
again(struct n5_walk *w, int verdict, int attempt)
{
	const struct sluse_connector_host *h = w->s->h;

	if (verdict != SLUSE_LATER && verdict != SLUSE_DOWN)
		return 0;
	/* What is too large now will be so later. */
	if (w->s->answer_over)
		return 0;
	if (h->pause(h->host, attempt, w->why->retry_after_s) != 0)
		return 0;
	memset(w->why, 0, sizeof(*w->why));
	return 1;
}

static int
leads_nowhere(int verdict, const struct sluse_why *why)
{
	int st = why->http_status;

	return verdict != 0 && (st == 501 || st == 404 || st == 410);
}

static void
note_lack(struct n5_walk *w, const char *what)
{
	size_t n = strlen(w->lacks);

	(void)json_object_set_new(w->dead, what, json_true());
	(void)snprintf(
	    w->lacks + n, sizeof(w->lacks) - n, "%s%s", n > 0 ? " " : "", what);
	memset(w->why, 0, sizeof(*w->why));
}

int
n5_walk_get(struct n5_walk *w, const char *url, const char *what, json_t **ret)
{
	int v, attempt = 0;

	do {
		*ret = NULL;
		v = n5_ready(w->s, w->why);
		if (v == 0)
			v = n5_get(w->s, url, what, ret, w->why);
	} while (v != 0 && again(w, v, ++attempt));
	return v;
}

/* 501 is said of the relation, 404 of this unit alone: it is asked for twice,
 * whatever other units have shown, and only the first one waits. */
int
n5_walk_get_field(
    struct n5_walk *w, const char *url, const char *what, json_t **ret)
{
	int v, attempt = 0, nowhere = 0;

	do {
		*ret = NULL;
		v = n5_ready(w->s, w->why);
		if (v != 0)
			continue;
		v = n5_get_or_none(w->s, url, what, ret, w->why);
		if (leads_nowhere(v, w->why) && w->why->http_status != 501 &&
		    nowhere++ == 0) {
			if (json_object_get(w->dead, what) == NULL) {
				v = SLUSE_LATER;
				continue;
			}
			memset(w->why, 0, sizeof(*w->why));
			v = n5_get_or_none(w->s, url, what, ret, w->why);
		}
		if (leads_nowhere(v, w->why)) {
			note_lack(w, what);
			return 0;
		}
	} while (v != 0 && again(w, v, ++attempt));
	return v;
}

struct list {
	const char *what;
	int units;
	n5_row_fn *fn;
	void *arg;
	struct n5_ids ids;
	json_t *urls; /* of pages, in a list without ids */
	struct n5_rows rows;
};

/* An id that comes again in the same list: the list goes round. */
static int
check_row(struct n5_walk *w, struct list *l, const json_t *row)
{
	struct n5_id id;

	if (!json_is_object(row))
		return n5_why(w->why, SLUSE_REFUSED, "target_error",
		    "%s: a row is no object", l->what);
	if (!l->units)
		return 0;
	if (n5_id_parse(n5_text(row, "systemID"), &id) != 0)
		return n5_why(w->why, SLUSE_REFUSED, "target_error",
		    "%s: a systemID is no UUID", l->what);
	switch (n5_ids_add(&l->ids, &id)) {
	case 0:
		return 0;
	case 1:
		return n5_why(w->why, SLUSE_REFUSED, "target_error",
		    "%s: a row comes twice in one list: it goes round",
		    l->what);
	default:
		return n5_why(w->why, SLUSE_REFUSED, "target_error",
		    "%s: out of memory", l->what);
	}
}

static int
one_row(struct n5_walk *w, struct list *l, const json_t *page, json_t *row)
{
	int64_t count = n5_number(page, "count");
	int v = check_row(w, l, row);

	l->rows.n++;
	if (v == 0 && count > 0 && l->rows.n > (uint64_t)count)
		v = n5_why(w->why, SLUSE_REFUSED, "target_error",
		    "%s: more rows come than the %lld that are counted",
		    l->what, (long long)count);
	if (v == 0 && l->rows.n > (l->units ? N5_UNITS_MAX : N5_LIST_MAX))
		v = n5_why(w->why, SLUSE_REFUSED, "target_error",
		    "%s: the list has too many rows", l->what);
	if (v == 0 && w->s->h->cancelled(w->s->h->host))
		v = n5_why(w->why, SLUSE_LATER, "target_down", "stopped");
	return v == 0 ? l->fn(w, row, l->arg) : v;
}

/* Rows without ids do not tell that a list goes round: its pages do. */
static int
check_next(struct n5_walk *w, struct list *l, const char *url)
{
	if (url == NULL || l->units)
		return 0;
	if (json_object_get(l->urls, url) != NULL)
		return n5_why(w->why, SLUSE_REFUSED, "target_error",
		    "%s: the list goes round", l->what);
	(void)json_object_set_new(l->urls, url, json_true());
	return 0;
}

/* One page; *url moves on, to NULL after the last. */
static int
one_page(struct n5_walk *w, struct list *l, char **url)
{
	json_t *page = NULL, *rows, *row;
	size_t i, held;
	char *anew = NULL;
	int v = !l->units && l->rows.n == 0
		    ? n5_walk_get_field(w, *url, l->what, &page)
		    : n5_walk_get(w, *url, l->what, &page);

	if (v == 0 && page == NULL) {
		free(*url);
		*url = NULL;
		return 0;
	}
	held = w->s->answer_bytes;
	w->held += held;
	if (v == 0)
		v = n5_is_list(page, l->what, w->why);
	if (v == 0 && w->held > N5_HELD_MAX)
		v = n5_why(w->why, SLUSE_REFUSED, "target_error",
		    "%s: the pages are too large", l->what);
	if (v == 0)
		anew = n5_anew(page, *url, &l->rows);
	free(*url);
	*url = anew;
	rows = v == 0 && anew == NULL ? json_object_get(page, "results") : NULL;
	json_array_foreach(rows, i, row)
	{
		if (v == 0)
			v = one_row(w, l, page, row);
	}
	if (v == 0 && json_array_size(rows) > 0)
		*url = n5_next(page);
	if (v == 0)
		v = check_next(w, l, *url);
	if (v == 0 && *url == NULL)
		v = n5_is_whole(page, &l->rows, l->what, w->why);
	w->held -= held;
	json_decref(page);
	return v;
}

int
n5_walk_list(struct n5_walk *w, char *url, const char *what, int units,
    n5_row_fn *fn, void *arg)
{
	struct list l = {.what = what, .units = units, .fn = fn, .arg = arg};
	int v = 0;

	l.ids.seed = w->seed;
	l.urls = json_object();
	while (v == 0 && url != NULL)
		v = one_page(w, &l, &url);
	free(url);
	json_decref(l.urls);
	n5_ids_free(&l.ids);
	return v;
}

/* -- files ------------------------------------------------------------------
 */

/* The same as long as the bytes are: Noark never writes over a file. */
static char *
file_key(const json_t *o)
{
	const char *sum = n5_text(o, "sjekksum");
	char *size =
	    json_dumps(json_object_get(o, "filstoerrelse"), JSON_ENCODE_ANY);
	char *key = n5_printf("%s %s %s", n5_text(o, "systemID"),
	    sum != NULL ? sum : "-", size != NULL ? size : "-");

	free(size);
	return key;
}

/* Says "there is none", where the target may have said so. */
static const char *
no_file(const json_t *object, int verdict, int status)
{
	if (verdict != SLUSE_REFUSED)
		return NULL;
	if (status == 404 || status == 410)
		return status == 404 ? "http_404" : "http_410";
	/* Some cores answer so where no file has come yet. */
	return status == 400 && n5_text(object, "referanseDokumentfil") == NULL
		   ? "http_400"
		   : NULL;
}

/* The target fails on this file, and not on all it is asked for. */
static int
is_spoilt(struct n5_walk *w, int attempt)
{
	const struct sluse_connector_host *h = w->s->h;

	return attempt > 1 && w->why->http_status >= 500 &&
	       w->why->http_status < 600 && !h->cancelled(h->host) &&
	       ++w->spoilt < SPOILT_MAX;
}

static int
fetch(struct n5_walk *w, const json_t *object, const char *url,
    struct sluse_sink *sink, const char **ret_missing)
{
	struct n5_request rq = {.scope = N5_MAKE, /* 404 is an answer */
	    .method = "GET",
	    .url = url,
	    .what = "fil",
	    .accept = "*/*",
	    .sink = sink};
	struct sluse_http_answer a;
	int v, attempt = 0;

	do {
		v = n5_ready(w->s, w->why);
		if (v == 0)
			v = n5_call(w->s, &rq, &a, w->why);
		*ret_missing = no_file(object, v, w->why->http_status);
		if (*ret_missing != NULL) {
			memset(w->why, 0, sizeof(*w->why));
			return 0;
		}
	} while (v != 0 && again(w, v, ++attempt));
	if (v == 0) {
		w->spoilt = 0;
	} else if (w->s->answer_over) {
		v = n5_why(w->why, SLUSE_REFUSED, "limit_document",
		    "fil of %s: larger than --document-max",
		    n5_text(object, "systemID"));
	} else if (is_spoilt(w, attempt)) {
		*ret_missing = "http_5xx";
		memset(w->why, 0, sizeof(*w->why));
		return 0;
	}
	return v;
}

int
n5_walk_file(struct n5_walk *w, const json_t *object,
    struct sluse_sink **ret_sink, const char **ret_missing)
{
	const struct sluse_connector_host *h = w->s->h;
	char *url = n5_href(object, N5_STRUCT "fil/"), *key;
	int have = 0, v = 0;

	*ret_sink = NULL;
	*ret_missing = NULL;
	if (url == NULL) {
		*ret_missing = "no_link";
		return 0;
	}
	key = file_key(object);
	*ret_sink = h->sink(h->host, key != NULL ? key : "", &have);
	free(key);
	if (*ret_sink == NULL)
		v = n5_why(w->why, SLUSE_LATER, "target_down", "stopped");
	else if (have)
		w->spoilt = 0; /* this one it did not fail on */
	else
		v = fetch(w, object, url, *ret_sink, ret_missing);
	if (v == 0 && *ret_missing != NULL)
		*ret_sink = NULL;
	free(url);
	return v;
}
