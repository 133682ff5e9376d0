/*
 * SECURITY: the bytes are hostile: all comparing is paid for out of `work`, so
 * that no file can be made that takes long.
 */
#include <endian.h>
#include <string.h>

#include "table.h"

static void
read_tail(struct sl_look *k)
{
	uint64_t size = k->in->x->size;
	size_t n = k->tail.n;

	if (k->tail.p != NULL || n == 0)
		return;
	k->tail.p = k->tail_bytes;
	if (sl_extent_read(k->in->x, k->tail_bytes, n, size - n) != (ssize_t)n)
		k->tail.n = 0;
}

static unsigned
has_gram(const uint8_t *bits, const uint8_t *p)
{
	uint32_t v, h;

	memcpy(&v, p, sizeof(v));
	h = sl_gram_hash(le32toh(v));
	return bits[h / 8] >> (h % 8) & 1u;
}

size_t
sl_gram_next(const uint8_t *bits, const uint8_t *p, size_t at, size_t end)
{
	for (; at + 4 <= end; at += 4)
		if (has_gram(bits, p + at) | has_gram(bits, p + at + 1) |
		    has_gram(bits, p + at + 2) | has_gram(bits, p + at + 3))
			break;
	while (at < end && has_gram(bits, p + at) == 0)
		at++;
	return at;
}

/* The word's gram stands at `at`: is it the first place of the word? */
static void
see_word(struct sl_window *w, const struct sl_string *s, uint32_t number,
    size_t gram_at, uint32_t in)
{
	size_t at = gram_at - in;

	if (gram_at < in || s->n > w->n - at || w->seen[number].first < at ||
	    memcmp(w->p + at, s->lit, s->n) != 0)
		return;
	w->seen[number].first = (uint32_t)at;
}

/* One pass for all words of the table, most of which are not there at all:
 * sequences that ask for them then cost nothing. */
void
sl_look_see_words(struct sl_window *w, const void *arg)
{
	const struct sl_pronom *t = arg;
	const struct sl_index *x = &t->index;
	uint32_t three, i;
	size_t at = 0;

	for (i = 1; i <= t->words; i++)
		if (t->word[i]->n > 2)
			w->seen[i] = (struct sl_seen){0, (uint32_t)w->n};
	for (; at + 2 < w->n; at++) {
		/* the last place has no fourth byte: it is looked at as it is
		 */
		if (at + 3 < w->n)
			at = sl_gram_next(x->word_bit, w->p, at, w->n - 3);
		three = sl_gram_at(w->p + at);
		for (i = x->word[sl_gram_hash(three) % SL_INDEX_SLOTS]; i != 0;
		     i = x->word_entry[i].next)
			if (x->word_entry[i].key == three)
				see_word(w, t->word[i], i, at,
				    x->word_entry[i].from);
	}
	*w->work -= *w->work < w->n ? *w->work : w->n;
}

static bool
sequence_is_there(struct sl_look *k, const struct sl_sequence *q)
{
	bool whole = k->head.eof;

	if (whole || q->anchor == SL_FROM_BOF)
		return sl_sequence_matches(q, &k->head);
	if (q->anchor == SL_ANYWHERE && sl_sequence_matches(q, &k->head))
		return true;
	read_tail(k);
	if (sl_sequence_matches(q, &k->tail))
		return true;
	/* It may lie between the two. */
	if (q->anchor == SL_ANYWHERE)
		k->ret->partial = true;
	return false;
}

static void
try(struct sl_look *k, uint32_t i)
{
	const struct sl_signature *s = &k->t->signature[i];
	uint32_t n;

	if ((k->tried[i / 8] >> (i % 8) & 1) != 0)
		return;
	k->tried[i / 8] |= (uint8_t)(1u << (i % 8));
	for (n = 0; n < s->sequences; n++)
		if (!sequence_is_there(k, &s->sequence[n]))
			return;
	sl_look_hit(k, s->format);
}

static uint32_t
key_at(const uint8_t *p, uint32_t n)
{
	uint32_t i, key = 0;

	for (i = 0; i < n; i++)
		key |= (uint32_t)p[i] << (8 * i);
	return key;
}

static void
by_place(struct sl_look *k, uint32_t g)
{
	const struct sl_index *x = &k->t->index;
	const struct sl_index_group *o = &x->group[g];
	struct sl_window *w = &k->head;
	size_t at = o->offset;
	uint32_t e, key;

	if (o->eof) {
		if (!w->eof) {
			read_tail(k);
			w = &k->tail;
		}
		if (o->offset > w->n)
			return;
		at = w->n - o->offset;
	}
	if (at > w->n || o->n > w->n - at)
		return;
	key = key_at(w->p + at, o->n);
	for (e = x->place[sl_place_slot(key, g)]; e != 0; e = x->entry[e].next)
		if (x->entry[e].key == key && x->entry[e].group == g)
			try(k, x->entry[e].signature);
}

static void
by_gram(struct sl_look *k)
{
	const struct sl_index *x = &k->t->index;
	const uint8_t *p = k->head.p;
	const struct sl_index_entry *e;
	size_t n = k->head.n, end, at;
	uint32_t three, i;

	if (n < 3)
		return;
	end = n - 2 < (size_t)x->gram_to + 1 ? n - 2 : x->gram_to + (size_t)1;
	for (at = 0; at < end; at++) {
		if (at + 3 < n)
			at = sl_gram_next(
			    x->gram_bit, p, at, end < n - 3 ? end : n - 3);
		if (at >= end)
			return;
		three = sl_gram_at(p + at);
		for (i = x->gram[sl_gram_hash(three) % SL_INDEX_SLOTS]; i != 0;
		     i = e->next) {
			e = &x->entry[i];
			if (e->key == three && at >= e->from && at <= e->to)
				try(k, e->signature);
		}
	}
}

void
sl_look_bytes(struct sl_look *k)
{
	const struct sl_index *x = &k->t->index;
	uint32_t i;

	for (i = 0; i < x->groups; i++)
		by_place(k, i);
	by_gram(k);
	for (i = 0; i < x->always_n; i++)
		try(k, x->always[i]);
	k->ret->exhausted = k->work == 0;
}
