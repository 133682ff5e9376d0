/*
 * INVARIANT: while a checkpoint waits for its answer, other messages are only
 * queued; a connector is never entered twice.
 *
 * FAILURES: when slused goes away every checkpoint fails, the connector returns
 * and the process ends; slused counts the delivery as uncertain. A killed
 * process leaves the same behind. What came after the last checkpoint is found
 * by own key in the next try.
 *
 * After an answer that says something of the target and not of one post, all
 * that slused gave before it heard of that is handed back, however late it
 * arrives: each post says how many such answers slused knew of.
 */
#include "deliver.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "../wire/roles.h"

#define JOBS_MAX 256
#define STEPS_MAX 4096
#define FILES_MAX 1024
#define FDS_MAX (SL_PUSH_POSTS_MAX * SL_PUSH_FILES_MAX) /* of all jobs */
#define RECEIPT_MAX 8192
#define ATTEMPTS_MAX 1000000000

struct sl_job {
	struct sl_job *next;
	bool ready;
	uint8_t sync; /* enum sl_sync_kind; 0 = a delivery */
	char *since;
	uint64_t delivery;
	uint32_t attempt;
	bool uncertain, ask;
	bool begun; /* slused knows that something may be there */
	uint32_t line; /* of another than p->line: handed back, not begun */
	char *subject, *own_key, *post;
	struct sluse_file *file;
	size_t files_n, files_cap;
	struct sluse_step *step;
	size_t steps_n, steps_cap;
};

static void
job_free(struct sl_push *p, struct sl_job *j)
{
	size_t i;

	for (i = 0; i < j->files_n; i++)
		(void)close(j->file[i].fd);
	p->fds_n -= j->files_n;
	for (i = 0; i < j->steps_n; i++) {
		free((void *)(uintptr_t)j->step[i].step);
		free((void *)(uintptr_t)j->step[i].key);
	}
	free(j->file);
	free(j->step);
	free(j->since);
	free(j->subject);
	free(j->own_key);
	free(j->post);
	free(j);
}

struct sluse_file *
sl_push_job_file(struct sl_job *j, uint32_t rendition)
{
	size_t i;

	for (i = 0; j != NULL && i < j->files_n; i++)
		if (j->file[i].rendition == rendition)
			return &j->file[i];
	return NULL;
}

const char *
sl_push_subject(const struct sl_push *p)
{
	return p->now != NULL && p->now->subject != NULL
		   ? p->now->subject
		   : p->section->target->name;
}

/* -- what slused says ------------------------------------------------------ */

static enum sl_rc
nonsense(struct sl_push *p, const char *what)
{
	p->gone = p->protocol = true;
	return sl_err_set(
	    &p->gone_err, SL_REJECT, 0, "worker_protocol", "slused: %s", what);
}

static char *
slice_dup(struct sl_slice s)
{
	return sl_strndup(s.n > 0 ? s.p : "", s.n);
}

static enum sl_rc
new_job(struct sl_push *p, struct sl_job **ret)
{
	if (p->jobs_n >= JOBS_MAX)
		return nonsense(p, "too many deliveries at once");
	*ret = sl_alloc(sizeof(**ret));
	*p->tail = *ret;
	p->tail = &(*ret)->next;
	p->jobs_n++;
	return SL_OK;
}

static struct sl_job *
open_job(struct sl_push *p, uint64_t delivery)
{
	struct sl_job *j;

	for (j = p->head; j != NULL; j = j->next)
		if (j->sync == 0 && !j->ready && j->delivery == delivery)
			return j;
	return NULL;
}

static enum sl_rc
take_deliver(struct sl_push *p, const struct sl_msg_deliver *m)
{
	struct sl_job *j = NULL;

	if (m->own_key.n == 0 || m->own_key.n > 63 || m->attempt == 0 ||
	    m->attempt > ATTEMPTS_MAX || open_job(p, m->delivery) != NULL)
		return nonsense(p, "DELIVER out of order");
	if (new_job(p, &j) != SL_OK)
		return SL_REJECT;
	j->delivery = m->delivery;
	j->attempt = m->attempt;
	j->uncertain = m->uncertain != 0;
	j->ask = m->ask != 0;
	j->line = m->line;
	j->begun = j->uncertain;
	j->subject = slice_dup(m->subject);
	j->own_key = slice_dup(m->own_key);
	j->post = slice_dup(m->post);
	return SL_OK;
}

static enum sl_rc
take_file(
    struct sl_push *p, const struct sl_msg_deliver_file *m, int *fds, size_t n)
{
	struct sl_job *j = open_job(p, m->delivery);
	struct sluse_file *f;

	if (j == NULL || n != 1 || j->files_n >= FILES_MAX ||
	    p->fds_n >= FDS_MAX || m->size > INT64_MAX ||
	    m->offset > INT64_MAX - m->size ||
	    sl_push_job_file(j, m->rendition) != NULL)
		return nonsense(p, "DELIVER_FILE out of order");
	j->file =
	    sl_grow(j->file, &j->files_cap, j->files_n + 1, sizeof(*j->file));
	f = &j->file[j->files_n++];
	p->fds_n++;
	*f = (struct sluse_file){.rendition = m->rendition,
	    .fd = sl_take_fd(&fds[0]),
	    .offset = m->offset,
	    .size = m->size};
	return SL_OK;
}

static enum sl_rc
take_step(struct sl_push *p, const struct sl_msg_deliver_step *m)
{
	struct sl_job *j = open_job(p, m->delivery);

	if (j == NULL || j->steps_n >= STEPS_MAX)
		return nonsense(p, "DELIVER_STEP out of order");
	j->step =
	    sl_grow(j->step, &j->steps_cap, j->steps_n + 1, sizeof(*j->step));
	j->step[j->steps_n++] = (struct sluse_step){
	    .step = slice_dup(m->step), .key = slice_dup(m->key)};
	return SL_OK;
}

static enum sl_rc
take_sync(struct sl_push *p, const struct sl_msg_sync *m)
{
	struct sl_job *j = NULL;

	if (m->kind != SL_SYNC_CASES && m->kind != SL_SYNC_JOURNAL)
		return nonsense(p, "SYNC of an unknown kind");
	if (new_job(p, &j) != SL_OK)
		return SL_REJECT;
	j->sync = m->kind;
	j->since = slice_dup(m->since);
	j->ready = true;
	return SL_OK;
}

/* One message into the queue; *ret_ok is the delivery of a CHECKPOINT_OK. */
static enum sl_rc
take_message(struct sl_push *p, const struct sl_msg *m, int *fds, size_t nfds,
    bool *ret_ok)
{
	struct sl_job *j;

	switch ((int)m->type) {
	case SL_MSG_DELIVER:
		return take_deliver(p, &m->deliver);
	case SL_MSG_DELIVER_FILE:
		return take_file(p, &m->deliver_file, fds, nfds);
	case SL_MSG_DELIVER_STEP:
		return take_step(p, &m->deliver_step);
	case SL_MSG_DELIVER_GO:
		j = open_job(p, m->deliver_go.delivery);
		if (j == NULL)
			return nonsense(p, "DELIVER_GO out of order");
		j->ready = true;
		return SL_OK;
	case SL_MSG_SYNC:
		return take_sync(p, &m->sync);
	case SL_MSG_CHECKPOINT_OK:
		if (ret_ok == NULL || p->now == NULL ||
		    m->checkpoint_ok.delivery != p->now->delivery)
			return nonsense(p, "CHECKPOINT_OK out of order");
		*ret_ok = true;
		return SL_OK;
	default:
		return nonsense(p, "message is not for sluse-push");
	}
}

static enum sl_rc
receive(struct sl_push *p, bool *ret_ok)
{
	int fds[SL_WIRE_FDS_MAX];
	struct sl_msg m;
	size_t nfds = 0, i;
	enum sl_rc rc;

	rc = sl_chan_recv(p->chan, &m, fds, &nfds, &p->gone_err);
	if (rc == SL_SKIP)
		return SL_OK;
	if (rc != SL_OK) {
		p->gone = true;
		p->protocol = rc == SL_REJECT;
		return rc;
	}
	rc = take_message(p, &m, fds, nfds, ret_ok);
	for (i = 0; i < nfds; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return rc;
}

int
sl_push_checkpoint(struct sl_push *p, const char *step, const char *key)
{
	struct sl_msg m = {.type = SL_MSG_CHECKPOINT};
	bool ok = false;

	if (p->gone || p->now == NULL || p->now->sync != 0)
		return -1;
	m.checkpoint.delivery = p->now->delivery;
	m.checkpoint.step = sl_slice_str(step);
	m.checkpoint.key = sl_slice_str(key != NULL ? key : "");
	if (sl_chan_send(p->chan, &m, NULL, 0, &p->gone_err) != SL_OK) {
		/* Too long, or slused is gone: both end this try. */
		p->gone = p->gone || p->gone_err.rc == SL_RETRY;
		return -1;
	}
	while (!ok)
		if (receive(p, &ok) != SL_OK)
			return -1;
	return 0;
}

int
sl_push_begin(struct sl_push *p)
{
	if (p->now == NULL || p->now->sync != 0 || p->now->begun)
		return 0;
	if (sl_push_checkpoint(p, "", "") != 0)
		return -1;
	p->now->begun = true;
	return 0;
}

/* -- one delivery ------------------------------------------------------------
 */

/* True if the receipt is one JSON object. */
static bool
receipt_ok(const char *receipt)
{
	json_t *j = json_loads(receipt, JSON_REJECT_DUPLICATES, NULL);
	bool ok = json_is_object(j);

	json_decref(j);
	return ok;
}

/* A plugin may be wrong: whatever it says becomes something slused knows. */
static int
check_verdict(int verdict, const char *receipt, struct sluse_why *why)
{
	why->reason[sizeof(why->reason) - 1] = '\0';
	why->text[sizeof(why->text) - 1] = '\0';
	if (verdict == SLUSE_DELIVERED || verdict == SLUSE_ALREADY) {
		if (receipt_ok(receipt))
			return verdict;
		why->uncertain = 1;
		(void)memcpy(why->reason, "target_unknown", 15);
		(void)memcpy(why->text, "no receipt", 11);
		return SLUSE_LATER;
	}
	if (verdict < SLUSE_LATER || verdict > SLUSE_DOWN) {
		(void)memcpy(why->reason, "target_error", 13);
		(void)memcpy(why->text, "senseless verdict", 18);
		return SLUSE_LATER;
	}
	if (why->reason[0] == '\0')
		(void)memcpy(why->reason, "target_error", 13);
	return verdict;
}

/* Does it say nothing of this post alone? What comes next would only be sent
 * into the same hole, and not be known of either. unsure: of what this very try
 * sent nobody knows if it is there. */
static bool
is_of_target(const struct sl_push *p, int verdict, bool unsure)
{
	return verdict == SLUSE_LOGIN || verdict == SLUSE_DOWN ||
	       (verdict == SLUSE_LATER &&
		   (p->unheard || (unsure && !p->own_fault)));
}

static enum sl_rc
send_verdict(struct sl_push *p, const struct sl_job *j, int verdict,
    const struct sluse_why *why, const char *receipt, bool unsure)
{
	struct sl_msg m = {.type = SL_MSG_DELIVERED};
	SL_BUF struct sl_buf text = {0};
	bool good = verdict == SLUSE_DELIVERED || verdict == SLUSE_ALREADY;

	m.delivered.delivery = j->delivery;
	m.delivered.verdict = (uint8_t)verdict;
	m.delivered.uncertain = !good && why->uncertain != 0;
	m.delivered.ends_line = is_of_target(p, verdict, unsure);
	if (good) {
		m.delivered.receipt = sl_slice_str(receipt);
	} else {
		sl_push_screen(&text, why->text, 256);
		m.delivered.reason = sl_push_fit(why->reason, 64);
		m.delivered.detail = sl_slice_buf(&text);
		m.delivered.http_status =
		    why->http_status > 0 ? (uint32_t)why->http_status : 0;
		m.delivered.retry_after_s =
		    why->retry_after_s > 0 ? (uint32_t)why->retry_after_s : 0;
	}
	if (p->gone)
		return SL_RETRY;
	p->line += m.delivered.ends_line;
	if (sl_chan_send(p->chan, &m, NULL, 0, &p->gone_err) == SL_OK)
		return SL_OK;
	p->gone = true;
	return SL_RETRY;
}

static void
say_not_there(struct sluse_why *why)
{
	memset(why, 0, sizeof(*why));
	why->uncertain = 1;
	(void)snprintf(why->reason, sizeof(why->reason), "target_unknown");
	(void)snprintf(why->text, sizeof(why->text),
	    "asked by own key: what was sent is not there so far");
}

/* Finds out, if need be, and delivers. why->uncertain says in the end whether
 * the target may hold what slused does not know of, *ret_unsure whether that is
 * of this try. *ret_not_there: it was only asked, and does not know it. */
static int
call_connector(struct sl_push *p, const struct sl_job *j, char *receipt,
    struct sluse_why *why, bool *ret_not_there, bool *ret_unsure)
{
	const struct sluse_connector *c = p->connector;
	struct sluse_post post = {.size = sizeof(post),
	    .own_key = j->own_key,
	    .subject = j->subject,
	    .attempt = (int)j->attempt,
	    .uncertain = j->uncertain,
	    .json = j->post,
	    .steps = j->step,
	    .steps_count = j->steps_n,
	    .ask = j->ask};
	int verdict, may = j->uncertain;

	/* Steps lead a connector to what is there; without any, the own key
	 * must. Who is only to ask, asks: the step behind the last one may
	 * still be at work. */
	if ((j->attempt > 1 || j->uncertain) && (j->steps_n == 0 || j->ask) &&
	    c->find != NULL) {
		verdict = c->find(p->session, &post, receipt, RECEIPT_MAX, why);
		if (verdict != SLUSE_NOT_FOUND) {
			why->uncertain |= may;
			return verdict;
		}
		/* What is there in part is no second one: it goes on. */
		*ret_not_there =
		    j->ask && strcmp(why->reason, "partly_there") != 0;
		if (*ret_not_there) {
			say_not_there(why);
			return SLUSE_LATER;
		}
		may = why->uncertain; /* half of it is there */
		memset(why, 0, sizeof(*why));
		receipt[0] = '\0';
	}
	verdict = c->deliver(p->session, &post, receipt, RECEIPT_MAX, why);
	*ret_unsure = why->uncertain != 0;
	if (verdict == SLUSE_NOT_FOUND && j->ask) {
		*ret_not_there = true;
		say_not_there(why);
	}
	/* That this try did not reach it says nothing of an earlier one. */
	why->uncertain |= may;
	return verdict;
}

static enum sl_rc
run_delivery(struct sl_push *p, struct sl_job *j)
{
	SL_FREE char *receipt = sl_alloc(RECEIPT_MAX);
	struct sluse_why why = {0};
	int64_t began = sl_clock_boot_ms();
	bool not_there = false, unsure = false;
	enum sl_rc rc;
	int verdict, said;

	p->unheard = p->own_fault = false;
	said = call_connector(p, j, receipt, &why, &not_there, &unsure);
	receipt[RECEIPT_MAX - 1] = '\0';
	verdict = not_there ? SL_VERDICT_NOT_THERE
			    : check_verdict(said, receipt, &why);
	/* Said to be there, and not where. */
	unsure |= said <= SLUSE_ALREADY && said >= SLUSE_DELIVERED;
	rc = send_verdict(p, j, verdict, &why, receipt, unsure);
	sl_log(verdict <= SLUSE_ALREADY ? SL_LOG_DEBUG : SL_LOG_NOTICE,
	    j->subject,
	    "delivery verdict=\"%d\" reason=\"%s\" status=\"%d\" "
	    "uncertain=\"%d\" attempt=\"%u\" ms=\"%lld\"",
	    verdict, why.reason, why.http_status, why.uncertain, j->attempt,
	    (long long)(sl_clock_boot_ms() - began));
	return rc;
}

/* REFUSED: this kind of target cannot be asked. */
static int
call_sync(struct sl_push *p, const struct sl_job *j, struct sluse_why *why)
{
	const struct sluse_connector *c = p->connector;
	int v = SLUSE_REFUSED;

	if (j->sync == SL_SYNC_CASES && c->sync_cases != NULL)
		v = c->sync_cases(p->session, why);
	else if (j->sync == SL_SYNC_JOURNAL && c->list_journal != NULL)
		v = c->list_journal(p->session, j->since, why);
	else
		(void)memcpy(why->text, "connector cannot list them", 27);
	return v < SLUSE_DELIVERED || v > SLUSE_DOWN ? SLUSE_LATER : v;
}

static enum sl_rc
run_sync(struct sl_push *p, const struct sl_job *j)
{
	struct sl_msg m = {.type = SL_MSG_SYNC_DONE};
	SL_BUF struct sl_buf text = {0};
	struct sluse_why why = {0};
	int verdict;

	p->told_n = 0;
	verdict = call_sync(p, j, &why);
	why.text[sizeof(why.text) - 1] = '\0';
	why.reason[sizeof(why.reason) - 1] = '\0';
	sl_push_screen(&text, why.text, 256);
	m.sync_done.verdict = (uint8_t)verdict;
	m.sync_done.count = p->told_n;
	m.sync_done.reason = sl_push_fit(why.reason, 64);
	m.sync_done.detail = sl_slice_buf(&text);
	if (p->gone)
		return SL_RETRY;
	if (sl_chan_send(p->chan, &m, NULL, 0, &p->gone_err) == SL_OK)
		return SL_OK;
	p->gone = true;
	return SL_RETRY;
}

/* The first job, if it is all there. */
static bool
run_one(struct sl_push *p)
{
	struct sl_job *j = p->head;

	if (j == NULL || !j->ready)
		return false;
	p->now = j;
	if (j->sync != 0)
		(void)run_sync(p, j);
	else if (j->line != p->line)
		(void)send_verdict(p, j, SL_VERDICT_NOT_BEGUN,
		    &(struct sluse_why){.uncertain = j->uncertain}, "", false);
	else
		(void)run_delivery(p, j);
	sl_push_forget(p);
	p->now = NULL;
	p->head = j->next;
	if (p->head == NULL)
		p->tail = &p->head;
	p->jobs_n--;
	job_free(p, j);
	return true;
}

void
sl_push_drop(struct sl_push *p)
{
	struct sl_job *j;

	while ((j = p->head) != NULL) {
		p->head = j->next;
		job_free(p, j);
	}
	p->tail = &p->head;
	p->jobs_n = 0;
}

enum sl_rc
sl_push_run(struct sl_push *p, struct sl_err *err)
{
	struct pollfd pf[2] = {{.fd = sl_chan_fd(p->chan), .events = POLLIN},
	    {.fd = p->signals, .events = POLLIN}};
	int64_t wait_ms = sl_notify_watchdog_ms() / 2;

	while (!p->gone) {
		if (p->host.cancelled(p))
			return SL_OK;
		if (run_one(p))
			continue;
		sl_notify_pulse(-1);
		if (poll(pf, 2, wait_ms > 0 ? (int)wait_ms : -1) < 0 &&
		    errno != EINTR)
			return sl_err_set(
			    err, SL_FATAL, errno, "internal", "poll");
		if ((pf[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			(void)receive(p, NULL);
	}
	if (err != NULL)
		*err = p->gone_err;
	return p->protocol ? SL_REJECT : SL_RETRY;
}
