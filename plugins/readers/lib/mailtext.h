/*
 * What all kinds of mail say in the same way: subjects, file names, times.
 * Results are GLib's (g_free).
 */
#ifndef READERS_MAILTEXT_H
#define READERS_MAILTEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "../../reader.h"

/* Any n bytes to valid UTF-8; *name (may be NULL) = the set taken. */
char *mailtext_utf8(const char *s, size_t n, const char **name);
/* Line ends, tabs and control characters to single blanks, in place. */
char *mailtext_one_line(char *s);
/* Without Re: Sv: VS: Fwd: .. at its front; points into s. */
const char *mailtext_bare_subject(const char *s);
/* Oslo time of an instant, by the EU rule: "2026-03-12 14:05". */
void mailtext_oslo(gint64 unix_s, char out[20]);
/* A file name without path or control characters; NULL if none is left. */
char *mailtext_file_name(const char *s);
/* Does a body say that it is signed or encrypted by PGP inside the text? */
void mailtext_pgp(
    const char *s, size_t n, bool *ret_signed, bool *ret_encrypted);
/* A field of the message; nothing if there is no value. */
void mailtext_give(const struct sluse_reader_host *host, struct sluse_sink *k,
    const char *field, const char *value, const char *label, int confidence);
/* Its day, "2026-03-12" at the front of date, its id, which one it answers, and
 * the last of those before it; each NULL if there is none. */
void mailtext_give_thread(const struct sluse_reader_host *host,
    struct sluse_sink *k, const char *date, const char *id, const char *reply,
    const char *last);
/* Every "cid:..." of an HTML body into a set of strings. */
void mailtext_cids(GHashTable *set, const char *s, size_t n);

#endif
