/* A message's text: plain, else HTML, else RTF; each may be made from another.
 */
#include <stdlib.h>
#include <string.h>

#include "../lib/charset.h"
#include "../lib/codepage.h"
#include "../lib/html.h"
#include "outlook.h"

/* Would its bytes alone be taken for what d->html is? */
static bool
speaks_for_itself(
    const struct sluse_doc *d, const char *raw, size_t n, enum charset cs)
{
	char *text = cs != CHARSET_NONE ? malloc(n * 3 + 5) : NULL;
	size_t len = text ? charset_decode(cs, raw, n, text) : 0;
	bool same = text && d->html && len == d->html_n &&
		    memcmp(text, d->html, len) == 0;

	free(text);
	return same;
}

/* HTML as UTF-8: it speaks for itself if it is that, else by what it says of
 * itself, else by the message's page. */
static void
decode_html(struct sluse_doc *d, const char *raw, size_t n)
{
	unsigned page = bag_number(&d->message, PR_PAGE_HTML, d->page);
	enum charset cs, said = CHARSET_NONE;
	const char *label;
	bool doubtful;
	size_t len = 0;

	label = html_charset(raw, n, &len);
	if (label)
		said = charset_by_name(label, len);
	cs = charset_of(raw, n, &doubtful);
	if (cs == CHARSET_UTF8 || cs == CHARSET_ASCII || cs == CHARSET_UTF16LE)
		said = cs;
	else if (said < CHARSET_1252)
		said = CHARSET_NONE;
	if (said == CHARSET_NONE) {
		if (codepage_decode(
			page, raw, n, BODY_MAX * 2, &d->html, &d->html_n) != 0)
			d->html = NULL;
		d->html_stands =
		    d->body_cut || speaks_for_itself(d, raw, n, cs);
		return;
	}
	d->html = malloc(n * 3 + 5);
	if (d->html) {
		d->html_n = charset_decode(said, raw, n, d->html);
		d->html[d->html_n] = 0;
	}
	d->html_stands = true;
}

static void
load_html(struct sluse_doc *d)
{
	const struct prop *p = bag_find(&d->message, PR_HTML);
	char *raw;
	size_t n;

	if (!p || p->fixed)
		return;
	if (p->type == PT_STRING8 || p->type == PT_UNICODE) {
		d->html =
		    bag_text(d, &d->message, PR_HTML, BODY_MAX, &d->html_n);
		return;
	}
	raw = prop_bytes(d, p, BODY_MAX, &n);
	d->body_cut |= n == BODY_MAX;
	if (raw && n)
		decode_html(d, raw, n);
	free(raw);
}

static void
load_rtf(struct sluse_doc *d)
{
	char *packed, *text = NULL;
	size_t n, len = 0;

	packed = prop_bytes(d, bag_find(&d->message, PR_RTF), BODY_MAX, &n);
	if (packed)
		d->rtf = lzfu_unpack(packed, n, 4 * BODY_MAX, &d->rtf_n);
	free(packed);
	if (!d->rtf)
		return;
	switch (rtf_decode(d->rtf, d->rtf_n, 2 * BODY_MAX, &text, &len)) {
	case RTF_FROM_HTML:
		if (!d->html) {
			d->html = text;
			d->html_n = len;
			text = NULL;
		}
		break;
	case RTF_FROM_TEXT:
		if (!d->plain) {
			d->plain = text;
			d->plain_n = len;
			text = NULL;
		}
		break;
	case RTF_OWN:
		d->rtf_text = text;
		d->rtf_text_n = len;
		return;
	case RTF_NONE:
		break;
	}
	/* only a wrapping, or nothing we know */
	free(text);
	free(d->rtf);
	d->rtf = NULL;
}

void
body_load(struct sluse_doc *d)
{
	d->plain = bag_text(d, &d->message, PR_BODY, BODY_MAX, &d->plain_n);
	d->body_cut = d->plain_n >= BODY_MAX / 2;
	load_html(d);
	load_rtf(d);
}

void
body_free(struct sluse_doc *d)
{
	free(d->plain);
	free(d->html);
	free(d->rtf);
	free(d->rtf_text);
}

static bool
has_ink(const char *s, size_t n)
{
	for (size_t i = 0; s && i < n; i++)
		if ((unsigned char)s[i] > ' ')
			return true;
	return false;
}

bool
body_has_ink(const struct sluse_doc *d)
{
	return has_ink(d->plain, d->plain_n);
}

void
body_text(const struct sluse_doc *d, GString *page)
{
	const char *text = d->plain;
	size_t n = d->plain_n;
	char *copy = NULL;

	if (!has_ink(text, n) && d->html) {
		copy = malloc(d->html_n + 1);
		if (copy) {
			memcpy(copy, d->html, d->html_n);
			n = html_to_text(copy, d->html_n);
			text = copy;
		}
	}
	if (!has_ink(text, n) && d->rtf_text) {
		text = d->rtf_text;
		n = d->rtf_text_n;
	}
	if (has_ink(text, n)) {
		g_string_append_c(page, '\n');
		g_string_append_len(page, text, (gssize)n);
		g_string_append_c(page, '\n');
	}
	free(copy);
}
