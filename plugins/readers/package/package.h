/*
 * The reader of package descriptions from inside: what SvarInn, eFormidling,
 * Fiks Arkiv, BEST/EDU and forms say of the post they carry, as a list of facts
 * and of named documents, told to the host when the file is read to its end.
 *
 * SECURITY: every text is cut, every list limited; a document type declaration
 * ends the parsing; no entity but the five of XML is known.
 */
#ifndef READERS_PACKAGE_H
#define READERS_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../reader.h"

#define VALUE_MAX 2048u /* bytes of one text */
#define POSTS_MAX 32u /* of one description; one more makes it invalid */
#define DOCS_MAX 400u
#define FACTS_MAX 900u
#define JSON_MAX ((uint64_t)4 << 20)

enum kind {
	KIND_NONE,
	KIND_SVARINN,
	KIND_ARKIVMELDING, /* of eFormidling */
	KIND_FIKS_ARKIV,
	KIND_BEST_EDU, /* PutMessage, or its payload alone */
	KIND_SBD, /* standard business document */
	KIND_FIKS_IO, /* the headers of a message */
	KIND_MANIFEST, /* of a DPI or eFormidling ASiC */
	KIND_FORM,
	KIND_COUNT
};

struct fact {
	unsigned post; /* 0: all */
	int confidence;
	const char *field; /* of fields.def */
	char label[120];
	char *value;
};

struct named {
	unsigned post;
	bool main, has_sha256;
	char *file, *title, *type;
	uint8_t sha256[32];
	uint64_t bytes; /* UINT64_MAX: not said */
};

/* What one description says. */
struct model {
	enum kind kind;
	unsigned flags; /* enum sluse_describes */
	unsigned posts; /* the last one begun; 0: it tells of one only */
	struct fact *fact;
	size_t facts;
	struct named *named;
	size_t nameds;
	char unused[256]; /* where what is not understood stood */
	size_t unused_more;
	char files[16]; /* how many the package says it holds; "": nothing */
	bool full; /* a list or a text did not fit: invalid */
	const char *invalid; /* what is wrong with it first, or NULL */
};

const char *kind_name(enum kind k);
void model_free(struct model *m);
/* A fact about post; empty and NULL values are none, a value said twice for the
 * same field of the same post is kept once. */
void model_fact(struct model *m, unsigned post, const char *field,
    const char *value, const char *label, int confidence);
/* Is there one for it? */
bool model_has(const struct model *m, unsigned post, const char *field);
/* An own copy of file, title, type (may be NULL). NULL: too many. */
struct named *model_named(struct model *m, unsigned post, const char *file,
    const char *title, const char *type);
/* How many files the package says it holds beside its description. */
void model_files(struct model *m, const char *number);
/* It cannot be believed: why, in words of ours, never of the file's. */
void model_invalid(struct model *m, const char *why);
/* The same, and none of its facts are told. */
void model_full(struct model *m, const char *why);
/* Something that becomes nothing, by its path; each once. */
void model_unused(struct model *m, const char *path);
/* All of it, to the host. SLUSE_READ_*. */
int model_tell(const struct model *m, const struct sluse_reader_host *host,
    struct sluse_sink *k);

/* s into a fixed array, cut between characters. */
void text_copy(char *to, size_t cap, const char *s);

/* -- values ---------------------------------------------------------------- */
/* Post that its sender screens: XX, which nobody lifts but a person. */
void model_screened(struct model *m, unsigned post, const char *label);
/* "2026/190" from its halves; nothing where one is not a number over 0. */
void model_case(struct model *m, unsigned post, const char *field,
    const char *year, const char *seq, const char *label, int confidence);
/* "2026-03-04", "2026-03-03T23:00:00Z" or "20260304" to the day in Oslo. */
void model_day(struct model *m, unsigned post, const char *field,
    const char *when, const char *label, int confidence);
void model_day_ms(struct model *m, unsigned post, const char *field,
    int64_t unix_ms, const char *label, int confidence);
/* "0192:910077473", "9908:..", "NO910077473MVA", "910 077 473". A number that
 * is no organisation's is noted as not understood, never told. */
void model_orgnr(
    struct model *m, unsigned post, const char *value, const char *label);
/* 64 hex digits. */
bool hex_digest(const char *s, uint8_t out[32]);

/* -- XML ------------------------------------------------------------------- */
struct xml;
struct xml_events {
	/* Attributes by xml_attr. */
	void (*begin)(void *arg, struct xml *x, const char *name);
	/* leaf: nothing lay in it; text, without blanks around it, else "". */
	void (*end)(void *arg, struct xml *x, const char *name,
	    const char *text, bool leaf);
	/* Text as it comes, of any length; true: not to be gathered. May be
	 * NULL. */
	bool (*data)(void *arg, struct xml *x, const char *p, size_t n);
};

struct xml *xml_new(const struct xml_events *ev, void *arg);
/* Only to see what it is: a DOCTYPE, of which nothing is kept, does not end it.
 */
void xml_look(struct xml *x);
/* False: it is no XML, or hostile. */
bool xml_push(struct xml *x, const void *p, size_t n);
/* No more comes. False: not well-formed to its end. */
bool xml_finish(struct xml *x);
void xml_free(struct xml *x);
/* Why it was refused, or is not well-formed; x may be NULL. */
const char *xml_fault(const struct xml *x);
/* No more is wanted: what comes is not looked at. */
void xml_stop(struct xml *x);
/* Local names from the root, "/" between: "arkivmelding/mappe/tittel". */
const char *xml_path(const struct xml *x);
/* Does the path end in these names? */
bool xml_at(const struct xml *x, const char *names);
/* Namespace of the element begun; "" if it has none. */
const char *xml_namespace(const struct xml *x);
/* Of the element begun, by local name; lives until the next call. NULL. */
const char *xml_attr(struct xml *x, const char *name);

/* Texts of elements that go to members of a struct, by where they stand. */
struct place {
	const char *at; /* as of xml_at */
	size_t offset, size; /* size 0: known, not needed */
};
/* The text of the element that ends; noted as unused where no row fits. */
void xml_keep(const struct xml *x, const struct place *rows, size_t n,
    const char *text, void *state, struct model *m);

/* -- one kind each --------------------------------------------------------- */
/* What a root element is of; looked at again while *more. */
enum kind root_kind(
    struct xml *x, const char *name, unsigned *ret_flags, bool *ret_more);
/* A reader of one XML kind: its own state is allocated by open, told to the
 * model at the latest by close. */
struct xml_kind {
	struct xml_events ev;
	void *(*open)(struct model *m);
	/* False: what lay in it was not well-formed. */
	bool (*close)(void *arg);
};
extern const struct xml_kind kind_arkivmelding, kind_best, kind_sbd_xml,
    kind_manifest, kind_form;
/* Files that lie in a PutMessage: once it was read, by a second reading. The
 * i-th of m->named is announced and its bytes go to the host. SLUSE_READ_*. */
int best_files(const struct model *m, const struct sluse_reader_host *host,
    struct sluse_source *s, struct sluse_sink *k);

struct json_t;
/* KIND_NONE: not one of ours. */
enum kind json_kind(const struct json_t *root);
void json_read(struct model *m, const struct json_t *root);

#endif
