/*
 * What warming took and gave back lies in small holes all over the heap of the
 * parent. A child would fill these first, and pay each with the copy of a page
 * of 4 KiB. They are filled here, for ever, so that the memory of a child is
 * the end of the heap: fresh pages, one behind the other.
 */
#include "heap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "../sandbox/sandbox.h"

#define LARGE ((size_t)128 << 10) /* glibc maps what is larger by itself */
#define SMALL 1024u /* up to here glibc keeps holes by their size */
#define STEP 16u

/* Until the allocator has to take from the end. */
static void
fill(size_t size, uintptr_t end)
{
	void *p;

	do
		p = malloc(size);
	while (p != NULL && (uintptr_t)p < end);
	free(p);
}

void
sl_heap_fill_holes(void)
{
	uintptr_t end;
	size_t size;

	if (sl_sandbox_is_wide()) /* a sanitizer's heap */
		return;
	(void)malloc_trim(0);
	end = (uintptr_t)sbrk(0) - mallinfo2().keepcost;
	for (size = LARGE; size > SMALL; size /= 2)
		fill(size, end);
	for (; size >= STEP; size -= STEP)
		fill(size - sizeof(size_t), end);
}
