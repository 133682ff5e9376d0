/*
 * What decides over the post and is another than at the last start: the
 * program, the configuration, the table of formats. Each change is a leaf with
 * the old and the new digest. Who changed a file nobody can tell for certain:
 * its owner stands in the leaf.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../store/heads.h"
#include "engine.h"

#define TABLE_MAX (64u << 20)

/* Compares with what was kept under key; a leaf and a new value if they differ.
 * owner: of the file, -1 where there is none. */
static enum sl_rc
changed(struct sl_engine *e, const char *key, enum sl_event event,
    const char *now, int64_t owner, struct sl_err *err)
{
	char was[128], payload[512], by[40] = "";

	sl_store_meta(e->store, key, was, sizeof(was));
	if (strcmp(was, now) == 0)
		return SL_OK;
	if (owner >= 0)
		(void)snprintf(
		    by, sizeof(by), ",\"owner\":\"uid:%" PRId64 "\"", owner);
	(void)snprintf(payload, sizeof(payload),
	    "{\"old\":\"%s\",\"new\":\"%s\"%s}", was, now, by);
	if (sl_store_log(e->store, event, "-", "slused", payload, 0, 0, err) !=
	    SL_OK)
		return SL_FATAL;
	return sl_store_meta_put(e->store, key, now, err);
}

static int64_t
owner_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_uid : -1;
}

/* The table that sluse-work reads by: the instance's own, else what came with
 * us, which in a build tree lies beside the programs' folder. */
static bool
formats_path(const char *root, char *path, size_t cap)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	(void)snprintf(path, cap, "%s/pronom/table.tsv", root);
	if (access(path, R_OK) == 0)
		return true;
	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash != NULL) {
		*slash = '\0';
		(void)snprintf(path, cap, "%s/../pronom/table.tsv", exe);
		if (access(path, R_OK) == 0)
			return true;
	}
	(void)snprintf(path, cap, "%s/pronom/table.tsv", SLUSE_DATADIR);
	return access(path, R_OK) == 0;
}

static enum sl_rc
formats(struct sl_engine *e, struct sl_err *err)
{
	SL_BUF struct sl_buf table = {.max = TABLE_MAX};
	char path[PATH_MAX + 64], hex[SL_SHA256_HEX + 1];
	struct sl_digest d;

	if (!formats_path(e->root, path, sizeof(path)) ||
	    sl_read_file(AT_FDCWD, path, TABLE_MAX, &table, err) != SL_OK)
		return SL_OK; /* sluse-work says what is wrong with it */
	sl_sha256(sl_buf_str(&table), table.n, &d);
	sl_digest_hex(&d, hex);
	return changed(
	    e, "formats", SL_EVENT_formats_changed, hex, owner_of(path), err);
}

enum sl_rc
sl_changes_made(struct sl_engine *e, struct sl_err *err)
{
	const char *name = e->cfg->instance.name;
	SL_BUF struct sl_buf b = {0};

	if (sl_store_tree(e->store)->size > 0)
		return SL_OK;
	sl_buf_printf(&b, "{\"schema\":%d,\"name\":", SL_SCHEMA_VERSION);
	sl_text_json(&b, name, strlen(name));
	sl_buf_add_char(&b, '}');
	return sl_store_log(e->store, SL_EVENT_instance_made, "-", "slused",
	    sl_buf_str(&b), 0, 0, err);
}

/* How long it was away, as far as the last leaf tells. */
static void
add_away(struct sl_engine *e, struct sl_buf *b)
{
	int event;
	int64_t last = sl_store_before(e->store, &event),
		away = sl_clock_utc_ms() - last;
	const char *ended =
	    event == SL_EVENT_program_stopped ? "in_order" : "broken_off";

	if (last == 0)
		return;
	if (away >= 0)
		sl_buf_printf(b, ",\"away_ms\":%" PRId64, away);
	sl_buf_printf(b, ",\"ended\":\"%s\"", ended);
	sl_log(SL_LOG_NOTICE, "engine",
	    "was away ms=\"%" PRId64 "\" ended=\"%s\"", away, ended);
}

enum sl_rc
sl_changes_stop(struct sl_engine *e, struct sl_err *err)
{
	char payload[64];

	(void)snprintf(payload, sizeof(payload), "{\"signal\":\"%s\"}",
	    e->signal != NULL ? e->signal : "");
	if (sl_store_log(e->store, SL_EVENT_program_stopped, "-", "slused",
		payload, 0, 0, err) != SL_OK)
		return SL_FATAL;
	/* Its own failure is noted there. */
	(void)sl_engine_commit(e);
	return SL_OK;
}

enum sl_rc
sl_changes_log(struct sl_engine *e, struct sl_err *err)
{
	SL_FREE char *conf = sl_asprintf("%s/sluse.conf", e->root);
	SL_BUF struct sl_buf payload = {0};
	char hex[SL_SHA256_HEX + 1];

	sl_digest_hex(&e->cfg->digest, hex);
	sl_buf_printf(&payload, "{\"build\":\"%s\",\"configuration\":\"%s\"",
	    sl_build_id(), hex);
	add_away(e, &payload);
	sl_buf_add_char(&payload, '}');
	if (sl_store_log(e->store, SL_EVENT_program_started, "-", "slused",
		sl_buf_str(&payload), 0, 0, err) != SL_OK ||
	    changed(e, "build", SL_EVENT_program_changed, sl_build_id(), -1,
		err) != SL_OK ||
	    changed(e, "configuration", SL_EVENT_configuration_changed, hex,
		owner_of(conf), err) != SL_OK)
		return SL_FATAL;
	return formats(e, err);
}
