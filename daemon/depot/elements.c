/*
 * The tables, and looking things up in a unit's fields.
 */
#include "elements.h"

#include <string.h>

#define none 0
#define O SL_EL_OBLIGATORY
#define M SL_EL_MANY
/* An argument is a list or a group by the row's type. */
#define ARG_TEXT(a) 0
#define ARG_ID(a) 0
#define ARG_INT(a) 0
#define ARG_DATE(a) 0
#define ARG_TIME(a) 0
#define ARG_KODE(a) 0
#define ARG_CODE(a) SL_LIST_##a
#define ARG_GROUP(a) SL_GROUP_##a
#define ARG_KIDS(a) 0
#define ARG_OWN(a) 0

#define SL_GROUP(group, base)
#define SL_EL(group, element, source, type, arg, flags)                        \
	{#element, source, SL_GROUP_##group, SL_EL_##type, ARG_##type(arg),    \
	    flags},
static const struct sl_el rows[] = {
#include "elements.def"
};
#undef SL_GROUP
#undef SL_EL
#undef O
#undef M
#undef none
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct {
	const char *name;
	int base;
} groups[SL_GROUPS] = {
#define SL_GROUP(group, base) [SL_GROUP_##group] = {#group, SL_GROUP_##base},
#define SL_EL(group, element, source, type, arg, flags)
#include "elements.def"
#undef SL_GROUP
#undef SL_EL
};

const char *
sl_group_name(int group)
{
	return groups[group].name;
}

int
sl_group_base(int group)
{
	return groups[group].base;
}

const struct sl_el *
sl_group_rows(int group, size_t *ret_n)
{
	static struct {
		uint16_t first, n;
	} at[SL_GROUPS];
	size_t i;

	if (at[SL_GROUP_arkiv].n == 0)
		for (i = ROWS; i-- > 0;) {
			at[rows[i].group].first = (uint16_t)i;
			at[rows[i].group].n++;
		}
	*ret_n = at[group].n;
	return &rows[at[group].first];
}

int
sl_group_of(const struct sl_unit *u)
{
	static const struct {
		int kind, group;
		const char *type;
	} types[] = {
#define SL_BELOW(kind)
#define SL_UNIT(kind, element, group, below)                                   \
	{SL_KIND_##kind, SL_GROUP_##group, ""},                                \
	    {SL_KIND_##kind, SL_GROUP_##group, #kind},
#define SL_SUBTYPE(kind, type) {SL_KIND_##kind, SL_GROUP_##type, #type},
#include "kinds.def"
#undef SL_BELOW
#undef SL_UNIT
#undef SL_SUBTYPE
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].kind == (int)u->kind &&
		    strcmp(types[i].type, u->type) == 0)
			return types[i].group;
	return SL_GROUP_none;
}

/* -- sources ------------------------------------------------------------ */

/* One alternative, n bytes long. */
static const json_t *
follow(const json_t *v, const char *s, size_t n)
{
	size_t part;
	char name[64];

	while (n > 0) {
		part = 0;
		while (part < n && s[part] != '/')
			part++;
		if (part >= sizeof(name))
			return NULL;
		memcpy(name, s, part);
		name[part] = '\0';
		v = json_object_get(v, name);
		if (v == NULL)
			return NULL;
		s += part + (part < n);
		n -= part + (part < n);
	}
	return v;
}

const json_t *
sl_source_find(const json_t *fields, const char *source)
{
	const json_t *v;
	size_t n;

	for (; *source != '\0'; source += n + (source[n] == '|')) {
		n = strcspn(source, "|");
		v = follow(fields, source, n);
		if (v != NULL && !json_is_null(v) &&
		    (!json_is_string(v) || json_string_length(v) > 0))
			return v;
	}
	return NULL;
}

static int
source_knows(const char *source, const char *path, size_t n)
{
	int best = 0;
	size_t m;

	for (; *source != '\0'; source += m + (source[m] == '|')) {
		m = strcspn(source, "|");
		if (m >= n && memcmp(source, path, n) == 0) {
			if (m == n)
				return 1;
			if (source[n] == '/')
				best = 2;
		}
	}
	return best;
}

int
sl_group_knows(int group, const char *path)
{
	size_t n = strlen(path), rows_n, i;
	const struct sl_el *e;
	int best = 0, got;

	for (; group != SL_GROUP_none; group = groups[group].base) {
		e = sl_group_rows(group, &rows_n);
		for (i = 0; i < rows_n; i++) {
			got = source_knows(e[i].source, path, n);
			if (got == 1)
				return 1;
			if (got == 2)
				best = 2;
		}
	}
	return best;
}

/* -- codes -------------------------------------------------------------- */

static const struct code {
	int list;
	const char *kode, *name;
	bool own;
} codes[] = {
#define SL_CODELIST(list, m, closed)
#define SL_CODE(list, kode, name, own) {SL_LIST_##list, kode, name, own},
#include "codes.def"
#undef SL_CODELIST
#undef SL_CODE
};
static const bool closed_lists[SL_LISTS] = {
#define SL_CODELIST(list, m, closed) [SL_LIST_##list] = closed,
#define SL_CODE(list, kode, name, own)
#include "codes.def"
#undef SL_CODELIST
#undef SL_CODE
};

static const struct code *
find_code(int list, const char *kode, const char *name)
{
	const struct code *end = codes + sizeof(codes) / sizeof(codes[0]), *c;

	for (c = codes; c < end; c++)
		if (c->list == list &&
		    ((kode != NULL && *kode != '\0' &&
			 strcmp(c->kode, kode) == 0) ||
			(name != NULL && strcmp(c->name, name) == 0)))
			return c;
	return NULL;
}

/* The parts of a code; NULL where it has none. */
static void
take_apart(const json_t *v, const char **kode, const char **name)
{
	*kode = *name = NULL;
	if (json_is_string(v))
		*kode = *name = json_string_value(v);
	else if (json_is_object(v)) {
		*kode = json_string_value(json_object_get(v, "kode"));
		*name = json_string_value(json_object_get(v, "kodenavn"));
	}
	if (*kode != NULL && **kode == '\0')
		*kode = NULL;
	if (*name != NULL && **name == '\0')
		*name = NULL;
}

/* By name first: an installation may use its own codes for Noark's names. */
static const struct code *
code_of(int list, const char *kode, const char *name)
{
	const struct code *c = find_code(list, NULL, name);

	return c != NULL ? c : find_code(list, kode, NULL);
}

const char *
sl_code_name(int list, const json_t *v, bool *ret_own)
{
	const char *kode, *name;
	const struct code *c;

	*ret_own = false;
	take_apart(v, &kode, &name);
	if (kode == NULL && name == NULL)
		return NULL;
	c = code_of(list, kode, name);
	*ret_own = !closed_lists[list] || (c != NULL && c->own);
	if (c != NULL && (closed_lists[list] || name == NULL || name == kode))
		return c->name;
	return name != NULL ? name : kode;
}

const char *
sl_code_kode(int list, const json_t *v)
{
	const char *kode, *name;
	const struct code *c;

	take_apart(v, &kode, &name);
	c = code_of(list, kode, name);
	if (c != NULL)
		return c->kode;
	return kode != NULL ? kode : "";
}
