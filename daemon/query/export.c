/*
 * The journal as files that anybody can verify: C2SP tlog-tiles.
 *
 * One read transaction and one pass; memory: a tile of each level and a bundle
 * of entries. The checkpoint is written last: a folder without it is half an
 * export.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/text.h"
#include "../journal/checkpoint.h"
#include "../journal/leaf.h"
#include "../journal/tile.h"
#include "../store/db.h"
#include "../store/heads.h"
#include "exportdir.h"

#define TEXT_FILE(name, path)                                                  \
	extern const char name[];                                              \
	__asm__(".section .rodata\n"                                           \
		".global " #name "\n"                                          \
		".type " #name ", @object\n" #name ":\n"                       \
		".incbin \"schemas/export/" path "\"\n"                        \
		".byte 0\n"                                                    \
		".size " #name ", . - " #name "\n"                             \
		".previous\n")

#define UNFINISHED ".checkpoint-unfinished"
#define BEGUN UNFINISHED ".tmp" /* sl_write_file was killed */

TEXT_FILE(sl_export_readme, "README.md");
TEXT_FILE(sl_export_lesmeg, "LESMEG.md");

struct export
{
	struct sl_db *db;
	int dir;
	sl_put_fn *fn; /* where files go instead of dir; or NULL */
	void *fn_arg;
	uint64_t size, at;
	bool payloads;
	struct sl_tiler *tiler;
	struct sl_buf entries, bodies, path;
	struct sl_err *err;
};

/* The folder that path lies in, made where it is missing; links are not
 * followed. *ret_name: the rest. */
static int
open_folder(int dir, const char *path, const char **ret_name)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), next;
	const char *slash;
	char part[64];

	for (; fd >= 0 && (slash = strchr(path, '/')) != NULL;
	     path = slash + 1) {
		(void)sl_slice_copy(
		    (struct sl_slice){path, (uint32_t)(slash - path)}, part,
		    sizeof(part));
		next = mkdirat(fd, part, 0755) == 0 || errno == EEXIST
			   ? sl_open_dir(fd, part)
			   : -1;
		sl_cleanup_close(&fd);
		fd = next;
	}
	*ret_name = path;
	return fd;
}

/* A bundle of payloads that was not full then lies under another name: what was
 * erased since would live on there. */
static int
forget_narrower(int folder, const char *name)
{
	char other[32];
	unsigned width;

	for (width = 1; width < SL_TILE_WIDTH; width++) {
		(void)snprintf(other, sizeof(other), "%u.jsonl", width);
		if (strcmp(other, name) != 0 &&
		    unlinkat(folder, other, 0) != 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

/* The same of one that is full now: 000.jsonl after 000.p/21.jsonl. */
static int
forget_partial(int folder, const char *name)
{
	SL_CLOSE int fd = -1;
	char partial[16];

	(void)snprintf(
	    partial, sizeof(partial), "%.*s.p", (int)strcspn(name, "."), name);
	fd = sl_open_dir(folder, partial);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (forget_narrower(fd, "") != 0)
		return -1;
	(void)unlinkat(folder, partial, AT_REMOVEDIR); /* if it is empty */
	return 0;
}

int
sl_export_open(int dir, const char *path)
{
	/* Nobody may read at the other end: that is no reason to wait. */
	const int flags =
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	const char *name;
	SL_CLOSE int folder = open_folder(dir, path, &name);
	int rc = 0;

	if (folder < 0)
		return -1;
	if (strncmp(path, "payload/", 8) == 0)
		rc = strstr(path, ".p/") != NULL ? forget_narrower(folder, name)
						 : forget_partial(folder, name);
	return rc == 0 ? openat(folder, name, flags, 0644) : -1;
}

/* Writes a file, making the folders it lies in. (sl_put_fn) */
static enum sl_rc
put(void *arg, const char *path, const void *p, size_t n)
{
	struct export *x = arg;
	SL_CLOSE int fd = -1;

	if (x->fn != NULL)
		return x->fn(x->fn_arg, path, p, n);
	fd = sl_export_open(x->dir, path);
	if (fd < 0 || sl_write_full(fd, p, n) != 0)
		return sl_err_set(x->err, SL_FATAL, errno, "disk_error",
		    "cannot write %s", path);
	return SL_OK;
}

static bool
put_tile(void *arg, int level, uint64_t n, const struct sl_digest *hashes,
    unsigned width)
{
	struct export *x = arg;

	sl_buf_reset(&x->path);
	sl_tile_path(&x->path, "tile", level, n, width);
	return put(x, sl_buf_str(&x->path), hashes, width * sizeof(*hashes)) ==
	       SL_OK;
}

/* What was gathered of entries, and of their payloads. */
static enum sl_rc
put_bundle(struct export *x, unsigned width)
{
	uint64_t n = (x->at - 1) / SL_TILE_WIDTH;
	enum sl_rc rc;

	sl_buf_reset(&x->path);
	sl_tile_path(&x->path, "tile", SL_TILE_ENTRIES, n, width);
	rc = put(x, sl_buf_str(&x->path), x->entries.p, x->entries.n);
	if (rc == SL_OK && x->payloads) {
		sl_buf_reset(&x->path);
		sl_tile_path(&x->path, "payload", SL_TILE_ENTRIES, n, width);
		sl_buf_add_str(&x->path, ".jsonl");
		rc = put(x, sl_buf_str(&x->path), x->bodies.p, x->bodies.n);
	}
	sl_buf_reset(&x->entries);
	sl_buf_reset(&x->bodies);
	return rc;
}

static void
add_payload(struct export *x, sqlite3_stmt *st)
{
	struct sl_slice body = {
	    sl_db_text(st, 2), (uint32_t)sqlite3_column_bytes(st, 2)};

	sl_payload_line(&x->bodies, x->at, sl_db_blob(st, 1), body,
	    (uint64_t)sqlite3_column_int64(st, 3));
	sl_buf_add_char(&x->bodies, '\n');
}

static enum sl_rc
add_leaf(struct export *x, sqlite3_stmt *st)
{
	struct sl_slice leaf = sl_db_blob(st, 0);
	struct sl_digest h;
	uint8_t n[2] = {(uint8_t)(leaf.n >> 8), (uint8_t)leaf.n};

	if (leaf.n > SL_LEAF_MAX)
		return sl_err_set(x->err, SL_FATAL, 0, "journal_broken",
		    "leaf %" PRIu64 " is too long", x->at);
	sl_buf_add(&x->entries, n, 2);
	sl_buf_add(&x->entries, leaf.p, leaf.n);
	if (x->payloads)
		add_payload(x, st);
	sl_tree_leaf_hash(leaf.p, leaf.n, &h);
	if (!sl_tiler_add(x->tiler, &h))
		return SL_FATAL;
	x->at++;
	return x->at % SL_TILE_WIDTH == 0 ? put_bundle(x, SL_TILE_WIDTH)
					  : SL_OK;
}

static enum sl_rc
put_leaves(struct export *x)
{
	/* Payloads are not read where nobody wants them. */
	sqlite3_stmt *st = x->payloads
			       ? sl_db_query(x->db,
				     "SELECT l.bytes, p.salt, p.body, x.event"
				     " FROM leaf l LEFT JOIN payload p"
				     " ON p.seq = l.seq LEFT JOIN erasure x"
				     " ON x.seq = l.seq WHERE l.seq < ?1"
				     " ORDER BY l.seq",
				     "i", (int64_t)x->size)
			       : sl_db_query(x->db,
				     "SELECT bytes FROM leaf WHERE seq < ?1"
				     " ORDER BY seq",
				     "i", (int64_t)x->size);
	enum sl_rc rc = SL_OK;

	while (rc == SL_OK && sl_db_row(x->db, st))
		rc = add_leaf(x, st);
	sl_db_done(st);
	if (rc == SL_OK)
		rc = sl_db_check(x->db, x->err);
	if (rc == SL_OK && x->at % SL_TILE_WIDTH != 0)
		rc = put_bundle(x, x->at % SL_TILE_WIDTH);
	if (rc == SL_OK && !sl_tiler_end(x->tiler))
		rc = SL_FATAL;
	if (rc == SL_OK && x->at != x->size)
		rc = sl_err_set(x->err, SL_FATAL, 0, "journal_broken",
		    "only %" PRIu64 " of %" PRIu64 " leaves are there", x->at,
		    x->size);
	return rc;
}

static enum sl_rc
put_key(struct export *x, const char *name, const struct sl_vkey *k, bool pem)
{
	SL_BUF struct sl_buf b = {0};

	if (pem) {
		sl_vkey_pem(k, &b);
	} else {
		sl_vkey_text(k, &b);
		sl_buf_add_char(&b, '\n');
	}
	return put(x, name, b.p, b.n);
}

/* key/N.vkey, key/N.pem, key/N.note (its introduction); the one that signed
 * this head also as vkey and key.pem. */
static enum sl_rc
put_one_key(
    struct export *x, int n, sqlite3_stmt *st, const struct sl_buf *note)
{
	const char *text = sl_db_text(st, 0), *intro = sl_db_text(st, 1);
	struct sl_checkpoint c;
	struct sl_vkey k;
	char name[32];
	enum sl_rc rc = SL_OK;

	if (!sl_vkey_parse(text, strlen(text), &k))
		return sl_err_set(x->err, SL_FATAL, 0, "journal_broken",
		    "a key of the journal cannot be read");
	(void)snprintf(name, sizeof(name), "key/%d.vkey", n);
	rc = put_key(x, name, &k, false);
	(void)snprintf(name, sizeof(name), "key/%d.pem", n);
	if (rc == SL_OK)
		rc = put_key(x, name, &k, true);
	(void)snprintf(name, sizeof(name), "key/%d.note", n);
	if (rc == SL_OK && *intro != '\0')
		rc = put(x, name, intro, strlen(intro));
	if (rc != SL_OK ||
	    sl_checkpoint_open(sl_slice_buf(note), &k, 1, &c, NULL) != SL_OK)
		return rc;
	rc = put_key(x, "vkey", &k, false);
	return rc == SL_OK ? put_key(x, "key.pem", &k, true) : rc;
}

static enum sl_rc
put_keys(struct export *x, const struct sl_buf *note)
{
	enum sl_rc rc = SL_OK;
	int n = 0;
	sqlite3_stmt *st = sl_db_query(x->db,
	    "SELECT vkey, introduction FROM journal_key ORDER BY number", "");

	while (rc == SL_OK && sl_db_row(x->db, st))
		rc = put_one_key(x, ++n, st, note);
	sl_db_done(st);
	return rc;
}

/* What there must be: a folder that was left out is no lawful erasure. */
static enum sl_rc
put_contents(struct export *x)
{
	const char *text = x->payloads ? SL_EXPORT_WITH : SL_EXPORT_WITHOUT;

	return put(x, SL_EXPORT_CONTENTS, text, strlen(text));
}

static enum sl_rc
put_all(struct export *x, struct sl_buf *note)
{
	enum sl_rc rc = put_leaves(x);

	if (rc == SL_OK)
		rc = put_contents(x);
	if (rc == SL_OK)
		rc = put_keys(x, note);
	if (rc == SL_OK)
		rc = put(
		    x, "README.md", sl_export_readme, strlen(sl_export_readme));
	if (rc == SL_OK)
		rc = put(
		    x, "LESMEG.md", sl_export_lesmeg, strlen(sl_export_lesmeg));
	if (rc == SL_OK)
		rc = sl_export_marks(x->db, x->size, put, x, x->err);
	sl_query_add_cosignatures(x->db, x->size, note);
	return rc == SL_OK ? put(x, "checkpoint", note->p, note->n) : rc;
}

/* -- the folder -------------------------------------------------------------
 */

static bool
head_read(struct sl_slice text, struct sl_checkpoint *ret)
{
	struct sl_note note;

	return sl_note_parse(text.p, text.n, &note, NULL) == SL_OK &&
	       sl_checkpoint_parse(note.text, ret, NULL) == SL_OK;
}

/* Is what was exported there the beginning of this log? Its head then is one of
 * those that this log remembers. What is there may be all that tells of a log
 * that was cut or put back: it is not written over. */
static bool
goes_on(struct sl_store *s, struct sl_slice old)
{
	SL_BUF struct sl_buf own = {0};
	struct sl_checkpoint a, b;
	uint64_t size = 0;

	return head_read(old, &a) &&
	       sl_head_last(s, (int64_t)a.size, &size, &own) &&
	       head_read(sl_slice_buf(&own), &b) &&
	       strcmp(a.origin, b.origin) == 0 && a.size == b.size &&
	       memcmp(&a.root, &b.root, sizeof(a.root)) == 0;
}

enum sl_rc
sl_export_goes_on(struct sl_store *s, struct sl_slice old, struct sl_err *err)
{
	if (goes_on(s, old))
		return SL_OK;
	return sl_err_set(err, SL_REJECT, 0, "bad_folder",
	    "the export there is not the beginning of this "
	    "sporingslogg; nothing was written: keep it");
}

static bool
is_cut(int dir)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_checkpoint c;

	return sl_read_file(dir, "checkpoint", SL_NOTE_MAX, &b, NULL) !=
		   SL_OK ||
	       !head_read(sl_slice_buf(&b), &c);
}

enum sl_rc
sl_export_look(const char *dir, bool make, bool payloads,
    struct sl_export_dir *ret, struct sl_err *err)
{
	int fd;

	*ret = (struct sl_export_dir){.fd = -1};
	if (make && sl_make_path(dir, 0755, err) != SL_OK)
		return SL_REJECT;
	fd = sl_open_dir(AT_FDCWD, dir);
	if (fd < 0 && !make && errno == ENOENT)
		return SL_OK;
	if (fd < 0)
		return sl_err_set(err, SL_REJECT, errno, "bad_folder",
		    "cannot open the folder");
	ret->fd = fd;
	if (!payloads && faccessat(fd, "payload", F_OK, 0) == 0)
		return sl_err_set(err, SL_REJECT, 0, "bad_folder",
		    "the export there holds payloads: ask for them again "
		    "(--payloads), or choose another folder");
	if (sl_dir_has_only(fd, BEGUN))
		return SL_OK;
	/* It is written last: a whole one is later than the mark beside it, and
	 * may be all that tells how far the log once went. */
	if (faccessat(fd, UNFINISHED, F_OK, 0) == 0 && is_cut(fd))
		ret->there = UNFINISHED;
	else if (faccessat(fd, "checkpoint", F_OK, 0) == 0)
		ret->there = "checkpoint";
	else
		return sl_err_set(err, SL_REJECT, 0, "bad_folder",
		    "the folder holds something else; nothing was written");
	return SL_OK;
}

enum sl_rc
sl_export_mark(const struct sl_export_dir *d, const struct sl_buf *head,
    struct sl_err *err)
{
	if (d->there == NULL)
		return sl_write_file(
		    d->fd, UNFINISHED, head->p, head->n, 0644, err);
	if (renameat(d->fd, d->there, d->fd, UNFINISHED) != 0 ||
	    (unlinkat(d->fd, "checkpoint", 0) != 0 && errno != ENOENT))
		return sl_err_set(err, SL_REJECT, errno, "bad_folder",
		    "cannot write into the folder");
	return SL_OK;
}

enum sl_rc
sl_export_done(const struct sl_export_dir *d, struct sl_err *err)
{
	if (unlinkat(d->fd, UNFINISHED, 0) == 0)
		return SL_OK;
	return sl_err_set(
	    err, SL_FATAL, errno, "disk_error", "cannot remove " UNFINISHED);
}

static enum sl_rc
open_dir(struct sl_store *s, const char *dir, bool payloads,
    const struct sl_buf *head, struct sl_export_dir *ret, struct sl_err *err)
{
	enum sl_rc rc = sl_export_look(dir, true, payloads, ret, err);
	SL_BUF struct sl_buf old = {0};

	if (rc == SL_OK && ret->there != NULL) {
		(void)sl_read_file(
		    ret->fd, ret->there, SL_NOTE_MAX, &old, NULL);
		rc = sl_export_goes_on(s, sl_slice_buf(&old), err);
	}
	return rc == SL_OK ? sl_export_mark(ret, head, err) : rc;
}

/* -- all of it ---------------------------------------------------------------
 */

/* A payload of these leaves is gone by an event that comes behind them: nothing
 * in the export would tell why. */
static bool
is_erasure_unsigned(const struct export *x)
{
	return sl_db_int(x->db, 0,
		   "SELECT EXISTS (SELECT 1 FROM erasure WHERE event >= ?1"
		   " AND seq < ?1)",
		   "i", (int64_t)x->size) != 0;
}

/* One moment of the log. *note: its last head, of x->size leaves. */
static enum sl_rc
begin(struct export *x, struct sl_store *s, struct sl_buf *note)
{
	if (sl_db_script(x->db, "BEGIN", x->err) != SL_OK)
		return SL_FATAL;
	if (sl_query_is_plain(x->db, x->err) != SL_OK)
		return x->err->rc;
	if (!sl_head_last(s, INT64_MAX, &x->size, note))
		return sl_err_set(x->err, SL_SKIP, 0, "not_signed",
		    "the sporingslogg has not been signed yet");
	if (x->payloads && is_erasure_unsigned(x))
		return sl_err_set(x->err, SL_SKIP, 0, "not_signed",
		    "what was erased last has not been signed yet; try again "
		    "in a minute");
	x->tiler = sl_alloc(sizeof(*x->tiler));
	x->tiler->tile = put_tile;
	x->tiler->arg = x;
	return SL_OK;
}

static void
end(struct export *x)
{
	(void)sl_db_script(x->db, "COMMIT", NULL);
	free(x->tiler);
	sl_buf_free(&x->entries);
	sl_buf_free(&x->bodies);
	sl_buf_free(&x->path);
}

enum sl_rc
sl_query_export(struct sl_store *s, const char *dir, bool payloads,
    uint64_t *ret_size, struct sl_err *err)
{
	struct export x = {
	    .db = sl_store_db(s), .dir = -1, .payloads = payloads, .err = err};
	struct sl_export_dir d = {.fd = -1};
	SL_BUF struct sl_buf note = {0};
	enum sl_rc rc = begin(&x, s, &note);

	if (rc == SL_OK)
		rc = open_dir(s, dir, payloads, &note, &d, err);
	x.dir = d.fd;
	if (rc == SL_OK)
		rc = put_all(&x, &note);
	if (rc == SL_OK)
		rc = sl_export_done(&d, err);
	end(&x);
	*ret_size = x.size;
	sl_cleanup_close(&d.fd);
	return rc;
}

enum sl_rc
sl_query_export_to(struct sl_store *s, struct sl_slice old, bool payloads,
    sl_put_fn *fn, void *arg, struct sl_err *err)
{
	struct export x = {.db = sl_store_db(s),
	    .dir = -1,
	    .payloads = payloads,
	    .fn = fn,
	    .fn_arg = arg,
	    .err = err};
	SL_BUF struct sl_buf note = {0};
	enum sl_rc rc = begin(&x, s, &note);

	if (rc == SL_OK && old.n > 0)
		rc = sl_export_goes_on(s, old, err);
	if (rc == SL_OK)
		rc = fn(arg, "head", note.p, note.n);
	if (rc == SL_OK)
		rc = put_all(&x, &note);
	end(&x);
	return rc;
}
