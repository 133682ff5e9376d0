/*
 * A queue while it becomes a package. For queue.c and post.c.
 */
#ifndef SL_DIAS_QUEUE_H
#define SL_DIAS_QUEUE_H

#include "../store/db.h"
#include "pack.h"

/* A file of the consignment at hand. */
struct qfile {
	int64_t part;
	int source;
	uint32_t number, parent, role, basis, pages;
	char *path, *text, *name, *mime, *puid, *format, *bundle;
	uint64_t offset, size, id;
	struct sl_digest sha256, blob;
	int64_t ocr_pages, ocr_sum;
};

struct queue_run {
	struct sl_pack *k;
	struct sl_store *s;
	struct sl_db *db;
	struct sl_files *files;
	const char *queue;
	int64_t *ids;
	size_t n, cap;
	/* Of the consignment at hand: */
	struct sl_consignment c;
	struct qfile *file;
	size_t file_n, file_cap;
	struct conversion {
		int source;
		uint32_t part;
		char event[192];
	} * conversion;
	size_t conversion_n, conversion_cap;
};

/* Its events of the sporingslogg, as PREMIS. */
enum sl_rc sl_dias_events(struct queue_run *q, struct sl_err *err);
/* Its posts: rows of tables, and their places in METS. */
enum sl_rc sl_dias_posts(struct queue_run *q, struct sl_err *err);

#endif
