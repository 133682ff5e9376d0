#include "mailword.h"

#include <gmime/gmime.h>
#include <stdbool.h>
#include <string.h>

#include "mailtext.h"

#define LABEL_MAX 40
#define LABELS_MAX 16u /* of one header that are looked up */

/* =?label?encoding?text?= */
struct word {
	const char *label, *text, *end;
	size_t label_n, text_n; /* a label without its language, "*no" */
	char encoding;
};

/* The labels of a header and what is_doubtful() said of them, so that a
 * converter is opened once for each and not for every word. */
struct labels {
	struct word of[LABELS_MAX];
	bool doubtful[LABELS_MAX];
	unsigned n;
};

/* p stands at "=?". */
static bool
word_at(const char *p, struct word *ret)
{
	const char *q;

	ret->label = p + 2;
	ret->label_n = strcspn(ret->label, "?* \r\n");
	q = ret->label + strcspn(ret->label, "? \r\n");
	if (*q != '?' || ret->label_n == 0 || ret->label_n > LABEL_MAX ||
	    q[1] == '\0' || q[2] != '?')
		return false;
	ret->encoding = g_ascii_tolower(q[1]);
	ret->text = q + 3;
	ret->text_n = strcspn(ret->text, "?\r\n");
	ret->end = ret->text + ret->text_n;
	return ret->end[0] == '?' && ret->end[1] == '=' &&
	       (ret->encoding == 'q' || ret->encoding == 'b');
}

static bool
is(const struct word *w, const char *label)
{
	return strlen(label) == w->label_n &&
	       g_ascii_strncasecmp(w->label, label, w->label_n) == 0;
}

/* Does nobody here know the set it names? */
static bool
is_unknown(const struct word *w)
{
	char name[LABEL_MAX + 1];
	iconv_t cd;

	memcpy(name, w->label, w->label_n);
	name[w->label_n] = '\0';
	cd = g_mime_iconv_open("UTF-8", name);
	if (cd == (iconv_t)-1)
		return true;
	(void)g_mime_iconv_close(cd);
	return false;
}

/* Can its bytes be other than it says? Of one byte to a letter none can. */
static bool
is_doubtful(struct labels *known, const struct word *w)
{
	const struct word *k;
	unsigned i;

	if (is(w, "utf-8") || is(w, "utf8") || is(w, "us-ascii") ||
	    is(w, "ascii"))
		return true;
	for (i = 0; i < known->n; i++) {
		k = &known->of[i];
		if (k->label_n == w->label_n &&
		    g_ascii_strncasecmp(k->label, w->label, w->label_n) == 0)
			return known->doubtful[i];
	}
	if (known->n == LABELS_MAX)
		return false;
	known->of[known->n] = *w;
	return known->doubtful[known->n++] = is_unknown(w);
}

static void
add_quoted(const struct word *w, GByteArray *to)
{
	guint8 c;
	size_t i;

	for (i = 0; i < w->text_n; i++) {
		c = (guint8)w->text[i];
		if (c == '=' && w->text_n - i > 2 &&
		    g_ascii_isxdigit(w->text[i + 1]) &&
		    g_ascii_isxdigit(w->text[i + 2])) {
			c = (guint8)(g_ascii_xdigit_value(w->text[i + 1]) * 16 +
				     g_ascii_xdigit_value(w->text[i + 2]));
			i += 2;
		}
		g_byte_array_append(to, &c, 1);
	}
}

static void
add_bytes(const struct word *w, GByteArray *to)
{
	char *text;
	guchar *b;
	gsize n;

	if (w->encoding == 'q') {
		add_quoted(w, to);
		return;
	}
	text = g_strndup(w->text, w->text_n);
	b = g_base64_decode(text, &n);
	g_byte_array_append(to, b, (guint)n);
	g_free(b);
	g_free(text);
}

/* What the doubtful words of a header are written in; all at once, since a
 * letter may begin in one word and end in the next. NULL: what they say. */
static const char *
true_label(struct labels *known, const char *raw)
{
	GByteArray *all = g_byte_array_new();
	const char *p = raw, *name = NULL;
	struct word w;
	bool other = false;
	char *text;

	while ((p = strstr(p, "=?")) != NULL) {
		if (!word_at(p, &w)) {
			p += 2;
			continue;
		}
		if (is_doubtful(known, &w)) {
			add_bytes(&w, all);
			other |= !is(&w, "utf-8") && !is(&w, "utf8");
		}
		p = w.end + 2;
	}
	if (all->len == 0 ||
	    g_utf8_validate((const char *)all->data, (gssize)all->len, NULL)) {
		name = other ? "utf-8" : NULL;
	} else {
		text = mailtext_utf8((const char *)all->data, all->len, &name);
		g_free(text);
		if (strchr(name, ' ') != NULL) /* of two sets */
			name = NULL;
	}
	(void)g_byte_array_free(all, TRUE);
	return name;
}

char *
mailword_mend(const char *raw)
{
	const char *label, *p = raw, *done = raw;
	struct labels known = {.n = 0};
	struct word w;
	GString *out;

	if (strstr(raw, "=?") == NULL ||
	    (label = true_label(&known, raw)) == NULL)
		return g_strdup(raw);
	out = g_string_sized_new(strlen(raw) + 64);
	while ((p = strstr(p, "=?")) != NULL) {
		if (!word_at(p, &w)) {
			p += 2;
			continue;
		}
		if (is_doubtful(&known, &w)) {
			g_string_append_len(out, done, w.label - done);
			g_string_append(out, label);
			done = w.label + w.label_n;
		}
		p = w.end + 2;
	}
	g_string_append(out, done);
	return g_string_free(out, FALSE);
}
