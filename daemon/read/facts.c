/*
 * What a reader tells of a file: fields, remarks, and of the description of a
 * package the documents it names. Kept until the part's own record is out.
 *
 * SECURITY: texts come from the document. They are cut, made UTF-8 and counted
 * before they are kept.
 */
#include <stdio.h>
#include <string.h>

#include "../base/text.h"
#include "host_p.h"

struct sl_fact {
	struct sl_fact *next;
	unsigned field; /* 0 = a remark */
	unsigned confidence;
	const char *value; /* or detail */
	const char *label; /* or slug */
	unsigned post;
	const struct sl_msg_r_named *named; /* a named document, no field */
};

/* s as UTF-8 without NUL, at most max bytes, in the arena. */
static const char *
keep(struct sl_arena *a, const char *s, size_t max)
{
	size_t n = strlen(s), i = 0, at;
	SL_BUF struct sl_buf b = {0};
	uint32_t cp;

	while (i < n && b.n + 4 <= max) {
		at = i;
		cp = sl_utf8_next(s, n, &i);
		if (cp == 0xFFFD && i - at == 1)
			sl_buf_add(&b, "\xEF\xBF\xBD", 3);
		else
			sl_buf_add(&b, s + at, i - at);
	}
	return sl_arena_strndup(a, sl_buf_str(&b), b.n);
}

static enum sl_rc
send_fact(const struct sluse_sink *k, const struct sl_fact *f)
{
	struct sl_msg m = {.type = SL_MSG_R_NOTE};

	if (f->named != NULL) {
		m.type = SL_MSG_R_NAMED;
		m.r_named = *f->named;
		m.r_named.part = k->part;
	} else if (f->field == 0) {
		m.r_note.part = k->part;
		m.r_note.slug = sl_slice_str(f->label);
		m.r_note.detail = sl_slice_str(f->value);
	} else {
		m.type = SL_MSG_R_FIELD;
		m.r_field.part = k->part;
		m.r_field.page = k->page != NULL ? k->page->page : 0;
		m.r_field.field = (uint8_t)f->field;
		m.r_field.value = sl_slice_str(f->value);
		m.r_field.label = sl_slice_str(f->label);
		m.r_field.source = k->describes[0] != '\0' ? SL_SOURCE_PACKAGE
							   : SL_SOURCE_HEADER;
		m.r_field.post = (uint16_t)f->post;
		m.r_field.confidence = (uint16_t)f->confidence;
	}
	return sl_msg_put(k->result_fd, &m, k->err);
}

/* Inside page() it can go out at once; inside parts() R_PART comes first. */
static void
take_fact(struct sluse_sink *k, struct sl_fact *f)
{
	if (k->page != NULL) {
		if (k->rc == SL_OK)
			k->rc = send_fact(k, f);
		return;
	}
	*k->facts_tail = f;
	k->facts_tail = &f->next;
}

static struct sl_fact *
new_fact(struct sluse_sink *k)
{
	if (k->arena == NULL)
		k->arena = sl_arena_new();
	return sl_arena_alloc(k->arena, sizeof(struct sl_fact));
}

void
sl_host_field(struct sluse_sink *k, const char *field, const char *value,
    const char *label, int confidence)
{
	unsigned number = field != NULL ? sl_field_by_name(field) : 0;
	struct sl_fact *f;

	if (number == 0 || value == NULL ||
	    k->fields >= (k->describes[0] != '\0' ? SL_HOST_DESCRIBED_MAX
						  : SL_HOST_FIELDS_MAX))
		return;
	k->fields++;
	f = new_fact(k);
	f->field = number;
	f->post = k->post;
	f->value = keep(k->arena, value, 2048);
	f->label = keep(k->arena, label != NULL ? label : "", 128);
	f->confidence = confidence < 0	    ? 0u
			: confidence > 1000 ? 1000u
					    : (unsigned)confidence;
	take_fact(k, f);
}

void
sl_host_note(struct sluse_sink *k, const char *slug, const char *detail)
{
	struct sl_fact *f;

	if (slug == NULL || k->notes >= SL_HOST_NOTES_MAX)
		return;
	k->notes++;
	f = new_fact(k);
	f->label = keep(k->arena, slug, 64);
	f->value = keep(k->arena, detail != NULL ? detail : "", 256);
	take_fact(k, f);
}

/* -- descriptions of packages -------------------------------------------- */

int
sl_host_describes(struct sluse_sink *k, const char *kind, unsigned flags)
{
	size_t n = kind != NULL
		       ? strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789-")
		       : 0;

	/* Facts already told were not told as the package's. */
	if (k->page != NULL || n == 0 || kind[n] != '\0' ||
	    n >= sizeof(k->describes) ||
	    (k->describes[0] == '\0' && k->fields > 0))
		return 1;
	(void)snprintf(k->describes, sizeof(k->describes), "%s", kind);
	k->describes_flags |= flags;
	return 0;
}

void
sl_host_post(struct sluse_sink *k, uint32_t n)
{
	k->post = n <= SL_HOST_POSTS_MAX ? (unsigned)n : SL_HOST_POSTS_MAX;
}

static struct sl_slice
keep_slice(struct sl_arena *a, const char *s, size_t max)
{
	return sl_slice_str(s != NULL ? keep(a, s, max) : "");
}

int
sl_host_named(struct sluse_sink *k, const struct sluse_named *n)
{
	struct sl_msg_r_named *m;
	struct sl_fact *f;

	if (k->page != NULL || k->describes[0] == '\0' ||
	    n->size < sizeof(*n) || n->file == NULL || *n->file == '\0' ||
	    k->named >= SL_HOST_NAMED_MAX)
		return sl_host_met(k, "limit_members");
	f = new_fact(k);
	m = sl_arena_alloc(k->arena, sizeof(*m));
	m->post = (uint16_t)k->post;
	m->number = (uint16_t)++k->named;
	m->main = n->main != 0;
	m->file = keep_slice(k->arena, n->file, 1024);
	m->title = keep_slice(k->arena, n->title, 1024);
	m->type = keep_slice(k->arena, n->type, 128);
	if (n->bytes != UINT64_MAX) {
		m->checks |= SL_NAMED_SIZE;
		m->size = n->bytes;
	}
	if (n->sha256 != NULL) {
		m->checks |= SL_NAMED_SHA256;
		memcpy(m->sha256.b, n->sha256, sizeof(m->sha256.b));
	}
	f->named = m;
	take_fact(k, f);
	return 0;
}

enum sl_rc
sl_reading_send_facts(
    struct sl_reading *r, int result_fd, uint32_t part, struct sl_err *err)
{
	struct sluse_sink *k = &r->sink;
	const struct sl_fact *f;
	enum sl_rc rc = SL_OK;

	k->result_fd = result_fd;
	k->part = part;
	k->err = err;
	for (f = k->facts; f != NULL && rc == SL_OK; f = f->next)
		rc = send_fact(k, f);
	return rc;
}
