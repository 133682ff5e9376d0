#include <stdlib.h>
#include <string.h>

#include "../lib/codepage.h"
#include "outlook.h"

struct prop *
bag_add(struct sluse_doc *d, struct bag *b, uint16_t id, uint16_t type)
{
	struct prop *p;

	if (b->n >= PROPS_MAX) {
		d->too_many = true;
		return NULL;
	}
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 32;
		b->p = g_renew(struct prop, b->p, b->cap);
	}
	p = &b->p[b->n++];
	*p = (struct prop){.id = id, .type = type};
	return p;
}

struct bag *
bags_add(struct sluse_doc *d, struct bags *l, uint32_t max)
{
	if (l->n >= max) {
		d->too_many = true;
		return NULL;
	}
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		l->p = g_renew(struct bag, l->p, l->cap);
	}
	l->p[l->n] = (struct bag){.storage = OLE2_NONE};
	return &l->p[l->n++];
}

static void
free_list(struct bags *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		g_free(l->p[i].p);
	g_free(l->p);
}

void
bags_free(struct sluse_doc *d)
{
	g_free(d->message.p);
	free_list(&d->people);
	free_list(&d->files);
}

const struct prop *
bag_find(const struct bag *b, uint16_t id)
{
	const struct prop *found = NULL;

	for (uint32_t i = 0; i < b->n; i++)
		if (b->p[i].id == id &&
		    (!found || (found->type == PT_STRING8 &&
				   b->p[i].type == PT_UNICODE)))
			found = &b->p[i];
	return found;
}

uint32_t
bag_number(const struct bag *b, uint16_t id, uint32_t otherwise)
{
	const struct prop *p = bag_find(b, id);

	if (!p || !p->fixed)
		return otherwise;
	if (p->type == PT_SHORT || p->type == PT_BOOL)
		return (uint32_t)(p->value & 0xFFFF);
	return p->type == PT_LONG ? (uint32_t)p->value : otherwise;
}

bool
bag_time(const struct bag *b, uint16_t id, gint64 *ret)
{
	const struct prop *p = bag_find(b, id);
	gint64 s;

	if (!p || !p->fixed || p->type != PT_TIME ||
	    p->value > (uint64_t)1 << 62)
		return false;
	/* 100 ns since 1601 */
	s = (gint64)(p->value / 10000000) - 11644473600;
	if (s < 315532800 || s > 4102444800)
		return false;
	*ret = s;
	return true;
}

int64_t
prop_read(
    struct sluse_doc *d, const struct prop *p, void *b, size_t n, uint64_t off)
{
	if (p->fixed)
		return 0;
	if (d->ole)
		return ole2_read(d->ole, (uint32_t)p->where, b, n, off);
	if (off >= p->size)
		return 0;
	if (n > p->size - off)
		n = (size_t)(p->size - off);
	return d->host->read_at(d->s, b, n, p->where + off);
}

char *
prop_bytes(struct sluse_doc *d, const struct prop *p, size_t max, size_t *ret_n)
{
	uint64_t size;
	size_t n, got = 0;
	char *b;

	*ret_n = 0;
	if (!p || p->fixed)
		return NULL;
	size = d->ole ? ole2_size(d->ole, (uint32_t)p->where) : p->size;
	n = size < max ? (size_t)size : max;
	b = malloc(n + 1);
	while (b && got < n) {
		int64_t k = prop_read(d, p, b + got, n - got, got);

		if (k <= 0)
			break;
		got += (size_t)k;
	}
	if (b)
		b[got] = 0;
	*ret_n = got;
	return b;
}

char *
bag_text(struct sluse_doc *d, const struct bag *b, uint16_t id, size_t max,
    size_t *ret_n)
{
	const struct prop *p = bag_find(b, id);
	char *raw, *text = NULL;
	size_t n, len = 0;

	if (ret_n)
		*ret_n = 0;
	if (!p || (p->type != PT_STRING8 && p->type != PT_UNICODE))
		return NULL;
	raw = prop_bytes(d, p, max, &n);
	if (!raw)
		return NULL;
	/* NULs at the end are none of the text, inside it ends it */
	if (p->type == PT_STRING8)
		n = strnlen(raw, n);
	if (codepage_decode(p->type == PT_UNICODE ? 1200 : d->page, raw, n,
		max * 3, &text, &len) != 0)
		text = NULL;
	free(raw);
	if (text && len == 0) {
		free(text);
		return NULL;
	}
	if (ret_n)
		*ret_n = len;
	return text;
}
