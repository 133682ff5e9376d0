/*
 * A package while it is written. For the files of this room.
 */
#ifndef SL_DIAS_PACK_H
#define SL_DIAS_PACK_H

#include <stdio.h>

#include "../base/buf.h"
#include "../base/hash.h"
#include "dias.h"

/* -- XML and tables (text.c) ------------------------------------------------
 */
/* Appends fmt with %s a text, escaped so that XML can hold it, and %d an
 * int64_t; nothing else. */
void sl_dias_xml(struct sl_buf *b, const char *fmt, ...);
/* The same to a file; what fails shows in ferror(). */
void sl_dias_put(FILE *f, const char *fmt, ...);

/* A row of a table; fmt as in sl_dias_row: s text, d number (-1: empty). */
struct sl_pack;
enum sl_dias_table {
#define DIAS_TABLE(id, ...) SL_DIAS_T_##id,
#define DIAS_COLUMN(...)
#include "tables.def"
#undef DIAS_TABLE
#undef DIAS_COLUMN
	SL_DIAS_TABLES,
};
void sl_dias_row(struct sl_pack *k, enum sl_dias_table t, const char *fmt, ...);
/* Puts the tables and their ADDML into the package. */
enum sl_rc sl_dias_tables_add(struct sl_pack *k, struct sl_err *err);

/* -- the package (pack.c) ---------------------------------------------------
 */
struct sl_pack {
	const struct sl_dias_options *o;
	int64_t now_ms;
	struct sl_dias_made made;
	char *part_name; /* DIR.part */
	int dir; /* it */
	int lock; /* of it: base/part.h */
	struct sl_pack_tar *tar;
	uint64_t next_id; /* of files in METS */
	/* What grows with the files is written beside and joined at the end. */
	FILE *mets_content, *mets_meta, *mets_divs, *objects, *events;
	FILE *table[SL_DIAS_TABLES];
	uint64_t rows[SL_DIAS_TABLES];
	FILE *scratch; /* for one file at a time */
	struct sl_buf line;
	struct sl_pack_agents {
		char **name;
		size_t n, cap;
	} agents;
	struct sl_buf left_out; /* for the package's own log */
};

/* Begins DIR.part. dir is where it shall be. */
enum sl_rc sl_pack_begin(struct sl_pack *k, const struct sl_dias_options *o,
    const char *dir, struct sl_err *err);
/* Writes METS, PREMIS, log and info.xml, syncs, and gives it its name. */
enum sl_rc sl_pack_end(struct sl_pack *k, const char *dir, struct sl_err *err);
/* Frees; of a package that has not ended nothing is left. */
void sl_pack_free(struct sl_pack *k);

struct sl_pack_file {
	const char *path; /* below the package's own folder */
	int fd;
	uint64_t offset, size;
	const struct sl_digest *want; /* NULL: not known before */
	const char *shown; /* whose it is, for an error */
	const char *mime;
	int64_t time_ms;
	bool content; /* else the package's own */
	/* Out: */
	uint64_t id;
	struct sl_digest digest;
};
/* Copies it into the tar and lists it in METS. SL_BROKEN: it ends early, or
 * (digest_differs) is not what it was. */
enum sl_rc sl_pack_add(
    struct sl_pack *k, struct sl_pack_file *f, struct sl_err *err);
/* What was written to f, as a file. */
enum sl_rc sl_pack_add_made(struct sl_pack *k, FILE *f, const char *path,
    const char *mime, bool content, struct sl_pack_file *ret,
    struct sl_err *err);
enum sl_rc sl_pack_add_bytes(struct sl_pack *k, struct sl_slice bytes,
    const char *path, const char *mime, bool content, struct sl_err *err);
enum sl_rc sl_pack_add_folder(
    struct sl_pack *k, const char *path, struct sl_err *err);

/* Its PREMIS object. NULL or "": not known. */
struct sl_pack_object {
	const char *path, *name;
	const struct sl_digest *digest;
	uint64_t size;
	const char *format, *puid, *note;
	const char *part_of; /* reception number */
	const char *made_of, *made_by; /* path of another file, event */
};
void sl_pack_object(struct sl_pack *k, const struct sl_pack_object *b);
/* SL_REJECT (limit): too many different ones. */
enum sl_rc sl_pack_agent(
    struct sl_pack *k, const char *name, struct sl_err *err);

/* -- schema-bound documents (meta.c) -----------------------------------------
 */
void sl_dias_write_premis(struct sl_pack *k, FILE *f);
void sl_dias_write_log(struct sl_pack *k, FILE *f);
void sl_dias_write_mets(struct sl_pack *k, FILE *f);
void sl_dias_write_info(struct sl_pack *k, FILE *f, const struct sl_digest *tar,
    const struct sl_pack_file *mets);
void sl_dias_mets_file(FILE *f, const struct sl_pack_file *p, const char *href);
/* Can XML 1.0 hold all of it? What it cannot is written as U+FFFD. */
bool sl_dias_fits(const char *s);
/* Copies all of from (which is rewound) to. */
void sl_dias_join(FILE *from, FILE *to);

#endif
