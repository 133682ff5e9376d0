/*
 * SECURITY: a count is held against the bytes that are left, so that nothing is
 * larger than the header by more than a factor; sizes are added only after
 * they were held against the file or the folder.
 */
#include "sevenhead.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../base/mem.h"

#define COUNT_MAX 250000u /* of folders, packed streams, files: each */

enum {
	END = 0x00,
	HEADER = 0x01,
	PROPERTIES = 0x02,
	STREAMS = 0x04,
	FILES = 0x05,
	PACKS = 0x06,
	FOLDERS = 0x07,
	SUBSTREAMS = 0x08,
	SIZE = 0x09,
	CRC = 0x0A,
	FOLDER = 0x0B,
	OUT_SIZE = 0x0C,
	SUBSTREAM_COUNT = 0x0D,
	EMPTY = 0x0E,
	ENCODED = 0x17,
};

/* -- reading -------------------------------------------------------------- */

struct cursor {
	const uint8_t *p;
	size_t n; /* left */
	bool bad; /* something was not as it must be; all further is zero */
};

static bool
fail(struct cursor *c)
{
	c->bad = true;
	c->n = 0;
	return false;
}

static const uint8_t *
take(struct cursor *c, uint64_t n)
{
	const uint8_t *p = c->p;

	if (n > c->n) {
		(void)fail(c);
		return NULL;
	}
	c->p += n;
	c->n -= (size_t)n;
	return p;
}

static unsigned
byte(struct cursor *c)
{
	const uint8_t *p = take(c, 1);

	return p != NULL ? *p : 0;
}

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint64_t
le64(const uint8_t *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* The first byte's leading ones say how many follow. */
static uint64_t
number(struct cursor *c)
{
	unsigned first = byte(c), mask = 0x80, i;
	uint64_t v = 0;

	for (i = 0; i < 8 && (first & mask) != 0; i++, mask >>= 1)
		v |= (uint64_t)byte(c) << (8 * i);
	if (i < 8)
		v |= (uint64_t)(first & (mask - 1)) << (8 * i);
	return v;
}

static size_t
count(struct cursor *c, size_t max)
{
	uint64_t v = number(c);

	if (v > max || v > COUNT_MAX) {
		(void)fail(c);
		return 0;
	}
	return (size_t)v;
}

/* Checksums of which some may be missing. */
struct sums {
	struct cursor *c;
	const uint8_t *bits; /* which are there; NULL: all */
	size_t at;
};

static struct sums
sums_begin(struct cursor *c, size_t n)
{
	struct sums s = {.c = c};

	if (byte(c) == 0)
		s.bits = take(c, (n + 7) / 8);
	return s;
}

static bool
sums_next(struct sums *s, uint32_t *ret)
{
	size_t i = s->at++;
	const uint8_t *p;

	if (s->c->bad ||
	    (s->bits != NULL && (s->bits[i / 8] & 0x80 >> i % 8) == 0))
		return false;
	p = take(s->c, 4);
	if (p != NULL)
		*ret = le32(p);
	return p != NULL;
}

static void
read_packs(struct cursor *c, uint64_t file_bytes, struct sl_seven_head *h)
{
	uint64_t at = number(c);
	struct sums sums;
	uint32_t sum;
	unsigned id;
	size_t i;

	h->packs_n = count(c, c->n);
	if (c->bad || file_bytes < SL_SEVEN_START ||
	    at > file_bytes - SL_SEVEN_START || byte(c) != SIZE) {
		(void)fail(c);
		return;
	}
	at += SL_SEVEN_START;
	h->packs = sl_alloc((h->packs_n + 1) * sizeof(*h->packs));
	for (i = 0; i < h->packs_n; i++) {
		h->packs[i].at = at;
		h->packs[i].size = number(c);
		if (h->packs[i].size > file_bytes - at) {
			(void)fail(c);
			return;
		}
		at += h->packs[i].size;
	}
	id = byte(c);
	if (id == CRC) {
		sums = sums_begin(c, h->packs_n);
		for (i = 0; i < h->packs_n; i++)
			(void)sums_next(&sums, &sum);
		id = byte(c);
	}
	if (id != END)
		(void)fail(c);
}

static void
read_coder(struct cursor *c, struct sl_seven_coder *ret)
{
	unsigned flags = byte(c), id_n = flags & 0x0F, i;

	*ret = (struct sl_seven_coder){.ins = 1};
	if ((flags & 0xC0) != 0 || id_n > 8)
		(void)fail(c);
	for (i = 0; i < id_n; i++)
		ret->method = ret->method << 8 | byte(c);
	if ((flags & 0x10) != 0) {
		ret->ins = (unsigned)count(c, SL_SEVEN_INS);
		if (number(c) != 1)
			(void)fail(c);
	}
	if ((flags & 0x20) != 0) {
		ret->props_n = count(c, c->n);
		ret->props = take(c, ret->props_n);
	}
}

static bool
is_bound(const struct sl_seven_coders *f, unsigned in)
{
	unsigned i;

	for (i = 0; i < f->pairs; i++)
		if (f->pair[i].in == in)
			return true;
	return false;
}

static bool
goes_on(const struct sl_seven_coders *f, unsigned out)
{
	unsigned i;

	for (i = 0; i < f->pairs; i++)
		if (f->pair[i].out == out)
			return true;
	return false;
}

/* Each stream in is either bound to a coder or packed, and just once. */
static void
read_bonds(struct cursor *c, struct sl_seven_coders *f)
{
	unsigned in, out, i;
	uint64_t seen = 0;

	while (f->pairs < f->n - 1) {
		in = (unsigned)count(c, f->ins - 1);
		out = (unsigned)count(c, f->n - 1);
		if (c->bad || is_bound(f, in) || goes_on(f, out)) {
			(void)fail(c);
			return;
		}
		f->pair[f->pairs].in = (uint8_t)in;
		f->pair[f->pairs++].out = (uint8_t)out;
	}
	f->packs = f->ins - f->pairs;
	if (f->packs == 1) {
		for (in = 0; is_bound(f, in); in++)
			;
		f->packed[0] = (uint8_t)in;
		return;
	}
	for (i = 0; i < f->packs; i++) {
		in = (unsigned)count(c, f->ins - 1);
		if (c->bad || is_bound(f, in) || (seen >> in & 1) != 0) {
			(void)fail(c);
			return;
		}
		seen |= (uint64_t)1 << in;
		f->packed[i] = (uint8_t)in;
	}
}

static void
read_coders(struct cursor *c, struct sl_seven_coders *f)
{
	*f = (struct sl_seven_coders){.n = (unsigned)count(c, SL_SEVEN_CODERS)};
	for (unsigned i = 0; i < f->n; i++) {
		read_coder(c, &f->coder[i]);
		f->coder[i].first_in = f->ins;
		f->ins += f->coder[i].ins;
		if (f->ins > SL_SEVEN_INS)
			(void)fail(c);
		if (c->bad)
			return;
	}
	/* A stream in for each pair, and one from the file. */
	if (f->n == 0 || f->ins < f->n)
		(void)fail(c);
	else
		read_bonds(c, f);
}

static void
read_folder(
    struct cursor *c, struct sl_seven_head *h, struct sl_seven_folder *f)
{
	struct sl_seven_coders k;
	unsigned i;

	f->raw = c->p;
	read_coders(c, &k);
	if (c->bad)
		return;
	f->raw_n = (size_t)(c->p - f->raw);
	f->outs = k.n;
	f->packs = k.packs;
	for (i = 0; i < k.n; i++) {
		f->is_aes |= k.coder[i].method == SL_SEVEN_AES;
		if (!goes_on(&k, i))
			f->main = i;
	}
	h->outs_n += k.n;
}

static void
read_outs(struct cursor *c, struct sl_seven_head *h)
{
	struct sl_seven_folder *f;
	size_t i, k, at = 0;

	if (h->outs_n > c->n || byte(c) != OUT_SIZE) {
		(void)fail(c);
		return;
	}
	h->outs = sl_alloc((h->outs_n + 1) * sizeof(*h->outs));
	for (i = 0; i < h->folders_n; i++) {
		f = &h->folders[i];
		f->first_out = at;
		for (k = 0; k < f->outs; k++)
			h->outs[at++] = number(c);
		f->size = h->outs[f->first_out + f->main];
		if (f->size > INT64_MAX)
			(void)fail(c);
	}
}

static void
read_folders(struct cursor *c, struct sl_seven_head *h)
{
	struct sl_seven_folder *f;
	struct sums sums;
	size_t i, pack = 0;
	unsigned id;

	if (byte(c) != FOLDER)
		(void)fail(c);
	h->folders_n = count(c, c->n);
	h->folders = sl_alloc((h->folders_n + 1) * sizeof(*h->folders));
	if (byte(c) != 0) /* not here, but in another stream */
		(void)fail(c);
	for (i = 0; i < h->folders_n && !c->bad; i++) {
		f = &h->folders[i];
		read_folder(c, h, f);
		f->first_pack = pack;
		if (f->packs > h->packs_n - pack)
			(void)fail(c);
		else
			pack += f->packs;
	}
	if (c->bad)
		return;
	read_outs(c, h);
	id = byte(c);
	if (id == CRC) {
		sums = sums_begin(c, h->folders_n);
		for (i = 0; i < h->folders_n; i++) {
			f = &h->folders[i];
			f->has_crc = sums_next(&sums, &f->crc);
		}
		id = byte(c);
	}
	if (id != END)
		(void)fail(c);
}

static void
add_stream(struct sl_seven_head *h, uint64_t size)
{
	h->streams = sl_grow(
	    h->streams, &h->streams_cap, h->streams_n + 1, sizeof(*h->streams));
	h->streams[h->streams_n++] = (struct sl_seven_stream){.size = size};
}

static void
read_sizes(struct cursor *c, struct sl_seven_head *h, bool given)
{
	struct sl_seven_folder *f;
	uint64_t left, size;
	size_t i, k;

	for (i = 0; i < h->folders_n && !c->bad; i++) {
		f = &h->folders[i];
		f->first_stream = h->streams_n;
		if (f->streams > COUNT_MAX - h->streams_n)
			(void)fail(c);
		left = f->size;
		if (f->streams > 1 && (!given || f->streams - 1 > c->n))
			(void)fail(c);
		for (k = 1; k < f->streams && !c->bad; k++) {
			size = number(c);
			if (size > left)
				(void)fail(c);
			add_stream(h, size);
			left -= size;
		}
		if (f->streams > 0 && !c->bad)
			add_stream(h, left);
	}
}

/* Whose checksum is its folder's has none of its own. */
static bool
has_folder_crc(const struct sl_seven_folder *f)
{
	return f->streams == 1 && f->has_crc;
}

static void
read_sums(struct cursor *c, struct sl_seven_head *h, bool given)
{
	struct sums sums = {.c = c};
	struct sl_seven_stream *s;
	struct sl_seven_folder *f;
	size_t i, k, n = 0;

	for (i = 0; i < h->folders_n; i++)
		if (!has_folder_crc(&h->folders[i]))
			n += h->folders[i].streams;
	if (given)
		sums = sums_begin(c, n);
	for (i = 0; i < h->folders_n; i++) {
		f = &h->folders[i];
		for (k = 0; k < f->streams; k++) {
			s = &h->streams[f->first_stream + k];
			s->crc = f->crc;
			s->has_crc = has_folder_crc(f) ||
				     (given && sums_next(&sums, &s->crc));
		}
	}
}

static void
read_streams(struct cursor *c, struct sl_seven_head *h)
{
	unsigned id = byte(c);
	size_t i;

	for (i = 0; i < h->folders_n; i++)
		h->folders[i].streams =
		    id == SUBSTREAM_COUNT ? (uint32_t)count(c, COUNT_MAX) : 1;
	if (id == SUBSTREAM_COUNT)
		id = byte(c);
	read_sizes(c, h, id == SIZE);
	if (c->bad)
		return;
	if (id == SIZE)
		id = byte(c);
	read_sums(c, h, id == CRC);
	if (id == CRC)
		id = byte(c);
	if (id != END)
		(void)fail(c);
}

static void
read_streams_info(
    struct cursor *c, uint64_t file_bytes, struct sl_seven_head *h)
{
	static const uint8_t nothing[1] = {END};
	struct cursor implied = {nothing, 1, false};
	unsigned id = byte(c);

	if (id == PACKS) {
		read_packs(c, file_bytes, h);
		id = byte(c);
	}
	if (id == FOLDERS) {
		read_folders(c, h);
		id = byte(c);
	}
	if (c->bad)
		return;
	/* Where nothing is said, each folder holds one file. */
	read_streams(id == SUBSTREAMS ? c : &implied, h);
	if (id == SUBSTREAMS)
		id = byte(c);
	if (id != END)
		(void)fail(c);
}

/* What nobody reads, as far as it is whole. */
static unsigned
skip_properties(struct cursor *c)
{
	while (!c->bad && byte(c) != END)
		(void)take(c, number(c));
	return byte(c);
}

/* How many there are, and which of them have no stream. */
static void
read_files(struct cursor *c, struct sl_seven_head *h)
{
	const uint8_t *p;
	unsigned id;
	uint64_t n;

	if (byte(c) != FILES)
		(void)fail(c);
	h->count = count(c, COUNT_MAX);
	while ((id = byte(c)) != END) {
		n = number(c);
		p = take(c, n);
		if (id != EMPTY || p == NULL)
			continue;
		if (h->empty != NULL || n < (h->count + 7) / 8)
			(void)fail(c);
		h->empty = p;
	}
}

bool
sl_seven_head_is_empty(const struct sl_seven_head *h, size_t i)
{
	return h->empty != NULL && (h->empty[i / 8] & 0x80 >> i % 8) != 0;
}

bool
sl_seven_head_read(
    const uint8_t *p, size_t n, uint64_t file_bytes, struct sl_seven_head *ret)
{
	struct cursor c = {p, n, false};
	unsigned id = byte(&c);

	*ret = (struct sl_seven_head){.encoded = id == ENCODED};
	if (id == HEADER) {
		id = byte(&c);
		if (id == PROPERTIES)
			id = skip_properties(&c);
		if (id != STREAMS)
			(void)fail(&c);
	} else if (id != ENCODED) {
		(void)fail(&c);
	}
	read_streams_info(&c, file_bytes, ret);
	ret->files = c.p;
	ret->files_n = c.n;
	if (!ret->encoded)
		read_files(&c, ret);
	if (c.bad)
		sl_seven_head_free(ret);
	return !c.bad;
}

void
sl_seven_head_free(struct sl_seven_head *h)
{
	free(h->packs);
	free(h->outs);
	free(h->folders);
	free(h->streams);
	*h = (struct sl_seven_head){0};
}

bool
sl_seven_start_read(const uint8_t start[SL_SEVEN_START], uint64_t *ret_at,
    uint64_t *ret_size, uint32_t *ret_crc)
{
	*ret_at = le64(start + 12);
	*ret_size = le64(start + 20);
	*ret_crc = le32(start + 28);
	return memcmp(start, "7z\xBC\xAF\x27\x1C", 6) == 0 &&
	       crc32(0, start + 12, 20) == le32(start + 8) &&
	       *ret_at <= INT64_MAX - SL_SEVEN_START;
}

void
sl_seven_coders_read(
    const struct sl_seven_folder *f, struct sl_seven_coders *ret)
{
	struct cursor c = {f->raw, f->raw_n, false};

	read_coders(&c, ret);
	assert(!c.bad);
}

/* -- writing -------------------------------------------------------------- */

static void
add_byte(struct sl_buf *b, unsigned v)
{
	sl_buf_add_char(b, (char)v);
}

static void
add_le(struct sl_buf *b, uint64_t v, unsigned n)
{
	for (; n > 0; n--, v >>= 8)
		add_byte(b, v & 0xFF);
}

void
sl_seven_add_number(struct sl_buf *b, uint64_t v)
{
	if (v < 0x80) {
		add_byte(b, (unsigned)v);
	} else {
		add_byte(b, 0xFF);
		add_le(b, v, 8);
	}
}

void
sl_seven_add_coders(struct sl_buf *b, const struct sl_seven_coders *c)
{
	const struct sl_seven_coder *k;
	unsigned i, n;

	sl_seven_add_number(b, c->n);
	for (i = 0; i < c->n; i++) {
		k = &c->coder[i];
		for (n = 1; n < 8 && k->method >> 8 * n != 0; n++)
			;
		add_byte(b,
		    n | (k->ins != 1 ? 0x10 : 0) | (k->props_n > 0 ? 0x20 : 0));
		while (n-- > 0)
			add_byte(b, k->method >> 8 * n & 0xFF);
		if (k->ins != 1) {
			sl_seven_add_number(b, k->ins);
			sl_seven_add_number(b, 1);
		}
		if (k->props_n > 0) {
			sl_seven_add_number(b, k->props_n);
			sl_buf_add(b, k->props, k->props_n);
		}
	}
	for (i = 0; i < c->pairs; i++) {
		add_byte(b, c->pair[i].in);
		add_byte(b, c->pair[i].out);
	}
	for (i = 0; c->packs > 1 && i < c->packs; i++)
		add_byte(b, c->packed[i]);
}

/* Every checksum stands here: libarchive does not look at a folder's. */
static void
add_streams(struct sl_buf *b, const struct sl_seven_head *h)
{
	const struct sl_seven_folder *f;
	size_t i, k;
	unsigned bits = 0;

	add_byte(b, SUBSTREAMS);
	add_byte(b, SUBSTREAM_COUNT);
	for (i = 0; i < h->folders_n; i++)
		sl_seven_add_number(b, h->folders[i].streams);
	add_byte(b, SIZE);
	for (i = 0; i < h->folders_n; i++) {
		f = &h->folders[i];
		for (k = 1; k < f->streams; k++)
			sl_seven_add_number(
			    b, h->streams[f->first_stream + k - 1].size);
	}
	add_byte(b, CRC);
	add_byte(b, 0);
	for (i = 0; i < h->streams_n; i++) {
		bits |= h->streams[i].has_crc ? 0x80u >> i % 8 : 0;
		if (i % 8 == 7 || i == h->streams_n - 1) {
			add_byte(b, bits);
			bits = 0;
		}
	}
	for (i = 0; i < h->streams_n; i++)
		if (h->streams[i].has_crc)
			add_le(b, h->streams[i].crc, 4);
	add_byte(b, END);
}

void
sl_seven_add_head(struct sl_buf *b, const struct sl_seven_head *h,
    const struct sl_buf *coders)
{
	size_t i;

	add_byte(b, HEADER);
	add_byte(b, STREAMS);
	add_byte(b, PACKS);
	add_byte(b, 0);
	sl_seven_add_number(b, h->packs_n);
	add_byte(b, SIZE);
	for (i = 0; i < h->packs_n; i++)
		sl_seven_add_number(b, h->packs[i].size);
	add_byte(b, END);
	add_byte(b, FOLDERS);
	add_byte(b, FOLDER);
	sl_seven_add_number(b, h->folders_n);
	add_byte(b, 0);
	sl_buf_add(b, coders->p, coders->n);
	add_byte(b, OUT_SIZE);
	for (i = 0; i < h->outs_n; i++)
		sl_seven_add_number(b, h->outs[i]);
	add_byte(b, END);
	add_streams(b, h);
	add_byte(b, END);
	sl_buf_add(b, h->files, h->files_n);
}

void
sl_seven_start_write(
    uint8_t start[SL_SEVEN_START], uint64_t at, const struct sl_buf *head)
{
	static const uint8_t begin[8] = "7z\xBC\xAF\x27\x1C\0\4";
	uint64_t fields[3] = {
	    at, head->n, crc32(0, (const uint8_t *)head->p, (uInt)head->n)};
	uint8_t *p = start + 12;
	uint32_t sum;
	unsigned i, k;

	memcpy(start, begin, 8);
	for (i = 0; i < 3; i++)
		for (k = 0; k < (i < 2 ? 8u : 4u); k++)
			*p++ = (uint8_t)(fields[i] >> 8 * k);
	sum = (uint32_t)crc32(0, start + 12, 20);
	for (i = 0; i < 4; i++)
		start[8 + i] = (uint8_t)(sum >> 8 * i);
}
