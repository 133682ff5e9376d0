/*
 * Pairs are made from the surest to the least sure: the same Message-ID and the
 * same UID in the name; the same Message-ID; the same UID where there is no
 * Message-ID to say otherwise. A UID alone is weak: some programs number their
 * copies themselves. So a message that has a Message-ID never came as one that
 * was read and has none. A delivery that its channel numbers came with that
 * number, and by nothing else.
 */
#include "mailmatch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "../form/form.h"
#include "../store/db.h"

enum {
	KEYLESS = 1,
	UNREAD = 2, /* erased, or a message in it could not be read */
	HAS_ID = 4,
	NO_ID = 8,
	PAIRED = 16,
	UNLISTED = 32, /* no line has its Message-ID */
	AGAIN = 64, /* all lines that have it were taken */
	PACKAGE = 128,
	FOLDER = 256,
	WHOLE = 512, /* one message, and it has a Message-ID */
};

/* -- what came ---------------------------------------------------------------
 */

/* ",U=17" as mbsync and OfflineIMAP write it behind a file's name. 0: none. */
static uint32_t
uid_of_name(const char *name, size_t n)
{
	uint64_t uid = 0;
	size_t i;

	for (i = 0; i + 3 < n; i++)
		if (memcmp(name + i, ",U=", 3) == 0)
			break;
	if (i + 3 >= n)
		return 0;
	for (i += 3; i < n && name[i] >= '0' && name[i] <= '9'; i++) {
		uid = uid * 10 + (uint64_t)(name[i] - '0');
		if (uid > UINT32_MAX)
			return 0;
	}
	return i == n || strchr(",:;.!", name[i]) != NULL ? (uint32_t)uid : 0;
}

static void
put_open(struct sl_mailmatch_opens *o, const struct sl_mailmatch_open *what)
{
	o->at = sl_grow(o->at, &o->cap, o->n + 1, sizeof(*o->at));
	o->at[o->n++] = *what;
}

static unsigned
queue_of(const struct sl_mailmatch *m, uint32_t consignment)
{
	return m->queue_of[m->snap->c[consignment].queue];
}

static void
set_pair(struct sl_mailmatch *m, uint32_t consignment, size_t line)
{
	m->list->line[line].came = true;
	m->mark[consignment] |= PAIRED;
	m->pair =
	    sl_grow(m->pair, &m->pair_cap, m->pairs + 1, sizeof(*m->pair));
	m->pair[m->pairs++] =
	    (struct sl_mailmatch_pair){consignment, (uint32_t)line};
}

/* Of the n lines of its Message-ID, which stand in their order, the next that
 * has its UID too. */
static bool
take_same(struct sl_mailmatch *m, const struct sl_mailmatch_open *o,
    size_t first, size_t n)
{
	size_t at, end, from = first, to = first + n, mid;
	const uint32_t *by_id = m->list->by_id;

	end = sl_mailbox_by_uid(
	    m->list, queue_of(m, o->consignment), o->uid, &at);
	end += at;
	while (from < to) {
		mid = from + (to - from) / 2;
		if (by_id[mid] < at)
			from = mid + 1;
		else
			to = mid;
	}
	/* Else `from` is the first of another's lines, and so is its counter.
	 */
	if (from == first + n || by_id[from] >= end)
		return false;
	to = from + m->same[from];
	if (to >= first + n || by_id[to] >= end)
		return false;
	m->same[from]++;
	set_pair(m, o->consignment, by_id[to]);
	return true;
}

static void
scan_consignments(struct sl_mailmatch *m)
{
	struct sl_db *db = sl_store_db(m->r->store);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT id, name_raw, channel_key, erased_ms IS NOT NULL,"
	    " is_folder"
	    " FROM consignment",
	    "");
	struct sl_mailmatch_open o;
	const char *name, *key;

	while (sl_db_row(db, st)) {
		int64_t id = sqlite3_column_int64(st, 0);

		if (id <= 0 || id > m->snap->c_max ||
		    queue_of(m, (uint32_t)id) == 0)
			continue;
		name = sqlite3_column_blob(st, 1);
		o = (struct sl_mailmatch_open){.consignment = (uint32_t)id,
		    .uid = name == NULL || m->list->by_key
			       ? 0
			       : uid_of_name(name,
				     (size_t)sqlite3_column_bytes(st, 1))};
		if (sqlite3_column_int(st, 4) != 0)
			m->mark[id] |= FOLDER;
		key = sl_db_text(st, 2);
		if (*key != '\0') {
			o.hash = m->list->by_key ? sl_mailbox_hash_number(key)
						 : sl_mailbox_hash(key);
			put_open(&m->known, &o);
			continue;
		}
		m->mark[id] |= KEYLESS;
		if (sqlite3_column_int(st, 3) != 0)
			m->mark[id] |= UNREAD;
		put_open(&m->keyless, &o);
	}
}

void
sl_mailmatch_begin(struct sl_mailmatch *m, struct sl_rep *r,
    const struct sl_snap *snap, struct sl_mailbox *list)
{
	size_t q, i;

	memset(m, 0, sizeof(*m));
	m->r = r;
	m->snap = snap;
	m->list = list;
	m->queue_of = sl_alloc(snap->queue.n * sizeof(*m->queue_of));
	for (q = 1; q < snap->queue.n; q++)
		for (i = 1; i < list->queue.n; i++)
			if (strcmp(snap->queue.text[q], list->queue.text[i]) ==
			    0) {
				m->queue_of[q] = (uint16_t)i;
				break;
			}
	m->mark = sl_alloc((snap->c_max + 1) * sizeof(*m->mark));
	m->taken = sl_alloc((list->ids + 1) * sizeof(*m->taken));
	m->same = sl_alloc((list->ids + 1) * sizeof(*m->same));
	m->passed = sl_alloc((list->n + 1) * sizeof(*m->passed));
	m->unknown = sl_alloc((list->queue.n + 1) * sizeof(*m->unknown));
	m->unread = sl_alloc((list->queue.n + 1) * sizeof(*m->unread));
	scan_consignments(m);
}

void
sl_mailmatch_part(struct sl_mailmatch *m, const struct sl_mailmatch_part *part)
{
	struct sl_mailmatch_parts *p = &m->parts;

	if (queue_of(m, part->consignment) == 0)
		return;
	p->at = sl_grow(p->at, &p->cap, p->n + 1, sizeof(*p->at));
	p->at[p->n++] = *part;
}

void
sl_mailmatch_package(struct sl_mailmatch *m, uint32_t consignment)
{
	m->mark[consignment] |= PACKAGE;
}

/* -- pairing ----------------------------------------------------------------
 */

/* A message with its Message-ID. At once where its UID is the same too. */
static void
take_known(struct sl_mailmatch *m, const struct sl_mailmatch_open *o)
{
	size_t first, n = sl_mailbox_by_id(m->list, queue_of(m, o->consignment),
			  o->hash, &first);

	if (n == 0) {
		m->mark[o->consignment] |= UNLISTED;
		return;
	}
	if (o->uid == 0 || !take_same(m, o, first, n))
		put_open(&m->known, o);
}

/* All that have a key. It is their Message-ID, but of a package: that key its
 * sender wrote, who may know another's Message-ID; and there may be other
 * messages around it. */
static void
look_into_known(struct sl_mailmatch *m)
{
	struct sl_mailmatch_open *o;
	size_t i, n = m->known.n;
	char id[512];

	m->known.n = 0; /* those that stay open, over those that were seen */
	for (i = 0; i < n; i++) {
		o = &m->known.at[i];
		if ((m->mark[o->consignment] & PACKAGE) != 0 &&
		    !m->list->by_key) {
			*id = '\0';
			if ((m->mark[o->consignment] & FOLDER) == 0)
				sl_found_first(m->r->store, o->consignment,
				    SL_FIELD_message_id, id, sizeof(id));
			if (*id == '\0') {
				m->mark[o->consignment] |= KEYLESS;
				put_open(&m->keyless, o);
				continue;
			}
			o->hash = sl_mailbox_hash(id);
		}
		take_known(m, o);
	}
}

/* Is it attached to a message? Then it did not lie in the mailbox by itself. */
static bool
is_attached(struct sl_db *db, uint32_t part)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "WITH RECURSIVE up(source, number) AS (SELECT source, parent"
	    " FROM part WHERE id = ?1 AND number <> 0 UNION SELECT"
	    " p.source, p.parent FROM up JOIN part p USING (source,"
	    " number) WHERE p.number <> 0)"
	    " SELECT p.mime FROM up JOIN part p USING (source, number)",
	    "i", (int64_t)part);
	bool found = false;

	while (!found && sl_db_row(db, st))
		found = sl_mime_is_message(sl_db_text(st, 0));
	if (found)
		sl_db_done(st);
	return found;
}

/* Messages in a folder, an mbox or a zip, and those without a Message-ID. */
static void
look_into_parts(struct sl_mailmatch *m)
{
	struct sl_db *db = sl_store_db(m->r->store);
	const struct sl_mailmatch_part *p;
	struct sl_mailmatch_open o = {0};
	sqlite3_stmt *st;

	if (m->list->by_key)
		return;
	for (p = m->parts.at; p < m->parts.at + m->parts.n; p++) {
		if ((m->mark[p->consignment] & KEYLESS) == 0 ||
		    (p->inside && is_attached(db, p->part)))
			continue;
		st = sl_db_query(db,
		    "SELECT value FROM found WHERE part = ?1 AND field = ?2"
		    " ORDER BY id LIMIT 1",
		    "ii", (int64_t)p->part, (int64_t)SL_FIELD_message_id);
		o.consignment = p->consignment;
		if (!sl_db_row(db, st)) {
			m->mark[o.consignment] |=
			    p->closed ? NO_ID | UNREAD : NO_ID;
			continue;
		}
		m->mark[o.consignment] |= HAS_ID;
		if (!p->inside && (m->mark[o.consignment] & FOLDER) == 0)
			m->mark[o.consignment] |= WHOLE;
		o.hash = sl_mailbox_hash(sl_db_text(st, 0));
		take_known(m, &o);
		sl_db_done(st);
	}
}

static void
pair_by_id(struct sl_mailmatch *m)
{
	const struct sl_mailmatch_open *o;
	size_t i, n, first;

	for (i = 0; i < m->known.n; i++) {
		o = &m->known.at[i];
		n = sl_mailbox_by_id(
		    m->list, queue_of(m, o->consignment), o->hash, &first);
		while (
		    m->taken[first] < n &&
		    m->list->line[m->list->by_id[first + m->taken[first]]].came)
			m->taken[first]++;
		if (m->taken[first] >= n)
			m->mark[o->consignment] |= AGAIN;
		else
			set_pair(m, o->consignment,
			    m->list->by_id[first + m->taken[first]]);
	}
}

/* By the UID in its name. read: it has no Message-ID, so that the line has
 * none either. */
static bool
pair_by_uid(
    struct sl_mailmatch *m, const struct sl_mailmatch_open *o, bool read)
{
	size_t at, n = sl_mailbox_by_uid(
		       m->list, queue_of(m, o->consignment), o->uid, &at);
	uint32_t *passed = &m->passed[at][read];
	const struct sl_mail_line *l = m->list->line + at;

	/* `at` is the next UID's, and so is its counter. */
	if (n == 0)
		return false;
	while (
	    *passed < n && (l[*passed].came || (read && l[*passed].hash != 0)))
		++*passed;
	if (*passed >= n)
		return false;
	set_pair(m, o->consignment, at + *passed);
	return true;
}

static void
pair_keyless(struct sl_mailmatch *m, const uint8_t *has_parts, int64_t first)
{
	const struct sl_snap_consignment *c;
	const struct sl_mailmatch_open *o;
	bool read, unread;
	unsigned mark;
	size_t i;

	for (i = 0; i < m->keyless.n; i++) {
		o = &m->keyless.at[i];
		c = &m->snap->c[o->consignment];
		mark = m->mark[o->consignment];
		if ((mark & WHOLE) != 0)
			continue;
		unread = c->stage < SL_STAGE_read || (mark & UNREAD) != 0 ||
			 has_parts[o->consignment] == 0;
		read = (mark & NO_ID) != 0 && !unread;
		if (o->uid != 0 && (mark & HAS_ID) == 0 &&
		    pair_by_uid(m, o, read))
			continue;
		/* What is no message or has its Message-ID, and what came
		 * before all of them. */
		if ((!read && !unread) || sl_day_of(c->received_ms) < first)
			continue;
		m->unknown[queue_of(m, o->consignment)]++;
		if (!read)
			m->unread[queue_of(m, o->consignment)]++;
	}
}

/* Of the period, and no line was left for it. */
static void
count_strangers(struct sl_mailmatch *m)
{
	uint32_t id;
	unsigned mark;

	for (id = 1; id <= m->snap->c_max; id++) {
		mark = m->mark[id];
		if ((mark & (UNLISTED | AGAIN)) == 0 ||
		    !sl_snap_c_in(m->snap, id))
			continue;
		if (m->unlisted + m->again < SL_MAILMATCH_TOLD)
			m->stranger[m->unlisted + m->again] = id;
		if ((mark & AGAIN) != 0)
			m->again++;
		else
			m->unlisted++;
	}
}

void
sl_mailmatch_end(struct sl_mailmatch *m, const uint8_t *has_parts)
{
	int64_t first = INT64_MAX;
	size_t i;

	for (i = 0; i < m->list->n; i++)
		if (m->list->line[i].asked && m->list->line[i].day < first)
			first = m->list->line[i].day;
	look_into_known(m);
	look_into_parts(m);
	pair_by_id(m);
	pair_keyless(m, has_parts, first);
	count_strangers(m);
}

/* -- telling -----------------------------------------------------------------
 */

/* Something came that may be it. */
static bool
is_open(const struct sl_mailmatch *m, const struct sl_mail_line *l)
{
	return l->hash != 0 ? m->unread[l->queue] > 0
			    : m->unknown[l->queue] > 0;
}

/* The UID of a message with the same Message-ID that came. 0: none. */
static uint32_t
same_that_came(const struct sl_mailmatch *m, const struct sl_mail_line *l)
{
	size_t first, n;

	if (l->hash == 0)
		return 0;
	n = sl_mailbox_by_id(m->list, l->queue, l->hash, &first);
	for (; n > 0; n--, first++)
		if (m->list->line[m->list->by_id[first]].came)
			return m->list->line[m->list->by_id[first]].uid;
	return 0;
}

static const char *
word_of(const struct sl_mailmatch *m)
{
	return m->list->by_key ? "listed" : "mailbox";
}

/* nb, en: of a mailbox. */
static void
tell_fact(struct sl_mailmatch *m, const char *what, int64_t n, const char *nb,
    const char *en)
{
	char key[40];

	if (m->list->by_key && *what == '\0') {
		nb = "Forsendelser i listen";
		en = "Deliveries in the list";
	} else if (m->list->by_key && strcmp(what, "_unknown") == 0) {
		nb = "Mottatt i køen uten at kanalens nummer er kjent";
		en = "Received in the queue without a known number of the "
		     "channel's";
	}
	(void)snprintf(key, sizeof(key), "%s%s", word_of(m), what);
	sl_rep_fact(m->r, key, nb, en, "%" PRId64, n);
}

static void
tell_line(struct sl_mailmatch *m, const struct sl_mail_line *l, bool open,
    int64_t number)
{
	SL_BUF struct sl_buf b = {.max = 480};
	uint32_t same = same_that_came(m, l);
	char key[40], day[16];

	sl_buf_printf(&b, "%s: ", m->list->queue.text[l->queue]);
	if (!m->list->by_key)
		sl_buf_printf(&b, "UID %" PRIu32, l->uid);
	if (l->validity != 0)
		sl_buf_printf(&b, " (uidvalidity %" PRIu32 ")", l->validity);
	if (!m->list->by_key)
		sl_buf_add_str(&b, ", ");
	sl_day_write(l->day, day, sizeof(day));
	sl_out_add_day(m->r->out, &b, day);
	if (l->text != 0)
		sl_buf_printf(&b, ", %s", m->list->text.p + l->text);
	if (same != 0)
		sl_buf_printf(&b, " (%s UID %" PRIu32 ")",
		    sl_rep_say(m->r, "samme Message-ID som", "same as"), same);
	(void)snprintf(key, sizeof(key), "%s_%s_%" PRId64, word_of(m),
	    open ? "untold" : "lost", number);
	sl_rep_fact(m->r, key, open ? "Kan ikke avgjøres" : "Ikke mottatt",
	    open ? "Cannot be told" : "Not received", "%s", sl_buf_str(&b));
}

static void
tell_more(struct sl_mailmatch *m, const char *what, int64_t n, int64_t told)
{
	char key[40];

	(void)snprintf(key, sizeof(key), "%s_%s_more", word_of(m), what);
	if (n > told)
		sl_rep_fact(m->r, key, "… og flere", "… and more", "%" PRId64,
		    n - told);
}

static void
tell_lines(struct sl_mailmatch *m, bool open, int64_t n)
{
	const struct sl_mail_line *l = m->list->line;
	int64_t told = 0;
	size_t i;

	for (i = 0; i < m->list->n && told < SL_MAILMATCH_TOLD; i++)
		if (l[i].asked && !l[i].came && is_open(m, &l[i]) == open)
			tell_line(m, &l[i], open, ++told);
	tell_more(m, open ? "untold" : "lost", n, told);
}

static void
tell_strangers(struct sl_mailmatch *m)
{
	int64_t n = m->unlisted + m->again, i;
	char key[40], number[64];

	for (i = 0; i < n && i < SL_MAILMATCH_TOLD; i++) {
		(void)snprintf(key, sizeof(key), "%s_stranger_%" PRId64,
		    word_of(m), i + 1);
		sl_rep_fact(m->r, key, "Mottatt, ikke i listen",
		    "Received, not in the list", "%s",
		    sl_snap_reception(
			m->r, m->snap, m->stranger[i], number, sizeof(number)));
	}
	tell_more(m, "strangers", n, i);
}

void
sl_mailmatch_tell(struct sl_mailmatch *m)
{
	const struct sl_mail_line *l = m->list->line;
	int64_t all = 0, came = 0, open = 0, unknown = 0;
	size_t i;

	for (i = 0; i < m->list->n; i++) {
		all += l[i].asked;
		came += l[i].asked && l[i].came;
		open += l[i].asked && !l[i].came && is_open(m, &l[i]);
	}
	for (i = 0; i < m->list->queue.n; i++)
		unknown += m->unknown[i];
	tell_fact(m, "", all, "UID-er i postkassen", "UIDs in the mailbox");
	tell_fact(m, "_received", came, "Av dem mottatt", "Of these received");
	tell_fact(m, "_lost", all - came - open, "Av dem ikke mottatt",
	    "Of these not received");
	tell_fact(m, "_untold", open, "Av dem som ikke kan avgjøres",
	    "Of these cannot be told");
	tell_fact(m, "_unknown", unknown,
	    "Mottatt i køen uten at Message-ID er kjent",
	    "Received in the queue without a known Message-ID");
	tell_fact(m, "_unlisted", m->unlisted, "Mottatt, men ikke i listen",
	    "Received, but not in the list");
	tell_fact(m, "_again", m->again, "Mottatt flere ganger enn i listen",
	    "Received more often than in the list");
	tell_lines(m, false, all - came - open);
	tell_lines(m, true, open);
	tell_strangers(m);
}

void
sl_mailmatch_free(struct sl_mailmatch *m)
{
	free(m->queue_of);
	free(m->mark);
	free(m->taken);
	free(m->same);
	free(m->passed);
	free(m->unknown);
	free(m->unread);
	free(m->known.at);
	free(m->keyless.at);
	free(m->parts.at);
	free(m->pair);
	memset(m, 0, sizeof(*m));
}
