/*
 * What descriptions make of the files of a package: one line a file, one line a
 * named document, and the plan in one line.
 */
#include "../../daemon/prepare/package.h"

#include <stdlib.h>
#include <time.h>

#include "../../daemon/base/mem.h"
#include "../../daemon/wire/roles.h"
#include "test.h"

enum { MAX = 24 };

static struct sl_pack_part part[MAX];
static struct sl_pack_named named[MAX];
static size_t part_n, named_n;
static char shown[2000];

static void
fresh(void)
{
	part_n = named_n = 0;
	memset(part, 0, sizeof(part));
	memset(named, 0, sizeof(named));
}

/* role: d document, c archive, m mail, s description (kind), f form. */
static void
file(unsigned number, unsigned parent, char role, const char *name,
    const char *kind)
{
	struct sl_pack_part *p = &part[part_n++];

	*p = (struct sl_pack_part){.number = number,
	    .parent = parent,
	    .name = name,
	    .mime = strstr(name, ".pdf") ? "application/pdf"
		    : role == 'm'	 ? "message/rfc822"
					 : "",
	    .reader = role == 'm'   ? "mail"
		      : role == 's' ? "package"
				    : "",
	    .reason = "",
	    .describes = kind,
	    .size = 10,
	    .document = role == 'd' || role == 'm' || role == 'f'};
	p->original = strstr(name, ".asice") != NULL;
	p->role = role == 's'		       ? SL_PART_SIDECAR
		  : role == 'c' || role == 'm' ? SL_PART_CONTAINER
					       : SL_PART_DOCUMENT;
	memset(p->sha256.b, (int)part_n, sizeof(p->sha256.b));
}

static void
name(size_t by, unsigned post, bool main, const char *f, const char *title)
{
	named[named_n++] = (struct sl_pack_named){.part = by,
	    .post = post,
	    .main = main,
	    .file = f,
	    .title = title,
	    .type = ""};
}

/* "1[brev.pdf=Brev kart.pdf]document_missing 2[..]" */
static const char *
plan(void)
{
	struct sl_pack_plan p;
	const struct sl_pack_doc *d;
	size_t i, k, n = 0;

	sl_pack_make(part, part_n, named, named_n, &p);
	shown[0] = '\0';
	if (!p.described)
		n += (size_t)snprintf(shown, sizeof(shown), "none");
	for (i = 0; i < p.posts; i++) {
		n += (size_t)snprintf(shown + n, sizeof(shown) - n, "%s%u[",
		    i > 0 ? " " : "", p.post[i].post);
		for (k = 0; k < p.post[i].n; k++) {
			d = &p.post[i].doc[k];
			n += (size_t)snprintf(shown + n, sizeof(shown) - n,
			    "%s%s%s%s%s", k > 0 ? " " : "", part[d->part].name,
			    d->title ? "=" : "", d->title ? d->title : "",
			    p.mark[d->part] == SL_PACK_UNNAMED ? "?" : "");
		}
		n += (size_t)snprintf(shown + n, sizeof(shown) - n, "]%s",
		    p.post[i].stop ? p.post[i].stop : "");
	}
	sl_pack_free(&p);
	return shown;
}

static void
order(void)
{
	fresh();
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 'd', "c.txt", "");
	file(2, 0, 's', "f.json", "svarinn");
	file(3, 0, 'd', "b.txt", "");
	file(4, 0, 'd', "a.txt", "");
	name(2, 0, false, "b.txt", "Be");
	name(2, 0, true, "a.txt", "");
	CHECK_STR(plan(), "1[a.txt b.txt=Be c.txt?]");
	name(2, 0, false, "borte.txt", "");
	CHECK_STR(plan(), "1[a.txt b.txt=Be c.txt?]document_missing");
}

/* By path, by name, in any case; two files of one name. */
static void
names(void)
{
	fresh();
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 's', "f.json", "svarinn");
	file(2, 0, 'd', "a/brev.txt", "");
	file(3, 0, 'd', "b/brev.txt", "");
	file(4, 0, 'd', "KART.TXT", "");
	name(1, 0, true, "b/brev.txt", "1");
	name(1, 0, false, "brev.txt", "2");
	name(1, 0, false, "./kart.txt", "3");
	CHECK_STR(plan(), "1[b/brev.txt=1 a/brev.txt=2 KART.TXT=3]");
	name(1, 0, false, "brev.txt", "4"); /* the same once more */
	CHECK_STR(plan(), "1[b/brev.txt=1 a/brev.txt=2 KART.TXT=3]");
}

/* Where a description counts. */
static void
level(void)
{
	fresh(); /* beside other files, in a zip: somebody else's */
	file(0, 0, 'd', "brev.txt", "");
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 's', "arkivmelding.xml", "arkivmelding");
	file(2, 0, 'd', "a.txt", "");
	CHECK_STR(plan(), "none");
	fresh(); /* whatever lies first */
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 's', "arkivmelding.xml", "arkivmelding");
	file(2, 0, 'd', "a.txt", "");
	file(0, 0, 'd', "brev.txt", "");
	CHECK_STR(plan(), "none");
	fresh(); /* a zip and a description: its zip */
	file(0, 0, 's', "sbd.json", "sbd");
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 's', "arkivmelding.xml", "arkivmelding");
	file(2, 0, 'd', "a.txt", "");
	name(2, 1, true, "a.txt", "A");
	CHECK_STR(plan(), "1[a.txt=A]");
	fresh(); /* in a message: its sender's, who is not the channel */
	file(0, 0, 'm', "x.eml", "");
	file(1, 0, 's', "arkivmelding.xml", "arkivmelding");
	file(2, 0, 'd', "a.txt", "");
	CHECK_STR(plan(), "none");
	fresh(); /* a message of a package brings its own: a file of it */
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 's', "f.json", "svarinn");
	file(2, 0, 'm', "x.eml", "");
	file(3, 2, 's', "arkivmelding.xml", "arkivmelding");
	name(1, 0, true, "x.eml", "Melding");
	CHECK_STR(plan(), "1[x.eml=Melding arkivmelding.xml]");
	fresh(); /* zip in zip */
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 'c', "y.zip", "");
	file(2, 1, 's', "f.json", "svarinn");
	file(3, 1, 'd', "a.txt", "");
	name(2, 0, true, "a.txt", "A");
	CHECK_STR(plan(), "1[a.txt=A]");
}

static void
below(void)
{
	fresh(); /* a named archive is there by its files */
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 's', "f.json", "svarinn");
	file(2, 0, 'c', "bilag.zip", "");
	file(3, 0, 'd', "a.txt", "");
	file(4, 2, 'd', "b1.txt", "");
	file(5, 2, 'd', "b2.txt", "");
	name(1, 0, true, "a.txt", "A");
	name(1, 0, false, "bilag.zip", "Bilag");
	CHECK_STR(plan(), "1[a.txt=A b1.txt b2.txt]");
	fresh(); /* the files in a PutMessage */
	file(0, 0, 's', "put.xml", "best-edu");
	file(1, 0, 'd', "svar.txt", "");
	file(2, 0, 'd', "svar.txt", "");
	name(0, 0, false, "svar.txt", "En");
	name(0, 0, true, "svar.txt", "To");
	CHECK_STR(plan(), "1[svar.txt=To svar.txt=En]");
	fresh(); /* what wraps an ASiC is no document */
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 'd', "mimetype", "");
	file(2, 0, 'd', "META-INF/signatures.xml", "");
	file(3, 0, 's', "arkivmelding.xml", "arkivmelding");
	file(4, 0, 'd', "a.txt", "");
	name(3, 1, true, "a.txt", "A");
	CHECK_STR(plan(), "1[a.txt=A]");
}

/* A signed container goes along behind what lay in it. */
static void
originals(void)
{
	fresh();
	file(0, 0, 'c', "x.asice", "");
	file(1, 0, 's', "arkivmelding.xml", "arkivmelding");
	file(2, 0, 'd', "a.txt", "");
	file(3, 0, 'c', "y.asice", "");
	file(4, 3, 'd', "b.txt", "");
	name(1, 1, true, "y.asice", "Y");
	CHECK_STR(plan(), "1[b.txt a.txt? x.asice y.asice]");
	name(1, 2, true, "a.txt", "A");
	CHECK_STR(plan(), "1[b.txt x.asice y.asice] 2[a.txt=A x.asice]");
	part[1].screened = sl_posts_bit(1); /* b.txt lies in x.asice too */
	CHECK_STR(plan(), "1[b.txt x.asice y.asice] 2[a.txt=A]");
	part[1].screened = sl_posts_bit(0);
	CHECK_STR(plan(), "1[b.txt x.asice y.asice] 2[a.txt=A x.asice]");
	fresh(); /* nothing in it is a document */
	file(0, 0, 'c', "x.asice", "");
	file(1, 0, 's', "arkivmelding.xml", "arkivmelding");
	CHECK_STR(plan(), "1[]document_missing");
	name(1, 1, true, "a.txt", "A");
	CHECK_STR(plan(), "1[]document_missing");
}

static void
posts(void)
{
	fresh();
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 's', "arkivmelding.xml", "arkivmelding");
	file(2, 0, 'd', "a.txt", "");
	file(3, 0, 'd', "b.txt", "");
	file(4, 0, 'd', "c.txt", "");
	part[1].posts = 2;
	name(1, 1, true, "a.txt", "A");
	name(1, 2, true, "b.txt", "B");
	name(1, 2, false, "a.txt", "A");
	/* the rest is nobody's: a post of its own, for a person */
	CHECK_STR(plan(), "1[a.txt=A] 2[b.txt=B a.txt=A] 3[c.txt?]");
	part[1].posts = 3;
	CHECK_STR(plan(), "1[a.txt=A] 2[b.txt=B a.txt=A] "
			  "3[]document_missing 4[c.txt?]");
}

static void
several(void)
{
	fresh(); /* two of one kind: neither is believed */
	file(0, 0, 's', "a.json", "svarinn");
	file(0, 0, 's', "b.json", "svarinn");
	file(0, 0, 'd', "a.txt", "");
	name(0, 0, true, "a.txt", "A");
	name(1, 0, true, "a.txt", "B");
	CHECK_STR(plan(), "1[a.txt=B]package_invalid");
	fresh(); /* of two kinds the closer one tells the documents */
	file(0, 0, 's', "manifest.xml", "manifest");
	file(0, 0, 's', "arkivmelding.xml", "arkivmelding");
	file(0, 0, 'd', "a.txt", "");
	name(0, 0, true, "arkivmelding.xml", "");
	name(0, 0, false, "borte.txt", "");
	name(1, 1, true, "a.txt", "A");
	CHECK_STR(plan(), "1[a.txt=A]");
	part[0].reason = "package_invalid";
	CHECK_STR(plan(), "1[a.txt=A]package_invalid");
	part[1].reason = "package_graded";
	CHECK_STR(plan(), "1[a.txt=A]package_graded");
}

static void
checks(void)
{
	fresh();
	file(0, 0, 's', "a.json", "svarinn");
	file(0, 0, 'd', "a.txt", "");
	name(0, 0, true, "a.txt", "A");
	named[0].checks = SL_NAMED_SIZE;
	named[0].size = 10;
	CHECK_STR(plan(), "1[a.txt=A]");
	named[0].size = 11;
	CHECK_STR(plan(), "1[a.txt=A]document_changed");
	named[0].checks |= SL_NAMED_SHA256; /* the size is then no matter */
	named[0].sha256 = part[1].sha256;
	CHECK_STR(plan(), "1[a.txt=A]");
	named[0].sha256.b[31] ^= 1;
	CHECK_STR(plan(), "1[a.txt=A]document_changed");
}

static void
forms(void)
{
	fresh();
	file(0, 0, 'c', "x.zip", "");
	file(1, 0, 'f', "skjema.xml", "form");
	file(2, 0, 'd', "bilag.txt", "");
	file(3, 0, 'd', "skjema.pdf", "");
	CHECK_STR(plan(), "1[skjema.pdf bilag.txt skjema.xml]");
	fresh(); /* alone it is all there is */
	file(0, 0, 'f', "skjema.xml", "form");
	CHECK_STR(plan(), "1[skjema.xml]");
}

/* -- as many as a package may have ------------------------------------------
 */

enum { MANY = 20000 };

/* How a large package may be made: which files, and how they are named. */
enum shape { UNNAMED, NAMED, OTHER_CASE, ONE_NAME, ONE_ARCHIVE, SHAPES };

static void
fill(enum shape s, size_t n, struct sl_pack_part *p, struct sl_pack_named *d)
{
	static char names[MANY][24], said[MANY][24];
	size_t i;

	for (i = 0; i < n; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "a/%s%zu.txt",
		    s == OTHER_CASE ? "BREV" : "brev",
		    s == ONE_NAME ? (size_t)0 : i);
		(void)snprintf(said[i], sizeof(said[i]), "brev%zu.txt",
		    s == ONE_NAME ? (size_t)0 : i);
		p[i] = (struct sl_pack_part){.number = (uint32_t)i,
		    .role = SL_PART_DOCUMENT,
		    .document = true,
		    .name = names[i],
		    .mime = "",
		    .reader = "",
		    .reason = "",
		    .describes = ""};
		d[i] = (struct sl_pack_named){.part = 1,
		    .post = 1,
		    .file = s == ONE_ARCHIVE ? "x.zip" : said[i],
		    .title = "",
		    .type = ""};
	}
	p[0].role = SL_PART_CONTAINER;
	p[0].document = false;
	p[1].role = SL_PART_SIDECAR;
	p[1].document = false;
	p[1].describes = "arkivmelding";
	p[2].role = SL_PART_CONTAINER;
	p[2].document = false;
	p[2].name = "x.zip";
	for (i = 3; s == ONE_ARCHIVE && i < n; i++)
		p[i].parent = 2;
}

/* Seconds of the processor, the least of three. */
static double
plan_cpu(
    enum shape s, size_t n, struct sl_pack_part *p, struct sl_pack_named *d)
{
	struct sl_pack_plan made;
	double best = 1e9, took;
	clock_t from;
	int k;

	fill(s, n, p, d);
	for (k = 0; k < 3; k++) {
		from = clock();
		sl_pack_make(p, n, d, s == UNNAMED ? 0 : n, &made);
		took = (double)(clock() - from) / CLOCKS_PER_SEC;
		best = took < best ? took : best;
		CHECK(made.posts == 1 && made.post[0].n == n - 3);
		sl_pack_free(&made);
	}
	return best;
}

/* Twice the files take about twice the time. */
static void
large(void)
{
	struct sl_pack_part *p = sl_alloc(MANY * sizeof(*p));
	struct sl_pack_named *d = sl_alloc(MANY * sizeof(*d));
	double half, all;
	int s;

	for (s = 0; s < SHAPES; s++) {
		half = plan_cpu((enum shape)s, MANY / 2, p, d);
		all = plan_cpu((enum shape)s, MANY, p, d);
		printf("# shape %d: %d files %.4f s, %d files %.4f s\n", s,
		    MANY / 2, half, MANY, all);
		/* Where the clock is coarse, a little more is no quarrel. */
		CHECK_MSG(all <= 2.6 * half + 0.003, "shape %d: %.4f, %.4f", s,
		    half, all);
	}
	free(p);
	free(d);
}

static void
closed(void)
{
	/* outer(0) holds a.zip(1), of which nothing opened, and b.zip(2), of
	 * which one did; c.zip(3) holds an empty file alone. */
	fresh();
	file(0, 0, 'c', "outer.zip", "");
	file(1, 0, 'c', "a.zip", "");
	file(2, 0, 'c', "b.zip", "");
	file(3, 0, 'c', "c.zip", "");
	file(4, 1, 'x', "a.txt", "");
	file(5, 2, 'x', "b.txt", "");
	file(6, 2, 'd', "b.pdf", "");
	file(7, 3, 'x', "c.txt", "");
	part[1].reason = part[2].reason = "encrypted";
	part[1].document = part[2].document = true;
	part[4].role = part[5].role = part[7].role = SL_PART_SKIPPED;
	part[4].reason = part[5].reason = "encrypted";
	part[7].reason = "empty";
	sl_pack_closed(part, part_n);
	CHECK(!part[0].document && !part[0].original);
	CHECK(part[1].document && !part[1].original);
	CHECK(!part[2].document && part[2].original);
	CHECK(part[3].document && !part[3].original);
	CHECK_STR(part[3].reason, "empty");
	/* A link says nothing, and a mail is a document whatever lies in it. */
	fresh();
	file(0, 0, 'c', "outer.zip", "");
	file(1, 0, 'm', "brev.eml", "");
	file(2, 0, 'x', "lenke", "");
	file(3, 1, 'x', "tom.txt", "");
	part[2].role = part[3].role = SL_PART_SKIPPED;
	part[3].reason = "empty";
	sl_pack_closed(part, part_n);
	CHECK(!part[0].document && !part[0].original);
	CHECK(part[1].document && !part[1].original);
	CHECK_STR(part[1].reason, "");
}

TEST_MAIN({"order", order}, {"names", names}, {"level", level},
    {"below", below}, {"originals", originals}, {"closed", closed},
    {"posts", posts}, {"several", several}, {"checks", checks},
    {"forms", forms}, {"large", large})
