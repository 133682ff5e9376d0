/*
 * The store read back: are the originals, and what was unpacked from them,
 * there as they came?
 *
 * INVARIANT: no transaction is open while a file is read, however long that
 * takes: slused goes on writing, and erasing. Erasing empties the rows before
 * the files go, so that what is found wrong counts only if its row is still
 * there afterwards. Memory: a page of rows and the first faults.
 * SECURITY: links are not followed, and only plain files are read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/text.h"
#include "../store/db.h"
#include "../store/files.h"
#include "verify_p.h"

#define CHUNK (1u << 20)
#define PAGE 256u /* rows; the SQL below says so too */
#define TICK_MS 1000
#define NAMED 100u /* faults */
#define POSTS 5u /* of each */

enum fault { WHOLE, GONE, NO_FILE, SIZE, ALTERED, UNREADABLE, FAULTS };
static const char *const fault_name[FAULTS] = {[GONE] = "gone",
    [NO_FILE] = "no_file",
    [SIZE] = "size",
    [ALTERED] = "altered",
    [UNREADABLE] = "unreadable"};

struct look {
	struct sl_db *db;
	struct sl_files *files;
	sl_query_fn *tick;
	void *arg;
	struct sl_err *err;
	enum sl_rc rc; /* not SL_OK: nobody waits for it any more */
	int64_t told_ms;
	uint8_t *chunk;
	char detail[96]; /* of the last fault */
	uint64_t n, bytes, parts, part_bytes, faults, unknown, of[FAULTS];
	json_t *named;
};

/* One that should be there. */
struct want {
	int64_t id;
	struct sl_digest sha256;
	uint64_t offset, size;
};

static json_t *
row_of(const struct look *l)
{
	json_t *o = json_pack("{s:b, s:I, s:I, s:I, s:I, s:I}", "ok",
	    l->faults == 0, "files", (json_int_t)l->n, "bytes",
	    (json_int_t)l->bytes, "parts", (json_int_t)l->parts, "part_bytes",
	    (json_int_t)l->part_bytes, "unknown", (json_int_t)l->unknown);
	size_t i;

	for (i = GONE; i < FAULTS; i++)
		sl_row_set(
		    o, fault_name[i], json_integer((json_int_t)l->of[i]));
	return o;
}

/* False: who asked is gone. */
static bool
goes_on(struct look *l)
{
	int64_t now = sl_clock_boot_ms();
	json_t *row;

	if (l->rc != SL_OK || now < l->told_ms + TICK_MS)
		return l->rc == SL_OK;
	l->told_ms = now;
	row = json_pack("{s:o}", "looks", row_of(l));
	l->rc = l->tick(l->arg, row, l->err);
	json_decref(row);
	return l->rc == SL_OK;
}

/* -- one file -------------------------------------------------------------- */

static enum fault
failed(struct look *l)
{
	(void)snprintf(l->detail, sizeof(l->detail), "%s", strerror(errno));
	if (errno == ENOENT)
		return GONE;
	return errno == ELOOP ? NO_FILE : UNREADABLE;
}

/* fd: an opened file, or -1 with errno. What the kernel remembers of it is let
 * go of, before and behind us: what counts is what the disk gives, and slused
 * needs the memory. */
static enum fault
begin_file(struct look *l, int fd, uint64_t size)
{
	struct stat st;

	l->detail[0] = '\0';
	if (fd < 0 || fstat(fd, &st) != 0)
		return failed(l);
	if (!S_ISREG(st.st_mode))
		return NO_FILE;
	if ((uint64_t)st.st_size != size) {
		(void)snprintf(l->detail, sizeof(l->detail),
		    "%" PRIu64 " bytes, not %" PRIu64, (uint64_t)st.st_size,
		    size);
		return SIZE;
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return WHOLE;
}

static enum fault
read_range(struct look *l, int fd, const struct want *w)
{
	struct sl_sha256 *h = sl_sha256_new();
	struct sl_digest is;
	uint64_t at = 0;
	ssize_t got = 0;
	size_t n;

	for (; at < w->size && goes_on(l); at += n) {
		n = w->size - at < CHUNK ? (size_t)(w->size - at) : CHUNK;
		got = sl_pread_full(fd, l->chunk, n, w->offset + at);
		if (got != (ssize_t)n)
			break;
		sl_sha256_add(h, l->chunk, n);
	}
	sl_sha256_end(h, &is);
	if (l->rc != SL_OK)
		return WHOLE;
	if (got < 0)
		return failed(l);
	if (at < w->size)
		return SIZE;
	return memcmp(&is, &w->sha256, sizeof(is)) == 0 ? WHOLE : ALTERED;
}

static void
end_file(int fd)
{
	if (fd < 0)
		return;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)close(fd);
}

/* -- what is wrong --------------------------------------------------------- */

/* posts: "SELECT DISTINCT reception .." of what lies in the file, by its id;
 * none: it was erased meanwhile. */
static void
add_fault(struct look *l, enum fault fault, const char *file, const char *posts,
    int64_t id)
{
	sqlite3_stmt *st = sl_db_query(l->db, posts, "i", id);
	json_t *ids = json_array();
	int64_t n = 0;

	for (; sl_db_row(l->db, st); n++)
		if (n < POSTS)
			(void)json_array_append_new(
			    ids, sl_row_text(sl_db_text(st, 0)));
	if (n > 0 && l->faults < NAMED)
		(void)json_array_append_new(
		    l->named, json_pack("{s:s, s:s, s:o, s:O, s:I}", "file",
				  file, "fault", fault_name[fault], "detail",
				  sl_row_text(l->detail), "ids", ids, "posts",
				  (json_int_t)n));
	json_decref(ids);
	l->faults += n > 0;
	l->of[fault] += n > 0;
}

/* -- originals ------------------------------------------------------------- */

#define HOLDERS                                                                \
	" FROM source o JOIN consignment c ON c.id = o.consignment"            \
	" WHERE o.blob = b.id AND c.erased_ms IS NULL"

static void
look_original(struct look *l, const struct want *w)
{
	int fd = sl_files_open_blob(l->files, &w->sha256);
	enum fault fault = begin_file(l, fd, w->size);
	char name[SL_BLOB_NAME], file[SL_BLOB_NAME + 16];

	if (fault == WHOLE)
		fault = read_range(l, fd, w);
	end_file(fd);
	if (l->rc != SL_OK)
		return;
	if (fault == WHOLE) {
		l->n++;
		l->bytes += w->size;
		return;
	}
	sl_files_blob_name(&w->sha256, name);
	(void)snprintf(file, sizeof(file), "store/sha256/%s", name);
	add_fault(l, fault, file,
	    "SELECT DISTINCT c.reception FROM blob b JOIN source o"
	    " ON o.blob = b.id JOIN consignment c ON c.id = o.consignment"
	    " WHERE b.id = ?1 AND c.erased_ms IS NULL ORDER BY c.id",
	    w->id);
}

static size_t
take_page(struct look *l, sqlite3_stmt *st, struct want page[PAGE])
{
	size_t n = 0;

	while (sl_db_row(l->db, st)) {
		struct want *w = &page[n++];

		w->id = sqlite3_column_int64(st, 0);
		/* What is no digest names no file. */
		if (!sl_db_digest(st, 1, &w->sha256))
			memset(&w->sha256, 0, sizeof(w->sha256));
		w->size = (uint64_t)sqlite3_column_int64(st, 2);
		w->offset = (uint64_t)sqlite3_column_int64(st, 3);
	}
	return n;
}

/* As they came, which is about how they lie on the disk; what comes meanwhile
 * is left to the next time. */
static void
look_originals(struct look *l)
{
	int64_t last = sl_db_int(l->db, 0, "SELECT max(id) FROM blob", ""),
		at = 0;
	struct want page[PAGE];
	size_t n, i;

	do {
		n = take_page(l,
		    sl_db_query(l->db,
			"SELECT b.id, b.sha256, b.size, 0 FROM blob b"
			" WHERE b.id > ?1 AND b.id <= ?2"
			" AND EXISTS (SELECT 1" HOLDERS ")"
			" ORDER BY b.id LIMIT 256",
			"ii", at, last),
		    page);
		for (i = 0; i < n && goes_on(l); i++)
			look_original(l, &page[i]);
		at = n > 0 ? page[n - 1].id : last;
	} while (n == PAGE && l->rc == SL_OK);
}

/* -- what was unpacked ----------------------------------------------------- */

struct bundle {
	int64_t id, source;
	uint64_t size;
	char name[64];
};

static bool
next_bundle(struct look *l, struct bundle *b)
{
	sqlite3_stmt *st = sl_db_query(l->db,
	    "SELECT id, source, size, name FROM bundle WHERE id > ?1"
	    " ORDER BY id LIMIT 1",
	    "i", b->id);

	if (!sl_db_row(l->db, st))
		return false;
	b->id = sqlite3_column_int64(st, 0);
	b->source = sqlite3_column_int64(st, 1);
	b->size = (uint64_t)sqlite3_column_int64(st, 2);
	sl_db_copy(st, 3, b->name, sizeof(b->name));
	sl_db_done(st);
	return true;
}

/* Up to the first part that is not what it was. */
static enum fault
read_parts(struct look *l, int fd, const struct bundle *b)
{
	enum fault fault = WHOLE;
	struct want page[PAGE];
	int64_t at = 0;
	size_t n, i;

	do {
		n = take_page(l,
		    sl_db_query(l->db,
			"SELECT number, sha256, size, offset FROM part"
			" WHERE source = ?1 AND number > ?2 AND bundle = ?3"
			" ORDER BY number LIMIT 256",
			"iii", b->source, at, b->id),
		    page);
		for (i = 0; i < n && goes_on(l); i++) {
			fault = read_range(l, fd, &page[i]);
			if (fault != WHOLE || l->rc != SL_OK)
				return fault;
			l->parts++;
			l->part_bytes += page[i].size;
		}
		at = n > 0 ? page[n - 1].id : 0;
	} while (n == PAGE && l->rc == SL_OK);
	return WHOLE;
}

static void
look_bundle(struct look *l, const struct bundle *b)
{
	bool plain = sl_name_is_plain(b->name);
	int fd = plain ? sl_files_open_bundle(l->files, b->name) : -1;
	enum fault fault = plain ? begin_file(l, fd, b->size) : NO_FILE;
	char file[96];

	if (fault == WHOLE)
		fault = read_parts(l, fd, b);
	end_file(fd);
	if (fault == WHOLE || l->rc != SL_OK)
		return;
	(void)snprintf(file, sizeof(file), "store/bundle/%s", b->name);
	add_fault(l, fault, file,
	    "SELECT c.reception FROM bundle u JOIN source o ON o.id = u.source"
	    " JOIN consignment c ON c.id = o.consignment WHERE u.id = ?1",
	    b->id);
}

/* -- the other way --------------------------------------------------------- */

static bool
is_known(struct look *l, const char *name)
{
	char own[SL_BLOB_NAME];
	struct sl_digest d;

	if (!sl_unhex(name + strlen("00/"), d.b, sizeof(d.b)))
		return false;
	sl_files_blob_name(&d, own);
	return strcmp(name, own) == 0 &&
	       sl_db_int(l->db, 1,
		   "SELECT EXISTS (SELECT 1 FROM blob b WHERE b.sha256 = ?1"
		   " AND EXISTS (SELECT 1" HOLDERS ")) OR EXISTS (SELECT 1"
		   " FROM erasing WHERE kind = 1 AND name = ?2)",
		   "ds", &d, name + strlen("00/")) != 0;
}

static void
look_unknown(struct look *l)
{
	char name[96];
	struct stat st;

	while (sl_files_next_blob(l->files, name, sizeof(name)) && goes_on(l))
		l->unknown += !is_known(l, name);
	while (l->rc == SL_OK &&
	       sl_files_next_bundle(l->files, name, sizeof(name), &st) &&
	       goes_on(l))
		l->unknown +=
		    sl_db_int(l->db, 1,
			"SELECT EXISTS (SELECT 1 FROM bundle WHERE name = ?1)"
			" OR EXISTS (SELECT 1 FROM erasing WHERE kind = 2"
			" AND name = ?1)",
			"s", name) == 0;
}

enum sl_rc
sl_query_originals(struct sl_store *s, sl_query_fn *tick, void *arg,
    json_t **ret, struct sl_err *err)
{
	struct look l = {.db = sl_store_db(s),
	    .tick = tick,
	    .arg = arg,
	    .err = err,
	    .told_ms = sl_clock_boot_ms()};
	struct bundle b = {.id = 0};
	struct sl_err no = {0};
	enum sl_rc rc;

	*ret = NULL;
	if (sl_query_is_plain(l.db, &no) != SL_OK)
		return SL_OK;
	if (sl_files_open_read(sl_store_root(s), &l.files, &no) != SL_OK) {
		*ret = row_of(&l);
		(void)json_object_set_new(*ret, "ok", json_false());
		sl_row_set(*ret, "fault",
		    json_sprintf("store/ is not there "
				 "as a whole, or cannot be seen from here: %s",
			strerror(no.sys)));
		return SL_OK;
	}
	l.chunk = sl_alloc(CHUNK);
	l.named = json_array();
	look_originals(&l);
	while (l.rc == SL_OK && next_bundle(&l, &b))
		look_bundle(&l, &b);
	if (l.rc == SL_OK)
		look_unknown(&l);
	free(l.chunk);
	sl_files_close(l.files);
	rc = l.rc != SL_OK ? l.rc : sl_db_check(l.db, err);
	if (rc == SL_OK) {
		*ret = row_of(&l);
		sl_row_set(*ret, "faults", l.named);
	} else {
		json_decref(l.named);
	}
	return rc;
}
