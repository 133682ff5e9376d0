/*
 * A storage of an OLE2 file as an OLE2 file of its own: what Outlook does when
 * an attached message is saved, or a person opens an embedded object.
 */
#ifndef READERS_OLE2COPY_H
#define READERS_OLE2COPY_H

#include "ole2.h"

/* What takes the bytes, in order; non-zero stops. */
typedef int ole2_put_fn(void *arg, const void *p, size_t n);

struct ole2_copy {
	struct ole2 *o;
	uint32_t storage; /* becomes the root */
	uint32_t also; /* a storage that comes under the new root; OLE2_NONE */
	const uint8_t *clsid; /* 16 bytes for the root, NULL: the storage's */
	const char *grow; /* a stream of the storage that gets .., or NULL */
	uint32_t grow_at, grow_by; /* .. zeros, at most 64, at this place */
	ole2_put_fn *put;
	void *arg;
};

/* 0 on success, 1 if put said stop, -1 if there is no memory or the source
 * cannot be read. */
int ole2_copy(const struct ole2_copy *c);

#endif
