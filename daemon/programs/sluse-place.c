/*
 * sluse-place: decides where entries belong, from what was read of them.
 *
 * Connects to slused (or takes a connected socket), shuts itself in, and then
 * serves until slused closes the connection. Where slused is away it waits.
 * Exit: 0 then; 70 anything else; 64 wrong arguments.
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
#include "../place/place.h"
#include "../sandbox/sandbox.h"
#include "../wire/roles.h"

#define EXIT_USAGE 64
#define EXIT_FAILED 70

/* Two case indexes at once while one replaces the other, and our own. */
static const struct sl_sandbox_limits limits = {
    .cpu_s = 0, .mem_bytes = 3ull << 30, .out_bytes = 1ull << 30};

static int
usage(FILE *to, int rc)
{
	(void)fprintf(to,
	    "usage: sluse-place --socket PATH | --fd N [--log-level 2..7]"
	    " [--degraded]\n");
	return rc;
}

static int
failed(const struct sl_err *err)
{
	sl_log(SL_LOG_ERR, "", "stopped rc=\"%s\" reason=\"%s\" why=\"%s\"",
	    sl_rc_name(err->rc), err->reason, err->text);
	return EXIT_FAILED;
}

/* Inside there is no poll: the wait for a message ends now and then instead. */
static void
wake_for_watchdog(int fd)
{
	int64_t ms = sl_notify_watchdog_ms() / 2;
	struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	if (ms > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
}

static enum sl_rc
connect_slused(const char *path, struct sl_chan **ret, struct sl_err *err)
{
	unsigned tries;
	enum sl_rc rc;

	for (tries = 0;; tries++) {
		rc = sl_chan_connect(path, SL_ROLE_PLACE, 1, "", ret, err);
		if (rc != SL_RETRY)
			return rc;
		if (tries == 0)
			sl_log(SL_LOG_INFO, "", "waiting for slused");
		(void)poll(NULL, 0, sl_notify_away(tries));
	}
}

static int
serve(const char *path, int fd, unsigned flags)
{
	SL_CLOSE int notify = sl_notify_open();
	struct sl_err err = {0};
	struct sl_chan *c = NULL;
	enum sl_rc rc;

	rc = sl_sandbox_prepare(flags | SL_SANDBOX_MESSAGES, &err);
	if (rc == SL_OK)
		rc = path != NULL
			 ? connect_slused(path, &c, &err)
			 : sl_chan_greet(fd, SL_ROLE_PLACE, 1, "", &c, &err);
	if (rc == SL_OK)
		wake_for_watchdog(sl_chan_fd(c));
	if (rc == SL_OK)
		rc = sl_sandbox_enter(&limits, &err);
	if (rc == SL_OK)
		sl_notify_by(notify, "READY=1");
	if (rc == SL_OK)
		sl_log(SL_LOG_INFO, "", "ready walls=\"%s\"",
		    sl_sandbox_describe());
	if (rc == SL_OK)
		rc = sl_place_serve(c, notify, &err);
	else if (c == NULL && path != NULL)
		sl_chan_tell(path, SL_ROLE_PLACE, "", &err);
	sl_chan_free(c);
	return rc == SL_OK ? 0 : failed(&err);
}

int
main(int argc, char **argv)
{
	const char *path = NULL;
	unsigned flags = 0;
	uint64_t fd = 0, level = SL_LOG_INFO;
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0)
			return usage(stdout, 0);
		if (strcmp(argv[i], "--version") == 0)
			return puts(SLUSE_VERSION) < 0;
		if (strcmp(argv[i], "--degraded") == 0)
			flags |= SL_SANDBOX_DEGRADED;
		else if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc)
			path = argv[++i];
		else if (strcmp(argv[i], "--log-level") == 0 && i + 1 < argc &&
			 sl_parse_u64(argv[i + 1], 2, 7, &level))
			i++;
		else if (strcmp(argv[i], "--fd") != 0 || i + 1 == argc ||
			 !sl_parse_u64(argv[++i], 3, 1023, &fd))
			return usage(stderr, EXIT_USAGE);
	}
	if ((path == NULL) == (fd == 0))
		return usage(stderr, EXIT_USAGE);
	sl_log_open("sluse-place", (enum sl_level)level);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a full log must not end us */
	return serve(path, (int)fd, flags);
}
