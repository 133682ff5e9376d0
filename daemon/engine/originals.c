/*
 * Originals that are not in the store any more: somebody removed them behind
 * slused's back, or its disk came back empty. Nothing can be read of them, and
 * nothing is tried by itself: they come back by a person only, who then says
 * so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "engine.h"

#define NEWEST 100 /* are looked for whenever somebody asks */

/* As long as nobody mends it. Short of descriptors says nothing of it. */
static bool
is_gone(struct sl_files *f, const struct sl_digest *d)
{
	SL_CLOSE int fd = sl_files_open_blob(f, d);

	return fd < 0 && sl_error_stays(errno);
}

size_t
sl_originals_gone(
    struct sl_engine *e, int64_t consignment, char *detail, size_t cap)
{
	size_t i, gone = 0, n = sl_source_list(e->store, consignment, NULL, 0);
	struct sl_source *rows = sl_alloc((n + 1) * sizeof(*rows));
	struct sl_files *f = sl_store_files(e->store);
	char name[SL_BLOB_NAME], more[32] = "";
	const struct sl_source *first = NULL;

	(void)sl_source_list(e->store, consignment, rows, n);
	for (i = 0; i < n; i++) {
		if (!is_gone(f, &rows[i].sha256))
			continue;
		first = gone++ == 0 ? &rows[i] : first;
	}
	if (gone > 0) {
		sl_files_blob_name(&first->sha256, name);
		if (gone > 1)
			(void)snprintf(
			    more, sizeof(more), " and %zu more", gone - 1);
		(void)snprintf(detail, cap, "store/sha256/%s%s", name, more);
	}
	free(rows);
	return gone;
}

size_t
sl_originals_newest_gone(struct sl_engine *e, size_t *ret_looked)
{
	struct sl_files *f = sl_store_files(e->store);
	struct sl_digest d[NEWEST];
	size_t i, gone = 0, n = sl_blob_newest(e->store, d, NEWEST);

	for (i = 0; i < n; i++)
		gone += is_gone(f, &d[i]);
	*ret_looked = n;
	return gone;
}

enum sl_rc
sl_originals_present(
    struct sl_engine *e, int64_t consignment, struct sl_err *err)
{
	char detail[160];

	if (sl_originals_gone(e, consignment, detail, sizeof(detail)) == 0)
		return SL_OK;
	return sl_err_set(err, SL_REJECT, 0, SL_ORIGINAL_MISSING,
	    "its original is gone from the store: put %s back from the backup "
	    "first",
	    detail);
}

enum sl_rc
sl_originals_stop(struct sl_job *j, struct sl_err *err)
{
	char detail[160];
	enum sl_rc rc;

	if (j->c.id == 0 ||
	    sl_originals_gone(j->e, j->c.id, detail, sizeof(detail)) == 0)
		return SL_SKIP;
	rc = sl_consignment_apply(j->e, &j->c, SL_CHANGE_break_,
	    SL_ORIGINAL_MISSING, detail, "slused", err);
	sl_job_free(j);
	return rc;
}
