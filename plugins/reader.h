/*
 * The contract of a reader: a shared object that turns one file of a known kind
 * into pages of text, page images for OCR, and embedded files.
 *
 * A reader exports one data symbol, `sluse_reader`, links nothing of Sluse and
 * runs inside a locked child of sluse-work: no path, no socket, no process, one
 * thread, bounded memory and time. It sees its input by read_at and answers
 * through the host table. Manual: sluse-reader(7).
 *
 * ABI changes, newest first:
 *   1.2  image_beside(), recognised() and trust() in the host's table; and
 *        describes(), post(), named(): files that describe the package they
 *        came in. UNSUPPORTED of open(): the next reader that takes the type
 *        is asked.
 *   1.1  password() in the host's table.
 *   1.0  first.
 */
#ifndef SLUSE_READER_H
#define SLUSE_READER_H

#include <stddef.h>
#include <stdint.h>

#define SLUSE_READER_ABI_MAJOR 1
#define SLUSE_READER_ABI_MINOR 2

/* What a call ended with. The host turns it into a disposition. */
enum sluse_read_rc {
	SLUSE_READ_OK = 0,
	SLUSE_READ_UNSUPPORTED = 10, /* not a file of this reader's after all */
	SLUSE_READ_ENCRYPTED = 20,
	SLUSE_READ_INCOMPLETE = 30, /* its end is missing: still arriving? */
	SLUSE_READ_DAMAGED = 40,
	SLUSE_READ_LIMIT = 50, /* the host said stop, or a limit was met */
};

struct sluse_source; /* the input, the host's */
struct sluse_sink; /* where results go, the host's */
struct sluse_doc; /* an open document, the reader's */

enum sluse_image_format {
	SLUSE_IMAGE_JPEG = 1, /* a whole JPEG file */
	SLUSE_IMAGE_PNG = 2, /* a whole PNG file */
	SLUSE_IMAGE_GRAY8 = 3, /* raw: one byte a pixel, 0 = black */
	SLUSE_IMAGE_BIT1 = 4, /* raw: rows padded to bytes, 1 = black */
};

struct sluse_image {
	uint32_t size; /* of this struct, set by the reader */
	int format; /* enum sluse_image_format */
	const void *bytes;
	size_t length; /* raw formats: stride * height */
	size_t stride; /* raw formats: bytes from row to row */
	uint32_t width; /* pixels as stored, before turning */
	uint32_t height;
	uint32_t dpi; /* 0 = unknown */
	uint32_t rotate; /* degrees clockwise to upright: 0 90 180 270 */
};

/* An embedded file, announced before its bytes. */
struct sluse_part {
	uint32_t size; /* of this struct, set by the reader */
	const char *name; /* UTF-8, or NULL: the host makes one */
	const void *name_raw; /* bytes as they stood, or NULL */
	size_t name_raw_length;
	const char *name_charset; /* what name was decoded from, or NULL */
	const char *mime; /* declared type, a hint, or NULL */
	int role; /* enum sluse_part_role */
};

enum sluse_part_role {
	SLUSE_PART_ATTACHMENT = 1, /* a file a person would open */
	SLUSE_PART_INLINE = 3, /* a picture inside a body */
	SLUSE_PART_BODY = 4, /* the text of a message */
	SLUSE_PART_SKIPPED = 6, /* noted, no bytes follow */
};

/* What is special about a description of a package. */
enum sluse_describes {
	SLUSE_DESCRIBES_FORM = 1, /* it is a document of the package as well */
	SLUSE_DESCRIBES_NO_POST =
	    2, /* a receipt, a question: nothing to file */
	SLUSE_DESCRIBES_GRADED = 4, /* security or protection grade */
};

/* A document that a description names. */
struct sluse_named {
	uint32_t size; /* of this struct, set by the reader */
	int main; /* the main document of its post */
	const char *file; /* the name of its file, UTF-8 */
	const char *title; /* or NULL */
	const char *type; /* dokumenttype, or NULL */
	const uint8_t *sha256; /* 32 bytes its file must have, or NULL */
	uint64_t bytes; /* length its file must have, or UINT64_MAX */
};

/* Limits of this task; a reader checks them before it allocates. */
struct sluse_limits {
	uint32_t size;
	uint32_t pages_max;
	uint32_t side_max; /* pixels */
	uint64_t pixels_max; /* of one page image */
	uint64_t bytes_max; /* of one decoded stream */
};

/* What the host does for a reader. Append-only: test `size` before using a
 * member that a later minor brought. */
struct sluse_reader_host {
	uint16_t abi_major, abi_minor;
	uint32_t size;
	const struct sluse_limits *limits;

	/* Up to n bytes from off; bytes read, 0 at the end, -1 on failure. */
	int64_t (*read_at)(
	    struct sluse_source *s, void *p, size_t n, uint64_t off);
	uint64_t (*length)(struct sluse_source *s);
	/* The file's name (UTF-8, never NULL) and identified MIME type. */
	const char *(*name)(struct sluse_source *s);
	const char *(*mime)(struct sluse_source *s);

	/* -- inside page() ------------------------------------------------ */
	/* The page's size in units of the boxes below; call it first. */
	void (*page_size)(struct sluse_sink *k, double width, double height);
	/* Text in reading order. Words with a box where the file knows it;
	 * spaces and line ends between them by text(). */
	void (*text)(struct sluse_sink *k, const char *utf8, size_t n);
	void (*word)(struct sluse_sink *k, const char *utf8, size_t n,
	    double x0, double y0, double x1, double y1);
	/* This page has to be recognised: here is its image. Text given for
	 * the page before is dropped. Non-zero: a limit, stop the page. */
	int (*image)(struct sluse_sink *k, const struct sluse_image *im);
	/* The page shows nothing. */
	void (*blank)(struct sluse_sink *k);

	/* -- inside parts() ----------------------------------------------- */
	/* Non-zero from any of these: a limit was met; return
	 * SLUSE_READ_LIMIT. */
	int (*part_begin)(struct sluse_sink *k, const struct sluse_part *p);
	int (*part_write)(struct sluse_sink *k, const void *p, size_t n);
	int (*part_end)(struct sluse_sink *k);

	/* -- anywhere with a sink ------------------------------------------ */
	/* A fact with a name of wire/fields.def ("title", "message_id" ..);
	 * label = where it stood ("Subject"). confidence 0..1000. */
	void (*field)(struct sluse_sink *k, const char *field,
	    const char *value, const char *label, int confidence);
	/* A remark kept with the part: stable slug, short detail without
	 * personal data. */
	void (*note)(
	    struct sluse_sink *k, const char *slug, const char *detail);
	/* minor 0 ends here */

	/* Inside open(), for a file that is encrypted: the i-th password of
	 * the tenant's list, from 0; NULL behind the last. Stop at the one
	 * that fits: the host notes it. Never to be kept. */
	const char *(*password)(struct sluse_source *s, uint32_t i);
	/* minor 1 ends here */

	/* Inside page(), behind its text: the page also shows what its text
	 * does not say, and im is the whole page without that text. What is
	 * recognised there comes behind the text. Once a page, and not with
	 * image(). Non-zero: a limit; the text stays. */
	int (*image_beside)(struct sluse_sink *k, const struct sluse_image *im);
	/* Inside page(): its text was recognised by another program, so sure
	 * (0..1000). */
	void (*recognised)(struct sluse_sink *k, int confidence);
	/* The certificates that the tenant trusts, as PEM text of *n bytes;
	 * NULL: it has no such list. Valid until close. */
	const void *(*trust)(struct sluse_source *s, size_t *n);
	/* Inside parts(): this file describes the delivery it came with (kind:
	 * [a-z0-9-]+). What field() tells is then the delivery's, and the file
	 * is no document unless it is a form; may be called again with more
	 * flags. The host decides whether it lies where that counts. Non-zero:
	 * not here, return. */
	int (*describes)(
	    struct sluse_sink *k, const char *kind, unsigned flags);
	/* What field() and named() tell from here on is about the n-th post of
	 * the package, from 1; 0, as at first: about all of it. */
	void (*post)(struct sluse_sink *k, uint32_t n);
	/* A document of that post, in their order. Non-zero: too many. */
	int (*named)(struct sluse_sink *k, const struct sluse_named *n);
	/* minor 2 ends here */
};

struct sluse_reader {
	uint16_t abi_major, abi_minor;
	uint32_t size;
	const char *name; /* [a-z0-9]+, "pdf" */
	const char *version; /* of reader and library, for the journal */
	const char *const *mimes; /* NULL-terminated; "text/" takes all below */

	/* In the parent, once, before any lock-down: open fonts;
	 * run the library on a tiny sample. 0 or the reader is not used. */
	int (*warm)(const struct sluse_reader_host *host);
	/* All below in the child. *ret is only set on SLUSE_READ_OK. On
	 * SLUSE_READ_UNSUPPORTED the next reader of this type is asked. */
	int (*open)(const struct sluse_reader_host *host,
	    struct sluse_source *s, struct sluse_doc **ret);
	/* 0 = this kind has parts only. */
	int (*page_count)(struct sluse_doc *d, uint32_t *ret);
	/* page from 0. Failure costs this page only. */
	int (*page)(struct sluse_doc *d, uint32_t page, struct sluse_sink *k);
	/* Embedded files and facts of the whole document; may be NULL. */
	int (*parts)(struct sluse_doc *d, struct sluse_sink *k);
	void (*close)(struct sluse_doc *d);
	/* minor 0 ends here */
};

/* The one exported symbol: `const struct sluse_reader sluse_reader = {..};` */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern const struct sluse_reader sluse_reader;

#endif
