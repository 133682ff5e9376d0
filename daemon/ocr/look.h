/*
 * A look at a page image before it is read: where its border is, how even its
 * ground, how strong its ink, how it lies, whether anything is on it at all.
 *
 * All is measured on a reduced copy of about 150 dpi, in a small part of the
 * time that reading takes. Nothing here changes the image.
 */
#ifndef SL_OCR_LOOK_H
#define SL_OCR_LOOK_H

#include <leptonica/allheaders.h>
#include <stdbool.h>

#include "rule.h"

struct sl_ocr_look {
	int scale; /* the image is so many times as large as the maps */
	PIX *ink; /* 1 bit: what is darker than the ground around it */
	struct sl_ocr_rules rules; /* under text, sought where it is upright: */
	unsigned rules_turn; /* degrees clockwise from the image to there;
			      * the mask lies as the image does */
	PIX *border; /* 1 bit: dark round the page; NULL = none */
	PIX *ground; /* 8 bits, a pixel a tile: the paper's grey */
	int tile; /* pixels of the image to a side of it */
	unsigned paper; /* the commonest grey of the ground */
	unsigned uneven; /* per cent by which the ground falls below it */
	unsigned contrast; /* grey levels between ground and strong ink */
	unsigned faint; /* the same of weak ink */
	unsigned noise; /* the same where nothing is written */
	unsigned sharp; /* per cent of the contrast, within 2 px of an edge */
	unsigned marks; /* spots that may be writing, margins left out */
	unsigned longest; /* the longest of them, in 1/100 inch, about */
	unsigned letters; /* spots of a letter's shape and size */
	unsigned specks; /* spots smaller than a dot over an i */
	unsigned dots; /* spots smaller than a letter, specks among them */
	unsigned letter_px; /* height of most letters in the image; 0 = few */
	/* Degrees clockwise to upright, by how letters rise above and hang
	 * below their line; and how sure that is: SL_OCR_TURN_SURE and more
	 * can be relied on, less than half of it says nothing. */
	unsigned turn;
	float turn_sure;
	float skew; /* radians clockwise, after turn; 0 = straight or unsure */
};

#define SL_OCR_TURN_SURE 7.0f

/* Looks at pix, 8 or 1 bit. false = no memory: *ret is empty then. The maps
 * are the caller's, by sl_ocr_look_free. */
bool sl_ocr_look_at(PIX *pix, struct sl_ocr_look *ret);
/* Nothing about the print is in want of more than the usual. */
bool sl_ocr_look_good(const struct sl_ocr_look *l);
/* The middle of what is written on the page turned by turn: a band as wide as
 * the page and so many letters high, in pixels of the page. false = it has few
 * letters, or no memory. */
bool sl_ocr_look_band(
    const struct sl_ocr_look *l, unsigned turn, unsigned high, int rect[4]);
void sl_ocr_look_free(struct sl_ocr_look *l);

#endif
