/*
 * One page on its way to slused: text, word boxes, found fields, verdict.
 *
 * Used by the child of sluse-work (text) and of sluse-ocr (recognised text).
 * sl_page_send sends R_TEXT*, R_BOXES*, R_FIELD* and closes with R_PAGE.
 */
#ifndef SL_READ_PAGE_H
#define SL_READ_PAGE_H

#include "../base/buf.h"
#include "../base/err.h"
#include "../wire/roles.h"

#define SL_PAGE_TEXT_MAX ((size_t)1 << 20) /* bytes kept of one page */
#define SL_PAGE_WORDS_MAX 50000u
#define SL_PAGE_FIELDS_MAX 200u

/* A word: its place in the text, and on the page in 1/65535. The page is as it
 * came, turned by rotate degrees clockwise, and not otherwise changed. */
struct sl_word {
	uint32_t at;
	uint16_t length, confidence;
	uint16_t x0, y0, x1, y1;
};

struct sl_page {
	uint32_t part, page;
	enum sl_page_source source;
	unsigned confidence; /* thousandths, of the whole page */
	uint32_t width, height; /* units of the source; only for people */
	unsigned dpi, rotate;
	uint32_t flags; /* SL_PAGE_* */
	const char *reason; /* slug or NULL */
	struct sl_buf text; /* UTF-8; max is set to SL_PAGE_TEXT_MAX */
	struct sl_word *words;
	size_t words_count, words_cap;
	unsigned image_format; /* SL_PAGE_WANTS_OCR: where the image is */
	uint64_t image_offset, image_size;
	/* The file's own text, at the start: with SL_PAGE_WANTS_OCR it lies
	 * packed behind the image (beside.h), with SL_PAGE_OCR the rest was
	 * recognised. */
	uint32_t base_size;
	size_t own_bytes;
};

void sl_page_init(struct sl_page *p, uint32_t part, uint32_t page);
void sl_page_free(struct sl_page *p);
/* Appends text; bad UTF-8 and NUL become U+FFFD. Over the limit: SL_PAGE_CUT.
 */
void sl_page_add_text(struct sl_page *p, const char *s, size_t n);
/* Appends a word with its box (0..65535 each). */
void sl_page_add_word(struct sl_page *p, const char *s, size_t n,
    unsigned confidence, const uint16_t box[4]);
/* Looks for fields (fields.h), guesses the language, sends all. field_source
 * is that of the fields behind own_bytes: SL_SOURCE_TEXT or SL_SOURCE_OCR. */
enum sl_rc sl_page_send(int result_fd, struct sl_page *p,
    enum sl_field_source field_source, struct sl_err *err);

#endif
