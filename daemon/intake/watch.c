/*
 * inotify: one descriptor for all inlets. Everything here is a hint; whatever
 * is lost (overflow, no watches left, a folder made anew) the sweep finds.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "../base/log.h"
#include "../base/mem.h"
#include "inlet_p.h"

#define EVENTS                                                                 \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB |                \
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct sl_watcher {
	int fd;
	struct sl_watch *watch;
	sl_timer_fn *wake;
	void *arg;
	struct sl_inlet **inlets;
	size_t n, cap;
};

static struct sl_inlet *
by_wd(struct sl_watcher *w, int wd)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->inlets[i]->wd == wd)
			return w->inlets[i];
	return NULL;
}

static void
take_event(struct sl_watcher *w, const struct inotify_event *e)
{
	struct sl_inlet *in;
	size_t i;

	if ((e->mask & IN_Q_OVERFLOW) != 0) {
		for (i = 0; i < w->n; i++)
			sl_inlet_hint(w->inlets[i], NULL);
		return;
	}
	in = by_wd(w, e->wd);
	if (in == NULL)
		return;
	if ((e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED |
			   IN_UNMOUNT)) != 0) {
		in->gone = true;
		in->wd = -1;
		sl_inlet_hint(in, NULL);
	} else if ((e->mask & IN_MOVED_TO) != 0 && e->len > 0) {
		sl_inlet_hint(in, e->name);
	} else {
		sl_inlet_hint(in, NULL);
	}
}

static void
on_events(void *arg, unsigned events)
{
	struct sl_watcher *w = arg;
	_Alignas(struct inotify_event) char b[16384];
	ssize_t n, at;
	struct inotify_event e;

	(void)events;
	while ((n = read(w->fd, b, sizeof(b))) > 0) {
		for (at = 0; at + (ssize_t)sizeof(e) <= n;
		     at += (ssize_t)(sizeof(e) + e.len)) {
			memcpy(&e, b + at, sizeof(e));
			take_event(
			    w, (const struct inotify_event *)(void *)(b + at));
		}
	}
	w->wake(w->arg);
}

struct sl_watcher *
sl_watcher_new(struct sl_loop *l, sl_timer_fn *wake, void *arg)
{
	struct sl_watcher *w = sl_alloc(sizeof(*w));

	w->wake = wake;
	w->arg = arg;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd >= 0)
		w->watch = sl_loop_watch(l, w->fd, SL_LOOP_READ, on_events, w);
	return w;
}

void
sl_watcher_free(struct sl_watcher *w)
{
	if (w == NULL)
		return;
	sl_watch_end(w->watch);
	sl_cleanup_close(&w->fd);
	free(w->inlets);
	free(w);
}

void
sl_watcher_add(struct sl_watcher *w, struct sl_inlet *in)
{
	char path[64];
	size_t i;

	for (i = 0; i < w->n && w->inlets[i] != in; i++)
		;
	if (i == w->n) {
		w->inlets = sl_grow(
		    w->inlets, &w->cap, w->n + 1, sizeof(struct sl_inlet *));
		w->inlets[w->n++] = in;
	}
	in->wd = -1;
	if (w->fd < 0 || in->network)
		return;
	/* By descriptor: the folder we hold, not what its path now names. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", in->inbox);
	in->wd = inotify_add_watch(w->fd, path, EVENTS);
	in->no_watches = in->wd < 0;
	if (in->wd < 0)
		sl_log(SL_LOG_WARNING, "intake",
		    "no inotify watch, polling instead errno=\"%d\"", errno);
}

void
sl_watcher_remove(struct sl_watcher *w, struct sl_inlet *in)
{
	size_t i;

	if (in->wd >= 0)
		(void)inotify_rm_watch(w->fd, in->wd);
	in->wd = -1;
	for (i = 0; i < w->n; i++)
		if (w->inlets[i] == in)
			w->inlets[i--] = w->inlets[--w->n];
}
