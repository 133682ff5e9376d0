/*
 * The weights, in thousandths. A declared number (person, sidecar) says it
 * outright; the description of the package, which the sender's system wrote, is
 * the best of what is read; a labelled one is worth more than one found loose;
 * what OCR read is worth as much less as OCR was unsure; what stands deep in a
 * document or in an enclosure is rather quoted than meant.
 */
#include "rules.h"

#include <string.h>

#include "../base/text.h"

struct case_rule {
	const char *name;
	uint16_t text, name_of_file;
};

static const struct case_rule case_rules[] = {
    [SL_LABEL_NONE] = {"loose_number", 600, 700},
    [SL_LABEL_YOURS] = {"your_reference", 950, 800},
    [SL_LABEL_OURS] = {"our_reference_of_sender", 300, 300},
    [SL_LABEL_CASE] = {"case_label", 900, 800},
    [SL_LABEL_SUBJECT] = {"mail_subject", 850, 700},
    [SL_LABEL_OTHER] = {"other_label", 600, 600},
};
#define PROPERTY_BELOW 500u /* a header less sure is a property of a file */
#define LOOSE_SHORT_YEAR 200 /* 44/690 is a property, not a case */
#define DEEP_PAGE 200 /* less, when not on the first page */
#define OCR_SURE 800u /* confidence from which OCR counts as text */

static const struct {
	const char *word;
	enum sl_label kind;
} label_words[] = {
    {"deres", SL_LABEL_YOURS},
    {"dykkar", SL_LABEL_YOURS},
    {"din ", SL_LABEL_YOURS},
    {"your", SL_LABEL_YOURS},
    {"vår", SL_LABEL_OURS},
    {"our", SL_LABEL_OURS},
    {"min ", SL_LABEL_OURS},
    {"arkivsak", SL_LABEL_CASE},
    {"arkivref", SL_LABEL_CASE},
    {"sak", SL_LABEL_CASE},
    {"case", SL_LABEL_CASE},
    {"subject", SL_LABEL_SUBJECT},
    {"emne", SL_LABEL_SUBJECT},
    {"re:", SL_LABEL_SUBJECT},
    {"sv:", SL_LABEL_SUBJECT},
    {"ref", SL_LABEL_CASE},
};

enum sl_label
sl_label_kind(const char *label, size_t n)
{
	char text[160];
	size_t i, out = 0;
	uint32_t cp;

	/* folded into a fixed array: this runs for every clue */
	for (i = 0; i < n && out + 4 < sizeof(text);) {
		cp = sl_utf8_next(label, n, &i);
		if ((cp >= 'A' && cp <= 'Z') || cp == 0xC5)
			cp += 0x20;
		if (out == 0 && (cp == ' ' || cp == '\t'))
			continue;
		if (cp < 0x80) {
			text[out++] = (char)cp;
		} else if (cp < 0x800) {
			text[out++] = (char)(0xC0 | cp >> 6);
			text[out++] = (char)(0x80 | (cp & 0x3F));
		}
	}
	text[out] = '\0';
	if (out == 0)
		return SL_LABEL_NONE;
	for (i = 0; i < sizeof(label_words) / sizeof(label_words[0]); i++) {
		if (strncmp(text, label_words[i].word,
			strlen(label_words[i].word)) == 0)
			return label_words[i].kind;
	}
	return SL_LABEL_OTHER;
}

static unsigned
less(unsigned score, unsigned by)
{
	return score > by ? score - by : 0;
}

/* A clue that a person, a sidecar, the queue or a package declared. */
static bool
declared(struct sl_clue *c)
{
	switch (c->source) {
	case SL_SOURCE_PERSON:
		c->rule = "person";
		c->score = 1000;
		return true;
	case SL_SOURCE_SIDECAR:
		c->rule = "sidecar";
		c->score = 980;
		return true;
	case SL_SOURCE_QUEUE:
		c->rule = "queue";
		c->score = 970;
		return true;
	case SL_SOURCE_PACKAGE:
		/* 800 to 960: as sure as it is of itself. */
		c->rule = "package";
		c->score = (uint16_t)(800 + c->confidence * 160u / 1000);
		return true;
	default:
		return false;
	}
}

void
sl_rule_case(struct sl_clue *c, enum sl_label label, bool four_digits)
{
	const struct case_rule *r = &case_rules[label];
	unsigned score;

	c->weak = false;
	if (declared(c))
		return;
	score = c->source == SL_SOURCE_NAME ? r->name_of_file : r->text;
	if (!four_digits &&
	    (label == SL_LABEL_NONE || label == SL_LABEL_OTHER ||
		label == SL_LABEL_SUBJECT))
		score = LOOSE_SHORT_YEAR;
	if (c->page > 0)
		score = less(score, DEEP_PAGE);
	if (c->source == SL_SOURCE_OCR && c->confidence < OCR_SURE)
		score = score * c->confidence / OCR_SURE;
	c->rule = r->name;
	c->score = (uint16_t)score;
	c->weak = label == SL_LABEL_OURS;
}

void
sl_rule_field(struct sl_clue *c, uint32_t main_part)
{
	unsigned score = c->confidence < 900 ? c->confidence : 900;

	c->weak = false;
	if (declared(c))
		return;
	/* what a certificate says is as sure as its signature */
	if (c->source == SL_SOURCE_HEADER && c->field >= SL_FIELD_signer &&
	    c->field <= SL_FIELD_signer_issuer) {
		c->rule = "certificate";
		c->score = c->confidence;
		return;
	}
	/* what the program that wrote a file put into its properties */
	if (c->source == SL_SOURCE_HEADER && c->confidence < PROPERTY_BELOW) {
		c->rule = "file_property";
		c->score = (uint16_t)score;
		return;
	}
	if (c->source == SL_SOURCE_HEADER) {
		c->rule = "mail_header";
		c->score = 900;
		return;
	}
	if (c->source == SL_SOURCE_NAME) {
		c->rule = "file_name";
		c->score = (uint16_t)(score < 500 ? score : 500);
		return;
	}
	if (c->page > 0)
		score = less(score, DEEP_PAGE);
	if (c->part != main_part)
		score = less(score, 150);
	c->rule = c->source == SL_SOURCE_OCR ? "recognised" : "text";
	c->score = (uint16_t)score;
}
