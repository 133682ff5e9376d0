#include "sign.h"

#include <string.h>

#include "../base/clock.h"

static const char section[] = "\xc2\xa7";

static enum sl_ocr_sign
see(TessBaseAPI *english, const struct sl_ocr_sheet *sheet,
    const struct sl_word *w, int deadline_ms)
{
	enum sl_ocr_sign sign = SL_OCR_SIGN_UNSEEN;
	struct sl_ocr_pass pass;
	const char *text;

	if (sl_ocr_recognise_word(english, sheet, w, deadline_ms, &pass) ==
	    SL_OK) {
		text = sl_buf_str(&pass.page.text);
		if (strncmp(text, section, sizeof(section) - 1) == 0)
			sign = SL_OCR_SIGN_SECTION;
		else if (*text == '$')
			sign = SL_OCR_SIGN_DOLLAR;
	}
	sl_ocr_pass_free(&pass);
	return sign;
}

void
sl_ocr_signs_see(TessBaseAPI *english, const struct sl_ocr_sheet *sheet,
    const struct sl_ocr_pass *pass, int deadline_ms, enum sl_ocr_sign *ret)
{
	int64_t end_ms = sl_clock_boot_ms() + deadline_ms;
	unsigned seen = 0;
	size_t i;

	for (i = 0; i < pass->page.words_count; i++) {
		ret[i] = SL_OCR_SIGN_UNSEEN;
		if (seen == SL_OCR_SIGNS_MAX ||
		    !sl_ocr_section_may(&pass->page, i))
			continue;
		if (deadline_ms > 0 &&
		    (deadline_ms = (int)(end_ms - sl_clock_boot_ms())) <= 0)
			seen = SL_OCR_SIGNS_MAX;
		else
			ret[i] = see(
			    english, sheet, &pass->page.words[i], deadline_ms);
		seen += seen < SL_OCR_SIGNS_MAX;
	}
}
