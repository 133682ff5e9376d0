/*
 * INVARIANT: the parent never sees a document; a child sees exactly one page.
 * FAILURES: a bad picture ends in a page without text and with a reason, and so
 * does one that takes more memory than there is: Tesseract would abort, but its
 * and Leptonica's allocations fail into out_of_memory first. Only an input that
 * cannot be read from disk ends in R_END with SL_RETRY.
 * SECURITY: no file is opened in the child. Tesseract looks for a .uzn file
 * beside its input all the same; the filter refuses, and it goes on.
 *
 * Speed: models are shared with the parent; a page that reads well costs one
 * pass; freed image buffers stay in the heap, so that the next one does not
 * fault its pages in again.
 */
#include "ocr.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../read/beside.h"
#include "../read/page.h"
#include "../worker/worker.h"
#include "beside.h"
#include "image.h"
#include "recognise.h"

#define SETS_MAX 8
/* With less ink (millionths of the page) a page is blank without asking, */
#define INK_BLANK 25u
/* with less than this and no word found it is blank too. */
#define INK_SPECKS 3000u
/* Larger images are not tried again: it takes some copies of them. */
#define RETRY_PIXELS 60000000
/* Fewer words than these on a picture beside text are not looked at twice. */
#define BESIDE_WORDS 5u
/* Buffers up to this come from the heap and are used again. */
#define HEAP_BUFFER (64 << 20)
/* What a first pass, and then every further one may take of the time. */
#define FIRST_SHARE 0.85
#define MORE_SHARE 0.4
/* Kept back for saying that there is no memory left. */
#define RESERVE (512 << 10)

struct set {
	char *name;
	TessBaseAPI *api;
};

static const char *languages = SL_OCR_LANGUAGES;
static struct set sets[SETS_MAX];
static size_t sets_count;
static TessBaseAPI *osd;
/* std::set_new_handler, NULL where it is not found. */
static void (*(*set_new_handler)(void (*)(void)))(void);

static void out_of_memory(void);
static void *take_pixels(size_t n);

void
sl_ocr_configure(const char *names)
{
	languages = names;
}

/* Tesseract goes on without a language of the set that it cannot load. */
static bool
all_loaded(TessBaseAPI *api, const char *name)
{
	char **loaded = TessBaseAPIGetLoadedLanguagesAsVector(api);
	size_t n, i;
	bool found = loaded != NULL;

	for (; found && *name != '\0'; name += n + (name[n] == '+')) {
		n = strcspn(name, "+");
		found = false;
		for (i = 0; loaded[i] != NULL; i++)
			found |= strlen(loaded[i]) == n &&
				 strncmp(loaded[i], name, n) == 0;
	}
	if (loaded != NULL)
		TessDeleteTextArray(loaded);
	return found;
}

static TessBaseAPI *
load(const char *name, TessOcrEngineMode mode)
{
	TessBaseAPI *api = TessBaseAPICreate();

	if (api == NULL)
		return NULL;
	if (TessBaseAPIInit2(api, NULL, name, mode) == 0 &&
	    all_loaded(api, name))
		return api;
	TessBaseAPIDelete(api);
	return NULL;
}

/* "Sluse 4711" and more of it, drawn: enough for every table to be filled. */
static PIX *
sample(void)
{
	static const char text[] = "Saksnummer 2026/211 gjelder adkomst til "
				   "kaien, og det er tre sluser her.";
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *pix = pixCreate(1600, 200, 8);

	if (font != NULL && pix != NULL) {
		(void)pixSetAll(pix);
		(void)pixSetTextline(pix, font, text, 0, 40, 100, NULL, NULL);
	}
	bmfDestroy(&font);
	return pix;
}

/* Runs a decoder once: its tables and lazy symbols are then in place. */
static void
warm_decoder(PIX *pix, int format)
{
	l_uint8 *p = NULL;
	size_t n = 0;
	l_int32 warnings;
	PIX *again = NULL;

	if (pixWriteMem(&p, &n, pix, format) == 0)
		again = format == IFF_PNG
			    ? pixReadMemPng(p, n)
			    : pixReadMemJpeg(
				  p, n, 0, 1, &warnings, L_JPEG_READ_LUMINANCE);
	pixDestroy(&again);
	lept_free(p);
}

static enum sl_rc
warm_set(const char *name, PIX *pix, struct sl_err *err)
{
	struct sl_ocr_pass pass;
	struct set *s = &sets[sets_count];
	enum sl_rc rc;

	if (sets_count == SETS_MAX)
		return sl_err_set(err, SL_FATAL, 0, "ocr_language",
		    "more than %d sets of languages", SETS_MAX);
	s->api = load(name, OEM_LSTM_ONLY);
	if (s->api == NULL)
		return sl_err_set(err, SL_FATAL, 0, "ocr_language",
		    "tesseract has no model for \"%s\"", name);
	s->name = sl_strdup(name);
	sets_count++;
	rc = sl_ocr_recognise(s->api, pix, 300, 0, 0, &pass, err);
	sl_ocr_pass_free(&pass);
	TessBaseAPIClear(s->api);
	return rc == SL_OK ? SL_OK : SL_FATAL;
}

static enum sl_rc
warm_sets(PIX *pix, struct sl_err *err)
{
	const char *s = languages;
	enum sl_rc rc;
	size_t n;

	for (; *s != '\0'; s += n) {
		SL_FREE char *name = NULL;

		s += strspn(s, ", ");
		n = strcspn(s, ", ");
		if (n == 0)
			break;
		name = sl_strndup(s, n);
		rc = warm_set(name, pix, err);
		if (rc != SL_OK)
			return rc;
	}
	return sets_count > 0 ? SL_OK
			      : sl_err_set(err, SL_FATAL, 0, "ocr_language",
				    "no language to read with");
}

/* At the parent's exit: Tesseract complains of models that are still open. */
static void
cool(void)
{
	size_t i;

	for (i = 0; i < sets_count; i++)
		TessBaseAPIDelete(sets[i].api);
	sets_count = 0;
	if (osd != NULL)
		TessBaseAPIDelete(osd);
	osd = NULL;
}

enum sl_rc
sl_ocr_warm(struct sl_err *err)
{
	enum sl_rc rc;
	PIX *pix;

	void *hook = dlsym(RTLD_DEFAULT, "_ZSt15set_new_handlerPFvvE");

	memcpy(&set_new_handler, &hook, sizeof(hook));
	setPixMemoryManager(take_pixels, free);
	(void)setMsgSeverity(L_SEVERITY_NONE);
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_BUFFER);
	(void)mallopt(M_TRIM_THRESHOLD, 4 * HEAP_BUFFER);
	(void)mallopt(M_TOP_PAD, 4 << 20);
	pix = sample();
	if (pix == NULL)
		return sl_err_set(
		    err, SL_FATAL, 0, "ocr_sample", "no memory to warm up");
	warm_decoder(pix, IFF_JFIF_JPEG);
	warm_decoder(pix, IFF_PNG);
	rc = warm_sets(pix, err);
	osd = load("osd", OEM_TESSERACT_ONLY);
	if (rc == SL_OK && osd == NULL)
		rc = sl_err_set(err, SL_FATAL, 0, "ocr_language",
		    "tesseract has no model for \"osd\"");
	/* After Tesseract's own, so that it runs before them. */
	(void)atexit(cool);
	if (rc == SL_OK) {
		(void)sl_ocr_turn(osd, pix, 300);
		TessBaseAPIClear(osd);
	}
	pixDestroy(&pix);
	return rc;
}

/* One page in work. */
struct job {
	const struct sl_msg_task *task;
	int result_fd;
	TessBaseAPI *api;
	struct sl_ocr_image image;
	struct sl_ocr_pass best;
	unsigned turn; /* of best, clockwise beyond task->rotate */
	int width, height; /* of the image best was read from */
	unsigned dpi;
	int64_t start_ms;
	bool retried;
	bool read; /* best is a whole pass */
	struct sl_page base; /* of task->base_size: what the file itself says */
	bool beside; /* base is there */
};

static struct job *current; /* in a child, NULL in the parent */
static void *reserve;

/* Milliseconds until the given share of the task's time; 0 = no limit, -1 =
 * over. */
static int
time_left(const struct job *j, double share)
{
	double left;

	if (j->task->wall_ms == 0)
		return 0;
	left = j->task->wall_ms * share -
	       (double)(sl_clock_boot_ms() - j->start_ms);
	return left < 1 ? -1 : (int)left;
}

static TessBaseAPI *
choose_set(struct sl_slice name, bool *ret_known)
{
	size_t i;

	*ret_known = true;
	for (i = 0; i < sets_count; i++)
		if (name.n == 0 || sl_slice_eq(name, sets[i].name))
			return sets[i].api;
	*ret_known = false;
	return sets[0].api;
}

/* The size of the upright page that best was read from, pix. */
static void
settle(struct job *j, PIX *pix, unsigned dpi)
{
	bool lying = j->best.turn % 180 != 0;

	j->width = lying ? pixGetHeight(pix) : pixGetWidth(pix);
	j->height = lying ? pixGetWidth(pix) : pixGetHeight(pix);
	j->dpi = dpi;
}

/* One more pass over pix; kept if it is better than what we have. */
static void
try_again(struct job *j, PIX *pix, unsigned dpi, float skew, unsigned turn)
{
	struct sl_ocr_pass pass;
	int left = time_left(j, FIRST_SHARE);

	if (pix == NULL || left < 0)
		return;
	j->retried = true;
	if (sl_ocr_recognise(j->api, pix, dpi, skew, left, &pass, NULL) ==
		SL_OK &&
	    pass.score > j->best.score) {
		sl_ocr_pass_free(&j->best);
		j->best = pass;
		j->turn = turn;
		settle(j, pix, dpi);
		return;
	}
	sl_ocr_pass_free(&pass);
}

/* The page read badly: even it out, see how it lies, read again. */
static void
improve(struct job *j)
{
	PIX *clean, *pix;
	unsigned dpi, turn;
	float skew;

	if (time_left(j, MORE_SHARE) < 0 ||
	    (int64_t)pixGetWidth(j->image.pix) * pixGetHeight(j->image.pix) >
		RETRY_PIXELS)
		return;
	clean = sl_ocr_image_clean(j->image.pix, j->image.dpi, &dpi, &skew);
	if (clean == NULL)
		return;
	turn = sl_ocr_turn(osd, clean, dpi);
	pix =
	    turn != 0 ? pixRotateOrth(clean, (int)turn / 90) : pixClone(clean);
	pixDestroy(&clean);
	try_again(j, pix, dpi, skew, turn);
	pixDestroy(&pix);
	if (turn == 0 || !sl_ocr_pass_poor(&j->best) ||
	    time_left(j, MORE_SHARE) < 0)
		return;
	pix = pixRotateOrth(j->image.pix, (int)turn / 90);
	try_again(j, pix, j->image.dpi, 0, turn);
	pixDestroy(&pix);
}

static bool
send_end(int fd, enum sl_rc rc, const char *reason, const char *detail)
{
	struct sl_msg m = {.type = SL_MSG_R_END,
	    .r_end = {.parts = 0,
		.rc = (uint8_t)rc,
		.reason = sl_slice_str(reason),
		.detail = sl_slice_str(detail)}};

	return sl_msg_write(fd, &m, NULL) == SL_OK;
}

static bool
send_note(int fd, const char *slug, struct sl_slice detail)
{
	struct sl_msg m = {.type = SL_MSG_R_NOTE,
	    .r_note = {.slug = sl_slice_str(slug), .detail = detail}};

	return sl_msg_write(fd, &m, NULL) == SL_OK;
}

/* The page's own text with what was recognised behind it. It stands as the file
 * has it: what lies on its side is told so, the page is not turned. */
static bool
send_beside(struct job *j, uint32_t flags, const char *reason)
{
	struct sl_page *p = &j->base;
	unsigned turn = (j->turn + j->best.turn) % 360;
	bool lying = turn % 180 != 0;

	sl_ocr_turn_boxes(&j->best.page, (360 - turn) % 360);
	sl_ocr_beside(p, &j->best);
	p->page = j->task->page_from;
	p->width = (uint32_t)(lying ? j->height : j->width);
	p->height = (uint32_t)(lying ? j->width : j->height);
	p->dpi = j->dpi;
	p->rotate = j->task->rotate;
	p->flags |= (flags & ~SL_PAGE_BLANK) | j->best.page.flags |
		    (j->retried ? SL_PAGE_RETRIED : 0);
	p->reason = reason;
	return sl_page_send(j->result_fd, p, SL_SOURCE_OCR, NULL) == SL_OK;
}

/* Fills in what is known beside the text, and sends the page. */
static bool
send_page(struct job *j, enum sl_page_source source, uint32_t flags,
    const char *reason)
{
	struct sl_page *p = &j->best.page;

	if (j->beside)
		return send_beside(j, flags, reason);
	p->part = 0;
	p->page = j->task->page_from;
	p->source = source;
	p->confidence = source == SL_PAGE_OCR ? j->best.confidence : 0;
	p->width = (uint32_t)j->width;
	p->height = (uint32_t)j->height;
	p->dpi = j->dpi;
	p->rotate = (j->task->rotate + j->turn + j->best.turn) % 360;
	p->flags |= flags | (j->retried ? SL_PAGE_RETRIED : 0);
	p->reason = reason;
	return sl_page_send(j->result_fd, p, SL_SOURCE_OCR, NULL) == SL_OK;
}

/* Never comes back in a child: what was read so far is the page, or nothing. */
static void
out_of_memory(void)
{
	struct job *j = current;
	bool ok;

	current = NULL; /* not twice */
	free(reserve);
	if (j == NULL)
		_exit(71);
	if (!j->read) {
		sl_page_init(&j->best.page, 0, 0);
		ok = send_page(j, SL_PAGE_NONE, 0, "limit_memory");
	} else {
		ok = send_page(j, SL_PAGE_OCR, 0, NULL);
	}
	_exit(ok && send_end(j->result_fd, SL_OK, "", "") ? 0 : 1);
}

/* Leptonica hands NULL back, and Tesseract does not look. */
static void *
take_pixels(size_t n)
{
	void *p = malloc(n);

	if (p == NULL && current != NULL)
		out_of_memory();
	return p;
}

static bool
read_page(struct job *j)
{
	unsigned ink = sl_ocr_ink(j->image.pix);
	const char *reason = j->image.damaged ? "damaged" : NULL;
	struct sl_err err = {0};

	settle(j, j->image.pix, j->image.dpi);
	/* Of a damaged picture nobody knows what was on the rest. */
	if (ink < INK_BLANK && !j->image.damaged) {
		sl_page_init(&j->best.page, 0, 0);
		return send_page(j, SL_PAGE_NONE, SL_PAGE_BLANK, NULL);
	}
	if (sl_ocr_recognise(j->api, j->image.pix, j->image.dpi, 0,
		time_left(j, FIRST_SHARE), &j->best, &err) != SL_OK)
		return send_page(j,
		    j->best.words > 0 ? SL_PAGE_OCR : SL_PAGE_NONE, SL_PAGE_CUT,
		    err.reason);
	j->read = true;
	settle(j, j->image.pix, j->image.dpi);
	if (j->best.words == 0 && ink < INK_SPECKS && !j->image.damaged)
		return send_page(j, SL_PAGE_NONE, SL_PAGE_BLANK, NULL);
	/* A picture without words beside text is that, and no lying page. */
	if (sl_ocr_pass_poor(&j->best) &&
	    !(j->beside && j->best.words < BESIDE_WORDS))
		improve(j);
	if (j->best.words == 0 && j->image.damaged)
		return send_page(j, SL_PAGE_NONE, 0, reason);
	/* No words on a page with ink: a drawing, a photograph. It was read,
	 * there was nothing to find. */
	return send_page(j, SL_PAGE_OCR, 0, reason);
}

int
sl_ocr_run(const struct sl_msg_task *t, const int *fds)
{
	struct job j = {.task = t,
	    .result_fd = fds[SL_FD_RESULT],
	    .start_ms = sl_clock_boot_ms()};
	struct sl_err err = {0};
	bool known, ok = true;
	enum sl_rc rc;

	current = &j;
	reserve = malloc(RESERVE);
	if (set_new_handler != NULL)
		(void)set_new_handler(out_of_memory);
	j.api = choose_set(t->languages, &known);
	if (!known)
		ok =
		    send_note(j.result_fd, "language_not_loaded", t->languages);
	rc = sl_ocr_beside_load(t, fds[SL_FD_INPUT], &j.base, &j.beside, &err);
	if (rc == SL_OK)
		rc = sl_ocr_image_load(t, fds[SL_FD_INPUT], &j.image, &err);
	if (rc == SL_RETRY)
		return ok && send_end(j.result_fd, rc, err.reason, err.text)
			   ? 0
			   : 1;
	if (rc != SL_OK) {
		sl_page_init(&j.best.page, 0, 0);
		ok = ok && send_page(&j, SL_PAGE_NONE, 0, err.reason);
	} else {
		ok = ok && read_page(&j);
	}
	sl_ocr_pass_free(&j.best);
	sl_page_free(&j.base);
	pixDestroy(&j.image.pix);
	return ok && send_end(j.result_fd, SL_OK, "", "") ? 0 : 1;
}
