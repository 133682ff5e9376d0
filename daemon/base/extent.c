#include "extent.h"

#include "file.h"

ssize_t
sl_extent_read(const struct sl_extent *x, void *p, size_t n, uint64_t at)
{
	if (at >= x->size)
		return 0;
	if (n > x->size - at)
		n = (size_t)(x->size - at);
	return sl_pread_full(x->fd, p, n, x->offset + at);
}
