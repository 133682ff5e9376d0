#include "feed.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../base/extent.h"
#include "../base/mem.h"

#define BLOCK ((size_t)64 << 10)

ssize_t
sl_feed_read_extent(const void *of, void *p, size_t n, uint64_t at)
{
	return sl_extent_read(of, p, n, at);
}

static la_ssize_t
on_read(struct archive *a, void *arg, const void **ret)
{
	struct sl_feed *f = arg;
	ssize_t n = f->read(f->of, f->block, f->block_n, f->at);

	if (n < 0) {
		archive_set_error(a, errno, "cannot read the input");
		return ARCHIVE_FATAL;
	}
	if (n == 0)
		f->hit_end = true;
	f->at += (uint64_t)n;
	f->given += (uint64_t)n;
	*ret = f->block;
	return n;
}

static la_int64_t
on_skip(struct archive *a, void *arg, la_int64_t n)
{
	struct sl_feed *f = arg;
	uint64_t left = f->at < f->size ? f->size - f->at : 0;

	(void)a;
	if (n <= 0)
		return 0;
	if ((uint64_t)n > left)
		n = (la_int64_t)left;
	f->at += (uint64_t)n;
	return n;
}

static la_int64_t
on_seek(struct archive *a, void *arg, la_int64_t n, int whence)
{
	struct sl_feed *f = arg;
	int64_t base = 0;

	(void)a;
	if (whence == SEEK_CUR)
		base = (int64_t)f->at;
	else if (whence == SEEK_END)
		base = (int64_t)f->size;
	if (n < -base || n > INT64_MAX - base)
		return ARCHIVE_FATAL;
	f->at = (uint64_t)(base + n);
	return base + n;
}

int
sl_feed_open(struct sl_feed *f, struct archive *a)
{
	size_t max = f->block_max != 0 ? f->block_max : BLOCK;

	f->block_n = f->size < max ? (size_t)f->size : max;
	f->block = sl_realloc(f->block, f->block_n > 0 ? f->block_n : 1);
	f->at = 0;
	(void)archive_read_set_read_callback(a, on_read);
	(void)archive_read_set_skip_callback(a, on_skip);
	(void)archive_read_set_seek_callback(a, on_seek);
	(void)archive_read_set_callback_data(a, f);
	return archive_read_open1(a);
}

void
sl_feed_free(struct sl_feed *f)
{
	free(f->block);
	f->block = NULL;
}
