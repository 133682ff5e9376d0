/*
 * The files of a line that is answered elsewhere: what he who asks lends, what
 * becomes of it in the service, and the folder that he makes of the answer.
 */
#ifndef SL_REPORT_LENT_H
#define SL_REPORT_LENT_H

#include "../query/byname.h"
#include "table.h"

#define SL_LENT_MAX 64u /* files of a line */
/* Bytes of a tilsynspakke that goes over the socket. */
#define SL_LENT_BUNDLE_MAX ((uint64_t)16 << 30)

/* -- who asks -------------------------------------------------------------- */
/* Opens and copies what opt names: --control, and its files where files says
 * that they are read. *ret is the caller's; NULL: there are none. SL_BROKEN:
 * one cannot be opened. */
enum sl_rc sl_lent_gather(const struct sl_rep_options *opt, bool files,
    struct sl_parcel **ret, struct sl_err *err);
/* Asks (control.h) for a tilsynspakke and writes it as sl_bundle_make does. A
 * folder that was not there is made when the first file comes. */
enum sl_rc sl_lent_bundle(struct sl_control *k, const json_t *question,
    struct sl_parcel *lent, const char *dir, struct sl_err *err);

/* -- the service ----------------------------------------------------------- */
struct sl_lent {
	char path[SL_LENT_MAX + 1][SL_GIVEN_PATH];
	const char *said[SL_LENT_MAX + 1]; /* as he calls it */
	size_t n;
};
/* Puts paths of what was given in the place of those that opt holds, also in
 * its array of files. SL_REJECT: one was not given. ret lives as long as opt is
 * used. */
enum sl_rc sl_lent_place(struct sl_lent *ret, const struct sl_given *given,
    struct sl_rep_options *opt, bool files, struct sl_err *err);
/* A text that begins with such a path gets his name for it. */
void sl_lent_rename(
    const struct sl_lent *l, const char *text, char *ret, size_t cap);

#endif
