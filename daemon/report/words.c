/*
 * Words of the registry's codes.
 */
#include "words.h"

#include <string.h>

#include "../base/text.h"

void
sl_word_reason(const struct sl_rep *r, const char *slug, struct sl_buf *out)
{
	const struct sl_reason *why;

	if (*slug == '\0') /* as nearly all are */
		return;
	why = sl_reason_find(slug);
	if (why != NULL)
		sl_reason_short(why, r->lang != SL_LANGUAGE_EN, out);
	else
		sl_buf_add_str(out, slug);
}

void
sl_word_event(const struct sl_rep *r, int event, struct sl_buf *out)
{
	const char *name = sl_event_name(event), *nb = sl_event_nb(event);

	if (r->lang != SL_LANGUAGE_EN && nb != NULL && *nb != '\0') {
		sl_buf_add_str(out, nb);
		return;
	}
	for (; name != NULL && *name != '\0'; name++)
		sl_buf_add_char(out, *name == '_' ? ' ' : *name);
}

/* One actor of n bytes. */
static void
add_actor(const struct sl_rep *r, const char *s, size_t n, struct sl_buf *out)
{
	static const struct {
		const char *prefix, *nb, *en;
	} kinds[] = {
	    {"uid:", "bruker ", "user "},
	    {"queue:", "køen ", "queue "},
	    {"target:", "målet ", "target "},
	};
	size_t i, k;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		k = strlen(kinds[i].prefix);
		if (n < k || memcmp(s, kinds[i].prefix, k) != 0)
			continue;
		sl_buf_add_str(out, sl_rep_say(r, kinds[i].nb, kinds[i].en));
		sl_buf_add(out, s + k, n - k);
		return;
	}
	if (n >= 5 && memcmp(s, "sluse", 5) == 0)
		sl_buf_add_str(out, "Sluse");
	else
		sl_buf_add(out, s, n);
}

void
sl_word_actor(const struct sl_rep *r, const char *actor, struct sl_buf *out)
{
	size_t n;

	for (; *actor != '\0'; actor += n + (actor[n] == ',')) {
		n = strcspn(actor, ",");
		add_actor(r, actor, n, out);
		if (actor[n] == ',')
			sl_buf_add_str(out, sl_rep_say(r, " og ", " and "));
	}
}

const char *
sl_word_rule(const struct sl_rep *r, const char *slug)
{
#define SL_PLACED_BY(name, nb, en)                                             \
	if (strcmp(slug, #name) == 0)                                          \
		return sl_rep_say(r, nb, en);
#include "../registry/rules.def"
#undef SL_PLACED_BY
	return slug;
}
