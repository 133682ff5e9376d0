/*
 * What harvest.c and harvest_docs.c share.
 */
#ifndef SL_PUSH_HARVEST_P_H
#define SL_PUSH_HARVEST_P_H

#include <stdbool.h>

#include "../base/buf.h"
#include "docset.h"
#include "harvest.h"
#include "host.h"

#define SL_HARVEST_UNFINISHED "unfinished.jsonl"
#define SL_HARVEST_DOCUMENT_PART "document.part"

struct json_t;

struct sl_harvest {
	struct sl_harvest_conf conf;
	char *target, *connector, *from, *to, *series;
	int dir, files, units, known;
	struct sluse_sink sink;
	bool have_document, kept; /* sink holds one; kept: of an earlier run */
	uint8_t key[SL_DOC_KEY];
	struct sl_doc document; /* if it is kept */
	struct sl_docset docs; /* by key: fetched now or before */
	struct sl_docset used; /* by digest: in this harvest */
	struct sl_docset spoilt; /* by key: an earlier run left it out */
	int answered; /* HTTP status of the last request for a document */
	struct sl_buf line;
	struct sl_sha256 *units_sha;
	uint64_t units_n, bytes, fetched_n, missing_n, checksum_n, size_n;
	struct json_t *lacks; /* name of a relation -> units that lack it */
	struct sl_err err; /* why a call of ours said stop */
};

/* SL_FATAL: disk_full or disk_error, as errno says. */
enum sl_rc sl_harvest_disk_error(struct sl_err *err, const char *what);
/* SL_FATAL: config_invalid. */
enum sl_rc sl_harvest_not_ours(struct sl_err *err, const char *why);
/* Opens or makes a file of the folder; -1 with errno. */
int sl_harvest_file(const struct sl_harvest *h, const char *name, int more);

/* -- harvest_docs.c -------------------------------------------------------- */
/* Reads the documents of earlier runs, and goes on with their list. SL_FATAL:
 * config_invalid (another target's), disk_error. */
enum sl_rc sl_harvest_known(struct sl_harvest *h, struct sl_err *err);
/* The document under way is left out: the target fails on it. h->err if that
 * cannot be noted. */
enum sl_rc sl_harvest_leave_out(struct sl_harvest *h);
/* Has an earlier run waited for it in vain, and does it fail so again? */
bool sl_harvest_is_spoilt(const struct sl_harvest *h);
/* What the sink holds becomes a document of this harvest; h->err if not. */
enum sl_rc sl_harvest_document(struct sl_harvest *h, struct sl_doc *ret);
/* Documents that this harvest does not name go: their units are gone since. */
enum sl_rc sl_harvest_drop_unused(struct sl_harvest *h);

#endif
