#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "mem.h"
#include "text.h"

#define AWAY_MAX_MS 2000

int
sl_notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t n;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return -1;
	n = strlen(path);
	if (n >= sizeof(sa.sun_path))
		return -1;
	memcpy(sa.sun_path, path, n);
	if (path[0] == '@') /* an abstract address */
		sa.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&sa,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

void
sl_notify_by(int fd, const char *state)
{
	struct iovec part = {
	    .iov_base = (void *)(uintptr_t)state, .iov_len = strlen(state)};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (fd >= 0)
		(void)sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
sl_notify(const char *state)
{
	SL_CLOSE int fd = sl_notify_open();

	sl_notify_by(fd, state);
}

void
sl_notify_longer(const char *status)
{
	SL_FREE char *words =
	    sl_asprintf("EXTEND_TIMEOUT_USEC=120000000\nSTATUS=%s", status);

	sl_notify(words);
}

int64_t
sl_notify_watchdog_ms(void)
{
	const char *us = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t v, who;

	if (us == NULL || !sl_parse_u64(us, 2000, INT64_MAX, &v))
		return 0;
	if (pid != NULL &&
	    (!sl_parse_u64(pid, 1, INT32_MAX, &who) || (pid_t)who != getpid()))
		return 0;
	return (int64_t)(v / 2000);
}

void
sl_notify_pulse(int fd)
{
	static int64_t due_ms;
	int64_t every_ms = sl_notify_watchdog_ms(), now_ms;

	if (every_ms == 0)
		return;
	now_ms = sl_clock_boot_ms();
	if (now_ms < due_ms)
		return;
	if (fd >= 0)
		sl_notify_by(fd, "WATCHDOG=1");
	else
		sl_notify("WATCHDOG=1");
	due_ms = now_ms + every_ms / 2;
}

int
sl_notify_away(unsigned tries)
{
	/* It may be long away: no reason to kill us. */
	if (tries == 0)
		sl_notify("READY=1");
	sl_notify("WATCHDOG=1");
	return tries < 6 ? 50 << tries : AWAY_MAX_MS;
}
