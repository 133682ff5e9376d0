#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "mem.h"

struct sl_watch {
	struct sl_loop *loop;
	struct sl_watch *next, **prev;
	int fd;
	bool dead;
	sl_watch_fn *fn;
	void *arg;
};

struct sl_timer {
	struct sl_loop *loop;
	struct sl_timer *next, **prev;
	int64_t at; /* boot ms, or -1: not running */
	bool dead;
	sl_timer_fn *fn;
	void *arg;
};

struct sl_loop {
	int ep;
	bool stop, again;
	uint64_t rounds;
	struct sl_watch *watches;
	struct sl_timer *timers;
	sl_timer_fn *after;
	void *after_arg;
};

struct sl_loop *
sl_loop_new(void)
{
	struct sl_loop *l = sl_alloc(sizeof(*l));

	l->ep = epoll_create1(EPOLL_CLOEXEC);
	assert(l->ep >= 0);
	return l;
}

void
sl_loop_after(struct sl_loop *l, sl_timer_fn *fn, void *arg)
{
	l->after = fn;
	l->after_arg = arg;
}

static uint32_t
to_epoll(unsigned events)
{
	return ((events & SL_LOOP_READ) != 0 ? (uint32_t)EPOLLIN : 0) |
	       ((events & SL_LOOP_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0);
}

struct sl_watch *
sl_loop_watch(
    struct sl_loop *l, int fd, unsigned events, sl_watch_fn *fn, void *arg)
{
	struct sl_watch *w = sl_alloc(sizeof(*w));
	struct epoll_event ev = {.events = to_epoll(events), .data.ptr = w};
	int rc;

	*w = (struct sl_watch){.loop = l, .fd = fd, .fn = fn, .arg = arg};
	rc = epoll_ctl(l->ep, EPOLL_CTL_ADD, fd, &ev);
	assert(rc == 0);
	(void)rc;
	w->next = l->watches;
	w->prev = &l->watches;
	if (w->next != NULL)
		w->next->prev = &w->next;
	l->watches = w;
	return w;
}

void
sl_watch_set(struct sl_watch *w, unsigned events)
{
	struct epoll_event ev = {.events = to_epoll(events), .data.ptr = w};

	(void)epoll_ctl(w->loop->ep, EPOLL_CTL_MOD, w->fd, &ev);
}

void
sl_watch_end(struct sl_watch *w)
{
	if (w == NULL || w->dead)
		return;
	(void)epoll_ctl(w->loop->ep, EPOLL_CTL_DEL, w->fd, NULL);
	w->dead = true; /* freed by the loop: its event may be pending */
}

struct sl_timer *
sl_loop_timer(struct sl_loop *l, sl_timer_fn *fn, void *arg)
{
	struct sl_timer *t = sl_alloc(sizeof(*t));

	*t = (struct sl_timer){.loop = l, .at = -1, .fn = fn, .arg = arg};
	t->next = l->timers;
	t->prev = &l->timers;
	if (t->next != NULL)
		t->next->prev = &t->next;
	l->timers = t;
	return t;
}

void
sl_timer_set(struct sl_timer *t, int64_t ms)
{
	t->at = sl_clock_boot_ms() + (ms > 0 ? ms : 0);
}

void
sl_timer_pull(struct sl_timer *t, int64_t ms)
{
	int64_t at = sl_clock_boot_ms() + (ms > 0 ? ms : 0);

	if (t->at < 0 || at < t->at)
		t->at = at;
}

void
sl_timer_stop(struct sl_timer *t)
{
	t->at = -1;
}

void
sl_timer_end(struct sl_timer *t)
{
	if (t == NULL)
		return;
	t->at = -1;
	t->dead = true;
}

static void
sweep(struct sl_loop *l)
{
	struct sl_watch *w, *wn;
	struct sl_timer *t, *tn;

	for (w = l->watches; w != NULL; w = wn) {
		wn = w->next;
		if (!w->dead)
			continue;
		*w->prev = wn;
		if (wn != NULL)
			wn->prev = w->prev;
		free(w);
	}
	for (t = l->timers; t != NULL; t = tn) {
		tn = t->next;
		if (!t->dead)
			continue;
		*t->prev = tn;
		if (tn != NULL)
			tn->prev = t->prev;
		free(t);
	}
}

static int
next_wait(const struct sl_loop *l)
{
	int64_t now = sl_clock_boot_ms(), best = -1, left;
	const struct sl_timer *t;

	if (l->again)
		return 0;
	for (t = l->timers; t != NULL; t = t->next) {
		if (t->at < 0)
			continue;
		left = t->at > now ? t->at - now : 0;
		if (best < 0 || left < best)
			best = left;
	}
	return best > 3600000 ? 3600000 : (int)best;
}

static void
run_timers(struct sl_loop *l)
{
	int64_t now = sl_clock_boot_ms();
	struct sl_timer *t;

	for (t = l->timers; t != NULL; t = t->next) {
		if (t->at < 0 || t->at > now || t->dead)
			continue;
		t->at = -1;
		t->fn(t->arg);
	}
}

static unsigned
from_epoll(uint32_t e)
{
	return ((e & (uint32_t)EPOLLIN) != 0 ? SL_LOOP_READ : 0) |
	       ((e & (uint32_t)EPOLLOUT) != 0 ? SL_LOOP_WRITE : 0) |
	       ((e & (uint32_t)(EPOLLHUP | EPOLLERR)) != 0 ? SL_LOOP_HANGUP
							   : 0);
}

void
sl_loop_run(struct sl_loop *l)
{
	struct epoll_event ev[64];
	struct sl_watch *w;
	int i, n;

	l->stop = false;
	while (!l->stop) {
		n = next_wait(l);
		l->again = false;
		n = epoll_wait(l->ep, ev, 64, n);
		assert(n >= 0 || errno == EINTR);
		l->rounds++;
		for (i = 0; i < n; i++) {
			w = ev[i].data.ptr;
			if (!w->dead)
				w->fn(w->arg, from_epoll(ev[i].events));
		}
		run_timers(l);
		if (l->after != NULL)
			l->after(l->after_arg);
		sweep(l);
	}
}

void
sl_loop_stop(struct sl_loop *l)
{
	l->stop = true;
}

void
sl_loop_again(struct sl_loop *l)
{
	l->again = true;
}

uint64_t
sl_loop_rounds(const struct sl_loop *l)
{
	return l->rounds;
}

void
sl_loop_free(struct sl_loop *l)
{
	struct sl_watch *w;
	struct sl_timer *t;

	if (l == NULL)
		return;
	for (w = l->watches; w != NULL; w = w->next)
		w->dead = true;
	for (t = l->timers; t != NULL; t = t->next)
		t->dead = true;
	sweep(l);
	(void)close(l->ep);
	free(l);
}
