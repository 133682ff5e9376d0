/*
 * From a placed entry to the prepared post: schemas/post.schema.json.
 *
 * Plain data in, JSON out; nothing is looked up. Whatever text comes in may be
 * hostile: it leaves as clean UTF-8 without control characters, and titles,
 * names and remarks without national identity numbers. Status is always M.
 */
#ifndef SL_PREPARE_PREPARE_H
#define SL_PREPARE_PREPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/hash.h"
#include "../config/config.h"

#define SL_POST_MAX 57344u /* bytes of JSON, as in messages.def */
#define SL_TITLE_MAX 255u /* characters */

struct sl_post_rendition {
	uint32_t rendition; /* number for the connector's file() */
	char variant; /* 'P', 'A' or 'O' */
	const char *name; /* the file's, as it came */
	const char *mime, *puid; /* puid: comma-separated or "" */
	uint64_t size;
	struct sl_digest sha256;
};

struct sl_post_document {
	bool main;
	const char *title; /* NULL: from the file's name */
	const char *type; /* dokumenttype, or NULL */
	const struct sl_post_rendition *rendition;
	size_t rendition_n;
};

/* Accepted values only; NULL or "" is "not known". */
struct sl_post_values {
	const char *case_number;
	const char *new_case_title, *new_case_unit, *new_case_class;
	const char *title;
	const char *document_date; /* 2026-03-04 */
	const char *received_date; /* the same, from a stamp or sidecar */
	const char *correspondent, *email, *orgnr;
	const char *sender_ref;
	const char *type; /* I U N X, or a dokumenttype */
	const char *access, *unit;
	const char *channel; /* forsendelsesmåte */
	bool screened; /* its sender screens it: a neutral title */
};

/* Somebody else the sender names. */
struct sl_post_other {
	const char *type; /* "EM", "EK" */
	const char *name;
};

struct sl_post_source {
	const char *ulid; /* of the entry: makes the own key */
	const char *reception; /* M26-004711-3.1 */
	const struct sl_queue_config *queue;
	struct sl_post_values value;
	int64_t claimed_ms; /* when Sluse took it: UTC */
	int64_t file_ms; /* the dropped file's own time, 0 = none */
	int64_t channel_ms; /* what the mail or channel says, 0 = none */
	const char *duplicate_of; /* reception number, or NULL */
	const char *suggestions; /* for the distribution case, or NULL */
	const struct sl_post_document *document;
	size_t document_n; /* the first with main set is H; else the first */
	const struct sl_post_other *other;
	size_t other_n;
};

/* Appends the JSON. SL_HOLD (reason limit_files): over SL_POST_MAX. SL_FATAL:
 * no document, no rendition or a malformed ULID: own bug. */
enum sl_rc sl_post_make(
    const struct sl_post_source *s, struct sl_buf *out, struct sl_err *err);

/* mottattDato: when the post came to the body, UTC ms; by door. */
int64_t sl_post_received_ms(const struct sl_post_source *s);

/* The pieces, for `sluse try` and the tests. */

/* One line of at most max characters: bad bytes, control, bidi and zero-width
 * characters out, spaces folded, national identity numbers replaced. */
void sl_post_clean(
    struct sl_buf *out, const char *s, size_t max, const char *instead_of_fnr);
/* A file name any system takes, 1 to 150 bytes; number names what has none. */
void sl_post_file_name(struct sl_buf *out, const char *name, unsigned number);
/* What a title may say of a file: without path, extension and underscores. */
void sl_post_name_title(struct sl_buf *out, const char *name);
/* The same of a signed container that goes along behind its files. */
void sl_post_original_title(struct sl_buf *out, const char *name);

#endif
