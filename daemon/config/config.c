/*
 * Reads sluse.conf. A half-read configuration is never used: all of it is read,
 * so that every fault can be told, and one fault refuses it.
 */
#include "config.h"

#include <assert.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "check.h"

struct parser {
	struct sl_faults *faults;
	unsigned line;
	struct sl_config *c;
	bool skips; /* what follows a section line that is at fault */
	enum sl_section_id id; /* SL_SECTIONS: none yet */
	struct sl_section *at; /* arrays do not move: see open_named */
	size_t extra_cap;
};

#define FAULT(p, ...)                                                          \
	sl_fault_add(                                                          \
	    (p)->faults, (p)->at, NULL, (p)->line, sl_asprintf(__VA_ARGS__))

static const char *
near_key(enum sl_section_id id, const char *key)
{
	size_t first, n = sl_rows_of(id, &first), i;
	unsigned best = 1000, v;
	const char *ret = "";

	for (i = first; i < first + n; i++) {
		v = sl_config_distance(key, sl_rows[i].key);
		if (v < best) {
			best = v;
			ret = sl_rows[i].key;
		}
	}
	return ret;
}

const char *
sl_config_near_target_key(const char *key)
{
	return near_key(SL_SECTION_TARGET, key);
}

static const char *
near_section(const char *name)
{
	unsigned best = 1000, v;
	const char *ret = "";
	int i;

	for (i = 0; i < SL_SECTIONS; i++) {
		v = sl_config_distance(name, sl_section_names[i]);
		if (v < best) {
			best = v;
			ret = sl_section_names[i];
		}
	}
	return ret;
}

/* A queue is a folder on a share: what Windows refuses in a name is out. */
static bool
queue_name_ok(const char *s)
{
	const char *p;

	if (*s == '\0' || *s == '.' || strlen(s) > 120 ||
	    s[strlen(s) - 1] == '.')
		return false;
	for (p = s; *p != '\0'; p++) {
		if ((uint8_t)*p < 0x20 || *p == 0x7F ||
		    strchr("/\\<>:\"|?*", *p) != NULL)
			return false;
	}
	return true;
}

static bool
target_name_ok(const char *s)
{
	return *s != '\0' && strlen(s) < 64 &&
	       s[strspn(s,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		   "0123456789_-")] == '\0';
}

static bool
same_folded(const char *a, const char *b)
{
	SL_BUF struct sl_buf x = {0}, y = {0};

	sl_text_lower(&x, a, strlen(a));
	sl_text_lower(&y, b, strlen(b));
	return strcmp(sl_buf_str(&x), sl_buf_str(&y)) == 0;
}

/* What may be said of a kind of section that is named. */
static const struct named {
	enum sl_section_id id;
	const char *many, *rule;
	bool (*ok)(const char *name);
	size_t max;
} named_kinds[] = {
    {SL_SECTION_QUEUE, "queues",
	"a queue is named [queue NAME]; the name is a folder's: 1 to 120 bytes "
	"without / \\ < > : \" | ? * or a dot at either end",
	queue_name_ok, SL_CONFIG_QUEUES_MAX},
    {SL_SECTION_TARGET, "targets",
	"a target is named [target NAME]: 1 to 63 letters, digits, _ and -",
	target_name_ok, SL_CONFIG_TARGETS_MAX},
    {SL_SECTION_WITNESS, "witnesses",
	"a witness is named [witness NAME]: 1 to 63 letters, digits, _ and -",
	target_name_ok, SL_CONFIG_WITNESSES_MAX},
    {SL_SECTION_TSA, "time-stamp authorities",
	"a time-stamp authority is named [tsa NAME]: 1 to 63 letters, digits, "
	"_ and -",
	target_name_ok, SL_CONFIG_TSAS_MAX},
};

/* One more of that kind. */
static void
add_named(struct sl_config *c, enum sl_section_id id)
{
	if (id == SL_SECTION_QUEUE)
		c->queue_n++;
	else if (id == SL_SECTION_TARGET)
		c->target_n++;
	else if (id == SL_SECTION_WITNESS)
		c->witness_n++;
	else
		c->tsa_n++;
}

static enum sl_rc
open_named(struct parser *p, enum sl_section_id id, const char *name)
{
	const struct named *k = &named_kinds[id - SL_SECTION_QUEUE];
	const struct sl_section *s;
	size_t i;

	assert(k->id == id);
	if (!k->ok(name))
		return FAULT(p, "%s", k->rule);
	for (i = 0; (s = sl_section_at(p->c, id, i)) != NULL; i++) {
		if (same_folded(s->title, name))
			return FAULT(p, "%s \"%s\" stands already on line %u",
			    sl_section_names[id], name, s->line);
	}
	if (i == k->max)
		return FAULT(p, "more than %zu %s", k->max, k->many);
	add_named(p->c, id);
	p->id = id;
	p->at = sl_section_at(p->c, id, i);
	return SL_OK;
}

/* "[queue Skannet post]": s is the text between the brackets, trimmed. */
static enum sl_rc
open_section(struct parser *p, char *s)
{
	char *name = s + strcspn(s, " \t");
	enum sl_rc rc = SL_OK;
	int id;

	if (*name != '\0') {
		*name++ = '\0';
		name += strspn(name, " \t");
	}
	for (id = 0; id < SL_SECTIONS; id++) {
		if (strcmp(s, sl_section_names[id]) == 0)
			break;
	}
	if (id == SL_SECTIONS)
		return FAULT(p, "unknown section [%.40s]; nearest is [%s]", s,
		    near_section(s));
	if (sl_section_is_named((enum sl_section_id)id)) {
		rc = open_named(p, (enum sl_section_id)id, name);
	} else if (*name != '\0') {
		return FAULT(p, "section [%s] has no name", s);
	} else {
		p->id = (enum sl_section_id)id;
		p->at = sl_config_section(p->c, p->id);
		if (p->at->line > 0)
			return FAULT(p,
			    "section [%s] stands already on line %u", s,
			    p->at->line);
	}
	if (rc != SL_OK)
		return rc;
	p->at->line = p->line;
	p->at->title = sl_arena_strndup(p->c->arena, name, strlen(name));
	if (p->id == SL_SECTION_QUEUE)
		((struct sl_queue_config *)p->at)->name = p->at->title;
	if (p->id == SL_SECTION_TARGET)
		((struct sl_target_config *)p->at)->name = p->at->title;
	p->extra_cap = 0;
	return SL_OK;
}

/* A key of [target] that is no fixed one: the connector's. */
static enum sl_rc
add_extra(struct parser *p, const char *key, const char *value)
{
	static const char *const secrets[] = {"password", "passord", "secret",
	    "client_secret", "token", "api_key", "apikey", "private_key"};
	struct sl_target_config *t = (struct sl_target_config *)p->at;
	size_t i;

	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		if (strcmp(key, secrets[i]) == 0)
			return FAULT(p,
			    "a secret may not stand here; put it in a file "
			    "and name the file in \"credentials\"");
	}
	for (i = 0; i < t->extra_n; i++) {
		if (strcmp(t->extra[i].key, key) == 0)
			return FAULT(p, "\"%s\" is set already on line %u", key,
			    t->extra[i].line);
	}
	if (t->extra_n == SL_CONFIG_EXTRAS_MAX)
		return FAULT(p, "more than %u keys of the connector",
		    SL_CONFIG_EXTRAS_MAX);
	t->extra =
	    sl_grow(t->extra, &p->extra_cap, t->extra_n + 1, sizeof(*t->extra));
	t->extra[t->extra_n++] =
	    (struct sl_extra){sl_arena_strndup(p->c->arena, key, strlen(key)),
		sl_arena_strndup(p->c->arena, value, strlen(value)), p->line};
	return SL_OK;
}

static enum sl_rc
unknown_key(struct parser *p, const char *key)
{
	int id;

	for (id = 0; id < SL_SECTIONS; id++) {
		if (id != (int)p->id &&
		    sl_row_find((enum sl_section_id)id, key))
			return FAULT(p,
			    "unknown key \"%s\" in [%s]; it belongs in [%s]",
			    key, sl_section_names[p->id], sl_section_names[id]);
	}
	return FAULT(p, "unknown key \"%.60s\" in [%s]; nearest is \"%s\"", key,
	    sl_section_names[p->id], near_key(p->id, key));
}

static enum sl_rc
set_value(struct parser *p, const char *key, const char *value)
{
	const struct sl_row *r;
	size_t first;
	unsigned *line;
	char why[128];

	if (p->id == SL_SECTIONS) {
		p->skips =
		    true; /* of more such lines there is no more to say */
		return FAULT(
		    p, "\"%.60s\" stands before the first [section]", key);
	}
	r = sl_row_find(p->id, key);
	if (r == NULL)
		return p->id == SL_SECTION_TARGET ? add_extra(p, key, value)
						  : unknown_key(p, key);
	(void)sl_rows_of(p->id, &first);
	line = &p->at->set_line[(size_t)(r - sl_rows) - first];
	if (*line > 0)
		return FAULT(p, "\"%s\" is set already on line %u", key, *line);
	if (*value == '"' || *value == '\'')
		return sl_fault_add(p->faults, p->at, r, p->line,
		    sl_asprintf("%s: values stand without quotes", key));
	if (!sl_value_parse(r, value, p->c->arena, p->at, why, sizeof(why)))
		return sl_fault_add(p->faults, p->at, r, p->line,
		    sl_asprintf("%s: \"%.40s\": %s", key, value, why));
	*line = p->line;
	return SL_OK;
}

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r", s[n - 1]) != NULL)
		s[--n] = '\0';
	return s;
}

static enum sl_rc
parse_line(struct parser *p, char *s)
{
	enum sl_rc rc;
	char *eq;
	size_t n;

	s = trim(s);
	n = strlen(s);
	if (n == 0 || *s == '#')
		return SL_OK;
	if (*s == '[') {
		p->at = NULL;
		s[n - 1] = s[n - 1] == ']' ? '\0' : s[n - 1];
		rc = s[n - 1] != '\0' ? FAULT(p, "a section line ends in ]")
				      : open_section(p, trim(s + 1));
		p->skips = rc != SL_OK;
		p->faults->lost |= p->skips;
		return rc;
	}
	if (p->skips)
		return SL_OK;
	eq = strchr(s, '=');
	if (eq == NULL)
		return FAULT(
		    p, "expected \"key = value\", [section] or # comment");
	*eq = '\0';
	s = trim(s);
	if (*s == '\0' ||
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
		return FAULT(p, "a key is small letters, digits and _");
	return set_value(p, s, trim(eq + 1));
}

static void
parse_text(struct parser *p, const char *text, size_t n)
{
	char line[SL_CONFIG_LINE_MAX + 1];
	const char *end = text + n, *nl;
	size_t len;

	if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		text += 3;
	for (; text < end && p->faults->n < SL_CONFIG_FAULTS_MAX;
	     text = nl + 1) {
		p->line++;
		nl = memchr(text, '\n', (size_t)(end - text));
		if (nl == NULL)
			nl = end;
		len = (size_t)(nl - text);
		p->skips |= len > 0 && *text == '[';
		if (len > SL_CONFIG_LINE_MAX) {
			(void)FAULT(
			    p, "line longer than %u bytes", SL_CONFIG_LINE_MAX);
		} else if (!sl_utf8_valid(text, len)) {
			(void)FAULT(p, "not UTF-8 text");
		} else {
			memcpy(line, text, len);
			line[len] = '\0';
			(void)parse_line(p, line);
		}
		if (nl == end)
			break;
	}
}

/* Gives every row that was not set its default. */
static void
fill_section(struct parser *p, enum sl_section_id id, struct sl_section *s)
{
	size_t first, n = sl_rows_of(id, &first), i;
	const struct sl_row *r, *w;
	char why[128];

	for (i = 0; i < n; i++) {
		r = &sl_rows[first + i];
		if (s->set_line[i] > 0)
			continue;
		w = sl_row_wider(r);
		if (w != NULL)
			sl_value_copy(
			    r, s, w, sl_config_section(p->c, w->section));
		else if (!sl_value_parse(
			     r, r->def, p->c->arena, s, why, sizeof(why)) &&
			 !sl_fault_is_in(p->faults, s, r))
			(void)sl_fault_add(p->faults, s, r, s->line,
			    sl_asprintf("[%s %s] needs \"%s\"",
				sl_section_names[id], s->title, r->key));
	}
}

static void
fill_all(struct parser *p)
{
	struct sl_config *c = p->c;
	struct sl_section *s;
	size_t i;
	int id;

	for (id = 0; id < SL_SECTION_QUEUE; id++) {
		s = sl_config_section(c, (enum sl_section_id)id);
		if (s->title == NULL)
			s->title = "";
		fill_section(p, (enum sl_section_id)id, s);
	}
	for (; id < SL_SECTIONS; id++)
		for (i = 0;
		     (s = sl_section_at(c, (enum sl_section_id)id, i)) != NULL;
		     i++)
			fill_section(p, (enum sl_section_id)id, s);
}

/* err gets the first fault, tell (or NULL) all of them. */
static enum sl_rc
parse(const char *where, struct sl_slice text, sl_config_fault_fn *tell,
    void *arg, struct sl_config **ret, struct sl_err *err)
{
	struct sl_config *c = sl_alloc(sizeof(*c));
	SL_FREE struct sl_faults *faults = sl_alloc(sizeof(*faults));
	struct parser p = {faults, 0, c, false, SL_SECTIONS, NULL, 0};

	faults->where = where;
	faults->err = err;
	faults->tell = tell;
	faults->arg = arg;
	c->arena = sl_arena_new();
	c->queue = sl_alloc(SL_CONFIG_QUEUES_MAX * sizeof(*c->queue));
	c->target = sl_alloc(SL_CONFIG_TARGETS_MAX * sizeof(*c->target));
	c->witness = sl_alloc(SL_CONFIG_WITNESSES_MAX * sizeof(*c->witness));
	c->tsa = sl_alloc(SL_CONFIG_TSAS_MAX * sizeof(*c->tsa));
	sl_sha256(text.p, text.n, &c->digest);
	parse_text(&p, text.p, text.n);
	fill_all(&p);
	sl_config_check_all(c, faults);
	if (faults->n > 0) {
		sl_config_free(c);
		return SL_FATAL;
	}
	*ret = c;
	return SL_OK;
}

enum sl_rc
sl_config_parse(const char *where, const char *text, size_t n,
    struct sl_config **ret, struct sl_err *err)
{
	return parse(
	    where, (struct sl_slice){text, (uint32_t)n}, NULL, NULL, ret, err);
}

enum sl_rc
sl_config_load(const char *path, struct sl_config **ret, struct sl_err *err)
{
	return sl_config_load_all(path, NULL, NULL, ret, err);
}

enum sl_rc
sl_config_load_all(const char *path, sl_config_fault_fn *tell, void *arg,
    struct sl_config **ret, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_err why = {0};
	enum sl_rc rc;

	rc = sl_read_file(AT_FDCWD, path, SL_CONFIG_FILE_MAX, &b, &why);
	if (rc != SL_OK)
		return sl_err_set(err, SL_FATAL, why.sys,
		    rc == SL_SKIP ? "config_missing"
		    : rc == SL_RETRY && !sl_error_stays(why.sys)
			? "disk_error"
			: "config_invalid",
		    "%s: %s", path,
		    rc == SL_REJECT ? why.text : "cannot be read");
	return parse(path, (struct sl_slice){sl_buf_str(&b), (uint32_t)b.n},
	    tell, arg, ret, err);
}

void
sl_config_free(struct sl_config *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; c->target != NULL && i < c->target_n; i++)
		free(c->target[i].extra);
	free(c->target);
	free(c->queue);
	free(c->witness);
	free(c->tsa);
	sl_arena_free(c->arena);
	free(c);
}

const struct sl_queue_config *
sl_config_queue(const struct sl_config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->queue_n; i++) {
		if (strcmp(c->queue[i].name, name) == 0)
			return &c->queue[i];
	}
	return NULL;
}

const struct sl_target_config *
sl_config_target(const struct sl_config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->target_n; i++) {
		if (strcmp(c->target[i].name, name) == 0)
			return &c->target[i];
	}
	return NULL;
}

const char *
sl_target_extra(const struct sl_target_config *t, const char *key)
{
	size_t i;

	for (i = 0; i < t->extra_n; i++) {
		if (strcmp(t->extra[i].key, key) == 0)
			return t->extra[i].value;
	}
	return NULL;
}

const char *
sl_target_value(
    const struct sl_target_config *t, const char *key, struct sl_buf *out)
{
	const struct sl_row *r = sl_row_find(SL_SECTION_TARGET, key);

	if (r == NULL)
		return sl_target_extra(t, key);
	sl_buf_reset(out);
	sl_value_print(r, &t->head, out);
	return out->n > 0 ? sl_buf_str(out) : NULL;
}
