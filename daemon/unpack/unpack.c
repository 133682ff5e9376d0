/*
 * A zip is walked by libarchive, but its names come from our own reading of the
 * directory (zipdir.h), since libarchive 3.6 loses raw names and the Unicode
 * path field. The two are matched by where libarchive stands in the file after
 * a header: members do not overlap (checked), so that place names one entry.
 * libarchive is shown the file only up to the end record that we chose, so that
 * it cannot choose another.
 *
 * INVARIANT: after ARCHIVE_FATAL the handle is only freed; going on has crashed
 * libarchive 3.6.2.
 */
#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "feed.h"
#include "kinds.h"
#include "seven.h"
#include "zipdir.h"

#define DIR_BYTES_MAX ((size_t)64 << 20)
#define DIR_ENTRIES_MAX 1000000u

struct walk {
	enum sl_archive kind;
	struct sl_extent x;
	const char *outer;
	struct sl_keys *keys;
	const char *key; /* the one that fits a zip, or NULL */
	struct sl_budget *b;
	sl_member_fn *fn;
	void *arg;
	struct sl_unpacked *ret;
	struct sl_err *err;

	struct archive *a;
	struct sl_feed feed;
	struct sl_seven *seven; /* shown instead of x */

	struct sl_zip_dir dir; /* zip with an end record */
	uint64_t header_from; /* streamed: no local header before this */
	uint8_t *local; /* SL_ZIP_LOCAL_MAX bytes, lazily */
	struct sl_buf name;
};

static bool
open_archive(struct walk *w)
{
	w->a = archive_read_new();
	if (w->a == NULL || sl_archive_support(w->a, w->kind) != ARCHIVE_OK)
		return false;
	if (w->key != NULL &&
	    archive_read_add_passphrase(w->a, w->key) != ARCHIVE_OK)
		return false;
	w->feed.read = sl_feed_read_extent;
	w->feed.of = &w->x;
	w->feed.size = w->x.size;
	w->feed.block_max = w->kind == SL_ARCHIVE_7ZIP ? SL_FEED_SEVEN : 0;
	if (w->seven != NULL) {
		w->feed.read = sl_seven_read;
		w->feed.of = w->seven;
		w->feed.size = sl_seven_size(w->seven);
	}
	return sl_feed_open(&w->feed, w->a) == ARCHIVE_OK;
}

/* -- names -------------------------------------------------------------- */

static bool
same_name(const struct sl_zip_entry *a, const struct sl_zip_entry *b)
{
	return a->name_n == b->name_n &&
	       memcmp(a->name, b->name, a->name_n) == 0;
}

static bool
is_zip(const struct walk *w)
{
	return w->kind == SL_ARCHIVE_ZIP || w->kind == SL_ARCHIVE_ZIP_STREAMED;
}

/* The directory's entry for the header libarchive has just read; in a zip
 * without a directory the local header itself. */
static bool
find_zip_entry(struct walk *w, struct sl_zip_entry *ret, const char **warning)
{
	uint64_t at = (uint64_t)archive_filter_bytes(w->a, 0);
	const struct sl_zip_entry *e = NULL;
	struct sl_zip_entry local;
	bool found;

	if (w->kind == SL_ARCHIVE_ZIP)
		e = sl_zip_dir_find(&w->dir, at);
	if (w->local == NULL)
		w->local = sl_realloc(NULL, SL_ZIP_LOCAL_MAX);
	found = sl_zip_local_ending_at(
	    &w->x, e != NULL ? e->local : w->header_from, at, w->local, &local);
	if (e == NULL) {
		if (found)
			*ret = local;
		return found;
	}
	if (found && !same_name(e, &local))
		*warning = "name_differs";
	*ret = *e;
	return true;
}

static void
take_zip_name(struct walk *w, const struct sl_zip_entry *e, struct sl_member *m)
{
	m->name_raw = e->name;
	m->name_raw_n = e->name_n < SL_NAME_MAX ? e->name_n : SL_NAME_MAX;
	if (e->name_n > SL_NAME_MAX)
		m->warnings = "name_too_long";
	m->name_charset = sl_name_decode_zip(
	    e->name, e->name_n, e->flags, e->extra, e->extra_n, &w->name);
}

/* The name in a gzip's own head; false if there is none. */
static bool
take_gzip_head_name(struct walk *w, struct sl_member *m)
{
	uint8_t head[10 + 2 + 1024];
	ssize_t n = sl_extent_read(&w->x, head, sizeof(head), 0);
	const uint8_t *nul;
	size_t at = 10, len;

	if (n < 13 || (head[3] & 8) == 0)
		return false;
	if ((head[3] & 4) != 0)
		at += 2 + (head[10] | (size_t)head[11] << 8);
	if (at >= (size_t)n ||
	    (nul = memchr(head + at, 0, (size_t)n - at)) == NULL ||
	    nul == head + at)
		return false;
	m->name_raw_n = (size_t)(nul - (head + at));
	m->name_charset =
	    sl_name_decode(head + at, m->name_raw_n, false, &w->name);
	/* The raw one is kept behind the decoded one: head goes away. */
	len = w->name.n;
	sl_buf_add(&w->name, "", 1);
	sl_buf_add(&w->name, head + at, m->name_raw_n);
	m->name_raw = (const uint8_t *)w->name.p + len + 1;
	return true;
}

static void
take_tar_name(struct walk *w, struct archive_entry *e, struct sl_member *m)
{
	const char *s = archive_entry_pathname(e);

	if (s == NULL)
		s = archive_entry_pathname_utf8(e);
	if (s == NULL)
		s = "";
	m->name_raw = (const uint8_t *)s;
	m->name_raw_n = strlen(s);
	m->name_charset =
	    sl_name_decode(m->name_raw, m->name_raw_n, false, &w->name);
	if (m->name_raw_n > SL_NAME_MAX) {
		m->name_raw_n = SL_NAME_MAX;
		m->warnings = "name_too_long";
	}
}

/* Sets names, and *ze where it is a member of a zip. */
static void
take_name(struct walk *w, struct archive_entry *e, struct sl_zip_entry *ze,
    struct sl_member *m)
{
	const char *warning = "";

	sl_buf_reset(&w->name);
	if (is_zip(w) && find_zip_entry(w, ze, &warning)) {
		m->warnings = warning;
		take_zip_name(w, ze, m);
	} else if (archive_format(w->a) == ARCHIVE_FORMAT_RAW) {
		if (w->kind != SL_ARCHIVE_GZIP || !take_gzip_head_name(w, m)) {
			sl_archive_inner_name(w->outer, &w->name);
			m->name_raw = (const uint8_t *)"";
			m->name_charset = "";
		}
	} else {
		take_tar_name(w, e, m);
	}
	m->name = sl_buf_str(&w->name);
}

/* -- members ------------------------------------------------------------- */

static bool
method_known(unsigned method)
{
	switch (method) {
	case 0:
	case 8:
	case 12: /* bzip2 */
	case 14: /* lzma */
	case 93: /* zstd */
	case 95: /* xz */
	case 98: /* ppmd */
	case 99: /* AES, with a key; the method behind it is libarchive's */
		return true;
	default:
		return false;
	}
}

/* libarchive has no number for what it cannot read, only words. */
static bool
says_unsupported(const char *words)
{
	static const char *const begin[] = {"Unknown codec ID",
	    "Unexpected codec ID", "Unsupported filter",
	    "Unsupported form of BCJ2", "Unsupported compression method",
	    "Compression method not supported", "Unsupported CAB compression",
	    "Unsupported lzh compression"};
	size_t i;

	for (i = 0; words != NULL && i < sizeof(begin) / sizeof(begin[0]); i++)
		if (strncmp(words, begin[i], strlen(begin[i])) == 0)
			return true;
	return words != NULL && strstr(words, "with many filters") != NULL;
}

/* What libarchive has just failed for. */
static const char *
why_failed(struct archive *a)
{
	if (archive_errno(a) == ENOMEM)
		return "limit_memory";
	return says_unsupported(archive_error_string(a)) ? "unsupported"
							 : "damaged";
}

/* The bytes of one member. One that gives none with the key that fits another
 * has a key of its own. *fatal: libarchive is at its end. */
static enum sl_rc
copy_data(struct walk *w, struct archive_entry *e, struct sl_member *m,
    bool encrypted, bool *fatal)
{
	la_int64_t off, size = archive_entry_size(e);
	uint64_t done = 0;
	const void *p;
	enum sl_rc rc;
	size_t n;
	int r;

	while (
	    (r = archive_read_data_block(w->a, &p, &n, &off)) != ARCHIVE_EOF) {
		if (r == ARCHIVE_RETRY)
			continue;
		if (r != ARCHIVE_OK || off < 0 || (uint64_t)off < done) {
			*fatal = r == ARCHIVE_FATAL || r == ARCHIVE_OK;
			m->reason = why_failed(w->a);
			if (encrypted && done == 0 &&
			    strcmp(m->reason, "damaged") == 0)
				m->reason = "encrypted";
			return SL_OK;
		}
		rc = sl_budget_hole(w->b, (uint64_t)off - done, w->err);
		if (rc == SL_OK)
			rc = sl_budget_write(w->b, p, n, w->err);
		if (rc != SL_OK)
			return rc;
		done = (uint64_t)off + n;
	}
	/* A sparse file may end in a hole. */
	if (archive_entry_sparse_count(e) > 0 && size > 0 &&
	    (uint64_t)size > done)
		return sl_budget_hole(w->b, (uint64_t)size - done, w->err);
	return SL_OK;
}

static bool
is_encrypted(const struct sl_zip_entry *ze, struct archive_entry *e)
{
	return (ze->flags & SL_ZIP_ENCRYPTED) != 0 ||
	       archive_entry_is_encrypted(e) != 0;
}

/* A slug, or NULL: what is encrypted can be read. */
static const char *
why_closed(
    struct walk *w, const struct sl_zip_entry *ze, struct archive_entry *e)
{
	if (w->seven != NULL)
		return sl_seven_closed(w->seven, w->ret->members);
	return is_encrypted(ze, e) && w->key == NULL ? "encrypted" : NULL;
}

static enum sl_rc
take_member(struct walk *w, struct archive_entry *e, bool *fatal)
{
	struct sl_member m = {.name_charset = "", .warnings = ""};
	struct sl_zip_entry ze = {0};
	const char *closed;
	enum sl_rc rc;

	if ((rc = sl_budget_begin(w->b, w->err)) != SL_OK)
		return rc;
	take_name(w, e, &ze, &m);
	closed = why_closed(w, &ze, e);
	w->ret->members++;
	m.skipped = archive_entry_filetype(e) != AE_IFREG ||
		    archive_entry_hardlink(e) != NULL;
	if (!m.skipped) {
		if (closed != NULL)
			m.reason = closed;
		else if (!method_known(ze.method))
			m.reason = "unsupported";
		else if ((rc = copy_data(
			      w, e, &m, is_encrypted(&ze, e), fatal)) != SL_OK)
			return rc;
		if (m.reason != NULL && strcmp(m.reason, "encrypted") == 0)
			w->ret->reason = m.reason;
		else if (closed != NULL && w->ret->reason == NULL)
			w->ret->reason = closed;
		if (m.reason == NULL && (rc = sl_budget_end(w->b, &m.offset,
					     &m.size, w->err)) != SL_OK)
			return rc;
	}
	w->header_from = (uint64_t)archive_filter_bytes(w->a, 0);
	w->fn(w->arg, &m);
	return SL_OK;
}

static enum sl_rc
walk(struct walk *w)
{
	struct archive_entry *e;
	bool fatal = false;
	enum sl_rc rc;
	int r;

	if (!open_archive(w)) {
		w->ret->reason = "damaged";
		w->ret->cut_off = w->feed.hit_end;
		return SL_OK;
	}
	while (!fatal) {
		r = archive_read_next_header(w->a, &e);
		if (r == ARCHIVE_EOF)
			return SL_OK;
		if (r == ARCHIVE_RETRY)
			continue;
		if (r < ARCHIVE_WARN)
			break;
		if ((rc = take_member(w, e, &fatal)) != SL_OK)
			return rc;
	}
	w->ret->cut_off = w->feed.hit_end && w->seven == NULL;
	if (archive_read_has_encrypted_entries(w->a) == 1)
		w->ret->reason = "encrypted"; /* the list of names as well */
	else
		w->ret->reason = why_failed(w->a);
	return SL_OK;
}

/* -- passwords ------------------------------------------------------------- */

/* Reads the first encrypted member with w->key, keeping nothing. */
static bool
key_fits(struct walk *w)
{
	uint64_t max = w->b->member_bytes_max, got = 0;
	struct archive_entry *e;
	const void *p;
	la_int64_t off;
	size_t n;
	int r;

	if (!open_archive(w))
		return false;
	while ((r = archive_read_next_header(w->a, &e)) >= ARCHIVE_WARN)
		if (archive_entry_filetype(e) == AE_IFREG &&
		    archive_entry_is_encrypted(e) != 0)
			break;
	if (r < ARCHIVE_WARN || r == ARCHIVE_EOF)
		return false;
	do {
		r = archive_read_data_block(w->a, &p, &n, &off);
		got += r == ARCHIVE_OK ? n : 0;
	} while (r == ARCHIVE_OK && (max == 0 || got <= max));
	/* One that grows too large is stopped by its limit, not for its key. */
	return r == ARCHIVE_EOF || r == ARCHIVE_OK;
}

static bool
has_encrypted(const struct sl_zip_dir *d)
{
	size_t i;

	for (i = 0; i < d->count; i++)
		if ((d->entries[i].flags & SL_ZIP_ENCRYPTED) != 0)
			return true;
	return false;
}

/* One key for the whole zip; without one the members are left as they are. */
static void
find_key(struct walk *w)
{
	const struct sl_passwords *list =
	    w->keys != NULL ? w->keys->list : NULL;
	size_t i;
	bool fits = false;

	for (i = 0; list != NULL && i < list->n && !fits; i++) {
		w->key = list->item[i];
		fits = key_fits(w);
		(void)archive_read_free(w->a);
		w->a = NULL;
	}
	w->feed.hit_end = false;
	if (fits)
		w->ret->password = (unsigned)i;
	else
		w->key = NULL;
}

static enum sl_rc
stop(struct walk *w, const char *slug)
{
	w->b->limit = slug;
	return sl_err_set(w->err, SL_REJECT, 0, slug, "the zip's directory");
}

/* Reads the directory and settles what to show libarchive. */
static enum sl_rc
prepare_zip(struct walk *w)
{
	const struct sl_budget *b = w->b;
	uint32_t max = DIR_ENTRIES_MAX;
	enum sl_rc rc;

	if (b->members_max != 0)
		max = b->members_max - b->members;
	rc = sl_zip_dir_load(&w->x, max, DIR_BYTES_MAX, &w->dir, NULL);
	if (rc == SL_HOLD) {
		w->ret->reason = "volumes_missing";
		return SL_OK;
	}
	if (rc != SL_OK) {
		/* What came whole can still be had, member by member. */
		w->kind = SL_ARCHIVE_ZIP_STREAMED;
		w->ret->cut_off = rc == SL_SKIP;
		return SL_OK;
	}
	if (w->dir.partial)
		return stop(w, "limit_members");
	if (w->dir.overlap)
		return stop(w, "overlap");
	if (w->dir.differs)
		w->ret->warnings = "count_differs";
	w->x.size = w->dir.end;
	if (has_encrypted(&w->dir))
		find_key(w);
	return SL_OK;
}

static enum sl_rc
walk_zip(struct walk *w)
{
	enum sl_rc rc = prepare_zip(w);
	bool cut_off = w->ret->cut_off;

	/* An empty zip is fine, but libarchive calls it damaged. */
	if (rc == SL_OK &&
	    (w->kind == SL_ARCHIVE_ZIP_STREAMED || w->dir.count > 0))
		rc = walk(w);
	if (w->kind == SL_ARCHIVE_ZIP_STREAMED) {
		w->ret->cut_off = cut_off;
		w->ret->reason = cut_off && sl_zip_is_first_volume(&w->x)
				     ? "volumes_missing"
				     : "damaged";
	} else if (w->dir.count > w->ret->members) {
		w->ret->cut_off = false;
		w->ret->lost = (uint32_t)(w->dir.named - w->ret->members);
		if (w->ret->reason == NULL)
			w->ret->reason = "damaged";
	}
	return rc;
}

/* One that is encrypted is opened with the passwords of the list, folder by
 * folder; any other is none of ours. */
static enum sl_rc
walk_seven(struct walk *w)
{
	struct sl_seven_opened opened;
	enum sl_rc rc = sl_seven_open(&w->x, w->keys, w->b, &w->seven, &opened);

	if (rc != SL_SKIP) {
		w->ret->password = opened.password;
		w->ret->untried = opened.untried;
	}
	if (rc == SL_HOLD) {
		w->ret->reason = opened.closed;
		return SL_OK;
	}
	return walk(w);
}

enum sl_rc
sl_unpack(enum sl_archive kind, const struct sl_extent *x, const char *outer,
    struct sl_keys *keys, struct sl_budget *b, sl_member_fn *fn, void *arg,
    struct sl_unpacked *ret, struct sl_err *err)
{
	struct walk w = {.kind = kind,
	    .x = *x,
	    .outer = outer,
	    .keys = keys,
	    .b = b,
	    .fn = fn,
	    .arg = arg,
	    .ret = ret,
	    .err = err};
	enum sl_rc rc = SL_REJECT;

	*ret = (struct sl_unpacked){.warnings = ""};
	if (b->limit == NULL)
		rc = kind == SL_ARCHIVE_ZIP    ? walk_zip(&w)
		     : kind == SL_ARCHIVE_7ZIP ? walk_seven(&w)
					       : walk(&w);
	if (rc == SL_REJECT) {
		ret->reason = b->limit;
		rc = SL_OK;
	}
	if (w.a != NULL)
		(void)archive_read_free(w.a);
	sl_zip_dir_free(&w.dir);
	sl_buf_free(&w.name);
	free(w.local);
	sl_feed_free(&w.feed);
	sl_seven_free(w.seven);
	return rc;
}

/* -- warming --------------------------------------------------------------- */

static void
add_size(void *arg, const struct sl_member *m)
{
	if (m->reason == NULL)
		*(uint64_t *)arg += m->size;
}

static bool
try_sample(enum sl_archive kind, const uint8_t *p, size_t n)
{
	SL_CLOSE int in = memfd_create("in", MFD_CLOEXEC);
	SL_CLOSE int out = memfd_create("out", MFD_CLOEXEC);
	struct sl_extent x = {.fd = in, .size = n};
	struct sl_budget b = {.fd = out};
	struct sl_unpacked u;
	uint64_t got = 0;
	enum sl_rc rc;

	if (in < 0 || out < 0 || sl_write_full(in, p, n) < 0)
		return false;
	rc = sl_unpack(kind, &x, "", NULL, &b, add_size, &got, &u, NULL);
	sl_budget_free(&b);
	return rc == SL_OK && u.reason == NULL && got == 5;
}

enum sl_rc
sl_unpack_warm(struct sl_err *err)
{
	/* "sluse", deflated, as a member "a". */
	static const uint8_t zip[] = {0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x00,
	    0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x00, 0xe0, 0x30, 0x50, 0x62,
	    0x07, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
	    0x00, 0x61, 0x2b, 0xce, 0x29, 0x2d, 0x4e, 0x05, 0x00, 0x50, 0x4b,
	    0x01, 0x02, 0x14, 0x03, 0x14, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00,
	    0x00, 0x21, 0x00, 0xe0, 0x30, 0x50, 0x62, 0x07, 0x00, 0x00, 0x00,
	    0x05, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00,
	    0x61, 0x50, 0x4b, 0x05, 0x06, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
	    0x01, 0x00, 0x2f, 0x00, 0x00, 0x00, 0x26, 0x00, 0x00, 0x00, 0x00,
	    0x00};
	enum sl_rc rc;
	size_t i;

	/* libarchive turns pax names by the locale. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return sl_err_set(err, SL_FATAL, 0, "unsupported",
		    "this system has no locale C.UTF-8");
	if ((rc = sl_names_warm(err)) != SL_OK)
		return rc;
	if (!try_sample(SL_ARCHIVE_ZIP, zip, sizeof(zip)))
		return sl_err_set(err, SL_FATAL, 0, "unsupported",
		    "libarchive cannot open a zip");
	for (i = 0; i < sl_archive_samples_count; i++) {
		const struct sl_archive_sample *s = &sl_archive_samples[i];

		if (!try_sample(s->kind, s->p, s->n))
			return sl_err_set(err, SL_FATAL, 0, "unsupported",
			    "libarchive cannot open archives of kind %d",
			    (int)s->kind);
	}
	return SL_OK;
}
