#include "section.h"

#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/file.h"
#include "../base/mem.h"

struct sl_push_row {
	char *key, *value;
};

enum sl_rc
sl_push_section_load(const char *path, const char *name,
    struct sl_push_section *ret, struct sl_err *err)
{
	const char *slash = strrchr(path, '/');
	enum sl_rc rc = sl_config_load(path, &ret->config, err);

	if (rc != SL_OK)
		return rc;
	ret->directory = slash != NULL
			     ? sl_strndup(path, (size_t)(slash - path))
			     : sl_strdup(".");
	ret->target = sl_config_target(ret->config, name);
	if (ret->target == NULL)
		return sl_err_set(err, SL_FATAL, 0, "config_invalid",
		    "%s: no section [target %s]", path, name);
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
	free(s->directory);
	sl_config_free(s->config);
	*s = (struct sl_push_section){0};
}

const char *
sl_push_config(void *section, const char *key)
{
	struct sl_push_section *s = section;
	SL_BUF struct sl_buf b = {0};
	const char *v;
	size_t i;

	if (strcmp(key, "name") == 0)
		return s->target->name;
	for (i = 0; i < s->n; i++)
		if (strcmp(s->row[i].key, key) == 0)
			return s->row[i].value;
	v = sl_target_value(s->target, key, &b);
	s->row = sl_grow(s->row, &s->cap, s->n + 1, sizeof(*s->row));
	s->row[s->n++] = (struct sl_push_row){
	    .key = sl_strdup(key), .value = v != NULL ? sl_strdup(v) : NULL};
	return s->row[s->n - 1].value;
}

char *
sl_push_path(const struct sl_push_section *s, const char *path)
{
	if (path == NULL || path[0] == '\0')
		return NULL;
	return sl_path_below(s->directory, path);
}

static bool
known(const char *const *list, const char *key)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, key) == 0)
			return true;
	return false;
}

enum sl_rc
sl_push_section_check(const struct sl_push_section *s, const char *const *keys,
    struct sl_err *err)
{
	static const char *const ours[] = {"allow_http", "proxy", NULL};
	const struct sl_target_config *t = s->target;
	size_t i;

	for (i = 0; i < t->extra_n; i++)
		if (!known(ours, t->extra[i].key) &&
		    !known(keys, t->extra[i].key))
			return sl_err_set(err, SL_FATAL, 0, "config_invalid",
			    "line %u: connector %s knows no key %.64s",
			    t->extra[i].line, t->connector, t->extra[i].key);
	return SL_OK;
}
