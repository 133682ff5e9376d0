/*
 * The arrays of one moment in memory that two processes have in common: each
 * reads some, and tells the other what the numbers in them are called.
 *
 * SECURITY: both are this program. Once all is read the memory is read-only in
 * both.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../store/db.h"
#include "snap_p.h"

#define PLACE 64u /* arrays begin at multiples of it */

/* The next array of n of that many bytes. base NULL: only counts. */
static void *
place(char *base, size_t *at, size_t n, size_t bytes)
{
	char *p = base != NULL ? base + *at : NULL;

	*at += (n * bytes + PLACE - 1) / PLACE * PLACE;
	return p;
}

/* The same in each process, by the highest ids; result: bytes of all. */
static size_t
place_all(struct sl_snap *s, char *base)
{
	size_t at = 0, c = s->c_max + 1, e = s->e_max + 1;

	s->c = place(base, &at, c, sizeof(*s->c));
	s->e = place(base, &at, e, sizeof(*s->e));
	s->reception = place(base, &at, c, sizeof(*s->reception));
	s->sent = place(base, &at, e, sizeof(*s->sent));
	s->part_entry =
	    place(base, &at, s->part_max + 1, sizeof(*s->part_entry));
	s->source_consignment =
	    place(base, &at, s->source_max + 1, sizeof(*s->source_consignment));
	return at;
}

static enum sl_rc
map_all(int memory, struct sl_snap *s, struct sl_err *err)
{
	size_t n = place_all(s, NULL);
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);

	if (p == MAP_FAILED)
		return sl_err_set(err, SL_FATAL, errno, "internal",
		    "no memory for %zu bytes", n);
	s->common = p;
	s->common_bytes = n;
	(void)place_all(s, p);
	return SL_OK;
}

/* Nobody writes on them any more. */
static void
close_all(struct sl_snap *s)
{
	(void)mprotect(s->common, s->common_bytes, PROT_READ);
}

enum sl_rc
sl_snap_share(struct sl_store *store, int memory, struct sl_snap *s,
    struct sl_buf *out, struct sl_err *err)
{
	uint32_t highest[4];

	if (sl_snap_begin(sl_store_db(store), NULL, s, err) != SL_OK)
		return SL_FATAL;
	if (ftruncate(memory, (off_t)place_all(s, NULL)) != 0)
		return sl_err_set(err, SL_FATAL, errno, "internal",
		    "no memory for what reports have in common");
	highest[0] = s->c_max;
	highest[1] = s->e_max;
	highest[2] = s->part_max;
	highest[3] = s->source_max;
	sl_buf_add(out, highest, sizeof(highest));
	return map_all(memory, s, err);
}

enum sl_rc
sl_snap_adopt(
    int memory, struct sl_slice told, struct sl_snap *s, struct sl_err *err)
{
	uint32_t highest[4];

	memset(s, 0, sizeof(*s));
	sl_snap_begin_names(s, NULL);
	if (told.n != sizeof(highest))
		return sl_err_set(
		    err, SL_FATAL, 0, "internal", "told too little");
	memcpy(highest, told.p, sizeof(highest));
	s->c_max = highest[0];
	s->e_max = highest[1];
	s->part_max = highest[2];
	s->source_max = highest[3];
	return map_all(memory, s, err);
}

static void
tell_names(const struct sl_names *t, struct sl_buf *out)
{
	uint32_t n = (uint32_t)t->n;
	size_t i;

	sl_buf_add(out, &n, sizeof(n));
	for (i = 0; i < t->n; i++)
		sl_buf_add(out, t->text[i], strlen(t->text[i]) + 1);
}

/* Each with the number it has there. */
static bool
take_names(struct sl_slice *told, struct sl_names *t)
{
	const char *end;
	uint32_t n, i;

	if (told->n < sizeof(n))
		return false;
	memcpy(&n, told->p, sizeof(n));
	told->p += sizeof(n);
	told->n -= (uint32_t)sizeof(n);
	for (i = 0; i < n; i++) {
		end = memchr(told->p, '\0', told->n);
		if (end == NULL || sl_names_add(t, told->p) != i)
			return false;
		told->n -= (uint32_t)(end + 1 - told->p);
		told->p = end + 1;
	}
	return true;
}

/* -- rows: the first's, for the second ------------------------------------- */

void
sl_snap_share_rows(struct sl_store *store, const struct sl_config *cfg,
    struct sl_snap *s, struct sl_buf *out)
{
	struct sl_db *db = sl_store_db(store);

	sl_idmap_begin(&s->keys, s->e_max);
	sl_snap_rows(db, cfg, false, s);
	sl_snap_documents(db, s);
	tell_names(&s->queue, out);
	tell_names(&s->reason, out);
}

bool
sl_snap_adopt_rows(struct sl_slice told, struct sl_snap *s)
{
	close_all(s);
	return take_names(&told, &s->queue) && take_names(&told, &s->reason);
}

/* -- sources, and what was sent: the second's, for the first
 * -----------------------------
 */

void
sl_snap_share_sent(
    struct sl_store *store, struct sl_snap *s, struct sl_buf *out)
{
	sl_snap_sources(sl_store_db(store), s);
	sl_snap_sent(sl_store_db(store), s);
	tell_names(&s->unit, out);
	tell_names(&s->access, out);
}

bool
sl_snap_adopt_sent(struct sl_slice told, struct sl_snap *s)
{
	return take_names(&told, &s->unit) && take_names(&told, &s->access);
}

enum sl_rc
sl_snap_share_target(
    struct sl_store *store, struct sl_snap *s, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(store);

	close_all(s);
	sl_snap_targets(
	    db, SL_SNAP_DELIVERIES | SL_SNAP_TARGET | SL_SNAP_CODES, NULL, s);
	sl_idmap_free(&s->keys);
	return sl_db_check(db, err);
}
