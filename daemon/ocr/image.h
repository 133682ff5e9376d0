/*
 * The page image: decoding within limits.
 *
 * All images are 8 bits grey or 1 bit (1 = black), without colour map; a PIX
 * returned is the caller's (pixDestroy), NULL = no memory unless said
 * otherwise.
 */
#ifndef SL_OCR_IMAGE_H
#define SL_OCR_IMAGE_H

#include <leptonica/allheaders.h>

#include "../base/err.h"
#include "../wire/roles.h"
#include "../wire/wire.h"

struct sl_ocr_image {
	PIX *pix; /* upright as far as t->rotate tells */
	unsigned dpi; /* of pix: as told, or guessed from the size */
	bool damaged; /* the decoder had to make up a part of it */
};

/* Reads the extent of fd that t names. Dimensions are checked before anything
 * is decoded. SL_REJECT limit_pixels, limit_memory; SL_BROKEN damaged, empty;
 * SL_RETRY disk_error. */
enum sl_rc sl_ocr_image_load(const struct sl_msg_task *t, int fd,
    struct sl_ocr_image *ret, struct sl_err *err);
/* From bytes in memory; w and h are for raw rasters (t->width, t->height). */
enum sl_rc sl_ocr_image_decode(const struct sl_msg_task *t, const uint8_t *p,
    size_t n, struct sl_ocr_image *ret, struct sl_err *err);

#endif
