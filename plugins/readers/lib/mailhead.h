/*
 * Header lines of mail into what a person reads. Results are GLib's (g_free).
 */
#ifndef READERS_MAILHEAD_H
#define READERS_MAILHEAD_H

#include <gmime/gmime.h>
#include <stdbool.h>
#include <stddef.h>

/* Options for all parsing: lenient, Norwegian fallback sets. Never freed. */
GMimeParserOptions *mailhead_options(void);
/* The raw value with raw 8-bit text guessed into UTF-8 and labels of encoded
 * words put right, not yet unfolded; NULL if there is no such header or it is
 * over 1 MiB. */
char *mailhead_raw(GMimeObject *o, const char *name);
/* The same decoded (RFC 2047), on one line. */
char *mailhead_text(GMimeObject *o, const char *name);
/* The first or last <id> of a header, without the brackets; NULL if none. */
char *mailhead_id(GMimeObject *o, const char *name, bool last);

/* A part's file name: UTF-8 without path or control characters, NULL if it has
 * none. *raw: bytes as they stood (g_free, length in *raw_n) or NULL; *charset:
 * what it was decoded from (g_free) or NULL. */
char *mailhead_file_name(
    GMimeObject *o, char **raw, size_t *raw_n, char **charset);

#endif
