/*
 * INVARIANTS: the bytes before `at` - `staged` are in the file; a member that
 * failed leaves its bytes behind and nothing is written twice at one place, so
 * that a hole always reads as zeros.
 */
#include "budget.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"

#define STAGE ((size_t)64 << 10)

static enum sl_rc
over(struct sl_budget *b, const char *slug, struct sl_err *err)
{
	b->limit = slug;
	return sl_err_set(err, SL_REJECT, 0, slug, "a limit was met");
}

static enum sl_rc
over_output(struct sl_budget *b, struct sl_err *err)
{
	b->at_output = true;
	return over(b, "limit_bytes", err);
}

static enum sl_rc
put(struct sl_budget *b, const void *p, size_t n, uint64_t at,
    struct sl_err *err)
{
	const uint8_t *c = p;
	ssize_t k;

	b->put += n;
	errno = ENOSPC;
	if (b->room_bytes != 0 && b->put > b->room_bytes)
		return sl_disk_failed(err, "no room for the output");
	while (n > 0) {
		k = pwrite(b->fd, c, n, (off_t)at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 && errno == EFBIG)
			return over_output(b, err);
		if (k <= 0)
			return sl_disk_failed(err, "cannot write the output");
		c += k;
		n -= (size_t)k;
		at += (uint64_t)k;
	}
	return SL_OK;
}

static enum sl_rc
flush(struct sl_budget *b, struct sl_err *err)
{
	size_t n = b->staged;

	b->staged = 0;
	return put(b, b->stage, n, b->at - n, err);
}

enum sl_rc
sl_budget_begin(struct sl_budget *b, struct sl_err *err)
{
	enum sl_rc rc;

	if (b->limit != NULL)
		return over(b, b->limit, err);
	if (b->members_max != 0 && b->members >= b->members_max)
		return over(b, "limit_members", err);
	if ((rc = flush(b, err)) != SL_OK)
		return rc;
	b->members++;
	b->start = b->at;
	return SL_OK;
}

/* May n more bytes come? */
static enum sl_rc
count(struct sl_budget *b, uint64_t n, struct sl_err *err)
{
	uint64_t all = b->produced + n, mine = b->at - b->start + n;

	if (b->limit != NULL)
		return over(b, b->limit, err);
	if (all < n || mine < n)
		return over(b, "limit_bytes", err);
	if (b->ratio_max != 0 && all > SL_RATIO_FROM &&
	    (all - 1) / b->ratio_max >= b->input_bytes)
		return over(b, "limit_ratio", err);
	if (b->member_bytes_max != 0 && mine > b->member_bytes_max)
		return over(b, "limit_member", err);
	if (b->total_bytes_max != 0 && all > b->total_bytes_max)
		return over(b, "limit_bytes", err);
	if (b->out_bytes != 0 &&
	    (b->at > b->out_bytes || n > b->out_bytes - b->at))
		return over_output(b, err);
	b->produced = all;
	return SL_OK;
}

enum sl_rc
sl_budget_write(
    struct sl_budget *b, const void *p, size_t n, struct sl_err *err)
{
	enum sl_rc rc;

	if (n == 0)
		return SL_OK;
	if ((rc = count(b, n, err)) != SL_OK)
		return rc;
	if (b->staged + n > STAGE && (rc = flush(b, err)) != SL_OK)
		return rc;
	if (n >= STAGE / 2) {
		if ((rc = flush(b, err)) != SL_OK ||
		    (rc = put(b, p, n, b->at, err)) != SL_OK)
			return rc;
		b->at += n;
		return SL_OK;
	}
	/* Not sl_alloc: its zeros would cost more than the bytes. */
	if (b->stage == NULL)
		b->stage = sl_realloc(NULL, STAGE);
	memcpy(b->stage + b->staged, p, n);
	b->staged += n;
	b->at += n;
	return SL_OK;
}

enum sl_rc
sl_budget_hole(struct sl_budget *b, uint64_t n, struct sl_err *err)
{
	static const uint8_t zero = 0;
	enum sl_rc rc;

	if (n == 0)
		return SL_OK;
	if ((rc = count(b, n, err)) != SL_OK || (rc = flush(b, err)) != SL_OK)
		return rc;
	b->at += n;
	/* The last byte makes the file long enough to be read. */
	return put(b, &zero, 1, b->at - 1, err);
}

enum sl_rc
sl_budget_end(struct sl_budget *b, uint64_t *ret_offset, uint64_t *ret_size,
    struct sl_err *err)
{
	*ret_offset = b->start;
	*ret_size = b->at - b->start;
	return flush(b, err);
}

enum sl_rc
sl_budget_image(
    struct sl_budget *b, const void *p, size_t n, struct sl_err *err)
{
	enum sl_rc rc;

	if (b->out_bytes != 0 &&
	    (b->at > b->out_bytes || n > b->out_bytes - b->at))
		return sl_err_set(err, SL_REJECT, 0, "limit_bytes",
		    "page images over the limit");
	if ((rc = flush(b, err)) != SL_OK ||
	    (rc = put(b, p, n, b->at, err)) != SL_OK)
		return rc;
	b->at += n;
	return SL_OK;
}

void
sl_budget_name_limit(
    const struct sl_budget *b, uint32_t depth_max, char *out, size_t cap)
{
	const struct {
		const char *slug, *key;
		uint64_t value;
		bool is_bytes;
	} rows[] = {{"limit_members", "members_max", b->members_max, false},
	    {"limit_depth", "depth_max", depth_max, false},
	    {"limit_ratio", "ratio_max", b->ratio_max, false},
	    {"limit_member", "member_max", b->member_bytes_max, true},
	    {"limit_bytes", b->at_output ? "output_max" : "unpacked_max",
		b->at_output ? b->out_bytes : b->total_bytes_max, true}};
	static const char units[] = "kMGT";
	uint64_t v;
	size_t i, u;

	*out = '\0';
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].slug, b->limit) != 0)
			continue;
		v = rows[i].value;
		for (u = 0; rows[i].is_bytes && u < 4 && v > 0 && v % 1024 == 0;
		     u++)
			v /= 1024;
		(void)snprintf(out, cap, ": [limits] %s = %" PRIu64 "%.*s",
		    rows[i].key, v, u > 0, u > 0 ? &units[u - 1] : "");
	}
}

void
sl_budget_free(struct sl_budget *b)
{
	free(b->stage);
	b->stage = NULL;
	b->staged = 0;
}
