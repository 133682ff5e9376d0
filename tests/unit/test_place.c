/*
 * sluse-place's loop over a real socket, shut in as the program is: cases
 * handed over, entries decided, thousands of them, nonsense refused.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/place/caseindex.h"
#include "../../daemon/place/place.h"
#include "../../daemon/sandbox/sandbox.h"
#include "../../daemon/wire/roles.h"
#include "test.h"

static pid_t child;
static struct sl_chan *chan;

static void
start(void)
{
	static const struct sl_sandbox_limits limits = {
	    .mem_bytes = 1u << 30, .out_bytes = 1u << 20};
	struct sl_err err;
	struct sl_chan *c;
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) != 0)
		abort();
	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		(void)close(sv[0]);
		c = sl_chan_new(sv[1], false);
		if (sl_sandbox_prepare(SL_SANDBOX_MESSAGES, &err) != SL_OK ||
		    sl_sandbox_enter(&limits, &err) != SL_OK)
			_exit(99);
		_exit((int)sl_place_serve(c, -1, &err));
	}
	(void)close(sv[1]);
	chan = sl_chan_new(sv[0], false);
}

/* Hangs up; the child's exit status, or 1000 + signal. */
static int
stop(void)
{
	int status = 0;

	sl_chan_free(chan);
	chan = NULL;
	(void)waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 1000 + WTERMSIG(status);
}

static bool
send_msg(const struct sl_msg *m, int fd)
{
	return sl_chan_send(chan, m, &fd, fd >= 0 ? 1 : 0, NULL) == SL_OK;
}

static bool
send_cases(const char *number)
{
	struct sl_case_row row = {number, "Tittel", "B", "Enhet", "K", "1"};
	struct sl_msg m = {.type = SL_MSG_CASES, .cases = {.count = 1}};
	int fd = memfd_create("cases", MFD_CLOEXEC);
	bool ok;

	ok = sl_caseindex_write(fd, &row, 1, NULL) == SL_OK && send_msg(&m, fd);
	(void)close(fd);
	return ok;
}

static bool
send_entry(uint64_t entry, const char *number)
{
	struct sl_msg m = {.type = SL_MSG_PLACE,
	    .place = {.entry = entry, .threshold = 800, .margin = 200}};

	if (!send_msg(&m, -1))
		return false;
	m = (struct sl_msg){.type = SL_MSG_PLACE_FIELD,
	    .place_field = {.entry = entry,
		.field = SL_FIELD_case_number,
		.source = SL_SOURCE_TEXT,
		.confidence = 900,
		.value = sl_slice_str(number),
		.label = sl_slice_str("Deres ref")}};
	if (!send_msg(&m, -1))
		return false;
	m = (struct sl_msg){
	    .type = SL_MSG_PLACE_GO, .place_go = {.entry = entry}};
	return send_msg(&m, -1);
}

/* Reads until PLACED; rows: PLACED_FIELD before it. */
static bool
answer(uint64_t entry, struct sl_msg *ret, unsigned *rows)
{
	size_t nfds;

	for (*rows = 0;; ++*rows) {
		if (sl_chan_recv(chan, ret, NULL, &nfds, NULL) != SL_OK)
			return false;
		if (ret->type == SL_MSG_PLACED)
			return ret->placed.entry == entry;
		if (ret->type != SL_MSG_PLACED_FIELD ||
		    ret->placed_field.entry != entry)
			return false;
	}
}

static void
cases_and_entries(void)
{
	struct sl_msg m;
	unsigned rows;

	start();
	CHECK(send_entry(1, "2026/211"));
	CHECK(answer(1, &m, &rows) && m.placed.rc == SL_HOLD &&
	      sl_slice_eq(m.placed.reason, "unknown_case") && rows == 1);
	CHECK(send_cases("2026/211"));
	CHECK(send_entry(2, "2026/211"));
	CHECK(answer(2, &m, &rows) && m.placed.rc == SL_OK && rows == 3);
	CHECK(send_cases("2026/87"));
	CHECK(send_entry(3, "2026/211"));
	CHECK(answer(3, &m, &rows) && m.placed.rc == SL_HOLD);
	m = (struct sl_msg){.type = SL_MSG_CASES};
	CHECK(send_msg(&m, -1));
	CHECK(send_entry(4, "2026/87"));
	CHECK(answer(4, &m, &rows) && m.placed.rc == SL_HOLD);
	CHECK(stop() == 0);
}

static void
thousands(void)
{
	enum { N = 5000 };
	struct sl_msg m;
	unsigned rows, placed = 0;
	uint64_t i;
	int64_t ms;

	start();
	CHECK(send_cases("2026/211"));
	ms = sl_clock_boot_ms();
	for (i = 1; i <= N; i++) {
		CHECK(send_entry(i, "2026/211"));
		placed += answer(i, &m, &rows) && m.placed.rc == SL_OK;
	}
	ms = sl_clock_boot_ms() - ms;
	CHECK(placed == N);
	(void)printf("# %d entries in %lld ms\n", N, (long long)ms);
	CHECK(stop() == 0);
}

static void
nonsense_ends_it(void)
{
	struct sl_msg m = {.type = SL_MSG_PLACE_GO, .place_go = {.entry = 1}};
	int fd;

	start(); /* GO without PLACE */
	CHECK(send_msg(&m, -1));
	CHECK(stop() == SL_REJECT);
	start(); /* fields of another entry */
	m = (struct sl_msg){.type = SL_MSG_PLACE, .place = {.entry = 1}};
	CHECK(send_msg(&m, -1));
	m = (struct sl_msg){
	    .type = SL_MSG_PLACE_FIELD, .place_field = {.entry = 2}};
	CHECK(send_msg(&m, -1));
	CHECK(stop() == SL_REJECT);
	start(); /* a message that is not for it */
	m = (struct sl_msg){.type = SL_MSG_WELCOME};
	CHECK(send_msg(&m, -1));
	CHECK(stop() == SL_REJECT);
	start(); /* no case index at all */
	m = (struct sl_msg){.type = SL_MSG_CASES, .cases = {.count = 1}};
	fd = memfd_create("cases", MFD_CLOEXEC);
	CHECK(write(fd, "hei", 3) == 3);
	CHECK(send_msg(&m, fd));
	CHECK(stop() == SL_REJECT);
	start(); /* cases said, none given */
	CHECK(send_msg(&m, -1));
	CHECK(stop() == SL_REJECT);
	(void)close(fd);
}

TEST_MAIN({"cases_and_entries", cases_and_entries}, {"thousands", thousands},
    {"nonsense_ends_it", nonsense_ends_it})
