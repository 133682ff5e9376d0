/*
 * Parts of XML signatures: canonical form, and a signature value against a key.
 */
#ifndef READERS_ASIC_XADES_H
#define READERS_ASIC_XADES_H

#include "asic.h"

/* Element e with all below it in the canonical form that `method` names (an
 * element with an Algorithm; NULL: the plain one of 2001). xmlFree(); NULL if
 * the form is not known. */
uint8_t *dsig_canonical(xmlNodePtr e, xmlNodePtr method, size_t *ret_n);
/* Is it one of the forms dsig_canonical knows? */
bool dsig_is_canonical(xmlNodePtr method);

struct dsig_method {
	const EVP_MD *md;
	bool pss, raw; /* raw: ECDSA as two numbers */
};
/* false: the algorithm is not known. */
bool dsig_method(xmlNodePtr signature_method, struct dsig_method *ret);
bool dsig_verify(const struct dsig_method *m, X509 *cert, const uint8_t *text,
    size_t n, const uint8_t *value, size_t value_n);

#endif
