/*
 * The rows of keys.def as a table, and the text of values. For this room.
 */
#ifndef SL_CONFIG_ROWS_H
#define SL_CONFIG_ROWS_H

#include "config.h"

enum sl_section_id {
	SL_SECTION_INSTANCE,
	SL_SECTION_LIMITS,
	SL_SECTION_OCR,
	SL_SECTION_PLACE,
	SL_SECTION_PUSH,
	SL_SECTION_JOURNAL,
	SL_SECTION_ACCESS,
	SL_SECTION_QUEUE, /* from here on: any number, each with a name */
	SL_SECTION_TARGET,
	SL_SECTION_WITNESS,
	SL_SECTION_TSA,
	SL_SECTIONS,
};

enum sl_kind {
	SL_KIND_STR,
	SL_KIND_WORD,
	SL_KIND_CODE,
	SL_KIND_PATH,
	SL_KIND_URL,
	SL_KIND_BOOL,
	SL_KIND_INT,
	SL_KIND_BYTES,
	SL_KIND_DURATION,
	SL_KIND_ENUM,
	SL_KIND_LIST,
	SL_KIND_DEADLINE,
	SL_KIND_TIME,
};

struct sl_row {
	enum sl_section_id section;
	const char *key;
	enum sl_kind kind;
	size_t offset;
	const char *def; /* NULL: from a wider section */
	const char *min, *max, *unit, *help;
};

extern const struct sl_row sl_rows[];
extern const size_t sl_rows_n;
/* "instance" .. "tsa" */
extern const char *const sl_section_names[SL_SECTIONS];

/* First row of a section, and how many it has. */
size_t sl_rows_of(enum sl_section_id section, size_t *ret_first);
/* NULL if the section has no such key. */
const struct sl_row *sl_row_find(enum sl_section_id section, const char *key);
/* The row whose value a row without default takes; NULL if it has one. */
const struct sl_row *sl_row_wider(const struct sl_row *r);
/* Has it names? */
bool sl_section_is_named(enum sl_section_id section);
/* Number i of the sections of that kind that are named; NULL behind the last.
 */
struct sl_section *sl_section_at(
    const struct sl_config *c, enum sl_section_id section, size_t i);
/* The struct of a section without names. */
struct sl_section *sl_config_section(
    struct sl_config *c, enum sl_section_id section);

/* Reads text as the row's kind into the section's struct. False: why says what
 * was expected, "a duration such as 5s ..". */
bool sl_value_parse(const struct sl_row *r, const char *text,
    struct sl_arena *arena, struct sl_section *s, char *why, size_t why_n);
/* Appends the value in the form that is read again. */
void sl_value_print(
    const struct sl_row *r, const struct sl_section *s, struct sl_buf *out);
void sl_value_copy(const struct sl_row *to, struct sl_section *d,
    const struct sl_row *from, const struct sl_section *s);
const void *sl_value_at(const struct sl_row *r, const struct sl_section *s);
/* Whole text as a number with its unit (INT BYTES DURATION). */
bool sl_number_parse(enum sl_kind kind, const char *text, uint64_t *ret);

/* Does the file itself say something for this key, or is it the default? */
bool sl_config_says(
    const struct sl_config *c, enum sl_section_id section, const char *key);

/* How far a name is from another it may be a slip for: Levenshtein's distance,
 * where two swapped neighbours count one. */
unsigned sl_config_distance(const char *a, const char *b);

#endif
