/*
 * Converters that go astray, behind the walls: each is a small script, which
 * says in its PDF what it was able to do.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../daemon/base/buf.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/text.h"
#include "../../daemon/convert/convert.h"
#include "parent.h"
#include "test.h"

static char dir[] = "/tmp/sluse-convertest-XXXXXX";
static char program[64];
static struct sl_buf made;
static uint8_t end_rc;
static char reason[65];

/* Before the script's own lines: its folder, and report(name, what it tries).
 */
static const char head[] = "#!/usr/bin/python3\n"
			   "import ctypes, os, signal, socket, sys, time\n"
			   "out = sys.argv[sys.argv.index('--outdir') + 1]\n"
			   "os.makedirs(out, exist_ok=True)\n"
			   "place = os.path.dirname(sys.argv[-1])\n"
			   "pdf = open(out + '/in.pdf', 'w')\n"
			   "pdf.write('%PDF-1.4\\n')\n"
			   "def report(name, what):\n"
			   "    try:\n"
			   "        what()\n"
			   "        pdf.write('ESCAPED ' + name + '\\n')\n"
			   "    except (OSError, PermissionError):\n"
			   "        pdf.write('held ' + name + '\\n')\n";

static enum sl_rc
warm(struct sl_err *err)
{
	return sl_convert_use(program, err);
}

static const struct sl_worker worker = {.program = "test",
    .role = SL_ROLE_CONVERT,
    .warm = warm,
    .shut_in = sl_convert_shut_in,
    .run = sl_convert_run};

static void
write_script(const char *body)
{
	SL_BUF struct sl_buf b = {0};
	int fd;

	if (*program == '\0' && mkdtemp(dir) == NULL)
		abort();
	(void)snprintf(program, sizeof(program), "%s/program", dir);
	sl_buf_add_str(&b, head);
	sl_buf_add_str(&b, body);
	(void)unlink(program);
	fd = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (fd < 0 || sl_write_full(fd, b.p, b.n) != 0)
		abort();
	(void)close(fd);
}

static void
take_records(int result)
{
	struct sl_chan *c = sl_chan_new(result, true);
	struct sl_msg m;
	size_t nfds;

	end_rc = 255;
	reason[0] = '\0';
	while (sl_chan_recv(c, &m, NULL, &nfds, NULL) == SL_OK)
		if (m.type == SL_MSG_R_END) {
			end_rc = m.r_end.rc;
			(void)sl_slice_copy(
			    m.r_end.reason, reason, sizeof(reason));
		}
	sl_chan_free(c);
}

/* Has the script convert a file; what it made is in `made`. */
static struct sl_msg_task_ended
run(const char *body, uint64_t out_bytes, uint32_t wall_ms)
{
	SL_CLOSE int in = memfd_create("in", MFD_CLOEXEC);
	SL_CLOSE int out = memfd_create("out", MFD_CLOEXEC);
	struct sl_msg_task t = parent_task(1, "vsd");
	struct sl_msg_task_ended e = {.how = 0};
	struct parent_proc p;
	SL_FREE char *b = NULL;
	struct stat st;
	int result = -1;

	write_script(body);
	t.kind = SL_TASK_CONVERT;
	t.size = 4;
	t.out_bytes = out_bytes;
	t.wall_ms = wall_ms;
	t.cpu_s = 20;
	if (write(in, "post", 4) != 4)
		abort();
	CHECK(parent_start(&p, &worker, 1, false));
	CHECK(parent_send(&p, &t, in, out, &result) && parent_ended(&p, &e));
	take_records(result);
	sl_buf_reset(&made);
	if (fstat(out, &st) == 0 && st.st_size > 0) {
		b = sl_alloc((size_t)st.st_size);
		if (sl_pread_full(out, b, (size_t)st.st_size, 0) > 0)
			sl_buf_add(&made, b, (size_t)st.st_size);
	}
	CHECK(parent_hangup(&p) == 0);
	return e;
}

static void
makes_one(void)
{
	struct sl_msg_task_ended e;

	e = run("pdf.write(open(sys.argv[-1]).read())\n", 1 << 20, 20000);
	CHECK(e.how == SL_END_EXIT && e.code == 0 && end_rc == SL_OK);
	CHECK_STR(sl_buf_str(&made), "%PDF-1.4\npost");
	/* The first start of an office. */
	(void)run("if not os.path.exists(place + '/again'):\n"
		  "    open(place + '/again', 'w')\n"
		  "    pdf.close()\n"
		  "    os._exit(81)\n"
		  "pdf.write('twice')\n",
	    1 << 20, 20000);
	CHECK(end_rc == SL_OK);
	CHECK_STR(sl_buf_str(&made), "%PDF-1.4\ntwice");
}

static void
makes_none(void)
{
	(void)run("os.unlink(out + '/in.pdf')\n", 1 << 20, 20000);
	CHECK(end_rc == SL_HOLD);
	CHECK_STR(reason, "unsupported");
	(void)run("pdf.seek(0)\npdf.write('MZ')\n", 1 << 20, 20000);
	CHECK(end_rc == SL_HOLD && made.n == 0);
	(void)run("os.unlink(out + '/in.pdf')\nos.mkdir(out + '/in.pdf')\n",
	    1 << 20, 20000);
	CHECK(end_rc == SL_HOLD);
	(void)run("pdf.write('x' * 2000000)\npdf.close()\n", 1 << 20, 20000);
	CHECK(end_rc != SL_OK && made.n == 0);
}

/* dir/socket-KIND, where somebody answers. */
static int
listen_as(int kind)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, kind | SOCK_CLOEXEC, 0);

	(void)snprintf(
	    a.sun_path, sizeof(a.sun_path), "%s/socket-%d", dir, kind);
	CHECK(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(kind == SOCK_DGRAM || listen(fd, 5) == 0);
	return fd;
}

static void
reaches_out(void)
{
	SL_FREE char *body = NULL;
	SL_CLOSE int stream = -1, dgram = -1, seqpacket = -1;
	const char *p;
	unsigned n = 0;

	write_script("");
	stream = listen_as(SOCK_STREAM);
	dgram = listen_as(SOCK_DGRAM);
	seqpacket = listen_as(SOCK_SEQPACKET);
	body = sl_asprintf(
	    "def unix(kind):\n"
	    "    s = socket.socket(socket.AF_UNIX, kind)\n"
	    "    s.connect('%s/socket-%%d' %% kind)\n"
	    "report('passwd', lambda: open('/etc/passwd').read())\n"
	    "report('proc', lambda: open('/proc/%d/cmdline').read())\n"
	    "report('self', lambda: open('/proc/self/maps').read())\n"
	    "report('environ', lambda: open('/proc/1/environ').read())\n"
	    "report('tmp', lambda: os.listdir('/tmp'))\n"
	    "report('others', lambda: os.listdir(place + '/..'))\n"
	    "report('write', lambda: open('%s/program', 'a').write('x'))\n"
	    "report('make', lambda: open('/tmp/sluse-escaped', 'w'))\n"
	    "report('usr', lambda: open('/usr/sluse-escaped', 'w'))\n"
	    "report('link', lambda: os.symlink('/etc/passwd', place + '/l'))\n"
	    "report('fifo', lambda: os.mkfifo(place + '/f'))\n"
	    "report('inet', lambda: socket.socket())\n"
	    "report('udp', lambda: socket.socket(type=socket.SOCK_DGRAM))\n"
	    "report('netlink', lambda: socket.socket(16, socket.SOCK_RAW))\n"
	    "report('stream', lambda: unix(socket.SOCK_STREAM))\n"
	    "report('seqpacket', lambda: unix(socket.SOCK_SEQPACKET))\n"
	    "report('dgram', lambda: unix(socket.SOCK_DGRAM))\n"
	    "report('fork', lambda: os.fork() or os._exit(0))\n"
	    "report('spawn', lambda: os.posix_spawn('/bin/true', ['t'], {}))\n"
	    "report('kill', lambda: os.kill(%d, 0))\n"
	    "report('group', lambda: os.killpg(0, 0))\n"
	    "report('session', lambda: os.setsid())\n"
	    "report('chroot', lambda: os.chroot(place))\n"
	    "report('user', lambda: os.setuid(12345))\n"
	    "libc = ctypes.CDLL(None, use_errno=True)\n"
	    "def call(*args):\n"
	    "    if libc.syscall(*args) < 0:\n"
	    "        raise OSError(ctypes.get_errno(), '')\n"
	    "report('ptrace', lambda: call(101, 16, %d, 0, 0))\n"
	    "report('unshare', lambda: call(272, 0x10000000))\n"
	    "report('keyctl', lambda: call(250, 0, -2, 0))\n"
	    "report('io_uring', lambda: call(425, 4, 0))\n",
	    dir, (int)getpid(), dir, (int)getpid(), (int)getpid());
	(void)run(body, 1 << 20, 20000);
	CHECK_MSG(end_rc == SL_OK, "rc %u %s", end_rc, reason);
	CHECK_MSG(strstr(sl_buf_str(&made), "ESCAPED") == NULL, "%s",
	    sl_buf_str(&made));
	for (p = sl_buf_str(&made); (p = strstr(p, "held ")) != NULL; p++)
		n++;
	CHECK_MSG(n == 28, "%u tried", n);
}

static bool
is_alive(uint64_t pid)
{
	char path[64];
	struct stat st;

	(void)snprintf(
	    path, sizeof(path), "/proc/%llu", (unsigned long long)pid);
	return stat(path, &st) == 0;
}

/* Does not end: it is ended, with its child, and its folder goes with the
 * next. */
static void
hangs(void)
{
	struct sl_msg_task_ended e;
	char base[64];
	uint64_t pid = 0;
	struct stat st;
	int i;

	e = run("import threading\n"
		"threading.Thread(target=time.sleep, args=(100,)).start()\n"
		"time.sleep(100)\n",
	    1 << 20, 1500);
	CHECK(e.how == SL_END_TIMEOUT);
	(void)run("pdf.write(str(os.getpid()))\n", 1 << 20, 20000);
	CHECK(end_rc == SL_OK);
	CHECK(
	    made.n > 9 && sl_parse_u64(made.p + 9, 2, UINT64_C(1) << 30, &pid));
	for (i = 0; i < 100 && is_alive(pid); i++)
		(void)usleep(10000);
	CHECK(!is_alive(pid));
	(void)snprintf(
	    base, sizeof(base), "/tmp/sluse-convert-%u", (unsigned)geteuid());
	/* Nothing but itself and what another test may have there now. */
	CHECK(stat(base, &st) == 0 && (st.st_mode & 077) == 0);
	CHECK(st.st_nlink <= 2 + 4);
}

static void
not_there(void)
{
	struct sl_err err = {0};

	CHECK(sl_convert_use("", &err) == SL_OK);
	CHECK(sl_convert_shut_in(NULL, &err) == SL_FATAL);
	CHECK(sl_convert_use("/nonexistent/soffice.bin", &err) == SL_FATAL);
	CHECK_STR(err.reason, "config_invalid");
}

static void
tidy(void)
{
	(void)sl_remove_tree(AT_FDCWD, dir);
	sl_buf_free(&made);
}

TEST_MAIN({"makes_one", makes_one}, {"makes_none", makes_none},
    {"reaches_out", reaches_out}, {"hangs", hangs}, {"not_there", not_there},
    {"tidy", tidy})
