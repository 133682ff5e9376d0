/*
 * The ASiC reader, loaded as sluse-work loads it. The first byte says what the
 * rest is: 'z' a whole container, else a file of META-INF in one that is made
 * here: 'x' XAdES, 'm' a manifest, 'p' CAdES, 'l' the list of files.
 */
#include <zlib.h>

#include "fuzz.h"

#include "../unit/mail_host.h"

#define MADE_MAX (1 << 20)

struct made {
	uint8_t *p;
	size_t n, entries, directory_n;
	uint8_t directory[4096];
};

static void
put(uint8_t *p, uint32_t v, int n)
{
	for (; n > 0; n--, v >>= 8)
		*p++ = (uint8_t)v;
}

/* Stored, with the sums that libzip looks at. */
static void
add(struct made *z, const char *name, const void *data, size_t n)
{
	uint32_t crc = (uint32_t)crc32(0, data, (uInt)n);
	size_t name_n = strlen(name);
	uint8_t *h = z->p + z->n, *d = z->directory + z->directory_n;

	memset(h, 0, 30);
	memcpy(h, "PK\3\4\x0a", 5);
	put(h + 14, crc, 4);
	put(h + 18, (uint32_t)n, 4);
	put(h + 22, (uint32_t)n, 4);
	put(h + 26, (uint32_t)name_n, 2);
	memcpy(h + 30, name, name_n);
	memcpy(h + 30 + name_n, data, n);
	memset(d, 0, 46);
	memcpy(d, "PK\1\2\x0a\0\x0a", 7);
	memcpy(d + 16, h + 14, 12);
	put(d + 28, (uint32_t)name_n, 2);
	put(d + 42, (uint32_t)z->n, 4);
	memcpy(d + 46, name, name_n);
	z->n += 30 + name_n + n;
	z->directory_n += 46 + name_n;
	z->entries++;
}

static void
finish(struct made *z)
{
	uint8_t *e;

	memcpy(z->p + z->n, z->directory, z->directory_n);
	e = z->p + z->n + z->directory_n;
	memset(e, 0, 22);
	memcpy(e, "PK\5\6", 4);
	put(e + 8, (uint32_t)z->entries, 2);
	put(e + 10, (uint32_t)z->entries, 2);
	put(e + 12, (uint32_t)z->directory_n, 4);
	put(e + 16, (uint32_t)z->n, 4);
	z->n += z->directory_n + 22;
}

static const char *
name_of(uint8_t kind)
{
	switch (kind) {
	case 'x':
		return "META-INF/signatures0.xml";
	case 'm':
		return "META-INF/asicmanifest.xml";
	case 'p':
		return "META-INF/signature.p7s";
	default:
		return "META-INF/manifest.xml";
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct sluse_reader *r;
	struct made z = {.n = 0};
	struct reading *d;
	unsigned i;

	if (r == NULL) {
		r = mock_load("asic");
		FUZZ_CHECK(r != NULL && r->warm(&mock_host) == 0);
	}
	if (n == 0 || n > MADE_MAX)
		return 0;
	z.p = sl_alloc(n + 8192);
	if (*p == 'z') {
		memcpy(z.p, p + 1, z.n = n - 1);
	} else {
		add(&z, "brev.txt", "Til kommunen\n", 13);
		add(&z, name_of(*p), p + 1, n - 1);
		finish(&z);
	}
	d = read_all(r, "application/vnd.etsi.asic-e+zip", z.p, z.n, 6000);
	if (d->parted == SLUSE_READ_OK)
		for (i = 0; i < d->k.count; i++)
			FUZZ_CHECK(d->k.parts[i].ended == 1);
	if (d->opened == SLUSE_READ_OK && d->parted == SLUSE_READ_OK)
		FUZZ_CHECK(strstr(d->k.log, "note signed_") != NULL);
	if (*p != 'z')
		FUZZ_CHECK(d->opened == SLUSE_READ_OK && d->k.count == 2);
	read_free(d);
	free(z.p);
	return 0;
}
