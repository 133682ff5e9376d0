/*
 * Reader of plain text, and of HTML as text.
 *
 * Passes over the bytes once to know the character set (lib/charset.h), once
 * more to cut pages: at form feeds, else at a line end before 32 KiB. Only the
 * page at hand is in memory; HTML is taken whole, up to 16 MiB.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../reader.h"
#include "lib/charset.h"
#include "lib/html.h"
#include "lib/readfull.h"

#define PAGE_BYTES ((size_t)32 << 10)
#define HTML_BYTES ((size_t)16 << 20)
#define PAGES_MAX 100000u
#define BLOCK ((size_t)64 << 10)

struct span {
	uint64_t at;
	uint32_t length;
};

struct sluse_doc {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	enum charset cs;
	bool doubtful, cut;
	char *html; /* the whole text of a page of HTML, or NULL */
	size_t html_length;
	struct span *pages;
	uint32_t count, cap, max;
	uint8_t *in; /* one page as it stands */
	char *out; /* one page as UTF-8 */
};

static void
doc_close(struct sluse_doc *d)
{
	if (!d)
		return;
	free(d->html);
	free(d->pages);
	free(d->in);
	free(d->out);
	free(d);
}

static int
find_charset(struct sluse_doc *d)
{
	struct charset_stats *st = calloc(1, sizeof(*st));
	enum charset declared = CHARSET_NONE;
	uint64_t off = 0;
	int64_t n;

	if (!st)
		return SLUSE_READ_LIMIT;
	while ((n = read_full(d->host, d->s, d->in, BLOCK, off)) > 0) {
		size_t len;
		const char *name;

		if (off == 0) {
			name =
			    html_charset((const char *)d->in, (size_t)n, &len);
			if (name)
				declared = charset_by_name(name, len);
		}
		charset_feed(st, d->in, (size_t)n);
		off += (uint64_t)n;
	}
	d->cs = charset_guess(st, declared, &d->doubtful);
	free(st);
	if (n < 0)
		return SLUSE_READ_DAMAGED;
	return d->cs == CHARSET_NONE ? SLUSE_READ_UNSUPPORTED : SLUSE_READ_OK;
}

/* False if there are more pages than allowed: the count then says so. */
static bool
add_page(struct sluse_doc *d, uint64_t at, size_t n)
{
	if (n == 0)
		return true;
	if (d->count > d->max)
		return false;
	if (d->count == d->cap) {
		uint32_t cap = d->cap ? d->cap * 2 : 16;
		struct span *p = realloc(d->pages, cap * sizeof(*p));

		if (!p)
			return false;
		d->pages = p;
		d->cap = cap;
	}
	d->pages[d->count].at = at;
	d->pages[d->count++].length = (uint32_t)n;
	return true;
}

/* Where the page that starts with these n bytes ends; *skip = bytes that
 * belong to no page behind it. more = the text goes on behind n. */
static size_t
page_end(const uint8_t *p, size_t n, bool more, enum charset cs, size_t *skip)
{
	bool wide = cs == CHARSET_UTF16LE || cs == CHARSET_UTF16BE;
	size_t unit = wide ? 2 : 1, low = cs == CHARSET_UTF16BE ? 1 : 0;
	size_t i, line = 0;

	*skip = 0;
	for (i = 0; i + unit <= n; i += unit) {
		if (wide && p[i + 1 - low] != 0)
			continue;
		if (p[i + low] == '\f') {
			*skip = unit;
			return i;
		}
		if (p[i + low] == '\n')
			line = i + unit;
	}
	if (!more)
		return n;
	if (line)
		return line;
	if (!wide && cs < CHARSET_1252 && i > 4)
		for (i--; i > n - 4 && (p[i] & 0xC0) == 0x80; i--)
			; /* not inside a character */
	return i ? i : n;
}

static int
cut_pages(struct sluse_doc *d)
{
	uint64_t off = 0,
		 total = d->html ? d->html_length : d->host->length(d->s);

	while (off < total) {
		const uint8_t *p = d->in;
		int64_t n;
		size_t end, skip;

		if (d->html) {
			p = (const uint8_t *)d->html + off;
			n = (int64_t)(total - off < PAGE_BYTES ? total - off
							       : PAGE_BYTES);
		} else {
			n = read_full(d->host, d->s, d->in, PAGE_BYTES, off);
		}
		if (n < 0)
			return SLUSE_READ_DAMAGED;
		if (n == 0)
			break;
		end = page_end(p, (size_t)n, off + (uint64_t)n < total,
		    d->html ? CHARSET_UTF8 : d->cs, &skip);
		if (!add_page(d, off, end))
			break;
		off += end + skip;
	}
	return SLUSE_READ_OK;
}

/* The whole page of HTML, decoded and stripped. */
static int
load_html(struct sluse_doc *d)
{
	uint64_t length = d->host->length(d->s);
	size_t n = length < HTML_BYTES ? (size_t)length : HTML_BYTES;
	uint8_t *raw = malloc(n + 1);
	int64_t got;

	d->cut = n < length;
	d->html = malloc(n * 3 + 4);
	if (!raw || !d->html) {
		free(raw);
		return SLUSE_READ_LIMIT;
	}
	got = read_full(d->host, d->s, raw, n, 0);
	if (got >= 0)
		d->html_length =
		    charset_decode(d->cs, raw, (size_t)got, d->html);
	free(raw);
	if (got < 0)
		return SLUSE_READ_DAMAGED;
	d->html_length = html_to_text(d->html, d->html_length);
	return SLUSE_READ_OK;
}

static int
text_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_doc **ret)
{
	struct sluse_doc *d;
	const char *mime = host->mime(s);
	int rc;

	if (charset_warm() < 0)
		return SLUSE_READ_UNSUPPORTED;
	d = calloc(1, sizeof(*d));
	if (!d)
		return SLUSE_READ_LIMIT;
	d->host = host;
	d->s = s;
	d->max = host->limits && host->limits->pages_max &&
			 host->limits->pages_max < PAGES_MAX
		     ? host->limits->pages_max
		     : PAGES_MAX;
	d->in = malloc(BLOCK);
	d->out = malloc(PAGE_BYTES * 3 + 4);
	rc = d->in && d->out ? find_charset(d) : SLUSE_READ_LIMIT;
	if (rc == SLUSE_READ_OK && mime &&
	    (!strcmp(mime, "text/html") ||
		!strcmp(mime, "application/xhtml+xml")))
		rc = load_html(d);
	if (rc == SLUSE_READ_OK)
		rc = cut_pages(d);
	if (rc != SLUSE_READ_OK) {
		doc_close(d);
		return rc;
	}
	*ret = d;
	return SLUSE_READ_OK;
}

static int
text_page_count(struct sluse_doc *d, uint32_t *ret)
{
	*ret = d->count ? d->count : 1; /* an empty text is one empty page */
	return SLUSE_READ_OK;
}

static int
text_page(struct sluse_doc *d, uint32_t page, struct sluse_sink *k)
{
	const char *text = d->out;
	size_t n, i;

	d->host->page_size(k, 595, 842);
	if (page >= d->count) {
		d->host->blank(k);
		return page ? SLUSE_READ_DAMAGED : SLUSE_READ_OK;
	}
	if (d->html) {
		text = d->html + d->pages[page].at;
		n = d->pages[page].length;
	} else {
		int64_t got = read_full(d->host, d->s, d->in,
		    d->pages[page].length, d->pages[page].at);

		if (got < 0)
			return SLUSE_READ_DAMAGED;
		n = charset_decode(d->cs, d->in, (size_t)got, d->out);
	}
	for (i = 0; i < n && strchr(" \t\n", text[i]); i++)
		;
	if (i == n)
		d->host->blank(k);
	else
		d->host->text(k, text, n);
	return SLUSE_READ_OK;
}

static int
text_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	d->host->note(k, d->doubtful ? "charset_doubtful" : "charset",
	    charset_name(d->cs));
	if (d->cut)
		d->host->note(k, "text_cut", "html over 16 MiB");
	return SLUSE_READ_OK;
}

static int
text_warm(const struct sluse_reader_host *host)
{
	(void)host;
	return charset_warm();
}

static const char *const text_mimes[] = {"text/", "application/json",
    "application/xml", "application/xhtml+xml", "application/csv",
    "application/javascript", "message/delivery-status",
    "message/disposition-notification", NULL};

const struct sluse_reader sluse_reader = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "text",
    .version = "1",
    .mimes = text_mimes,
    .warm = text_warm,
    .open = text_open,
    .page_count = text_page_count,
    .page = text_page,
    .parts = text_parts,
    .close = doc_close,
};
