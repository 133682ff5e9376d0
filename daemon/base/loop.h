/*
 * A small event loop: descriptors and one-shot timers, one thread.
 *
 * Handlers run one at a time. After each round of handlers `after` runs once:
 * that is where slused commits what the round has gathered.
 */
#ifndef SL_BASE_LOOP_H
#define SL_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#define SL_LOOP_READ 1u
#define SL_LOOP_WRITE 2u
#define SL_LOOP_HANGUP 4u

struct sl_loop;
struct sl_watch;
struct sl_timer;

typedef void sl_watch_fn(void *arg, unsigned events);
typedef void sl_timer_fn(void *arg);

struct sl_loop *sl_loop_new(void);
/* Ends all its watches and timers. */
void sl_loop_free(struct sl_loop *l);
void sl_loop_after(struct sl_loop *l, sl_timer_fn *fn, void *arg);

/* fd stays the caller's. Watches may end themselves in their handler. */
struct sl_watch *sl_loop_watch(
    struct sl_loop *l, int fd, unsigned events, sl_watch_fn *fn, void *arg);
void sl_watch_set(struct sl_watch *w, unsigned events);
void sl_watch_end(struct sl_watch *w);

/* Runs fn once, ms from now (boot time). NULL-safe end. */
struct sl_timer *sl_loop_timer(struct sl_loop *l, sl_timer_fn *fn, void *arg);
void sl_timer_set(struct sl_timer *t, int64_t ms);
/* Sets it only if it is not running, or would run later than that. */
void sl_timer_pull(struct sl_timer *t, int64_t ms);
void sl_timer_stop(struct sl_timer *t);
void sl_timer_end(struct sl_timer *t);

/* Until sl_loop_stop. `after` of the last round still runs. */
void sl_loop_run(struct sl_loop *l);
void sl_loop_stop(struct sl_loop *l);
/* Makes the next wait return at once: more work is ready. */
void sl_loop_again(struct sl_loop *l);
uint64_t sl_loop_rounds(const struct sl_loop *l);

#endif
