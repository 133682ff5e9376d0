/*
 * The connector's host: what a plugin may ask of sluse-push.
 *
 * One struct sl_push per process: one target, one connector, one channel to
 * slused. Only deliver.c reads from the channel.
 */
#ifndef SL_PUSH_HOST_H
#define SL_PUSH_HOST_H

#include "../../plugins/connector.h"
#include "../base/buf.h"
#include "../wire/wire.h"
#include "harvest.h"
#include "http.h"
#include "section.h"

#define SL_PUSH_SECRET_MAX 65536 /* bytes of a credential's file */

struct sl_job;

struct sl_push {
	struct sl_chan *chan;
	struct sl_push_section *section;
	struct sl_http *http;
	int credentials; /* folder, or -1 */
	int signals; /* signalfd of SIGTERM and SIGINT */
	const struct sluse_connector *connector;
	struct sluse_session *session;
	struct sluse_connector_host host; /* for the connector */
	struct sl_buf secret;
	struct sl_harvest *harvest; /* NULL: none is made */
	/* deliver.c's */
	struct sl_job *head, **tail, *now;
	size_t jobs_n, fds_n;
	uint32_t told_n; /* rows of this sync */
	uint32_t line; /* answers so far that ended the line */
	bool unheard; /* the job's last request got no answer; host.c's */
	bool own_fault; /* it was given up for a fault of ours */
	bool gone, protocol; /* slused is away; slused talks nonsense */
	struct sl_err gone_err;
};

/* Fills p->host; the rest of p must be there when the connector is opened. */
void sl_push_host_init(struct sl_push *p);
/* Opens the folder of secrets: dir, or if NULL $CREDENTIALS_DIRECTORY, or the
 * configuration's credentials_dir; none is fine. SL_FATAL if others may write
 * to it. */
enum sl_rc sl_push_credentials(
    struct sl_push *p, const char *dir, struct sl_err *err);
/* Overwrites what secrets and answers left behind; after each call. */
void sl_push_forget(struct sl_push *p);

/* Text of a connector made fit for logs and messages: printable, valid UTF-8,
 * runs of eleven digits and more masked, at most max bytes. */
void sl_push_screen(struct sl_buf *out, const char *text, size_t max);
/* The same text, cut to max bytes at a character. */
struct sl_slice sl_push_fit(const char *text, size_t max);

/* deliver.c: sends the step and waits until it is durable. 0, or -1. */
int sl_push_checkpoint(struct sl_push *p, const char *step, const char *key);
/* deliver.c: from here on the target may hold what slused does not know of;
 * returns when that is durable. Once a try. 0, or -1: nothing may be sent. */
int sl_push_begin(struct sl_push *p);
/* deliver.c: reception number of the job under way, or the target. */
const char *sl_push_subject(const struct sl_push *p);

#endif
