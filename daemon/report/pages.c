/*
 * Walking the pages.
 */
#include "pages.h"

#include <stdlib.h>

#include "../base/mem.h"
#include "../store/db.h"

static uint32_t *
parts_of(const struct sl_rep *r, const struct sl_snap *s)
{
	struct sl_db *db = sl_store_db(r->store);
	uint32_t *of = sl_alloc((s->part_max + 1) * sizeof(*of));
	sqlite3_stmt *st = sl_db_query(db, "SELECT id, source FROM part", "");
	int64_t id, source;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		source = sqlite3_column_int64(st, 1);
		if (id > 0 && id <= s->part_max && source > 0 &&
		    source <= s->source_max)
			of[id] = s->source_consignment[source];
	}
	return of;
}

enum sl_rc
sl_rep_pages(const struct sl_rep *r, const struct sl_snap *s,
    sl_rep_page_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(r->store);
	uint32_t *of = parts_of(r, s);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT part, source, flags, confidence FROM page"
	    " INDEXED BY page_quality",
	    "");
	struct sl_rep_page p;
	int64_t part;

	while (sl_db_row(db, st)) {
		part = sqlite3_column_int64(st, 0);
		if (part <= 0 || part > s->part_max)
			continue;
		p.part = (uint32_t)part;
		p.consignment = of[part];
		if (p.consignment == 0 || p.consignment > s->c_max ||
		    !sl_snap_c_in(s, p.consignment))
			continue;
		p.source = (unsigned)sqlite3_column_int(st, 1);
		p.flags = (unsigned)sqlite3_column_int(st, 2);
		p.confidence = sqlite3_column_int(st, 3);
		fn(arg, &p);
	}
	free(of);
	return sl_db_check(db, err);
}

uint8_t *
sl_rep_erased(const struct sl_rep *r, const struct sl_snap *s)
{
	struct sl_db *db = sl_store_db(r->store);
	sqlite3_stmt *st = sl_db_query(
	    db, "SELECT id FROM consignment WHERE erased_ms IS NOT NULL", "");
	uint8_t *erased = NULL;
	int64_t id;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (erased == NULL)
			erased = sl_alloc(s->c_max + 1);
		if (id > 0 && id <= s->c_max)
			erased[id] = sl_snap_c_in(s, id);
	}
	return erased;
}

enum sl_rc
sl_rep_pages_erased(const struct sl_rep *r, const struct sl_snap *s,
    sl_rep_erased_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(r->store);
	SL_FREE uint8_t *erased = sl_rep_erased(r, s);
	int64_t source, pages;
	sqlite3_stmt *st;
	uint32_t c;

	if (erased == NULL)
		return sl_db_check(db, err);
	st = sl_db_query(db, "SELECT source, pages FROM part", "");
	while (sl_db_row(db, st)) {
		source = sqlite3_column_int64(st, 0);
		pages = sqlite3_column_int64(st, 1);
		if (source <= 0 || source > s->source_max || pages <= 0)
			continue;
		c = s->source_consignment[source];
		if (c != 0 && c <= s->c_max && erased[c] != 0)
			fn(arg, c, pages);
	}
	return sl_db_check(db, err);
}

void
sl_page_sum_add(struct sl_page_sum *s, const struct sl_rep_page *p)
{
	int c = p->confidence < 0 ? 0 : p->confidence;

	s->pages++;
	if ((p->flags & SL_PAGE_BLANK) != 0) {
		s->blank++;
	} else if (p->source == SL_PAGE_TEXT) {
		s->text++;
	} else if (p->source == SL_PAGE_OCR &&
		   (p->flags & SL_PAGE_WORDLESS) == 0) {
		s->ocr++;
		s->confidence += c;
		s->low += c < SL_PAGE_LOW;
		s->histogram[c > 1000 ? 100 : c / 10]++;
	} else {
		s->unread++;
	}
}
