/*
 * Forslag.html (Suggestions.html): why a post waits and what Sluse found, as a
 * page that stands alone. Pure: rows in, bytes out; everything is escaped.
 */
#ifndef SL_FACES_SUGGEST_H
#define SL_FACES_SUGGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"

/* "Forslag.html" or "Suggestions.html" */
const char *sl_suggest_name(unsigned language);

struct sl_suggest_head {
	const char *number, *name, *tenant, *queue;
	const char *why, *owner;
	const char *reason, *detail; /* or NULL */
	const char *distribution;
	int64_t received_ms, until_ms; /* 0 = none */
	const char *duplicate_of; /* or "", NULL */
};
void sl_suggest_begin(
    struct sl_buf *out, unsigned language, const struct sl_suggest_head *h);

/* Ends the rows of signature, pages or unsure; nothing was begun if n is 0. */
void sl_suggest_remarks_end(struct sl_buf *out, unsigned n);

/* Then which pages were hard to read, a row for each run of pages. It goes
 * before what was found, as that may be wrong. */
void sl_suggest_unsure(struct sl_buf *out, unsigned language, unsigned nth,
    const char *file, const char *words);

struct sl_suggest_row {
	unsigned field;
	int confidence; /* thousandths */
	bool accepted;
	const char *value, *evidence; /* JSON array, or "" */
	const char *case_title, *case_status; /* "" if it is not known */
	bool case_known;
};
/* The candidates for the case, best first, between these two. */
void sl_suggest_cases_begin(struct sl_buf *out, unsigned language);
void sl_suggest_case(
    struct sl_buf *out, unsigned language, const struct sl_suggest_row *r);
void sl_suggest_cases_end(struct sl_buf *out, unsigned language, unsigned n);

/* Then the other fields; nth counts them from 0. */
void sl_suggest_fields_begin(struct sl_buf *out, unsigned language);
void sl_suggest_field(struct sl_buf *out, unsigned language, unsigned nth,
    const struct sl_suggest_row *r);
void sl_suggest_fields_end(struct sl_buf *out, unsigned language, unsigned n);

/* Last the documents. */
struct sl_suggest_document {
	int number;
	const char *title, *mime;
	unsigned pages; /* 0 = not known */
	uint64_t size;
	bool gone; /* the original cannot be opened: nor is size known */
	const char *copy; /* name of the file beside the page, or NULL */
};
void sl_suggest_documents_begin(struct sl_buf *out, unsigned language);
void sl_suggest_document(
    struct sl_buf *out, unsigned language, const struct sl_suggest_document *d);
/* n: how many there are; listed: in the table; copied: beside the page; gone:
 * of those listed. */
void sl_suggest_documents_end(struct sl_buf *out, unsigned language, size_t n,
    size_t listed, size_t copied, size_t gone);

/* Then what is signed digitally. */
void sl_suggest_signature(struct sl_buf *out, unsigned language, unsigned nth,
    const char *file, const char *words);

/* Then which pages Sluse did not read, a row for each run of pages. */
void sl_suggest_pages(struct sl_buf *out, unsigned language, unsigned nth,
    const char *file, const char *words);
/* "side 4" or "sidene 2–3" */
void sl_pages_name(
    struct sl_buf *out, unsigned language, unsigned first, unsigned last);
/* What such a row says. reason: a slug, "" for blank pages. */
void sl_pages_say(struct sl_buf *out, unsigned language, unsigned first,
    unsigned last, const char *reason);
/* The same of words that were too unsure; false: detail (of the note
 * unread_words) is not as sluse-ocr writes it, and nothing was appended. */
bool sl_unsure_say(struct sl_buf *out, unsigned language, const char *detail);
void sl_suggest_end(struct sl_buf *out, unsigned language);

/* -- shared with the day list -- */
/* s for showing: what cannot be seen is made visible, then escaped. */
void sl_html_show(struct sl_buf *out, const char *s);
/* <!doctype> to </head>, with a style that also prints well. */
void sl_html_head(struct sl_buf *out, unsigned language, const char *title);
/* "22.11.2026 06.04" in Oslo */
void sl_html_time(struct sl_buf *out, int64_t utc_ms);

#endif
