/*
 * Reader of a folder of mail in one file (mbox, RFC 4155): each message is a
 * part, opened again by the host.
 *
 * A message begins with a line "From ", a date in it, behind an empty line (or
 * the beginning) and before a header line: without all of that it is a line of
 * a letter, and one too few cuts is better than half a letter. In bodies one
 * ">" is taken off ">From " and ">>From " (mboxrd; what mboxo quotes comes back
 * too).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../reader.h"

#define WINDOW ((size_t)64 << 10)
#define AHEAD ((size_t)2048) /* bytes seen of a line and the next */

struct sluse_doc {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	char b[WINDOW]; /* what is read but not done with: [at, end) */
	size_t at, end;
	uint64_t off; /* of b[end] in the source */
	bool failed;
};

/* At least n bytes from `at`, if there are as many. */
static size_t
look(struct sluse_doc *d, size_t n)
{
	if (d->end - d->at >= n)
		return d->end - d->at;
	memmove(d->b, d->b + d->at, d->end - d->at);
	d->end -= d->at;
	d->at = 0;
	while (d->end < WINDOW) {
		int64_t k = d->host->read_at(
		    d->s, d->b + d->end, WINDOW - d->end, d->off);

		if (k <= 0) {
			d->failed |= k < 0;
			break;
		}
		d->end += (size_t)k;
		d->off += (uint64_t)k;
	}
	return d->end;
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* " Mar 14 10:00" or " Mar  4 10:00": nobody's prose. */
static bool
has_date(const char *p, size_t n)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (size_t i = 5; i + 13 <= n; i++)
		if (p[i] == ' ' && p[i + 4] == ' ' &&
		    (p[i + 5] == ' ' || digit(p[i + 5])) && digit(p[i + 6]) &&
		    p[i + 7] == ' ' && digit(p[i + 8]) && digit(p[i + 9]) &&
		    p[i + 10] == ':')
			for (size_t k = 0; k < 36; k += 3)
				if (!memcmp(p + i + 1, months + k, 3))
					return true;
	return false;
}

static bool
is_header(const char *p, size_t n)
{
	size_t i = 0;

	if (n && *p == '>') /* ">From " of a folder inside a folder */
		return true;
	while (i < n && p[i] > ' ' && p[i] < 127 && p[i] != ':')
		i++;
	return i > 0 && i < n && p[i] == ':';
}

static bool
begins(struct sluse_doc *d)
{
	size_t n = look(d, AHEAD);
	const char *p = d->b + d->at, *nl;

	if (n < 5 || memcmp(p, "From ", 5) != 0)
		return false;
	nl = memchr(p, '\n', n < 512 ? n : 512);
	return nl && has_date(p, (size_t)(nl - p)) &&
	       is_header(nl + 1, n - (size_t)(nl + 1 - p));
}

static int
mbox_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_doc **ret)
{
	struct sluse_doc *d = calloc(1, sizeof(*d));

	if (!d)
		return SLUSE_READ_LIMIT;
	d->host = host;
	d->s = s;
	if (!begins(d)) {
		free(d);
		return SLUSE_READ_UNSUPPORTED;
	}
	*ret = d;
	return SLUSE_READ_OK;
}

static void
mbox_close(struct sluse_doc *d)
{
	free(d);
}

static int
mbox_page_count(struct sluse_doc *d, uint32_t *ret)
{
	(void)d;
	*ret = 0;
	return SLUSE_READ_OK;
}

struct message {
	struct sluse_sink *k;
	uint64_t written;
	bool body;
	char blank[2]; /* an empty line that may be the folder's */
	size_t blank_n;
};

static int
give(struct sluse_doc *d, struct message *m, const char *p, size_t n)
{
	uint64_t max = d->host->limits ? d->host->limits->bytes_max : 0;

	m->written += n;
	if (max && m->written > max)
		return 1;
	return n ? d->host->part_write(m->k, p, n) : 0;
}

/* The window up to a line's end, or all of it if that is farther away; sets
 * *whole if the line ended. */
static size_t
piece(struct sluse_doc *d, bool *whole)
{
	size_t n = look(d, AHEAD);
	const char *nl = n ? memchr(d->b + d->at, '\n', n) : NULL;

	*whole = nl != NULL;
	return nl ? (size_t)(nl - d->b) + 1 - d->at : n;
}

/* One line; 0, or not if the host said stop. */
static int
line(struct sluse_doc *d, struct message *m)
{
	bool whole;
	size_t n = piece(d, &whole), quotes = 0;
	const char *p = d->b + d->at;

	if (give(d, m, m->blank, m->blank_n) != 0)
		return 1;
	m->blank_n = 0;
	if (whole && (n == 1 || (n == 2 && *p == '\r'))) {
		memcpy(m->blank, p, n);
		m->blank_n = n;
		m->body = true;
		d->at += n;
		return 0;
	}
	while (quotes < n && p[quotes] == '>')
		quotes++;
	if (m->body && quotes && n - quotes >= 5 &&
	    !memcmp(p + quotes, "From ", 5)) {
		d->at++;
		n--;
	}
	for (;;) {
		if (give(d, m, d->b + d->at, n) != 0)
			return 1;
		d->at += n;
		if (whole || (n = piece(d, &whole)) == 0)
			return 0;
	}
}

static int
message(struct sluse_doc *d, struct sluse_sink *k, unsigned number)
{
	struct sluse_part part = {.size = sizeof(part),
	    .mime = "message/rfc822",
	    .role = SLUSE_PART_ATTACHMENT};
	struct message m = {.k = k};
	char name[32];
	bool whole = false;

	(void)snprintf(name, sizeof(name), "%04u.eml", number);
	part.name = name;
	while (!whole && look(d, 1) > 0)
		d->at += piece(d, &whole); /* the From line */
	if (d->host->part_begin(k, &part) != 0)
		return SLUSE_READ_LIMIT;
	while (look(d, 1) > 0) {
		/* at the beginning, or behind an empty line */
		if (m.blank_n && begins(d))
			break;
		if (line(d, &m) != 0)
			return SLUSE_READ_LIMIT;
	}
	return d->host->part_end(k) ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
}

static int
mbox_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	int rc = SLUSE_READ_OK;

	d->at = d->end = 0;
	d->off = 0;
	for (unsigned i = 1; rc == SLUSE_READ_OK && look(d, 1) > 0; i++)
		rc = message(d, k, i);
	return rc == SLUSE_READ_OK && d->failed ? SLUSE_READ_DAMAGED : rc;
}

/* Not called: a folder has no pages. */
static int
mbox_page(struct sluse_doc *d, uint32_t page, struct sluse_sink *k)
{
	(void)d, (void)page, (void)k;
	return SLUSE_READ_DAMAGED;
}

static const char *const mbox_mimes[] = {"application/mbox", NULL};

const struct sluse_reader sluse_reader = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "mbox",
    .version = "1",
    .mimes = mbox_mimes,
    .open = mbox_open,
    .page_count = mbox_page_count,
    .page = mbox_page,
    .parts = mbox_parts,
    .close = mbox_close,
};
