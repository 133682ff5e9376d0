/*
 * FAILURES: an answer that breaks off leaves what `journal export` leaves when
 * it is killed: a folder whose head is not called checkpoint, which the next
 * one goes on with.
 * SECURITY: who asked opens every file himself, below the folder that he named;
 * a name is taken as wire/parcel.h says. Of what he has, sluse-report sees the
 * head of the export that is there.
 */
#include "takehome.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../config/config.h"
#include "../journal/checkpoint.h"
#include "exportdir.h"

/* -- sluse-report ------------------------------------------------------------
 */

uint64_t
sl_takehome_leave(const char *root)
{
	SL_FREE char *path = sl_asprintf("%s/sluse.conf", root);
	struct sl_config *cfg = NULL;
	uint64_t leave = SL_PARCEL_LEAVE;
	struct sl_err err;

	if (sl_config_load(path, &cfg, &err) == SL_OK ||
	    sl_config_parse("defaults", "", 0, &cfg, &err) == SL_OK)
		leave += cfg->instance.free_space_min_bytes;
	sl_config_free(cfg);
	return leave;
}

struct giving {
	struct sl_parcel *parcel;
	struct sl_err *err;
};

static enum sl_rc
put(void *arg, const char *path, const void *p, size_t n)
{
	struct giving *g = arg;

	return sl_parcel_put(g->parcel, path, p, n, g->err);
}

enum sl_rc
sl_export_answer(const char *root, const json_t *args,
    const struct sl_given *given, sl_bytes_fn *fn, void *arg,
    struct sl_err *err)
{
	const char *old = json_string_value(json_object_get(args, "old"));
	bool payloads = json_is_true(json_object_get(args, "payloads"));
	struct giving g = {.err = err};
	struct sl_store *s = NULL;
	enum sl_rc rc = sl_parcel_new(
	    SL_TAKEHOME_MAX, sl_takehome_leave(root), &g.parcel, err);

	(void)given;
	if (rc == SL_OK)
		rc = sl_store_open_read(root, &s, err);
	if (rc == SL_OK)
		rc = sl_query_export_to(s, sl_slice_str(old != NULL ? old : ""),
		    payloads, put, &g, err);
	sl_store_close(s);
	if (rc == SL_OK)
		rc = sl_parcel_send(g.parcel, fn, arg, err);
	sl_parcel_free(g.parcel);
	return rc;
}

/* -- who asked ---------------------------------------------------------------
 */

struct taking {
	const char *dir;
	struct sl_export_dir d;
	bool payloads, begun;
	struct sl_unwrap unpack;
	int head; /* the first file: it comes before the folder is touched */
};

/* The folder, now that something comes: one that is refused leaves none. */
static enum sl_rc
begin(struct taking *t, struct sl_err *err)
{
	char part[SL_NOTE_MAX];
	struct sl_buf head = {.max = SL_NOTE_MAX + 1};
	ssize_t n = sl_pread_full(t->head, part, sizeof(part), 0);
	enum sl_rc rc = SL_OK;

	if (n <= 0)
		return sl_err_set(err, SL_RETRY, 0, "slused_away",
		    "sluse-report sent no head");
	if (t->d.fd < 0)
		rc = sl_export_look(t->dir, true, t->payloads, &t->d, err);
	sl_buf_add(&head, part, (size_t)n);
	if (rc == SL_OK)
		rc = sl_export_mark(&t->d, &head, err);
	sl_buf_free(&head);
	t->begun = rc == SL_OK;
	return rc;
}

static int
open_file(void *arg, const char *name, struct sl_err *err)
{
	struct taking *t = arg;
	int fd;

	if (t->head < 0) {
		t->head = sl_parcel_spool();
		fd = t->head >= 0 ? fcntl(t->head, F_DUPFD_CLOEXEC, 3) : -1;
	} else if (!t->begun && begin(t, err) != SL_OK) {
		return -1;
	} else {
		fd = sl_export_open(t->d.fd, name);
	}
	if (fd < 0)
		(void)sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write %s", name);
	return fd;
}

static json_t *
question(struct taking *t, struct sl_err *err)
{
	json_t *args = json_pack("{s:b}", "payloads", t->payloads), *old = NULL;
	SL_BUF struct sl_buf b = {0};

	if (t->d.there != NULL) {
		(void)sl_read_file(t->d.fd, t->d.there, SL_NOTE_MAX, &b, NULL);
		old = json_stringn(sl_buf_str(&b), b.n);
		if (b.n == 0 || json_object_set_new(args, "old", old) != 0) {
			json_decref(args);
			(void)sl_err_set(err, SL_REJECT, 0, "bad_folder",
			    "the head of the export there cannot be read");
			return NULL;
		}
	}
	return json_pack("{s:s, s:o}", "verb", "journal-export", "args", args);
}

/* Of how many leaves the head is. */
static uint64_t
size_of(int head)
{
	char part[SL_NOTE_MAX];
	ssize_t n = sl_pread_full(head, part, sizeof(part), 0);
	struct sl_checkpoint c;
	struct sl_note note;

	if (n <= 0 || sl_note_parse(part, (size_t)n, &note, NULL) != SL_OK ||
	    sl_checkpoint_parse(note.text, &c, NULL) != SL_OK)
		return 0;
	return c.size;
}

static enum sl_rc
take(struct sl_control *k, struct taking *t, struct sl_err *err)
{
	json_t *o = question(t, err);
	enum sl_rc rc;

	if (o == NULL)
		return err->rc;
	sl_unwrap_begin(&t->unpack, SL_TAKEHOME_MAX, open_file, t);
	rc = sl_control_bytes(k, o, NULL, sl_unwrap_take, &t->unpack, err);
	json_decref(o);
	if (rc == SL_OK)
		return sl_unwrap_end(&t->unpack, err);
	(void)sl_unwrap_end(&t->unpack, NULL);
	return rc;
}

enum sl_rc
sl_export_ask(struct sl_control *k, const char *dir, bool payloads,
    uint64_t *ret_size, struct sl_err *err)
{
	struct taking t = {.dir = dir, .payloads = payloads, .head = -1};
	enum sl_rc rc = sl_export_look(dir, false, payloads, &t.d, err);

	if (rc == SL_OK)
		rc = take(k, &t, err);
	if (rc == SL_OK && !t.begun)
		rc = sl_err_set(err, SL_RETRY, 0, "slused_away",
		    "sluse-report sent no export");
	if (rc == SL_OK)
		rc = sl_export_done(&t.d, err);
	*ret_size = t.head >= 0 ? size_of(t.head) : 0;
	sl_cleanup_close(&t.head);
	sl_cleanup_close(&t.d.fd);
	return rc;
}
