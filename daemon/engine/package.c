/*
 * The package that a consignment came as: what its descriptions say is taken
 * from the store, the plan (prepare/package.h) is made, and what follows from
 * it for the parts is written: a description that does not count is a file like
 * others, and what it said is forgotten.
 */
#include "package.h"

#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"

struct load {
	struct sl_package *k;
	size_t part_cap, named_cap;
	size_t part; /* whose named documents are being read */
};

static const char *
keep(struct sl_package *k, const char *s)
{
	return sl_arena_strndup(k->arena, s, strlen(s));
}

static enum sl_rc
take_part(void *arg, const struct sl_part *p, struct sl_err *err)
{
	struct load *l = arg;
	struct sl_package *k = l->k;
	size_t cap = l->part_cap;

	(void)err;
	k->part =
	    sl_grow(k->part, &l->part_cap, k->parts + 1, sizeof(*k->part));
	k->id = sl_grow(k->id, &cap, k->parts + 1, sizeof(*k->id));
	k->id[k->parts] = p->id;
	k->part[k->parts++] = (struct sl_pack_part){.number = p->number,
	    .parent = p->parent,
	    .role = p->role,
	    .document = sl_part_is_document(p->role, p->mime, p->reason),
	    .original = sl_part_is_original(p->role, p->mime, p->reason),
	    /* What a folder's file is called is its source's name. */
	    .name = keep(k, p->number == 0 ? p->source_name : p->name),
	    .mime = keep(k, p->mime),
	    .reader = keep(k, p->reader),
	    .reason = keep(k, p->reason),
	    .describes = keep(k, p->describes),
	    .size = p->number == 0 ? 0 : p->size,
	    .sha256 = p->sha256};
	return SL_OK;
}

static enum sl_rc
take_named(void *arg, const struct sl_named *n, struct sl_err *err)
{
	struct load *l = arg;
	struct sl_package *k = l->k;

	(void)err;
	k->named =
	    sl_grow(k->named, &l->named_cap, k->nameds + 1, sizeof(*k->named));
	k->named[k->nameds++] = (struct sl_pack_named){.part = l->part,
	    .post = n->post,
	    .main = n->main,
	    .file = keep(k, n->file),
	    .title = keep(k, n->title),
	    .type = keep(k, n->type),
	    .checks = n->checks,
	    .size = n->size,
	    .sha256 = n->sha256};
	return SL_OK;
}

static enum sl_rc
load(struct sl_engine *e, int64_t consignment, struct sl_package *k,
    struct sl_err *err)
{
	struct load l = {.k = k};
	enum sl_rc rc = sl_part_each(e->store, consignment, take_part, &l, err);

	if (rc == SL_OK)
		sl_pack_closed(k->part, k->parts);
	for (l.part = 0; l.part < k->parts && rc == SL_OK; l.part++) {
		if (*k->part[l.part].describes == '\0')
			continue;
		k->part[l.part].posts = sl_found_posts(e->store, k->id[l.part]);
		k->part[l.part].screened =
		    sl_found_screened(e->store, k->id[l.part]);
		rc =
		    sl_named_each(e->store, k->id[l.part], take_named, &l, err);
	}
	return rc;
}

/* A file like any other, whatever its reader thought of it. */
static enum sl_rc
forget(struct sl_engine *e, const struct sl_package *k, size_t i,
    struct sl_err *err)
{
	if (sl_description_drop(e->store, k->id[i], err) != SL_OK ||
	    sl_part_set_role(e->store, k->id[i], SL_PART_DOCUMENT, NULL, err) !=
		SL_OK)
		return SL_FATAL;
	return sl_note_put(e->store, k->id[i], "description_elsewhere",
	    k->part[i].describes, err);
}

static enum sl_rc
apply_mark(struct sl_engine *e, const struct sl_package *k, size_t i,
    struct sl_err *err)
{
	switch ((enum sl_pack_mark)k->plan.mark[i]) {
	case SL_PACK_ELSEWHERE:
		return forget(e, k, i, err);
	case SL_PACK_WRAPPING:
		return sl_part_set_role(
		    e->store, k->id[i], SL_PART_SIDECAR, NULL, err);
	case SL_PACK_UNNAMED:
		return sl_note_put(
		    e->store, k->id[i], "document_unnamed", "", err);
	case SL_PACK_DESCRIBES:
		return sl_note_put(e->store, k->id[i], "describes_package",
		    k->part[i].describes, err);
	case SL_PACK_NONE:
		break;
	}
	return SL_OK;
}

enum sl_rc
sl_package_load(struct sl_engine *e, int64_t consignment,
    struct sl_package **ret, struct sl_err *err)
{
	struct sl_package *k;
	enum sl_rc rc;
	size_t i;

	*ret = NULL;
	if (!sl_described_any(e->store, consignment))
		return SL_OK;
	k = sl_alloc(sizeof(*k));
	k->arena = sl_arena_new();
	rc = load(e, consignment, k, err);
	if (rc == SL_OK)
		sl_pack_make(k->part, k->parts, k->named, k->nameds, &k->plan);
	for (i = 0; i < k->parts && rc == SL_OK; i++)
		rc = apply_mark(e, k, i, err);
	for (i = 0; rc == SL_OK && k->plan.twice && i < k->parts; i++)
		if (k->plan.mark[i] == SL_PACK_DESCRIBES) {
			rc = sl_note_put(e->store, k->id[i], "package_invalid",
			    "two descriptions of one kind", err);
			break;
		}
	if (rc != SL_OK || !k->plan.described) {
		sl_package_free(k);
		return rc;
	}
	*ret = k;
	return SL_OK;
}

void
sl_package_free(struct sl_package *k)
{
	if (k == NULL)
		return;
	sl_pack_free(&k->plan);
	sl_arena_free(k->arena);
	free(k->part);
	free(k->id);
	free(k->named);
	free(k);
}
