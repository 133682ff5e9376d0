/*
 * Questions by name, and rows without content.
 */
#include "byname.h"

#include <inttypes.h>
#include <string.h>

#include "../base/clock.h"
#include "../store/db.h"
#include "../store/heads.h"
#include "query_p.h"

struct asked {
	struct sl_store *s;
	const json_t *args;
	bool bare;
	sl_query_fn *fn;
	void *arg;
};
typedef enum sl_rc ask_fn(struct asked *a, struct sl_err *err);

static const char *
text(const json_t *args, const char *key)
{
	return json_string_value(json_object_get(args, key));
}

static const char *
id_of(const struct asked *a)
{
	const char *id = text(a->args, "id");

	return id != NULL ? id : "";
}

/* Members that tell nothing of what the post says. */
static bool
is_bare(const char *key)
{
	static const char *const keys[] = {"id", "reception", "queue", "stage",
	    "disposition", "outcome", "reason", "reason_text", "reason_text_nb",
	    "owner", "received", "retry", "held_until", "attempts", "case",
	    "duplicate_of", "replaced_by", "deliveries", "target", "state",
	    "uncertain", "first", "next", "http_status", "documents", "number",
	    "role", "mime", "puid", "size", "pages", "pages_unsure", "parts",
	    "depth", "notes", "note", "events", "seq", "time", "event",
	    "subject", "actor", "fault", "status", "in_target", "seen",
	    "request", "verb", "items", "asked", "until"};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static json_t *
empty_of(const json_t *v)
{
	if (json_is_array(v))
		return json_array();
	return json_is_object(v) ? json_object() : json_null();
}

/* Rows are a few levels deep, made by us. */
void
sl_query_strip(json_t *row)
{
	const char *key;
	json_t *v, *one;
	void *next;
	size_t i;

	json_object_foreach_safe(row, next, key, v)
	{
		if (!is_bare(key))
			(void)json_object_set_new(row, key, empty_of(v));
		else if (json_is_object(v))
			sl_query_strip(v);
		else
			json_array_foreach(v, i, one) sl_query_strip(one);
	}
}

/* A row on its way out. */
static enum sl_rc
pass(void *arg, const json_t *row, struct sl_err *err)
{
	struct asked *a = arg;
	json_t *copy;
	enum sl_rc rc;

	if (!a->bare)
		return a->fn(a->arg, row, err);
	copy = json_deep_copy(row);
	sl_query_strip(copy);
	rc = a->fn(a->arg, copy, err);
	json_decref(copy);
	return rc;
}

static enum sl_rc
ask_list(struct asked *a, struct sl_err *err)
{
	const char *stage = text(a->args, "stage"),
		   *dispo = text(a->args, "disposition");
	struct sl_query_filter f = {.queue = text(a->args, "queue")};

	if (stage != NULL && (f.stage = sl_stage_by_name(stage)) == 0)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "there is no stage %s", stage);
	if (dispo != NULL && (f.dispo = sl_dispo_by_name(dispo)) == 0)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "there is no disposition %s", dispo);
	/* Who asks may know of queues that nothing came by yet. */
	if (f.queue != NULL &&
	    !json_is_true(json_object_get(a->args, "queue_known")) &&
	    sl_db_int(sl_store_db(a->s), 0,
		"SELECT EXISTS (SELECT 1 FROM consignment WHERE queue = ?1)",
		"s", f.queue) == 0)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "there is no queue %s", f.queue);
	return sl_query_list(a->s, &f, pass, a, err);
}

static enum sl_rc
ask_show(struct asked *a, struct sl_err *err)
{
	return sl_query_show(a->s, id_of(a), pass, a, err);
}

static enum sl_rc
ask_explain(struct asked *a, struct sl_err *err)
{
	return sl_query_explain(a->s, id_of(a), pass, a, err);
}

static enum sl_rc
ask_status(struct asked *a, struct sl_err *err)
{
	json_t *o = sl_query_status(a->s);
	enum sl_rc rc = sl_db_check(sl_store_db(a->s), err);

	if (rc == SL_OK)
		rc = a->fn(a->arg, o, err);
	json_decref(o);
	return rc;
}

static enum sl_rc
ask_age(struct asked *a, struct sl_err *err)
{
	json_t *rows = sl_query_age(a->s, sl_clock_utc_ms()), *o;
	enum sl_rc rc = SL_OK;
	size_t i;

	json_array_foreach(rows, i, o) if (rc == SL_OK) rc =
	    a->fn(a->arg, o, err);
	json_decref(rows);
	return rc != SL_OK ? rc : sl_db_check(sl_store_db(a->s), err);
}

static enum sl_rc
ask_cases(struct asked *a, struct sl_err *err)
{
	return sl_query_cases(a->s, pass, a, err);
}

static enum sl_rc
ask_journal(struct asked *a, struct sl_err *err)
{
	const char *kind = text(a->args, "kind");
	struct sl_query_events f = {.id = text(a->args, "id"),
	    .actor = text(a->args, "person"),
	    .from_ms = json_integer_value(json_object_get(a->args, "from_ms")),
	    .to_ms = json_integer_value(json_object_get(a->args, "to_ms"))};

	if (kind != NULL && (f.event = sl_event_by_name(kind)) == 0)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "there is no event %s", kind);
	return sl_query_journal(a->s, &f, pass, a, err);
}

/* Who signed without being introduced, and what was given up. */
static void
add_breaks(json_t *o, const struct sl_verify *v)
{
	json_t *keys = json_array(), *all = json_array(), *held = json_array(),
	       *row;
	size_t i;

	for (i = 0; i < v->strangers; i++) {
		SL_BUF struct sl_buf vkey = {0};

		row = json_object();
		sl_vkey_text(&v->stranger[i].key, &vkey);
		sl_row_set(row, "key", json_string(sl_buf_str(&vkey)));
		sl_row_set(row, "from",
		    v->stranger[i].from == UINT64_MAX
			? json_null()
			: json_integer((json_int_t)v->stranger[i].from));
		(void)json_array_append_new(keys, row);
	}
	for (i = 0; i < v->given_ups && i < SL_VERIFY_GIVEN_UP_MAX; i++) {
		row = json_object();
		sl_row_set(
		    row, "seq", json_integer((json_int_t)v->given_up[i].seq));
		sl_row_set(row, "time", sl_row_time(v->given_up[i].time_ms));
		sl_row_set(row, "origin", sl_row_text(v->given_up[i].origin));
		(void)json_array_append_new(all, row);
	}
	for (i = 0; i < v->held_n; i++)
		(void)json_array_append_new(
		    held, json_string(v->held_against[i]));
	sl_row_set(o, "held_against", held);
	sl_row_set(o, "not_introduced", keys);
	sl_row_set(o, "given_up", all);
	sl_row_set(o, "given_ups", json_integer((json_int_t)v->given_ups));
	sl_row_set(o, "breaks", json_integer((json_int_t)v->breaks));
}

json_t *
sl_query_verify_row(const struct sl_verify *v)
{
	json_t *o = json_pack("{s:b, s:I, s:I, s:s, s:s, s:I, s:I, s:I}", "ok",
	    v->ok, "leaves", (json_int_t)v->leaves, "tree_size",
	    (json_int_t)v->tree_size, "origin", v->origin, "root", v->root,
	    "heads", (json_int_t)v->heads, "signed", (json_int_t)v->signed_size,
	    "erased", (json_int_t)v->erased);
	json_t *names = json_array();
	size_t i;

	sl_row_set(o, "payloads", json_integer((json_int_t)v->payloads));
	sl_row_set(o, "cosignatures", json_integer((json_int_t)v->cosigned));
	sl_row_set(o, "cosigned", json_integer((json_int_t)v->cosigned_size));
	sl_row_set(o, "cosigned_time", sl_row_seconds(v->cosigned_s));
	sl_row_set(o, "timestamps", json_integer((json_int_t)v->stamped));
	sl_row_set(o, "timestamped", json_integer((json_int_t)v->stamped_size));
	sl_row_set(o, "timestamped_time", sl_row_seconds(v->stamped_s));
	sl_row_set(o, "compared", json_integer((json_int_t)v->compared));
	sl_row_set(o, "differ", json_integer((json_int_t)v->differ));
	for (i = 0; i < v->differ && i < SL_VERIFY_DIFFERS; i++)
		(void)json_array_append_new(names, sl_row_text(v->differs[i]));
	sl_row_set(o, "differs", names);
	add_breaks(o, v);
	if (!v->ok) {
		sl_row_set(o, "first", json_integer((json_int_t)v->first));
		sl_row_set(o, "last", json_integer((json_int_t)v->last));
		sl_row_set(o, "fault", sl_row_text(v->fault));
	}
	return o;
}

/* Public keys among the arguments; *ret_n 0: there are none. */
static enum sl_rc
keys_of(const struct asked *a, const char *name, struct sl_vkey *ret,
    size_t *ret_n, struct sl_err *err)
{
	const char *s = text(a->args, name);

	*ret_n = 0;
	if (s == NULL || sl_verify_keys(sl_slice_str(s), ret, ret_n))
		return SL_OK;
	return sl_err_set(
	    err, SL_REJECT, 0, "not_possible", "%s is no public key", name);
}

/* The last keys, for who verifies a file: it may be older than a change. */
static enum sl_rc
ask_keys(struct asked *a, struct sl_err *err)
{
	struct sl_vkey keys[SL_KEYS_MAX];
	size_t n = sl_journal_keys(a->s, keys), i;
	SL_BUF struct sl_buf b = {0};
	enum sl_rc rc;
	json_t *o;

	if (n == 0)
		return sl_err_set(err, SL_SKIP, 0, "not_signed",
		    "the sporingslogg has no key yet");
	i = n > SL_VERIFY_GIVEN_MAX ? n - SL_VERIFY_GIVEN_MAX : 0;
	for (; i < n; i++) {
		sl_vkey_text(&keys[i], &b);
		sl_buf_add_char(&b, '\n');
	}
	o = json_pack("{s:s}", "keys", sl_buf_str(&b));
	rc = a->fn(a->arg, o, err);
	json_decref(o);
	return rc;
}

static enum sl_rc
add_originals(struct asked *a, json_t *row, struct sl_err *err)
{
	json_t *found = NULL;
	enum sl_rc rc;

	rc = sl_query_originals(a->s, a->fn, a->arg, &found, err);
	if (rc != SL_OK || found == NULL)
		return rc;
	if (!json_is_true(json_object_get(found, "ok")))
		sl_row_set(row, "ok", json_false());
	sl_row_set(row, "originals", found);
	return SL_OK;
}

static enum sl_rc
ask_verify(struct asked *a, struct sl_err *err)
{
	const char *against = text(a->args, "against"),
		   *tsa = text(a->args, "tsa");
	struct sl_vkey key[SL_VERIFY_GIVEN_MAX], witness[SL_VERIFY_GIVEN_MAX];
	struct sl_verify_ask ask = {.key = key};
	struct sl_verify v;
	size_t n = 0;
	enum sl_rc rc;
	json_t *o;

	if (json_is_true(json_object_get(a->args, "which_keys")))
		return ask_keys(a, err);
	rc = keys_of(a, "key", key, &ask.keys_n, err);
	if (rc == SL_OK)
		rc = keys_of(a, "witness", witness, &n, err);
	if (n > 0)
		ask.witness = &witness[0];
	if (against != NULL)
		ask.against = sl_slice_str(against);
	if (tsa != NULL)
		ask.tsa = sl_slice_str(tsa);
	ask.log_only = json_is_true(json_object_get(a->args, "log_only"));
	if (rc == SL_OK)
		rc = sl_query_verify(a->s, &ask, &v, err);
	if (rc != SL_OK)
		return rc;
	o = sl_query_verify_row(&v);
	if (json_is_true(json_object_get(a->args, "originals")))
		rc = add_originals(a, o, err);
	if (rc == SL_OK)
		rc = a->fn(a->arg, o, err);
	json_decref(o);
	return rc;
}

/* Of one event, or with old (and new) of a head. */
static enum sl_rc
ask_prove(struct asked *a, struct sl_err *err)
{
	const json_t *old = json_object_get(a->args, "old"),
		     *new = json_object_get(a->args, "new");
	SL_BUF struct sl_buf b = {0};
	uint64_t seq = 0;
	enum sl_rc rc;
	json_t *o;

	if (old != NULL)
		rc = sl_query_consistency(a->s,
		    (uint64_t)json_integer_value(old),
		    new != NULL ? (uint64_t)json_integer_value(new) : INT64_MAX,
		    &b, err);
	else
		rc = sl_query_prove(a->s, id_of(a), text(a->args, "event"),
		    !a->bare &&
			json_is_true(json_object_get(a->args, "payloads")),
		    &b, &seq, err);
	if (rc != SL_OK)
		return rc;
	o = json_pack(
	    "{s:I, s:s}", "seq", (json_int_t)seq, "proof", sl_buf_str(&b));
	rc = a->fn(a->arg, o, err);
	json_decref(o);
	return rc;
}

static enum sl_rc
ask_approvals(struct asked *a, struct sl_err *err)
{
	json_t *rows = sl_query_approvals(a->s), *o;
	enum sl_rc rc = SL_OK;
	size_t i;

	json_array_foreach(rows, i, o) if (rc == SL_OK) rc = pass(a, o, err);
	json_decref(rows);
	return rc != SL_OK ? rc : sl_db_check(sl_store_db(a->s), err);
}

enum sl_rc
sl_query_by_name(struct sl_store *s, const char *verb, const json_t *args,
    bool bare, sl_query_fn *fn, void *arg, struct sl_err *err)
{
	static const struct {
		const char *verb;
		ask_fn *ask;
	} asks[] = {
	    {"list", ask_list},
	    {"show", ask_show},
	    {"explain", ask_explain},
	    {"status", ask_status},
	    {"age", ask_age},
	    {"cases-list", ask_cases},
	    {"journal-list", ask_journal},
	    {"journal-verify", ask_verify},
	    {"journal-prove", ask_prove},
	    {"approvals", ask_approvals},
	};
	struct asked a = {s, args, bare, fn, arg};
	size_t i;

	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
		if (strcmp(asks[i].verb, verb) == 0)
			return asks[i].ask(&a, err);
	return sl_err_set(err, SL_REJECT, 0, "not_possible",
	    "nobody here can answer %s", verb);
}
