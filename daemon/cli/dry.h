/*
 * The first gates as a dry run: what one dropped file or folder is made of and
 * what stands in it. Nothing is kept on disk.
 */
#ifndef SL_CLI_DRY_H
#define SL_CLI_DRY_H

#include "../config/config.h"
#include "crew.h"

struct sl_dry_page {
	bool have;
	uint8_t source;
	uint16_t confidence; /* thousandths */
	char language[17], reason[65];
	struct sl_buf text;
	struct sl_msg_r_page image; /* numbers only: where its image lies */
	int image_fd; /* the output it lies in; the source's */
};

struct sl_dry_part {
	size_t source;
	uint32_t number; /* in its source */
	struct sl_msg_r_part n; /* numbers only */
	char *name, *mime, *puid, *format, *warnings, *reader, *reason;
	char *describes; /* the kind of package it describes, or "" */
	struct sl_dry_page *page;
	uint32_t pages;
};

struct sl_dry_found {
	size_t part;
	uint32_t page;
	struct sl_msg_r_field n; /* numbers only */
	char *value, *label;
};

/* A remark about a digital signature. */
struct sl_dry_signature {
	size_t part;
	char *slug, *detail;
};

/* A document that the description of a package names. */
struct sl_dry_named {
	size_t part; /* the description */
	struct sl_msg_r_named n; /* numbers only */
	char *file, *title, *type;
};

struct sl_dry_source {
	char *path, *name;
	int fd, out;
	uint64_t size;
	int64_t mtime_ms;
	size_t first_part;
	int more[64]; /* outputs of the tasks for further pages */
	size_t more_n;
	enum sl_rc rc; /* of its reading */
	char reason[65], detail[257];
};

struct sl_dry {
	struct sl_crew *crew;
	const struct sl_config *cfg;
	struct sl_dry_source *source;
	size_t source_n, source_cap;
	struct sl_dry_part *part;
	size_t part_n, part_cap;
	struct sl_dry_found *found;
	size_t found_n, found_cap;
	struct sl_dry_signature *sig;
	size_t sig_n, sig_cap;
	struct sl_dry_named *named;
	size_t named_n, named_cap;
	struct sl_slice passwords; /* lines for what is encrypted; lent */
	int trust_fd; /* the list of certificates, lent; 0: none */
	struct sl_buf text; /* of the page being told */
};

/* A task for sluse-work or sluse-ocr with the limits of the configuration. */
struct sl_msg_task sl_dry_task(
    const struct sl_dry *d, enum sl_task_kind kind, const char *name);
/* crew and cfg outlive it. */
void sl_dry_init(
    struct sl_dry *d, struct sl_crew *crew, const struct sl_config *cfg);
void sl_dry_free(struct sl_dry *d);
/* A plain file, or a folder with the files below it. SL_REJECT: cannot be
 * opened, or too many files; err->sys says why. */
enum sl_rc sl_dry_add(struct sl_dry *d, const char *path, struct sl_err *err);
/* All up to the text of every page. SL_FATAL: a program
 * cannot be started. What is wrong with a file stands in its source and
 * parts. */
enum sl_rc sl_dry_read(struct sl_dry *d, struct sl_err *err);
/* Where the bytes of a part lie. */
int sl_dry_bytes(const struct sl_dry *d, const struct sl_dry_part *p,
    uint64_t *ret_offset, uint64_t *ret_size);

#endif
