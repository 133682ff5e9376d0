/* Small things with JSON, URLs and text. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "n5.h"

char *
n5_printf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

void
n5_wipe_free(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

const char *
n5_text(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

const char *
n5_code(const json_t *o, const char *name)
{
	return n5_text(json_object_get(o, name), "kode");
}

int64_t
n5_number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

json_t *
n5_kode(const char *code)
{
	return json_pack("{s:s}", "kode", code);
}

static char *
link_href(const json_t *link)
{
	const char *href = n5_text(link, "href");

	return href == NULL ? NULL : strndup(href, strcspn(href, "{"));
}

char *
n5_href(const json_t *o, const char *rel)
{
	return link_href(json_object_get(json_object_get(o, "_links"), rel));
}

char *
n5_href_tail(const json_t *o, const char *tail)
{
	json_t *links = json_object_get(o, "_links"), *link;
	const char *rel;
	size_t n, k = strlen(tail);

	json_object_foreach(links, rel, link)
	{
		n = strlen(rel);
		if (n >= k && strcmp(rel + n - k, tail) == 0)
			return link_href(link);
	}
	return NULL;
}

/* -- encodings ---------------------------------------------------------------
 */

static int
is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

/* Percent-encodes into out (3 bytes per byte must fit); returns the end. */
static char *
encode(char *out, const char *s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (is_unreserved(c)) {
			*out++ = (char)c;
			continue;
		}
		*out++ = '%';
		*out++ = hex[c >> 4];
		*out++ = hex[c & 15];
	}
	*out = '\0';
	return out;
}

char *
n5_equals(const char *field, const char *value)
{
	char *s = malloc(strlen(field) + 2 * strlen(value) + 8), *p;

	if (s == NULL)
		return NULL;
	p = stpcpy(stpcpy(s, field), " eq '");
	for (; *value != '\0'; value++) {
		if (*value == '\'')
			*p++ = '\'';
		*p++ = *value;
	}
	*p++ = '\'';
	*p = '\0';
	return s;
}

char *
n5_with_query(const char *url, const char *name, const char *value)
{
	size_t n = strlen(url) + strlen(name) + 3;
	char *s = malloc(n + 3 * strlen(value));

	if (s == NULL)
		return NULL;
	n = (size_t)snprintf(
	    s, n, "%s%c%s=", url, strchr(url, '?') != NULL ? '&' : '?', name);
	(void)encode(s + n, value);
	return s;
}

char *
n5_form(const char *const *pairs)
{
	size_t n = 1, i;
	char *s, *p;

	for (i = 0; pairs[i] != NULL; i++)
		n += 3 * strlen(pairs[i]) + 1;
	s = p = malloc(n);
	for (i = 0; s != NULL && pairs[i] != NULL; i++) {
		if (i > 0)
			*p++ = i % 2 == 1 ? '=' : '&';
		p = encode(p, pairs[i]);
	}
	return s;
}

char *
n5_basic(const char *user, const char *password)
{
	static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *plain = n5_printf("%s:%s", user, password), *out, *o;
	const unsigned char *p = (const unsigned char *)plain;
	size_t n, i;
	uint32_t v;

	if (plain == NULL)
		return NULL;
	n = strlen(plain);
	out = malloc(8 + 4 * (n / 3 + 1));
	if (out != NULL) {
		o = stpcpy(out, "Basic ");
		for (i = 0; i < n; i += 3) {
			v = (uint32_t)p[i] << 16;
			v |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
			v |= i + 2 < n ? p[i + 2] : 0;
			*o++ = b64[v >> 18];
			*o++ = b64[v >> 12 & 63];
			*o++ = i + 1 < n ? b64[v >> 6 & 63] : '=';
			*o++ = i + 2 < n ? b64[v & 63] : '=';
		}
		*o = '\0';
	}
	n5_wipe_free(plain);
	return out;
}
