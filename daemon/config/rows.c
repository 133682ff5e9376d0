#include "rows.h"

#include <string.h>

#define SL_AT_STR(key) key
#define SL_AT_WORD(key) key
#define SL_AT_CODE(key) key
#define SL_AT_PATH(key) key
#define SL_AT_URL(key) key
#define SL_AT_BOOL(key) key
#define SL_AT_INT(key) key
#define SL_AT_BYTES(key) key##_bytes
#define SL_AT_DURATION(key) key##_ms
#define SL_AT_ENUM(key) key
#define SL_AT_LIST(key) key
#define SL_AT_DEADLINE(key) key
#define SL_AT_TIME(key) key##_min
#define SL_STRUCT_INSTANCE struct sl_instance_config
#define SL_STRUCT_LIMITS struct sl_limits_config
#define SL_STRUCT_OCR struct sl_ocr_config
#define SL_STRUCT_PLACE struct sl_place_config
#define SL_STRUCT_PUSH struct sl_push_config
#define SL_STRUCT_JOURNAL struct sl_journal_config
#define SL_STRUCT_ACCESS struct sl_access_config
#define SL_STRUCT_QUEUE struct sl_queue_config
#define SL_STRUCT_TARGET struct sl_target_config
#define SL_STRUCT_WITNESS struct sl_witness_config
#define SL_STRUCT_TSA struct sl_tsa_config
#define SL_KEY(section, key, kind, def, min, max, unit, help)                  \
	{SL_SECTION_##section, #key, SL_KIND_##kind,                           \
	    offsetof(SL_STRUCT_##section, SL_AT_##kind(key)), def, min, max,   \
	    unit, help},

const struct sl_row sl_rows[] = {
#include "keys.def"
};
const size_t sl_rows_n = sizeof(sl_rows) / sizeof(sl_rows[0]);

const char *const sl_section_names[SL_SECTIONS] = {
    [SL_SECTION_INSTANCE] = "instance",
    [SL_SECTION_LIMITS] = "limits",
    [SL_SECTION_OCR] = "ocr",
    [SL_SECTION_PLACE] = "place",
    [SL_SECTION_PUSH] = "push",
    [SL_SECTION_JOURNAL] = "journal",
    [SL_SECTION_ACCESS] = "access",
    [SL_SECTION_QUEUE] = "queue",
    [SL_SECTION_TARGET] = "target",
    [SL_SECTION_WITNESS] = "witness",
    [SL_SECTION_TSA] = "tsa",
};

size_t
sl_rows_of(enum sl_section_id section, size_t *ret_first)
{
	size_t i = 0, n = 0;

	while (i < sl_rows_n && sl_rows[i].section != section)
		i++;
	*ret_first = i;
	while (i + n < sl_rows_n && sl_rows[i + n].section == section)
		n++;
	return n;
}

const struct sl_row *
sl_row_find(enum sl_section_id section, const char *key)
{
	size_t first, n = sl_rows_of(section, &first), i;

	for (i = first; i < first + n; i++) {
		if (strcmp(sl_rows[i].key, key) == 0)
			return &sl_rows[i];
	}
	return NULL;
}

const struct sl_row *
sl_row_wider(const struct sl_row *r)
{
	const struct sl_row *w;

	if (r->def != NULL)
		return NULL;
	if (r->section == SL_SECTION_TARGET)
		return sl_row_find(SL_SECTION_PUSH, r->key);
	w = sl_row_find(SL_SECTION_INSTANCE, r->key);
	return w != NULL ? w : sl_row_find(SL_SECTION_PLACE, r->key);
}

struct sl_section *
sl_config_section(struct sl_config *c, enum sl_section_id section)
{
	switch (section) {
	case SL_SECTION_INSTANCE:
		return &c->instance.head;
	case SL_SECTION_LIMITS:
		return &c->limits.head;
	case SL_SECTION_OCR:
		return &c->ocr.head;
	case SL_SECTION_PLACE:
		return &c->place.head;
	case SL_SECTION_PUSH:
		return &c->push.head;
	case SL_SECTION_JOURNAL:
		return &c->journal.head;
	case SL_SECTION_ACCESS:
		return &c->access.head;
	case SL_SECTION_QUEUE:
	case SL_SECTION_TARGET:
	case SL_SECTION_WITNESS:
	case SL_SECTION_TSA:
	case SL_SECTIONS:
		break;
	}
	return NULL;
}

bool
sl_section_is_named(enum sl_section_id section)
{
	return section >= SL_SECTION_QUEUE;
}

struct sl_section *
sl_section_at(const struct sl_config *c, enum sl_section_id section, size_t i)
{
	if (section == SL_SECTION_QUEUE)
		return i < c->queue_n ? &c->queue[i].head : NULL;
	if (section == SL_SECTION_TARGET)
		return i < c->target_n ? &c->target[i].head : NULL;
	if (section == SL_SECTION_WITNESS)
		return i < c->witness_n ? &c->witness[i].head : NULL;
	if (section == SL_SECTION_TSA)
		return i < c->tsa_n ? &c->tsa[i].head : NULL;
	return NULL;
}

bool
sl_config_says(
    const struct sl_config *c, enum sl_section_id section, const char *key)
{
	const struct sl_row *r = sl_row_find(section, key);
	const struct sl_section *s =
	    sl_config_section((struct sl_config *)(uintptr_t)c, section);
	size_t first;

	(void)sl_rows_of(section, &first);
	return r != NULL && s != NULL &&
	       s->set_line[(size_t)(r - sl_rows) - first] > 0;
}

unsigned
sl_config_distance(const char *a, const char *b)
{
	enum { MAX = 64 };
	unsigned d[3][MAX + 1], cost, v;
	size_t i, j, n = strlen(a), m = strlen(b);

	if (n > MAX || m > MAX)
		return MAX;
	for (j = 0; j <= m; j++)
		d[0][j] = (unsigned)j;
	for (i = 1; i <= n; i++) {
		unsigned *row = d[i % 3], *up = d[(i + 2) % 3];

		row[0] = (unsigned)i;
		for (j = 1; j <= m; j++) {
			cost = a[i - 1] != b[j - 1];
			v = up[j - 1] + cost;
			v = up[j] + 1 < v ? up[j] + 1 : v;
			v = row[j - 1] + 1 < v ? row[j - 1] + 1 : v;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    d[(i + 1) % 3][j - 2] + 1 < v)
				v = d[(i + 1) % 3][j - 2] + 1;
			row[j] = v;
		}
	}
	return d[n % 3][m];
}
