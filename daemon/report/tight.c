/*
 * Half a byte at a time, the upper half first.
 */
#include "tight.h"

#include <string.h>

#define END 12u /* of a text */
#define BYTE 13u /* two halves follow */
static const char symbols[] = "0123456789/-\0\0JM";

struct halves {
	struct sl_buf *b;
	uint8_t now;
	bool half; /* the upper one of now is there */
};

static void
put(struct halves *h, unsigned v)
{
	if (h->half)
		sl_buf_add_char(h->b, (char)(h->now | v));
	else
		h->now = (uint8_t)(v << 4);
	h->half = !h->half;
}

static void
put_char(struct halves *h, char c)
{
	const char *at = memchr(symbols, c, sizeof(symbols) - 1);

	if (c >= '0' && c <= '9') {
		put(h, (unsigned)(c - '0'));
	} else if (at != NULL) {
		put(h, (unsigned)(at - symbols));
	} else {
		put(h, BYTE);
		put(h, (unsigned char)c >> 4);
		put(h, (unsigned char)c & 15u);
	}
}

void
sl_tight_add(struct sl_buf *b, const char *const *text, size_t n)
{
	struct halves h = {.b = b};
	const char *p;
	size_t i;

	for (i = 0; i < n; i++) {
		for (p = text[i]; *p != '\0'; p++)
			put_char(&h, *p);
		put(&h, END);
	}
	if (h.half)
		put(&h, 0);
}

static unsigned
get(const char *p, size_t *at)
{
	unsigned v = (unsigned char)p[*at / 2];

	v = *at % 2 == 0 ? v >> 4 : v & 15u;
	++*at;
	return v;
}

void
sl_tight_read(const char *p, size_t n, struct sl_buf *room, const char **ret)
{
	size_t start[16], at = 0, i = 0;
	unsigned v;

	sl_buf_reset(room);
	start[0] = 0;
	while (i < n) {
		v = get(p, &at);
		if (v == END) {
			sl_buf_add(room, "", 1);
			start[++i] = room->n;
		} else if (v == BYTE) {
			v = get(p, &at) << 4;
			v |= get(p, &at);
			sl_buf_add_char(room, (char)v);
		} else {
			sl_buf_add_char(room, symbols[v]);
		}
	}
	for (i = 0; i < n; i++)
		ret[i] = room->p + start[i];
}
