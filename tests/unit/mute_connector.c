/*
 * A connector that says of every post that the target has it, and not where.
 */
#include <stdlib.h>

#include "../../plugins/connector.h"

struct sluse_session {
	int nothing;
};

static const char *const keys[] = {NULL};

static int
open_session(const struct sluse_connector_host *host,
    struct sluse_session **ret, struct sluse_why *why)
{
	(void)host;
	(void)why;
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? 0 : -1;
}

static int
check(struct sluse_session *s, struct sluse_why *why)
{
	(void)s;
	(void)why;
	return 0;
}

static int
deliver(struct sluse_session *s, const struct sluse_post *p, char *receipt,
    size_t size, struct sluse_why *why)
{
	(void)s;
	(void)p;
	(void)receipt;
	(void)size;
	(void)why;
	return SLUSE_DELIVERED;
}

static void
close_session(struct sluse_session *s)
{
	free(s);
}

const struct sluse_connector sluse_connector = {
    .abi_major = SLUSE_CONNECTOR_ABI_MAJOR,
    .abi_minor = SLUSE_CONNECTOR_ABI_MINOR,
    .size = sizeof(sluse_connector),
    .name = "mute",
    .version = "1",
    .keys = keys,
    .open = open_session,
    .check = check,
    .deliver = deliver,
    .close = close_session,
};
