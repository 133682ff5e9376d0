/*
 * What a reader of the journal should know of a PDF beside its text: the title,
 * and what would make its pages be another thing in another program or at
 * another time (signatures, forms, scripts, layers, what lies elsewhere).
 *
 * No action is followed and no script run: they are counted.
 */
#include "pdf.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	TITLE_BYTES = 300,
	ANNOTS_MAX = 2000, /* looked at of a page */
	CHAIN_MAX = 16, /* actions behind one another */
	SHELL_GLYPHS = 1500, /* a page that only asks to wait has fewer */
};

/* -- the title ------------------------------------------------------------- */

static bool
starts_with(const char *s, const char *head)
{
	return strncasecmp(s, head, strlen(head)) == 0;
}

/* Titles that programs write by themselves say nothing of the letter. */
static bool
title_is_sensible(const char *t)
{
	static const char *const by_machine[] = {"untitled", "uten navn",
	    "uten tittel", "microsoft ", "document", "dokument", "scan",
	    "skann", "img_", "img-", "image", "print", "utskrift", "smart",
	    "doc0", "powerpoint", "slide", "no job name", "file:", NULL};
	const char *const *m, *p;
	size_t n = strlen(t), letters = 0, spaces = 0;

	if (n < 8 || n > TITLE_BYTES)
		return false;
	for (m = by_machine; *m; m++)
		if (starts_with(t, *m))
			return false;
	for (p = t; *p; p++) {
		if ((unsigned char)*p < 0x20)
			return false;
		letters += isalpha((unsigned char)*p) || *p & 0x80;
		spaces += *p == ' ';
	}
	/* "R-12.docx", "C:\temp\x", "20260114_083012" */
	p = strrchr(t, '.');
	if (p && strlen(p) <= 5 && !strchr(p, ' ') && p[1])
		return false;
	return spaces > 0 && letters * 2 > n && !strchr(t, '\\') &&
	       !memmem(t, n, "\xef\xbf\xbd", 3);
}

static void
title(fz_context *ctx, struct sluse_doc *d, struct sluse_sink *k)
{
	pdf_obj *o = pdf_dict_getp(ctx, pdf_trailer(ctx, d->pdf), "Info/Title");
	const char *t;

	if (!pdf_is_string(ctx, o))
		return;
	t = pdf_to_text_string(ctx, o);
	while (*t == ' ')
		t++;
	if (title_is_sensible(t))
		d->host->field(k, "title", t, "Title", 300);
}

/* -- actions --------------------------------------------------------------- */

static void
see_action(fz_context *ctx, struct pages *all, pdf_obj *a)
{
	const char *s;
	int i;

	for (i = 0; i < CHAIN_MAX && pdf_is_dict(ctx, a); i++) {
		s = pdf_to_name(ctx, pdf_dict_get(ctx, a, PDF_NAME(S)));
		all->script |= strcmp(s, "JavaScript") == 0;
		all->uris += strcmp(s, "URI") == 0;
		all->remote +=
		    strcmp(s, "GoToR") == 0 || strcmp(s, "Thread") == 0;
		all->launch += strcmp(s, "Launch") == 0;
		all->forms += strcmp(s, "SubmitForm") == 0 ||
			      strcmp(s, "ImportData") == 0;
		a = pdf_dict_get(ctx, a, PDF_NAME(Next));
		if (pdf_is_array(ctx, a))
			a = pdf_array_get(ctx, a, 0);
	}
}

static void
see_actions(fz_context *ctx, struct pages *all, pdf_obj *o)
{
	pdf_obj *aa = pdf_dict_get(ctx, o, PDF_NAME(AA));
	int i, n = pdf_dict_len(ctx, aa);

	see_action(ctx, all, pdf_dict_get(ctx, o, PDF_NAME(A)));
	for (i = 0; i < n && i < CHAIN_MAX; i++)
		see_action(ctx, all, pdf_dict_get_val(ctx, aa, i));
}

/* -- pages ----------------------------------------------------------------- */

/* "A4", "Letter", "210x1500 mm"; which way it lies does not matter. */
static void
size_name(double w, double h, char *out, size_t n)
{
	static const struct {
		const char *name;
		double w, h; /* mm */
	} known[] = {{"A0", 841, 1189}, {"A1", 594, 841}, {"A2", 420, 594},
	    {"A3", 297, 420}, {"A4", 210, 297}, {"A5", 148, 210},
	    {"A6", 105, 148}, {"Letter", 216, 279}, {"Legal", 216, 356}};
	double a = fmin(w, h) / 72 * 25.4, b = fmax(w, h) / 72 * 25.4;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (fabs(a - known[i].w) < 4 && fabs(b - known[i].h) < 4) {
			(void)snprintf(out, n, "%s", known[i].name);
			return;
		}
	(void)snprintf(out, n, "%.0fx%.0f mm", fmin(w / 72 * 25.4, 999999),
	    fmin(h / 72 * 25.4, 999999));
}

static void
see_size(struct pages *all, double w, double h)
{
	char name[sizeof(all->size[0].name)];
	unsigned i;

	size_name(w, h, name, sizeof(name));
	for (i = 0; i < all->sizes; i++)
		if (strcmp(all->size[i].name, name) == 0)
			break;
	if (i == sizeof(all->size) / sizeof(*all->size)) {
		all->others++;
		return;
	}
	if (i == all->sizes) {
		memcpy(all->size[i].name, name, sizeof(name));
		all->sizes++;
	}
	all->size[i].count++;
}

void
facts_page(fz_context *ctx, struct pages *all, pdf_obj *page)
{
	pdf_obj *crop, *annots = pdf_dict_get(ctx, page, PDF_NAME(Annots)), *a;
	fz_rect media, seen;
	double unit;
	int i, n;

	media = pdf_to_rect(
	    ctx, pdf_dict_get_inheritable(ctx, page, PDF_NAME(MediaBox)));
	crop = pdf_dict_get_inheritable(ctx, page, PDF_NAME(CropBox));
	seen = crop ? fz_intersect_rect(media, pdf_to_rect(ctx, crop)) : media;
	if (fz_is_empty_rect(seen))
		seen = media;
	unit = pdf_to_real(ctx, pdf_dict_get(ctx, page, PDF_NAME(UserUnit)));
	if (unit <= 0)
		unit = 1;
	all->scaled += fabs(unit - 1) > 0.001;
	all->cropped += (media.x1 - media.x0) - (seen.x1 - seen.x0) > 18 ||
			(media.y1 - media.y0) - (seen.y1 - seen.y0) > 18;
	all->turned += pdf_to_int(ctx, pdf_dict_get_inheritable(
					   ctx, page, PDF_NAME(Rotate))) %
			   360 !=
		       0;
	see_size(all, unit * (seen.x1 - seen.x0), unit * (seen.y1 - seen.y0));
	see_actions(ctx, all, page);
	n = pdf_array_len(ctx, annots);
	for (i = 0; i < n && i < ANNOTS_MAX; i++) {
		a = pdf_array_get(ctx, annots, i);
		see_actions(ctx, all, a);
		all->annots += pdf_is_string(
		    ctx, pdf_dict_get(ctx, a, PDF_NAME(Contents)));
	}
}

/* -- remarks ----------------------------------------------------------------
 */

/* A layer that is off as the file is opened. */
static bool
has_hidden_layer(fz_context *ctx, pdf_obj *root)
{
	pdf_obj *oc = pdf_dict_get(ctx, root, PDF_NAME(OCProperties));
	pdf_obj *d = pdf_dict_get(ctx, oc, PDF_NAME(D));

	if (pdf_array_len(ctx, pdf_dict_get(ctx, d, PDF_NAME(OFF))) > 0)
		return true;
	return pdf_name_eq(ctx, pdf_dict_get(ctx, d, PDF_NAME(BaseState)),
		   PDF_NAME(OFF)) &&
	       pdf_array_len(ctx, pdf_dict_get(ctx, oc, PDF_NAME(OCGs))) >
		   pdf_array_len(ctx, pdf_dict_get(ctx, d, PDF_NAME(ON)));
}

static void
note_count(struct sluse_doc *d, struct sluse_sink *k, const char *slug,
    unsigned count, const char *what)
{
	char detail[64];

	if (count == 0)
		return;
	(void)snprintf(detail, sizeof(detail), "%u%s", count, what);
	d->host->note(k, slug, detail);
}

static void
note_sizes(struct sluse_doc *d, const struct pages *all, struct sluse_sink *k)
{
	char detail[256];
	size_t n = 0;
	unsigned i;

	if (all->sizes == 0 ||
	    (all->sizes == 1 && strcmp(all->size[0].name, "A4") == 0))
		return;
	for (i = 0; i < all->sizes && n < sizeof(detail); i++)
		n += (size_t)snprintf(detail + n, sizeof(detail) - n, "%s%u %s",
		    i ? ", " : "", all->size[i].count, all->size[i].name);
	if (all->others && n < sizeof(detail))
		(void)snprintf(
		    detail + n, sizeof(detail) - n, ", %u other", all->others);
	d->host->note(k, "page_sizes", detail);
}

static void
note_pages(struct sluse_doc *d, const struct pages *all, struct sluse_sink *k)
{
	char detail[96];

	note_sizes(d, all, k);
	note_count(d, k, "page_turned", all->turned, " pages");
	note_count(d, k, "page_cropped", all->cropped, " pages");
	note_count(d, k, "user_unit", all->scaled, " pages");
	note_count(d, k, "annotations", all->annots, "");
	note_count(d, k, "launch_action", all->launch, "");
	if (all->uris + all->remote + all->forms == 0)
		return;
	(void)snprintf(detail, sizeof(detail),
	    "%u to the net, %u to files, %u of forms", all->uris, all->remote,
	    all->forms);
	d->host->note(k, "external_link", detail);
}

static void
remarks(fz_context *ctx, struct sluse_doc *d, struct pages *all,
    struct sluse_sink *k)
{
	const struct sluse_reader_host *host = d->host;
	pdf_obj *trailer = pdf_trailer(ctx, d->pdf);
	pdf_obj *root = pdf_dict_get(ctx, trailer, PDF_NAME(Root));
	pdf_obj *form = pdf_dict_get(ctx, root, PDF_NAME(AcroForm));
	pdf_obj *fields = pdf_dict_get(ctx, form, PDF_NAME(Fields));

	see_actions(ctx, all, root);
	see_action(ctx, all, pdf_dict_gets(ctx, root, "OpenAction"));
	all->script |= pdf_dict_getp(ctx, root, "Names/JavaScript") != NULL;
	if (pdf_dict_get(ctx, trailer, PDF_NAME(Encrypt)))
		host->note(k, "encrypted_owner", NULL);
	if (d->pdf->repair_attempted)
		host->note(k, "repaired", NULL);
	if (pdf_dict_get(ctx, root, PDF_NAME(Collection)))
		note_count(d, k, "portfolio",
		    (unsigned)pdf_count_pages(ctx, d->pdf),
		    " pages are its cover");
	if (all->script)
		host->note(k, "has_javascript", NULL);
	if (pdf_dict_gets(ctx, form, "XFA"))
		host->note(k, d->shell ? "xfa_shell" : "has_xfa", NULL);
	if (pdf_array_len(ctx, fields) > 0)
		host->note(k, "has_forms", NULL);
	if (has_hidden_layer(ctx, root))
		host->note(k, "hidden_layer", NULL);
	note_pages(d, all, k);
	if (signatures_run(ctx, d, k))
		host->note(k, "has_signature", NULL);
}

/* They are a help; that they cannot be had hinders nothing. */
void
facts_run(fz_context *ctx, struct sluse_doc *d, const struct pages *all,
    struct sluse_sink *k)
{
	struct pages mine = *all;

	fz_try(ctx) title(ctx, d, k);
	fz_catch(ctx)
	{
	}
	fz_try(ctx) remarks(ctx, d, &mine, k);
	fz_catch(ctx)
	{
	}
}

/* -- forms that are no PDF inside -------------------------------------------
 */

static bool
has_widgets(fz_context *ctx, pdf_obj *page)
{
	pdf_obj *annots = pdf_dict_get(ctx, page, PDF_NAME(Annots)), *a;
	int i, n = pdf_array_len(ctx, annots);

	for (i = 0; i < n && i < ANNOTS_MAX; i++) {
		a = pdf_array_get(ctx, annots, i);
		if (pdf_name_eq(ctx, pdf_dict_get(ctx, a, PDF_NAME(Subtype)),
			PDF_NAME(Widget)))
			return true;
	}
	return false;
}

/* Does the page tell to wait, or which program to take? */
static bool
asks_to_wait(fz_context *ctx, fz_page *page)
{
	static const char *const says[] = {
	    "Please wait", "Adobe Reader", "Acrobat Reader", "Adobe Acrobat"};
	fz_stext_page *text = NULL;
	fz_buffer *b = NULL;
	const char *s;
	bool found = false;
	size_t i;

	fz_var(text);
	fz_var(b);
	fz_var(found);
	fz_try(ctx)
	{
		text = fz_new_stext_page_from_page(ctx, page, NULL);
		b = fz_new_buffer_from_stext_page(ctx, text);
		s = fz_string_from_buffer(ctx, b);
		for (i = 0; i < sizeof(says) / sizeof(*says); i++)
			found |= strlen(s) < SHELL_GLYPHS && strstr(s, says[i]);
	}
	fz_always(ctx)
	{
		fz_drop_buffer(ctx, b);
		fz_drop_stext_page(ctx, text);
	}
	fz_catch(ctx) fz_rethrow(ctx);
	return found;
}

bool
facts_is_shell(fz_context *ctx, struct sluse_doc *d)
{
	pdf_obj *trailer = pdf_trailer(ctx, d->pdf);
	fz_page *page;
	bool shell = false;

	if (!pdf_dict_getp(ctx, trailer, "Root/AcroForm/XFA") ||
	    pdf_count_pages(ctx, d->pdf) != 1 ||
	    has_widgets(ctx, pdf_lookup_page_obj(ctx, d->pdf, 0)))
		return false;
	page = fz_load_page(ctx, &d->pdf->super, 0);
	fz_var(shell);
	fz_try(ctx) shell = asks_to_wait(ctx, page);
	fz_always(ctx) fz_drop_page(ctx, page);
	fz_catch(ctx) fz_rethrow(ctx);
	return shell;
}
