/*
 * The target's journal from an exported file: Noark 5's loependeJournal.xml or
 * offentligJournal.xml, or CSV with a head. Read as a stream.
 *
 * SECURITY: the file comes from another system. No network, no entities: a file
 * with a DTD is refused. Depth and texts are limited; a text that is too long
 * is cut. Fuzzed: tests/fuzz/fuzz_targetlog.c.
 */
#ifndef SL_LISTS_TARGETLOG_H
#define SL_LISTS_TARGETLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/err.h"

#define SL_TARGETLOG_DEPTH 32

/* One journalpost; "" and -1 where the file does not say. */
struct sl_tlog_post {
	char number[64]; /* registreringsID 2026/211-3 */
	char case_number[64]; /* mappeID */
	char journal[48]; /* journalsekvensnummer/journalaar */
	char title[1024], public_title[1024], party[512];
	char type[64]; /* I, or Inngående dokument .. */
	char status[48];
	char restriction[64]; /* tilgangsrestriksjon */
	int64_t journal_day, document_day, received_day; /* -1: not said */
	int attachments;
	bool incoming; /* as far as the file tells */
	bool public; /* the file is to be published */
	bool has_document_day; /* the file has a place for it */
	bool has_public_title; /* the post has an offentligTittel */
};
typedef enum sl_rc sl_tlog_fn(
    void *arg, const struct sl_tlog_post *p, struct sl_err *err);

/* Sets p->journal to sequence/year; nothing if there is no sequence. */
void sl_tlog_journal(struct sl_tlog_post *p, const char *seq, const char *year);

struct sl_targetlog_period {
	int64_t from_day, to_day; /* of the head; -1: not said */
};

/* Each post of the file. SL_BROKEN: it cannot be read; err has no more than a
 * line number. */
enum sl_rc sl_targetlog_read(const char *path, sl_tlog_fn *fn, void *arg,
    struct sl_targetlog_period *ret, struct sl_err *err);

#endif
