/*
 * What an archive gave, for the tests of unpack/.
 */
#ifndef TESTS_UNIT_UNPACKED_H
#define TESTS_UNIT_UNPACKED_H

#include <string.h>
#include <unistd.h>

#include "../../daemon/unpack/unpack.h"
#include "make_archive.h"
#include "test.h"

struct got {
	struct sl_buf log; /* a line a member, as the test has it */
	struct sl_unpacked u;
	struct sl_budget b;
	unsigned members, whole;
	uint64_t bytes; /* of the whole ones */
	uint64_t last_offset, last_size; /* of the last whole one */
	unsigned strange; /* whole ones that were not in it */
	uint8_t first[64]; /* bytes of the last whole one */
	struct sl_buf raw; /* raw name of the last member */
};

static inline const char *
got_reason(const struct sl_member *m)
{
	return m->skipped ? "skipped" : m->reason != NULL ? m->reason : "";
}

/* Counts it; true: it is whole. */
static inline bool
got_member(struct got *g, const struct sl_member *m)
{
	g->members++;
	if (m->reason != NULL || m->skipped)
		return false;
	g->whole++;
	g->bytes += m->size;
	g->last_offset = m->offset;
	g->last_size = m->size;
	return true;
}

/* Unpacks the bytes; g is the caller's to got_end(). */
static inline void
got_unpack(struct got *g, enum sl_archive kind, const char *name, const void *p,
    size_t n, struct sl_keys *keys, struct sl_budget b, sl_member_fn *fn)
{
	SL_CLOSE int in = make_fd(p, n);
	struct sl_extent x = {.fd = in, .size = n};

	memset(g, 0, sizeof(*g));
	g->b = b;
	g->b.fd = make_fd("", 0);
	g->b.input_bytes = n;
	CHECK(sl_unpack(kind, &x, name, keys, &g->b, fn, g, &g->u, NULL) ==
	      SL_OK);
}

static inline void
got_end(struct got *g)
{
	(void)close(g->b.fd);
	sl_budget_free(&g->b);
	sl_buf_free(&g->log);
	sl_buf_free(&g->raw);
}

#endif
