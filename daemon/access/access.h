/*
 * Who may do what: roles of persons, verbs, and the one table of both.
 *
 * Pure: says what the table says and knows no file, socket or journal. The
 * rows are verbs.def and roles.def; the manual's table in slused(8) comes from
 * the same rows. Who is who, groups.h tells.
 */
#ifndef SL_ACCESS_ACCESS_H
#define SL_ACCESS_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#define SL_DUTY(name, nb, en) SL_DUTY_##name,
enum sl_duty {
#include "roles.def"
	SL_DUTIES,
};
#undef SL_DUTY
/* Those that groups give. */
#define SL_DUTIES_GIVEN ((size_t)SL_DUTY_owner)

#define SL_VERB(name, ...) SL_VERB_##name,
enum sl_verb {
#include "verbs.def"
	SL_VERBS,
};
#undef SL_VERB

/* In rising order. */
enum sl_may {
	SL_MAY_no,
	SL_MAY_bare, /* without names, titles, text */
	SL_MAY_glass, /* bare, and in full with a reason that is journaled */
	SL_MAY_two, /* once a second person approves */
	SL_MAY_yes,
};

/* "archivist"; NULL for no duty. */
const char *sl_duty_name(enum sl_duty duty);
/* "release-quarantined"; NULL for no verb. */
const char *sl_verb_name(enum sl_verb verb);
/* SL_VERBS for an unknown name. */
enum sl_verb sl_verb_by_name(const char *name);
bool sl_verb_changes(enum sl_verb verb);

/* What the table says of one duty. */
enum sl_may sl_access_cell(enum sl_verb verb, enum sl_duty duty);
/* The best of all duties (bits 1 << enum sl_duty); an auditor who does not own
 * the instance changes nothing. *ret_as: the duty that it comes from, where
 * the result is not SL_MAY_no. */
enum sl_may sl_access_may(
    enum sl_verb verb, unsigned duties, enum sl_duty *ret_as);
/* "archivist,operator", or "-" for none; out holds >= 80 bytes. */
void sl_duties_text(unsigned duties, char *out, size_t n);

#endif
