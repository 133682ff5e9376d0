/*
 * Numbers that two processes share: roles, kinds of task, verdicts, flags.
 */
#ifndef SL_WIRE_ROLES_H
#define SL_WIRE_ROLES_H

#include <stdint.h>

enum sl_role {
	SL_ROLE_WORK = 1,
	SL_ROLE_OCR = 2,
	SL_ROLE_PLACE = 3,
	SL_ROLE_PUSH = 4,
	SL_ROLE_CTL = 5,
	SL_ROLE_DECRYPT = 6,
	SL_ROLE_CONVERT = 7,
	SL_ROLE_REPORT = 8,
	SL_ROLE_WITNESS = 9, /* sluse-push --witness */
};
#define SL_ROLE_LAST SL_ROLE_WITNESS

enum sl_task_kind {
	SL_TASK_OPEN = 1, /* (copy,) identify, unpack, read */
	SL_TASK_PAGES = 2, /* read a range of pages of one part */
	SL_TASK_OCR = 3, /* recognise one page image */
	SL_TASK_DECRYPT = 4, /* open one envelope */
	SL_TASK_CONVERT = 5, /* make a PDF of one part; name: its ending */
};
/* Copy the input to the original first (gate *received*). */
#define SL_TASK_COPY 1u
/* The claim is young: a damaged end means "not complete yet". */
#define SL_TASK_YOUNG 2u
/* After R_ORIGINAL comes R_END: the file is opened by a later task. */
#define SL_TASK_COPY_ONLY 8u
/* Say what the input is and stop: for `sluse identify`. */
#define SL_TASK_IDENTIFY_ONLY 4u
/* With it: after the output come further inputs, whose names follow the first
 * one's, a NUL between; each gets one R_PART, by its place. They share a child:
 * only for files of one hand, which `sluse identify` is given. */
#define SL_TASK_MANY 16u
/* With both: PRONOM alone, libmagic is not asked. */
#define SL_TASK_PRONOM_ONLY 32u
/* Behind all other descriptors comes the tenant's list of certificates. */
#define SL_TASK_TRUST 64u
/* After the output come the clear texts of the envelopes that `clear` names,
 * and the PDFs of parts that were converted. */
#define SL_TASK_CLEAR 128u

/* The type of a CMS envelope that only a key opens: a part of it is
 * "encrypted" until its clear text is there. */
#define SL_MIME_ENVELOPE "application/pkcs7-mime"
/* Of CMS that is signed, with what is signed in it. */
#define SL_MIME_SIGNED "application/pkcs7-signature"
/* How the types of ASiC-E and ASiC-S begin. */
#define SL_MIME_ASIC "application/vnd.etsi.asic-"

enum sl_task_end {
	SL_END_EXIT = 1,
	SL_END_SIGNAL = 2,
	SL_END_TIMEOUT = 3, /* wall clock */
	SL_END_NOT_RUN = 4, /* fork failed, bad request: try elsewhere */
};

enum sl_part_role {
	SL_PART_DOCUMENT = 1, /* a file a person would open */
	SL_PART_CONTAINER = 2, /* opened further: zip, tar, mail */
	SL_PART_INLINE = 3, /* picture inside a mail body: kept, not sent */
	SL_PART_BODY = 4, /* the text of a mail */
	SL_PART_SIDECAR = 5,
	SL_PART_SKIPPED = 6, /* link, folder, what did not open: no bytes */
	SL_PART_DERIVED = 7, /* a PDF that was made of its parent, to read it */
};

enum sl_basis {
	SL_BASIS_NONE = 0,
	SL_BASIS_SIGNATURE = 1,
	SL_BASIS_CONTAINER = 2,
	SL_BASIS_EXTENSION = 3,
	SL_BASIS_TEXT = 4,
};

enum sl_page_source {
	SL_PAGE_NONE = 0, /* blank, or cannot be read: see reason */
	SL_PAGE_TEXT = 1,
	SL_PAGE_OCR = 2,
	SL_PAGE_WANTS_OCR = 3, /* its image is in the output file */
};
#define SL_PAGE_BLANK 1u
#define SL_PAGE_CUT 2u /* text over the limit was left out */
#define SL_PAGE_RETRIED 4u /* OCR tried again with page detection */
#define SL_PAGE_BESIDE 8u /* text of the file, then what was recognised */
#define SL_PAGE_WORDLESS 16u /* there is ink, and no word was recognised */
/* What was recognised less surely than this (thousandths) was hard to read. */
#define SL_PAGE_LOW 700

/* The detail of the note unread_words: "page N: M words ..", both from 1. */
#define SL_UNSURE_PAGE "page "
#define SL_UNSURE_WORDS " words are too unsure to be told"

enum sl_image_format {
	SL_IMAGE_JPEG = 1,
	SL_IMAGE_PNG = 2,
	SL_IMAGE_GRAY8 = 3, /* raw, width bytes a row, 0 = black */
	SL_IMAGE_BIT1 = 4, /* raw, (width+7)/8 bytes a row, 1 = black */
};

enum sl_field_source {
	SL_SOURCE_TEXT = 1,
	SL_SOURCE_OCR = 2,
	SL_SOURCE_HEADER = 3, /* of a mail */
	SL_SOURCE_SIDECAR = 4,
	SL_SOURCE_NAME = 5, /* the file's name */
	SL_SOURCE_PERSON = 6,
	SL_SOURCE_QUEUE = 7,
	SL_SOURCE_PACKAGE = 8, /* the description of the package it came in */
};

/* A set of posts of a package that holds this one (from 1) or all (0). */
static inline uint64_t
sl_posts_bit(unsigned post)
{
	return post == 0 ? UINT64_MAX
			 : UINT64_C(1) << ((post < 64 ? post : 64) - 1);
}

/* R_NAMED: what it says of the file that must be so. */
#define SL_NAMED_SIZE 1u
#define SL_NAMED_SHA256 2u

/* What a target is asked to tell of itself. */
enum sl_sync_kind {
	SL_SYNC_CASES = 1,
	SL_SYNC_JOURNAL = 2,
	SL_SYNC_KINDS = 3,
};

/* What one sluse-push is given at most before it has answered: posts, and files
 * of each. */
#define SL_PUSH_POSTS_MAX 16
#define SL_PUSH_FILES_MAX 200

/* What a connector says of a delivery (same numbers as connector.h). */
enum sl_verdict {
	SL_VERDICT_DELIVERED = 1,
	SL_VERDICT_ALREADY = 2, /* own key known there: same as delivered */
	SL_VERDICT_LATER = 3,
	SL_VERDICT_HOLD = 4,
	SL_VERDICT_REFUSED = 5,
	SL_VERDICT_LOGIN = 6, /* stop the connector and shout */
	SL_VERDICT_DOWN = 7, /* pause the connector */
	SL_VERDICT_NOT_THERE = 8, /* only asked: its own key is not known */
	SL_VERDICT_NOT_BEGUN = 9, /* handed back: nothing was asked or sent */
};

/* What became of a question to a witness or a time-stamp authority. */
enum sl_witnessed {
	SL_WITNESSED_GOOD = 1, /* verified by who sends this */
	SL_WITNESSED_ELSEWHERE = 2, /* it has cosigned another size */
	SL_WITNESSED_REFUSED = 3, /* a person must look */
	SL_WITNESSED_LATER = 4, /* no answer, or not now */
};

#define SL_FIELD(number, name, text_en, text_nb) SL_FIELD_##name = number,
enum sl_field {
#include "fields.def"
};
#undef SL_FIELD

/* "case_number"; NULL for an unknown number. */
const char *sl_field_name(unsigned field);
/* 0 for an unknown name. */
unsigned sl_field_by_name(const char *name);
const char *sl_field_source_name(unsigned source);
/* "signature"; "none" for an unknown number. */
const char *sl_basis_name(unsigned basis);

#endif
