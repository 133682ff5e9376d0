/*
 * Our engine as sluse-ocr runs it, without slused: a warm parent, one
 * fork and one set of walls per page, as many at once as there are cores.
 *
 *	ocr_child [-l languages] [-j slots] [-d dpi] [-r degrees] [-m MiB] [-t]
 *	    [-b] file ...
 *
 * To be held against ocr_floor over the same files. -m: memory of a child
 * beyond the parent's; -t prints the text and each page's verdict, -b after
 * that a line for each word: x0 y0 x1 y1 (1/65535), confidence, offset, length.
 * Without -d the resolution is what the file's header says. Elapsed time is
 * hardly limited: other work on the machine must not cost words.
 */
#include <fcntl.h>
#include <leptonica/allheaders.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../daemon/base/buf.h"
#include "../../daemon/ocr/ocr.h"
#include "../../daemon/sandbox/sandbox.h"
#include "../../daemon/worker/worker.h"

#define SLOTS_MAX 64

struct slot {
	pid_t pid;
	int fd;
	const char *name;
	struct sl_buf text, boxes;
	struct sl_msg_r_page page;
	char reason[64];
	int ended;
};

static struct {
	const char *lang;
	long slots;
	unsigned dpi, rotate;
	unsigned long mem_mib;
	int print, boxes;
	long words, faults, confidence, ended, pages;
	double cpu, fork_ms;
	long rss_max;
} g = {.lang = SL_OCR_LANGUAGES, .mem_mib = 1024};

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
has_end(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcasecmp(name + n - m, end) == 0;
}

static unsigned
header_dpi(const char *name, bool png)
{
	l_int32 x = 0, y = 0;
	FILE *file = fopen(name, "rbe");

	if (file == NULL)
		return 0;
	(void)(png ? fgetPngResolution(file, &x, &y)
		   : fgetJpegResolution(file, &x, &y));
	(void)fclose(file);
	return x > 0 ? (unsigned)x : 0;
}

static void
child(const char *name, int result_fd)
{
	int fds[SL_FD_COUNT] = {-1, result_fd, -1, -1, -1};
	struct sl_msg_task t = {.kind = SL_TASK_OCR,
	    .dpi = (uint16_t)g.dpi,
	    .rotate = (uint16_t)g.rotate,
	    .pixels_max = 100000000,
	    .side_max = 20000,
	    .mem_bytes = g.mem_mib << 20,
	    .wall_ms = 1800000};
	struct sl_sandbox_limits l = {.cpu_s = 600, .out_bytes = 0};
	struct stat st;

	/* As its parent does: standard error may be a file. */
	(void)signal(SIGXFSZ, SIG_IGN);
	fds[SL_FD_INPUT] = open(name, O_RDONLY | O_CLOEXEC);
	if (fds[SL_FD_INPUT] < 0 || fstat(fds[SL_FD_INPUT], &st) != 0)
		_exit(2);
	t.size = (uint64_t)st.st_size;
	t.image_format = has_end(name, ".png") ? SL_IMAGE_PNG : SL_IMAGE_JPEG;
	if (t.dpi == 0)
		t.dpi =
		    (uint16_t)header_dpi(name, t.image_format == SL_IMAGE_PNG);
	l.mem_bytes = t.mem_bytes;
	if (sl_sandbox_enter(&l, NULL) != SL_OK)
		_exit(3);
	_exit(sl_ocr_run(&t, fds));
}

static void
start(struct slot *s, const char *name)
{
	int sv[2];
	double at = now();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) != 0)
		exit(1);
	*s = (struct slot){.name = name, .fd = sv[0]};
	s->pid = fork();
	if (s->pid == 0)
		child(name, sv[1]);
	(void)close(sv[1]);
	g.fork_ms += (now() - at) * 1000;
}

static void
take(struct slot *s, const struct sl_msg *m)
{
	if (m->type == SL_MSG_R_TEXT)
		sl_buf_add(&s->text, m->r_text.text.p, m->r_text.text.n);
	if (m->type == SL_MSG_R_BOXES)
		sl_buf_add(&s->boxes, m->r_boxes.boxes.p, m->r_boxes.boxes.n);
	if (m->type == SL_MSG_R_PAGE) {
		s->page = m->r_page;
		(void)sl_slice_copy(
		    m->r_page.reason, s->reason, sizeof(s->reason));
	}
	s->ended |= m->type == SL_MSG_R_END;
}

/* As wire/messages.def lays them out: at, length, confidence, box. */
static void
print_boxes(const struct sl_buf *b)
{
	const uint8_t *p = (const uint8_t *)b->p;
	size_t i, k;

	for (i = 0; i + 16 <= b->n; i += 16) {
		for (k = 8; k < 16; k += 2)
			(void)printf("%d\t", p[i + k] | p[i + k + 1] << 8);
		(void)printf("%d\t%d\t%d\n", p[i + 6] | p[i + 7] << 8,
		    p[i] | p[i + 1] << 8 | p[i + 2] << 16,
		    p[i + 4] | p[i + 5] << 8);
	}
}

static void
finish(struct slot *s)
{
	struct rusage ru;
	int status = 0;

	(void)close(s->fd);
	if (wait4(s->pid, &status, 0, &ru) != s->pid)
		exit(1);
	g.ended += s->ended && status == 0;
	g.words += s->page.words;
	g.confidence += s->page.confidence;
	g.faults += ru.ru_minflt;
	g.cpu += (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
		 (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
	if (ru.ru_maxrss > g.rss_max)
		g.rss_max = ru.ru_maxrss;
	if (g.print) {
		(void)printf("== %s\n%s\n", s->name, sl_buf_str(&s->text));
		if (g.boxes)
			print_boxes(&s->boxes);
		(void)fprintf(stderr,
		    "%s: source=%u confidence=%u words=%u rotate=%u dpi=%u "
		    "%ux%u flags=%u reason=%s rss_kb=%ld status=%x\n",
		    s->name, s->page.source, s->page.confidence, s->page.words,
		    s->page.rotate, s->page.dpi, s->page.width, s->page.height,
		    s->page.flags, s->reason, ru.ru_maxrss, (unsigned)status);
	}
	sl_buf_free(&s->text);
	sl_buf_free(&s->boxes);
	*s = (struct slot){.fd = -1};
}

/* Result: 1 while the child may say more. */
static int
drain(struct slot *s)
{
	static uint8_t packet[SL_WIRE_MAX];
	struct sl_msg m;
	ssize_t n = read(s->fd, packet, sizeof(packet));
	size_t at = 0;

	if (n <= 0)
		return 0;
	while (at < (size_t)n &&
	       sl_msg_next(packet, (size_t)n, &at, &m, NULL) == SL_OK)
		take(s, &m);
	return 1;
}

static void
run(int n, char **files)
{
	struct slot slots[SLOTS_MAX];
	struct pollfd p[SLOTS_MAX];
	int next = 0, busy = 0;
	long i;

	for (i = 0; i < g.slots; i++) {
		slots[i] = (struct slot){.fd = -1};
		if (next < n && ++busy)
			start(&slots[i], files[next++]);
	}
	while (busy > 0) {
		for (i = 0; i < g.slots; i++)
			p[i] = (struct pollfd){slots[i].fd, POLLIN, 0};
		(void)poll(p, (nfds_t)g.slots, -1);
		for (i = 0; i < g.slots; i++) {
			if (p[i].fd < 0 || p[i].revents == 0 ||
			    drain(&slots[i]))
				continue;
			finish(&slots[i]);
			busy--;
			if (next < n && ++busy)
				start(&slots[i], files[next++]);
		}
	}
}

static void
options(int argc, char **argv)
{
	int c;

	g.slots = sysconf(_SC_NPROCESSORS_ONLN);
	while ((c = getopt(argc, argv, "l:j:d:r:m:tb")) != -1)
		switch (c) {
		case 'l':
			g.lang = optarg;
			break;
		case 'j':
			g.slots = strtol(optarg, NULL, 10);
			break;
		case 'd':
			g.dpi = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			g.rotate = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'm':
			g.mem_mib = strtoul(optarg, NULL, 10);
			break;
		case 't':
			g.print = 1;
			break;
		case 'b':
			g.boxes = 1;
			break;
		default:
			exit(2);
		}
	if (g.slots < 1 || g.slots > SLOTS_MAX || optind >= argc)
		exit(2);
}

int
main(int argc, char **argv)
{
	struct sl_err err = {0};
	double at;

	if (getenv("OMP_THREAD_LIMIT") == NULL) {
		(void)setenv("OMP_THREAD_LIMIT", "1", 1);
		(void)execv("/proc/self/exe", argv);
	}
	options(argc, argv);
	at = now();
	sl_ocr_configure(g.lang);
	if (sl_ocr_warm(&err) != SL_OK ||
	    sl_sandbox_prepare(0, &err) != SL_OK) {
		(void)fprintf(stderr, "%s: %s\n", err.reason, err.text);
		return 1;
	}
	(void)fprintf(stderr, "warm_ms=%.0f\n", (now() - at) * 1000);
	at = now();
	g.pages = argc - optind;
	run(argc - optind, argv + optind);
	at = now() - at;
	(void)fprintf(g.print ? stderr : stdout,
	    "pages=%ld seconds=%.3f pages_per_s=%.4f words=%ld ended=%ld "
	    "confidence=%ld faults_per_page=%ld cpu_s=%.2f fork_ms=%.2f "
	    "rss_kb_max=%ld\n",
	    g.pages, at, (double)g.pages / at, g.words, g.ended,
	    g.confidence / g.pages, g.faults / g.pages, g.cpu,
	    g.fork_ms / (double)g.pages, g.rss_max);
	return g.ended == g.pages ? 0 : 1;
}
