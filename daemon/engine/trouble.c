/*
 * Programs that the configuration asks for and that do not run, and those that
 * run but lack something. What a program says of itself is kept until it starts
 * well; who is silent is missed all the same.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../base/trust.h"
#include "../config/rows.h"
#include "engine.h"

#define STARTING_MS 15000 /* after slused: nobody is missed yet */

struct sl_trouble {
	struct sl_trouble *next;
	enum sl_role role;
	char name[64], reason[65], text[513];
	bool stops;
};

void
sl_trouble_program(enum sl_role role, const char *name, char *out, size_t cap)
{
	static const char *const programs[] = {[SL_ROLE_WORK] = "sluse-work",
	    [SL_ROLE_OCR] = "sluse-ocr",
	    [SL_ROLE_PLACE] = "sluse-place",
	    [SL_ROLE_PUSH] = "sluse-push",
	    [SL_ROLE_CTL] = "sluse",
	    [SL_ROLE_DECRYPT] = "sluse-decrypt",
	    [SL_ROLE_CONVERT] = "sluse-convert",
	    [SL_ROLE_REPORT] = "sluse-report",
	    [SL_ROLE_WITNESS] = "sluse-push/witness"};
	static_assert(
	    sizeof(programs) / sizeof(programs[0]) == SL_ROLE_LAST + 1,
	    "each role has a program");

	(void)snprintf(
	    out, cap, "%s%s%s", programs[role], *name != '\0' ? "/" : "", name);
}

static struct sl_trouble *
find(const struct sl_engine *e, enum sl_role role, const char *name)
{
	struct sl_trouble *t;

	for (t = e->troubles; t != NULL; t = t->next)
		if (t->role == role && strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

/* Of sluse-push the name of its target; nobody else has one. */
static const char *
name_of(const struct sl_peer *p)
{
	return p->role == SL_ROLE_PUSH ? p->name : "";
}

void
sl_trouble_put(struct sl_peer *p, const struct sl_msg_trouble *m)
{
	const char *name = name_of(p);
	struct sl_trouble *t = find(p->e, p->role, name);

	if (*name != '\0' && sl_engine_target(p->e, name) == NULL)
		return;
	if (t == NULL) {
		t = sl_alloc(sizeof(*t));
		t->role = p->role;
		(void)snprintf(t->name, sizeof(t->name), "%s", name);
		t->next = p->e->troubles;
		p->e->troubles = t;
	}
	t->stops = m->stops != 0;
	(void)sl_slice_copy(m->reason, t->reason, sizeof(t->reason));
	(void)sl_slice_copy(m->text, t->text, sizeof(t->text));
}

void
sl_trouble_end(struct sl_peer *p)
{
	struct sl_trouble **at = &p->e->troubles, *t;

	while ((t = *at) != NULL) {
		if (t->role != p->role || strcmp(t->name, name_of(p)) != 0) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		free(t);
	}
}

void
sl_trouble_free(struct sl_engine *e)
{
	struct sl_trouble *t;

	while ((t = e->troubles) != NULL) {
		e->troubles = t->next;
		free(t);
	}
}

static bool
is_here(const struct sl_engine *e, enum sl_role role, const char *name)
{
	const struct sl_peer *p;

	for (p = e->peers; p != NULL; p = p->next)
		if (!p->dead && p->role == role && p->slots > 0 &&
		    strcmp(name_of(p), name) == 0)
			return true;
	return false;
}

static const char *
help(enum sl_role role, const struct sl_trouble *t)
{
	bool told = t != NULL;

	if (told && strcmp(t->reason, "disk_error") == 0)
		return "The setup is right, the machine is at fault: look at "
		       "its disk, then start the program anew.";
	if (told && role == SL_ROLE_DECRYPT)
		return "Put the key there with its certificate, as "
		       "sluse-decrypt(8) says under KEYS, or take its name out "
		       "of decrypt_keys; then start sluse-decrypt anew.";
	if (told && role == SL_ROLE_CONVERT)
		return "Install LibreOffice, or correct converter in "
		       "sluse.conf or empty it; then start Sluse anew.";
	if (told && role == SL_ROLE_PUSH)
		return "Correct the target's section in sluse.conf, or put "
		       "there what it names; sluse config check tells all of "
		       "it.";
	if (told && role == SL_ROLE_WITNESS)
		return "Correct the section in sluse.conf, or put there what "
		       "it names; sluse config check tells of it.";
	if (told && role == SL_ROLE_OCR)
		return "Install the language's package (tesseract-ocr-...), or "
		       "correct languages of [ocr] in sluse.conf.";
	return "Its log says why: journalctl, or what sluse run prints. Is its "
	       "unit enabled?";
}

static void
put_row(const struct sl_engine *e, enum sl_role role, const char *name,
    struct sl_buf *b)
{
	const struct sl_trouble *t = find(e, role, name);
	bool here = is_here(e, role, name);
	bool told = t != NULL && (t->stops || here);
	const char *reason;
	char program[96];

	if (here ? !told
		 : !told && sl_clock_boot_ms() - e->started_ms < STARTING_MS)
		return;
	sl_trouble_program(role, name, program, sizeof(program));
	if (b->p[b->n - 1] != '[')
		sl_buf_add_char(b, ',');
	sl_buf_add_str(b, "{\"program\":");
	sl_text_json(b, program, strlen(program));
	sl_buf_printf(b, ",\"runs\":%s,\"reason\":", here ? "true" : "false");
	reason = told ? t->reason : "not_running";
	sl_text_json(b, reason, strlen(reason));
	sl_buf_add_str(b, ",\"text\":");
	if (told)
		sl_text_json(b, t->text, strlen(t->text));
	else
		sl_buf_add_str(b, "\"it does not run\"");
	sl_buf_printf(b, ",\"help\":\"%s\"}", help(role, told ? t : NULL));
}

/* -- what slused itself lacks, looked at when somebody asks -----------------
 */

static void
put_own(
    struct sl_buf *b, const char *reason, const char *text, const char *what)
{
	if (b->p[b->n - 1] != '[')
		sl_buf_add_char(b, ',');
	sl_buf_printf(b,
	    "{\"program\":\"slused\",\"runs\":true,\"reason\":\"%s\","
	    "\"text\":",
	    reason);
	sl_text_json(b, text, strlen(text));
	sl_buf_add_str(b, ",\"help\":");
	sl_text_json(b, what, strlen(what));
	sl_buf_add_char(b, '}');
}

/* Then nobody has forgotten anything. */
static const char *
or_machine(const struct sl_err *err, const char *what)
{
	return strcmp(err->reason, "disk_error") == 0
		   ? "The setup is right, the machine is at fault: look at its "
		     "disk. Sluse tries again by itself."
		   : what;
}

static void
own_sending(const struct sl_engine *e, struct sl_buf *b)
{
	int error = sl_store_mend(e->store);
	bool full = error == ENOSPC || error == EDQUOT;
	char text[128];

	if (error == 0)
		return;
	(void)snprintf(text, sizeof(text), "db/sending cannot be written: %s",
	    strerror(error));
	put_own(b, full ? "disk_full" : "disk_error", text,
	    full ? "Post goes out slower, and none is lost. Make room on the "
		   "disk; it is tried again by itself."
		 : "Post goes out slower, and none is lost. Look at the disk; "
		   "it is tried again by itself.");
}

/* Somebody removed it, or its disk fails. */
static void
own_store(const struct sl_engine *e, struct sl_buf *b)
{
	int64_t n = sl_delivery_count_reason(e->store, "disk_error");
	char text[128];

	if (n == 0)
		return;
	(void)snprintf(text, sizeof(text),
	    "a file of the store cannot be opened: %" PRId64 " post%s for it",
	    n, n == 1 ? " waits" : "s wait");
	put_own(b, "disk_error", text,
	    "Look at the disk, and whether something below store/ was "
	    "removed: put that back from the backup. Sluse tries again by "
	    "itself.");
}

/* Nothing has asked for it yet: somebody removed the store, or a part. */
static void
own_newest(struct sl_engine *e, struct sl_buf *b)
{
	size_t looked, gone = sl_originals_newest_gone(e, &looked);
	char text[128];

	if (gone == 0)
		return;
	(void)snprintf(text, sizeof(text),
	    "of the newest %zu originals, %zu %s gone from the store", looked,
	    gone, gone == 1 ? "is" : "are");
	put_own(b, SL_ORIGINAL_MISSING, text,
	    "sluse journal verify --originals names each: put them back from "
	    "the backup, and look for who removed them.");
}

/* Somebody removed it before it was read. */
static void
own_originals(struct sl_engine *e, struct sl_buf *b)
{
	int64_t n = sl_consignment_count_broken(e->store, SL_ORIGINAL_MISSING);
	char text[128];

	if (n == 0) {
		own_newest(e, b);
		return;
	}
	(void)snprintf(text, sizeof(text),
	    "an original is gone from the store: %" PRId64
	    " deliver%s stopped for it",
	    n, n == 1 ? "y is" : "ies are");
	put_own(b, SL_ORIGINAL_MISSING, text,
	    "sluse explain names the file: put it back from the backup, then "
	    "sluse retry. Sluse does not look for it by itself.");
}

static void
own_passwords(const struct sl_engine *e, struct sl_buf *b)
{
	struct sl_err err;
	enum sl_rc rc =
	    sl_password_file_check(e->passwords.path, geteuid(), &err);

	if (rc == SL_SKIP && *e->passwords.path != '\0' &&
	    sl_config_says(e->cfg, SL_SECTION_INSTANCE, "passwords"))
		rc = sl_err_set(&err, SL_REJECT, 0, "config_invalid",
		    "the list of passwords %.200s is not there",
		    e->passwords.path);
	if (rc != SL_OK && rc != SL_SKIP)
		put_own(b, "passwords", err.text,
		    or_machine(&err,
			"Until then encrypted post is held. Put the file "
			"there, for nobody else to read; it is looked at "
			"again by itself."));
}

static void
own_groups(const struct sl_engine *e, struct sl_buf *b)
{
	json_t *o = json_loads(sl_groups_json(e->groups), 0, NULL), *list, *g;
	const char *role, *name;
	char text[256];
	size_t i;

	json_object_foreach(o, role, list)
	{
		if (!sl_config_says(e->cfg, SL_SECTION_ACCESS, role))
			continue;
		json_array_foreach(list, i, g)
		{
			name = json_string_value(json_object_get(g, "group"));
			if (name == NULL || json_object_get(g, "gid") != NULL)
				continue;
			(void)snprintf(text, sizeof(text),
			    "[access]: %s = %.100s: there is no such group",
			    role, name);
			put_own(b, "group_missing", text,
			    "Make the group, or correct the section; slused "
			    "looks again each minute.");
		}
	}
	json_decref(o);
}

/* Post that does not fit, and a disk that nothing can be written to. */
static void
own_room(const struct sl_engine *e, struct sl_buf *b)
{
	char text[400];
	size_t i;

	if (e->stalled)
		put_own(b, "disk_full",
		    "the disk of the database is full: nothing is written, and "
		    "all that is on its way waits",
		    "Make room on the disk; then it goes on by itself where it "
		    "was.");
	for (i = 0; i < e->inlets_n; i++)
		if (sl_room_text(e, i, text, sizeof(text)))
			put_own(b, "disk_full", text,
			    "It waits where it lies, and other post is taken "
			    "in. Make room on the disk, or lower "
			    "free_space_min of sluse.conf; then it is taken by "
			    "itself.");
}

static void
own_doors(const struct sl_engine *e, struct sl_buf *b)
{
	char text[256], since[32];
	const char *queue;
	int64_t replaced;
	size_t i;

	for (i = 0; i < e->inlets_n; i++) {
		queue = sl_inlet_queue(e->inlets[i])->name;
		replaced = sl_doors_replaced_ms(e, i);
		if (sl_inlet_is_gone(e->inlets[i])) {
			(void)snprintf(text, sizeof(text),
			    "queue %.64s: its folder cannot be reached", queue);
			put_own(b, "inlet_lost", text,
			    "What is dropped there is not seen. Look at its "
			    "disk or share; it is looked for again by itself.");
		} else if (replaced != 0) {
			sl_clock_format_utc(replaced, since, sizeof(since));
			(void)snprintf(text, sizeof(text), "queue %.64s: %s %s",
			    queue,
			    e->doors[i].made
				? "its folder was gone and was made anew, "
				  "empty,"
				: "another folder lies in the place of its own "
				  "since",
			    since);
			put_own(b, "inlet_replaced", text,
			    "What lay in the one before and was not taken yet "
			    "is out of sight: look for it, and drop it again. "
			    "This is told for a day.");
		}
	}
}

static void
own_rows(struct sl_engine *e, struct sl_buf *b)
{
	SL_CLOSE int fd = -1;
	struct sl_err err;

	own_room(e, b);
	own_doors(e, b);
	if (*e->paused != '\0')
		put_own(b, "intake_paused", e->paused,
		    e->paused_all
			? "Nothing is taken in, and what is dropped waits "
			  "where it is. Make room on the disk, or lower "
			  "free_space_min of sluse.conf; then it goes on by "
			  "itself."
			: "What is dropped there waits where it is, and the "
			  "other queues go on. Look at its disk; it is tried "
			  "again at each sweep.");
	own_sending(e, b);
	own_store(e, b);
	own_originals(e, b);
	own_passwords(e, b);
	if (sl_trust_open(e->trust, &fd, &err) != SL_OK)
		put_own(b, "trust", err.text,
		    or_machine(&err,
			"Put the certificates there again: until then "
			"signatures are checked, and who made them is not."));
	own_groups(e, b);
}

void
sl_trouble_status(struct sl_engine *e, struct sl_buf *b)
{
	static const enum sl_role always[] = {
	    SL_ROLE_WORK, SL_ROLE_OCR, SL_ROLE_PLACE, SL_ROLE_REPORT};
	size_t i;

	sl_buf_add_char(b, '[');
	own_rows(e, b);
	for (i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		put_row(e, always[i], "", b);
	if (e->cfg->instance.decrypt_keys.n > 0)
		put_row(e, SL_ROLE_DECRYPT, "", b);
	if (*e->cfg->instance.converter != '\0')
		put_row(e, SL_ROLE_CONVERT, "", b);
	if (e->cfg->witness_n + e->cfg->tsa_n > 0)
		put_row(e, SL_ROLE_WITNESS, "", b);
	for (i = 0; i < e->targets_n; i++)
		put_row(e, SL_ROLE_PUSH, e->targets[i].cfg->name, b);
	sl_buf_add_char(b, ']');
}
