/*
 * The MIME tree of a mail, laid out as a list of its leaves, and what its
 * bodies say.
 */
#include <string.h>

#include "../lib/charset.h"
#include "../lib/html.h"
#include "../lib/mailhead.h"
#include "../lib/mailstream.h"
#include "../lib/mailtext.h"
#include "mail.h"

#define DEPTH_MAX 50u
#define LEAVES_MAX 100000u
#define BODY_MAX ((size_t)4 << 20) /* bytes of a body read for the page */
#define UU_MAX ((size_t)32 << 20) /* of all bodies in which files lie */

bool
mail_is_type(GMimeObject *o, const char *type, const char *subtype)
{
	GMimeContentType *t = g_mime_object_get_content_type(o);

	return t && g_mime_content_type_is_type(t, type, subtype);
}

/* -- bodies -------------------------------------------------------------- */

struct bytes {
	GByteArray *a;
	size_t max;
};

static int
into_array(void *arg, const char *p, size_t n)
{
	struct bytes *b = arg;

	if (b->a->len + n > b->max)
		n = b->max - b->a->len;
	g_byte_array_append(b->a, (const guint8 *)p, (guint)n);
	return b->a->len >= b->max;
}

/* What stands in a multipart without parts, NULL if nothing does. */
const char *
mail_stray_text(GMimeObject *o)
{
	const char *s = GMIME_IS_MULTIPART(o)
			    ? g_mime_multipart_get_prologue(GMIME_MULTIPART(o))
			    : NULL;

	return s && *s ? s : NULL;
}

/* The part's content, transfer-decoded, at most max. */
static GByteArray *
part_bytes(GMimeObject *o, size_t max)
{
	struct bytes b = {g_byte_array_new(), max};
	GMimeDataWrapper *w =
	    GMIME_IS_PART(o) ? g_mime_part_get_content(GMIME_PART(o)) : NULL;
	GMimeStream *st = mailstream_writer(into_array, &b);

	if (w)
		(void)g_mime_data_wrapper_write_to_stream(w, st);
	else if (mail_stray_text(o))
		(void)into_array(
		    &b, mail_stray_text(o), strlen(mail_stray_text(o)));
	g_object_unref(st);
	return b.a;
}

/* Does a page say itself what it is written in? One that says UTF-8 is right
 * once it is that. */
static bool
says_set(const GByteArray *a)
{
	size_t len;
	const char *s = html_charset((const char *)a->data, a->len, &len);

	return s && charset_by_name(s, len) != CHARSET_UTF8;
}

char *
mail_part_text(GMimeObject *o, bool html, size_t *n, struct mail_said *ret)
{
	GByteArray *a = part_bytes(o, BODY_MAX);
	const char *label =
	    g_mime_object_get_content_type_parameter(o, "charset");
	enum charset cs, declared = CHARSET_NONE;
	struct mail_said said = {.set = MAIL_SET_SHOWS};
	char *out = NULL;
	bool doubtful, told = false, unknown = false;
	size_t len;

	if (!label && html)
		label = html_charset((const char *)a->data, a->len, &len);
	else
		len = label ? strlen(label) : 0;
	if (label && len)
		declared = charset_by_name(label, len);
	cs = charset_of(a->data, a->len, &doubtful);
	if (label && len && len < sizeof(said.label) &&
	    declared == CHARSET_NONE) {
		memcpy(said.label, label, len);
		told = charset_iconv(g_mime_charset_iconv_name(said.label),
			   a->data, a->len, BODY_MAX * 2, &out, n) == 0;
		unknown = !told && cs != CHARSET_ASCII && cs != CHARSET_UTF8;
	}
	/* a wrong label is common: UTF-8 speaks for itself, the rest is told
	 * by the label if it is a single-byte set */
	if (!told && declared >= CHARSET_1252 && cs != CHARSET_UTF8) {
		told = cs != declared &&
		       (cs != CHARSET_ASCII || declared == CHARSET_NO646);
		cs = declared;
	}
	if (cs == CHARSET_NONE)
		cs = CHARSET_UTF8_MIXED;
	if (!out) {
		out = malloc((size_t)a->len * 3 + 4);
		*n = out ? charset_decode(cs, a->data, a->len, out) : 0;
	}
	if (unknown)
		said.set = MAIL_SET_UNKNOWN;
	else if (told && out && a->len < BODY_MAX && !(html && says_set(a)))
		said.set = MAIL_SET_TOLD;
	if (ret)
		*ret = said;
	g_byte_array_unref(a);
	return out;
}

char *
mail_leaf_name(const struct leaf *l, char **raw, size_t *raw_n, char **charset)
{
	char *text, *name;

	if (!l->text)
		return mailhead_file_name(l->o, raw, raw_n, charset);
	*raw_n = l->uu.name_n < 1024 ? l->uu.name_n : 1024;
	*raw = g_strndup(l->uu.name, *raw_n);
	*charset = NULL;
	text = mailtext_utf8(*raw, *raw_n, NULL);
	name = mailtext_file_name(text);
	g_free(text);
	return name;
}

/* -- the tree ------------------------------------------------------------ */

static const char *
disposition(GMimeObject *o)
{
	GMimeContentDisposition *d = g_mime_object_get_content_disposition(o);
	const char *s =
	    d ? g_mime_content_disposition_get_disposition(d) : NULL;

	return s ? s : "";
}

static bool
has_name(GMimeObject *o)
{
	char *raw, *charset, *name;
	size_t n;
	bool yes;

	name = mailhead_file_name(o, &raw, &n, &charset);
	yes = name != NULL;
	g_free(name);
	g_free(raw);
	g_free(charset);
	return yes;
}

/* Where the last boundary is the last line and no line end follows it, GMime
 * leaves half of the one before it to the part. */
static void
trim_line_end(struct sluse_doc *d, GMimeObject *o)
{
	GMimeDataWrapper *w =
	    GMIME_IS_PART(o) ? g_mime_part_get_content(GMIME_PART(o)) : NULL;
	GMimeStream *st = w ? g_mime_data_wrapper_get_stream(w) : NULL;
	char at[4];

	if (!st || d->inside || !d->bounds->len ||
	    st->bound_end <= st->bound_start)
		return;
	if (d->host->read_at(d->s, at, sizeof(at),
		(uint64_t)st->bound_end - 1) == sizeof(at) &&
	    !memcmp(at, "\r\n--", sizeof(at)))
		st->bound_end--;
}

static void
add_leaf(struct sluse_doc *d, GMimeObject *o, bool alternative)
{
	struct leaf l = {
	    .o = o, .role = SLUSE_PART_ATTACHMENT, .alternative = alternative};

	if (d->leaves->len >= LEAVES_MAX) {
		d->too_deep = true;
		return;
	}
	if ((mail_is_type(o, "text", "plain") ||
		mail_is_type(o, "text", "html")) &&
	    g_ascii_strcasecmp(disposition(o), "attachment") != 0 &&
	    !has_name(o))
		l.role = SLUSE_PART_BODY;
	if (GMIME_IS_MULTIPART(o))
		l.role =
		    mail_stray_text(o) ? SLUSE_PART_BODY : SLUSE_PART_SKIPPED;
	d->partial = d->partial || mail_is_type(o, "message", "partial");
	l.inside = d->inside > 0;
	trim_line_end(d, o);
	if (GMIME_IS_MESSAGE_PART(o))
		l.bounds = g_ptr_array_copy(d->bounds, NULL, NULL);
	g_array_append_val(d->leaves, l);
}

static void
add_smime(struct sluse_doc *d, GMimeObject *o)
{
	struct smime *m = g_new0(struct smime, 1);

	m->o = o;
	m->bounds = g_ptr_array_copy(d->bounds, NULL, NULL);
	m->inside = d->inside > 0;
	g_ptr_array_add(d->smime, m);
	d->is_signed = true;
}

/* What is about the content of a signature, and is kept with the mail. */
static void
add_skipped(struct sluse_doc *d, GMimeObject *o)
{
	unsigned n = d->leaves->len;

	add_leaf(d, o, false);
	if (d->leaves->len > n)
		g_array_index(d->leaves, struct leaf, n).role =
		    SLUSE_PART_SKIPPED;
}

/* A signature beside what it signs; what says only that PGP encrypted the
 * other part. */
static bool
is_beside(GMimeObject *mp, GMimeObject *part, int i)
{
	if (mail_is_type(mp, "multipart", "signed"))
		return i > 0 && smime_is_signature(part);
	return i == 0 && mail_is_type(mp, "multipart", "encrypted") &&
	       mail_is_type(part, "application", "pgp-encrypted");
}

static void walk(
    struct sluse_doc *d, GMimeObject *o, unsigned depth, bool alternative);

/* A signed envelope is read as if its content stood there; an encrypted one is
 * a part, which says so itself until it is opened. */
static void
open_envelope(
    struct sluse_doc *d, GMimeObject *o, unsigned depth, bool alternative)
{
	enum cms_kind kind = smime_kind(o);
	GMimeObject *inner = NULL;

	if (kind == CMS_KIND_ENVELOPED)
		d->encrypted = true;
	if (kind == CMS_KIND_SIGNED)
		add_smime(d, o);
	if (kind == CMS_KIND_SIGNED && depth < DEPTH_MAX)
		inner = smime_inner(o, mailhead_options());
	if (!inner) {
		add_leaf(d, o, alternative);
		return;
	}
	add_skipped(d, o);
	g_ptr_array_add(d->inner, inner);
	d->inside++;
	walk(d, inner, depth + 1, alternative);
	d->inside--;
}

static void
walk_parts(
    struct sluse_doc *d, GMimeMultipart *mp, unsigned depth, bool alternative)
{
	GMimeObject *o = GMIME_OBJECT(mp), *part;
	int i, count = g_mime_multipart_get_count(mp);

	g_ptr_array_add(
	    d->bounds, (gpointer)(guintptr)g_mime_multipart_get_boundary(mp));
	for (i = 0; i < count; i++) {
		part = g_mime_multipart_get_part(mp, i);
		if (is_beside(o, part, i))
			add_skipped(d, part);
		else
			walk(d, part, depth + 1,
			    alternative ||
				mail_is_type(o, "multipart", "alternative"));
	}
	g_ptr_array_set_size(d->bounds, (int)d->bounds->len - 1);
}

static void
walk(struct sluse_doc *d, GMimeObject *o, unsigned depth, bool alternative)
{
	GMimeMultipart *mp;

	if (!o)
		return;
	if (smime_is_opaque(o)) {
		open_envelope(d, o, depth, alternative);
		return;
	}
	if (!GMIME_IS_MULTIPART(o)) {
		add_leaf(d, o, alternative);
		return;
	}
	if (depth >= DEPTH_MAX) {
		d->too_deep = true;
		add_leaf(d, o, alternative); /* noted as skipped */
		return;
	}
	mp = GMIME_MULTIPART(o);
	if (mail_is_type(o, "multipart", "signed"))
		add_smime(d, o);
	if (mail_is_type(o, "multipart", "encrypted"))
		d->encrypted = true;
	d->closed = d->closed || (d->encrypted && depth == 0);
	d->truncated = d->truncated || !mp->write_end_boundary;
	if (g_mime_multipart_get_count(mp) == 0) {
		/* no boundary was found: all of it is before the first */
		d->empty = true;
		add_leaf(d, o, alternative);
		return;
	}
	walk_parts(d, mp, depth, alternative);
}

/* Only a name that is one is told. */
static void
keep_charset(struct sluse_doc *d, const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!g_ascii_isalnum(s[i]) && !strchr("-_.:+", s[i]))
			n = 0;
	if (!*d->charset)
		(void)g_strlcpy(d->charset,
		    n && n < sizeof(d->charset) ? s : "?", sizeof(d->charset));
}

/* Files that lie uuencoded in body i become leaves behind all others; one that
 * is cut off is none. */
static void
find_uu(struct sluse_doc *d, unsigned i)
{
	GMimeObject *o = g_array_index(d->leaves, struct leaf, i).o;
	GByteArray *a = part_bytes(o, d->uu_left);
	const char *s = a->len ? (const char *)a->data : "", *end = s + a->len;
	struct leaf l = {.o = o, .role = SLUSE_PART_ATTACHMENT, .text = a};
	unsigned files = 0;

	for (; a->len && uu_find(s, (size_t)(end - s), &l.uu); s = l.uu.end) {
		d->truncated = d->truncated || l.uu.cut;
		d->too_deep = d->too_deep || d->leaves->len >= LEAVES_MAX;
		if (l.uu.cut || d->leaves->len >= LEAVES_MAX)
			break;
		(void)g_byte_array_ref(a);
		g_array_append_val(d->leaves, l);
		files++;
	}
	if (files > 0)
		d->uu_left -= a->len;
	g_array_index(d->leaves, struct leaf, i).files = files;
	g_byte_array_unref(a);
}

/* Pictures that a body shows are no attachments; and a mail of one named text
 * has that for its body. */
static void
settle_roles(struct sluse_doc *d)
{
	GHashTable *cids =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	unsigned i, bodies = 0, leaves = d->leaves->len;
	size_t n;

	for (i = 0; i < leaves; i++) {
		struct leaf *l = &g_array_index(d->leaves, struct leaf, i);
		struct mail_said said;
		char *text;
		bool html;

		bodies += l->role == SLUSE_PART_BODY;
		if (l->role != SLUSE_PART_BODY || bodies > 20)
			continue;
		html = mail_is_type(l->o, "text", "html");
		text = mail_part_text(l->o, html, &n, &said);
		if (said.set == MAIL_SET_UNKNOWN)
			keep_charset(d, said.label);
		if (!html && d->uu_left)
			find_uu(d, i); /* may move the leaves */
		if (text && html)
			mailtext_cids(cids, text, n);
		else if (text)
			mailtext_pgp(text, n, &d->is_signed, &d->encrypted);
		free(text);
	}
	for (i = 0; i < d->leaves->len; i++) {
		struct leaf *l = &g_array_index(d->leaves, struct leaf, i);
		const char *id = g_mime_object_get_content_id(l->o);

		if (!bodies && leaves == 1 &&
		    mail_is_type(l->o, "text", "plain"))
			l->role = SLUSE_PART_BODY;
		if (mail_is_type(l->o, "image", "*") && id &&
		    g_hash_table_contains(cids, id))
			l->role = SLUSE_PART_INLINE;
	}
	g_hash_table_unref(cids);
}

void
mail_walk(struct sluse_doc *d)
{
	d->uu_left = UU_MAX;
	walk(d, g_mime_message_get_mime_part(d->message), 0, false);
	settle_roles(d);
}
