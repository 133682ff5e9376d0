#include "push_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/hash.h"
#include "../../daemon/base/mem.h"

#define WAIT_MS 30000

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* -- folder, configuration, sluse-push
 * ------------------------------------------ */

void
world_new(struct world *w)
{
	struct sl_err err;

	*w = (struct world){.push = -1, .listening = -1};
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/sluse-push-XXXXXX");
	if (mkdtemp(w->dir) == NULL)
		die("mkdtemp");
	(void)snprintf(w->config, sizeof(w->config), "%s/sluse.conf", w->dir);
	(void)snprintf(w->secrets, sizeof(w->secrets), "%s/secrets", w->dir);
	(void)snprintf(w->socket, sizeof(w->socket), "%s/socket", w->dir);
	if (mkdir(w->secrets, 0700) != 0)
		die("mkdir");
	world_config(w, "[instance]\nname = Test\n");
	if (sl_chan_listen(w->socket, &w->listening, &err) != SL_OK)
		die(err.text);
}

void
world_free(struct world *w)
{
	(void)world_stop(w, SIGKILL);
	(void)close(w->listening);
	(void)sl_remove_tree(AT_FDCWD, w->dir);
}

void
world_config(struct world *w, const char *fmt, ...)
{
	FILE *f = fopen(w->config, "ae");
	va_list ap;

	if (f == NULL)
		die("config");
	va_start(ap, fmt);
	(void)vfprintf(f, fmt, ap);
	va_end(ap);
	(void)fclose(f);
}

void
world_secret(struct world *w, const char *name, const char *value)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", w->secrets, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || sl_write_full(fd, value, strlen(value)) != 0 ||
	    sl_write_full(fd, "\n", 1) != 0)
		die("secret");
	(void)close(fd);
}

static const char *
program(void)
{
	const char *b = getenv("SLUSE_BUILD");
	static char path[512];

	(void)snprintf(
	    path, sizeof(path), "%s/bin/sluse-push", b != NULL ? b : "build");
	return path;
}

static bool
wait_readable(int fd, int ms)
{
	struct pollfd pf = {.fd = fd, .events = POLLIN};

	return poll(&pf, 1, ms) > 0;
}

bool
world_recv(struct world *w, struct sl_msg *m)
{
	struct sl_err err;
	size_t nfds;

	if (!wait_readable(sl_chan_fd(w->chan), WAIT_MS)) {
		(void)fprintf(stderr, "sluse-push is silent\n");
		return false;
	}
	if (sl_chan_recv(w->chan, m, NULL, &nfds, &err) != SL_OK)
		return false;
	w->line += m->type == SL_MSG_DELIVERED && m->delivered.ends_line;
	return true;
}

bool
world_start(struct world *w, const char *target)
{
	const char *level = getenv("PUSH_LOG");
	struct sl_msg m, welcome = {.type = SL_MSG_WELCOME};
	struct sl_err err;
	int fd, i;

	(void)world_stop(w, SIGKILL);
	w->target = target;
	w->line = 0;
	w->push = fork();
	if (w->push == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program(), "sluse-push", "--socket", w->socket,
		    "--target", target, "--config", w->config, "--credentials",
		    w->secrets, "--log-level", level != NULL ? level : "3",
		    (char *)NULL);
		_exit(127);
	}
	for (i = 0; !wait_readable(w->listening, 100); i++) {
		if (waitpid(w->push, NULL, WNOHANG) != 0)
			w->push = -1;
		if (w->push < 0 || i > WAIT_MS / 100)
			return false;
	}
	fd = accept4(w->listening, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return false;
	w->chan = sl_chan_new(fd, false);
	if (!world_recv(w, &m) || m.type != SL_MSG_HELLO ||
	    m.hello.role != SL_ROLE_PUSH || !sl_slice_eq(m.hello.name, target))
		return false;
	welcome.welcome.instance = sl_slice_str("Test");
	return sl_chan_send(w->chan, &welcome, NULL, 0, &err) == SL_OK;
}

int
world_stop(struct world *w, int sig)
{
	int status = 0;

	if (w->push > 0) {
		(void)kill(w->push, sig);
		(void)waitpid(w->push, &status, 0);
	}
	w->push = -1;
	sl_chan_free(w->chan);
	w->chan = NULL;
	return status;
}

/* -- fakes
 * ------------------------------------------------------------------------- */

static int
read_port(const char *path)
{
	int i, port = 0;
	FILE *f;

	for (i = 0; i < 500 && port == 0; i++) {
		f = fopen(path, "re");
		if (f != NULL) {
			if (fscanf(f, "%d", &port) != 1)
				port = 0;
			(void)fclose(f);
		}
		if (port == 0)
			(void)usleep(20000);
	}
	return port;
}

void
fake_start(struct fake *f, const char *dir, const char *script,
    const char *const *args)
{
	char path[128], state[128], port_file[140];
	const char *argv[32] = {"python3", path, "--state", state,
	    "--port-file", port_file, "--watch-stdin"};
	size_t n = 7;
	int p[2];

	(void)snprintf(path, sizeof(path), "tests/fakes/%s", script);
	(void)snprintf(state, sizeof(state), "%s/state-%s-%d", dir, script,
	    (int)(sl_clock_boot_ms() % 1000000));
	(void)snprintf(port_file, sizeof(port_file), "%s.port", state);
	while (args != NULL && *args != NULL && n < 31)
		argv[n++] = *args++;
	if (pipe2(p, O_CLOEXEC) != 0)
		die("pipe");
	f->pid = fork();
	if (f->pid == 0) {
		char *v[32];

		memcpy(v, argv, sizeof(v));
		(void)dup2(p[0], 0);
		(void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 1);
		(void)setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
		execvp("python3", v);
		_exit(127);
	}
	(void)close(p[0]);
	f->stdin_fd = p[1];
	f->port = read_port(port_file);
	if (f->port == 0) {
		(void)fprintf(stderr, "%s does not start\n", script);
		exit(1);
	}
}

void
fake_stop(struct fake *f)
{
	(void)close(f->stdin_fd);
	(void)waitpid(f->pid, NULL, 0);
}

static int
dial(int port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

json_t *
fake_control(
    struct fake *f, const char *method, const char *name, const char *body)
{
	SL_BUF struct sl_buf b = {0};
	SL_CLOSE int fd = dial(f->port);
	char part[65536], *start;
	ssize_t n;

	if (fd < 0)
		return NULL;
	sl_buf_printf(&b,
	    "%s /_fake/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    method, name, body != NULL ? strlen(body) : 0,
	    body != NULL ? body : "");
	if (sl_write_full(fd, b.p, b.n) != 0)
		return NULL;
	sl_buf_reset(&b);
	while ((n = read(fd, part, sizeof(part))) > 0)
		sl_buf_add(&b, part, (size_t)n);
	start = strstr(sl_buf_str(&b), "\r\n\r\n");
	return start == NULL ? NULL
			     : json_loads(start + 4, JSON_DECODE_ANY, NULL);
}

/* One connection of the sink until its peer goes. */
static void
sink_serve(int fd)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: "
				     "application/json\r\nContent-Length: 12"
				     "\r\n\r\n{\"id\":\"s-1\"}";
	static char buf[1 << 20];
	size_t n = 0, need;
	char *end, *cl;
	ssize_t got;

	for (;;) {
		buf[n] = '\0';
		end = strstr(buf, "\r\n\r\n");
		if (end == NULL) {
			got = read(fd, buf + n, sizeof(buf) - 1 - n);
			if (got <= 0)
				return;
			n += (size_t)got;
			continue;
		}
		cl = strcasestr(buf, "content-length:");
		need =
		    (size_t)(end + 4 - buf) +
		    (cl != NULL && cl < end ? strtoul(cl + 15, NULL, 10) : 0);
		while (n < need) { /* throws away what it has seen */
			size_t room = sizeof(buf) - 1 - n;

			if (room == 0) {
				need -= n;
				n = 0;
				continue;
			}
			got = read(
			    fd, buf + n, room < need - n ? room : need - n);
			if (got <= 0)
				return;
			n += (size_t)got;
		}
		memmove(buf, buf + need, n - need);
		n -= need;
		if (sl_write_full(fd, answer, sizeof(answer) - 1) != 0)
			return;
	}
}

pid_t
sink_start(int *ret_port)
{
	struct sockaddr_in sa = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), c;
	pid_t pid;

	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) != 0)
		die("sink");
	*ret_port = ntohs(sa.sin_port);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((c = accept(fd, NULL, NULL)) >= 0) {
			sink_serve(c);
			(void)close(c);
		}
		_exit(0);
	}
	(void)close(fd);
	return pid;
}

/* -- parcels
 * ---------------------------------------------------------------------- */

/* Bytes as an extent inside a file, as slused hands them over: read-only. */
static void
add_file(struct parcel *p, const void *bytes, size_t n, char *ret_hex)
{
	int fd = memfd_create("rendition", MFD_CLOEXEC);
	struct sl_digest d;
	char path[64];

	if (sl_write_full(fd, "before", 6) != 0 ||
	    sl_write_full(fd, bytes, n) != 0 ||
	    sl_write_full(fd, "after", 5) != 0)
		die("memfd");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	p->fd[p->files_n] = open(path, O_RDONLY | O_CLOEXEC);
	(void)close(fd);
	p->offset[p->files_n] = 6;
	p->size[p->files_n++] = n;
	sl_sha256(bytes, n, &d);
	sl_digest_hex(&d, ret_hex);
}

static json_t *
rendition(struct parcel *p, const char *variant, const char *mime,
    const char *format, const char *name, const void *bytes, size_t n)
{
	char hex[SL_SHA256_HEX + 1];

	add_file(p, bytes, n, hex);
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:I, s:s}", "rendition",
	    (int)p->files_n, "variant", variant, "filnavn", name, "mimeType",
	    mime, "format", format, "storrelse", (json_int_t)n, "sha256", hex);
}

static json_t *
documents(struct parcel *p, uint64_t big)
{
	size_t n = big > 0 ? (size_t)big : 900, i;
	unsigned char *bytes = sl_alloc(n);
	json_t *main_doc, *second;

	for (i = 0; i < n; i++)
		bytes[i] = (unsigned char)(i * 31 + i / 251);
	memcpy(bytes, p->key, strlen(p->key)); /* no two posts alike */
	main_doc = json_pack("{s:i, s:s, s:s, s:[o]}", "nummer", 1, "rolle",
	    "H", "tittel", "Søknad om parkering", "renditions",
	    rendition(
		p, "P", "application/pdf", "fmt/18", "søknad.pdf", bytes, n));
	free(bytes);
	second = json_pack("{s:i, s:s, s:s, s:[o, o]}", "nummer", 2, "rolle",
	    "V", "tittel", "Vedlegg: kart", "renditions",
	    rendition(
		p, "P", "image/png", "fmt/11", "kart.png", "png bytes", 9),
	    rendition(p, "A", "application/pdf", "fmt/354", "kart.pdf",
		"archive bytes", 13));
	return json_pack("[o, o]", main_doc, second);
}

void
parcel_new(struct parcel *p, const char *key, const char *number, uint64_t big)
{
	json_t *post;

	*p = (struct parcel){.attempt = 0};
	(void)snprintf(p->key, sizeof(p->key), "%s", key);
	post = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
	    "version", 1, "ownKey", key, "reception", "M26-000001-1.1",
	    "tittel", "Søknad om parkeringstillatelse", "journalposttype", "I",
	    "journalstatus", "M", "mottattDato", "2026-11-20T09:15:00+01:00",
	    "dokumentetsDato", "2026-11-18", "muligDuplikat", "M26-000000-3");
	if (number != NULL)
		(void)json_object_set_new(
		    post, "saksnummer", json_string(number));
	else
		(void)json_object_set_new(post, "nySak",
		    json_pack("{s:s}", "tittel", "Ny sak om parkering"));
	(void)json_object_set_new(
	    post, "merknad", json_pack("[s]", "Forslag: 2026/211 (0,93)"));
	(void)json_object_set_new(post, "enhet", json_string("Teknisk"));
	(void)json_object_set_new(post, "korrespondansepart",
	    json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}]", "type", "EA",
		"navn", "Kari Nordmann", "epost", "kari@example.no", "type",
		"EK", "navn", "Storvik Bygg AS", "organisasjonsnummer",
		"974760673"));
	(void)json_object_set_new(post, "dokumenter", documents(p, big));
	p->post = json_dumps(post, JSON_COMPACT);
	json_decref(post);
}

void
parcel_free(struct parcel *p)
{
	size_t i;

	for (i = 0; i < p->files_n; i++)
		(void)close(p->fd[i]);
	free(p->post);
}

bool
parcel_send(struct world *w, struct parcel *p, uint64_t delivery)
{
	struct sl_msg m = {.type = SL_MSG_DELIVER};
	struct sl_err err;
	size_t i;
	bool ok;

	p->attempt++;
	if (w->chan == NULL)
		return false;
	m.deliver.delivery = delivery;
	m.deliver.subject = sl_slice_str("M26-000001-1.1");
	m.deliver.own_key = sl_slice_str(p->key);
	m.deliver.attempt = p->attempt;
	m.deliver.uncertain = p->uncertain;
	m.deliver.line = w->line;
	m.deliver.post = sl_slice_str(p->post);
	ok = sl_chan_send(w->chan, &m, NULL, 0, &err) == SL_OK;
	for (i = 0; ok && i < p->files_n; i++) {
		m = (struct sl_msg){.type = SL_MSG_DELIVER_FILE};
		m.deliver_file.delivery = delivery;
		m.deliver_file.rendition = (uint32_t)i + 1;
		m.deliver_file.offset = p->offset[i];
		m.deliver_file.size = p->size[i];
		ok = sl_chan_send(w->chan, &m, &p->fd[i], 1, &err) == SL_OK;
	}
	for (i = 0; ok && i < p->steps_n; i++) {
		m = (struct sl_msg){.type = SL_MSG_DELIVER_STEP};
		m.deliver_step.delivery = delivery;
		m.deliver_step.step = sl_slice_str(p->step[i].step);
		m.deliver_step.key = sl_slice_str(p->step[i].key);
		ok = sl_chan_send(w->chan, &m, NULL, 0, &err) == SL_OK;
	}
	m = (struct sl_msg){.type = SL_MSG_DELIVER_GO};
	m.deliver_go.delivery = delivery;
	return ok && sl_chan_send(w->chan, &m, NULL, 0, &err) == SL_OK;
}

static void
keep_step(struct parcel *p, const struct sl_msg_checkpoint *c)
{
	struct step *s = &p->step[p->steps_n];

	if (p->steps_n >= WORLD_STEPS_MAX)
		return;
	(void)sl_slice_copy(c->step, s->step, sizeof(s->step));
	(void)sl_slice_copy(c->key, s->key, sizeof(s->key));
	p->steps_n++;
}

static void
take_outcome(const struct sl_msg_delivered *d, struct outcome *ret)
{
	ret->verdict = d->verdict;
	ret->status = d->http_status;
	ret->retry_after_s = d->retry_after_s;
	ret->uncertain = d->uncertain != 0;
	(void)sl_slice_copy(d->reason, ret->reason, sizeof(ret->reason));
	(void)sl_slice_copy(d->detail, ret->detail, sizeof(ret->detail));
	(void)sl_slice_copy(d->receipt, ret->receipt, sizeof(ret->receipt));
}

/* Answers a checkpoint; true if sluse-push was killed at it. */
static bool
checkpoint(struct world *w, struct parcel *p, const struct sl_msg *m,
    const struct kill_plan *plan, unsigned nr)
{
	struct sl_msg ok = {.type = SL_MSG_CHECKPOINT_OK};
	bool now = plan != NULL && plan->at == nr;
	struct sl_err err;

	if (now && plan->when == KILL_LOST) {
		(void)world_stop(w, SIGKILL);
		return true;
	}
	if (m->checkpoint.step.n > 0)
		keep_step(p, &m->checkpoint);
	else /* as slused: from here on it may be there */
		p->uncertain = true;
	if (now && plan->when == KILL_KEPT) {
		(void)world_stop(w, SIGKILL);
		return true;
	}
	ok.checkpoint_ok.delivery = m->checkpoint.delivery;
	(void)sl_chan_send(w->chan, &ok, NULL, 0, &err);
	if (now) {
		/* Into the next request, more or less. */
		(void)usleep(500 * (nr % 5));
		(void)world_stop(w, SIGKILL);
	}
	return now;
}

static bool
killed_by_time(struct world *w, int64_t end_ms)
{
	int64_t left = end_ms - sl_clock_boot_ms();

	if (left > 0 && wait_readable(sl_chan_fd(w->chan), (int)left))
		return false;
	(void)world_stop(w, SIGKILL);
	return true;
}

void
parcel_try(struct world *w, struct parcel *p, const struct kill_plan *plan,
    struct outcome *ret)
{
	int64_t end = plan != NULL && plan->after_ms > 0
			  ? sl_clock_boot_ms() + plan->after_ms
			  : 0;
	struct sl_msg m;
	unsigned nr = 0;

	*ret = (struct outcome){.died = true};
	if (parcel_send(w, p, 7)) {
		for (;;) {
			if (end != 0 && killed_by_time(w, end))
				break;
			if (!world_recv(w, &m))
				break;
			if (m.type == SL_MSG_DELIVERED) {
				take_outcome(&m.delivered, ret);
				ret->died = false;
				break;
			}
			if (m.type != SL_MSG_CHECKPOINT ||
			    checkpoint(w, p, &m, plan, ++nr))
				break;
		}
	}
	/* As slused: a try that did not end may have done anything from where
	 * it began to send. */
	if (!ret->died)
		p->uncertain = ret->uncertain;
}
