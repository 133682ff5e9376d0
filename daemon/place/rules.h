/*
 * How much one clue says about its field. For this room.
 */
#ifndef SL_PLACE_RULES_H
#define SL_PLACE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../wire/roles.h"

struct sl_clue {
	uint32_t part, page;
	uint8_t field, source;
	uint16_t confidence;
	uint16_t box[4];
	/* all in the decider's text */
	uint32_t value, value_n, label, label_n, file, file_n;
	const char *rule; /* what it was scored by */
	uint16_t score; /* thousandths */
	bool weak; /* says something only where nothing else does */
	uint16_t set; /* its value: index of its candidate, or NO_VALUE */
};

enum sl_label {
	SL_LABEL_NONE,
	SL_LABEL_YOURS, /* "Deres ref": our number, said by the sender */
	SL_LABEL_OURS, /* "Vår ref": the sender's own number */
	SL_LABEL_CASE, /* "Saksnummer" */
	SL_LABEL_SUBJECT, /* of a mail */
	SL_LABEL_OTHER,
};

/* By its words, in bokmål, nynorsk and English; case does not matter. */
enum sl_label sl_label_kind(const char *label, size_t n);

/* Fills rule, score, weak for a case number. */
void sl_rule_case(struct sl_clue *c, enum sl_label label, bool four_digits);
/* The same for any other field. main_part: where the letter itself is. */
void sl_rule_field(struct sl_clue *c, uint32_t main_part);

#endif
