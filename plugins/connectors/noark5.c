/*
 * The connector's table. Manual: sluse-connector-noark5(7).
 */
#include <stdlib.h>
#include <string.h>

#include "noark5/harvest.h"

static const char *const keys[] = {"user", "password_name", "client_id",
    "client_secret_name", "token_endpoint", "own_key_field", "reception_field",
    "closed_statuses", "document_type", "remark_type", "access_authority",
    "access_metadata", "unknown_correspondent", "create_cases", "series",
    "case_status", "case_unit", "case_filter", "journal_filter", "read_back",
    NULL};

/* Of virksomhetsspesifikkeMetadata, or the one of all that is free text. */
static int
is_field(const char *name)
{
	return strchr(name, ':') != NULL || strcmp(name, "beskrivelse") == 0;
}

static int
open_session(const struct sluse_connector_host *host,
    struct sluse_session **ret, struct sluse_why *why)
{
	struct sluse_session *s = calloc(1, sizeof(*s));
	const char *v, *own;

	if (s == NULL)
		return n5_why(why, -1, "config_invalid", "out of memory");
	s->h = host;
	s->bulk = -1;
	v = n5_config(s, "read_back", "metadata");
	if (strcmp(v, "metadata") != 0 && strcmp(v, "bytes") != 0) {
		free(s);
		return n5_why(why, -1, "config_invalid",
		    "read_back must be metadata or bytes");
	}
	v = n5_config(s, "unknown_correspondent", "person");
	if (strcmp(v, "person") != 0 && strcmp(v, "unit") != 0) {
		free(s);
		return n5_why(why, -1, "config_invalid",
		    "unknown_correspondent must be person or unit");
	}
	own = n5_config(s, "own_key_field", N5_OWN_KEY);
	v = n5_config(s, "reception_field", "none");
	if (!is_field(own) || (strcmp(v, "none") != 0 && !is_field(v)) ||
	    strcmp(own, v) == 0) {
		free(s);
		return n5_why(why, -1, "config_invalid",
		    "own_key_field and reception_field must be different "
		    "fields of virksomhetsspesifikkeMetadata, or beskrivelse");
	}
	v = n5_config(s, "journal_filter", "{day}");
	if (strstr(v, "{day}") == NULL && strstr(v, "{year}") == NULL) {
		free(s);
		return n5_why(why, -1, "config_invalid",
		    "journal_filter must have {day} or {year} in it: without, "
		    "the whole journal is listed every day");
	}
	*ret = s;
	return 0;
}

/* A search by a key that nobody has: login, relations and the own key's field
 * are all needed for an empty answer. */
static int
check(struct sluse_session *s, struct sluse_why *why)
{
	json_t *jp = NULL;
	int v = n5_ready(s, why);

	if (v == 0)
		v = n5_find_post(s, "sluse-check", &jp, why);
	json_decref(jp);
	return v;
}

static void
close_session(struct sluse_session *s)
{
	n5_forget(s);
	json_decref(s->found);
	free(s);
}

const struct sluse_connector sluse_connector = {
    .abi_major = SLUSE_CONNECTOR_ABI_MAJOR,
    .abi_minor = SLUSE_CONNECTOR_ABI_MINOR,
    .size = sizeof(sluse_connector),
    .name = "noark5",
    .version = SLUSE_VERSION,
    .keys = keys,
    .open = open_session,
    .check = check,
    .find = n5_find,
    .deliver = n5_deliver,
    .sync_cases = n5_sync_cases,
    .create_case = n5_create_case,
    .read_back = n5_read_back,
    .list_journal = n5_list_journal,
    .close = close_session,
    .harvest = n5_harvest,
};
