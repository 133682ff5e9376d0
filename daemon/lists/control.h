/*
 * Control totals: what a batch sheet says was sent to a door, and who has seen
 * that the pictures are good.
 *
 * CSV with a head; columns in any order, Norwegian or English: kø, dato,
 * forsendelser, filer, sider, signert (a date), av. A missing column is not
 * known. A list of a mailbox (mailbox.h) is taken too, by its head.
 */
#ifndef SL_LISTS_CONTROL_H
#define SL_LISTS_CONTROL_H

#include "mailbox.h"

#define SL_CONTROL_ROWS_MAX 100000u

struct sl_control_row {
	char *queue, *by; /* by: who signed */
	int64_t day; /* as sl_day_of */
	int64_t items, files, pages; /* -1: not said */
	int64_t signed_day; /* -1: not signed */
};
struct sl_control_sheet {
	struct sl_control_row *row;
	size_t n, cap;
	struct sl_mailbox mail; /* then there are no rows */
	struct sl_names strangers; /* queues that nothing came to */
};

/* queue: of a list of a mailbox that names none; or NULL. SL_BROKEN: not such a
 * file; err says why, with the line. */
enum sl_rc sl_control_read(const char *path, const char *queue,
    struct sl_control_sheet *ret, struct sl_err *err);
/* The first and last day of its rows or messages for that queue (NULL: any), as
 * 2026-01-31. False: it has none. */
bool sl_control_days(const struct sl_control_sheet *c, const char *queue,
    char *ret_from, char *ret_to, size_t cap);
void sl_control_free(struct sl_control_sheet *c);
/* Notes a queue of the sheet that nothing came to here. */
void sl_control_stranger(struct sl_control_sheet *c, const char *queue);

#endif
