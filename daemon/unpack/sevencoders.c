#include "sevencoders.h"

#include <string.h>

#define MEMORY_MAX ((uint64_t)1 << 30)

enum {
	LZMA = 0x030101,
	LZMA2 = 0x21,
	PPMD = 0x030401,
	DEFLATE = 0x040108,
	BZIP2 = 0x040202,
	DELTA = 0x03,
	BCJ_X86 = 0x03030103,
	BCJ2 = 0x0303011B,
	BCJ_PPC = 0x03030205,
	BCJ_IA64 = 0x03030401,
	BCJ_ARM = 0x03030501,
	BCJ_ARMT = 0x03030701,
	BCJ_SPARC = 0x03030805,
};

static bool
is_main(uint64_t method)
{
	return method == SL_SEVEN_COPY || method == LZMA || method == LZMA2 ||
	       method == PPMD || method == DEFLATE || method == BZIP2;
}

/* Behind PPMd libarchive loses the filter's last bytes. */
static bool
is_filter_of(uint64_t filter, uint64_t method)
{
	if (filter == BCJ_X86)
		return method != PPMD;
	return (method == LZMA || method == LZMA2) &&
	       (filter == DELTA || filter == BCJ_PPC || filter == BCJ_IA64 ||
		   filter == BCJ_ARM || filter == BCJ_ARMT ||
		   filter == BCJ_SPARC);
}

/* The one form of BCJ2 that 7-Zip makes. */
static bool
is_bcj2(const struct sl_seven_coders *c)
{
	static const uint8_t ins[3] = {5, 4, 3}, packed[4] = {2, 6, 1, 0};
	unsigned i;

	for (i = 0; i < 3; i++)
		if (!is_main(c->coder[i].method) || c->pair[i].in != ins[i] ||
		    c->pair[i].out != i)
			return false;
	return c->coder[3].method == BCJ2 && c->coder[3].ins == 4 &&
	       memcmp(c->packed, packed, 4) == 0;
}

/* What unpacking takes; more than MEMORY_MAX: it cannot be said. */
static uint64_t
memory_of(const struct sl_seven_coder *c)
{
	const uint8_t *p = c->props;

	switch (c->method) {
	case LZMA:
	case PPMD:
		if (c->props_n < 5)
			return UINT64_MAX;
		return (uint64_t)p[4] << 24 | (uint64_t)p[3] << 16 |
		       (uint64_t)p[2] << 8 | p[1];
	case LZMA2:
		if (c->props_n < 1 || p[0] > 40)
			return UINT64_MAX;
		return (uint64_t)(2 | (p[0] & 1)) << (p[0] / 2 + 11);
	default:
		return 0;
	}
}

/* Will all of them together take no more than MEMORY_MAX? The side streams of
 * BCJ2 are unpacked into memory. */
static bool
is_modest(const struct sl_seven_coders *c, const uint64_t *outs)
{
	uint64_t left = MEMORY_MAX, more;
	unsigned i;

	for (i = 0; i < c->n; i++) {
		more = memory_of(&c->coder[i]);
		if (more > left)
			return false;
		left -= more;
		if (c->n == 4 && i < 2) {
			if (outs[i] > left)
				return false;
			left -= outs[i];
		}
	}
	return true;
}

/* What libarchive 3.6 reads, in the order in which it reads it. */
static bool
is_readable(const struct sl_seven_coders *c, const uint64_t *outs)
{
	unsigned i;

	for (i = 0; i < c->n; i++)
		if (c->coder[i].ins != 1 && c->coder[i].method != BCJ2)
			return false;
	if (!is_modest(c, outs))
		return false;
	if (c->n == 1)
		return is_main(c->coder[0].method);
	if (c->n == 2)
		return is_main(c->coder[0].method) &&
		       is_filter_of(c->coder[1].method, c->coder[0].method) &&
		       c->pair[0].in == 1 && c->pair[0].out == 0;
	return c->n == 4 && c->ins == 7 && is_bcj2(c);
}

static unsigned
coder_of_in(const struct sl_seven_coders *c, unsigned in)
{
	unsigned i = c->n - 1;

	while (c->coder[i].first_in > in)
		i--;
	return i;
}

/* Where what coder `out` gives goes; c->ins: it is what the folder holds. */
static unsigned
bound_in(const struct sl_seven_coders *c, unsigned out)
{
	unsigned i;

	for (i = 0; i < c->pairs; i++)
		if (c->pair[i].out == out)
			return c->pair[i].in;
	return c->ins;
}

/* Copies the coders but AES; where[] tells each one's new number. */
static void
keep_coders(const struct sl_seven_coders *c, uint64_t *outs,
    struct sl_seven_coders *ret, unsigned *where)
{
	unsigned i;

	*ret = (struct sl_seven_coders){0};
	for (i = 0; i < c->n; i++) {
		where[i] = ret->n;
		if (c->coder[i].method == SL_SEVEN_AES)
			continue;
		outs[ret->n] = outs[i];
		ret->coder[ret->n] = c->coder[i];
		ret->coder[ret->n++].first_in = ret->ins;
		ret->ins += c->coder[i].ins;
	}
}

/* The new number of a stream in. */
static uint8_t
moved_in(const struct sl_seven_coders *c, const struct sl_seven_coders *kept,
    const unsigned *where, unsigned in)
{
	unsigned i = coder_of_in(c, in);

	return (uint8_t)(kept->coder[where[i]].first_in + in -
			 c->coder[i].first_in);
}

bool
sl_seven_coders_strip(const struct sl_seven_coders *c, uint64_t *outs,
    uint64_t *packs, const struct sl_seven_coder **aes,
    struct sl_seven_coders *ret)
{
	unsigned where[SL_SEVEN_CODERS], to[SL_SEVEN_INS], i, k, stripped = 0;

	for (i = 0; i < c->packs; i++) {
		to[i] = c->packed[i];
		k = coder_of_in(c, to[i]);
		aes[i] = NULL;
		if (c->coder[k].method != SL_SEVEN_AES)
			continue;
		if (c->coder[k].ins != 1)
			return false;
		aes[i] = &c->coder[k];
		packs[i] = outs[k];
		to[i] = bound_in(c, k);
		stripped++;
	}
	if (c->n == 1 && stripped == 1) { /* stored */
		*ret = (struct sl_seven_coders){.n = 1, .ins = 1, .packs = 1};
		ret->coder[0].ins = 1;
		return true;
	}
	keep_coders(c, outs, ret, where);
	/* One that stands behind another coder is not ours to take off. */
	if (ret->n == 0 || ret->n != c->n - stripped)
		return false;
	for (i = 0; i < c->packs; i++) {
		if (to[i] == c->ins ||
		    c->coder[coder_of_in(c, to[i])].method == SL_SEVEN_AES)
			return false;
		ret->packed[ret->packs++] = moved_in(c, ret, where, to[i]);
	}
	for (i = 0; i < c->pairs; i++) {
		if (c->coder[c->pair[i].out].method == SL_SEVEN_AES)
			continue;
		ret->pair[ret->pairs].in =
		    moved_in(c, ret, where, c->pair[i].in);
		ret->pair[ret->pairs++].out = (uint8_t)where[c->pair[i].out];
	}
	return is_readable(ret, outs);
}

uint64_t
sl_seven_coders_beside(const struct sl_seven_coders *c, const uint64_t *outs)
{
	return c->n == 4 ? outs[0] + outs[1] : 0;
}
