#include "smime.h"

#include <string.h>

#include "../lib/mailinner.h"
#include "../lib/mailstream.h"

#define SIGNATURE_MAX ((size_t)4 << 20) /* beside its content */

static bool
is_one_of(GMimeObject *o, const char *const *subtypes)
{
	GMimeContentType *t = g_mime_object_get_content_type(o);

	for (; t && *subtypes; subtypes++)
		if (g_mime_content_type_is_type(t, "application", *subtypes))
			return true;
	return false;
}

bool
smime_is_opaque(GMimeObject *o)
{
	static const char *const types[] = {"pkcs7-mime", "x-pkcs7-mime", NULL};

	return GMIME_IS_PART(o) && is_one_of(o, types);
}

bool
smime_is_signature(GMimeObject *o)
{
	static const char *const types[] = {
	    "pkcs7-signature", "x-pkcs7-signature", "pgp-signature", NULL};

	return GMIME_IS_PART(o) && is_one_of(o, types);
}

/* -- bytes of a part ---------------------------------------------------------
 */

struct bytes {
	GByteArray *a;
	size_t max;
};

static int
into_bytes(void *arg, const char *p, size_t n)
{
	struct bytes *b = arg;

	if (n > b->max - b->a->len)
		return 1;
	g_byte_array_append(b->a, (const guint8 *)p, (guint)n);
	return 0;
}

/* Transfer-decoded; empty if it is larger than max. */
static GByteArray *
decoded(GMimeObject *o, size_t max)
{
	struct bytes b = {g_byte_array_new(), max};
	GMimeDataWrapper *w = g_mime_part_get_content(GMIME_PART(o));
	GMimeStream *st = mailstream_writer(into_bytes, &b);

	if (w && g_mime_data_wrapper_write_to_stream(w, st) < 0)
		g_byte_array_set_size(b.a, 0);
	g_object_unref(st);
	return b.a;
}

/* -- around its content ------------------------------------------------------
 */

enum cms_kind
smime_kind(GMimeObject *o)
{
	GByteArray *a = decoded(o, CMS_BYTES_MAX);
	enum cms_kind kind = cms_kind(a->data, a->len);
	const char *label =
	    g_mime_object_get_content_type_parameter(o, "smime-type");

	g_byte_array_unref(a);
	if (kind != CMS_KIND_OTHER)
		return kind;
	return label && !g_ascii_strncasecmp(label, "signed", 6)
		   ? CMS_KIND_SIGNED
		   : CMS_KIND_ENVELOPED;
}

GMimeObject *
smime_inner(GMimeObject *o, GMimeParserOptions *options)
{
	GByteArray *a = decoded(o, CMS_BYTES_MAX);
	size_t n = 0;
	uint8_t *p = cms_inner(a->data, a->len, &n);
	GMimeObject *part = NULL;
	GMimeStream *st;
	GMimeParser *parser;

	g_byte_array_unref(a);
	if (!p)
		return NULL;
	st = g_mime_stream_mem_new_with_buffer((const char *)p, n);
	free(p);
	parser = g_mime_parser_new_with_stream(st);
	g_mime_parser_set_persist_stream(parser, TRUE);
	part = g_mime_parser_construct_part(parser, options);
	g_object_unref(parser);
	g_object_unref(st);
	return part;
}

/* -- beside its content ------------------------------------------------------
 */

/* Bytes of the file with line ends as they were signed. */
struct lines {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	gint64 at, end;
	bool as_is; /* do not mend line ends */
	bool after_cr;
};

static int64_t
mend(struct lines *l, char *out, size_t n)
{
	char in[8192];
	size_t want = n / 2 < sizeof(in) ? n / 2 : sizeof(in), k = 0;
	int64_t got, i;

	if ((gint64)want > l->end - l->at)
		want = (size_t)(l->end - l->at);
	got = l->host->read_at(l->s, in, want, (uint64_t)l->at);
	for (i = 0; i < got; i++) {
		if (in[i] == '\n' && !l->after_cr)
			out[k++] = '\r';
		out[k++] = in[i];
		l->after_cr = in[i] == '\r';
	}
	l->at += got > 0 ? got : 0;
	return got > 0 ? (int64_t)k : -1;
}

static int64_t
read_lines(void *lines, void *p, size_t n)
{
	struct lines *l = lines;
	int64_t got;

	if (l->at >= l->end)
		return 0;
	if (!l->as_is)
		return mend(l, p, n);
	if ((gint64)n > l->end - l->at)
		n = (size_t)(l->end - l->at);
	got = l->host->read_at(l->s, p, n, (uint64_t)l->at);
	l->at += got > 0 ? got : 0;
	return got > 0 ? got : -1;
}

struct teller {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	struct sluse_sink *k;
	struct trust *trust;
	unsigned told;
	const char *kind;
};

static void
tell(void *arg, const struct signature *s)
{
	struct teller *t = arg;

	if (t->told < SIGNED_MAX)
		signed_tell(t->host, t->k, s, t->kind, ++t->told);
}

static void
tell_only(struct teller *t, enum signed_state state, const char *why)
{
	const struct signature s = {.state = state, .why = why};

	tell(t, &s);
}

/* What one try at a signature gave. */
struct
try {
	struct signature s[CMS_SIGNERS_MAX];
	unsigned n;
	bool changed;
};

static void
keep(void *arg, const struct signature *s)
{
	struct try *y = arg;

	y->changed = y->changed || s->state == SIGNED_CHANGED;
	if (y->n < CMS_SIGNERS_MAX)
		y->s[y->n++] = *s;
}

static void
verify_at(struct teller *t, GByteArray *sig, struct lines l, struct try *y)
{
	const struct signed_content c = {read_lines, &l};
	const struct cms_job j = {
	    .der = sig->data, .n = sig->len, .content = &c, .trust = t->trust};

	y->n = 0;
	y->changed = false;
	cms_verify(&j, keep, y);
}

static void
tell_beside(struct teller *t, const struct smime *m)
{
	GMimeMultipart *mp = GMIME_MULTIPART(m->o);
	GMimeObject *sig = g_mime_multipart_get_count(mp) == 2
			       ? g_mime_multipart_get_part(mp, 1)
			       : NULL;
	struct lines l = {.host = t->host, .s = t->s};
	struct try y, as_is;
	GByteArray *der;

	if (!sig || !smime_is_signature(sig) || m->inside ||
	    !mailinner_first(t->host, t->s, m->o, m->bounds, &l.at, &l.end)) {
		tell_only(t, SIGNED_UNKNOWN, "its parts are not understood");
		return;
	}
	der = decoded(sig, SIGNATURE_MAX);
	verify_at(t, der, l, &y);
	/* Line ends may have been signed as they are: the digest tells. */
	l.as_is = true;
	if (y.changed)
		verify_at(t, der, l, &as_is);
	if (y.changed && !as_is.changed)
		y = as_is;
	for (unsigned i = 0; i < y.n; i++)
		tell(t, &y.s[i]);
	g_byte_array_unref(der);
}

static void
tell_around(struct teller *t, const struct smime *m)
{
	GByteArray *der = decoded(m->o, CMS_BYTES_MAX);
	const struct cms_job j = {
	    .der = der->data, .n = der->len, .trust = t->trust};

	cms_verify(&j, tell, t);
	g_byte_array_unref(der);
}

static bool
is_pgp(GMimeObject *o)
{
	const char *protocol =
	    g_mime_object_get_content_type_parameter(o, "protocol");

	return protocol && strstr(protocol, "pgp");
}

void
smime_free(void *smime)
{
	struct smime *m = smime;

	if (m->bounds)
		g_ptr_array_unref(m->bounds);
	g_free(m);
}

void
smime_tell(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_sink *k, GPtrArray *all)
{
	struct teller t = {.host = host, .s = s, .k = k};

	if (all->len == 0)
		return;
	t.trust = trust_load(host, s);
	for (guint i = 0; i < all->len && t.told < SIGNED_MAX; i++) {
		const struct smime *m = g_ptr_array_index(all, i);

		t.kind = "S/MIME";
		if (!GMIME_IS_MULTIPART(m->o)) {
			tell_around(&t, m);
		} else if (is_pgp(m->o)) {
			t.kind = "PGP";
			tell_only(&t, SIGNED_UNKNOWN,
			    "of a kind that is not checked");
		} else {
			tell_beside(&t, m);
		}
	}
	trust_free(t.trust);
}
