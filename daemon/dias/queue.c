/*
 * The finished posts of a queue as a package.
 *
 * Which consignments is settled by one query at the start; each is then read by
 * itself, so that no read transaction stays open while files are copied. What
 * is finished does not change but for what the target shows of it.
 *
 * SECURITY: reads the database (mode=ro) and the store; looks into no file.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/mem.h"
#include "../config/deadline.h"
#include "../wire/roles.h"
#include "queue.h"

#define HANDED_OVER "(10, 20)" /* outcomes: in a target */

/* -- which -------------------------------------------------------------------
 */

static enum sl_rc
add_consignment(struct queue_run *q, sqlite3_stmt *st, struct sl_err *err)
{
	/* A consignment's entries stand for it, once there are any. */
	bool erased = sqlite3_column_type(st, 2) != SQLITE_NULL;
	int64_t entries = sqlite3_column_int64(st, 3),
		there = sqlite3_column_int64(st, 4),
		open = sqlite3_column_int64(st, 5);

	if (open > 0 ||
	    (entries == 0 && sqlite3_column_int(st, 1) != SL_DISPO_done)) {
		if (!q->k->o->finished)
			return sl_err_set(err, SL_HOLD, 0, "not_finished",
			    "%s is still on the road; --finished leaves out "
			    "what is",
			    sl_db_text(st, 6));
		q->k->made.unfinished++;
		return SL_OK;
	}
	/* One that came to nothing is a post that ended otherwise. */
	q->k->made.closed += (uint64_t)(entries > 0 ? entries - there : 1);
	if (there == 0)
		return SL_OK;
	if (erased)
		return sl_err_set(err, SL_BROKEN, 0, "content_erased",
		    "the content of %s was erased when its time was over; "
		    "--from leaves out what is older",
		    sl_db_text(st, 6));
	q->ids = sl_grow(q->ids, &q->cap, q->n + 1, sizeof(*q->ids));
	q->ids[q->n++] = sqlite3_column_int64(st, 0);
	return SL_OK;
}

static enum sl_rc
list_consignments(struct queue_run *q, struct sl_err *err)
{
	const struct sl_dias_options *o = q->k->o;
	int64_t from = o->from != NULL ? sl_day_read(o->from) : 0,
		to = o->to != NULL ? sl_day_read(o->to) : 0;
	sqlite3_stmt *st;
	enum sl_rc rc = SL_OK;

	if (from < 0 || to < 0)
		return sl_err_set(err, SL_HOLD, 0, "bad_option",
		    "a date is written 2026-01-31");
	from = o->from != NULL ? sl_day_begin(from) : INT64_MIN;
	to = o->to != NULL ? sl_day_begin(to + 1) : INT64_MAX;
	st = sl_db_query(q->db,
	    "SELECT c.id, c.disposition, c.erased_ms,"
	    " (SELECT count(*) FROM entry e WHERE e.consignment = c.id),"
	    " (SELECT count(*) FROM entry e WHERE e.consignment = c.id"
	    "  AND e.disposition = 60 AND e.outcome IN " HANDED_OVER "),"
	    " (SELECT count(*) FROM entry e WHERE e.consignment = c.id"
	    "  AND e.disposition <> 60), c.reception"
	    " FROM consignment c WHERE c.queue = ?1 AND c.received_ms >= ?2"
	    " AND c.received_ms < ?3 ORDER BY c.id",
	    "sii", q->queue, from, to);
	while (rc == SL_OK && sl_db_row(q->db, st))
		rc = add_consignment(q, st, err);
	sl_db_done(st);
	if (rc == SL_OK)
		rc = sl_db_check(q->db, err);
	if (rc == SL_OK && q->n == 0)
		rc = sl_err_set(err, SL_SKIP, 0, "nothing",
		    "there is nothing finished to hand over");
	return rc;
}

/* -- files -------------------------------------------------------------------
 */

static char *
column(sqlite3_stmt *st, int n)
{
	return sl_strdup(sl_db_text(st, n));
}

static void
free_files(struct queue_run *q)
{
	size_t i;

	for (i = 0; i < q->file_n; i++) {
		struct qfile *f = &q->file[i];
		char *all[] = {f->path, f->text, f->name, f->mime, f->puid,
		    f->format, f->bundle};
		size_t j;

		for (j = 0; j < sizeof(all) / sizeof(all[0]); j++)
			free(all[j]);
	}
	q->file_n = q->conversion_n = 0;
}

/* An ending that says what it is, of a name that may be anything. */
static void
ending(const char *name, char *out, size_t cap)
{
	const char *dot = strrchr(name, '.');
	size_t i, n = dot != NULL ? strlen(dot + 1) : 0;

	*out = '\0';
	if (n == 0 || n > 8 || n + 2 > cap)
		return;
	for (i = 0; i < n; i++) {
		char c = dot[1 + i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			return;
		out[1 + i] = c;
	}
	out[0] = '.';
	out[1 + n] = '\0';
}

static void
take_file(struct queue_run *q, sqlite3_stmt *st)
{
	struct qfile *f;
	char end[16], base[48] = "";

	q->file =
	    sl_grow(q->file, &q->file_cap, q->file_n + 1, sizeof(*q->file));
	f = &q->file[q->file_n++];
	memset(f, 0, sizeof(*f));
	f->part = sqlite3_column_int64(st, 0);
	f->source = sqlite3_column_int(st, 1);
	f->number = (uint32_t)sqlite3_column_int64(st, 2);
	f->parent = (uint32_t)sqlite3_column_int64(st, 3);
	f->role = (uint32_t)sqlite3_column_int64(st, 4);
	f->name = column(st, f->number == 0 ? 16 : 5);
	f->offset = (uint64_t)sqlite3_column_int64(st, 6);
	f->size = (uint64_t)sqlite3_column_int64(st, f->number == 0 ? 15 : 7);
	(void)sl_db_digest(st, 8, &f->sha256);
	f->mime = column(st, 9);
	f->puid = column(st, 10);
	f->format = column(st, 11);
	f->basis = (uint32_t)sqlite3_column_int64(st, 12);
	f->bundle = column(st, 13);
	(void)sl_db_digest(st, 14, &f->blob);
	if (f->number == 0)
		f->sha256 = f->blob;
	ending(f->name, end, sizeof(end));
	if (f->number > 0)
		(void)snprintf(base, sizeof(base), "-%05" PRIu32, f->number);
	f->path = sl_asprintf("content/dokumenter/%s/%04d%s%s", q->c.reception,
	    f->source, base, end);
	f->text = sl_asprintf(
	    "content/tekst/%s/%04d%s.txt", q->c.reception, f->source, base);
}

static enum sl_rc
load_files(struct queue_run *q, struct sl_err *err)
{
	sqlite3_stmt *st = sl_db_query(q->db,
	    "SELECT ifnull(p.id, 0), o.number, ifnull(p.number, 0),"
	    " ifnull(p.parent, 0), ifnull(p.role, 0), p.name,"
	    " ifnull(p.offset, 0), ifnull(p.size, 0), p.sha256, p.mime,"
	    " p.puid, p.format, ifnull(p.basis, 0), u.name, b.sha256, b.size,"
	    " o.name"
	    " FROM source o JOIN blob b ON b.id = o.blob"
	    " LEFT JOIN part p ON p.source = o.id AND (p.number = 0"
	    "  OR p.role = 7 OR EXISTS (SELECT 1 FROM document d"
	    "   JOIN entry e ON e.id = d.entry WHERE d.part = p.id"
	    "   AND e.disposition = 60 AND e.outcome IN " HANDED_OVER "))"
	    " LEFT JOIN bundle u ON u.id = p.bundle"
	    " WHERE o.consignment = ?1 ORDER BY o.number, p.number",
	    "i", q->c.id);

	while (sl_db_row(q->db, st)) {
		if (q->file_n == SL_DIAS_CONSIGNMENT_MAX) {
			sl_db_done(st);
			return sl_err_set(err, SL_REJECT, 0, "limit_files",
			    "%s has more than %u files", q->c.reception,
			    SL_DIAS_CONSIGNMENT_MAX);
		}
		take_file(q, st);
	}
	return sl_db_check(q->db, err);
}

/* What it was unpacked from or made of, as far as that is in the package. */
static const struct qfile *
made_of(const struct queue_run *q, const struct qfile *f)
{
	const struct qfile *top = NULL;
	size_t i;

	if (f->number == 0)
		return NULL;
	for (i = 0; i < q->file_n; i++) {
		if (q->file[i].source != f->source)
			continue;
		if (q->file[i].number == f->parent)
			return &q->file[i];
		if (q->file[i].number == 0)
			top = &q->file[i];
	}
	return top;
}

static const char *
basis_note(unsigned basis)
{
	switch (basis) {
	case SL_BASIS_SIGNATURE:
	case SL_BASIS_CONTAINER:
		return NULL;
	case SL_BASIS_EXTENSION:
		return "by the ending of its name only";
	case SL_BASIS_TEXT:
		return "taken for text";
	default:
		return "format not known";
	}
}

/* The event of the conversion it comes from; NULL: it comes from none. */
static const char *
made_by(const struct queue_run *q, const struct qfile *f)
{
	size_t i;

	for (i = 0; f->role == SL_PART_DERIVED && i < q->conversion_n; i++)
		if (q->conversion[i].source == f->source &&
		    q->conversion[i].part == f->parent)
			return q->conversion[i].event;
	return NULL;
}

static enum sl_rc
copy_file(struct queue_run *q, struct qfile *f, struct sl_err *err)
{
	const struct qfile *of = made_of(q, f);
	SL_CLOSE int fd = f->number == 0
			      ? sl_files_open_blob(q->files, &f->blob)
			      : sl_files_open_bundle(q->files, f->bundle);
	struct sl_pack_file p = {.path = f->path,
	    .fd = fd,
	    .offset = f->offset,
	    .size = f->size,
	    .want = &f->sha256,
	    .shown = q->c.reception,
	    .mime = f->mime,
	    .time_ms = q->c.received_ms,
	    .content = true};

	if (fd < 0)
		return sl_err_set(err, SL_BROKEN, errno, "file_gone",
		    "%s: %s is not in the store", q->c.reception, f->path);
	if (sl_pack_add(q->k, &p, err) != SL_OK)
		return err->rc;
	f->id = p.id;
	sl_pack_object(
	    q->k, &(struct sl_pack_object){.path = f->path,
		      .name = f->name,
		      .digest = &p.digest,
		      .size = f->size,
		      .format = *f->format != '\0' ? f->format : f->mime,
		      .puid = f->puid,
		      .note = basis_note(f->basis),
		      .part_of = q->c.reception,
		      .made_of = of != NULL ? of->path : NULL,
		      .made_by = made_by(q, f)});
	return SL_OK;
}

/* -- pages and texts
 * ----------------------------------------------------------- */

static const char *
read_how(int source, unsigned flags)
{
	if ((flags & SL_PAGE_BLANK) != 0)
		return "blank";
	if (source == SL_PAGE_TEXT)
		return "tekst";
	return source == SL_PAGE_OCR && (flags & SL_PAGE_WORDLESS) == 0
		   ? "ocr"
		   : "ulest";
}

static void
page_row(struct queue_run *q, struct qfile *f, sqlite3_stmt *st)
{
	int64_t number = sqlite3_column_int64(st, 0) + 1;
	const char *how = read_how(
	    sqlite3_column_int(st, 1), (unsigned)sqlite3_column_int(st, 7));
	bool ocr = strcmp(how, "ocr") == 0;
	SL_FREE char *id = sl_asprintf("%s/%" PRId64, f->path, number);

	f->pages++;
	f->ocr_pages += ocr;
	f->ocr_sum += ocr ? sqlite3_column_int64(st, 2) : 0;
	q->k->made.pages++;
	sl_dias_row(q->k, SL_DIAS_T_sider, "ssdsdsddd", id, f->path, number,
	    how, ocr ? sqlite3_column_int64(st, 2) : (int64_t)-1,
	    sl_db_text(st, 3), sqlite3_column_int64(st, 4),
	    sqlite3_column_int64(st, 5), sqlite3_column_int64(st, 6));
}

/* *ret_any: is there any text? A form feed ends each page. */
static enum sl_rc
write_pages(
    struct queue_run *q, struct qfile *f, bool *ret_any, struct sl_err *err)
{
	sqlite3_stmt *st = sl_db_query(q->db,
	    "SELECT number, source, confidence, language, width, height, dpi,"
	    " flags, text FROM page WHERE part = ?1 ORDER BY number",
	    "i", f->part);
	struct sl_slice text;

	*ret_any = false;
	rewind(q->k->scratch);
	if (ftruncate(fileno(q->k->scratch), 0) != 0) {
		sl_db_done(st);
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot empty a temporary file");
	}
	while (sl_db_row(q->db, st)) {
		page_row(q, f, st);
		text = sl_db_blob(st, 8);
		*ret_any |= text.n > 0;
		(void)fwrite(text.p, 1, text.n, q->k->scratch);
		(void)fputc('\f', q->k->scratch);
	}
	return sl_db_check(q->db, err);
}

static enum sl_rc
add_text(struct queue_run *q, struct qfile *f, struct sl_err *err)
{
	struct sl_pack_file p;
	bool any;

	if (write_pages(q, f, &any, err) != SL_OK)
		return err->rc;
	if (!any) {
		free(SL_TAKE(f->text));
		return SL_OK;
	}
	if (sl_pack_add_made(q->k, q->k->scratch, f->text, "text/plain", true,
		&p, err) != SL_OK)
		return err->rc;
	sl_pack_object(
	    q->k, &(struct sl_pack_object){.path = f->text,
		      .digest = &p.digest,
		      .size = p.size,
		      .format = "Plain text, UTF-8",
		      .puid = "x-fmt/111",
		      .note = "what was read of it; a form feed ends each page",
		      .part_of = q->c.reception,
		      .made_of = f->path});
	return SL_OK;
}

static void
file_row(struct queue_run *q, const struct qfile *f)
{
	const struct qfile *of = made_of(q, f);
	char hex[SL_SHA256_HEX + 1];

	sl_digest_hex(&f->sha256, hex);
	sl_dias_row(q->k, SL_DIAS_T_filer, "sssssdsssds", f->path,
	    q->c.reception,
	    f->number == 0		 ? "original"
	    : f->role == SL_PART_DERIVED ? "avledet"
					 : "del",
	    of != NULL ? of->path : "", f->name, (int64_t)f->size, hex, f->puid,
	    f->mime, (int64_t)f->pages, f->text);
}

/* -- a consignment
 * --------------------------------------------------------------- */

/* What was dropped, as one: its files and events hang on it. */
static void
put_representation(struct queue_run *q)
{
	sl_dias_put(q->k->objects,
	    "  <premis:object xsi:type=\"premis:representation\">\n"
	    "    <premis:objectIdentifier><premis:objectIdentifierType>Sluse"
	    "</premis:objectIdentifierType><premis:objectIdentifierValue>%s"
	    "</premis:objectIdentifierValue></premis:objectIdentifier>\n"
	    "    <premis:originalName>%s</premis:originalName>\n"
	    "    <premis:relationship><premis:relationshipType>structural"
	    "</premis:relationshipType><premis:relationshipSubType>is part of"
	    "</premis:relationshipSubType><premis:relatedObjectIdentification>"
	    "<premis:relatedObjectIdentifierType>NO/RA"
	    "</premis:relatedObjectIdentifierType>"
	    "<premis:relatedObjectIdentifierValue>%s"
	    "</premis:relatedObjectIdentifierValue>"
	    "</premis:relatedObjectIdentification></premis:relationship>\n"
	    "  </premis:object>\n",
	    q->c.reception, q->c.name, q->k->made.uuid);
}

static enum sl_rc
add_files(struct queue_run *q, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	size_t i;

	for (i = 0; i < q->file_n && rc == SL_OK; i++) {
		rc = copy_file(q, &q->file[i], err);
		if (rc == SL_OK)
			rc = add_text(q, &q->file[i], err);
		if (rc == SL_OK)
			file_row(q, &q->file[i]);
	}
	return rc;
}

static enum sl_rc
add_one(struct queue_run *q, int64_t id, struct sl_err *err)
{
	enum sl_rc rc;
	size_t i;

	free_files(q);
	if (!sl_consignment_by_id(q->s, id, &q->c))
		return sl_err_set(err, SL_FATAL, 0, "database",
		    "a consignment is no longer there");
	put_representation(q);
	rc = load_files(q, err);
	if (rc == SL_OK)
		rc = sl_dias_events(q, err);
	if (rc == SL_OK)
		rc = add_files(q, err);
	if (rc != SL_OK)
		return rc;
	sl_dias_put(
	    q->k->mets_divs, "        <mets:div LABEL=\"%s\">", q->c.reception);
	for (i = 0; i < q->file_n; i++)
		sl_dias_put(q->k->mets_divs,
		    "<mets:fptr FILEID=\"fileId_%d\"/>",
		    (int64_t)q->file[i].id);
	sl_dias_put(q->k->mets_divs, "\n");
	rc = sl_dias_posts(q, err);
	sl_dias_put(q->k->mets_divs, "        </mets:div>\n");
	q->k->made.consignments++;
	return rc;
}

static enum sl_rc
fill(struct queue_run *q, struct sl_err *err)
{
	static const char *const folders[] = {
	    "content/dokumenter/", "content/tekst/"};
	enum sl_rc rc = SL_OK;
	size_t i;

	for (i = 0; i < 2 && rc == SL_OK; i++)
		rc = sl_pack_add_folder(q->k, folders[i], err);
	for (i = 0; i < q->n && rc == SL_OK; i++)
		rc = add_one(q, q->ids[i], err);
	if (rc == SL_OK)
		rc = sl_dias_tables_add(q->k, err);
	sl_buf_printf(&q->k->left_out,
	    "; left out: %" PRIu64 " consignments still on the road, %" PRIu64
	    " that ended otherwise (duplicates, not archive-worthy ..)",
	    q->k->made.unfinished, q->k->made.closed);
	return rc;
}

static enum sl_rc
check_queue(const struct sl_config *cfg, struct sl_store *s, const char *queue,
    struct sl_err *err)
{
	const struct sl_queue_config *c = sl_config_queue(cfg, queue);

	if (c == NULL)
		return sl_err_set(
		    err, SL_SKIP, 0, "unknown_queue", "there is no such queue");
	if (c->kind != SL_QUEUE_HISTORIC)
		return sl_err_set(err, SL_HOLD, 0, "not_historic",
		    "only a queue of kind historic is handed over so; what is "
		    "journaled goes with the extraction of its system");
	if (sl_db_int(sl_store_db(s), 0, "PRAGMA user_version", "") !=
	    SL_SCHEMA_VERSION)
		return sl_err_set(err, SL_SKIP, 0, "schema_other",
		    "the database was written by another version of Sluse: "
		    "start slused of this one first");
	return SL_OK;
}

enum sl_rc
sl_dias_queue(struct sl_store *s, const struct sl_config *cfg, const char *root,
    const char *queue, const struct sl_dias_options *o, const char *dir,
    struct sl_dias_made *ret, struct sl_err *err)
{
	struct sl_pack k = {.dir = -1, .lock = -1, .o = o};
	struct queue_run q = {
	    .k = &k, .s = s, .db = sl_store_db(s), .queue = queue};
	enum sl_rc rc = check_queue(cfg, s, queue, err);

	if (rc == SL_OK)
		rc = sl_files_open_read(root, &q.files, err);
	if (rc == SL_OK)
		rc = list_consignments(&q, err);
	if (rc == SL_OK)
		rc = sl_pack_begin(&k, o, dir, err);
	if (rc == SL_OK)
		rc = fill(&q, err);
	if (rc == SL_OK)
		rc = sl_pack_end(&k, dir, err);
	*ret = k.made;
	free_files(&q);
	free(q.file);
	free(q.conversion);
	free(q.ids);
	sl_files_close(q.files);
	sl_pack_free(&k);
	return rc;
}
