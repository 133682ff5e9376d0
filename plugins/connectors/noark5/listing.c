/* All of a kind, page by page: case files, and the journal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "n5.h"

typedef int emit_fn(struct sluse_session *s, const json_t *row);

/* One page of the list; *ret_next (the caller's) is where it goes on. */
static int
one_page(struct sluse_session *s, const char *url, const char *what,
    emit_fn *emit, struct n5_rows *all, char **ret_next, struct sluse_why *why)
{
	json_t *page = NULL;
	const json_t *rows, *row;
	size_t i;
	int v = n5_get(s, url, what, &page, why);

	*ret_next = NULL;
	if (v == 0)
		v = n5_is_list(page, what, why);
	if (v == 0)
		*ret_next = n5_anew(page, url, all);
	rows = v == 0 && *ret_next == NULL ? json_object_get(page, "results")
					   : NULL;
	json_array_foreach(rows, i, row)
	{
		if (v == 0 && emit(s, row) != 0)
			v = n5_why(why, SLUSE_LATER, "target_down", "stopped");
	}
	all->n += i;
	if (v == 0 && i > 0)
		*ret_next = n5_next(page);
	if (v == 0 && *ret_next == NULL)
		v = n5_is_whole(page, all, what, why);
	json_decref(page);
	return v;
}

/* Every row of the list at url (taken over; NULL: no such relation). */
static int
each_row(struct sluse_session *s, char *url, const char *what, emit_fn *emit,
    struct sluse_why *why)
{
	struct n5_rows all = {0};
	char *next;
	int v = 0;

	if (url == NULL)
		return n5_why(why, SLUSE_REFUSED, "target_refused",
		    "no list of %s is offered", what);
	while (v == 0 && url != NULL) {
		if (all.n > 0 && s->h->cancelled(s->h->host))
			v = n5_why(why, SLUSE_LATER, "target_down", "stopped");
		else
			v = one_page(s, url, what, emit, &all, &next, why);
		free(url);
		url = v == 0 ? next : NULL;
	}
	return v == 0 ? SLUSE_DELIVERED : v;
}

static char *
filtered(const char *url, const char *filter)
{
	return filter == NULL || url == NULL
		   ? NULL
		   : n5_with_query(url, "$filter", filter);
}

static int
emit_case(struct sluse_session *s, const json_t *row)
{
	struct sluse_case c = {.size = sizeof(c)};
	char number[64];
	int64_t year = n5_number(row, "saksaar");

	(void)snprintf(number, sizeof(number), "%lld/%lld", (long long)year,
	    (long long)n5_number(row, "sakssekvensnummer"));
	c.number = year > 0 ? number : n5_text(row, "mappeID");
	c.title = n5_text(row, "tittel");
	c.status = n5_code(row, "saksstatus");
	c.unit = n5_text(row, "administrativEnhet");
	c.target_key = n5_text(row, "systemID");
	return s->h->emit_case(s->h->host, &c);
}

int
n5_sync_cases(struct sluse_session *s, struct sluse_why *why)
{
	const char *filter = n5_config(s, "case_filter", NULL);
	char *href, *url;
	int v = n5_ready(s, why);

	if (v != 0)
		return v;
	href = n5_href(s->sakarkiv, N5_SAK "saksmappe/");
	url = filtered(href, filter);
	if (url != NULL)
		free(href);
	return each_row(
	    s, url != NULL ? url : href, "saksmappe", emit_case, why);
}

/* Of a registreringsID "2026/211-8"; "" where it has another form. */
static void
case_of_number(const char *number, char *out, size_t cap)
{
	const char *dash = number != NULL ? strrchr(number, '-') : NULL;
	size_t n = dash != NULL ? (size_t)(dash - number) : 0;

	out[0] = '\0';
	if (n == 0 || n >= cap || memchr(number, '/', n) == NULL)
		return;
	memcpy(out, number, n);
	out[n] = '\0';
}

static int
emit_post(struct sluse_session *s, const json_t *row)
{
	struct sluse_journal_post p = {.size = sizeof(p)};
	const char *own = n5_config(s, "own_key_field", N5_OWN_KEY);
	char number[64];

	p.target_key = n5_text(row, "systemID");
	p.own_key =
	    strchr(own, ':') == NULL
		? n5_text(row, own)
		: n5_text(json_object_get(row, "virksomhetsspesifikkeMetadata"),
		      own);
	p.number = n5_text(row, "registreringsID");
	case_of_number(p.number, number, sizeof(number));
	p.case_number = number;
	p.year = n5_number(row, "journalaar");
	p.sequence = n5_number(row, "journalsekvensnummer");
	p.type = n5_code(row, "journalposttype");
	p.status = n5_code(row, "journalstatus");
	p.title = n5_text(row, "tittel");
	p.public_title = n5_text(row, "offentligTittel");
	p.access =
	    n5_code(json_object_get(row, "skjerming"), "tilgangsrestriksjon");
	p.received = n5_text(row, "mottattDato");
	p.document_date = n5_text(row, "dokumentetsDato");
	p.journal_date = n5_text(row, "journaldato");
	p.attachments = json_is_integer(json_object_get(row, "antallVedlegg"))
			    ? n5_number(row, "antallVedlegg")
			    : -1;
	return s->h->emit_post(s->h->host, &p);
}

/* text with each name as the first n bytes of day; frees text. */
static char *
put_day(char *text, const char *name, const char *day, int n)
{
	const char *at;
	char *old = text;

	while (text != NULL && (at = strstr(text, name)) != NULL) {
		text = n5_printf("%.*s%.*s%s", (int)(at - old), old, n, day,
		    at + strlen(name));
		free(old);
		old = text;
	}
	return text;
}

/* The filter with {day} and {year} of it in place; the caller frees. */
static char *
with_day(const char *filter, const char *day)
{
	return put_day(
	    put_day(strdup(filter), "{day}", day, 10), "{year}", day, 4);
}

int
n5_list_journal(
    struct sluse_session *s, const char *since, struct sluse_why *why)
{
	char *href, *url, *filter;
	int v = n5_ready(s, why);

	if (v != 0)
		return v;
	href = n5_href(s->sakarkiv, N5_SAK "journalpost/");
	filter = with_day(
	    n5_config(s, "journal_filter", "opprettetDato ge {day}"), since);
	url = filtered(href, filter);
	free(filter);
	free(href);
	return each_row(s, url, "journalpost", emit_post, why);
}
