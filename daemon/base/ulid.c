#include "ulid.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "hash.h"

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void
sl_ulid_make(char *out)
{
	static uint8_t last[16];
	uint8_t id[16];
	int64_t ms = sl_clock_utc_ms();
	unsigned acc = 0;
	int i, bits = 2, at = 0;

	for (i = 0; i < 6; i++)
		id[i] = (uint8_t)(ms >> (40 - 8 * i));
	sl_random(id + 6, 10);
	/* Same or earlier than the last one: one above it instead. */
	if (memcmp(id, last, sizeof(id)) <= 0) {
		memcpy(id, last, sizeof(id));
		for (i = 15; i >= 0 && ++id[i] == 0; i--)
			;
	}
	memcpy(last, id, sizeof(last));
	/* 128 bits in groups of five, with two zero bits in front. */
	for (i = 0; i < 16; i++) {
		acc = acc << 8 | id[i];
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			out[at++] = crockford[acc >> bits & 31];
		}
	}
	out[at] = '\0';
}

bool
sl_ulid_valid(const char *s)
{
	return strlen(s) == SL_ULID_LEN &&
	       strspn(s, crockford) == SL_ULID_LEN && s[0] <= '7';
}

void
sl_uuid_make(char *out)
{
	uint8_t b[16];

	sl_random(b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0F) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
	(void)snprintf(out, 37,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
	    b[11], b[12], b[13], b[14], b[15]);
}
