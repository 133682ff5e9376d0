/*
 * INVARIANTS: every number a line names is held against what was read before
 * it; after sl_pronom_parse nothing writes to the table, and its pages are
 * read-only.
 *
 * SECURITY: the file is the administrator's. All the same a damaged one must
 * only be refused: its checksum is the first thing looked at.
 */
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/hash.h"
#include "../base/mem.h"
#include "../base/text.h"

#define MAGIC "sluse-pronom\t1\n"
#define FIELDS_MAX 400u
#define FAR_BYTES 2048u
/* A byte of text becomes at most so many in memory. */
#define GROWTH 24u
#define HUGE ((size_t)2 << 20)

struct field {
	const char *p;
	size_t n;
};

struct loader {
	struct sl_pronom *t;
	struct field f[FIELDS_MAX];
	size_t fields, line;
	const char *wrong;
	/* growing, copied into the region at the end */
	struct sl_pronom_format *format;
	struct sl_signature *signature;
	struct sl_path *path;
	struct sl_extension *extension;
	size_t format_cap, signature_cap, path_cap, extension_cap;
	struct field *over; /* of each format: as it stands */
	size_t over_cap;
	const struct sl_piece **word; /* by number; [0] unused */
	size_t word_cap;
};

static bool
fail(struct loader *l, const char *why)
{
	if (l->wrong == NULL)
		l->wrong = why;
	return false;
}

static void *
room(struct loader *l, size_t n)
{
	void *p = sl_region_alloc(&l->t->r, n);

	if (p == NULL)
		(void)fail(l, "the table is too large");
	return p;
}

static const char *
keep(struct loader *l, struct field f)
{
	char *s = room(l, f.n + 1);

	if (s == NULL)
		return "";
	memcpy(s, f.p, f.n);
	s[f.n] = '\0';
	return s;
}

static bool
field_is(struct field f, const char *s)
{
	return f.n == strlen(s) && memcmp(f.p, s, f.n) == 0;
}

static void
split(struct loader *l, const char *p, size_t n, char sign)
{
	const char *end = p + n, *at;

	for (l->fields = 0;; p = at + 1) {
		at = memchr(p, sign, (size_t)(end - p));
		if (l->fields == FIELDS_MAX) {
			(void)fail(l, "too many fields");
			return;
		}
		l->f[l->fields++] =
		    (struct field){p, (size_t)((at != NULL ? at : end) - p)};
		if (at == NULL)
			return;
	}
}

/* -- formats --------------------------------------------------------------- */

static void
add_extensions(struct loader *l, uint32_t format, const char *list)
{
	struct sl_pronom *t = l->t;
	size_t n;

	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		l->extension = sl_grow(l->extension, &l->extension_cap,
		    t->extensions + 1, sizeof(*l->extension));
		l->extension[t->extensions++] = (struct sl_extension){
		    keep(l, (struct field){list, n}), format};
	}
}

/* f PUID NAME VERSION MIME EXTENSIONS PREFERRED-TO */
static bool
take_format(struct loader *l)
{
	struct sl_pronom *t = l->t;
	struct sl_pronom_format *f;

	if (l->fields != 7 || l->f[1].n == 0 || l->f[1].n > 30)
		return fail(l, "a format has six fields");
	if (t->formats >= SL_PRONOM_FORMATS_MAX)
		return fail(l, "too many formats");
	l->format = sl_grow(
	    l->format, &l->format_cap, t->formats + 1, sizeof(*l->format));
	l->over =
	    sl_grow(l->over, &l->over_cap, t->formats + 1, sizeof(*l->over));
	l->over[t->formats] = l->f[6];
	f = &l->format[t->formats];
	*f = (struct sl_pronom_format){.puid = keep(l, l->f[1]),
	    .name = keep(l, l->f[2]),
	    .version = keep(l, l->f[3]),
	    .mime = keep(l, l->f[4]),
	    .extensions = keep(l, l->f[5]),
	    .accepted = ""};
	add_extensions(l, t->formats, f->extensions);
	t->formats++;
	return l->wrong == NULL;
}

/* -- signatures --------------------------------------------------------------
 */

/* Equal literals get one number. */
static void
number_word(struct loader *l, struct sl_piece *p)
{
	const struct sl_string *s = p->string, *o;
	uint32_t i;

	if (p->strings != 1 || s->lit == NULL || s->n < 2)
		return;
	for (i = 1; i <= l->t->words; i++) {
		o = l->word[i]->string;
		if (o->n == s->n && memcmp(o->lit, s->lit, s->n) == 0) {
			p->word = i;
			return;
		}
	}
	l->word =
	    sl_grow(l->word, &l->word_cap, l->t->words + 2, sizeof(*l->word));
	l->word[++l->t->words] = p;
	p->word = l->t->words;
}

/* Is there much to look through for piece k? */
static bool
is_far(const struct sl_sequence *q, uint32_t k)
{
	const struct sl_piece *p = &q->piece[k];

	if (q->anchor == SL_FROM_EOF) /* matched backwards, byte by byte */
		return false;
	return k > 0 ? p->gap_max - p->gap_min > FAR_BYTES
		     : q->offset_max - q->offset_min > FAR_BYTES;
}

/* Fields from..to as sequences; literals that may be far are given a number. */
static bool
take_sequences(struct loader *l, size_t from, size_t to,
    const struct sl_sequence **ret, uint32_t *ret_n)
{
	struct sl_sequence *q = room(l, (to - from) * sizeof(*q));
	struct sl_piece *p;
	const char *why;
	size_t i;
	uint32_t k;

	if (q == NULL)
		return false;
	for (i = from; i < to; i++) {
		why = sl_sequence_parse(
		    l->f[i].p, l->f[i].n, &l->t->r, &q[i - from]);
		if (why != NULL)
			return fail(l, why);
		for (k = 0; k < q[i - from].pieces; k++) {
			p = (struct sl_piece *)(uintptr_t)&q[i - from].piece[k];
			if (is_far(&q[i - from], k))
				number_word(l, p);
		}
	}
	*ret = q;
	*ret_n = (uint32_t)(to - from);
	return true;
}

static struct sl_signature *
new_signature(struct loader *l, enum sl_container where)
{
	struct sl_pronom *t = l->t;
	struct sl_signature *s;

	if (t->formats == 0 || l->fields < 3) {
		(void)fail(l, "a signature without a format or a sequence");
		return NULL;
	}
	if (t->signatures >= SL_PRONOM_SIGNATURES_MAX) {
		(void)fail(l, "too many signatures");
		return NULL;
	}
	l->signature = sl_grow(l->signature, &l->signature_cap,
	    t->signatures + 1, sizeof(*l->signature));
	s = &l->signature[t->signatures++];
	memset(s, 0, sizeof(*s));
	s->format = t->formats - 1;
	s->where = where;
	l->format[s->format].has_signature = true;
	return s;
}

/* Cheap ones first: what hangs on the beginning, then on the end, then what
 * may be anywhere; of equals, the one with the nearer bound. */
static uint64_t
cost(const struct sl_sequence *q)
{
	return (uint64_t)q->anchor << 34 |
	       (uint64_t)(q->offset_max - q->offset_min);
}

static int
by_cost(const void *a, const void *b)
{
	uint64_t x = cost(a), y = cost(b);

	return (x > y) - (x < y);
}

/* b ID SEQUENCE... */
static bool
take_bytes(struct loader *l)
{
	struct sl_signature *s = new_signature(l, SL_IN_FILE);
	uint32_t i;

	if (s == NULL ||
	    !take_sequences(l, 2, l->fields, &s->sequence, &s->sequences))
		return false;
	qsort((void *)(uintptr_t)s->sequence, s->sequences,
	    sizeof(*s->sequence), by_cost);
	for (i = 0; i < s->sequences; i++)
		s->needs_all |= s->sequence[i].anchor == SL_ANYWHERE;
	return true;
}

static uint32_t
path_number(struct loader *l, enum sl_container where, struct field f)
{
	struct sl_pronom *t = l->t;
	uint32_t slot = sl_path_hash(where, f.p, f.n), i;

	for (i = t->path_slot[slot]; i != 0; i = l->path[i].next)
		if (l->path[i].where == where && l->path[i].n == f.n &&
		    memcmp(l->path[i].name, f.p, f.n) == 0)
			return i;
	if (t->paths + 1 >= SL_PRONOM_PATHS_MAX) {
		(void)fail(l, "too many paths");
		return 0;
	}
	i = ++t->paths;
	l->path = sl_grow(l->path, &l->path_cap, i + 1u, sizeof(*l->path));
	l->path[i] = (struct sl_path){
	    keep(l, f), (uint32_t)f.n, t->path_slot[slot], where};
	t->path_slot[slot] = i;
	return i;
}

/* z|o ID @PATH [SEQUENCE...] [@PATH ...] */
static bool
take_container(struct loader *l, enum sl_container where)
{
	struct sl_signature *s = new_signature(l, where);
	struct sl_member_sign *m;
	size_t i, k;

	if (s == NULL)
		return false;
	for (i = 2; i < l->fields; i++)
		s->members += l->f[i].n > 1 && l->f[i].p[0] == '@';
	m = room(l, s->members * sizeof(*m));
	if (m == NULL)
		return false;
	s->member = m;
	for (i = 2; i < l->fields; i = k, m++) {
		if (l->f[i].n < 2 || l->f[i].p[0] != '@')
			return fail(l, "a path is missing");
		m->path = path_number(
		    l, where, (struct field){l->f[i].p + 1, l->f[i].n - 1});
		for (k = i + 1;
		     k < l->fields && l->f[k].n > 0 && l->f[k].p[0] != '@'; k++)
			;
		if (k > i + 1 &&
		    !take_sequences(l, i + 1, k, &m->sequence, &m->sequences))
			return false;
	}
	return l->wrong == NULL;
}

/* -- lines -------------------------------------------------------------------
 */

static bool
take_line(struct loader *l, const char *p, size_t n)
{
	split(l, p, n, '\t');
	if (l->wrong != NULL || l->f[0].n != 1)
		return field_is(l->f[0], "version") ||
			       field_is(l->f[0], "source") ||
			       field_is(l->f[0], "note")
			   ? l->wrong == NULL
			   : fail(l, "an unknown line");
	switch (l->f[0].p[0]) {
	case 'f':
		return take_format(l);
	case 'b':
		return take_bytes(l);
	case 'z':
		return take_container(l, SL_IN_ZIP);
	case 'o':
		return take_container(l, SL_IN_OLE2);
	default:
		return fail(l, "an unknown line");
	}
}

/* version SIGNATURES DATE CONTAINERS */
static bool
take_version(struct loader *l, const char *p, size_t n)
{
	split(l, p, n, '\t');
	if (l->fields != 4 || !field_is(l->f[0], "version") || l->f[1].n == 0 ||
	    l->f[1].n > 12 || l->f[3].n > 12)
		return fail(l, "a version is missing");
	(void)snprintf(l->t->version, sizeof(l->t->version), "%.*s/%.*s",
	    (int)l->f[1].n, l->f[1].p, (int)l->f[3].n, l->f[3].p);
	return true;
}

/* The last line is "end", and the digest of all before it. */
static bool
check_sum(struct loader *l, const char *p, size_t n, size_t *ret_body)
{
	const size_t tail = 4 + SL_SHA256_HEX + 1;
	struct sl_digest d;
	char hex[SL_SHA256_HEX + 1];

	if (n < sizeof(MAGIC) - 1 || memcmp(p, MAGIC, sizeof(MAGIC) - 1) != 0)
		return fail(l, "no table of this kind");
	if (n < sizeof(MAGIC) + tail || p[n - 1] != '\n' ||
	    memcmp(p + n - tail, "end\t", 4) != 0 || p[n - tail - 1] != '\n')
		return fail(l, "its end is missing");
	sl_sha256(p, n - tail, &d);
	sl_digest_hex(&d, hex);
	if (memcmp(p + n - tail + 4, hex, SL_SHA256_HEX) != 0)
		return fail(l, "its checksum is another");
	*ret_body = n - tail;
	return true;
}

static bool
take_lines(struct loader *l, const char *p, size_t n)
{
	const char *nl;
	size_t i = sizeof(MAGIC) - 1;

	for (l->line = 2; i < n; i = (size_t)(nl - p) + 1, l->line++) {
		nl = memchr(p + i, '\n', n - i);
		if (nl == NULL)
			return fail(l, "a line without an end");
		if (p[i] == '#')
			continue;
		if (l->t->version[0] == '\0'
			? !take_version(l, p + i, (size_t)(nl - p) - i)
			: !take_line(l, p + i, (size_t)(nl - p) - i))
			return false;
	}
	return l->t->version[0] != '\0' ? true : fail(l, "no version");
}

/* -- all of it
 * ----------------------------------------------------------------- */

struct by_puid {
	const char *puid;
	uint32_t n;
};

static int
compare_puid(const void *a, const void *b)
{
	return strcmp(((const struct by_puid *)a)->puid,
	    ((const struct by_puid *)b)->puid);
}

static struct by_puid *
sort_puids(const struct loader *l)
{
	struct by_puid *b = sl_alloc((l->t->formats + 1u) * sizeof(*b));
	uint32_t i;

	for (i = 0; i < l->t->formats; i++)
		b[i] = (struct by_puid){l->format[i].puid, i};
	qsort(b, l->t->formats, sizeof(*b), compare_puid);
	return b;
}

/* "fmt/1,fmt/2" of every format, as numbers. */
static bool
link_overs(struct loader *l, const struct by_puid *sorted)
{
	struct by_puid key, *at;
	struct field f;
	uint32_t i, k, *over;
	char puid[32];

	for (i = 0; i < l->t->formats; i++) {
		f = l->over[i];
		if (f.n == 0)
			continue;
		split(l, f.p, f.n, ',');
		over = room(l, l->fields * sizeof(*over));
		if (over == NULL)
			return false;
		l->format[i].over = over;
		for (k = 0; k < l->fields; k++) {
			(void)snprintf(puid, sizeof(puid), "%.*s",
			    (int)(l->f[k].n < 31 ? l->f[k].n : 31), l->f[k].p);
			key.puid = puid;
			at = bsearch(&key, sorted, l->t->formats,
			    sizeof(*sorted), compare_puid);
			if (at == NULL)
				return fail(
				    l, "preferred to an unknown format");
			over[l->format[i].overs++] = at->n;
		}
	}
	return true;
}

static int
by_extension(const void *a, const void *b)
{
	const struct sl_extension *x = a, *y = b;
	int c = strcmp(x->ext, y->ext);

	return c != 0 ? c : (x->format > y->format) - (x->format < y->format);
}

/* Those of files before those of containers. */
static int
by_where(const void *a, const void *b)
{
	const struct sl_signature *x = a, *y = b;

	if ((x->where == SL_IN_FILE) != (y->where == SL_IN_FILE))
		return x->where == SL_IN_FILE ? -1 : 1;
	return (x->format > y->format) - (x->format < y->format);
}

static void *
settle(struct loader *l, const void *p, size_t n)
{
	void *q = room(l, n > 0 ? n : 1);

	if (q != NULL && n > 0)
		memcpy(q, p, n);
	return q;
}

static bool
finish(struct loader *l)
{
	struct sl_pronom *t = l->t;
	struct by_puid *sorted = sort_puids(l);
	bool ok = link_overs(l, sorted);
	uint32_t i;

	t->by_puid = room(l, (t->formats + 1u) * sizeof(*t->by_puid));
	for (i = 0; t->by_puid != NULL && i < t->formats; i++)
		t->by_puid[i] = sorted[i].n;
	free(sorted);
	if (!ok)
		return false;
	if (t->extensions > 0)
		qsort(l->extension, t->extensions, sizeof(*l->extension),
		    by_extension);
	if (t->signatures > 0)
		qsort(l->signature, t->signatures, sizeof(*l->signature),
		    by_where);
	while (t->first_container < t->signatures &&
	       l->signature[t->first_container].where == SL_IN_FILE)
		t->first_container++;
	t->format = settle(l, l->format, t->formats * sizeof(*t->format));
	t->signature =
	    settle(l, l->signature, t->signatures * sizeof(*t->signature));
	t->extension =
	    settle(l, l->extension, t->extensions * sizeof(*t->extension));
	t->path = settle(l, l->path,
	    l->path != NULL ? (t->paths + 1u) * sizeof(*t->path) : 0);
	t->word = room(l, (t->words + 1u) * sizeof(*t->word));
	if (l->wrong != NULL)
		return false;
	for (i = 1; i <= t->words; i++)
		t->word[i] = l->word[i]->string;
	l->wrong = sl_index_build(t);
	return l->wrong == NULL;
}

/* "2022" or, where it has dates, "2022:2018-01-01/..", after what is there. */
static bool
accept(struct loader *l, struct sl_pronom_format *f)
{
	const struct field none = {"", 0};
	struct field from = l->fields > 2 ? l->f[2] : none,
		     to = l->fields > 3 ? l->f[3] : none;
	char all[256];
	bool dates = from.n > 0 || to.n > 0;
	int n;

	if (from.n > 10 || to.n > 10)
		return fail(l, "a date is wrong");
	n = snprintf(all, sizeof(all), "%s%s%.*s", f->accepted,
	    *f->accepted != '\0' ? "," : "", (int)l->f[0].n, l->f[0].p);
	if (dates && n < (int)sizeof(all))
		n += snprintf(all + n, sizeof(all) - (size_t)n, ":%.*s/%.*s",
		    from.n > 0 ? (int)from.n : 2, from.n > 0 ? from.p : "..",
		    to.n > 0 ? (int)to.n : 2, to.n > 0 ? to.p : "..");
	if (n >= (int)sizeof(all))
		return fail(l, "too many lists");
	f->accepted = keep(l, (struct field){all, (size_t)n});
	return l->wrong == NULL;
}

/* Lists of what is accepted: LIST PUID FROM TO WHAT-BESIDES. */
static bool
take_lists(struct loader *l, const char *p, size_t n)
{
	const struct sl_pronom_format *f;
	const char *nl, *end = p + n;
	char puid[32];

	for (l->line = 1; p < end; p = nl + 1, l->line++) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			return fail(l, "a line without an end");
		if (*p == '#' || p == nl)
			continue;
		split(l, p, (size_t)(nl - p), '\t');
		if (l->wrong != NULL || l->fields < 2 || l->f[0].n == 0 ||
		    l->f[0].n > 16 || l->f[1].n > 31)
			return fail(l, "not a list and a PUID");
		(void)snprintf(
		    puid, sizeof(puid), "%.*s", (int)l->f[1].n, l->f[1].p);
		f = sl_pronom_find(l->t, puid);
		/* One that is newer than the table is no fault. */
		if (f != NULL && !accept(l, &l->t->format[f - l->t->format]))
			return false;
	}
	return l->wrong == NULL;
}

/* What is private and in huge pages is simply there in a child; what is shared
 * or in small ones is mapped anew by each, sixteen pages at a time. */
static void *
map_huge(size_t n)
{
	char *p = mmap(NULL, n + HUGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before;

	if (p == MAP_FAILED)
		return p;
	before = -(uintptr_t)p & (HUGE - 1);
	if (before > 0)
		(void)munmap(p, before);
	(void)munmap(p + before + n, HUGE - before);
	(void)madvise(p + before, n, MADV_HUGEPAGE);
	return p + before;
}

static struct sl_pronom *
new_table(size_t text)
{
	size_t cap = sizeof(struct sl_pronom) + (text + 4096) * GROWTH;
	struct sl_pronom *t;
	void *p;

	cap = (cap + HUGE - 1) & ~(HUGE - 1);
	p = map_huge(cap);
	if (p == MAP_FAILED)
		return NULL;
	t = p;
	t->mapped = cap;
	t->r = (struct sl_region){p, sizeof(*t), cap};
	return t;
}

/* What was not used goes back; the rest can only be read from now on. */
static void
seal(struct sl_pronom *t)
{
	size_t used = (t->r.n + HUGE - 1) & ~(HUGE - 1), all = t->mapped;

	t->mapped = used;
	if (used < all)
		(void)munmap((char *)t + used, all - used);
	(void)mprotect(t, used, PROT_READ);
}

static void
loader_free(struct loader *l)
{
	free(l->format);
	free(l->signature);
	free(l->path);
	free(l->extension);
	free(l->over);
	free((void *)(uintptr_t)l->word);
	free(l);
}

enum sl_rc
sl_pronom_parse(const char *p, size_t n, const char *lists, size_t lists_n,
    struct sl_pronom **ret, struct sl_err *err)
{
	struct loader *l;
	enum sl_rc rc = SL_OK;
	size_t body = 0;

	if (n > SL_PRONOM_FILE_MAX || lists_n > SL_PRONOM_FILE_MAX)
		return sl_err_set(
		    err, SL_REJECT, 0, "unsupported", "PRONOM: too large");
	l = sl_alloc(sizeof(*l));
	l->t = new_table(n + lists_n);
	if (l->t == NULL)
		(void)fail(l, "no memory");
	else if (check_sum(l, p, n, &body) && take_lines(l, p, body) &&
		 finish(l))
		(void)take_lists(l, lists, lists_n);
	if (l->wrong != NULL) {
		rc = sl_err_set(err, SL_REJECT, 0, "unsupported",
		    "PRONOM table: %s (line %zu)", l->wrong, l->line);
		sl_pronom_free(l->t);
	} else {
		seal(l->t);
		*ret = l->t;
	}
	loader_free(l);
	return rc;
}

enum sl_rc
sl_pronom_load(const char *path, const char *lists, struct sl_pronom **ret,
    struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0}, l = {0};
	const char *slash = strrchr(path, '/');
	SL_FREE char *beside = sl_asprintf("%.*saccepted.tsv",
	    slash != NULL ? (int)(slash - path) + 1 : 0, path);
	enum sl_rc rc =
	    sl_read_file(AT_FDCWD, path, SL_PRONOM_FILE_MAX, &b, err);

	if (rc != SL_OK)
		return rc;
	rc = sl_read_file(AT_FDCWD, beside, SL_PRONOM_FILE_MAX, &l, err);
	if (rc == SL_SKIP && lists != NULL)
		rc = sl_read_file(AT_FDCWD, lists, SL_PRONOM_FILE_MAX, &l, err);
	if (rc != SL_OK && rc != SL_SKIP)
		return rc;
	return sl_pronom_parse(
	    sl_buf_str(&b), b.n, sl_buf_str(&l), l.n, ret, err);
}

void
sl_pronom_free(struct sl_pronom *t)
{
	if (t != NULL)
		(void)munmap(t, t->mapped);
}

/* -- asking
 * -------------------------------------------------------------------- */

const char *
sl_pronom_version(const struct sl_pronom *t)
{
	return t->version;
}

size_t
sl_pronom_formats(const struct sl_pronom *t)
{
	return t->formats;
}

size_t
sl_pronom_signatures(const struct sl_pronom *t)
{
	return t->signatures;
}

const struct sl_pronom_format *
sl_pronom_find(const struct sl_pronom *t, const char *puid)
{
	uint32_t lo = 0, hi = t->formats, mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = strcmp(t->format[t->by_puid[mid]].puid, puid);
		if (c == 0)
			return &t->format[t->by_puid[mid]];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

uint32_t
sl_path_hash(enum sl_container where, const char *name, size_t n)
{
	uint32_t h = 2166136261u ^ (uint32_t)where;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619u;
	return h % SL_PATH_SLOTS;
}

uint32_t
sl_path_find(const struct sl_pronom *t, enum sl_container where,
    const char *name, size_t n)
{
	uint32_t i = t->path_slot[sl_path_hash(where, name, n)];

	for (; i != 0; i = t->path[i].next)
		if (t->path[i].where == where && t->path[i].n == n &&
		    memcmp(t->path[i].name, name, n) == 0)
			return i;
	return 0;
}
