/*
 * `depot noark5`: a harvest becomes an avleveringspakke.
 *
 * INVARIANTS: the harvest is walked twice, first for what a later line may
 * refer to, then to write. Everything is written below DIR.part, which becomes
 * DIR when all of it is on disk.
 * FAILURES: whatever goes wrong, DIR.part is removed and DIR is not there.
 */
#include "noark5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/part.h"
#include "../config/deadline.h"
#include "../xsd/xsd.h"
#include "depot.h"
#include "journalxml.h"

#define CREATORS_MAX 1000u
#define RESERVE_MAX ((uint64_t)64 << 20)

/* -- first walk --------------------------------------------------------- */

static enum sl_rc
take_creator(struct sl_n5 *n, const struct sl_unit *u, struct sl_err *err)
{
	json_t *list = json_object_get(n->creators, u->parent);

	if (list == NULL) {
		list = json_array();
		(void)json_object_set_new(n->creators, u->parent, list);
	}
	if (json_array_size(n->all_creators) == CREATORS_MAX)
		return sl_err_set(err, SL_BROKEN, 0, "limit_count",
		    "the harvest has more than %u arkivskapere", CREATORS_MAX);
	(void)json_array_append(list, u->fields);
	(void)json_array_append(n->all_creators, u->fields);
	return SL_OK;
}

static enum sl_rc
scan_enter(void *arg, struct sl_unit *u, struct sl_err *err)
{
	struct sl_n5 *n = arg;
	uint8_t id[16];
	const char *s;

	if (u->kind == SL_KIND_endring || u->misplaced)
		return SL_OK;
	if (u->kind == SL_KIND_arkivskaper)
		return take_creator(n, u, err);
	if (u->up == NULL && n->roots++ > 0)
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "units.jsonl, line %lu: a second arkiv; an extraction "
		    "has one",
		    u->line);
	s = json_string_value(json_object_get(u->fields, "systemID"));
	if (sl_id_parse(s != NULL ? s : u->id, id) &&
	    sl_ids_add(&n->ids, id, (uint8_t)u->kind, (uint32_t)u->line) !=
		NULL)
		sl_dev_tell(&n->devs, SL_DEV_dobbel, u, "systemID");
	return SL_OK;
}

/* -- second walk -------------------------------------------------------- */

static const char *
own_value(void *arg, const struct sl_el *e)
{
	const struct sl_n5 *n = arg;

	if (strcmp(e->name, "format") == 0)
		return n->format[0] != '\0' ? n->format : NULL;
	if (strcmp(e->name, "referanseDokumentfil") == 0)
		return n->path;
	if (strcmp(e->name, "sjekksum") == 0)
		return n->hex;
	if (strcmp(e->name, "sjekksumAlgoritme") == 0)
		return "SHA-256";
	return n->size;
}

static enum sl_rc
write_change(struct sl_n5 *n, struct sl_unit *u, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;

	/* What happened is no change of a value: hendelseslogg. */
	if (*u->type != '\0' && strcmp(u->type, "endringslogg") != 0) {
		sl_dev_left(&n->devs, u->type, "(hele enheten)");
		return SL_OK;
	}
	if (n->changes.w == NULL) {
		rc = sl_xmlout_open(n->package, "endringslogg.xml",
		    "endringslogg", SL_N5_ENDRINGER, false, &n->changes, err);
		if (rc != SL_OK)
			return rc;
		n->wc.w = n->changes.w;
	}
	n->wc.u = u;
	sl_write_group(&n->wc, "endring", SL_GROUP_endring, u->fields);
	return rc;
}

/* A unit holds units of one kind; each further one is told once. */
static void
judge_mixture(struct sl_n5 *n, const struct sl_unit *u)
{
	int k;

	if (u->up == NULL || u->kind == SL_KIND_arkivskaper ||
	    u->up->children[u->kind] != 1)
		return;
	for (k = 0; k < SL_KINDS; k++)
		if (k != SL_KIND_arkivskaper && k != (int)u->kind &&
		    u->up->children[k] > 0)
			break;
	if (k < SL_KINDS)
		sl_dev_tell(
		    &n->devs, SL_DEV_blandet, u->up, sl_kind_name(u->kind));
}

/* The group to write it by; where its type is unknown, that of its kind. */
static int
group_of(struct sl_n5 *n, struct sl_unit *u)
{
	int group = sl_group_of(u);

	if (group == SL_GROUP_none) {
		if (n != NULL)
			sl_dev_tell(&n->devs, SL_DEV_type, u, "");
		u->type = "";
		group = sl_group_of(u);
	}
	return group;
}

/* What the schema wants of the unit and the harvest has beside its fields. */
static void
complete_fields(struct sl_n5 *n, struct sl_unit *u)
{
	json_t *list;

	if (*u->id != '\0' && sl_source_find(u->fields, "systemID") == NULL)
		(void)json_object_set_new(
		    u->fields, "systemID", json_string(u->id));
	if (u->kind != SL_KIND_arkiv)
		return;
	list = json_object_get(n->creators, u->id);
	if (list != NULL)
		(void)json_object_set(u->fields, "arkivskaper", list);
	if (n->arkiv_title == NULL &&
	    json_is_string(json_object_get(u->fields, "tittel")))
		n->arkiv_title = sl_strdup(
		    json_string_value(json_object_get(u->fields, "tittel")));
}

static enum sl_rc
write_enter(void *arg, struct sl_unit *u, struct sl_err *err)
{
	struct sl_n5 *n = arg;
	enum sl_rc rc;
	int group;

	if (u->kind == SL_KIND_endring)
		return write_change(n, u, err);
	if (u->misplaced) {
		if (!u->up->misplaced)
			sl_dev_tell(&n->devs, SL_DEV_plass, u, "");
		return SL_OK;
	}
	judge_mixture(n, u);
	if (u->kind == SL_KIND_arkivskaper)
		return SL_OK;
	group = group_of(n, u);
	complete_fields(n, u);
	sl_n5_judge(n, u, group);
	if (u->kind == SL_KIND_dokumentobjekt) {
		rc = sl_n5_document(n, u, err);
		u->misplaced = rc == SL_SKIP;
		if (rc != SL_OK)
			return rc == SL_SKIP ? SL_OK : rc;
	}
	n->w.u = u;
	(void)xmlTextWriterStartElement(n->w.w, sl_xml(sl_kind_name(u->kind)));
	if (u->up == NULL)
		sl_xmlout_namespaces(n->w.w, SL_N5_STRUKTUR, true);
	if (sl_group_base(group) != SL_GROUP_none)
		(void)xmlTextWriterWriteAttribute(
		    n->w.w, sl_xml("xsi:type"), sl_xml(sl_group_name(group)));
	sl_write_head(&n->w, group, u->fields);
	return SL_OK;
}

static void
judge_below(struct sl_n5 *n, const struct sl_unit *u)
{
	const unsigned *c = u->children;

	if ((u->kind == SL_KIND_arkiv && c[SL_KIND_arkiv] == 0 &&
		c[SL_KIND_arkivdel] == 0) ||
	    (u->kind == SL_KIND_klassifikasjonssystem &&
		c[SL_KIND_klasse] == 0))
		sl_dev_tell(&n->devs, SL_DEV_mangler, u,
		    u->kind == SL_KIND_arkiv ? "arkivdel" : "klasse");
	if (u->kind == SL_KIND_dokumentbeskrivelse &&
	    c[SL_KIND_dokumentobjekt] == 0 && !u->again &&
	    sl_source_find(u->fields, "utfoertKassasjon") == NULL)
		sl_dev_tell(&n->devs, SL_DEV_uten_fil, u, "dokumentobjekt");
}

static enum sl_rc
write_leave(void *arg, struct sl_unit *u, struct sl_err *err)
{
	struct sl_n5 *n = arg;
	int group;

	if (u->misplaced || u->kind == SL_KIND_arkivskaper)
		return SL_OK;
	group = group_of(NULL, u);
	n->w.u = u;
	judge_below(n, u);
	sl_write_tail(&n->w, group, u->fields);
	if (xmlTextWriterEndElement(n->w.w) < 0 || n->w.failed)
		return sl_err_set(err, SL_FATAL, 0, "disk_error",
		    "arkivstruktur.xml cannot be written");
	return group == SL_GROUP_journalpost ? sl_posts_add(&n->posts, u, err)
					     : SL_OK;
}

static enum sl_rc
write_structure(struct sl_n5 *n, struct sl_err *err)
{
	const struct sl_visitor v = {write_enter, write_leave, n};
	/* The root element is the arkiv itself, which the walk opens. */
	enum sl_rc rc = sl_xmlout_open(n->package, "arkivstruktur.xml", NULL,
	    NULL, false, &n->structure, err);

	if (rc != SL_OK)
		return rc;
	n->w = (struct sl_writer){.w = n->structure.w,
	    .devs = &n->devs,
	    .ids = &n->ids,
	    .own = own_value,
	    .arg = n};
	n->wc = (struct sl_writer){.devs = &n->devs, .ids = &n->ids};
	rc = sl_harvest_walk(&n->harvest, &v, err);
	if (rc == SL_OK)
		rc = sl_xmlout_close(&n->structure, err);
	if (rc == SL_OK && n->changes.w != NULL)
		rc = sl_xmlout_close(&n->changes, err);
	if (rc != SL_OK)
		return rc;
	n->file[SL_N5_STRUCTURE] =
	    (struct sl_n5_file){true, n->structure.digest};
	if (n->wc.count[SL_GROUP_endring] > 0)
		n->file[SL_N5_CHANGES] =
		    (struct sl_n5_file){true, n->changes.digest};
	else
		sl_dev_tell(&n->devs, SL_DEV_endringslogg, NULL, "");
	return SL_OK;
}

/* -- journals and the rest ---------------------------------------------- */

static enum sl_rc
write_journal(struct sl_n5 *n, bool public, struct sl_err *err)
{
	bool sharp = n->opt->in_sharp && n->opt->out_sharp;
	struct sl_journal j = {.posts = &n->posts,
	    .screen = {.public = public, .keep_names = true},
	    .from_day = n->opt->from_day,
	    .to_day = n->opt->to_day,
	    .from = sharp ? NULL : n->opt->from,
	    .to = sharp ? NULL : n->opt->to,
	    .creators = n->all_creators};
	enum sl_n5_xml which = public ? SL_N5_PUBLIC : SL_N5_RUNNING;
	char name[40];
	struct sl_xmlout o;
	int64_t first, last;
	uint64_t count = sl_journal_count(&j, &first, &last);
	enum sl_rc rc;

	if (count == 0) {
		if (!public)
			sl_dev_tell(&n->devs, SL_DEV_journal, NULL, "");
		return SL_OK;
	}
	(void)snprintf(name, sizeof(name), "%s.xml", sl_journal_root(public));
	rc = sl_xmlout_open(n->package, name, sl_journal_root(public),
	    sl_journal_ns(public), false, &o, err);
	if (rc != SL_OK)
		return rc;
	rc = sl_journal_write(&j, &o, err);
	if (rc != SL_OK) {
		sl_xmlout_drop(&o);
		return rc;
	}
	rc = sl_xmlout_close(&o, err);
	n->file[which] = (struct sl_n5_file){rc == SL_OK, o.digest};
	*(public ? &n->public_n : &n->journal_n) = count;
	return rc;
}

static enum sl_rc
write_schemas(struct sl_n5 *n, struct sl_err *err)
{
	const struct sl_schema *s;
	enum sl_rc rc = SL_OK;
	size_t i;

	for (i = 0; rc == SL_OK && (s = sl_schema_noark5(i)) != NULL; i++)
		rc =
		    sl_replace_file(n->package, s->name, s->p, s->n, 0644, err);
	return rc;
}

static enum sl_rc
write_left(struct sl_n5 *n, struct sl_err *err)
{
	int fd = openat(n->dir, "utelatt.csv",
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f != NULL) {
		sl_devs_write_left(&n->devs, f);
		if (ferror(f) == 0 && fclose(f) == 0)
			return SL_OK;
	}
	return sl_err_set(err, SL_FATAL, errno, "disk_error",
	    "utelatt.csv cannot be written");
}

static void
tell_lacks(struct sl_n5 *n)
{
	const char *p = n->harvest.lacks;
	char name[sizeof(n->harvest.lacks)];
	size_t k;

	for (; *p != '\0'; p += k + (p[k] == ' ')) {
		k = strcspn(p, " ");
		memcpy(name, p, k);
		name[k] = '\0';
		sl_dev_tell(&n->devs, SL_DEV_lenke, NULL, name);
	}
}

static enum sl_rc
write_package(struct sl_n5 *n, struct sl_err *err)
{
	const struct sl_visitor scan = {scan_enter, NULL, n};
	enum sl_rc rc = sl_harvest_walk(&n->harvest, &scan, err);

	if (rc == SL_OK && n->roots == 0)
		rc = sl_err_set(
		    err, SL_BROKEN, 0, "damaged", "the harvest has no arkiv");
	if (rc == SL_OK)
		rc = sl_posts_open(&n->posts, err);
	if (rc == SL_OK && n->opt->system == NULL)
		sl_dev_tell(&n->devs, SL_DEV_system, NULL, "systemName");
	if (rc == SL_OK)
		tell_lacks(n);
	if (rc == SL_OK)
		rc = write_structure(n, err);
	sl_ids_free(&n->ids); /* the journals need room */
	if (rc == SL_OK)
		rc = sl_posts_sort(&n->posts, err);
	if (rc == SL_OK)
		rc = write_journal(n, false, err);
	if (rc == SL_OK)
		rc = write_journal(n, true, err);
	if (rc == SL_OK)
		rc = write_schemas(n, err);
	if (rc == SL_OK)
		rc = sl_n5_addml(n, err);
	if (rc == SL_OK)
		rc = write_left(n, err);
	return rc;
}

/* -- the folder --------------------------------------------------------- */

static enum sl_rc
make_folders(struct sl_n5 *n, const char *part, struct sl_err *err)
{
	FILE *f;
	int fd;

	if (access(n->opt->dir, F_OK) == 0)
		return sl_err_set(err, SL_REJECT, 0, "not_empty",
		    "the folder is there already: nothing is written over it");
	if (sl_part_make(part, 0755, "noark5", &n->dir, &n->lock, err) != SL_OK)
		return err->rc;
	n->package = sl_make_dir(n->dir, "avleveringspakke", 0755);
	n->docs = sl_make_dir(n->package, "dokumenter", 0755);
	fd = openat(
	    n->dir, "avvik.csv", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (n->docs < 0 || f == NULL)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "DIR.part cannot be written");
	sl_devs_open(&n->devs, f);
	return SL_OK;
}

/* All of it on disk, then under its name. */
static enum sl_rc
finish(struct sl_n5 *n, const char *part, struct sl_err *err)
{
	enum sl_rc rc = sl_devs_close(&n->devs, err);

	if (rc == SL_OK && n->opt->strict && n->devs.avvik > 0)
		return sl_err_set(err, SL_SKIP, 0, "deviations",
		    "there are deviations, and --strict was given");
	if (rc == SL_OK)
		rc = sl_sync_fs(n->dir, "the package", err);
	/* After all that takes its time: without a mark it is not ours. */
	if (rc == SL_OK)
		rc = sl_part_end(n->dir, &n->lock, err);
	if (rc == SL_OK && renameat2(AT_FDCWD, part, AT_FDCWD, n->opt->dir,
			       RENAME_NOREPLACE) != 0)
		rc = sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "DIR.part cannot be renamed");
	if (rc == SL_OK)
		rc = sl_sync_fs(n->dir, "the package's name", err);
	return rc;
}

static void
release(struct sl_n5 *n)
{
	int *fd[] = {&n->dir, &n->package, &n->docs, &n->docs_sub, &n->lock};
	char *title;
	size_t i;

	for (i = 0; i < sizeof(fd) / sizeof(fd[0]); i++)
		if (*fd[i] >= 0)
			(void)close(*fd[i]);
	sl_harvest_close(&n->harvest);
	sl_ids_free(&n->ids);
	sl_posts_close(&n->posts);
	sl_pronom_free(n->pronom);
	json_decref(n->creators);
	json_decref(n->all_creators);
	memcpy(&title, &n->arkiv_title, sizeof(title));
	free(title);
	if (n->structure.w != NULL)
		sl_xmlout_drop(&n->structure);
	if (n->changes.w != NULL)
		sl_xmlout_drop(&n->changes);
	if (n->devs.csv != NULL)
		(void)sl_devs_close(&n->devs, NULL);
}

static void
print_result(const struct sl_n5 *n)
{
	bool whole = n->devs.avvik == 0;

	sl_devs_print(&n->devs, stdout, n->opt->json);
	if (n->opt->json) {
		(void)printf("{\"deliverable\":%s,\"avvik\":%llu,"
			     "\"merknader\":%llu,\"documents\":%llu,"
			     "\"journalposter\":%llu}\n",
		    whole ? "true" : "false", (unsigned long long)n->devs.avvik,
		    (unsigned long long)n->devs.merknad,
		    (unsigned long long)n->documents,
		    (unsigned long long)n->journal_n);
		return;
	}
	(void)printf("%s: %llu avvik, %llu merknader; %llu dokumenter, %llu "
		     "journalposter\n",
	    whole ? "kan avleveres" : "kan ikke avleveres slik det er",
	    (unsigned long long)n->devs.avvik,
	    (unsigned long long)n->devs.merknad,
	    (unsigned long long)n->documents, (unsigned long long)n->journal_n);
}

static int
run(struct sl_n5 *n)
{
	SL_FREE char *part = sl_asprintf("%s.part", n->opt->dir);
	struct sl_err err = {0};
	enum sl_rc rc = sl_harvest_open(n->opt->harvest, &n->harvest, &err);
	uint64_t most = n->harvest.size / 40;

	if (rc == SL_OK)
		rc = sl_pronom_open(&n->pronom, &err);
	if (rc == SL_OK)
		rc = make_folders(n, part, &err);
	if (rc != SL_OK) {
		if (n->lock >= 0)
			(void)sl_remove_tree(AT_FDCWD, part);
		return sl_depot_fail(&err);
	}
	if (n->harvest.units < most)
		most = n->harvest.units;
	sl_ids_reserve(&n->ids, most < RESERVE_MAX ? most : RESERVE_MAX);
	rc = write_package(n, &err);
	if (rc == SL_OK)
		rc = finish(n, part, &err);
	if (rc != SL_OK)
		(void)sl_remove_tree(AT_FDCWD, part);
	if (rc == SL_SKIP) {
		print_result(n);
		(void)sl_depot_fail(&err);
		return SL_EXIT_FOUND;
	}
	if (rc != SL_OK)
		return sl_depot_fail(&err);
	print_result(n);
	return n->devs.avvik > 0 ? SL_EXIT_FOUND : SL_EXIT_OK;
}

/* -- the line ----------------------------------------------------------- */

static const struct option options[] = {
    {"from", required_argument, NULL, 'f'},
    {"to", required_argument, NULL, 't'},
    {"inngaaende", required_argument, NULL, 'i'},
    {"utgaaende", required_argument, NULL, 'u'},
    {"system", required_argument, NULL, 's'},
    {"type", required_argument, NULL, 'T'},
    {"format", required_argument, NULL, 'F'},
    {"strict", no_argument, NULL, 'S'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static bool
take_choice(const char *s, const char *yes, const char *no, bool *ret)
{
	*ret = strcmp(s, yes) == 0;
	return *ret || strcmp(s, no) == 0;
}

static int
take_option(struct sl_n5_options *o, int bit)
{
	bool good = true;

	switch (bit) {
	case 'f':
		o->from = optarg;
		good = sl_day_exact(optarg, &o->from_day);
		break;
	case 't':
		o->to = optarg;
		good = sl_day_exact(optarg, &o->to_day);
		break;
	case 'i':
		good = take_choice(optarg, "skarpt", "mykt", &o->in_sharp);
		break;
	case 'u':
		good = take_choice(optarg, "skarpt", "mykt", &o->out_sharp);
		break;
	case 's':
		o->system = optarg;
		break;
	case 'T':
		o->type = optarg;
		break;
	case 'F':
		good = take_choice(optarg, "extension", "puid", &o->extension);
		break;
	case 'S':
		o->strict = true;
		break;
	default:
		o->json = true;
	}
	return good ? 0
		    : sl_say(
			  SL_EXIT_USAGE, "noark5: %s is no such value", optarg);
}

int
sl_depot_noark5(int argc, char **argv)
{
	struct sl_n5_options o = {
	    .in_sharp = true, .out_sharp = true, .type = "Sakarkiv (Noark-5)"};
	struct sl_n5 n = {.opt = &o,
	    .dir = -1,
	    .package = -1,
	    .docs = -1,
	    .docs_sub = -1,
	    .lock = -1,
	    .harvest = {.dir = -1, .units_fd = -1}};
	int code = 0, bit;

	while (
	    (bit = sl_option_or_say(argc, argv, "", options)) > 0 && code == 0)
		code = take_option(&o, bit);
	if (bit < 0 || code != 0)
		return SL_EXIT_USAGE;
	if (o.from != NULL && o.to != NULL && o.from_day > o.to_day)
		return sl_say(SL_EXIT_USAGE, "--from %s is later than --to %s",
		    o.from, o.to);
	if (argc - optind != 2 || o.from == NULL || o.to == NULL)
		return sl_say(SL_EXIT_USAGE,
		    "usage: sluse depot noark5 HARVEST DIR --from DAY --to "
		    "DAY; see sluse-depot(1)");
	o.harvest = argv[optind];
	o.dir = sl_option_folder(argv[optind + 1]);
	n.creators = json_object();
	n.all_creators = json_array();
	code = run(&n);
	release(&n);
	return code;
}
