/*
 * Journalposter as a table, by the forms of reports.
 */
#ifndef SL_DEPOT_LIST_H
#define SL_DEPOT_LIST_H

#include "../form/form.h"
#include "elements.h"
#include "posts.h"

#define SL_LIST_CREATORS 1000u
#define SL_LIST_OPEN_MAX 200000u /* restanser that are sorted */

struct sl_jlist {
	struct sl_posts posts; /* sorted */
	struct sl_screen screen;
	bool restanser;
	bool assessed; /* selected by offentlighetsvurdertDato */
	const char *from, *to; /* as written; NULL */
	int64_t from_day, to_day;
	const char *format;
	unsigned lang;
	json_t *creators;
};

/* To standard output. */
enum sl_rc sl_list_write(struct sl_jlist *l, struct sl_err *err);

#endif
