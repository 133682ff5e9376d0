/*
 * Marks, timers, and who wants which face.
 *
 * A change only notes the consignment; a moment later the noted ones are looked
 * up once and their faces made, renewed or cleared away, for a few milliseconds
 * at a time. FAILURES: a share that cannot be written is complained of and
 * left; what was missed is made at the next change or start. Nothing here is
 * read back as truth but what people wrote.
 */
#include "faces_p.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "facefile.h"
#include "words.h"

#define WORK_MS 150 /* a change may gather others before it is shown */
#define SLICE_MS 10 /* then so long at a time */
#define WATCH_MS 2500
#define MARKED_MAX 200000u

bool
sl_faces_failed(const struct sl_faces *f)
{
	return f->house.failed(f->house.arg);
}

struct sl_inlet *
sl_faces_inlet(struct sl_faces *f, const char *queue)
{
	size_t i;

	for (i = 0; i < f->house.inlets_n; i++)
		if (strcmp(sl_inlet_queue(f->house.inlets[i])->name, queue) ==
		    0)
			return f->house.inlets[i];
	return NULL;
}

unsigned
sl_faces_language(const struct sl_inlet *in)
{
	return sl_inlet_queue(in)->language;
}

const char *
sl_faces_owner(unsigned language, const struct sl_reason *r)
{
	enum sl_owner o = r != NULL ? r->owner : SL_OWNER_RECORDS;

	return language == SL_LANGUAGE_EN ? sl_owner_name(o) : sl_owner_nb(o);
}

void
sl_faces_complain(struct sl_faces *f, const char *subject, const char *what)
{
	int sys = errno;
	int64_t now = sl_clock_boot_ms();

	if (f->complained_ms != 0 && now - f->complained_ms < 60000)
		return;
	f->complained_ms = now;
	sl_log(SL_LOG_WARNING, subject, "%s error=\"%s\"", what, strerror(sys));
}

int
sl_faces_dir(struct sl_faces *f, struct sl_inlet *in, enum sl_face face)
{
	int top = sl_inlet_dir(in), fd = -1;

	if (top >= 0)
		fd =
		    sl_face_dir(top, sl_face_name(face, sl_faces_language(in)));
	if (fd < 0)
		sl_faces_complain(f, "faces", "cannot open a queue's folder");
	return fd;
}

static bool
is_held(const struct sl_face_item *it)
{
	return it->entry != 0 && it->dispo == SL_DISPO_held;
}

static bool
is_stopped(const struct sl_face_item *it)
{
	return it->dispo == SL_DISPO_quarantined ||
	       it->dispo == SL_DISPO_broken ||
	       (it->entry == 0 && it->dispo == SL_DISPO_held);
}

static enum sl_rc
show_item(void *arg, const struct sl_face_item *it, struct sl_err *err)
{
	struct sl_faces *f = arg;
	struct sl_inlet *in = sl_faces_inlet(f, it->queue);
	size_t i;

	if (in == NULL)
		return SL_OK; /* its queue is not configured any more */
	for (i = 0; i < f->held_n; i++)
		if (f->held[i].consignment == it->consignment &&
		    f->held[i].entry == it->entry && is_held(it))
			f->held[i].stale = false;
	for (i = 0; i < f->stopped_n; i++)
		if (f->stopped[i].consignment == it->consignment &&
		    f->stopped[i].entry == it->entry && is_stopped(it))
			f->stopped[i].stale = false;
	sl_days_mark(f, in, it->received_ms);
	if (is_held(it))
		return sl_held_make(f, it, err);
	if (is_stopped(it))
		return sl_stopped_make(f, it, err);
	return SL_OK;
}

static void
clear_stale(struct sl_faces *f)
{
	size_t i;

	for (i = f->held_n; i-- > 0;) {
		if (!f->held[i].stale)
			continue;
		sl_held_clear(f, &f->held[i]);
		f->held[i] = f->held[--f->held_n];
	}
	for (i = f->stopped_n; i-- > 0;) {
		if (!f->stopped[i].stale)
			continue;
		sl_stopped_clear(f, &f->stopped[i]);
		f->stopped[i] = f->stopped[--f->stopped_n];
	}
}

static void
show_consignment(struct sl_faces *f, int64_t id)
{
	struct sl_err err;
	bool any = false;
	enum sl_rc rc;
	size_t i;

	for (i = 0; i < f->held_n; i++)
		any |= f->held[i].stale = f->held[i].consignment == id;
	for (i = 0; i < f->stopped_n; i++)
		any |= f->stopped[i].stale = f->stopped[i].consignment == id;
	rc = sl_face_items(f->house.store, id, show_item, f, &err);
	if (rc != SL_OK)
		f->house.fail(f->house.arg, &err);
	else if (any)
		clear_stale(f);
}

static int
by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
on_work(void *arg)
{
	struct sl_faces *f = arg;
	int64_t until = sl_clock_boot_ms() + SLICE_MS;
	size_t i;

	if (sl_faces_failed(f))
		return;
	if (f->marked_at == 0 && f->marked_n > 1)
		qsort(f->marked, f->marked_n, sizeof(*f->marked), by_id);
	for (i = f->marked_at; i < f->marked_n && !sl_faces_failed(f); i++) {
		if (i > f->marked_at && f->marked[i] == f->marked[i - 1])
			continue;
		show_consignment(f, f->marked[i]);
		if (sl_clock_boot_ms() >= until) {
			i++;
			break;
		}
	}
	f->marked_n -= i;
	memmove(f->marked, f->marked + i, f->marked_n * sizeof(*f->marked));
	if (f->marked_n > 0)
		sl_timer_set(f->work, 1);
	if (f->held_n > 0)
		sl_timer_pull(f->watch, f->watch_ms);
	sl_days_work(f);
}

static void
on_watch(void *arg)
{
	struct sl_faces *f = arg;

	if (sl_faces_failed(f) || (f->held_n == 0 && f->refused_n == 0))
		return;
	sl_held_watch(f);
	sl_refused_watch(f);
	sl_timer_set(f->watch, f->watch_ms);
}

static void
on_days(void *arg)
{
	struct sl_faces *f = arg;

	if (!sl_faces_failed(f))
		sl_days_work(f);
}

void
sl_faces_changed(struct sl_faces *f, int64_t consignment)
{
	if (f == NULL ||
	    (f->marked_n > 0 && f->marked[f->marked_n - 1] == consignment))
		return;
	if (f->marked_n >= MARKED_MAX)
		return; /* made at the next start */
	f->marked = sl_grow(
	    f->marked, &f->marked_cap, f->marked_n + 1, sizeof(*f->marked));
	f->marked[f->marked_n++] = consignment;
	sl_timer_pull(f->work, WORK_MS);
}

void
sl_faces_refused(struct sl_faces *f, struct sl_inlet *in, const char *name,
    const char *reason, const char *closed)
{
	if (f != NULL)
		sl_stopped_refused(f, in, name, reason, closed);
}

static void
mark(void *arg, int64_t consignment)
{
	sl_faces_changed(arg, consignment);
}

/* What an earlier run left in a queue's folders. */
static void
take_over(struct sl_faces *f, struct sl_inlet *in)
{
	SL_CLOSE int receipts = sl_faces_dir(f, in, SL_FACE_RECEIPTS);

	if (receipts < 0)
		return; /* complained of; at the next start */
	sl_held_adopt(f, in);
	sl_stopped_sweep(f, in);
}

void
sl_faces_found(struct sl_faces *f, struct sl_inlet *in)
{
	if (f == NULL)
		return;
	take_over(f, in);
	sl_face_open(f->house.store, mark, f);
	if (f->held_n > 0)
		sl_timer_pull(f->watch, f->watch_ms);
}

struct sl_faces *
sl_faces_start(const struct sl_faces_house *house)
{
	struct sl_faces *f = sl_alloc(sizeof(*f));
	size_t i;

	f->house = *house;
	f->watch_ms = WATCH_MS;
	f->work = sl_loop_timer(house->loop, on_work, f);
	f->watch = sl_loop_timer(house->loop, on_watch, f);
	f->days = sl_loop_timer(house->loop, on_days, f);
	for (i = 0; i < house->inlets_n; i++)
		take_over(f, house->inlets[i]);
	sl_face_open(f->house.store, mark, f);
	sl_days_start(f);
	if (f->held_n > 0)
		sl_timer_pull(f->watch, f->watch_ms);
	return f;
}

void
sl_faces_stop(struct sl_faces *f)
{
	if (f == NULL)
		return;
	while (!sl_faces_failed(f) && f->marked_n > 0)
		on_work(f);
	if (!sl_faces_failed(f))
		sl_days_finish(f);
	sl_timer_end(f->work);
	sl_timer_end(f->watch);
	sl_timer_end(f->days);
	free(f->marked);
	free(f->held);
	free(f->stopped);
	free(f->refused);
	free(f->list);
	free(f->writing);
	free(f);
}
