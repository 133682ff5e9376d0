/*
 * INVARIANT: p->text is well-formed UTF-8 without NUL at any time, so that no
 * record made from it can be refused by the encoder.
 */
#include "page.h"

#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../wire/wire.h"
#include "beside.h"
#include "fields.h"

#define CHUNK 49152u /* of R_TEXT and R_BOXES */
#define BOX SL_WORD_PACKED

void
sl_page_init(struct sl_page *p, uint32_t part, uint32_t page)
{
	*p = (struct sl_page){.part = part, .page = page};
	p->text.max = SL_PAGE_TEXT_MAX;
}

void
sl_page_free(struct sl_page *p)
{
	sl_buf_free(&p->text);
	free(p->words);
	p->words = NULL;
	p->words_count = p->words_cap = 0;
}

/* As much of s as fits, cut between code points. */
static void
add_valid(struct sl_page *p, const char *s, size_t n)
{
	size_t room = SL_PAGE_TEXT_MAX - p->text.n;

	if (n > room) {
		p->flags |= SL_PAGE_CUT;
		n = room;
		while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
			n--;
	}
	sl_buf_add(&p->text, s, n);
}

void
sl_page_add_text(struct sl_page *p, const char *s, size_t n)
{
	size_t i = 0, at;
	uint32_t cp;

	if (sl_utf8_valid(s, n)) {
		add_valid(p, s, n);
		return;
	}
	while (i < n) {
		at = i;
		cp = sl_utf8_next(s, n, &i);
		if (cp == 0 || (cp == 0xFFFD && i - at == 1))
			add_valid(p, "\xEF\xBF\xBD", 3);
		else
			add_valid(p, s + at, i - at);
	}
}

void
sl_page_add_word(struct sl_page *p, const char *s, size_t n,
    unsigned confidence, const uint16_t box[4])
{
	size_t at = p->text.n;
	struct sl_word *w;

	sl_page_add_text(p, s, n);
	if (p->text.n == at)
		return;
	if (p->words_count >= SL_PAGE_WORDS_MAX) {
		p->flags |= SL_PAGE_CUT;
		return;
	}
	p->words = sl_grow(
	    p->words, &p->words_cap, p->words_count + 1, sizeof(*p->words));
	w = &p->words[p->words_count++];
	w->at = (uint32_t)at;
	w->length =
	    (uint16_t)(p->text.n - at < 0xFFFF ? p->text.n - at : 0xFFFF);
	w->confidence = (uint16_t)(confidence < 1000 ? confidence : 1000);
	w->x0 = box[0];
	w->y0 = box[1];
	w->x1 = box[2];
	w->y1 = box[3];
}

static enum sl_rc
send_text(int fd, const struct sl_page *p, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_R_TEXT};
	const char *s = p->text.p;
	size_t left = p->text.n, n;
	enum sl_rc rc = SL_OK;

	m.r_text.part = p->part;
	m.r_text.page = p->page;
	while (left > 0 && rc == SL_OK) {
		n = left < CHUNK ? left : CHUNK;
		while (n < left && ((unsigned char)s[n] & 0xC0) == 0x80)
			n--;
		m.r_text.text = (struct sl_slice){s, (uint32_t)n};
		rc = sl_msg_put(fd, &m, err);
		s += n;
		left -= n;
	}
	return rc;
}

static enum sl_rc
send_boxes(int fd, const struct sl_page *p, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_R_BOXES};
	static uint8_t out[CHUNK]; /* no fresh pages of a stack */
	enum sl_rc rc = SL_OK;
	size_t n = 0, i;

	m.r_boxes.part = p->part;
	m.r_boxes.page = p->page;
	for (i = 0; i < p->words_count && rc == SL_OK; i++) {
		sl_word_pack(&p->words[i], out + n);
		n += BOX;
		if (n < sizeof(out) && i + 1 < p->words_count)
			continue;
		m.r_boxes.boxes =
		    (struct sl_slice){(const char *)out, (uint32_t)n};
		rc = sl_msg_put(fd, &m, err);
		n = 0;
	}
	return rc;
}

struct scan {
	int fd;
	const struct sl_page *p;
	enum sl_field_source source;
	unsigned count;
	enum sl_rc rc;
	struct sl_err *err;
};

/* The box around the words that overlap [at, at+n). */
static void
box_of(const struct sl_page *p, size_t at, size_t n, struct sl_msg_r_field *f)
{
	const struct sl_word *w;
	bool found = false;
	size_t i;

	for (i = 0; i < p->words_count; i++) {
		w = &p->words[i];
		if (w->at >= at + n || w->at + w->length <= at)
			continue;
		if (!found) {
			f->x0 = w->x0;
			f->y0 = w->y0;
			f->x1 = w->x1;
			f->y1 = w->y1;
		}
		found = true;
		f->x0 = w->x0 < f->x0 ? w->x0 : f->x0;
		f->y0 = w->y0 < f->y0 ? w->y0 : f->y0;
		f->x1 = w->x1 > f->x1 ? w->x1 : f->x1;
		f->y1 = w->y1 > f->y1 ? w->y1 : f->y1;
	}
}

static struct sl_slice
cut(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n > max) {
		n = max;
		while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
			n--;
	}
	return (struct sl_slice){s, (uint32_t)n};
}

static void
on_found(void *arg, const struct sl_found *f)
{
	struct sl_msg m = {.type = SL_MSG_R_FIELD};
	struct scan *s = arg;

	if (s->rc != SL_OK || s->count >= SL_PAGE_FIELDS_MAX)
		return;
	s->count++;
	m.r_field.part = s->p->part;
	m.r_field.page = s->p->page;
	m.r_field.field = (uint8_t)f->field;
	m.r_field.value = cut(f->value, 2048);
	m.r_field.label = cut(f->label, 128);
	m.r_field.source =
	    f->at < s->p->own_bytes ? SL_SOURCE_TEXT : (uint8_t)s->source;
	m.r_field.confidence =
	    (uint16_t)(f->confidence < 1000 ? f->confidence : 1000);
	box_of(s->p, f->at, f->length, &m.r_field);
	s->rc = sl_msg_put(s->fd, &m, s->err);
}

static enum sl_rc
send_head(int fd, const struct sl_page *p, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_R_PAGE};
	struct sl_msg_r_page *r = &m.r_page;

	r->part = p->part;
	r->page = p->page;
	r->source = (uint8_t)p->source;
	r->confidence = (uint16_t)(p->confidence < 1000 ? p->confidence : 1000);
	r->language = sl_slice_str(
	    p->text.n > 0 ? sl_language_guess(p->text.p, p->text.n) : "");
	r->width = p->width;
	r->height = p->height;
	r->dpi = (uint16_t)(p->dpi < 0xFFFF ? p->dpi : 0);
	r->rotate = (uint16_t)p->rotate;
	r->image_format = (uint16_t)p->image_format;
	r->image_offset = p->image_offset;
	r->image_size = p->image_size;
	r->base_size = p->base_size;
	r->text_bytes = (uint32_t)p->text.n;
	r->words = (uint32_t)p->words_count;
	r->flags = p->flags;
	r->reason = sl_slice_str(p->reason);
	return sl_msg_put(fd, &m, err);
}

enum sl_rc
sl_page_send(int result_fd, struct sl_page *p,
    enum sl_field_source field_source, struct sl_err *err)
{
	struct scan s = {
	    .fd = result_fd, .p = p, .source = field_source, .err = err};
	enum sl_rc rc;

	if ((rc = send_text(result_fd, p, err)) != SL_OK ||
	    (rc = send_boxes(result_fd, p, err)) != SL_OK)
		return rc;
	if (p->text.n > 0)
		sl_fields_scan(p->text.p, p->text.n, on_found, &s);
	if (s.rc != SL_OK)
		return s.rc;
	return send_head(result_fd, p, err);
}
