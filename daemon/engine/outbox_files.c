/*
 * The files of a post, opened in the store for sluse-push.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/mem.h"
#include "engine.h"

static bool
open_file(struct sl_engine *e, int64_t delivery, const struct sl_document *doc,
    struct sl_outbox_file *ret)
{
	struct sl_msg_deliver_file *m = &ret->m.deliver_file;
	struct sl_files *f = sl_store_files(e->store);
	struct sl_part part;
	struct stat st;

	memset(ret, 0, sizeof(*ret));
	ret->fd = -1;
	if (!sl_part_by_id(e->store, doc->part, &part))
		return false;
	ret->m.type = SL_MSG_DELIVER_FILE;
	m->delivery = (uint64_t)delivery;
	m->rendition = (uint32_t)doc->number;
	if (part.number == 0) {
		ret->fd = sl_files_open_blob(f, &part.blob);
		if (ret->fd < 0 || fstat(ret->fd, &st) != 0)
			return false;
		m->size = (uint64_t)st.st_size;
		return true;
	}
	ret->fd = sl_files_open_bundle(f, part.blob_bundle);
	m->offset = part.offset;
	m->size = part.size;
	return ret->fd >= 0;
}

bool
sl_outbox_files(struct sl_engine *e, const struct sl_delivery *d,
    struct sl_outbox_file *files, size_t *ret_n)
{
	struct sl_document *docs = sl_alloc(SL_PUSH_FILES_MAX * sizeof(*docs));
	size_t i,
	    n = sl_document_list(e->store, d->entry, docs, SL_PUSH_FILES_MAX);
	bool ok = true;

	if (n > SL_PUSH_FILES_MAX)
		n = SL_PUSH_FILES_MAX;
	for (i = 0; i < n && ok; i++)
		ok = open_file(e, d->id, &docs[i], &files[i]);
	*ret_n = i;
	free(docs);
	return ok;
}
