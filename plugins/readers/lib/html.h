/*
 * HTML to the text a person would read.
 *
 * Our own, small: libxml2's HTML parser builds a tree of any size and has
 * quadratic corners, and no other library of Debian 12 does only this. Nothing
 * is loaded, scripts and styles are left out, time is linear.
 */
#ifndef READERS_HTML_H
#define READERS_HTML_H

#include <stddef.h>

/* n bytes of UTF-8 HTML to text in place; result: its length, <= n. */
size_t html_to_text(char *s, size_t n);
/* The charset a page names within its first 4 KiB: its place in s and length,
 * NULL if none. Also reads <?xml encoding=".."?>. */
const char *html_charset(const char *s, size_t n, size_t *ret_length);

#endif
