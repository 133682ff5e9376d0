/*
 * What a PDF carries beside its pages: embedded files (of the name tree, of a
 * portfolio, of the pages' paper clips), the title, and what a reader of the
 * journal should know about it (signatures, forms, scripts).
 *
 * SECURITY: streams are passed on in small pieces and counted; sizes the file
 * claims are not looked at.
 */
#include "pdf.h"

#include <ctype.h>
#include <string.h>

enum {
	CHUNK_BYTES = 32 << 10,
	TITLE_BYTES = 300,
};

struct parts {
	struct sluse_doc *d;
	struct sluse_sink *k;
	pdf_mark_list seen;
};

/* -- embedded files ----------------------------------------------------------
 */

static pdf_obj *
first_of(fz_context *ctx, pdf_obj *dict, const char *const *keys)
{
	pdf_obj *o;

	for (; *keys; keys++)
		if ((o = pdf_dict_gets(ctx, dict, *keys)) != NULL)
			return o;
	return NULL;
}

static int
copy_stream(fz_context *ctx, struct parts *ps, fz_stream *stm)
{
	const struct sluse_reader_host *host = ps->d->host;
	unsigned char buf[CHUNK_BYTES];
	uint64_t total = 0;
	size_t n;

	while ((n = fz_read(ctx, stm, buf, sizeof(buf))) > 0) {
		total += n;
		if (total > host->limits->bytes_max ||
		    host->part_write(ps->k, buf, n))
			return SLUSE_READ_LIMIT;
	}
	return SLUSE_READ_OK;
}

/* Reads one stream into the sink. What cannot be decoded is left out and
 * said; the original is kept anyway. */
static int
pump(fz_context *ctx, struct parts *ps, pdf_obj *stream)
{
	fz_stream *stm = NULL;
	int rc = SLUSE_READ_OK;

	fz_var(stm);
	fz_var(rc);
	fz_try(ctx)
	{
		stm = pdf_open_stream(ctx, stream);
		rc = copy_stream(ctx, ps, stm);
	}
	fz_always(ctx) fz_drop_stream(ctx, stm);
	fz_catch(ctx)
	{
		if (fz_caught(ctx) == FZ_ERROR_MEMORY)
			return SLUSE_READ_LIMIT;
		ps->d->host->note(ps->k, "part_damaged", NULL);
	}
	return rc;
}

static int
embedded(fz_context *ctx, struct parts *ps, pdf_obj *spec)
{
	static const char *const names[] = {
	    "UF", "F", "Unix", "DOS", "Mac", NULL};
	struct sluse_part part = {.size = sizeof(part)};
	pdf_obj *stream, *name;
	const char *mime;
	int rc;

	stream = first_of(ctx, pdf_dict_get(ctx, spec, PDF_NAME(EF)), names);
	if (!pdf_is_stream(ctx, stream))
		return SLUSE_READ_OK;
	if (pdf_mark_list_push(ctx, &ps->seen, stream))
		return SLUSE_READ_OK;
	name = first_of(ctx, spec, names);
	if (pdf_is_string(ctx, name)) {
		part.name = pdf_to_text_string(ctx, name);
		part.name_raw = pdf_to_str_buf(ctx, name);
		part.name_raw_length = pdf_to_str_len(ctx, name);
	}
	mime = pdf_to_name(ctx, pdf_dict_get(ctx, stream, PDF_NAME(Subtype)));
	part.mime = *mime ? mime : NULL;
	part.role = SLUSE_PART_ATTACHMENT;
	if (ps->d->host->part_begin(ps->k, &part))
		return SLUSE_READ_LIMIT;
	rc = pump(ctx, ps, stream);
	if (rc != SLUSE_READ_OK)
		return rc;
	return ps->d->host->part_end(ps->k) ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
}

static int
embedded_list(fz_context *ctx, struct parts *ps, pdf_obj *list, bool dict)
{
	int i, rc, n;

	n = dict ? pdf_dict_len(ctx, list) : pdf_array_len(ctx, list);
	for (i = 0; i < n; i++) {
		rc = embedded(ctx, ps,
		    dict ? pdf_dict_get_val(ctx, list, i)
			 : pdf_array_get(ctx, list, i));
		if (rc != SLUSE_READ_OK)
			return rc;
	}
	return SLUSE_READ_OK;
}

static int
embedded_tree(fz_context *ctx, struct parts *ps)
{
	pdf_obj *tree;
	int rc = SLUSE_READ_OK;

	tree = pdf_load_name_tree(ctx, ps->d->pdf, PDF_NAME(EmbeddedFiles));
	fz_var(rc);
	fz_try(ctx) rc = embedded_list(ctx, ps, tree, true);
	fz_always(ctx) pdf_drop_obj(ctx, tree);
	fz_catch(ctx) fz_rethrow(ctx);
	return rc;
}

static int
embedded_on_page(fz_context *ctx, struct parts *ps, int page)
{
	pdf_obj *annots, *a;
	int i, rc, n;

	annots = pdf_dict_get(
	    ctx, pdf_lookup_page_obj(ctx, ps->d->pdf, page), PDF_NAME(Annots));
	n = pdf_array_len(ctx, annots);
	for (i = 0; i < n; i++) {
		a = pdf_array_get(ctx, annots, i);
		if (!pdf_name_eq(ctx, pdf_dict_get(ctx, a, PDF_NAME(Subtype)),
			PDF_NAME(FileAttachment)))
			continue;
		rc = embedded(ctx, ps, pdf_dict_get(ctx, a, PDF_NAME(FS)));
		if (rc != SLUSE_READ_OK)
			return rc;
	}
	return SLUSE_READ_OK;
}

/* One page that cannot be had does not cost the others' paper clips. */
static int
embedded_pages(fz_context *ctx, struct parts *ps)
{
	uint32_t max = ps->d->host->limits->pages_max;
	int i, rc = SLUSE_READ_OK, n;

	n = pdf_count_pages(ctx, ps->d->pdf);
	if (n > 0 && (uint32_t)n > max)
		n = (int)max;
	fz_var(rc);
	for (i = 0; i < n && rc == SLUSE_READ_OK; i++) {
		fz_try(ctx) rc = embedded_on_page(ctx, ps, i);
		fz_catch(ctx)
		{
			if (fz_caught(ctx) == FZ_ERROR_MEMORY)
				rc = SLUSE_READ_LIMIT;
		}
	}
	return rc;
}

/* -- facts --------------------------------------------------------------------
 */

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
facts(fz_context *ctx, struct parts *ps)
{
	pdf_obj *trailer = pdf_trailer(ctx, ps->d->pdf);
	pdf_obj *title = pdf_dict_getp(ctx, trailer, "Info/Title");
	const char *t;

	if (!pdf_is_string(ctx, title))
		return;
	t = pdf_to_text_string(ctx, title);
	while (*t == ' ')
		t++;
	if (title_is_sensible(t))
		ps->d->host->field(ps->k, "title", t, "Title", 300);
}

static bool
action_is_script(fz_context *ctx, pdf_obj *action)
{
	return pdf_name_eq(
	    ctx, pdf_dict_get(ctx, action, PDF_NAME(S)), PDF_NAME(JavaScript));
}

static bool
has_script(fz_context *ctx, pdf_obj *root)
{
	pdf_obj *aa = pdf_dict_get(ctx, root, PDF_NAME(AA));
	int i;

	if (pdf_dict_getp(ctx, root, "Names/JavaScript") ||
	    action_is_script(ctx, pdf_dict_gets(ctx, root, "OpenAction")))
		return true;
	for (i = 0; i < pdf_dict_len(ctx, aa); i++)
		if (action_is_script(ctx, pdf_dict_get_val(ctx, aa, i)))
			return true;
	return false;
}

static void
remarks(fz_context *ctx, struct parts *ps)
{
	pdf_document *pdf = ps->d->pdf;
	const struct sluse_reader_host *host = ps->d->host;
	pdf_obj *trailer = pdf_trailer(ctx, pdf);
	pdf_obj *root = pdf_dict_get(ctx, trailer, PDF_NAME(Root));
	pdf_obj *form = pdf_dict_get(ctx, root, PDF_NAME(AcroForm));

	if (pdf_dict_get(ctx, trailer, PDF_NAME(Encrypt)))
		host->note(ps->k, "encrypted_owner", NULL);
	if (pdf->repair_attempted)
		host->note(ps->k, "repaired", NULL);
	if (pdf_dict_get(ctx, root, PDF_NAME(Collection)))
		host->note(ps->k, "portfolio", NULL);
	if (has_script(ctx, root))
		host->note(ps->k, "has_javascript", NULL);
	if (pdf_dict_gets(ctx, form, "XFA"))
		host->note(ps->k, "has_xfa", NULL);
	if (pdf_array_len(ctx, pdf_dict_get(ctx, form, PDF_NAME(Fields))) > 0)
		host->note(ps->k, "has_forms", NULL);
	if (signatures_run(ctx, ps->d, ps->k))
		host->note(ps->k, "has_signature", NULL);
}

/* Facts are a help; that they cannot be had hinders nothing. */
static void
guarded(
    fz_context *ctx, struct parts *ps, void (*f)(fz_context *, struct parts *))
{
	fz_try(ctx) f(ctx, ps);
	fz_catch(ctx)
	{
	}
}

int
parts_run(fz_context *ctx, struct sluse_doc *d, struct sluse_sink *k)
{
	struct parts ps = {.d = d, .k = k};
	pdf_obj *af;
	int rc = SLUSE_READ_OK;

	guarded(ctx, &ps, facts);
	guarded(ctx, &ps, remarks);
	pdf_mark_list_init(ctx, &ps.seen);
	fz_var(rc);
	fz_try(ctx)
	{
		rc = embedded_tree(ctx, &ps);
		af = pdf_dict_getp(ctx, pdf_trailer(ctx, d->pdf), "Root/AF");
		if (rc == SLUSE_READ_OK)
			rc = embedded_list(ctx, &ps, af, false);
		if (rc == SLUSE_READ_OK)
			rc = embedded_pages(ctx, &ps);
	}
	fz_always(ctx) pdf_mark_list_free(ctx, &ps.seen);
	fz_catch(ctx) fz_rethrow(ctx);
	return rc;
}
