/*
 * C2SP signed notes: a text and who signed it (c2sp.org/signed-note).
 *
 *     text, one or more lines
 *     (an empty line)
 *     — <name> <base64 of 4 bytes of key id and the signature>
 *
 * Keys are Ed25519 (type 1) or, for witnesses, timestamped Ed25519 (type 4).
 * A key travels as a vkey: name+<key id in hex>+<base64 of type and key>.
 * Unknown keys are passed over; a known key whose signature is wrong spoils the
 * whole note. Vectors: golang/mod, C2SP (tests/unit/test_note.c).
 */
#ifndef SL_JOURNAL_NOTE_H
#define SL_JOURNAL_NOTE_H

#include "../base/buf.h"
#include "../base/err.h"

#define SL_NOTE_MAX 65536u /* bytes */
#define SL_NOTE_SIGS_MAX 100u
#define SL_NOTE_NAME_MAX 127u

enum { SL_KEY_ED25519 = 1, SL_KEY_COSIGNATURE = 4 };

struct sl_vkey {
	char name[SL_NOTE_NAME_MAX + 1];
	uint8_t id[4], type, pub[32];
};

/* May it be the name of a key? Not empty, no spaces of Unicode, no +. */
bool sl_note_is_name(const char *s, size_t n);
/* False if the name cannot be one. */
bool sl_vkey_make(
    const char *name, uint8_t type, const uint8_t pub[32], struct sl_vkey *ret);
/* One vkey, a newline behind it allowed. False: malformed, id that does not
 * fit, or a type that is not known here. */
bool sl_vkey_parse(const char *s, size_t n, struct sl_vkey *ret);
void sl_vkey_text(const struct sl_vkey *k, struct sl_buf *out);
/* The key as OpenSSL reads it (PEM, SubjectPublicKeyInfo). */
void sl_vkey_pem(const struct sl_vkey *k, struct sl_buf *out);

/* text with its last newline; all slices point into what was parsed. */
struct sl_note {
	struct sl_slice text, sigs;
};
/* SL_REJECT (bad_note): not a note. */
enum sl_rc sl_note_parse(
    const void *p, size_t n, struct sl_note *ret, struct sl_err *err);
/* SL_OK: at least one of the keys signed it, ret_signed (may be NULL) has a bit
 * for each of the first 32. SL_SKIP (no_signature): none of them did.
 * SL_REJECT (bad_signature): one of them is named and did not. */
enum sl_rc sl_note_verify(const struct sl_note *note,
    const struct sl_vkey *keys, size_t n, uint32_t *ret_signed,
    struct sl_err *err);

/* -- cosignatures (c2sp.org/tlog-cosignature, Ed25519) --------------------- */
/* When, in seconds since 1970 UTC (8 bytes, the highest first), and the
 * signature over that and the text. */
#define SL_COSIGNATURE_LEN 72
uint64_t sl_cosignature_time(const uint8_t c[SL_COSIGNATURE_LEN]);
/* Did k, a key of type 4, make it over text? */
bool sl_cosignature_verify(const struct sl_vkey *k, struct sl_slice text,
    const uint8_t c[SL_COSIGNATURE_LEN]);
/* Appends its line, as it stands in a note. */
void sl_cosignature_add(const struct sl_vkey *k,
    const uint8_t c[SL_COSIGNATURE_LEN], struct sl_buf *out);
/* The first line of k in the note. SL_SKIP (no_signature): there is none.
 * SL_REJECT (bad_signature): it is wrong. */
enum sl_rc sl_cosignature_find(const struct sl_note *note,
    const struct sl_vkey *k, uint8_t ret[SL_COSIGNATURE_LEN],
    struct sl_err *err);
/* The first line of that name with an Ed25519 signature: key id and signature.
 * Says nothing of whether it is right. */
#define SL_NOTE_SIGNATURE_LEN 68
bool sl_note_signature(const struct sl_note *note, const char *name,
    uint8_t ret[SL_NOTE_SIGNATURE_LEN]);
/* Appends such a line. */
void sl_note_add_signature(const char *name,
    const uint8_t sig[SL_NOTE_SIGNATURE_LEN], struct sl_buf *out);

/* -- signing --------------------------------------------------------------- */
struct sl_signer;
/* A private key in PEM. SL_REJECT (bad_key): not an Ed25519 key, or a name
 * that cannot be one. *ret is the caller's. */
enum sl_rc sl_signer_new(const char *name, const char *pem, size_t n,
    struct sl_signer **ret, struct sl_err *err);
/* NULL is fine. */
void sl_signer_free(struct sl_signer *s);
const struct sl_vkey *sl_signer_vkey(const struct sl_signer *s);
/* A fresh private key in PEM. */
enum sl_rc sl_signer_make(struct sl_buf *pem, struct sl_err *err);
/* Appends its signature line over text, which stands before it in the note.
 * SL_FATAL only if OpenSSL does not work. */
enum sl_rc sl_note_sign(const struct sl_signer *s, struct sl_slice text,
    struct sl_buf *out, struct sl_err *err);

#endif
