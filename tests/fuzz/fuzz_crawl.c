/*
 * The walk of connector noark5 through whatever a target shows. A line of the
 * input is a page: its URL, a space, its body. The walk ends, and what it hands
 * on holds: a unit after the one it lies below, an object in each.
 */
#include <jansson.h>

#include "../unit/walk_host.h"
#include "fuzz.h"

#define REQUESTS_MAX 100000 /* a page may be met once as each of its rows */

static char *pages;
static json_t *met;
static unsigned requests;

static int
walk_http(void *host, const struct sluse_http_request *rq,
    struct sluse_http_answer *ret)
{
	const char *line = pages;
	size_t n = strlen(rq->url);

	(void)host;
	FUZZ_CHECK(++requests < REQUESTS_MAX);
	memset(ret, 0, sizeof(*ret));
	ret->body = "";
	ret->sent = 1;
	ret->status = 404;
	for (; *line != '\0'; line += strcspn(line, "\n"), line += *line != 0) {
		if (strncmp(line, rq->url, n) != 0 || line[n] != ' ')
			continue;
		ret->status = 200;
		ret->body = line + n + 1;
		ret->body_length = strcspn(ret->body, "\n");
		break;
	}
	return 0;
}

static struct sluse_sink *
walk_sink(void *host, const char *key, int *ret_have)
{
	(void)host;
	FUZZ_CHECK(strlen(key) > 36);
	*ret_have = 0;
	return (struct sluse_sink *)(void *)&pages;
}

static int
walk_unit(void *host, const struct sluse_unit *u)
{
	json_t *o = json_loads(u->fields, 0, NULL);

	(void)host;
	FUZZ_CHECK(json_is_object(o));
	FUZZ_CHECK(strchr(u->fields, '\n') == NULL);
	FUZZ_CHECK(json_object_get(o, "_links") == NULL);
	FUZZ_CHECK(u->id != NULL && strlen(u->id) == 36);
	FUZZ_CHECK(
	    u->parent == NULL || json_object_get(met, u->parent) != NULL);
	FUZZ_CHECK(u->again || json_object_get(met, u->id) == NULL ||
		   strcmp(u->kind, "endring") == 0);
	FUZZ_CHECK(u->bytes >= -1 || strcmp(u->kind, "dokumentobjekt") == 0);
	(void)json_object_set_new(met, u->id, json_true());
	json_decref(o);
	return 0;
}

static int
walk_pause(void *host, int attempt, int retry_after_s)
{
	(void)host;
	(void)retry_after_s;
	return attempt > 1;
}

/* The first byte says how the harvest is narrowed. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sluse_range r = {.size = sizeof(r)};
	struct sluse_why why = {0};
	int verdict;

	if (n == 0)
		return 0;
	r.from = p[0] & 1 ? "2020-01-01" : NULL;
	r.to = p[0] & 2 ? "2020-12-31" : NULL;
	r.series = p[0] & 4 ? "00000000-0000-4000-8000-000000000002" : NULL;
	pages = fuzz_text(p + 1, n - 1);
	met = json_object();
	requests = 0;
	verdict = walk_harvest(&r, &why);
	FUZZ_CHECK(verdict >= 0);
	if (verdict != SLUSE_DELIVERED)
		FUZZ_CHECK(why.text[0] != '\0' && why.reason[0] != '\0');
	json_decref(met);
	free(pages);
	return 0;
}
