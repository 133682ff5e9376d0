/*
 * Whose word counts while a journal is verified, and who else has signed it.
 *
 * A key counts if it was given (or, where none was, if it is the log's first),
 * if one that counts has introduced it, or if it is one that counts under the
 * name of a log that goes on. What others have signed is covered by a later
 * head of one that counts, or it is a fault; who was introduced by nobody is
 * one in any case.
 */
#include <inttypes.h>
#include <string.h>

#include "../base/text.h"
#include "verify_p.h"

#define KEY_HEAD "sluse/key/v1\n"

bool
sl_verify_keys(struct sl_slice lines, struct sl_vkey *ret, size_t *ret_n)
{
	struct sl_slice line;
	const char *end;

	for (*ret_n = 0; lines.n > 0;) {
		end = memchr(lines.p, '\n', lines.n);
		line.p = lines.p;
		line.n = end != NULL ? (uint32_t)(end - lines.p) : lines.n;
		lines.p += line.n + (end != NULL);
		lines.n -= line.n + (end != NULL);
		if (line.n == 0)
			continue;
		if (*ret_n == SL_VERIFY_GIVEN_MAX ||
		    !sl_vkey_parse(line.p, line.n, &ret[(*ret_n)++]))
			return false;
	}
	return *ret_n > 0;
}

static struct sl_known_key *
add(struct sl_check *c, const struct sl_vkey *k)
{
	struct sl_known_key *known = &c->known[c->keys_n];

	c->keys[c->keys_n++] = *k;
	*known = (struct sl_known_key){.from = UINT64_MAX};
	return known;
}

void
sl_check_given_keys(struct sl_check *c)
{
	size_t i;

	for (i = 0; i < c->ask->keys_n; i++)
		add(c, &c->ask->key[i])->counts = true;
}

/* "sluse/key/v1", the name, the vkey; signed by the new key itself. *ret is
 * the note, for whoever else has signed it. */
static bool
is_introduction(
    const struct sl_vkey *k, struct sl_slice introduction, struct sl_note *ret)
{
	SL_BUF struct sl_buf text = {0};

	if (introduction.n == 0 ||
	    sl_note_parse(introduction.p, introduction.n, ret, NULL) != SL_OK)
		return false;
	sl_buf_printf(&text, KEY_HEAD "%s\n", k->name);
	sl_vkey_text(k, &text);
	sl_buf_add_char(&text, '\n');
	return text.n == ret->text.n &&
	       memcmp(text.p, ret->text.p, text.n) == 0 &&
	       sl_note_verify(ret, k, 1, NULL, NULL) == SL_OK;
}

/* The same key under the name that the log has had since it went on. */
static bool
is_renamed(const struct sl_vkey *old, const struct sl_vkey *k)
{
	return memcmp(old->pub, k->pub, sizeof(k->pub)) == 0 &&
	       strncmp(old->name, k->name, strcspn(k->name, "~")) == 0;
}

static bool
is_same(const struct sl_vkey *a, const struct sl_vkey *b)
{
	return strcmp(a->name, b->name) == 0 &&
	       memcmp(a->pub, b->pub, sizeof(a->pub)) == 0;
}

/* What those before it say of k. */
static void
judge(const struct sl_check *c, const struct sl_vkey *k,
    struct sl_slice introduction, struct sl_known_key *ret)
{
	struct sl_note note;
	bool one = is_introduction(k, introduction, &note), leads;
	size_t i;

	for (i = 0; i < c->keys_n && !ret->counts; i++) {
		leads = is_renamed(&c->keys[i], k) ||
			(one && sl_note_verify(&note, &c->keys[i], 1, NULL,
				    NULL) == SL_OK);
		if (leads && !c->known[i].stranger)
			ret->stranger = false;
		ret->counts = leads && c->known[i].counts;
	}
}

void
sl_check_key(
    struct sl_check *c, struct sl_slice vkey, struct sl_slice introduction)
{
	struct sl_known_key how = {.from = UINT64_MAX, .stranger = true};
	bool first = !c->named;
	struct sl_vkey k;
	size_t i;

	if (c->keys_n == SL_VERIFY_KEYS_MAX ||
	    !sl_vkey_parse(vkey.p, vkey.n, &k)) {
		sl_check_fault(c, 0, 0, "a key cannot be read");
		return;
	}
	c->named = true;
	for (i = 0; i < c->keys_n; i++)
		if (is_same(&c->keys[i], &k))
			return;
	if (first) /* nobody could introduce it */
		how = (struct sl_known_key){
		    .from = UINT64_MAX, .counts = c->ask->keys_n == 0};
	else
		judge(c, &k, introduction, &how);
	*add(c, &k) = how;
}

enum sl_rc
sl_check_open(struct sl_check *c, struct sl_slice note,
    struct sl_checkpoint *ret, size_t *ret_key, struct sl_err *err)
{
	size_t i, at;
	enum sl_rc rc;

	/* Most often it is the one that signed the last. */
	for (i = 0; i < c->keys_n; i++) {
		at = (c->signer + i) % c->keys_n;
		rc = sl_checkpoint_open(note, &c->keys[at], 1, ret, err);
		if (rc == SL_SKIP)
			continue;
		*ret_key = c->signer = at;
		return rc;
	}
	return sl_checkpoint_open(note, NULL, 0, ret, err);
}

void
sl_check_signed(struct sl_check *c, size_t key)
{
	struct sl_known_key *k = &c->known[key];

	if (k->counts) {
		c->counted_size = c->seen_size = c->tree.size;
		return;
	}
	if (k->from == UINT64_MAX)
		k->from = c->seen_size > 0 ? c->seen_size : c->renamed_at;
	c->loose_size = c->tree.size;
	c->loose = key;
}

/* Everybody whom nobody introduced: told, and the first is the fault. */
static void
tell_strangers(struct sl_check *c)
{
	struct sl_verify *v = c->v;
	uint64_t from, last = c->tree.size > 0 ? c->tree.size - 1 : 0;
	const struct sl_vkey *k;
	size_t i;

	for (i = 0; i < c->keys_n; i++) {
		if (!c->known[i].stranger)
			continue;
		k = &c->keys[i];
		from = c->known[i].from;
		v->stranger[v->strangers++] =
		    (struct sl_verify_stranger){*k, from};
		if (from == UINT64_MAX)
			sl_check_fault(c, 0, last,
			    "the key %s+%02x%02x%02x%02x is not introduced by "
			    "one before it",
			    k->name, k->id[0], k->id[1], k->id[2], k->id[3]);
		else
			sl_check_fault(c, from, from < last ? last : from,
			    "the key %s+%02x%02x%02x%02x, which signs from "
			    "sequence %" PRIu64 " on, is not introduced by one "
			    "before it",
			    k->name, k->id[0], k->id[1], k->id[2], k->id[3],
			    from);
	}
}

void
sl_check_keys_end(struct sl_check *c)
{
	const struct sl_vkey *k = &c->keys[c->loose];

	tell_strangers(c);
	if (c->loose_size > c->counted_size)
		sl_check_fault(c, c->counted_size, c->loose_size - 1,
		    "the head at %" PRIu64 " is signed by %s+%02x%02x%02x%02x,"
		    " which is none of the keys that were given, nor "
		    "introduced by one",
		    c->loose_size, k->name, k->id[0], k->id[1], k->id[2],
		    k->id[3]);
}
