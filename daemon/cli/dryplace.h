/*
 * The later gates as a dry run: which documents, which case, which post.
 */
#ifndef SL_CLI_DRYPLACE_H
#define SL_CLI_DRYPLACE_H

#include <jansson.h>

#include "cli.h"
#include "dry.h"

#define SL_DRY_DOCUMENTS_MAX 200u

struct sl_dry_entry {
	size_t doc[SL_DRY_DOCUMENTS_MAX]; /* parts; the first is main */
	size_t doc_n;
	/* What a package's description says of a document, or NULL. */
	const char *doc_title[SL_DRY_DOCUMENTS_MAX];
	const char *doc_type[SL_DRY_DOCUMENTS_MAX];
	struct sl_arena *arena; /* titles made here */
	unsigned post; /* which post of a package this is; 0: no package */
	size_t posts; /* of the package */
	json_t *placement; /* field: best candidate */
	json_t *candidates; /* field: all of them */
	json_t *would_send; /* the prepared post, or NULL */
	enum sl_dispo dispo;
	char reason[65], detail[257];
};

/* Known cases for the dry runs to come: from --cases, or the instance's.
 * Result: a descriptor with the index, -1 if there are none (fine) or ret_code
 * is not SL_EXIT_OK. */
int sl_dry_cases(
    const struct sl_cli *c, uint32_t *ret_count, enum sl_exit *ret_code);
/* Hands them to sluse-place; once. */
enum sl_rc sl_dry_give_cases(
    struct sl_crew *crew, int fd, uint32_t count, struct sl_err *err);
/* d was read. e is the caller's, freed by sl_dry_entry_free. SL_FATAL: a
 * program is gone. */
enum sl_rc sl_dry_place(
    struct sl_dry *d, struct sl_dry_entry *e, struct sl_err *err);
void sl_dry_entry_free(struct sl_dry_entry *e);
/* SHA-256 of a part's bytes. */
bool sl_dry_digest(
    const struct sl_dry *d, const struct sl_dry_part *p, struct sl_digest *ret);

#endif
