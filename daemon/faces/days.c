/*
 * Kvitteringer: when a day's list is due, and writing it in small steps.
 *
 * A list is streamed into two temporary files, 128 consignments a step, so that
 * neither memory nor a letter that was dropped meanwhile waits for a long one.
 * The longer a list is, the rarer it is written: about one part in 150 of the
 * time goes into lists, and once more when all is quiet.
 */
#include "faces_p.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "facefile.h"

#define EVERY_MS 2000 /* never oftener */
#define FIRST_MS 300
#define SHARE 150 /* of the time a list takes, so long between two */
#define QUIET_SHARE 20
#define ROWS_A_MS 40 /* measured: about 25 us a row */
#define STEP 128 /* consignments */
#define START_DAYS 14 /* looked at again at start */
#define LISTS_MAX 4096u
#define FLUSH_BYTES 65536u
#define DAY_MS INT64_C(86400000)

struct sl_face_writing {
	size_t list;
	int dir, html, csv;
	struct sl_buf html_buf, csv_buf;
	struct sl_face_cursor at;
	struct sl_day_sums sums;
	unsigned language;
	bool bad;
};

#define HTML_PART ".list.html.part"
#define CSV_PART ".list.csv.part"

static void
set_day(struct sl_face_list *l, int64_t ms)
{
	struct sl_date d = sl_clock_oslo(ms);

	d.hour = d.minute = d.second = 0;
	l->from = sl_clock_from_oslo(&d);
	d = sl_clock_oslo(l->from + DAY_MS + DAY_MS / 2);
	d.hour = d.minute = d.second = 0;
	l->to = sl_clock_from_oslo(&d);
	sl_clock_format_day(ms, l->day, sizeof(l->day));
}

/* Drops the lists nobody has touched for long; only when there are many. */
static void
forget_clean(struct sl_faces *f)
{
	size_t i;

	if (f->writing != NULL)
		return; /* it knows its list by its place */
	for (i = f->list_n; i-- > 0;)
		if (!f->list[i].dirty)
			f->list[i] = f->list[--f->list_n];
}

void
sl_days_mark(struct sl_faces *f, struct sl_inlet *in, int64_t received_ms)
{
	struct sl_face_list *l = NULL;
	size_t i;

	for (i = 0; i < f->list_n && l == NULL; i++)
		if (f->list[i].in == in && received_ms >= f->list[i].from &&
		    received_ms < f->list[i].to)
			l = &f->list[i];
	if (l == NULL) {
		if (f->list_n >= LISTS_MAX)
			forget_clean(f);
		f->list = sl_grow(
		    f->list, &f->list_cap, f->list_n + 1, sizeof(*f->list));
		l = &f->list[f->list_n++];
		*l = (struct sl_face_list){.in = in};
		set_day(l, received_ms);
	}
	l->dirty = true;
	l->changed_ms = sl_clock_boot_ms();
}

/* Boot ms when a dirty list should be written. */
static int64_t
due_at(const struct sl_face_list *l)
{
	int64_t every = l->cost_ms * SHARE, quiet = l->cost_ms * QUIET_SHARE;
	int64_t busy, still;

	if (l->written_ms == 0)
		return l->changed_ms + FIRST_MS;
	every = every > EVERY_MS ? every : EVERY_MS;
	quiet = quiet > EVERY_MS ? quiet : EVERY_MS;
	busy = l->written_ms + every;
	still = l->changed_ms + quiet;
	if (still < l->written_ms + EVERY_MS)
		still = l->written_ms + EVERY_MS;
	return busy < still ? busy : still;
}

static bool
open_parts(struct sl_faces *f, struct sl_face_writing *w)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;

	w->dir = sl_faces_dir(f, f->list[w->list].in, SL_FACE_RECEIPTS);
	if (w->dir < 0)
		return false;
	(void)unlinkat(w->dir, HTML_PART, 0);
	(void)unlinkat(w->dir, CSV_PART, 0);
	w->html = openat(w->dir, HTML_PART, flags, SL_FACE_PAGE_MODE);
	w->csv = openat(w->dir, CSV_PART, flags, SL_FACE_PAGE_MODE);
	if (w->html < 0 || w->csv < 0)
		return false;
	(void)fchmod(w->html, SL_FACE_PAGE_MODE);
	(void)fchmod(w->csv, SL_FACE_PAGE_MODE);
	return true;
}

static void
add_head(struct sl_faces *f, struct sl_face_writing *w)
{
	const struct sl_face_list *l = &f->list[w->list];
	struct sl_day_head h = {
	    l->day, f->house.cfg->instance.name, sl_inlet_queue(l->in)->name};

	sl_day_html_head(&w->html_buf, w->language, &h, &w->sums);
}

static void
begin(struct sl_faces *f, size_t list)
{
	struct sl_face_writing *w = sl_alloc(sizeof(*w));

	w->list = list;
	w->dir = w->html = w->csv = -1;
	w->language = sl_faces_language(f->list[list].in);
	f->writing = w;
	/* What changes from now on makes it dirty again. */
	f->list[list].dirty = false;
	w->bad = !open_parts(f, w);
	add_head(f, w);
	sl_day_csv_head(&w->csv_buf, w->language);
}

static void
flush(struct sl_face_writing *w, size_t over)
{
	if (w->html_buf.n > over) {
		w->bad |=
		    sl_write_full(w->html, w->html_buf.p, w->html_buf.n) != 0;
		sl_buf_reset(&w->html_buf);
	}
	if (w->csv_buf.n > over) {
		w->bad |=
		    sl_write_full(w->csv, w->csv_buf.p, w->csv_buf.n) != 0;
		sl_buf_reset(&w->csv_buf);
	}
}

static void
add_row(void *arg, const struct sl_face_row *r)
{
	struct sl_face_writing *w = arg;
	struct sl_day_row d = {.number = r->number,
	    .name = r->name,
	    .received_ms = r->received_ms,
	    .dispo = r->dispo,
	    .outcome = r->outcome,
	    .reason = r->reason,
	    .case_number = r->case_number,
	    .target_number = r->target_number,
	    .url = r->url,
	    .duplicate_of = r->duplicate_of,
	    .pages = r->pages,
	    .ocr_pages = r->ocr_pages};

	sl_day_count(&w->sums, &d);
	sl_day_html_row(&w->html_buf, w->language, &d);
	sl_day_csv_row(&w->csv_buf, w->language, &d);
	flush(w, FLUSH_BYTES);
}

/* The sums are known now: the head is written over. */
static void
put_head(struct sl_faces *f, struct sl_face_writing *w)
{
	sl_buf_reset(&w->html_buf);
	add_head(f, w);
	if (w->html_buf.n != SL_DAY_HEAD_BYTES ||
	    pwrite(w->html, w->html_buf.p, w->html_buf.n, 0) !=
		(ssize_t)w->html_buf.n)
		w->bad = true;
}

static void
end(struct sl_faces *f)
{
	struct sl_face_writing *w = f->writing;
	struct sl_face_list *l = &f->list[w->list];
	SL_FREE char *html = sl_asprintf("%s.html", l->day);
	SL_FREE char *csv = sl_asprintf("%s.csv", l->day);

	if (!w->bad) {
		sl_day_html_end(&w->html_buf, w->language);
		flush(w, 0);
		put_head(f, w);
	}
	if (w->bad || sl_face_put_if_other(w->dir, HTML_PART, html) != 0 ||
	    sl_face_put_if_other(w->dir, CSV_PART, csv) != 0)
		sl_faces_complain(f, "faces", "cannot write a day's list");
	l->written_ms = sl_clock_boot_ms();
	l->cost_ms = (int64_t)w->sums.rows / ROWS_A_MS;
	sl_cleanup_close(&w->html);
	sl_cleanup_close(&w->csv);
	sl_cleanup_close(&w->dir);
	sl_buf_free(&w->html_buf);
	sl_buf_free(&w->csv_buf);
	free(w);
	f->writing = NULL;
}

static void
step(struct sl_faces *f)
{
	struct sl_face_writing *w = f->writing;
	const struct sl_face_list *l = &f->list[w->list];
	struct sl_err err;
	enum sl_rc rc = SL_SKIP;

	if (!w->bad)
		rc = sl_face_day(f->house.store, sl_inlet_queue(l->in)->name,
		    l->from, l->to, &w->at, STEP, add_row, w, &err);
	if (rc == SL_OK)
		return;
	if (rc == SL_FATAL) {
		f->house.fail(f->house.arg, &err);
		w->bad = true;
	}
	end(f);
}

/* The dirty list that is due first, newer days before older; -1 if none. */
static int64_t
next_due(struct sl_faces *f, size_t *ret_list)
{
	int64_t best = -1, now = sl_clock_boot_ms(), t;
	size_t i;

	for (i = 0; i < f->list_n; i++) {
		if (!f->list[i].dirty)
			continue;
		t = due_at(&f->list[i]);
		t = t < now ? now : t;
		if (best < 0 || t < best ||
		    (t == best && f->list[i].from > f->list[*ret_list].from)) {
			best = t;
			*ret_list = i;
		}
	}
	return best;
}

void
sl_days_work(struct sl_faces *f)
{
	int64_t now = sl_clock_boot_ms(), due;
	size_t list = 0;

	if (f->writing == NULL) {
		due = next_due(f, &list);
		if (due > now)
			sl_timer_pull(f->days, due - now);
		if (due < 0 || due > now)
			return;
		begin(f, list);
	}
	step(f);
	/* More of it, or another list: after what else waits. */
	sl_timer_pull(f->days, 1);
}

void
sl_days_finish(struct sl_faces *f)
{
	size_t i;

	while (f->writing != NULL && !sl_faces_failed(f))
		step(f);
	for (i = 0; i < f->list_n && !sl_faces_failed(f); i++) {
		/* Those of the start only are looked at again by the next. */
		if (!f->list[i].dirty || f->list[i].changed_ms == 0)
			continue;
		begin(f, i);
		while (f->writing != NULL)
			step(f);
	}
}

/* A kill may have lost a rewrite: the last days are looked at again, and a list
 * that is as it was is left alone. */
void
sl_days_start(struct sl_faces *f)
{
	int64_t now = sl_clock_utc_ms(), ms, to;
	size_t i;
	int n;

	for (i = 0; i < f->house.inlets_n; i++) {
		struct sl_inlet *in = f->house.inlets[i];

		to = INT64_MAX;
		for (n = 0; n < START_DAYS; n++) {
			ms = sl_face_last(f->house.store,
			    sl_inlet_queue(in)->name, now - 31 * DAY_MS, to);
			if (ms < 0)
				break;
			sl_days_mark(f, in, ms);
			f->list[f->list_n - 1].changed_ms = 0;
			to = f->list[f->list_n - 1].from;
		}
	}
	if (f->list_n > 0)
		sl_timer_pull(f->days, FIRST_MS);
}
