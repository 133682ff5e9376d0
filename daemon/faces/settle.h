/*
 * Avklar.txt (Settle.txt): the few lines by which a person decides what becomes
 * of a held post. Pure: text in, answer out; text out.
 *
 * Read strictly, so that nothing is decided by accident, but kindly: both
 * languages, any case and spacing, UTF-8, UTF-16 and Latin-1.
 */
#ifndef SL_FACES_SETTLE_H
#define SL_FACES_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

#define SL_SETTLE_FILE_MAX 65536u /* bytes that are read of such a file */
#define SL_SETTLE_VALUE_MAX 1024u

/* The lines, in their order in the file. */
enum sl_settle_line {
	SL_SETTLE_CASE,
	SL_SETTLE_NEW_CASE,
	SL_SETTLE_NOT_WORTHY,
	SL_SETTLE_BELONGS,
	SL_SETTLE_LINES,
};

enum sl_settle_kind {
	SL_SETTLED_NOTHING, /* nothing is filled in */
	SL_SETTLED_LINE, /* exactly one: `line` */
	SL_SETTLED_SEVERAL, /* more than one: nothing is decided */
	SL_SETTLED_UNLABELLED, /* a case number stands on a line of its own */
	SL_SETTLED_UNKNOWN, /* something else: `unknown` */
	SL_SETTLED_HELP, /* `unknown` stands in the explanation of `line` */
	SL_SETTLED_EMPTY, /* there is nothing in the file, our lines neither */
};

struct sl_settle {
	enum sl_settle_kind kind;
	enum sl_settle_line line;
	char value[SL_SETTLE_LINES][SL_SETTLE_VALUE_MAX]; /* as entered */
	char case_number[64]; /* of the line Sak: 2026/211, "" if it is none */
	char number[48]; /* the post this file says it is about, or "" */
	char unknown[256]; /* the first words that mean nothing to us, or "" */
};

/* Reads a file's bytes; never fails. What stands below the line with our
 * answer does not count. */
void sl_settle_parse(const char *p, size_t n, struct sl_settle *ret);

/* "2026/211", "2026-211", "2026 211", "26-211", "Sak 26/00211" become
 * "2026/211". False if s is not a case number and nothing else. */
bool sl_settle_case(const char *s, size_t n, char *out, size_t cap);
/* The same for the name somebody gave the folder of post number: also
 * "M26-004711-3.1 2026-211" and "2026-211 (2)". */
bool sl_settle_folder(
    const char *name, const char *number, char *out, size_t cap);

/* "Avklar.txt" or "Settle.txt" */
const char *sl_settle_name(unsigned language);
/* "Sak", as the line begins in the file */
const char *sl_settle_label(unsigned language, enum sl_settle_line line);

struct sl_settle_page {
	const char *number; /* M26-004711-3.1 */
	const char *why;
	const char *reason, *detail; /* or NULL */
	int64_t until_ms; /* held limit; 0 = none */
	const char *distribution; /* case it goes to then, or "" */
	const struct sl_settle *was; /* its values stay; or NULL */
	const char *answer; /* ours to what was entered; or NULL */
	int64_t answered_ms;
};
/* Writes the file: UTF-8 with BOM and CRLF, so that any Notepad shows it. */
void sl_settle_write(
    struct sl_buf *out, unsigned language, const struct sl_settle_page *p);

#endif
