/*
 * FAILURES: what was counted of refusals and not told yet is lost with a crash;
 * the first ones of each person are told at once.
 * SECURITY: everything that comes from a person is text for a payload; a leaf's
 * subject is a number of ours or "-".
 */
#include "access.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mem.h"

#define GROUPS_FIRST_MS 5000 /* so long a start waits for NSS */
#define GROUPS_AGAIN_MS 60000
#define NGROUPS ((socklen_t)65536) /* the kernel's most */
#define REFUSED_SLOTS 64
#define SEEN_BYTES 64
#define REFUSED_EACH 5 /* told one by one, of one person in one window */
#define REFUSED_WINDOW_MS 600000
#define SEEN_SLOTS 1024
#define SEEN_MS 3600000

/* Refusals of one person in one window; the last slot is of all others. */
struct refused {
	uint32_t uid;
	int64_t until_ms; /* boot ms; 0: free */
	unsigned told, more;
};

/* Somebody sees something; not told again before. */
struct seen {
	uint32_t uid;
	int64_t until_ms;
	char what[SEEN_BYTES];
};

struct sl_access {
	struct sl_watch *watch;
	struct sl_timer *again, *refused_timer;
	struct refused refused[REFUSED_SLOTS];
	struct seen seen[SEEN_SLOTS];
	size_t seen_at;
};

/* -- groups -----------------------------------------------------------------
 */

enum sl_rc
sl_access_groups(struct sl_engine *e, struct sl_err *err)
{
	return sl_groups_start(&e->cfg->access, &e->groups, err);
}

/* Who has which role has changed, as far as NSS tells: who did that, nobody
 * here can know. */
static enum sl_rc
tell_groups(struct sl_engine *e, struct sl_err *err)
{
	const char *now = sl_groups_json(e->groups);
	char was[SL_SHA256_HEX + 1], hex[SL_SHA256_HEX + 1];
	struct sl_digest d;
	json_t *o;

	sl_sha256(now, strlen(now), &d);
	sl_digest_hex(&d, hex);
	sl_store_meta(e->store, "roles", was, sizeof(was));
	if (strcmp(was, hex) == 0)
		return SL_OK;
	o = json_pack("{s:s, s:s, s:o}", "old", was, "new", hex, "roles",
	    json_loads(now, 0, NULL));
	if (sl_access_log(e, SL_EVENT_roles_changed, "slused", "-", o, err) !=
	    SL_OK)
		return SL_FATAL;
	return sl_store_meta_put(e->store, "roles", hex, err);
}

static void on_groups(void *arg, unsigned events);

static void
watch_groups(struct sl_engine *e)
{
	if (sl_groups_fd(e->groups) >= 0)
		e->access->watch = sl_loop_watch(e->loop,
		    sl_groups_fd(e->groups), SL_LOOP_READ, on_groups, e);
}

static void
on_groups(void *arg, unsigned events)
{
	struct sl_engine *e = arg;
	struct sl_err err;

	(void)events;
	if (sl_groups_take(e->groups)) {
		(void)sl_engine_bad(e, tell_groups(e, &err), &err);
		return;
	}
	if (sl_groups_fd(e->groups) >= 0)
		return;
	sl_log(SL_LOG_WARNING, "access", "the look-up of groups ended");
	sl_watch_end(e->access->watch);
	e->access->watch = NULL;
	sl_timer_set(e->access->again, GROUPS_AGAIN_MS);
}

static void
on_again(void *arg)
{
	struct sl_engine *e = arg;

	sl_groups_again(e->groups);
	watch_groups(e);
	if (e->access->watch == NULL)
		sl_timer_set(e->access->again, GROUPS_AGAIN_MS);
}

unsigned
sl_access_duties(const struct sl_engine *e, int fd, uint32_t uid, gid_t gid)
{
	gid_t few[64], *all = few;
	socklen_t n = sizeof(few) - sizeof(*few);
	unsigned duties = 0;

	if (uid == 0 || uid == geteuid())
		duties = 1u << SL_DUTY_owner;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few + 1, &n) != 0) {
		/* n is what it takes now. */
		if (n > NGROUPS * sizeof(gid_t) || n < sizeof(gid_t))
			n = 0;
		all = sl_alloc(n + sizeof(gid_t));
		if (n > 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, all + 1, &n) != 0)
			n = 0;
	}
	all[0] = gid;
	duties |= sl_groups_duties(e->groups, all, 1 + n / sizeof(gid_t));
	if (all != few)
		free(all);
	return duties;
}

/* -- events ------------------------------------------------------------------
 */

enum sl_rc
sl_access_log(struct sl_engine *e, enum sl_event event, const char *actor,
    const char *subject, json_t *payload, struct sl_err *err)
{
	SL_FREE char *text =
	    payload != NULL ? json_dumps(payload, JSON_COMPACT) : NULL;
	int64_t consignment = 0, entry = 0;
	char own[48];

	sl_control_subject(e, subject, own, &consignment, &entry);
	json_decref(payload);
	return sl_store_log(e->store, event, own, actor,
	    text != NULL ? text : "{}", consignment, entry, err);
}

/* The end of a window: those not told one by one, in one. */
static enum sl_rc
tell_more(struct sl_engine *e, struct refused *r, struct sl_err *err)
{
	bool others = r == &e->access->refused[REFUSED_SLOTS - 1];
	unsigned more = r->more;
	char actor[32];

	(void)snprintf(
	    actor, sizeof(actor), others ? "slused" : "uid:%" PRIu32, r->uid);
	*r = (struct refused){0};
	if (more == 0)
		return SL_OK;
	return sl_access_log(e, SL_EVENT_access_refused, actor, "-",
	    json_pack("{s:i, s:b}", "more", (int)more, "others", others), err);
}

static void
on_refused(void *arg)
{
	struct sl_engine *e = arg;
	int64_t now = sl_clock_boot_ms();
	struct sl_err err;
	size_t i;

	for (i = 0; i < REFUSED_SLOTS; i++) {
		struct refused *r = &e->access->refused[i];

		if (r->until_ms == 0)
			continue;
		if (r->until_ms > now)
			sl_timer_pull(
			    e->access->refused_timer, r->until_ms - now);
		else if (sl_engine_bad(e, tell_more(e, r, &err), &err))
			return;
	}
}

/* The slot of a person, a free one, or that of all others. */
static struct refused *
slot_of(struct sl_access *a, uint32_t uid)
{
	struct refused *free_one = NULL;
	size_t i;

	for (i = 0; i < REFUSED_SLOTS - 1; i++) {
		if (a->refused[i].until_ms == 0)
			free_one = free_one != NULL ? free_one : &a->refused[i];
		else if (a->refused[i].uid == uid)
			return &a->refused[i];
	}
	return free_one != NULL ? free_one : &a->refused[REFUSED_SLOTS - 1];
}

static bool
is_told(struct sl_engine *e, uint32_t uid)
{
	struct refused *r = slot_of(e->access, uid);

	if (r->until_ms == 0) {
		r->uid = uid;
		r->until_ms = sl_clock_boot_ms() + REFUSED_WINDOW_MS;
		sl_timer_pull(e->access->refused_timer, REFUSED_WINDOW_MS);
	}
	if (r->told < REFUSED_EACH) {
		r->told++;
		return true;
	}
	r->more++;
	return false;
}

enum sl_rc
sl_access_refuse(struct sl_engine *e, const struct sl_person *who,
    const char *verb, const char *subject, const char *text, struct sl_err *err)
{
	char roles[96];

	sl_duties_text(who->duties, roles, sizeof(roles));
	if (is_told(e, who->uid)) {
		sl_log(SL_LOG_NOTICE, "access",
		    "refused actor=\"%s\" roles=\"%s\" verb=\"%s\"", who->actor,
		    roles, verb);
		if (sl_access_log(e, SL_EVENT_access_refused, who->actor,
			subject,
			json_pack("{s:s, s:s, s:s}", "verb", verb, "roles",
			    roles, "why", text),
			err) != SL_OK)
			return SL_FATAL;
	}
	return sl_err_set(err, SL_REJECT, 0, "not_allowed", "%s", text);
}

enum sl_rc
sl_access_seen(struct sl_engine *e, const struct sl_person *who,
    enum sl_verb verb, const char *subject, const char *report, bool payloads,
    struct sl_err *err)
{
	struct sl_access *a = e->access;
	int64_t now = sl_clock_boot_ms();
	struct seen *s;
	char roles[96], what[SEEN_BYTES];
	json_t *payload;
	size_t i;

	(void)snprintf(what, sizeof(what), "%s%s %s%s", sl_verb_name(verb),
	    payloads ? "+" : "", report, subject);
	for (i = 0; i < SEEN_SLOTS; i++)
		if (a->seen[i].uid == who->uid && a->seen[i].until_ms > now &&
		    strcmp(a->seen[i].what, what) == 0)
			return SL_OK;
	s = &a->seen[a->seen_at++ % SEEN_SLOTS];
	s->uid = who->uid;
	s->until_ms = now + SEEN_MS;
	memcpy(s->what, what, sizeof(what));
	sl_duties_text(who->duties, roles, sizeof(roles));
	payload =
	    json_pack("{s:s, s:s}", "verb", sl_verb_name(verb), "roles", roles);
	if (*report != '\0')
		(void)json_object_set_new(
		    payload, "report", json_string(report));
	if (payloads)
		(void)json_object_set_new(payload, "payloads", json_true());
	return sl_access_log(
	    e, SL_EVENT_content_read, who->actor, subject, payload, err);
}

/* -- the check ---------------------------------------------------------------
 */

enum sl_rc
sl_access_check(struct sl_engine *e, const struct sl_person *who,
    enum sl_verb verb, const char *subject, enum sl_may *ret,
    struct sl_err *err)
{
	enum sl_duty as;
	enum sl_may may = sl_access_may(verb, who->duties, &as);

	if (ret != NULL)
		*ret = may;
	if (may == SL_MAY_no)
		return sl_access_refuse(e, who, sl_verb_name(verb), subject,
		    who->duties == 0 ? "you have no role here"
				     : "your role does not allow that",
		    err);
	if (may == SL_MAY_two && e->cfg->access.second_person)
		return SL_HOLD;
	return SL_OK;
}

/* -- start and end ------------------------------------------------------------
 */

enum sl_rc
sl_access_start(struct sl_engine *e, struct sl_err *err)
{
	e->access = sl_alloc(sizeof(*e->access));
	e->access->again = sl_loop_timer(e->loop, on_again, e);
	e->access->refused_timer = sl_loop_timer(e->loop, on_refused, e);
	sl_groups_wait(e->groups, GROUPS_FIRST_MS);
	if (sl_groups_take(e->groups) && tell_groups(e, err) != SL_OK)
		return SL_FATAL;
	watch_groups(e);
	if (e->access->watch == NULL)
		sl_timer_set(e->access->again, GROUPS_AGAIN_MS);
	return sl_approve_expire(e, err);
}

void
sl_access_stop(struct sl_engine *e)
{
	struct sl_err err;
	size_t i;

	if (e->access == NULL)
		return;
	for (i = 0; i < REFUSED_SLOTS && !e->fatal; i++)
		if (sl_engine_bad(
			e, tell_more(e, &e->access->refused[i], &err), &err))
			break;
	if (!e->fatal)
		(void)sl_engine_commit(e);
	if (e->access->watch != NULL)
		sl_watch_end(e->access->watch);
	free(e->access);
	e->access = NULL;
}
