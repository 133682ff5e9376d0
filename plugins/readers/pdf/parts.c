/*
 * The files that lie in a PDF: of its name tree, which is what a portfolio is
 * made of, associated files, and those of the pages' paper clips.
 *
 * SECURITY: streams are passed on in small pieces and counted; sizes the file
 * claims are not looked at.
 */
#include "pdf.h"

#include <string.h>

enum { CHUNK_BYTES = 32 << 10 };

struct parts {
	struct sluse_doc *d;
	struct sluse_sink *k;
	pdf_mark_list seen;
	struct pages pages;
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
	pdf_obj *obj = pdf_lookup_page_obj(ctx, ps->d->pdf, page);
	pdf_obj *annots = pdf_dict_get(ctx, obj, PDF_NAME(Annots)), *a;
	int i, rc, n;

	facts_page(ctx, &ps->pages, obj);
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

int
parts_run(fz_context *ctx, struct sluse_doc *d, struct sluse_sink *k)
{
	struct parts ps = {.d = d, .k = k};
	pdf_obj *af;
	int rc = SLUSE_READ_OK;

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
	fz_catch(ctx)
	{
		rc = fz_caught(ctx) == FZ_ERROR_MEMORY ? SLUSE_READ_LIMIT
						       : SLUSE_READ_DAMAGED;
	}
	facts_run(ctx, d, &ps.pages, k);
	return rc;
}
