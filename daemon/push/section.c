#include "section.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"

#define FILE_MAX_BYTES (1u << 20)
#define ROWS_MAX 128

/* Keys of a target that are not the connector's: sluse-push's own, and those
 * that slused goes by. */
static const char *const host_keys[] = {"connector", "base_url", "credentials",
    "jobs", "hosts", "ca_file", "allow_loopback", "allow_http", "proxy",
    "connect_timeout", "timeout", "retry_first", "retry_max", "retry_limit",
    "breaker_failures", "breaker_first", "breaker_max", "sync_cases", NULL};

static char *
trim(char *s)
{
	size_t n;

	while (*s == ' ' || *s == '\t')
		s++;
	n = strlen(s);
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

static bool
is_section(const char *line, const char *name)
{
	static const char head[] = "[target ";
	size_t n = strlen(name);

	return strncmp(line, head, sizeof(head) - 1) == 0 &&
	    strncmp(line + sizeof(head) - 1, name, n) == 0 &&
	    strcmp(line + sizeof(head) - 1 + n, "]") == 0;
}

static enum sl_rc
add_row(struct sl_push_section *s, char *line, struct sl_err *err)
{
	char *eq = strchr(line, '=');
	const char *key;

	if (eq == NULL || s->n >= ROWS_MAX)
		return sl_err_set(err, SL_FATAL, 0, "config_error",
		    "target %s: line is not key = value", s->name);
	*eq = '\0';
	key = trim(line);
	if (sl_push_config(s, key) != NULL)
		return sl_err_set(err, SL_FATAL, 0, "config_error",
		    "target %s: key %.32s twice", s->name, key);
	s->row = sl_realloc(s->row, (s->n + 1) * sizeof(*s->row));
	s->row[s->n].key = sl_strdup(key);
	s->row[s->n++].value = sl_strdup(trim(eq + 1));
	return SL_OK;
}

enum sl_rc
sl_push_section_load(const char *path, const char *name,
    struct sl_push_section *ret, struct sl_err *err)
{
	SL_BUF struct sl_buf text = {.max = FILE_MAX_BYTES + 1};
	char *line, *next;
	bool inside = false, found = false;
	enum sl_rc rc;

	*ret = (struct sl_push_section){.name = sl_strdup(name)};
	rc = sl_read_file(AT_FDCWD, path, FILE_MAX_BYTES, &text, err);
	if (rc != SL_OK)
		return sl_err_set(err, SL_FATAL, 0, "config_error",
		    "cannot read the configuration");
	for (line = text.p; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		line = trim(line);
		if (line[0] == '[') {
			inside = is_section(line, name);
			found = found || inside;
		} else if (inside && line[0] != '\0' && line[0] != '#' &&
		    add_row(ret, line, err) != SL_OK) {
			return SL_FATAL;
		}
	}
	if (!found)
		return sl_err_set(err, SL_FATAL, 0, "config_error",
		    "no section [target %s]", name);
	return SL_OK;
}

void
sl_push_section_free(struct sl_push_section *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->row[i].key);
		free(s->row[i].value);
	}
	free(s->row);
	free(s->name);
	*s = (struct sl_push_section){0};
}

const char *
sl_push_config(void *section, const char *key)
{
	const struct sl_push_section *s = section;
	size_t i;

	if (strcmp(key, "name") == 0)
		return s->name;
	for (i = 0; i < s->n; i++)
		if (strcmp(s->row[i].key, key) == 0)
			return s->row[i].value;
	return NULL;
}

bool
sl_push_config_yes(struct sl_push_section *s, const char *key)
{
	const char *v = sl_push_config(s, key);

	return v != NULL &&
	    (strcmp(v, "yes") == 0 || strcmp(v, "true") == 0 ||
		strcmp(v, "on") == 0 || strcmp(v, "1") == 0);
}

int64_t
sl_push_config_ms(struct sl_push_section *s, const char *key)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"min", 60000},
	    {"h", 3600000}};
	const char *v = sl_push_config(s, key);
	SL_FREE char *digits = NULL;
	size_t n = v != NULL ? strspn(v, "0123456789") : 0, i;
	uint64_t x;

	if (n == 0)
		return 0;
	digits = sl_strndup(v, n);
	if (!sl_parse_u64(digits, 1, 86400000, &x))
		return 0;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(v + n, units[i].unit) == 0)
			return (int64_t)x * units[i].ms;
	return 0;
}

bool
sl_push_config_lists(
    struct sl_push_section *s, const char *key, const char *word)
{
	const char *v = sl_push_config(s, key);
	size_t n;

	while (v != NULL && *v != '\0') {
		v += strspn(v, " \t,");
		n = strcspn(v, " \t,");
		if (n == strlen(word) && n > 0 && strncmp(v, word, n) == 0)
			return true;
		v += n;
	}
	return false;
}

static bool
known(const char *const *list, const char *key)
{
	for (; list != NULL && *list != NULL; list++)
		if (strcmp(*list, key) == 0)
			return true;
	return false;
}

enum sl_rc
sl_push_section_check(const struct sl_push_section *s,
    const char *const *keys, struct sl_err *err)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!known(host_keys, s->row[i].key) &&
		    !known(keys, s->row[i].key))
			return sl_err_set(err, SL_FATAL, 0, "config_error",
			    "target %s: unknown key %.64s", s->name,
			    s->row[i].key);
	return SL_OK;
}
