/*
 * The boxes of ISO media files: JPEG 2000 and HEIF are made of them.
 */
#ifndef SLUSE_READERS_IMAGE_BOXES_H
#define SLUSE_READERS_IMAGE_BOXES_H

#include "numbers.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A run of bytes, and what is read from its front. */
struct span {
	const uint8_t *p;
	size_t n;
};

struct box {
	char type[4];
	struct span body;
	bool cut; /* it says it is longer: body is what there is */
};

static inline bool
box_is(const struct box *b, const char *type)
{
	return memcmp(b->type, type, 4) == 0;
}

/* The next box of s, which is moved behind it. False: there is none, or its
 * head is senseless. */
static inline bool
box_next(struct span *s, struct box *ret)
{
	uint64_t length;
	size_t head = 8;

	if (s->n < 8)
		return false;
	length = be32(s->p);
	memcpy(ret->type, s->p + 4, 4);
	if (length == 1) {
		if (s->n < 16)
			return false;
		length = be64(s->p + 8);
		head = 16;
	} else if (length == 0) {
		length = s->n; /* up to the end */
	}
	if (length < head)
		return false;
	ret->cut = length > s->n;
	if (ret->cut)
		length = s->n;
	ret->body.p = s->p + head;
	ret->body.n = (size_t)length - head;
	s->p += length;
	s->n -= (size_t)length;
	return true;
}

#endif
