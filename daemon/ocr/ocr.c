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
#include "../read/fields.h"
#include "../read/page.h"
#include "../worker/worker.h"
#include "address.h"
#include "beside.h"
#include "fraktur.h"
#include "image.h"
#include "models.h"
#include "recognise.h"
#include "reread.h"
#include "ruled.h"
#include "sign.h"
#include "tidy.h"

/* Without a mark, and with fewer specks, a page is blank without asking; */
#define SPECKS_MAX 400u
/* and only if nothing can hide in its grain (grey levels); */
#define NOISE_MAX 30u
/* without a word, few and short marks (1/100 inch) do not speak against it. */
#define BLANK_MARKS 6u
#define BLANK_LONGEST 16u
/* Thousandths: text of another language that reads better is well read. */
#define FOREIGN_CONFIDENCE 950u
/* With so many letters a page is worth a look at its language first: a band of
 * two lines or so, in letters' heights, without this part of it on either side.
 */
#define PEEK_LETTERS 1000u
#define PEEK_HIGH 5u
#define PEEK_ASIDE 4
/* The look's hint at a turn is followed up if it is this part of sure. */
#define TURN_HINT 0.5f
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

static const char *languages = SL_OCR_LANGUAGES;
/* std::set_new_handler, NULL where it is not found. */
static void (*(*set_new_handler)(void (*)(void)))(void);

static void out_of_memory(void);
static void *take_pixels(size_t n);

void
sl_ocr_configure(const char *names)
{
	languages = names;
}

/* A few words, drawn: enough for every table to be filled. */
static PIX *
sample(void)
{
	static const char text[] = "Sak 2026/211, tre sluser";
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *pix = pixCreate(800, 200, 8);

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
warm_model(TessBaseAPI *api, PIX *pix, struct sl_err *err)
{
	struct sl_ocr_pass pass;
	struct sl_ocr_sheet sheet = {.pix = pix,
	    .dpi = 300,
	    .width = pixGetWidth(pix),
	    .height = pixGetHeight(pix),
	    .scale = 1};
	enum sl_rc rc = sl_ocr_recognise(api, &sheet, 0, &pass, err);

	sl_ocr_pass_free(&pass);
	TessBaseAPIClear(api);
	return rc == SL_OK ? SL_OK : SL_FATAL;
}

static enum sl_rc
warm_models(PIX *pix, struct sl_err *err)
{
	const struct sl_ocr_models *m;
	enum sl_rc rc = sl_ocr_models_load(languages, err);
	struct sl_ocr_look look;
	size_t i, k;

	for (i = 0; rc == SL_OK && (m = sl_ocr_models_at(i)) != NULL; i++) {
		for (k = 0; rc == SL_OK && k < SL_OCR_TOGETHER_MAX; k++)
			if (m->one[k] != NULL)
				rc = warm_model(m->one[k], pix, err);
		if (rc == SL_OK && m->all != m->one[0])
			rc = warm_model(m->all, pix, err);
	}
	if (rc != SL_OK)
		return rc;
	if (sl_ocr_look_at(pix, &look))
		sl_ocr_look_free(&look);
	return SL_OK;
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
	if (strcmp(languages, "none") == 0)
		return SL_OK; /* no page comes here */
	pix = sample();
	if (pix == NULL)
		return sl_err_set(
		    err, SL_FATAL, 0, "ocr_sample", "no memory to warm up");
	warm_decoder(pix, IFF_JFIF_JPEG);
	warm_decoder(pix, IFF_PNG);
	rc = warm_models(pix, err);
	pixDestroy(&pix);
	return rc;
}

/* One page in work. */
struct job {
	const struct sl_msg_task *task;
	int result_fd;
	const struct sl_ocr_models *models;
	struct sl_ocr_image image;
	struct sl_ocr_pass best;
	struct sl_ocr_look look;
	TessBaseAPI *first; /* the model of the first pass */
	unsigned turn; /* of best, clockwise beyond task->rotate */
	int width, height; /* of the upright page */
	bool asked; /* OSD, how the page lies: */
	unsigned osd; /* degrees clockwise to upright */
	int64_t start_ms;
	bool retried;
	bool fraktur; /* best was read so */
	unsigned addresses; /* of best, that the English model read */
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

/* The pass that the page is told by from now on. */
static void
settle(
    struct job *j, const struct sl_ocr_sheet *sheet, struct sl_ocr_pass *pass)
{
	bool lying = pass->turn % 180 != 0;

	sl_ocr_pass_free(&j->best);
	j->best = *pass;
	*pass = (struct sl_ocr_pass){0};
	j->turn = sheet->turn;
	j->width = lying ? sheet->height : sheet->width;
	j->height = lying ? sheet->width : sheet->height;
}

/* One more pass over the page; kept if it is better than what we have. */
static void
try_again(
    struct job *j, TessBaseAPI *model, unsigned turn, enum sl_ocr_effort effort)
{
	struct sl_ocr_sheet sheet;
	struct sl_ocr_pass pass;
	int left = time_left(j, FIRST_SHARE);

	if (left < 0)
		return;
	sl_ocr_sheet_make(
	    j->image.pix, j->image.dpi, &j->look, turn, effort, &sheet);
	if (sheet.pix == NULL)
		return;
	j->retried = true;
	if (sl_ocr_recognise(model, &sheet, left, &pass, NULL) == SL_OK &&
	    pass.score > j->best.score)
		settle(j, &sheet, &pass);
	sl_ocr_pass_free(&pass);
	pixDestroy(&sheet.pix);
}

static bool
send_note(int fd, const char *slug, struct sl_slice detail)
{
	struct sl_msg m = {.type = SL_MSG_R_NOTE,
	    .r_note = {.slug = sl_slice_str(slug), .detail = detail}};

	return sl_msg_write(fd, &m, NULL) == SL_OK;
}

/* Degrees clockwise to upright, as Tesseract sees it. */
static unsigned
ask_turn(struct job *j)
{
	TessBaseAPI *osd;
	struct sl_ocr_sheet sheet;

	if (j->asked)
		return j->osd;
	j->asked = true;
	osd = sl_ocr_models_osd();
	if (osd == NULL) {
		(void)send_note(j->result_fd, "osd_unreadable",
		    sl_slice_str("how the page lies was not looked at"));
		return 0;
	}
	sl_ocr_sheet_make(
	    j->image.pix, j->image.dpi, &j->look, 0, SL_OCR_PLAIN, &sheet);
	if (sheet.pix == NULL)
		return 0;
	j->osd = sl_ocr_turn(osd, sheet.pix, sheet.dpi);
	pixDestroy(&sheet.pix);
	return j->osd;
}

/* What the letters' shape tells, and, where it only hints, if OSD agrees: that
 * costs half a pass, so a weak hint is left for when the page reads badly. */
static unsigned
first_turn(struct job *j)
{
	const struct sl_ocr_look *l = &j->look;

	if (l->turn == 0 || l->turn_sure < SL_OCR_TURN_SURE * TURN_HINT)
		return 0;
	return l->turn_sure >= SL_OCR_TURN_SURE || ask_turn(j) == l->turn
		   ? l->turn
		   : 0;
}

/* The page read badly: see how it lies, do what can be done, read again. */
static void
improve(struct job *j)
{
	unsigned was = j->turn, turn;

	if (time_left(j, MORE_SHARE) < 0 ||
	    (int64_t)pixGetWidth(j->image.pix) * pixGetHeight(j->image.pix) >
		RETRY_PIXELS)
		return;
	turn = ask_turn(j);
	try_again(j, j->models->all, turn, SL_OCR_THOROUGH);
	if (turn != was && sl_ocr_pass_poor(&j->best) &&
	    time_left(j, MORE_SHARE) >= 0)
		try_again(j, j->models->all, was, SL_OCR_THOROUGH);
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

/* What was read there stays known. */
static bool
tell_sections(const struct job *j)
{
	SL_BUF struct sl_buf b = {0};

	sl_buf_printf(&b, "page %u: $ or & became \xc2\xa7 before %s",
	    j->task->page_from + 1, sl_buf_str(&j->best.sections));
	return send_note(
	    j->result_fd, "section_sign", (struct sl_slice){b.p, b.n});
}

/* And that there is more on the page. */
static bool
tell_unread(const struct job *j)
{
	SL_BUF struct sl_buf b = {0};

	sl_buf_printf(&b, SL_UNSURE_PAGE "%u: %u" SL_UNSURE_WORDS,
	    j->task->page_from + 1, j->best.unread);
	return send_note(
	    j->result_fd, "unread_words", (struct sl_slice){b.p, b.n});
}

static bool
tell_addresses(const struct job *j)
{
	SL_BUF struct sl_buf b = {0};

	sl_buf_printf(&b, "page %u: %u read with the English model",
	    j->task->page_from + 1, j->addresses);
	return send_note(
	    j->result_fd, "mail_address", (struct sl_slice){b.p, b.n});
}

/* So does that its letters were changed. */
static bool
tell_fraktur(const struct job *j)
{
	SL_BUF struct sl_buf b = {0};

	sl_buf_printf(&b, "page %u: read as Fraktur", j->task->page_from + 1);
	return send_note(j->result_fd, "fraktur", (struct sl_slice){b.p, b.n});
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
	p->dpi = j->image.dpi;
	p->rotate = j->task->rotate;
	p->flags |= (flags & ~(SL_PAGE_BLANK | SL_PAGE_WORDLESS)) |
		    j->best.page.flags | (j->retried ? SL_PAGE_RETRIED : 0);
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
	p->dpi = j->image.dpi;
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

/* Blocks that were passed over, by themselves: without weak ink, or with all,
 * if that did not help or single lines were lost. */
static void
read_regions(struct job *j, struct sl_ocr_region *r, unsigned n, bool strong)
{
	struct sl_ocr_sheet sheet = {0};
	unsigned i;
	int left;

	for (i = 0; i < n; i++) {
		left = time_left(j, MORE_SHARE);
		if (r[i].done || left < 0 ||
		    (strong ? r[i].lost && r[i].flat : !r[i].lost))
			continue;
		if (sheet.pix == NULL)
			sl_ocr_sheet_make(j->image.pix, j->image.dpi, &j->look,
			    j->turn, strong ? SL_OCR_STRONG : SL_OCR_PLAIN,
			    &sheet);
		if (sheet.pix == NULL)
			return;
		sl_ocr_reread(j->models->all, &sheet, &r[i], left, &j->best);
		j->retried |= r[i].done;
	}
	pixDestroy(&sheet.pix);
}

/* What is still unread may stand on end. */
static void
read_turned(struct job *j, struct sl_ocr_region *r, unsigned n)
{
	struct sl_ocr_sheet sheet = {0};
	unsigned i;
	int left;

	for (i = 0; i < n; i++) {
		left = time_left(j, MORE_SHARE);
		if (r[i].done || left < 0)
			continue;
		if (sheet.pix == NULL)
			sl_ocr_sheet_make(j->image.pix, j->image.dpi, &j->look,
			    j->turn, SL_OCR_PLAIN, &sheet);
		if (sheet.pix == NULL)
			return;
		sl_ocr_reread_turned(
		    j->models->all, &sheet, &r[i], left, &j->best);
		j->retried |= r[i].done;
	}
	pixDestroy(&sheet.pix);
}

static void
read_rest(struct job *j)
{
	struct sl_ocr_region r[SL_OCR_REGIONS_MAX];
	unsigned n = sl_ocr_reread_find(&j->look, j->turn, &j->best, r);

	read_regions(j, r, n, true);
	read_regions(j, r, n, false);
	read_turned(j, r, n);
}

/* Underlined lines, by themselves. */
static void
read_ruled(struct job *j)
{
	const struct sl_ocr_again a = {.api = j->first,
	    .image = j->image.pix,
	    .dpi = j->image.dpi,
	    .look = &j->look,
	    .turn = j->turn,
	    .deadline_ms = time_left(j, MORE_SHARE)};

	if (a.deadline_ms >= 0)
		j->retried |= sl_ocr_ruled_read(&a, &j->best) > 0;
}

/* A page that did not read well and is not in the language it was read in: the
 * model to try then, or NULL. */
static TessBaseAPI *
better_model(const struct job *j)
{
	const struct sl_buf *text = &j->best.page.text;
	TessBaseAPI *model;

	if (!sl_ocr_look_good(&j->look) || time_left(j, MORE_SHARE) < 0 ||
	    j->best.confidence >= FOREIGN_CONFIDENCE)
		return NULL;
	model =
	    sl_ocr_models_for(j->models, sl_language_guess(text->p, text->n));
	return model != j->first ? model : NULL;
}

/* A page in Fraktur, where the model for it is there. false = it is none, or
 * was not read better: go on as with any page. */
static bool
read_fraktur(struct job *j)
{
	int left = time_left(j, MORE_SHARE);
	struct sl_ocr_sheet sheet;
	struct sl_ocr_pass pass;
	TessBaseAPI *model;
	bool better;

	if (left < 0 || j->best.turn != 0 ||
	    !sl_ocr_fraktur_seen(&j->best.page))
		return false;
	model = sl_ocr_models_fraktur(); /* takes as long as loading it */
	if (model == NULL)
		return false;
	sl_ocr_sheet_make(j->image.pix, j->image.dpi, &j->look, j->turn,
	    SL_OCR_PLAIN, &sheet);
	if (sheet.pix == NULL)
		return false;
	better = sl_ocr_recognise(model, &sheet, left, &pass, NULL) == SL_OK &&
		 pass.turn == 0 && pass.score > j->best.score;
	if (better) {
		sl_ocr_fraktur_join(&pass, &j->best.page);
		settle(j, &sheet, &pass);
		j->retried = j->fraktur = true;
	}
	sl_ocr_pass_free(&pass);
	pixDestroy(&sheet.pix);
	return better;
}

/* The model for the language of a few lines, NULL if they do not tell. */
static TessBaseAPI *
peek(const struct job *j, const struct sl_ocr_sheet *sheet)
{
	struct sl_ocr_pass pass;
	TessBaseAPI *model = NULL;
	int rect[4], aside, left = time_left(j, MORE_SHARE);

	if (j->models->one[1] == NULL || j->look.letters < PEEK_LETTERS ||
	    left < 0 ||
	    !sl_ocr_look_band(&j->look, sheet->turn, PEEK_HIGH, rect))
		return NULL;
	aside = (rect[2] - rect[0]) / PEEK_ASIDE;
	rect[0] += aside;
	rect[2] -= aside;
	if (sl_ocr_recognise_part(
		j->models->one[0], sheet, rect, PSM_AUTO, left, &pass) == SL_OK)
		model = sl_ocr_models_for(j->models,
		    sl_language_guess(pass.page.text.p, pass.page.text.n));
	sl_ocr_pass_free(&pass);
	return model;
}

static TessBaseAPI *
first_model(const struct job *j, const struct sl_ocr_sheet *sheet)
{
	TessBaseAPI *model;

	if (!sl_ocr_look_good(&j->look))
		return j->models->all;
	model = peek(j, sheet);
	return model != NULL ? model : j->models->one[0];
}

static enum sl_rc
first_pass(struct job *j, struct sl_err *err)
{
	struct sl_ocr_sheet sheet;
	struct sl_ocr_pass pass;
	enum sl_rc rc;

	sl_ocr_sheet_make(j->image.pix, j->image.dpi, &j->look, first_turn(j),
	    SL_OCR_PLAIN, &sheet);
	if (sheet.pix == NULL)
		out_of_memory();
	j->first = first_model(j, &sheet);
	rc = sl_ocr_recognise(
	    j->first, &sheet, time_left(j, FIRST_SHARE), &pass, err);
	settle(j, &sheet, &pass);
	pixDestroy(&sheet.pix);
	return rc;
}

static bool
may_have_addresses(const struct sl_page *p)
{
	size_t i;

	for (i = 0; i < p->words_count; i++)
		if (sl_ocr_address_may(p, i))
			return true;
	return false;
}

/* In English a dollar is one. */
static bool
may_have_sections(const struct sl_page *p)
{
	return (memchr(p->text.p, '$', p->text.n) != NULL ||
		   memchr(p->text.p, '&', p->text.n) != NULL) &&
	       strcmp(sl_language_guess(p->text.p, p->text.n), "en") != 0;
}

/* What the Norwegian model has no signs for. Result: what the page's signs are;
 * NULL: nobody could look, or there is nothing to see. */
static enum sl_ocr_sign *
look_in_english(struct job *j)
{
	TessBaseAPI *english = sl_ocr_models_for(j->models, "en");
	int left = time_left(j, MORE_SHARE);
	struct sl_page *p = &j->best.page;
	enum sl_ocr_sign *signs = NULL;
	struct sl_ocr_sheet sheet;
	bool addresses = may_have_addresses(p), sections = may_have_sections(p);

	if (english == NULL || left < 0 || j->best.turn != 0 ||
	    (!addresses && !sections))
		return NULL;
	sl_ocr_sheet_make(j->image.pix, j->image.dpi, &j->look, j->turn,
	    SL_OCR_PLAIN, &sheet);
	if (sheet.pix == NULL)
		return NULL;
	if (addresses) /* first: there are fewer words then */
		j->addresses =
		    sl_ocr_addresses_read(english, &sheet, left, &j->best);
	left = time_left(j, MORE_SHARE);
	if (sections && left >= 0) {
		signs = sl_alloc(p->words_count * sizeof(*signs));
		sl_ocr_signs_see(english, &sheet, &j->best, left, signs);
	}
	pixDestroy(&sheet.pix);
	return signs;
}

static void
tidy(struct job *j)
{
	SL_FREE enum sl_ocr_sign *signs = NULL;

	if (j->best.words == 0)
		return;
	signs = look_in_english(j);
	sl_ocr_tidy(&j->look, j->turn, signs, &j->best);
}

/* The first pass, and more where it went badly. */
static bool
read_words(struct job *j, const char *reason)
{
	struct sl_err err = {0};
	TessBaseAPI *model;

	if (first_pass(j, &err) != SL_OK)
		return send_page(j,
		    j->best.words > 0 ? SL_PAGE_OCR : SL_PAGE_NONE, SL_PAGE_CUT,
		    err.reason);
	j->read = true;
	if (j->best.words == 0 && j->look.marks <= BLANK_MARKS &&
	    j->look.longest <= BLANK_LONGEST && !j->image.damaged)
		return send_page(j, SL_PAGE_NONE, SL_PAGE_BLANK, NULL);
	/* A picture without words beside text is that, and no lying page. */
	if (read_fraktur(j))
		;
	else if (sl_ocr_pass_poor(&j->best) &&
		 !(j->beside && j->best.words < BESIDE_WORDS))
		improve(j);
	else if ((model = better_model(j)) != NULL)
		try_again(j, model, j->turn, SL_OCR_PLAIN);
	else
		read_rest(j);
	read_ruled(j);
	tidy(j);
	if ((j->best.sections.n > 0 && !tell_sections(j)) ||
	    (j->best.unread > 0 && !tell_unread(j)) ||
	    (j->addresses > 0 && !tell_addresses(j)) ||
	    (j->fraktur && !tell_fraktur(j)))
		return false;
	if (j->best.words == 0 && j->image.damaged)
		return send_page(j, SL_PAGE_NONE, 0, reason);
	/* No words on a page with ink: a drawing, a photograph, handwriting. It
	 * was looked at, and what is on it is not known. */
	return send_page(
	    j, SL_PAGE_OCR, j->best.words == 0 ? SL_PAGE_WORDLESS : 0, reason);
}

static bool
read_page(struct job *j)
{
	const char *reason = j->image.damaged ? "damaged" : NULL;
	bool ok;

	j->width = pixGetWidth(j->image.pix);
	j->height = pixGetHeight(j->image.pix);
	if (!sl_ocr_look_at(j->image.pix, &j->look))
		out_of_memory();
	/* Of a damaged picture nobody knows what was on the rest. */
	if (j->look.marks == 0 && j->look.specks < SPECKS_MAX &&
	    j->look.noise < NOISE_MAX && !j->image.damaged) {
		sl_page_init(&j->best.page, 0, 0);
		ok = send_page(j, SL_PAGE_NONE, SL_PAGE_BLANK, NULL);
	} else {
		ok = read_words(j, reason);
	}
	sl_ocr_look_free(&j->look);
	return ok;
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
	j.models = sl_ocr_models_find(t->languages, &known);
	if (!known)
		ok =
		    send_note(j.result_fd, "language_not_loaded", t->languages);
	rc = sl_ocr_beside_load(t, fds[SL_FD_INPUT], &j.base, &j.beside, &err);
	if (rc == SL_OK && sl_ocr_models_at(0) == NULL)
		/* Asked for before the configuration said none. */
		rc = sl_err_set(
		    &err, SL_REJECT, 0, "limit_pages", "no page goes to OCR");
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
