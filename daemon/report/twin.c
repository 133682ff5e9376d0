/*
 * FAILURES: the first that dies takes the second along; the second's line that
 * ends is how the first knows that it is gone.
 */
#include "twin.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../store/db.h"

#define SAID_MAX (64u << 20)
#define MEET_MAX 200 /* a try takes a millisecond */
/* What the first says until they stand at one moment. */
#define BEGIN "begin"
#define AGAIN "again"
#define GO "go"

static bool
send_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	ssize_t k;

	for (; n > 0; p += k, n -= (size_t)k) {
		do
			k = send(fd, p, n, MSG_NOSIGNAL);
		while (k < 0 && errno == EINTR);
		if (k <= 0)
			return false;
	}
	return true;
}

void
sl_twin_say(struct sl_twin *t, const void *p, size_t n)
{
	uint32_t bytes = (uint32_t)n;

	if (t->other < 0 || (send_all(t->line, &bytes, sizeof(bytes)) &&
				send_all(t->line, p, n)))
		return;
	/* He may wait for the rest. */
	(void)shutdown(t->line, SHUT_RDWR);
}

bool
sl_twin_hear(struct sl_twin *t, struct sl_buf *out)
{
	char part[4096];
	uint32_t left;
	size_t n;

	sl_buf_reset(out);
	if (t->other < 0 ||
	    sl_read_full(t->line, &left, sizeof(left)) != (ssize_t)sizeof(left))
		return false;
	for (; left > 0; left -= (uint32_t)n) {
		n = left < sizeof(part) ? left : sizeof(part);
		if (left > SAID_MAX ||
		    sl_read_full(t->line, part, n) != (ssize_t)n)
			return false;
		sl_buf_add(out, part, n);
	}
	return true;
}

static void
say_word(struct sl_twin *t, const char *word)
{
	sl_twin_say(t, word, strlen(word));
}

/* -- beginning ------------------------------------------------------------- */

static void
begin_second(struct sl_twin *t, int line, pid_t first)
{
	t->other = 0;
	t->line = line;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != first)
		_exit(1); /* it was gone before that */
}

enum sl_rc
sl_twin_begin(struct sl_twin *t, bool two, struct sl_err *err)
{
	pid_t first = getpid();
	int line[2];

	*t = (struct sl_twin){.other = -1, .line = -1};
	t->memory = memfd_create("sluse-report", MFD_CLOEXEC);
	if (t->memory < 0)
		return sl_err_set(err, SL_FATAL, errno, "internal",
		    "no memory that processes have in common");
	if (!two ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) != 0)
		return SL_OK;
	t->other = fork();
	if (t->other == 0) {
		(void)close(line[0]);
		begin_second(t, line[1], first);
		return SL_OK;
	}
	(void)close(line[1]);
	t->line = line[0];
	return SL_OK;
}

/* Another number than before: somebody has written since. */
static int64_t
version(struct sl_db *db)
{
	return sl_db_int(db, -1, "PRAGMA data_version", "");
}

static void
let_go(struct sl_twin *t)
{
	if (t->other > 0) {
		(void)kill(t->other, SIGKILL);
		while (waitpid(t->other, NULL, 0) < 0 && errno == EINTR)
			;
	}
	t->other = -1;
}

/* The second begins between two looks at the version, the latter of which is
 * within our own transaction: nothing was written between the two beginnings.
 */
static bool
meet_once(struct sl_twin *t, struct sl_db *db, struct sl_err *err)
{
	SL_BUF struct sl_buf said = {0};
	int64_t before = version(db);

	say_word(t, BEGIN);
	if (!sl_twin_hear(t, &said))
		let_go(t);
	return sl_db_run(db, err, "BEGIN", "") == SL_OK &&
	       version(db) == before;
}

enum sl_rc
sl_twin_meet(struct sl_twin *t, struct sl_store *s, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(s);
	int tries;

	for (tries = 0; t->other > 0 && tries < MEET_MAX; tries++) {
		if (meet_once(t, db, err)) {
			say_word(t, GO);
			return SL_OK;
		}
		if (sl_db_run(db, err, "COMMIT", "") != SL_OK)
			return SL_FATAL;
		say_word(t, AGAIN);
	}
	let_go(t);
	return sl_db_run(db, err, "BEGIN", "");
}

bool
sl_twin_follow(struct sl_twin *t, struct sl_store *s)
{
	struct sl_db *db = sl_store_db(s);
	SL_BUF struct sl_buf said = {0};
	const char *word;

	while (sl_twin_hear(t, &said)) {
		word = sl_buf_str(&said);
		if (strcmp(word, GO) == 0)
			return true;
		if (strcmp(word, AGAIN) == 0) {
			if (sl_db_run(db, NULL, "COMMIT", "") != SL_OK)
				return false;
			continue;
		}
		if (sl_db_run(db, NULL, "BEGIN", "") != SL_OK ||
		    version(db) < 0)
			return false;
		say_word(t, BEGIN);
	}
	return false;
}

/* -- the end --------------------------------------------------------------- */

bool
sl_twin_end(struct sl_twin *t)
{
	int status = 0;
	pid_t pid;

	if (t->other <= 0)
		return false;
	do
		pid = waitpid(t->other, &status, 0);
	while (pid < 0 && errno == EINTR);
	t->other = -1;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
sl_twin_free(struct sl_twin *t)
{
	let_go(t);
	sl_cleanup_close(&t->line);
	sl_cleanup_close(&t->memory);
}
