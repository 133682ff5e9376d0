#include "parent.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

bool
parent_greet(struct parent_proc *p)
{
	struct sl_msg m;
	size_t nfds;

	if (sl_chan_recv(p->chan, &m, NULL, &nfds, NULL) != SL_OK ||
	    m.type != SL_MSG_HELLO)
		return false;
	p->slots = m.hello.slots;
	m = (struct sl_msg){.type = SL_MSG_WELCOME};
	m.welcome.instance = sl_slice_str("test");
	m.welcome.known = 1;
	m.welcome.slots = PARENT_SLOTS;
	return sl_chan_send(p->chan, &m, NULL, 0, NULL) == SL_OK;
}

struct start {
	unsigned slots;
	bool degraded;
	const char *host_slots;
};

static _Noreturn void
run(const struct sl_worker *w, int fd, const struct start *o)
{
	char a_prog[] = "worker", a_fd[] = "--fd", a_slots[] = "--slots",
	     a_level[] = "--log-level", a_two[] = "4", a_deg[] = "--degraded",
	     a_host[] = "--host-slots";
	char fd_text[16], slots_text[16], host_text[128];
	char *argv[] = {a_prog, a_fd, fd_text, a_slots, slots_text, a_level,
	    a_two, a_host, host_text, o->degraded ? a_deg : NULL, NULL};

	(void)snprintf(fd_text, sizeof(fd_text), "%d", fd);
	(void)snprintf(slots_text, sizeof(slots_text), "%u", o->slots);
	(void)snprintf(host_text, sizeof(host_text), "%s", o->host_slots);
	exit(sl_worker_main(w, o->degraded ? 10 : 9, argv));
}

static bool
start(struct parent_proc *p, const struct sl_worker *w, const struct start *o)
{
	int sv[2];

	memset(p, 0, sizeof(*p));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) != 0)
		return false;
	p->pid = fork();
	if (p->pid == 0) {
		(void)close(sv[0]);
		run(w, sv[1], o);
	}
	(void)close(sv[1]);
	p->chan = sl_chan_new(sv[0], false);
	return parent_greet(p);
}

bool
parent_start(struct parent_proc *p, const struct sl_worker *w, unsigned slots,
    bool degraded)
{
	const struct start o = {slots, degraded, "/nonexistent"};

	return start(p, w, &o);
}

bool
parent_start_sharing(struct parent_proc *p, const struct sl_worker *w,
    unsigned slots, const char *host_slots)
{
	const struct start o = {slots, false, host_slots};

	return start(p, w, &o);
}

pid_t
parent_start_path(const struct sl_worker *w, const char *path)
{
	char a_prog[] = "worker", a_socket[] = "--socket",
	     a_level[] = "--log-level", a_two[] = "2", text[108];
	char *argv[] = {a_prog, a_socket, text, a_level, a_two, NULL};
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)snprintf(text, sizeof(text), "%s", path);
	exit(sl_worker_main(w, 5, argv));
}

struct sl_msg_task
parent_task(uint64_t number, const char *name)
{
	struct sl_msg_task t = {.task = number,
	    .kind = SL_TASK_OPEN,
	    .cpu_s = 10,
	    .wall_ms = 10000,
	    .mem_bytes = 64 << 20,
	    .out_bytes = 1 << 16};

	t.subject = sl_slice_str("M26-000001-1");
	t.name = sl_slice_str(name);
	return t;
}

bool
parent_send(struct parent_proc *p, const struct sl_msg_task *t, int input,
    int out, int *ret_result)
{
	struct sl_msg m = {.type = SL_MSG_TASK, .task = *t};
	int sv[2], fds[3];
	enum sl_rc rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) != 0)
		return false;
	fds[SL_FD_INPUT] = input;
	fds[SL_FD_RESULT] = sv[1];
	fds[SL_FD_OUT] = out;
	/* Nobody listens: so before the child can write. */
	if (ret_result != NULL)
		*ret_result = sv[0];
	else
		(void)close(sv[0]);
	rc = sl_chan_send(p->chan, &m, fds, 3, NULL);
	(void)close(sv[1]);
	return rc == SL_OK;
}

bool
parent_cancel(struct parent_proc *p, uint64_t task)
{
	struct sl_msg m = {.type = SL_MSG_TASK_CANCEL};

	m.task_cancel.task = task;
	return sl_chan_send(p->chan, &m, NULL, 0, NULL) == SL_OK;
}

bool
parent_ended(struct parent_proc *p, struct sl_msg_task_ended *ret)
{
	struct pollfd pf = {.fd = sl_chan_fd(p->chan), .events = POLLIN};
	struct sl_msg m;
	size_t nfds;

	if (poll(&pf, 1, 120000) != 1 ||
	    sl_chan_recv(p->chan, &m, NULL, &nfds, NULL) != SL_OK ||
	    m.type != SL_MSG_TASK_ENDED)
		return false;
	*ret = m.task_ended;
	return true;
}

int
parent_wait(struct parent_proc *p)
{
	int status;

	if (waitpid(p->pid, &status, 0) != p->pid)
		return -1000;
	sl_chan_free(p->chan);
	p->chan = NULL;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int
parent_hangup(struct parent_proc *p)
{
	sl_chan_free(p->chan);
	p->chan = NULL;
	return parent_wait(p);
}
