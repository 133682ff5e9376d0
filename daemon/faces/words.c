/* See the header. */
#include "words.h"

#include <string.h>

/* ": [limits] key = value" at its end, which is the same in all languages. */
static const char *
of_limit(const char *detail)
{
	const char *s = strstr(detail, ": [limits] ");

	return s != NULL ? s : detail + strlen(detail);
}

const char *
sl_detail_nb(const char *detail)
{
	static const char *const t[][2] = {
#define SL_DETAIL(en, nb) {en, nb},
#include "details.def"
#undef SL_DETAIL
	};
	size_t i, n = (size_t)(of_limit(detail) - detail);

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (strlen(t[i][0]) == n && memcmp(t[i][0], detail, n) == 0)
			return t[i][1];
	return NULL;
}

void
sl_detail_words(struct sl_buf *out, unsigned language, const char *detail)
{
	const char *nb = sl_detail_nb(detail);

	if (nb == NULL || sl_words(language, nb, detail) == detail) {
		sl_buf_add_str(out, detail);
		return;
	}
	sl_buf_add_str(out, nb);
	sl_buf_add_str(out, of_limit(detail));
}

const char *
sl_detail_technical(unsigned language)
{
	return sl_words(
	    language, "Teknisk melding til IT-drift: ", "For IT operations: ");
}

void
sl_detail_say(struct sl_buf *out, unsigned language, const char *reason,
    const char *detail)
{
	static const char *const technical[] = {"target_refused",
	    "target_mismatch", "target_unsure", "too_many_tries"};
	size_t i;

	for (i = 0; i < sizeof(technical) / sizeof(technical[0]); i++)
		if (reason != NULL && strcmp(reason, technical[i]) == 0 &&
		    sl_detail_nb(detail) == NULL)
			sl_buf_add_str(out, sl_detail_technical(language));
	sl_detail_words(out, language, detail);
}

const char *
sl_worded(
    const struct sl_worded *t, size_t n, unsigned language, const char *slug)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(t[i].slug, slug) == 0)
			return sl_words(language, t[i].nb, t[i].en);
	return NULL;
}
