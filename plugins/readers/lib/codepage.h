/*
 * Text in one of Windows' numbered code pages, as Outlook, Word and RTF hold
 * it, into UTF-8. charset_warm must have run.
 */
#ifndef READERS_CODEPAGE_H
#define READERS_CODEPAGE_H

#include <stddef.h>

/* At most max bytes of UTF-8 into *ret (free). A page that is not known is
 * guessed; what cannot be in its page is taken for Windows-1252, or UTF-8 where
 * it is that. -1: no memory. */
int codepage_decode(unsigned page, const void *p, size_t n, size_t max,
    char **ret, size_t *ret_n);
/* The page of a font's \fcharset number; 0 = the document's own. */
unsigned codepage_of_font(unsigned charset);
/* The page that Windows uses for 8-bit text where this language (LCID) is. */
unsigned codepage_of_locale(unsigned lcid);

#endif
