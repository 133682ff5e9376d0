/*
 * Files that are lent with a question: they come whole, or not at all; what
 * cannot be taken is read to its end all the same.
 */
#include "../../daemon/query/given.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../daemon/base/buf.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "test.h"

static struct sl_chan *he, *we;

static void
open_pair(void)
{
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	he = sl_chan_new(pair[0], false);
	we = sl_chan_new(pair[1], false);
}

static void
close_pair(struct sl_given *g)
{
	sl_chan_free(he);
	sl_chan_free(we);
	while (g->n > 0)
		(void)close(g->file[--g->n].fd);
}

static void
say(unsigned type, const char *p, size_t n)
{
	struct sl_msg m = {.type = (enum sl_msg_type)type};

	if (type == SL_MSG_ROWS)
		m.rows.rows = (struct sl_slice){p, (uint32_t)n};
	CHECK(sl_chan_send(he, &m, NULL, 0, NULL) == SL_OK);
}

static void
add_file(struct sl_buf *b, const char *name, uint64_t size, const char *body)
{
	size_t i;

	sl_buf_add_char(b, (char)strlen(name));
	sl_buf_add_char(b, 0);
	for (i = 0; i < 8; i++)
		sl_buf_add_char(b, (char)(size >> (8 * i)));
	sl_buf_add_str(b, name);
	sl_buf_add_str(b, body);
}

/* Is all that was sent read? */
static void
check_read(void)
{
	struct sl_err err = {0};
	struct sl_msg m;
	size_t nfds;

	say(SL_MSG_ROWS, "x", 1);
	CHECK(sl_chan_recv(we, &m, NULL, &nfds, &err) == SL_OK);
	CHECK(m.type == SL_MSG_ROWS && m.rows.rows.n == 1);
}

static bool
holds(const char *path, const char *want)
{
	SL_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char got[16] = "";

	return fd >= 0 && sl_read_full(fd, got, sizeof(got) - 1) >= 0 &&
	       strcmp(got, want) == 0;
}

static void
two_files(void)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_given g;
	struct sl_err err;
	char path[SL_GIVEN_PATH];

	open_pair();
	add_file(&b, "control", 3, "abc");
	add_file(&b, "0", 0, "");
	say(SL_MSG_ROWS, b.p, 5);
	say(SL_MSG_ROWS, b.p + 5, b.n - 5);
	say(SL_MSG_ROWS_END, NULL, 0);
	CHECK(sl_given_take(we, 0, &g, &err) == SL_OK);
	CHECK(g.n == 2);
	CHECK(sl_given_path(&g, "control", path));
	CHECK(holds(path, "abc"));
	CHECK(sl_given_path(&g, "0", path));
	CHECK(!sl_given_path(&g, "1", path));
	check_read();
	close_pair(&g);
}

/* What he sends besides does not stand in the way of an answer. */
static void
refused(
    const struct sl_buf *b, uint64_t leave, enum sl_rc want, const char *reason)
{
	struct sl_given g;
	struct sl_err err = {0};

	open_pair();
	say(SL_MSG_ROWS, b->p, b->n);
	say(SL_MSG_ROWS, "and more", 8);
	say(SL_MSG_ROWS_END, NULL, 0);
	CHECK_MSG(sl_given_take(we, leave, &g, &err) == want, "%s", reason);
	CHECK_STR(err.reason, reason);
	check_read();
	close_pair(&g);
}

static void
limits(void)
{
	SL_BUF struct sl_buf b = {0};
	char name[8];
	unsigned i;

	add_file(&b, "0", SL_GIVEN_MAX + 1, "");
	refused(&b, 0, SL_REJECT, "limit_bytes");
	sl_buf_reset(&b);
	for (i = 0; i <= SL_GIVEN_FILES; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		add_file(&b, name, 0, "");
	}
	refused(&b, 0, SL_REJECT, "limit_files");
	sl_buf_reset(&b);
	add_file(&b, "../0", 0, "");
	refused(&b, 0, SL_REJECT, "worker_protocol");
	sl_buf_reset(&b);
	add_file(&b, "0", 100, "half");
	refused(&b, 0, SL_RETRY, "slused_away");
	sl_buf_reset(&b);
	add_file(&b, "0", 4, "bits");
	refused(&b, UINT64_MAX, SL_RETRY, "disk_full");
}

static void
broken_off(void)
{
	struct sl_given g;
	struct sl_err err = {0};

	open_pair();
	say(SL_MSG_WELCOME, NULL, 0);
	CHECK(sl_given_take(we, 0, &g, &err) == SL_RETRY);
	close_pair(&g);
	open_pair();
	(void)shutdown(sl_chan_fd(he), SHUT_WR);
	CHECK(sl_given_take(we, 0, &g, &err) == SL_RETRY);
	close_pair(&g);
}

TEST_MAIN(
    {"two_files", two_files}, {"limits", limits}, {"broken_off", broken_off})
