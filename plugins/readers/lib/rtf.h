/*
 * RTF, token by token: groups, destinations, fonts and their code pages,
 * \u with what stands in for it. Text comes out as UTF-8. What it means is
 * the caller's: a letter with its properties and objects (office), or what
 * Outlook wrapped in it (outlook).
 *
 * Our own: unrtf is a program that writes to standard output, Debian has no
 * librtf, the others are parts of word processors. Linear, no recursion, and
 * no more is held than one block.
 */
#ifndef READERS_RTF_H
#define READERS_RTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtf;

enum rtf_give {
	RTF_TEXT = 0, /* as UTF-8 */
	RTF_RAW, /* its bytes as they stand */
	RTF_SKIP,
};

struct rtf_word {
	const char *word; /* cut at 31 letters */
	bool starred; /* the group begins with \* */
	bool has; /* a number, else 0 */
	int32_t number;
};

struct rtf_user {
	void *arg;
	/* The next bytes, at most n; 0 at the end or if it cannot be read. */
	size_t (*read)(void *arg, void *p, size_t n);
	/* Before the word's own meaning; true: it has no other. Not called
	 * where all is skipped. */
	bool (*word)(void *arg, struct rtf *r, const struct rtf_word *w);
	/* For the destination at hand; false stops. */
	bool (*text)(void *arg, unsigned dest, const char *s, size_t n);
	/* The group in which rtf_into said dest has ended; false stops. May be
	 * NULL. */
	bool (*end)(void *arg, unsigned dest);
	bool only_raw; /* no text is wanted */
	bool symbols; /* characters of private use are wanted */
};

/* Result: whether its outer group ended, or somebody stopped it. charset_warm
 * must have run. */
bool rtf_parse(const struct rtf_user *u);

/* -- for word() ------------------------------------------------------------ */

/* What comes, until the group at hand ends, is for dest; 0 = the document.
 * It is not hidden. */
void rtf_into(struct rtf *r, unsigned dest, enum rtf_give give);
unsigned rtf_dest(const struct rtf *r);
/* Text is not given until this is taken back or the group at hand ends. */
void rtf_hide(struct rtf *r, bool hide);

#endif
