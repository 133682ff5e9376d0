/* Bytes to and from a dokumentobjekt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "n5.h"

#define PIECE (4 << 20) /* bytes of one PUT */
#define COMPARE_MAX (256 << 20)

static struct sluse_file *
file_of(struct sluse_session *s, const json_t *rendition)
{
	return s->h->file(
	    s->h->host, (uint32_t)n5_number(rendition, "rendition"));
}

static int
send_whole(struct sluse_session *s, const char *url, struct sluse_file *f,
    const char *mime, struct sluse_why *why)
{
	struct n5_request rq = {.scope = N5_MAKE,
	    .method = "POST",
	    .url = url,
	    .what = "fil",
	    .content_type = mime,
	    .file = f};
	struct sluse_http_answer a;

	return n5_call(s, &rq, &a, why);
}

/* One piece; *url moves on to the next. */
static int
send_piece(struct sluse_session *s, char **url, struct sluse_file *f,
    const char *mime, uint64_t at, char *buf, struct sluse_why *why)
{
	uint64_t total = s->h->file_length(s->h->host, f);
	int64_t n = s->h->read_at(s->h->host, f, buf, PIECE, at);
	char range[96];
	struct n5_request rq = {.scope = N5_MAKE,
	    .method = "PUT",
	    .url = *url,
	    .what = "fil",
	    .content_type = mime,
	    .body = buf,
	    .more = {{"Content-Range", range}}};
	struct sluse_http_answer a;
	int v;

	if (n <= 0)
		return n5_why(
		    why, SLUSE_LATER, "target_error", "file ended early");
	rq.body_length = (size_t)n;
	/* Without the unit "bytes": chapter 6. */
	(void)snprintf(range, sizeof(range), "%llu-%llu/%llu",
	    (unsigned long long)at, (unsigned long long)(at + (uint64_t)n - 1),
	    (unsigned long long)total);
	v = n5_call(s, &rq, &a, why);
	if (v != 0 || at + (uint64_t)n >= total)
		return v;
	if (a.location[0] == '\0')
		return n5_why(why, SLUSE_LATER, "target_error",
		    "fil: no place for the next piece");
	free(*url);
	*url = strdup(a.location);
	return 0;
}

static int
send_pieces(struct sluse_session *s, const char *url, struct sluse_file *f,
    const char *mime, struct sluse_why *why)
{
	uint64_t total = s->h->file_length(s->h->host, f), at;
	char length[32];
	struct n5_request rq = {.scope = N5_MAKE,
	    .method = "POST",
	    .url = url,
	    .what = "fil",
	    .more = {{"X-Upload-Content-Type", mime},
		{"X-Upload-Content-Length", length}}};
	struct sluse_http_answer a;
	char *next, *buf;
	int v;

	(void)snprintf(
	    length, sizeof(length), "%llu", (unsigned long long)total);
	v = n5_call(s, &rq, &a, why);
	if (v != 0)
		return v;
	next = strdup(a.location);
	buf = malloc(PIECE);
	for (at = 0; v == 0 && at < total && buf != NULL; at += PIECE) {
		if (s->h->cancelled(s->h->host))
			v = n5_why(why, SLUSE_LATER, "target_down", "stopped");
		else
			v = send_piece(s, &next, f, mime, at, buf, why);
	}
	if (buf == NULL)
		v = n5_why(why, SLUSE_LATER, "target_error", "out of memory");
	free(buf);
	free(next);
	return v;
}

int
n5_send_file(struct sluse_session *s, const json_t *object,
    const json_t *rendition, struct sluse_why *why)
{
	const char *mime = n5_text(rendition, "mimeType");
	struct sluse_file *f = file_of(s, rendition);
	int64_t bulk = 0;
	uint64_t size;
	char *url;
	int v;

	if (f == NULL)
		return n5_why(why, SLUSE_REFUSED, "target_refused",
		    "a file of the post was not handed over");
	size = s->h->file_length(s->h->host, f);
	if (size != (uint64_t)n5_number(rendition, "storrelse"))
		return n5_why(why, SLUSE_REFUSED, "target_refused",
		    "a file of the post has another size than it says");
	v = n5_bulk(s, &bulk, why);
	if (v != 0)
		return v;
	url = n5_href(object, N5_STRUCT "fil/");
	if (url == NULL)
		return n5_why(why, SLUSE_REFUSED, "target_refused",
		    "fil: the target shows no link to it");
	if (bulk == 0 || size <= (uint64_t)bulk)
		v = send_whole(s, url, f, mime, why);
	else
		v = send_pieces(s, url, f, mime, why);
	free(url);
	return v;
}

/* A core that leaves referanseDokumentfil out says by the file itself. */
static int
ask_for_file(
    struct sluse_session *s, const char *url, int *ret, struct sluse_why *why)
{
	struct n5_request rq = {.scope = N5_MAKE, /* 404 is an answer */
	    .method = "HEAD",
	    .url = url,
	    .what = "fil",
	    .accept = "*/*"};
	struct sluse_http_answer a;
	int v = n5_call(s, &rq, &a, why);

	*ret = v == 0;
	if (v != SLUSE_REFUSED)
		return v;
	memset(why, 0, sizeof(*why));
	return 0;
}

int
n5_has_file(struct sluse_session *s, const json_t *object, int *ret,
    struct sluse_why *why)
{
	char *url;
	int v = 0;

	*ret = n5_text(object, "referanseDokumentfil") != NULL;
	if (*ret)
		return 0;
	url = n5_href(object, N5_STRUCT "fil/");
	if (url != NULL)
		v = ask_for_file(s, url, ret, why);
	free(url);
	return v;
}

int
n5_compare_file(struct sluse_session *s, const json_t *object,
    const json_t *rendition, struct sluse_why *why)
{
	struct sluse_file *f = file_of(s, rendition);
	uint64_t size = (uint64_t)n5_number(rendition, "storrelse"), at;
	char *url = n5_href(object, N5_STRUCT "fil/");
	struct n5_request rq = {.scope = N5_LOOK,
	    .method = "GET",
	    .url = url,
	    .what = "fil",
	    .accept = "*/*",
	    .answer_max = (size_t)size + 1};
	struct sluse_http_answer a;
	char buf[16384];
	int64_t n;
	int v = 0, same;

	if (f == NULL || url == NULL || size > COMPARE_MAX - 1) {
		free(url);
		return 0; /* nothing to compare with */
	}
	v = n5_call(s, &rq, &a, why);
	free(url);
	if (v != 0)
		return v;
	same = a.body_length == size;
	for (at = 0; same && at < size; at += (uint64_t)n) {
		n = s->h->read_at(s->h->host, f, buf, sizeof(buf), at);
		if (n <= 0)
			return n5_why(why, SLUSE_LATER, "target_error",
			    "file ended early");
		same = memcmp(buf, a.body + at, (size_t)n) == 0;
	}
	return same ? 0
		    : n5_why(why, SLUSE_HOLD, "target_mismatch",
			  "the target gives back other bytes");
}
