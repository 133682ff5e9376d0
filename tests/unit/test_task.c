/*
 * Whole tasks of sluse-work: a forked child, its records read as lines.
 */
#include "../../daemon/read/task.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/hash.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/text.h"
#include "../../daemon/identify/identify.h"
#include "../../daemon/read/beside.h"
#include "../../daemon/read/host.h"
#include "../../daemon/read/plugins.h"
#include "../../daemon/worker/worker.h"
#include "leftover.h"
#include "make_archive.h"
#include "test.h"

/* -- a reader that does as its file says
 * ------------------------------------------ */

/*
 * One command a line: "text T", "image W H", "beside W H T", "seen T" (text
 * that was recognised), "blank", "bad" (a page each); "part NAME TEXT", "field
 * NAME VALUE", "note SLUG"; "incomplete", "encrypted", "shell" (its pages
 * cannot be told), "endless" (a part without end).
 */
struct sluse_doc {
	const struct sluse_reader_host *h;
	char text[65536];
	bool shell;
	char *pages[2000];
	char *parts[20000];
	uint32_t pages_n, parts_n;
};

static bool
is(const char *line, const char *verb)
{
	return strncmp(line, verb, strlen(verb)) == 0;
}

static int
fake_open(const struct sluse_reader_host *h, struct sluse_source *s,
    struct sluse_doc **ret)
{
	struct sluse_doc *d = calloc(1, sizeof(*d));
	char *line, *rest = d->text;
	int64_t n = h->read_at(s, d->text, sizeof(d->text) - 1, 0);
	int rc = SLUSE_READ_OK;

	d->h = h;
	if (n < 0)
		rc = SLUSE_READ_DAMAGED;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (is(line, "incomplete"))
			rc = SLUSE_READ_INCOMPLETE;
		else if (is(line, "shell"))
			d->shell = true;
		else if (is(line, "encrypted"))
			rc = SLUSE_READ_ENCRYPTED;
		else if (is(line, "part") || is(line, "field") ||
			 is(line, "note") || is(line, "endless"))
			d->parts[d->parts_n++] = line;
		else if (is(line, "text") || is(line, "image") ||
			 is(line, "beside") || is(line, "seen") ||
			 is(line, "blank") || is(line, "bad"))
			d->pages[d->pages_n++] = line;
	}
	if (rc != SLUSE_READ_OK) {
		free(d);
		return rc;
	}
	*ret = d;
	return SLUSE_READ_OK;
}

static int
fake_count(struct sluse_doc *d, uint32_t *ret)
{
	*ret = d->pages_n;
	return d->shell ? SLUSE_READ_UNSUPPORTED : SLUSE_READ_OK;
}

static int
fake_image(struct sluse_doc *d, struct sluse_sink *k, unsigned w, unsigned h,
    bool beside)
{
	struct sluse_image im = {.size = sizeof(im),
	    .format = SLUSE_IMAGE_GRAY8,
	    .stride = (size_t)w + 3,
	    .width = w,
	    .height = h,
	    .dpi = 300,
	    .rotate = 90};
	SL_FREE uint8_t *b = NULL;
	unsigned y;

	im.length = im.stride * h;
	b = malloc(im.length);
	memset(b, 0xEE, im.length);
	for (y = 0; y < h; y++)
		memset(b + y * im.stride, (int)(y + 1), w);
	im.bytes = b;
	return (beside ? d->h->image_beside : d->h->image)(k, &im) != 0
		   ? SLUSE_READ_LIMIT
		   : SLUSE_READ_OK;
}

static int
fake_page(struct sluse_doc *d, uint32_t i, struct sluse_sink *k)
{
	const char *line = d->pages[i];
	char text[64];
	unsigned w, h;

	d->h->page_size(k, 200, 100);
	if (is(line, "text ")) {
		d->h->word(k, line + 5, strlen(line + 5), 20, 10, 200, 50);
		d->h->text(k, "\n", 1);
	} else if (sscanf(line, "image %u %u", &w, &h) == 2) {
		d->h->text(k, "dropped", 7);
		return fake_image(d, k, w, h, false);
	} else if (sscanf(line, "beside %u %u %63[^\n]", &w, &h, text) == 3) {
		d->h->word(k, text, strlen(text), 20, 10, 200, 50);
		d->h->text(k, "\n", 1);
		return fake_image(d, k, w, h, true);
	} else if (is(line, "seen ")) {
		d->h->recognised(k, 700);
		d->h->word(k, line + 5, strlen(line + 5), 20, 10, 200, 50);
	} else if (is(line, "blank")) {
		d->h->blank(k);
	} else {
		return SLUSE_READ_DAMAGED;
	}
	return SLUSE_READ_OK;
}

static int
fake_part(struct sluse_doc *d, struct sluse_sink *k, const char *line)
{
	struct sluse_part p = {
	    .size = sizeof(p), .role = SLUSE_PART_ATTACHMENT};
	char name[64] = "", text[4096] = "";
	char block[4096];
	int n;

	n = sscanf(line, "part %63s %4095[^\n]", name, text);
	p.name = name;
	if (is(name, "BODY")) {
		p.name = NULL;
		p.role = SLUSE_PART_BODY;
		p.mime = "text/plain";
	}
	if (n < 1 && !is(line, "endless"))
		return SLUSE_READ_DAMAGED;
	if (d->h->part_begin(k, &p) != 0)
		return SLUSE_READ_LIMIT;
	memset(block, 'e', sizeof(block));
	while (is(line, "endless"))
		if (d->h->part_write(k, block, sizeof(block)) != 0)
			return SLUSE_READ_LIMIT;
	/* "=" stands for a line end, so that commands can be nested once. */
	for (n = 0; text[n] != '\0'; n++)
		if (text[n] == '=')
			text[n] = '\n';
	if (d->h->part_write(k, text, strlen(text)) != 0 ||
	    d->h->part_end(k) != 0)
		return SLUSE_READ_LIMIT;
	return SLUSE_READ_OK;
}

static int
fake_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	char name[64], value[256];
	uint32_t i;
	int rc;

	for (i = 0; i < d->parts_n; i++) {
		if (sscanf(d->parts[i], "field %63s %255[^\n]", name, value) ==
		    2)
			d->h->field(k, name, value, "Label", 900);
		else if (sscanf(d->parts[i], "note %63s", name) == 1)
			d->h->note(k, name, "detail");
		else if ((rc = fake_part(d, k, d->parts[i])) != SLUSE_READ_OK)
			return rc;
	}
	return SLUSE_READ_OK;
}

static void
fake_close(struct sluse_doc *d)
{
	free(d);
}

static const char *const fake_mimes[] = {"text/plain", NULL};
static const struct sluse_reader fake = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "fake",
    .version = "1",
    .mimes = fake_mimes,
    .open = fake_open,
    .page_count = fake_count,
    .page = fake_page,
    .parts = fake_parts,
    .close = fake_close,
};

/* -- running one
 * ------------------------------------------------------------------------ */

static struct sl_buf out; /* the records as lines */
static unsigned table_told;
static int out_fd = -1; /* the output file of the last task */
static int status;

static void
line_of(const struct sl_msg *m)
{
#define S(x) (int)(x).n, (x).p
	char hex[65];

	if (m->type == SL_MSG_R_ORIGINAL) {
		sl_digest_hex(&m->r_original.sha256, hex);
		sl_buf_printf(&out, "ORIGINAL %llu %.8s\n",
		    (unsigned long long)m->r_original.size, hex);
	} else if (m->type == SL_MSG_R_PART) {
		const struct sl_msg_r_part *p = &m->r_part;
		sl_buf_printf(&out,
		    "PART %u<%u d%u r%u [%.*s] %.*s %llu "
		    "reader=%.*s pages=%u reason=%.*s warn=%.*s\n",
		    p->part, p->parent, p->depth, p->role, S(p->name),
		    S(p->mime), (unsigned long long)p->size, S(p->reader),
		    p->pages, S(p->reason), S(p->warnings));
	} else if (m->type == SL_MSG_R_PAGE) {
		const struct sl_msg_r_page *p = &m->r_page;
		sl_buf_printf(&out,
		    "PAGE %u/%u source=%u text=%u words=%u flags=%u "
		    "image=%u:%llu %ux%u dpi=%u rot=%u reason=%.*s\n",
		    p->part, p->page, p->source, p->text_bytes, p->words,
		    p->flags, p->image_format,
		    (unsigned long long)p->image_size, p->width, p->height,
		    p->dpi, p->rotate, S(p->reason));
		if (p->base_size != 0)
			sl_buf_printf(&out, "BASE %u at %llu sure=%u\n",
			    p->base_size,
			    (unsigned long long)(p->image_offset +
						 p->image_size),
			    p->confidence);
	} else if (m->type == SL_MSG_R_TEXT) {
		sl_buf_printf(&out, "TEXT %u/%u %.*s\n", m->r_text.part,
		    m->r_text.page, S(m->r_text.text));
	} else if (m->type == SL_MSG_R_FIELD) {
		const struct sl_msg_r_field *f = &m->r_field;
		sl_buf_printf(&out, "FIELD %u/%u %s=%.*s label=%.*s %s %u\n",
		    f->part, f->page, sl_field_name(f->field), S(f->value),
		    S(f->label), sl_field_source_name(f->source),
		    f->confidence);
	} else if (m->type == SL_MSG_R_NOTE &&
		   sl_slice_eq(m->r_note.slug, "pronom")) {
		table_told++;
		CHECK(sl_slice_eq(m->r_note.detail, sl_identify_table()));
	} else if (m->type == SL_MSG_R_NOTE) {
		sl_buf_printf(&out, "NOTE %u %.*s: %.*s\n", m->r_note.part,
		    S(m->r_note.slug), S(m->r_note.detail));
	} else if (m->type == SL_MSG_R_END) {
		if (m->r_end.detail.n > 7 &&
		    memcmp(m->r_end.detail.p, "stopped", 7) == 0)
			sl_buf_printf(
			    &out, "DETAIL %.*s\n", S(m->r_end.detail));
		sl_buf_printf(&out, "END parts=%u %s %.*s\n", m->r_end.parts,
		    sl_rc_name((enum sl_rc)m->r_end.rc), S(m->r_end.reason));
	} else if (m->type == SL_MSG_R_BOXES) {
		const uint8_t *b = (const uint8_t *)m->r_boxes.boxes.p;
		sl_buf_printf(&out, "BOXES %u/%u n=%u x0=%u y0=%u\n",
		    m->r_boxes.part, m->r_boxes.page, m->r_boxes.boxes.n / 16,
		    b[8] | b[9] << 8, b[10] | b[11] << 8);
	}
}

static struct sl_msg_task
task(const char *name)
{
	return (struct sl_msg_task){.kind = SL_TASK_OPEN,
	    .name = sl_slice_str(name),
	    .members_max = 10000,
	    .depth_max = 8,
	    .member_bytes_max = 100 << 20,
	    .total_bytes_max = 400 << 20,
	    .ratio_max = 100,
	    .out_bytes = 500 << 20,
	    .pages_max = 500,
	    .pixels_max = 100000000,
	    .side_max = 20000};
}

/* A password of a task; it ends with 200 where it left it lying about. */
#define PASSWORD "gjett-aldri-2026"

/* Runs t over the file in a child; its records go to `out`. */
static const char *
run_fds(const struct sl_msg_task *t, int *fds)
{
	int sv[2], type = SOCK_SEQPACKET | SOCK_CLOEXEC;
	static uint8_t p[SL_WIRE_MAX];
	struct sl_msg m;
	size_t at;
	ssize_t n;
	pid_t pid;

	sl_buf_reset(&out);
	if (out_fd >= 0)
		(void)close(out_fd);
	out_fd = make_fd("", 0);
	if (socketpair(AF_UNIX, type, 0, sv) != 0)
		abort();
	fds[SL_FD_RESULT] = sv[1];
	fds[SL_FD_OUT] = out_fd;
	pid = fork();
	if (pid == 0) {
		(void)close(sv[0]);
		(void)alarm(60);
		status = sl_work_run(t, fds);
		_exit(leftover_holds(PASSWORD) ? 200 : status);
	}
	(void)close(sv[1]);
	while ((n = recv(sv[0], p, sizeof(p), 0)) > 0)
		for (at = 0; at < (size_t)n;) {
			if (sl_msg_next(p, (size_t)n, &at, &m, NULL) != SL_OK) {
				sl_buf_add_str(&out, "UNDECODABLE\n");
				break;
			}
			line_of(&m);
		}
	(void)close(sv[0]);
	if (waitpid(pid, &status, 0) != pid)
		abort();
	CHECK_MSG(status == 0, "child ended with %#x", status);
	return sl_buf_str(&out);
}

static const char *
run(const struct sl_msg_task *base, const void *p, size_t n)
{
	struct sl_msg_task t = *base;
	int fds[SL_FD_COUNT] = {make_fd(p, n), -1, -1, -1, -1};

	t.size = n;
	(void)run_fds(&t, fds);
	(void)close(fds[0]);
	return sl_buf_str(&out);
}

static const char *
run_text(const char *name, const char *s)
{
	struct sl_msg_task t = task(name);

	return run(&t, s, strlen(s));
}

static bool
says(const char *s)
{
	return strstr(sl_buf_str(&out), s) != NULL;
}

#define SAYS(s) CHECK_MSG(says(s), "\n%s", sl_buf_str(&out))

/* -- reading
 * -------------------------------------------------------------------------------
 */

static void
one_text(void)
{
	table_told = 0;
	CHECK_STR(run_text("brev.txt", "text Hei kommune\n"),
	    "PART 0<0 d0 r1 [brev.txt] text/plain 0 reader=fake pages=1 "
	    "reason= warn=\n"
	    "TEXT 0/0 Hei kommune\n\n"
	    "BOXES 0/0 n=1 x0=6553 y0=6553\n"
	    "PAGE 0/0 source=1 text=12 words=1 flags=0 image=0:0 200x100 "
	    "dpi=0 rot=0 reason=\n"
	    "END parts=1 ok \n");
	CHECK(table_told == 1); /* which PRONOM it was, once a task */
}

/* A bad page costs itself; a blank one is no error. */
static void
passwords_wiped(void)
{
	struct sl_msg_task t = task("brev.txt");

	t.passwords = sl_slice_str("feil\n" PASSWORD "\n");
	run(&t, "text Hei\n", 9);
	SAYS("END parts=1 ok \n");
}

static void
pages_of_all_kinds(void)
{
	uint8_t row[11];

	run_text("a.txt", "text one\nbad\nblank\nimage 5 4\ntext two\n");
	SAYS("pages=5 reason= ");
	SAYS("TEXT 0/0 one\n");
	SAYS("PAGE 0/1 source=0 text=0 words=0 flags=0 image=0:0 200x100 dpi=0 "
	     "rot=0 reason=damaged\n");
	SAYS("PAGE 0/2 source=0 text=0 words=0 flags=1 ");
	SAYS("PAGE 0/3 source=3 text=0 words=0 flags=0 image=3:20 5x4 dpi=300 "
	     "rot=90 reason=\n");
	SAYS("TEXT 0/4 two\n");
	SAYS("END parts=1 ok \n");
	/* Rows without what padded them. */
	CHECK(pread(out_fd, row, sizeof(row), 0) == sizeof(row));
	CHECK(memcmp(row, "\1\1\1\1\1\2\2\2\2\2\3", 11) == 0);
}

/* The text goes along behind the image, and is told at once. */
static void
text_beside_image(void)
{
	static const char doc[] = "beside 50 40 ref 2026/211\nseen before\n";
	struct sl_msg_task t = task("a.txt");
	struct sl_page p;
	uint8_t base[64];

	run(&t, doc, sizeof(doc) - 1);
	SAYS("TEXT 0/0 ref 2026/211\n");
	SAYS("PAGE 0/0 source=3 text=13 words=1 flags=0 image=3:2000 50x40 "
	     "dpi=300 rot=90 reason=\nBASE 33 at 2000 sure=0\n");
	CHECK(pread(out_fd, base, sizeof(base), 2000) == 33);
	sl_page_init(&p, 0, 0);
	CHECK(sl_beside_unpack(base, 33, &p));
	CHECK(p.text.n == 13 && memcmp(p.text.p, "ref 2026/211\n", 13) == 0);
	CHECK(p.words_count == 1 && p.words[0].x0 == 6553);
	sl_page_free(&p);
	/* each byte of it changed: a page of text, or none, and no more */
	for (unsigned i = 0; i < 33; i++) {
		sl_page_init(&p, 0, 0);
		base[i] ^= 0x81;
		if (sl_beside_unpack(base, 33, &p))
			CHECK(sl_utf8_valid(p.text.p, p.text.n));
		base[i] ^= 0x81;
		sl_page_free(&p);
	}
	SAYS("PAGE 0/1 source=2 text=6 words=1 ");
	/* an image over the limit, or no room for it, costs itself only */
	t.pixels_max = 1999;
	run(&t, doc, sizeof(doc) - 1);
	SAYS("TEXT 0/0 ref 2026/211\n");
	SAYS("PAGE 0/0 source=1 text=13 words=1 flags=0 image=0:0 ");
	SAYS("reason=limit_pixels\n");
	t.pixels_max = 2000;
	t.out_bytes = 2010;
	run(&t, doc, sizeof(doc) - 1);
	SAYS("PAGE 0/0 source=1 text=13 words=1 flags=0 image=0:0 ");
	SAYS("reason=limit_bytes\n");
}

static void
limit_pixels(void)
{
	struct sl_msg_task t = task("a.txt");
	static const char doc[] = "image 100 100\ntext after\n";
	unsigned max;

	for (max = 9999; max <= 10001; max++) {
		t.pixels_max = max;
		run(&t, doc, sizeof(doc) - 1);
		CHECK(says("reason=limit_pixels\n") == (max < 10000));
		CHECK(says("source=3") == (max >= 10000));
		SAYS("TEXT 0/1 after\n");
	}
	t = task("a.txt");
	for (max = 99; max <= 101; max++) {
		t.side_max = max;
		run(&t, doc, sizeof(doc) - 1);
		CHECK(says("reason=limit_pixels\n") == (max < 100));
	}
}

static void
limit_pages(void)
{
	struct sl_msg_task t = task("a.txt");
	static const char doc[] = "text 0\ntext 1\ntext 2\ntext 3\n";

	for (t.pages_max = 3; t.pages_max <= 5; t.pages_max++) {
		run(&t, doc, sizeof(doc) - 1);
		SAYS("pages=4 ");
		CHECK(says("NOTE 0 limit_pages: 3 of 4 pages\n") ==
		      (t.pages_max < 4));
		SAYS("PAGE 0/2 ");
		CHECK(says("PAGE 0/3 ") == (t.pages_max >= 4));
	}
	t = task("a.txt");
	t.page_count = 2;
	run(&t, doc, sizeof(doc) - 1);
	SAYS("pages=4 ");
	CHECK(says("PAGE 0/1 ") && !says("PAGE 0/2 "));
	t.kind = SL_TASK_PAGES;
	t.mime = sl_slice_str("text/plain");
	t.page_from = 2;
	t.page_count = 1;
	CHECK_STR(run(&t, doc, sizeof(doc) - 1),
	    "TEXT 0/2 2\n\nBOXES 0/2 n=1 x0=6553 y0=6553\n"
	    "PAGE 0/2 source=1 text=2 words=1 flags=0 image=0:0 200x100 "
	    "dpi=0 rot=0 reason=\nEND parts=0 ok \n");
	t.page_from = 3;
	t.page_count = 7;
	run(&t, doc, sizeof(doc) - 1);
	CHECK(says("PAGE 0/3 ") && !says("PAGE 0/4 "));
	t.page_from = 9;
	CHECK_STR(run(&t, doc, sizeof(doc) - 1), "END parts=0 ok \n");
}

static void
embedded(void)
{
	run_text("mail.txt", "part BODY text in the body\n"
			     "field title Klage\nfield nonsense x\nnote odd\n"
			     "part a.txt text deep=part b.txt text deeper\n");
	SAYS("PART 0<0 d0 r2 [mail.txt] text/plain 0 reader=fake pages=0 ");
	SAYS("FIELD 0/0 title=Klage label=Label header 900\n");
	SAYS("NOTE 0 odd: detail\n");
	SAYS("PART 1<0 d1 r4 [body.txt] text/plain 16 reader=fake pages=1 ");
	SAYS("PART 2<0 d1 r1 [a.txt] ");
	SAYS("PART 3<2 d2 r1 [b.txt] ");
	SAYS("TEXT 2/0 deep\n");
	SAYS("TEXT 3/0 deeper\n");
	CHECK(!says("nonsense"));
	SAYS("END parts=4 ok \n");
	/* Not to be read, yet a document and no folder of what lies in it. */
	run_text("a.txt", "shell\ntext no\nnote why\npart a.txt text deep\n");
	SAYS("PART 0<0 d0 r1 [a.txt] text/plain 0 reader=fake pages=0 "
	     "reason=unsupported ");
	SAYS("NOTE 0 why: detail\n");
	SAYS("TEXT 1/0 deep\n");
	CHECK(!says("TEXT 0/"));
}

static void
endless_part(void)
{
	struct sl_msg_task t = task("a.txt");
	static const char doc[] = "part ok.txt text fine\nendless\ntext 1\n";

	t.ratio_max = 0;
	t.member_bytes_max = 1 << 20;
	run(&t, doc, sizeof(doc) - 1);
	SAYS("reason=limit_member warn");
	SAYS("PART 1<0 d1 r1 [ok.txt]  9 ");
	SAYS("END parts=3 reject limit_member\n");
	CHECK(lseek(out_fd, 0, SEEK_END) <= 1 << 20);
}

static void
refusals(void)
{
	struct sl_msg_task t = task("a.txt");

	run_text("a.txt", "encrypted\n");
	SAYS("reader=fake pages=0 reason=encrypted ");
	SAYS("END parts=1 hold encrypted\n");
	run_text("a.txt", "incomplete\n");
	SAYS("reason=damaged ");
	SAYS("END parts=1 broken damaged\n");
	t.flags = SL_TASK_YOUNG;
	CHECK_STR(
	    run(&t, "incomplete\n", 11), "END parts=0 retry incomplete\n");
	run_text("a.bin", "\x93\1\2\3\4\xFF\5");
	SAYS("application/octet-stream 0 reader= pages=0 reason=unsupported ");
	SAYS("END parts=1 hold unsupported\n");
	run_text("a.txt", "");
	SAYS("inode/x-empty 0 reader= pages=0 reason=empty ");
	SAYS("END parts=1 broken empty\n");
	t.flags = SL_TASK_IDENTIFY_ONLY;
	run(&t, "encrypted\n", 10);
	SAYS("text/plain 0 reader= pages=0 reason= ");
	SAYS("END parts=1 ok \n");
	sl_work_only(SL_TASK_IDENTIFY_ONLY);
	run(&t, "encrypted\n", 10);
	SAYS("END parts=1 ok \n");
	t.flags = 0;
	run(&t, "hei\n", 4);
	SAYS("END parts=0 fatal worker_protocol\n");
	sl_work_only(0);
	run(&t, "hei\n", 4);
	SAYS("END parts=1 ok \n");
	t.kind = SL_TASK_OCR;
	run(&t, "x", 1);
	SAYS("END parts=0 fatal worker_protocol\n");
}

/* -- the original
 * ------------------------------------------------------------------------------
 */

/* Copies; the task's flags and size are the caller's. */
static const char *
run_copy(const struct sl_msg_task *t, int in, int *ret_original)
{
	char path[64];
	int fds[SL_FD_COUNT] = {in, -1, -1, make_fd("", 0), -1};

	(void)snprintf(
	    path, sizeof(path), "/proc/self/fd/%d", fds[SL_FD_ORIGINAL]);
	fds[SL_FD_ORIGINAL_READ] = open(path, O_RDONLY | O_CLOEXEC);
	(void)run_fds(t, fds);
	(void)close(fds[SL_FD_ORIGINAL]);
	*ret_original = fds[SL_FD_ORIGINAL_READ];
	return sl_buf_str(&out);
}

static void
copied(void)
{
	struct sl_msg_task t = task("brev.txt");
	static const char doc[] = "text copied\n";
	char back[sizeof(doc)] = "";
	int in = make_fd(doc, sizeof(doc) - 1), orig;

	t.flags = SL_TASK_COPY;
	run_copy(&t, in, &orig);
	SAYS("ORIGINAL 12 1faed30c\nPART 0<0 d0 r1 [brev.txt] text/plain 0 ");
	SAYS("TEXT 0/0 copied\n");
	CHECK(pread(orig, back, sizeof(back), 0) == sizeof(doc) - 1);
	CHECK_STR(back, doc);
	(void)close(orig);
	for (t.out_bytes = 11; t.out_bytes <= 13; t.out_bytes++) {
		run_copy(&t, in, &orig);
		CHECK(says("END parts=0 reject limit_input\n") ==
		      (t.out_bytes < 12));
		(void)close(orig);
	}
	/* What was claimed is no limit for what was claimed. */
	t.out_bytes = 11;
	t.size = 12;
	run_copy(&t, in, &orig);
	SAYS("ORIGINAL 12 ");
	(void)close(orig);
	t.flags |= SL_TASK_COPY_ONLY;
	run_copy(&t, in, &orig);
	CHECK(says("ORIGINAL 12 ") && !says("PART"));
	SAYS("\nEND parts=0 ok \n");
	(void)close(orig);
	(void)close(in);
}

static void
copied_empty(void)
{
	struct sl_msg_task t = task("tom.pdf");
	int in = make_fd("", 0), orig;

	t.flags = SL_TASK_COPY;
	CHECK_STR(run_copy(&t, in, &orig),
	    "ORIGINAL 0 e3b0c442\n"
	    "PART 0<0 d0 r1 [tom.pdf] inode/x-empty 0 reader= pages=0 "
	    "reason=empty warn=\nEND parts=1 broken empty\n");
	(void)close(orig);
	t.flags |= SL_TASK_YOUNG;
	run_copy(&t, in, &orig);
	SAYS("END parts=1 retry incomplete\n");
	(void)close(orig);
	(void)close(in);
}

/* A writer that never rests while 48 MiB are copied. */
static void
copied_while_written(void)
{
	struct sl_msg_task t = task("stor.bin");
	size_t n = 48 << 20;
	char *p = calloc(1, n);
	int in = make_fd(p, n), orig;
	pid_t writer;

	free(p);
	writer = fork();
	if (writer == 0) {
		(void)alarm(60);
		for (;;)
			if (pwrite(in, "w", 1, 7) != 1)
				_exit(1);
	}
	t.flags = SL_TASK_COPY;
	run_copy(&t, in, &orig);
	CHECK_STR(sl_buf_str(&out), "END parts=0 retry file_changing\n");
	(void)kill(writer, SIGKILL);
	(void)waitpid(writer, NULL, 0);
	(void)close(orig);
	(void)close(in);
}

/* -- trees
 * ---------------------------------------------------------------------------------------
 */

static void
wrap(struct sl_buf *z, const char *name)
{
	struct zip_member m = {.name = name, .data = z->p, .n = z->n};
	struct sl_buf w = {0};

	make_zip(&w, &m, 1, NULL);
	sl_buf_free(z);
	*z = w;
}

static void
nested(void)
{
	SL_BUF struct sl_buf z = {0}, all = {0};
	struct sl_msg_task t = task("post.zip");
	struct zip_member m[3] = {
	    {.name = "1.txt", .data = "text en\n", .n = 8},
	    {.name = "Vedlegg.zip"},
	    {.name = "1.txt", .data = "text to\n", .n = 8}};
	struct zip_member inner = {
	    .name = "S\x9Bknad.txt", .data = "text inne\n", .n = 10};

	make_zip(&z, &inner, 1, NULL);
	m[1].data = z.p;
	m[1].n = z.n;
	make_zip(&all, m, 3, NULL);
	run(&t, all.p, all.n);
	SAYS("PART 0<0 d0 r2 [post.zip] application/zip 0 reader= pages=0 "
	     "reason= warn=\n");
	SAYS("PART 1<0 d1 r1 [1.txt] text/plain 8 reader=fake pages=1 reason= "
	     "warn=name_twice\n");
	SAYS("PART 2<0 d1 r2 [Vedlegg.zip] application/zip ");
	SAYS("PART 3<0 d1 r1 [1.txt] ");
	SAYS("PART 4<2 d2 r1 [Søknad.txt] text/plain 10 ");
	SAYS("TEXT 4/0 inne\n");
	SAYS("END parts=5 ok \n");
}

static void
limit_depth(void)
{
	struct sl_msg_task t = task("a.zip");
	struct zip_member m = {.name = "a.txt", .data = "text x\n", .n = 7};
	SL_BUF struct sl_buf z = {0};
	uint32_t max;
	int i;

	make_zip(&z, &m, 1, NULL);
	for (i = 0; i < 3; i++)
		wrap(&z, "a.zip");
	for (max = 3; max <= 5; max++) {
		t.depth_max = max;
		run(&t, z.p, z.n);
		CHECK(says("END parts=4 reject limit_depth\n") == (max < 4));
		CHECK(says("TEXT 4/0 x\n") == (max >= 4));
	}
	t.depth_max = 5;
	t.depth = 2;
	run(&t, z.p, z.n);
	SAYS("PART 3<2 d5 r2 [a.zip] application/zip ");
	SAYS("reason=limit_depth ");
	t = task("m.txt");
	t.depth_max = 1;
	run(&t, "part a.txt part b.txt text\n", 27);
	SAYS("PART 1<0 d1 ");
	SAYS("END parts=2 reject limit_depth\n");
}

/* Enough of a CMS envelope for those who have no key. */
#define ENVELOPE                                                               \
	"\x30\x1b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"                 \
	"0123456789abcdef"

/* t over a zip with two envelopes, whose clear texts are a and b. */
static void
run_clear(struct sl_msg_task *t, const char *a, const char *b)
{
	const struct zip_member m[3] = {
	    {.name = "a.zip.p7m", .data = ENVELOPE, .n = 29},
	    {.name = "b.txt", .data = "text be\n", .n = 8},
	    {.name = "smime.p7m", .data = ENVELOPE, .n = 29}};
	int fds[SL_FD_COUNT] = {-1, -1, -1, -1, -1};
	SL_BUF struct sl_buf z = {0};

	make_zip(&z, m, 3, NULL);
	fds[SL_FD_INPUT] = make_fd(z.p, z.n);
	fds[SL_FD_CLEAR] = make_fd(b, strlen(b));
	fds[SL_FD_CLEAR + 1] = make_fd(a, strlen(a));
	t->size = z.n;
	t->flags = SL_TASK_CLEAR;
	/* In the order they were opened in, which is theirs for good. */
	t->clear = (struct sl_slice){"\3\0\0\0\1\0\0\0", 8};
	(void)run_fds(t, fds);
	(void)close(fds[SL_FD_INPUT]);
	(void)close(fds[SL_FD_CLEAR]);
	(void)close(fds[SL_FD_CLEAR + 1]);
}

static void
envelopes(void)
{
	struct sl_msg_task t = task("a.p7m");

	run(&t, ENVELOPE, 29);
	SAYS("PART 0<0 d0 r1 [a.p7m] application/pkcs7-mime 0 reader= pages=0 "
	     "reason=encrypted warn=\n");
	SAYS("END parts=1 hold encrypted\n");
	run(&t, ENVELOPE, 28);
	SAYS("END parts=1 broken damaged\n");
	t.flags = SL_TASK_YOUNG;
	run(&t, ENVELOPE, 28);
	SAYS("END parts=0 retry incomplete\n");
	t = task("post.zip");
	t.member_bytes_max = 40; /* not of clear texts */
	run_clear(&t, "part i.txt text inne",
	    "Content-Type: text/plain; charset=utf-8\n\ntext mail\n");
	SAYS("PART 1<0 d1 r2 [a.zip.p7m] application/pkcs7-mime 29 reader= "
	     "pages=0 reason= warn=\n");
	SAYS("PART 2<0 d1 r1 [b.txt] ");
	SAYS("PART 3<0 d1 r2 [smime.p7m] application/pkcs7-mime ");
	SAYS("PART 4<3 d2 r1 [part-4] message/rfc822 ");
	SAYS("PART 5<1 d2 r2 [a.zip] text/plain 20 ");
	SAYS("PART 6<5 d3 r1 [i.txt] ");
	SAYS("END parts=7 ok \n");
	t = task("post.zip");
	t.depth_max = 1;
	run_clear(&t, "text a", "text b");
	SAYS("PART 1<0 d1 r1 [a.zip.p7m] application/pkcs7-mime 29 reader= "
	     "pages=0 reason=limit_depth ");
	SAYS("END parts=4 reject limit_depth\n");
	t.depth_max = 8;
	t.total_bytes_max = 70;
	run_clear(&t, "text a", "text b");
	SAYS("END parts=4 reject limit_bytes\n");
}

/* Members of all containers count together. */
static void
limit_members(void)
{
	struct sl_msg_task t = task("a.zip");
	struct zip_member m[3] = {{.name = "a", .data = "text\n", .n = 5},
	    {.name = "b", .data = "text\n", .n = 5}, {.name = "c.zip"}};
	SL_BUF struct sl_buf in = {0}, z = {0};

	make_zip(&in, m, 2, NULL);
	m[2].data = in.p;
	m[2].n = in.n;
	make_zip(&z, m, 3, NULL);
	for (t.members_max = 4; t.members_max <= 6; t.members_max++) {
		run(&t, z.p, z.n);
		CHECK(says("reject limit_members\n") == (t.members_max < 5));
		CHECK(says("END parts=6 ok \n") == (t.members_max >= 5));
	}
}

/* Which it was, how high it is, and the key that raises it. */
static void
limits_are_named(void)
{
	static const char *const said[] = {"members_max = 1\n",
	    "member_max = 2k\n", "unpacked_max = 3000\n", "depth_max = 1\n",
	    "ratio_max = 2\n", "output_max = 4k\n"};
	size_t i;

	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct sl_msg_task t = task("a.zip");
		struct zip_member m[2] = {{.name = "a.txt"}, {.name = "b.txt"}};
		SL_BUF struct sl_buf z = {0}, big = {0}, in = {0};
		char want[80];

		while (big.n < (i == 4 ? (size_t)3 << 20 : 5000))
			sl_buf_add_str(&big, "text\n");
		m[0].data = m[1].data = big.p;
		m[0].n = m[1].n = big.n;
		m[0].method = m[1].method = i == 4 ? 8 : 0;
		make_zip(&z, m, 2, NULL);
		if (i == 3) {
			in = z;
			z = (struct sl_buf){0};
			m[0] = (struct zip_member){
			    .name = "c.zip", .data = in.p, .n = in.n};
			make_zip(&z, m, 1, NULL);
		}
		t.members_max = i == 0 ? 1 : t.members_max;
		t.member_bytes_max = i == 1 ? 2048 : t.member_bytes_max;
		t.total_bytes_max = i == 2 ? 3000 : t.total_bytes_max;
		t.depth_max = i == 3 ? 1 : t.depth_max;
		t.ratio_max = i == 4 ? 2 : t.ratio_max;
		t.out_bytes = i == 5 ? 4096 : t.out_bytes;
		run(&t, z.p, z.n);
		(void)snprintf(want, sizeof(want),
		    "DETAIL stopped at a limit: [limits] %s", said[i]);
		CHECK_MSG(says(want), "%s\n%s", want, sl_buf_str(&out));
	}
}

static void
hostile_archives(void)
{
	struct sl_msg_task t = task("a.zip");
	struct zip_member m[2] = {{.name = "a.txt", .data = "text a\n", .n = 7},
	    {.name = "b.txt", .data = "text b\n", .n = 7, .flags = 1}};
	SL_BUF struct sl_buf z = {0}, half = {0};

	make_zip(&z, m, 2, NULL);
	run(&t, z.p, z.n);
	SAYS("PART 0<0 d0 r2 [a.zip] application/zip 0 reader= pages=0 "
	     "reason=encrypted ");
	SAYS("TEXT 1/0 a\n");
	SAYS("PART 2<0 d1 r6 [b.txt]  0 reader= pages=0 reason=encrypted ");
	SAYS("END parts=3 hold encrypted\n");
	run(&t, z.p, 60);
	SAYS("reason=damaged ");
	SAYS("TEXT 1/0 a\n");
	SAYS("END parts=2 broken damaged\n");
	t.flags = SL_TASK_YOUNG;
	CHECK_STR(run(&t, z.p, 60), "END parts=0 retry incomplete\n");
	t.name = sl_slice_str("a.gz");
	make_gzip(&half, NULL, "text zipped\n", 12);
	CHECK_STR(
	    run(&t, half.p, half.n - 9), "END parts=0 retry incomplete\n");
	t.flags = 0;
	run(&t, half.p, half.n);
	SAYS("PART 1<0 d1 r1 [a] text/plain 12 ");
	SAYS("TEXT 1/0 zipped\n");
}

/* Office files and signed bundles are kept whole. */
static void
kept_whole(void)
{
	struct zip_member m[2] = {
	    {.name = "[Content_Types].xml", .data = "<x/>", .n = 4},
	    {.name = "word/document.xml", .data = "<x/>", .n = 4}};
	struct sl_msg_task t = task("brev.docx");
	SL_BUF struct sl_buf z = {0};

	make_zip(&z, m, 2, NULL);
	run(&t, z.p, z.n);
	SAYS("PART 0<0 d0 r1 [brev.docx] application/"
	     "vnd.openxmlformats-officedocument.wordprocessingml.document 0 "
	     "reader= pages=0 reason=unsupported ");
	SAYS("END parts=1 hold unsupported\n");
}

static void
limit_of_input_name(void)
{
	struct sl_msg_task t = task("");

	t.name = (struct sl_slice){"br\xF8v\0.txt", 9};
	run(&t, "text x\n", 7);
	SAYS("[brøv\xEF\xBF\xBD.txt] ");
}

/* -- the sidecar
 * ------------------------------------------------------------------------------------
 */

static void
sidecar(void)
{
	run_text("sluse.json",
	    "{\"version\":1,\"caseNumber\":\"2026/190\",\"title\":\"Svar\","
	    "\"documentDate\":\"2026-02-27\",\"sender\":{\"name\":\"Sol SA\","
	    "\"orgnr\":\"315507324\"},\"newCase\":false,"
	    "\"senderReference\":\"26/1\"}");
	SAYS("PART 0<0 d0 r5 [sluse.json] application/json 0 reader= pages=0 "
	     "reason= ");
	SAYS("FIELD 0/0 case_number=2026/190 label=caseNumber sidecar 1000\n");
	SAYS("FIELD 0/0 title=Svar ");
	SAYS("FIELD 0/0 document_date=2026-02-27 ");
	SAYS("FIELD 0/0 correspondent=Sol SA label=name ");
	SAYS("FIELD 0/0 correspondent_orgnr=315507324 ");
	SAYS("FIELD 0/0 our_ref_of_sender=26/1 ");
	CHECK(!says("new_case"));
	SAYS("END parts=1 ok \n");
	run_text("brev.pdf.SLUSE.json",
	    "{\"saksnummer\":\"2026/1\",\"tittel\":\"T\",\"dokumentdato\":"
	    "\"2026-01-01\",\"mottattdato\":\"2026-01-02\",\"avsender\":\"A\","
	    "\"type\":\"I\",\"klasse\":\"K\",\"enhet\":\"E\",\"tilgang\":\"U\","
	    "\"hoveddokument\":\"brev.pdf\",\"nøkkel\":\"n1\","
	    "\"nySak\":\"Ny sak\"}");
	SAYS("FIELD 0/0 external_key=n1 label=nøkkel sidecar 1000\n");
	SAYS("FIELD 0/0 new_case=Ny sak ");
	SAYS("FIELD 0/0 main_document=brev.pdf ");
	SAYS("END parts=1 ok \n");
}

static void
sidecar_invalid(void)
{
	static const char *const bad[] = {"{", "[]", "", "null", "{\"x\":1}",
	    "{\"title\":1}", "{\"title\":\"\"}", "{\"title\":\"a\\nb\"}",
	    "{\"title\":\"a\",\"title\":\"b\"}",
	    "{\"title\":\"a\",\"tittel\":\"b\"}", "{\"version\":2}",
	    "{\"documentDate\":\"2026-02-30\"}",
	    "{\"documentDate\":\"1.2.2026\"}",
	    "{\"sender\":{\"orgnr\":\"315507325\"}}",
	    "{\"sender\":{\"shoe\":\"43\"}}", "{\"newCase\":1}",
	    "{\"title\":\"\\u0000\"}", "{} {}", "{\"title\":\"\xF8\"}"};
	char *large = malloc(70000);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		run_text("sluse.json", bad[i]);
		CHECK_MSG(says(bad[i][0] == '\0'
				   ? "END parts=1 broken empty\n"
				   : "END parts=1 hold sidecar_invalid\n"),
		    "%s: %s", bad[i], sl_buf_str(&out));
		CHECK(!says("FIELD"));
	}
	/* The member is named where its name can be shown. */
	run_text("sluse.json", "{\"sakNummer\":\"2026/1\"}");
	SAYS("unknown member sakNummer");
	run_text("sluse.json", "{\"title\":\"a\",\"tittel\":\"b\"}");
	SAYS("said twice: tittel");
	run_text("sluse.json", "{\"Kari 01019912345\":\"2026/1\"}");
	SAYS("unknown member\n");
	CHECK(!says("Kari"));
	memset(large, ' ', 70000);
	memcpy(large, "{\"title\":\"a\"", 12);
	large[65535] = '}';
	large[65536] = '\0';
	run_text("sluse.json", large);
	SAYS("FIELD 0/0 title=a ");
	large[65535] = ' ';
	large[65536] = '}';
	large[65537] = '\0';
	run_text("sluse.json", large);
	SAYS("END parts=1 hold sidecar_invalid\n");
	free(large);
}

/* Who sends a letter does not say which case it belongs to. */
static void
sidecar_inside(void)
{
	struct zip_member m = {.name = "sluse.json",
	    .data = "{\"caseNumber\":\"2026/1\"}",
	    .n = 23};
	struct sl_msg_task t = task("a.zip");
	SL_BUF struct sl_buf z = {0};

	make_zip(&z, &m, 1, NULL);
	run(&t, z.p, z.n);
	SAYS("PART 1<0 d1 r1 [sluse.json] ");
	CHECK(!says("FIELD"));
}

/* -- loading readers
 * ----------------------------------------------------------------------------------
 */

static void
abi(void)
{
	struct sluse_reader r = fake;
	struct sl_err err = {0};

	r.abi_major = 2;
	CHECK(sl_reader_add(&r, NULL, &err) == SL_FATAL);
	r = fake;
	r.abi_minor = SLUSE_READER_ABI_MINOR + 1;
	CHECK(sl_reader_add(&r, NULL, &err) == SL_FATAL);
	r = fake;
	r.size--;
	CHECK(sl_reader_add(&r, NULL, &err) == SL_FATAL);
	r = fake;
	r.name = "No";
	CHECK(sl_reader_add(&r, NULL, &err) == SL_FATAL);
	r = fake;
	r.page = NULL;
	CHECK(sl_reader_add(&r, NULL, &err) == SL_FATAL);
	CHECK(sl_reader_for("text/plain", 0) == &fake);
	CHECK(sl_reader_for("text/html", 0) == NULL);
	CHECK(sl_reader_at(0) == &fake && sl_reader_at(1) == NULL);
}

static void
folders(void)
{
	char dir[] = "/tmp/sluse-readers-XXXXXX", path[64];
	struct sl_err err = {0};
	int fd;

	CHECK(sl_readers_load("/nowhere/at/all", NULL, &err) == SL_SKIP);
	CHECK(mkdtemp(dir) != NULL);
	CHECK(sl_readers_load(dir, NULL, &err) == SL_OK);
	(void)snprintf(path, sizeof(path), "%s/x.so", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(sl_readers_load(dir, NULL, &err) == SL_FATAL);
	CHECK(chmod(path, 0660) == 0);
	CHECK(sl_readers_load(dir, NULL, &err) == SL_FATAL);
	CHECK(strstr(err.text, "written by others") != NULL);
	CHECK(unlink(path) == 0);
	CHECK(chmod(dir, 0777) == 0);
	CHECK(sl_readers_load(dir, NULL, &err) == SL_FATAL);
	CHECK(rmdir(dir) == 0);
}

static const struct test_case cases[] = {{"one_text", one_text},
    {"passwords_wiped", passwords_wiped},
    {"pages_of_all_kinds", pages_of_all_kinds},
    {"text_beside_image", text_beside_image}, {"limit_pixels", limit_pixels},
    {"limit_pages", limit_pages}, {"embedded", embedded},
    {"endless_part", endless_part}, {"refusals", refusals}, {"copied", copied},
    {"copied_empty", copied_empty},
    {"copied_while_written", copied_while_written}, {"nested", nested},
    {"limit_depth", limit_depth}, {"limit_members", limit_members},
    {"limits_are_named", limits_are_named},
    {"hostile_archives", hostile_archives}, {"kept_whole", kept_whole},
    {"limit_of_input_name", limit_of_input_name}, {"sidecar", sidecar},
    {"sidecar_invalid", sidecar_invalid}, {"sidecar_inside", sidecar_inside},
    {"envelopes", envelopes}, {"abi", abi}, {"folders", folders}};

int
main(int argc, char **argv)
{
	struct sl_err err = {0};

	if (sl_unpack_warm(&err) != SL_OK || sl_identify_warm(&err) != SL_OK ||
	    sl_reader_add(&fake, NULL, &err) != SL_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	return test_run(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
