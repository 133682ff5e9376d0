/*
 * The host side of plugins/reader.h: one file read by one reader.
 *
 * Order of calls: open, parts (collects embedded files, fields and remarks),
 * then the caller sends R_PART, then send_facts, pages, close. What goes wrong
 * with the file is a reason in the struct; a result other than SL_OK means that
 * the output or the result socket failed and the task must end.
 */
#ifndef SL_READ_HOST_H
#define SL_READ_HOST_H

#include "../../plugins/reader.h"
#include "../base/extent.h"
#include "../base/mem.h"
#include "../unpack/unpack.h"
#include "../wire/wire.h"
#include "page.h"

#define SL_HOST_NOTES_MAX 50u
#define SL_HOST_FIELDS_MAX 200u
#define SL_HOST_TRUST_MAX ((size_t)4 << 20)
/* Of the description of a package, which may hold several posts. */
#define SL_HOST_DESCRIBED_MAX 1000u
#define SL_HOST_NAMED_MAX 500u
#define SL_HOST_POSTS_MAX 50u

/* An embedded file that is whole (or has a reason). Lives for the call. */
struct sl_embedded {
	struct sl_member m;
	enum sl_part_role role;
	const char *mime; /* declared, or NULL */
};
typedef void sl_embedded_fn(void *arg, const struct sl_embedded *e);

/* What the tenant lends to whom reads its post. */
struct sl_lent {
	struct sl_passwords passwords;
	int trust_fd; /* PEM certificates; -1: no such list */
};

struct sluse_source {
	struct sl_extent x;
	const char *name, *mime;
	const struct sl_lent *lent; /* or NULL */
	unsigned password; /* the last one asked for, from 1; 0: none */
	void *trust; /* once asked for */
	size_t trust_n;
};

struct sl_fact; /* a field or remark, kept until R_PART is out */

struct sluse_sink {
	const struct sluse_limits *limits;
	struct sl_budget *budget;
	int result_fd;
	uint32_t part;
	struct sl_err *err;
	enum sl_rc rc; /* of output and socket */
	const char *limit; /* slug of a limit met in this call */
	unsigned fields, notes, named;
	char describes[33]; /* the kind of package it describes, or "" */
	unsigned describes_flags; /* enum sluse_describes */
	unsigned post; /* what is told is about this post of it; 0: all */
	/* page() */
	struct sl_page *page; /* NULL inside parts() */
	double width, height;
	bool image;
	bool beside; /* of a page that also has text */
	bool recognised; /* the text, by another program */
	unsigned confidence; /* then: how sure, in thousandths */
	/* parts() */
	bool deepest; /* nothing may lie in this file any more */
	sl_embedded_fn *fn;
	void *arg;
	bool in_part;
	struct sl_embedded e;
	struct sl_buf name;
	char mime[128];
	uint8_t raw[SL_NAME_MAX];
	struct sl_arena *arena;
	struct sl_fact *facts, **facts_tail;
};

struct sl_reading {
	const struct sluse_reader *reader; /* NULL: none for this type */
	const char *reason; /* slug, or NULL */
	bool incomplete; /* its end is missing: still arriving? */
	uint32_t pages; /* all there are */
	struct sluse_source source;
	struct sluse_sink sink;
	struct sluse_doc *doc;
};

/* The table given to readers, with the limits of t (NULL: none, for warm). */
void sl_host_init(struct sluse_reader_host *h, struct sluse_limits *l,
    const struct sl_msg_task *t);

/* x, name, mime, lent (may be NULL) are lent until close. Never fails: see
 * r->reason. */
void sl_reading_open(struct sl_reading *r, const struct sluse_reader_host *h,
    const struct sl_extent *x, const char *name, const char *mime,
    const struct sl_lent *lent);
enum sl_rc sl_reading_parts(struct sl_reading *r, struct sl_budget *b,
    sl_embedded_fn *fn, void *arg, struct sl_err *err);
/* R_FIELD and R_NOTE records gathered by parts. */
enum sl_rc sl_reading_send_facts(
    struct sl_reading *r, int result_fd, uint32_t part, struct sl_err *err);
/* Reads pages [from, to) and sends each as it is done. */
enum sl_rc sl_reading_pages(struct sl_reading *r, struct sl_budget *b,
    int result_fd, uint32_t part, uint32_t from, uint32_t to,
    struct sl_err *err);
void sl_reading_close(struct sl_reading *r);

#endif
