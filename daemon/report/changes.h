/*
 * What a person or the house decided, as the sporingslogg has it: events held
 * to replaced of registry/events.def. An index of migration 005 leads to them.
 */
#ifndef SL_REPORT_CHANGES_H
#define SL_REPORT_CHANGES_H

#include "table.h"

struct sl_rep_change {
	int event;
	int64_t time_ms;
	int64_t consignment, entry; /* ids; 0: none */
	char actor[64];
	char reason[64]; /* of held; "" if its payload was erased */
};
typedef enum sl_rc sl_rep_change_fn(
    void *arg, const struct sl_rep_change *c, struct sl_err *err);
/* In the order of the log. Reasons stand apart, and are read if wanted. */
enum sl_rc sl_rep_changes(struct sl_store *s, bool reasons,
    sl_rep_change_fn *fn, void *arg, struct sl_err *err);

#endif
