/*
 * Signatures of what lies in a zip or an OLE2 file: which of the members they
 * name are there, then the beginnings of those that bytes are asked of.
 *
 * SECURITY: a member is unpacked to MEMBER_BYTES at most, all of them together
 * to ALL_BYTES, whatever they claim.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../base/mem.h"
#include "../unpack/zipdir.h"
#include "ole2.h"
#include "table.h"

#define ZIP_ENTRIES 10000u
#define ZIP_BYTES ((size_t)1 << 20)
#define MEMBER_BYTES ((size_t)128 << 10)
#define ALL_BYTES ((size_t)2 << 20)

/* A path that signatures name and this file has. */
struct found {
	bool there, read;
	uint32_t number; /* of the entry */
	uint8_t *p;
	size_t n;
	bool all;
};

struct inside {
	struct sl_look *k;
	enum sl_container where;
	struct sl_zip_dir zip;
	struct sl_ole2 *ole2;
	struct found *found; /* by path */
	size_t left;
	bool any;
};

/* -- zip ----------------------------------------------------------------------
 */

static ssize_t
inflate_some(const struct sl_extent *x, uint64_t at, uint64_t packed,
    uint8_t *p, size_t n, bool *ret_all)
{
	z_stream z = {.next_out = p, .avail_out = (uInt)n};
	uint8_t in[8192];
	ssize_t got;
	int rc = Z_OK;

	if (inflateInit2(&z, -15) != Z_OK)
		return -1;
	while (rc == Z_OK && z.avail_out > 0 && packed > 0) {
		got = sl_extent_read(
		    x, in, packed < sizeof(in) ? packed : sizeof(in), at);
		if (got <= 0)
			break;
		at += (uint64_t)got;
		packed -= (uint64_t)got;
		z.next_in = in;
		z.avail_in = (uInt)got;
		rc = inflate(&z, Z_NO_FLUSH);
	}
	*ret_all = rc == Z_STREAM_END;
	(void)inflateEnd(&z);
	return (ssize_t)(n - z.avail_out);
}

static ssize_t
read_zip(struct inside *s, uint32_t number, uint8_t *p, size_t n, bool *ret_all)
{
	const struct sl_extent *x = s->k->in->x;
	const struct sl_zip_entry *e = &s->zip.entries[number];
	uint8_t h[30];
	uint64_t at;

	if ((e->flags & SL_ZIP_ENCRYPTED) != 0 ||
	    sl_extent_read(x, h, sizeof(h), e->local) != (ssize_t)sizeof(h) ||
	    memcmp(h, "PK\3\4", 4) != 0)
		return -1;
	at = e->local + 30 + ((uint64_t)h[26] | (uint64_t)h[27] << 8) +
	     ((uint64_t)h[28] | (uint64_t)h[29] << 8);
	if (at >= x->size)
		return -1;
	if (e->method == 8)
		return inflate_some(x, at, e->packed, p, n, ret_all);
	if (e->method != 0)
		return -1;
	*ret_all = e->packed <= n;
	return sl_extent_read(x, p, e->packed < n ? (size_t)e->packed : n, at);
}

static void
note(struct inside *s, const char *path, size_t n, uint32_t number)
{
	uint32_t i = sl_path_find(s->k->t, s->where, path, n);

	if (i == 0 || s->found[i].there)
		return;
	s->found[i].there = s->any = true;
	s->found[i].number = number;
}

static void
open_zip(struct inside *s)
{
	const struct sl_zip_entry *e;
	size_t i, n;

	if (sl_zip_dir_load(
		s->k->in->x, ZIP_ENTRIES, ZIP_BYTES, &s->zip, NULL) != SL_OK)
		return;
	for (i = 0; i < s->zip.count; i++) {
		e = &s->zip.entries[i];
		n = e->name_n;
		if (n > 0 && e->name[n - 1] == '\0')
			n--;
		note(s, (const char *)e->name, n, (uint32_t)i);
	}
}

/* -- OLE2 -------------------------------------------------------------------
 */

static void
on_stream(void *arg, const char *path, size_t n, uint32_t number)
{
	note(arg, path, n, number);
}

static void
open_ole2(struct inside *s)
{
	s->ole2 = sl_ole2_open(s->k->in->x);
	if (s->ole2 != NULL)
		sl_ole2_each(s->ole2, on_stream, s);
}

/* -- both ---------------------------------------------------------------------
 */

static const struct found *
read_member(struct inside *s, uint32_t path)
{
	struct found *f = &s->found[path];
	size_t n = s->left < MEMBER_BYTES ? s->left : MEMBER_BYTES;
	ssize_t got;

	if (f->read)
		return f;
	f->read = true;
	if (n == 0)
		return f;
	f->p = sl_realloc(NULL, n);
	got = s->where == SL_IN_ZIP
		  ? read_zip(s, f->number, f->p, n, &f->all)
		  : sl_ole2_read(s->ole2, f->number, f->p, n, &f->all);
	if (got > 0) {
		f->n = (size_t)got;
		s->left -= f->n;
	}
	return f;
}

static bool
member_fits(struct inside *s, const struct sl_member_sign *m)
{
	struct sl_window w = {.bof = true, .work = &s->k->work};
	const struct found *f;
	uint32_t i;

	if (m->sequences == 0)
		return true;
	f = read_member(s, m->path);
	w.p = f->p;
	w.n = f->n;
	w.eof = f->all;
	for (i = 0; i < m->sequences; i++)
		if (f->n == 0 || !sl_sequence_matches(&m->sequence[i], &w))
			return false;
	return true;
}

static bool
fits(struct inside *s, const struct sl_signature *g)
{
	uint32_t i;

	if (g->where != s->where)
		return false;
	for (i = 0; i < g->members; i++)
		if (!s->found[g->member[i].path].there)
			return false;
	for (i = 0; i < g->members; i++)
		if (!member_fits(s, &g->member[i]))
			return false;
	return true;
}

static enum sl_container
kind_of(const struct sl_pronom_input *in)
{
	if (in->head_n >= 4 && memcmp(in->head, "PK\3\4", 4) == 0)
		return SL_IN_ZIP;
	if (in->head_n >= 8 &&
	    memcmp(in->head, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) == 0)
		return SL_IN_OLE2;
	return SL_IN_FILE;
}

void
sl_look_container(struct sl_look *k)
{
	const struct sl_pronom *t = k->t;
	struct inside s = {.k = k, .where = kind_of(k->in), .left = ALL_BYTES};
	uint32_t i;

	if (s.where == SL_IN_FILE || t->first_container == t->signatures)
		return;
	s.found = sl_alloc((t->paths + 1u) * sizeof(*s.found));
	if (s.where == SL_IN_ZIP)
		open_zip(&s);
	else
		open_ole2(&s);
	for (i = t->first_container; s.any && i < t->signatures; i++)
		if (fits(&s, &t->signature[i]))
			sl_look_hit(k, t->signature[i].format);
	for (i = 1; i <= t->paths; i++)
		free(s.found[i].p);
	free(s.found);
	sl_zip_dir_free(&s.zip);
	sl_ole2_close(s.ole2);
}
