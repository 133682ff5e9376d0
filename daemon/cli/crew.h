/*
 * Sluse's programs without an instance: started beside us, given tasks over a
 * socket pair as slused would.
 */
#ifndef SL_CLI_CREW_H
#define SL_CLI_CREW_H

#include "../base/err.h"
#include "../wire/roles.h"
#include "../wire/wire.h"

struct sl_crew;

/* libexec: the folder of the programs. only: what sluse-work is started for,
 * as its option --only has it; NULL: everything. Both lent for the call. The
 * result is the caller's. */
struct sl_crew *sl_crew_new(const char *libexec, const char *only);
/* Starts the program of that role if it was not, and does not wait for it. */
enum sl_rc sl_crew_start(
    struct sl_crew *c, enum sl_role role, struct sl_err *err);
/* Hangs up and waits for the programs; NULL is fine. */
void sl_crew_free(struct sl_crew *c);
/* The connection to the program of that role, started at its first use; the
 * crew's. SL_FATAL: it cannot be started or comes from another build. */
enum sl_rc sl_crew_program(struct sl_crew *c, enum sl_role role,
    struct sl_chan **ret, struct sl_err *err);
/* Tasks a program runs at once. */
unsigned sl_crew_slots(void);

/* A task and what became of it. Descriptors are lent. */
struct sl_crew_job {
	struct sl_msg_task task;
	int input, out;
	int trust; /* behind them with SL_TASK_TRUST */
	const int *more; /* SL_TASK_MANY: further inputs */
	size_t more_n;
	size_t tag; /* the caller's */
	/* results: rc SL_OK, or why it did not end well */
	enum sl_rc rc;
	char reason[64], detail[256];
	/* inside */
	struct sl_chan *result;
	bool sent, end, closed, ended;
};
/* A record of a child: hostile, lives for the call. */
typedef void sl_crew_fn(
    void *arg, struct sl_crew_job *job, const struct sl_msg *m);
/* Runs all jobs on the program of role. A job that fails says so in itself;
 * SL_FATAL: the program is gone. */
enum sl_rc sl_crew_run(struct sl_crew *c, enum sl_role role,
    struct sl_crew_job *job, size_t n, sl_crew_fn *fn, void *arg,
    struct sl_err *err);

#endif
