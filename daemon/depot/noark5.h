/*
 * A Noark 5 extraction in the making; for the files of `depot noark5`.
 */
#ifndef SL_DEPOT_NOARK5_H
#define SL_DEPOT_NOARK5_H

#include "../pronom/pronom.h"
#include "posts.h"
#include "write.h"

#define SL_N5_STRUKTUR                                                         \
	"http://www.arkivverket.no/standarder/noark5/arkivstruktur"
#define SL_N5_ENDRINGER                                                        \
	"http://www.arkivverket.no/standarder/noark5/endringslogg"

struct sl_n5_options {
	const char *harvest, *dir;
	const char *from, *to; /* as written */
	int64_t from_day, to_day;
	bool in_sharp, out_sharp;
	const char *system, *type;
	bool extension; /* format is the file's extension */
	bool strict, json;
};

/* A file of the package, for arkivuttrekk.xml. */
struct sl_n5_file {
	bool there;
	struct sl_digest digest;
};

struct sl_n5 {
	const struct sl_n5_options *opt;
	struct sl_harvest harvest;
	struct sl_devs devs;
	struct sl_ids ids;
	struct sl_posts posts;
	struct sl_pronom *pronom; /* NULL: there is no table */
	int dir, package, docs, docs_sub; /* descriptors */
	int lock; /* of dir: base/part.h */
	json_t *creators; /* {"arkiv's id": [arkivskaper ..]} */
	json_t *all_creators; /* one list, each once */
	const char *arkiv_title; /* the first arkiv's; ours */
	unsigned long roots;
	struct sl_xmlout structure, changes;
	struct sl_writer w, wc;
	struct sl_n5_file file[4]; /* enum sl_n5_xml */
	uint64_t journal_n, public_n;
	uint64_t documents, serial;
	/* of the dokumentobjekt that is written */
	char path[96], hex[SL_SHA256_HEX + 1], size[24], format[64];
};
enum sl_n5_xml { SL_N5_STRUCTURE, SL_N5_CHANGES, SL_N5_RUNNING, SL_N5_PUBLIC };

/* Looks at the unit itself: statuses, screening, grades, dates. */
void sl_n5_judge(struct sl_n5 *n, const struct sl_unit *u, int group);
/* Copies the file of a dokumentobjekt and sets path, hex, size, format.
 * SL_SKIP: it cannot be had, which is told. */
enum sl_rc sl_n5_document(
    struct sl_n5 *n, const struct sl_unit *u, struct sl_err *err);
/* arkivuttrekk.xml. */
enum sl_rc sl_n5_addml(struct sl_n5 *n, struct sl_err *err);

#endif
