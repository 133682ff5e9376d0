/*
 * What the descriptions of a package make of its files: which posts there are,
 * which documents each has, in which order and by which titles.
 *
 * Plain data in, a plan out; nothing is looked up. A description counts only on
 * the level of the package itself: among the files of the delivery, or, where
 * these are one archive and descriptions, in that archive; never in a message
 * or in an archive beside other files, since then somebody else's words would
 * stand for the sender's.
 */
#ifndef SL_PREPARE_PACKAGE_H
#define SL_PREPARE_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/hash.h"

/* A part, in the order of sources and numbers, numbers without a gap. */
struct sl_pack_part {
	uint32_t number, parent; /* in its source; 0 = the source itself */
	unsigned role; /* enum sl_part_role */
	bool document; /* a file that would be sent */
	bool original; /* a container that is sent behind its files */
	uint64_t screened; /* the posts its sender screens: sl_posts_bit */
	const char *name, *mime, *reader, *reason, *describes; /* "" = none */
	unsigned posts; /* the last post it tells of, 0: of none by number */
	uint64_t size; /* 0: not known */
	struct sl_digest sha256;
};

/* A document that a description names. */
struct sl_pack_named {
	size_t part; /* the description */
	unsigned post; /* from 1; 0: the only one */
	bool main;
	const char *file, *title, *type;
	unsigned checks; /* SL_NAMED_* */
	uint64_t size;
	struct sl_digest sha256;
};

enum sl_pack_mark {
	SL_PACK_NONE,
	SL_PACK_DESCRIBES, /* its words count */
	SL_PACK_ELSEWHERE, /* a description, but not of this: a plain file */
	SL_PACK_WRAPPING, /* META-INF and the like: no document */
	SL_PACK_UNNAMED, /* a document that the description does not name */
};

struct sl_pack_doc {
	size_t part;
	const char *title, *type; /* the description's, or NULL */
	bool original;
};

struct sl_pack_post {
	unsigned post; /* its number in the description, from 1 */
	struct sl_pack_doc *doc; /* the first is the main document */
	size_t n, cap;
	unsigned named, missing; /* documents named, and not found */
	const char *stop; /* a slug of reasons.def, or NULL */
};

struct sl_pack_plan {
	bool described; /* a description counts; else no posts are made */
	bool twice; /* two of one kind do: nobody knows which */
	uint8_t *mark; /* enum sl_pack_mark, one a part */
	struct sl_pack_post *post;
	size_t posts;
};

/* An archive of which something stayed closed, or is empty, goes along behind
 * what did come out of it, and is the document itself where nothing did: sets
 * document, original and reason of such. To be called before sl_pack_make. */
void sl_pack_closed(struct sl_pack_part *part, size_t part_n);

/* The arrays and all their strings outlive the plan; it is freed by
 * sl_pack_free. */
void sl_pack_make(const struct sl_pack_part *part, size_t part_n,
    const struct sl_pack_named *named, size_t named_n,
    struct sl_pack_plan *ret);
void sl_pack_free(struct sl_pack_plan *p);

#endif
