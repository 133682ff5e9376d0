/*
 * Which documents a harvest holds: a set that grows, of 56 bytes each.
 */
#ifndef SL_PUSH_DOCSET_H
#define SL_PUSH_DOCSET_H

#include <stddef.h>
#include <stdint.h>

#include "../base/hash.h"

#define SL_DOC_KEY 16

struct sl_doc {
	uint8_t key[SL_DOC_KEY]; /* of a digest: 16 bytes tell any two apart */
	struct sl_digest digest;
	uint64_t size;
};

struct sl_docset {
	struct sl_doc *at; /* all zeros: free */
	size_t n, cap;
};

/* The key of a text. */
void sl_doc_key(const char *text, uint8_t *ret);
/* Lent until the next put; NULL: it is not there. */
struct sl_doc *sl_docset_find(
    const struct sl_docset *set, const uint8_t key[SL_DOC_KEY]);
/* Puts it there, over one with the same key. */
void sl_docset_put(struct sl_docset *set, const struct sl_doc *doc);
void sl_docset_free(struct sl_docset *set);

#endif
