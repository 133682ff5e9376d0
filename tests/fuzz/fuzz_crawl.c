/*
 * The walk of connector noark5 through whatever a target shows. A line of the
 * input is a page: its URL, a space, its body. The walk ends, and what it hands
 * on holds: a unit after the one it lies below, an object in each.
 */
#include <dlfcn.h>
#include <jansson.h>

#include "../../plugins/connector.h"
#include "fuzz.h"

#define REQUESTS_MAX 100000 /* a page may be met once as each of its rows */

static char *pages;
static json_t *met;
static unsigned requests;

static const char *
config(void *host, const char *key)
{
	(void)host;
	return strcmp(key, "base_url") == 0 ? "r" : NULL;
}

static const char *
secret(void *host, const char *name)
{
	(void)host;
	(void)name;
	return NULL;
}

static int
http(void *host, const struct sluse_http_request *rq,
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
sink(void *host, const char *key, int *ret_have)
{
	(void)host;
	FUZZ_CHECK(strlen(key) > 36);
	*ret_have = 0;
	return (struct sluse_sink *)(void *)&pages;
}

static int
emit_unit(void *host, const struct sluse_unit *u)
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
no_pause(void *host, int attempt, int retry_after_s)
{
	(void)host;
	(void)retry_after_s;
	return attempt > 1;
}

static int64_t
now_ms(void *host)
{
	(void)host;
	return 1;
}

static void
uuid(void *host, char *out)
{
	(void)host;
	memcpy(out, "5f0c2c0e-0000-4000-8000-0000000000aa", 37);
}

static int
cancelled(void *host)
{
	(void)host;
	return 0;
}

static const struct sluse_connector_host host = {
    .abi_major = SLUSE_CONNECTOR_ABI_MAJOR,
    .abi_minor = SLUSE_CONNECTOR_ABI_MINOR,
    .size = sizeof(host),
    .config = config,
    .secret = secret,
    .http = http,
    .now_ms = now_ms,
    .uuid = uuid,
    .cancelled = cancelled,
    .sink = sink,
    .emit_unit = emit_unit,
    .pause = no_pause};

static const struct sluse_connector *
connector(void)
{
	static const struct sluse_connector *c;

	if (c == NULL) {
		void *so = dlopen(SLUSE_BUILD "/plugins/connectors/noark5.so",
		    RTLD_NOW | RTLD_LOCAL);

		FUZZ_CHECK(so != NULL);
		c = dlsym(so, "sluse_connector");
	}
	return c;
}

/* The first byte says how the harvest is narrowed. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sluse_range r = {.size = sizeof(r)};
	struct sluse_session *s = NULL;
	struct sluse_why why = {0};

	if (n == 0)
		return 0;
	r.from = p[0] & 1 ? "2020-01-01" : NULL;
	r.to = p[0] & 2 ? "2020-12-31" : NULL;
	r.series = p[0] & 4 ? "00000000-0000-4000-8000-000000000002" : NULL;
	pages = fuzz_text(p + 1, n - 1);
	met = json_object();
	requests = 0;
	FUZZ_CHECK(connector()->open(&host, &s, &why) == 0);
	if (connector()->harvest(s, &r, &why) != SLUSE_DELIVERED)
		FUZZ_CHECK(why.text[0] != '\0' && why.reason[0] != '\0');
	connector()->close(s);
	json_decref(met);
	free(pages);
	return 0;
}
