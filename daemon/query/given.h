/*
 * Files that who asks lends sluse-report: they were opened by him, and come
 * behind his question as a parcel (wire/parcel.h). Here they are files without
 * a name, of which only this process knows.
 */
#ifndef SL_QUERY_GIVEN_H
#define SL_QUERY_GIVEN_H

#include "../wire/parcel.h"
#include "../wire/wire.h"

#define SL_GIVEN_FILES 64u
#define SL_GIVEN_MAX ((uint64_t)1 << 30) /* bytes of all of them */
#define SL_GIVEN_PATH 32u /* bytes of a path */

struct sl_given {
	struct {
		char name[SL_PARCEL_NAME_MAX + 1];
		int fd;
	} file[SL_GIVEN_FILES];
	size_t n;
};

/* All of them; the process ends with them. leave: as sl_parcel_new. What cannot
 * be taken is read to its end all the same, so that who sends it hears why.
 * Blocks as the socket does. SL_REJECT: too many, or too much; SL_RETRY: no
 * room. */
enum sl_rc sl_given_take(struct sl_chan *from, uint64_t leave,
    struct sl_given *ret, struct sl_err *err);
/* A path that opens the file of that name anew, into ret (SL_GIVEN_PATH bytes).
 * False: it was not given. */
bool sl_given_path(const struct sl_given *g, const char *name, char *ret);

/* The other side: a file of the caller's by its path, which his rights open;
 * also a pipe. SL_BROKEN: it cannot be opened, is no file or too large; err
 * names it. */
enum sl_rc sl_given_add(struct sl_parcel *p, const char *name, const char *path,
    struct sl_err *err);

#endif
