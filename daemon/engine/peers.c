/*
 * Connected programs: hello, messages, goodbye.
 *
 * SECURITY: the group may connect, so that who only asks is counted: so many a
 * user and so many in all, and none that says nothing for long. Our programs
 * are known once they said hello, and are not counted.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "access.h"

/* Of one peer, and what else is in the last packet; then the others' turn. */
#define MESSAGES_A_TURN 256
#define ASKING_A_USER 32
#define ASKING_OTHERS 128 /* of all users but root and ours */
#define HELLO_MS 10000 /* until its hello */
#define ASKING_MS 120000 /* from one request to the next */
#define ACCEPT_PAUSE_MS 1000 /* without descriptors */

static void
say(struct sl_peer *p, struct sl_msg *m)
{
	(void)sl_peer_send(p, m, NULL, 0);
}

static void
refuse(struct sl_peer *p, const char *reason, const char *text)
{
	struct sl_msg m = {.type = SL_MSG_REFUSED};

	m.refused.reason = sl_slice_str(reason);
	m.refused.text = sl_slice_str(text);
	say(p, &m);
	sl_log(SL_LOG_WARNING, "peers", "refused pid=\"%u\" reason=\"%s\"",
	    p->pid, reason);
	p->dead = true;
}

/* Who may be what: our own user and root anything; others only ask and decide,
 * as far as their roles go. */
static bool
may_be(const struct sl_peer *p, unsigned role)
{
	return role == SL_ROLE_CTL || p->uid == geteuid() || p->uid == 0;
}

/* Somebody who is not ours says he is one of our programs. */
static void
tell_impostor(struct sl_peer *p)
{
	struct sl_person who = {.uid = p->uid, .duties = p->duties};
	struct sl_err err;

	(void)snprintf(who.actor, sizeof(who.actor), "uid:%" PRIu32, p->uid);
	if (sl_access_refuse(p->e, &who, "hello", "-",
		"only the programs of the instance may be that",
		&err) == SL_FATAL)
		(void)sl_engine_fail(p->e, &err);
}

static void
hello(struct sl_peer *p, const struct sl_msg_hello *h)
{
	struct sl_msg m = {.type = SL_MSG_WELCOME};
	SL_BUF struct sl_buf keys = {0};
	struct sl_engine *e = p->e;

	if (h->proto != SL_WIRE_PROTO ||
	    !sl_slice_eq(h->build, sl_build_id())) {
		refuse(p, "other_build", "you are of another build of Sluse");
		return;
	}
	if (h->role < SL_ROLE_WORK || h->role > SL_ROLE_LAST ||
	    !may_be(p, h->role)) {
		tell_impostor(p);
		refuse(p, "not_allowed", "you may not be that here");
		return;
	}
	p->role = (enum sl_role)h->role;
	p->slots = h->slots;
	(void)sl_slice_copy(h->name, p->name, sizeof(p->name));
	m.welcome.instance = sl_slice_str(e->cfg->instance.name);
	if (p->role == SL_ROLE_WORK)
		m.welcome.slots = (uint16_t)e->cfg->instance.work_slots;
	if (p->role == SL_ROLE_OCR) {
		m.welcome.slots = (uint16_t)e->cfg->instance.ocr_slots;
		m.welcome.languages = sl_slice_str(
		    e->cfg->ocr.pages_max > 0 ? e->cfg->ocr.languages : "none");
	}
	if (p->role == SL_ROLE_DECRYPT) {
		sl_sealed_keys(e, &keys);
		m.welcome.keys = sl_slice_buf(&keys);
	}
	if (p->role == SL_ROLE_CONVERT)
		m.welcome.converter = sl_slice_str(e->cfg->instance.converter);
	say(p, &m);
	if (p->slots > 0)
		sl_log(SL_LOG_INFO, "peers",
		    "connected role=\"%d\" pid=\"%u\" slots=\"%u\"",
		    (int)p->role, p->pid, p->slots);
	/* Who only asks, or tells why it cannot start, does nothing else. */
	if (p->slots == 0)
		return;
	sl_trouble_end(p);
	sl_installed_soon(e);
	if (p->role == SL_ROLE_PLACE)
		sl_placing_peer_ready(e, p);
	if (p->role == SL_ROLE_PUSH)
		sl_outbox_peer_ready(e, p);
	if (p->role == SL_ROLE_WITNESS)
		sl_witness_peer_ready(e->witnesses);
	sl_engine_kick(e);
}

static void
dispatch(struct sl_peer *p, const struct sl_msg *m)
{
	struct sl_err err = {0};
	enum sl_rc rc = SL_OK;

	p->heard_ms = sl_clock_boot_ms();
	if (p->role == 0) {
		if (m->type == SL_MSG_HELLO)
			hello(p, &m->hello);
		else
			refuse(p, "no_hello", "say hello first");
		return;
	}
	if (m->type == SL_MSG_TROUBLE && p->role != SL_ROLE_CTL) {
		sl_trouble_put(p, &m->trouble);
		return;
	}
	switch (p->role) {
	case SL_ROLE_WORK:
	case SL_ROLE_OCR:
	case SL_ROLE_DECRYPT:
	case SL_ROLE_CONVERT:
		if (m->type == SL_MSG_TASK_ENDED) {
			sl_task_ended(p->e, &m->task_ended);
			return;
		}
		break;
	case SL_ROLE_PLACE:
		rc = sl_placing_answer(p->e, m, &err);
		break;
	case SL_ROLE_PUSH:
		rc = sl_outbox_message(p->e, p, m, &err);
		break;
	case SL_ROLE_CTL:
		if (m->type == SL_MSG_CTL) {
			rc = sl_control_request(p->e, p, &m->ctl, &err);
			break;
		}
		rc = SL_REJECT;
		break;
	case SL_ROLE_WITNESS:
		rc = m->type == SL_MSG_WITNESSED
			 ? sl_witness_answer(
			       p->e->witnesses, &m->witnessed, &err)
			 : SL_REJECT;
		break;
	case SL_ROLE_REPORT:
		rc = SL_REJECT; /* it says nothing but hello */
		break;
	}
	if (rc == SL_OK)
		return;
	if (rc == SL_FATAL) {
		(void)sl_engine_fail(p->e, &err);
		return;
	}
	sl_log(SL_LOG_WARNING, "peers",
	    "senseless message type=\"%d\" pid=\"%u\"", (int)m->type, p->pid);
	p->dead = true;
}

static void
on_peer(void *arg, unsigned events)
{
	struct sl_peer *p = arg;
	struct sl_err err = {0};
	struct sl_msg m;
	enum sl_rc rc = SL_OK;
	size_t nfds;
	int i;

	sl_due_clock(p->e);
	if ((events & SL_LOOP_WRITE) != 0) {
		if (sl_chan_flush(p->chan, &err) != SL_OK)
			p->dead = true;
		else if (sl_chan_queued(p->chan) == 0)
			sl_watch_set(p->watch, SL_LOOP_READ);
	}
	for (i = 0; (i < MESSAGES_A_TURN || sl_chan_pending(p->chan)) &&
		    !p->dead && !p->e->fatal;
	     i++) {
		rc = sl_chan_recv(p->chan, &m, NULL, &nfds, &err);
		if (rc == SL_SKIP)
			return;
		if (rc != SL_OK) {
			if (rc == SL_REJECT)
				sl_log(SL_LOG_WARNING, "peers", "%s pid=\"%u\"",
				    err.text, p->pid);
			p->dead = true;
			return;
		}
		dispatch(p, &m);
	}
}

bool
sl_peer_send(
    struct sl_peer *p, const struct sl_msg *m, const int *fds, size_t nfds)
{
	struct sl_err err = {0};
	enum sl_rc rc;

	if (p->dead)
		return false;
	rc = sl_chan_send(p->chan, m, fds, nfds, &err);
	if (rc != SL_OK) {
		sl_log(
		    SL_LOG_WARNING, "peers", "%s pid=\"%u\"", err.text, p->pid);
		p->dead = true;
		return false;
	}
	if (sl_chan_queued(p->chan) > 0)
		sl_watch_set(p->watch, SL_LOOP_READ | SL_LOOP_WRITE);
	return true;
}

static bool
is_asking(const struct sl_peer *p)
{
	return !p->dead && (p->role == 0 || p->role == SL_ROLE_CTL);
}

static bool
is_other(uint32_t uid)
{
	return uid != 0 && uid != geteuid();
}

static bool
has_place(const struct sl_engine *e, uint32_t uid)
{
	const struct sl_peer *p;
	unsigned own = 0, others = 0;

	for (p = e->peers; p != NULL; p = p->next) {
		if (!is_asking(p))
			continue;
		own += p->uid == uid;
		others += is_other(p->uid);
	}
	return own < ASKING_A_USER &&
	       (!is_other(uid) || others < ASKING_OTHERS);
}

/* When the one that has been silent longest is to go; -1: nobody asks. */
static int64_t
drop_silent(struct sl_engine *e, int64_t now)
{
	int64_t left, next = -1;
	struct sl_peer *p;

	for (p = e->peers; p != NULL; p = p->next) {
		if (!is_asking(p))
			continue;
		left =
		    p->heard_ms - now + (p->role == 0 ? HELLO_MS : ASKING_MS);
		if (left <= 0)
			p->dead = true;
		else if (next < 0 || left < next)
			next = left;
	}
	return next;
}

static void
on_time(void *arg)
{
	struct sl_engine *e = arg;
	int64_t next = drop_silent(e, sl_clock_boot_ms());

	e->peers_full = false;
	sl_watch_set(e->listen_watch, SL_LOOP_READ);
	if (next >= 0)
		sl_timer_pull(e->peers_timer, next);
}

/* Told once a pause: it is what comes again and again. */
static void
turn_away(struct sl_engine *e, const char *why, int64_t uid)
{
	if (!e->peers_full)
		sl_log(SL_LOG_WARNING, "peers",
		    "nobody is let in: %s uid=\"%" PRId64 "\"", why, uid);
	e->peers_full = true;
	sl_timer_pull(e->peers_timer, ACCEPT_PAUSE_MS);
}

static void
on_listen(void *arg, unsigned events)
{
	struct sl_engine *e = arg;
	struct ucred cred = {0};
	socklen_t n = sizeof(cred);
	struct sl_peer *p;
	int fd;

	(void)events;
	fd = accept4(e->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			  errno == ENOMEM)) {
		/* It stays readable: asking again at once would never end. */
		sl_watch_set(e->listen_watch, 0);
		turn_away(e, "no descriptors left", -1);
	}
	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0) {
		(void)close(fd);
		return;
	}
	if (!has_place(e, cred.uid)) {
		turn_away(e, "too many connections", cred.uid);
		(void)close(fd);
		return;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		(void)close(fd);
		return;
	}
	p->e = e;
	p->uid = cred.uid;
	p->pid = (uint32_t)cred.pid;
	p->duties = sl_access_duties(e, fd, cred.uid, cred.gid);
	p->heard_ms = sl_clock_boot_ms();
	p->chan = sl_chan_new(fd, true);
	p->watch = sl_loop_watch(e->loop, fd, SL_LOOP_READ, on_peer, p);
	p->next = e->peers;
	e->peers = p;
	sl_timer_pull(e->peers_timer, HELLO_MS);
}

void
sl_peers_start(struct sl_engine *e)
{
	e->listen_watch =
	    sl_loop_watch(e->loop, e->listen_fd, SL_LOOP_READ, on_listen, e);
	e->peers_timer = sl_loop_timer(e->loop, on_time, e);
}

struct sl_peer *
sl_peer_find(struct sl_engine *e, enum sl_role role)
{
	struct sl_peer *p;

	for (p = e->peers; p != NULL; p = p->next)
		if (!p->dead && p->role == role && p->slots > 0)
			return p;
	return NULL;
}

struct sl_peer *
sl_peer_free_slot(struct sl_engine *e, enum sl_role role)
{
	struct sl_peer *p, *best = NULL;

	for (p = e->peers; p != NULL; p = p->next)
		if (!p->dead && p->role == role && p->running < p->slots &&
		    (best == NULL || p->running < best->running))
			best = p;
	return best;
}

static void
gone(struct sl_engine *e, struct sl_peer *p)
{
	if (p->slots == 0)
		p->role = 0; /* it had nothing under way */
	if (p->role == SL_ROLE_WORK || p->role == SL_ROLE_OCR ||
	    p->role == SL_ROLE_DECRYPT || p->role == SL_ROLE_CONVERT)
		sl_tasks_peer_gone(e, p);
	if (p->role == SL_ROLE_PLACE)
		sl_placing_peer_gone(e);
	if (p->role == SL_ROLE_PUSH)
		sl_outbox_peer_gone(e, p);
	if (p->role == SL_ROLE_WITNESS)
		sl_witness_peer_gone(e->witnesses);
	if (p->slots > 0 && !e->stopping)
		sl_log(SL_LOG_INFO, "peers", "gone role=\"%d\" pid=\"%u\"",
		    (int)p->role, p->pid);
	sl_watch_end(p->watch);
	sl_chan_free(p->chan);
	sl_buf_free(&p->cases);
	free(p);
}

void
sl_peers_sweep(struct sl_engine *e)
{
	struct sl_peer **at = &e->peers, *p;

	while ((p = *at) != NULL) {
		if (!p->dead) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		gone(e, p);
	}
}
