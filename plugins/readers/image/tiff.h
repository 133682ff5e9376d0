/*
 * What the two files for TIFF share: one page's facts, and the kinds of samples
 * that libtiff's own RGBA reader does not know.
 */
#ifndef SLUSE_READERS_IMAGE_TIFF_H
#define SLUSE_READERS_IMAGE_TIFF_H

#include <stdbool.h>
#include <stdint.h>
#include <tiffio.h>

struct sheet {
	uint32_t w, h;
	uint16_t bits, samples, photometric, planar, orientation, format;
	double dpi_x, dpi_y;
	bool tiled;
};

/* Samples of 8 to 16 and of 32 bits, unsigned, or floating from 0 to 1; gray,
 * RGB or CMYK, together or in planes, in strips or tiles; to gray at out, which
 * holds w * h * 4. False: not one of these (*ret_known false), or it cannot be
 * decoded. */
bool tiff_read_samples(
    TIFF *t, const struct sheet *s, uint8_t *out, bool *ret_known);

#endif
