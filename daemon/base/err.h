/*
 * Results and reasons, shared by every room.
 *
 * enum sl_rc says what to do next, in rising order of gravity; struct sl_err
 * says why. A function that can fail takes a struct sl_err * last and fills it
 * only on failure. Modules never log: the job loop logs the record once.
 */
#ifndef SL_BASE_ERR_H
#define SL_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sl_rc {
	SL_OK = 0,
	SL_SKIP = 10, /* nothing to do here; go on with the next */
	SL_RETRY = 20, /* passing fault: the machine tries again */
	SL_HOLD = 30, /* a person must choose */
	SL_REJECT = 40, /* hostile or against a limit: quarantine */
	SL_BROKEN = 50, /* cannot be read, now or later */
	SL_FATAL = 60, /* this program must stop (disk, database, own bug) */
};

struct sl_err {
	enum sl_rc rc;
	int sys; /* errno, or 0 */
	const char *reason; /* static slug from registry/reasons.def */
	char text[256]; /* for people; holds no personal data */
};

/* Fill *err (may be NULL) and return rc. sys is errno or 0. */
enum sl_rc sl_err_set(struct sl_err *err, enum sl_rc rc, int sys,
    const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Puts "what: " (a file's name) before the text; result: err->rc. */
enum sl_rc sl_err_of(struct sl_err *err, const char *what);

/* Name of a result for logs: "ok", "retry" ... never NULL. */
const char *sl_rc_name(enum sl_rc rc);

#endif
