/*
 * The tenant's list of passwords for encrypted post: one a line, tried in
 * order. It travels to a task as the lines themselves; what the task took apart
 * it wipes at its end, which is its process's.
 */
#ifndef SL_BASE_PASSWORDS_H
#define SL_BASE_PASSWORDS_H

#include <sys/types.h>
#include <time.h>

#include "err.h"
#include "text.h"

#define SL_PASSWORDS_BYTES 4096u /* of the whole list */
#define SL_PASSWORDS_MAX 32u

struct sl_passwords {
	char lines[SL_PASSWORDS_BYTES + 1]; /* each ends in a NUL once split */
	const char *item[SL_PASSWORDS_MAX]; /* into lines */
	size_t n;
};

/* Takes lines apart; empty ones and what is beyond the limits is left out
 * (false then). ret is overwritten. */
bool sl_passwords_split(struct sl_slice lines, struct sl_passwords *ret);
/* Overwrites it. */
void sl_passwords_wipe(struct sl_passwords *p);

/* A file of such lines that is looked at again when it has changed. */
struct sl_password_file {
	const char *path; /* the caller's */
	struct timespec changed;
	uint64_t ino, size, looked_ms;
	size_t n;
	char lines[SL_PASSWORDS_BYTES];
};
/* What stands in the file now (boot_ms: at most one look a second). Empty if
 * there is no such file. SL_REJECT, once for each change, where it is open to
 * others, too long or no file (config_invalid): then it counts as empty.
 * SL_RETRY (disk_error): the machine fails; what was read before stays until
 * the next look. */
enum sl_rc sl_password_file_read(struct sl_password_file *f, uint64_t boot_ms,
    struct sl_slice *ret, struct sl_err *err);

/* Would it be taken by who runs as owner? Nothing is read. SL_SKIP: there is
 * none; SL_REJECT: it would not; SL_RETRY (disk_error): nobody can tell now. */
enum sl_rc sl_password_file_check(
    const char *path, uid_t owner, struct sl_err *err);

#endif
