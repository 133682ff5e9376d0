#include "seven.h"

#include <archive_entry.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../base/mem.h"
#include "kinds.h"
#include "sevenview.h"

#define HEADER_MAX ((size_t)16 << 20)
#define FAILED_MAX 1024u /* keys that did not fit, of an archive */
/* Read or unpacked to try keys, of an archive: a list of 32 against one file of
 * 100 MB that is stored. */
#define TRIED_MAX ((uint64_t)4 << 30)
#define BESIDE_COSTS 4u /* LZMA, against what is only decrypted */

struct sl_seven {
	struct sl_extent x;
	struct sl_keys *keys;
	const struct sl_budget *budget;
	struct sl_seven_opened *opened;
	uint64_t tried_bytes; /* read or unpacked to try keys */
	unsigned failed; /* keys that did not fit */
	int key; /* the last password that fitted; negative: none yet */
	struct sl_seven_view view;
	int8_t *closed; /* of each file: SL_SEVEN_CLOSED and so on, or 0 */
	size_t count;
};

/* -- trying keys ---------------------------------------------------------- */

enum reads {
	READS, /* to its end, and it has its checksum */
	READS_NOT,
	READS_TOO_MUCH, /* more than max, and right so far */
	READS_NO_MEMORY,
	READS_UNTRIED, /* to try would cost too much */
	READS_NEVER, /* whatever the password */
};

/* The first file of what is shown; ret may be NULL. */
static enum reads
read_first(struct sl_seven *s, const struct sl_seven_view *v, uint64_t max,
    struct sl_buf *ret)
{
	struct sl_feed feed = {.read = sl_seven_view_read,
	    .of = v,
	    .size = sl_seven_view_size(v),
	    .block_max = SL_FEED_SEVEN};
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	uint64_t got = 0;
	const void *p;
	la_int64_t off;
	size_t n;
	int r = ARCHIVE_FATAL;
	bool no_memory = a == NULL;

	if (a != NULL && sl_archive_support(a, SL_ARCHIVE_7ZIP) == ARCHIVE_OK &&
	    sl_feed_open(&feed, a) == ARCHIVE_OK &&
	    archive_read_next_header(a, &e) >= ARCHIVE_WARN)
		r = ARCHIVE_OK;
	while (r == ARCHIVE_OK && (max == 0 || got <= max)) {
		r = archive_read_data_block(a, &p, &n, &off);
		if (r != ARCHIVE_OK)
			break;
		got += n;
		if (ret != NULL)
			sl_buf_add(ret, p, n);
	}
	s->tried_bytes += feed.given > got ? feed.given : got;
	if (a != NULL) {
		no_memory = archive_errno(a) == ENOMEM;
		(void)archive_read_free(a);
	}
	sl_feed_free(&feed);
	if (r == ARCHIVE_EOF)
		return READS;
	return r == ARCHIVE_OK ? READS_TOO_MUCH
	       : no_memory     ? READS_NO_MEMORY
			       : READS_NOT;
}

/* The i-th folder alone, with its first file that holds something. The arrays
 * are h's. False: there is none, or one of them cannot be checked. */
static bool
cut_out(const struct sl_seven_head *h, size_t i, struct sl_seven_head *ret,
    struct sl_seven_folder *folder, struct sl_seven_stream streams[2])
{
	/* A file called "a". */
	static const uint8_t files[] = {
	    0x05, 1, 0x11, 5, 0, 'a', 0, 0, 0, 0, 0};
	const struct sl_seven_folder *f = &h->folders[i];
	const struct sl_seven_stream *s;
	size_t k;

	*folder = *f;
	folder->first_out = folder->first_pack = folder->first_stream = 0;
	folder->streams = 0;
	for (k = 0; k < f->streams; k++) {
		s = &h->streams[f->first_stream + k];
		if (s->size == 0)
			continue;
		if (!s->has_crc)
			return false;
		if (folder->streams == 0)
			streams[folder->streams++] = *s;
	}
	if (folder->streams == 0)
		return false;
	if (streams[0].size < f->size)
		streams[folder->streams++] =
		    (struct sl_seven_stream){.size = f->size - streams[0].size};
	*ret = (struct sl_seven_head){.packs = h->packs + f->first_pack,
	    .packs_n = f->packs,
	    .outs = h->outs + f->first_out,
	    .outs_n = f->outs,
	    .folders = folder,
	    .folders_n = 1,
	    .streams = streams,
	    .streams_n = folder->streams,
	    .files = files,
	    .files_n = sizeof(files)};
	return true;
}

/* What comes beside the first file, and cannot be stopped, is paid in advance.
 */
static enum reads
try_view(struct sl_seven *s, const struct sl_seven_view *v)
{
	uint64_t max = s->budget->member_bytes_max, left = 0;
	enum reads reads;

	if (max == 0)
		max = UINT64_MAX;
	if (v->beside > max)
		return READS_TOO_MUCH;
	if (sl_seven_view_tail_fits(v))
		return READS;
	if (s->tried_bytes < TRIED_MAX)
		left = TRIED_MAX - s->tried_bytes;
	if (BESIDE_COSTS * v->beside >= left)
		return READS_UNTRIED;
	s->tried_bytes += BESIDE_COSTS * v->beside;
	left -= BESIDE_COSTS * v->beside;
	reads = read_first(s, v, max < left ? max : left, NULL);
	return reads == READS_TOO_MUCH && left < max ? READS_UNTRIED : reads;
}

static enum reads
try_key(struct sl_seven *s, const struct sl_seven_head *one, int key)
{
	enum reads reads = READS_NEVER;
	struct sl_seven_view v;
	enum sl_rc rc;

	if (s->failed >= FAILED_MAX && key != s->key)
		return READS_UNTRIED;
	rc = sl_seven_view_make(&s->x, s->keys, one, &key, &v);
	if (rc == SL_OK)
		reads = try_view(s, &v);
	else if (rc != SL_HOLD)
		reads = rc == SL_SKIP ? READS_NOT : READS_UNTRIED;
	sl_seven_view_free(&v);
	s->failed += reads != READS && reads != READS_NEVER;
	return reads;
}

/* How the i-th folder of h, which is encrypted, is to be shown. A key that may
 * have fitted is none as long as nothing proves it. */
static int
find_key(struct sl_seven *s, const struct sl_seven_head *h, size_t i)
{
	int n = (int)s->keys->list->n, try, key, as = SL_SEVEN_CLOSED;
	struct sl_seven_stream streams[2];
	struct sl_seven_folder folder;
	struct sl_seven_head one;
	enum reads reads = READS_NOT;

	if (!cut_out(h, i, &one, &folder, streams))
		return SL_SEVEN_UNSUPPORTED;
	/* The one that fitted last comes first. */
	for (try = s->key >= 0 ? -1 : 0; try < n; try++) {
		key = try < 0 ? s->key : try;
		if (try >= 0 && try == s->key)
			continue;
		reads = try_key(s, &one, key);
		if (reads == READS_UNTRIED || reads == READS_NEVER)
			break;
		if (reads == READS_TOO_MUCH)
			as = SL_SEVEN_TOO_LARGE;
		if (reads == READS_NO_MEMORY)
			as = SL_SEVEN_NO_MEMORY;
		if (reads != READS)
			continue;
		s->key = key;
		if (s->opened->password == 0)
			s->opened->password = (unsigned)key + 1;
		return key;
	}
	s->opened->untried |= reads == READS_UNTRIED;
	return reads == READS_NEVER ? SL_SEVEN_UNSUPPORTED : as;
}

static const char *
slug_of(int closed)
{
	switch (closed) {
	case SL_SEVEN_UNSUPPORTED:
		return "unsupported";
	case SL_SEVEN_TOO_LARGE:
		return "limit_member";
	case SL_SEVEN_NO_MEMORY:
		return "limit_memory";
	default:
		return "encrypted";
	}
}

/* -- opening -------------------------------------------------------------- */

static bool
read_header(const struct sl_extent *x, uint8_t **ret, size_t *ret_n,
    struct sl_seven_head *h)
{
	uint8_t start[SL_SEVEN_START];
	uint64_t at, size;
	uint32_t sum;

	if (sl_extent_read(x, start, sizeof(start), 0) != sizeof(start) ||
	    !sl_seven_start_read(start, &at, &size, &sum) || size == 0 ||
	    size > HEADER_MAX)
		return false;
	*ret = sl_alloc((size_t)size);
	*ret_n = (size_t)size;
	return sl_extent_read(x, *ret, *ret_n, SL_SEVEN_START + at) ==
		   (ssize_t)size &&
	       crc32(0, *ret, (uInt)size) == sum &&
	       sl_seven_head_read(*ret, *ret_n, SL_SEVEN_START + at, h);
}

/* Replaces a header that lies in a folder of its own by what it holds. */
static enum sl_rc
decode_header(struct sl_seven *s, struct sl_buf *bytes, struct sl_seven_head *h)
{
	int key = h->folders_n == 1 && h->folders[0].is_aes ? find_key(s, h, 0)
							    : SL_SEVEN_PLAIN;
	uint64_t file_bytes = s->x.size;
	struct sl_seven_stream streams[2];
	struct sl_seven_folder folder;
	struct sl_seven_head one;
	enum reads reads = READS_NOT;
	struct sl_seven_view v;

	if (key < SL_SEVEN_PLAIN) {
		s->opened->closed = slug_of(key);
		return SL_HOLD;
	}
	bytes->max = HEADER_MAX + 1;
	if (h->folders_n != 1 || h->folders[0].streams != 1 ||
	    !cut_out(h, 0, &one, &folder, streams))
		return SL_SKIP;
	if (sl_seven_view_make(&s->x, s->keys, &one, &key, &v) == SL_OK)
		reads = read_first(s, &v, HEADER_MAX, bytes);
	sl_seven_view_free(&v);
	sl_seven_head_free(h);
	if (reads != READS ||
	    !sl_seven_head_read(
		(const uint8_t *)bytes->p, bytes->n, file_bytes, h) ||
	    h->encoded) {
		s->opened->closed =
		    reads == READS_NO_MEMORY ? "limit_memory" : "damaged";
		return key == SL_SEVEN_PLAIN ? SL_SKIP : SL_HOLD;
	}
	return SL_OK;
}

/* Notes whose folder stays closed. */
static void
mark_closed(struct sl_seven *s, const struct sl_seven_head *h, const int *as)
{
	size_t i, folder = 0;
	uint32_t in = 0;

	s->closed = sl_alloc(h->count + 1);
	s->count = h->count;
	for (i = 0; i < h->count; i++) {
		if (sl_seven_head_is_empty(h, i))
			continue;
		for (;
		     folder < h->folders_n && in >= h->folders[folder].streams;
		     folder++)
			in = 0;
		if (folder == h->folders_n)
			return;
		if (as[folder] < SL_SEVEN_PLAIN)
			s->closed[i] = (int8_t)as[folder];
		in++;
	}
}

static enum sl_rc
open_folders(struct sl_seven *s, const struct sl_seven_head *h, bool hidden)
{
	SL_FREE int *as = sl_alloc((h->folders_n + 1) * sizeof(*as));
	bool any = hidden;
	enum sl_rc rc;
	size_t i;

	for (i = 0; i < h->folders_n; i++)
		any |= h->folders[i].is_aes;
	if (!any)
		return SL_SKIP;
	for (i = 0; i < h->folders_n; i++)
		as[i] =
		    h->folders[i].is_aes ? find_key(s, h, i) : SL_SEVEN_PLAIN;
	mark_closed(s, h, as);
	rc = sl_seven_view_make(&s->x, s->keys, h, as, &s->view);
	assert(rc != SL_REJECT && rc != SL_RETRY); /* the keys are made */
	return rc;
}

enum sl_rc
sl_seven_open(const struct sl_extent *x, struct sl_keys *keys,
    const struct sl_budget *b, struct sl_seven **ret_seven,
    struct sl_seven_opened *ret)
{
	struct sl_seven_head h = {0};
	SL_BUF struct sl_buf bytes = {0};
	SL_FREE uint8_t *raw = NULL;
	struct sl_seven *s;
	enum sl_rc rc = SL_SKIP;
	bool hidden = false;
	size_t n;

	*ret = (struct sl_seven_opened){.closed = "encrypted"};
	if (keys == NULL || keys->list == NULL || keys->list->n == 0)
		return SL_SKIP;
	s = sl_alloc(sizeof(*s));
	*s = (struct sl_seven){.x = *x,
	    .keys = keys,
	    .budget = b,
	    .opened = ret,
	    .key = SL_SEVEN_CLOSED};
	if (read_header(x, &raw, &n, &h)) {
		rc = SL_OK;
		if (h.encoded) {
			hidden = h.folders_n == 1 && h.folders[0].is_aes;
			rc = decode_header(s, &bytes, &h);
		}
		if (rc == SL_OK)
			rc = open_folders(s, &h, hidden);
	}
	sl_seven_head_free(&h);
	s->opened = NULL;
	if (rc == SL_OK) {
		*ret_seven = s;
		return SL_OK;
	}
	sl_seven_free(s);
	return rc;
}

void
sl_seven_free(struct sl_seven *s)
{
	if (s == NULL)
		return;
	sl_seven_view_free(&s->view);
	free(s->closed);
	free(s);
}

ssize_t
sl_seven_read(const void *of, void *p, size_t n, uint64_t at)
{
	const struct sl_seven *s = of;

	return sl_seven_view_read(&s->view, p, n, at);
}

uint64_t
sl_seven_size(const struct sl_seven *s)
{
	return sl_seven_view_size(&s->view);
}

const char *
sl_seven_closed(const struct sl_seven *s, size_t i)
{
	if (i >= s->count || s->closed[i] == 0)
		return NULL;
	return slug_of(s->closed[i]);
}
