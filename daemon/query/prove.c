/*
 * Proofs for somebody who has nothing but a head: of one event, and that the
 * log then is the beginning of the log now.
 *
 * Made from what signed heads have kept of the tree, and a few leaves.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/text.h"
#include "../journal/cosign.h"
#include "../journal/tlogproof.h"
#include "../store/db.h"
#include "../store/heads.h"
#include "verify_p.h"

static enum sl_rc
read_leaf(
    struct sl_db *db, uint64_t seq, struct sl_tlogproof *p, struct sl_err *err)
{
	sqlite3_stmt *st = sl_db_query(
	    db, "SELECT bytes FROM leaf WHERE seq = ?1", "i", (int64_t)seq);
	struct sl_slice b;

	if (!sl_db_row(db, st))
		return sl_err_set(err, SL_SKIP, 0, "unknown_id",
		    "there is no event of that number");
	b = sl_db_blob(st, 0);
	if (b.n > 0 && b.n <= SL_LEAF_MAX) {
		memcpy(p->leaf, b.p, b.n);
		p->leaf_n = b.n;
	}
	sl_db_done(st);
	return p->leaf_n > 0 ? SL_OK
			     : sl_err_set(err, SL_FATAL, 0, "journal_broken",
				   "the leaf is none");
}

/* Behind the leaf, as an export has it. */
static enum sl_rc
read_payload(
    struct sl_db *db, uint64_t seq, struct sl_tlogproof *p, struct sl_err *err)
{
	SL_BUF struct sl_buf line = {0};
	struct sl_slice body;
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT salt, body FROM payload WHERE seq = ?1", "i", (int64_t)seq);

	if (!sl_db_row(db, st))
		return sl_err_set(err, SL_SKIP, 0, "erased",
		    "what event %" PRIu64 " holds a digest of was erased", seq);
	body.p = sl_db_text(st, 1);
	body.n = (uint32_t)sqlite3_column_bytes(st, 1);
	sl_payload_line(&line, seq, sl_db_blob(st, 0), body, 0);
	sl_buf_add_char(&line, '\n');
	sl_db_done(st);
	if (line.n > sizeof(p->leaf) - p->leaf_n)
		return sl_err_set(err, SL_SKIP, 0, "too_long",
		    "what event %" PRIu64 " holds a digest of is too long for "
		    "a proof: export it",
		    seq);
	memcpy(p->leaf + p->leaf_n, line.p, line.n);
	p->payload_n = line.n;
	return SL_OK;
}

/* The first event of that name of a post; of what it came in, where only that
 * has one. */
static enum sl_rc
find_event(struct sl_store *s, const char *id, const char *event, uint64_t *ret,
    struct sl_err *err)
{
	struct sl_db *db = sl_store_db(s);
	SL_BUF struct sl_buf lines = {0};
	struct sl_consignment c;
	struct sl_leaf l;
	struct sl_slice b;
	sqlite3_stmt *st;
	bool found = false, own = false;
	int number;
	enum sl_rc rc = sl_query_resolve(s, id, &c, &number, err);

	if (rc != SL_OK)
		return rc;
	st = sl_db_query(db,
	    "SELECT seq, bytes FROM leaf WHERE consignment = ?1 ORDER BY seq",
	    "i", c.id);
	while (!own && sl_db_row(db, st)) {
		b = sl_db_blob(st, 1);
		if (sl_leaf_decode(b.p, b.n, &lines, &l, NULL) != SL_OK ||
		    sl_event_name(l.event) == NULL ||
		    strcmp(sl_event_name(l.event), event) != 0)
			continue;
		own = number == 0 || strcmp(l.subject, id) == 0;
		if (!own && (found || strcmp(l.subject, c.reception) != 0))
			continue;
		found = true;
		*ret = (uint64_t)sqlite3_column_int64(st, 0);
	}
	if (own)
		sl_db_done(st);
	return found ? SL_OK
		     : sl_err_set(err, SL_SKIP, 0, "unknown_id",
			   "it has no event of that name");
}

static enum sl_rc
prove(struct sl_store *s, uint64_t seq, bool payload, struct sl_tlogproof *p,
    struct sl_buf *out, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(s);
	SL_BUF struct sl_buf note = {0};
	uint64_t size = 0;
	enum sl_rc rc = read_leaf(db, seq, p, err);

	if (rc == SL_OK && payload)
		rc = read_payload(db, seq, p, err);
	if (rc != SL_OK)
		return rc;
	p->index = seq;
	if (!sl_head_last(s, INT64_MAX, &size, &note) || size <= seq)
		return sl_err_set(err, SL_SKIP, 0, "not_signed",
		    "that event has not been signed yet; try again in a "
		    "minute");
	if (!sl_proof_make(
		seq, seq + 1, size, sl_store_range, s, p->node, &p->n))
		return sl_err_set(err, SL_FATAL, 0, "journal_broken",
		    "leaves are missing: verify the sporingslogg");
	sl_query_add_cosignatures(db, size, &note);
	p->checkpoint = sl_slice_buf(&note);
	sl_tlogproof_write(p, out);
	return SL_OK;
}

enum sl_rc
sl_query_prove(struct sl_store *s, const char *id, const char *event,
    bool payload, struct sl_buf *out, uint64_t *ret_seq, struct sl_err *err)
{
	struct sl_tlogproof *p = sl_alloc(sizeof(*p));
	enum sl_rc rc = SL_OK;

	if (sl_db_script(sl_store_db(s), "BEGIN", err) != SL_OK)
		rc = SL_FATAL;
	if (rc == SL_OK)
		rc = sl_query_is_plain(sl_store_db(s), err);
	if (rc == SL_OK && !sl_parse_u64(id, 0, INT64_MAX, ret_seq))
		rc = find_event(
		    s, id, event != NULL ? event : "received", ret_seq, err);
	if (rc == SL_OK)
		rc = prove(s, *ret_seq, payload, p, out, err);
	(void)sl_db_script(sl_store_db(s), "COMMIT", NULL);
	free(p);
	return rc;
}

enum sl_rc
sl_query_consistency(struct sl_store *s, uint64_t old_size, uint64_t new_size,
    struct sl_buf *out, struct sl_err *err)
{
	struct sl_digest node[SL_PROOF_MAX];
	SL_BUF struct sl_buf note = {0};
	uint64_t size = 0;
	enum sl_rc rc = sl_query_is_plain(sl_store_db(s), err);
	size_t n;

	if (rc != SL_OK)
		return rc;
	if (!sl_head_last(s, new_size, &size, &note) ||
	    (new_size != INT64_MAX && size != new_size))
		return sl_err_set(err, SL_SKIP, 0, "not_signed",
		    new_size != INT64_MAX
			? "there is no signed head of %" PRIu64 " events"
			: "the sporingslogg has not been signed yet",
		    new_size);
	if (old_size == 0)
		return sl_err_set(err, SL_SKIP, 0, "not_signed",
		    "every log begins with no events: there is nothing to "
		    "prove");
	if (old_size > size)
		return sl_err_set(err, SL_SKIP, 0, "not_signed",
		    new_size != INT64_MAX
			? "%" PRIu64 " events are later than %" PRIu64
			: "there are no %" PRIu64
			  " events yet: the last signed head covers %" PRIu64
			  " events",
		    old_size, size);
	if (!sl_proof_make(0, old_size, size, sl_store_range, s, node, &n))
		return sl_err_set(err, SL_FATAL, 0, "journal_broken",
		    "leaves are missing: verify the sporingslogg");
	sl_cosign_body(old_size, node, n, sl_slice_buf(&note), out);
	return SL_OK;
}

/* -- looking at one ---------------------------------------------------------
 */

static void
fault(struct sl_verify *v, uint64_t first, uint64_t last, const char *text)
{
	v->ok = false;
	v->first = first;
	v->last = last;
	(void)snprintf(v->fault, sizeof(v->fault), "%s", text);
}

/* The signed head that a proof ends with. */
static bool
open_head(struct sl_slice note, const struct sl_verify_ask *ask, bool witnessed,
    struct sl_verify *v, struct sl_checkpoint *ret)
{
	struct sl_err err;

	if (sl_checkpoint_open(note, ask->key, ask->keys_n, ret, &err) !=
		SL_OK ||
	    (witnessed && !sl_is_witnessed(ask->witness, note, &err))) {
		fault(v, 0, 0, err.text);
		return false;
	}
	(void)snprintf(v->origin, sizeof(v->origin), "%s", ret->origin);
	sl_digest_hex(&ret->root, v->root);
	v->tree_size = ret->size;
	return true;
}

/* The payload that came along, if one did, against the leaf's digest. */
static void
verify_payload(
    const struct sl_tlogproof *p, const struct sl_leaf *l, struct sl_verify *v)
{
	json_t *j = json_loadb(
	    (const char *)p->leaf + p->leaf_n, p->payload_n, 0, NULL);
	uint8_t salt[SL_SALT_LEN];
	struct sl_digest d;
	struct sl_slice body;

	if (!sl_payload_read(j, salt, &body) ||
	    (uint64_t)json_integer_value(json_object_get(j, "seq")) != l->seq) {
		fault(v, l->seq, l->seq, "its payload cannot be read");
	} else {
		sl_payload_digest(salt, body.p, body.n, &d);
		v->payloads = 1;
		if (memcmp(&d, &l->payload, sizeof(d)) != 0)
			fault(v, l->seq, l->seq, "its payload was changed");
	}
	json_decref(j);
}

/* A leaf keeps the name that the log had when it was written. */
static bool
is_its_name(const char *origin, const char *now)
{
	return strcmp(origin, now) == 0 || sl_origin_is_before(origin, now);
}

static enum sl_rc
verify_inclusion(struct sl_slice file, const struct sl_verify_ask *ask,
    struct sl_verify *v, struct sl_err *err)
{
	struct sl_tlogproof *p = sl_alloc(sizeof(*p));
	SL_BUF struct sl_buf lines = {0};
	struct sl_digest of[2];
	struct sl_checkpoint head;
	struct sl_leaf l;
	enum sl_rc rc = sl_tlogproof_parse(file.p, file.n, p, err);

	if (rc != SL_OK || !open_head(p->checkpoint, ask, true, v, &head)) {
		free(p);
		return rc;
	}
	sl_tree_leaf_hash(p->leaf, p->leaf_n, &of[0]);
	of[1] = head.root;
	if (sl_leaf_decode(p->leaf, p->leaf_n, &lines, &l, NULL) != SL_OK ||
	    l.seq != p->index || !is_its_name(l.origin, head.origin))
		fault(v, p->index, p->index, "it is not the leaf of its place");
	else if (!sl_proof_inclusion(p->index, head.size, of, p->node, p->n))
		fault(v, p->index, p->index, "it is not in the log");
	else if (p->payload_n > 0)
		verify_payload(p, &l, v);
	v->first = v->last = p->index;
	v->leaves = 1;
	free(p);
	return SL_OK;
}

static enum sl_rc
verify_consistency(struct sl_slice file, const struct sl_verify_ask *ask,
    struct sl_verify *v, struct sl_err *err)
{
	struct sl_digest node[SL_PROOF_MAX], of[2];
	struct sl_checkpoint head, old;
	uint64_t old_size;
	size_t n;

	if (!sl_cosign_read(&file, &old_size, node, &n))
		return sl_err_set(err, SL_REJECT, 0, "bad_proof",
		    "not a proof of consistency");
	if (ask->against.n == 0)
		return sl_err_set(err, SL_REJECT, 0, "bad_proof",
		    "say which earlier head it is about (--against)");
	if (!open_head(ask->against, ask, true, v, &old) ||
	    !open_head(file, ask, false, v, &head))
		return SL_OK;
	of[0] = old.root;
	of[1] = head.root;
	v->leaves = old.size;
	if (old.size != old_size || strcmp(old.origin, head.origin) != 0)
		fault(v, 0, 0, "it is about another head");
	else if (!sl_proof_consistency(old.size, head.size, of, node, n))
		fault(v, 0, old.size - 1,
		    "the earlier log is not the beginning of the later");
	return SL_OK;
}

enum sl_rc
sl_query_verify_proof(struct sl_slice file, const struct sl_verify_ask *ask,
    struct sl_verify *ret, struct sl_err *err)
{
	memset(ret, 0, sizeof(*ret));
	ret->ok = true;
	if (file.n > 4 && memcmp(file.p, "old ", 4) == 0)
		return verify_consistency(file, ask, ret, err);
	return verify_inclusion(file, ask, ret, err);
}
