/*
 * Text: UTF-8 checks, safe display of hostile names, hex, numbers.
 */
#ifndef SL_BASE_TEXT_H
#define SL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* True if the n bytes are well-formed UTF-8 without NUL. */
bool sl_utf8_valid(const char *s, size_t n);
/* Next code point at *i (advanced); U+FFFD for a bad byte. */
uint32_t sl_utf8_next(const char *s, size_t n, size_t *i);
/* Appends the code point as UTF-8 (U+FFFD if it is none). */
void sl_utf8_add(struct sl_buf *b, uint32_t cp);

/* Appends s for showing to a person: control characters, bidi and zero-width
 * characters and bad bytes become \xNN or \u{N}; the result is valid UTF-8. */
void sl_text_display(struct sl_buf *out, const char *s, size_t n);
/* Appends s escaped for HTML text and attributes. */
void sl_text_html(struct sl_buf *out, const char *s, size_t n);
/* Appends s as a JSON string, quotes included; bad bytes become U+FFFD. */
void sl_text_json(struct sl_buf *out, const char *s, size_t n);
/* Appends s as one CSV field (RFC 4180; a leading = + - @ is defused by '). */
void sl_text_csv(struct sl_buf *out, const char *s, size_t n);
/* Lower case of ASCII, ÆØÅ and Latin-1 letters; appends to out. */
void sl_text_lower(struct sl_buf *out, const char *s, size_t n);

/* n bytes to 2n hex digits and NUL. */
void sl_hex(const uint8_t *p, size_t n, char *out);
/* Exactly n bytes from 2n hex digits; false if not. */
bool sl_unhex(const char *s, uint8_t *out, size_t n);

/* Whole string as a decimal in [min, max]. */
bool sl_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);

/* The first 11 digits that make a valid fødselsnummer, D-, H- or synthetic
 * number (rules of today and of 2032), also with blanks or hyphens after six.
 * Parted as a date is before that, or once more behind it, by today's rule
 * alone: a date and a number beside it may look so. True with its place and
 * length. */
bool sl_find_fnr(const char *s, size_t n, size_t *ret_at, size_t *ret_len);

#endif
