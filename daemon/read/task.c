/*
 * Parts are taken in the order of their numbers; what lies in one goes to the
 * end of the list, so a tree is walked level by level and no depth of nesting
 * costs stack. A record is put as soon as nothing about it can change, and sent
 * before anything of a library is asked that could end this process.
 *
 * INVARIANT: once a limit is met nothing more is looked into: the parts known
 * by then are still named (R_PART without a type), then comes R_END.
 */
#include "task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../identify/identify.h"
#include "../identify/mend.h"
#include "../worker/worker.h"
#include "copy.h"
#include "parts.h"
#include "plugins.h"
#include "sidecar.h"

#define CLEAR_PIECE 65536

struct task {
	const struct sl_msg_task *t;
	int result;
	struct sl_budget budget;
	struct sl_lent lent;
	struct sl_keys keys;
	struct sl_parts parts;
	struct sluse_limits limits;
	struct sluse_reader_host host;
	uint32_t sent; /* R_PART records */
	const char *reason; /* of part 0 */
	uint32_t adding_to; /* the part that members are found in */
	const int *clear; /* descriptors of clear texts ... */
	size_t clear_n, clear_taken; /* ... and those whose turn has been */
	bool deferred; /* R_END says SL_RETRY */
};

/* -- records
 * ------------------------------------------------------------------- */

static enum sl_rc
rc_of(const char *reason)
{
	if (reason == NULL)
		return SL_OK;
	if (strncmp(reason, "limit_", 6) == 0 || strcmp(reason, "overlap") == 0)
		return SL_REJECT;
	if (strcmp(reason, "damaged") == 0 || strcmp(reason, "empty") == 0)
		return SL_BROKEN;
	return SL_HOLD;
}

static enum sl_rc
send_end(struct task *k, enum sl_rc rc, const struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_R_END};

	m.r_end.parts = k->sent;
	m.r_end.rc = (uint8_t)rc;
	m.r_end.reason = sl_slice_str(err->reason);
	m.r_end.detail = sl_slice_str(err->text);
	return sl_msg_write(k->result, &m, NULL);
}

static enum sl_rc
send_note(struct task *k, uint32_t part, const char *slug, const char *detail,
    struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_R_NOTE};

	m.r_note.part = part;
	m.r_note.slug = sl_slice_str(slug);
	m.r_note.detail = sl_slice_str(detail);
	return sl_msg_put(k->result, &m, err);
}

/* The file has no name of its own: a mail's text, say. */
static const char *
made_name(const struct sl_part *p, uint32_t number,
    const struct sl_identity *id, char *b, size_t n)
{
	if (p->role == SL_PART_BODY)
		return strcmp(id->mime, "text/html") == 0 ? "body.html"
							  : "body.txt";
	(void)snprintf(b, n, "part-%u", number);
	return b;
}

/* What is known of a part when its record goes out. */
struct verdict {
	struct sl_identity id;
	const char *reason, *reader;
	const char *describes; /* the kind of package, or NULL */
	uint32_t pages;
};

static enum sl_rc
send_part(struct task *k, uint32_t number, const struct sl_part *p,
    const struct verdict *v, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_R_PART};
	struct sl_msg_r_part *r = &m.r_part;
	char made[32], warnings[512];

	(void)snprintf(warnings, sizeof(warnings), "%s", p->warnings);
	sl_identify_warn(warnings, sizeof(warnings), v->id.warnings);
	r->part = number;
	r->parent = p->parent;
	r->depth = p->depth;
	r->role = (uint8_t)p->role;
	r->name_raw = (struct sl_slice){p->name_raw, p->name_raw_n};
	r->name = sl_slice_str(
	    p->name[0] != '\0' || number == 0
		? p->name
		: made_name(p, number, &v->id, made, sizeof(made)));
	r->name_charset = sl_slice_str(p->name_charset);
	r->offset = p->out_offset;
	r->size = number == 0 ? 0 : p->x.size;
	r->mime = sl_slice_str(v->id.mime);
	r->puid = sl_slice_str(v->id.puid);
	r->format = sl_slice_str(v->id.format);
	r->basis = (uint8_t)v->id.basis;
	r->warnings = sl_slice_str(warnings);
	r->reader = sl_slice_str(v->reader);
	r->reason = sl_slice_str(v->reason);
	r->pages = v->pages;
	r->describes = sl_slice_str(v->describes);
	if (number == 0)
		k->reason = v->reason;
	k->sent++;
	return sl_msg_put(k->result, &m, err);
}

static enum sl_rc
incomplete(struct task *k, struct sl_err *err)
{
	k->deferred = true;
	return sl_err_set(
	    err, SL_RETRY, 0, "incomplete", "the end of the file is missing");
}

static bool
is_young(const struct task *k, uint32_t number)
{
	return number == 0 && (k->t->flags & SL_TASK_YOUNG) != 0;
}

/* The part that the i-th clear text belongs to. */
static uint32_t
clear_part(const struct task *k, size_t i)
{
	const uint8_t *p = (const uint8_t *)k->t->clear.p + 4 * i;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static bool
has_clear(const struct task *k, uint32_t number)
{
	size_t i;

	for (i = 0; i < k->clear_n; i++)
		if (clear_part(k, i) == number)
			return true;
	return false;
}

/* -- what lies in a part
 * ---------------------------------------------------------- */

static void
add_part(struct task *k, enum sl_part_role role, const struct sl_member *m,
    const char *declared)
{
	uint32_t depth = k->parts.p[k->adding_to].depth + 1;
	struct sl_part *p =
	    sl_parts_add(&k->parts, k->adding_to, depth, role, m, declared);

	p->out_offset = m->size > 0 ? m->offset : 0;
	p->x = (struct sl_extent){
	    .fd = k->budget.fd, .offset = m->offset, .size = m->size};
}

static void
on_member(void *arg, const struct sl_member *m)
{
	add_part(arg, m->skipped ? SL_PART_SKIPPED : SL_PART_DOCUMENT, m, NULL);
}

static void
on_embedded(void *arg, const struct sl_embedded *e)
{
	add_part(arg, e->role, &e->m, e->mime);
}

static bool
is_deepest(const struct task *k, const struct sl_part *p)
{
	return k->t->depth_max != 0 && p->depth >= k->t->depth_max;
}

/* Which of the list opened it, never the password itself. */
static enum sl_rc
note_password(
    struct task *k, uint32_t number, unsigned which, struct sl_err *err)
{
	char detail[32];

	(void)snprintf(detail, sizeof(detail), "%u", which);
	return send_note(k, number, "password_used", detail, err);
}

static enum sl_rc
do_archive(struct task *k, uint32_t number, struct sl_part *p,
    enum sl_archive kind, struct verdict *v, struct sl_err *err)
{
	struct sl_unpacked u = {.warnings = ""};
	size_t first = k->parts.count;
	char detail[64];
	enum sl_rc rc;

	p->role = SL_PART_CONTAINER;
	if (is_deepest(k, p)) {
		k->budget.limit = v->reason = "limit_depth";
		return send_part(k, number, p, v, err);
	}
	k->adding_to = number;
	rc = sl_unpack(
	    kind, &p->x, p->name, &k->keys, &k->budget, on_member, k, &u, err);
	if (rc != SL_OK)
		return rc;
	if (u.cut_off && is_young(k, number))
		return incomplete(k, err);
	sl_parts_mark_twins(&k->parts, first);
	v->reason = u.reason;
	sl_identify_warn(v->id.warnings, sizeof(v->id.warnings), u.warnings);
	rc = send_part(k, number, p, v, err);
	if (rc == SL_OK && u.password != 0)
		rc = note_password(k, number, u.password, err);
	if (rc == SL_OK && u.untried)
		rc = send_note(k, number, "passwords_untried", "", err);
	if (rc != SL_OK || u.lost == 0)
		return rc;
	(void)snprintf(
	    detail, sizeof(detail), "%u of %u", u.lost, u.lost + u.members);
	return send_note(k, number, "members_lost", detail, err);
}

static enum sl_rc
note_page_limit(
    struct task *k, uint32_t number, uint32_t pages, struct sl_err *err)
{
	char detail[64];

	if (pages <= k->limits.pages_max)
		return SL_OK;
	(void)snprintf(detail, sizeof(detail), "%u of %u pages",
	    k->limits.pages_max, pages);
	return send_note(k, number, "limit_pages", detail, err);
}

/* [from, from+count) as far as the limit lets us. */
static enum sl_rc
do_pages(
    struct task *k, struct sl_reading *r, uint32_t number, struct sl_err *err)
{
	uint32_t from = 0, to = k->limits.pages_max, n = k->t->page_count;

	if (k->t->kind == SL_TASK_PAGES)
		from = k->t->page_from;
	if (n != 0 && from < to && n < to - from)
		to = from + n;
	return sl_reading_pages(
	    r, &k->budget, k->result, number, from, to, err);
}

/* A description of its package, which is none of its documents. */
static bool
described(const struct sl_reading *r, struct sl_part *p, struct verdict *v)
{
	if (r->sink.describes[0] == '\0')
		return false;
	v->describes = r->sink.describes;
	if ((r->sink.describes_flags & SLUSE_DESCRIBES_FORM) == 0)
		p->role = SL_PART_SIDECAR;
	return true;
}

static enum sl_rc
read_part(struct task *k, uint32_t number, struct sl_part *p,
    struct sl_reading *r, struct verdict *v, struct sl_err *err)
{
	size_t first = k->parts.count;
	enum sl_rc rc = SL_OK;

	k->adding_to = number;
	r->sink.deepest = is_deepest(k, p);
	if (p->role != SL_PART_DERIVED)
		rc = sl_reading_parts(r, &k->budget, on_embedded, k, err);
	if (rc != SL_OK)
		return rc;
	if (r->incomplete && is_young(k, number))
		return incomplete(k, err);
	/* A mail; a PDF with attachments is still a document. */
	if (r->doc != NULL && r->pages == 0 && r->reader->parts != NULL &&
	    p->role == SL_PART_DOCUMENT && !described(r, p, v) &&
	    r->reason == NULL)
		p->role = SL_PART_CONTAINER;
	sl_parts_mark_twins(&k->parts, first);
	v->reason = r->reason;
	/* It is read as the PDF that was made of it. */
	if (v->reason != NULL && strcmp(v->reason, "unsupported") == 0 &&
	    has_clear(k, number))
		v->reason = NULL;
	v->pages = r->pages;
	if (r->reader != NULL)
		v->reader = r->reader->name;
	if ((rc = send_part(k, number, p, v, err)) != SL_OK ||
	    (r->doc != NULL && r->source.password != 0 &&
		(rc = note_password(k, number, r->source.password, err)) !=
		    SL_OK) ||
	    (rc = sl_reading_send_facts(r, k->result, number, err)) != SL_OK ||
	    k->budget.limit != NULL)
		return rc;
	if ((rc = note_page_limit(k, number, r->pages, err)) != SL_OK)
		return rc;
	return do_pages(k, r, number, err);
}

static enum sl_rc
do_reader(struct task *k, uint32_t number, struct sl_part *p, struct verdict *v,
    struct sl_err *err)
{
	struct sl_reading r;
	enum sl_rc rc;

	sl_reading_open(&r, &k->host, &p->x, p->name, v->id.mime, &k->lent);
	rc = read_part(k, number, p, &r, v, err);
	sl_reading_close(&r);
	return rc;
}

/* -- the sidecar
 * ---------------------------------------------------------------------- */

struct said {
	struct sl_msg m[32]; /* one a field at most */
	size_t count;
	struct sl_arena *arena;
};

static void
on_said(void *arg, enum sl_field field, const char *value, const char *label)
{
	struct said *s = arg;
	struct sl_msg *m;

	if (s->count == sizeof(s->m) / sizeof(s->m[0]))
		return;
	m = &s->m[s->count++];
	m->type = SL_MSG_R_FIELD;
	m->r_field = (struct sl_msg_r_field){.field = (uint8_t)field,
	    .value =
		sl_slice_str(sl_arena_strndup(s->arena, value, strlen(value))),
	    .label = sl_slice_str(label),
	    .source = SL_SOURCE_SIDECAR,
	    .confidence = 1000};
}

static enum sl_rc
do_sidecar(struct task *k, uint32_t number, struct sl_part *p,
    struct verdict *v, struct sl_err *err)
{
	size_t n = p->x.size <= SL_SIDECAR_MAX ? (size_t)p->x.size
					       : SL_SIDECAR_MAX + 1,
	       i;
	SL_FREE char *b = sl_realloc(NULL, n);
	struct sl_err why = {0};
	struct said s = {.arena = sl_arena_new()};
	enum sl_rc rc;

	p->role = SL_PART_SIDECAR;
	if (sl_extent_read(&p->x, b, n, 0) != (ssize_t)n ||
	    sl_sidecar_read(b, n, on_said, &s, &why) != SL_OK)
		v->reason = "sidecar_invalid";
	rc = send_part(k, number, p, v, err);
	if (rc == SL_OK && v->reason != NULL)
		rc = send_note(k, number, "sidecar_invalid", why.text, err);
	for (i = 0; i < s.count && rc == SL_OK; i++) {
		s.m[i].r_field.part = number;
		rc = sl_msg_put(k->result, &s.m[i], err);
	}
	sl_arena_free(s.arena);
	return rc;
}

/* -- envelopes
 * ------------------------------------------------------------------------ */

static enum sl_rc
do_envelope(struct task *k, uint32_t number, struct sl_part *p,
    struct verdict *v, struct sl_err *err)
{
	if (!sl_has_envelope_end(&p->x)) {
		if (is_young(k, number))
			return incomplete(k, err);
		v->reason = "damaged";
	} else if (!has_clear(k, number)) {
		v->reason = "encrypted";
	} else if (is_deepest(k, p)) {
		k->budget.limit = v->reason = "limit_depth";
	} else {
		p->role = SL_PART_CONTAINER;
	}
	return send_part(k, number, p, v, err);
}

/* It is as long as its envelope, which was let in, or was made here: only the
 * sum counts, and what it unpacks to is held against its size too. */
static enum sl_rc
copy_clear(struct task *k, int fd, struct sl_member *m, struct sl_err *err)
{
	SL_FREE char *b = sl_realloc(NULL, CLEAR_PIECE);
	uint64_t at = 0, one_max = k->budget.member_bytes_max;
	enum sl_rc rc = sl_budget_begin(&k->budget, err);
	struct stat st;
	ssize_t n = 1;

	if (fstat(fd, &st) == 0)
		k->budget.input_bytes += (uint64_t)st.st_size;
	k->budget.member_bytes_max = 0;
	while (rc == SL_OK && (n = sl_pread_full(fd, b, CLEAR_PIECE, at)) > 0) {
		rc = sl_budget_write(&k->budget, b, (size_t)n, err);
		at += (uint64_t)n;
	}
	k->budget.member_bytes_max = one_max;
	if (rc == SL_OK && n < 0)
		rc = sl_err_set(err, SL_RETRY, errno, "file_unreadable",
		    "a clear text cannot be read");
	return rc == SL_OK
		   ? sl_budget_end(&k->budget, &m->offset, &m->size, err)
		   : rc;
}

/* What an S/MIME message holds is a mail without the head of one. */
static bool
is_mime_entity(int fd)
{
	char b[13] = "";

	return sl_pread_full(fd, b, 12, 0) == 12 &&
	       (strncasecmp(b, "content-", 8) == 0 ||
		   strncasecmp(b, "mime-version", 12) == 0);
}

/* The envelope's own name, without what says that it is one. */
static void
clear_name(const char *name, struct sl_buf *out)
{
	static const char *const endings[] = {
	    "p7m", "p7e", "p7c", "cms", "enc", "der"};
	const char *ext = sl_extension(name);
	size_t i, n = strlen(name);

	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strcasecmp(ext, endings[i]) == 0) {
			n -= strlen(ext) + 1;
			break;
		}
	/* smime.p7m is what every such mail calls it. */
	if (n != 5 || strncasecmp(name, "smime", 5) != 0)
		sl_buf_add(out, name, n);
}

static enum sl_rc
add_clear(struct task *k, uint32_t number, int fd, struct sl_err *err)
{
	SL_BUF struct sl_buf name = {0};
	struct sl_member m = {.warnings = "", .name_charset = "utf-8"};
	struct sl_part p = k->parts.p[number];
	enum sl_rc rc;

	/* Not looked into: its record says why. */
	if (k->budget.limit != NULL)
		return SL_OK;
	rc = copy_clear(k, fd, &m, err);
	if (rc == SL_REJECT && k->budget.limit != NULL)
		return SL_OK;
	if (rc != SL_OK)
		return rc;
	clear_name(p.name, &name);
	m.name = sl_buf_str(&name);
	m.name_raw = (const uint8_t *)m.name;
	m.name_raw_n = name.n;
	k->adding_to = number;
	if (!sl_is_envelope(&p.x)) {
		sl_buf_add_str(&name, ".pdf");
		m.name = sl_buf_str(&name);
		add_part(k, SL_PART_DERIVED, &m, NULL);
	} else {
		add_part(k, SL_PART_DOCUMENT, &m,
		    is_mime_entity(fd) ? "message/rfc822" : NULL);
	}
	return SL_OK;
}

/* The next clear text, once there is nothing else to look at: behind all parts
 * that are there without it, so that they keep their numbers (engine/sealed.c).
 */
static enum sl_rc
take_clear(struct task *k, struct sl_err *err)
{
	size_t i = k->clear_taken++;
	uint32_t number = clear_part(k, i);

	return number < k->parts.count ? add_clear(k, number, k->clear[i], err)
				       : SL_OK;
}

/* -- one part
 * -------------------------------------------------------------------------- */

/* What stayed closed or came out empty: nobody can be sent that. */
static bool
is_nothing(const struct sl_part *p, uint32_t number)
{
	return number > 0 && p->x.size == 0 && p->role == SL_PART_DOCUMENT;
}

static enum sl_rc
do_part(struct task *k, uint32_t number, struct sl_err *err)
{
	struct sl_part p = k->parts.p[number];
	struct verdict v = {.reason = p.reason};
	enum sl_archive kind;
	enum sl_rc rc;

	if (p.reason != NULL && is_nothing(&p, number))
		p.role = SL_PART_SKIPPED;
	if (p.role == SL_PART_SKIPPED || p.reason != NULL ||
	    k->budget.limit != NULL)
		return send_part(k, number, &p, &v, err);
	if ((rc = sl_msg_flush(k->result, err)) != SL_OK)
		return rc;
	rc = sl_identify(&p.x, p.name, p.declared, &v.id, err);
	if (rc != SL_OK)
		return rc;
	if (p.x.size == 0 && p.role != SL_PART_BODY) {
		v.reason = "empty";
		if (is_nothing(&p, number))
			p.role = SL_PART_SKIPPED;
		rc = send_part(k, number, &p, &v, err);
		return rc == SL_OK && is_young(k, number) ? incomplete(k, err)
							  : rc;
	}
	/* What made it may have been taken over: a PDF, or nothing. */
	if (p.role == SL_PART_DERIVED &&
	    strcmp(v.id.mime, "application/pdf") != 0) {
		v.reason = "damaged";
		return send_part(k, number, &p, &v, err);
	}
	/* Only beside the post, never inside it: who sends a letter does not
	 * say which case it belongs to. */
	if (number == 0 && sl_sidecar_is(p.name))
		return do_sidecar(k, number, &p, &v, err);
	if ((k->t->flags & SL_TASK_IDENTIFY_ONLY) != 0 || p.x.size == 0 ||
	    p.role == SL_PART_INLINE)
		return send_part(k, number, &p, &v, err);
	if (sl_is_envelope(&p.x))
		return do_envelope(k, number, &p, &v, err);
	kind = sl_archive_of(v.id.mime);
	return kind != SL_ARCHIVE_NONE
		   ? do_archive(k, number, &p, kind, &v, err)
		   : do_reader(k, number, &p, &v, err);
}

/* -- tasks
 * --------------------------------------------------------------------------------
 */

static void
add_input(struct task *k, const struct sl_extent *x)
{
	SL_BUF struct sl_buf name = {0};
	struct sl_member m = {.name_raw = (const uint8_t *)k->t->name.p,
	    .name_raw_n = k->t->name.n,
	    .warnings = ""};
	struct sl_part *p;

	m.name_charset = sl_name_decode(m.name_raw, m.name_raw_n, false, &name);
	m.name = sl_buf_str(&name);
	p = sl_parts_add(&k->parts, 0, k->t->depth, SL_PART_DOCUMENT, &m, NULL);
	p->x = *x;
	k->budget.input_bytes = x->size;
}

static enum sl_rc
copy_input(
    struct task *k, const int *fds, struct sl_extent *x, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_R_ORIGINAL};
	uint64_t max = k->t->out_bytes;
	enum sl_rc rc;

	if (max != 0 && max < k->t->size)
		max = k->t->size;
	rc = sl_copy_original(fds[SL_FD_INPUT], fds[SL_FD_ORIGINAL], max,
	    &m.r_original.size, &m.r_original.sha256, err);
	if (rc != SL_OK)
		return rc;
	/* From here on nothing in this process can write to the original. */
	(void)close(fds[SL_FD_ORIGINAL]);
	x->fd = fds[SL_FD_ORIGINAL_READ];
	x->offset = 0;
	x->size = m.r_original.size;
	return sl_msg_put(k->result, &m, err);
}

static enum sl_rc
run_open(struct task *k, const int *fds, struct sl_err *err)
{
	struct sl_extent x = {
	    .fd = fds[SL_FD_INPUT], .offset = k->t->offset, .size = k->t->size};
	enum sl_rc rc = SL_OK;
	size_t i;

	if ((k->t->flags & SL_TASK_COPY) != 0 &&
	    (rc = copy_input(k, fds, &x, err)) != SL_OK)
		return rc;
	if ((k->t->flags & SL_TASK_COPY_ONLY) != 0)
		return SL_OK;
	add_input(k, &x);
	if ((k->t->flags & SL_TASK_CLEAR) != 0) {
		k->clear = fds + SL_FD_CLEAR;
		k->clear_n = k->t->clear.n / 4;
	}
	for (i = 0; rc == SL_OK; i++) {
		while (rc == SL_OK && i == k->parts.count &&
		       k->clear_taken < k->clear_n)
			rc = take_clear(k, err);
		if (rc != SL_OK || i == k->parts.count)
			return rc;
		rc = do_part(k, (uint32_t)i, err);
		/* Whose identifiers these are: for the log. */
		if (rc == SL_OK && i == 0 && k->sent > 0)
			rc =
			    send_note(k, 0, "pronom", sl_identify_table(), err);
	}
	return rc;
}

/* Each on its own: one that cannot be read is no reason not to go on. */
static enum sl_rc
run_many(struct task *k, const int *fds, struct sl_err *err)
{
	const char *name = k->t->name.p, *end = name + k->t->name.n, *nul;
	struct sl_part p = {.role = SL_PART_DOCUMENT,
	    .name_raw = "",
	    .name_charset = "",
	    .warnings = ""};
	bool alone = (k->t->flags & SL_TASK_PRONOM_ONLY) != 0;
	enum sl_rc rc = SL_OK;
	char one[256];
	uint32_t i;
	off_t size;

	for (i = 0; i + SL_FD_MORE <= SL_FD_COUNT && rc == SL_OK; i++) {
		struct verdict v = {.reason = NULL, .reader = ""};

		p.x.fd = i == 0 ? fds[SL_FD_INPUT] : fds[SL_FD_MORE + i - 1];
		if (p.x.fd < 3)
			break;
		nul = name < end ? memchr(name, 0, (size_t)(end - name)) : NULL;
		if (nul == NULL)
			nul = end;
		(void)snprintf(
		    one, sizeof(one), "%.*s", (int)(nul - name), name);
		name = nul < end ? nul + 1 : end;
		p.name = one;
		size = lseek(p.x.fd, 0, SEEK_END);
		p.x.size = size > 0 ? (uint64_t)size : 0;
		if ((alone ? sl_identify_format(&p.x, one, &v.id, err)
			   : sl_identify(&p.x, one, NULL, &v.id, err)) != SL_OK)
			v.reason = "file_unreadable";
		else if (p.x.size == 0)
			v.reason = "empty";
		p.name = ""; /* may be no text; who asked knows it */
		rc = send_part(k, i, &p, &v, err);
	}
	k->reason = NULL;
	return rc;
}

static enum sl_rc
run_pages(struct task *k, const int *fds, struct sl_err *err)
{
	struct sl_extent x = {
	    .fd = fds[SL_FD_INPUT], .offset = k->t->offset, .size = k->t->size};
	struct sl_reading r;
	char mime[129];
	enum sl_rc rc;

	(void)sl_slice_copy(k->t->mime, mime, sizeof(mime));
	add_input(k, &x);
	sl_reading_open(&r, &k->host, &x, k->parts.p[0].name, mime, &k->lent);
	k->reason = r.reason;
	rc = do_pages(k, &r, 0, err);
	sl_reading_close(&r);
	return rc;
}

/* The record that closes the task. */
static int
finish(struct task *k, enum sl_rc rc, struct sl_err *err)
{
	char which[64];

	if (rc == SL_OK && k->budget.limit != NULL) {
		sl_budget_name_limit(
		    &k->budget, k->t->depth_max, which, sizeof(which));
		rc = sl_err_set(err, SL_REJECT, 0, k->budget.limit, "%s%s",
		    "stopped at a limit", which);
	} else if (rc == SL_OK && k->reason != NULL)
		rc = sl_err_set(err, rc_of(k->reason), 0, k->reason, "%s", "");
	return send_end(k, rc, err) == SL_OK ? 0 : 1;
}

static uint32_t only;

void
sl_work_only(uint32_t flags)
{
	only = flags;
}

int
sl_work_run(const struct sl_msg_task *t, const int *fds)
{
	struct task k = {.t = t, .result = fds[SL_FD_RESULT]};
	struct sl_err err = {0};
	enum sl_rc rc;
	int status;

	k.budget.fd = fds[SL_FD_OUT];
	k.budget.members_max = t->members_max;
	k.budget.member_bytes_max = t->member_bytes_max;
	k.budget.total_bytes_max = t->total_bytes_max;
	k.budget.ratio_max = t->ratio_max;
	k.budget.out_bytes = t->out_bytes;
	k.budget.room_bytes = t->room_bytes;
	(void)sl_passwords_split(t->passwords, &k.lent.passwords);
	k.keys.list = &k.lent.passwords;
	k.lent.trust_fd =
	    (t->flags & SL_TASK_TRUST) != 0 ? fds[SL_FD_TRUST] : -1;
	sl_identify_windows(t->head_bytes, t->tail_bytes);
	sl_host_init(&k.host, &k.limits, t);
	if ((t->flags & only) != only)
		rc = sl_err_set(&err, SL_FATAL, 0, "worker_protocol",
		    "this sluse-work only identifies");
	else if (t->kind == SL_TASK_OPEN && (t->flags & SL_TASK_MANY) != 0)
		rc = run_many(&k, fds, &err);
	else if (t->kind == SL_TASK_OPEN)
		rc = run_open(&k, fds, &err);
	else if (t->kind == SL_TASK_PAGES)
		rc = run_pages(&k, fds, &err);
	else
		rc = sl_err_set(&err, SL_FATAL, 0, "worker_protocol",
		    "sluse-work has no task of kind %u", t->kind);
	status = finish(&k, rc, &err);
	sl_parts_free(&k.parts);
	sl_budget_free(&k.budget);
	sl_keys_free(&k.keys);
	sl_passwords_wipe(&k.lent.passwords);
	return status;
}
