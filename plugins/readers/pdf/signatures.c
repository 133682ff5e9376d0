/*
 * Digital signatures in a PDF: PAdES, and what was before it.
 *
 * Which fields are signed is looked up in the objects; what is signed, in the
 * bytes. A later revision may hide nothing by that: each signature says how
 * far it reaches, and what was added behind it is told.
 *
 * SECURITY: the value is taken from the gap of the byte range and has to be
 * what the object says; nothing is decrypted, nothing repaired.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cms.h"
#include "byterange.h"
#include "pdf.h"

enum { FIELD_DEPTH = 16, FIELDS_MAX = 20000 };

#define HASHED_MAX (UINT64_C(2) << 30) /* bytes, for all signatures */

struct signatures {
	struct sluse_doc *d;
	struct sluse_sink *k;
	struct trust *trust;
	unsigned count; /* of signed fields */
	uint64_t hashed;
	int budget; /* fields to look at */
	bool left_out;
	bool looking; /* first time through: how far signatures reach */
	uint64_t reach;
	const char *kind;
};

static void
tell(void *arg, const struct signature *s)
{
	struct signatures *g = arg;

	signed_tell(g->d->host, g->k, s, g->kind, g->count);
}

static void
tell_bad(struct signatures *g, enum signed_state state, const char *why)
{
	const struct signature s = {.state = state, .why = why};

	tell(g, &s);
}

/* -- the kinds ---------------------------------------------------------------
 */

static bool
hash_range(struct byterange *r, const EVP_MD *md, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	char b[16384];
	int64_t n = -1;
	bool ok = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

	while (ok && (n = byterange_read(r, b, sizeof(b))) > 0)
		ok = EVP_DigestUpdate(ctx, b, (size_t)n) == 1;
	ok = ok && n == 0 && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

struct by_sha1 {
	struct signatures *g;
	bool fits;
};

static void
tell_sha1(void *arg, const struct signature *found)
{
	struct by_sha1 *b = arg;
	struct signature s = *found;

	if (s.state == SIGNED_INTACT && !b->fits)
		s.state = SIGNED_CHANGED;
	signed_add_weak(&s, "sha1");
	tell(b->g, &s);
}

/* adbe.pkcs7.sha1: what lies inside is the SHA-1 of the byte range. */
static void
verify_sha1(struct signatures *g, struct byterange *r, const struct cms_job *j)
{
	struct cms_job inside = *j;
	struct by_sha1 b = {.g = g};
	uint8_t sum[EVP_MAX_MD_SIZE], *p;
	size_t n = 0;

	p = cms_inner(j->der, j->n, &n);
	b.fits = p && n == 20 && hash_range(r, EVP_sha1(), sum) &&
		 memcmp(sum, p, 20) == 0;
	free(p);
	inside.content = NULL;
	cms_verify(&inside, tell_sha1, &b);
}

static void
verify(struct signatures *g, struct byterange *r, const char *filter,
    const struct cms_job *j)
{
	if (strcmp(filter, "adbe.pkcs7.detached") == 0 ||
	    strcmp(filter, "ETSI.CAdES.detached") == 0)
		cms_verify(j, tell, g);
	else if (strcmp(filter, "adbe.pkcs7.sha1") == 0)
		verify_sha1(g, r, j);
	else if (strcmp(filter, "ETSI.RFC3161") == 0)
		cms_verify_stamp(j, tell, g);
	else
		tell_bad(g, SIGNED_UNKNOWN, "of a kind that is not known");
}

/* -- one signature -----------------------------------------------------------
 */

static void
tell_reach(struct signatures *g, struct byterange *r)
{
	const char *later = r->second + r->second_n < g->reach
				? ", another signature reaches further"
				: "";
	char detail[200];
	unsigned revisions;
	uint64_t added = byterange_added(r, &revisions);
	bool whole = byterange_ends_revision(r);

	if (added == 0 && whole)
		return;
	(void)snprintf(detail, sizeof(detail),
	    "%s signature %u: %llu bytes behind it, %u later revision%s%s%s",
	    g->kind, g->count, (unsigned long long)added, revisions,
	    revisions == 1 ? "" : "s", later,
	    whole ? "" : "; does not end with a revision");
	g->d->host->note(g->k, "signed_partly", detail);
}

/* What the object says must be what the gap says; strings of an encrypted file
 * cannot be compared so. */
static bool
is_value(fz_context *ctx, struct signatures *g, pdf_obj *v, const uint8_t *p,
    size_t n)
{
	pdf_obj *said = pdf_dict_get(ctx, v, PDF_NAME(Contents));

	if (pdf_dict_get(ctx, pdf_trailer(ctx, g->d->pdf), PDF_NAME(Encrypt)))
		return true;
	return pdf_is_string(ctx, said) && pdf_to_str_len(ctx, said) == n &&
	       memcmp(pdf_to_str_buf(ctx, said), p, n) == 0;
}

/* NULL, or what is wrong. */
static const char *
find_range(
    fz_context *ctx, struct signatures *g, pdf_obj *v, struct byterange *r)
{
	pdf_obj *range = pdf_dict_gets(ctx, v, "ByteRange"), *o;
	int64_t number[4];
	int i;

	if (pdf_array_len(ctx, range) != 4)
		return "its byte range is not of two runs";
	for (i = 0; i < 4; i++) {
		o = pdf_array_get(ctx, range, i);
		if (!pdf_is_int(ctx, o))
			return "its byte range is not of numbers";
		number[i] = pdf_to_int64(ctx, o);
	}
	return byterange_open(r, g->d->host, g->d->source, number);
}

static void
one(fz_context *ctx, struct signatures *g, pdf_obj *v)
{
	const char *filter =
	    pdf_to_name(ctx, pdf_dict_gets(ctx, v, "SubFilter"));
	struct byterange r = {.at = 0};
	const struct signed_content c = {byterange_read, &r};
	struct cms_job j = {.content = &c, .trust = g->trust};
	const char *bad = find_range(ctx, g, v, &r);
	uint64_t end = r.second + r.second_n;
	uint8_t *der = NULL;

	g->count++;
	if (g->looking) {
		g->reach = !bad && end > g->reach ? end : g->reach;
		return;
	}
	g->kind =
	    strcmp(filter, "ETSI.RFC3161") == 0 ? "PDF time-stamp" : "PDF";
	if (bad) {
		tell_bad(g, SIGNED_BROKEN, bad);
		return;
	}
	j.claimed_s = pdf_dict_get_date(ctx, v, PDF_NAME(M));
	if (j.claimed_s < 0)
		j.claimed_s = 0;
	g->hashed += r.first_n + r.second_n;
	der = byterange_value(&r, CMS_BYTES_MAX, &j.n);
	j.der = der;
	if (!der || !is_value(ctx, g, v, der, j.n))
		tell_bad(g, SIGNED_BROKEN,
		    "its byte range leaves out more than its value");
	else if (g->hashed > HASHED_MAX)
		tell_bad(g, SIGNED_UNKNOWN, "too much to check");
	else
		verify(g, &r, filter, &j);
	free(der);
	tell_reach(g, &r);
}

/* -- the fields --------------------------------------------------------------
 */

/* Inherited type; bounded in depth and in all, for trees that bite their
 * tail. */
static void
walk(fz_context *ctx, struct signatures *g, pdf_obj *fields, pdf_obj *type,
    int depth)
{
	pdf_obj *f, *ft, *v;
	int i, n = pdf_array_len(ctx, fields);

	for (i = 0; i < n && depth < FIELD_DEPTH && --g->budget > 0; i++) {
		f = pdf_array_get(ctx, fields, i);
		ft = pdf_dict_get(ctx, f, PDF_NAME(FT));
		if (!ft)
			ft = type;
		v = pdf_dict_get(ctx, f, PDF_NAME(V));
		if (!pdf_name_eq(ctx, ft, PDF_NAME(Sig)) ||
		    !pdf_is_dict(ctx, v))
			walk(ctx, g, pdf_dict_get(ctx, f, PDF_NAME(Kids)), ft,
			    depth + 1);
		else if (g->count < SIGNED_MAX)
			one(ctx, g, v);
		else
			g->left_out = true;
	}
}

bool
signatures_run(fz_context *ctx, struct sluse_doc *d, struct sluse_sink *k)
{
	struct signatures g = {.d = d, .k = k, .budget = FIELDS_MAX};
	pdf_obj *fields = pdf_dict_getp(
	    ctx, pdf_trailer(ctx, d->pdf), "Root/AcroForm/Fields");

	if (pdf_array_len(ctx, fields) == 0)
		return false;
	g.trust = trust_load(d->host, d->source);
	fz_var(g);
	fz_try(ctx)
	{
		g.looking = true;
		walk(ctx, &g, fields, NULL, 0);
		g.looking = false;
		g.count = 0;
		g.budget = FIELDS_MAX;
		walk(ctx, &g, fields, NULL, 0);
	}
	fz_always(ctx) trust_free(g.trust);
	fz_catch(ctx) fz_rethrow(ctx);
	if (g.left_out)
		d->host->note(k, "signed_many", NULL);
	return g.count > 0;
}
