/*
 * DIAS: what is handed over to an archive depot as one package. A tar named by
 * a UUID with the files, METS and PREMIS of them, and info.xml beside it.
 *
 * Files are copied by streaming: memory does not grow with their number or
 * size. A digest that is known is held against what is copied. The folder gets
 * its name when all of it is written, synced and valid; before that, and after
 * a failure, there is nothing of that name.
 */
#ifndef SL_DIAS_DIAS_H
#define SL_DIAS_DIAS_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/err.h"
#include "../config/config.h"
#include "../store/store.h"

#define SL_DIAS_UUID 36
#define SL_DIAS_FILES_MAX 2000000u /* of a package */
#define SL_DIAS_CONSIGNMENT_MAX 50000u /* files of one consignment */
#define SL_DIAS_POSTS_MAX 10000u /* posts of one consignment */
#define SL_DIAS_AGENTS_MAX 4096u /* who did something, by PREMIS */
#define SL_DIAS_PATH_MAX 1024u /* bytes of a path in the package */
#define SL_DIAS_DEPTH_MAX 64u /* folders in folders */

struct sl_dias_made {
	char uuid[SL_DIAS_UUID + 1];
	char sha256[SL_SHA256_HEX + 1]; /* of the tar */
	uint64_t bytes; /* of the tar */
	uint64_t files, consignments, posts, pages; /* handed over */
	uint64_t unfinished; /* left out, with options.finished */
	uint64_t closed; /* posts that ended otherwise: duplicates .. */
};
typedef enum sl_rc sl_dias_tell_fn(
    void *arg, const struct sl_dias_made *made, struct sl_err *err);

/* What is said of the package. Texts are the caller's; NULL: not said. */
struct sl_dias_options {
	const char *uuid; /* NULL: a new one */
	const char *label;
	const char *archivist; /* who made the archive (arkivskaper) */
	const char *submitter, *contact, *email; /* who hands it over */
	const char *system; /* what the archive was kept in */
	const char *depot, *agreement; /* who takes it, by which agreement */
	const char *type; /* of the delivery: Avlevering, Deponering .. */
	/* The period that the archive covers, as 2026-03-04; must be said. */
	const char *start, *end;
	/* Of a queue: which receptions, days of Oslo, both included. */
	const char *from, *to;
	int64_t made_ms; /* when; 0: now */
	/* Leave out what is still on the road, instead of making nothing. */
	bool finished;
	/* Called when all is written, before it gets its name; what fails here
	 * fails the package. NULL: nobody need know. */
	sl_dias_tell_fn *tell;
	void *tell_arg;
};

/* The finished posts of a queue: originals, what was made of them, their texts,
 * tables of what is known of them, and their events of the sporingslogg. dir
 * must not be there, or be empty.
 * SL_SKIP: no such queue, or nothing to hand over. SL_HOLD: something is still
 * on the road, or an option is missing or wrong. SL_REJECT: dir or a limit.
 * SL_BROKEN: a file is gone or is not what it was (err names it by its
 * reception number and path in the package). SL_FATAL: disk, database, or what
 * was written is not valid. */
enum sl_rc sl_dias_queue(struct sl_store *s, const struct sl_config *cfg,
    const char *root, const char *queue, const struct sl_dias_options *o,
    const char *dir, struct sl_dias_made *ret, struct sl_err *err);

/* The same of a folder as it is: files and folders, no links or devices. */
enum sl_rc sl_dias_folder(const char *folder, const struct sl_dias_options *o,
    const char *dir, struct sl_dias_made *ret, struct sl_err *err);

/* What is wrong with a package. A path is shown for people. */
typedef void sl_dias_fault_fn(void *arg, const char *slug, const char *text);
struct sl_dias_checked {
	char uuid[SL_DIAS_UUID + 1];
	uint64_t files, bytes, faults;
};
/* Looks at a folder with info.xml and a tar. Each fault is told; SL_OK also
 * with faults. SL_BROKEN: there is nothing to look at. */
enum sl_rc sl_dias_check(const char *dir, sl_dias_fault_fn *fn, void *arg,
    struct sl_dias_checked *ret, struct sl_err *err);

/* The tar alone, from where fd stands. */
enum sl_rc sl_dias_check_tar(int fd, const char *uuid, sl_dias_fault_fn *fn,
    void *arg, struct sl_dias_checked *ret, struct sl_err *err);

/* -- schemas (schema.c) -----------------------------------------------------
 */
enum sl_dias_schema {
	SL_DIAS_METS, /* dias-mets.xml */
	SL_DIAS_INFO, /* info.xml */
	SL_DIAS_PREMIS, /* dias-premis.xml, log.xml */
	SL_DIAS_ADDML,
	SL_DIAS_SCHEMAS,
};
/* The XSD's bytes. */
struct sl_slice sl_dias_xsd(enum sl_dias_schema which);

struct _xmlTextReader;
/* A reader over fd from its beginning that validates as it reads; nothing is
 * fetched, no entity is expanded. *faults counts what is not valid; the first
 * is in text (cap bytes). One at a time. NULL: no memory or own bug. */
struct sl_dias_reader;
struct sl_dias_reader *sl_dias_reader_new(int fd, enum sl_dias_schema which);
struct _xmlTextReader *sl_dias_reader_xml(struct sl_dias_reader *r);
/* The next node; false after the last, or where it is no XML. */
bool sl_dias_reader_next(struct sl_dias_reader *r);
/* Reads the rest: is all of it well-formed and valid? text: why not. */
bool sl_dias_reader_end(struct sl_dias_reader *r, char *text, size_t cap);
void sl_dias_reader_free(struct sl_dias_reader *r);

/* Reads all of it. SL_FATAL (not_valid): what we wrote is not valid. */
enum sl_rc sl_dias_validate(
    int fd, enum sl_dias_schema which, const char *name, struct sl_err *err);

#endif
