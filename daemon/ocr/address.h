/*
 * Mail addresses: Tesseract's Norwegian model lacks the at sign. It reads
 * ola@uib.no as olaQuib.no, olaeuib.no or ola (uib.no. The English model knows
 * the sign: of 660 addresses drawn with 44 fonts 38 were right without a look
 * at it, 549 with one.
 */
#ifndef SL_OCR_ADDRESS_H
#define SL_OCR_ADDRESS_H

#include "recognise.h"

/* So many of a page are looked at. */
#define SL_OCR_ADDRESSES_MAX 64u

/* True if word i may be an address without its sign, or the end of one: it ends
 * as the name of a host does. */
bool sl_ocr_address_may(const struct sl_page *p, size_t i);

/* True if english is an address, and norwegian (both of one word or up to three
 * without the spaces) the same but for its sign and a slip or two. What stands
 * around an address, "<", ").", is not looked at. */
bool sl_ocr_address_fits(const char *norwegian, const char *english);

/* Reads such words of pass, with the one before each, once more with english,
 * for no longer than deadline_ms in all (0: no limit), and puts addresses in
 * their place. The sheet's page is that of pass. Result: how many. */
unsigned sl_ocr_addresses_read(TessBaseAPI *english,
    const struct sl_ocr_sheet *sheet, int deadline_ms,
    struct sl_ocr_pass *pass);

#endif
