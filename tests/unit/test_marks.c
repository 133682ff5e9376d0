/*
 * Roots of ranges from what heads have kept, against those of the leaves; what
 * others said of heads, and how it goes with them.
 */
#include "../../daemon/store/marks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/journal/proof.h"
#include "../../daemon/store/db.h"
#include "../../daemon/store/heads.h"
#include "test.h"

#define LEAVES 5000u

static char root[64];

static struct sl_store *
fresh(void)
{
	struct sl_store *s = NULL;
	struct sl_err err;

	(void)snprintf(root, sizeof(root), "/tmp/sluse-marks-XXXXXX");
	CHECK(mkdtemp(root) != NULL);
	CHECK_MSG(sl_store_open(root, "sluse.example/M", &s, &err) == SL_OK,
	    "%s", err.text);
	return s;
}

static void
end(struct sl_store *s)
{
	sl_store_close(s);
	(void)sl_remove_tree(AT_FDCWD, root);
}

/* That many events. */
static void
leaves(struct sl_store *s, enum sl_event event, unsigned n)
{
	struct sl_err err;

	while (n-- > 0)
		CHECK(sl_store_log(s, event, "-", "slused", "{}", 0, 0, &err) ==
		      SL_OK);
}

static void
head(struct sl_store *s)
{
	struct sl_err err;

	CHECK(sl_head_put(s, sl_store_tree(s), "note", &err) == SL_OK);
}

/* A log with a head every few leaves. */
static struct sl_store *
log_of(unsigned n, unsigned apart)
{
	struct sl_store *s = fresh();
	struct sl_err err;
	unsigned i;

	for (i = 0; i < n; i += apart) {
		leaves(s, SL_EVENT_received, i + apart > n ? n - i : apart);
		head(s);
	}
	CHECK(sl_store_commit(s, &err) == SL_OK);
	return s;
}

/* Every leaf hash, read once. */
static struct sl_digest *
hashes_of(struct sl_store *s, unsigned n)
{
	struct sl_digest *h = sl_alloc((n + 1) * sizeof(*h));
	struct sl_slice b;
	unsigned i = 0;
	sqlite3_stmt *st = sl_db_query(
	    sl_store_db(s), "SELECT bytes FROM leaf ORDER BY seq", "");

	while (sl_db_row(sl_store_db(s), st)) {
		b = sl_db_blob(st, 0);
		sl_tree_leaf_hash(b.p, b.n, &h[i++]);
	}
	CHECK(i == n);
	return h;
}

static void
root_of(const struct sl_digest *h, uint64_t start, uint64_t to,
    struct sl_digest *ret)
{
	struct sl_tree t = {0};

	while (start < to)
		sl_tree_append(&t, &h[start++]);
	sl_tree_root(&t, ret);
}

static void
check_proof(
    struct sl_store *s, const struct sl_digest *h, uint64_t old, uint64_t size)
{
	struct sl_digest node[SL_PROOF_MAX], roots[2];
	size_t n;

	root_of(h, 0, old, &roots[0]);
	root_of(h, 0, size, &roots[1]);
	CHECK_MSG(sl_proof_make(0, old, size, sl_store_range, s, node, &n) &&
		      sl_proof_consistency(old, size, roots, node, n),
	    "%llu in %llu", (unsigned long long)old, (unsigned long long)size);
}

static void
ranges(void)
{
	static const unsigned apart[] = {1, 7, 100, 1000, LEAVES};
	struct sl_digest got, want, *h;
	struct sl_store *s;
	uint64_t start, width, i;
	size_t k;

	for (k = 0; k < sizeof(apart) / sizeof(apart[0]); k++) {
		s = log_of(LEAVES, apart[k]);
		h = hashes_of(s, LEAVES);
		for (width = 1; width <= 4096; width *= 2)
			for (start = 0; start + width <= LEAVES;
			     start += width * (width < 128 ? 37 : 1)) {
				CHECK(sl_store_range(
				    s, start, start + width, &got));
				root_of(h, start, start + width, &want);
				CHECK_MSG(memcmp(&got, &want, sizeof(got)) == 0,
				    "%u: %llu+%llu", apart[k],
				    (unsigned long long)start,
				    (unsigned long long)width);
			}
		/* To the end, which is no power of two. */
		CHECK(sl_store_range(s, 4096, LEAVES, &got));
		root_of(h, 4096, LEAVES, &want);
		CHECK(memcmp(&got, &want, sizeof(got)) == 0);
		for (i = 1; i <= LEAVES; i += 83)
			check_proof(s, h, i, LEAVES);
		check_proof(s, h, 4096, LEAVES);
		check_proof(s, h, 1, 2);
		CHECK(!sl_store_range(s, 4096, LEAVES + 1, &got));
		free(h);
		end(s);
	}
}

/* What was written into a head's row is not believed. */
static void
spoilt(void)
{
	struct sl_store *s = log_of(2000, 100);
	struct sl_digest got, want, *h = hashes_of(s, 2000);
	struct sl_err err;

	CHECK(sl_db_run(sl_store_db(s), &err,
		  "UPDATE checkpoint SET nodes = zeroblob(length(nodes))",
		  "") == SL_OK);
	CHECK(sl_store_range(s, 0, 1024, &got));
	root_of(h, 0, 1024, &want);
	CHECK(memcmp(&got, &want, sizeof(got)) == 0);
	free(h);
	end(s);
}

static void
quiet_events(void)
{
	struct sl_store *s = fresh();
	uint64_t from = sl_store_tree(s)->size;

	CHECK(sl_store_loud(s) == from);
	leaves(s, SL_EVENT_cosigned, 2);
	leaves(s, SL_EVENT_timestamped, 1);
	leaves(s, SL_EVENT_witness_refused, 1);
	CHECK(sl_store_loud(s) == from);
	CHECK(sl_witness_waits(s, from) == 0);
	leaves(s, SL_EVENT_received, 1);
	CHECK(sl_store_loud(s) == from + 5);
	CHECK(sl_witness_waits(s, from) > 0);
	CHECK(sl_witness_waits(s, from + 4) > 0);
	CHECK(sl_witness_waits(s, from + 5) == 0);
	leaves(s, SL_EVENT_cosigned, 1);
	CHECK(sl_store_loud(s) == from + 5);
	end(s);
}

static void
count(void *arg, const struct sl_witness_row *row)
{
	sl_buf_printf(arg, "%s:%s ", row->tsa ? "t" : "w", row->name);
}

static bool
has_b(void *arg, bool tsa, const char *name)
{
	(void)arg;
	return tsa && strcmp(name, "b") == 0;
}

static void
rows(void)
{
	struct sl_store *s = fresh();
	struct sl_witness_row a = {.name = "b",
				  .size = 7,
				  .marked_ms = 1,
				  .due_ms = 2,
				  .stale_ms = 3,
				  .tried_ms = 4,
				  .tries = 5,
				  .reason = "no_answer",
				  .detail = "x"},
			      got;
	SL_BUF struct sl_buf seen = {0};
	struct sl_err err;

	CHECK(!sl_witness_find(s, false, "b", &got));
	CHECK(sl_witness_put(s, &a, &err) == SL_OK);
	a.tsa = true;
	CHECK(sl_witness_put(s, &a, &err) == SL_OK);
	(void)snprintf(a.name, sizeof(a.name), "a");
	CHECK(sl_witness_put(s, &a, &err) == SL_OK);
	a.size = 9;
	CHECK(sl_witness_put(s, &a, &err) == SL_OK);
	sl_witness_each(s, count, &seen);
	CHECK_STR(sl_buf_str(&seen), "w:b t:a t:b ");
	CHECK(sl_witness_find(s, true, "a", &got) && got.size == 9 &&
	      got.tries == 5 && got.due_ms == 2 && got.stale_ms == 3);
	CHECK_STR(got.reason, "no_answer");
	CHECK(sl_witness_forget(s, has_b, NULL, &err) == SL_OK);
	sl_buf_reset(&seen);
	sl_witness_each(s, count, &seen);
	CHECK_STR(sl_buf_str(&seen), "t:b ");
	end(s);
}

static void
marks(void)
{
	struct sl_store *s = fresh();
	struct sl_stamp_row row = {.size = 5,
	    .tsa = "t",
	    .time_s = 17,
	    .token = {"token", 5},
	    .pem = {"PEM", 3}};
	struct sl_slice mark = {"0123456789", 10};
	struct sl_err err;

	CHECK(sl_cosignature_last(s, "w") == 0);
	CHECK(sl_cosignature_put(s, 5, "w", mark, &err) == SL_OK);
	CHECK(sl_cosignature_put(s, 3, "w", mark, &err) == SL_OK);
	CHECK(sl_cosignature_put(s, 9, "x", mark, &err) == SL_OK);
	CHECK(sl_cosignature_put(s, 5, "w", mark, &err) == SL_OK);
	CHECK(sl_cosignature_last(s, "w") == 5);
	CHECK(sl_stamp_put(s, &row, &err) == SL_OK);
	row.size = 6;
	CHECK(sl_stamp_put(s, &row, &err) == SL_OK);
	row.size = 7;
	row.pem = (struct sl_slice){"OTHER", 5};
	CHECK(sl_stamp_put(s, &row, &err) == SL_OK);
	CHECK(sl_db_int(sl_store_db(s), 0, "SELECT count(*) FROM stamp", "") ==
	      3);
	CHECK(sl_db_int(sl_store_db(s), 0, "SELECT count(*) FROM stamp_trust",
		  "") == 2);
	CHECK(sl_db_int(sl_store_db(s), 0,
		  "SELECT count(DISTINCT trust) FROM stamp WHERE size < 7",
		  "") == 1);
	end(s);
}

TEST_MAIN({"ranges", ranges}, {"spoilt", spoilt},
    {"quiet_events", quiet_events}, {"rows", rows}, {"marks", marks})
