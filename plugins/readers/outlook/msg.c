/* A .msg (MS-OXMSG): each list is a storage, each long value a stream. */
#include <stdlib.h>
#include <string.h>

#include "outlook.h"

#define FIXED "__properties_version1.0"

static bool
is_fixed(unsigned type)
{
	return type == PT_SHORT || type == PT_LONG || type == PT_BOOL ||
	       type == PT_TIME;
}

/* Its rows are id and type, flags, value: 16 bytes. */
static void
load_fixed(struct sluse_doc *d, uint32_t stream, uint64_t head, struct bag *b)
{
	uint8_t r[16];

	for (uint64_t off = head;
	     ole2_read(d->ole, stream, r, sizeof(r), off) == sizeof(r);
	     off += sizeof(r)) {
		unsigned type = r[0] | (unsigned)r[1] << 8;
		struct prop *p;

		if (!is_fixed(type))
			continue;
		p = bag_add(d, b, (uint16_t)(r[2] | r[3] << 8), (uint16_t)type);
		if (!p)
			return;
		p->fixed = true;
		for (unsigned i = 8; i-- > 0;)
			p->value = p->value << 8 | r[8 + i];
	}
}

/* "__substg1.0_0037001F": id and type of one value. */
static void
load_value(struct sluse_doc *d, uint32_t entry, struct bag *b)
{
	static const char front[] = "__substg1.0_";
	const char *name = d->ole->entries[entry].name;
	struct prop *p;
	unsigned long tag;
	char *end;

	if (strncmp(name, front, sizeof(front) - 1) != 0 ||
	    strlen(name) != sizeof(front) - 1 + 8)
		return;
	tag = strtoul(name + sizeof(front) - 1, &end, 16);
	if (*end)
		return;
	p = bag_add(d, b, (uint16_t)(tag >> 16), (uint16_t)tag);
	if (p)
		p->where = entry;
}

static void
load_bag(struct sluse_doc *d, uint32_t storage, uint64_t head, struct bag *b)
{
	const struct ole2_entry *e = d->ole->entries;

	b->storage = storage;
	for (uint32_t i = e[storage].first; i != OLE2_NONE; i = e[i].next) {
		if (strcmp(e[i].name, FIXED) == 0)
			load_fixed(d, i, head, b);
		else
			load_value(d, i, b);
	}
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct bag *)a)->number;
	uint32_t y = ((const struct bag *)b)->number;

	return x < y ? -1 : x > y;
}

/* The storages "<front>0000001A", in the order of their numbers. */
static void
load_list(struct sluse_doc *d, const char *front, struct bags *l, uint32_t max)
{
	const struct ole2_entry *e = d->ole->entries;
	size_t n = strlen(front);

	for (uint32_t i = e[0].first; i != OLE2_NONE; i = e[i].next) {
		struct bag *b;

		if (e[i].type != OLE2_STORAGE ||
		    strncmp(e[i].name, front, n) != 0)
			continue;
		if (!(b = bags_add(d, l, max)))
			return;
		b->number = (uint32_t)strtoul(e[i].name + n, NULL, 16);
		load_bag(d, i, 8, b);
	}
	if (l->n)
		qsort(l->p, l->n, sizeof(*l->p), by_number);
}

int
msg_load(struct sluse_doc *d)
{
	if (ole2_find(d->ole, 0, FIXED) == OLE2_NONE)
		return SLUSE_READ_UNSUPPORTED;
	load_bag(d, 0, 32, &d->message);
	load_list(d, "__recip_version1.0_#", &d->people, PEOPLE_MAX);
	load_list(d, "__attach_version1.0_#", &d->files, FILES_MAX);
	return SLUSE_READ_OK;
}
