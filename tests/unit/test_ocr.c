/*
 * Page images drawn here, read as sluse-ocr reads them: fork, walls, run,
 * records. The models of Debian's tesseract-ocr-nor, -eng and -osd must be
 * there.
 */
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
#include "../../daemon/read/beside.h"
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
	char reason[65], end_reason[65], note[65];
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

static void
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

static void
take(const struct sl_msg *m)
{
	got.order_bad += got.ends != 0;
	if (m->type == SL_MSG_R_TEXT)
		sl_buf_add(&got.text, m->r_text.text.p, m->r_text.text.n);
	if (m->type == SL_MSG_R_BOXES)
		take_boxes(
		    (const uint8_t *)m->r_boxes.boxes.p, m->r_boxes.boxes.n);
	if (m->type == SL_MSG_R_NOTE)
		(void)sl_slice_copy(m->r_note.slug, got.note, sizeof(got.note));
	if (m->type == SL_MSG_R_FIELD && m->r_field.source <= SL_SOURCE_QUEUE)
		got.fields[m->r_field.source]++;
	if (m->type == SL_MSG_R_PAGE) {
		got.page = m->r_page;
		got.pages++;
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

static bool
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

static uint64_t memory = (uint64_t)1 << 30; /* of the children */

/* Runs t over the n bytes of p, which lie at t->offset of the input. */
static void
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
		CHECK(sl_msg_decode(packet, (size_t)len, &m, NULL) == SL_OK);
		take(&m);
	}
	CHECK(waitpid(pid, &got.status, 0) == pid);
	CHECK_MSG(got.status == 0, "status %#x", (unsigned)got.status);
	CHECK(got.ends == 1 && got.order_bad == 0);
	(void)close(sv[0]);
	(void)close(fds[SL_FD_INPUT]);
}

/* An A4 page at 150 dpi with the lines above. */
static PIX *
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

static void
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
static struct box
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

static bool
near(unsigned v, double want, double side)
{
	double d = v / 65535.0 - want / side;

	return d < 0.02 && d > -0.02;
}

/* The letter was read, and its words lie where they were drawn. */
static void
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

static const struct sl_msg_task plain = {.page_from = 7, .dpi = 150};

static void
upright(void)
{
	PIX *pix = letter();

	run_packed(pix, IFF_PNG, plain);
	check_letter(0);
	CHECK(got.page.flags == 0);
	CHECK(got.page.width == WIDTH && got.page.height == HEIGHT);
	run_packed(pix, IFF_JFIF_JPEG, plain);
	check_letter(0);
	CHECK(got.page.flags == 0);
	pixDestroy(&pix);
}

static void
unknown_dpi(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter();

	t.dpi = 0;
	run_packed(pix, IFF_PNG, t);
	check_letter(0);
	CHECK(got.page.dpi == 150);
	t.dpi = 1;
	run_packed(pix, IFF_PNG, t);
	CHECK(got.page.dpi == 150);
	pixDestroy(&pix);
}

/* 600 dpi is halved before it is read. */
static void
high_dpi(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter(), *big = pixScale(pix, 4, 4);

	t.dpi = 600;
	run_packed(big, IFF_JFIF_JPEG, t);
	check_letter(0);
	CHECK(got.page.dpi == 300 && got.page.width == 2 * WIDTH);
	run_packed(big, IFF_PNG, t);
	check_letter(0);
	pixDestroy(&pix);
	pixDestroy(&big);
}

/* The task tells that the picture lies on its side. */
static void
told_turn(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter(), *turned = pixRotateOrth(pix, 1);

	t.rotate = 270;
	run_packed(turned, IFF_PNG, t);
	check_letter(270);
	CHECK(got.page.flags == 0);
	pixDestroy(&pix);
	pixDestroy(&turned);
}

/* Nobody tells. Tesseract reads what is turned right by itself, but lying; the
 * rest is found by the second try. */
static void
found_turn(unsigned quads)
{
	PIX *pix = letter(), *turned = pixRotateOrth(pix, (int)quads);

	run_packed(turned, IFF_PNG, plain);
	check_letter((360 - 90 * quads) % 360);
	CHECK(got.page.flags == (quads == 1 ? 0 : SL_PAGE_RETRIED));
	CHECK(got.page.height > got.page.width);
	pixDestroy(&pix);
	pixDestroy(&turned);
}

static void
turned_90(void)
{
	found_turn(1);
}

static void
turned_180(void)
{
	found_turn(2);
}

static void
turned_270(void)
{
	found_turn(3);
}

static void
blank(void)
{
	PIX *pix = pixCreate(WIDTH, HEIGHT, 8);

	(void)pixSetAll(pix);
	(void)pixSetPixel(pix, 400, 500, 0);
	run_packed(pix, IFF_PNG, plain);
	CHECK(got.pages == 1 && got.page.source == SL_PAGE_NONE);
	CHECK(got.page.flags == SL_PAGE_BLANK && got.reason[0] == '\0');
	CHECK(got.end_rc == SL_OK && got.text.n == 0);
	pixDestroy(&pix);
}

/* A line of three words on an else empty page is not blank. */
static void
few_words(void)
{
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *pix = pixCreate(WIDTH, HEIGHT, 8);

	(void)pixSetAll(pix);
	(void)pixSetTextline(
	    pix, font, "Vedlegg nummer 4", 0, 400, 800, NULL, NULL);
	run_packed(pix, IFF_PNG, plain);
	CHECK(got.page.source == SL_PAGE_OCR);
	CHECK(strstr(sl_buf_str(&got.text), "Vedlegg nummer 4") != NULL);
	bmfDestroy(&font);
	pixDestroy(&pix);
}

/* Nothing can be read in noise, and nothing good is claimed of it. */
static void
noise(void)
{
	static uint8_t raster[600 * 800];
	struct sl_msg_task t = {.image_format = SL_IMAGE_GRAY8,
	    .width = 600,
	    .height = 800,
	    .dpi = 75};
	unsigned seed = 4711;
	size_t i;

	for (i = 0; i < sizeof(raster); i++) {
		seed = seed * 1103515245u + 12345u;
		raster[i] = (uint8_t)(seed >> 23);
	}
	run(t, raster, sizeof(raster));
	CHECK(got.pages == 1 && got.end_rc == SL_OK);
	CHECK(got.page.words < 20 || got.page.confidence < 500);
}

static void
limits(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter();

	t.pixels_max = WIDTH * HEIGHT - 1;
	run_packed(pix, IFF_PNG, t);
	CHECK(got.page.source == SL_PAGE_NONE);
	CHECK(strcmp(got.reason, "limit_pixels") == 0);
	CHECK(got.end_rc == SL_OK && got.text.n == 0);
	run_packed(pix, IFF_JFIF_JPEG, t);
	CHECK(strcmp(got.reason, "limit_pixels") == 0);
	t = plain;
	t.mem_bytes = 1 << 20;
	run_packed(pix, IFF_PNG, t);
	CHECK(strcmp(got.reason, "limit_memory") == 0);
	pixDestroy(&pix);
}

/* However little there is, the page comes, with its text or a reason. */
static void
little_memory(void)
{
	struct sl_msg_task t = plain;
	unsigned read = 0, refused = 0;
	PIX *small, *pix;
	l_uint8 *p = NULL;
	size_t n = 0;

	CHECK(warm());
	if (sl_sandbox_is_wide())
		return; /* a sanitizer's own memory knows no limit */
	small = letter();
	pix = pixScale(small, 2, 2);
	CHECK(pixWriteMem(&p, &n, pix, IFF_JFIF_JPEG) == 0);
	t.image_format = SL_IMAGE_JPEG;
	t.dpi = 300;
	for (memory = 0; memory <= 80 << 20; memory += 10 << 20) {
		run(t, p, n);
		CHECK(got.pages == 1 && got.end_rc == SL_OK);
		if (strcmp(got.reason, "limit_memory") == 0)
			refused++;
		else
			read += got.page.source == SL_PAGE_OCR;
	}
	CHECK_MSG(refused > 1 && read > 1 && refused + read == 9,
	    "%u refused, %u read", refused, read);
	memory = (uint64_t)1 << 30;
	lept_free(p);
	pixDestroy(&pix);
	pixDestroy(&small);
}

/* 300 bytes that claim 60 000 x 60 000 are never decoded. */
static void
bomb(void)
{
	static const uint8_t png[64] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
				       "\0\0\xea\x60\0\0\xea\x60\x01\0\0\0";
	struct sl_msg_task t = {
	    .image_format = SL_IMAGE_PNG, .pixels_max = 1ull << 40};

	run(t, png, sizeof(png));
	CHECK(got.page.source == SL_PAGE_NONE);
	CHECK(strcmp(got.reason, "limit_pixels") == 0);
}

static void
damaged(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter();
	l_uint8 *p = NULL;
	size_t n = 0;

	CHECK(pixWriteMem(&p, &n, pix, IFF_JFIF_JPEG) == 0);
	t.image_format = SL_IMAGE_JPEG;
	run(t, p, n / 5); /* some lines are there */
	CHECK(got.pages == 1 && strcmp(got.reason, "damaged") == 0);
	run(t, p, 20);
	CHECK(got.page.source == SL_PAGE_NONE);
	CHECK(strcmp(got.reason, "damaged") == 0);
	t.image_format = SL_IMAGE_PNG; /* it is not what it is called */
	run(t, p, n);
	CHECK(got.page.source == SL_PAGE_NONE);
	CHECK(strcmp(got.reason, "damaged") == 0);
	t.image_format = SL_IMAGE_JPEG;
	t.size = n + 1; /* beyond the end of the input */
	run(t, p, n);
	CHECK(strcmp(got.reason, "damaged") == 0);
	t = plain;
	t.image_format = 99;
	run(t, p, n);
	CHECK(strcmp(got.reason, "unsupported") == 0);
	lept_free(p);
	pixDestroy(&pix);
}

/* The page as packed rows, 1 = black, somewhere inside the input. */
static void
bit_raster(void)
{
	static uint8_t raster[(WIDTH + 7) / 8 * HEIGHT];
	struct sl_msg_task t = plain;
	PIX *pix = letter();
	l_uint32 v;
	int x, y;

	memset(raster, 0, sizeof(raster));
	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			if (pixGetPixel(pix, x, y, &v) == 0 && v < 128)
				raster[y * ((WIDTH + 7) / 8) + x / 8] |=
				    (uint8_t)(0x80 >> x % 8);
	t.image_format = SL_IMAGE_BIT1;
	t.width = WIDTH;
	t.height = HEIGHT;
	t.offset = 4099;
	run(t, raster, sizeof(raster));
	check_letter(0);
	t.height++;
	run(t, raster, sizeof(raster));
	CHECK(strcmp(got.reason, "damaged") == 0);
	pixDestroy(&pix);
}

static void
languages(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter();

	t.languages = sl_slice_str("nor+eng");
	run_packed(pix, IFF_PNG, t);
	CHECK(got.note[0] == '\0');
	t.languages = sl_slice_str("tlh");
	run_packed(pix, IFF_PNG, t);
	check_letter(0);
	CHECK(strcmp(got.note, "language_not_loaded") == 0);
	pixDestroy(&pix);
}

/* Dark scanner border, grey shade across the page, three degrees askew. */
static void
clean(void)
{
	PIX *pix = letter(), *turned, *even;
	unsigned dpi, ink;
	float skew;

	turned =
	    pixRotate(pix, 0.0524f, L_ROTATE_AREA_MAP, L_BRING_IN_WHITE, 0, 0);
	(void)pixRasterop(turned, 0, 0, 60, HEIGHT, PIX_CLR, NULL, 0, 0);
	ink = sl_ocr_ink(turned);
	even = sl_ocr_image_clean(turned, 150, &dpi, &skew);
	CHECK(even != NULL && dpi == 300);
	CHECK(skew < -0.045f && skew > -0.06f);
	CHECK(pixGetWidth(even) == 2 * WIDTH);
	CHECK(sl_ocr_ink(even) < ink);
	pixDestroy(&pix);
	pixDestroy(&turned);
	pixDestroy(&even);
}

/* Packs the text of a page, the last words of which are below the others. */
static void
base_of(struct sl_buf *b)
{
	static const uint16_t box[4] = {6000, 60000, 20000, 61000};
	struct sl_page p;

	sl_page_init(&p, 0, 7);
	sl_page_add_text(&p, "Deres ref: ", 11);
	sl_page_add_word(&p, "2025/77", 7, 1000, box);
	sl_page_add_text(&p, "\n", 1);
	sl_beside_pack(&p, b);
	sl_page_free(&p);
}

/* The image's n bytes, then the base. */
static void
run_beside(PIX *pix, size_t image_cut, const struct sl_buf *base)
{
	SL_BUF struct sl_buf all = {0};
	struct sl_msg_task t = plain;
	l_uint8 *p = NULL;
	size_t n = 0;

	CHECK(pixWriteMem(&p, &n, pix, IFF_PNG) == 0);
	t.image_format = SL_IMAGE_PNG;
	t.size = image_cut < n ? image_cut : n;
	t.base_size = (uint32_t)base->n;
	t.offset = 10;
	sl_buf_add(&all, (const char *)p, t.size);
	sl_buf_add(&all, base->p, base->n);
	run(t, all.p, all.n);
	lept_free(p);
}

static void
beside(void)
{
	SL_BUF struct sl_buf base = {0};
	PIX *pix = letter(), *turned = pixRotateOrth(pix, 1);
	struct box b;

	base_of(&base);
	run_beside(pix, SIZE_MAX, &base);
	CHECK(strncmp(sl_buf_str(&got.text), "Deres ref: 2025/77\n\n\nSluse",
		  26) == 0);
	CHECK(strstr(got.text.p, "slusen\nog ber") != NULL);
	CHECK(
	    got.page.source == SL_PAGE_OCR && got.page.flags == SL_PAGE_BESIDE);
	CHECK(got.boxes[0].confidence == 1000 && got.boxes[0].y0 == 60000);
	b = find("Saksnummer");
	CHECK(near(b.x0, 120, WIDTH) && b.confidence < 1000);
	CHECK(near((b.y0 + b.y1) / 2, 246, HEIGHT));
	CHECK(got.fields[SL_SOURCE_TEXT] > 0 && got.fields[SL_SOURCE_OCR] > 0);
	/* a picture that lies: its words stand where the page has them */
	run_beside(turned, SIZE_MAX, &base);
	CHECK(got.page.rotate == 0 && got.page.width == HEIGHT);
	b = find("statsforvalteren");
	CHECK(near((b.x0 + b.x1) / 2, HEIGHT - 760, HEIGHT));
	CHECK(got.boxes[0].x0 == 6000);
	pixDestroy(&turned);
	pixDestroy(&pix);
}

/* Whatever befalls the picture, the text stays. */
static void
beside_lost(void)
{
	SL_BUF struct sl_buf base = {0};
	PIX *pix = letter(), *white = pixCreate(300, 400, 8);

	base_of(&base);
	run_beside(pix, 20, &base);
	CHECK(strcmp(sl_buf_str(&got.text), "Deres ref: 2025/77\n") == 0);
	CHECK(got.page.source == SL_PAGE_TEXT);
	CHECK(strcmp(got.reason, "damaged") == 0);
	(void)pixSetAll(white);
	run_beside(white, SIZE_MAX, &base);
	CHECK(strcmp(sl_buf_str(&got.text), "Deres ref: 2025/77\n") == 0);
	CHECK(got.page.source == SL_PAGE_TEXT && got.reason[0] == '\0');
	CHECK((got.page.flags & SL_PAGE_BLANK) == 0);
	/* no text where it should be: the child that wrote it was not well */
	base.p[1] = 77;
	run_beside(white, SIZE_MAX, &base);
	CHECK(got.text.n == 0 && strcmp(got.reason, "damaged") == 0);
	pixDestroy(&white);
	pixDestroy(&pix);
}

/* little_memory first: what others leave in the heap is memory too. */
TEST_MAIN({"little_memory", little_memory}, {"upright", upright},
    {"unknown_dpi", unknown_dpi}, {"high_dpi", high_dpi},
    {"told_turn", told_turn}, {"turned_90", turned_90},
    {"turned_180", turned_180}, {"turned_270", turned_270}, {"blank", blank},
    {"few_words", few_words}, {"noise", noise}, {"limits", limits},
    {"bomb", bomb}, {"damaged", damaged}, {"bit_raster", bit_raster},
    {"languages", languages}, {"clean", clean}, {"beside", beside},
    {"beside_lost", beside_lost})
