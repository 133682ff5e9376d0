#include "mailtext.h"

#include <string.h>

#include "charset.h"

char *
mailtext_utf8(const char *s, size_t n, const char **name)
{
	bool doubtful;
	enum charset cs = charset_of(s, n, &doubtful);
	char *out = g_malloc(n * 3 + 5);

	if (cs == CHARSET_NONE || cs == CHARSET_NO646 ||
	    cs == CHARSET_UTF16LE || cs == CHARSET_UTF16BE)
		cs = CHARSET_UTF8_MIXED;
	if (name)
		*name = charset_name(cs);
	out[charset_decode(cs, s, n, out)] = 0;
	return out;
}

char *
mailtext_one_line(char *s)
{
	char *o = s;

	for (const char *p = s; *p; p++) {
		if ((guchar)*p > 0x20 && *p != 0x7F)
			*o++ = *p;
		else if (o > s && o[-1] != ' ')
			*o++ = ' ';
	}
	if (o > s && o[-1] == ' ')
		o--;
	*o = 0;
	return s;
}

const char *
mailtext_bare_subject(const char *s)
{
	static const char *const marks[] = {"re", "sv", "vs", "fwd", "fw", "aw",
	    "wg", "svar", "vedr", "tr", "rv"};
	bool again = true;

	while (again) {
		again = false;
		while (*s == ' ')
			s++;
		for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
			size_t n = strlen(marks[i]);

			if (g_ascii_strncasecmp(s, marks[i], n) != 0)
				continue;
			if (s[n] == '[') /* Re[2]: */
				while (s[n] && s[n] != ':' && n < 8)
					n++;
			if (s[n] == ' ')
				n++;
			if (s[n] != ':' || !strcmp(marks[i], "vedr"))
				continue;
			s += n + 1;
			again = true;
			break;
		}
	}
	return s;
}

/* Unix time of the last Sunday of a month at 01:00 UTC (31-day months). */
static gint64
last_sunday(int year, int month)
{
	GDateTime *d = g_date_time_new_utc(year, month, 31, 1, 0, 0);
	gint64 t;

	if (!d)
		return 0;
	t = g_date_time_to_unix(d) -
	    (gint64)(g_date_time_get_day_of_week(d) % 7) * 86400;
	g_date_time_unref(d);
	return t;
}

void
mailtext_oslo(gint64 unix_s, char out[20])
{
	GDateTime *d = g_date_time_new_from_unix_utc(unix_s);
	int year = d ? g_date_time_get_year(d) : 0;
	gint64 offset = d && unix_s >= last_sunday(year, 3) &&
				unix_s < last_sunday(year, 10)
			    ? 7200
			    : 3600;

	*out = 0;
	if (d)
		g_date_time_unref(d);
	d = g_date_time_new_from_unix_utc(unix_s + offset);
	if (!d)
		return;
	g_snprintf(out, 20, "%04d-%02d-%02d %02d:%02d", g_date_time_get_year(d),
	    g_date_time_get_month(d), g_date_time_get_day_of_month(d),
	    g_date_time_get_hour(d), g_date_time_get_minute(d));
	g_date_time_unref(d);
}

char *
mailtext_file_name(const char *s)
{
	char *name = mailtext_utf8(s, strlen(s), NULL), *p;

	mailtext_one_line(name);
	/* some programs send the whole path */
	for (p = name; *p; p++) {
		if ((*p == '/' || *p == '\\') && p[1]) {
			memmove(name, p + 1, strlen(p + 1) + 1);
			p = name - 1;
		}
	}
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..")) {
		g_free(name);
		return NULL;
	}
	return name;
}

void
mailtext_cids(GHashTable *set, const char *s, size_t n)
{
	const char *p = s, *end = s + n;

	while (g_hash_table_size(set) < 10000 && p < end &&
	       (p = memmem(p, (size_t)(end - p), "cid:", 4)) != NULL) {
		const char *a = p + 4;

		for (p = a; p < end && p - a < 998 && *p &&
			    !strchr("\"'<> )\r\n\t", *p);
		     p++)
			;
		if (p > a) {
			char *id = g_strndup(a, (gsize)(p - a)), *plain;

			plain = g_uri_unescape_string(id, NULL);
			g_hash_table_add(set, plain ? plain : g_strdup(id));
			g_free(id);
		}
	}
}

/* At the beginning of a line: a letter may speak of it. */
static bool
has_line(const char *s, size_t n, const char *line)
{
	size_t len = strlen(line);
	const char *p = s, *end = s + n;

	while (
	    p < end && (p = memmem(p, (size_t)(end - p), line, len)) != NULL) {
		if (p == s || p[-1] == '\n')
			return true;
		p += len;
	}
	return false;
}

void
mailtext_pgp(const char *s, size_t n, bool *ret_signed, bool *ret_encrypted)
{
	*ret_signed |= has_line(s, n, "-----BEGIN PGP SIGNED MESSAGE-----");
	*ret_encrypted |= has_line(s, n, "-----BEGIN PGP MESSAGE-----");
}

void
mailtext_give(const struct sluse_reader_host *host, struct sluse_sink *k,
    const char *field, const char *value, const char *label, int confidence)
{
	char *valid;

	if (!value || !*value)
		return;
	valid = g_utf8_make_valid(value, -1);
	host->field(k, field, valid, label, confidence);
	g_free(valid);
}

void
mailtext_give_thread(const struct sluse_reader_host *host, struct sluse_sink *k,
    const char *date, const char *id, const char *reply, const char *last)
{
	char *day = date ? g_strndup(date, 10) : NULL;

	mailtext_give(host, k, "document_date", day, "Date", 800);
	mailtext_give(host, k, "message_id", id, "Message-ID", 1000);
	mailtext_give(host, k, "in_reply_to", reply, "In-Reply-To", 1000);
	if (last && (!reply || strcmp(last, reply) != 0))
		mailtext_give(host, k, "in_reply_to", last, "References", 900);
	g_free(day);
}
