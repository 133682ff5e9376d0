/* See the header. */
#include "formats.h"

#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../pronom/pronom.h"
#include "../query/query.h"

struct sl_pronom *
sl_formats_open(const struct sl_cli *c)
{
	SL_FREE char *own = sl_path_below(c->root, "pronom/table.tsv");
	struct sl_pronom *t = NULL;
	struct sl_err err;

	(void)setenv("SLUSE_PRONOM", own, 0);
	return sl_pronom_open(&t, &err) == SL_OK ? t : NULL;
}

void
sl_formats_add(const struct sl_pronom *t, json_t *row)
{
	const struct sl_pronom_format *f;
	json_t *d, *puids;
	const char *puid;
	size_t i;

	json_array_foreach(json_object_get(row, "documents"), i, d)
	{
		puids = json_object_get(d, "puid");
		puid = json_string_value(json_array_get(puids, 0));
		f = json_array_size(puids) == 1 && puid != NULL
			? sl_pronom_find(t, puid)
			: NULL;
		if (f != NULL)
			(void)json_object_set_new(
			    d, "accepted", sl_query_words(f->accepted));
	}
}
