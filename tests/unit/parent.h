/*
 * A real worker parent beside a test, with the test in slused's place.
 */
#ifndef TESTS_UNIT_PARENT_H
#define TESTS_UNIT_PARENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "../../daemon/worker/worker.h"

#define PARENT_SLOTS 5 /* what a parent that asks is told */

struct parent_proc {
	pid_t pid;
	struct sl_chan *chan; /* NULL after parent_hangup */
	unsigned slots; /* as greeted */
};

/* Forks a process that runs sl_worker_main over a socket pair; false if it
 * did not say hello. slots and degraded become options. */
bool parent_start(struct parent_proc *p, const struct sl_worker *w,
    unsigned slots, bool degraded);
/* The same with the folder of slots that it shares with others. */
bool parent_start_sharing(struct parent_proc *p, const struct sl_worker *w,
    unsigned slots, const char *host_slots);
/* The same over a socket's path; the caller accepts and calls parent_greet.
 * Result: its pid. */
pid_t parent_start_path(const struct sl_worker *w, const char *path);
bool parent_greet(struct parent_proc *p);
/* A task with limits that fit a test; names lent. */
struct sl_msg_task parent_task(uint64_t number, const char *name);
/* Sends it with the three descriptors; ret_result (may be NULL) gets our end
 * of its result socket. */
bool parent_send(struct parent_proc *p, const struct sl_msg_task *t, int input,
    int out, int *ret_result);
bool parent_cancel(struct parent_proc *p, uint64_t task);
/* The next TASK_ENDED; false at the end of the connection or after 20 s. */
bool parent_ended(struct parent_proc *p, struct sl_msg_task_ended *ret);
/* Closes our end, waits; exit status, or -signal. */
int parent_hangup(struct parent_proc *p);
/* Waits for a parent that ends by itself. */
int parent_wait(struct parent_proc *p);

#endif
