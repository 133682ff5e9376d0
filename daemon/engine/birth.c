/*
 * Gate *read* and the birth of entries: which parts become documents.
 *
 * One consignment, one entry, unless it is a package whose description tells of
 * several posts. Documents are the files a person would open: a message is a
 * document and its attachments follow it; an archive is not, its files are, and
 * where it is signed, or not all of it opened, it goes along behind them, as it
 * came.
 * Pictures inside a body, bodies, sidecars and descriptions are parts only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../base/ulid.h"
#include "../prepare/prepare.h"
#include "../store/counts.h"
#include "engine.h"
#include "package.h"

#define DOCUMENTS_MAX 200
#define PUIDS_MAX 4000u /* bytes of them in the log */
#define SIGNATURES_MAX 32000u /* the same of what is signed */

struct birth {
	struct sl_job *job;
	struct sl_arena *arena;
	struct sl_pack_part *seen; /* what decides whether it is a document */
	int64_t *ids; /* of the same */
	size_t seen_n, seen_cap, ids_cap;
	struct sl_part *docs;
	size_t n, cap, left_out;
	size_t originals_n; /* the last of docs */
	const struct sl_package *package; /* or NULL */
	const struct sl_pack_post *post; /* of it, or NULL */
	const char *main; /* what the sidecar calls the main document */
	char stop[64]; /* the reason that stops the whole entry */
	size_t bad; /* documents that cannot be read */
	struct sl_buf puids; /* JSON strings, commas between */
};

/* In the order of the parts; "" for one that is not known. */
static void
note_puid(struct birth *b, const struct sl_part *p)
{
	SL_BUF struct sl_buf one = {0};

	if (b->puids.n > 0)
		sl_buf_add_char(&one, ',');
	sl_text_json(&one, p->puid, strlen(p->puid));
	if (!b->puids.full)
		sl_buf_add(&b->puids, one.p, one.n);
}

/* False: it is one too many. */
static bool
add_doc(struct birth *b, const struct sl_part *p)
{
	if (b->n >= DOCUMENTS_MAX) {
		b->left_out++;
		return false;
	}
	b->docs = sl_grow(b->docs, &b->cap, b->n + 1, sizeof(*p));
	b->docs[b->n++] = *p;
	b->bad += *p->reason != '\0';
	return true;
}

static enum sl_rc
see_part(void *arg, const struct sl_part *p, struct sl_err *err)
{
	struct birth *b = arg;

	(void)err;
	note_puid(b, p);
	if (sl_part_stops_all(p->mime, p->reason) && *b->stop == '\0')
		(void)snprintf(b->stop, sizeof(b->stop), "%s", p->reason);
	b->seen =
	    sl_grow(b->seen, &b->seen_cap, b->seen_n + 1, sizeof(*b->seen));
	b->ids = sl_grow(b->ids, &b->ids_cap, b->seen_n + 1, sizeof(*b->ids));
	b->ids[b->seen_n] = p->id;
	b->seen[b->seen_n++] = (struct sl_pack_part){.number = p->number,
	    .parent = p->parent,
	    .role = p->role,
	    .document = sl_part_is_document(p->role, p->mime, p->reason),
	    .original = sl_part_is_original(p->role, p->mime, p->reason),
	    .mime = sl_mime_is_message(p->mime) ? "message/rfc822" : "",
	    .reason = *p->reason == '\0' ? ""
					 : sl_arena_strndup(b->arena, p->reason,
					       strlen(p->reason))};
	return SL_OK;
}

static bool
add_seen(struct birth *b, size_t i)
{
	struct sl_part p;

	if (b->n >= DOCUMENTS_MAX ||
	    !sl_part_by_id(b->job->e->store, b->ids[i], &p)) {
		b->left_out++;
		return false;
	}
	(void)snprintf(p.reason, sizeof(p.reason), "%s", b->seen[i].reason);
	return add_doc(b, &p);
}

/* The documents, and behind them what they lie in; where there are none that
 * proves nothing. */
static void
take_seen(struct birth *b)
{
	size_t i;

	sl_pack_closed(b->seen, b->seen_n);
	for (i = 0; i < b->seen_n; i++)
		if (b->seen[i].document)
			(void)add_seen(b, i);
	for (i = 0; i < b->seen_n && b->n > 0; i++)
		if (b->seen[i].original)
			b->originals_n += add_seen(b, i);
}

/* The documents of one post of a package, in its order. */
static enum sl_rc
take_docs(struct birth *b, const struct sl_package *k,
    const struct sl_pack_post *post)
{
	const struct sl_pack_part *part;
	struct sl_part p;
	size_t i;

	b->post = post;
	b->n = b->bad = b->left_out = b->originals_n = 0;
	for (i = 0; i < post->n; i++) {
		if (b->n >= DOCUMENTS_MAX) {
			b->left_out += post->n - i;
			break;
		}
		if (!sl_part_by_id(
			b->job->e->store, k->id[post->doc[i].part], &p))
			return SL_FATAL;
		/* Of an archive what became of its files may be the reason. */
		part = &k->part[post->doc[i].part];
		if (*p.reason == '\0' && part->role == SL_PART_CONTAINER)
			(void)snprintf(
			    p.reason, sizeof(p.reason), "%s", part->reason);
		b->originals_n += add_doc(b, &p) && post->doc[i].original;
	}
	return SL_OK;
}

static const char *
file_name(const struct sl_part *p)
{
	const char *s = *p->name != '\0' ? p->name : p->source_name;
	const char *slash = strrchr(s, '/');

	return slash != NULL ? slash + 1 : s;
}

static void
choose_main(struct birth *b)
{
	struct sl_part tmp;
	size_t i, main = 0;

	for (i = 0; *b->main != '\0' && i < b->n - b->originals_n; i++)
		if (strcmp(file_name(&b->docs[i]), b->main) == 0)
			main = i;
	tmp = b->docs[main];
	memmove(&b->docs[1], &b->docs[0], main * sizeof(tmp));
	b->docs[0] = tmp;
}

/* What the description says of it. */
static void
say_document(const struct birth *b, int64_t part, struct sl_document *d)
{
	const struct sl_pack_doc *doc;
	size_t i;

	for (i = 0; b->post != NULL && i < b->post->n; i++) {
		doc = &b->post->doc[i];
		if (b->package->id[doc->part] != part)
			continue;
		d->given = doc->title != NULL;
		if (doc->title != NULL)
			(void)sl_slice_copy(sl_slice_str(doc->title), d->title,
			    sizeof(d->title));
		if (doc->type != NULL)
			(void)sl_slice_copy(
			    sl_slice_str(doc->type), d->type, sizeof(d->type));
	}
}

static enum sl_rc
insert_documents(struct sl_engine *e, const struct birth *b, int64_t entry,
    struct sl_err *err)
{
	struct sl_document d;
	size_t i;

	for (i = 0; i < b->n; i++) {
		SL_BUF struct sl_buf title = {0};
		void (*make_title)(struct sl_buf *, const char *) =
		    i < b->n - b->originals_n ? sl_post_name_title
					      : sl_post_original_title;

		memset(&d, 0, sizeof(d));
		d.number = (int)i + 1;
		d.part = b->docs[i].id;
		(void)snprintf(d.role, sizeof(d.role), i == 0 ? "H" : "V");
		say_document(b, d.part, &d);
		if (!d.given) {
			make_title(&title, file_name(&b->docs[i]));
			(void)sl_slice_copy(
			    sl_slice_buf(&title), d.title, sizeof(d.title));
		}
		if (sl_document_insert(e->store, entry, &d, err) != SL_OK)
			return SL_FATAL;
	}
	return SL_OK;
}

/* The main document came out of an archive that did not open as a whole: what
 * else the sender says may lie in there. */
static const char *
closed_around(const struct birth *b)
{
	const struct sl_part *p;
	size_t i;

	for (i = b->n - b->originals_n; i < b->n; i++) {
		p = &b->docs[i];
		if (*p->reason != '\0' && p->source == b->docs[0].source &&
		    p->number < b->docs[0].number)
			return p->reason;
	}
	return NULL;
}

static bool
has_description(const struct birth *b)
{
	size_t i;

	for (i = 0; i < b->seen_n; i++)
		if (b->seen[i].role == SL_PART_SIDECAR)
			return true;
	return false;
}

/* What keeps the entry from being placed by the machine, or NULL. */
static const char *
stop_reason(const struct birth *b)
{
	const char *closed;

	if (*b->stop != '\0')
		return b->stop;
	if (b->post != NULL && b->post->stop != NULL)
		return b->post->stop;
	if (b->n == 0)
		return has_description(b) ? "description_alone" : "empty";
	/* One bad attachment does not stop its letter. */
	if (*b->docs[0].reason != '\0' || b->bad == b->n)
		return b->docs[0].reason;
	if ((closed = closed_around(b)) != NULL)
		return closed;
	if (b->left_out > 0)
		return "limit_files";
	return NULL;
}

/* Whose paper was scanned into nothing cannot be asked for another file. */
static const char *
of_paper(const struct sl_job *j, const char *reason)
{
	const struct sl_queue_config *q =
	    sl_config_queue(j->e->cfg, j->c.queue);

	if (q == NULL || (!q->paper && q->kind != SL_QUEUE_HISTORIC) ||
	    strcmp(reason, "empty") != 0)
		return reason;
	return "empty_scan";
}

static void
placing_ask(struct sl_engine *e, int64_t entry, int64_t unused)
{
	struct sl_err err;

	(void)unused;
	(void)sl_engine_bad(e, sl_placing_ask(e, entry, &err), &err);
}

/*
 * What its package says of it is good for the person who decides: it is placed
 * first, and held with this reason then (placing.c).
 */
static enum sl_rc
hold_placed(struct sl_engine *e, struct sl_entry *en, const char *stop,
    const char *detail, struct sl_err *err)
{
	(void)snprintf(en->reason, sizeof(en->reason), "%s", stop);
	(void)snprintf(en->detail, sizeof(en->detail), "%s", detail);
	if (sl_entry_update(e->store, en, err) != SL_OK)
		return SL_FATAL;
	sl_engine_after(e, placing_ask, en->id, 0);
	return SL_OK;
}

static enum sl_rc
bear(struct sl_job *j, struct birth *b, struct sl_err *err)
{
	struct sl_engine *e = j->e;
	struct sl_entry en = {.consignment = j->c.id,
	    .number = j->c.entries,
	    .described = b->post != NULL ? (int)b->post->post : 0,
	    .stage = SL_STAGE_read,
	    .dispo = SL_DISPO_ready};
	const char *stop = stop_reason(b);
	char ulid[SL_ULID_LEN + 1], payload[96], detail[256];

	sl_ulid_make(ulid);
	(void)snprintf(en.own_key, sizeof(en.own_key), "sluse-%s", ulid);
	(void)snprintf(en.reception, sizeof(en.reception), "%s.%d",
	    j->c.reception, en.number);
	(void)snprintf(en.queue, sizeof(en.queue), "%s", j->c.queue);
	en.born_ms = sl_clock_utc_ms();
	if (b->n > 0)
		choose_main(b);
	(void)snprintf(payload, sizeof(payload), "{\"documents\":%zu}", b->n);
	if (sl_entry_insert(e->store, &en, err) != SL_OK ||
	    insert_documents(e, b, en.id, err) != SL_OK ||
	    sl_store_log(e->store, SL_EVENT_entry_born, en.reception, "slused",
		payload, j->c.id, en.id, err) != SL_OK)
		return SL_FATAL;
	en.duplicate_of = sl_entry_same_bytes(e->store, en.id);
	if (en.duplicate_of != 0 &&
	    sl_entry_update(e->store, &en, err) != SL_OK)
		return SL_FATAL;
	if (stop != NULL) {
		/* A remark of the same name says what exactly; of files that
		 * are missing how many, never which. */
		sl_note_first(e->store, j->c.id, stop, detail, sizeof(detail));
		if (strcmp(stop, "document_missing") == 0)
			(void)snprintf(detail, sizeof(detail), "%u/%u",
			    b->post->missing, b->post->named);
		if (b->n > 0 && b->post != NULL && stop == b->post->stop)
			return hold_placed(e, &en, stop, detail, err);
		return sl_entry_stop(e, &en, of_paper(j, stop),
		    *detail != '\0' ? detail : NULL, err);
	}
	sl_engine_after(e, placing_ask, en.id, 0);
	return SL_OK;
}

/* Is it what its channel calls the same? Then it was received again. */
static enum sl_rc
received_again(struct sl_job *j, bool *ret, struct sl_err *err)
{
	struct sl_engine *e = j->e;
	struct sl_consignment first;
	char key[512], payload[128];
	bool package;
	int64_t same;

	*ret = false;
	sl_found_key(e->store, j->c.id, key, sizeof(key), &package);
	/* A message within a zip or folder is not the delivery itself. */
	if (*key == '\0' && !j->c.is_folder && j->src_n == 1 &&
	    j->src[0].parts > 0 && sl_mime_is_message(j->src[0].mime[0]))
		sl_found_first(
		    e->store, j->c.id, SL_FIELD_message_id, key, sizeof(key));
	if (*key == '\0')
		return SL_OK;
	if (sl_consignment_set_channel_key(e->store, j->c.id, key, err) !=
	    SL_OK)
		return SL_FATAL;
	same = sl_consignment_find_same(e->store, &j->c, key, package);
	if (same == 0 || !sl_consignment_by_id(e->store, same, &first))
		return SL_OK;
	*ret = true;
	(void)snprintf(
	    payload, sizeof(payload), "{\"first\":\"%s\"}", first.reception);
	if (sl_store_log(e->store, SL_EVENT_received_again, j->c.reception,
		"slused", payload, j->c.id, 0, err) != SL_OK)
		return SL_FATAL;
	j->c.outcome = SL_OUTCOME_duplicate;
	(void)snprintf(j->c.detail, sizeof(j->c.detail), "%s", first.reception);
	if (sl_consignment_apply(e, &j->c, SL_CHANGE_finish,
		"duplicate_message", first.reception, "slused", err) != SL_OK)
		return SL_FATAL;
	return sl_consignment_settle(e, j->c.id, err);
}

/* The rows as they stay; of files as many as were received, whatever rows there
 * are by now. */
static void
count(struct sl_job *j, struct sl_counts *rows)
{
	struct sl_db *db = sl_store_db(j->e->store);
	struct sl_counts told;

	sl_counts_rows(db, j->c.id, NULL, rows);
	sl_counts_told(db, j->c.id, &told);
	if (told.files >= 0)
		rows->files = told.files;
}

/* What journal verify holds the rows against, and the balance counts by. */
static enum sl_rc
was_unpacked(struct sl_job *j, const struct sl_counts *rows, struct sl_err *err)
{
	char payload[256];

	(void)snprintf(payload, sizeof(payload),
	    "{\"files\":%" PRId64 ",\"parts\":%" PRId64 ",\"archives\":%" PRId64
	    ",\"pages\":%" PRId64 ",\"list\":\"%s\"}",
	    rows->files, rows->parts, rows->archives, rows->pages, rows->list);
	return sl_consignment_pass(
	    j->e, &j->c, SL_EVENT_unpacked, payload, err);
}

/* What its parts were found to be, and by which table. */
static enum sl_rc
identified(struct sl_job *j, const struct birth *b, struct sl_err *err)
{
	SL_BUF struct sl_buf payload = {0};
	char table[32];

	sl_note_first(j->e->store, j->c.id, "pronom", table, sizeof(table));
	sl_buf_add_str(&payload, "{\"pronom\":");
	sl_text_json(&payload, table, strlen(table));
	sl_buf_add_str(&payload, ",\"puid\":[");
	sl_buf_add(&payload, sl_buf_str(&b->puids), b->puids.n);
	sl_buf_printf(&payload, "]%s}", b->puids.full ? ",\"cut\":1" : "");
	return sl_consignment_pass(
	    j->e, &j->c, SL_EVENT_identified, sl_buf_str(&payload), err);
}

static enum sl_rc
add_signature(void *arg, const struct sl_note_row *n, struct sl_err *err)
{
	struct sl_buf *all = arg;
	SL_BUF struct sl_buf one = {0};

	(void)err;
	if (sl_signed_en(n->slug) == NULL)
		return SL_OK;
	sl_buf_printf(&one,
	    "%s{\"source\":%" PRId64 ",\"part\":%" PRIu32
	    ",\"is\":\"%s\",\"detail\":",
	    all->n > 0 ? "," : "", n->source, n->part, n->slug);
	sl_text_json(&one, n->detail, strlen(n->detail));
	sl_buf_add_char(&one, '}');
	if (!all->full)
		sl_buf_add(all, one.p, one.n);
	return SL_OK;
}

/* What was read, and the state of digital signatures as they came in. */
static enum sl_rc
was_read(struct sl_job *j, const struct sl_counts *rows, struct sl_err *err)
{
	SL_BUF struct sl_buf payload = {0};
	SL_BUF struct sl_buf found = {.max = SIGNATURES_MAX};

	if (sl_note_each(j->e->store, j->c.id, "signed_", add_signature, &found,
		err) != SL_OK)
		return SL_FATAL;
	sl_buf_printf(&payload, "{\"pages\":%" PRId64 ",\"texts\":%" PRId64,
	    rows->pages, rows->texts);
	if (found.n > 0)
		sl_buf_printf(
		    &payload, ",\"signatures\":[%s]", sl_buf_str(&found));
	sl_buf_printf(&payload, "%s}", found.full ? ",\"cut\":1" : "");
	return sl_consignment_pass(
	    j->e, &j->c, SL_EVENT_read, sl_buf_str(&payload), err);
}

static enum sl_rc
bear_all(struct sl_job *j, struct birth *b, const struct sl_package *k,
    struct sl_err *err)
{
	size_t i, posts = k != NULL ? k->plan.posts : 1;
	enum sl_rc rc = SL_OK;

	b->package = k;
	/* A sidecar names one main document; of several posts it is nobody's.
	 */
	if (posts > 1)
		b->main = "";
	for (i = 0; i < posts && rc == SL_OK; i++) {
		/* Read again for the sake of another of them. */
		if (k != NULL &&
		    sl_entry_born(j->e->store, j->c.id, k->plan.post[i].post))
			continue;
		if (k != NULL)
			rc = take_docs(b, k, &k->plan.post[i]);
		j->c.entries++;
		if (rc == SL_OK)
			rc = sl_consignment_update(j->e->store, &j->c, err);
		if (rc == SL_OK)
			rc = bear(j, b, err);
	}
	return rc;
}

enum sl_rc
sl_job_birth(struct sl_job *j, struct sl_err *err)
{
	struct sl_engine *e = j->e;
	struct birth b = {
	    .job = j, .arena = sl_arena_new(), .puids = {.max = PUIDS_MAX}};
	struct sl_package *package = NULL;
	struct sl_counts rows;
	char main[256];
	bool again;
	enum sl_rc rc;

	sl_found_first(
	    e->store, j->c.id, SL_FIELD_main_document, main, sizeof(main));
	b.main = main;
	rc = sl_package_load(e, j->c.id, &package, err);
	if (rc == SL_OK)
		rc = sl_part_each(e->store, j->c.id, see_part, &b, err);
	count(j, &rows);
	if (rc == SL_OK)
		rc = was_unpacked(j, &rows, err);
	if (rc == SL_OK)
		rc = identified(j, &b, err);
	if (rc == SL_OK)
		rc = was_read(j, &rows, err);
	if (rc == SL_OK)
		rc = received_again(j, &again, err);
	if (rc == SL_OK && !again) {
		if (package == NULL)
			take_seen(&b);
		rc = bear_all(j, &b, package, err);
		/* Read again, nothing may come of it, and the others be done.
		 */
		if (rc == SL_OK)
			rc = sl_consignment_settle(e, j->c.id, err);
	}
	sl_package_free(package);
	free(b.docs);
	free(b.seen);
	free(b.ids);
	sl_arena_free(b.arena);
	sl_buf_free(&b.puids);
	return rc;
}
