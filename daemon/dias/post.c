/*
 * The posts of a consignment and what happened to it, in a package.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../journal/leaf.h"
#include "queue.h"

#define POST_MAX (1u << 20) /* bytes of a prepared post */
#define DETAIL_MAX 65536 /* bytes of an event's payload */

/* -- posts
 * --------------------------------------------------------------------- */

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static void
names_of(const json_t *post, struct sl_buf *out)
{
	const json_t *list = json_object_get(post, "korrespondansepart");
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		sl_buf_printf(out, "%s%s", i > 0 ? " | " : "",
		    text_of(json_array_get(list, i), "navn"));
}

static const struct qfile *
file_of(const struct queue_run *q, int64_t part)
{
	size_t i;

	for (i = 0; i < q->file_n; i++)
		if (q->file[i].part == part)
			return &q->file[i];
	return NULL;
}

struct post_sum {
	int64_t documents, pages, ocr_pages, ocr_sum;
};

/* Its documents, and their places in METS. */
static enum sl_rc
add_documents(struct queue_run *q, const struct sl_entry *e,
    struct post_sum *sum, struct sl_err *err)
{
	size_t i, n = sl_document_list(q->s, e->id, NULL, 0);
	SL_FREE struct sl_document *doc = NULL;
	const struct qfile *f;

	if (n > SL_DIAS_CONSIGNMENT_MAX)
		return sl_err_set(err, SL_REJECT, 0, "limit_files",
		    "%s has more than %u documents", e->reception,
		    SL_DIAS_CONSIGNMENT_MAX);
	doc = sl_alloc((n + 1) * sizeof(*doc));
	n = sl_document_list(q->s, e->id, doc, n);
	sl_dias_put(
	    q->k->mets_divs, "          <mets:div LABEL=\"%s\">", e->reception);
	for (i = 0; i < n; i++) {
		SL_FREE char *id =
		    sl_asprintf("%s/%d", e->reception, doc[i].number);

		f = file_of(q, doc[i].part);
		if (f == NULL)
			return sl_err_set(err, SL_BROKEN, 0, "file_gone",
			    "%s: document %d has no file", e->reception,
			    doc[i].number);
		sl_dias_put(q->k->mets_divs,
		    "<mets:fptr FILEID=\"fileId_%d\"/>", (int64_t)f->id);
		sl_dias_row(q->k, SL_DIAS_T_dokumenter, "ssdsss", id,
		    e->reception, (int64_t)doc[i].number, doc[i].role,
		    doc[i].title, f->path);
		sum->documents++;
		sum->pages += f->pages;
		sum->ocr_pages += f->ocr_pages;
		sum->ocr_sum += f->ocr_sum;
	}
	sl_dias_put(q->k->mets_divs, "</mets:div>\n");
	return SL_OK;
}

/* Its number and status in the target: as its journal showed, else as it said
 * when it took the post. */
static void
in_target(
    struct queue_run *q, const struct sl_entry *e, struct sl_target_post *ret)
{
	sqlite3_stmt *st;
	json_t *o;

	memset(ret, 0, sizeof(*ret));
	if (sl_target_post_of(q->s, e->own_key, ret))
		return;
	st = sl_db_query(q->db,
	    "SELECT receipt FROM delivery WHERE entry = ?1"
	    " AND state = 'delivered' ORDER BY id LIMIT 1",
	    "i", e->id);
	if (!sl_db_row(q->db, st))
		return;
	o = json_loads(sl_db_text(st, 0), 0, NULL);
	(void)snprintf(ret->number, sizeof(ret->number), "%s",
	    *text_of(o, "number") != '\0' ? text_of(o, "number")
					  : text_of(o, "id"));
	(void)snprintf(
	    ret->status, sizeof(ret->status), "%s", text_of(o, "status"));
	(void)snprintf(ret->case_number, sizeof(ret->case_number), "%s",
	    text_of(o, "case"));
	json_decref(o);
	sl_db_done(st);
}

static int64_t
placed_by(
    struct queue_run *q, const struct sl_entry *e, char *actor, size_t cap)
{
	sqlite3_stmt *st = sl_db_query(q->db,
	    "SELECT confidence, actor FROM placement WHERE entry = ?1"
	    " AND revision = ?2 AND field = 1 AND accepted = 1"
	    " ORDER BY rank LIMIT 1",
	    "ii", e->id, (int64_t)e->revision);
	int64_t confidence = -1;

	*actor = '\0';
	if (sl_db_row(q->db, st)) {
		confidence = sqlite3_column_int64(st, 0);
		sl_db_copy(st, 1, actor, cap);
		sl_db_done(st);
	}
	return confidence;
}

static void
post_row(
    struct queue_run *q, const struct sl_entry *e, const struct post_sum *sum)
{
	SL_BUF struct sl_buf raw = {.max = POST_MAX}, names = {0};
	struct sl_target_post target;
	char received[32], dropped[32], actor[64];
	int64_t confidence = placed_by(q, e, actor, sizeof(actor));
	json_t *post = NULL;

	if (sl_entry_post(q->s, e->id, &raw))
		post = json_loadb(sl_buf_str(&raw), raw.n, 0, NULL);
	names_of(post, &names);
	in_target(q, e, &target);
	sl_clock_format_oslo(e->received_ms, received, sizeof(received));
	sl_clock_format_oslo(e->dropped_ms, dropped, sizeof(dropped));
	sl_dias_row(q->k, SL_DIAS_T_poster, "sssssssssdssssssssdddd",
	    e->reception, q->c.reception, q->queue, q->c.name, received,
	    dropped, *e->title != '\0' ? e->title : text_of(post, "tittel"),
	    *target.case_number != '\0' ? target.case_number : e->case_number,
	    actor, confidence, text_of(post, "journalposttype"),
	    text_of(post, "dokumentetsDato"), text_of(post, "mottattDato"),
	    sl_buf_str(&names), text_of(post, "enhet"),
	    text_of(post, "tilgangskode"), target.number, target.status,
	    sum->documents, sum->pages, sum->ocr_pages,
	    sum->ocr_pages > 0 ? sum->ocr_sum / sum->ocr_pages : (int64_t)-1);
	json_decref(post);
}

static enum sl_rc
add_entry(void *arg, const struct sl_entry *e, struct sl_err *err)
{
	struct queue_run *q = arg;
	struct post_sum sum = {0};

	if (e->dispo != SL_DISPO_done ||
	    (e->outcome != SL_OUTCOME_in_journal &&
		e->outcome != SL_OUTCOME_to_sector))
		return SL_OK;
	if (add_documents(q, e, &sum, err) != SL_OK)
		return err->rc;
	post_row(q, e, &sum);
	q->k->made.posts++;
	return SL_OK;
}

/* -- events
 * -------------------------------------------------------------------- */

/* PREMIS as DIAS has it knows six kinds; NULL: not told. */
static const char *
premis_kind(int event)
{
	switch (event) {
	case SL_EVENT_received:
		return "Ingestion";
	case SL_EVENT_decrypted:
	case SL_EVENT_converted:
		return "Migration";
	case SL_EVENT_unpacked:
	case SL_EVENT_identified:
	case SL_EVENT_read:
	case SL_EVENT_entry_born:
		return "Creation";
	case SL_EVENT_source_changed:
	case SL_EVENT_read_again:
	case SL_EVENT_decided:
		return "Adjustment";
	default:
		return NULL;
	}
}

static void
write_event(struct queue_run *q, const struct sl_leaf *l, const char *detail)
{
	char when[32];

	sl_clock_format_utc(l->time_ms, when, sizeof(when));
	sl_dias_put(q->k->events,
	    "  <premis:event><premis:eventIdentifier>"
	    "<premis:eventIdentifierType>sporingslogg"
	    "</premis:eventIdentifierType><premis:eventIdentifierValue>%s/%d"
	    "</premis:eventIdentifierValue></premis:eventIdentifier>"
	    "<premis:eventType>%s</premis:eventType><premis:eventDateTime>%s"
	    "</premis:eventDateTime><premis:eventDetail>%s %s"
	    "</premis:eventDetail>",
	    l->origin, (int64_t)l->seq, premis_kind(l->event), when,
	    sl_event_name(l->event), detail);
	sl_dias_put(q->k->events,
	    "<premis:linkingAgentIdentifier><premis:linkingAgentIdentifierType>"
	    "Sluse</premis:linkingAgentIdentifierType>"
	    "<premis:linkingAgentIdentifierValue>%s"
	    "</premis:linkingAgentIdentifierValue>"
	    "</premis:linkingAgentIdentifier><premis:linkingObjectIdentifier>"
	    "<premis:linkingObjectIdentifierType>Sluse"
	    "</premis:linkingObjectIdentifierType>"
	    "<premis:linkingObjectIdentifierValue>%s"
	    "</premis:linkingObjectIdentifierValue>"
	    "</premis:linkingObjectIdentifier></premis:event>\n",
	    l->actor, q->c.reception);
}

static void
take_conversion(
    struct queue_run *q, const struct sl_leaf *l, const char *detail)
{
	json_t *o = json_loads(detail, 0, NULL);
	struct conversion *c;

	q->conversion = sl_grow(q->conversion, &q->conversion_cap,
	    q->conversion_n + 1, sizeof(*q->conversion));
	c = &q->conversion[q->conversion_n++];
	c->source = (int)json_integer_value(json_object_get(o, "source"));
	c->part = (uint32_t)json_integer_value(json_object_get(o, "part"));
	(void)snprintf(
	    c->event, sizeof(c->event), "%s/%" PRIu64, l->origin, l->seq);
	json_decref(o);
}

static enum sl_rc
add_event(struct queue_run *q, sqlite3_stmt *st, struct sl_err *err)
{
	SL_BUF struct sl_buf store = {0};
	struct sl_slice bytes = sl_db_blob(st, 0);
	const char *detail = sl_db_text(st, 1);
	struct sl_leaf l;

	if (sl_leaf_decode(bytes.p, bytes.n, &store, &l, err) != SL_OK)
		return sl_err_set(err, SL_BROKEN, 0, "journal_broken",
		    "an event of %s cannot be read: run journal verify",
		    q->c.reception);
	if (premis_kind(l.event) == NULL)
		return SL_OK;
	if (l.event == SL_EVENT_converted)
		take_conversion(q, &l, detail);
	write_event(q, &l,
	    strlen(detail) <= DETAIL_MAX ? detail : "(long: see the log)");
	return sl_pack_agent(q->k, l.actor, err);
}

enum sl_rc
sl_dias_events(struct queue_run *q, struct sl_err *err)
{
	sqlite3_stmt *st = sl_db_query(q->db,
	    "SELECT l.bytes, p.body FROM leaf l"
	    " LEFT JOIN payload p ON p.seq = l.seq"
	    " WHERE l.consignment = ?1 ORDER BY l.seq",
	    "i", q->c.id);
	enum sl_rc rc = SL_OK;

	while (rc == SL_OK && sl_db_row(q->db, st))
		rc = add_event(q, st, err);
	sl_db_done(st);
	return rc == SL_OK ? sl_db_check(q->db, err) : rc;
}

enum sl_rc
sl_dias_posts(struct queue_run *q, struct sl_err *err)
{
	return sl_entry_each_of(q->s, q->c.id, add_entry, q, err);
}
