/*
 * What a page's text says about where the post belongs.
 *
 * Candidates only: nothing here decides. A case number needs a label ("Deres
 * ref", "Saksnr" ..) unless its year has four digits; n/n alone is mostly a
 * property (gnr/bnr), see reference texts in sluse(1) "explain".
 */
#ifndef SL_READ_FIELDS_H
#define SL_READ_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "../wire/roles.h"

/* Stands in the text for a line that is there and could not be read. No label
 * waits for a value beyond it. */
#define SL_UNREAD "[\xe2\x80\xa6]"

/* value and label are NUL-terminated and live for the call; at/length are the
 * bytes of the text the value was read from. confidence in thousandths. */
struct sl_found {
	enum sl_field field;
	const char *value; /* case numbers in the form 2026/211 */
	const char *label; /* "" if there was none */
	size_t at, length;
	unsigned confidence;
};
typedef void sl_found_fn(void *arg, const struct sl_found *f);

/* Prepares what both below look things up in, for the children of a warm
 * parent; else the first call does. */
void sl_fields_warm(void);
void sl_language_warm(void);

/* Scans n bytes of UTF-8. Time is linear in n. */
void sl_fields_scan(const char *text, size_t n, sl_found_fn *fn, void *arg);

/* "nb", "nn", "en", "se", "da" or "" if it cannot be told. */
const char *sl_language_guess(const char *text, size_t n);

#endif
