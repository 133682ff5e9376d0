/*
 * What a child of a worker tells, as one stream: whatever it is, slused does
 * not stop, and the database holds what the records may say.
 *
 * The first byte says which kind of task it is of, and how far that is; then
 * come packets, each behind its length in two bytes.
 */
#include <sys/socket.h>

#include "../../daemon/base/log.h"
#include "../../daemon/engine/engine.h"
#include "../../daemon/store/db.h"
#include "fuzz.h"

#define KIND 7u /* enum sl_task_kind */
#define FRESH 8u /* the original is not told yet */
#define COPY_ONLY 16u
#define ROUNDS 200 /* until the store is made anew */
#define PAGE_FROM 2u
#define PAGES 3u

static struct world {
	struct sl_engine e;
	char root[64];
	int64_t consignment;
	unsigned rounds;
	int number;
} w;

static void
leave(void)
{
	sl_store_close(w.e.store);
	(void)sl_remove_tree(AT_FDCWD, w.root);
	w.e.store = NULL;
	w.rounds = 0;
}

/* Nothing is ever committed, so that it costs no disk. */
static void
enter(void)
{
	static const char conf[] =
	    "[instance]\nname = T\ndecrypt_keys = k\nconverter = /bin/true\n"
	    "[limits]\npages_max = 500\noutput_max = 1M\nunpacked_max = "
	    "1M\nmember_max = 1M\n"
	    "[queue Q]\nkind = incoming\n";
	struct sl_consignment c = {
	    .stage = SL_STAGE_received, .dispo = SL_DISPO_ready};
	struct sl_err err = {0};

	if (w.rounds++ == ROUNDS)
		leave();
	if (w.e.store != NULL)
		return;
	if (w.e.loop == NULL) {
		sl_log_open("fuzz", SL_LOG_CRIT);
		FUZZ_CHECK(sl_config_parse("/etc/sluse/sluse.conf", conf,
			       sizeof(conf) - 1, &w.e.cfg, &err) == SL_OK);
		w.e.loop = sl_loop_new();
		(void)atexit(leave);
	}
	(void)snprintf(w.root, sizeof(w.root), "/tmp/sluse-fuzz-XXXXXX");
	FUZZ_CHECK(mkdtemp(w.root) != NULL);
	FUZZ_CHECK(sl_store_open(w.root, "sluse.example/M", &w.e.store, &err) ==
		   SL_OK);
	(void)snprintf(c.ulid, sizeof(c.ulid), "01J00000000000000000000000");
	(void)snprintf(c.queue, sizeof(c.queue), "Q");
	FUZZ_CHECK(sl_consignment_insert(
		       w.e.store, &c, sl_slice_str("brev"), &err) == SL_OK);
	w.consignment = c.id;
	w.number = 0;
}

static void
source_make(struct sl_job_source *s, unsigned flags)
{
	struct sl_err err = {0};

	s->original_fd = fuzz_fd("abc", 3);
	s->have_original = (flags & FRESH) == 0;
	s->size = 3;
	s->row.size = 3;
	s->row.consignment = w.consignment;
	s->row.number = ++w.number;
	memset(s->row.sha256.b, w.number % 251, sizeof(s->row.sha256.b));
	memcpy(s->row.sha256.b, &w.number, sizeof(w.number));
	FUZZ_CHECK(sl_source_insert(w.e.store, &s->row, sl_slice_str("brev"),
		       &err) == SL_OK);
}

/* Of a task that is not the first: what that one told. */
static void
source_opened(struct sl_job_source *s, struct sl_task *t)
{
	struct sl_msg_r_part m = {.role = SL_PART_DOCUMENT, .size = 3};
	struct sl_err err = {0};

	s->part_ids = sl_alloc(sizeof(*s->part_ids));
	s->part = sl_alloc(sizeof(*s->part));
	s->mime = sl_alloc(sizeof(*s->mime));
	s->parts = s->parts_cap = 1;
	s->opened = true;
	FUZZ_CHECK(sl_part_put(w.e.store, s->row.id, &m, &s->row.sha256,
		       &s->part_ids[0], &err) == SL_OK);
	t->page_from = PAGE_FROM;
	t->page_count = t->kind == SL_TASK_OCR ? 1 : PAGES;
	t->out = sl_outfile_new(sl_store_files(w.e.store));
	if (!sl_sealed_is(t))
		return;
	s->sealed = sl_alloc(SL_SEALED_MAX * sizeof(*s->sealed));
	s->sealed[s->sealed_n++] = (struct sl_sealed){.kind = t->kind};
}

static int64_t
rows(const struct sl_task *t, const char *sql)
{
	return sl_db_int(
	    sl_store_db(w.e.store), -1, sql, "i", t->job->src[0].row.id);
}

#define OF_SOURCE " part IN (SELECT id FROM part WHERE source = ?1)"
#define NO_SLUG(column) " AND " column " GLOB '*[^a-z0-9_]*'"

static void
promises(const struct sl_task *t)
{
	uint64_t told = t->kind == SL_TASK_OPEN
			    ? (uint64_t)t->next_part * SL_PAGES_A_TASK
			    : t->page_count;
	int64_t want = t->kind == SL_TASK_OPEN ? t->next_part : 1;
	int64_t parts = rows(t, "SELECT count(*) FROM part WHERE source = ?1");

	FUZZ_CHECK(!w.e.fatal);
	FUZZ_CHECK(t->rc != SL_REJECT || t->got_end);
	FUZZ_CHECK(strspn(t->reason, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
		   strlen(t->reason));
	/* The last one may have been refused. */
	FUZZ_CHECK(parts <= want && parts + (t->rc == SL_REJECT) >= want);
	FUZZ_CHECK(
	    rows(t, "SELECT count(*) FROM part WHERE source = ?1" NO_SLUG(
			"ifnull(reason, '')")) == 0);
	FUZZ_CHECK(rows(t, "SELECT count(*) FROM part WHERE source = ?1"
			   " AND number > 0 AND parent >= number") == 0);
	FUZZ_CHECK(rows(t, "SELECT ifnull(sum(size), 0) FROM part WHERE"
			   " source = ?1 AND number > 0") <=
		   (int64_t)w.e.cfg->limits.output_max_bytes);
	FUZZ_CHECK(rows(t, "SELECT count(*) FROM page WHERE" OF_SOURCE) <=
		   (int64_t)told);
	FUZZ_CHECK(rows(t, "SELECT count(*) FROM page WHERE" OF_SOURCE
			   " AND (number >= 500 OR length(text) > 2097152"
			   " OR length(boxes) > 4194304)") == 0);
	FUZZ_CHECK(rows(t, "SELECT count(*) FROM page WHERE" OF_SOURCE NO_SLUG(
			       "ifnull(reason, '')")) == 0);
	FUZZ_CHECK(rows(t, "SELECT count(*) FROM note WHERE" OF_SOURCE NO_SLUG(
			       "slug")) == 0);
	if (t->kind != SL_TASK_OPEN)
		FUZZ_CHECK(rows(t, "SELECT count(*) FROM page WHERE" OF_SOURCE
				   " AND number NOT BETWEEN 2 AND 4") == 0);
}

static void
feed(struct sl_task *t, int fd, const uint8_t *p, size_t n)
{
	size_t size;

	while (n >= 2 && !t->eof && !w.e.fatal) {
		size = (size_t)p[0] | (size_t)p[1] << 8;
		p += 2;
		n -= 2;
		if (size > n)
			size = n;
		if (size == 0 || send(fd, p, size, MSG_NOSIGNAL) < 0)
			return;
		sl_result_readable(t, SL_LOOP_READ);
		p += size;
		n -= size;
	}
}

static void
job_end(struct sl_job *j)
{
	struct sl_job_source *s = &j->src[0];

	while (w.e.waiting != NULL)
		sl_task_free(w.e.waiting);
	sl_cleanup_close(&s->original_fd);
	free(s->part_ids);
	free(s->part);
	free(s->mime);
	free(s->sealed);
	FUZZ_CHECK(j->tasks_open == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sl_job_source src[2] = {
	    {.original_fd = -1}, {.original_fd = -1}};
	struct sl_job j = {.e = &w.e, .src = src, .src_n = 2};
	struct sl_task *t;
	unsigned kind;
	int pair[2];

	if (n == 0)
		return 0;
	enter();
	kind = 1 + (p[0] & KIND) % SL_TASK_CONVERT;
	source_make(&src[0], p[0]);
	j.c.id = w.consignment;
	(void)snprintf(j.c.reception, sizeof(j.c.reception), "M26-000001-3");
	t = sl_task_new(&j, (enum sl_task_kind)kind, 0);
	t->copy_only = kind == SL_TASK_OPEN && (p[0] & COPY_ONLY) != 0;
	if (kind != SL_TASK_OPEN)
		source_opened(&src[0], t);
	FUZZ_CHECK(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) == 0);
	t->result = sl_chan_new(pair[0], true);
	feed(t, pair[1], p + 1, n - 1);
	promises(t);
	(void)close(pair[1]);
	if (!t->eof)
		sl_result_readable(t, SL_LOOP_READ);
	FUZZ_CHECK(t->eof && !w.e.fatal);
	sl_task_free(t);
	job_end(&j);
	return 0;
}
