/*
 * What systemd would hear, at an abstract socket of the test's own.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/notify.h"
#include "test.h"

static int
listen_as_systemd(void)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char name[64];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	size_t n;

	(void)snprintf(name, sizeof(name), "@sluse-test-%d", (int)getpid());
	n = strlen(name);
	memcpy(sa.sun_path, name, n);
	sa.sun_path[0] = '\0';
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&sa,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) != 0)
		abort();
	(void)setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

/* The next datagram, "" if there is none. */
static const char *
heard(int fd)
{
	static char b[64];
	ssize_t n = recv(fd, b, sizeof(b) - 1, 0);

	b[n > 0 ? n : 0] = '\0';
	return b;
}

static void
says(void)
{
	SL_CLOSE int fd = listen_as_systemd();
	SL_CLOSE int to = -1;

	sl_notify("READY=1");
	CHECK_STR(heard(fd), "READY=1");
	to = sl_notify_open();
	CHECK(to >= 0);
	sl_notify_by(to, "STATUS=x");
	CHECK_STR(heard(fd), "STATUS=x");
	sl_notify_by(-1, "STATUS=y");
	CHECK_STR(heard(fd), "");
}

static void
without_systemd(void)
{
	(void)unsetenv("NOTIFY_SOCKET");
	CHECK(sl_notify_open() == -1);
	sl_notify("READY=1"); /* nothing, and no crash */
	(void)setenv("NOTIFY_SOCKET", "@sluse-test-nobody", 1);
	CHECK(sl_notify_open() == -1);
	(void)setenv("NOTIFY_SOCKET", "relative", 1);
	CHECK(sl_notify_open() == -1);
}

static void
pulses(void)
{
	SL_CLOSE int fd = listen_as_systemd();
	int64_t began;
	char me[16];

	(void)unsetenv("WATCHDOG_USEC");
	sl_notify_pulse(-1);
	CHECK_STR(heard(fd), "");
	(void)setenv("WATCHDOG_USEC", "400000", 1);
	(void)setenv("WATCHDOG_PID", "1", 1);
	CHECK(sl_notify_watchdog_ms() == 0); /* another process is meant */
	(void)snprintf(me, sizeof(me), "%d", (int)getpid());
	(void)setenv("WATCHDOG_PID", me, 1);
	CHECK(sl_notify_watchdog_ms() == 200);
	began = sl_clock_boot_ms();
	sl_notify_pulse(-1);
	CHECK_STR(heard(fd), "WATCHDOG=1");
	sl_notify_pulse(-1); /* not due yet */
	CHECK(*heard(fd) == '\0' || sl_clock_boot_ms() - began >= 100);
	(void)usleep(110000);
	sl_notify_pulse(-1);
	CHECK_STR(heard(fd), "WATCHDOG=1");
}

TEST_MAIN(
    {"says", says}, {"without systemd", without_systemd}, {"pulses", pulses})
