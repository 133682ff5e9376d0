/*
 * What the sporingslogg costs while post comes in: the leaves of a road that
 * ran are appended once more, to a log of their own on the same disk.
 *
 *	bench_append ROOT DIR BATCH HEAD
 *
 * ROOT is the instance that ran, DIR an empty folder, BATCH how many leaves it
 * had in one commit, HEAD how many between two signatures. Commits take turns:
 * one holds a row only, as what happened does; the next holds the same row and
 * BATCH leaves with their payloads and the tree, by the calls that slused
 *makes. They lie milliseconds apart, so that a disk that is slow for a while is
 *so for either kind. The second kind has, besides, the heads that are signed
 *where it is time, and the checkpoints, after as many pages as slused has them.
 *What it takes more is summed over blocks of commits, slow syncs and all; the
 *largest and the smallest quarter of the blocks are left out, for others use
 *the disk too, and the mean of the rest is what is told.
 *
 * Prints of one leaf cpu_us and wall_us, and how many leaves, heads and
 * commits. It fails where the disk was so unsteady that leaves took less time
 * than processor time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/text.h"
#include "../../daemon/journal/leaf.h"
#include "../../daemon/store/db.h"
#include "../../daemon/store/heads.h"

#define ORIGIN "bench.kommune.no/sporingslogg"

struct event {
	int number;
	char *subject, *actor, *body;
	int64_t consignment, entry;
};

struct cost {
	double cpu, wall; /* seconds */
};

#define BLOCKS 16
#define COMMITS 1000 /* of either kind in a block */
#define TRIMMED 4 /* blocks, at either end */
#define PAGES 4000 /* between checkpoints, as in daemon/store/db.c */

struct run {
	struct sl_store *s;
	struct sl_signer *signer;
	int dir;
	struct event *event;
	size_t n, cap, batch, head, heads;
	uint64_t signed_size;
	int pages; /* of the write-ahead log */
};

static double
clock_s(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct cost
now(void)
{
	return (struct cost){
	    clock_s(CLOCK_PROCESS_CPUTIME_ID), clock_s(CLOCK_MONOTONIC)};
}

static struct cost
since(struct cost began)
{
	struct cost t = now();

	return (struct cost){t.cpu - began.cpu, t.wall - began.wall};
}

static int
by_value(const void *pa, const void *pb)
{
	const double a = *(const double *)pa, b = *(const double *)pb;

	return a < b ? -1 : a > b;
}

/* Without what stands at either end. */
static double
trimmed_mean(double *v, size_t n)
{
	double sum = 0;
	size_t i;

	qsort(v, n, sizeof(*v), by_value);
	for (i = TRIMMED; i < n - TRIMMED; i++)
		sum += v[i];
	return sum / (double)(n - 2 * TRIMMED);
}

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench_append: %s\n", what);
	exit(1);
}

static void
load(struct run *r, const char *root)
{
	SL_BUF struct sl_buf lines = {0};
	struct sl_store *road;
	sqlite3_stmt *st;
	struct sl_slice b;
	struct sl_leaf l;
	struct event *e;

	need(sl_store_open_read(root, &road, NULL) == SL_OK,
	    "no instance there");
	st = sl_db_query(sl_store_db(road),
	    "SELECT l.bytes, p.body, l.consignment, l.entry FROM leaf l"
	    " JOIN payload p ON p.seq = l.seq ORDER BY l.seq",
	    "");
	while (sl_db_row(sl_store_db(road), st)) {
		b = sl_db_blob(st, 0);
		need(sl_leaf_decode(b.p, b.n, &lines, &l, NULL) == SL_OK,
		    "a leaf is none");
		r->event =
		    sl_grow(r->event, &r->cap, r->n + 1, sizeof(*r->event));
		e = &r->event[r->n++];
		e->number = l.event;
		e->subject = sl_strdup(l.subject);
		e->actor = sl_strdup(l.actor);
		e->body = sl_strdup(sl_db_text(st, 1));
		e->consignment = sqlite3_column_int64(st, 2);
		e->entry = sqlite3_column_int64(st, 3);
	}
	sl_store_close(road);
}

/* As sign_head of daemon/engine/seal.c. */
static void
sign(struct run *r)
{
	const struct sl_tree tree = *sl_store_tree(r->s);
	struct sl_checkpoint c = {.size = tree.size, .origin = ORIGIN};
	SL_BUF struct sl_buf note = {0};

	sl_tree_root(&tree, &c.root);
	need(sl_checkpoint_sign(r->signer, &c, &note, NULL) == SL_OK &&
		 sl_write_file(r->dir, "checkpoint", note.p, note.n, 0644,
		     NULL) == SL_OK &&
		 sl_head_put(r->s, &tree, sl_buf_str(&note), NULL) == SL_OK &&
		 sl_store_commit(r->s, NULL) == SL_OK,
	    "cannot sign");
	r->signed_size = tree.size;
	r->heads++;
}

/* What happened, without a word of it in the log. */
static void
commit_bare(struct run *r, size_t at)
{
	struct sl_db *db = sl_store_db(r->s);
	char row[24];

	(void)snprintf(row, sizeof(row), "%zu", at);
	need(sl_db_run(db, NULL, "BEGIN IMMEDIATE", "") == SL_OK &&
		 sl_db_run(db, NULL,
		     "INSERT OR REPLACE INTO meta VALUES ('bench', ?1)", "s",
		     row) == SL_OK &&
		 sl_db_run(db, NULL, "COMMIT", "") == SL_OK,
	    "cannot commit");
}

static void
commit_logged(struct run *r, size_t at)
{
	const struct event *e;
	size_t i;
	char row[24];

	(void)snprintf(row, sizeof(row), "%zu", at);
	need(sl_store_meta_put(r->s, "bench", row, NULL) == SL_OK,
	    "cannot write");
	for (i = at; i < at + r->batch; i++) {
		e = &r->event[i % r->n];
		need(sl_store_log(r->s, (enum sl_event)e->number, e->subject,
			 e->actor, e->body, e->consignment, e->entry,
			 NULL) == SL_OK,
		    "cannot append");
	}
	need(sl_store_commit(r->s, NULL) == SL_OK, "cannot commit");
	if (sl_store_tree(r->s)->size - r->signed_size >= r->head)
		sign(r);
}

static int
count_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct run *r = arg;

	(void)db;
	(void)name;
	r->pages = pages;
	return SQLITE_OK;
}

static void
add_since(struct cost *sum, struct cost began, double direction)
{
	struct cost one = since(began);

	sum->cpu += direction * one.cpu;
	sum->wall += direction * one.wall;
}

/* What COMMITS with leaves take more than as many without. */
static struct cost
block(struct run *r, size_t at)
{
	sqlite3 *db = sl_db_handle(sl_store_db(r->s));
	struct cost more = {0, 0}, began;
	size_t i;

	for (i = 0; i < COMMITS; i++) {
		began = now();
		commit_bare(r, at);
		add_since(&more, began, -1);
		began = now();
		commit_logged(r, at + i * r->batch);
		if (r->pages >= PAGES)
			need(sqlite3_wal_checkpoint_v2(db, NULL,
				 SQLITE_CHECKPOINT_PASSIVE, NULL,
				 NULL) == SQLITE_OK,
			    "cannot write the log's pages back");
		add_since(&more, began, 1);
	}
	return more;
}

static void
compare(struct run *r)
{
	const size_t leaves = COMMITS * r->batch;
	double cpu[BLOCKS], wall[BLOCKS], cpu_us, wall_us;
	struct cost more;
	size_t i;

	(void)sqlite3_wal_hook(sl_db_handle(sl_store_db(r->s)), count_pages, r);
	/* What is made once is no block's. */
	commit_logged(r, 0);
	for (i = 0; i < BLOCKS; i++) {
		more = block(r, i * leaves);
		cpu[i] = more.cpu;
		wall[i] = more.wall;
	}
	cpu_us = trimmed_mean(cpu, BLOCKS) * 1e6 / (double)leaves;
	wall_us = trimmed_mean(wall, BLOCKS) * 1e6 / (double)leaves;
	(void)printf("cpu_us=%.3f wall_us=%.3f leaves=%zu heads=%zu "
		     "commits=%zu\n",
	    cpu_us, wall_us, BLOCKS * leaves, r->heads,
	    (size_t)BLOCKS * COMMITS);
	need(cpu_us >= 0 && wall_us >= cpu_us,
	    "the disk is too unsteady: less time than processor time");
}

int
main(int argc, char **argv)
{
	struct run r = {0};
	SL_BUF struct sl_buf pem = {0};
	uint64_t batch, head;

	if (argc != 5 || !sl_parse_u64(argv[3], 1, 100000, &batch) ||
	    !sl_parse_u64(argv[4], 1, 100000000, &head))
		return 2;
	r.batch = (size_t)batch;
	r.head = (size_t)head;
	load(&r, argv[1]);
	need(r.n > 0, "it has no leaves");
	r.dir = sl_open_dir(AT_FDCWD, argv[2]);
	need(
	    r.dir >= 0 && sl_signer_make(&pem, NULL) == SL_OK &&
		sl_signer_new(ORIGIN, pem.p, pem.n, &r.signer, NULL) == SL_OK &&
		sl_store_open(argv[2], ORIGIN, &r.s, NULL) == SL_OK,
	    "cannot begin a log there");
	compare(&r);
	sl_store_close(r.s);
	sl_signer_free(r.signer);
	return 0;
}
