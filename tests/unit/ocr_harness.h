/*
 * One page image through sluse-ocr's own road, for its tests: fork, walls,
 * run, records. The models of Debian's tesseract-ocr-nor, -eng and -osd must
 * be there.
 */
#ifndef TESTS_UNIT_OCR_HARNESS_H
#define TESTS_UNIT_OCR_HARNESS_H

#include <leptonica/allheaders.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/base/buf.h"
#include "../../daemon/ocr/image.h"
#include "../../daemon/ocr/ocr.h"
#include "../../daemon/sandbox/sandbox.h"
#include "../../daemon/worker/worker.h"
#include "test.h"

#define WIDTH 1240
#define HEIGHT 1754
#define BOXES_MAX 1000

static const char *const lines[] = {
    "Sluseby kommune, Servicetorget",
    "Saksnummer 2026/211 vedlegg nummer 4",
    "",
    "Vi viser til brev om kaien ved den gamle slusen",
    "og ber om at fristen for merknader forlenges.",
    "Tegningene er ikke ferdige, og naboene er varslet.",
    "Arbeidet tar til i mars og varer i seksten uker.",
    "",
    "Kommunen har befart eiendommen to ganger i vinter.",
    "Gjerdet mot veien mangler, og det er ingen belysning.",
    "Vedtaket kan klages inn for statsforvalteren.",
};

struct box {
	unsigned at, bytes, confidence, x0, y0, x1, y1;
};

static struct {
	struct sl_buf text;
	struct sl_msg_r_page page;
	char reason[65], end_reason[65], note[65], language[17];
	char note_detail[257];
	struct box boxes[BOXES_MAX];
	unsigned boxes_count, pages, ends, end_rc, order_bad;
	unsigned fields[SL_SOURCE_QUEUE + 1]; /* by source */
	int status;
} got;

/* libgomp reads its limit before main, and its threads would not survive the
 * fork. glibc hands constructors the arguments of main. */
static void __attribute__((constructor)) one_thread(int argc, char **argv)
{
	(void)argc;
	if (getenv("OMP_THREAD_LIMIT") != NULL)
		return;
	(void)setenv("OMP_THREAD_LIMIT", "1", 1);
	(void)execv("/proc/self/exe", argv);
}

static unsigned
le16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static inline void
take_boxes(const uint8_t *p, size_t n)
{
	for (; n >= 16 && got.boxes_count < BOXES_MAX; p += 16, n -= 16)
		got.boxes[got.boxes_count++] =
		    (struct box){.at = le16(p) | le16(p + 2) << 16,
			.bytes = le16(p + 4),
			.confidence = le16(p + 6),
			.x0 = le16(p + 8),
			.y0 = le16(p + 10),
			.x1 = le16(p + 12),
			.y1 = le16(p + 14)};
}

static inline void
take(const struct sl_msg *m)
{
	got.order_bad += got.ends != 0;
	if (m->type == SL_MSG_R_TEXT)
		sl_buf_add(&got.text, m->r_text.text.p, m->r_text.text.n);
	if (m->type == SL_MSG_R_BOXES)
		take_boxes(
		    (const uint8_t *)m->r_boxes.boxes.p, m->r_boxes.boxes.n);
	if (m->type == SL_MSG_R_NOTE) {
		(void)sl_slice_copy(m->r_note.slug, got.note, sizeof(got.note));
		(void)sl_slice_copy(
		    m->r_note.detail, got.note_detail, sizeof(got.note_detail));
	}
	if (m->type == SL_MSG_R_FIELD && m->r_field.source <= SL_SOURCE_QUEUE)
		got.fields[m->r_field.source]++;
	if (m->type == SL_MSG_R_PAGE) {
		got.page = m->r_page;
		got.pages++;
		(void)sl_slice_copy(
		    m->r_page.language, got.language, sizeof(got.language));
		(void)sl_slice_copy(
		    m->r_page.reason, got.reason, sizeof(got.reason));
	}
	if (m->type == SL_MSG_R_END) {
		got.ends++;
		got.end_rc = m->r_end.rc;
		(void)sl_slice_copy(
		    m->r_end.reason, got.end_reason, sizeof(got.end_reason));
	}
}

static inline bool
warm(void)
{
	static bool done;
	struct sl_err err = {0};

	if (!done && (sl_ocr_warm(&err) != SL_OK ||
			 sl_sandbox_prepare(0, &err) != SL_OK))
		(void)fprintf(stderr, "%s: %s\n", err.reason, err.text);
	else
		done = true;
	return done;
}

/* Each lies in the text, after the one before, and begins and ends with no
 * space. */
static inline void
check_words(void)
{
	unsigned i, end = 0;

	for (i = 0; i < got.boxes_count; i++) {
		const struct box *b = &got.boxes[i];

		CHECK(b->at >= end && b->bytes > 0);
		end = b->at + b->bytes;
		CHECK(end <= got.text.n);
		CHECK_MSG(end > got.text.n ||
			      (strchr(" \n", got.text.p[b->at]) == NULL &&
				  strchr(" \n", got.text.p[end - 1]) == NULL),
		    "%u", i);
	}
}

static uint64_t memory = (uint64_t)1 << 30; /* of the children */

/* Runs t over the n bytes of p, which lie at t->offset of the input. */
static inline void
run(struct sl_msg_task t, const void *p, size_t n)
{
	const struct sl_sandbox_limits walls = {
	    .cpu_s = 60, .mem_bytes = memory};
	static uint8_t packet[SL_WIRE_MAX];
	int fds[SL_FD_COUNT] = {-1, -1, -1, -1, -1}, sv[2];
	struct sl_msg m;
	ssize_t len;
	pid_t pid;

	sl_buf_free(&got.text);
	memset(&got, 0, sizeof(got));
	CHECK(warm());
	fds[SL_FD_INPUT] = memfd_create("page", MFD_CLOEXEC);
	CHECK(pwrite(fds[SL_FD_INPUT], p, n, (off_t)t.offset) == (ssize_t)n);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == 0);
	if (t.size == 0)
		t.size = n;
	if (t.pixels_max == 0)
		t.pixels_max = 100000000;
	t.side_max = 20000;
	t.kind = SL_TASK_OCR;
	fds[SL_FD_RESULT] = sv[1];
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		/* as in a worker: libraries complain to stderr */
		(void)signal(SIGXFSZ, SIG_IGN);
		/* As its parent does: standard error may be a file. */
		(void)signal(SIGXFSZ, SIG_IGN);
		if (sl_sandbox_enter(&walls, NULL) != SL_OK)
			_exit(3);
		_exit(sl_ocr_run(&t, fds));
	}
	(void)close(sv[1]);
	while ((len = read(sv[0], packet, sizeof(packet))) > 0) {
		size_t at = 0, all = (size_t)len;

		while (at < all &&
		       sl_msg_next(packet, all, &at, &m, NULL) == SL_OK)
			take(&m);
		CHECK(at == all);
	}
	CHECK(waitpid(pid, &got.status, 0) == pid);
	CHECK_MSG(got.status == 0, "status %#x", (unsigned)got.status);
	CHECK(got.ends == 1 && got.order_bad == 0);
	check_words();
	(void)close(sv[0]);
	(void)close(fds[SL_FD_INPUT]);
}

/* An A4 page at 150 dpi with the lines above. */
static inline PIX *
letter(void)
{
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *pix = pixCreate(WIDTH, HEIGHT, 8);
	size_t i;

	(void)pixSetAll(pix);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		(void)pixSetTextline(
		    pix, font, lines[i], 0, 120, 200 + (int)i * 55, NULL, NULL);
	bmfDestroy(&font);
	return pix;
}

/* A page of these lines, at 300 dpi. */
static inline PIX *
drawn(const char *const *text, size_t n)
{
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *pix = pixCreate(WIDTH, HEIGHT, 8), *big;
	size_t i;

	(void)pixSetAll(pix);
	for (i = 0; i < n; i++)
		(void)pixSetTextline(
		    pix, font, text[i], 0, 120, 160 + (int)i * 55, NULL, NULL);
	bmfDestroy(&font);
	big = pixScale(pix, 2, 2);
	pixDestroy(&pix);
	return big;
}

static inline void
run_packed(PIX *pix, int iff, struct sl_msg_task t)
{
	l_uint8 *p = NULL;
	size_t n = 0;

	CHECK(pixWriteMem(&p, &n, pix, iff) == 0);
	t.image_format = iff == IFF_PNG ? SL_IMAGE_PNG : SL_IMAGE_JPEG;
	run(t, p, n);
	lept_free(p);
}

/* Box of the first word that begins so; a box of noughts if there is none. */
static inline struct box
find(const char *word)
{
	unsigned i;

	for (i = 0; i < got.boxes_count; i++)
		if (got.boxes[i].at + strlen(word) <= got.text.n &&
		    strncmp(got.text.p + got.boxes[i].at, word, strlen(word)) ==
			0)
			return got.boxes[i];
	return (struct box){0};
}

static inline bool
near(unsigned v, double want, double side)
{
	double d = v / 65535.0 - want / side;

	return d < 0.02 && d > -0.02;
}

/* The letter was read, and its words lie where they were drawn. */
static inline void
check_letter(unsigned rotate)
{
	struct box b;

	CHECK(got.pages == 1 && got.page.page == 7);
	CHECK(got.page.source == SL_PAGE_OCR);
	CHECK(got.page.confidence > 600);
	CHECK(got.page.rotate == rotate);
	CHECK(got.page.words > 50 && got.page.words == got.boxes_count);
	CHECK(got.page.text_bytes == got.text.n);
	CHECK(strstr(sl_buf_str(&got.text), "Saksnummer 2026/211") != NULL);
	CHECK(strstr(sl_buf_str(&got.text), "statsforvalteren") != NULL);
	CHECK(strstr(sl_buf_str(&got.text), "slusen\nog ber") != NULL);
	b = find("Saksnummer");
	CHECK(near(b.x0, 120, WIDTH));
	CHECK(b.y1 > b.y0 && near((b.y0 + b.y1) / 2, 246, HEIGHT));
	CHECK(b.confidence > 600 && b.confidence <= 1000);
}

static const struct sl_msg_task plain
    __attribute__((unused)) = {.page_from = 7, .dpi = 150};

#endif
