/*
 * elements.def and codes.def as tables, and what lies where in a unit's fields.
 */
#ifndef SL_DEPOT_ELEMENTS_H
#define SL_DEPOT_ELEMENTS_H

#include "harvest.h"

enum sl_group_id {
	SL_GROUP_none,
#define SL_GROUP(group, base) SL_GROUP_##group,
#define SL_EL(group, element, source, type, arg, flags)
#include "elements.def"
#undef SL_GROUP
#undef SL_EL
	SL_GROUPS
};

enum sl_codelist_id {
	SL_LIST_none,
#define SL_CODELIST(list, m, closed) SL_LIST_##list,
#define SL_CODE(list, kode, name, own)
#include "codes.def"
#undef SL_CODELIST
#undef SL_CODE
	SL_LISTS
};

enum sl_el_type {
	SL_EL_TEXT,
	SL_EL_ID,
	SL_EL_INT,
	SL_EL_DATE,
	SL_EL_TIME,
	SL_EL_KODE,
	SL_EL_CODE,
	SL_EL_GROUP,
	SL_EL_KIDS,
	SL_EL_OWN,
};
enum { SL_EL_OBLIGATORY = 1, SL_EL_MANY = 2 };

struct sl_el {
	const char *name, *source;
	int group; /* it belongs to */
	enum sl_el_type type;
	int arg; /* enum sl_codelist_id or enum sl_group_id */
	unsigned flags;
};

/* The rows of a group, without its base's; *ret_n of them. */
const struct sl_el *sl_group_rows(int group, size_t *ret_n);
/* SL_GROUP_none if it has no base. */
int sl_group_base(int group);
const char *sl_group_name(int group);
/* Of a unit: its type's, else its kind's. SL_GROUP_none: of no type there is,
 * or one of another kind. */
int sl_group_of(const struct sl_unit *u);

/* The value a source leads to; NULL if there is none, or it is null or "". */
const json_t *sl_source_find(const json_t *fields, const char *source);
/* Does a row of the group (or of its base) look there? path is "field" or
 * "field/member": 0 no, 1 yes, 2 only at members of it. */
int sl_group_knows(int group, const char *path);

/* A code: {"kode","kodenavn"}, or the code or name as text. What stands in an
 * extraction for it: Noark's name for a code of the list, else what the source
 * calls it. *ret_own: it is one of Noark's names, or the list is open. NULL if
 * it is no code. */
const char *sl_code_name(int list, const json_t *v, bool *ret_own);
/* The code itself, by name where only that is there; "" if not known. */
const char *sl_code_kode(int list, const json_t *v);

#endif
