#include "mailstream.h"

#define LINE_MAX_BYTES ((uint64_t)1 << 20) /* of one header line */

typedef struct {
	GMimeStream parent;
	const struct sluse_reader_host *host; /* NULL: writes */
	struct sluse_source *s;
	mailstream_write_fn *fn;
	void *arg;
	gboolean failed;
} MailStream;
typedef GMimeStreamClass MailStreamClass;

static GType mail_stream_get_type(void);
G_DEFINE_TYPE(MailStream, mail_stream, GMIME_TYPE_STREAM)

static gint64
end_of(GMimeStream *st)
{
	MailStream *m = (MailStream *)st;

	if (st->bound_end != -1)
		return st->bound_end;
	return m->host ? (gint64)m->host->length(m->s) : st->position;
}

static ssize_t
stream_read(GMimeStream *st, char *buf, size_t n)
{
	MailStream *m = (MailStream *)st;
	gint64 left = end_of(st) - st->position, got;

	if (!m->host)
		return -1;
	if (left <= 0)
		return 0;
	if ((guint64)left < n)
		n = (size_t)left;
	got = m->host->read_at(m->s, buf, n, (guint64)st->position);
	if (got > 0)
		st->position += got;
	return (ssize_t)got;
}

static ssize_t
stream_write(GMimeStream *st, const char *buf, size_t n)
{
	MailStream *m = (MailStream *)st;

	if (m->host || m->failed)
		return -1;
	if (n && m->fn(m->arg, buf, n) != 0) {
		m->failed = TRUE;
		return -1;
	}
	st->position += (gint64)n;
	return (ssize_t)n;
}

static int
stream_flush(GMimeStream *st)
{
	(void)st;
	return 0;
}

static gboolean
stream_eos(GMimeStream *st)
{
	return ((MailStream *)st)->host && st->position >= end_of(st);
}

static int
stream_reset(GMimeStream *st)
{
	st->position = st->bound_start;
	return 0;
}

static gint64
stream_seek(GMimeStream *st, gint64 offset, GMimeSeekWhence whence)
{
	gint64 to = offset;

	if (whence == GMIME_STREAM_SEEK_CUR)
		to = st->position + offset;
	else if (whence == GMIME_STREAM_SEEK_END)
		to = end_of(st) + offset;
	if (to < st->bound_start || to > end_of(st))
		return -1;
	st->position = to;
	return to;
}

static gint64
stream_tell(GMimeStream *st)
{
	return st->position;
}

static gint64
stream_length(GMimeStream *st)
{
	return end_of(st) - st->bound_start;
}

static GMimeStream *
stream_substream(GMimeStream *st, gint64 start, gint64 end)
{
	MailStream *m = (MailStream *)st, *sub;

	sub = g_object_new(mail_stream_get_type(), NULL);
	g_mime_stream_construct(&sub->parent, start, end);
	sub->host = m->host;
	sub->s = m->s;
	return &sub->parent;
}

static void
mail_stream_init(MailStream *m)
{
	(void)m;
}

static void
mail_stream_class_init(MailStreamClass *c)
{
	c->read = stream_read;
	c->write = stream_write;
	c->flush = stream_flush;
	c->close = stream_flush;
	c->eos = stream_eos;
	c->reset = stream_reset;
	c->seek = stream_seek;
	c->tell = stream_tell;
	c->length = stream_length;
	c->substream = stream_substream;
}

GMimeStream *
mailstream_source(const struct sluse_reader_host *host, struct sluse_source *s)
{
	MailStream *m = g_object_new(mail_stream_get_type(), NULL);

	g_mime_stream_construct(&m->parent, 0, -1);
	m->host = host;
	m->s = s;
	return &m->parent;
}

GMimeStream *
mailstream_writer(mailstream_write_fn *fn, void *arg)
{
	MailStream *m = g_object_new(mail_stream_get_type(), NULL);

	g_mime_stream_construct(&m->parent, 0, -1);
	m->fn = fn;
	m->arg = arg;
	return &m->parent;
}

/* GMime folds a header by repeated copying: a line of many MiB is refused
 * before it is parsed. Depth the same: GMime recurses. */
bool
mailstream_bounded(const struct sluse_reader_host *host, struct sluse_source *s)
{
	static const char key[] = "boundary=";
	uint64_t off = 0, line = 0, header = 0;
	unsigned boundaries = 0, k = 0;
	bool in_header = true;
	char *buf = g_malloc(65536);
	int64_t n;

	while ((n = host->read_at(s, buf, 65536, off)) > 0) {
		for (int64_t i = 0; i < n; i++) {
			char c = buf[i];

			if (c == '\n') {
				if (line == 0)
					in_header = false;
				line = 0;
			} else if (c != '\r') {
				line++;
			}
			header += in_header;
			c = g_ascii_tolower(c);
			k = c == key[k] ? k + 1 : c == key[0] ? 1 : 0;
			if (!key[k]) {
				boundaries++;
				k = 0;
			}
			if (in_header && (line > LINE_MAX_BYTES ||
					     header > 4 * LINE_MAX_BYTES))
				break;
		}
		if (in_header &&
		    (line > LINE_MAX_BYTES || header > 4 * LINE_MAX_BYTES))
			break;
		off += (uint64_t)n;
	}
	g_free(buf);
	return n <= 0 && boundaries <= 20000;
}
