/*
 * Reading batch sheets.
 */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "csvin.h"

/* A number, or -1 for an empty field; false: neither. */
static bool
number(const struct sl_csvin *c, int column, int64_t *ret)
{
	const char *s = sl_csvin_field(c, column);
	uint64_t n;

	*ret = -1;
	if (*s == '\0')
		return true;
	if (!sl_parse_u64(s, 0, 1000000000, &n))
		return false;
	*ret = (int64_t)n;
	return true;
}

enum { QUEUE, DAY, ITEMS, FILES, PAGES, SIGNED, BY, COLUMNS };

static enum sl_rc
take_row(const struct sl_csvin *c, const int *col, struct sl_control_sheet *ret,
    struct sl_err *err)
{
	struct sl_control_row r = {
	    .day = sl_day_read(sl_csvin_field(c, col[DAY]))};

	if (r.day < 0 || !number(c, col[ITEMS], &r.items) ||
	    !number(c, col[FILES], &r.files) ||
	    !number(c, col[PAGES], &r.pages))
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "line %u: a date or a number cannot be understood",
		    c->line);
	if (*sl_csvin_field(c, col[QUEUE]) == '\0')
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "line %u: there is no queue", c->line);
	if (ret->n == SL_CONTROL_ROWS_MAX)
		return sl_err_set(
		    err, SL_BROKEN, 0, "damaged", "too many lines");
	r.signed_day = sl_day_read(sl_csvin_field(c, col[SIGNED]));
	r.queue = sl_strdup(sl_csvin_field(c, col[QUEUE]));
	r.by = sl_strdup(sl_csvin_field(c, col[BY]));
	ret->row = sl_grow(ret->row, &ret->cap, ret->n + 1, sizeof(*ret->row));
	ret->row[ret->n++] = r;
	return SL_OK;
}

static enum sl_rc
read_sheet(struct sl_csvin *c, const char *queue, struct sl_control_sheet *ret,
    struct sl_err *err)
{
	static const char *const names[COLUMNS] = {"kø|ko|queue", "dato|date",
	    "forsendelser|consignments|items", "filer|dokumenter|files",
	    "sider|pages", "signert|signed", "av|by"};
	enum sl_rc rc = sl_csvin_next(c, err);
	int col[COLUMNS], i;

	if (rc == SL_SKIP)
		return sl_err_set(
		    err, SL_BROKEN, 0, "damaged", "the file is empty");
	if (rc == SL_OK && sl_mailbox_is_head(c))
		return sl_mailbox_read_csv(c, queue, &ret->mail, err);
	for (i = 0; rc == SL_OK && i < COLUMNS; i++)
		col[i] = sl_csvin_column(c, names[i]);
	if (rc == SL_OK && (col[QUEUE] < 0 || col[DAY] < 0))
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "the head must name the columns ko and dato");
	while (rc == SL_OK && (rc = sl_csvin_next(c, err)) == SL_OK)
		rc = take_row(c, col, ret, err);
	return rc == SL_SKIP ? SL_OK : rc;
}

enum sl_rc
sl_control_read(const char *path, const char *queue,
    struct sl_control_sheet *ret, struct sl_err *err)
{
	FILE *f = fopen(path, "re");
	struct sl_csvin c;
	enum sl_rc rc;
	int first;

	memset(ret, 0, sizeof(*ret));
	if (f == NULL) {
		(void)sl_err_set(err, SL_BROKEN, errno, "file_unreadable",
		    "the control totals cannot be opened");
		return sl_err_of(err, path);
	}
	first = getc(f);
	if (first != EOF)
		(void)ungetc(first, f);
	if (first == '[' || first == '{') {
		rc = sl_mailbox_read_json(f, queue, &ret->mail, err);
	} else {
		sl_csvin_open(&c, f);
		rc = read_sheet(&c, queue, ret, err);
		sl_csvin_close(&c);
	}
	(void)fclose(f);
	if (rc != SL_OK)
		sl_control_free(ret);
	return rc == SL_BROKEN ? sl_err_of(err, path) : rc;
}

static void
widen(const char *wanted, const char *queue, int64_t day, int64_t *first,
    int64_t *last)
{
	if (wanted != NULL && strcmp(wanted, queue) != 0)
		return;
	if (day < *first)
		*first = day;
	if (day > *last)
		*last = day;
}

bool
sl_control_days(const struct sl_control_sheet *c, const char *queue,
    char *ret_from, char *ret_to, size_t cap)
{
	const struct sl_mail_line *l = c->mail.line;
	int64_t first = INT64_MAX, last = -1;
	size_t i;

	for (i = 0; i < c->n; i++)
		widen(queue, c->row[i].queue, c->row[i].day, &first, &last);
	for (i = 0; i < c->mail.n; i++)
		widen(queue, c->mail.queue.text[l[i].queue], l[i].day, &first,
		    &last);
	if (last < 0)
		return false;
	sl_day_write(first, ret_from, cap);
	sl_day_write(last, ret_to, cap);
	return true;
}

void
sl_control_stranger(struct sl_control_sheet *c, const char *queue)
{
	(void)sl_names_add(&c->strangers, queue);
}

void
sl_control_free(struct sl_control_sheet *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		free(c->row[i].queue);
		free(c->row[i].by);
	}
	free(c->row);
	sl_mailbox_free(&c->mail);
	sl_names_free(&c->strangers);
	memset(c, 0, sizeof(*c));
}
