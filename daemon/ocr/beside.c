#include "beside.h"

#include <errno.h>
#include <stdlib.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../read/beside.h"

/* Words below this (thousandths) are specks of a photograph; of a pass that
 * reads badly as a whole only sure ones are taken. */
#define LEAST 400u
#define LEAST_POOR 800u

enum sl_rc
sl_ocr_beside_load(const struct sl_msg_task *t, int fd, struct sl_page *ret,
    bool *ret_there, struct sl_err *err)
{
	SL_FREE uint8_t *p = NULL;
	ssize_t got;

	*ret_there = false;
	sl_page_init(ret, 0, t->page_from);
	if (t->base_size == 0)
		return SL_OK;
	if (t->base_size > SL_BESIDE_MAX)
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "text of %u bytes", t->base_size);
	p = malloc(t->base_size);
	if (p == NULL)
		return sl_err_set(err, SL_REJECT, 0, "limit_memory",
		    "no memory for the text");
	got = sl_pread_full(fd, p, t->base_size, t->offset + t->size);
	if (got < 0)
		return sl_err_set(
		    err, SL_RETRY, errno, "disk_error", "reading the text");
	if (!sl_beside_unpack(p, (size_t)got, ret)) {
		sl_page_free(ret);
		sl_page_init(ret, 0, t->page_from);
		return sl_err_set(
		    err, SL_BROKEN, 0, "damaged", "no text where it should be");
	}
	/* Words that were recognised before it came here are not its own. */
	if (ret->words_count == 0 || ret->words[0].confidence == 1000)
		ret->own_bytes = ret->text.n;
	*ret_there = true;
	return SL_OK;
}

void
sl_ocr_beside(struct sl_page *base, const struct sl_ocr_pass *read)
{
	uint64_t sum = 0;
	size_t i, own = base->words_count;
	unsigned n;

	for (i = 0; i < own; i++)
		sum += base->words[i].confidence;
	n = sl_beside_append(base, &read->page,
	    sl_ocr_pass_poor(read) ? LEAST_POOR : LEAST, &sum);
	base->source =
	    n > 0 || base->own_bytes == 0 ? SL_PAGE_OCR : SL_PAGE_TEXT;
	base->flags |= SL_PAGE_BESIDE;
	base->confidence = 1000;
	if (n + own > 0)
		base->confidence = (unsigned)(sum / (n + own));
}
