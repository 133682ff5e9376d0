/*
 * RTF: a letter with its properties and objects. lib/rtf.h knows the format.
 */
#include "../lib/rtf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

#define VALUE_MAX 1024u
#define OBJECT_MAX ((size_t)64 << 20)
#define OBJECTS_MAX 200u

enum dest {
	D_TEXT = 0,
	D_INFO,
	D_TITLE,
	D_SUBJECT,
	D_AUTHOR,
	D_COMPANY,
	D_CREATED,
	D_REVISED,
	D_OBJECT,
	D_COUNT,
};

struct letter {
	struct sluse_doc *d;
	struct sluse_sink *k; /* set: only objects are wanted */
	uint64_t off;
	struct text value; /* of a property or an object */
	unsigned date[6];
	unsigned objects;
	bool failed; /* the host wants no more */
};

static size_t
take(void *arg, void *p, size_t n)
{
	struct letter *r = arg;
	int64_t got = r->d->host->read_at(r->d->s, p, n, r->off);

	if (got < 0)
		r->d->damaged = true;
	if (got <= 0)
		return 0;
	r->off += (uint64_t)got;
	return (size_t)got;
}

static bool
put(void *arg, unsigned dest, const char *s, size_t n)
{
	struct letter *r = arg;

	if (dest == D_TEXT)
		text_add(&r->d->text, s, n);
	else if (dest != D_INFO)
		text_add(&r->value, s, n);
	return !r->d->text.full;
}

/* -- objects --------------------------------------------------------------- */

static unsigned
nibble(char c)
{
	return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
	       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
	       : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
				      : 16;
}

static size_t
from_hex(char *p, size_t n)
{
	size_t out = 0;
	unsigned high = 16;

	for (size_t i = 0; i < n; i++) {
		unsigned v = nibble(p[i]);

		if (v == 16)
			continue;
		if (high == 16) {
			high = v;
			continue;
		}
		p[out++] = (char)(high << 4 | v);
		high = 16;
	}
	return out;
}

/* OLE 1: version, kind, three names, size, bytes. */
static void
end_object(struct letter *r)
{
	uint8_t *p = (uint8_t *)(void *)r->value.p;
	size_t n = r->value.n ? from_hex(r->value.p, r->value.n) : 0, at = 8;

	if (n < 12 || r->objects++ >= OBJECTS_MAX)
		return;
	if (r->value.full)
		r->d->damaged = true;
	for (unsigned i = 0; i < 3 && at + 4 <= n; i++) {
		size_t k = le32(p + at);

		if (k > n - at - 4) {
			at = n;
			break;
		}
		at += 4 + k;
	}
	if (le32(p + 4) == 1) {
		doc_note(r->d, "external_link", "oleObject");
		return;
	}
	if (at + 4 > n) {
		r->d->damaged = true;
		return;
	}
	at += 4;
	n = le32(p + at - 4) < n - at ? le32(p + at - 4) : n - at;
	r->failed = object_part(r->d, r->k, NULL, p + at, n);
}

/* -- properties ------------------------------------------------------------ */

static bool
end_value(void *arg, unsigned dest)
{
	struct letter *r = arg;
	static const struct {
		const char *field, *label;
		int confidence;
	} fields[D_COUNT] = {[D_TITLE] = {"title", "Title", 300},
	    [D_SUBJECT] = {"subject", "Subject", 300},
	    [D_AUTHOR] = {"author", "Author", 400},
	    [D_COMPANY] = {"company", "Company", 400},
	    [D_CREATED] = {"created", "Created", 400},
	    [D_REVISED] = {"modified", "Modified", 400}};
	const unsigned *t = r->date;
	char b[80];
	int n;

	if (dest == D_OBJECT && r->k) {
		end_object(r);
	} else if (dest == D_CREATED || dest == D_REVISED) {
		n = snprintf(b, sizeof(b), "%04u-%02u-%02uT%02u:%02u:%02u",
		    t[0], t[1], t[2], t[3], t[4], t[5]);
		if (t[0] >= 1980 && t[0] < 2100 && t[1] <= 12 && t[2] <= 31)
			doc_field(r->d, fields[dest].field, b, (size_t)n,
			    fields[dest].label, 400);
	} else if (fields[dest].field && r->value.n) {
		doc_field(r->d, fields[dest].field, r->value.p, r->value.n,
		    fields[dest].label, fields[dest].confidence);
	}
	text_free(&r->value);
	return !r->failed;
}

static void
gather(struct letter *r, struct rtf *in, unsigned dest)
{
	bool object = dest == D_OBJECT;

	text_free(&r->value);
	r->value.max = object ? OBJECT_MAX * 2 : VALUE_MAX;
	memset(r->date, 0, sizeof(r->date));
	/* objects are the second reading's */
	rtf_into(in, dest, !object ? RTF_TEXT : r->k ? RTF_RAW : RTF_SKIP);
}

/* -- words ----------------------------------------------------------------- */

static bool
destination(struct letter *r, struct rtf *in, const char *word, bool starred)
{
	static const struct {
		const char *word;
		unsigned dest;
	} known[] = {{"info", D_INFO}, {"title", D_TITLE},
	    {"subject", D_SUBJECT}, {"author", D_AUTHOR},
	    {"company", D_COMPANY}, {"creatim", D_CREATED},
	    {"revtim", D_REVISED}, {"objdata", D_OBJECT}};
	size_t i = 0, n = sizeof(known) / sizeof(known[0]);

	while (i < n && strcmp(known[i].word, word) != 0)
		i++;
	if (i == n)
		return false;
	if (known[i].dest == D_INFO && !starred)
		rtf_into(in, D_INFO, RTF_TEXT);
	else if (known[i].dest == D_OBJECT ||
		 (rtf_dest(in) == D_INFO &&
		     (!starred || known[i].dest == D_COMPANY)))
		gather(r, in, known[i].dest);
	else
		return false;
	return true;
}

static bool
date(struct letter *r, const struct rtf_word *w)
{
	static const char parts[][4] = {"yr", "mo", "dy", "hr", "min", "sec"};

	for (unsigned i = 0; i < 6; i++) {
		if (strcmp(parts[i], w->word) != 0)
			continue;
		r->date[i] =
		    (unsigned)(w->number < 0 || w->number > 9999 ? 0
								 : w->number);
		return true;
	}
	return false;
}

static bool
word(void *arg, struct rtf *in, const struct rtf_word *w)
{
	struct letter *r = arg;

	if (destination(r, in, w->word, w->starred))
		return true;
	if (w->starred)
		return false;
	if (!strcmp(w->word, "v") || !strcmp(w->word, "deleted"))
		rtf_hide(in, !w->has || w->number != 0);
	else if (!strcmp(w->word, "plain"))
		rtf_hide(in, false);
	else if (!strcmp(w->word, "objlink") || !strcmp(w->word, "objautlink"))
		doc_note(r->d, "external_link", "oleObject");
	else
		return date(r, w);
	return false; /* \plain is also about fonts */
}

static void
read_all(struct letter *r)
{
	struct rtf_user u = {.arg = r,
	    .read = take,
	    .word = word,
	    .text = put,
	    .end = end_value,
	    .only_raw = r->k != NULL};

	if (!rtf_parse(&u))
		doc_note(r->d, "rtf_truncated", NULL);
	text_free(&r->value);
}

int
rtf_open(struct sluse_doc *d)
{
	struct letter r = {.d = d};

	doc_mark(d);
	read_all(&r);
	text_line(&d->text);
	return SLUSE_READ_OK;
}

int
rtf_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	struct letter r = {.d = d, .k = k};
	bool full = d->text.full;

	d->text.full = false;
	read_all(&r);
	d->text.full = full;
	return r.failed ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
}
