/*
 * One message of Outlook as lists of properties (MAPI), wherever they stood:
 * in a .msg (msg.c) or in a winmail.dat (tnef.c).
 */
#ifndef READERS_OUTLOOK_H
#define READERS_OUTLOOK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../reader.h"
#include "../lib/ole2.h"

#define TEXT_MAX ((size_t)1 << 20) /* bytes of a subject, a list, a header */
#define BODY_MAX ((size_t)4 << 20)
#define PROPS_MAX 20000u /* of one list */
#define PEOPLE_MAX 20000u
#define FILES_MAX 100000u

/* MS-OXPROPS; what this reader asks for. */
enum {
	PR_SUBJECT = 0x0037,
	PR_CLASS = 0x001A,
	PR_SUBMITTED = 0x0039,
	PR_FROM_NAME = 0x0042, /* sent representing: on whose behalf */
	PR_FROM_TYPE = 0x0064,
	PR_FROM_ADDRESS = 0x0065,
	PR_FROM_SMTP = 0x5D02,
	PR_HEADERS = 0x007D,
	PR_SENDER_NAME = 0x0C1A,
	PR_SENDER_TYPE = 0x0C1E,
	PR_SENDER_ADDRESS = 0x0C1F,
	PR_SENDER_SMTP = 0x5D01,
	PR_KIND = 0x0C15, /* of a recipient: 1 to, 2 cc, 3 bcc */
	PR_SHOWN_CC = 0x0E03,
	PR_SHOWN_TO = 0x0E04,
	PR_DELIVERED = 0x0E06,
	PR_FLAGS = 0x0E07,
	PR_NORMAL_SUBJECT = 0x0E1D,
	PR_BODY = 0x1000,
	PR_RTF = 0x1009,
	PR_HTML = 0x1013,
	PR_MESSAGE_ID = 0x1035,
	PR_REFERENCES = 0x1039,
	PR_REPLY_TO_ID = 0x1042,
	PR_NAME = 0x3001,
	PR_ADDRESS_TYPE = 0x3002,
	PR_ADDRESS = 0x3003,
	PR_DATA = 0x3701,
	PR_FILE_SHORT = 0x3704,
	PR_METHOD = 0x3705,
	PR_FILE_LONG = 0x3707,
	PR_MIME = 0x370E,
	PR_CONTENT_ID = 0x3712,
	PR_SMTP = 0x39FE,
	PR_PAGE_HTML = 0x3FDE,
	PR_LOCALE = 0x3FF1,
	PR_PAGE = 0x3FFD,
	PR_HIDDEN = 0x7FFE,
};

enum {
	PT_SHORT = 0x0002,
	PT_LONG = 0x0003,
	PT_BOOL = 0x000B,
	PT_OBJECT = 0x000D,
	PT_STRING8 = 0x001E,
	PT_UNICODE = 0x001F,
	PT_TIME = 0x0040,
	PT_BINARY = 0x0102,
};

struct prop {
	uint16_t id, type;
	bool fixed; /* the value is `value`, else it lies at `where` */
	uint64_t value;
	uint64_t where; /* an entry of the OLE2 file, or a place in the TNEF */
	uint64_t size;
};

struct bag {
	struct prop *p;
	uint32_t n, cap;
	uint32_t storage, number; /* of a .msg */
};

struct bags {
	struct bag *p;
	uint32_t n, cap;
};

struct sluse_doc {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	struct ole2 *ole; /* NULL: TNEF */
	struct bag message;
	struct bags people, files;
	unsigned page; /* code page of 8-bit strings; 0 = unknown */
	bool too_many, truncated;
	/* the bodies, as far as there are any */
	char *plain, *html, *rtf, *rtf_text; /* html, texts: UTF-8 */
	size_t plain_n, html_n, rtf_n, rtf_text_n;
	bool html_stands; /* PR_HTML is a property, and needs no message to
			    say what it is written in: given as it stands */
	bool body_cut;
};

/* Both fill message, people and files. Result: enum sluse_read_rc. */
int msg_load(struct sluse_doc *d);
int tnef_load(struct sluse_doc *d);

/* props.c: a property that is not yet there, NULL at a limit. */
struct prop *bag_add(
    struct sluse_doc *d, struct bag *b, uint16_t id, uint16_t type);
struct bag *bags_add(struct sluse_doc *d, struct bags *l, uint32_t max);
void bags_free(struct sluse_doc *d);
const struct prop *bag_find(const struct bag *b, uint16_t id);
uint32_t bag_number(const struct bag *b, uint16_t id, uint32_t otherwise);
/* Unix time; false if there is none or it is absurd. */
bool bag_time(const struct bag *b, uint16_t id, gint64 *ret);
/* Up to n bytes of a value from off; 0 at its end. */
int64_t prop_read(
    struct sluse_doc *d, const struct prop *p, void *b, size_t n, uint64_t off);
/* At most max bytes of a value (free), NULL if it has none. */
char *prop_bytes(
    struct sluse_doc *d, const struct prop *p, size_t max, size_t *ret_n);
/* A string as UTF-8 (free), NULL if there is none or it is empty. */
char *bag_text(struct sluse_doc *d, const struct bag *b, uint16_t id,
    size_t max, size_t *ret_n);

/* lzfu.c: compressed RTF (MS-OXRTFCP) unpacked (free); NULL if it is none. */
char *lzfu_unpack(const char *p, size_t n, size_t max, size_t *ret_n);

enum rtf_kind {
	RTF_NONE = 0, /* not RTF */
	RTF_OWN, /* RTF itself: *ret is its text */
	RTF_FROM_TEXT, /* *ret is the text it was made from */
	RTF_FROM_HTML, /* *ret is the HTML it was made from, as UTF-8 */
};

/* rtf.c: at most max bytes of UTF-8 into *ret (free), NUL-ended; NULL if
 * RTF_NONE. */
enum rtf_kind rtf_decode(
    const char *p, size_t n, size_t max, char **ret, size_t *ret_n);

/* body.c: fills the bodies; of the one a person reads, appends the text. */
void body_load(struct sluse_doc *d);
/* Is there plain text to be seen? */
bool body_has_ink(const struct sluse_doc *d);
void body_free(struct sluse_doc *d);
void body_text(const struct sluse_doc *d, GString *page);

#endif
