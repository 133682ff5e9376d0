/*
 * Base64 (RFC 4648 §4) with padding, and nothing but its canonical form: what
 * signatures and digests are written in.
 */
#ifndef SL_BASE_BASE64_H
#define SL_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* Appends the bytes. */
void sl_base64_add(struct sl_buf *out, const void *p, size_t n);
/* Exactly one run of base64 of at most cap bytes. False: a character that does
 * not belong there, wrong padding, bits behind the last byte, or too long. */
bool sl_base64_read(
    const char *s, size_t n, uint8_t *out, size_t cap, size_t *ret_n);

#endif
