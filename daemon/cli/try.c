/*
 * `read` and `try`: what Sluse makes of a file, touching nothing.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/passwords.h"
#include "../base/text.h"
#include "../base/trust.h"
#include "../config/config.h"
#include "../prepare/prepare.h"
#include "../query/query.h"
#include "../registry/registry.h"
#include "dryplace.h"

struct dry_run {
	const struct sl_cli *cli;
	struct sl_config *cfg;
	struct sl_crew *crew;
	struct sl_slice passwords;
	int trust_fd; /* -1: none */
};
/* One path: its object, ready to print. */
typedef enum sl_rc one_fn(struct dry_run *r, struct sl_dry *d, const char *path,
    json_t **ret, struct sl_err *err);

static json_t *
text(const char *s)
{
	return *s != '\0' ? json_string(s) : json_null();
}

/* A path need not be UTF-8: what is not becomes visible escapes. */
static json_t *
path_text(const char *path)
{
	SL_BUF struct sl_buf b = {0};

	sl_text_display(&b, path, strlen(path));
	return json_string(sl_buf_str(&b));
}

static const char *
str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* -- read -------------------------------------------------------------------
 */

static json_t *
page_row(const struct sl_dry_part *p, uint32_t i, bool several)
{
	static const char *const sources[] = {"none", "text", "ocr", "none"};
	const struct sl_dry_page *g = &p->page[i];
	json_t *o =
	    json_pack("{s:I, s:s, s:f, s:o, s:s%}", "page", (json_int_t)i + 1,
		"source", sources[g->have && g->source < 4 ? g->source : 0],
		"confidence", g->confidence / 1000.0, "language",
		text(g->language), "text", sl_buf_str(&g->text), g->text.n);

	if (*g->reason != '\0')
		(void)json_object_set_new(o, "reason", text(g->reason));
	if (several) {
		(void)json_object_set_new(o, "part", json_integer(p->number));
		(void)json_object_set_new(o, "file", path_text(p->name));
	}
	return o;
}

static const char *
error_of(const struct sl_dry *d)
{
	size_t i;

	for (i = 0; i < d->source_n; i++)
		if (d->source[i].rc != SL_OK)
			return d->source[i].reason;
	for (i = 0; i < d->part_n; i++)
		if (*d->part[i].reason != '\0')
			return d->part[i].reason;
	return "";
}

static enum sl_rc
read_one(struct dry_run *r, struct sl_dry *d, const char *path, json_t **ret,
    struct sl_err *err)
{
	enum sl_rc rc = sl_dry_read(d, err);
	json_t *pages;
	uint32_t k;
	size_t i;

	(void)r;
	if (rc != SL_OK)
		return rc;
	pages = json_array();
	for (i = 0; i < d->part_n; i++)
		for (k = 0; k < d->part[i].pages; k++)
			(void)json_array_append_new(
			    pages, page_row(&d->part[i], k, d->part_n > 1));
	*ret = json_pack("{s:o, s:o, s:o}", "path", path_text(path), "pages",
	    pages, "error", text(error_of(d)));
	return SL_OK;
}

/* Text keeps its lines and the tabs between a form's fields; what else is not
 * printable is shown escaped. */
static void
print_lines(const char *s)
{
	SL_BUF struct sl_buf b = {0};
	size_t n;

	while (*s != '\0') {
		n = strcspn(s, "\n\t");
		sl_text_display(&b, s, n);
		s += n;
		if (*s != '\0')
			sl_buf_add(&b, s++, 1);
	}
	if (b.n > 0 && b.p[b.n - 1] != '\n')
		sl_buf_add(&b, "\n", 1);
	(void)fputs(sl_buf_str(&b), stdout);
}

static void
print_pages(const json_t *o)
{
	json_t *g;
	size_t i;

	json_array_foreach(json_object_get(o, "pages"), i, g)
	{
		(void)fputs("-- ", stdout);
		sl_query_show_text(stdout,
		    *str(g, "file") != '\0' ? str(g, "file") : str(o, "path"));
		(void)printf(", page %" JSON_INTEGER_FORMAT
			     ": %s, confidence %.2f, language %s %s\n",
		    json_integer_value(json_object_get(g, "page")),
		    str(g, "source"),
		    json_number_value(json_object_get(g, "confidence")),
		    *str(g, "language") != '\0' ? str(g, "language") : "?",
		    str(g, "reason"));
		print_lines(str(g, "text"));
	}
	if (*str(o, "error") != '\0') {
		sl_query_show_text(stdout, str(o, "path"));
		(void)printf(": error: %s\n", str(o, "error"));
	}
}

/* -- try
 * ------------------------------------------------------------------------ */

static const char *
role_name(unsigned role)
{
	static const char *const n[] = {"?", "document", "container", "inline",
	    "body", "sidecar", "skipped"};

	return role < 7 ? n[role] : "?";
}

static json_t *
part_row(const struct sl_dry *d, const struct sl_dry_part *p)
{
	char hex[SL_SHA256_HEX + 1] = "";
	uint64_t offset, size;
	struct sl_digest sum;

	(void)sl_dry_bytes(d, p, &offset, &size);
	if (p->n.role != SL_PART_SKIPPED && sl_dry_digest(d, p, &sum))
		sl_digest_hex(&sum, hex);
	return json_pack(
	    "{s:o, s:I, s:I, s:i, s:s, s:o, s:o, s:s, s:o, s:I, s:o, s:I,"
	    " s:o, s:o}",
	    "name", path_text(p->name), "part", (json_int_t)p->number, "parent",
	    (json_int_t)p->n.parent, "depth", (int)p->n.depth, "role",
	    role_name(p->n.role), "mime", text(p->mime), "puid",
	    sl_query_words(p->puid), "basis", sl_basis_name(p->n.basis),
	    "warnings", sl_query_words(p->warnings), "size", (json_int_t)size,
	    "sha256", text(hex), "pages", (json_int_t)p->pages, "reader",
	    text(p->reader), "reason", text(p->reason));
}

static json_t *
document_row(const struct sl_dry *d, const struct sl_dry_entry *e, size_t i)
{
	SL_BUF struct sl_buf title = {0};
	const struct sl_dry_part *p = &d->part[e->doc[i]];

	if (e->doc_title[i] != NULL)
		sl_post_clean(&title, e->doc_title[i], SL_TITLE_MAX, "");
	if (title.n == 0)
		sl_post_name_title(&title, p->name);
	return json_pack("{s:I, s:s, s:o, s:o, s:o, s:I}", "number",
	    (json_int_t)i + 1, "role", i == 0 ? "H" : "V", "title",
	    text(sl_buf_str(&title)), "name", path_text(p->name), "mime",
	    text(p->mime), "pages", (json_int_t)p->pages);
}

static json_t *
signature_row(const struct sl_dry *d, const struct sl_dry_signature *s)
{
	return json_pack("{s:o, s:I, s:s, s:o, s:s}", "file",
	    path_text(d->part[s->part].name), "part",
	    (json_int_t)d->part[s->part].number, "is", s->slug, "detail",
	    text(s->detail), "text", sl_signed_en(s->slug));
}

static enum sl_rc
try_one(struct dry_run *r, struct sl_dry *d, const char *path, json_t **ret,
    struct sl_err *err)
{
	json_t *parts, *documents, *signatures;
	struct sl_dry_entry e;
	enum sl_rc rc = sl_dry_read(d, err);
	size_t i;

	(void)r;
	if (rc != SL_OK)
		return rc;
	rc = sl_dry_place(d, &e, err);
	if (rc != SL_OK) {
		sl_dry_entry_free(&e);
		return rc;
	}
	parts = json_array();
	documents = json_array();
	signatures = json_array();
	for (i = 0; i < d->sig_n; i++)
		(void)json_array_append_new(
		    signatures, signature_row(d, &d->sig[i]));
	for (i = 0; i < d->part_n; i++)
		(void)json_array_append_new(parts, part_row(d, &d->part[i]));
	for (i = 0; i < e.doc_n; i++)
		(void)json_array_append_new(documents, document_row(d, &e, i));
	*ret = json_pack("{s:o, s:o, s:o, s:O, s:O, s:s, s:o, s:o, s:O?}",
	    "path", path_text(path), "parts", parts, "documents", documents,
	    "placement", e.placement, "candidates", e.candidates, "disposition",
	    sl_dispo_name((int)e.dispo), "reason", text(e.reason), "detail",
	    text(e.detail), "would_send", e.would_send);
	if (*ret != NULL)
		(void)json_object_set(*ret, "signatures", signatures);
	if (*ret != NULL)
		(void)json_object_set_new(*ret, "error", text(error_of(d)));
	json_decref(signatures);
	if (*ret != NULL && e.would_send == NULL)
		(void)json_object_set_new(*ret, "would_send", json_null());
	sl_dry_entry_free(&e);
	return SL_OK;
}

static void
print_try(const json_t *o)
{
	const struct sl_reason *why = sl_reason_find(str(o, "reason"));
	json_t *v, *list, *page;
	const char *name;
	char *post;
	size_t i;

	sl_query_show_text(stdout, str(o, "path"));
	(void)printf(": %s", str(o, "disposition"));
	if (why != NULL)
		(void)printf(" (%s, for: %s)\n  %s", why->slug,
		    sl_owner_name(why->owner), why->en);
	(void)puts("\n  Parts");
	json_array_foreach(json_object_get(o, "parts"), i, v)
	{
		(void)printf("  %*s",
		    2 + 2 * (int)json_integer_value(
				json_object_get(v, "depth")),
		    "");
		sl_query_show_text(stdout, str(v, "name"));
		page = json_object_get(v, "pages");
		(void)printf("  %s %s", str(v, "role"), str(v, "mime"));
		if (json_integer_value(page) > 0)
			(void)printf(", %" JSON_INTEGER_FORMAT " page%s",
			    json_integer_value(page),
			    json_integer_value(page) == 1 ? "" : "s");
		(void)printf(" %s\n", str(v, "reason"));
	}
	(void)puts("  Documents");
	json_array_foreach(json_object_get(o, "documents"), i, v)
	{
		(void)printf("    %s ", str(v, "role"));
		sl_query_show_text(stdout, str(v, "title"));
		(void)putchar('\n');
	}
	list = json_object_get(o, "signatures");
	if (json_array_size(list) > 0)
		(void)puts("  Digital signatures");
	json_array_foreach(list, i, v)
	{
		(void)fputs("    ", stdout);
		sl_query_show_text(stdout, str(v, "file"));
		(void)printf(": %s\n      %s: %s\n", str(v, "text"),
		    str(v, "is"), str(v, "detail"));
	}
	(void)puts("  Where it belongs");
	json_object_foreach(json_object_get(o, "candidates"), name, list)
	    json_array_foreach(list, i, v)
		sl_query_print_field(stdout, name, v, (int)i);
	v = json_object_get(o, "would_send");
	post = json_is_object(v) ? json_dumps(v, JSON_INDENT(2)) : NULL;
	if (post != NULL) {
		(void)puts("  Would send");
		print_lines(post);
	}
	free(post);
}

/* -- all three
 * --------------------------------------------------------------------- */

enum sl_exit
sl_cli_config(const struct sl_cli *c, struct sl_config **ret)
{
	static const char defaults[] = "[queue try]\nkind = incoming\n";
	SL_FREE char *path = sl_asprintf("%s/sluse.conf", c->root);
	SL_FREE char *table = sl_asprintf("%s/pronom/table.tsv", c->root);
	struct sl_err err;

	if (c->root_given)
		(void)setenv("SLUSE_PRONOM", table, 0);
	if (c->root_given ? sl_config_load(path, ret, &err) == SL_OK
			  : sl_config_parse("defaults", defaults,
				sizeof(defaults) - 1, ret, &err) == SL_OK)
		return SL_EXIT_OK;
	return sl_say(SL_EXIT_AWAY, "%s", err.text);
}

static enum sl_exit
do_path(struct dry_run *r, const char *path, one_fn *fn,
    void (*print)(const json_t *o))
{
	enum sl_exit code = SL_EXIT_OK;
	struct sl_dry d;
	struct sl_err err;
	json_t *o = NULL;
	enum sl_rc rc;

	sl_dry_init(&d, r->crew, r->cfg);
	d.passwords = r->passwords;
	d.trust_fd = r->trust_fd;
	rc = sl_dry_add(&d, path, &err);
	if (rc == SL_OK)
		rc = fn(r, &d, path, &o, &err);
	if (rc == SL_REJECT)
		code = sl_say(SL_EXIT_INPUT, "%s: %s", path, err.text);
	else if (rc != SL_OK)
		code = sl_say(SL_EXIT_INTERNAL, "%s", err.text);
	else if (r->cli->json)
		sl_cli_json(o);
	else
		print(o);
	if (code == SL_EXIT_OK && *str(o, "error") != '\0')
		code = SL_EXIT_FOUND;
	json_decref(o);
	sl_dry_free(&d);
	return code;
}

static int
run_all(const struct sl_cli *c, one_fn *fn, void (*print)(const json_t *o),
    bool places)
{
	struct dry_run r = {.cli = c, .trust_fd = -1};
	enum sl_exit code, one;
	SL_CLOSE int cases = -1;
	struct sl_password_file list = {0};
	SL_FREE char *path = NULL, *trust = NULL;
	char libexec[4096];
	struct sl_err err;
	uint32_t count = 0;
	int i;

	code = sl_cli_config(c, &r.cfg);
	if (code == SL_EXIT_OK && c->root_given) {
		list.path = path =
		    sl_path_below(c->root, r.cfg->instance.passwords);
		if (sl_password_file_read(&list, 0, &r.passwords, &err) !=
		    SL_OK)
			code = sl_say(SL_EXIT_AWAY, "%s", err.text);
	}
	if (code == SL_EXIT_OK && *r.cfg->instance.trust != '\0') {
		trust = sl_path_below(c->root, r.cfg->instance.trust);
		if (sl_trust_open(trust, &r.trust_fd, &err) != SL_OK)
			code = sl_say(SL_EXIT_AWAY, "%s", err.text);
	}
	if (code == SL_EXIT_OK)
		code = sl_cli_libexec(libexec, sizeof(libexec));
	if (code == SL_EXIT_OK && places)
		cases = sl_dry_cases(c, &count, &code);
	if (code != SL_EXIT_OK) {
		sl_config_free(r.cfg);
		return code;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	r.crew = sl_crew_new(libexec, NULL);
	if (places && sl_dry_give_cases(r.crew, cases, count, &err) != SL_OK)
		code = sl_say(SL_EXIT_INTERNAL, "%s", err.text);
	for (i = 0; i < c->args && code != SL_EXIT_INTERNAL; i++) {
		one = do_path(&r, c->arg[i], fn, print);
		if (one > code)
			code = one;
	}
	sl_crew_free(r.crew);
	sl_config_free(r.cfg);
	sl_cleanup_close(&r.trust_fd);
	explicit_bzero(&list, sizeof(list));
	return code;
}

int
sl_cmd_read(const struct sl_cli *c)
{
	return run_all(c, read_one, print_pages, false);
}

int
sl_cmd_try(const struct sl_cli *c)
{
	return run_all(c, try_one, print_try, true);
}
