/*
 * An export verified: no instance, nothing written, nothing believed.
 *
 * SECURITY: names are made here, never taken from the folder; files are read to
 * a limit and links are not followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../journal/tile.h"
#include "verify_p.h"

#define BUNDLE_MAX (SL_TILE_WIDTH * (2 + SL_LEAF_MAX))
#define CONTENTS_MAX 128
#define NO_EXCUSE "its payload is missing, and no event says why"

/* A payload that is not there, and the event that is said to tell of it, which
 * comes later. */
struct excuse {
	uint64_t seq, event; /* event 0: it was found */
};

struct offline {
	struct sl_check c;
	int dir;
	uint64_t size;
	bool payloads;
	struct sl_buf path, bundle, hashes, tile, bodies;
	struct sl_sha256_laid laid[SL_SHA256_LAY];
	struct sl_digest hash[SL_TILE_WIDTH]; /* of one bundle */
	struct sl_tiler *tiler;
	struct excuse *excuse; /* by seq */
	size_t excuses, excuse_cap;
};

static bool
read_path(struct offline *o, size_t max, struct sl_buf *out)
{
	sl_buf_reset(out);
	out->max = max + 1;
	return sl_read_file(o->dir, sl_buf_str(&o->path), max, out, NULL) ==
	       SL_OK;
}

static bool
read_tile(struct offline *o, int level, uint64_t n, unsigned width,
    struct sl_buf *out)
{
	sl_buf_reset(&o->path);
	sl_tile_path(&o->path, "tile", level, n, width);
	return read_path(
	    o, level == SL_TILE_ENTRIES ? BUNDLE_MAX : SL_TILE_BYTES, out);
}

/* Tiles above the leaves: what we computed against what lies there. Those of
 * the leaves were compared one by one. */
static bool
see_tile(void *arg, int level, uint64_t n, const struct sl_digest *hashes,
    unsigned width)
{
	struct offline *o = arg;
	uint64_t span = UINT64_C(1) << (8 * level),
		 first = n * SL_TILE_WIDTH * span;

	if (level == 0)
		return true;
	if (!read_tile(o, level, n, width, &o->tile) ||
	    o->tile.n != width * sizeof(*hashes) ||
	    memcmp(o->tile.p, hashes, o->tile.n) != 0)
		sl_check_fault(&o->c, first, first + width * span - 1,
		    "tile %s does not fit", sl_buf_str(&o->path));
	return true;
}

/* -- payloads -------------------------------------------------------------- */

static void
see_excuse(struct offline *o, const struct sl_leaf_view *l, json_int_t event)
{
	if (event <= 0 || (uint64_t)event <= l->seq ||
	    (uint64_t)event >= o->size) {
		sl_check_fault(&o->c, l->seq, l->seq, NO_EXCUSE);
		return;
	}
	o->excuse = sl_grow(
	    o->excuse, &o->excuse_cap, o->excuses + 1, sizeof(*o->excuse));
	o->excuse[o->excuses++] =
	    (struct excuse){.seq = l->seq, .event = (uint64_t)event};
	o->c.v->erased++;
}

static struct excuse *
find_excuse(struct offline *o, uint64_t seq)
{
	size_t low = 0, high = o->excuses, at;

	while (low < high) {
		at = low + (high - low) / 2;
		if (o->excuse[at].seq < seq)
			low = at + 1;
		else
			high = at;
	}
	return low < o->excuses && o->excuse[low].seq == seq ? &o->excuse[low]
							     : NULL;
}

/* An event that erased payloads: those that it names may be gone. */
static void
take_erased(struct offline *o, uint64_t event, const json_t *body)
{
	json_t *j = json_loadb(
	    json_string_value(body), json_string_length(body), 0, NULL);
	const json_t *all = json_object_get(j, "erased");
	struct excuse *e;
	size_t i;

	for (i = 0; i < json_array_size(all); i++) {
		e = find_excuse(
		    o, (uint64_t)json_integer_value(json_array_get(all, i)));
		if (e != NULL && e->event == event)
			e->event = 0;
	}
	json_decref(j);
}

static void
check_excuses(struct offline *o)
{
	size_t i;

	for (i = 0; i < o->excuses; i++)
		if (o->excuse[i].event != 0)
			sl_check_fault(&o->c, o->excuse[i].seq,
			    o->excuse[i].seq, NO_EXCUSE);
}

static void
see_payload(
    struct offline *o, const struct sl_leaf_view *l, struct sl_slice line)
{
	json_t *j = json_loadb(line.p, line.n, 0, NULL);
	const json_t *body = json_object_get(j, "body");
	uint8_t raw[SL_SALT_LEN];
	struct sl_slice text;

	if ((uint64_t)json_integer_value(json_object_get(j, "seq")) != l->seq)
		sl_check_fault(&o->c, l->seq, l->seq, "its payload is missing");
	else if (json_is_integer(json_object_get(j, "erased")))
		see_excuse(
		    o, l, json_integer_value(json_object_get(j, "erased")));
	else if (!sl_payload_read(j, raw, &text))
		sl_check_fault(
		    &o->c, l->seq, l->seq, "its payload cannot be read");
	else
		sl_check_payload(&o->c, l,
		    (struct sl_slice){(const char *)raw, sizeof(raw)}, text);
	if (l->event == SL_EVENT_erased && json_is_string(body))
		take_erased(o, l->seq, body);
	json_decref(j);
}

/* -- leaves ---------------------------------------------------------------- */

static void
see_leaf(struct offline *o, uint64_t seq, struct sl_slice bytes,
    struct sl_slice *bodies)
{
	struct sl_slice line;
	struct sl_leaf_view l;

	if (!sl_check_leaf(&o->c, seq, bytes, &l) || !o->payloads)
		return;
	if (sl_slice_line(bodies, &line))
		see_payload(o, &l, line);
	else
		sl_check_fault(&o->c, seq, seq, "its payload is missing");
}

/* As many entries as there are, up to width, are hashed and looked at. Result:
 * how many. */
static unsigned
see_leaves(struct offline *o, uint64_t first, unsigned width,
    struct sl_slice *entries, struct sl_slice *bodies)
{
	struct sl_slice one[SL_SHA256_LAY];
	bool laid[SL_SHA256_LAY];
	unsigned i, n, done = 0;

	do {
		for (n = 0; n < SL_SHA256_LAY && done + n < width &&
			    sl_tile_entry(entries, &one[n]);
		     n++)
			laid[n] = sl_sha256_lay(
			    &o->laid[n], SL_TREE_LEAF, one[n].p, one[n].n);
		for (i = 0; i < n; i++, done++) {
			if (laid[i])
				sl_sha256_laid(&o->laid[i], &o->hash[done]);
			else
				sl_tree_leaf_hash(
				    one[i].p, one[i].n, &o->hash[done]);
			see_leaf(o, first + done, one[i], bodies);
		}
	} while (n == SL_SHA256_LAY);
	return done;
}

static void
see_hashes(struct offline *o, uint64_t first, unsigned width)
{
	const struct sl_digest *told = (const void *)o->hashes.p;
	unsigned i;

	if (memcmp(o->hash, told, width * sizeof(*told)) == 0)
		return;
	for (i = 0; memcmp(&o->hash[i], &told[i], sizeof(*told)) == 0; i++)
		;
	sl_check_fault(&o->c, first + i, first + i,
	    "it is not the leaf that its tile names");
}

/* The leaves' hashes into the tree: all at once where nothing is to be seen in
 * between. */
static void
add_hashes(struct offline *o, uint64_t first, unsigned width)
{
	uint64_t stop = sl_check_next_stop(&o->c);
	struct sl_digest root;
	unsigned i;

	if (width == SL_TILE_WIDTH &&
	    (stop <= first || stop >= first + width)) {
		(void)sl_tiler_add_tile(o->tiler, o->hash, &root);
		sl_check_add(&o->c, 8, &root);
		return;
	}
	for (i = 0; i < width; i++) {
		(void)sl_tiler_add(o->tiler, &o->hash[i]);
		sl_check_add(&o->c, 0, &o->hash[i]);
	}
}

static void
see_bundle(struct offline *o, uint64_t n, unsigned width)
{
	uint64_t first = n * SL_TILE_WIDTH;
	struct sl_slice entries, bodies = {0};
	unsigned i;

	if (!read_tile(o, SL_TILE_ENTRIES, n, width, &o->bundle) ||
	    !read_tile(o, 0, n, width, &o->hashes) ||
	    o->hashes.n != width * (size_t)SL_SHA256_LEN) {
		sl_check_fault(&o->c, first, first + width - 1,
		    "%s is missing or cut", sl_buf_str(&o->path));
		return;
	}
	if (o->payloads) {
		sl_buf_reset(&o->path);
		sl_tile_path(&o->path, "payload", SL_TILE_ENTRIES, n, width);
		sl_buf_add_str(&o->path, ".jsonl");
		if (!read_path(o, BUNDLE_MAX, &o->bodies))
			sl_check_fault(&o->c, first, first + width - 1,
			    "%s is missing", sl_buf_str(&o->path));
		bodies = sl_slice_buf(&o->bodies);
	}
	entries = sl_slice_buf(&o->bundle);
	i = see_leaves(o, first, width, &entries, &bodies);
	if (o->c.v->ok && bodies.n > 0)
		sl_check_fault(&o->c, first, first + width - 1,
		    "there are payloads without their leaf");
	if (i < width || entries.n > 0) {
		sl_check_fault(&o->c, first + i, first + width - 1,
		    "its bundle of entries is malformed");
		return;
	}
	see_hashes(o, first, width);
	add_hashes(o, first, width);
}

/* -- the whole ------------------------------------------------------------- */

static void
take_keys(struct offline *o)
{
	SL_BUF struct sl_buf vkey = {0};
	SL_BUF struct sl_buf note = {0};
	int n;

	for (n = 1; n <= (int)SL_VERIFY_KEYS_MAX; n++) {
		sl_buf_reset(&o->path);
		sl_buf_printf(&o->path, "key/%d.vkey", n);
		if (!read_path(o, 1024, &vkey)) {
			if (n == 1)
				sl_check_fault(
				    &o->c, 0, 0, "key/1.vkey is missing");
			return;
		}
		if (vkey.n == 0 || vkey.p[vkey.n - 1] != '\n')
			sl_check_fault(
			    &o->c, 0, 0, "%s was cut", sl_buf_str(&o->path));
		sl_buf_reset(&o->path);
		sl_buf_printf(&o->path, "key/%d.note", n);
		if (!read_path(o, SL_NOTE_MAX, &note))
			sl_buf_reset(&note);
		sl_check_key(&o->c, sl_slice_buf(&vkey), sl_slice_buf(&note));
	}
}

static enum sl_rc
take_head(struct offline *o, struct sl_buf *head, struct sl_err *err)
{
	struct sl_checkpoint c;
	struct sl_note note;

	sl_buf_reset(&o->path);
	sl_buf_add_str(&o->path, "checkpoint");
	if (!read_path(o, SL_NOTE_MAX, head))
		return sl_err_set(err, SL_REJECT, 0, "bad_folder",
		    "there is no checkpoint: that is no export");
	if (sl_note_parse(head->p, head->n, &note, err) != SL_OK)
		return SL_REJECT;
	if (sl_checkpoint_parse(note.text, &c, err) != SL_OK)
		return SL_REJECT;
	o->size = c.size;
	o->c.v->tree_size = c.size;
	return SL_OK;
}

/* vkey and key.pem are for those who verify by hand: they must be the key that
 * signed. */
static void
check_key_files(struct offline *o, const struct sl_buf *head)
{
	static const char *const names[] = {"vkey", "key.pem"};
	struct sl_checkpoint c;
	size_t i, k;

	for (i = 0; i < 2; i++) {
		SL_BUF struct sl_buf want = {0};

		for (k = 0; k < o->c.keys_n && want.n == 0; k++) {
			if (sl_checkpoint_open(sl_slice_buf(head),
				&o->c.keys[k], 1, &c, NULL) != SL_OK)
				continue;
			if (i == 1)
				sl_vkey_pem(&o->c.keys[k], &want);
			else
				sl_vkey_text(&o->c.keys[k], &want);
		}
		if (i == 0)
			sl_buf_add_char(&want, '\n');
		sl_buf_reset(&o->path);
		sl_buf_add_str(&o->path, names[i]);
		if (!read_path(o, 1024, &o->tile) || o->tile.n != want.n ||
		    memcmp(o->tile.p, want.p, want.n) != 0)
			sl_check_fault(&o->c, 0, 0,
			    "%s is not the key that signed", names[i]);
	}
}

/* Somebody may have put his cosignature under the head itself. */
static void
see_witness(struct offline *o, const struct sl_buf *head)
{
	const struct sl_vkey *k = o->c.ask->witness;
	uint8_t mark[SL_COSIGNATURE_LEN];
	struct sl_note note;
	struct sl_err err;
	enum sl_rc rc;

	if (k == NULL || sl_note_parse(head->p, head->n, &note, NULL) != SL_OK)
		return;
	rc = sl_cosignature_find(&note, k, mark, &err);
	if (rc == SL_OK)
		sl_check_cosigned(&o->c, sl_slice_buf(head), k, mark);
	else if (rc == SL_REJECT)
		sl_check_fault(&o->c, 0, o->size, "the head: %s", err.text);
}

/* Are there payloads, and are there those that it says it has? */
static void
take_contents(struct offline *o)
{
	bool there = faccessat(o->dir, "payload", F_OK, 0) == 0;

	sl_buf_reset(&o->path);
	sl_buf_add_str(&o->path, SL_EXPORT_CONTENTS);
	if (!read_path(o, CONTENTS_MAX, &o->tile))
		sl_check_fault(&o->c, 0, 0, SL_EXPORT_CONTENTS " is missing");
	else if (sl_slice_eq(sl_slice_buf(&o->tile), SL_EXPORT_WITH))
		o->payloads = true;
	else if (!sl_slice_eq(sl_slice_buf(&o->tile), SL_EXPORT_WITHOUT) ||
		 there)
		sl_check_fault(&o->c, 0, 0,
		    SL_EXPORT_CONTENTS " does not say what is there");
	if (o->payloads && !there && o->size > 0)
		sl_check_fault(&o->c, 0, o->size - 1,
		    "payload/ is missing, which the export says it has");
}

static void
walk(struct offline *o, const struct sl_buf *head)
{
	uint64_t n = 0, left;

	take_keys(o);
	sl_check_export_marks(&o->c, o->dir);
	take_contents(o);
	while (o->c.tree.size < o->size) {
		left = o->size - o->c.tree.size;
		see_bundle(o, n,
		    left < SL_TILE_WIDTH ? (unsigned)left : SL_TILE_WIDTH);
		if (!o->c.v->ok)
			return; /* what was found first is what is told */
		n++;
	}
	(void)sl_tiler_end(o->tiler);
	check_excuses(o);
	sl_check_head(&o->c, sl_slice_buf(head));
	see_witness(o, head);
	check_key_files(o, head);
}

enum sl_rc
sl_query_verify_export(const char *dir, const struct sl_verify_ask *ask,
    struct sl_verify *ret, struct sl_err *err)
{
	struct offline o = {.dir = sl_open_dir(AT_FDCWD, dir)};
	SL_BUF struct sl_buf head = {0};
	enum sl_rc rc;

	if (o.dir < 0)
		return sl_err_set(err, SL_REJECT, errno, "bad_folder",
		    "cannot open the folder");
	sl_check_begin(&o.c, ask, ret);
	o.tiler = sl_alloc(sizeof(*o.tiler));
	o.tiler->tile = see_tile;
	o.tiler->arg = &o;
	rc = take_head(&o, &head, err);
	if (rc == SL_OK)
		walk(&o, &head);
	sl_check_end(&o.c);
	free(o.tiler);
	free(o.excuse);
	sl_buf_free(&o.path);
	sl_buf_free(&o.bundle);
	sl_buf_free(&o.hashes);
	sl_buf_free(&o.tile);
	sl_buf_free(&o.bodies);
	sl_cleanup_close(&o.dir);
	return rc;
}
