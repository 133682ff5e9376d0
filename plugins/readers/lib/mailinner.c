#include "mailinner.h"

#include <stdbool.h>
#include <string.h>

gint64
mailinner_start(GMimeMessage *m)
{
	GMimeObject *objects[2] = {
	    GMIME_OBJECT(m), g_mime_message_get_mime_part(m)};
	gint64 start = -1;

	for (int k = 0; k < 2; k++) {
		GMimeHeaderList *list =
		    objects[k] ? g_mime_object_get_header_list(objects[k])
			       : NULL;
		int n = list ? g_mime_header_list_get_count(list) : 0;

		for (int i = 0; i < n && i < 1000; i++) {
			gint64 at = g_mime_header_get_offset(
			    g_mime_header_list_get_header_at(list, i));

			if (at >= 0 && (start < 0 || at < start))
				start = at;
		}
	}
	return start;
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
