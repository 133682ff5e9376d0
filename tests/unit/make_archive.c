#include "make_archive.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "../../daemon/base/file.h"

static void
put16(struct sl_buf *b, uint64_t v)
{
	sl_buf_add_char(b, (char)(v & 0xFF));
	sl_buf_add_char(b, (char)(v >> 8 & 0xFF));
}

static void
put32(struct sl_buf *b, uint64_t v)
{
	put16(b, v & 0xFFFF);
	put16(b, v >> 16 & 0xFFFF);
}

static void
deflate_to(struct sl_buf *out, const void *p, size_t n)
{
	z_stream z = {0};
	unsigned char b[65536];
	int rc;

	rc = deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
	assert(rc == Z_OK);
	memcpy(&z.next_in, &p, sizeof(p));
	z.avail_in = (unsigned)n;
	do {
		z.next_out = b;
		z.avail_out = sizeof(b);
		rc = deflate(&z, Z_FINISH);
		sl_buf_add(out, b, sizeof(b) - z.avail_out);
	} while (rc == Z_OK);
	assert(rc == Z_STREAM_END);
	(void)deflateEnd(&z);
}

static size_t
name_length(const struct zip_member *m)
{
	return m->name_n != 0 ? m->name_n : strlen(m->name);
}

static void
put_common(struct sl_buf *b, const struct zip_member *m, uint32_t crc,
    uint64_t packed, size_t name_n, bool local)
{
	bool later = local && m->descriptor;

	put16(b, 20);
	put16(b, m->flags | (m->descriptor ? 8u : 0u));
	put16(b, m->method);
	put32(b, 0x00210000);
	put32(b, later ? 0 : crc);
	put32(b, later ? 0 : packed);
	put32(b, later ? 0 : m->claim_size != 0 ? m->claim_size : m->n);
	put16(b, name_n);
	put16(b, local ? 0 : m->extra_n);
}

void
make_zip(struct sl_buf *out, const struct zip_member *m, size_t n,
    const char *comment)
{
	size_t base = out->n, dir, i, k;
	SL_BUF struct sl_buf central = {0};

	for (i = 0; i < n; i++) {
		SL_BUF struct sl_buf packed = {0};
		const char *ln =
		    m[i].local_name != NULL ? m[i].local_name : m[i].name;
		uint32_t crc = (uint32_t)crc32(0, m[i].data, (unsigned)m[i].n);
		uint32_t at = m[i].local_at != 0 ? m[i].local_at - 1
						 : (uint32_t)(out->n - base);

		if (m[i].method == 8)
			deflate_to(&packed, m[i].data, m[i].n);
		else
			sl_buf_add(&packed, m[i].data, m[i].n);
		if (m[i].local_at == 0) {
			k = m[i].local_name != NULL ? strlen(ln)
						    : name_length(&m[i]);
			sl_buf_add(out, "PK\3\4", 4);
			put_common(out, &m[i], crc, packed.n, k, true);
			sl_buf_add(out, ln, k);
			sl_buf_add(out, packed.p, packed.n);
			if (m[i].descriptor) {
				sl_buf_add(out, "PK\7\10", 4);
				put32(out, crc);
				put32(out, packed.n);
				put32(out, m[i].n);
			}
		}
		sl_buf_add(&central, "PK\1\2", 4);
		put16(&central, 20);
		put_common(
		    &central, &m[i], crc, packed.n, name_length(&m[i]), false);
		put16(&central, 0);
		put16(&central, 0);
		put16(&central, 0);
		put32(&central, 0);
		put32(&central, at);
		sl_buf_add(&central, m[i].name, name_length(&m[i]));
		sl_buf_add(&central, m[i].extra, m[i].extra_n);
	}
	dir = out->n - base;
	sl_buf_add(out, central.p, central.n);
	sl_buf_add(out, "PK\5\6\0\0\0\0", 8);
	put16(out, n);
	put16(out, n);
	put32(out, central.n);
	put32(out, dir);
	put16(out, comment != NULL ? strlen(comment) : 0);
	if (comment != NULL)
		sl_buf_add_str(out, comment);
	assert(!out->full);
}

size_t
make_unicode_extra(uint8_t *out, const char *raw, const char *utf8)
{
	uint32_t crc = (uint32_t)crc32(
	    0, (const unsigned char *)raw, (unsigned)strlen(raw));
	size_t n = strlen(utf8), i;

	out[0] = 0x75;
	out[1] = 0x70;
	out[2] = (uint8_t)(n + 5);
	out[3] = 0;
	out[4] = 1;
	for (i = 0; i < 4; i++)
		out[5 + i] = (uint8_t)(crc >> (8 * i));
	memcpy(out + 9, utf8, n);
	return 9 + n;
}

void
make_tar(struct sl_buf *out, const char *name, char type, const char *link,
    uint64_t size, const void *data, size_t n)
{
	unsigned char h[512] = {0};
	unsigned sum = 0;
	size_t i;

	(void)snprintf((char *)h, 100, "%s", name);
	memcpy(h + 100, "0000644\0000000000\0000000000\0", 24);
	if (size > 077777777777ULL) { /* base 256 */
		h[124] = 0x80;
		for (i = 0; i < 8; i++)
			h[135 - i] = (unsigned char)(size >> (8 * i));
	} else {
		(void)snprintf(
		    (char *)h + 124, 12, "%011llo", (unsigned long long)size);
	}
	memcpy(h + 136, "00000000000\0", 12);
	h[156] = (unsigned char)type;
	if (link != NULL)
		(void)snprintf((char *)h + 157, 100, "%s", link);
	memcpy(h + 257, "ustar\00000", 8);
	memset(h + 148, ' ', 8);
	for (i = 0; i < sizeof(h); i++)
		sum += h[i];
	(void)snprintf((char *)h + 148, 8, "%06o", sum);
	sl_buf_add(out, h, sizeof(h));
	sl_buf_add(out, data, n);
	memset(h, 0, sizeof(h));
	if (n % 512 != 0)
		sl_buf_add(out, h, 512 - n % 512);
}

void
make_tar_end(struct sl_buf *out)
{
	static const char zero[1024];

	sl_buf_add(out, zero, sizeof(zero));
}

void
make_gzip(struct sl_buf *out, const char *name, const void *data, size_t n)
{
	const unsigned char head[10] = {
	    0x1f, 0x8b, 8, name != NULL ? 8 : 0, 0, 0, 0, 0, 0, 3};

	sl_buf_add(out, head, sizeof(head));
	if (name != NULL)
		sl_buf_add(out, name, strlen(name) + 1);
	deflate_to(out, data, n);
	put32(out, (uint32_t)crc32(0, data, (unsigned)n));
	put32(out, n);
}

int
make_fd(const void *p, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fd < 0 || (n > 0 && sl_write_full(fd, p, n) < 0))
		abort();
	return fd;
}
