/*
 * RTF to the text a person would read; and the HTML or plain text that Outlook
 * wraps in it (MS-OXRTFEX) back to what it was.
 *
 * Our own: unrtf is a program that writes to standard output, librtf of Debian
 * does not exist, and none knows Outlook's wrapping. Linear, no recursion;
 * pictures and objects are left out.
 */
#ifndef READERS_RTF_H
#define READERS_RTF_H

#include <stddef.h>

enum rtf_kind {
	RTF_NONE = 0, /* not RTF */
	RTF_OWN, /* RTF itself: *ret is its text */
	RTF_FROM_TEXT, /* *ret is the text it was made from */
	RTF_FROM_HTML, /* *ret is the HTML it was made from, as UTF-8 */
};

/* At most max bytes of UTF-8 into *ret (free), NUL-ended; NULL if RTF_NONE. */
enum rtf_kind rtf_decode(
    const char *p, size_t n, size_t max, char **ret, size_t *ret_n);

#endif
