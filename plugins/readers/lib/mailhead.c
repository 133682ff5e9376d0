#include "mailhead.h"

#include <string.h>

#include "mailtext.h"
#include "mailword.h"

#define HEADER_MAX ((size_t)1 << 20)

GMimeParserOptions *
mailhead_options(void)
{
	static GMimeParserOptions *o;
	static const char *sets[] = {
	    "utf-8", "windows-1252", "iso-8859-1", NULL};

	if (!o) {
		o = g_mime_parser_options_new();
		g_mime_parser_options_set_fallback_charsets(o, sets);
		g_mime_parser_options_set_address_compliance_mode(
		    o, GMIME_RFC_COMPLIANCE_LOOSE);
		g_mime_parser_options_set_parameter_compliance_mode(
		    o, GMIME_RFC_COMPLIANCE_LOOSE);
		g_mime_parser_options_set_rfc2047_compliance_mode(
		    o, GMIME_RFC_COMPLIANCE_LOOSE);
		g_mime_parser_options_set_allow_addresses_without_domain(
		    o, TRUE);
	}
	return o;
}

static bool
eight_bit(const char *s)
{
	for (; *s; s++)
		if ((guchar)*s >= 0x80)
			return true;
	return false;
}

char *
mailhead_raw(GMimeObject *o, const char *name)
{
	GMimeHeader *h = g_mime_header_list_get_header(
	    g_mime_object_get_header_list(o), name);
	const char *raw = h ? g_mime_header_get_raw_value(h) : NULL;
	char *text, *ret;
	size_t n;

	if (!raw)
		return NULL;
	n = strnlen(raw, HEADER_MAX + 1);
	if (n > HEADER_MAX)
		return NULL;
	text = eight_bit(raw) ? mailtext_utf8(raw, n, NULL) : g_strndup(raw, n);
	ret = mailword_mend(text);
	g_free(text);
	return ret;
}

static char *
decode_text(const char *raw)
{
	char *text = g_mime_utils_header_decode_text(mailhead_options(), raw);
	char *clean;

	if (!text)
		return NULL;
	clean = mailtext_utf8(text, strlen(text), NULL);
	g_free(text);
	return mailtext_one_line(clean);
}

char *
mailhead_text(GMimeObject *o, const char *name)
{
	char *raw = mailhead_raw(o, name), *text;

	if (!raw)
		return NULL;
	/* unfold first: an encoded word may be split badly over lines */
	text = decode_text(mailtext_one_line(raw));
	g_free(raw);
	return text;
}

char *
mailhead_id(GMimeObject *o, const char *name, bool last)
{
	char *raw = mailhead_raw(o, name), *id = NULL, *a, *b;

	if (!raw)
		return NULL;
	mailtext_one_line(raw);
	a = last ? strrchr(raw, '<') : strchr(raw, '<');
	b = a ? strchr(a, '>') : NULL;
	if (b)
		id = g_strndup(a + 1, (gsize)(b - a - 1));
	else if (!a && *raw && !last)
		id = g_strndup(raw, strcspn(raw, " ")); /* no brackets */
	g_free(raw);
	if (id && (!*id || strlen(id) > 998)) {
		g_free(id);
		id = NULL;
	}
	return id;
}

/* The value of key in a raw header, as it stands: quotes taken off. */
static char *
raw_param(const char *raw, const char *key, size_t *n)
{
	size_t len = strlen(key);
	const char *p = raw;

	while (p && (p = strchr(p, ';')) != NULL) {
		const char *v = p + 1, *end;

		while (*v == ' ' || *v == '\t' || *v == '\r' || *v == '\n')
			v++;
		p = v;
		if (g_ascii_strncasecmp(v, key, len) != 0 ||
		    !strchr("=*", v[len]) || !v[len])
			continue;
		v += len;
		while (*v && *v != '=')
			v++;
		v += *v == '=';
		while (*v == ' ')
			v++;
		if (*v == '"') {
			end = strchr(++v, '"');
			end = end ? end : v + strlen(v);
		} else {
			end = v + strcspn(v, ";\r\n");
		}
		*n = (size_t)(end - v) < 1024 ? (size_t)(end - v) : 1024;
		return g_strndup(v, *n);
	}
	return NULL;
}

/* What a file name was written in, told from its raw form. */
static char *
written_in(GMimeParam *param, const char *raw, const char *guess)
{
	const char *a, *b, *cs = param ? g_mime_param_get_charset(param) : NULL;

	a = raw ? strstr(raw, "=?") : NULL;
	b = a ? strchr(a + 2, '?') : NULL;
	if (b && b - a < 42)
		return g_strndup(a + 2, (gsize)(b - a - 2));
	if (guess)
		return g_strdup(guess);
	return cs && *cs ? g_strdup(cs) : NULL;
}

char *
mailhead_file_name(GMimeObject *o, char **raw, size_t *raw_n, char **charset)
{
	static const struct {
		const char *header, *key;
	} places[] = {
	    {"Content-Disposition", "filename"}, {"Content-Type", "name"}};
	GMimeContentDisposition *disp =
	    g_mime_object_get_content_disposition(o);
	GMimeContentType *type = g_mime_object_get_content_type(o);

	*raw = *charset = NULL;
	*raw_n = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		GMimeParamList *list =
		    i ? (type ? g_mime_content_type_get_parameters(type) : NULL)
		      : (disp ? g_mime_content_disposition_get_parameters(disp)
			      : NULL);
		GMimeParam *param =
		    list ? g_mime_param_list_get_parameter(list, places[i].key)
			 : NULL;
		const char *value =
		    param ? g_mime_param_get_value(param) : NULL;
		const char *guess = NULL;
		char *name, *own = NULL;
		GMimeHeader *h;

		if (!value || !*value || strlen(value) > 4096)
			continue;
		h = g_mime_header_list_get_header(
		    g_mime_object_get_header_list(o), places[i].header);
		if (h && g_mime_header_get_raw_value(h))
			*raw = raw_param(g_mime_header_get_raw_value(h),
			    places[i].key, raw_n);
		if (*raw && eight_bit(*raw)) {
			char *text;

			own = g_strndup(*raw, *raw_n);
			text = mailtext_utf8(own, *raw_n, &guess);
			g_free(own);
			own = text;
		} else if (strstr(value, "=?") && strstr(value, "?=")) {
			own = decode_text(value);
		}
		name = mailtext_file_name(own ? own : value);
		g_free(own);
		if (name) {
			*charset = written_in(param, *raw, guess);
			return name;
		}
		g_free(*raw);
		*raw = NULL;
	}
	return NULL;
}
