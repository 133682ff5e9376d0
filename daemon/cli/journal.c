/*
 * sluse journal: verify, export, prove, and what slused does with its key.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../journal/stamp.h"
#include "../journal/tlogproof.h"
#include "../query/takehome.h"
#include "../store/heads.h"
#include "ask.h"

/* -- what it is held against ------------------------------------------------
 */

#define TRUST_MAX 32768 /* of certificates: they go in a message */
#define KEY_FILE_MAX 8192

struct asked {
	struct sl_verify_ask ask;
	struct sl_vkey key[SL_VERIFY_GIVEN_MAX], witness;
	struct sl_buf against, tsa;
};

/* The same for whoever reads the database. */
static json_t *
args_of(const struct sl_verify_ask *ask)
{
	json_t *o = json_object();
	SL_BUF struct sl_buf key = {0}, witness = {0};
	size_t i;

	for (i = 0; i < ask->keys_n; i++) {
		sl_vkey_text(&ask->key[i], &key);
		sl_buf_add_char(&key, '\n');
	}
	if (ask->keys_n > 0) {
		(void)json_object_set_new(
		    o, "key", json_string(sl_buf_str(&key)));
	}
	if (ask->witness != NULL) {
		sl_vkey_text(ask->witness, &witness);
		(void)json_object_set_new(
		    o, "witness", json_string(sl_buf_str(&witness)));
	}
	if (ask->tsa.n > 0)
		(void)json_object_set_new(
		    o, "tsa", json_stringn_nocheck(ask->tsa.p, ask->tsa.n));
	if (ask->against.n > 0)
		(void)json_object_set_new(o, "against",
		    json_stringn_nocheck(ask->against.p, ask->against.n));
	if (ask->log_only)
		(void)json_object_set_new(o, "log_only", json_true());
	return o;
}

/* Appends a vkey, or what a file with some holds, as lines. */
static void
add_key(const char *word, struct sl_buf *out)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_vkey k;

	if (sl_vkey_parse(word, strlen(word), &k))
		sl_buf_add_str(out, word);
	else if (sl_read_file(AT_FDCWD, word, KEY_FILE_MAX, &b, NULL) == SL_OK)
		sl_buf_add(out, b.p, b.n);
	else
		sl_buf_add_char(out, '?'); /* no key */
	sl_buf_add_char(out, '\n');
}

static enum sl_exit
take_keys(const struct sl_cli *c, struct asked *a)
{
	SL_BUF struct sl_buf lines = {0};
	int i;

	a->ask.key = a->key;
	for (i = 0; i < c->keys && i < SL_CLI_KEYS_MAX; i++)
		add_key(c->key[i], &lines);
	if (c->keys > SL_CLI_KEYS_MAX ||
	    (c->keys > 0 &&
		!sl_verify_keys(sl_slice_buf(&lines), a->key, &a->ask.keys_n)))
		return sl_say(SL_EXIT_USAGE,
		    "--key is a public key (name+id+key), or a file that "
		    "holds one on each line; at most %u in all",
		    SL_VERIFY_GIVEN_MAX);
	return SL_EXIT_OK;
}

static enum sl_exit
take_witness(const struct sl_cli *c, struct asked *a)
{
	SL_BUF struct sl_buf b = {0};

	add_key(c->witness, &b);
	if (!sl_vkey_parse(b.p, b.n, &a->witness) &&
	    !sl_vkey_parse(b.p, b.n - 1, &a->witness))
		return sl_say(SL_EXIT_USAGE,
		    "--witness is a public key (name+id+key), or a file that "
		    "holds one");
	a->ask.witness = &a->witness;
	return SL_EXIT_OK;
}

static enum sl_exit
take_asked(const struct sl_cli *c, struct asked *a)
{
	struct sl_err err;
	enum sl_exit code = take_keys(c, a);

	a->ask.log_only = c->log_only;
	if (code == SL_EXIT_OK && c->witness != NULL)
		code = take_witness(c, a);
	if (code != SL_EXIT_OK)
		return code;
	if (c->tsa != NULL) {
		if (sl_read_file(AT_FDCWD, c->tsa, TRUST_MAX, &a->tsa, &err) !=
			SL_OK ||
		    !sl_stamp_is_trust(sl_slice_buf(&a->tsa)))
			return sl_say(SL_EXIT_USAGE,
			    "--tsa is a file of certificates (PEM)");
		a->ask.tsa = sl_slice_buf(&a->tsa);
	}
	if (c->against == NULL)
		return SL_EXIT_OK;
	if (sl_read_file(
		AT_FDCWD, c->against, SL_NOTE_MAX, &a->against, &err) != SL_OK)
		return sl_say(SL_EXIT_INPUT, "%s cannot be read", c->against);
	a->ask.against = sl_slice_buf(&a->against);
	return SL_EXIT_OK;
}

/* -- verify -----------------------------------------------------------------
 */

static uint64_t
number(const json_t *row, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(row, key));
}

static const char *
text(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s != NULL ? s : "";
}

static void
print_fault(const json_t *row)
{
	uint64_t first = number(row, "first"), last = number(row, "last");

	if (first == last)
		(void)printf("The sporingslogg is NOT whole: sequence %" PRIu64
			     ": ",
		    first);
	else
		(void)printf("The sporingslogg is NOT whole: between sequence"
			     " %" PRIu64 " and %" PRIu64 ": ",
		    first, last);
	sl_query_show_text(stdout, text(row, "fault"));
	(void)putchar('\n');
}

/* The log is whole, and what reports are made of is not what it tells. */
static void
print_differs(const json_t *row)
{
	const json_t *names = json_object_get(row, "differs"), *name;
	uint64_t n = number(row, "differ");
	size_t i;

	(void)fputs("The tables are NOT what the sporingslogg tells: ", stdout);
	sl_query_show_text(stdout, text(row, "fault"));
	(void)printf("\n%" PRIu64 " consignment%s:", n,
	    n == 1 ? " differs" : "s differ");
	json_array_foreach(names, i, name)
	{
		(void)fputs(i > 0 ? ", " : " ", stdout);
		sl_query_show_text(stdout,
		    json_is_string(name) ? json_string_value(name) : "?");
	}
	(void)puts(n > json_array_size(names) ? " ..." : "");
}

/* What shows on whichever log: who else signed it, and where it broke. */
static void
print_breaks(const json_t *row)
{
	const json_t *all = json_object_get(row, "not_introduced");
	uint64_t n = number(row, "breaks");
	const json_t *o;
	size_t i;

	for (i = 0; i < json_array_size(all); i++) {
		o = json_array_get(all, i);
		(void)fputs("No key before it introduced ", stdout);
		sl_query_show_text(stdout, text(o, "key"));
		if (json_is_integer(json_object_get(o, "from")))
			(void)printf(", which signs from sequence %" PRIu64
				     " on",
			    number(o, "from"));
		(void)puts(".");
	}
	all = json_object_get(row, "given_up");
	for (i = 0; i < json_array_size(all); i++) {
		o = json_array_get(all, i);
		(void)printf("At sequence %" PRIu64 ", %s, what had been "
			     "signed was given up; the log goes on as ",
		    number(o, "seq"), text(o, "time"));
		sl_query_show_text(stdout, text(o, "origin"));
		(void)puts(".");
	}
	if (number(row, "given_ups") > i)
		(void)printf("That was done %" PRIu64 " times in all.\n",
		    number(row, "given_ups"));
	if (n > 0)
		(void)printf("%" PRIu64 " time%s slused found another log "
			     "than the one that was signed, and stood still.\n",
		    n, n == 1 ? "" : "s");
}

static void
print_held(const json_t *row)
{
	const json_t *all = json_object_get(row, "held_against");
	size_t i;

	for (i = 0; i < json_array_size(all); i++)
		(void)printf("%s%s", i == 0 ? "It was held against " : ", ",
		    json_string_value(json_array_get(all, i)));
	if (i > 0)
		(void)puts(".");
}

static void
print_log(const json_t *row)
{
	if (number(row, "differ") > 0) {
		print_differs(row);
		return;
	}
	if (json_object_get(row, "fault") != NULL) {
		print_fault(row);
		print_breaks(row);
		return;
	}
	(void)printf("The sporingslogg is whole: %" PRIu64
		     " leaves of %s, root %s\n",
	    number(row, "leaves"), text(row, "origin"), text(row, "root"));
	if (number(row, "heads") > 0)
		(void)printf("Signed %" PRIu64 " time%s, last at %" PRIu64
			     " leaves.\n",
		    number(row, "heads"), number(row, "heads") == 1 ? "" : "s",
		    number(row, "signed"));
	if (number(row, "cosigned") > 0)
		(void)printf("Cosigned: %" PRIu64 " leaves, at %s.\n",
		    number(row, "cosigned"), text(row, "cosigned_time"));
	if (number(row, "timestamped") > 0)
		(void)printf("Time-stamped: %" PRIu64 " leaves, at %s.\n",
		    number(row, "timestamped"), text(row, "timestamped_time"));
	if (number(row, "leaves") > 0 && number(row, "payloads") == 0)
		(void)puts("There are no payloads: what the leaves hold "
			   "digests of was not looked at.");
	if (number(row, "erased") > 0)
		(void)printf("%" PRIu64 " payloads were erased, each by an "
			     "event that says so.\n",
		    number(row, "erased"));
	if (number(row, "compared") > 0)
		(void)printf("The tables are what it tells of %" PRIu64
			     " consignment%s.\n",
		    number(row, "compared"),
		    number(row, "compared") == 1 ? "" : "s");
	print_held(row);
	print_breaks(row);
}

static void
print_verify(const json_t *row)
{
	const json_t *originals = json_object_get(row, "originals");

	print_log(row);
	if (originals != NULL)
		sl_query_print_originals(stdout, originals);
}

/* Takes row over. */
static enum sl_exit
tell(const struct sl_cli *c, json_t *row, void (*print)(const json_t *row))
{
	bool ok = json_is_true(json_object_get(row, "ok"));

	if (c->json)
		sl_cli_json(row);
	else
		print(row);
	json_decref(row);
	return ok ? SL_EXIT_OK : SL_EXIT_FOUND;
}

static enum sl_rc
keep_row(void *arg, const json_t *row, struct sl_err *err)
{
	json_t **ret = arg;

	(void)err;
	json_decref(*ret);
	*ret = json_deep_copy(row);
	return SL_OK;
}

/* The same, of rows that tell how far it is before the last one. */
static enum sl_rc
keep_last(void *arg, const json_t *row, struct sl_err *err)
{
	const json_t *looks = json_object_get(row, "looks");
	bool terminal = isatty(STDERR_FILENO) == 1;
	json_t **ret = arg;

	if (terminal && looks != NULL)
		(void)fprintf(stderr,
		    "\r%" PRIu64 " originals read, %" PRIu64 " MB ",
		    number(looks, "files"),
		    (number(looks, "bytes") + number(looks, "part_bytes")) /
			1000000);
	else if (terminal && json_object_get(*ret, "looks") != NULL)
		(void)fputc('\n', stderr);
	return keep_row(arg, row, err);
}

/* By whoever may read the database: its owner, else sluse-report. */
static enum sl_exit
verify_live(const struct sl_cli *c, const struct sl_verify_ask *ask)
{
	json_t *row = NULL, *args;
	struct sl_err err = {0};
	struct sl_ask *a;
	enum sl_exit code = sl_ask_open(c, &a);
	enum sl_rc rc;

	/* A database that is none is no fault of ours, but of the log. */
	if (code != SL_EXIT_OK)
		return code == SL_EXIT_INTERNAL ? SL_EXIT_FOUND : code;
	args = args_of(ask);
	if (c->originals)
		(void)json_object_set_new(args, "originals", json_true());
	rc = sl_ask_rows(a, "journal-verify", args, keep_last, &row, &err);
	json_decref(args);
	sl_ask_close(a);
	if (rc == SL_OK && row != NULL)
		return tell(c, row, print_verify);
	json_decref(row);
	if (rc == SL_HOLD)
		return sl_say(SL_EXIT_REFUSED, "%s", err.text);
	if (rc == SL_RETRY)
		return sl_say(SL_EXIT_AWAY, "%s", err.text);
	/* A database that is none is no fault of ours, but of the log. */
	return sl_say(
	    SL_EXIT_FOUND, "the sporingslogg cannot be read: %s", err.text);
}

static void
print_proof(const json_t *row)
{
	if (!json_is_true(json_object_get(row, "ok"))) {
		(void)fputs("It is NOT proved: ", stdout);
		sl_query_show_text(stdout, text(row, "fault"));
		(void)putchar('\n');
		return;
	}
	(void)printf("It is proved by the head of %s at %" PRIu64
		     " leaves, root %s\n",
	    text(row, "origin"), number(row, "tree_size"), text(row, "root"));
}

/* What came along of what the leaf holds a digest of. */
static void
print_payload(const struct sl_tlogproof *p)
{
	json_t *j = json_loadb(
	    (const char *)p->leaf + p->leaf_n, p->payload_n, 0, NULL);

	if (p->payload_n > 0) {
		sl_query_show_text(stdout, text(j, "body"));
		(void)putchar('\n');
	}
	json_decref(j);
}

/* The event of a proof, as it stands in its leaf. */
static void
print_leaf(struct sl_slice file)
{
	struct sl_tlogproof *p = sl_alloc(sizeof(*p));
	SL_BUF struct sl_buf lines = {0};
	struct sl_leaf l;
	char when[32];

	if (sl_tlogproof_parse(file.p, file.n, p, NULL) == SL_OK &&
	    sl_leaf_decode(p->leaf, p->leaf_n, &lines, &l, NULL) == SL_OK) {
		sl_clock_format_utc(l.time_ms, when, sizeof(when));
		(void)printf("%" PRIu64 "  %s  %s  ", l.seq, when,
		    sl_event_name(l.event) != NULL ? sl_event_name(l.event)
						   : "?");
		sl_query_show_text(stdout, l.subject);
		(void)fputs("  ", stdout);
		sl_query_show_text(stdout, l.actor);
		(void)putchar('\n');
		print_payload(p);
	}
	free(p);
}

static enum sl_exit
report_code(enum sl_rc rc, const struct sl_err *err)
{
	enum sl_exit code = SL_EXIT_INPUT;

	if (rc == SL_OK)
		return SL_EXIT_OK;
	if (strcmp(err->reason, "bad_id") == 0)
		code = SL_EXIT_USAGE;
	else if (rc == SL_SKIP || strcmp(err->reason, "journal_broken") == 0)
		code = SL_EXIT_FOUND;
	else if (rc == SL_HOLD)
		code = SL_EXIT_REFUSED;
	else if (rc == SL_RETRY)
		code = SL_EXIT_AWAY;
	return sl_say(code, "%s", err->text);
}

/* The instance's word, for who may not read it. */
static enum sl_exit
ask_keys(const struct sl_cli *c, struct asked *a)
{
	json_t *args = json_pack("{s:b}", "which_keys", 1), *row = NULL;
	struct sl_err err = {0};
	struct sl_ask *k = NULL;
	enum sl_exit code = sl_ask_open(c, &k);
	enum sl_rc rc;

	if (code == SL_EXIT_OK) {
		rc = sl_ask_rows(
		    k, "journal-verify", args, keep_row, &row, &err);
		code = rc == SL_SKIP ? sl_say(SL_EXIT_USAGE, "%s", err.text)
				     : report_code(rc, &err);
		sl_ask_close(k);
	}
	if (code == SL_EXIT_OK &&
	    !sl_verify_keys(
		sl_slice_str(text(row, "keys")), a->key, &a->ask.keys_n))
		code = sl_say(SL_EXIT_AWAY, "no key came");
	json_decref(args);
	json_decref(row);
	return code;
}

/* Without --key: the last keys of the instance, where there is one. */
static enum sl_exit
own_keys(const struct sl_cli *c, struct asked *a)
{
	struct sl_vkey keys[SL_KEYS_MAX];
	struct sl_store *s;
	struct sl_err err;
	size_t n = 0, kept;

	if (a->ask.keys_n > 0)
		return SL_EXIT_OK;
	if (!sl_control_is_owner(c->root))
		return ask_keys(c, a);
	if (sl_store_open_read(c->root, &s, &err) == SL_OK) {
		n = sl_journal_keys(s, keys);
		sl_store_close(s);
	}
	if (n == 0)
		return sl_say(SL_EXIT_USAGE,
		    "say whose signature counts: --key, or --root of an "
		    "instance");
	kept = n < SL_VERIFY_GIVEN_MAX ? n : SL_VERIFY_GIVEN_MAX;
	memcpy(a->key, &keys[n - kept], kept * sizeof(*keys));
	a->ask.keys_n = kept;
	return SL_EXIT_OK;
}

static enum sl_exit
verify_proof(const struct sl_cli *c, struct asked *a)
{
	SL_BUF struct sl_buf file = {0};
	struct sl_verify v;
	struct sl_err err;
	enum sl_exit code;

	if (sl_read_file(AT_FDCWD, c->arg[0], SL_TLOGPROOF_MAX, &file, &err) !=
	    SL_OK)
		return sl_say(SL_EXIT_INPUT, "%s: %s", c->arg[0], err.text);
	code = own_keys(c, a);
	if (code != SL_EXIT_OK)
		return code;
	if (sl_query_verify_proof(sl_slice_buf(&file), &a->ask, &v, &err) !=
	    SL_OK)
		return sl_say(SL_EXIT_INPUT, "%s: %s", c->arg[0], err.text);
	if (!c->json && v.ok)
		print_leaf(sl_slice_buf(&file));
	return tell(c, sl_query_verify_row(&v), print_proof);
}

static enum sl_exit
verify_export(const struct sl_cli *c, const struct sl_verify_ask *ask)
{
	struct sl_verify v;
	struct sl_err err;

	if (sl_query_verify_export(c->arg[0], ask, &v, &err) != SL_OK)
		return sl_say(SL_EXIT_INPUT, "%s: %s", c->arg[0], err.text);
	return tell(c, sl_query_verify_row(&v), print_verify);
}

int
sl_cmd_journal_verify(const struct sl_cli *c)
{
	struct asked a = {0};
	struct stat st;
	enum sl_exit code = take_asked(c, &a);

	if (code == SL_EXIT_OK && c->originals && c->args > 0)
		code = sl_say(SL_EXIT_USAGE,
		    "--originals is for an instance, not for %s", c->arg[0]);
	if (code == SL_EXIT_OK && c->args == 0)
		code = verify_live(c, &a.ask);
	else if (code == SL_EXIT_OK && stat(c->arg[0], &st) != 0)
		code =
		    sl_say(SL_EXIT_INPUT, "%s: %s", c->arg[0], strerror(errno));
	else if (code == SL_EXIT_OK)
		code = S_ISDIR(st.st_mode) ? verify_export(c, &a.ask)
					   : verify_proof(c, &a);
	sl_buf_free(&a.against);
	sl_buf_free(&a.tsa);
	return code;
}

/* -- export, prove ----------------------------------------------------------
 */

/* Payloads are what the list shows. */
static enum sl_exit
tell_payloads(const struct sl_cli *c, const char *verb, const char *id)
{
	json_t *args = json_pack("{s:s*, s:b}", "id", id, "payloads", 1);
	struct sl_err err;
	enum sl_rc rc = c->payloads ? sl_ask_tell(c, verb, args, &err) : SL_OK;

	json_decref(args);
	return rc == SL_OK ? SL_EXIT_OK
			   : sl_say(SL_EXIT_REFUSED, "%s", err.text);
}

/* By who owns the database. */
static enum sl_exit
export_own(const struct sl_cli *c, uint64_t *ret_size)
{
	struct sl_store *s;
	struct sl_err err;
	enum sl_exit code = sl_cli_store(c, &s);

	if (code != SL_EXIT_OK)
		return code;
	code = tell_payloads(c, "journal-export", NULL);
	if (code == SL_EXIT_OK)
		code = report_code(
		    sl_query_export(s, c->arg[0], c->payloads, ret_size, &err),
		    &err);
	sl_store_close(s);
	return code;
}

/* By slused and sluse-report; the files are written here. */
static enum sl_exit
export_asked(const struct sl_cli *c, uint64_t *ret_size)
{
	struct sl_control *k = NULL;
	struct sl_err err;
	enum sl_rc rc = sl_control_open(c->root, &k, &err);

	if (rc == SL_OK)
		rc = sl_export_ask(k, c->arg[0], c->payloads, ret_size, &err);
	sl_control_close(k);
	return report_code(rc, &err);
}

int
sl_cmd_journal_export(const struct sl_cli *c)
{
	uint64_t size = 0;
	enum sl_exit code = sl_control_is_owner(c->root)
				? export_own(c, &size)
				: export_asked(c, &size);

	if (code != SL_EXIT_OK)
		return code;
	if (c->json)
		(void)printf("{\"ok\":true,\"leaves\":%" PRIu64 "}\n", size);
	else
		(void)printf("%" PRIu64 " leaves in %s; see README.md there.\n",
		    size, c->arg[0]);
	return SL_EXIT_OK;
}

/* Takes args over. *ret: {seq, proof}, the caller's. */
static enum sl_exit
ask_proof(const struct sl_cli *c, json_t *args, json_t **ret)
{
	struct sl_ask *a = NULL;
	struct sl_err err = {0};
	enum sl_exit code = sl_ask_open(c, &a);
	enum sl_rc rc = SL_OK;

	*ret = NULL;
	if (code == SL_EXIT_OK) {
		rc = sl_ask_rows(a, "journal-prove", args, keep_row, ret, &err);
		/* Neither a sequence number nor one of a post. */
		code =
		    rc == SL_REJECT && strcmp(err.reason, "journal_broken") != 0
			? sl_say(SL_EXIT_USAGE, "%s", err.text)
			: report_code(rc, &err);
	}
	sl_ask_close(a);
	json_decref(args);
	if (code == SL_EXIT_OK && *ret == NULL)
		code = sl_say(SL_EXIT_AWAY, "no proof came");
	return code;
}

static enum sl_exit
write_proof(const struct sl_cli *c, const char *name, const char *proof)
{
	SL_CLOSE int fd = -1;

	if (strcmp(name, "-") == 0) {
		(void)fputs(proof, stdout);
		return SL_EXIT_OK;
	}
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || sl_write_full(fd, proof, strlen(proof)) != 0)
		return sl_say(SL_EXIT_INPUT, "%s: %s", name, strerror(errno));
	if (c->json)
		(void)printf("{\"ok\":true}\n");
	else
		(void)printf("%s\n", name);
	return SL_EXIT_OK;
}

int
sl_cmd_journal_prove(const struct sl_cli *c)
{
	SL_FREE char *name = NULL;
	json_t *args, *row;
	enum sl_exit code;

	if (c->kind != NULL && sl_event_by_name(c->kind) == 0)
		return sl_say(SL_EXIT_USAGE, "there is no event %s", c->kind);
	if (sl_control_is_owner(c->root)) {
		code = tell_payloads(c, "journal-prove", c->arg[0]);
		if (code != SL_EXIT_OK)
			return code;
	}
	args = json_pack("{s:s}", "id", c->arg[0]);
	if (args != NULL && c->kind != NULL)
		(void)json_object_set_new(args, "event", json_string(c->kind));
	if (args != NULL && c->payloads)
		(void)json_object_set_new(args, "payloads", json_true());
	code = ask_proof(c, args, &row);
	if (code == SL_EXIT_OK) {
		name = c->output != NULL ? sl_strdup(c->output)
					 : sl_asprintf("%" PRIu64 ".tlog-proof",
					       number(row, "seq"));
		code = write_proof(c, name, text(row, "proof"));
		if (code == SL_EXIT_OK && c->output == NULL && !c->json)
			(void)printf("%s\n", name);
	}
	json_decref(row);
	return code;
}

/* A number of leaves, or a file with a head. */
static bool
take_size(const char *word, uint64_t *ret)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_checkpoint head;
	struct sl_note note;

	if (sl_parse_u64(word, 0, INT64_MAX, ret))
		return true;
	if (sl_read_file(AT_FDCWD, word, SL_NOTE_MAX, &b, NULL) != SL_OK ||
	    sl_note_parse(b.p, b.n, &note, NULL) != SL_OK ||
	    sl_checkpoint_parse(note.text, &head, NULL) != SL_OK)
		return false;
	*ret = head.size;
	return true;
}

int
sl_cmd_journal_consistency(const struct sl_cli *c)
{
	uint64_t old = 0, new = INT64_MAX;
	enum sl_exit code;
	json_t *row;

	if (!take_size(c->arg[0], &old) ||
	    (c->args > 1 && !take_size(c->arg[1], &new)))
		return sl_say(SL_EXIT_USAGE,
		    "a head is a file, or how many leaves it covers");
	code = ask_proof(c,
	    json_pack(
		"{s:I, s:I}", "old", (json_int_t)old, "new", (json_int_t) new),
	    &row);
	if (code == SL_EXIT_OK)
		code = write_proof(
		    c, c->output != NULL ? c->output : "-", text(row, "proof"));
	json_decref(row);
	return code;
}
