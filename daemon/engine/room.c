/*
 * Room on the disk: what may be claimed, and whether anything may be written.
 *
 * Claims promise what they are to need until it is written, so that several at
 * once do not count on the same bytes. Near the end of the disk nothing is
 * committed: a transaction that fails is lost with all that lies in memory, one
 * that waits is not.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "access.h"

#define LOOK_MS 1000 /* between two looks at a full disk */
#define OUTPUT_KEEP (SL_STORE_KEEP + (1u << 20)) /* by what a task writes */
#define NO_ROOM ((uint64_t)4 << 20) /* less is as good as none */
#define SHORTS_MAX 1000 /* others are tried again and again */
#define PAUSE_MAX_MS 60000 /* where what is free is not what is missing */

static uint64_t
above(uint64_t bytes, uint64_t floor)
{
	return bytes > floor ? bytes - floor : 0;
}

static uint64_t
db_floor(const struct sl_engine *e)
{
	uint64_t floor = e->cfg->instance.free_space_min_bytes;

	return floor > SL_STORE_KEEP ? floor : SL_STORE_KEEP;
}

/* Were nothing on its way. */
static struct sl_space
usable(const struct sl_engine *e)
{
	struct sl_store_room r;

	sl_store_room(e->store, &r);
	return (struct sl_space){
	    .store = above(r.files, e->cfg->instance.free_space_min_bytes),
	    .db = above(r.db, db_floor(e)),
	    .is_one = r.is_one};
}

struct sl_space
sl_room_left(const struct sl_engine *e)
{
	struct sl_space room = usable(e);
	uint64_t copy = e->promised.copy, made = e->promised.made;

	room.store = above(room.store, room.is_one ? copy + made : copy);
	room.db = above(room.db, room.is_one ? copy + made : made);
	return room;
}

void
sl_room_promise(struct sl_job *j)
{
	j->promised = j->claim.need;
	j->e->promised.copy += j->promised.copy;
	j->e->promised.made += j->promised.made;
}

void
sl_room_copied(struct sl_job *j, uint64_t bytes)
{
	if (bytes > j->promised.copy)
		bytes = j->promised.copy;
	j->promised.copy -= bytes;
	j->e->promised.copy -= bytes;
}

void
sl_room_end(struct sl_job *j)
{
	sl_room_copied(j, j->promised.copy);
	j->e->promised.made -= j->promised.made;
}

/* Bytes of disk that it has taken so far. */
static uint64_t
taken(const struct sl_job *j)
{
	uint64_t blocks = 0;
	struct stat st;
	size_t i;

	for (i = 0; i < j->src_n; i++) {
		const struct sl_job_source *s = &j->src[i];

		if (s->original_fd >= 0 && fstat(s->original_fd, &st) == 0)
			blocks += (uint64_t)st.st_blocks;
		if (s->out != NULL && fstat(s->out->fd, &st) == 0)
			blocks += (uint64_t)st.st_blocks;
	}
	return blocks * 512;
}

/* What is being copied, or will be: that it comes is certain. */
static uint64_t
to_copy(const struct sl_engine *e)
{
	const struct sl_job *j;
	uint64_t bytes = 0;
	size_t i;

	for (j = e->jobs; j != NULL; j = j->next)
		for (i = 0; i < j->src_n; i++)
			bytes += j->src[i].have_original ? 0 : j->src[i].size;
	return bytes;
}

uint64_t
sl_room_for_output(const struct sl_engine *e)
{
	uint64_t half = e->cfg->instance.free_space_min_bytes / 2,
		 keep = half > OUTPUT_KEEP ? half : OUTPUT_KEEP, room;
	struct sl_store_room r;

	sl_store_room(e->store, &r);
	room = above(above(r.files, r.is_one ? keep : half), to_copy(e));
	return room > 0 ? room : 1;
}

/* A quarter more than it had, which is free again soon and was not enough. 0:
 * there is room by now, or it is not room, as far as anybody sees, but a quota:
 * then only another try can tell. */
static uint64_t
more_than_it_had(const struct sl_job *j)
{
	uint64_t room = sl_room_for_output(j->e);

	return room < NO_ROOM ? (room + taken(j)) / 4 * 5 : 0;
}

struct sl_need
sl_room_more(const struct sl_job *j)
{
	struct sl_need need = j->claim.need;
	uint64_t more = more_than_it_had(j);

	if (more > 0 && j->claim.tried)
		need.copy = need.copy / 4 * 5;
	if (more > need.copy)
		need.copy = more;
	return need;
}

static struct sl_short *
find_short(const struct sl_engine *e, int64_t consignment)
{
	size_t i;

	for (i = 0; i < e->shorts_n; i++)
		if (e->shorts[i].consignment == consignment)
			return &e->shorts[i];
	return NULL;
}

void
sl_room_defer(const struct sl_job *j)
{
	struct sl_engine *e = j->e;
	struct sl_short *s = find_short(e, j->c.id);
	uint64_t need = more_than_it_had(j);

	if (need == 0 || (s == NULL && e->shorts_n == SHORTS_MAX))
		return;
	if (s == NULL) {
		e->shorts = sl_grow(e->shorts, &e->shorts_cap, e->shorts_n + 1,
		    sizeof(*e->shorts));
		s = &e->shorts[e->shorts_n++];
	}
	*s = (struct sl_short){.consignment = j->c.id,
	    .need = need,
	    .until_ms = sl_clock_boot_ms() + SL_NO_ROOM_MS};
}

static bool
is_enough(const struct sl_short *s, uint64_t room)
{
	return s->need <= room || sl_clock_boot_ms() >= s->until_ms;
}

bool
sl_room_allows(const struct sl_engine *e, int64_t consignment)
{
	const struct sl_short *s = find_short(e, consignment);

	return s == NULL || is_enough(s, sl_room_for_output(e));
}

/* Those that there is enough for now go on. */
static enum sl_rc
resume_shorts(struct sl_engine *e, struct sl_err *err)
{
	uint64_t room = sl_room_for_output(e);
	struct sl_consignment c;
	size_t i = 0;

	while (i < e->shorts_n) {
		if (!is_enough(&e->shorts[i], room)) {
			i++;
			continue;
		}
		if (sl_consignment_by_id(
			e->store, e->shorts[i].consignment, &c) &&
		    c.dispo == SL_DISPO_deferred &&
		    sl_consignment_apply(e, &c, SL_CHANGE_resume, NULL, NULL,
			"slused", err) != SL_OK)
			return SL_FATAL;
		e->stray = true; /* it is opened again */
		e->shorts[i] = e->shorts[--e->shorts_n];
	}
	return SL_OK;
}

/* -- what is said ---------------------------------------------------------- */

/* payload is taken over. */
static void
log_pause(struct sl_engine *e, bool paused, json_t *payload)
{
	struct sl_err err;

	(void)sl_engine_bad(e,
	    sl_access_log(e,
		paused ? SL_EVENT_intake_stopped : SL_EVENT_intake_resumed,
		"slused", "-", payload, &err),
	    &err);
}

void
sl_room_pause(struct sl_engine *e, const char *why, bool all)
{
	bool paused = *why != '\0', before = *e->paused != '\0';

	(void)snprintf(e->paused, sizeof(e->paused), "%s", why);
	e->paused_all = all;
	if (paused == before)
		return;
	if (paused)
		sl_log(SL_LOG_ERR, "intake", "%s: not claimed", why);
	else
		sl_log(SL_LOG_NOTICE, "intake", "post is claimed again");
	log_pause(e, paused,
	    paused ? json_pack("{s:s}", "detail", why) : json_object());
}

bool
sl_room_is_above_floor(struct sl_engine *e)
{
	struct sl_store_room r;

	if (e->low_space)
		return false;
	sl_store_room(e->store, &r);
	if (r.files >= e->cfg->instance.free_space_min_bytes &&
	    r.db >= e->cfg->instance.free_space_min_bytes)
		return true;
	e->low_space = true; /* until the next sweep looks again */
	sl_room_pause(e,
	    r.files < e->cfg->instance.free_space_min_bytes
		? "less than free_space_min is left on the disk of the store"
		: "less than free_space_min is left on the disk of the "
		  "database",
	    true);
	return false;
}

static void
put_sizes(const struct sl_no_room *no, const struct sl_space *room, char *out,
    size_t cap)
{
	(void)snprintf(out, cap,
	    "needs %.1f MB for itself and %.1f MB for what is read of it; %.1f "
	    "MB of the store's disk and %.1f MB of the database's%s can be "
	    "used",
	    (double)no->need.copy / 1e6, (double)no->need.made / 1e6,
	    (double)room->store / 1e6, (double)room->db / 1e6,
	    room->is_one ? ", which are one," : "");
}

/* One that was put back may be on its way once more. */
static bool
is_trying(const struct sl_engine *e, const struct sl_inlet *in)
{
	const struct sl_job *j;

	for (j = e->jobs; j != NULL; j = j->next)
		if (j->inlet == in && j->claim.tried && j->c.id == 0)
			return true;
	return false;
}

static void
tell_no_room(struct sl_engine *e, struct sl_inlet *in,
    const struct sl_no_room *no, const struct sl_space *room)
{
	const char *queue = sl_inlet_queue(in)->name;
	char why[256];

	if (no->n == 0) {
		sl_log(SL_LOG_NOTICE, "intake",
		    "nothing waits for room on the disk any more queue=\"%s\"",
		    queue);
		log_pause(e, false, json_pack("{s:s}", "queue", queue));
		return;
	}
	put_sizes(no, room, why, sizeof(why));
	sl_log(SL_LOG_WARNING, "intake",
	    "what was dropped does not fit on the disk and waits queue=\"%s\" "
	    "reason=\"disk_full\" detail=\"%s\"",
	    queue, why);
	log_pause(e, true,
	    json_pack("{s:s, s:s, s:s}", "queue", queue, "reason", "disk_full",
		"detail", why));
}

void
sl_room_tell(struct sl_engine *e)
{
	struct sl_space room = {0};
	struct sl_no_room no;
	bool measured = false;
	size_t i;

	for (i = 0; i < e->inlets_n; i++) {
		no = sl_inlet_no_room(e->inlets[i]);
		if (no.n > 0 && !e->doors[i].no_room && !measured) {
			room = usable(e);
			measured = true;
		}
		/* What others that are on their way take may be enough. */
		if (no.n > 0
			? e->doors[i].no_room ||
			      (sl_need_fits(&no.need, &room) && !no.tried)
			: !e->doors[i].no_room || is_trying(e, e->inlets[i]))
			continue;
		e->doors[i].no_room = no.n > 0;
		tell_no_room(e, e->inlets[i], &no, &room);
	}
}

bool
sl_room_text(const struct sl_engine *e, size_t inlet, char *out, size_t cap)
{
	struct sl_no_room no = sl_inlet_no_room(e->inlets[inlet]);
	struct sl_space room;
	char sizes[160];

	if (no.n == 0 || !e->doors[inlet].no_room)
		return false;
	room = usable(e);
	put_sizes(&no, &room, sizes, sizeof(sizes));
	(void)snprintf(out, cap,
	    "queue %.64s: %zu dropped that there is no room for on the disk; "
	    "the least %s",
	    sl_inlet_queue(e->inlets[inlet])->name, no.n, sizes);
	return true;
}

enum sl_rc
sl_room_sweep(struct sl_engine *e, struct sl_err *err)
{
	bool is_short = e->low_space || e->shorts_n > 0;
	size_t i;

	for (i = 0; i < e->inlets_n; i++)
		is_short |= e->doors[i].no_room;
	if (is_short)
		sl_store_shrink(e->store);
	e->low_space = false; /* looked at again when claiming */
	return resume_shorts(e, err);
}

/* -- a full disk ----------------------------------------------------------- */

static bool
is_full(const struct sl_engine *e)
{
	struct sl_store_room r;

	sl_store_room(e->store, &r);
	return r.db_known && r.db < SL_STORE_KEEP;
}

bool
sl_room_stalls(struct sl_engine *e)
{
	bool full = is_full(e);

	if (full) {
		sl_store_shrink(e->store);
		full = is_full(e);
	}
	if (full != e->stalled && full)
		sl_log(SL_LOG_ERR, "engine",
		    "the disk of the database is full: nothing is written, all "
		    "waits for room reason=\"disk_full\"");
	if (full != e->stalled && !full)
		sl_log(SL_LOG_NOTICE, "engine",
		    "there is room on the disk: goes on where it was");
	if (full != e->stalled)
		sl_notify(
		    full ? "STATUS=waits for room on the disk" : "STATUS=");
	e->stalled = full;
	if (full)
		sl_timer_pull(e->commit_timer, LOOK_MS);
	return full;
}

/* Pauses. False: slused is to end. */
static bool
pause_for(int signals, int64_t ms)
{
	struct pollfd p = {.fd = signals, .events = POLLIN};

	int n = poll(&p, 1, (int)ms);

	return n == 0 || (n < 0 && errno == EINTR);
}

bool
sl_room_wait(const char *root, int signals, unsigned tries)
{
	int64_t pause = tries > 6 ? PAUSE_MAX_MS : (LOOK_MS << tries) / 2,
		until = sl_clock_boot_ms() + pause;

	if (tries == 0 && !sl_store_is_full(root))
		return true;
	sl_log(SL_LOG_ERR, "engine",
	    "the disk is full: waits for room before it goes on "
	    "reason=\"disk_full\"");
	sl_notify("READY=1\nSTATUS=waits for room on the disk");
	while (sl_clock_boot_ms() < until || sl_store_is_full(root)) {
		if (!pause_for(signals, LOOK_MS))
			return false;
		sl_notify("WATCHDOG=1");
	}
	sl_notify("STATUS=");
	return true;
}
