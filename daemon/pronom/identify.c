/*
 * From hits to an answer: containers before bytes before the name; what another
 * hit is preferred to goes.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/mem.h"
#include "table.h"

/* Compared bytes of one file: some ten milliseconds at the worst. */
#define WORK (UINT64_C(32) << 20)
#define TEXT_PUID "x-fmt/111"

static bool
bit(const uint8_t *p, uint32_t i)
{
	return (p[i / 8] >> (i % 8) & 1) != 0;
}

void
sl_look_hit(struct sl_look *k, uint32_t format)
{
	if (bit(k->hit, format))
		return;
	k->hit[format / 8] |= (uint8_t)(1u << (format % 8));
	k->hits++;
}

/* Takes away what `over` is preferred to, and what that is preferred to. */
static void
put_down(struct sl_look *k, uint32_t over, uint8_t *seen)
{
	const struct sl_pronom_format *f = &k->t->format[over];
	uint32_t stack[64], n = 0, i;

	for (;;) {
		for (i = 0; i < f->overs; i++) {
			if (bit(seen, f->over[i]) || f->over[i] == over)
				continue;
			seen[f->over[i] / 8] |=
			    (uint8_t)(1u << (f->over[i] % 8));
			if (n < 64)
				stack[n++] = f->over[i];
		}
		if (n == 0)
			return;
		f = &k->t->format[stack[--n]];
	}
}

/* The hits that none is preferred to. */
static void
take_best(struct sl_look *k)
{
	size_t bytes = k->t->formats / 8 + 1;
	SL_FREE uint8_t *down = sl_alloc(bytes), *seen = sl_alloc(bytes);
	uint32_t i, b;

	if (k->hits > 1)
		for (i = 0; i < k->t->formats; i++) {
			if (!bit(k->hit, i))
				continue;
			memset(seen, 0, bytes);
			put_down(k, i, seen);
			for (b = 0; b < bytes; b++)
				down[b] |= seen[b];
		}
	for (i = 0; i < k->t->formats; i++)
		if (bit(k->hit, i) && !bit(down, i) &&
		    k->ret->count < SL_PRONOM_HITS_MAX)
			k->ret->format[k->ret->count++] = &k->t->format[i];
}

/* -- names -------------------------------------------------------------------
 */

/* The ending in lower case; "" if there is none. */
static void
ending(const char *name, char *out, size_t cap)
{
	const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
	size_t i, n;

	out[0] = '\0';
	if (dot == NULL || (slash != NULL && dot < slash))
		return;
	n = strlen(++dot);
	if (n == 0 || n >= cap)
		return;
	for (i = 0; i <= n; i++)
		out[i] = (char)(dot[i] >= 'A' && dot[i] <= 'Z' ? dot[i] + 32
							       : dot[i]);
}

static bool
in_list(const char *list, const char *word)
{
	size_t n, k = strlen(word);

	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (n == k && memcmp(list, word, n) == 0)
			return true;
	}
	return false;
}

/* First extension of that name; t->extensions if there is none. */
static uint32_t
find_extension(const struct sl_pronom *t, const char *ext)
{
	uint32_t lo = 0, hi = t->extensions, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(t->extension[mid].ext, ext) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->extensions && strcmp(t->extension[lo].ext, ext) == 0
		   ? lo
		   : t->extensions;
}

/* Of several that none is preferred to, the ending decides if it fits one
 * alone. */
static void
take_by_ending(struct sl_pronom_result *r, const char *ext)
{
	unsigned i, fits = 0, which = 0;

	for (i = 0; i < r->count; i++)
		if (in_list(r->format[i]->extensions, ext)) {
			which = i;
			fits++;
		}
	r->several = r->count > 1;
	if (r->several && fits == 1) {
		r->format[0] = r->format[which];
		r->count = 1;
	}
}

/* Neither signature nor container: a format that has none of its own, if the
 * ending belongs to one such only; text that is only that. */
static void
by_name(struct sl_look *k, const char *ext)
{
	const struct sl_pronom *t = k->t;
	const struct sl_pronom_format *f, *one = NULL,
					  *text = sl_pronom_find(t, TEXT_PUID);
	uint32_t i = *ext != '\0' ? find_extension(t, ext) : t->extensions;
	bool any = i < t->extensions, may_be_text = !any;
	unsigned n = 0;

	for (; i < t->extensions && strcmp(t->extension[i].ext, ext) == 0;
	     i++) {
		f = &t->format[t->extension[i].format];
		if (f == text) {
			may_be_text = true;
		} else if (!f->has_signature) {
			one = f;
			n++;
		}
	}
	if (may_be_text && text != NULL && k->in->is_text) {
		k->ret->format[0] = text;
		k->ret->count = 1;
		k->ret->basis = SL_BASIS_TEXT;
	} else if (n == 1) {
		k->ret->format[0] = one;
		k->ret->count = 1;
		k->ret->basis = SL_BASIS_EXTENSION;
	} else {
		k->ret->ambiguous_extension = any;
	}
}

/* -- all of it
 * ----------------------------------------------------------------- */

static void
set_windows(struct sl_look *k)
{
	const struct sl_pronom_input *in = k->in;
	uint64_t size = in->x->size;
	size_t tail = size < in->tail_max ? (size_t)size : in->tail_max;

	k->head = (struct sl_window){.p = in->head,
	    .n = in->head_n,
	    .bof = true,
	    .eof = in->head_n >= size,
	    .seen = k->seen,
	    .see = sl_look_see_words,
	    .see_arg = k->t,
	    .work = &k->work};
	if (k->head.eof)
		return;
	k->tail_bytes = sl_realloc(NULL, tail + 1);
	k->tail = (struct sl_window){.n = tail,
	    .eof = true,
	    .seen = k->seen + k->t->words + 1,
	    .see = sl_look_see_words,
	    .see_arg = k->t,
	    .work = &k->work};
}

static void
look_inside(struct sl_look *k)
{
	sl_look_container(k);
	if (k->hits > 0) {
		k->ret->basis = SL_BASIS_CONTAINER;
		return;
	}
	sl_look_bytes(k);
	if (k->hits > 0)
		k->ret->basis = SL_BASIS_SIGNATURE;
}

void
sl_pronom_identify(const struct sl_pronom *t, const struct sl_pronom_input *in,
    struct sl_pronom_result *ret)
{
	struct sl_look k = {.t = t, .in = in, .ret = ret, .work = WORK};
	char ext[32];
	unsigned i;

	memset(ret, 0, sizeof(*ret));
	k.tried = sl_alloc(t->signatures / 8 + 1);
	k.hit = sl_alloc(t->formats / 8 + 1);
	k.seen = sl_alloc((t->words + 1u) * 2 * sizeof(*k.seen));
	set_windows(&k);
	if (in->x->size > 0)
		look_inside(&k);
	take_best(&k);
	ending(in->name, ext, sizeof(ext));
	take_by_ending(ret, ext);
	if (ret->count == 0 && in->x->size > 0)
		by_name(&k, ext);
	/* No warning where the format is known by no ending, or the name has
	 * none. */
	ret->extension_mismatch =
	    ret->count > 0 && ret->basis != SL_BASIS_TEXT && *ext != '\0';
	for (i = 0; i < ret->count; i++)
		if (ret->format[i]->extensions[0] == '\0' ||
		    in_list(ret->format[i]->extensions, ext))
			ret->extension_mismatch = false;
	free(k.tried);
	free(k.hit);
	free(k.seen);
	free(k.tail_bytes);
}
