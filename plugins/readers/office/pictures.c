/*
 * Letters that are pictures: somebody scanned a letter and pasted it into Word.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../jpeg_head.h"
#include "parts.h"

#define PICTURE_MAX ((size_t)64 << 20)
#define LOOK_MAX ((uint64_t)512 << 20) /* bytes of all pictures */
#define SIDE_MIN 600u /* a logo is smaller */

struct size {
	uint32_t width, height, dpi;
	int format;
};

static bool
measure(const uint8_t *p, size_t n, struct size *ret)
{
	struct jpeg_head h;

	memset(ret, 0, sizeof(*ret));
	if (n >= 24 && !memcmp(p, "\x89PNG\r\n\x1a\n", 8)) {
		ret->format = SLUSE_IMAGE_PNG;
		ret->width = jpeg_be16(p + 16) << 16 | jpeg_be16(p + 18);
		ret->height = jpeg_be16(p + 20) << 16 | jpeg_be16(p + 22);
		return true;
	}
	if (n < 4 || memcmp(p, "\xFF\xD8\xFF", 3) != 0)
		return false;
	if (!jpeg_walk(p, n, &h))
		return false;
	ret->format = SLUSE_IMAGE_JPEG;
	ret->width = h.width;
	ret->height = h.height;
	ret->dpi = h.dpi;
	return h.width > 0 && h.height > 0;
}

static bool
is_picture(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot &&
	       (!strcasecmp(dot, ".jpg") || !strcasecmp(dot, ".jpeg") ||
		   !strcasecmp(dot, ".png")) &&
	       (strstr(name, "/media/") || !strncmp(name, "Pictures/", 9));
}

void
pictures_find(struct sluse_doc *d)
{
	zip_int64_t n = zip_get_num_entries(d->zip, 0);
	uint64_t looked = 0;

	for (zip_int64_t i = 0; i < n; i++) {
		const char *name = zip_get_name(d->zip, (zip_uint64_t)i, 0);
		struct size size;
		uint8_t *p;
		size_t len;

		if (!name || !is_picture(name))
			continue;
		if (d->pictures_n == OFFICE_PICTURES_MAX || looked > LOOK_MAX) {
			d->cut = true;
			break;
		}
		len = 0;
		p = package_bytes(d, (zip_uint64_t)i, PICTURE_MAX, &len);
		looked += len + 1024;
		if (p && measure(p, len, &size) && size.width >= SIDE_MIN &&
		    size.height >= SIDE_MIN)
			d->pictures[d->pictures_n++] = (zip_uint64_t)i;
		free(p);
	}
	if (d->pictures_n)
		doc_note(d, "little_text", NULL);
}

int
picture_page(struct sluse_doc *d, struct sluse_sink *k, zip_uint64_t member)
{
	const struct sluse_limits *l = d->host->limits;
	struct sluse_image im = {.size = sizeof(im)};
	struct size size;
	size_t n = 0;
	uint8_t *p = package_bytes(d, member, PICTURE_MAX, &n);
	int rc = SLUSE_READ_DAMAGED;

	if (p && measure(p, n, &size)) {
		im.format = size.format;
		im.bytes = p;
		im.length = n;
		im.width = size.width;
		im.height = size.height;
		im.dpi = size.dpi;
		rc = SLUSE_READ_LIMIT;
		if (!l ||
		    (im.width <= l->side_max && im.height <= l->side_max &&
			(uint64_t)im.width * im.height <= l->pixels_max))
			rc = d->host->image(k, &im) ? SLUSE_READ_LIMIT
						    : SLUSE_READ_OK;
	}
	free(p);
	return rc;
}
