/*
 * The target's section of the configuration, as sluse-push and its connector
 * read it.
 */
#ifndef SL_PUSH_SECTION_H
#define SL_PUSH_SECTION_H

#include "../base/err.h"
#include "../config/config.h"

struct sl_push_section {
	struct sl_config *config;
	const struct sl_target_config *target;
	char *directory; /* of the configuration: relative paths begin here */
	struct sl_push_row *row; /* values that were asked for */
	size_t n, cap;
};

/* SL_FATAL if the file is not in order or has no such target. */
enum sl_rc sl_push_section_load(const char *path, const char *name,
    struct sl_push_section *ret, struct sl_err *err);
void sl_push_section_free(struct sl_push_section *s);
/* Value of a key, fixed or the connector's own ("name" = the target's); NULL
 * if it is not set. Lives as long as the section, a struct sl_push_section. */
const char *sl_push_config(void *section, const char *key);
/* A path of the file, made absolute; the caller frees. NULL for "" or NULL. */
char *sl_push_path(const struct sl_push_section *s, const char *path);
/* SL_FATAL if a free key is neither ours (allow_http, proxy) nor in keys
 * (NULL-terminated). */
enum sl_rc sl_push_section_check(const struct sl_push_section *s,
    const char *const *keys, struct sl_err *err);

#endif
