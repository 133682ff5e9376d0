/*
 * Small looks of our own at what libmagic misreads.
 */
#ifndef SL_IDENTIFY_MEND_H
#define SL_IDENTIFY_MEND_H

#include <stdbool.h>

#include "../base/extent.h"

/* The head of a mail: known header lines up to an empty line. */
bool sl_looks_mail(const char *p, size_t n);
/* A folder of mail (mbox): a "From " line with a time, then a mail. */
bool sl_looks_mbox(const char *p, size_t n);
/* A PDF header at the start of a line within 1024 bytes, objects after it. */
bool sl_looks_pdf(const char *p, size_t n);
/* No byte that has no place in a text of any old character set. */
/* The type of PKCS#7 or CMS, as DER or BER: signed, or encrypted; NULL. */
const char *sl_looks_cms(const char *p, size_t n);
bool sl_looks_text(const char *p, size_t n);
/* A CMS envelope: something that only a key opens (RFC 5652, RFC 5083). */
bool sl_looks_envelope(const char *p, size_t n);
bool sl_is_envelope(const struct sl_extent *x);
/* Is its end there? True where that cannot be told. */
bool sl_has_envelope_end(const struct sl_extent *x);
/* The kind of a zip by what lies in it: an office file, an ASiC, an e-book;
 * "application/zip" for a plain one; NULL if it has no readable directory.
 * *ret_macro: it holds a macro project. */
const char *sl_zip_kind(const struct sl_extent *x, bool *ret_macro);
/* Has the file a zip's end record in its last bytes? */
bool sl_has_zip_end(const struct sl_extent *x);
/* Is `mime` possible for a file of this name? True for endings we do not know
 * (*ret_known false), and for names without one. */
bool sl_extension_fits(const char *name, const char *mime, bool *ret_known);
/* The ending of name without its dot, "" if there is none. */
const char *sl_extension(const char *name);

#endif
