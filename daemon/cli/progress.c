#include "progress.h"

#include <dirent.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/ulid.h"
#include "../intake/names.h"
#include "../query/query.h"

#define QUIET_LOOKS 4 /* in a row */
#define SOON_MS 5000 /* what is due later does not count as under way */
#define BAR 24

struct sl_watch_run {
	const char *root;
	const struct sl_config *cfg;
	bool show, terminal, told;
	struct sl_store *s; /* NULL until there is a database */
	int64_t since, started_ms, changed_ms;
	struct sl_progress last;
	unsigned left, quiet;
	char line[256];
};

struct sl_watch_run *
sl_watch_run_new(const char *root, const struct sl_config *cfg, bool show)
{
	struct sl_watch_run *w = sl_alloc(sizeof(*w));

	w->root = root;
	w->cfg = cfg;
	w->show = show;
	w->terminal = isatty(STDOUT_FILENO) == 1;
	w->started_ms = w->changed_ms = sl_clock_boot_ms();
	if (sl_store_open_read(root, &w->s, NULL) == SL_OK)
		w->since = sl_query_last(w->s);
	else
		w->s = NULL;
	return w;
}

void
sl_watch_run_free(struct sl_watch_run *w)
{
	if (w == NULL)
		return;
	sl_store_close(w->s);
	free(w);
}

/* -- the inlets -------------------------------------------------------- */

static bool
ignored(const struct sl_queue_config *q, const char *name)
{
	size_t i;

	for (i = 0; i < q->ignore.n; i++)
		if (fnmatch(q->ignore.item[i], name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

static DIR *
open_below(const struct sl_watch_run *w, const struct sl_queue_config *q,
    const char *name)
{
	SL_FREE char *path =
	    q->path[0] == '/' ? sl_asprintf("%s/%s", q->path, name)
			      : sl_asprintf("%s/%s/%s", w->root, q->path, name);

	return opendir(path);
}

/* Things dropped that nobody has claimed, and claims without a row. */
static unsigned
count_left(struct sl_watch_run *w, const struct sl_queue_config *q)
{
	struct sl_consignment c;
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	d = open_below(w, q, sl_face_name(SL_FACE_INBOX, q->language));
	while (d != NULL && (e = readdir(d)) != NULL)
		n += !ignored(q, e->d_name) && strcmp(e->d_name, ".") != 0 &&
		     strcmp(e->d_name, "..") != 0;
	if (d != NULL)
		(void)closedir(d);
	d = open_below(w, q, ".sluse");
	while (d != NULL && (e = readdir(d)) != NULL)
		n += sl_ulid_valid(e->d_name) &&
		     !sl_consignment_by_ulid(w->s, e->d_name, &c);
	if (d != NULL)
		(void)closedir(d);
	return n;
}

/* -- the line -------------------------------------------------------------- */

static void
add_bar(char *out, size_t cap, const struct sl_progress *p)
{
	unsigned full = (unsigned)(p->pages_read * BAR / p->pages), i;
	char bar[BAR + 1];

	for (i = 0; i < BAR; i++)
		bar[i] = i < full ? '#' : '-';
	bar[BAR] = '\0';
	(void)snprintf(out, cap, "  %s [%s] %" PRIu64 "/%" PRIu64 " page%s",
	    p->reading, bar, p->pages_read, p->pages, p->pages == 1 ? "" : "s");
}

static void
show(struct sl_watch_run *w, const struct sl_progress *p)
{
	static const enum sl_stage gates[] = {SL_STAGE_received,
	    SL_STAGE_unpacked, SL_STAGE_identified, SL_STAGE_read,
	    SL_STAGE_placed, SL_STAGE_prepared, SL_STAGE_delivered};
	char line[256] = "", part[128];
	unsigned passed = 0, k;
	size_t n = 0, i;

	for (i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		for (passed = 0, k = gates[i] / 10; k < 16; k++)
			passed += p->stage[k];
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s %u  ",
		    sl_stage_name((int)gates[i]), passed);
	}
	(void)snprintf(line + n, sizeof(line) - n, "| held %u  stopped %u",
	    p->held, p->broken + p->quarantined);
	part[0] = '\0';
	if (p->pages > 0 && p->pages_read < p->pages)
		add_bar(part, sizeof(part), p);
	n = strlen(line);
	(void)snprintf(line + n, sizeof(line) - n, "%s", part);
	if (strcmp(line, w->line) == 0)
		return;
	memcpy(w->line, line, sizeof(line));
	(void)printf(w->terminal ? "\r\033[K%s" : "%s\n", line);
	(void)fflush(stdout);
}

bool
sl_watch_run_look(struct sl_watch_run *w)
{
	int64_t now = sl_clock_boot_ms(), patience;
	struct sl_progress p;
	unsigned left = 0;
	size_t i;

	if (w->s == NULL && sl_store_open_read(w->root, &w->s, NULL) != SL_OK) {
		w->s = NULL;
		return false;
	}
	if (sl_query_progress(w->s, sl_clock_utc_ms() + SOON_MS, &p, NULL) !=
	    SL_OK)
		return false;
	for (i = 0; i < w->cfg->queue_n; i++)
		left += count_left(w, &w->cfg->queue[i]);
	if (memcmp(&p, &w->last, sizeof(p)) != 0 || left != w->left) {
		w->told = w->told && p.total == w->last.total && p.ready == 0;
		w->changed_ms = now;
	}
	w->last = p;
	w->left = left;
	if (w->show)
		show(w, &p);
	/* Something in an inlet that is never taken must not keep us for
	 * ever: after two sweeps without a change it counts as left there. */
	patience = w->cfg->instance.settle_ms + 2 * w->cfg->instance.sweep_ms;
	if (p.ready > 0 || p.due > 0 ||
	    (left > 0 && now - w->changed_ms < patience))
		w->quiet = 0;
	else
		w->quiet++;
	return w->quiet >= QUIET_LOOKS;
}

bool
sl_watch_run_news(struct sl_watch_run *w)
{
	bool news = w->quiet >= QUIET_LOOKS && !w->told;

	if (news)
		w->told = true;
	return news;
}

/* -- the summary --------------------------------------------------------------
 */

static void
print_group(const json_t *sum, const char *key, const char *title, bool each)
{
	const json_t *rows = json_object_get(sum, key), *o;
	const char *s;
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	(void)printf("  %-11s %zu\n", title, json_array_size(rows));
	if (!each)
		return;
	json_array_foreach(rows, i, o)
	{
		(void)printf(
		    "    %-16s ", json_string_value(json_object_get(o, "id")));
		s = json_string_value(json_object_get(o, "name"));
		sl_query_show_text(stdout, s != NULL ? s : "");
		s = json_string_value(json_object_get(o, "reason_text"));
		if (s == NULL)
			s = json_string_value(json_object_get(o, "outcome"));
		(void)printf(": %s", s != NULL ? s : "");
		s = json_string_value(json_object_get(o, "owner"));
		(void)printf(s != NULL ? " (%s)\n" : "\n", s);
	}
}

static void
print_places(const struct sl_watch_run *w)
{
	const struct sl_queue_config *q;
	const struct sl_target_config *t;
	size_t i;

	for (i = 0; i < w->cfg->queue_n; i++) {
		q = &w->cfg->queue[i];
		(void)printf("  receipts    %s%s%s/%s\n",
		    q->path[0] == '/' ? "" : w->root,
		    q->path[0] == '/' ? "" : "/", q->path,
		    sl_face_name(SL_FACE_RECEIPTS, q->language));
	}
	(void)printf("  journal     %s/db/sluse.db (sluse --root %s journal "
		     "list)\n",
	    w->root, w->root);
	for (i = 0; i < w->cfg->target_n; i++) {
		t = &w->cfg->target[i];
		(void)printf(
		    "  delivered   to %s at %s\n", t->name, t->base_url);
	}
}

void
sl_watch_run_summary(struct sl_watch_run *w)
{
	json_t *sum;

	if (w->s == NULL)
		return;
	sum = sl_query_summary(w->s, w->since);
	if (w->show && w->terminal)
		(void)printf("\r\033[K");
	w->line[0] = '\0';
	(void)printf("\nAll is quiet after %.1f s.\n",
	    (double)(sl_clock_boot_ms() - w->started_ms) / 1000);
	if (json_integer_value(json_object_get(sum, "received")) == 0)
		(void)printf("  Nothing new was received.\n");
	else
		(void)printf("  %-11s %" JSON_INTEGER_FORMAT "\n", "received",
		    json_integer_value(json_object_get(sum, "received")));
	print_group(sum, "delivered", "delivered", false);
	print_group(sum, "duplicates", "known before", true);
	print_group(sum, "closed", "closed", true);
	print_group(sum, "held", "held", true);
	print_group(sum, "stopped", "stopped", true);
	print_group(sum, "waiting", "waiting", true);
	if (w->left > 0)
		(void)printf("  %-11s %u, not taken: not whole yet? (sluse "
			     "--root %s status)\n",
		    "dropped", w->left, w->root);
	print_places(w);
	(void)fflush(stdout);
	json_decref(sum);
}
