/*
 * FAILURES: a group that NSS says is not there gives nothing; one that NSS
 * cannot look up now keeps what was known of it. A child that dies is started
 * again a minute later, and what it said holds until then.
 * SECURITY: the child keeps no descriptor but its end of the pair.
 */
#include "groups.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/hash.h"
#include "../base/mem.h"
#include "../base/text.h"

#define LOOK_MS 60000
#define LOOK_SOON_MS 5000 /* where NSS did not answer */
#define MEMBERS_MAX 200 /* of one group, by name */
#define ENTRY_MAX ((size_t)1 << 20) /* bytes of one group from NSS */
#define JSON_MAX 49152

/* What the child says; a packet. */
struct said {
	uint32_t n[SL_DUTIES_GIVEN];
	gid_t gid[SL_DUTIES_GIVEN][SL_GROUPS_MAX];
	char json[JSON_MAX];
};

struct sl_groups {
	const struct sl_access_config *cfg;
	size_t names; /* of all roles */
	pid_t pid;
	int fd;
	struct said now;
};

const struct sl_list *
sl_groups_of(const struct sl_access_config *c, enum sl_duty d)
{
	switch (d) {
	case SL_DUTY_archivist:
		return &c->archivist;
	case SL_DUTY_systemansvarlig:
		return &c->systemansvarlig;
	case SL_DUTY_operator:
		return &c->operator;
	case SL_DUTY_auditor:
		return &c->auditor;
	case SL_DUTY_integrator:
		return &c->integrator;
	case SL_DUTY_owner:
	case SL_DUTIES:
		break;
	}
	return NULL;
}

/* -- the child --------------------------------------------------------------
 */

/* SL_OK; SL_SKIP: there is none; SL_RETRY: it cannot be told now. */
static enum sl_rc
look_up(const char *name, struct group *ret, char **buf, size_t *cap)
{
	struct group *found;
	int rc;

	for (;;) {
		if (*cap == 0)
			*buf = sl_grow(*buf, cap, 4096, 1);
		rc = getgrnam_r(name, ret, *buf, *cap, &found);
		if (rc == EINTR)
			continue;
		if (rc != ERANGE)
			break;
		if (*cap >= ENTRY_MAX)
			return SL_RETRY;
		*buf = sl_grow(*buf, cap, *cap * 2, 1);
	}
	if (rc == 0)
		return found != NULL ? SL_OK : SL_SKIP;
	/* What POSIX leaves open: some systems say "none" so. */
	return rc == ENOENT || rc == ESRCH ? SL_SKIP : SL_RETRY;
}

static void
add_digest(struct sl_buf *b, const struct sl_digest *d)
{
	char hex[SL_SHA256_HEX + 1];

	sl_digest_hex(d, hex);
	sl_buf_printf(b, ",\"digest\":\"%s\"", hex);
}

static void
add_members(struct sl_buf *b, char *const *mem)
{
	struct sl_sha256 *h = sl_sha256_new();
	struct sl_digest all;
	size_t i;

	sl_buf_add_str(b, ",\"members\":[");
	for (i = 0; mem[i] != NULL && i < MEMBERS_MAX; i++) {
		if (i > 0)
			sl_buf_add_char(b, ',');
		sl_text_json(b, mem[i], strlen(mem[i]));
	}
	sl_buf_add_char(b, ']');
	for (i = 0; mem[i] != NULL; i++) {
		sl_sha256_add(h, mem[i], strlen(mem[i]));
		sl_sha256_add(h, "\n", 1);
	}
	sl_sha256_end(h, &all);
	if (i > MEMBERS_MAX) {
		sl_buf_printf(b, ",\"more\":%zu", i - MEMBERS_MAX);
		add_digest(b, &all);
	}
}

/* What is known of one group, from the last time that NSS told. */
struct known {
	bool there;
	gid_t gid;
	char *json;
};

static void
set_known(struct known *k, const char *name, const struct group *gr)
{
	struct sl_buf b = {0};

	k->there = gr != NULL;
	sl_buf_add_str(&b, "{\"group\":");
	sl_text_json(&b, name, strlen(name));
	if (gr != NULL) {
		k->gid = gr->gr_gid;
		sl_buf_printf(&b, ",\"gid\":%u", (unsigned)gr->gr_gid);
		add_members(&b, gr->gr_mem);
	}
	sl_buf_add_char(&b, '}');
	free(k->json);
	k->json = b.p;
}

/* False: some group cannot be looked up now; what was known of it holds. */
static bool
look(const struct sl_access_config *c,
    struct known known[SL_DUTIES_GIVEN][SL_GROUPS_MAX])
{
	SL_FREE char *buf = NULL;
	size_t cap = 0, i;
	struct group gr;
	bool all = true;
	enum sl_rc rc;
	enum sl_duty d;

	for (d = 0; d < SL_DUTY_owner; d++) {
		const struct sl_list *l = sl_groups_of(c, d);

		for (i = 0; i < l->n; i++) {
			rc = look_up(l->item[i], &gr, &buf, &cap);
			all &= rc != SL_RETRY;
			if (rc != SL_RETRY || known[d][i].json == NULL)
				set_known(&known[d][i], l->item[i],
				    rc == SL_OK ? &gr : NULL);
		}
	}
	return all;
}

static void
compose(const struct sl_access_config *c,
    struct known known[SL_DUTIES_GIVEN][SL_GROUPS_MAX], struct said *ret)
{
	SL_BUF struct sl_buf b = {0};
	SL_BUF struct sl_buf many = {0};
	struct sl_digest all;
	enum sl_duty d;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	for (d = 0; d < SL_DUTY_owner; d++) {
		sl_buf_printf(
		    &b, "%s\"%s\":[", d == 0 ? "{" : "],", sl_duty_name(d));
		for (i = 0; i < sl_groups_of(c, d)->n; i++) {
			sl_buf_add_str(&b, i > 0 ? "," : "");
			sl_buf_add_str(&b, known[d][i].json);
			if (known[d][i].there)
				ret->gid[d][ret->n[d]++] = known[d][i].gid;
		}
	}
	sl_buf_add_str(&b, "]}");
	/* Too many names for one event: that they are others is told still. */
	sl_sha256(sl_buf_str(&b), b.n, &all);
	sl_buf_add_str(&many, "{\"members\":\"too many to tell\"");
	add_digest(&many, &all);
	sl_buf_add_char(&many, '}');
	(void)snprintf(ret->json, sizeof(ret->json), "%s",
	    sl_buf_str(b.n < sizeof(ret->json) ? &b : &many));
}

static void __attribute__((noreturn))
serve(const struct sl_access_config *c, int fd, pid_t parent)
{
	static struct known known[SL_DUTIES_GIVEN][SL_GROUPS_MAX];
	static struct said was, now;
	struct pollfd p = {.fd = 3};
	sigset_t none;
	bool all;

	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(fd, 3) < 0 ||
	    close_range(4, ~0u, 0) != 0)
		_exit(1);
	for (;;) {
		all = look(c, known);
		compose(c, known, &now);
		if (memcmp(&was, &now, sizeof(now)) != 0) {
			if (send(3, &now, sizeof(now), MSG_NOSIGNAL) !=
			    (ssize_t)sizeof(now))
				_exit(0);
			memcpy(&was, &now, sizeof(now));
		}
		p.revents = 0;
		if (poll(&p, 1, all ? LOOK_MS : LOOK_SOON_MS) > 0)
			_exit(0); /* slused closed its end */
	}
}

/* -- slused's side -----------------------------------------------------------
 */

void
sl_groups_again(struct sl_groups *g)
{
	pid_t parent = getpid();
	int pair[2];

	if (g->fd >= 0 || g->names == 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return;
	g->pid = fork();
	if (g->pid == 0)
		serve(g->cfg, pair[1], parent);
	(void)close(pair[1]);
	g->fd = pair[0];
	if (g->pid < 0) {
		(void)close(g->fd);
		g->fd = -1;
	}
}

enum sl_rc
sl_groups_start(const struct sl_access_config *cfg, struct sl_groups **ret,
    struct sl_err *err)
{
	struct sl_groups *g;
	enum sl_duty d;
	size_t n = 0;

	for (d = 0; d < SL_DUTY_owner; d++) {
		n += sl_groups_of(cfg, d)->n;
		if (sl_groups_of(cfg, d)->n > SL_GROUPS_MAX)
			return sl_err_set(err, SL_FATAL, 0, "config_error",
			    "more than %u groups for one role", SL_GROUPS_MAX);
	}
	g = sl_alloc(sizeof(*g));
	g->cfg = cfg;
	g->fd = -1;
	(void)snprintf(g->now.json, sizeof(g->now.json), "{}");
	g->names = n;
	sl_groups_again(g);
	*ret = g;
	return SL_OK;
}

static void
reap(struct sl_groups *g)
{
	if (g->fd >= 0)
		(void)close(g->fd);
	g->fd = -1;
	if (g->pid > 0) {
		/* It may hang in a look-up. */
		(void)kill(g->pid, SIGKILL);
		while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	g->pid = 0;
}

void
sl_groups_free(struct sl_groups *g)
{
	if (g == NULL)
		return;
	reap(g);
	free(g);
}

int
sl_groups_fd(const struct sl_groups *g)
{
	return g->fd;
}

void
sl_groups_wait(struct sl_groups *g, int ms)
{
	struct pollfd p = {.fd = g->fd, .events = POLLIN};

	if (g->fd >= 0)
		(void)poll(&p, 1, ms);
}

bool
sl_groups_take(struct sl_groups *g)
{
	struct said *s;
	ssize_t n;
	bool changed;

	if (g->fd < 0)
		return false;
	s = sl_alloc(sizeof(*s));
	n = recv(g->fd, s, sizeof(*s), MSG_DONTWAIT);
	changed = n == (ssize_t)sizeof(*s);
	if (changed)
		memcpy(&g->now, s, sizeof(*s));
	else if (n >= 0 || errno != EAGAIN)
		reap(g);
	free(s);
	return changed;
}

const char *
sl_groups_json(const struct sl_groups *g)
{
	return g->now.json;
}

unsigned
sl_groups_duties(const struct sl_groups *g, const gid_t *gid, size_t n)
{
	unsigned duties = 0;
	enum sl_duty d;
	size_t i, k;

	for (d = 0; d < SL_DUTY_owner; d++)
		for (k = 0; k < g->now.n[d]; k++)
			for (i = 0; i < n; i++)
				if (gid[i] == g->now.gid[d][k])
					duties |= 1u << d;
	return duties;
}
