/*
 * Reads sluse.conf. The first fault ends it: a half-read configuration is
 * never used.
 */
#include "config.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "rows.h"

struct parser {
	const char *where;
	unsigned line;
	struct sl_config *c;
	struct sl_err *err;
	enum sl_section_id id; /* SL_SECTIONS: none yet */
	struct sl_section *at; /* arrays do not move: see open_named */
	size_t extra_cap;
};

#define FAIL(p, l, ...) fail((p), (l), sl_asprintf(__VA_ARGS__))

/* Takes text over. */
static enum sl_rc
fail(struct parser *p, unsigned line, char *text)
{
	SL_FREE char *own = text;

	if (line > 0)
		return sl_err_set(p->err, SL_FATAL, 0, "config_invalid",
		    "%s:%u: %s", p->where, line, own);
	return sl_err_set(
	    p->err, SL_FATAL, 0, "config_invalid", "%s: %s", p->where, own);
}

/* Levenshtein's distance, where two swapped neighbours count one. */
static unsigned
distance(const char *a, const char *b)
{
	enum { MAX = 64 };
	unsigned d[3][MAX + 1], cost, v;
	size_t i, j, n = strlen(a), m = strlen(b);

	if (n > MAX || m > MAX)
		return MAX;
	for (j = 0; j <= m; j++)
		d[0][j] = (unsigned)j;
	for (i = 1; i <= n; i++) {
		unsigned *row = d[i % 3], *up = d[(i + 2) % 3];

		row[0] = (unsigned)i;
		for (j = 1; j <= m; j++) {
			cost = a[i - 1] != b[j - 1];
			v = up[j - 1] + cost;
			v = up[j] + 1 < v ? up[j] + 1 : v;
			v = row[j - 1] + 1 < v ? row[j - 1] + 1 : v;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    d[(i + 1) % 3][j - 2] + 1 < v)
				v = d[(i + 1) % 3][j - 2] + 1;
			row[j] = v;
		}
	}
	return d[n % 3][m];
}

static const char *
near_key(enum sl_section_id id, const char *key)
{
	size_t first, n = sl_rows_of(id, &first), i;
	unsigned best = 1000, v;
	const char *ret = "";

	for (i = first; i < first + n; i++) {
		v = distance(key, sl_rows[i].key);
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
		v = distance(name, sl_section_names[i]);
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
		return FAIL(p, p->line, "%s", k->rule);
	for (i = 0; (s = sl_section_at(p->c, id, i)) != NULL; i++) {
		if (same_folded(s->title, name))
			return FAIL(p, p->line,
			    "%s \"%s\" stands already on line %u",
			    sl_section_names[id], name, s->line);
	}
	if (i == k->max)
		return FAIL(p, p->line, "more than %zu %s", k->max, k->many);
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
		return FAIL(p, p->line,
		    "unknown section [%.40s]; nearest is [%s]", s,
		    near_section(s));
	if (sl_section_is_named((enum sl_section_id)id)) {
		rc = open_named(p, (enum sl_section_id)id, name);
	} else if (*name != '\0') {
		return FAIL(p, p->line, "section [%s] has no name", s);
	} else {
		p->id = (enum sl_section_id)id;
		p->at = sl_config_section(p->c, p->id);
		if (p->at->line > 0)
			return FAIL(p, p->line,
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
			return FAIL(p, p->line,
			    "a secret may not stand here; put it in a file "
			    "and name the file in \"credentials\"");
	}
	for (i = 0; i < t->extra_n; i++) {
		if (strcmp(t->extra[i].key, key) == 0)
			return FAIL(p, p->line,
			    "\"%s\" is set already on line %u", key,
			    t->extra[i].line);
	}
	if (t->extra_n == SL_CONFIG_EXTRAS_MAX)
		return FAIL(p, p->line, "more than %u keys of the connector",
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
			return FAIL(p, p->line,
			    "unknown key \"%s\" in [%s]; it belongs in [%s]",
			    key, sl_section_names[p->id], sl_section_names[id]);
	}
	return FAIL(p, p->line,
	    "unknown key \"%.60s\" in [%s]; nearest is \"%s\"", key,
	    sl_section_names[p->id], near_key(p->id, key));
}

static enum sl_rc
set_value(struct parser *p, const char *key, const char *value)
{
	const struct sl_row *r;
	size_t first;
	unsigned *line;
	char why[128];

	if (p->id == SL_SECTIONS)
		return FAIL(p, p->line,
		    "\"%.60s\" stands before the first [section]", key);
	r = sl_row_find(p->id, key);
	if (r == NULL)
		return p->id == SL_SECTION_TARGET ? add_extra(p, key, value)
						  : unknown_key(p, key);
	(void)sl_rows_of(p->id, &first);
	line = &p->at->set_line[(size_t)(r - sl_rows) - first];
	if (*line > 0)
		return FAIL(
		    p, p->line, "\"%s\" is set already on line %u", key, *line);
	if (*value == '"' || *value == '\'')
		return FAIL(p, p->line, "%s: values stand without quotes", key);
	if (!sl_value_parse(r, value, p->c->arena, p->at, why, sizeof(why)))
		return FAIL(p, p->line, "%s: \"%.40s\": %s", key, value, why);
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
	char *eq;
	size_t n;

	s = trim(s);
	n = strlen(s);
	if (n == 0 || *s == '#')
		return SL_OK;
	if (*s == '[') {
		if (s[n - 1] != ']')
			return FAIL(p, p->line, "a section line ends in ]");
		s[n - 1] = '\0';
		return open_section(p, trim(s + 1));
	}
	eq = strchr(s, '=');
	if (eq == NULL)
		return FAIL(p, p->line,
		    "expected \"key = value\", [section] or # comment");
	*eq = '\0';
	s = trim(s);
	if (*s == '\0' ||
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
		return FAIL(p, p->line, "a key is small letters, digits and _");
	return set_value(p, s, trim(eq + 1));
}

static enum sl_rc
parse_text(struct parser *p, const char *text, size_t n)
{
	char line[SL_CONFIG_LINE_MAX + 1];
	const char *end = text + n, *nl;
	enum sl_rc rc;
	size_t len;

	if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		text += 3;
	for (; text < end; text = nl + 1) {
		p->line++;
		nl = memchr(text, '\n', (size_t)(end - text));
		if (nl == NULL)
			nl = end;
		len = (size_t)(nl - text);
		if (len > SL_CONFIG_LINE_MAX)
			return FAIL(p, p->line, "line longer than %u bytes",
			    SL_CONFIG_LINE_MAX);
		if (!sl_utf8_valid(text, len))
			return FAIL(p, p->line, "not UTF-8 text");
		memcpy(line, text, len);
		line[len] = '\0';
		rc = parse_line(p, line);
		if (rc != SL_OK)
			return rc;
		if (nl == end)
			break;
	}
	return SL_OK;
}

/* Gives every row that was not set its default. */
static enum sl_rc
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
			     r, r->def, p->c->arena, s, why, sizeof(why)))
			return FAIL(p, s->line, "[%s %s] needs \"%s\"",
			    sl_section_names[id], s->title, r->key);
	}
	return SL_OK;
}

static enum sl_rc
fill_all(struct parser *p)
{
	struct sl_config *c = p->c;
	struct sl_section *s;
	enum sl_rc rc = SL_OK;
	size_t i;
	int id;

	for (id = 0; rc == SL_OK && id < SL_SECTION_QUEUE; id++) {
		s = sl_config_section(c, (enum sl_section_id)id);
		if (s->title == NULL)
			s->title = "";
		rc = fill_section(p, (enum sl_section_id)id, s);
	}
	for (; rc == SL_OK && id < SL_SECTIONS; id++)
		for (i = 0;
		     rc == SL_OK &&
		     (s = sl_section_at(c, (enum sl_section_id)id, i)) != NULL;
		     i++)
			rc = fill_section(p, (enum sl_section_id)id, s);
	return rc;
}

static bool
is_loopback_url(const char *url)
{
	static const char *const hosts[] = {"127.0.0.1", "[::1]", "localhost"};
	const char *h = strstr(url, "://");
	size_t i, n;

	if (h == NULL)
		return false;
	h += 3;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		n = strlen(hosts[i]);
		if (strncmp(h, hosts[i], n) == 0 &&
		    (h[n] == '\0' || h[n] == ':' || h[n] == '/'))
			return true;
	}
	return false;
}

static enum sl_rc
check_target(struct parser *p, const struct sl_target_config *t)
{
	bool loopback = is_loopback_url(t->base_url);

	if (loopback && !t->allow_loopback)
		return FAIL(p, t->head.line,
		    "[target %s]: this machine as target needs "
		    "allow_loopback = yes",
		    t->name);
	if (!loopback && strncmp(t->base_url, "http://", 7) == 0)
		return FAIL(p, t->head.line,
		    "[target %s]: base_url must begin with https://", t->name);
	if (t->retry_first_ms > t->retry_max_ms)
		return FAIL(p, t->head.line,
		    "[target %s]: retry_first is over retry_max", t->name);
	if (t->breaker_first_ms > t->breaker_max_ms)
		return FAIL(p, t->head.line,
		    "[target %s]: breaker_first is over breaker_max", t->name);
	return SL_OK;
}

/* Whoever tells the log's head may not be somebody on the way. */
static enum sl_rc
check_witness(struct parser *p, const struct sl_witness_config *w)
{
	bool loopback = is_loopback_url(w->url);

	if (loopback && !w->allow_loopback)
		return FAIL(p, w->head.line,
		    "[witness %s]: this machine as witness needs "
		    "allow_loopback = yes",
		    w->head.title);
	if (!loopback && strncmp(w->url, "http://", 7) == 0)
		return FAIL(p, w->head.line,
		    "[witness %s]: url must begin with https://",
		    w->head.title);
	return SL_OK;
}

static const char *
near_target(const struct sl_config *c, const char *name)
{
	unsigned best = 1000, v;
	const char *ret = NULL;
	size_t i;

	for (i = 0; i < c->target_n; i++) {
		v = distance(name, c->target[i].name);
		if (v < best) {
			best = v;
			ret = c->target[i].name;
		}
	}
	return ret;
}

/* Does path lie in the folder dir, by their names? */
static bool
lies_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) == 0 &&
	       (path[n] == '/' || (n == 1 && *dir == '/'));
}

static enum sl_rc
finish_queue(struct parser *p, struct sl_queue_config *q)
{
	struct sl_config *c = p->c;
	const char **item, *near;
	size_t i;

	if (*q->path == '\0') {
		SL_BUF struct sl_buf b = {0};

		sl_buf_printf(
		    &b, "%s/%s", q->closed ? "closed" : "spool", q->name);
		q->path = sl_arena_strndup(c->arena, sl_buf_str(&b), b.n);
	}
	if (q->closed && *q->access == '\0')
		q->access = "XX";
	if (q->target.n == 0 && c->target_n == 1) {
		item = sl_arena_alloc(c->arena, sizeof(*item));
		*item = c->target[0].name;
		q->target = (struct sl_list){item, 1};
	}
	for (i = 0; i < q->target.n; i++) {
		if (sl_config_target(c, q->target.item[i]) != NULL)
			continue;
		near = near_target(c, q->target.item[i]);
		return FAIL(p, q->head.line,
		    "[queue %s]: no [target %.40s]%s%s%s", q->name,
		    q->target.item[i], near != NULL ? "; nearest is \"" : "",
		    near != NULL ? near : "", near != NULL ? "\"" : "");
	}
	for (i = 0; &c->queue[i] != q; i++) {
		if (strcmp(c->queue[i].path, q->path) == 0)
			return FAIL(p, q->head.line,
			    "[queue %s] has the same path as [queue %s]",
			    q->name, c->queue[i].name);
		if (lies_in(q->path, c->queue[i].path) ||
		    lies_in(c->queue[i].path, q->path))
			return FAIL(p, q->head.line,
			    "[queue %s]: one path lies in the other's folder: "
			    "[queue %s]",
			    q->name, c->queue[i].name);
	}
	return SL_OK;
}

/* Systems write them in many ways; none is without a digit. */
static bool
is_case_or_none(const char *number)
{
	return *number == '\0' || strpbrk(number, "0123456789") != NULL;
}

static enum sl_rc
check_instance(struct parser *p)
{
	struct sl_config *c = p->c;
	size_t i;

	if (!is_case_or_none(c->instance.distribution_case))
		return FAIL(p, c->instance.head.line,
		    "[instance]: distribution_case is no case number, such as "
		    "2026/1");
	for (i = 0; i < c->queue_n; i++)
		if (!is_case_or_none(c->queue[i].distribution_case))
			return FAIL(p, c->queue[i].head.line,
			    "[queue %s]: distribution_case is no case number, "
			    "such as 2026/1",
			    c->queue[i].name);

	if (*c->instance.converter != '\0' && *c->instance.converter != '/')
		return FAIL(p, c->instance.head.line,
		    "[instance]: converter is no absolute path");
	for (i = 0; i < c->instance.decrypt_keys.n; i++)
		if (strlen(c->instance.decrypt_keys.item[i]) > 100 ||
		    !sl_name_is_plain(c->instance.decrypt_keys.item[i]))
			return FAIL(p, c->instance.head.line,
			    "[instance]: decrypt_keys is a list of names of "
			    "secrets");
	return SL_OK;
}

static enum sl_rc
check_journal(struct parser *p)
{
	struct sl_config *c = p->c;

	if (strpbrk(c->journal.origin, " +~") != NULL)
		return FAIL(p, c->journal.head.line,
		    "[journal]: origin holds a space, a + or a ~");
	if (*c->journal.mail_dir != '\0' &&
	    (*c->journal.mail_to == '\0' || *c->journal.mail_from == '\0'))
		return FAIL(p, c->journal.head.line,
		    "[journal]: mail_dir needs mail_to and mail_from");
	return SL_OK;
}

static enum sl_rc
check_all(struct parser *p)
{
	struct sl_config *c = p->c;
	enum sl_rc rc = SL_OK;
	size_t i;

	if (c->limits.member_max_bytes > c->limits.unpacked_max_bytes)
		return FAIL(p, c->limits.head.line,
		    "[limits]: member_max is over unpacked_max");
	if (c->limits.output_max_bytes < c->limits.unpacked_max_bytes)
		return FAIL(p, c->limits.head.line,
		    "[limits]: output_max is under unpacked_max");
	if (c->push.retry_first_ms > c->push.retry_max_ms)
		return FAIL(p, c->push.head.line,
		    "[push]: retry_first is over retry_max");
	if (c->push.breaker_first_ms > c->push.breaker_max_ms)
		return FAIL(p, c->push.head.line,
		    "[push]: breaker_first is over breaker_max");
	rc = check_instance(p);
	if (rc == SL_OK)
		rc = check_journal(p);
	for (i = 0; rc == SL_OK && i < c->target_n; i++)
		rc = check_target(p, &c->target[i]);
	for (i = 0; rc == SL_OK && i < c->witness_n; i++)
		rc = check_witness(p, &c->witness[i]);
	for (i = 0; rc == SL_OK && i < c->queue_n; i++)
		rc = finish_queue(p, &c->queue[i]);
	return rc;
}

enum sl_rc
sl_config_parse(const char *where, const char *text, size_t n,
    struct sl_config **ret, struct sl_err *err)
{
	struct sl_config *c = sl_alloc(sizeof(*c));
	struct parser p = {where, 0, c, err, SL_SECTIONS, NULL, 0};
	enum sl_rc rc;

	c->arena = sl_arena_new();
	c->queue = sl_alloc(SL_CONFIG_QUEUES_MAX * sizeof(*c->queue));
	c->target = sl_alloc(SL_CONFIG_TARGETS_MAX * sizeof(*c->target));
	c->witness = sl_alloc(SL_CONFIG_WITNESSES_MAX * sizeof(*c->witness));
	c->tsa = sl_alloc(SL_CONFIG_TSAS_MAX * sizeof(*c->tsa));
	sl_sha256(text, n, &c->digest);
	rc = parse_text(&p, text, n);
	if (rc == SL_OK)
		rc = fill_all(&p);
	if (rc == SL_OK)
		rc = check_all(&p);
	if (rc != SL_OK) {
		sl_config_free(c);
		return rc;
	}
	*ret = c;
	return SL_OK;
}

enum sl_rc
sl_config_load(const char *path, struct sl_config **ret, struct sl_err *err)
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
	return sl_config_parse(path, sl_buf_str(&b), b.n, ret, err);
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
