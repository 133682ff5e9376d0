#include "byterange.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW 65536
#define MARK "%%EOF"
#define MARK_N (sizeof(MARK) - 1)

const char *
byterange_open(struct byterange *r, const struct sluse_reader_host *host,
    struct sluse_source *s, const int64_t number[4])
{
	uint64_t length = host->length(s);
	int i;

	for (i = 0; i < 4; i++)
		if (number[i] < 0)
			return "its byte range is senseless";
	*r = (struct byterange){.host = host,
	    .source = s,
	    .first_n = (uint64_t)number[1],
	    .second = (uint64_t)number[2],
	    .second_n = (uint64_t)number[3]};
	if (number[0] != 0)
		return "its byte range leaves out the beginning";
	if (r->first_n == 0 || r->second <= r->first_n)
		return "its byte range is senseless";
	if (r->second > length || r->second_n > length - r->second)
		return "its byte range goes past the end";
	return NULL;
}

int64_t
byterange_read(void *range, void *p, size_t n)
{
	struct byterange *r = range;
	uint64_t from, left;
	int64_t got;

	if (r->at < r->first_n) {
		from = r->at;
		left = r->first_n - r->at;
	} else {
		from = r->second + (r->at - r->first_n);
		left = r->first_n + r->second_n - r->at;
	}
	if (n > left)
		n = (size_t)left;
	if (n == 0)
		return 0;
	got = r->host->read_at(r->source, p, n, from);
	if (got <= 0)
		return -1; /* it is shorter than it said */
	r->at += (uint64_t)got;
	return got;
}

static int
hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; false if something else than digits and blanks stands there. */
static bool
unhex(uint8_t *p, size_t n, size_t *ret_n)
{
	size_t i, digits = 0;
	int v;

	for (i = 0; i < n; i++) {
		if (p[i] == 0 || strchr(" \t\r\n\f", p[i])) {
			if (p[i] == 0)
				return false;
			continue;
		}
		if ((v = hex(p[i])) < 0)
			return false;
		if (digits % 2 == 0)
			p[digits / 2] = (uint8_t)(v << 4);
		else
			p[digits / 2] |= (uint8_t)v;
		digits++;
	}
	*ret_n = (digits + 1) / 2;
	return true;
}

uint8_t *
byterange_value(struct byterange *r, size_t max, size_t *ret_n)
{
	uint64_t from = r->first_n, to = r->second;
	size_t n;
	uint8_t *p;
	char c = 0;

	/* Some sign the brackets too. */
	if (r->host->read_at(r->source, &c, 1, from) == 1 && c != '<') {
		from--;
		to++;
	}
	if (to - from < 2 || (to - from) / 2 > max)
		return NULL;
	n = (size_t)(to - from);
	p = malloc(n);
	if (p && r->host->read_at(r->source, p, n, from) == (int64_t)n &&
	    p[0] == '<' && p[n - 1] == '>') {
		memmove(p, p + 1, n - 2);
		if (unhex(p, n - 2, ret_n) && *ret_n > 0)
			return p;
	}
	free(p);
	return NULL;
}

bool
byterange_ends_revision(struct byterange *r)
{
	uint64_t end = r->second + r->second_n;
	char b[MARK_N + 8];
	size_t n = end < sizeof(b) ? (size_t)end : sizeof(b);

	if (r->host->read_at(r->source, b, n, end - n) != (int64_t)n)
		return false;
	while (
	    n > 0 && (b[n - 1] == '\r' || b[n - 1] == '\n' || b[n - 1] == ' '))
		n--;
	return n >= MARK_N && memcmp(b + n - MARK_N, MARK, MARK_N) == 0;
}

static unsigned
count_marks(const char *p, size_t n)
{
	const char *end = p + n;
	unsigned count = 0;

	while ((p = memmem(p, (size_t)(end - p), MARK, MARK_N)) != NULL) {
		count++;
		p += MARK_N;
	}
	return count;
}

uint64_t
byterange_added(struct byterange *r, unsigned *ret_revisions)
{
	uint64_t at = r->second + r->second_n;
	uint64_t added = r->host->length(r->source) - at;
	char *b = added > 0 ? malloc(WINDOW + MARK_N) : NULL;
	size_t kept = 0;
	int64_t n;

	*ret_revisions = 0;
	while (
	    b && (n = r->host->read_at(r->source, b + kept, WINDOW, at)) > 0) {
		at += (uint64_t)n;
		*ret_revisions += count_marks(b, kept + (size_t)n);
		n += (int64_t)kept;
		/* One less than a mark: none is counted twice. */
		kept = (size_t)n < MARK_N - 1 ? (size_t)n : MARK_N - 1;
		memmove(b, b + (size_t)n - kept, kept);
	}
	free(b);
	return added;
}
