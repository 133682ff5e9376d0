/*
 * INVARIANTS: every document of the delivery ends in a post; a document that is
 * named and is not there stops its post; of two descriptions that say the same
 * kind of thing neither is believed; a signed container never goes where a
 * screened document of it may not be seen.
 */
#include "package.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/mem.h"
#include "../registry/registry.h"
#include "../wire/roles.h"

#define LEVELS_MAX 16
#define POSTS_MAX 64u
#define WAYS 3 /* to write the name of a file */

struct work {
	const struct sl_pack_part *part;
	size_t part_n;
	const struct sl_pack_named *named;
	size_t named_n;
	size_t *up; /* index of the parent; itself at the top */
	bool *level; /* lies where a description would count */
	bool *placed; /* in a post already */
	bool form; /* one of the descriptions is a form's */
	bool *names; /* a description that names a document */
	/* The files that may be named, in the order of each way to name them.
	 */
	struct file {
		const char *key;
		size_t part,
		    taken; /* how many of that name are, at the first */
	} * file[WAYS];
	size_t file_n;
	/* What lies in part i: kids[kids_at[i]] up to kids_at[i + 1]. */
	size_t *kids, *kids_at, *below;
	/* The last post (from 1) that has it, and what lies below it. */
	unsigned *in, *below_in;
	struct sl_pack_plan *plan;
};

/* -- the level of the package ---------------------------------------------- */

static void
find_parents(struct work *w)
{
	size_t i, first = 0;

	for (i = 0; i < w->part_n; i++) {
		if (w->part[i].number == 0)
			first = i;
		w->up[i] =
		    w->part[i].number != 0 && first + w->part[i].parent < i
			? first + w->part[i].parent
			: i;
	}
}

/* Sorted by counting: a part lies behind the one it lies in. */
static void
find_kids(struct work *w)
{
	size_t i, n = w->part_n;
	SL_FREE size_t *at = sl_alloc((n + 1) * sizeof(*at));

	for (i = 0; i < n; i++)
		w->kids_at[w->up[i] + 1] += w->up[i] != i;
	for (i = 0; i < n; i++) {
		w->kids_at[i + 1] += w->kids_at[i];
		at[i] = w->kids_at[i];
	}
	for (i = 0; i < n; i++)
		if (w->up[i] != i)
			w->kids[at[w->up[i]]++] = i;
}

static bool
is_archive(const struct sl_pack_part *p)
{
	return p->role == SL_PART_CONTAINER && *p->reason == '\0' &&
	       (*p->reader == '\0' ||
		   strncmp(p->mime, SL_MIME_ASIC, strlen(SL_MIME_ASIC)) == 0);
}

static bool
is_content(const struct sl_pack_part *p)
{
	return p->role != SL_PART_SIDECAR && p->role != SL_PART_SKIPPED;
}

/* The files of one level; in: those in `at` (SIZE_MAX: the top). The only
 * content of it, if that is an archive; else SIZE_MAX. */
static size_t
enter(struct work *w, size_t at)
{
	size_t i, only = SIZE_MAX, n = 0;

	for (i = 0; i < w->part_n; i++) {
		if (at == SIZE_MAX ? w->up[i] != i : w->up[i] != at || i == at)
			continue;
		w->level[i] = true;
		if (is_content(&w->part[i]) && n++ == 0)
			only = i;
	}
	return n == 1 && is_archive(&w->part[only]) ? only : SIZE_MAX;
}

static void
find_level(struct work *w)
{
	size_t at = SIZE_MAX, i;
	int depth = 0;

	do
		at = enter(w, at);
	while (at != SIZE_MAX && ++depth < LEVELS_MAX);
	/* The files that lie in a description, as in a PutMessage. */
	for (i = 0; i < w->part_n; i++)
		if (w->up[i] != i && w->level[w->up[i]] &&
		    w->part[w->up[i]].role == SL_PART_SIDECAR)
			w->level[i] = true;
}

static bool
is_wrapping(const char *name)
{
	return strcmp(name, "mimetype") == 0 ||
	       strncmp(name, "META-INF/", 9) == 0;
}

static void
mark_parts(struct work *w)
{
	uint8_t *mark = w->plan->mark;
	size_t i;

	for (i = 0; i < w->part_n; i++) {
		if (*w->part[i].describes == '\0')
			continue;
		mark[i] = w->level[i] ? SL_PACK_DESCRIBES : SL_PACK_ELSEWHERE;
		w->plan->described |= w->level[i];
		w->form |= w->level[i] && is_content(&w->part[i]);
	}
	for (i = 0; i < w->part_n && w->plan->described; i++)
		if (mark[i] == SL_PACK_NONE && w->level[i] &&
		    is_wrapping(w->part[i].name))
			mark[i] = SL_PACK_WRAPPING;
}

static bool
is_document(const struct work *w, size_t i)
{
	uint8_t mark = w->plan->mark[i];

	return mark == SL_PACK_ELSEWHERE ||
	       (w->part[i].document && mark != SL_PACK_WRAPPING);
}

/* -- which description tells the documents ----------------------------------
 */

static size_t
rank_of(const char *kind)
{
	static const char *const order[] = {"fiks-arkiv", "arkivmelding",
	    "best-edu", "svarinn", "sbd", "manifest"};
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (strcmp(order[i], kind) == 0)
			return i;
	return SIZE_MAX;
}

/* SIZE_MAX: none. *ret_twice: two of one kind, and nobody knows which. */
static size_t
choose(const struct work *w, bool *ret_twice)
{
	size_t i, best = SIZE_MAX, rank, best_rank = SIZE_MAX;

	*ret_twice = false;
	for (i = 0; i < w->part_n; i++) {
		if (w->plan->mark[i] != SL_PACK_DESCRIBES ||
		    (!w->names[i] && w->part[i].posts == 0))
			continue;
		rank = rank_of(w->part[i].describes);
		if (rank == SIZE_MAX || rank > best_rank)
			continue;
		*ret_twice = rank == best_rank;
		best = i;
		best_rank = rank;
	}
	return best;
}

/* What is wrong with a description is wrong with all of its posts. */
static const char *
stop_of_all(const struct work *w)
{
	static const char *const order[] = {
	    "package_graded", "package_invalid"};
	const char *stop = NULL;
	size_t i, k;

	for (i = 0; i < w->part_n; i++) {
		if (w->plan->mark[i] != SL_PACK_DESCRIBES ||
		    *w->part[i].reason == '\0')
			continue;
		for (k = 0; k < 2; k++)
			if (strcmp(w->part[i].reason, order[k]) == 0)
				break;
		if (k == 0)
			return w->part[i].reason;
		if (stop == NULL || k == 1)
			stop = w->part[i].reason;
	}
	return stop;
}

/* -- files by name ----------------------------------------------------------
 */

static const char *
base_of(const char *s)
{
	const char *p, *base = s;

	for (p = s; *p != '\0'; p++)
		if ((*p == '/' || *p == '\\') && p[1] != '\0')
			base = p + 1;
	return base;
}

static const char *
plain(const char *s)
{
	while (strncmp(s, "./", 2) == 0 || *s == '/')
		s += *s == '/' ? 1 : 2;
	return s;
}

/* The whole path; the name alone; the name in any case: how else senders write
 * what they zip. */
static const char *
key_of(const char *name, int how)
{
	return how == 0 ? plain(name) : base_of(name);
}

static int
by_key(const void *a, const void *b)
{
	const struct file *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	return c != 0 ? c : (x->part > y->part) - (x->part < y->part);
}

static int
by_any_case(const void *a, const void *b)
{
	const struct file *x = a, *y = b;
	int c = strcasecmp(x->key, y->key);

	return c != 0 ? c : (x->part > y->part) - (x->part < y->part);
}

static void
index_files(struct work *w)
{
	struct file *f;
	size_t i;
	int how;

	for (how = 0; how < WAYS; how++) {
		w->file[how] = sl_alloc((w->part_n + 1) * sizeof(*f));
		w->file_n = 0;
		for (i = 0; i < w->part_n; i++)
			if (w->level[i] &&
			    w->plan->mark[i] != SL_PACK_WRAPPING &&
			    w->part[i].role != SL_PART_SKIPPED)
				w->file[how][w->file_n++] = (struct file){
				    .key = key_of(w->part[i].name, how),
				    .part = i};
		qsort(w->file[how], w->file_n, sizeof(*f),
		    how == 2 ? by_any_case : by_key);
	}
}

/* Those of that name; of them the first that no other name took, else SIZE_MAX.
 * *ret_first: the first at all, or SIZE_MAX. */
static size_t
find_key(struct work *w, const char *key, int how, size_t *ret_first)
{
	int (*cmp)(const char *, const char *) = how == 2 ? strcasecmp : strcmp;
	struct file *f = w->file[how];
	size_t from = 0, to = w->file_n, mid;

	while (from < to) {
		mid = from + (to - from) / 2;
		if (cmp(f[mid].key, key) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	*ret_first = SIZE_MAX;
	if (from == w->file_n || cmp(f[from].key, key) != 0)
		return SIZE_MAX;
	*ret_first = f[from].part;
	/* What is taken stays taken: never looked at twice. */
	for (mid = from + f[from].taken;
	     mid < w->file_n && cmp(f[mid].key, key) == 0; mid++) {
		if (!w->placed[f[mid].part])
			return f[mid].part;
		f[from].taken++;
	}
	return SIZE_MAX;
}

/* One that no other name took comes first: two files may have one name. */
static size_t
find_file(struct work *w, const char *file)
{
	size_t part, first, again = SIZE_MAX;
	int how;

	for (how = 0; how < WAYS; how++) {
		part = find_key(w, key_of(file, how), how, &first);
		if (part != SIZE_MAX)
			return part;
		if (again == SIZE_MAX)
			again = first;
	}
	return again;
}

static bool
is_as_said(const struct sl_pack_part *p, const struct sl_pack_named *n)
{
	if ((n->checks & SL_NAMED_SHA256) != 0)
		return memcmp(&p->sha256, &n->sha256, sizeof(n->sha256)) == 0;
	return (n->checks & SL_NAMED_SIZE) == 0 || p->size == 0 ||
	       p->size == n->size;
}

/* -- documents of a post ----------------------------------------------------
 */

static struct sl_pack_doc *
push_doc(struct sl_pack_post *post, size_t part)
{
	struct sl_pack_doc *d;

	post->doc =
	    sl_grow(post->doc, &post->cap, post->n + 1, sizeof(*post->doc));
	d = &post->doc[post->n++];
	*d = (struct sl_pack_doc){.part = part};
	return d;
}

static struct sl_pack_doc *
add_doc(struct work *w, struct sl_pack_post *post, size_t part)
{
	w->placed[part] = true;
	if (!is_document(w, part) || w->in[part] == post->post)
		return NULL;
	w->in[part] = post->post;
	return push_doc(post, part);
}

static int
by_number(const void *a, const void *b)
{
	const size_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A message's attachments follow it, an archive's files stand for it. */
static void
add_below(struct work *w, struct sl_pack_post *post, size_t part)
{
	size_t i, k, n = 0;

	if (w->plan->mark[part] == SL_PACK_DESCRIBES ||
	    w->below_in[part] == post->post)
		return;
	w->below_in[part] = post->post;
	for (k = w->kids_at[part]; k < w->kids_at[part + 1]; k++)
		w->below[n++] = w->kids[k];
	for (i = 0; i < n; i++)
		for (k = w->kids_at[w->below[i]];
		     k < w->kids_at[w->below[i] + 1]; k++)
			w->below[n++] = w->kids[k];
	qsort(w->below, n, sizeof(*w->below), by_number);
	for (i = 0; i < n; i++)
		(void)add_doc(w, post, w->below[i]);
}

static void
to_front(struct sl_pack_post *post, size_t at)
{
	struct sl_pack_doc d = post->doc[at];

	memmove(&post->doc[1], &post->doc[0], at * sizeof(d));
	post->doc[0] = d;
}

static void
add_named(struct work *w, struct sl_pack_post *post,
    const struct sl_pack_named *n, bool *has_main)
{
	size_t part = find_file(w, n->file);
	struct sl_pack_doc *d;

	post->named++;
	if (part == SIZE_MAX) {
		post->missing++;
		return;
	}
	if (!is_as_said(&w->part[part], n))
		post->stop = "document_changed";
	d = add_doc(w, post, part);
	if (d != NULL) {
		d->title = *n->title != '\0' ? n->title : NULL;
		d->type = *n->type != '\0' ? n->type : NULL;
	}
	if (d != NULL && n->main && !*has_main) {
		*has_main = true;
		to_front(post, post->n - 1);
	}
	add_below(w, post, part);
}

static struct sl_pack_post *
new_post(struct sl_pack_plan *plan)
{
	struct sl_pack_post *p = &plan->post[plan->posts++];

	p->post = (unsigned)plan->posts;
	return p;
}

/* All that no description named: forms behind what a person reads. */
static void
add_rest(struct work *w, struct sl_pack_post *post, bool note)
{
	size_t i, form;
	struct sl_pack_doc *d;

	for (form = 0; form < 2; form++)
		for (i = 0; i < w->part_n; i++) {
			if (w->placed[i] || !is_document(w, i) ||
			    (w->plan->mark[i] == SL_PACK_DESCRIBES) !=
				(form == 1))
				continue;
			d = add_doc(w, post, i);
			if (d != NULL && note && form == 0 &&
			    w->plan->mark[i] == SL_PACK_NONE)
				w->plan->mark[i] = SL_PACK_UNNAMED;
		}
}

static bool
any_left(const struct work *w)
{
	size_t i;

	for (i = 0; i < w->part_n; i++)
		if (!w->placed[i] && is_document(w, i))
			return true;
	return false;
}

/* The form as people read it, beside its XML. */
static void
form_main(const struct work *w, struct sl_pack_post *post)
{
	size_t i;

	for (i = 0; i < post->n; i++)
		if (strcmp(w->part[post->doc[i].part].mime,
			"application/pdf") == 0) {
			to_front(post, i);
			return;
		}
}

static void
make_posts(struct work *w, size_t chosen)
{
	unsigned posts = chosen != SIZE_MAX ? w->part[chosen].posts : 0, k;
	struct sl_pack_plan *plan = w->plan;
	SL_FREE const struct sl_pack_named **mine =
	    sl_alloc((w->named_n + 1) * sizeof(const void *));
	struct sl_pack_post *p;
	size_t i, mine_n = 0;

	for (i = 0; i < w->named_n; i++) {
		if (w->named[i].part != chosen)
			continue;
		mine[mine_n++] = &w->named[i];
		if (w->named[i].post > posts)
			posts = w->named[i].post;
	}
	if (posts > POSTS_MAX)
		posts = POSTS_MAX;
	plan->post = sl_alloc((posts + 2) * sizeof(*plan->post));
	for (k = 1; k <= posts || k == 1; k++) {
		bool has_main = false;

		p = new_post(plan);
		for (i = 0; i < mine_n; i++)
			if (mine[i]->post == k ||
			    (mine[i]->post == 0 && k == 1))
				add_named(w, p, mine[i], &has_main);
	}
	if (!any_left(w))
		return;
	/* Of several posts nobody knows whose the rest is. */
	p = plan->posts == 1 ? &plan->post[0] : new_post(plan);
	add_rest(w, p, chosen != SIZE_MAX && w->names[chosen]);
	if (w->form && p->named == 0)
		form_main(w, p);
}

/* -- signed containers ------------------------------------------------------
 */

/* Does its sender let it be seen with this post? */
static bool
may_go(uint64_t screened, const struct sl_pack_post *post)
{
	return screened == 0 || (screened & sl_posts_bit(post->post)) != 0;
}

static void
add_original(struct work *w, struct sl_pack_post *post, size_t part)
{
	w->placed[part] = true;
	push_doc(post, part)->original = true;
}

/* Behind the documents of a post what they lay in, in the parts' order. */
static void
add_originals_of(struct work *w, struct sl_pack_post *post, bool *holds)
{
	size_t i, at, n = post->n;

	memset(holds, 0, w->part_n);
	for (i = 0; i < n; i++)
		for (at = post->doc[i].part; !holds[at]; at = w->up[at])
			holds[at] = true;
	for (i = 0; i < w->part_n; i++)
		if (holds[i] && w->part[i].original)
			add_original(w, post, i);
}

static void
add_originals(struct work *w)
{
	struct sl_pack_plan *plan = w->plan;
	SL_FREE bool *holds = sl_alloc(w->part_n + 1);
	uint64_t screened = 0;
	size_t i;

	for (i = 0; i < w->part_n; i++)
		if (plan->mark[i] == SL_PACK_DESCRIBES)
			screened |= w->part[i].screened;
	for (i = 0; i < plan->posts; i++)
		if (may_go(screened, &plan->post[i]))
			add_originals_of(w, &plan->post[i], holds);
	/* One with no document in it: only where nothing can be mistaken. */
	for (i = 0; i < w->part_n && plan->posts == 1; i++)
		if (w->part[i].original && !w->placed[i] && plan->post->n > 0)
			add_original(w, plan->post, i);
}

/* What lies in a part stands behind it: from the last to the first. */
void
sl_pack_closed(struct sl_pack_part *part, size_t part_n)
{
	SL_FREE size_t *up = sl_alloc((part_n + 1) * sizeof(*up));
	SL_FREE bool *holds = sl_alloc(part_n + 1);
	SL_FREE const char **closed = sl_alloc((part_n + 1) * sizeof(*closed));
	struct work w = {.part = part, .part_n = part_n, .up = up};
	struct sl_pack_part *p;
	size_t i;

	find_parents(&w);
	for (i = part_n; i-- > 0;) {
		p = &part[i];
		if (p->role == SL_PART_SKIPPED && *p->reason != '\0')
			closed[up[i]] = p->reason;
		if (p->role == SL_PART_CONTAINER && closed[i] == NULL &&
		    *p->reason != '\0')
			closed[i] = p->reason;
		/* A message is a document whatever lies in it. */
		if (p->role == SL_PART_CONTAINER && closed[i] != NULL &&
		    (!p->document || *p->reason != '\0') &&
		    !sl_mime_is_message(p->mime)) {
			p->original = holds[i];
			p->document = !holds[i];
			if (p->document && *p->reason == '\0')
				p->reason = closed[i];
		}
		holds[up[i]] |= holds[i] || p->document;
	}
}

static void
settle(struct work *w, const char *stop)
{
	struct sl_pack_post *p;
	size_t i;

	for (i = 0; i < w->plan->posts; i++) {
		p = &w->plan->post[i];
		if (p->missing > 0)
			p->stop = "document_missing";
		if (stop != NULL)
			p->stop = stop;
		if (p->stop == NULL && p->n == 0)
			p->stop = "document_missing";
	}
}

void
sl_pack_make(const struct sl_pack_part *part, size_t part_n,
    const struct sl_pack_named *named, size_t named_n, struct sl_pack_plan *ret)
{
	struct work w = {.part = part,
	    .part_n = part_n,
	    .named = named,
	    .named_n = named_n,
	    .up = sl_alloc((part_n + 1) * sizeof(size_t)),
	    .level = sl_alloc(part_n + 1),
	    .placed = sl_alloc(part_n + 1),
	    .names = sl_alloc(part_n + 1),
	    .kids = sl_alloc((part_n + 1) * sizeof(size_t)),
	    .kids_at = sl_alloc((part_n + 1) * sizeof(size_t)),
	    .below = sl_alloc((part_n + 1) * sizeof(size_t)),
	    .in = sl_alloc((part_n + 1) * sizeof(unsigned)),
	    .below_in = sl_alloc((part_n + 1) * sizeof(unsigned)),
	    .plan = ret};
	size_t chosen, i;

	*ret = (struct sl_pack_plan){.mark = sl_alloc(part_n + 1)};
	find_parents(&w);
	find_kids(&w);
	find_level(&w);
	mark_parts(&w);
	for (i = 0; i < named_n; i++)
		w.names[named[i].part] = true;
	if (ret->described) {
		index_files(&w);
		chosen = choose(&w, &ret->twice);
		make_posts(&w, chosen);
		settle(&w, ret->twice ? "package_invalid" : stop_of_all(&w));
		add_originals(&w);
	}
	for (i = 0; i < WAYS; i++)
		free(w.file[i]);
	free(w.up);
	free(w.level);
	free(w.placed);
	free(w.names);
	free(w.kids);
	free(w.kids_at);
	free(w.below);
	free(w.in);
	free(w.below_in);
}

void
sl_pack_free(struct sl_pack_plan *p)
{
	size_t i;

	for (i = 0; i < p->posts; i++)
		free(p->post[i].doc);
	free(p->post);
	free(p->mark);
	*p = (struct sl_pack_plan){.posts = 0};
}
