#include "evidence.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_MAX 120u /* bytes shown of a value, label or name */

static void
add_json(struct sl_buf *b, const char *s, uint32_t n)
{
	uint32_t i;

	if (n > TEXT_MAX) {
		for (n = TEXT_MAX; n > 0 && ((uint8_t)s[n] & 0xC0) == 0x80; n--)
			continue;
	}
	sl_buf_add_char(b, '"');
	for (i = 0; i < n; i++) {
		if (s[i] == '"' || s[i] == '\\')
			sl_buf_add_char(b, '\\');
		if ((uint8_t)s[i] < 0x20 || s[i] == 0x7F)
			sl_buf_printf(b, "\\u%04x", (unsigned)(uint8_t)s[i]);
		else
			sl_buf_add_char(b, s[i]);
	}
	sl_buf_add_char(b, '"');
}

static void
add_clue(struct sl_buf *b, const struct sl_clue *c, const char *text,
    unsigned runner_up)
{
	const char *source = sl_field_source_name(c->source);

	sl_buf_printf(b, "{\"source\":\"%s\",\"part\":%" PRIu32 ",\"file\":",
	    source != NULL ? source : "case", c->part);
	add_json(b, text + c->file, c->file_n);
	sl_buf_printf(b, ",\"page\":%" PRIu32 ",\"label\":", c->page);
	add_json(b, text + c->label, c->label_n);
	sl_buf_add_str(b, ",\"value\":");
	add_json(b, text + c->value, c->value_n);
	if (c->box[2] > c->box[0] && c->box[3] > c->box[1])
		sl_buf_printf(b, ",\"box\":[%u,%u,%u,%u]", c->box[0], c->box[1],
		    c->box[2], c->box[3]);
	else
		sl_buf_add_str(b, ",\"box\":null");
	sl_buf_printf(b, ",\"rule\":\"%s\",\"score\":%u,\"runnerUp\":%u}",
	    c->rule, c->score, runner_up);
}

/* The clues of the set with the highest scores, first read first. */
static size_t
best_clues(const struct sl_clue *clues, size_t n, uint16_t set,
    const struct sl_clue **ret)
{
	size_t i, k, m = 0;

	for (i = 0; i < n; i++) {
		if (clues[i].set != set)
			continue;
		for (k = m; k > 0 && ret[k - 1]->score < clues[i].score; k--) {
			if (k < SL_EVIDENCE_CLUES_MAX)
				ret[k] = ret[k - 1];
		}
		if (k < SL_EVIDENCE_CLUES_MAX)
			ret[k] = &clues[i];
		if (m < SL_EVIDENCE_CLUES_MAX)
			m++;
	}
	return m;
}

void
sl_evidence_make(struct sl_buf *out, struct sl_buf *item,
    const struct sl_clue *clues, size_t n, uint16_t set, const char *text,
    unsigned runner_up)
{
	const struct sl_clue *best[SL_EVIDENCE_CLUES_MAX];
	size_t i, m = best_clues(clues, n, set, best);

	sl_buf_reset(out);
	sl_buf_add_char(out, '[');
	for (i = 0; i < m; i++) {
		sl_buf_reset(item);
		add_clue(item, best[i], text, runner_up);
		/* the bracket must still fit, and sl_buf keeps a NUL */
		if (out->n + item->n + 4 > SL_EVIDENCE_MAX)
			break;
		if (i > 0)
			sl_buf_add_char(out, ',');
		sl_buf_add(out, item->p, item->n);
	}
	sl_buf_add_char(out, ']');
}
