/*
 * The faults of a configuration, and what the sections say of each other. For
 * this room.
 */
#ifndef SL_CONFIG_CHECK_H
#define SL_CONFIG_CHECK_H

#include "rows.h"

struct sl_faults {
	const char *where;
	struct sl_err *err; /* gets the first */
	sl_config_fault_fn *tell; /* or NULL */
	void *arg;
	size_t n;
	bool lost; /* a section line is at fault: one may be missing */
	struct {
		const struct sl_section *section; /* or NULL */
		const struct sl_row *row; /* or NULL */
	} at[SL_CONFIG_FAULTS_MAX];
};

/* One more; takes text over. line: 0 = of no line. Always SL_FATAL, so that it
 * can be returned. */
enum sl_rc sl_fault_add(struct sl_faults *f, const struct sl_section *section,
    const struct sl_row *row, unsigned line, char *text);
/* Is there one in that section, or of that row (NULL: any) in it? */
bool sl_fault_is_in(const struct sl_faults *f, const struct sl_section *section,
    const struct sl_row *row);

/* What one value alone cannot tell, and what follows from other values. What is
 * at fault already is not looked at again. */
void sl_config_check_all(struct sl_config *c, struct sl_faults *f);

#endif
