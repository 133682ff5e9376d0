/*
 * sluse-push, end to end: this program is slused, the strict Noark 5 fake and
 * the webhook fake are the targets. Whatever goes wrong at whichever request,
 * and whenever sluse-push is killed: exactly one journalpost with exactly its
 * documents, and no request that breaks the protocol.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/base/hash.h"
#include "../../daemon/base/mem.h"
#include "../unit/test.h"
#include "push_world.h"

#define TRIES_MAX 12

static struct world world;
static struct fake n5;
static unsigned keys;
static struct fake field; /* a core with manners of its own */

static const char *
fresh_key(void)
{
	static char key[64];

	(void)snprintf(key, sizeof(key), "key-%d-%u", (int)getpid(), ++keys);
	return key;
}

static const char *
text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

static void
no_violations(struct fake *f)
{
	json_t *v = fake_control(f, "GET", "violations", NULL), *first;
	char *dump;

	if (json_array_size(v) > 0) {
		first = json_array_get(v, 0);
		dump = json_dumps(first, JSON_COMPACT);
		CHECK_MSG(false, "violation: %s", dump);
		free(dump);
	}
	CHECK(json_is_array(v));
	json_decref(v);
	json_decref(fake_control(f, "DELETE", "violations", NULL));
}

/* Posts with the key; the first one in *ret (new reference). */
static size_t
posts_with(struct fake *f, const char *key, json_t **ret)
{
	json_t *state = fake_control(f, "GET", "state", NULL), *p;
	size_t i, n = 0;

	*ret = NULL;
	json_array_foreach(json_object_get(state, "journalposts"), i, p)
	{
		if (strcmp(text(p, "key"), key) != 0)
			continue;
		if (n++ == 0)
			*ret = json_incref(p);
	}
	json_decref(state);
	return n;
}

static void
check_document(const struct parcel *p, const json_t *want, const json_t *have)
{
	const json_t *r, *f, *files = json_object_get(have, "files");
	const json_t *rs = json_object_get(want, "renditions");
	size_t i;

	(void)p;
	CHECK_STR(text(have, "title"), text(want, "tittel"));
	CHECK_STR(text(have, "role"), text(want, "rolle"));
	CHECK(json_array_size(files) == json_array_size(rs));
	json_array_foreach(rs, i, r)
	{
		f = json_array_get(files, i);
		CHECK_STR(text(f, "sha256"), text(r, "sha256"));
		CHECK_STR(text(f, "variant"), text(r, "variant"));
		CHECK_STR(text(f, "name"), text(r, "filnavn"));
		CHECK(json_is_true(json_object_get(f, "complete")));
		CHECK(json_integer_value(json_object_get(f, "size")) ==
		      json_integer_value(json_object_get(r, "storrelse")));
	}
}

/* The target holds the parcel once, whole, and nothing more of it. */
static void
check_arrived(struct fake *f, const struct parcel *p, const char *receipt)
{
	json_t *post = json_loads(p->post, 0, NULL), *have = NULL, *d;
	json_t *r = json_loads(receipt, 0, NULL), *docs;
	const json_t *wanted = json_object_get(post, "dokumenter");
	size_t i, n = posts_with(f, p->key, &have);

	CHECK_MSG(n == 1, "%s is there %zu times", p->key, n);
	docs = json_object_get(have, "documents");
	CHECK_STR(text(have, "title"), text(post, "tittel"));
	CHECK_STR(text(have, "status"), "M");
	/* Where nobody internal may be registered, that is a remark. */
	CHECK(json_array_size(json_object_get(have, "correspondents")) ==
	      (f == &field ? 2 : 3));
	CHECK(json_array_size(json_object_get(have, "remarks")) ==
	      (f == &field ? 3 : 2));
	CHECK(json_array_size(json_object_get(have, "problems")) == 0);
	CHECK(json_array_size(docs) == json_array_size(wanted));
	json_array_foreach(wanted, i, d)
	    check_document(p, d, json_array_get(docs, i));
	CHECK_STR(text(r, "id"), text(have, "id"));
	CHECK_STR(text(r, "number"), text(have, "number"));
	CHECK_STR(text(r, "case"), text(have, "case"));
	CHECK_STR(text(r, "status"), "M");
	CHECK(json_integer_value(json_object_get(r, "journalaar")) ==
	      json_integer_value(json_object_get(have, "year")));
	CHECK(json_integer_value(json_object_get(r, "journalsekvensnummer")) ==
	      json_integer_value(json_object_get(have, "sequence")));
	CHECK(json_array_size(json_object_get(r, "documents")) == 3);
	json_decref(post);
	json_decref(have);
	json_decref(r);
}

static bool
is_good(const struct outcome *o)
{
	return !o->died && (o->verdict == SL_VERDICT_DELIVERED ||
			       o->verdict == SL_VERDICT_ALREADY);
}

static bool
may_try_again(const struct outcome *o)
{
	return o->died || o->verdict == SL_VERDICT_LATER ||
	       o->verdict == SL_VERDICT_DOWN;
}

/* Tries until it is delivered, each in a new process; number of tries. */
static unsigned
deliver(struct fake *f, struct parcel *p, const struct kill_plan *plan)
{
	struct outcome o = {.died = true};
	unsigned tries = 0;

	while (tries < TRIES_MAX && may_try_again(&o)) {
		if (!world_start(&world, f == &field ? "field" : "n5")) {
			CHECK_MSG(false, "sluse-push does not start");
			return tries;
		}
		parcel_try(&world, p, tries == 0 ? plan : NULL, &o);
		tries++;
	}
	CHECK_MSG(is_good(&o), "verdict %u %s %s after %u", o.verdict, o.reason,
	    o.detail, tries);
	if (is_good(&o))
		check_arrived(f, p, o.receipt);
	no_violations(f);
	return tries;
}

/* Nothing can be said of a sluse-push that does not come. */
static void
start(const char *target)
{
	if (world_start(&world, target))
		return;
	(void)fprintf(stderr, "sluse-push does not start\n");
	exit(1);
}

/* Ends as asked; in sanitizer builds a leak shows here. */
static void
end(void)
{
	int status = world_stop(&world, SIGTERM);

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
set_up(void)
{
	static const char *const args[] = {"--user", "fagsystem", "--password",
	    "s3kret og æøå", "--page-size", "2", NULL};

	if (world.listening > 0)
		return;
	world_new(&world);
	fake_start(&n5, world.dir, "n5_server.py", args);
	world_config(&world,
	    "[target n5]\nconnector = noark5\n"
	    "base_url = http://127.0.0.1:%d/api\nallow_loopback = yes\n"
	    "user = fagsystem\nclient_id = sluse\ntimeout = 10s\n",
	    n5.port);
	world_config(&world,
	    "[target make]\nconnector = noark5\n"
	    "base_url = http://127.0.0.1:%d/api\nallow_loopback = yes\n"
	    "user = fagsystem\nclient_id = sluse\ncreate_cases = yes\n"
	    "credentials = n5-password, n5-client-secret\n"
	    "password_name = n5-password\nclient_secret_name = "
	    "n5-client-secret\n"
	    "read_back = bytes\n",
	    n5.port);
	world_secret(&world, "n5-password", "s3kret og æøå");
	world_secret(&world, "n5-client-secret", "hemmelig");
}

/* -- cases
 * ------------------------------------------------------------------------ */

static void
happy(void)
{
	struct parcel p;

	set_up();
	parcel_new(&p, fresh_key(), "2026/211", 0);
	CHECK(deliver(&n5, &p, NULL) == 1);
	/* journalpost, 3 parts, 2 documents, 3 objects, 3 files, 2 remarks,
	 * verified */
	CHECK(p.steps_n == 15);
	CHECK_STR(p.step[0].step, "journalpost");
	CHECK_STR(p.step[14].step, "verified");
	parcel_free(&p);
}

static void
again_is_already(void)
{
	struct outcome o;
	struct parcel p;

	set_up();
	parcel_new(&p, fresh_key(), "2026/211", 0);
	CHECK(deliver(&n5, &p, NULL) == 1);
	parcel_try(&world, &p, NULL, &o);
	CHECK(o.verdict == SL_VERDICT_ALREADY);
	check_arrived(&n5, &p, o.receipt);
	/* And if slused has lost every step. */
	p.steps_n = 0;
	parcel_try(&world, &p, NULL, &o);
	CHECK(o.verdict == SL_VERDICT_ALREADY);
	check_arrived(&n5, &p, o.receipt);
	no_violations(&n5);
	parcel_free(&p);
	end();
}

static void
each_request(const char *action, unsigned may_pass)
{
	unsigned i, tries, fired = 0, unnoticed = 0;
	struct parcel p;
	char rule[160];
	json_t *rules;

	set_up();
	for (i = 0; i < 100; i++) {
		(void)snprintf(rule, sizeof(rule),
		    "[{\"match\":{},\"action\":\"%s\",\"count\":1,"
		    "\"skip\":%u}]",
		    action, i);
		json_decref(fake_control(&n5, "POST", "faults", rule));
		parcel_new(&p, fresh_key(), "2026/211", 0);
		tries = deliver(&n5, &p, NULL);
		rules = fake_control(&n5, "GET", "faults", NULL);
		fired = (unsigned)json_integer_value(
		    json_object_get(json_array_get(rules, 0), "fired"));
		json_decref(rules);
		json_decref(fake_control(&n5, "DELETE", "faults", NULL));
		unnoticed += fired > 0 && tries == 1;
		if (test_bad > 0)
			(void)fprintf(
			    stderr, "  (%s at request %u)\n", action, i);
		parcel_free(&p);
		if (fired == 0 || test_bad > 0)
			break;
	}
	/* The loop has gone through a whole delivery. */
	CHECK_MSG(i >= 25 && fired == 0, "%u requests", i);
	/* A lost GET is asked again at once, and the body of the answer to a
	 * file is not read (the read-back is): all else needs a second try. */
	CHECK_MSG(unnoticed <= may_pass, "%u of %u unnoticed", unnoticed, i);
}

static void
each_500(void)
{
	each_request("500", 0);
}
static void
each_429(void)
{
	each_request("429", 0);
}
static void
each_reset(void)
{
	each_request("reset", 14);
}
static void
each_lose_reply(void)
{
	each_request("lose_reply", 14);
}
static void
each_half_body(void)
{
	each_request("half_body", 0);
}
static void
each_bad_json(void)
{
	each_request("bad_json", 3);
}

static void
storm(void)
{
	unsigned seed, tries = 0;
	struct parcel p;
	char rule[256];

	set_up();
	for (seed = 1; seed <= 12; seed++) {
		(void)snprintf(rule, sizeof(rule),
		    "[{\"action\":\"lose_reply\",\"probability\":0.06,"
		    "\"seed\":%u},{\"action\":\"503\",\"probability\":0.04,"
		    "\"seed\":%u,\"retry_after\":1}]",
		    seed, seed + 100);
		json_decref(fake_control(&n5, "POST", "faults", rule));
		parcel_new(&p, fresh_key(), "2026/212", 0);
		tries += deliver(&n5, &p, NULL);
		json_decref(fake_control(&n5, "DELETE", "faults", NULL));
		parcel_free(&p);
	}
	CHECK_MSG(tries > 12, "%u tries: no storm", tries);
}

static void
killed(enum kill_when when)
{
	struct kill_plan plan = {.when = when};
	struct parcel p;
	unsigned tries;

	set_up();
	for (plan.at = 1; plan.at <= 15; plan.at++) {
		parcel_new(&p, fresh_key(), "2026/211", 0);
		tries = deliver(&n5, &p, &plan);
		CHECK_MSG(tries == 2, "killed at %u: %u tries", plan.at, tries);
		parcel_free(&p);
	}
}

static void
killed_before_commit(void)
{
	killed(KILL_LOST);
}
static void
killed_after_commit(void)
{
	killed(KILL_KEPT);
}
static void
killed_after_answer(void)
{
	killed(KILL_AFTER);
}

static void
killed_any_time(void)
{
	struct kill_plan plan = {0};
	struct parcel p;

	set_up();
	for (plan.after_ms = 1; plan.after_ms < 60; plan.after_ms += 2) {
		parcel_new(&p, fresh_key(), "2026/211", 0);
		(void)deliver(&n5, &p, &plan);
		parcel_free(&p);
	}
}

static void
set_up_field(void)
{
	static const char *const args[] = {"--user", "fagsystem", "--password",
	    "passord", "--manner=root-after-login", "--manner=oidc-only",
	    "--manner=no-token-endpoint", "--manner=double-links",
	    "--manner=no-vsm", "--manner=no-vsm-search",
	    "--manner=errors-in-200", "--manner=other-errors", "--manner=names",
	    "--manner=formats", "--manner=moments", "--manner=no-intern",
	    "--manner=no-unit", "--manner=silent-files", NULL};
	json_t *token;

	set_up();
	fake_start(&field, world.dir, "n5_server.py", args);
	token = fake_control(&field, "GET", "token-endpoint", NULL);
	world_config(&world,
	    "[target field]\nconnector = noark5\n"
	    "base_url = http://127.0.0.1:%d/api\nallow_loopback = yes\n"
	    "user = fagsystem\nclient_id = sluse\ntoken_endpoint = %s\n"
	    "own_key_field = beskrivelse\ncase_unit = none\n"
	    "access_metadata = none\ncreate_cases = yes\n",
	    field.port, text(token, "href"));
	world_secret(&world, "field-password", "passord");
	world_secret(&world, "field-client-secret", "hemmelig");
	json_decref(token);
}

/* What such a core has once, it has once whenever we are killed; one case for
 * each post that asks for one. */
static void
killed_in_the_field(void)
{
	struct kill_plan plan = {.when = KILL_LOST};
	json_t *state, *c;
	struct parcel p;
	size_t i, n = 0;

	set_up_field();
	for (plan.at = 1; plan.at <= 16; plan.at++) {
		parcel_new(&p, fresh_key(), NULL, 0);
		CHECK(deliver(&field, &p, &plan) == 2);
		parcel_free(&p);
	}
	state = fake_control(&field, "GET", "state", NULL);
	json_array_foreach(json_object_get(state, "cases"), i, c) n +=
	    strcmp(text(c, "title"), "Ny sak om parkering") == 0;
	CHECK_MSG(n == 16, "%zu cases", n);
	json_decref(state);
	fake_stop(&field);
}

/* One try at a target; checks verdict and reason. */
static void
one_try(const char *target, const char *number, unsigned verdict,
    const char *reason)
{
	struct outcome o;
	struct parcel p;

	set_up();
	parcel_new(&p, fresh_key(), number, 0);
	start(target);
	parcel_try(&world, &p, NULL, &o);
	CHECK_MSG(!o.died && o.verdict == verdict, "verdict %u %s", o.verdict,
	    o.detail);
	CHECK_STR(o.reason, reason);
	if (target[0] == 'n')
		no_violations(&n5);
	parcel_free(&p);
}

static void
holds(void)
{
	one_try("n5", "2025/48", SL_VERDICT_HOLD, "case_closed");
	one_try("n5", "2026/9999", SL_VERDICT_HOLD, "unknown_case");
	one_try("n5", "tull", SL_VERDICT_HOLD, "unknown_case");
	one_try("n5", NULL, SL_VERDICT_HOLD, "new_case_asked");
}

static void
makes_case_once(void)
{
	struct outcome o = {.died = true};
	json_t *state, *c;
	struct parcel p;
	size_t i, n = 0;
	int tries = 0;

	set_up();
	json_decref(fake_control(&n5, "POST", "faults",
	    "[{\"match\":{\"rel\":\"ny-saksmappe\",\"method\":\"POST\"},"
	    "\"action\":\"lose_reply\",\"count\":1}]"));
	parcel_new(&p, fresh_key(), NULL, 0);
	while (tries++ < 5 && may_try_again(&o)) {
		start("make");
		parcel_try(&world, &p, NULL, &o);
	}
	CHECK_MSG(is_good(&o), "%s %s", o.reason, o.detail);
	CHECK(tries > 2);
	json_decref(fake_control(&n5, "DELETE", "faults", NULL));
	check_arrived(&n5, &p, o.receipt);
	state = fake_control(&n5, "GET", "state", NULL);
	json_array_foreach(json_object_get(state, "cases"), i, c) n +=
	    strcmp(text(c, "title"), "Ny sak om parkering") == 0;
	CHECK(n == 1);
	json_decref(state);
	no_violations(&n5);
	parcel_free(&p);
	end();
}

static void
token_expires(void)
{
	struct outcome o;
	struct parcel p;

	set_up();
	start("n5");
	parcel_new(&p, fresh_key(), "2026/211", 0);
	parcel_try(&world, &p, NULL, &o);
	CHECK(is_good(&o));
	json_decref(fake_control(&n5, "POST", "expire-tokens", "{}"));
	parcel_free(&p);
	parcel_new(&p, fresh_key(), "2026/211", 0);
	parcel_try(&world, &p, NULL, &o);
	CHECK_MSG(is_good(&o), "%s %s", o.reason, o.detail);
	check_arrived(&n5, &p, o.receipt);
	no_violations(&n5);
	parcel_free(&p);
	end();
}

static void
status_table(void)
{
	static const struct {
		const char *rule;
		unsigned verdict, status, retry_after_s;
		const char *reason;
		bool uncertain;
	} rows[] = {
	    {"\"match\":{\"rel\":\"ny-journalpost\"},\"action\":\"422\"",
		SL_VERDICT_REFUSED, 422, 0, "target_refused", false},
	    {"\"match\":{\"rel\":\"ny-journalpost\"},\"action\":\"400\"",
		SL_VERDICT_REFUSED, 400, 0, "target_refused", false},
	    {"\"match\":{\"rel\":\"ny-journalpost\"},\"action\":\"403\"",
		SL_VERDICT_REFUSED, 403, 0, "target_refused", false},
	    {"\"match\":{\"kind\":\"saksmappe\"},\"action\":\"403\"",
		SL_VERDICT_LOGIN, 403, 0, "target_login", false},
	    {"\"match\":{\"kind\":\"saksmappe\"},\"action\":\"404\"",
		SL_VERDICT_LATER, 404, 0, "target_error", false},
	    {"\"action\":\"503\",\"retry_after\":7", SL_VERDICT_LATER, 503, 7,
		"target_busy", false},
	    {"\"action\":\"429\",\"retry_after\":\"1000000000\"",
		SL_VERDICT_LATER, 429, 21600, "target_busy", false},
	    {"\"action\":\"503\",\"retry_after\":\"in a moment\"",
		SL_VERDICT_LATER, 503, 0, "target_error", false},
	    {"\"match\":{\"rel\":\"ny-journalpost\"},\"action\":\"503\","
	     "\"retry_after\":7",
		SL_VERDICT_LATER, 503, 7, "target_busy", true},
	    {"\"match\":{\"rel\":\"ny-journalpost\"},\"action\":\"503\"",
		SL_VERDICT_LATER, 503, 0, "target_error", true},
	    {"\"match\":{\"kind\":\"token\"},\"action\":\"503\"",
		SL_VERDICT_LATER, 503, 0, "target_error", false},
	    {"\"match\":{\"kind\":\"token\"},\"action\":\"400\"",
		SL_VERDICT_LOGIN, 400, 0, "target_login", false},
	    {"\"match\":{\"rel\":\"ny-journalpost\"},\"action\":\"huge\"",
		SL_VERDICT_LATER, 0, 0, "target_unknown", true},
	};
	struct outcome o;
	struct parcel p;
	char rule[256];
	size_t i;

	set_up();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(rule, sizeof(rule), "[{%s}]", rows[i].rule);
		json_decref(fake_control(&n5, "POST", "faults", rule));
		parcel_new(&p, fresh_key(), "2026/211", 0);
		start("n5");
		parcel_try(&world, &p, NULL, &o);
		end();
		CHECK_MSG(o.verdict == rows[i].verdict &&
			      o.status == rows[i].status &&
			      o.retry_after_s == rows[i].retry_after_s &&
			      o.uncertain == rows[i].uncertain &&
			      strcmp(o.reason, rows[i].reason) == 0,
		    "row %zu: %u %u %u %d %s %s", i, o.verdict, o.status,
		    o.retry_after_s, o.uncertain, o.reason, o.detail);
		json_decref(fake_control(&n5, "DELETE", "faults", NULL));
		parcel_free(&p);
	}
	no_violations(&n5);
}

static void
bad_password(void)
{
	set_up();
	world_secret(&world, "n5-password", "feil");
	one_try("n5", "2026/211", SL_VERDICT_LOGIN, "target_login");
	world_secret(&world, "n5-password", "s3kret og æøå");
	/* The same process takes the new one. */
	{
		struct outcome o;
		struct parcel p;

		parcel_new(&p, fresh_key(), "2026/211", 0);
		parcel_try(&world, &p, NULL, &o);
		CHECK_MSG(is_good(&o), "%s", o.detail);
		parcel_free(&p);
	}
}

static void
sync_cases(void)
{
	struct sl_msg m = {.type = SL_MSG_SYNC};
	unsigned n = 0, closed = 0;
	struct sl_err err;

	set_up();
	start("n5");
	m.sync.kind = 1;
	CHECK(sl_chan_send(world.chan, &m, NULL, 0, &err) == SL_OK);
	while (world_recv(&world, &m) && m.type == SL_MSG_SYNC_CASE) {
		n++;
		closed += sl_slice_eq(m.sync_case.number, "2025/48") &&
			  sl_slice_eq(m.sync_case.status, "A") &&
			  sl_slice_eq(m.sync_case.unit, "Næring");
	}
	CHECK(m.type == SL_MSG_SYNC_DONE);
	CHECK(m.sync_done.verdict == SL_VERDICT_DELIVERED);
	CHECK(m.sync_done.count == n && n >= 4 && closed == 1);
	no_violations(&n5);
	end();
}

/* Keeps the checkpoints of n deliveries from 100 on, each done in its turn. */
static void
deliver_all(unsigned n)
{
	struct sl_msg m, ok;
	struct sl_err err;
	unsigned done = 0;

	while (done < n && world_recv(&world, &m)) {
		if (m.type == SL_MSG_DELIVERED) {
			CHECK(m.delivered.delivery == 100 + done);
			CHECK(m.delivered.verdict == SL_VERDICT_DELIVERED);
			done++;
			continue;
		}
		ok = (struct sl_msg){.type = SL_MSG_CHECKPOINT_OK};
		ok.checkpoint_ok.delivery = m.checkpoint.delivery;
		CHECK(m.type == SL_MSG_CHECKPOINT &&
		      m.checkpoint.delivery == 100 + done);
		if (sl_chan_send(world.chan, &ok, NULL, 0, &err) != SL_OK)
			break;
	}
	CHECK_MSG(done == n, "%u", done);
}

static void
queued(void)
{
	struct parcel p[8];
	unsigned i;

	set_up();
	start("n5");
	for (i = 0; i < 8; i++) {
		parcel_new(&p[i], fresh_key(), "2026/211", 0);
		CHECK(parcel_send(&world, &p[i], 100 + i));
	}
	deliver_all(8);
	no_violations(&n5);
	for (i = 0; i < 8; i++)
		parcel_free(&p[i]);
	end();
}

/* What waits behind one of which nobody knows if it is there goes back as it
 * came; what comes then is delivered. */
static void
handed_back_after(const char *action)
{
	struct parcel p[4];
	unsigned i, begun = 0;
	struct sl_msg m, ok;
	struct sl_err err;
	char rule[160];

	set_up();
	start("n5");
	(void)snprintf(rule, sizeof(rule),
	    "[{\"match\":{\"rel\":\"ny-journalpost\"},\"count\":1,"
	    "\"action\":\"%s\",\"bytes\":4194304}]",
	    action);
	json_decref(fake_control(&n5, "POST", "faults", rule));
	for (i = 0; i < 4; i++) {
		parcel_new(&p[i], fresh_key(), "2026/211", 0);
		CHECK(parcel_send(&world, &p[i], 100 + i));
	}
	for (i = 0; i < 4 && world_recv(&world, &m);) {
		if (m.type == SL_MSG_CHECKPOINT) {
			begun++;
			ok = (struct sl_msg){.type = SL_MSG_CHECKPOINT_OK};
			ok.checkpoint_ok.delivery = m.checkpoint.delivery;
			CHECK(sl_chan_send(world.chan, &ok, NULL, 0, &err) ==
			      SL_OK);
			continue;
		}
		CHECK(m.type == SL_MSG_DELIVERED &&
		      m.delivered.delivery == 100 + i);
		CHECK_MSG(
		    m.delivered.verdict ==
			(i == 0 ? SL_VERDICT_LATER : SL_VERDICT_NOT_BEGUN),
		    "%s: %u", action, m.delivered.verdict);
		CHECK(m.delivered.uncertain == (i == 0));
		CHECK(m.delivered.ends_line == (i == 0));
		i++;
	}
	CHECK(i == 4 && begun == 1);
	parcel_free(&p[0]);
	parcel_new(&p[0], fresh_key(), "2026/211", 0);
	for (i = 0; i < 4; i++)
		CHECK(parcel_send(&world, &p[i], 100 + i));
	deliver_all(4);
	no_violations(&n5);
	for (i = 0; i < 4; i++)
		parcel_free(&p[i]);
	end();
}

/* Also where an answer comes that says nothing of it: "limit:" and a page of
 * whoever stands between. */
static void
handed_back(void)
{
	static const char *const actions[] = {"reset", "huge", "bad_json"};
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		handed_back_after(actions[i]);
}

/* And where the connector says that it is there, and not where. */
static void
no_receipt(void)
{
	struct parcel p[2];
	struct sl_msg m;
	unsigned i;
	char dir[64];

	set_up();
	(void)snprintf(dir, sizeof(dir), "%s/test",
	    getenv("SLUSE_BUILD") != NULL ? getenv("SLUSE_BUILD") : "build");
	world_config(&world,
	    "[target mute]\nconnector = mute\n"
	    "base_url = http://127.0.0.1:9/\nallow_loopback = yes\n");
	(void)setenv("SLUSE_PLUGINS", dir, 1);
	start("mute");
	(void)unsetenv("SLUSE_PLUGINS");
	for (i = 0; i < 2; i++) {
		parcel_new(&p[i], fresh_key(), "2026/211", 0);
		CHECK(parcel_send(&world, &p[i], 100 + i));
	}
	for (i = 0; i < 2 && world_recv(&world, &m); i++) {
		CHECK(m.type == SL_MSG_DELIVERED);
		CHECK_MSG(
		    m.delivered.verdict ==
			(i == 0 ? SL_VERDICT_LATER : SL_VERDICT_NOT_BEGUN),
		    "%u", m.delivered.verdict);
		CHECK(m.delivered.uncertain == (i == 0));
	}
	CHECK(i == 2);
	for (i = 0; i < 2; i++)
		parcel_free(&p[i]);
	end();
}

/* A post of nearly the length that a message takes. */
static void
make_long(struct parcel *p)
{
	size_t n = strlen(p->post), long_n = 50000;

	p->post = realloc(p->post, long_n + 1);
	CHECK(p->post != NULL);
	memset(p->post + n - 1, ' ', long_n - n);
	memcpy(p->post + long_n - 1, "}", 2);
}

/* More than the socket holds: what slused still has when the answer comes goes
 * back too, though it arrives behind it. */
static void
handed_back_late(void)
{
	struct parcel p[SL_PUSH_POSTS_MAX];
	unsigned i, begun = 0, done = 0;
	struct sl_msg m;
	struct sl_err err;
	int flags;

	set_up();
	start("n5");
	json_decref(fake_control(&n5, "POST", "faults",
	    "[{\"match\":{\"rel\":\"ny-journalpost\"},"
	    "\"action\":\"reset\",\"count\":1}]"));
	flags = fcntl(sl_chan_fd(world.chan), F_GETFL);
	CHECK(fcntl(sl_chan_fd(world.chan), F_SETFL, flags | O_NONBLOCK) == 0);
	for (i = 0; i < SL_PUSH_POSTS_MAX; i++) {
		parcel_new(&p[i], fresh_key(), "2026/211", 0);
		make_long(&p[i]);
		p[i].uncertain = i == 0; /* it asks for no checkpoint then */
		CHECK(parcel_send(&world, &p[i], 100 + i));
	}
	CHECK_MSG(sl_chan_queued(world.chan) > 100000, "%zu",
	    sl_chan_queued(world.chan));
	while (done < SL_PUSH_POSTS_MAX && world_recv(&world, &m)) {
		CHECK(sl_chan_flush(world.chan, &err) == SL_OK);
		begun += m.type == SL_MSG_CHECKPOINT;
		if (m.type != SL_MSG_DELIVERED)
			break;
		CHECK_MSG(
		    m.delivered.verdict ==
			(done == 0 ? SL_VERDICT_LATER : SL_VERDICT_NOT_BEGUN),
		    "%u", m.delivered.verdict);
		done++;
	}
	CHECK_MSG(done == SL_PUSH_POSTS_MAX && begun == 0, "%u", done);
	for (i = 0; i < SL_PUSH_POSTS_MAX; i++)
		parcel_free(&p[i]);
	if (done < SL_PUSH_POSTS_MAX)
		(void)world_stop(&world, SIGKILL); /* it waits for us */
	else
		end();
}

/* Its first file lacks the last bytes of what it is said to have. */
static void
make_short(struct parcel *p)
{
	json_t *post = json_loads(p->post, 0, NULL), *doc, *r;

	p->size[0] += 100000;
	doc = json_array_get(json_object_get(post, "dokumenter"), 0);
	r = json_array_get(json_object_get(doc, "renditions"), 0);
	CHECK(json_object_set_new(
		  r, "storrelse", json_integer((json_int_t)p->size[0])) == 0);
	free(p->post);
	p->post = json_dumps(post, JSON_COMPACT);
	json_decref(post);
}

/* What is one post's fault, or an answer to it, is not the others'. */
static void
own_fault(struct fake *f, const char *target, bool short_file)
{
	struct parcel p[2];
	struct sl_msg m, ok;
	struct sl_err err;
	unsigned i, done = 0;

	start(target);
	for (i = 0; i < 2; i++) {
		parcel_new(&p[i], fresh_key(), "2026/211", 0);
		if (i == 0 && short_file)
			make_short(&p[i]);
		CHECK(parcel_send(&world, &p[i], 100 + i));
	}
	while (done < 2 && world_recv(&world, &m)) {
		if (m.type == SL_MSG_CHECKPOINT) {
			ok = (struct sl_msg){.type = SL_MSG_CHECKPOINT_OK};
			ok.checkpoint_ok.delivery = m.checkpoint.delivery;
			CHECK(sl_chan_send(world.chan, &ok, NULL, 0, &err) ==
			      SL_OK);
			continue;
		}
		CHECK_MSG(
		    m.delivered.verdict ==
			(done == 0 ? SL_VERDICT_LATER : SL_VERDICT_DELIVERED),
		    "%s: %u", target, m.delivered.verdict);
		CHECK(m.delivered.ends_line == 0);
		done++;
	}
	CHECK(done == 2);
	no_violations(f);
	for (i = 0; i < 2; i++)
		parcel_free(&p[i]);
	end();
}

static void
not_handed_back(void)
{
	struct fake f;

	set_up();
	json_decref(fake_control(&n5, "POST", "faults",
	    "[{\"match\":{\"rel\":\"ny-journalpost\"},"
	    "\"action\":\"429\",\"count\":1}]"));
	own_fault(&n5, "n5", false);
	own_fault(&n5, "n5", true);
	fake_start(&f, world.dir, "webhook_server.py", NULL);
	world_config(&world,
	    "[target own]\nconnector = webhook\n"
	    "base_url = http://127.0.0.1:%d/post\nallow_loopback = yes\n",
	    f.port);
	own_fault(&f, "own", true);
	fake_stop(&f);
}

/* As many posts as slused has on the way with one sluse-push, each of as many
 * files. */
static void
as_much_as_may_come(void)
{
	struct parcel p;
	struct sl_msg m;
	struct sl_err err;
	unsigned i, k;
	bool ok = true;

	set_up();
	start("n5");
	for (i = 0; ok && i < SL_PUSH_POSTS_MAX; i++) {
		parcel_new(&p, fresh_key(), "2026/211", 0);
		m = (struct sl_msg){.type = SL_MSG_DELIVER};
		m.deliver.delivery = 100 + i;
		m.deliver.subject = sl_slice_str("M26-000001-1.1");
		m.deliver.own_key = sl_slice_str(p.key);
		m.deliver.attempt = 1;
		m.deliver.post = sl_slice_str(p.post);
		ok = sl_chan_send(world.chan, &m, NULL, 0, &err) == SL_OK;
		for (k = 0; ok && k < SL_PUSH_FILES_MAX; k++) {
			m = (struct sl_msg){.type = SL_MSG_DELIVER_FILE};
			m.deliver_file.delivery = 100 + i;
			m.deliver_file.rendition = k + 1;
			m.deliver_file.offset = p.offset[k % p.files_n];
			m.deliver_file.size = p.size[k % p.files_n];
			ok = sl_chan_send(world.chan, &m, &p.fd[k % p.files_n],
				 1, &err) == SL_OK;
		}
		m = (struct sl_msg){.type = SL_MSG_DELIVER_GO};
		m.deliver_go.delivery = 100 + i;
		ok = ok && sl_chan_send(world.chan, &m, NULL, 0, &err) == SL_OK;
		parcel_free(&p);
	}
	CHECK_MSG(ok, "post %u", i);
	deliver_all(SL_PUSH_POSTS_MAX);
	no_violations(&n5);
	end();
}

static void
nonsense_ends_it(void)
{
	struct sl_msg m = {.type = SL_MSG_CHECKPOINT_OK};
	struct sl_err err;
	int status = 0;

	set_up();
	start("n5");
	m.checkpoint_ok.delivery = 5;
	CHECK(sl_chan_send(world.chan, &m, NULL, 0, &err) == SL_OK);
	CHECK(!world_recv(&world, &m));
	CHECK(waitpid(world.push, &status, 0) == world.push);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 76);
	world.push = -1;
	start("n5");
	status = world_stop(&world, SIGTERM);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
in_pieces(void)
{
	static const char *const args[] = {"--bulkgrense", "1000000", NULL};
	static const char *const actions[] = {
	    "none", "500", "lose_reply", "reset"};
	struct outcome o;
	struct parcel p;
	struct fake f;
	char rule[160];
	size_t i;
	int tries;

	set_up();
	fake_start(&f, world.dir, "n5_server.py", args);
	world_config(&world,
	    "[target pieces]\nconnector = noark5\n"
	    "base_url = http://127.0.0.1:%d/api\nallow_loopback = yes\n"
	    "read_back = bytes\n",
	    f.port);
	for (i = 0; i < 4; i++) {
		(void)snprintf(rule, sizeof(rule),
		    "[{\"match\":{\"method\":\"PUT\"},\"action\":\"%s\","
		    "\"count\":1,\"skip\":2}]",
		    actions[i]);
		if (i > 0)
			json_decref(fake_control(&f, "POST", "faults", rule));
		parcel_new(&p, fresh_key(), "2026/211", 9 << 20);
		o = (struct outcome){.died = true};
		for (tries = 0; tries < 4 && may_try_again(&o); tries++) {
			start("pieces");
			parcel_try(&world, &p, NULL, &o);
		}
		CHECK_MSG(
		    is_good(&o), "%s: %s %s", actions[i], o.reason, o.detail);
		CHECK(tries == (i == 0 ? 1 : 2));
		check_arrived(&f, &p, o.receipt);
		no_violations(&f);
		json_decref(fake_control(&f, "DELETE", "faults", NULL));
		parcel_free(&p);
	}
	fake_stop(&f);
	end();
}

static void
secrets_stay(void)
{
	char path[64], text_buf[65536];
	ssize_t n;
	FILE *f;
	int i;
	static const char *const files[] = {"environ", "cmdline"};

	set_up();
	one_try("n5", "2026/211", SL_VERDICT_DELIVERED, "");
	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/%s",
		    (int)world.push, files[i]);
		f = fopen(path, "re");
		n = f != NULL ? (ssize_t)fread(text_buf, 1, sizeof(text_buf), f)
			      : 0;
		CHECK(memmem(text_buf, (size_t)n, "s3kret", 6) == NULL);
		if (f != NULL)
			(void)fclose(f);
	}
	/* A secret that others can read is no secret. */
	(void)snprintf(
	    text_buf, sizeof(text_buf), "%s/n5-password", world.secrets);
	CHECK(chmod(text_buf, 0644) == 0);
	one_try("n5", "2026/211", SL_VERDICT_LOGIN, "target_login");
	CHECK(chmod(text_buf, 0600) == 0);
}

static void
webhook(void)
{
	static const char *const args[] = {"--token", "tegn", NULL};
	struct outcome o;
	struct parcel p;
	struct fake f;
	json_t *state;
	const json_t *row;

	set_up();
	fake_start(&f, world.dir, "webhook_server.py", args);
	world_config(&world,
	    "[target hook]\nconnector = webhook\n"
	    "base_url = http://127.0.0.1:%d/hook\nallow_loopback = yes\n"
	    "token_name = hook-token\n",
	    f.port);
	world_secret(&world, "hook-token", "tegn");
	json_decref(fake_control(
	    &f, "POST", "faults", "[{\"action\":\"lose_reply\",\"count\":1}]"));
	parcel_new(&p, fresh_key(), "2026/211", 0);
	start("hook");
	parcel_try(&world, &p, NULL, &o);
	CHECK(o.verdict == SL_VERDICT_LATER && o.uncertain);
	parcel_try(&world, &p, NULL, &o);
	CHECK_MSG(
	    o.verdict == SL_VERDICT_ALREADY, "%u %s", o.verdict, o.detail);
	CHECK(strstr(o.receipt, "\"id\":\"w-1\"") != NULL);
	state = fake_control(&f, "GET", "state", NULL);
	CHECK(json_integer_value(json_object_get(state, "count")) == 1);
	row = json_array_get(json_object_get(state, "deliveries"), 0);
	CHECK_STR(text(row, "key"), p.key);
	row = json_object_get(row, "json");
	row = json_array_get(json_object_get(row, "dokumenter"), 1);
	row = json_array_get(json_object_get(row, "renditions"), 0);
	CHECK_STR(text(row, "content"), "cG5nIGJ5dGVz"); /* "png bytes" */
	json_decref(state);
	no_violations(&f);
	parcel_free(&p);
	fake_stop(&f);
	end();
}

/* A 5xx may be a proxy's, whatever time it names; a 4xx is the receiver's. */
static void
webhook_answers(void)
{
	static const struct {
		const char *fault;
		uint32_t status, retry_after_s;
		const char *reason;
		bool uncertain;
	} rows[] = {
	    {"503\",\"retry_after\":\"7", 503, 7, "target_busy", true},
	    {"503", 503, 0, "target_error", true},
	    {"500\",\"retry_after\":\"7", 500, 7, "target_error", true},
	    {"429\",\"retry_after\":\"7", 429, 7, "target_busy", false},
	    {"408", 408, 0, "target_busy", false},
	};
	struct outcome o;
	struct parcel p;
	struct fake f;
	char *fault;
	size_t i;

	set_up();
	fake_start(&f, world.dir, "webhook_server.py", NULL);
	world_config(&world,
	    "[target again]\nconnector = webhook\n"
	    "base_url = http://127.0.0.1:%d/hook\nallow_loopback = yes\n",
	    f.port);
	start("again");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fault = sl_asprintf(
		    "[{\"action\":\"%s\",\"count\":1}]", rows[i].fault);
		json_decref(fake_control(&f, "POST", "faults", fault));
		free(fault);
		parcel_new(&p, fresh_key(), "2026/211", 0);
		parcel_try(&world, &p, NULL, &o);
		CHECK_MSG(o.verdict == SL_VERDICT_LATER &&
			      o.status == rows[i].status &&
			      o.retry_after_s == rows[i].retry_after_s &&
			      o.uncertain == rows[i].uncertain &&
			      strcmp(o.reason, rows[i].reason) == 0,
		    "%s: %u %u %d %s", rows[i].fault, o.status, o.retry_after_s,
		    o.uncertain, o.reason);
		parcel_free(&p);
	}
	fake_stop(&f);
	end();
}

static void
webhook_down(void)
{
	struct outcome o;
	struct sl_msg m;
	struct parcel p;
	int port = 0;
	pid_t sink;

	set_up();
	sink = sink_start(&port);
	world_config(&world,
	    "[target sink]\nconnector = webhook\n"
	    "base_url = http://127.0.0.1:%d/hook\nallow_loopback = yes\n"
	    "[target odd]\nconnector = webhook\n"
	    "base_url = http://127.0.0.1:%d/hook\nallow_loopback = yes\n"
	    "colour = blue\n",
	    port, port);
	/* Files above 1 MiB go by PUT. */
	parcel_new(&p, fresh_key(), "2026/211", 3 << 20);
	start("sink");
	parcel_try(&world, &p, NULL, &o);
	CHECK_MSG(o.verdict == SL_VERDICT_DELIVERED, "%s", o.detail);
	(void)kill(sink, SIGKILL);
	(void)waitpid(sink, NULL, 0);
	p.attempt = 0;
	parcel_try(&world, &p, NULL, &o);
	CHECK(o.verdict == SL_VERDICT_DOWN && !o.uncertain);
	/* A key that no connector knows: says why, and does not start. */
	CHECK(world_start(&world, "odd"));
	CHECK(world_recv(&world, &m) && m.type == SL_MSG_TROUBLE &&
	      m.trouble.stops != 0);
	CHECK(!world_recv(&world, &m));
	parcel_free(&p);
}

static void
tear_down(void)
{
	fake_stop(&n5);
	world_free(&world);
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = {{"happy", happy},
	    {"again_is_already", again_is_already}, {"holds", holds},
	    {"status_table", status_table}, {"token_expires", token_expires},
	    {"bad_password", bad_password}, {"sync_cases", sync_cases},
	    {"queued", queued}, {"handed_back", handed_back},
	    {"no_receipt", no_receipt}, {"handed_back_late", handed_back_late},
	    {"not_handed_back", not_handed_back},
	    {"as_much_as_may_come", as_much_as_may_come},
	    {"makes_case_once", makes_case_once}, {"in_pieces", in_pieces},
	    {"nonsense_ends_it", nonsense_ends_it},
	    {"secrets_stay", secrets_stay}, {"webhook", webhook},
	    {"webhook_answers", webhook_answers},
	    {"webhook_down", webhook_down},
	    {"killed_before_commit", killed_before_commit},
	    {"killed_after_commit", killed_after_commit},
	    {"killed_after_answer", killed_after_answer},
	    {"killed_any_time", killed_any_time},
	    {"killed_in_the_field", killed_in_the_field}, {"storm", storm},
	    {"each_500", each_500}, {"each_429", each_429},
	    {"each_reset", each_reset}, {"each_lose_reply", each_lose_reply},
	    {"each_half_body", each_half_body},
	    {"each_bad_json", each_bad_json}};
	int rc;

	(void)signal(SIGPIPE, SIG_IGN);
	rc = test_run(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
	if (world.listening > 0)
		tear_down();
	return rc;
}
