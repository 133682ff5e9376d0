/*
 * Which character set is this, Norwegian first; and into UTF-8.
 *
 * Compiled into the readers that need it; nothing of Sluse is linked. The
 * tables are made by charset_warm in the parent. Behind the walls iconv_open
 * goes to UTF-8 only, as sluse-reader(7) says.
 */
#ifndef READERS_CHARSET_H
#define READERS_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum charset {
	CHARSET_NONE = 0, /* no text */
	CHARSET_ASCII,
	CHARSET_UTF8,
	CHARSET_UTF8_MIXED, /* with stray bytes of Windows-1252 */
	CHARSET_UTF16LE,
	CHARSET_UTF16BE,
	CHARSET_1252, /* the single-byte sets, from here on */
	CHARSET_8859_1,
	CHARSET_8859_15,
	CHARSET_CP865,
	CHARSET_CP850,
	CHARSET_8859_10,
	CHARSET_MAC,
	CHARSET_NO646, /* {|} for æøå */
	CHARSET_COUNT,
};

/* Makes the tables. 0, or -1 if even Windows-1252 is not known here. */
int charset_warm(void);
const char *charset_name(enum charset cs);
/* The set a label of a mail or page means; CHARSET_NONE if not one above. */
enum charset charset_by_name(const char *name, size_t n);

/* What was seen of a text, fed in any pieces. Zero it first. */
struct charset_stats {
	uint64_t total, high, nul_even, nul_odd, controls;
	uint64_t utf8_good, utf8_bad;
	uint64_t brackets, brackets_inside, words646;
	uint64_t context[128][5];
	uint8_t first[4];
	int prev, here; /* the last two bytes, -1 before the first */
	unsigned utf8_left, utf8_low, utf8_high;
	char word[8];
	unsigned word_length;
	bool word_bracket;
};
void charset_feed(struct charset_stats *st, const uint8_t *p, size_t n);
/* Ends the feeding. declared = CHARSET_NONE or what the text says of itself.
 * *doubtful: a set was taken, but nothing spoke for it. */
enum charset charset_guess(
    struct charset_stats *st, enum charset declared, bool *doubtful);
/* All of the above for a text in memory. */
enum charset charset_of(const void *p, size_t n, bool *doubtful);

/* n bytes as UTF-8 into out, which holds 3 * n + 4; result: its length.
 * Control characters are left out, line ends become \n, what cannot be read
 * becomes U+FFFD. A leading byte order mark is left out. */
size_t charset_decode(enum charset cs, const void *p, size_t n, char *out);
/* The same by iconv, for sets that only mail uses. Allocates *ret (free);
 * -1: unknown set, or more than one in twenty characters cannot be read. */
int charset_iconv(const char *name, const void *p, size_t n, size_t max,
    char **ret, size_t *ret_n);

#endif
