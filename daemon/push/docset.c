#include "docset.h"

#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"

void
sl_doc_key(const char *text, uint8_t *ret)
{
	struct sl_digest d;

	sl_sha256(text, strlen(text), &d);
	memcpy(ret, d.b, SL_DOC_KEY);
}

static int
is_free(const struct sl_doc *d)
{
	static const uint8_t none[SL_DOC_KEY];

	return memcmp(d->key, none, SL_DOC_KEY) == 0;
}

/* The place of the key, or the free one where it goes. */
static struct sl_doc *
place(const struct sl_docset *set, const uint8_t *key)
{
	uint64_t h;
	size_t i;

	memcpy(&h, key, sizeof(h));
	for (i = (size_t)h & (set->cap - 1);; i = (i + 1) & (set->cap - 1))
		if (is_free(&set->at[i]) ||
		    memcmp(set->at[i].key, key, SL_DOC_KEY) == 0)
			return &set->at[i];
}

struct sl_doc *
sl_docset_find(const struct sl_docset *set, const uint8_t key[SL_DOC_KEY])
{
	struct sl_doc *d = set->cap > 0 ? place(set, key) : NULL;

	return d == NULL || is_free(d) ? NULL : d;
}

static void
grow(struct sl_docset *set)
{
	struct sl_docset more = {.n = set->n};
	size_t i;

	more.cap = set->cap > 0 ? set->cap * 2 : 64;
	more.at = sl_alloc(more.cap * sizeof(*more.at));
	for (i = 0; i < set->cap; i++)
		if (!is_free(&set->at[i]))
			*place(&more, set->at[i].key) = set->at[i];
	free(set->at);
	*set = more;
}

void
sl_docset_put(struct sl_docset *set, const struct sl_doc *doc)
{
	struct sl_doc *d;

	if ((set->n + 1) * 3 > set->cap * 2)
		grow(set);
	d = place(set, doc->key);
	if (is_free(d))
		set->n++;
	*d = *doc;
}

void
sl_docset_free(struct sl_docset *set)
{
	free(set->at);
	*set = (struct sl_docset){0};
}
