#include "codepage.h"

#include <stdio.h>
#include <stdlib.h>

#include "charset.h"

static const struct {
	unsigned page;
	enum charset cs; /* CHARSET_NONE: by iconv */
	const char *name;
} pages[] = {
    /* others below 2000 are CP and their number there */
    {1252, CHARSET_1252, NULL},
    {65001, CHARSET_UTF8, NULL},
    {1200, CHARSET_UTF16LE, NULL},
    {1201, CHARSET_UTF16BE, NULL},
    {20127, CHARSET_1252, NULL},
    {28591, CHARSET_1252, NULL},
    {28600, CHARSET_8859_10, NULL},
    {28605, CHARSET_8859_15, NULL},
    {850, CHARSET_CP850, NULL},
    {865, CHARSET_CP865, NULL},
    {10000, CHARSET_MAC, NULL},
    {20108, CHARSET_NO646, NULL},
    {20866, CHARSET_NONE, "KOI8-R"},
    {21866, CHARSET_NONE, "KOI8-U"},
    {28592, CHARSET_NONE, "ISO-8859-2"},
    {28594, CHARSET_NONE, "ISO-8859-4"},
    {28595, CHARSET_NONE, "ISO-8859-5"},
    {28597, CHARSET_NONE, "ISO-8859-7"},
    {28599, CHARSET_NONE, "ISO-8859-9"},
    {28603, CHARSET_NONE, "ISO-8859-13"},
    {50220, CHARSET_NONE, "ISO-2022-JP"},
    {50221, CHARSET_NONE, "ISO-2022-JP"},
    {50222, CHARSET_NONE, "ISO-2022-JP"},
    {51932, CHARSET_NONE, "EUC-JP"},
    {51949, CHARSET_NONE, "EUC-KR"},
    {54936, CHARSET_NONE, "GB18030"},
    {65000, CHARSET_NONE, "UTF-7"},
};

int
codepage_decode(unsigned page, const void *p, size_t n, size_t max, char **ret,
    size_t *ret_n)
{
	enum charset cs = CHARSET_NONE;
	const char *name = NULL;
	char number[16];
	bool doubtful;
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (pages[i].page == page)
			break;
	if (i < sizeof(pages) / sizeof(pages[0])) {
		cs = pages[i].cs;
		name = pages[i].name;
	} else if (page && page < 2000) {
		snprintf(number, sizeof(number), "CP%u", page);
		name = number;
	}
	if (name && charset_iconv(name, p, n, max, ret, ret_n) == 0)
		return 0;
	if (cs == CHARSET_NONE && !name)
		cs = charset_of(p, n, &doubtful);
	if (cs == CHARSET_NONE || cs == CHARSET_UTF8)
		cs = CHARSET_UTF8_MIXED;
	if (n > max / 3)
		n = max / 3;
	*ret = malloc(n * 3 + 5);
	if (!*ret)
		return -1;
	*ret_n = charset_decode(cs, p, n, *ret);
	(*ret)[*ret_n] = 0;
	return 0;
}

unsigned
codepage_of_font(unsigned charset)
{
	static const unsigned short of[][2] = {{0, 1252}, {77, 10000},
	    {128, 932}, {129, 949}, {134, 936}, {136, 950}, {161, 1253},
	    {162, 1254}, {163, 1258}, {177, 1255}, {178, 1256}, {186, 1257},
	    {204, 1251}, {222, 874}, {238, 1250}, {254, 437}, {255, 850}};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (of[i][0] == charset)
			return of[i][1];
	return 0;
}

unsigned
codepage_of_locale(unsigned lcid)
{
	/* by the language; Chinese, Serbian and Azeri also by the country */
	static const unsigned short of[][2] = {{0x01, 1256}, {0x02, 1251},
	    {0x04, 936}, {0x05, 1250}, {0x08, 1253}, {0x0D, 1255}, {0x0E, 1250},
	    {0x11, 932}, {0x12, 949}, {0x15, 1250}, {0x18, 1250}, {0x19, 1251},
	    {0x1A, 1250}, {0x1B, 1250}, {0x1C, 1250}, {0x1E, 874}, {0x1F, 1254},
	    {0x20, 1256}, {0x22, 1251}, {0x23, 1251}, {0x24, 1250},
	    {0x25, 1257}, {0x26, 1257}, {0x27, 1257}, {0x29, 1256},
	    {0x2A, 1258}, {0x2F, 1251}, {0x3F, 1251}};

	if (lcid == 0x0404 || lcid == 0x0C04 || lcid == 0x1404)
		return 950;
	if (lcid == 0x0C1A || lcid == 0x1C1A)
		return 1251;
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (of[i][0] == (lcid & 0x3FF))
			return of[i][1];
	return lcid ? 1252 : 0;
}
