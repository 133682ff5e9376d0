/* Case files: look-up and making. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "n5.h"

#define OWN_FIELD n5_config(s, "own_key_field", N5_OWN_KEY)

/* n digits, at most 8. */
static long
number(const char *s, size_t n)
{
	long v = 0;

	while (n-- > 0)
		v = v * 10 + (*s++ - '0');
	return v;
}

/* "2026/211", "26/211", "2026-211". */
static int
parse_number(const char *text, int *ret_year, long *ret_seq)
{
	size_t n = strspn(text, "0123456789"), k;

	if ((n != 4 && n != 2) || (text[n] != '/' && text[n] != '-'))
		return -1;
	k = strspn(text + n + 1, "0123456789");
	if (k == 0 || k > 8 || text[n + 1 + k] != '\0')
		return -1;
	*ret_year = (int)number(text, n) + (n == 2 ? 2000 : 0);
	*ret_seq = number(text + n + 1, k);
	return 0;
}

int
n5_case_is_closed(struct sluse_session *s, const json_t *sak)
{
	const char *status = n5_code(sak, "saksstatus");
	const char *list = n5_config(s, "closed_statuses", "A U");
	char *new_post = n5_href(sak, N5_SAK "ny-journalpost/");
	int closed = new_post == NULL; /* krav 5.4.7: the link is gone */
	size_t n;

	free(new_post);
	for (; status != NULL && *list != '\0'; list += n) {
		list += strspn(list, " ,");
		n = strcspn(list, " ,");
		if (n > 0 && n == strlen(status) &&
		    strncmp(list, status, n) == 0)
			closed = 1;
	}
	return closed;
}

/* The cases that filter finds; at most 2. */
static int
search(struct sluse_session *s, const char *filter, json_t **ret,
    struct sluse_why *why)
{
	char *href = n5_href(s->sakarkiv, N5_SAK "saksmappe/");
	int v = n5_list(s, href, "saksmappe", filter, 2, ret, why);

	free(href);
	return v;
}

static int
known_case(struct sluse_session *s, const char *number, json_t **ret,
    struct sluse_why *why)
{
	json_t *rows = NULL;
	char *filter;
	int year, v;
	long seq;

	if (parse_number(number, &year, &seq) != 0)
		return n5_why(why, SLUSE_HOLD, "unknown_case",
		    "this is not a case number of the target");
	filter =
	    n5_printf("saksaar eq %d and sakssekvensnummer eq %ld", year, seq);
	v = search(s, filter, &rows, why);
	free(filter);
	if (v == 0 && json_array_size(rows) == 0)
		v = n5_why(why, SLUSE_HOLD, "unknown_case",
		    "the target has no case %d/%ld", year, seq);
	else if (v == 0 && json_array_size(rows) > 1)
		v = n5_why(why, SLUSE_HOLD, "several_cases",
		    "the target has more than one case %d/%ld", year, seq);
	else if (v == 0 && n5_case_is_closed(s, json_array_get(rows, 0)))
		v = n5_why(why, SLUSE_HOLD, "case_closed",
		    "case %d/%ld is closed", year, seq);
	if (v == 0)
		*ret = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return v;
}

/* href that makes a case in the series of the configuration, or in the only
 * one. */
static int
series_href(struct sluse_session *s, char **ret, struct sluse_why *why)
{
	char *href = n5_href(s->structure, N5_STRUCT "arkivdel/");
	const char *want = n5_config(s, "series", NULL), *title;
	const json_t *row, *hit = NULL;
	json_t *rows = NULL;
	size_t i, hits = 0;
	int v = n5_list(s, href, "arkivdel", NULL, 1000, &rows, why);

	free(href);
	if (v != 0)
		return v;
	json_array_foreach(rows, i, row)
	{
		title = n5_text(row, "tittel");
		if (want != NULL && (title == NULL || strcmp(title, want) != 0))
			continue;
		hit = row;
		hits++;
	}
	*ret = hits == 1 ? n5_href(hit, N5_SAK "ny-saksmappe/") : NULL;
	json_decref(rows);
	return *ret != NULL
		   ? 0
		   : n5_why(why, SLUSE_HOLD, "new_case_asked",
			 "%zu series fit a new case (see series)", hits);
}

static int
make_case(struct sluse_session *s, const json_t *wanted, const char *key,
    json_t **ret, struct sluse_why *why)
{
	const char *unit = n5_text(wanted, "enhet");
	const char *fallback = n5_config(s, "case_unit", "Arkiv");
	char *href = NULL;
	json_t *body;
	int v = series_href(s, &href, why);

	if (v != 0)
		return v;
	body = json_pack("{s:s, s:o}", "tittel", n5_text(wanted, "tittel"),
	    "saksstatus", n5_kode(n5_config(s, "case_status", "B")));
	if (strcmp(fallback, "none") != 0)
		(void)json_object_set_new(body, "administrativEnhet",
		    json_string(unit != NULL ? unit : fallback));
	n5_put_own(body, OWN_FIELD, key);
	v = n5_post(s, href, "saksmappe", body, ret, why);
	json_decref(body);
	free(href);
	return v;
}

/* The own key stands on the case too, so that a lost reply makes no second. */
int
n5_find_new_case(struct sluse_session *s, const char *own_key, json_t **ret,
    struct sluse_why *why)
{
	char *key = n5_printf("%s/sak", own_key);
	char *filter = n5_equals(OWN_FIELD, key);
	json_t *rows = NULL;
	int v = search(s, filter, &rows, why);

	*ret = NULL;
	free(filter);
	free(key);
	if (v == 0 && json_array_size(rows) > 1)
		v = n5_why(why, SLUSE_HOLD, "target_mismatch",
		    "several cases with our key");
	if (v == 0)
		*ret = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return v;
}

static int
new_case(struct sluse_session *s, const json_t *wanted, const char *own_key,
    int look, int ask, json_t **ret, struct sluse_why *why)
{
	char *key;
	int v = look ? n5_find_new_case(s, own_key, ret, why) : 0;

	if (v != 0 || *ret != NULL)
		return v;
	if (ask)
		return n5_why(why, SLUSE_NOT_FOUND, "target_unknown",
		    "saksmappe: not there so far");
	key = n5_printf("%s/sak", own_key);
	v = make_case(s, wanted, key, ret, why);
	free(key);
	return v;
}

int
n5_case_of(struct sluse_session *s, const struct sluse_post *p,
    const json_t *post, json_t **ret, struct sluse_why *why)
{
	const char *number = n5_text(post, "saksnummer");
	const json_t *wanted = json_object_get(post, "nySak");
	int look = p->attempt > 1 || p->uncertain || p->steps_count > 0, v;
	const char *key;
	size_t i;

	*ret = NULL;
	if (number != NULL)
		return known_case(s, number, ret, why);
	if (wanted == NULL || !n5_config_yes(s, "create_cases"))
		return n5_why(why, SLUSE_HOLD, "new_case_asked",
		    "making cases is not allowed (see create_cases)");
	v = new_case(s, wanted, p->own_key, look, p->ask, ret, why);
	if (v != 0)
		return v;
	for (i = 0; i < p->steps_count; i++)
		if (strcmp(p->steps[i].step, "saksmappe") == 0)
			return 0;
	key = n5_text(*ret, "systemID");
	if (s->h->checkpoint(s->h->host, "saksmappe", key) == 0)
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return n5_why(why, SLUSE_LATER, "target_unknown", "stopped");
}

int
n5_create_case(struct sluse_session *s, const char *case_json, char *receipt,
    size_t receipt_size, struct sluse_why *why)
{
	json_t *wanted = json_loads(case_json, 0, NULL), *sak = NULL;
	const char *key = n5_text(wanted, "ownKey"), *number;
	int v;

	if (key == NULL || n5_text(wanted, "tittel") == NULL) {
		json_decref(wanted);
		return n5_why(why, SLUSE_REFUSED, "target_refused",
		    "a case needs ownKey and tittel");
	}
	v = n5_ready(s, why);
	if (v == 0)
		v = new_case(s, wanted, key, 1, 0, &sak, why);
	if (v == 0) {
		number = n5_text(sak, "mappeID");
		(void)snprintf(receipt, receipt_size,
		    "{\"id\":\"%s\",\"number\":\"%s\"}",
		    n5_text(sak, "systemID"), number != NULL ? number : "");
		v = SLUSE_DELIVERED;
	}
	json_decref(sak);
	json_decref(wanted);
	return v;
}
