/*
 * Certificates: who one speaks of, whether it leads to the tenant's trust list,
 * and what of its key is weak. Nothing is fetched: no CRL, no OCSP.
 */
#ifndef READERS_CERT_H
#define READERS_CERT_H

#include <openssl/x509.h>

#include "signed.h"

#define CERTS_MAX 64 /* in one signature */

/* The trust list, parsed; NULL if the tenant has none or none is readable. */
struct trust *trust_load(
    const struct sluse_reader_host *host, struct sluse_source *s);
void trust_free(struct trust *t);

/* Fills who signed, weak keys, expiry and chain into s, whose times are set.
 * more: other certificates of the message, or NULL. */
void cert_judge(struct signature *s, X509 *cert, STACK_OF(X509) * more,
    const struct trust *trust);
/* Chain alone, at a Unix time. */
enum signed_chain cert_chain(
    X509 *cert, STACK_OF(X509) * more, int64_t at_s, const struct trust *trust);
/* Notes an algorithm that is weak by now. */
void cert_judge_digest(struct signature *s, int nid);
/* Unix time; 0 if it is none. */
int64_t cert_time(const ASN1_TIME *t);

/* In the parent: everything that OpenSSL makes by use. */
int cert_warm(void);

#endif
