/*
 * CMS and PKCS#7 SignedData by OpenSSL: is the content what was signed, is the
 * signature right, who made it and when, with what RFC 3161 time-stamp.
 *
 * Nothing is fetched, no file is opened. Everything that comes in is bounded
 * before OpenSSL works on it: bytes, certificates, signers, kinds of digests.
 */
#ifndef READERS_CMS_H
#define READERS_CMS_H

#include "cert.h"
#include "signed.h"

#define CMS_BYTES_MAX ((size_t)64 << 20)
#define CMS_SIGNERS_MAX 8 /* of one SignedData */

enum cms_kind {
	CMS_KIND_OTHER = 0, /* or not CMS at all */
	CMS_KIND_SIGNED,
	CMS_KIND_ENVELOPED, /* encrypted */
};

struct cms_job {
	const uint8_t *der; /* BER too; bytes behind its end are ignored */
	size_t n;
	const struct signed_content *content; /* NULL: it is inside */
	const struct trust *trust; /* or NULL */
	int64_t claimed_s; /* said beside the signature; 0: nothing */
};
typedef void cms_found_fn(void *arg, const struct signature *s);

/* Calls fn for each signer, at least once: what cannot be understood is told as
 * broken or unknown. Reads content to its end, once. */
void cms_verify(const struct cms_job *j, cms_found_fn *fn, void *arg);
/* The same of an RFC 3161 token about content: a document's time-stamp. */
void cms_verify_stamp(const struct cms_job *j, cms_found_fn *fn, void *arg);

/* By its first bytes. */
enum cms_kind cms_kind(const uint8_t *p, size_t n);
/* What lies inside a SignedData; free(). NULL if nothing does. */
uint8_t *cms_inner(const uint8_t *der, size_t n, size_t *ret_n);

/* In the parent. 0 or -1. */
int cms_warm(void);

#endif
