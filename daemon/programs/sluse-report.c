/*
 * sluse-report: the only program but slused that opens the database, and it
 * opens it read-only. Two ways to run it:
 *
 * --socket: shows people what an instance holds, as far as slused says they may
 * see it. Connects to slused and serves until that closes the connection; where
 * slused is away it waits. Exit: 0 then; 70 anything else; 64 wrong arguments.
 *
 * Else the reports of sluse-report(1), which `sluse report` becomes.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "../base/log.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "../base/text.h"
#include "../query/byname.h"
#include "../query/takehome.h"
#include "../report/line.h"
#include "../wire/roles.h"

#define EXIT_USAGE 64
#define EXIT_FAILED 70
#define LOOK_MS 10000 /* children are looked after so often */

static int
usage(FILE *to, int rc)
{
	(void)fprintf(to, "usage: sluse-report --socket PATH --root DIR"
			  " [--log-level 2..7]\n");
	return rc;
}

static enum sl_rc
connect_slused(const char *path, struct sl_chan **ret, struct sl_err *err)
{
	unsigned tries;
	enum sl_rc rc;

	for (tries = 0;; tries++) {
		rc = sl_chan_connect(path, SL_ROLE_REPORT, 1, "", ret, err);
		if (rc != SL_RETRY)
			return rc;
		if (tries == 0)
			sl_log(SL_LOG_INFO, "", "waiting for slused");
		(void)poll(NULL, 0, sl_notify_away(tries));
	}
}

static void
wake_now_and_then(int fd)
{
	int64_t ms = sl_notify_watchdog_ms() / 2;
	struct timeval t;

	if (ms <= 0 || ms > LOOK_MS)
		ms = LOOK_MS;
	t = (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
}

static int
serve(const char *path, const char *root)
{
	SL_CLOSE int notify = sl_notify_open();
	struct sl_err err = {0};
	struct sl_chan *c = NULL;
	static const struct sl_query_extra extra[] = {
	    {"report", sl_report_answer}, {"journal-export", sl_export_answer},
	    {NULL, NULL}};
	enum sl_rc rc = connect_slused(path, &c, &err);

	if (rc == SL_OK) {
		wake_now_and_then(sl_chan_fd(c));
		sl_notify_by(notify, "READY=1");
		rc = sl_query_serve(c, root, notify, extra, &err);
	}
	sl_chan_free(c);
	if (rc == SL_OK)
		return 0;
	sl_log(SL_LOG_ERR, "", "stopped rc=\"%s\" reason=\"%s\" why=\"%s\"",
	    sl_rc_name(err.rc), err.reason, err.text);
	return EXIT_FAILED;
}

static int
server(int argc, char **argv)
{
	const char *path = NULL, *root = NULL;
	uint64_t level = SL_LOG_INFO;
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc)
			path = argv[++i];
		else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			root = argv[++i];
		else if (strcmp(argv[i], "--log-level") != 0 || i + 1 == argc ||
			 !sl_parse_u64(argv[++i], 2, 7, &level))
			return usage(stderr, EXIT_USAGE);
	}
	if (path == NULL || root == NULL)
		return usage(stderr, EXIT_USAGE);
	sl_log_open("sluse-report", (enum sl_level)level);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a full log must not end us */
	return serve(path, root);
}

int
main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--socket") == 0)
			return server(argc, argv);
	sl_log_open("sluse-report", SL_LOG_NOTICE);
	return sl_report_main(argc, argv);
}
