/*
 * What kind of file some bytes are: by content; the name is only a hint.
 *
 * libmagic looks at the first MiB at most; what it is known to misread is
 * mended by small checks of our own (identify/mend.c). That is for the road,
 * which goes by MIME types. What an archive asks for, PRONOM's identifier,
 * comes from the table of daemon/pronom/; where both speak and cannot both be
 * right, a warning says so.
 */
#ifndef SL_IDENTIFY_IDENTIFY_H
#define SL_IDENTIFY_IDENTIFY_H

#include "../base/err.h"
#include "../base/extent.h"
#include "../wire/roles.h"

#define SL_IDENTIFY_PREFIX ((size_t)1 << 20)

struct sl_identity {
	char mime[128]; /* "application/octet-stream" if it cannot be told */
	char puid[64]; /* comma-separated; "" if PRONOM knows none */
	char format[256]; /* for people, UTF-8 */
	char charset[32]; /* libmagic's guess for text, else "" */
	char warnings[128]; /* slugs with commas between */
	enum sl_basis basis; /* of the PUID if there is one, else of the type */
};

/* Opens libmagic, loads its database and runs it once, and loads the table of
 * formats: in the parent. */
enum sl_rc sl_identify_warm(struct sl_err *err);
/* The table alone: enough for sl_identify_format. */
enum sl_rc sl_identify_warm_format(struct sl_err *err);
/* name may be "". declared = the type a message gives its part, or NULL; it
 * decides only between kinds of text. SL_RETRY: the file cannot be read. */
enum sl_rc sl_identify(const struct sl_extent *x, const char *name,
    const char *declared, struct sl_identity *ret, struct sl_err *err);

/* How much is read from both ends from now on; 0: the usual. */
void sl_identify_windows(size_t head, size_t tail);

/* PRONOM alone: the type is the format's own, or "". */
enum sl_rc sl_identify_format(const struct sl_extent *x, const char *name,
    struct sl_identity *ret, struct sl_err *err);

/* "118/37": the table that PUIDs come from. After sl_identify_warm. */
const char *sl_identify_table(void);

/* Adds a slug to a comma-separated list of cap bytes; whole or not at all. */
void sl_identify_warn(char *list, size_t cap, const char *slug);

#endif
