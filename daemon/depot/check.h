/*
 * `depot check`: the tests N5.01 to N5.64; for the files of it.
 *
 * SECURITY: the package is hostile. XML is streamed without entities, network
 * or document types; paths in it are followed below the package only, and no
 * link is. Fuzzed: tests/fuzz/fuzz_n5check.c.
 */
#ifndef SL_DEPOT_CHECK_H
#define SL_DEPOT_CHECK_H

#include <libxml/xmlreader.h>

#include "../base/buf.h"
#include "../pronom/pronom.h"
#include "../xsd/xsd.h"
#include "ids.h"
#include "write.h"

#define SL_CHECK_NUMBERS 65 /* N5.01 .. N5.64 */
#define SL_CHECK_PLACES 20u /* told one by one */
#define SL_CHECK_TALLIES 2000u
#define SL_CHECK_DEPTH 64u
#define SL_CHECK_ADDML ((size_t)4 << 20) /* bytes of arkivuttrekk.xml */
#define SL_CHECK_PATH 1024u

struct sl_place {
	char *file, *id, *text;
	unsigned long line;
};
struct sl_result {
	uint64_t count, errors;
	bool untested; /* what it needs is not there */
	struct sl_place place[SL_CHECK_PLACES];
};
/* How many of a value there are. */
struct sl_tally {
	int number;
	char *value;
	uint64_t n;
};
/* A reference to what may come later in the file. */
struct sl_ref {
	uint8_t id[16];
	unsigned line;
	int number;
};

/* What arkivuttrekk.xml says. -1: nothing. */
struct sl_declared {
	bool there;
	int64_t mappe, registrering, files;
	int screened, kassert, kasseres; /* 0 no, 1 yes */
	bool sharp; /* both ways */
};
struct sl_journal_head {
	bool there;
	int64_t posts; /* as the head says; -1 */
	char from[11], to[11];
};

struct sl_check {
	int dir; /* the package */
	char docs[16]; /* dokumenter, DOKUMENT ..; "" if there is none */
	bool arkade;
	struct sl_pronom *pronom;
	struct sl_result r[SL_CHECK_NUMBERS];
	struct sl_tally *tally;
	size_t tally_n, tally_cap;
	size_t tally_last[SL_CHECK_NUMBERS]; /* where a value was last found */
	uint64_t tally_more[SL_CHECK_NUMBERS]; /* of values beyond the limit */
	struct sl_declared said;
	struct sl_journal_head running, public;
	struct sl_ids
	    ids; /* of arkivstruktur.xml: kind is enum sl_check_name */
	struct sl_ids files; /* by the digest of the path; seen: referred to */
	struct sl_ref *ref;
	size_t ref_n, ref_cap;
	uint64_t journalposts;
	char first_journal[11], last_journal[11];
};

/* Nothing tested, no package (dir -1). */
struct sl_check *sl_check_new(void);
/* Closes dir, frees pronom. */
void sl_check_free(struct sl_check *c);

/* An error of a test. file and id may be "". */
void sl_check_error(struct sl_check *c, int number, const char *file,
    unsigned long line, const char *id, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void sl_check_count(struct sl_check *c, int number, const char *value);
void sl_check_untested(struct sl_check *c, int number);

/* arkivuttrekk.xml: N5.01, 02, and what it declares. */
enum sl_rc sl_check_addml(struct sl_check *c, struct sl_err *err);
/* The documents' folder, before arkivstruktur.xml is read: N5.28. */
enum sl_rc sl_check_find_files(struct sl_check *c, struct sl_err *err);
/* After it: N5.33. */
enum sl_rc sl_check_unreferenced(struct sl_check *c, struct sl_err *err);
/* A dokumentobjekt: N5.29, 30, 32, 34, 64. */
struct sl_check_object {
	char format[64], sum[SL_SHA256_HEX + 2], path[SL_CHECK_PATH];
	unsigned long line;
	char id[40];
};
enum sl_rc sl_check_object(
    struct sl_check *c, const struct sl_check_object *o, struct sl_err *err);
/* arkivstruktur.xml; the others. */
enum sl_rc sl_check_structure(struct sl_check *c, struct sl_err *err);
enum sl_rc sl_check_changes(struct sl_check *c, struct sl_err *err);
enum sl_rc sl_check_journals(struct sl_check *c, struct sl_err *err);

/* -- streaming a file of the package ------------------------------------- */

/* Names that matter, and a number for each. */
enum sl_check_name {
	SL_N_other,
#define SL_CHECK_NAME(name) SL_N_##name,
#include "checknames.def"
#undef SL_CHECK_NAME
	SL_N_COUNT
};
struct sl_check_file {
	struct sl_check *c;
	const char *name; /* "arkivstruktur.xml" */
	xmlTextReaderPtr r;
	enum sl_check_name path[SL_CHECK_DEPTH];
	bool filled[SL_CHECK_DEPTH]; /* has text or an element */
	int depth;
	struct sl_buf text; /* of the element that ends */
	unsigned long line; /* where the present element began or ended */
	/* With the element's name and the one it lies in; text is set at end.
	 * type: xsi:type without prefix, or "". Either may be NULL. */
	enum sl_rc (*start)(struct sl_check_file *f, enum sl_check_name n,
	    enum sl_check_name in, const char *type, struct sl_err *err);
	enum sl_rc (*end)(struct sl_check_file *f, enum sl_check_name n,
	    enum sl_check_name in, const char *text, struct sl_err *err);
	void *own;
};
/* Reads all of f->name, validated against the schema (N5.03; empty elements:
 * N5.63). *ret_there: there is such a file. */
enum sl_rc sl_check_stream(struct sl_check_file *f, const char *schema,
    bool *ret_there, struct sl_err *err);

#endif
