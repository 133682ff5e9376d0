/*
 * PowerPoint before 2007 (MS-PPT): a page per slide, with what its master adds
 * to it and its notes.
 *
 * The last edit says where each object lies; the document lists the slides in
 * their order and holds the text of their outlines. Where that cannot be
 * followed, all text of the stream is one page.
 */
#include "ole.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64u
#define EDITS_MAX 10000u
#define OBJECTS_MAX (1u << 20)
#define LIST_MAX 65536u

enum {
	P_SLIDE_LIST = 0x0FF0,
	P_SLIDE_PERSIST = 0x03F3,
	P_OUTLINE_REF = 0x0F9E,
	P_CHARS = 0x0FA0,
	P_BYTES = 0x0FA8,
	P_SLIDE_ATOM = 0x03EF,
	P_NOTES_ATOM = 0x03F1,
	P_PLACEHOLDER = 0x0BC3,
	P_NUMBER = 0x0FD8,
	P_SHAPE = 0xF004,
	P_EDIT = 0x0FF5,
	P_OBJECTS = 0x1772,
	P_INFO_LIST = 0x07D0,
	P_VBA = 0x03FF,
};

struct rec {
	unsigned version, instance, type;
	const uint8_t *p;
	size_t n;
};

/* A slide or a page of notes in the document's list. */
struct listed {
	uint32_t object, id;
	size_t from, to; /* its outline, in the document record */
};

struct show {
	struct sluse_doc *d;
	const uint8_t *p;
	size_t n;
	uint32_t *where, where_n; /* of each object */
	struct listed *slides, *notes, *masters;
	uint32_t slides_n, notes_n, masters_n;
	uint32_t master; /* whose text is kept */
	struct text added;
	bool on_master; /* walking one */
	const uint8_t *list; /* slides: what from and to count in */
	uint64_t walked;
};

static bool
record(const uint8_t *p, size_t n, struct rec *r)
{
	uint32_t v;

	if (n < 8)
		return false;
	v = le16(p);
	r->version = v & 15;
	r->instance = v >> 4;
	r->type = le16(p + 2);
	r->n = le32(p + 4);
	r->p = p + 8;
	if (r->n > n - 8)
		r->n = n - 8;
	return true;
}

static void
put_bytes(struct text *t, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_char(t, p[i] == '\r' || p[i] == 0x0B ? '\n' : p[i]);
}

static void
text_atom(const struct rec *r, struct text *t)
{
	text_line(t);
	if (r->type == P_CHARS)
		text_utf16(t, r->p, r->n);
	else
		put_bytes(t, r->p, r->n);
	text_line(t);
}

/* The i-th text of an outline. */
static void
outline(struct show *s, const struct listed *l, uint32_t i, struct text *t)
{
	size_t at = l->from;
	struct rec r;

	while (at < l->to && record(s->list + at, l->to - at, &r)) {
		if (r.type == P_CHARS || r.type == P_BYTES) {
			if (i == 0) {
				text_atom(&r, t);
				return;
			}
			i--;
		}
		at += 8 + r.n;
		s->walked += 8 + r.n;
	}
}

/* Does a shape of a master only say where a slide has its own text, or its
 * number? */
static bool
stands_for(const struct rec *shape)
{
	struct rec box, r;
	size_t at = 0, i;

	for (; at < shape->n && record(shape->p + at, shape->n - at, &box);
	     at += 8 + box.n)
		for (i = 0; box.version == 15 && i < box.n &&
			    record(box.p + i, box.n - i, &r);
		     i += 8 + r.n)
			if (r.type == P_PLACEHOLDER || r.type == P_NUMBER)
				return true;
	return false;
}

/* All text below; an outline that is referred to is set in where it stands.
 * Result: how many references there were. */
static uint32_t
walk(struct show *s, const uint8_t *p, size_t n, unsigned depth,
    const struct listed *l, struct text *t)
{
	struct rec r;
	uint32_t refs = 0;
	size_t at = 0;

	while (at < n && !t->full && record(p + at, n - at, &r)) {
		s->walked += 8;
		if (s->walked > 64 * (uint64_t)s->n)
			break;
		if (r.type == P_CHARS || r.type == P_BYTES) {
			text_atom(&r, t);
		} else if (r.type == P_OUTLINE_REF && l && r.n >= 4) {
			outline(s, l, le32(r.p), t);
			refs++;
		} else if (r.version == 15 && depth < DEPTH_MAX &&
			   r.type != P_SLIDE_LIST &&
			   !(s->on_master && r.type == P_SHAPE &&
			       stands_for(&r))) {
			refs += walk(s, r.p, r.n, depth + 1, l, t);
		}
		at += 8 + r.n;
	}
	return refs;
}

/* -- where things are ---------------------------------------------------------
 */

static void
take_objects(struct show *s, uint32_t at)
{
	struct rec r;
	size_t i = 0;

	if (at >= s->n || !record(s->p + at, s->n - at, &r) ||
	    r.type != P_OBJECTS)
		return;
	while (i + 4 <= r.n) {
		uint32_t v = le32(r.p + i), id = v & 0xFFFFF, count = v >> 20;

		i += 4;
		for (; count > 0 && i + 4 <= r.n; count--, i += 4, id++) {
			if (id >= s->where_n)
				continue;
			/* edits are seen from the last to the first */
			if (s->where[id] == UINT32_MAX)
				s->where[id] = le32(r.p + i);
		}
	}
}

/* Follows the edits; the object of the document, or 0. */
static uint32_t
follow_edits(struct show *s, uint32_t at, bool *encrypted)
{
	uint32_t document = 0, last = UINT32_MAX;
	struct rec r;

	for (unsigned i = 0; i < EDITS_MAX && at < last; i++) {
		if (at >= s->n || !record(s->p + at, s->n - at, &r) ||
		    r.type != P_EDIT || r.n < 20)
			break;
		if (i == 0)
			document = le32(r.p + 16);
		if (r.n >= 32 && le32(r.p + 28))
			*encrypted = true;
		take_objects(s, le32(r.p + 12));
		last = at;
		at = le32(r.p + 8);
		if (at == 0)
			break;
	}
	return document;
}

static bool
object(const struct show *s, uint32_t id, struct rec *r)
{
	return id < s->where_n && s->where[id] < s->n &&
	       record(s->p + s->where[id], s->n - s->where[id], r);
}

/* A list of slides or notes in the document. */
static void
take_list(const struct rec *list, const uint8_t *base, struct listed **ret,
    uint32_t *count)
{
	size_t at = 0, off = (size_t)(list->p - base);
	struct listed *l = *ret;
	struct rec r;

	while (at < list->n && record(list->p + at, list->n - at, &r)) {
		if (r.type == P_SLIDE_PERSIST && r.n >= 16 &&
		    *count < LIST_MAX) {
			if ((*count & (*count - 1)) == 0)
				l = realloc(
				    l, (*count ? *count * 2 : 1) * sizeof(*l));
			if (!l)
				break;
			*ret = l;
			l[*count].object = le32(r.p);
			l[*count].id = le32(r.p + 12);
			l[*count].from = off + at + 8 + r.n;
			l[(*count)++].to = off + at + 8 + r.n;
		} else if (*count > 0 && l) {
			l[*count - 1].to = off + at + 8 + r.n;
		}
		at += 8 + r.n;
	}
}

/* Whether the document's list of further facts holds macros. */
static bool
has_macros(const struct rec *list)
{
	struct rec r, atom;
	size_t at = 0;

	for (; at < list->n && record(list->p + at, list->n - at, &r);
	     at += 8 + r.n)
		if (r.type == P_VBA && record(r.p, r.n, &atom) && atom.n >= 8 &&
		    le32(atom.p + 4) != 0)
			return true;
	return false;
}

static void
load_lists(struct show *s, const struct rec *document)
{
	size_t at = 0;
	struct rec r;

	s->list = document->p;
	while (at < document->n &&
	       record(document->p + at, document->n - at, &r)) {
		if (r.type == P_SLIDE_LIST && r.instance == 0 && !s->slides)
			take_list(&r, s->list, &s->slides, &s->slides_n);
		else if (r.type == P_SLIDE_LIST && r.instance == 1 &&
			 !s->masters)
			take_list(&r, s->list, &s->masters, &s->masters_n);
		else if (r.type == P_SLIDE_LIST && r.instance == 2 && !s->notes)
			take_list(&r, s->list, &s->notes, &s->notes_n);
		else if (r.type == P_INFO_LIST && has_macros(&r))
			doc_note(s->d, "macro", NULL);
		at += 8 + r.n;
	}
}

/* -- pages --------------------------------------------------------------------
 */

/* Notes that say of themselves that they belong to the slide. */
static void
put_notes(struct show *s, uint32_t slide, struct text *t)
{
	struct rec r, atom;

	for (uint32_t i = 0; i < s->notes_n; i++) {
		if (!object(s, s->notes[i].object, &r) ||
		    !record(r.p, r.n, &atom) || atom.type != P_NOTES_ATOM ||
		    atom.n < 4 || le32(atom.p) != slide)
			continue;
		(void)walk(s, r.p, r.n, 0, &s->notes[i], t);
		return;
	}
}

/* What the slide's master shows on it. */
static void
put_master(struct show *s, const struct rec *slide, struct text *t)
{
	struct rec atom, r;
	uint32_t id, i;

	if (!record(slide->p, slide->n, &atom) || atom.type != P_SLIDE_ATOM ||
	    atom.n < 22 || !(le16(atom.p + 20) & 1))
		return;
	id = le32(atom.p + 12);
	if (id != s->master) {
		s->master = id;
		s->added.n = 0;
		s->added.full = false;
		for (i = 0; i < s->masters_n && s->masters[i].id != id; i++)
			continue;
		s->on_master = true;
		if (i < s->masters_n && object(s, s->masters[i].object, &r))
			(void)walk(s, r.p, r.n, 0, NULL, &s->added);
		s->on_master = false;
	}
	if (s->added.n > 0) {
		text_line(t);
		text_add(t, s->added.p, s->added.n);
	}
}

static void
put_slides(struct show *s)
{
	struct text *t = &s->d->text;

	for (uint32_t i = 0; i < s->slides_n && !t->full; i++) {
		const struct listed *l = &s->slides[i];
		struct rec r = {0};
		uint32_t refs = 0;

		text_line(t);
		doc_mark(s->d);
		if (object(s, l->object, &r))
			refs = walk(s, r.p, r.n, 0, l, t);
		else
			s->d->damaged = true;
		if (refs == 0)
			(void)walk(
			    s, s->list + l->from, l->to - l->from, 0, NULL, t);
		put_master(s, &r, t);
		put_notes(s, l->id, t);
	}
}

static int
read_show(struct show *s, uint32_t at)
{
	struct sluse_doc *d = s->d;
	bool encrypted = false;
	uint32_t document;
	struct rec r;

	document = follow_edits(s, at, &encrypted);
	if (encrypted)
		return SLUSE_READ_ENCRYPTED;
	if (object(s, document, &r))
		load_lists(s, &r);
	put_slides(s);
	if (s->slides_n == 0) {
		d->damaged = !document;
		doc_mark(d);
		(void)walk(s, s->p, s->n, 0, NULL, &d->text);
	}
	return SLUSE_READ_OK;
}

int
ppt_open(struct sluse_doc *d, uint32_t stream)
{
	uint32_t user = ole2_find(d->ole, 0, "Current User"), at = UINT32_MAX;
	struct show s = {.d = d, .added.max = OFFICE_FLOW_MAX};
	uint8_t b[20], *p;
	int rc = SLUSE_READ_LIMIT;

	if (user != OLE2_NONE && ole2_read(d->ole, user, b, 20, 0) == 20) {
		if (le32(b + 12) == 0xF3D1C4DFu)
			return SLUSE_READ_ENCRYPTED;
		at = le32(b + 16);
	}
	p = stream_load(d, stream, &s.n);
	if (!p)
		return SLUSE_READ_DAMAGED;
	s.p = p;
	s.where_n =
	    s.n / 4 + 2 < OBJECTS_MAX ? (uint32_t)(s.n / 4) + 2 : OBJECTS_MAX;
	s.where = malloc(s.where_n * sizeof(*s.where));
	if (s.where) {
		memset(s.where, 0xFF, s.where_n * sizeof(*s.where));
		rc = read_show(&s, at);
	}
	d->width = 720;
	d->height = 540;
	free(s.where);
	free(s.slides);
	free(s.notes);
	free(s.masters);
	text_free(&s.added);
	free(p);
	return rc;
}
