/*
 * SECURITY: everything here may have been written by whoever wants to hide
 * something: sizes are held against limits, and nothing is believed that is not
 * hashed or signed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../journal/checkpoint.h"
#include "verify_p.h"

void
sl_check_fault(
    struct sl_check *c, uint64_t first, uint64_t last, const char *fmt, ...)
{
	struct sl_verify *v = c->v;
	va_list ap;

	if (!v->ok)
		return;
	v->ok = false;
	v->first = first;
	v->last = last;
	va_start(ap, fmt);
	(void)vsnprintf(v->fault, sizeof(v->fault), fmt, ap);
	va_end(ap);
}

/* Where the leaves must be those of an earlier head. One that cannot be read is
 * a fault at the end. */
static uint64_t
against_size(struct sl_slice against)
{
	struct sl_checkpoint old;
	struct sl_note note;

	if (against.n == 0)
		return UINT64_MAX;
	if (sl_note_parse(against.p, against.n, &note, NULL) != SL_OK ||
	    sl_checkpoint_parse(note.text, &old, NULL) != SL_OK)
		return UINT64_MAX - 1;
	return old.size;
}

void
sl_check_begin(
    struct sl_check *c, const struct sl_verify_ask *ask, struct sl_verify *ret)
{
	memset(c, 0, sizeof(*c));
	memset(ret, 0, sizeof(*ret));
	ret->ok = true;
	c->v = ret;
	c->ask = ask;
	sl_check_given_keys(c);
	c->against_size = against_size(ask->against);
}

static uint64_t
last_of(const struct sl_check *c)
{
	return c->tree.size > 0 ? c->tree.size - 1 : 0;
}

static void
check_root(struct sl_check *c, const struct sl_checkpoint *head)
{
	struct sl_digest root;

	sl_tree_root(&c->tree, &root);
	if (memcmp(&root, &head->root, sizeof(root)) != 0)
		sl_check_fault(c, c->v->signed_size, last_of(c),
		    "a leaf is not what was signed at %" PRIu64, head->size);
}

bool
sl_is_witnessed(
    const struct sl_vkey *witness, struct sl_slice note, struct sl_err *err)
{
	struct sl_note parsed;
	enum sl_rc rc;

	if (witness == NULL)
		return true;
	if (sl_note_parse(note.p, note.n, &parsed, err) != SL_OK)
		return false;
	rc = sl_note_verify(&parsed, witness, 1, NULL, err);
	if (rc == SL_SKIP)
		(void)sl_err_set(err, SL_SKIP, 0, "no_signature",
		    "the witness has not cosigned it");
	return rc == SL_OK;
}

void
sl_check_witness(struct sl_check *c, struct sl_slice note)
{
	struct sl_err err;

	if (!sl_is_witnessed(c->ask->witness, note, &err))
		sl_check_fault(c, 0, last_of(c), "the head: %s", err.text);
}

/* The tree has as many leaves as the head from outside says. */
static void
check_against(struct sl_check *c)
{
	struct sl_checkpoint old;
	struct sl_err err;
	size_t key;

	c->against_size = UINT64_MAX;
	if (sl_check_open(c, c->ask->against, &old, &key, &err) != SL_OK) {
		sl_check_fault(
		    c, 0, last_of(c), "the earlier head: %s", err.text);
	} else {
		check_root(c, &old);
		/* It says nothing of who signs this log. */
		if (c->known[key].counts)
			c->seen_size = c->tree.size;
	}
	sl_check_witness(c, c->ask->against);
}

/* A person gave up what had been signed, and went on. */
static void
see_given_up(struct sl_check *c, const struct sl_leaf_view *l)
{
	struct sl_verify *v = c->v;
	struct sl_verify_given_up *g;

	c->renamed_at = l->seq;
	if (v->given_ups++ >= SL_VERIFY_GIVEN_UP_MAX)
		return;
	g = &v->given_up[v->given_ups - 1];
	g->seq = l->seq;
	g->time_ms = l->time_ms;
	(void)sl_slice_copy(l->origin, g->origin, sizeof(g->origin));
}

/* Leaves may change their name once what was signed had been lost. */
static void
check_origin(struct sl_check *c, const struct sl_leaf_view *l)
{
	struct sl_verify *v = c->v;
	const char *tilde;
	size_t n;

	if (l->origin.n == c->origin_n &&
	    memcmp(v->origin, l->origin.p, c->origin_n) == 0)
		return;
	tilde = memchr(l->origin.p, '~', l->origin.n);
	n = tilde != NULL ? (size_t)(tilde - l->origin.p) : l->origin.n;
	if (l->seq > 0 && (l->event != SL_EVENT_history_accepted ||
			      strncmp(v->origin, l->origin.p, n) != 0))
		sl_check_fault(
		    c, l->seq, l->seq, "it comes from another journal");
	(void)sl_slice_copy(l->origin, v->origin, sizeof(v->origin));
	c->origin_n = strlen(v->origin);
}

uint64_t
sl_check_next_stop(const struct sl_check *c)
{
	return c->mark_at < c->marks_n &&
		       c->mark[c->mark_at].size < c->against_size
		   ? c->mark[c->mark_at].size
		   : c->against_size;
}

void
sl_check_mark(struct sl_check *c, struct sl_slice note)
{
	struct sl_checkpoint head;
	struct sl_err err;
	size_t key;

	if (sl_check_open(c, note, &head, &key, &err) == SL_OK)
		sl_check_add_mark(c, &head, key, NULL);
	else
		sl_check_fault(c, 0, 0, "a marked head: %s", err.text);
}

void
sl_check_add_mark(struct sl_check *c, const struct sl_checkpoint *head,
    size_t key, struct sl_elsewhere *where)
{
	size_t i;

	c->mark =
	    sl_grow(c->mark, &c->marks_cap, c->marks_n + 1, sizeof(*c->mark));
	for (i = c->marks_n++; i > 0 && c->mark[i - 1].size > head->size; i--)
		c->mark[i] = c->mark[i - 1];
	c->mark[i] = (struct sl_mark){head->size, head->root, key, where};
}

static void
check_mark(struct sl_check *c, const struct sl_mark *m)
{
	struct sl_checkpoint head = {.size = m->size, .root = m->root};
	struct sl_digest root;

	if (m->elsewhere == NULL) {
		check_root(c, &head);
		sl_check_signed(c, m->key);
		return;
	}
	sl_tree_root(&c->tree, &root);
	if (memcmp(&root, &m->root, sizeof(root)) != 0)
		sl_check_elsewhere_wrong(
		    m->elsewhere, "a leaf is not what was signed there");
}

/* The tree has as many leaves as a marked head says. */
static void
check_marks(struct sl_check *c)
{
	for (; c->mark_at < c->marks_n &&
	       c->mark[c->mark_at].size == c->tree.size;
	     c->mark_at++)
		check_mark(c, &c->mark[c->mark_at]);
}

/* Those that cover more leaves than there are. */
static void
check_marks_behind(struct sl_check *c)
{
	for (; c->mark_at < c->marks_n; c->mark_at++) {
		if (c->mark[c->mark_at].elsewhere != NULL)
			sl_check_elsewhere_wrong(c->mark[c->mark_at].elsewhere,
			    "it covers more: the last are missing");
		else
			sl_check_fault(c, c->tree.size,
			    c->mark[c->mark_at].size - 1,
			    "a marked head covers more: the last are missing");
	}
}

void
sl_check_add(struct sl_check *c, unsigned level, const struct sl_digest *hash)
{
	if (c->tree.size == c->against_size)
		check_against(c);
	check_marks(c);
	sl_tree_append_subtree(&c->tree, level, hash);
}

bool
sl_check_leaf(struct sl_check *c, uint64_t seq, struct sl_slice bytes,
    struct sl_leaf_view *ret)
{
	if (!c->v->ok)
		return false;
	/* What is decoded encodes to the same bytes: leaf.h. */
	if (!sl_leaf_read_next(&c->reader, bytes.p, bytes.n, ret)) {
		sl_check_fault(c, seq, seq, "it is not a leaf of version 1");
		return false;
	}
	if (ret->seq != seq)
		sl_check_fault(c, seq, seq,
		    "it stands in the wrong place: it is %" PRIu64, ret->seq);
	if (ret->time_ms <= 0)
		sl_check_fault(c, seq, seq, "it has no time");
	check_origin(c, ret);
	if (ret->event == SL_EVENT_history_accepted)
		see_given_up(c, ret);
	else if (ret->event == SL_EVENT_history_broken)
		c->v->breaks++;
	return c->v->ok;
}

void
sl_check_payload(struct sl_check *c, const struct sl_leaf_view *l,
    struct sl_slice salt, struct sl_slice body)
{
	struct sl_digest d, told;

	if (salt.n != SL_SALT_LEN) {
		sl_check_fault(
		    c, l->seq, l->seq, "the salt has the wrong length");
		return;
	}
	sl_payload_digest((const uint8_t *)salt.p, body.p, body.n, &d);
	sl_leaf_payload(l, &told);
	c->v->payloads++;
	if (memcmp(&d, &told, sizeof(d)) != 0)
		sl_check_fault(c, l->seq, l->seq, "its payload was changed");
}

/* -- heads ----------------------------------------------------------------- */

void
sl_check_head(struct sl_check *c, struct sl_slice note)
{
	struct sl_checkpoint head;
	struct sl_err err;
	size_t key = 0;
	enum sl_rc rc = sl_check_open(c, note, &head, &key, &err);

	if (!c->v->ok)
		return;
	if (rc != SL_OK) {
		sl_check_fault(c, last_of(c), last_of(c),
		    "the head at %" PRIu64 ": %s", c->tree.size, err.text);
		return;
	}
	if (head.size != c->tree.size ||
	    (c->tree.size > 0 && strcmp(head.origin, c->v->origin) != 0)) {
		sl_check_fault(c, last_of(c), last_of(c),
		    "the head at %" PRIu64 " is of another tree", c->tree.size);
		return;
	}
	check_root(c, &head);
	if (!c->v->ok)
		return;
	sl_check_signed(c, key);
	c->v->heads++;
	c->v->signed_size = head.size;
}

/* -- the beginning and the end --------------------------------------------- */

void
sl_check_end(struct sl_check *c)
{
	struct sl_digest root;

	if (c->against_size == c->tree.size)
		check_against(c);
	check_marks(c);
	check_marks_behind(c);
	sl_check_marks_end(c);
	sl_check_keys_end(c);
	sl_check_elsewhere_end(c);
	if (c->v->given_ups > 0 && c->v->signed_size <= c->renamed_at)
		sl_check_fault(c, c->renamed_at, last_of(c),
		    "what was given up is not signed yet");
	if (c->against_size == UINT64_MAX - 1)
		sl_check_fault(c, 0, 0, "the earlier head is none");
	else if (c->against_size != UINT64_MAX)
		sl_check_fault(c, c->tree.size, c->against_size - 1,
		    "the earlier head covers more: the last are missing");
	sl_tree_root(&c->tree, &root);
	sl_digest_hex(&root, c->v->root);
	c->v->leaves = c->tree.size;
	sl_buf_free(&c->lines);
	free(c->mark);
}
