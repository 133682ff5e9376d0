#include "parts.h"

#include <stdlib.h>
#include <string.h>

struct sl_part *
sl_parts_add(struct sl_parts *l, uint32_t parent, uint32_t depth,
    enum sl_part_role role, const struct sl_member *m, const char *declared)
{
	struct sl_part *p;
	char *raw;

	if (l->arena == NULL)
		l->arena = sl_arena_new();
	l->p = sl_grow(l->p, &l->cap, l->count + 1, sizeof(*l->p));
	p = &l->p[l->count++];
	*p = (struct sl_part){.parent = parent, .depth = depth, .role = role};
	p->name_raw_n = (uint32_t)(m->name_raw_n < SL_NAME_MAX ? m->name_raw_n
							       : SL_NAME_MAX);
	raw = sl_arena_alloc(l->arena, p->name_raw_n + 1);
	if (p->name_raw_n > 0)
		memcpy(raw, m->name_raw, p->name_raw_n);
	p->name_raw = raw;
	p->name = sl_arena_strndup(l->arena, m->name, SL_NAME_MAX);
	p->name_charset = sl_arena_strndup(l->arena, m->name_charset, 31);
	p->warnings = sl_arena_strndup(l->arena, m->warnings, 256);
	if (declared != NULL)
		p->declared = sl_arena_strndup(l->arena, declared, 127);
	p->reason = m->reason;
	return p;
}

void
sl_parts_free(struct sl_parts *l)
{
	free(l->p);
	sl_arena_free(l->arena);
	*l = (struct sl_parts){0};
}

static int
by_name(const void *pa, const void *pb)
{
	const struct sl_part *const *a = pa, *const *b = pb;

	return strcmp((*a)->name, (*b)->name);
}

void
sl_parts_mark_twins(struct sl_parts *l, size_t from)
{
	size_t n = l->count - from, i;
	SL_FREE struct sl_part **v = NULL;

	if (n < 2)
		return;
	v = sl_realloc(NULL, n * sizeof(struct sl_part *));
	for (i = 0; i < n; i++)
		v[i] = &l->p[from + i];
	qsort(v, n, sizeof(struct sl_part *), by_name);
	for (i = 1; i < n; i++) {
		if (v[i]->name[0] == '\0' ||
		    strcmp(v[i - 1]->name, v[i]->name) != 0)
			continue;
		if (v[i - 1]->warnings[0] == '\0')
			v[i - 1]->warnings = "name_twice";
		if (v[i]->warnings[0] == '\0')
			v[i]->warnings = "name_twice";
	}
}
