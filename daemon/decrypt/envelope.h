/*
 * A CMS envelope (RFC 5652 EnvelopedData, RFC 5083 AuthEnvelopedData) in a
 * file: where its encrypted content lies, and the rest of it as a small
 * structure of its own.
 *
 * OpenSSL reads an envelope into memory whole. Here only its recipients and
 * algorithms are taken out, as the same envelope with detached content, which
 * OpenSSL then decrypts from a stream: memory does not grow with the post.
 */
#ifndef SL_DECRYPT_ENVELOPE_H
#define SL_DECRYPT_ENVELOPE_H

#include "../base/buf.h"
#include "ber.h"

/* All but the content: some fifteen thousand recipients. */
#define SL_ENVELOPE_HEAD_MAX ((size_t)4 << 20)

struct sl_envelope {
	bool authenticated; /* AuthEnvelopedData */
	struct sl_buf head; /* a CMS ContentInfo without the content */
	struct sl_buf aad; /* what else the tag covers; may be empty */
	bool has_content;
	struct sl_tlv content;
	uint64_t limit; /* it lies below this */
};

/* b is used for the content as well and must live as long. SL_BROKEN:
 * damaged; SL_HOLD: unsupported. What *ret holds is the caller's to free in
 * every case. */
enum sl_rc sl_envelope_find(
    struct sl_ber *b, struct sl_envelope *ret, struct sl_err *err);
/* Frees what it holds, not itself. */
void sl_envelope_free(struct sl_envelope *e);

#endif
