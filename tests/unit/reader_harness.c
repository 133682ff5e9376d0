#include "reader_harness.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/base/sanitized.h"

static struct rh *
source_rh(struct sluse_source *s)
{
	return (struct rh *)(void *)s;
}

static struct rh *
sink_rh(struct sluse_sink *k)
{
	return (struct rh *)(void *)k;
}

void
rh_append(struct rh_bytes *b, const void *p, size_t n)
{
	if (b->n + n + 1 > b->cap) {
		b->cap = (b->n + n + 1) * 2;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			abort();
	}
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

static int64_t
host_read_at(struct sluse_source *s, void *p, size_t n, uint64_t off)
{
	struct rh *h = source_rh(s);

	if (h->reads_fail_after && ++h->reads > h->reads_fail_after)
		return -1;
	if (off >= h->in_length)
		return 0;
	if (n > h->in_length - off)
		n = h->in_length - off;
	memcpy(p, h->in + off, n);
	return (int64_t)n;
}

static uint64_t
host_length(struct sluse_source *s)
{
	return source_rh(s)->in_length;
}

static const char *
host_name(struct sluse_source *s)
{
	return source_rh(s)->name;
}

static const char *
host_mime(struct sluse_source *s)
{
	return source_rh(s)->mime;
}

static void
host_page_size(struct sluse_sink *k, double width, double height)
{
	sink_rh(k)->width = width;
	sink_rh(k)->height = height;
}

static void
host_text(struct sluse_sink *k, const char *utf8, size_t n)
{
	rh_append(&sink_rh(k)->text, utf8, n);
}

static void
host_word(struct sluse_sink *k, const char *utf8, size_t n, double x0,
    double y0, double x1, double y1)
{
	struct rh *h = sink_rh(k);

	if (h->words < RH_WORDS)
		h->word[h->words++] =
		    (struct rh_word){h->text.n, n, x0, y0, x1, y1};
	rh_append(&h->text, utf8, n);
}

static int
host_image(struct sluse_sink *k, const struct sluse_image *im)
{
	struct rh *h = sink_rh(k);

	h->images++;
	h->image = *im;
	h->image_bytes.n = 0;
	rh_append(&h->image_bytes, im->bytes, im->length);
	h->image.bytes = h->image_bytes.p;
	return h->refuse_image;
}

static int
host_image_beside(struct sluse_sink *k, const struct sluse_image *im)
{
	sink_rh(k)->besides++;
	return host_image(k, im);
}

static void
host_recognised(struct sluse_sink *k, int confidence)
{
	sink_rh(k)->recognised = confidence;
}

static void
host_blank(struct sluse_sink *k)
{
	sink_rh(k)->blanks++;
}

static int
host_part_begin(struct sluse_sink *k, const struct sluse_part *p)
{
	struct rh *h = sink_rh(k);
	struct rh_part *t;

	if (h->parts == RH_PARTS || h->refuse_part)
		return 1;
	t = &h->part[h->parts];
	t->bytes.n = 0;
	rh_append(&t->bytes, "", 0);
	snprintf(t->name, sizeof(t->name), "%s", p->name ? p->name : "");
	snprintf(t->mime, sizeof(t->mime), "%s", p->mime ? p->mime : "");
	t->role = p->role;
	return 0;
}

static int
host_part_write(struct sluse_sink *k, const void *p, size_t n)
{
	struct rh *h = sink_rh(k);

	rh_append(&h->part[h->parts].bytes, p, n);
	return 0;
}

static int
host_part_end(struct sluse_sink *k)
{
	sink_rh(k)->parts++;
	return 0;
}

static void
host_field(struct sluse_sink *k, const char *field, const char *value,
    const char *label, int confidence)
{
	struct rh *h = sink_rh(k);

	(void)label;
	(void)confidence;
	if (strcmp(field, "title") == 0)
		snprintf(h->title, sizeof(h->title), "%s", value);
}

static const char *
host_password(struct sluse_source *s, uint32_t i)
{
	return i < 4 ? source_rh(s)->passwords[i] : NULL;
}

static void
host_note(struct sluse_sink *k, const char *slug, const char *detail)
{
	struct rh *h = sink_rh(k);

	if (h->notes == RH_NOTES)
		return;
	snprintf(h->detail[h->notes], sizeof(h->detail[0]), "%s",
	    detail ? detail : "");
	snprintf(h->note[h->notes++], 64, "%s", slug);
}

void
rh_load(struct rh *h, const char *path)
{
	void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!so || !(h->reader = dlsym(so, "sluse_reader"))) {
		printf("Bail out! %s\n", dlerror());
		exit(1);
	}
	h->limits = (struct sluse_limits){.size = sizeof(h->limits),
	    .pages_max = 5000,
	    .side_max = 20000,
	    .pixels_max = 100000000,
	    .bytes_max = 100000000};
	h->host = (struct sluse_reader_host){
	    .abi_major = SLUSE_READER_ABI_MAJOR,
	    .abi_minor = SLUSE_READER_ABI_MINOR,
	    .size = sizeof(h->host),
	    .limits = &h->limits,
	    .read_at = host_read_at,
	    .length = host_length,
	    .name = host_name,
	    .mime = host_mime,
	    .page_size = host_page_size,
	    .text = host_text,
	    .word = host_word,
	    .image = host_image,
	    .blank = host_blank,
	    .part_begin = host_part_begin,
	    .part_write = host_part_write,
	    .part_end = host_part_end,
	    .field = host_field,
	    .note = host_note,
	    .password = host_password,
	    .image_beside = host_image_beside,
	    .recognised = host_recognised,
	};
	if (h->reader->warm(&h->host) != 0) {
		printf("Bail out! %s: warm failed\n", path);
		exit(1);
	}
}

int
rh_open(struct rh *h, const void *in, size_t n, const char *mime)
{
	h->in = in;
	h->in_length = n;
	h->name = "sample";
	h->mime = mime;
	h->doc = NULL;
	h->parts = h->notes = 0;
	h->reads = 0;
	h->title[0] = '\0';
	return h->reader->open(
	    &h->host, (struct sluse_source *)(void *)h, &h->doc);
}

int
rh_count(struct rh *h, uint32_t *ret)
{
	return h->reader->page_count(h->doc, ret);
}

int
rh_page(struct rh *h, uint32_t i)
{
	h->text.n = h->words = 0;
	rh_append(&h->text, "", 0);
	h->images = h->blanks = h->besides = 0;
	h->recognised = -1;
	h->width = h->height = 0;
	memset(&h->image, 0, sizeof(h->image));
	return h->reader->page(h->doc, i, (struct sluse_sink *)(void *)h);
}

int
rh_parts(struct rh *h)
{
	return h->reader->parts(h->doc, (struct sluse_sink *)(void *)h);
}

void
rh_close(struct rh *h)
{
	if (h->doc)
		h->reader->close(h->doc);
	h->doc = NULL;
}

bool
rh_noted(const struct rh *h, const char *slug)
{
	for (int i = 0; i < h->notes; i++)
		if (strcmp(h->note[i], slug) == 0)
			return true;
	return false;
}

const char *
rh_detail(const struct rh *h, const char *slug)
{
	for (int i = 0; i < h->notes; i++)
		if (strcmp(h->note[i], slug) == 0)
			return h->detail[i];
	return NULL;
}

int
rh_pixel(const struct rh *h, uint32_t x, uint32_t y)
{
	const struct sluse_image *im = &h->image;
	const uint8_t *b = (const uint8_t *)h->image_bytes.p;
	uint32_t sx = x, sy = y;

	if (im->rotate == 90) {
		sx = y;
		sy = im->height - 1 - x;
	} else if (im->rotate == 180) {
		sx = im->width - 1 - x;
		sy = im->height - 1 - y;
	} else if (im->rotate == 270) {
		sx = im->width - 1 - y;
		sy = x;
	}
	if (sx >= im->width || sy >= im->height)
		return -1;
	b += im->stride * sy;
	if (im->format == SLUSE_IMAGE_BIT1)
		return b[sx / 8] >> (7 - sx % 8) & 1 ? 0 : 255;
	return b[sx];
}

int
rh_guarded(int (*f)(void *), void *arg, size_t bytes, unsigned cpu_s)
{
	struct rlimit as = {bytes, bytes}, cpu = {cpu_s, cpu_s + 1};
	pid_t pid;
	int st;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return 255;
	if (pid == 0) {
#if !SL_ASAN
		setrlimit(RLIMIT_AS, &as);
#endif
		setrlimit(RLIMIT_CPU, &cpu);
		_exit(f(arg));
	}
	(void)as;
	if (waitpid(pid, &st, 0) != pid)
		return 255;
	return WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
}

struct flip {
	struct rh *h;
	struct rh_bytes *s;
};

static int
flip_bytes(void *arg)
{
	const struct flip *flip = arg;
	struct rh_bytes *s = flip->s;
	uint32_t i, n;

	for (size_t at = 0; at < s->n; at++) {
		s->p[at] = (char)~s->p[at];
		if (rh_open(flip->h, s->p, s->n, "image/x") == SLUSE_READ_OK &&
		    rh_count(flip->h, &n) == SLUSE_READ_OK)
			for (i = 0; i < n && i < 4; i++)
				(void)rh_page(flip->h, i);
		rh_close(flip->h);
		s->p[at] = (char)~s->p[at];
	}
	return 0;
}

int
rh_flipped(struct rh *h, struct rh_bytes *s, unsigned cpu_s)
{
	struct flip flip = {h, s};

	return rh_guarded(flip_bytes, &flip, (size_t)1 << 30, cpu_s);
}
