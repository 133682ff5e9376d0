/*
 * A host for the walk of connector noark5. Who includes this has the pages and
 * looks at what comes: http, sink, emit_unit and pause are his.
 */
#ifndef WALK_HOST_H
#define WALK_HOST_H

#include <dlfcn.h>
#include <string.h>

#include "../../plugins/connector.h"

#define WALK_ROOT "r" /* the URL that the walk begins at */

static int walk_http(void *host, const struct sluse_http_request *rq,
    struct sluse_http_answer *ret);
static struct sluse_sink *walk_sink(void *host, const char *key, int *ret_have);
static int walk_unit(void *host, const struct sluse_unit *u);
static int walk_pause(void *host, int attempt, int retry_after_s);

static const char *
walk_config(void *host, const char *key)
{
	(void)host;
	return strcmp(key, "base_url") == 0 ? WALK_ROOT : NULL;
}

static const char *
walk_secret(void *host, const char *name)
{
	(void)host;
	(void)name;
	return NULL;
}

static int64_t
walk_now_ms(void *host)
{
	(void)host;
	return 1;
}

static void
walk_uuid(void *host, char *out)
{
	(void)host;
	memcpy(out, "5f0c2c0e-0000-4000-8000-0000000000aa", 37);
}

static int
walk_cancelled(void *host)
{
	(void)host;
	return 0;
}

static const struct sluse_connector_host walk_host = {
    .abi_major = SLUSE_CONNECTOR_ABI_MAJOR,
    .abi_minor = SLUSE_CONNECTOR_ABI_MINOR,
    .size = sizeof(walk_host),
    .config = walk_config,
    .secret = walk_secret,
    .http = walk_http,
    .now_ms = walk_now_ms,
    .uuid = walk_uuid,
    .cancelled = walk_cancelled,
    .sink = walk_sink,
    .emit_unit = walk_unit,
    .pause = walk_pause};

/* NULL: it cannot be loaded; dlerror() says why. */
static const struct sluse_connector *
walk_connector(void)
{
	static const struct sluse_connector *c;
	void *so;

	if (c == NULL) {
		so = dlopen(SLUSE_BUILD "/plugins/connectors/noark5.so",
		    RTLD_NOW | RTLD_LOCAL);
		if (so != NULL)
			c = dlsym(so, "sluse_connector");
	}
	return c;
}

/* What the connector says; why may be looked at afterwards. -1: it does not
 * open. */
static int
walk_harvest(const struct sluse_range *r, struct sluse_why *why)
{
	const struct sluse_connector *c = walk_connector();
	struct sluse_session *s = NULL;
	int verdict;

	if (c == NULL || c->open(&walk_host, &s, why) != 0)
		return -1;
	verdict = c->harvest(s, r, why);
	c->close(s);
	return verdict;
}

#endif
