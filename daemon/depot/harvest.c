/*
 * Reading a harvest.
 *
 * INVARIANTS: a unit's parent is on the stack when it opens; all that lay above
 * the parent is closed before. What is read is hashed as it is read.
 */
#include "harvest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"

#define ABOUT_MAX ((size_t)64 << 10)
#define CHUNK ((size_t)256 << 10)

static const struct {
	const char *name;
	unsigned below;
} kinds[SL_KINDS] = {
#define SL_BELOW(kind) 1u << SL_KIND_##kind
#define SL_UNIT(kind, element, group, below) [SL_KIND_##kind] = {#kind, below},
#define SL_SUBTYPE(kind, type)
#include "kinds.def"
#undef SL_BELOW
#undef SL_UNIT
#undef SL_SUBTYPE
};

const char *
sl_kind_name(enum sl_kind k)
{
	return kinds[k].name;
}

const char *
sl_field_text(const json_t *o, const char *name, char *out, size_t cap)
{
	const json_t *v = json_object_get(o, name);

	if (json_is_string(v))
		return json_string_value(v);
	if (!json_is_integer(v))
		return "";
	(void)snprintf(out, cap, "%lld", (long long)json_integer_value(v));
	return out;
}

const char *
sl_unit_number(const struct sl_unit *u)
{
	static const char *const names[] = {
	    "registreringsID", "mappeID", "klasseID", "arkivskaperID"};
	const char *s;
	size_t i;

	for (; u != NULL; u = u->up)
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			s = json_string_value(
			    json_object_get(u->fields, names[i]));
			if (s != NULL && *s != '\0')
				return s;
		}
	return "";
}

/* -- harvest.json ------------------------------------------------------- */

static bool
take_count(const json_t *o, const char *name, uint64_t *ret)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(v);
	return true;
}

static bool
take_word(const json_t *o, const char *name, char *out, size_t cap)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL && sl_slice_copy(sl_slice_str(s), out, cap);
}

static bool
is_lack(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= SLUSE_LACK_MAX &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz") == n;
}

/* Most harvests have none. */
static bool
take_lacks(const json_t *o, struct sl_harvest *h)
{
	json_t *all = json_object_get(o, "lacks"), *v;
	const char *name;
	size_t n = 0;

	json_object_foreach(all, name, v)
	{
		size_t k = strlen(name);

		if (!is_lack(name) || n + k + 2 > sizeof(h->lacks))
			return false;
		if (n > 0)
			h->lacks[n++] = ' ';
		memcpy(h->lacks + n, name, k + 1);
		n += k;
	}
	return all == NULL || json_is_object(all);
}

/* Of units.jsonl; older harvests have none. */
static bool
take_digest(const json_t *o, struct sl_harvest *h)
{
	const json_t *v = json_object_get(o, "units_sha256");

	h->stated = v != NULL;
	return v == NULL ||
	       (json_is_string(v) && json_string_length(v) == SL_SHA256_HEX &&
		   sl_unhex(json_string_value(v), h->digest.b, SL_SHA256_LEN));
}

static enum sl_rc
take_about(struct sl_harvest *h, const json_t *o, struct sl_err *err)
{
	if (json_integer_value(json_object_get(o, "format")) != 1)
		return sl_err_set(err, SL_BROKEN, 0, "bad_version",
		    "harvest.json: not of format 1");
	if (!json_is_true(json_object_get(o, "complete")))
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "the harvest was not finished");
	if (!take_word(o, "target", h->target, sizeof(h->target)) ||
	    !take_word(o, "connector", h->connector, sizeof(h->connector)) ||
	    !take_word(o, "made", h->made, sizeof(h->made)) ||
	    !take_count(o, "units", &h->units) ||
	    !take_count(o, "files", &h->files) ||
	    !take_count(o, "bytes", &h->bytes) || !take_lacks(o, h) ||
	    !take_digest(o, h))
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "harvest.json: a member is missing or of another kind");
	return SL_OK;
}

static enum sl_rc
read_about(struct sl_harvest *h, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};
	enum sl_rc rc =
	    sl_read_file(h->dir, "harvest.json", ABOUT_MAX, &b, err);
	json_t *o;

	if (rc == SL_SKIP)
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "there is no harvest.json: the harvest was not finished");
	if (rc != SL_OK)
		return rc;
	o = json_loadb(sl_buf_str(&b), b.n, JSON_REJECT_DUPLICATES, NULL);
	rc = take_about(h, o, err);
	json_decref(o);
	return rc;
}

enum sl_rc
sl_harvest_open(const char *path, struct sl_harvest *ret, struct sl_err *err)
{
	struct stat st;
	enum sl_rc rc;

	memset(ret, 0, sizeof(*ret));
	ret->units_fd = -1;
	ret->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir < 0) {
		(void)sl_err_set(err, SL_BROKEN, errno, "file_unreadable",
		    "the harvest cannot be opened");
		return sl_err_of(err, path);
	}
	rc = read_about(ret, err);
	if (rc != SL_OK)
		return rc;
	ret->units_fd =
	    openat(ret->dir, "units.jsonl", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (ret->units_fd < 0 || fstat(ret->units_fd, &st) != 0 ||
	    !S_ISREG(st.st_mode))
		return sl_err_set(err, SL_BROKEN, errno, "file_unreadable",
		    "units.jsonl cannot be opened");
	ret->size = (uint64_t)st.st_size;
	return SL_OK;
}

void
sl_harvest_close(struct sl_harvest *h)
{
	if (h->dir >= 0)
		(void)close(h->dir);
	if (h->units_fd >= 0)
		(void)close(h->units_fd);
	h->dir = h->units_fd = -1;
}

int
sl_harvest_file(const struct sl_harvest *h, const struct sl_unit *u)
{
	struct stat st;
	int fd = openat(
	    h->dir, u->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

/* -- lines -------------------------------------------------------------- */

struct walk {
	struct sl_harvest *h;
	const struct sl_visitor *v;
	struct sl_unit *stack[SL_HARVEST_DEPTH];
	json_t *root[SL_HARVEST_DEPTH];
	size_t depth;
	unsigned long line;
	uint64_t units;
	struct sl_sha256 *hash;
};

static enum sl_rc
bad(const struct walk *w, struct sl_err *err, const char *what)
{
	return sl_err_set(err, SL_BROKEN, 0, "damaged",
	    "units.jsonl, line %lu: %s", w->line, what);
}

/* jansson would go deep into what is nested. */
static bool
is_shallow(const char *p, size_t n)
{
	unsigned depth = 0;
	bool text = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (text) {
			if (p[i] == '\\')
				i++;
			else if (p[i] == '"')
				text = false;
		} else if (p[i] == '"')
			text = true;
		else if (p[i] == '{' || p[i] == '[') {
			if (++depth > SL_HARVEST_NESTING)
				return false;
		} else if ((p[i] == '}' || p[i] == ']') && depth > 0)
			depth--;
	}
	return true;
}

/* A text member or "": false if it is of another kind or too long. */
static bool
take_text(const json_t *o, const char *name, size_t max, const char **ret)
{
	const json_t *v = json_object_get(o, name);

	*ret = "";
	if (v == NULL || json_is_null(v))
		return true;
	if (!json_is_string(v) || json_string_length(v) > max)
		return false;
	*ret = json_string_value(v);
	return true;
}

static bool
take_kind(const json_t *o, enum sl_kind *ret)
{
	const char *s = json_string_value(json_object_get(o, "kind"));
	int k;

	for (k = 0; s != NULL && k < SL_KINDS; k++)
		if (strcmp(kinds[k].name, s) == 0) {
			*ret = (enum sl_kind)k;
			return true;
		}
	return false;
}

static bool
knows_members(json_t *o)
{
	static const char *const known[] = {"kind", "type", "id", "parent",
	    "again", "fields", "file", "sha256", "size", "differs", "missing",
	    "lacks"};
	const char *name;
	json_t *v;
	size_t i;

	json_object_foreach(o, name, v)
	{
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (strcmp(known[i], name) == 0)
				break;
		if (i == sizeof(known) / sizeof(known[0]))
			return false;
	}
	return true;
}

/* The path follows from the digest and is nothing else. */
static bool
take_file(const json_t *o, struct sl_unit *u)
{
	const json_t *size = json_object_get(o, "size");
	struct sl_digest d;
	char path[80];

	if (!take_text(o, "file", 80, &u->file) ||
	    !take_text(o, "sha256", SL_SHA256_HEX, &u->sha256))
		return false;
	if (*u->file == '\0')
		return *u->sha256 == '\0' && size == NULL;
	if (strlen(u->sha256) != SL_SHA256_HEX ||
	    !sl_unhex(u->sha256, d.b, SL_SHA256_LEN) ||
	    !json_is_integer(size) || json_integer_value(size) < 0)
		return false;
	u->size = (uint64_t)json_integer_value(size);
	(void)snprintf(
	    path, sizeof(path), "files/%.2s/%s", u->sha256, u->sha256);
	return strcmp(path, u->file) == 0;
}

/* Two of the names change what may be shown of it. */
static bool
take_unit_lacks(const json_t *o, struct sl_unit *u)
{
	const json_t *v = json_object_get(o, "lacks");
	const char *name;
	size_t i;

	if (v != NULL && !json_is_array(v))
		return false;
	for (i = 0; i < json_array_size(v); i++) {
		name = json_string_value(json_array_get(v, i));
		if (name == NULL || !is_lack(name))
			return false;
		u->screen_unknown |= strcmp(name, "skjerming") == 0;
		u->grade_unknown |= strcmp(name, "gradering") == 0;
	}
	return true;
}

static enum sl_rc
take_unit(
    const struct walk *w, json_t *o, struct sl_unit *u, struct sl_err *err)
{
	memset(u, 0, sizeof(*u));
	u->line = w->line;
	if (!json_is_object(o) || !knows_members(o))
		return bad(w, err, "no unit, or with a member that none has");
	if (!take_kind(o, &u->kind))
		return bad(w, err, "of no kind there is");
	if (!take_text(o, "type", 40, &u->type) ||
	    !take_text(o, "id", SL_HARVEST_ID, &u->id) ||
	    !take_text(o, "parent", SL_HARVEST_ID, &u->parent))
		return bad(w, err, "type, id or parent is no short text");
	u->again = json_is_true(json_object_get(o, "again"));
	u->fields = json_object_get(o, "fields");
	if (!json_is_object(u->fields))
		return bad(w, err, "fields is no object");
	if (!take_file(o, u))
		return bad(w, err, "file, sha256 and size do not go together");
	if (!take_unit_lacks(o, u))
		return bad(w, err, "lacks is no list of names");
	return SL_OK;
}

/* The service has parties by what they are; an extraction has one list. */
static void
join_lists(json_t *fields, const char *from, const char *to)
{
	json_t *v = json_object_get(fields, from), *list, *one;
	size_t i, n = json_is_array(v) ? json_array_size(v) : 1;

	if (v == NULL || json_is_null(v))
		return;
	list = json_object_get(fields, to);
	if (!json_is_array(list)) {
		list = json_array();
		(void)json_object_set_new(fields, to, list);
	}
	for (i = 0; i < n; i++) {
		one = json_is_array(v) ? json_array_get(v, i) : v;
		if (json_is_object(one))
			(void)json_object_set_new(
			    one, "type", json_string(from));
		(void)json_array_append(list, one);
	}
	(void)json_object_del(fields, from);
}

static void
join_parties(json_t *fields)
{
	join_lists(fields, "korrespondansepartperson", "korrespondansepart");
	join_lists(fields, "korrespondansepartenhet", "korrespondansepart");
	join_lists(fields, "korrespondansepartintern", "korrespondansepart");
	join_lists(fields, "partperson", "part");
	join_lists(fields, "partenhet", "part");
}

/* -- the tree ----------------------------------------------------------- */

static enum sl_rc
leave(struct walk *w, struct sl_err *err)
{
	struct sl_unit *u = w->stack[--w->depth];
	enum sl_rc rc = SL_OK;

	if (w->v->leave != NULL)
		rc = w->v->leave(w->v->arg, u, err);
	free(u);
	json_decref(w->root[w->depth]);
	return rc;
}

static enum sl_rc
close_above(struct walk *w, size_t depth, struct sl_err *err)
{
	enum sl_rc rc = SL_OK, got;

	while (w->depth > depth) {
		/* Once it failed nobody is asked, but all is freed. */
		if (rc == SL_OK) {
			got = leave(w, err);
			rc = got;
		} else {
			free(w->stack[--w->depth]);
			json_decref(w->root[w->depth]);
		}
	}
	return rc;
}

/* How many units stay open for a child of that parent; 0 if it is not open. */
static size_t
depth_of(const struct walk *w, const char *parent)
{
	size_t i;

	for (i = w->depth; i > 0; i--)
		if (strcmp(w->stack[i - 1]->id, parent) == 0)
			return i;
	return 0;
}

static enum sl_rc
find_place(struct walk *w, struct sl_unit *u, struct sl_err *err)
{
	size_t depth = 0;
	enum sl_rc rc;

	if (*u->parent != '\0') {
		depth = depth_of(w, u->parent);
		if (depth == 0)
			return bad(w, err, "its parent is not open");
	} else if (u->kind != SL_KIND_arkiv)
		return bad(w, err, "it has no parent");
	if (depth == SL_HARVEST_DEPTH)
		return bad(w, err, "too many units in one another");
	rc = close_above(w, depth, err);
	if (rc != SL_OK)
		return rc;
	u->up = depth > 0 ? w->stack[depth - 1] : NULL;
	if (u->up != NULL) {
		u->up->children[u->kind]++;
		u->misplaced = u->up->misplaced ||
			       (kinds[u->kind].below >> u->up->kind & 1) == 0;
	}
	return SL_OK;
}

static enum sl_rc
take_object(struct walk *w, json_t *o, struct sl_err *err)
{
	struct sl_unit u;
	enum sl_rc rc = take_unit(w, o, &u, err);

	if (rc != SL_OK)
		return rc;
	w->units++;
	join_parties(u.fields);
	if (u.kind == SL_KIND_endring)
		return w->v->enter != NULL ? w->v->enter(w->v->arg, &u, err)
					   : SL_OK;
	rc = find_place(w, &u, err);
	if (rc != SL_OK)
		return rc;
	w->stack[w->depth] = sl_alloc(sizeof(u));
	*w->stack[w->depth] = u;
	w->root[w->depth] = json_incref(o);
	w->depth++;
	return w->v->enter != NULL
		   ? w->v->enter(w->v->arg, w->stack[w->depth - 1], err)
		   : SL_OK;
}

static enum sl_rc
take_line(struct walk *w, const char *p, size_t n, struct sl_err *err)
{
	json_t *o;
	enum sl_rc rc;

	w->line++;
	if (!is_shallow(p, n))
		return bad(w, err, "nested too deep");
	o = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
	if (o == NULL)
		return bad(w, err, "no JSON");
	rc = take_object(w, o, err);
	json_decref(o);
	return rc;
}

/* Whole lines out of the buffer; what is left is moved to its front. */
static enum sl_rc
take_lines(struct walk *w, char *p, size_t *n, struct sl_err *err)
{
	size_t at = 0;
	enum sl_rc rc = SL_OK;
	char *end;

	while (rc == SL_OK && (end = memchr(p + at, '\n', *n - at)) != NULL) {
		rc = take_line(w, p + at, (size_t)(end - p) - at, err);
		at = (size_t)(end - p) + 1;
	}
	*n -= at;
	memmove(p, p + at, *n);
	if (rc == SL_OK && *n >= SL_HARVEST_LINE) {
		w->line++;
		rc = bad(w, err, "longer than 4 MiB");
	}
	return rc;
}

static enum sl_rc
read_lines(struct walk *w, struct sl_err *err)
{
	SL_FREE char *p = sl_alloc(SL_HARVEST_LINE + CHUNK);
	uint64_t off = 0;
	size_t n = 0;
	ssize_t got;
	enum sl_rc rc = SL_OK;

	for (;;) {
		got = sl_pread_full(w->h->units_fd, p + n, CHUNK, off);
		if (got < 0)
			return sl_err_set(err, SL_BROKEN, errno,
			    "file_unreadable", "units.jsonl cannot be read");
		if (got == 0)
			break;
		sl_sha256_add(w->hash, p + n, (size_t)got);
		off += (uint64_t)got;
		n += (size_t)got;
		rc = take_lines(w, p, &n, err);
		if (rc != SL_OK)
			return rc;
	}
	if (n > 0) {
		w->line++;
		return bad(w, err, "it does not end");
	}
	return close_above(w, 0, err);
}

static enum sl_rc
same_as_before(struct walk *w, struct sl_err *err)
{
	struct sl_harvest *h = w->h;
	struct sl_digest d;

	sl_sha256_end(w->hash, &d);
	w->hash = NULL;
	if (w->units != h->units)
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "units.jsonl has %llu units, harvest.json says %llu",
		    (unsigned long long)w->units, (unsigned long long)h->units);
	if ((h->stated || h->walked) && memcmp(&d, &h->digest, sizeof(d)) != 0)
		return sl_err_set(err, SL_BROKEN, 0, "source_changed",
		    h->walked ? "units.jsonl changed while it was read"
			      : "units.jsonl is not the one harvest.json "
				"was written for");
	h->walked = true;
	h->digest = d;
	return SL_OK;
}

enum sl_rc
sl_harvest_walk(
    struct sl_harvest *h, const struct sl_visitor *v, struct sl_err *err)
{
	struct walk w = {.h = h, .v = v, .hash = sl_sha256_new()};
	enum sl_rc rc = read_lines(&w, err);

	if (rc == SL_OK)
		rc = same_as_before(&w, err);
	while (w.depth > 0) {
		free(w.stack[--w.depth]);
		json_decref(w.root[w.depth]);
	}
	sl_sha256_free(w.hash);
	return rc;
}
