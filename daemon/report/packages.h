/*
 * Control totals that packages bring with them: how many files a package says
 * it holds (antallFiler of an arkivmelding), or how many its description names
 * (SvarInn's list), against the files that came with that description.
 */
#ifndef SL_REPORT_PACKAGES_H
#define SL_REPORT_PACKAGES_H

#include "snap.h"
#include "table.h"

#define SL_PACKAGES_TOLD 100u /* that differ, one by one */

struct sl_packages {
	struct sl_package_seen {
		uint32_t part, consignment; /* ids */
	} * seen;
	size_t n, cap;
};

/* A part that describes a package. */
void sl_packages_note(
    struct sl_packages *p, uint32_t part, uint32_t consignment);
/* Below the table: how many packages tell of their files, what they say and
 * what came, and each that differs by its reception number. */
enum sl_rc sl_packages_tell(const struct sl_packages *p,
    const struct sl_snap *s, struct sl_rep *r, struct sl_err *err);
void sl_packages_free(struct sl_packages *p);

#endif
