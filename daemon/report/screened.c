/*
 * Keeping what is screened, and looking for it.
 */
#include "screened.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"

#define BETWEEN " ,.;:()/\"" /* words */
#define SHORTEST 3 /* bytes of a word that tells something */

/* Is the word (lower case, n bytes) one of the words of text? */
static bool
has_word(const char *text, const char *word, size_t n)
{
	SL_BUF struct sl_buf low = {0};
	const char *p;
	size_t m;

	sl_text_lower(&low, text, strlen(text));
	for (p = sl_buf_str(&low); *p != '\0'; p += m + (p[m] != '\0')) {
		m = strcspn(p, BETWEEN);
		if (m == n && memcmp(p, word, n) == 0)
			return true;
	}
	return false;
}

static void
add_hidden(const struct sl_tlog_post *p, struct sl_buf *out)
{
	SL_BUF struct sl_buf low = {0};
	const char *w;
	size_t n;

	sl_text_lower(&low, p->title, strlen(p->title));
	for (w = sl_buf_str(&low); *w != '\0'; w += n + (w[n] != '\0')) {
		n = strcspn(w, BETWEEN);
		if (n >= SHORTEST && !has_word(p->public_title, w, n)) {
			sl_buf_add(out, w, n);
			sl_buf_add_char(out, ' ');
		}
	}
}

static void
name_post(const struct sl_tlog_post *p, char *out, size_t cap)
{
	(void)snprintf(out, cap, "%s\n%s", p->number, p->journal);
}

void
sl_screened_keep(struct sl_screened *s, const struct sl_tlog_post *p)
{
	SL_BUF struct sl_buf words = {0};
	char name[sizeof(p->number) + sizeof(p->journal)];

	if (p->public || p->title[0] == '\0' ||
	    strchr(p->public_title, '*') == NULL)
		return;
	add_hidden(p, &words);
	if (words.n == 0)
		return;
	if (s->n == SL_SCREENED_POSTS ||
	    s->words.n + words.n + 1 > SL_SCREENED_BYTES) {
		s->left_out++;
		return;
	}
	if (s->n == 0)
		sl_idmap_begin(&s->post, SL_SCREENED_POSTS);
	s->at = sl_grow(s->at, &s->cap, s->n + 1, sizeof(*s->at));
	s->at[s->n++] = (uint32_t)s->words.n;
	sl_buf_add(&s->words, sl_buf_str(&words), words.n + 1);
	name_post(p, name, sizeof(name));
	sl_idmap_add(&s->post, name, (uint32_t)s->n);
}

bool
sl_screened_shows(const struct sl_screened *s, const struct sl_tlog_post *p)
{
	char name[sizeof(p->number) + sizeof(p->journal)];
	const char *w;
	uint32_t which;
	size_t n;

	name_post(p, name, sizeof(name));
	which = sl_idmap_find(&s->post, name);
	if (which == 0)
		return false;
	for (w = s->words.p + s->at[which - 1]; *w != '\0'; w += n + 1) {
		n = strcspn(w, " ");
		if (has_word(p->public_title, w, n))
			return true;
	}
	return false;
}

void
sl_screened_free(struct sl_screened *s)
{
	sl_idmap_free(&s->post);
	sl_buf_free(&s->words);
	free(s->at);
	memset(s, 0, sizeof(*s));
}
