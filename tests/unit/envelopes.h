/*
 * Envelopes made over, as no tool at hand makes them.
 */
#ifndef TESTS_UNIT_ENVELOPES_H
#define TESTS_UNIT_ENVELOPES_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "../../daemon/base/buf.h"

/* The same in BER: everything constructed without a length, the content in
 * strings within strings. attrs (DER, its tag [1]) and mac take the place of
 * the tag's; both may be NULL. */
void envelope_to_ber(const struct sl_buf *der, const struct sl_buf *attrs,
    const struct sl_buf *mac, struct sl_buf *out);
/* For an AuthEnvelopedData with AES-256-GCM and PKCS #1 transport: some
 * attributes, and the tag that it has with them. */
bool envelope_attributes(const struct sl_buf *der, EVP_PKEY *key,
    const void *text, size_t n, struct sl_buf *ret_attrs,
    struct sl_buf *ret_mac);
/* With so many further recipients, of nobody, before its own. */
void envelope_crowd(
    const struct sl_buf *der, unsigned recipients, struct sl_buf *out);
/* Where the encrypted content key begins (RSA 2048); 0: nowhere. */
size_t envelope_key_at(const struct sl_buf *der);

#endif
