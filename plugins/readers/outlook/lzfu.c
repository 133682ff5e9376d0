#include <stdlib.h>
#include <string.h>

#include "outlook.h"

#define PACKED 0x75465A4Cu /* "LZFu" */
#define PLAIN 0x414C454Du /* "MELA" */
#define WINDOW 4096u

/* What the window holds at first. */
static const char prebuf[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman "
    "\\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New "
    "RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

static uint32_t
u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

struct unpack {
	uint8_t window[WINDOW];
	unsigned at;
	char *out;
	size_t n, max;
};

static void
put(struct unpack *u, uint8_t c)
{
	u->window[u->at] = c;
	u->at = (u->at + 1) % WINDOW;
	if (u->n < u->max)
		u->out[u->n++] = (char)c;
}

static void
unpack(struct unpack *u, const uint8_t *p, const uint8_t *end)
{
	while (p < end && u->n < u->max) {
		unsigned flags = *p++;

		for (unsigned i = 0; i < 8 && p < end; i++, flags >>= 1) {
			unsigned from, len;

			if (!(flags & 1)) {
				put(u, *p++);
				continue;
			}
			if (end - p < 2)
				return;
			from = (unsigned)p[0] << 4 | p[1] >> 4;
			len = (p[1] & 15u) + 2;
			p += 2;
			if (from == u->at)
				return; /* the end */
			while (len--) {
				put(u, u->window[from]);
				from = (from + 1) % WINDOW;
			}
		}
	}
}

char *
lzfu_unpack(const char *s, size_t n, size_t max, size_t *ret_n)
{
	const uint8_t *p = (const uint8_t *)s;
	struct unpack *u;
	char *out = NULL;

	*ret_n = 0;
	if (n < 16 || (u32(p + 8) != PACKED && u32(p + 8) != PLAIN))
		return NULL;
	u = calloc(1, sizeof(*u));
	if (!u)
		return NULL;
	/* 17 bytes make at most 8 * 17 */
	u->max = u32(p + 4) < max ? u32(p + 4) : max;
	if (u->max > n * 16)
		u->max = n * 16;
	u->out = malloc(u->max + 1);
	if (u->out && u32(p + 8) == PLAIN) {
		u->n = n - 16 < u->max ? n - 16 : u->max;
		memcpy(u->out, p + 16, u->n);
	} else if (u->out) {
		memset(u->window, ' ', WINDOW);
		memcpy(u->window, prebuf, sizeof(prebuf) - 1);
		u->at = sizeof(prebuf) - 1;
		unpack(u, p + 16, p + n);
	}
	out = u->out;
	if (out)
		out[u->n] = 0;
	*ret_n = u->n;
	free(u);
	return out;
}
