/*
 * `identify`: what kind of files these are, many at a time, for archivists who
 * have no Sluse but a folder of files.
 *
 * Files are looked at in locked children, as on the road, but some share one:
 * all that is asked about in one run comes from one hand. Here are only the
 * names, the order, and the columns.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../pronom/pronom.h"
#include "../query/query.h"
#include "cli.h"
#include "crew.h"
#include "dry.h"

#define BATCH 2000u
#define MANY 120u /* files that share a child */
#define NAMES_MAX 3800u
#define PATHS_MAX 20000000u

struct row {
	const char *path, *name;
	int fd;
	struct stat st;
	bool told;
	uint8_t basis;
	char mime[129], puid[65], format[257], warnings[513], error[65];
};

struct run {
	const struct sl_cli *cli;
	struct sl_dry dry;
	struct sl_pronom *table;
	char **path;
	size_t n, cap, batch;
	int out;
	enum sl_exit code;
};

/* -- which files --------------------------------------------------------------
 */

/* nftw hands no argument on. */
static struct run *walking;

static void
add_path(struct run *r, const char *path)
{
	r->path = sl_grow(r->path, &r->cap, r->n + 1, sizeof(*r->path));
	r->path[r->n++] = sl_strdup(path);
}

static int
on_path(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	struct run *r = walking;

	if (kind == FTW_DNR || kind == FTW_NS)
		r->code = sl_say(SL_EXIT_INPUT, "%s: cannot read", path);
	if (kind == FTW_D && at->level > 0 && !r->cli->recurse)
		return FTW_SKIP_SUBTREE;
	if (kind == FTW_F && S_ISREG(st->st_mode)) {
		if (r->n >= PATHS_MAX)
			return FTW_STOP;
		add_path(r, path);
	}
	return FTW_CONTINUE;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
find_paths(struct run *r)
{
	struct stat st;
	size_t from;
	int i;

	walking = r;
	for (i = 0; i < r->cli->args; i++) {
		from = r->n;
		if (stat(r->cli->arg[i], &st) != 0 || !S_ISDIR(st.st_mode)) {
			add_path(r, r->cli->arg[i]);
			continue;
		}
		if (nftw(r->cli->arg[i], on_path, 64,
			FTW_PHYS | FTW_ACTIONRETVAL) != 0)
			r->code = sl_say(SL_EXIT_INPUT,
			    "%s: cannot be walked through", r->cli->arg[i]);
		if (r->n - from > 1)
			qsort(r->path + from, r->n - from, sizeof(*r->path),
			    by_name);
	}
	walking = NULL;
}

/* -- asking
 * -------------------------------------------------------------------- */

static void
open_row(struct run *r, struct row *w, const char *path)
{
	const char *slash = strrchr(path, '/');

	memset(w, 0, sizeof(*w));
	w->path = path;
	w->name = slash != NULL ? slash + 1 : path;
	w->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (w->fd >= 0 && fstat(w->fd, &w->st) == 0 && S_ISREG(w->st.st_mode))
		return;
	r->code = sl_say(SL_EXIT_INPUT, "%s: %s", path,
	    w->fd < 0 ? strerror(errno) : "this is not a plain file");
	(void)snprintf(w->error, sizeof(w->error), "file_unreadable");
	sl_cleanup_close(&w->fd);
	w->fd = -1;
}

/* Some files for one child. */
struct group {
	size_t row[MANY], n;
	int more[MANY];
	struct sl_buf names;
};

struct asking {
	struct row *row;
	struct group *group;
};

static void
on_record(void *arg, struct sl_crew_job *j, const struct sl_msg *m)
{
	struct asking *a = arg;
	const struct group *g = &a->group[j->tag];
	const struct sl_msg_r_part *p = &m->r_part;
	struct row *w;

	if (m->type != SL_MSG_R_PART || p->part >= g->n)
		return;
	w = &a->row[g->row[p->part]];
	w->told = true;
	w->basis = p->basis;
	(void)sl_slice_copy(p->mime, w->mime, sizeof(w->mime));
	(void)sl_slice_copy(p->puid, w->puid, sizeof(w->puid));
	(void)sl_slice_copy(p->format, w->format, sizeof(w->format));
	(void)sl_slice_copy(p->warnings, w->warnings, sizeof(w->warnings));
	(void)sl_slice_copy(p->reason, w->error, sizeof(w->error));
}

/* Files that have no answer yet, at most `many` to a child. Result: groups. */
static size_t
make_groups(struct row *row, size_t n, size_t many, struct group *group)
{
	size_t i, k, groups = 0;
	struct group *g = NULL;

	for (i = 0; i < n; i++) {
		if (row[i].fd < 0 || row[i].told)
			continue;
		k = strlen(row[i].name);
		if (g == NULL || g->n >= many || g->names.n + k > NAMES_MAX) {
			g = &group[groups++];
			g->n = 0;
			sl_buf_reset(&g->names);
		}
		if (g->n > 0) {
			sl_buf_add(&g->names, "", 1);
			g->more[g->n - 1] = row[i].fd;
		}
		sl_buf_add(&g->names, row[i].name, k);
		g->row[g->n++] = i;
	}
	return groups;
}

static struct sl_crew_job
job_of(struct run *r, const struct row *row, const struct group *g, size_t tag)
{
	const struct row *first = &row[g->row[0]];
	struct sl_crew_job j = {.task = sl_dry_task(&r->dry, SL_TASK_OPEN, ""),
	    .input = first->fd,
	    .out = r->out,
	    .more = g->more,
	    .more_n = g->n - 1,
	    .tag = tag};

	j.task.flags = SL_TASK_IDENTIFY_ONLY;
	if (g->n > 1 || r->cli->pronom_only)
		j.task.flags |= SL_TASK_MANY;
	if (r->cli->pronom_only)
		j.task.flags |= SL_TASK_PRONOM_ONLY;
	j.task.name = sl_slice_buf(&g->names);
	j.task.size = (uint64_t)first->st.st_size;
	return j;
}

/* SL_OK too if single files failed: that stands in their rows. */
static enum sl_rc
ask(struct run *r, struct row *row, size_t n, size_t many, struct sl_err *err)
{
	static struct group group[BATCH];
	static struct sl_crew_job job[BATCH];
	struct asking a = {row, group};
	size_t i, groups = make_groups(row, n, many, group);
	struct row *w;
	enum sl_rc rc;

	for (i = 0; i < groups; i++)
		job[i] = job_of(r, row, &group[i], i);
	rc = sl_crew_run(
	    r->dry.crew, SL_ROLE_WORK, job, groups, on_record, &a, err);
	for (i = 0; i < groups && many == 1; i++) {
		w = &row[group[i].row[0]];
		if (w->told || job[i].rc == SL_OK)
			continue;
		(void)snprintf(w->error, sizeof(w->error), "%s", job[i].reason);
	}
	return rc;
}

/* -- telling
 * -------------------------------------------------------------------- */

/* What the table says of the only PUID; NULL if there is none, or several. */
static const struct sl_pronom_format *
format_of(const struct run *r, const char *puid)
{
	return *puid != '\0' && strchr(puid, ',') == NULL
		   ? sl_pronom_find(r->table, puid)
		   : NULL;
}

static void
json_list(struct sl_buf *b, const char *key, const char *list)
{
	size_t n;
	bool first = true;

	sl_buf_printf(b, ", \"%s\": [", key);
	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (!first)
			sl_buf_add_str(b, ", ");
		first = false;
		sl_text_json(b, list, n);
	}
	sl_buf_add_char(b, ']');
}

static void
json_text(struct sl_buf *b, const char *key, const char *s)
{
	sl_buf_printf(b, ", \"%s\": ", key);
	if (*s == '\0')
		sl_buf_add_str(b, "null");
	else
		sl_text_json(b, s, strlen(s));
}

static void
print_json(const struct run *r, const struct row *w)
{
	const struct sl_pronom_format *f = format_of(r, w->puid);
	SL_BUF struct sl_buf b = {0}, path = {0};

	sl_text_display(&path, w->path, strlen(w->path));
	sl_buf_add_str(&b, "{\"path\": ");
	sl_text_json(&b, path.p, path.n);
	json_text(&b, "mime", w->mime);
	json_text(&b, "format", w->format);
	json_list(&b, "puid", w->puid);
	json_text(&b, "name", f != NULL ? f->name : "");
	json_text(&b, "version", f != NULL ? f->version : "");
	json_text(&b, "basis", sl_basis_name(w->basis));
	json_list(&b, "warnings", w->warnings);
	json_list(&b, "accepted", f != NULL ? f->accepted : "");
	json_text(&b, "pronom", sl_pronom_version(r->table));
	json_text(&b, "error", w->error);
	(void)printf("%s}\n", sl_buf_str(&b));
}

static void
print_plain(const struct row *w)
{
	const char *s;

	sl_query_show_text(stdout, w->path);
	(void)printf(": %s", w->mime[0] != '\0' ? w->mime : "?");
	for (s = w->puid; *s != '\0'; s++)
		(void)printf("%s%c", s == w->puid ? " " : "", *s);
	(void)printf(" (%s)", sl_basis_name(w->basis));
	if (w->warnings[0] != '\0')
		(void)printf(" %s", w->warnings);
	if (w->error[0] != '\0')
		(void)printf(" %s", w->error);
	(void)putchar('\n');
}

static void
csv(struct sl_buf *b, const char *s)
{
	sl_text_csv(b, s, strlen(s));
	sl_buf_add_char(b, ',');
}

/* "extension_mismatch,macro" as "extension mismatch; macro". */
static void
csv_warnings(struct sl_buf *b, const struct row *w)
{
	SL_BUF struct sl_buf one = {0};
	const char *s;

	if (w->puid[0] == '\0')
		sl_buf_add_str(&one, "no match");
	if (w->puid[0] == '\0' && w->warnings[0] != '\0')
		sl_buf_add_str(&one, "; ");
	for (s = w->warnings; *s != '\0'; s++) {
		if (*s == ',')
			sl_buf_add_str(&one, "; ");
		else
			sl_buf_add_char(&one, *s == '_' ? ' ' : *s);
	}
	csv(b, sl_buf_str(&one));
}

static void
csv_row(const struct run *r, const struct row *w, const char *puid)
{
	const struct sl_pronom_format *f = format_of(r, puid);
	const char *dot = strrchr(w->name, '.');
	SL_BUF struct sl_buf b = {0}, path = {0};
	char when[64] = "";
	struct tm tm;

	sl_text_display(&path, w->path, strlen(w->path));
	csv(&b, sl_buf_str(&path));
	sl_buf_printf(&b, "%" PRIu64 ",", (uint64_t)w->st.st_size);
	if (w->fd >= 0 && gmtime_r(&w->st.st_mtim.tv_sec, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	csv(&b, when);
	csv(&b, w->error);
	csv(&b, "pronom");
	csv(&b, *puid != '\0' ? puid : "UNKNOWN");
	csv(&b, f != NULL ? f->name : "");
	csv(&b, f != NULL ? f->version : "");
	csv(&b, f != NULL ? f->mime : "");
	csv(&b, ""); /* the class is not in the signature files */
	csv(&b, *puid != '\0' ? sl_basis_name(w->basis) : "");
	csv_warnings(&b, w);
	csv(&b, dot != NULL ? dot + 1 : "");
	csv(&b, f != NULL ? f->accepted : "");
	csv(&b, w->mime);
	csv(&b, sl_pronom_version(r->table));
	b.p[b.n - 1] = '\0';
	(void)puts(b.p);
}

/* One row a PUID, as Siegfried has it. */
static void
print_csv(const struct run *r, const struct row *w)
{
	const char *s = w->puid;
	char one[65];
	size_t n;

	if (*s == '\0')
		csv_row(r, w, "");
	for (; *s != '\0'; s += n + (s[n] == ',')) {
		n = strcspn(s, ",");
		(void)snprintf(one, sizeof(one), "%.*s", (int)n, s);
		csv_row(r, w, one);
	}
}

static void
print_row(struct run *r, const struct row *w)
{
	if (r->cli->csv)
		print_csv(r, w);
	else if (r->cli->json)
		print_json(r, w);
	else
		print_plain(w);
	if (w->error[0] != '\0' && r->code == SL_EXIT_OK)
		r->code = SL_EXIT_FOUND;
}

/* -- all of it
 * ----------------------------------------------------------------- */

static enum sl_rc
do_batch(struct run *r, size_t from, struct sl_err *err)
{
	static struct row row[BATCH];
	size_t n = r->n - from < r->batch ? r->n - from : r->batch, i;
	enum sl_rc rc;

	for (i = 0; i < n; i++)
		open_row(r, &row[i], r->path[from + i]);
	/* A child that dies takes its other files along: they are asked once
	 * more, one by one. */
	rc = ask(r, row, n, MANY, err);
	if (rc == SL_OK)
		rc = ask(r, row, n, 1, err);
	for (i = 0; i < n; i++) {
		if (rc == SL_OK)
			print_row(r, &row[i]);
		sl_cleanup_close(&row[i].fd);
	}
	return rc;
}

/* How many files may be open at once. */
static size_t
batch_size(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return MANY;
	l.rlim_cur = l.rlim_max < BATCH + 64 ? l.rlim_max : BATCH + 64;
	if (setrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur < MANY + 64)
		return MANY;
	return (size_t)l.rlim_cur - 64;
}

static void
do_all(struct run *r)
{
	struct sl_err err;
	size_t i;

	r->out = memfd_create("sluse-out", MFD_CLOEXEC);
	find_paths(r);
	if (r->cli->csv)
		(void)puts("filename,filesize,modified,errors,namespace,id,"
			   "format,version,mime,class,basis,warning,"
			   "extension,accepted,type,pronom");
	for (i = 0; i < r->n; i += r->batch)
		if (do_batch(r, i, &err) != SL_OK) {
			r->code = sl_say(SL_EXIT_INTERNAL, "%s", err.text);
			break;
		}
	for (i = 0; i < r->n; i++)
		free(r->path[i]);
	free(r->path);
	sl_cleanup_close(&r->out);
}

/* It loads the table while we do. */
static void
start_work(struct run *r)
{
	char libexec[4096];
	struct sl_err err;

	r->code = sl_cli_libexec(libexec, sizeof(libexec));
	if (r->code != SL_EXIT_OK)
		return;
	r->batch = batch_size(); /* it may have as many open */
	r->dry.crew =
	    sl_crew_new(libexec, r->cli->pronom_only ? "pronom" : "identify");
	if (sl_crew_start(r->dry.crew, SL_ROLE_WORK, &err) != SL_OK ||
	    sl_pronom_open(&r->table, &err) != SL_OK)
		r->code = sl_say(SL_EXIT_INTERNAL, "%s", err.text);
}

int
sl_cmd_identify(const struct sl_cli *c)
{
	struct run r = {.cli = c, .out = -1};
	struct sl_config *cfg = NULL;

	if (c->csv && c->json)
		return sl_say(SL_EXIT_USAGE,
		    "identify prints a table (--csv) or JSON (--json), not "
		    "both");
	r.code = sl_cli_config(c, &cfg);
	if (r.code == SL_EXIT_OK)
		start_work(&r);
	if (r.code == SL_EXIT_OK) {
		(void)signal(SIGPIPE, SIG_IGN);
		r.dry.cfg = cfg;
		do_all(&r);
	}
	sl_crew_free(r.dry.crew);
	sl_pronom_free(r.table);
	sl_config_free(cfg);
	return r.code;
}
