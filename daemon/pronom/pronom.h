/*
 * PRONOM: which of the registered formats a file is, by the signatures of The
 * National Archives (UK).
 *
 * The table is a text file, sluse-pronom(5), that `sluse pronom import` makes
 * of the official signature files. It is text so that two releases can be
 * compared and an auditor can read what a decision stood on; what is fast to
 * match is made of it when it is loaded, into one mapping that is read-only
 * from then on and shared with every child.
 */
#ifndef SL_PRONOM_PRONOM_H
#define SL_PRONOM_PRONOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/err.h"
#include "../base/extent.h"
#include "../wire/roles.h"

#define SL_PRONOM_FILE_MAX ((size_t)8 << 20)
#define SL_PRONOM_HITS_MAX 8u
/* Bytes looked at from both ends of a file, where none are configured. */
#define SL_PRONOM_HEAD ((size_t)1 << 20)
#define SL_PRONOM_TAIL ((size_t)192 << 10)

struct sl_pronom;

struct sl_pronom_format {
	const char *puid, *name, *version, *mime; /* "" if there is none */
	const char *extensions; /* lower case, commas between */
	const char *accepted; /* lists that take it, commas between; or "" */
	/* inside */
	uint32_t overs;
	const uint32_t *over; /* formats it is preferred to */
	bool has_signature;
};

struct sl_pronom_result {
	const struct sl_pronom_format *format[SL_PRONOM_HITS_MAX];
	unsigned count; /* 0: none; over 1: none is preferred */
	bool several; /* signatures fitted of formats unrelated */
	enum sl_basis basis;
	bool extension_mismatch; /* its ending is none of the format's */
	bool ambiguous_extension; /* several by the ending: none is said */
	bool partial; /* a signature might be beyond what was looked at */
	bool exhausted; /* matching took too long and was stopped */
};

/* Loads the table, and "accepted.tsv" beside it; where that is missing the file
 * `lists` (may be NULL). The result is the caller's. SL_SKIP: there is no such
 * file. SL_REJECT: it is no table, was changed, or is of a later kind; err says
 * where. */
enum sl_rc sl_pronom_load(const char *path, const char *lists,
    struct sl_pronom **ret, struct sl_err *err);
/* The same of the file SLUSE_PRONOM names, if it is there, else of the table
 * that came with the programs. SL_FATAL: there is none. */
enum sl_rc sl_pronom_open(struct sl_pronom **ret, struct sl_err *err);
/* The same from memory; lists may be empty. */
enum sl_rc sl_pronom_parse(const char *p, size_t n, const char *lists,
    size_t lists_n, struct sl_pronom **ret, struct sl_err *err);
/* NULL is fine. */
void sl_pronom_free(struct sl_pronom *t);

/* "118/37": of the signature file and of the container signatures. */
const char *sl_pronom_version(const struct sl_pronom *t);
/* NULL if the table does not have it. */
const struct sl_pronom_format *sl_pronom_find(
    const struct sl_pronom *t, const char *puid);
size_t sl_pronom_formats(const struct sl_pronom *t);
size_t sl_pronom_signatures(const struct sl_pronom *t);

/* What is looked at. head holds the file's first head_n bytes (all of them, if
 * it is smaller than tail_max more). */
struct sl_pronom_input {
	const struct sl_extent *x;
	const uint8_t *head;
	size_t head_n, tail_max;
	const char *name; /* "" if it has none */
	bool is_text; /* no byte in it that no text has */
};
/* Reads the file's tail or members only where a signature asks for them. An
 * unreadable tail or member is one that matches nothing. */
void sl_pronom_identify(const struct sl_pronom *t,
    const struct sl_pronom_input *in, struct sl_pronom_result *ret);

#endif
