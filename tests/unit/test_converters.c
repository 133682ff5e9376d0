/*
 * The program's own iconv against glibc's: what glibc writes in a set, ours
 * reads back, in pieces of every size.
 */
#include "../../daemon/read/converters.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#include "test.h"

#define LATIN "Blåbærsyltetøy på Ås, ÆØÅ; Straße, café.\n"
#define KANA "Til kommunen: こんにちは、世界。ｱ\n"
#define HANZI "Til kommunen: 你好，世界。\n"
#define HANGUL "Til kommunen: 안녕하세요 세계.\n"
#define CYRILLIC "Til kommunen: Привет, мир.\n"

static const struct {
	const char *set, *text;
} rows[] = {{"ISO-8859-1", LATIN}, {"windows-1252", LATIN}, {"CP865", LATIN},
    {"CP850", LATIN}, {"macintosh", LATIN}, {"ISO-8859-15", LATIN},
    {"ISO-8859-10", "Sámi: čŋđŧž ÆØÅ\n"}, {"UTF-16LE", LATIN KANA},
    {"UTF-16BE", LATIN HANZI}, {"UTF-16", LATIN}, {"UTF-32", LATIN KANA},
    {"UTF-7", LATIN KANA}, {"ISO-2022-JP", "a こんにちは b 世界 c\n"},
    {"ISO-2022-JP", "世界"}, {"SHIFT_JIS", KANA}, {"EUC-JP", KANA},
    {"GB2312", HANZI}, {"GBK", HANZI}, {"GB18030", HANZI LATIN KANA},
    {"BIG5", "Til: 你好\n"}, {"EUC-KR", HANGUL}, {"ISO-2022-KR", HANGUL},
    {"CP949", HANGUL}, {"KOI8-R", CYRILLIC}, {"windows-1251", CYRILLIC},
    {"ISO-8859-5", CYRILLIC}, {"windows-1257", "Ąžuolas\n"}};

static size_t
encode(const char *set, const char *text, char *out, size_t cap)
{
	iconv_t cd = iconv_open(set, "UTF-8");
	char *in = (char *)(uintptr_t)text, *o = out;
	size_t left = strlen(text), room = cap;

	CHECK_MSG(cd != (iconv_t)-1, "%s", set);
	if (cd == (iconv_t)-1)
		return 0;
	CHECK_MSG(iconv(cd, &in, &left, &o, &room) != (size_t)-1, "%s", set);
	CHECK(iconv(cd, NULL, NULL, &o, &room) != (size_t)-1);
	CHECK(iconv_close(cd) == 0);
	return cap - room;
}

/* Decodes p by `piece` bytes of input and `room` of output at a time. */
static void
decode(const char *set, const char *p, size_t n, size_t piece, size_t room,
    char *out)
{
	iconv_t cd = iconv_open("UTF-8", set);
	size_t end = 0, at = 0;

	while (at < n) {
		/* in an allocation of its own, so that nothing beyond is read
		 */
		size_t take = piece < n - at ? piece : n - at, left = take;
		char *copy = malloc(take), *in = copy, *o = out + end;
		size_t put = room, rc;

		memcpy(copy, p + at, take);
		rc = iconv(cd, &in, &left, &o, &put);
		at += take - left;
		end += room - put;
		free(copy);
		if (rc == (size_t)-1 && errno != E2BIG)
			break;
	}
	out[end] = '\0';
	CHECK_MSG(
	    at == n, "%s by %zu: stopped at %zu of %zu", set, piece, at, n);
	CHECK(iconv_close(cd) == 0);
}

static void
back(void)
{
	char coded[1024], text[1024];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n =
		    encode(rows[i].set, rows[i].text, coded, sizeof(coded));

		decode(rows[i].set, coded, n, sizeof(coded), 1000, text);
		CHECK_STR(text, rows[i].text);
		for (size_t piece = 1; piece < 12; piece++) {
			decode(rows[i].set, coded, n, piece, 4, text);
			CHECK_STR(text, rows[i].text);
		}
	}
}

/* Bytes that mean nothing stop the conversion where they stand. */
static void
bad_bytes(void)
{
	static const struct {
		const char *set, *bytes;
		size_t at;
		int why;
	} bad[] = {{"UTF-8", "ab\xff", 2, EILSEQ},
	    {"UTF-8", "a\xc3(", 1, EILSEQ}, {"EUC-KR", "a\xff\xff", 1, EILSEQ},
	    {"SHIFT_JIS", "ab\x82\x20", 2, EILSEQ},
	    {"US-ASCII", "abc\xe5", 3, EILSEQ}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		iconv_t cd = iconv_open("UTF-8", bad[i].set);
		char buf[16], out[200], *in = buf, *o = out;
		size_t n = strlen(bad[i].bytes);
		size_t left = n, room = sizeof(out);

		memcpy(buf, bad[i].bytes, n);
		CHECK_MSG(iconv(cd, &in, &left, &o, &room) == (size_t)-1, "%s",
		    bad[i].set);
		CHECK_MSG(errno == bad[i].why, "%s: %d", bad[i].set, errno);
		CHECK_MSG((size_t)(in - buf) == bad[i].at, "%s: at %zu",
		    bad[i].set, (size_t)(in - buf));
		CHECK(iconv_close(cd) == 0);
	}
}

/* Random bytes in every set: an end, and never more than was given. */
static void
noise(void)
{
	unsigned seed = 1;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		iconv_t cd = iconv_open("UTF-8", rows[i].set);

		for (int k = 0; k < 200; k++) {
			char *buf = malloc(40), *in = buf, out[400], *o = out;
			size_t left = 40, room = sizeof(out);

			for (size_t b = 0; b < 40; b++) {
				seed = seed * 1103515245u + 12345u;
				buf[b] = (char)(seed >> 16);
			}
			while (left > 0 &&
			       iconv(cd, &in, &left, &o, &room) == (size_t)-1) {
				CHECK(in >= buf && left <= 40);
				in++;
				left--;
			}
			CHECK(in == buf + 40 && room <= sizeof(out));
			free(buf);
		}
		CHECK(iconv_close(cd) == 0);
	}
}

static void
names(void)
{
	static iconv_t many[70];
	size_t i;

	CHECK(iconv_open("UTF-8", "x-no-such-set") == (iconv_t)-1);
	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		many[i] = iconv_open("utf-8//TRANSLIT", "ISO-8859-1");
		CHECK(many[i] != (iconv_t)-1);
	}
	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		CHECK(iconv_close(many[i]) == 0);
}

static void
warm(void)
{
	struct sl_err err = {0};

	CHECK(sl_converters_warm(&err) == SL_OK);
}

TEST_MAIN({"warm", warm}, {"back again", back}, {"bad bytes", bad_bytes},
    {"noise", noise}, {"names", names})
