/*
 * Files that lie uuencoded in the text of a mail: "begin 644 name", lines,
 * "end". Only what is well-formed line by line is one; all else stays text.
 */
#ifndef READERS_MAIL_UU_H
#define READERS_MAIL_UU_H

#include <stdbool.h>
#include <stddef.h>

struct uu_file {
	const char *name; /* in the text */
	size_t name_n;
	const char *begin, *lines, *end; /* its first line, its bytes, beyond */
	bool cut; /* the text ended within it */
};
/* The first at s or behind it. */
bool uu_find(const char *s, size_t n, struct uu_file *ret);
/* One line of its bytes at s, which is moved to the next; at most 63 of them
 * into out. 0: there are no more. */
size_t uu_line(const char **s, const char *end, char out[64]);
/* Takes the first `files` of them out of a text that is shown, and may be cut
 * off where they were not; result: the length left. */
size_t uu_cut(char *s, size_t n, unsigned files);

#endif
