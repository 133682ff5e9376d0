/*
 * Output files of tasks: unnamed, shared by the tasks that write and read one.
 */
#include <stdlib.h>
#include <unistd.h>

#include "../base/mem.h"
#include "engine.h"

struct sl_outfile *
sl_outfile_new(struct sl_files *f)
{
	struct sl_outfile *o;
	int fd = sl_files_scratch(f);

	if (fd < 0)
		return NULL;
	o = sl_alloc(sizeof(*o));
	o->fd = fd;
	o->refs = 1;
	return o;
}

struct sl_outfile *
sl_outfile_ref(struct sl_outfile *o)
{
	if (o != NULL)
		o->refs++;
	return o;
}

void
sl_outfile_drop(struct sl_files *f, struct sl_outfile *o)
{
	if (o == NULL || --o->refs > 0)
		return;
	if (o->spoilt)
		(void)close(o->fd);
	else
		sl_files_give_back(f, o->fd);
	free(o);
}
