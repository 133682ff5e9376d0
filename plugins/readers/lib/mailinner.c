#include "mailinner.h"

#include <stdbool.h>
#include <string.h>

static gint64
first_header(GMimeObject *o)
{
	GMimeHeaderList *list = o ? g_mime_object_get_header_list(o) : NULL;
	int n = list ? g_mime_header_list_get_count(list) : 0;
	gint64 start = -1;

	for (int i = 0; i < n && i < 1000; i++) {
		gint64 at = g_mime_header_get_offset(
		    g_mime_header_list_get_header_at(list, i));

		if (at >= 0 && (start < 0 || at < start))
			start = at;
	}
	return start;
}

gint64
mailinner_start(GMimeMessage *m)
{
	gint64 a = first_header(GMIME_OBJECT(m));
	gint64 b = first_header(g_mime_message_get_mime_part(m));

	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static bool
is_boundary(const GPtrArray *bounds, const char *line, size_t n)
{
	for (guint i = 0; bounds && i < bounds->len; i++) {
		const char *b = g_ptr_array_index(bounds, i);
		size_t len = b ? strlen(b) : 0;

		if (!b || n < len + 2 || memcmp(line + 2, b, len) != 0)
			continue;
		line += len + 2;
		n -= len + 2;
		if (n >= 2 && !memcmp(line, "--", 2))
			line += 2, n -= 2;
		while (n && strchr(" \t\r", *line) && *line)
			line++, n--;
		return n == 0 || *line == '\n';
	}
	return false;
}

/* Where a mail inside the mail ends: before the line end that belongs to the
 * next boundary about it, or with the source. Reads it in windows: a line is
 * compared whole, boundaries being far shorter than the overlap. */
gint64
mailinner_end(const struct sluse_reader_host *host, struct sluse_source *s,
    const GPtrArray *bounds, gint64 start)
{
	enum { WINDOW = 1 << 17, OVERLAP = 1 << 14 };
	gint64 total = (gint64)host->length(s), off = start, end = total;
	char *buf = g_malloc(WINDOW);
	bool found = false;

	while (off < total && !found) {
		int64_t n = host->read_at(s, buf, WINDOW, (uint64_t)off);
		int64_t stop = n == WINDOW ? n - OVERLAP : n;
		const char *p = buf;

		if (n <= 0)
			break;
		while (
		    !found && p < buf + stop &&
		    (p = memchr(p, '\n', (size_t)(buf + stop - p))) != NULL) {
			const char *line = p + 1;
			size_t left = (size_t)(buf + n - line);

			if (left > 2 && line[0] == '-' && line[1] == '-' &&
			    is_boundary(bounds, line, left)) {
				found = true;
				end = off + (p - buf);
				if (end > start && p > buf && p[-1] == '\r')
					end--;
			}
			p++;
		}
		off += stop;
	}
	g_free(buf);
	return end;
}

/* Behind the line that begins at or behind `at` with its line end; -1. */
static gint64
behind_line(
    const struct sluse_reader_host *host, struct sluse_source *s, gint64 at)
{
	char b[2048];
	int64_t n = host->read_at(s, b, sizeof(b), (uint64_t)at);
	/* The line end before it, then the boundary's own. */
	const char *p = n > 0 ? memchr(b, '\n', (size_t)n) : NULL;

	if (p)
		p = memchr(p + 1, '\n', (size_t)(b + n - p - 1));
	return p ? at + (p + 1 - b) : -1;
}

bool
mailinner_first(const struct sluse_reader_host *host, struct sluse_source *s,
    GMimeObject *multipart, const GPtrArray *bounds, gint64 *ret_start,
    gint64 *ret_end)
{
	const char *own =
	    g_mime_multipart_get_boundary(GMIME_MULTIPART(multipart));
	GPtrArray *all = g_ptr_array_new();
	gint64 at = first_header(multipart);
	bool ok = false;

	if (own && at >= 0) {
		g_ptr_array_add(all, (gpointer)(guintptr)own);
		at = mailinner_end(host, s, all, at);
		at = behind_line(host, s, at);
		for (guint i = 0; bounds && i < bounds->len; i++)
			g_ptr_array_add(all, g_ptr_array_index(bounds, i));
		*ret_start = at;
		*ret_end = at >= 0 ? mailinner_end(host, s, all, at - 1) : -1;
		ok = at >= 0 && *ret_end >= at &&
		     *ret_end < (gint64)host->length(s);
	}
	g_ptr_array_unref(all);
	return ok;
}
