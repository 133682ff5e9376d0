/*
 * What people wrote onto a page or into its form: the contents of annotations
 * where the page does not draw them, and name and value of each field that is
 * filled in. All behind the page's text, with the box where it sits.
 *
 * SECURITY: trees that bite their tail are walked to a depth, lists and texts
 * to a length; what a hidden annotation says is not read as the page's.
 */
#include "pdf.h"

#include <stdio.h>
#include <string.h>

enum {
	ANNOTS_MAX = 2000, /* of a page */
	SAID_MAX = 256 << 10, /* bytes of a page */
	ONE_MAX = 16 << 10, /* of one annotation or value */
	DEPTH = 16,
	NAME_BYTES = 256,
	FLAG_HIDDEN = 2,
	FLAG_NOVIEW = 32,
	FLAG_OURS = 1 << 30, /* hidden by annots_prepare() */
	FIELD_PASSWORD = 1 << 13,
	FIELD_PUSH = 1 << 16,
};

struct pen {
	struct sluse_doc *d;
	struct sluse_sink *k;
	const struct probe *p;
	fz_matrix ctm;
	fz_buffer *page; /* its text without spaces; NULL until asked for */
	size_t said; /* bytes */
	bool any; /* text stands before */
	bool hidden;
	bool cut;
};

/* -- what the page says already -------------------------------------------- */

static void
squeeze(fz_context *ctx, fz_buffer *b, const char *s, size_t max)
{
	int c, n;

	while (*s && b->len < max) {
		n = fz_chartorune(&c, s);
		s += n;
		if (!rune_is_space(c))
			fz_append_rune(ctx, b, c);
	}
}

static void
squeeze_page(fz_context *ctx, struct pen *n)
{
	const fz_stext_block *b;
	const fz_stext_line *l;
	const fz_stext_char *c;

	n->page = fz_new_buffer(ctx, 4096);
	for (b = n->p->text->first_block; b; b = b->next)
		if (b->type == FZ_STEXT_BLOCK_TEXT)
			for (l = b->u.t.first_line; l; l = l->next)
				for (c = l->first_char; c; c = c->next)
					if (!rune_is_space(c->c))
						fz_append_rune(
						    ctx, n->page, c->c);
}

static bool
page_says(fz_context *ctx, struct pen *n, const char *s)
{
	fz_buffer *b;
	bool found = false;

	if (!n->page)
		squeeze_page(ctx, n);
	b = fz_new_buffer(ctx, 256);
	fz_var(found);
	fz_try(ctx)
	{
		squeeze(ctx, b, s, ONE_MAX);
		found = b->len == 0 ||
			memmem(n->page->data, n->page->len, b->data, b->len);
	}
	fz_always(ctx) fz_drop_buffer(ctx, b);
	fz_catch(ctx) fz_rethrow(ctx);
	return found;
}

/* -- saying it ------------------------------------------------------------- */

static void
say_words(struct pen *n, const char *s, fz_rect box)
{
	const struct sluse_reader_host *h = n->d->host;
	const char *end = s + strnlen(s, ONE_MAX), *w;
	bool space = false;

	n->cut |= *end != '\0';
	while (s < end) {
		if (*s == '\n' || *s == '\r') {
			h->text(n->k, "\n", 1);
			space = false;
			s++;
			continue;
		}
		for (w = s; s < end && (unsigned char)*s > ' '; s++)
			;
		if (s > w && space)
			h->text(n->k, " ", 1);
		if (s > w)
			h->word(n->k, w, (size_t)(s - w), box.x0, box.y0,
			    box.x1, box.y1);
		space |= s > w;
		while (s < end && (unsigned char)*s <= ' ' && *s != '\n' &&
		       *s != '\r')
			s++;
	}
}

/* One line, or what contents have: "label: s" or s. */
static void
say(struct pen *n, const char *label, const char *s, fz_rect box)
{
	size_t more = strnlen(s, ONE_MAX) + (label ? strlen(label) : 0);

	if (n->said + more > SAID_MAX) {
		n->cut = true;
		return;
	}
	n->said += more;
	if (n->any)
		n->d->host->text(n->k, "\n", 1);
	n->any = true;
	if (label) {
		say_words(n, label, box);
		n->d->host->text(n->k, ": ", 2);
	}
	say_words(n, s, box);
	n->d->host->text(n->k, "\n", 1);
}

static fz_rect
box_of(fz_context *ctx, const struct pen *n, pdf_obj *a)
{
	fz_rect r = pdf_dict_get_rect(ctx, a, PDF_NAME(Rect));

	r = fz_transform_rect(r, n->ctm);
	r.x0 -= n->p->page.x0;
	r.x1 -= n->p->page.x0;
	r.y0 -= n->p->page.y0;
	r.y1 -= n->p->page.y0;
	return r;
}

/* -- form fields ----------------------------------------------------------- */

/* A key of a field, which may stand further up. */
static pdf_obj *
inherited(fz_context *ctx, pdf_obj *f, pdf_obj *key)
{
	pdf_obj *o = NULL;
	int i;

	for (i = 0; f && i < DEPTH; i++) {
		if ((o = pdf_dict_get(ctx, f, key)) != NULL)
			return o;
		f = pdf_dict_get(ctx, f, PDF_NAME(Parent));
	}
	return NULL;
}

/* What people call it, else its names from the top: "soker.navn". */
static void
field_name(fz_context *ctx, pdf_obj *f, char *out, size_t size)
{
	pdf_obj *up[DEPTH], *t = inherited(ctx, f, PDF_NAME(TU));
	size_t n = 0;
	int i, k = 0;

	*out = '\0';
	if (pdf_is_string(ctx, t)) {
		fz_strlcpy(out, pdf_to_text_string(ctx, t), size);
		return;
	}
	for (; f && k < DEPTH; f = pdf_dict_get(ctx, f, PDF_NAME(Parent)))
		up[k++] = f;
	for (i = k - 1; i >= 0 && n < size; i--) {
		t = pdf_dict_get(ctx, up[i], PDF_NAME(T));
		if (pdf_is_string(ctx, t))
			n += (size_t)snprintf(out + n, size - n, "%s%s",
			    n ? "." : "", pdf_to_text_string(ctx, t));
	}
}

/* A box that is ticked, by the name of that state; NULL if it is not. */
static const char *
button_state(fz_context *ctx, pdf_obj *w)
{
	pdf_obj *as = pdf_dict_get(ctx, w, PDF_NAME(AS));
	const char *s;

	if (!as)
		as = inherited(ctx, w, PDF_NAME(V));
	if (!pdf_is_name(ctx, as))
		return NULL;
	s = pdf_to_name(ctx, as);
	return *s && strcmp(s, "Off") != 0 ? s : NULL;
}

static void
say_list(fz_context *ctx, struct pen *n, const char *name, pdf_obj *list,
    fz_rect box)
{
	int i, len = pdf_array_len(ctx, list);

	for (i = 0; i < len && i < ANNOTS_MAX && !n->cut; i++) {
		pdf_obj *o = pdf_array_get(ctx, list, i);

		if (pdf_is_string(ctx, o))
			say(n, name, pdf_to_text_string(ctx, o), box);
	}
}

static void
say_field(fz_context *ctx, struct pen *n, pdf_obj *w)
{
	pdf_obj *type = inherited(ctx, w, PDF_NAME(FT));
	pdf_obj *v = inherited(ctx, w, PDF_NAME(V));
	int flags = pdf_to_int(ctx, inherited(ctx, w, PDF_NAME(Ff)));
	fz_rect box = box_of(ctx, n, w);
	char name[NAME_BYTES];
	const char *s = NULL;

	field_name(ctx, w, name, sizeof(name));
	if (pdf_name_eq(ctx, type, PDF_NAME(Btn))) {
		if (!(flags & FIELD_PUSH))
			s = button_state(ctx, w);
	} else if (pdf_name_eq(ctx, type, PDF_NAME(Tx)) &&
		   (flags & FIELD_PASSWORD)) {
		return;
	} else if (pdf_is_string(ctx, v)) {
		s = pdf_to_text_string(ctx, v);
	} else if (pdf_is_array(ctx, v)) {
		say_list(ctx, n, name, v, box);
	}
	if (s && s[strspn(s, " \t\r\n")])
		say(n, *name ? name : NULL, s, box);
}

/* Of one without a look of its own: would MuPDF's say what nobody wrote? It
 * makes up "DRAFT" for a stamp, "SIGN" for a field not signed, a pin for a
 * note, and writes a password out. */
static bool
is_made_up(fz_context *ctx, pdf_obj *a)
{
	pdf_obj *type = pdf_dict_get(ctx, a, PDF_NAME(Subtype)), *ft;

	if (pdf_dict_get(ctx, a, PDF_NAME(AP)))
		return false;
	if (!pdf_name_eq(ctx, type, PDF_NAME(Widget)))
		return pdf_name_eq(ctx, type, PDF_NAME(Stamp)) ||
		       pdf_name_eq(ctx, type, PDF_NAME(Text)) ||
		       pdf_name_eq(ctx, type, PDF_NAME(FileAttachment));
	ft = inherited(ctx, a, PDF_NAME(FT));
	return pdf_name_eq(ctx, ft, PDF_NAME(Btn)) ||
	       pdf_name_eq(ctx, ft, PDF_NAME(Sig)) ||
	       (pdf_to_int(ctx, inherited(ctx, a, PDF_NAME(Ff))) &
		   FIELD_PASSWORD);
}

void
annots_prepare(fz_context *ctx, pdf_obj *page)
{
	pdf_obj *list = pdf_dict_get(ctx, page, PDF_NAME(Annots)), *a;
	int i, flags, now, len = pdf_array_len(ctx, list);

	for (i = 0; i < len && i < ANNOTS_MAX; i++) {
		a = pdf_array_get(ctx, list, i);
		if (!pdf_is_dict(ctx, a))
			continue;
		flags = pdf_to_int(ctx, pdf_dict_get(ctx, a, PDF_NAME(F)));
		now = flags & ~FLAG_OURS;
		if (!(now & (FLAG_HIDDEN | FLAG_NOVIEW)) && is_made_up(ctx, a))
			now |= FLAG_HIDDEN | FLAG_OURS;
		if (now != flags)
			pdf_dict_put_int(ctx, a, PDF_NAME(F), now);
	}
}

/* -- annotations ----------------------------------------------------------- */

static void
say_annot(fz_context *ctx, struct pen *n, pdf_obj *a)
{
	pdf_obj *type = pdf_dict_get(ctx, a, PDF_NAME(Subtype));
	pdf_obj *contents = pdf_dict_get(ctx, a, PDF_NAME(Contents));
	int flags = pdf_to_int(ctx, pdf_dict_get(ctx, a, PDF_NAME(F)));
	bool field = pdf_name_eq(ctx, type, PDF_NAME(Widget));
	const char *s;

	if (pdf_name_eq(ctx, type, PDF_NAME(Link)) ||
	    pdf_name_eq(ctx, type, PDF_NAME(Popup)))
		return;
	if (!field && !pdf_is_string(ctx, contents))
		return;
	if (!(flags & FLAG_OURS) && (flags & (FLAG_HIDDEN | FLAG_NOVIEW))) {
		n->hidden |= !field;
		return;
	}
	if (field) {
		say_field(ctx, n, a);
		return;
	}
	s = pdf_to_text_string(ctx, contents);
	if (!page_says(ctx, n, s))
		say(n, NULL, s, box_of(ctx, n, a));
}

bool
emit_annots(fz_context *ctx, struct sluse_doc *d, fz_page *page,
    const struct probe *p, bool any, struct sluse_sink *k)
{
	pdf_page *pp = pdf_page_from_fz_page(ctx, page);
	pdf_obj *list = pdf_dict_get(ctx, pp->obj, PDF_NAME(Annots));
	int i, len = pdf_array_len(ctx, list);
	struct pen n = {.d = d, .k = k, .p = p, .any = any};

	if (len == 0)
		return any;
	pdf_page_transform(ctx, pp, NULL, &n.ctm);
	fz_var(n);
	fz_try(ctx)
	{
		for (i = 0; i < len && i < ANNOTS_MAX; i++)
			say_annot(ctx, &n, pdf_array_get(ctx, list, i));
		n.cut |= len > ANNOTS_MAX;
	}
	fz_always(ctx) fz_drop_buffer(ctx, n.page);
	fz_catch(ctx) fz_rethrow(ctx);
	if (n.hidden)
		d->host->note(k, "hidden_annotation", NULL);
	if (n.cut)
		d->host->note(k, "annotations_cut", NULL);
	return n.any;
}
