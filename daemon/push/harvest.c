/*
 * The folder while it is made:
 *   unfinished.jsonl  whose harvest it is, then each document that is whole,
 *                     or was left out
 *   units.jsonl.part  the units of this run; begun anew each time
 *   document.part     the document under way
 *   files/ab/DIGEST   documents that are whole
 *
 * The documents are harvest_docs.c's.
 *
 * FAILURES: one sync of the file system comes before harvest.json.
 */
#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/hash.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "../base/text.h"
#include "harvest_p.h"

#define UNITS "units.jsonl"
#define UNITS_PART "units.jsonl.part"
#define TELL_EVERY 1000 /* units */
#define ID_MAX 128
#define WAIT_MAX_MS 60000
#define WAIT_TOLD_MAX_S 900 /* a target that wants more is given up */

enum sl_rc
sl_harvest_disk_error(struct sl_err *err, const char *what)
{
	return sl_err_set(err, SL_FATAL, errno,
	    errno == ENOSPC || errno == EDQUOT ? "disk_full" : "disk_error",
	    "%s", what);
}

enum sl_rc
sl_harvest_not_ours(struct sl_err *err, const char *why)
{
	return sl_err_set(
	    err, SL_FATAL, 0, "config_invalid", "harvest: %s", why);
}

/* -- opening ------------------------------------------------------------ */

int
sl_harvest_file(const struct sl_harvest *h, const char *name, int more)
{
	return openat(h->dir, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | more, 0600);
}

/* A folder of ours, or an empty one. */
static enum sl_rc
check_dir(struct sl_harvest *h, struct sl_err *err)
{
	if (flock(h->dir, LOCK_EX | LOCK_NB) != 0)
		return sl_harvest_not_ours(
		    err, "another one is under way in the folder");
	if (faccessat(h->dir, "harvest.json", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return sl_harvest_not_ours(
		    err, "the folder holds a finished one; name another");
	if (faccessat(h->dir, SL_HARVEST_UNFINISHED, F_OK,
		AT_SYMLINK_NOFOLLOW) != 0 &&
	    !sl_dir_is_empty(h->dir))
		return sl_harvest_not_ours(
		    err, "the folder holds something else");
	return SL_OK;
}

static enum sl_rc
open_folder(struct sl_harvest *h, const char *dir, struct sl_err *err)
{
	enum sl_rc rc;

	h->dir = sl_make_dir(AT_FDCWD, dir, 0700);
	if (h->dir < 0)
		return sl_harvest_disk_error(err, "harvest: the folder");
	rc = check_dir(h, err);
	if (rc != SL_OK)
		return rc;
	/* First: it says that the folder is ours, whatever comes then. */
	h->known = sl_harvest_file(h, SL_HARVEST_UNFINISHED, O_APPEND);
	h->files = sl_make_dir(h->dir, "files", 0700);
	h->units = sl_harvest_file(h, UNITS_PART, O_TRUNC);
	h->sink.fd = sl_harvest_file(h, SL_HARVEST_DOCUMENT_PART, O_TRUNC);
	if (h->files < 0 || h->known < 0 || h->units < 0 || h->sink.fd < 0)
		return sl_harvest_disk_error(err, "harvest: the folder");
	return sl_harvest_known(h, err);
}

static char *
dup_or_null(const char *s)
{
	return s != NULL ? sl_strdup(s) : NULL;
}

enum sl_rc
sl_harvest_open(const struct sl_harvest_conf *conf, struct sl_harvest **ret,
    struct sl_err *err)
{
	struct sl_harvest *h = sl_alloc(sizeof(*h));
	enum sl_rc rc;

	h->conf = *conf;
	h->target = sl_strdup(conf->target);
	h->connector = sl_strdup(conf->connector);
	h->conf.range.from = h->from = dup_or_null(conf->range.from);
	h->conf.range.to = h->to = dup_or_null(conf->range.to);
	h->conf.range.series = h->series = dup_or_null(conf->range.series);
	h->dir = h->files = h->units = h->known = h->sink.fd = -1;
	h->sink.max = conf->document_max > 0 ? conf->document_max
					     : SL_HARVEST_DOCUMENT_MAX;
	h->line.max = 2 * SL_HARVEST_LINE_MAX;
	h->units_sha = sl_sha256_new();
	h->lacks = json_object();
	rc = open_folder(h, conf->dir, err);
	if (rc == SL_OK)
		*ret = h;
	else
		sl_harvest_free(h);
	return rc;
}

int
sl_harvest_dir(const struct sl_harvest *h)
{
	return h->dir;
}

void
sl_harvest_free(struct sl_harvest *h)
{
	if (h == NULL)
		return;
	sl_cleanup_close(&h->dir);
	sl_cleanup_close(&h->files);
	sl_cleanup_close(&h->units);
	sl_cleanup_close(&h->known);
	sl_cleanup_close(&h->sink.fd);
	sl_sha256_free(h->sink.sha);
	sl_sha256_free(h->units_sha);
	json_decref(h->lacks);
	sl_docset_free(&h->docs);
	sl_docset_free(&h->used);
	sl_docset_free(&h->spoilt);
	sl_buf_free(&h->line);
	free(h->target);
	free(h->connector);
	free(h->from);
	free(h->to);
	free(h->series);
	free(h);
}

/* -- units -------------------------------------------------------------- */

static bool
is_word(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	return s[0] != '\0' && strlen(s) <= 64 &&
	       strspn(s, letters) == strlen(s);
}

/* Fit to be an id, and never a path. */
static bool
is_id(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_:.";

	return s[0] != '\0' && s[0] != '.' && strlen(s) <= ID_MAX &&
	       strspn(s, letters) == strlen(s);
}

static enum sl_rc
bad_unit(struct sl_harvest *h, const char *why)
{
	return sl_err_set(
	    &h->err, SL_FATAL, 0, "target_error", "a unit %s", why);
}

static enum sl_rc
check_unit(struct sl_harvest *h, const struct sluse_unit *u)
{
	size_t n = strlen(u->fields);

	if (!is_word(u->kind) || (u->type != NULL && !is_word(u->type)) ||
	    (u->missing != NULL && !is_word(u->missing)))
		return bad_unit(h, "is of a strange kind");
	if ((u->id != NULL && !is_id(u->id)) ||
	    (u->parent != NULL && !is_id(u->parent)))
		return bad_unit(h, "has an id that cannot be one");
	if (n > SL_HARVEST_LINE_MAX)
		return sl_err_set(&h->err, SL_FATAL, 0, "limit_document",
		    "the fields of a unit (%s) are larger than %u bytes",
		    u->kind, SL_HARVEST_LINE_MAX);
	if (n < 2 || u->fields[0] != '{' || u->fields[n - 1] != '}' ||
	    strchr(u->fields, '\n') != NULL || !sl_utf8_valid(u->fields, n))
		return bad_unit(h, "has fields that are no object");
	return SL_OK;
}

/* Names with spaces between become members; false if one is none. */
static bool
read_lacks(const char *p, json_t *names)
{
	size_t n;

	for (; *p != '\0'; p += n + (p[n] == ' ')) {
		n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz");
		if (n == 0 || n > SLUSE_LACK_MAX ||
		    (p[n] != '\0' && p[n] != ' '))
			return false;
		(void)json_object_setn_new(names, p, n, json_true());
	}
	return true;
}

/* What leads nowhere there: into the line, and counted. */
static enum sl_rc
add_lacks(struct sl_harvest *h, const struct sluse_unit *u)
{
	json_t *names = json_object(), *v;
	const char *name, *before = ",\"lacks\":[";
	bool good = true;

	if (u->size >= offsetof(struct sluse_unit, lacks) + sizeof(u->lacks) &&
	    u->lacks != NULL)
		good = read_lacks(u->lacks, names);
	json_object_foreach(names, name, v)
	{
		v = json_object_get(h->lacks, name);
		(void)json_object_set_new(
		    h->lacks, name, json_integer(json_integer_value(v) + 1));
		sl_buf_printf(&h->line, "%s\"%s\"", before, name);
		before = ",";
	}
	if (json_object_size(names) > 0)
		sl_buf_add_char(&h->line, ']');
	json_decref(names);
	return good && json_object_size(h->lacks) <= SLUSE_LACKS_MAX
		   ? SL_OK
		   : bad_unit(h, "lacks what has no name, or too much");
}

static void
add_text(struct sl_buf *b, const char *name, const char *value)
{
	sl_buf_printf(b, "\"%s\":", name);
	if (value != NULL)
		sl_text_json(b, value, strlen(value));
	else
		sl_buf_add_str(b, "null");
	sl_buf_add_char(b, ',');
}

/* "checksum", "size", or NULL. */
static const char *
difference(struct sl_harvest *h, const struct sluse_unit *u,
    const struct sl_doc *d, const char *sha)
{
	if (u->sha256 != NULL && strcasecmp(u->sha256, sha) != 0) {
		h->checksum_n++;
		return "checksum";
	}
	if (u->bytes >= 0 && (uint64_t)u->bytes != d->size) {
		h->size_n++;
		return "size";
	}
	return NULL;
}

static enum sl_rc
add_document(struct sl_harvest *h, const struct sluse_unit *u)
{
	char sha[SL_SHA256_HEX + 1];
	struct sl_doc d = {.size = 0};
	const char *differs;
	enum sl_rc rc;

	if (u->missing != NULL) {
		h->missing_n++;
		sl_buf_printf(&h->line, ",\"missing\":\"%s\"", u->missing);
	}
	if (u->sink == NULL)
		return h->have_document ? sl_harvest_leave_out(h) : SL_OK;
	if (u->sink != &h->sink || !h->have_document)
		return bad_unit(h, "has a document that is not its own");
	rc = sl_harvest_document(h, &d);
	if (rc != SL_OK)
		return rc;
	sl_digest_hex(&d.digest, sha);
	sl_buf_printf(&h->line,
	    ",\"file\":\"files/%.2s/%s\",\"sha256\":\"%s\",\"size\":%llu", sha,
	    sha, sha, (unsigned long long)d.size);
	differs = difference(h, u, &d, sha);
	if (differs != NULL)
		sl_buf_printf(&h->line, ",\"differs\":\"%s\"", differs);
	return SL_OK;
}

static enum sl_rc
write_line(struct sl_harvest *h)
{
	if (h->line.full)
		return bad_unit(h, "does not fit into a line");
	sl_sha256_add(h->units_sha, h->line.p, h->line.n);
	if (sl_write_full(h->units, h->line.p, h->line.n) != 0)
		return sl_harvest_disk_error(&h->err, UNITS);
	if (++h->units_n % TELL_EVERY == 0)
		sl_log(SL_LOG_INFO, h->target,
		    "harvest units=\"%llu\" files=\"%zu\"",
		    (unsigned long long)h->units_n, h->used.n);
	sl_notify_pulse(-1);
	return SL_OK;
}

int
sl_harvest_unit(struct sl_harvest *h, const struct sluse_unit *u)
{
	struct sl_buf *b = &h->line;
	enum sl_rc rc = check_unit(h, u);

	if (rc != SL_OK)
		return -1;
	sl_buf_reset(b);
	sl_buf_add_char(b, '{');
	add_text(b, "kind", u->kind);
	if (u->type != NULL)
		add_text(b, "type", u->type);
	add_text(b, "id", u->id);
	add_text(b, "parent", u->parent);
	sl_buf_printf(b, "\"fields\":");
	sl_buf_add_str(b, u->fields);
	if (u->again)
		sl_buf_add_str(b, ",\"again\":true");
	rc = add_document(h, u);
	if (rc == SL_OK)
		rc = add_lacks(h, u);
	sl_buf_add_str(b, "}\n");
	if (rc == SL_OK)
		rc = write_line(h);
	return rc == SL_OK ? 0 : -1;
}

void
sl_harvest_answered(struct sl_harvest *h, int status)
{
	h->answered = status;
}

/* -- waiting ------------------------------------------------------------ */

int
sl_harvest_pause(struct sl_push *p, int attempt, int retry_after_s)
{
	int64_t ms = p->harvest->conf.wait_first_ms, end;

	if (attempt >= SL_HARVEST_TRIES || retry_after_s > WAIT_TOLD_MAX_S ||
	    (attempt >= SL_HARVEST_TRIES_SPOILT &&
		sl_harvest_is_spoilt(p->harvest)))
		return 1;
	while (--attempt > 0 && ms < WAIT_MAX_MS)
		ms *= 2;
	if (ms > WAIT_MAX_MS)
		ms = WAIT_MAX_MS;
	if (ms < (int64_t)retry_after_s * 1000)
		ms = (int64_t)retry_after_s * 1000;
	end = sl_clock_boot_ms() + ms;
	while (sl_clock_boot_ms() < end) {
		if (p->host.cancelled(p) != 0)
			return 1;
		sl_notify_pulse(-1);
		(void)usleep(20000);
	}
	return 0;
}

/* -- the end ------------------------------------------------------------ */

static void
set_text(json_t *o, const char *name, const char *value)
{
	if (value != NULL)
		(void)json_object_set_new(o, name, json_string(value));
}

/* What harvest.json says. */
static char *
summary(struct sl_harvest *h)
{
	char made[32], sha[SL_SHA256_HEX + 1];
	struct sl_digest d;
	json_t *o;
	char *text;

	sl_clock_format_utc(sl_clock_utc_ms(), made, sizeof(made));
	sl_sha256_end(SL_TAKE(h->units_sha), &d);
	sl_digest_hex(&d, sha);
	o = json_pack("{s:i, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:{s:I, s:I}}",
	    "format", 1, "target", h->target, "connector", h->connector, "made",
	    made, "units", (json_int_t)h->units_n, "files",
	    (json_int_t)h->used.n, "bytes", (json_int_t)h->bytes, "missing",
	    (json_int_t)h->missing_n, "differs", "checksum",
	    (json_int_t)h->checksum_n, "size", (json_int_t)h->size_n);
	set_text(o, "from", h->from);
	set_text(o, "to", h->to);
	set_text(o, "arkivdel", h->series);
	if (json_object_size(h->lacks) > 0)
		(void)json_object_set(o, "lacks", h->lacks);
	set_text(o, "units_sha256", sha);
	(void)json_object_set_new(o, "complete", json_true());
	text = json_dumps(o, JSON_INDENT(1));
	json_decref(o);
	return text;
}

static enum sl_rc
finish(struct sl_harvest *h)
{
	SL_FREE char *text = NULL;
	SL_FREE char *line = NULL;
	enum sl_rc rc = sl_harvest_drop_unused(h);

	if (rc != SL_OK)
		return rc;
	if (unlinkat(h->dir, SL_HARVEST_DOCUMENT_PART, 0) != 0 ||
	    renameat(h->dir, UNITS_PART, h->dir, UNITS) != 0)
		return sl_harvest_disk_error(&h->err, "harvest: the folder");
	rc = sl_sync_fs(h->dir, "harvest", &h->err);
	text = summary(h);
	line = sl_asprintf("%s\n", text);
	if (rc == SL_OK)
		rc = sl_write_file(
		    h->dir, "harvest.json", line, strlen(line), 0600, &h->err);
	if (rc == SL_OK)
		(void)unlinkat(h->dir, SL_HARVEST_UNFINISHED, 0);
	return rc;
}

static void
tell(const struct sl_harvest *h)
{
	const char *name;
	json_t *n;

	(void)printf("%s: units=%llu files=%zu bytes=%llu fetched=%llu\n",
	    h->target, (unsigned long long)h->units_n, h->used.n,
	    (unsigned long long)h->bytes, (unsigned long long)h->fetched_n);
	if (h->checksum_n > 0 || h->size_n > 0)
		sl_log(SL_LOG_WARNING, h->target,
		    "documents are not what the target says of them "
		    "checksum=\"%llu\" size=\"%llu\"",
		    (unsigned long long)h->checksum_n,
		    (unsigned long long)h->size_n);
	if (h->missing_n > 0)
		sl_log(SL_LOG_WARNING, h->target,
		    "documents could not be had missing=\"%llu\"",
		    (unsigned long long)h->missing_n);
	json_object_foreach(h->lacks, name, n)
	{
		sl_log(SL_LOG_WARNING, h->target,
		    "links lead nowhere relation=\"%s\" units=\"%lld\"", name,
		    (long long)json_integer_value(n));
	}
}

/* Ours first: the connector only knows that it was to stop. */
static enum sl_rc
why_not(struct sl_push *p, const struct sluse_why *why, struct sl_err *err)
{
	struct sl_harvest *h = p->harvest;
	SL_BUF struct sl_buf b = {0};

	if (h->sink.failed != 0) {
		errno = h->sink.failed;
		(void)sl_harvest_disk_error(&h->err, "harvest: a document");
	}
	if (h->err.reason != NULL) {
		*err = h->err;
		return err->rc;
	}
	sl_push_screen(&b, why->text, sizeof(why->text));
	return sl_err_set(err, SL_FATAL, 0, "target_error",
	    "harvest: %s (%s); start it again to go on", sl_buf_str(&b),
	    why->reason);
}

enum sl_rc
sl_harvest_run(struct sl_push *p, struct sl_err *err)
{
	const struct sluse_connector *c = p->connector;
	struct sl_harvest *h = p->harvest;
	struct sluse_range range = h->conf.range;
	struct sluse_why why = {0};

	range.size = sizeof(range);
	if (c->harvest(p->session, &range, &why) != SLUSE_DELIVERED ||
	    h->err.reason != NULL)
		return why_not(p, &why, err);
	if (finish(h) != SL_OK) {
		*err = h->err;
		return err->rc;
	}
	tell(h);
	return SL_OK;
}
