/*
 * Fuzz targets: each fuzz_NAME.c is one LLVMFuzzerTestOneInput.
 *
 * `make check` replays corpus/NAME through every target with whatever compiler
 * there is; `make fuzz` runs them under libFuzzer. A target says more than "it
 * did not crash": what came out must keep the promises of its header.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define FUZZ_CHECK(expr)                                                       \
	((expr) ? (void)0                                                      \
		: (void)(fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,    \
			     #expr),                                           \
		      abort()))

/* A file in memory that holds the bytes. */
static inline int
fuzz_fd(const void *p, size_t n)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && sl_write_full(fd, p, n) == 0);
	return fd;
}

/* For what must be NUL-terminated text; free() it. */
static inline char *
fuzz_text(const uint8_t *p, size_t n)
{
	char *s = sl_alloc(n + 1);

	if (n > 0)
		memcpy(s, p, n);
	return s;
}

#endif
