/*
 * The configuration and its rows as text: show, manual, schema, fresh file.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "config.h"
#include "rows.h"

/* "default 5s", or where a default comes from. */
static void
print_default(const struct sl_row *r, struct sl_buf *out)
{
	const struct sl_row *w = sl_row_wider(r);

	if (w != NULL)
		sl_buf_printf(out, "as in [%s]", sl_section_names[w->section]);
	else
		sl_buf_add_str(out, *r->def != '\0' ? r->def : "empty");
}

static void
show_section(
    enum sl_section_id id, const struct sl_section *s, struct sl_buf *out)
{
	size_t first, n = sl_rows_of(id, &first), i;
	SL_BUF struct sl_buf value = {0};

	sl_buf_printf(out, "%s[%s%s%s]\n", out->n > 0 ? "\n" : "",
	    sl_section_names[id], *s->title != '\0' ? " " : "", s->title);
	for (i = 0; i < n; i++) {
		const struct sl_row *r = &sl_rows[first + i];

		if (s->set_line[i] > 0) {
			sl_buf_printf(
			    out, "# line %u; default: ", s->set_line[i]);
			print_default(r, out);
			sl_buf_add_char(out, '\n');
		}
		sl_buf_reset(&value);
		sl_value_print(r, s, &value);
		sl_buf_printf(out, "%s =%s%s\n", r->key, value.n > 0 ? " " : "",
		    sl_buf_str(&value));
	}
}

void
sl_config_show(const struct sl_config *c, struct sl_buf *out)
{
	const struct sl_target_config *t;
	size_t i, k;

	show_section(SL_SECTION_INSTANCE, &c->instance.head, out);
	show_section(SL_SECTION_LIMITS, &c->limits.head, out);
	show_section(SL_SECTION_OCR, &c->ocr.head, out);
	show_section(SL_SECTION_PLACE, &c->place.head, out);
	show_section(SL_SECTION_PUSH, &c->push.head, out);
	show_section(SL_SECTION_JOURNAL, &c->journal.head, out);
	show_section(SL_SECTION_ACCESS, &c->access.head, out);
	for (i = 0; i < c->target_n; i++) {
		t = &c->target[i];
		show_section(SL_SECTION_TARGET, &t->head, out);
		for (k = 0; k < t->extra_n; k++)
			sl_buf_printf(out,
			    "# line %u; the connector's own key\n%s = %s\n",
			    t->extra[k].line, t->extra[k].key,
			    t->extra[k].value);
	}
	for (i = 0; i < c->queue_n; i++)
		show_section(SL_SECTION_QUEUE, &c->queue[i].head, out);
	for (i = 0; i < c->witness_n; i++)
		show_section(SL_SECTION_WITNESS, &c->witness[i].head, out);
	for (i = 0; i < c->tsa_n; i++)
		show_section(SL_SECTION_TSA, &c->tsa[i].head, out);
}

/* Numbers as numbers (bytes, milliseconds), times and choices as written. */
static json_t *
json_value(const struct sl_row *r, const struct sl_section *s)
{
	const void *p = sl_value_at(r, s);
	SL_BUF struct sl_buf b = {0};
	const struct sl_list *l;
	json_t *a;
	size_t i;

	switch (r->kind) {
	case SL_KIND_BOOL:
		return json_boolean(*(const bool *)p);
	case SL_KIND_INT:
		return json_integer(*(const uint32_t *)p);
	case SL_KIND_BYTES:
		return json_integer((json_int_t) * (const uint64_t *)p);
	case SL_KIND_DURATION:
		return json_integer(*(const int64_t *)p);
	case SL_KIND_LIST:
		l = p;
		a = json_array();
		for (i = 0; i < l->n; i++)
			(void)json_array_append_new(a, json_string(l->item[i]));
		return a;
	case SL_KIND_STR:
	case SL_KIND_WORD:
	case SL_KIND_CODE:
	case SL_KIND_PATH:
	case SL_KIND_URL:
	case SL_KIND_ENUM:
	case SL_KIND_DEADLINE:
	case SL_KIND_TIME:
		break;
	}
	sl_value_print(r, s, &b);
	return json_string(sl_buf_str(&b));
}

/* The member's name: with its unit, where the text form has one. */
static const char *
json_name(const struct sl_row *r, char *out, size_t n)
{
	(void)snprintf(out, n, "%s%s", r->key,
	    r->kind == SL_KIND_BYTES	  ? "_bytes"
	    : r->kind == SL_KIND_DURATION ? "_ms"
					  : "");
	return out;
}

static json_t *
json_section(enum sl_section_id id, const struct sl_section *s)
{
	size_t first, n = sl_rows_of(id, &first), i;
	json_t *o = json_object();
	char name[64];

	if (sl_section_is_named(id))
		(void)json_object_set_new(o, "name", json_string(s->title));
	for (i = first; i < first + n; i++)
		(void)json_object_set_new(o,
		    json_name(&sl_rows[i], name, sizeof(name)),
		    json_value(&sl_rows[i], s));
	return o;
}

static json_t *
json_sections(const struct sl_config *c, enum sl_section_id id)
{
	json_t *a = json_array();
	const struct sl_section *s;
	size_t i;

	for (i = 0; (s = sl_section_at(c, id, i)) != NULL; i++)
		(void)json_array_append_new(a, json_section(id, s));
	return a;
}

static void
dump(json_t *o, size_t flags, struct sl_buf *out)
{
	SL_FREE char *s = json_dumps(o, flags);

	if (s != NULL)
		sl_buf_add_str(out, s);
	json_decref(o);
}

void
sl_config_json(const struct sl_config *c, struct sl_buf *out)
{
	json_t *o = json_object(), *targets, *x;
	char hex[SL_SHA256_HEX + 1];
	size_t i, k;

	sl_digest_hex(&c->digest, hex);
	(void)json_object_set_new(o, "sha256", json_string(hex));
	(void)json_object_set_new(o, "instance",
	    json_section(SL_SECTION_INSTANCE, &c->instance.head));
	(void)json_object_set_new(
	    o, "limits", json_section(SL_SECTION_LIMITS, &c->limits.head));
	(void)json_object_set_new(
	    o, "ocr", json_section(SL_SECTION_OCR, &c->ocr.head));
	(void)json_object_set_new(
	    o, "place", json_section(SL_SECTION_PLACE, &c->place.head));
	(void)json_object_set_new(
	    o, "push", json_section(SL_SECTION_PUSH, &c->push.head));
	(void)json_object_set_new(
	    o, "journal", json_section(SL_SECTION_JOURNAL, &c->journal.head));
	(void)json_object_set_new(
	    o, "access", json_section(SL_SECTION_ACCESS, &c->access.head));
	targets = json_sections(c, SL_SECTION_TARGET);
	for (i = 0; i < c->target_n; i++) {
		x = json_object();
		for (k = 0; k < c->target[i].extra_n; k++)
			(void)json_object_set_new(x, c->target[i].extra[k].key,
			    json_string(c->target[i].extra[k].value));
		(void)json_object_set_new(
		    json_array_get(targets, i), "connector_keys", x);
	}
	(void)json_object_set_new(o, "target", targets);
	(void)json_object_set_new(
	    o, "queue", json_sections(c, SL_SECTION_QUEUE));
	(void)json_object_set_new(
	    o, "witness", json_sections(c, SL_SECTION_WITNESS));
	(void)json_object_set_new(o, "tsa", json_sections(c, SL_SECTION_TSA));
	dump(o, JSON_COMPACT, out);
}

static void
schema_range(json_t *o, const struct sl_row *r)
{
	uint64_t v;

	if (sl_number_parse(r->kind, r->min, &v))
		(void)json_object_set_new(
		    o, "minimum", json_integer((json_int_t)v));
	if (sl_number_parse(r->kind, r->max, &v))
		(void)json_object_set_new(
		    o, "maximum", json_integer((json_int_t)v));
	(void)json_object_set_new(o, "type", json_string("integer"));
}

static void
schema_text(json_t *o, const struct sl_row *r)
{
	uint64_t v;

	(void)json_object_set_new(o, "type", json_string("string"));
	if (sl_number_parse(SL_KIND_INT, r->min, &v) && v > 0)
		(void)json_object_set_new(
		    o, "minLength", json_integer((json_int_t)v));
	if (sl_number_parse(SL_KIND_INT, r->max, &v) && v > 0)
		(void)json_object_set_new(
		    o, "maxLength", json_integer((json_int_t)v));
}

static void
schema_choices(json_t *o, const struct sl_row *r)
{
	json_t *a = json_array();
	const char *p = r->unit;
	size_t len;

	while (*p != '\0') {
		len = strcspn(p, "|");
		(void)json_array_append_new(a, json_stringn(p, len));
		p += len + (p[len] == '|');
	}
	(void)json_object_set_new(o, "enum", a);
}

static json_t *
schema_row(const struct sl_row *r)
{
	json_t *o = json_object(), *item;
	uint64_t v;

	(void)json_object_set_new(o, "description", json_string(r->help));
	switch (r->kind) {
	case SL_KIND_INT:
	case SL_KIND_BYTES:
	case SL_KIND_DURATION:
		schema_range(o, r);
		break;
	case SL_KIND_BOOL:
		(void)json_object_set_new(o, "type", json_string("boolean"));
		break;
	case SL_KIND_ENUM:
		schema_choices(o, r);
		break;
	case SL_KIND_LIST:
		item = json_object();
		(void)json_object_set_new(item, "type", json_string("string"));
		(void)json_object_set_new(o, "type", json_string("array"));
		(void)json_object_set_new(o, "items", item);
		if (sl_number_parse(SL_KIND_INT, r->max, &v))
			(void)json_object_set_new(
			    o, "maxItems", json_integer((json_int_t)v));
		break;
	case SL_KIND_DEADLINE:
		(void)json_object_set_new(o, "type", json_string("string"));
		(void)json_object_set_new(o, "pattern",
		    json_string("^(never|next-working-day [0-2][0-9]:[0-5]"
				"[0-9]|[0-9]+(ms|s|min|h|d)?)$"));
		break;
	case SL_KIND_TIME:
		(void)json_object_set_new(o, "type", json_string("string"));
		(void)json_object_set_new(
		    o, "pattern", json_string("^[0-2][0-9]:[0-5][0-9]$"));
		break;
	case SL_KIND_STR:
	case SL_KIND_WORD:
	case SL_KIND_CODE:
	case SL_KIND_PATH:
	case SL_KIND_URL:
		schema_text(o, r);
		break;
	}
	return o;
}

static json_t *
schema_object(json_t *properties)
{
	json_t *o = json_object(), *required = json_array();
	const char *key;
	json_t *value;

	json_object_foreach(properties, key, value)(void)
	    json_array_append_new(required, json_string(key));
	(void)json_object_set_new(o, "type", json_string("object"));
	(void)json_object_set_new(o, "additionalProperties", json_false());
	(void)json_object_set_new(o, "required", required);
	(void)json_object_set_new(o, "properties", properties);
	return o;
}

static json_t *
schema_string(void)
{
	return json_pack("{s:s}", "type", "string");
}

static json_t *
schema_section(enum sl_section_id id)
{
	size_t first, n = sl_rows_of(id, &first), i;
	json_t *p = json_object();
	char name[64];

	if (sl_section_is_named(id))
		(void)json_object_set_new(p, "name", schema_string());
	for (i = first; i < first + n; i++)
		(void)json_object_set_new(p,
		    json_name(&sl_rows[i], name, sizeof(name)),
		    schema_row(&sl_rows[i]));
	if (id == SL_SECTION_TARGET)
		(void)json_object_set_new(p, "connector_keys",
		    json_pack("{s:s,s:o}", "type", "object",
			"additionalProperties", schema_string()));
	return schema_object(p);
}

void
sl_config_schema(struct sl_buf *out)
{
	json_t *p = json_object(), *o, *s;
	int id;

	(void)json_object_set_new(p, "sha256",
	    json_pack(
		"{s:s,s:s}", "type", "string", "pattern", "^[0-9a-f]{64}$"));
	for (id = 0; id < SL_SECTIONS; id++) {
		s = schema_section((enum sl_section_id)id);
		if (id >= SL_SECTION_QUEUE)
			s = json_pack("{s:s,s:o}", "type", "array", "items", s);
		(void)json_object_set_new(p, sl_section_names[id], s);
	}
	o = json_pack("{s:s,s:s,s:s}", "$schema",
	    "https://json-schema.org/draft/2020-12/schema", "$id",
	    "https://sluse.example/schemas/config.schema.json", "title",
	    "The configuration in force, as sluse config show --json prints "
	    "it");
	s = schema_object(p);
	(void)json_object_update(o, s);
	json_decref(s);
	dump(o, JSON_INDENT(1), out);
	sl_buf_add_char(out, '\n');
}

/* mdoc: a backslash or a leading dot would be a request. */
static void
add_mdoc(struct sl_buf *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		sl_buf_add_str(out, "\\&");
	for (; *s != '\0'; s++) {
		if (*s == '\\')
			sl_buf_add_str(out, "\\e");
		else if (*s == '~')
			sl_buf_add_str(out, "\\(ti");
		else
			sl_buf_add_char(out, *s);
	}
}

/* Each sentence on a line of its own, as mdoc wants it. */
static void
add_sentences(struct sl_buf *out, const char *text)
{
	const char *end;

	while ((end = strstr(text, ". ")) != NULL) {
		SL_FREE char *one = sl_strndup(text, (size_t)(end - text) + 1);

		add_mdoc(out, one);
		sl_buf_add_char(out, '\n');
		text = end + 2;
	}
	add_mdoc(out, text);
}

static void
manual_row(const struct sl_row *r, struct sl_buf *out)
{
	static const char *const kinds[] = {[SL_KIND_STR] = "text",
	    [SL_KIND_WORD] = "word",
	    [SL_KIND_CODE] = "capitals",
	    [SL_KIND_PATH] = "path",
	    [SL_KIND_URL] = "URL",
	    [SL_KIND_BOOL] = "yes or no",
	    [SL_KIND_INT] = "number",
	    [SL_KIND_BYTES] = "bytes",
	    [SL_KIND_DURATION] = "duration",
	    [SL_KIND_ENUM] = "one of",
	    [SL_KIND_LIST] = "list",
	    [SL_KIND_DEADLINE] = "deadline",
	    [SL_KIND_TIME] = "time"};
	bool number = r->kind == SL_KIND_INT || r->kind == SL_KIND_BYTES ||
		      r->kind == SL_KIND_DURATION;
	SL_BUF struct sl_buf def = {0};

	print_default(r, &def);
	sl_buf_printf(out, ".It Cm %s\n", r->key);
	add_sentences(out, r->help);
	sl_buf_printf(out, "\n.br\n(%s", kinds[r->kind]);
	if (*r->unit != '\0')
		sl_buf_printf(out, " %s", r->unit);
	if (number)
		sl_buf_printf(out, ", %s to %s", r->min, r->max);
	sl_buf_add_str(out, "; default: ");
	add_mdoc(out, sl_buf_str(&def));
	sl_buf_add_str(out, ")\n");
}

void
sl_config_manual(struct sl_buf *out)
{
	size_t first, n, i;
	int id;

	for (id = 0; id < SL_SECTIONS; id++) {
		n = sl_rows_of((enum sl_section_id)id, &first);
		sl_buf_printf(out, ".Ss [%s%s]\n.Bl -tag -width Ds\n",
		    sl_section_names[id],
		    id >= SL_SECTION_QUEUE ? " NAME" : "");
		for (i = first; i < first + n; i++)
			manual_row(&sl_rows[i], out);
		sl_buf_add_str(out, ".El\n");
	}
}

static const char *
find_set(const struct sl_config_set *set, size_t n, const char *section,
    const char *name, const char *key)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(set[i].section, section) == 0 &&
		    strcmp(set[i].key, key) == 0 &&
		    (name == NULL || strcmp(set[i].name, name) == 0))
			return set[i].value;
	}
	return NULL;
}

/* "# " before each line of at most 76 columns. */
static void
add_comment(struct sl_buf *out, const char *text)
{
	size_t n;

	while (*text != '\0') {
		n = strlen(text);
		if (n > 76) {
			for (n = 76; n > 1 && text[n] != ' '; n--)
				continue;
		}
		sl_buf_add_str(out, "# ");
		sl_buf_add(out, text, n);
		sl_buf_add_char(out, '\n');
		text += n;
		text += strspn(text, " ");
	}
}

static void
fresh_section(struct sl_buf *out, enum sl_section_id id, const char *name,
    const struct sl_config_set *set, size_t set_n, bool example)
{
	const char *section = sl_section_names[id], *value, *mark;
	size_t first, n = sl_rows_of(id, &first), i;
	const struct sl_row *r;

	sl_buf_printf(out, "\n%s[%s%s%s]\n", example ? "#" : "", section,
	    name != NULL ? " " : "", name != NULL ? name : "");
	for (i = first; i < first + n; i++) {
		r = &sl_rows[i];
		value = find_set(set, set_n, section, name, r->key);
		/* "as in" keys need no explaining twice */
		if (r->def == NULL && value == NULL)
			continue;
		add_comment(out, r->help);
		if (r->kind == SL_KIND_ENUM)
			sl_buf_printf(out, "# One of %s.\n", r->unit);
		mark = value != NULL ? "" : "#";
		value = value != NULL ? value : r->def;
		sl_buf_printf(out, "%s%s =%s%s\n", mark, r->key,
		    *value != '\0' ? " " : "", value);
	}
	/* the connector's own keys */
	for (i = 0; id == SL_SECTION_TARGET && i < set_n; i++) {
		if (strcmp(set[i].section, section) == 0 &&
		    strcmp(set[i].name, name) == 0 &&
		    sl_row_find(id, set[i].key) == NULL)
			sl_buf_printf(
			    out, "%s = %s\n", set[i].key, set[i].value);
	}
}

static bool
is_first_of_name(const struct sl_config_set *set, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++) {
		if (strcmp(set[k].section, set[i].section) == 0 &&
		    strcmp(set[k].name, set[i].name) == 0)
			return false;
	}
	return true;
}

void
sl_config_default_text(
    struct sl_buf *out, const struct sl_config_set *set, size_t n)
{
	bool any;
	size_t i;
	int id;

	sl_buf_add_str(out,
	    "# Configuration of Sluse; see sluse.conf(5).\n"
	    "# Lines are: key = value. What is commented out shows the "
	    "default.\n"
	    "# After a change: sluse config check\n");
	for (id = 0; id < SL_SECTION_QUEUE; id++)
		fresh_section(out, (enum sl_section_id)id, NULL, set, n, false);
	for (id = SL_SECTIONS - 1; id >= SL_SECTION_QUEUE; id--) {
		any = false;
		for (i = 0; i < n; i++) {
			if (strcmp(set[i].section, sl_section_names[id]) != 0)
				continue;
			if (is_first_of_name(set, i))
				fresh_section(out, (enum sl_section_id)id,
				    set[i].name, set, n, false);
			any = true;
		}
		if (!any)
			fresh_section(
			    out, (enum sl_section_id)id, "NAME", NULL, 0, true);
	}
}
