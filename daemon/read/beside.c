/*
 * SECURITY: what sluse-ocr unpacks was written by another child, which may have
 * been taken over by its document: lengths and places are checked here, and the
 * text goes through sl_page_add_*, which mends what is no UTF-8.
 */
#include "beside.h"

#include <string.h>

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static unsigned
take16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static uint32_t
take32(const uint8_t *p)
{
	return take16(p) | (uint32_t)take16(p + 2) << 16;
}

void
sl_word_pack(const struct sl_word *w, uint8_t *p)
{
	put16(p, w->at & 0xFFFF);
	put16(p + 2, w->at >> 16);
	put16(p + 4, w->length);
	put16(p + 6, w->confidence);
	put16(p + 8, w->x0);
	put16(p + 10, w->y0);
	put16(p + 12, w->x1);
	put16(p + 14, w->y1);
}

void
sl_beside_pack(const struct sl_page *p, struct sl_buf *b)
{
	uint8_t row[SL_WORD_PACKED];
	size_t i;

	put16(row, p->text.n & 0xFFFF);
	put16(row + 2, (unsigned)(p->text.n >> 16));
	sl_buf_add(b, (const char *)row, 4);
	sl_buf_add(b, p->text.p, p->text.n);
	for (i = 0; i < p->words_count; i++) {
		sl_word_pack(&p->words[i], row);
		sl_buf_add(b, (const char *)row, sizeof(row));
	}
}

bool
sl_beside_unpack(const uint8_t *b, size_t n, struct sl_page *p)
{
	const char *text = (const char *)b + 4;
	size_t text_n, done = 0, at, length;
	const uint8_t *w;
	uint16_t box[4];
	int i;

	if (n < 4 || (text_n = take32(b)) > n - 4 ||
	    (n - 4 - text_n) % SL_WORD_PACKED != 0)
		return false;
	for (w = b + 4 + text_n; w < b + n; w += SL_WORD_PACKED) {
		at = take32(w);
		length = take16(w + 4);
		if (at < done || at > text_n || length > text_n - at)
			return false;
		sl_page_add_text(p, text + done, at - done);
		for (i = 0; i < 4; i++)
			box[i] = (uint16_t)take16(w + 8 + 2 * i);
		sl_page_add_word(p, text + at, length, take16(w + 6), box);
		done = at + length;
	}
	sl_page_add_text(p, text + done, text_n - done);
	return true;
}

/* What stands between two words, at its strongest: 0 a space, 1 a line's end,
 * 2 an empty line. */
static int
gap(const char *s, size_t n)
{
	int lines = 0;

	while (n-- > 0)
		lines += s[n] == '\n';
	return lines < 2 ? lines : 2;
}

unsigned
sl_beside_append(struct sl_page *p, const struct sl_page *read, unsigned least,
    uint64_t *ret_sum)
{
	static const char *const between[] = {" ", "\n", "\n\n"};
	const char *s = read->text.p;
	size_t i, done = 0;
	unsigned count = 0;
	int wide = 2, g;

	for (i = 0; i < read->words_count; i++) {
		const struct sl_word *w = &read->words[i];
		uint16_t box[4] = {w->x0, w->y0, w->x1, w->y1};

		g = w->at > done ? gap(s + done, w->at - done) : 0;
		wide = g > wide ? g : wide;
		done = (size_t)w->at + w->length;
		if (w->confidence < least)
			continue;
		if (p->text.n > 0)
			sl_page_add_text(
			    p, between[wide], strlen(between[wide]));
		sl_page_add_word(p, s + w->at, w->length, w->confidence, box);
		*ret_sum += w->confidence;
		count++;
		wide = 0;
	}
	return count;
}
