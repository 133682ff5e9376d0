/*
 * Shared by the files that look for fields: the scan, words, dates.
 *
 * Everything here looks a bounded distance ahead or behind, so that the whole
 * is linear in the text. POSIX regular expressions are not used: regexec is
 * neither linear nor bounded in memory on hostile text.
 */
#ifndef SL_READ_SCAN_H
#define SL_READ_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "fields.h"

#define SL_SCAN_HEAD_LINES 30u /* lines with text: the letterhead's reach */

struct sl_scan {
	const char *text;
	size_t n;
	sl_found_fn *fn;
	void *arg;
	int year; /* this year, in Oslo */
	unsigned filled; /* lines with text so far */
	unsigned plain; /* unlabelled numbers given so far */
	unsigned dates; /* unlabelled dates given so far */
	bool dated; /* a letterhead date was given */
};

void sl_scan_give(struct sl_scan *sc, enum sl_field field, const char *value,
    const char *label, size_t at, size_t length, unsigned confidence);

/* The part of sl_scan_next that is not ASCII. */
uint32_t sl_scan_wide(const char *s, size_t n, size_t *i);

/* Lower-case code point at *i (advanced); NBSP is a space. */
static inline uint32_t
sl_scan_next(const char *s, size_t n, size_t *i)
{
	uint32_t cp = (uint8_t)s[*i];

	if (cp >= 0x80)
		return sl_scan_wide(s, n, i);
	++*i;
	return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
}

static inline bool
sl_scan_letter(uint32_t cp)
{
	return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') ||
	       (cp >= 0xC0 && cp < 0x2000 && cp != 0xD7 && cp != 0xF7);
}
/* True if no letter, digit or joint ends right before at. */
bool sl_scan_starts(const char *s, size_t at);
/* Copies the lower-cased last n bytes before at: "gnr ". out holds n * 2. */
void sl_scan_before(const char *s, size_t at, size_t n, char *out);

struct sl_day {
	int year, month, day;
	bool doubtful; /* d/m-yy: may be a case number */
};
/* Length of the date that starts at s, 0 if none. year = this year. */
size_t sl_scan_date(const char *s, size_t n, int year, struct sl_day *ret);
/* Gives a date that has no label. line..end = its line. */
void sl_scan_plain_date(struct sl_scan *sc, size_t line, size_t end, size_t at,
    size_t length, const struct sl_day *d);
void sl_scan_give_date(struct sl_scan *sc, const struct sl_day *d,
    const char *label, size_t at, size_t length, unsigned confidence);

/* What one line alone tells: subject, organisation number, signature.
 * Called for each line in order; gap = empty lines before it. */
struct sl_letter {
	unsigned lines_max; /* title is looked for in so many filled lines */
	unsigned signature; /* lines left to look for a name in */
	bool titled, guessed, has_guess;
	bool refs; /* the block of references and date has been seen */
	size_t guess_at, guess_length; /* a line alone, if the next is empty */
};
void sl_letter_line(
    struct sl_scan *sc, struct sl_letter *l, size_t at, size_t n, unsigned gap);
void sl_letter_end(struct sl_scan *sc, struct sl_letter *l);

#endif
