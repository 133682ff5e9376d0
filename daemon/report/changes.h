/*
 * Changes of disposition as the sporingslogg has them: the leaf's event, actor
 * and time with the payload beside it. Only those that say more than "went on"
 * or "was delivered": an index of migration 005 leads to them.
 */
#ifndef SL_REPORT_CHANGES_H
#define SL_REPORT_CHANGES_H

#include "table.h"

struct sl_rep_change {
	int event;
	int64_t time_ms;
	int64_t consignment, entry; /* ids; 0: none */
	char actor[64], reason[64];
	const char *payload; /* lives for the call */
};
typedef enum sl_rc sl_rep_change_fn(
    void *arg, const struct sl_rep_change *c, struct sl_err *err);
/* In the order of the log. A leaf whose payload was erased is not among
 * them. */
enum sl_rc sl_rep_changes(
    struct sl_store *s, sl_rep_change_fn *fn, void *arg, struct sl_err *err);

#endif
