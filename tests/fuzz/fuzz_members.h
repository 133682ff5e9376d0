/*
 * What comes out of an archive, whatever its bytes: small limits, and members
 * that lie inside the output file and within them.
 */
#ifndef TESTS_FUZZ_FUZZ_MEMBERS_H
#define TESTS_FUZZ_FUZZ_MEMBERS_H

#include "../../daemon/unpack/unpack.h"
#include "fuzz.h"

enum { MEMBERS = 200, MEMBER_BYTES = 256 << 10, TOTAL_BYTES = 1 << 20 };

static inline struct sl_budget
fuzz_budget(int out, size_t input_bytes)
{
	return (struct sl_budget){.fd = out,
	    .input_bytes = input_bytes,
	    .members_max = MEMBERS,
	    .member_bytes_max = MEMBER_BYTES,
	    .total_bytes_max = TOTAL_BYTES,
	    .ratio_max = 100};
}

/* For sl_unpack; arg is the budget. */
static inline void
fuzz_member(void *arg, const struct sl_member *m)
{
	const struct sl_budget *b = arg;
	off_t end = lseek(b->fd, 0, SEEK_END);

	FUZZ_CHECK(sl_utf8_valid(m->name, strlen(m->name)));
	FUZZ_CHECK(m->name_charset != NULL && m->warnings != NULL);
	if (m->skipped || m->reason != NULL)
		return;
	FUZZ_CHECK(m->size <= MEMBER_BYTES);
	FUZZ_CHECK(
	    m->offset <= (uint64_t)end && m->size <= (uint64_t)end - m->offset);
}

static inline void
fuzz_budget_end(struct sl_budget *b)
{
	FUZZ_CHECK(b->members <= MEMBERS);
	FUZZ_CHECK(b->produced <= TOTAL_BYTES + MEMBER_BYTES);
	sl_budget_free(b);
}

#endif
