/*
 * RTF bodies: their text, or the HTML or plain text that Outlook wrapped in
 * RTF (MS-OXRTFEX) back to what it was.
 */
#include "../lib/rtf.h"

#include <stdlib.h>
#include <string.h>

#include "outlook.h"

enum dest { D_TEXT = 0, D_TAG }; /* D_TAG: in \*\htmltag */

struct body {
	const char *p;
	size_t left;
	char *out;
	size_t n, max;
	enum rtf_kind kind;
};

static size_t
take(void *arg, void *p, size_t n)
{
	struct body *b = arg;

	if (n > b->left)
		n = b->left;
	memcpy(p, b->p, n);
	b->p += n;
	b->left -= n;
	return n;
}

static bool
put(void *arg, unsigned dest, const char *s, size_t n)
{
	struct body *b = arg;

	(void)dest;
	if (n > b->max - b->n)
		return false;
	memcpy(b->out + b->n, s, n);
	b->n += n;
	return true;
}

static bool
word(void *arg, struct rtf *in, const struct rtf_word *w)
{
	static const char *const page[] = {"header", "headerl", "headerr",
	    "headerf", "footer", "footerl", "footerr", "footerf"};
	struct body *b = arg;

	for (size_t i = 0; i < sizeof(page) / sizeof(page[0]); i++)
		if (!strcmp(w->word, page[i])) {
			rtf_into(in, D_TEXT, RTF_SKIP);
			return true;
		}
	if (!strcmp(w->word, "fromhtml") && b->kind == RTF_OWN)
		b->kind = RTF_FROM_HTML;
	else if (!strcmp(w->word, "fromtext") && b->kind == RTF_OWN)
		b->kind = RTF_FROM_TEXT;
	else if (!strcmp(w->word, "htmltag") && w->starred)
		rtf_into(
		    in, D_TAG, b->kind == RTF_FROM_HTML ? RTF_TEXT : RTF_SKIP);
	else if (b->kind != RTF_OWN && w->starred)
		rtf_into(in, D_TEXT, RTF_SKIP);
	else if (b->kind == RTF_FROM_HTML && !strcmp(w->word, "pntext"))
		rtf_into(in, D_TEXT, RTF_SKIP);
	else if (strcmp(w->word, "htmlrtf") != 0)
		return false;
	else if (b->kind != RTF_OWN && rtf_dest(in) != D_TAG)
		rtf_hide(in, !w->has || w->number != 0);
	return true;
}

enum rtf_kind
rtf_decode(const char *p, size_t n, size_t max, char **ret, size_t *ret_n)
{
	/* a byte of RTF makes at most three, by a code page */
	struct body b = {.p = p,
	    .left = n,
	    .max = n < max / 3 ? n * 3 : max,
	    .kind = RTF_OWN};
	struct rtf_user u = {.arg = &b,
	    .read = take,
	    .word = word,
	    .text = put,
	    .symbols = true};

	*ret = NULL;
	*ret_n = 0;
	if (n < 6 || memcmp(p, "{\\rtf", 5) != 0 ||
	    (b.out = malloc(b.max + 1)) == NULL)
		return RTF_NONE;
	(void)rtf_parse(&u); /* a part of it is better than nothing */
	b.out[b.n] = 0;
	*ret = b.out;
	*ret_n = b.n;
	return b.kind;
}
