/*
 * Guessing is by score: a Norwegian letter tells most, another Latin letter a
 * little; symbols, line drawings and control characters speak against. The
 * order of the table settles ties: Windows' packer in Norway writes CP850,
 * and CP865 has the same æøå.
 */
#include "names.h"

#include <iconv.h>

#include "../base/text.h"

enum { CP850, CP865, CP437, LATIN1, CP1252, SETS };

static const char *const sets[SETS] = {
    [CP850] = "CP850",
    [CP865] = "CP865",
    [CP437] = "CP437",
    [LATIN1] = "ISO-8859-1",
    [CP1252] = "WINDOWS-1252",
};

/* Code points of bytes 0x80..0xFF; 0xFFFD where there is none. */
static uint16_t table[SETS][128];
static bool ready;

static bool
fill(int set)
{
	iconv_t cd = iconv_open("UTF-16LE", sets[set]);
	unsigned i;

	if (cd == (iconv_t)-1)
		return false;
	for (i = 0; i < 128; i++) {
		char in = (char)(0x80 + i), *pin = &in;
		unsigned char out[2];
		char *pout = (char *)out;
		size_t nin = 1, nout = sizeof(out);

		if (iconv(cd, &pin, &nin, &pout, &nout) == 0 && nout == 0)
			table[set][i] = (uint16_t)(out[0] | out[1] << 8);
		else
			table[set][i] = 0xFFFD;
		(void)iconv(cd, NULL, NULL, NULL, NULL);
	}
	(void)iconv_close(cd);
	return true;
}

enum sl_rc
sl_names_warm(struct sl_err *err)
{
	int i;

	if (ready)
		return SL_OK;
	for (i = 0; i < SETS; i++)
		if (!fill(i))
			return sl_err_set(err, SL_FATAL, 0, "unsupported",
			    "this system cannot convert %s", sets[i]);
	ready = true;
	return SL_OK;
}

static int
score(uint16_t cp)
{
	switch (cp) {
	case 0xC5: /* Å å Æ æ Ø ø */
	case 0xE5:
	case 0xC6:
	case 0xE6:
	case 0xD8:
	case 0xF8:
		return 6;
	case 0xE9: /* é Ö ö Ä ä ü Ü: common in names here */
	case 0xD6:
	case 0xF6:
	case 0xC4:
	case 0xE4:
	case 0xFC:
	case 0xDC:
		return 3;
	case 0x2013: /* dashes and quotes of Windows-1252, § « » */
	case 0x2014:
	case 0x2018:
	case 0x2019:
	case 0x201C:
	case 0x201D:
	case 0xA7:
	case 0xAB:
	case 0xBB:
		return 1;
	case 0xD7:
	case 0xF7:
	case 0xFFFD:
		return -8;
	default:
		if (cp < 0xA0)
			return -8;
		return cp >= 0xC0 && cp < 0x180 ? 1 : -2;
	}
}

static int
guess(const uint8_t *raw, size_t n)
{
	long best = 0, sum;
	int set, found = CP850;
	size_t i;

	for (set = 0; set < SETS; set++) {
		sum = 0;
		for (i = 0; i < n; i++)
			if (raw[i] >= 0x80)
				sum += score(table[set][raw[i] - 0x80]);
		if (set == 0 || sum > best) {
			best = sum;
			found = set;
		}
	}
	return found;
}

static void
add(struct sl_buf *out, size_t start, uint32_t cp)
{
	if (out->n - start <= SL_NAME_MAX - 4)
		sl_utf8_add(out, cp != 0 ? cp : 0xFFFD);
}

/* Well-formed but for NULs, which become U+FFFD. */
static bool
is_utf8(const uint8_t *raw, size_t n)
{
	size_t i = 0, at;

	while (i < n) {
		at = i;
		if (sl_utf8_next((const char *)raw, n, &i) == 0xFFFD &&
		    i - at == 1)
			return false;
	}
	return true;
}

const char *
sl_name_decode(const uint8_t *raw, size_t n, bool utf8, struct sl_buf *out)
{
	size_t start = out->n, i;
	bool ascii = true;
	int set;

	for (i = 0; i < n && ascii; i++)
		ascii = raw[i] < 0x80;
	if (ascii || is_utf8(raw, n)) {
		for (i = 0; i < n;)
			add(out, start, sl_utf8_next((const char *)raw, n, &i));
		return ascii && !utf8 ? "US-ASCII" : "UTF-8";
	}
	if (!ready)
		(void)sl_names_warm(NULL);
	set = guess(raw, n);
	for (i = 0; i < n; i++)
		add(out, start,
		    raw[i] < 0x80 ? raw[i] : table[set][raw[i] - 0x80]);
	return sets[set];
}

static uint32_t
crc32_of(const uint8_t *p, size_t n)
{
	uint32_t c = 0xFFFFFFFFu;
	size_t i;
	int k;

	for (i = 0; i < n; i++) {
		c ^= p[i];
		for (k = 0; k < 8; k++)
			c = c >> 1 ^ (0xEDB88320u & (0u - (c & 1u)));
	}
	return ~c;
}

static unsigned
le16(const uint8_t *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

const char *
sl_name_decode_zip(const uint8_t *raw, size_t n, unsigned flags,
    const uint8_t *extra, size_t extra_n, struct sl_buf *out)
{
	size_t len;

	if ((flags & 0x800) != 0 && is_utf8(raw, n))
		return sl_name_decode(raw, n, true, out);
	while (extra_n >= 4) {
		len = le16(extra + 2);
		if (len > extra_n - 4)
			break;
		if (le16(extra) == 0x7075 && len > 5 && extra[4] == 1 &&
		    (le16(extra + 5) | (uint32_t)le16(extra + 7) << 16) ==
			crc32_of(raw, n) &&
		    is_utf8(extra + 9, len - 5)) {
			(void)sl_name_decode(extra + 9, len - 5, true, out);
			return "UTF-8 (0x7075)";
		}
		extra += 4 + len;
		extra_n -= 4 + len;
	}
	return sl_name_decode(raw, n, false, out);
}
