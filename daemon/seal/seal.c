/*
 * INVARIANTS: nothing is signed that is not committed; nothing is told that is
 * not remembered outside of the database; of one name there is one history.
 * FAILURES: kill -9 between remembering and recording: the row is written at
 * the next start. A head that cannot be remembered is fatal (disk).
 */
#include "seal_p.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/base64.h"
#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../store/heads.h"

#define MEMORY "checkpoint"
#define AGAIN_MS 1000 /* no descriptor to write the head with */

static void
on_timer(void *arg)
{
	sl_loop_again(arg);
}

/* -- signing --------------------------------------------------------------- */

/* What was there before is there still: the new one is late, and no more. */
static bool
is_passing(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOSPC ||
	       error == EDQUOT;
}

static enum sl_rc
sign_head(struct sl_seal *s, struct sl_err *err)
{
	const struct sl_tree tree = *sl_store_tree(s->house.store);
	struct sl_checkpoint c = {.size = tree.size};
	SL_BUF struct sl_buf note = {0};
	enum sl_rc rc;

	(void)snprintf(
	    c.origin, sizeof(c.origin), "%s", sl_store_origin(s->house.store));
	sl_tree_root(&tree, &c.root);
	if (sl_checkpoint_sign(s->signer, &c, &note, err) != SL_OK)
		return SL_FATAL;
	rc = sl_write_file(s->dir, MEMORY, note.p, note.n, 0644, err);
	if (rc != SL_OK)
		return rc == SL_RETRY && is_passing(err->sys) ? SL_RETRY
							      : SL_FATAL;
	if (sl_head_put(s->house.store, &tree, sl_buf_str(&note), err) !=
		SL_OK ||
	    sl_store_commit(s->house.store, err) != SL_OK)
		return SL_FATAL;
	if (sl_store_loud(s->house.store) > s->signed_size)
		s->loud_size = tree.size;
	s->signed_size = tree.size;
	s->since_ms = 0;
	sl_timer_stop(s->timer);
	return sl_seal_tell(s, &c, sl_buf_str(&note), err);
}

/* Without a descriptor, or room, nothing has its name yet: nothing is in doubt,
 * the head is only late. */
static enum sl_rc
sign(struct sl_seal *s, struct sl_err *err)
{
	enum sl_rc rc = sign_head(s, err);

	if (rc != SL_RETRY)
		return rc;
	sl_timer_pull(s->timer, AGAIN_MS);
	return SL_OK;
}

enum sl_rc
sl_seal_round(struct sl_seal *s, struct sl_err *err)
{
	uint64_t size = sl_store_tree(s->house.store)->size;
	int64_t now = sl_clock_boot_ms(), left;

	if (s->halted || size == s->signed_size)
		return SL_OK;
	if (s->since_ms == 0)
		s->since_ms = now;
	left = s->since_ms + s->house.cfg->journal.checkpoint_after_ms - now;
	if (left > 0 &&
	    size - s->signed_size < s->house.cfg->journal.checkpoint_entries) {
		sl_timer_pull(s->timer, left);
		return SL_OK;
	}
	return sign(s, err);
}

/* -- what was signed before ------------------------------------------------ */

/* One reason more why the log is not what was signed. */
static void __attribute__((format(printf, 2, 3)))
lose(struct sl_seal *s, const char *fmt, ...)
{
	size_t n = strlen(s->lost);
	va_list ap;

	if (n > 0 && n + 2 < sizeof(s->lost)) {
		(void)snprintf(s->lost + n, sizeof(s->lost) - n, "; ");
		n += 2;
	}
	va_start(ap, fmt);
	(void)vsnprintf(s->lost + n, sizeof(s->lost) - n, fmt, ap);
	va_end(ap);
}

/* How many events there were before it was seen that others had been signed:
 * what is told of that is none of them. */
static uint64_t
left_of(struct sl_seal *s)
{
	uint64_t size = sl_store_tree(s->house.store)->size, seq;

	return sl_store_find_event(s->house.store, s->signed_size,
		   SL_EVENT_history_broken, &seq)
		   ? seq
		   : size;
}

/* A head of c, whoever signed it, that is not our beginning. */
static void
lose_head(struct sl_seal *s, const struct sl_checkpoint *c, const char *whose)
{
	uint64_t left = left_of(s);

	if (c->size > left)
		lose(s,
		    "a head of %" PRIu64 " events was signed%s; there are "
		    "%" PRIu64 ", so %" PRIu64 " or more are lost",
		    c->size, whose, left, c->size - left);
	else
		lose(s,
		    "a head of %" PRIu64 " events was signed%s; those that are "
		    "there are others",
		    c->size, whose);
}

/* All that may have signed a head of that name. */
static size_t
keys_of(struct sl_seal *s, const char *origin, struct sl_vkey *ret)
{
	size_t n = sl_journal_keys(s->house.store, ret);
	const struct sl_vkey *own;

	/* Keys of the backup may be older than the signature: ours counts. */
	if (s->signer == NULL)
		return n;
	own = sl_signer_vkey(s->signer);
	ret[n++] = *own;
	if (sl_origin_is_before(origin, own->name) &&
	    sl_vkey_make(origin, own->type, own->pub, &ret[n]))
		n++;
	return n;
}

/* Is it of a log that a person gave up? The leaf that says so anybody could
 * have written: the key must have signed under the new name since. */
static bool
is_given_up(struct sl_seal *s, const char *origin)
{
	const char *now = sl_store_origin(s->house.store);
	SL_BUF struct sl_buf note = {0};
	struct sl_checkpoint c;
	uint64_t size;

	return s->signer != NULL && sl_origin_is_before(origin, now) &&
	       sl_head_last(s->house.store, INT64_MAX, &size, &note) &&
	       sl_checkpoint_open(sl_slice_buf(&note),
		   sl_signer_vkey(s->signer), 1, &c, NULL) == SL_OK &&
	       strcmp(c.origin, now) == 0;
}

/* SL_SKIP: it says nothing (none there, not ours, given up; memory is none of
 * these: it has the new name as soon as there is one). SL_REJECT: it is not our
 * beginning, or (memory) nobody can tell; s->lost says what it was. */
static enum sl_rc
compare(struct sl_seal *s, struct sl_slice note, bool memory)
{
	struct sl_vkey keys[SL_KEYS_MAX + 2];
	const char *origin = sl_store_origin(s->house.store);
	struct sl_checkpoint c, told = {.size = 0};
	struct sl_digest root;
	struct sl_tree tree;
	struct sl_note raw;
	bool read = sl_note_parse(note.p, note.n, &raw, NULL) == SL_OK &&
		    sl_checkpoint_parse(raw.text, &told, NULL) == SL_OK;
	size_t n = keys_of(s, read ? told.origin : "", keys);

	if (!memory && read && is_given_up(s, told.origin))
		return SL_SKIP;
	if (sl_checkpoint_open(note, keys, n, &c, NULL) != SL_OK) {
		if (!memory)
			return SL_SKIP;
		if (read)
			lose_head(s, &told, " by a key that is not known");
		else
			lose(s, "what was signed last cannot be read");
		return SL_REJECT;
	}
	if (strcmp(c.origin, origin) == 0 &&
	    sl_store_tree_at(s->house.store, c.size, &tree)) {
		sl_tree_root(&tree, &root);
		if (memcmp(&root, &c.root, sizeof(root)) == 0)
			return SL_OK;
	}
	lose_head(s, &c, "");
	return SL_REJECT;
}

/* Our own memory: SL_SKIP if there is none and need be none. */
static enum sl_rc
compare_memory(struct sl_seal *s, struct sl_err *err)
{
	SL_BUF struct sl_buf mine = {0};
	SL_BUF struct sl_buf row = {0};
	const struct sl_tree *t = sl_store_tree(s->house.store);
	bool rows =
	    sl_head_last(s->house.store, INT64_MAX, &s->signed_size, &row);
	struct sl_checkpoint c;
	struct sl_note n;
	struct sl_tree then;
	enum sl_rc rc = sl_read_file(s->dir, MEMORY, SL_NOTE_MAX, &mine, err);

	/* That it cannot be read now does not say that it is gone. */
	if (rc == SL_FATAL || rc == SL_RETRY)
		return sl_err_set(err, SL_FATAL, err->sys, "disk_error",
		    "the head that was signed last cannot be read");
	if (rc != SL_OK && !rows)
		return SL_SKIP;
	if (rc != SL_OK) {
		lose(s, "what was signed last is not remembered");
		return SL_REJECT;
	}
	rc = compare(s, sl_slice_buf(&mine), true);
	if (rc != SL_OK || sl_note_parse(mine.p, mine.n, &n, NULL) != SL_OK ||
	    sl_checkpoint_parse(n.text, &c, NULL) != SL_OK)
		return rc;
	/* A crash came before it was recorded. */
	if ((!rows || c.size > s->signed_size) && c.size <= t->size &&
	    sl_store_tree_at(s->house.store, c.size, &then)) {
		s->signed_size = c.size;
		return sl_head_put(
		    s->house.store, &then, sl_buf_str(&mine), err);
	}
	return SL_OK;
}

/* A head that is not our beginning, and was shown from outside: at the next
 * start nobody may be there to show it again. */
static void
remember(struct sl_seal *s, struct sl_slice note)
{
	struct sl_err err;

	if (sl_write_file(s->dir, MEMORY, note.p, note.n, 0644, &err) != SL_OK)
		sl_log(SL_LOG_ERR, "journal",
		    "cannot remember what was signed elsewhere errno=\"%d\"",
		    err.sys);
}

static enum sl_rc
compare_elsewhere(struct sl_seal *s)
{
	enum sl_rc rc;
	SL_BUF struct sl_buf note = {0};
	SL_FREE char *path = NULL;

	if (*s->house.cfg->journal.head_file == '\0')
		return SL_SKIP;
	path = sl_path_below(s->house.root, s->house.cfg->journal.head_file);
	if (sl_read_file(AT_FDCWD, path, SL_NOTE_MAX, &note, NULL) != SL_OK)
		return SL_SKIP;
	rc = compare(s, sl_slice_buf(&note), false);
	if (rc == SL_REJECT)
		remember(s, sl_slice_buf(&note));
	return rc;
}

static enum sl_rc
log_text(struct sl_seal *s, enum sl_event event, const char *actor,
    json_t *payload, struct sl_err *err)
{
	SL_FREE char *text = json_dumps(payload, JSON_COMPACT);

	json_decref(payload);
	return sl_store_log(s->house.store, event, "-", actor,
	    text != NULL ? text : "{}", 0, 0, err);
}

static enum sl_rc
halt(struct sl_seal *s, struct sl_err *err)
{
	s->halted = true;
	s->house.halt(s->house.arg, true);
	sl_log(SL_LOG_CRIT, "journal",
	    "the sporingslogg is not the one that was signed: %s. Nothing is "
	    "claimed, delivered or signed; see slused(8), RESTORING",
	    s->lost);
	return log_text(s, SL_EVENT_history_broken, "slused",
	    json_pack("{s:s}", "detail", s->lost), err);
}

/* A key that signs for the first time has its leaf. */
static enum sl_rc
log_key(struct sl_seal *s, struct sl_err *err)
{
	const struct sl_vkey *k = sl_signer_vkey(s->signer);
	struct sl_vkey keys[SL_KEYS_MAX];
	size_t n = sl_journal_keys(s->house.store, keys);
	SL_BUF struct sl_buf text = {0};

	if (n > 0 && memcmp(keys[n - 1].pub, k->pub, sizeof(k->pub)) == 0 &&
	    strcmp(keys[n - 1].name, k->name) == 0)
		return SL_OK;
	sl_vkey_text(k, &text);
	if (sl_journal_key_put(s->house.store, k, NULL, err) != SL_OK)
		return SL_FATAL;
	return log_text(s, SL_EVENT_key_made, "slused",
	    json_pack("{s:s}", "new", sl_buf_str(&text)), err);
}

/* The file that is there is not the key that signed last. */
static bool
other_key(struct sl_seal *s)
{
	struct sl_vkey keys[SL_KEYS_MAX];
	size_t n = sl_journal_keys(s->house.store, keys);

	return n > 0 && memcmp(keys[n - 1].pub, sl_signer_vkey(s->signer)->pub,
			    sizeof(keys[0].pub)) != 0;
}

enum sl_rc
sl_seal_start(
    const struct sl_seal_house *house, struct sl_seal **ret, struct sl_err *err)
{
	SL_FREE char *path = sl_asprintf("%s/journal", house->root);
	struct sl_seal *s = sl_alloc(sizeof(*s));
	enum sl_rc rc;

	*ret = s;
	s->house = *house;
	s->timer = sl_loop_timer(house->loop, on_timer, house->loop);
	s->dir = -1;
	if (sl_make_path(path, 0755, err) != SL_OK)
		return SL_FATAL;
	s->dir = sl_open_dir(AT_FDCWD, path);
	if (s->dir < 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot open the folder of the journal's head");
	rc = sl_seal_key(s, &s->signer, err);
	if (rc == SL_FATAL)
		return rc;
	if (rc == SL_SKIP)
		lose(s, "the key that signed is gone");
	else if (other_key(s))
		lose(s, "the key is not the one that signed");
	rc = compare_memory(s, err);
	if (rc == SL_FATAL)
		return rc;
	if (rc != SL_REJECT)
		(void)compare_elsewhere(s);
	s->loud_size = s->signed_size;
	return *s->lost != '\0' ? halt(s, err) : log_key(s, err);
}

uint64_t
sl_seal_signed(const struct sl_seal *s)
{
	return s->signed_size;
}

uint64_t
sl_seal_loud(const struct sl_seal *s)
{
	return s->loud_size;
}

enum sl_rc
sl_seal_shown(struct sl_seal *s, const struct sl_checkpoint *head,
    const uint8_t sig[SL_NOTE_SIGNATURE_LEN], bool *ret_proven,
    struct sl_err *err)
{
	SL_BUF struct sl_buf note = {0};

	*ret_proven = false;
	if (s->halted)
		return SL_OK;
	sl_checkpoint_text(head, &note);
	sl_buf_add_char(&note, '\n');
	sl_note_add_signature(head->origin, sig, &note);
	if (compare(s, sl_slice_buf(&note), false) != SL_REJECT)
		return SL_OK;
	*ret_proven = true;
	remember(s, sl_slice_buf(&note));
	return halt(s, err);
}

bool
sl_seal_halted(const struct sl_seal *s)
{
	return s->halted;
}

enum sl_rc
sl_seal_stop(struct sl_seal *s, bool sign, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;

	if (s == NULL)
		return SL_OK;
	if (sign && !s->halted && s->signer != NULL &&
	    !sl_store_dirty(s->house.store) &&
	    sl_store_tree(s->house.store)->size != s->signed_size) {
		rc = sign_head(s, err);
		if (rc == SL_OK)
			rc = sl_store_commit(s->house.store, err);
	}
	sl_signer_free(s->signer);
	sl_timer_end(s->timer);
	sl_cleanup_close(&s->dir);
	free(s);
	return rc;
}

/* -- what an administrator decides ----------------------------------------- */

/* What is remembered gets a second name, for the first is written over: it is
 * evidence. */
static enum sl_rc
put_aside(struct sl_seal *s, struct sl_err *err)
{
	SL_FREE char *name =
	    sl_asprintf("given-up-%" PRId64, sl_clock_utc_ms());

	if (linkat(s->dir, MEMORY, s->dir, name, 0) != 0 && errno != ENOENT)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot put the old head aside");
	return sl_sync_fd(s->dir, "journal", err);
}

enum sl_rc
sl_seal_accept(
    struct sl_seal *s, const char *why, const char *actor, struct sl_err *err)
{
	SL_FREE char *old = sl_strdup(sl_store_origin(s->house.store));
	SL_FREE char *name = NULL;
	size_t base;
	unsigned number = sl_origin_generation(old, &base);
	enum sl_rc rc;

	if (!s->halted)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "the sporingslogg is what was signed; there is nothing to "
		    "accept");
	name = sl_asprintf("%.*s~%u", (int)base, old, number + 1);
	sl_store_rename(s->house.store, name);
	sl_signer_free(SL_TAKE(s->signer));
	rc = sl_seal_key(s, &s->signer, err);
	if (rc != SL_OK) {
		sl_store_rename(s->house.store, old);
		return rc == SL_FATAL
			   ? rc
			   : sl_err_set(err, SL_REJECT, 0, "not_possible",
				 "there is no key to go on with: "
				 "put journal-key back first");
	}
	if (log_text(s, SL_EVENT_history_accepted, actor,
		json_pack("{s:s, s:s, s:s, s:s}", "old", old, "new", name,
		    "lost", s->lost, "why", why),
		err) != SL_OK ||
	    log_key(s, err) != SL_OK ||
	    s->house.commit(s->house.arg) != SL_OK ||
	    put_aside(s, err) != SL_OK)
		return SL_FATAL;
	s->lost[0] = '\0';
	s->halted = false;
	s->house.halt(s->house.arg, false);
	sl_log(SL_LOG_WARNING, "journal",
	    "the sporingslogg goes on as it is, under a new name origin=\"%s\"",
	    name);
	return sign(s, err);
}

enum sl_rc
sl_seal_rotate(
    struct sl_seal *s, const char *why, const char *actor, struct sl_err *err)
{
	struct sl_signer *next = NULL;
	SL_BUF struct sl_buf note = {0};
	SL_BUF struct sl_buf old = {0};
	SL_BUF struct sl_buf new = {0};
	enum sl_rc rc;

	if (s->halted)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "the sporingslogg is not the one that was signed");
	rc = sl_seal_key_next(s, &next, err);
	if (rc != SL_OK)
		return rc;
	sl_vkey_text(sl_signer_vkey(s->signer), &old);
	sl_vkey_text(sl_signer_vkey(next), &new);
	if (sl_seal_introduce(s->signer, next, &note, err) != SL_OK ||
	    sl_journal_key_put(s->house.store, sl_signer_vkey(next),
		sl_buf_str(&note), err) != SL_OK ||
	    log_text(s, SL_EVENT_key_changed, actor,
		json_pack("{s:s, s:s, s:s}", "old", sl_buf_str(&old), "new",
		    sl_buf_str(&new), "why", why),
		err) != SL_OK ||
	    s->house.commit(s->house.arg) != SL_OK ||
	    sl_seal_key_use(s, err) != SL_OK) {
		sl_signer_free(next);
		return SL_FATAL;
	}
	sl_signer_free(s->signer);
	s->signer = next;
	return sign(s, err);
}

void
sl_seal_status(struct sl_seal *s, struct sl_buf *b)
{
	sl_buf_printf(b,
	    "{\"size\":%" PRIu64 ",\"signed\":%" PRIu64
	    ",\"halted\":%s,\"not_told\":\"%s%s%s\",\"why\":",
	    sl_store_tree(s->house.store)->size, s->signed_size,
	    s->halted ? "true" : "false", s->no_file ? "head_file" : "",
	    s->no_file && s->no_mail ? ", " : "", s->no_mail ? "mail_dir" : "");
	sl_text_json(b, s->lost, strlen(s->lost));
	sl_buf_add_char(b, '}');
}
