/*
 * SECURITY: converts bytes from outside; ICU is told to stop at what is not
 * valid, and to open no file.
 */
#include "converters.h"

#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/ucnv.h>
#include <unicode/udata.h>
#include <unicode/utf16.h>

#define EXPORTED __attribute__((visibility("default")))
#define OPEN_MAX_AT_ONCE 64u
#define NAME_MAX_BYTES 60u
#define CHARS_MAX 20u /* units of UTF-16 that one byte may complete */

/* Ours are known by their place; 0 in `from` is free. */
static struct converter {
	UConverter *from;
	size_t n; /* bytes that found no room; 0 = the next byte is not eaten */
	char wait[CHARS_MAX * 3];
} open_now[OPEN_MAX_AT_ONCE];

/* glibc's, for what we do not do. */
static iconv_t (*other_open)(const char *to, const char *from);
static size_t (*other_iconv)(
    iconv_t cd, char **in, size_t *in_left, char **out, size_t *out_left);
static int (*other_close)(iconv_t cd);

/* POSIX dlsym: a function comes as a pointer to an object. */
static bool
find_others(void)
{
	if (other_open != NULL)
		return true;
	*(void **)&other_iconv = dlsym(RTLD_NEXT, "iconv");
	*(void **)&other_close = dlsym(RTLD_NEXT, "iconv_close");
	*(void **)&other_open = dlsym(RTLD_NEXT, "iconv_open");
	return other_iconv != NULL && other_close != NULL && other_open != NULL;
}

static struct converter *
own(iconv_t cd)
{
	struct converter *c = (struct converter *)cd;

	return c >= open_now && c < open_now + OPEN_MAX_AT_ONCE ? c : NULL;
}

/* "UTF-8", also with "//TRANSLIT" or the like behind it. */
static bool
is_utf8(const char *name)
{
	size_t n = strcspn(name, "/");

	return (n == 5 && strncasecmp(name, "UTF-8", 5) == 0) ||
	       (n == 4 && strncasecmp(name, "UTF8", 4) == 0);
}

/* ICU's converter that stops at what is not valid; NULL if it has none. */
static UConverter *
open_icu(const char *name)
{
	UErrorCode e = U_ZERO_ERROR;
	char bare[NAME_MAX_BYTES + 1];
	size_t n = strcspn(name, "/");
	UConverter *c;

	/* GMime's name for windows-31j, which nobody else knows. */
	if (strcasecmp(name, "CP31J") == 0) {
		name = "windows-31j";
		n = strlen(name);
	}
	if (n == 0 || n > NAME_MAX_BYTES)
		return NULL;
	memcpy(bare, name, n);
	bare[n] = '\0';
	c = ucnv_open(bare, &e);
	if (U_SUCCESS(e))
		ucnv_setToUCallBack(
		    c, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &e);
	if (U_SUCCESS(e))
		return c;
	ucnv_close(c);
	return NULL;
}

EXPORTED iconv_t
iconv_open(const char *to, const char *from)
{
	size_t i = 0;

	if (!find_others()) {
		errno = EINVAL;
		return (iconv_t)-1;
	}
	while (i < OPEN_MAX_AT_ONCE && open_now[i].from != NULL)
		i++;
	if (is_utf8(to) && i < OPEN_MAX_AT_ONCE) {
		open_now[i].from = open_icu(from);
		open_now[i].n = 0;
		if (open_now[i].from != NULL)
			return &open_now[i];
	}
	return other_open(to, from);
}

EXPORTED int
iconv_close(iconv_t cd)
{
	struct converter *c = own(cd);

	if (c == NULL)
		return other_close(cd);
	ucnv_close(c->from);
	c->from = NULL;
	return 0;
}

/* Bytes of a code point in UTF-8; 0 where it is none. */
static size_t
utf8_of(UChar32 cp, char *out)
{
	static const uint8_t mark[] = {0, 0, 0xC0, 0xE0, 0xF0};
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4, k;

	if (cp < 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000))
		return 0;
	for (k = n; k-- > 1; cp >>= 6)
		out[k] = (char)(0x80 | (cp & 0x3F));
	out[0] = (char)(n == 1 ? cp : mark[n] | cp);
	return n;
}

/* What one byte more has completed, into c->wait. */
static bool
complete(struct converter *c, const UChar *u, size_t n)
{
	size_t i = 0;

	c->n = 0;
	while (i < n) {
		UChar32 cp;
		size_t k;

		U16_NEXT(u, i, n, cp);
		k = utf8_of(cp, c->wait + c->n);
		if (k == 0)
			return false;
		c->n += k;
	}
	return true;
}

/* Back to where the bytes begin that mean nothing, but not before start. */
static void
step_back(UConverter *c, char *start, char **in, size_t *in_left)
{
	UErrorCode e = U_ZERO_ERROR;
	char bad[32];
	int8_t n = sizeof(bad);

	ucnv_getInvalidChars(c, bad, &n, &e);
	for (n = U_SUCCESS(e) && n > 0 ? n : 1; n > 0 && *in > start; n--) {
		--*in;
		++*in_left;
	}
}

/* The byte at *in is eaten; 0, or an errno with *in where it was. */
static int
eat(struct converter *c, char *start, char **in, size_t *in_left)
{
	UErrorCode e = U_ZERO_ERROR;
	UChar buf[CHARS_MAX], *u = buf;
	const char *p = *in;
	bool good;

	ucnv_toUnicode(
	    c->from, &u, buf + CHARS_MAX, &p, p + 1, NULL, false, &e);
	good = complete(c, buf, (size_t)(u - buf)) && U_SUCCESS(e);
	if (good)
		return 0;
	/* A byte that only ends what went before is not taken. */
	c->n = 0;
	*in_left -= (size_t)(p - *in);
	*in += p - *in;
	step_back(c->from, start, in, in_left);
	return EILSEQ;
}

/*
 * Byte by byte, so that it is known which byte completed what. The bytes of a
 * character cut off at the end are taken, and wait in ICU's converter for the
 * next piece. A byte whose characters find no room is eaten, but not taken.
 */
EXPORTED size_t
iconv(iconv_t cd, char **in, size_t *in_left, char **out, size_t *out_left)
{
	struct converter *c = own(cd);
	char *start;

	if (c == NULL)
		return other_iconv(cd, in, in_left, out, out_left);
	if (in == NULL || *in == NULL) {
		ucnv_reset(c->from);
		c->n = 0;
		return 0;
	}
	for (start = *in; *in_left > 0; ++*in, --*in_left) {
		int bad = c->n == 0 ? eat(c, start, in, in_left) : 0;

		if (bad == 0 && c->n > *out_left)
			bad = E2BIG;
		if (bad != 0) {
			errno = bad;
			return (size_t)-1;
		}
		memcpy(*out, c->wait, c->n);
		*out += c->n;
		*out_left -= c->n;
		c->n = 0;
	}
	return 0;
}

enum sl_rc
sl_converters_warm(struct sl_err *err)
{
	/* ICU has none of these; a converter that is open in the parent is
	 * found again by every child. Never closed. */
	static const char *const lacks[] = {"ISO646-NO", "ISO646-NO2",
	    "WINDOWS-SAMI-2", "MAC-SAMI", "ISO-8859-16", "KOI8-RU"};
	static iconv_t pins[sizeof(lacks) / sizeof(lacks[0])];
	UErrorCode e = U_ZERO_ERROR;
	iconv_t cd;
	size_t i;

	if (pins[0] != NULL)
		return SL_OK;
	udata_setFileAccess(UDATA_NO_FILES, &e);
	cd = iconv_open("UTF-8", "windows-1252");
	if (U_FAILURE(e) || own(cd) == NULL)
		return sl_err_set(err, SL_FATAL, 0, "unsupported",
		    "ICU has no converter for windows-1252: %s",
		    u_errorName(e));
	(void)iconv_close(cd);
	for (i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		pins[i] = iconv_open("UTF-8", lacks[i]);
	return SL_OK;
}
