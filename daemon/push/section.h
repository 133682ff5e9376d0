/*
 * What sluse-push needs of the configuration: one [target NAME] section.
 */
#ifndef SL_PUSH_SECTION_H
#define SL_PUSH_SECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/err.h"

struct sl_push_row {
	char *key, *value;
};

struct sl_push_section {
	char *name;
	struct sl_push_row *row;
	size_t n;
};

/* SL_FATAL, reason "config_error": no file, no such section, a key twice. */
enum sl_rc sl_push_section_load(const char *path, const char *name,
    struct sl_push_section *ret, struct sl_err *err);
void sl_push_section_free(struct sl_push_section *s);
/* Value of a key ("name" = the section's own); NULL if not set. section is a
 * struct sl_push_section. */
const char *sl_push_config(void *section, const char *key);
/* "yes", "true", "on", "1". */
bool sl_push_config_yes(struct sl_push_section *s, const char *key);
/* "250ms", "30s", "5min", "1h" or bare seconds; 0 if not set or senseless. */
int64_t sl_push_config_ms(struct sl_push_section *s, const char *key);
/* True if word stands in the blank- or comma-separated list of key. */
bool sl_push_config_lists(
    struct sl_push_section *s, const char *key, const char *word);
/* SL_FATAL if a key is neither the host's nor in keys (NULL-terminated). */
enum sl_rc sl_push_section_check(const struct sl_push_section *s,
    const char *const *keys, struct sl_err *err);

#endif
