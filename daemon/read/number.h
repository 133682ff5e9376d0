/*
 * Case numbers and the labels before them, as they are written in letters.
 */
#ifndef SL_READ_NUMBER_H
#define SL_READ_NUMBER_H

#include "scan.h"

enum sl_label_kind {
	SL_LABEL_OURS = 1, /* names the receiver's number: ours */
	SL_LABEL_SENDER, /* the sender's own */
	SL_LABEL_DATE, /* of the document */
	SL_LABEL_DATE_NOT, /* some other date */
	SL_LABEL_OTHER, /* only holds a column's place */
};

struct sl_label_def {
	const char *text; /* lower case; ' ' stands for blanks, dots, hyphens */
	enum sl_label_kind kind;
	unsigned confidence;
	bool weak; /* common word: its value must follow at once */
};

struct sl_label {
	const struct sl_label_def *def;
	size_t length;
	bool fuzzy; /* some letters were guessed: OCR */
	bool colon;
	bool slash; /* joined to the next label: "Din ref. / Vår ref." */
};
/* Decodes the labels, once; else the first match does. */
void sl_number_warm(void);
/* The longest label at s, which stands at the start of a word. */
bool sl_label_match(const char *s, size_t n, struct sl_label *ret);

enum sl_number_shape {
	SL_NUMBER_Y4 = 1, /* 2026/211 */
	SL_NUMBER_Y2, /* 26/211 */
	SL_NUMBER_NINE, /* 202600211 */
	SL_NUMBER_DASH, /* 2026-211 */
};
struct sl_number {
	enum sl_number_shape shape;
	int year;
	unsigned sequence;
	size_t length;
	bool fuzzy; /* letters were read as digits */
	bool like_date; /* 12/3-26 */
	bool like_split; /* 2025/2026, 2025/26: a school year */
	bool like_item; /* 12/26: item 12 of a committee in 2026? */
};
/* A number at s[at]. tolerant: read O as 0, l as 1 .. now = this year. */
bool sl_number_match(const char *s, size_t n, size_t at, int now, bool tolerant,
    struct sl_number *ret);
/* True if the words before at, or the digits about it, say that it is a
 * property, a law, money, a telephone. */
bool sl_number_other(
    const char *s, size_t n, size_t at, const struct sl_number *num);

#endif
