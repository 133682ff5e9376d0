/*
 * RFC 3161: a token by which somebody else says when a digest was there.
 *
 * What is stamped is SHA-256 of a signed head, our signature line included, as
 * the journal keeps it. A token is the whole TimeStampResp (DER): what
 * `openssl ts -verify -in` takes.
 */
#ifndef SL_JOURNAL_STAMP_H
#define SL_JOURNAL_STAMP_H

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/hash.h"

#define SL_STAMP_MAX 49152u /* bytes of a token */
#define SL_STAMP_QUERY_MAX 512u
#define SL_STAMP_NONCE_LEN 8

/* Can it be a policy: an object identifier in dotted decimal? */
bool sl_stamp_is_policy(const char *s);
/* Are there certificates in it (PEM), and nothing that is none? */
bool sl_stamp_is_trust(struct sl_slice pem);

/* What a token must fit. */
struct sl_stamp_ask {
	struct sl_digest of;
	const char *policy; /* NULL or "": any */
	const uint8_t
	    *nonce; /* SL_STAMP_NONCE_LEN bytes; NULL: not known now */
	struct sl_slice pem; /* certificates that the token's must lead to */
};
/* Appends the question (DER): certificates wanted. SL_FATAL only if OpenSSL
 * does not work. */
enum sl_rc sl_stamp_query(
    const struct sl_stamp_ask *ask, struct sl_buf *der, struct sl_err *err);
/* Is it granted, of that digest, and signed by one whose certificate held when
 * it was made? *ret_s: its time, seconds since 1970 UTC. SL_SKIP (refused): the
 * authority says no. SL_REJECT: bad_token (no TimeStampResp), bad_trust (pem),
 * bad_signature (anything else that does not fit; text says what). */
enum sl_rc sl_stamp_verify(struct sl_slice token,
    const struct sl_stamp_ask *ask, int64_t *ret_s, struct sl_err *err);

#endif
