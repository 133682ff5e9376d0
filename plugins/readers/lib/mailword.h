/*
 * Encoded words of headers (RFC 2047) whose label is not true. GMime puts a
 * question mark for each letter of theirs.
 */
#ifndef READERS_MAILWORD_H
#define READERS_MAILWORD_H

/* A header with other labels where the bytes are not what they say: Latin-1 in
 * "utf-8" or "us-ascii", "unknown-8bit". The result is GLib's (g_free). */
char *mailword_mend(const char *raw);

#endif
