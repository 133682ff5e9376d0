/*
 * SECURITY: at most SL_SIDECAR_MAX bytes are parsed; jansson bounds the depth.
 * Duplicate members are refused: two readers must not see two meanings.
 */
#include "sidecar.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "../base/text.h"

#define VALUE_MAX 2048u
#define MEMBER_MAX 32u

enum kind { TEXT, DATE, ORGNR, NEW_CASE, VERSION, SENDER };

struct row {
	const char *name;
	enum kind kind;
	unsigned field; /* enum sl_field; 0 = none */
	size_t max; /* bytes of TEXT */
};

/* English names first; behind them what people here would write. */
static const struct row rows[] = {
    {"version", VERSION, 0, 0},
    {"caseNumber", TEXT, SL_FIELD_case_number, 64},
    {"case", TEXT, SL_FIELD_case_number, 64},
    {"saksnummer", TEXT, SL_FIELD_case_number, 64},
    {"newCase", NEW_CASE, SL_FIELD_new_case, 1024},
    {"nySak", NEW_CASE, SL_FIELD_new_case, 1024},
    {"title", TEXT, SL_FIELD_title, 1024},
    {"tittel", TEXT, SL_FIELD_title, 1024},
    {"documentDate", DATE, SL_FIELD_document_date, 0},
    {"dokumentdato", DATE, SL_FIELD_document_date, 0},
    {"receivedDate", DATE, SL_FIELD_received_date, 0},
    {"mottattdato", DATE, SL_FIELD_received_date, 0},
    {"sender", SENDER, SL_FIELD_correspondent, 0},
    {"avsender", SENDER, SL_FIELD_correspondent, 0},
    {"type", TEXT, SL_FIELD_type, 64},
    {"class", TEXT, SL_FIELD_klass, 128},
    {"klasse", TEXT, SL_FIELD_klass, 128},
    {"unit", TEXT, SL_FIELD_unit, 128},
    {"enhet", TEXT, SL_FIELD_unit, 128},
    {"access", TEXT, SL_FIELD_access, 64},
    {"tilgang", TEXT, SL_FIELD_access, 64},
    {"main", TEXT, SL_FIELD_main_document, 1024},
    {"hoveddokument", TEXT, SL_FIELD_main_document, 1024},
    {"externalKey", TEXT, SL_FIELD_external_key, 256},
    {"nøkkel", TEXT, SL_FIELD_external_key, 256},
    {"senderReference", TEXT, SL_FIELD_our_ref_of_sender, 256},
    {"avsendersReferanse", TEXT, SL_FIELD_our_ref_of_sender, 256},
};

static const struct row sender_rows[] = {
    {"name", TEXT, SL_FIELD_correspondent, 512},
    {"navn", TEXT, SL_FIELD_correspondent, 512},
    {"email", TEXT, SL_FIELD_correspondent_email, 320},
    {"epost", TEXT, SL_FIELD_correspondent_email, 320},
    {"orgnr", ORGNR, SL_FIELD_correspondent_orgnr, 0},
};

bool
sl_sidecar_is(const char *name)
{
	const char *base = strrchr(name, '/');
	size_t n;

	base = base != NULL ? base + 1 : name;
	n = strlen(base);
	return strcasecmp(base, "sluse.json") == 0 ||
	       (n > 11 && strcasecmp(base + n - 11, ".sluse.json") == 0);
}

void
sl_sidecar_warm(void)
{
	/* Else it opens /dev/urandom, where nothing can be opened. */
	json_object_seed(0);
}

static const struct row *
find(const struct row *r, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(r[i].name, name) == 0)
			return &r[i];
	return NULL;
}

static bool
is_date(const char *s, size_t n)
{
	static const int days[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y, m, d;
	size_t i;

	if (n != 10)
		return false;
	for (i = 0; i < n; i++)
		if (i == 4 || i == 7 ? s[i] != '-' : s[i] < '0' || s[i] > '9')
			return false;
	y = (s[0] - '0') * 1000 + (s[1] - '0') * 100 + (s[2] - '0') * 10 +
	    (s[3] - '0');
	m = (s[5] - '0') * 10 + (s[6] - '0');
	d = (s[8] - '0') * 10 + (s[9] - '0');
	if (m < 1 || m > 12 || d < 1 || d > days[m - 1])
		return false;
	return m != 2 || d < 29 ||
	       (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
}

static bool
is_orgnr(const char *s, size_t n)
{
	static const int weights[] = {3, 2, 7, 6, 5, 4, 3, 2};
	int sum = 0;
	size_t i;

	if (n != 9 || strspn(s, "0123456789") != 9)
		return false;
	for (i = 0; i < 8; i++)
		sum += (s[i] - '0') * weights[i];
	sum = (11 - sum % 11) % 11;
	return sum == s[8] - '0';
}

static bool
is_line(const char *s, size_t n, size_t max)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7F)
			return false;
	return n > 0 && n <= max && n <= VALUE_MAX && sl_utf8_valid(s, n);
}

static bool
value_ok(const struct row *r, const json_t *v)
{
	const char *s = json_string_value(v);
	size_t n = json_string_length(v);

	if (s == NULL)
		return false;
	switch (r->kind) {
	case DATE:
		return is_date(s, n);
	case ORGNR:
		return is_orgnr(s, n);
	case TEXT:
	case NEW_CASE:
	case SENDER:
		return is_line(s, n, r->max != 0 ? r->max : 512);
	case VERSION:
		break;
	}
	return false;
}

struct walk {
	sl_sidecar_fn *fn; /* NULL on the first, checking round */
	void *arg;
	struct sl_err *err;
	uint32_t seen; /* fields given so far: an alias beside its name */
};

static enum sl_rc
invalid(struct walk *w, const char *what)
{
	return sl_err_set(w->err, SL_HOLD, 0, "sidecar_invalid", "%s", what);
}

/* Names the member where it looks like one, not like somebody's data. */
static enum sl_rc
unknown(struct walk *w, const char *key, const char *where)
{
	size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	if (n == 0 || n > MEMBER_MAX || key[n] != '\0')
		return sl_err_set(w->err, SL_HOLD, 0, "sidecar_invalid",
		    "unknown member%s", where);
	return sl_err_set(w->err, SL_HOLD, 0, "sidecar_invalid",
	    "unknown member %s%s", key, where);
}

static enum sl_rc
give(struct walk *w, const struct row *r, const char *value, const char *label)
{
	if ((w->seen & 1u << r->field) != 0)
		return sl_err_set(w->err, SL_HOLD, 0, "sidecar_invalid",
		    "said twice: %s", r->name);
	w->seen |= 1u << r->field;
	if (w->fn != NULL)
		w->fn(w->arg, (enum sl_field)r->field, value, label);
	return SL_OK;
}

static enum sl_rc
walk_sender(struct walk *w, json_t *o)
{
	const struct row *r;
	const char *key;
	enum sl_rc rc;
	json_t *v;

	json_object_foreach(o, key, v)
	{
		r = find(sender_rows,
		    sizeof(sender_rows) / sizeof(sender_rows[0]), key);
		if (r == NULL)
			return unknown(w, key, " of sender");
		if (!value_ok(r, v))
			return invalid(w, r->name);
		rc = give(w, r, json_string_value(v), r->name);
		if (rc != SL_OK)
			return rc;
	}
	return SL_OK;
}

static enum sl_rc
walk_member(struct walk *w, const char *key, json_t *v)
{
	const struct row *r = find(rows, sizeof(rows) / sizeof(rows[0]), key);

	if (r == NULL)
		return unknown(w, key, "");
	if (r->kind == VERSION)
		return json_is_integer(v) && json_integer_value(v) == 1
			   ? SL_OK
			   : invalid(w, "version is not 1");
	if (r->kind == SENDER && json_is_object(v))
		return walk_sender(w, v);
	if (r->kind == NEW_CASE && json_is_boolean(v))
		return json_is_true(v) ? give(w, r, "true", r->name) : SL_OK;
	if (!value_ok(r, v))
		return invalid(w, r->name);
	return give(w, r, json_string_value(v), r->name);
}

static enum sl_rc
walk_all(struct walk *w, json_t *o)
{
	const char *key;
	enum sl_rc rc;
	json_t *v;

	w->seen = 0;
	json_object_foreach(o, key, v)
	{
		if ((rc = walk_member(w, key, v)) != SL_OK)
			return rc;
	}
	return SL_OK;
}

enum sl_rc
sl_sidecar_read(const char *json, size_t n, sl_sidecar_fn *fn, void *arg,
    struct sl_err *err)
{
	struct walk w = {.err = err, .arg = arg};
	enum sl_rc rc;
	json_t *o;

	if (n > SL_SIDECAR_MAX)
		return invalid(&w, "too large");
	if (n >= 3 && memcmp(json, "\xEF\xBB\xBF", 3) == 0)
		json += 3, n -= 3;
	o = json_loadb(json, n, JSON_REJECT_DUPLICATES, NULL);
	if (o == NULL || !json_is_object(o)) {
		json_decref(o);
		return invalid(&w, "not a JSON object");
	}
	rc = walk_all(&w, o);
	w.fn = fn;
	if (rc == SL_OK)
		rc = walk_all(&w, o);
	json_decref(o);
	return rc;
}
