/*
 * avvik.csv and utelatt.csv.
 *
 * SECURITY: the files lie beside the package and hold numbers and names of
 * elements, never a value: what is wrong is looked up in the core.
 */
#include "dev.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/mem.h"
#include "../base/text.h"

enum { AVVIK, MERKNAD };
static const struct {
	const char *name, *nb, *en;
	int weight;
} rules[SL_DEVS] = {
#define SL_DEV(id, weight, nb, en) [SL_DEV_##id] = {#id, nb, en, weight},
#include "deviations.def"
#undef SL_DEV
};

void
sl_devs_open(struct sl_devs *d, FILE *f)
{
	memset(d, 0, sizeof(*d));
	d->csv = f;
	(void)fputs("\xEF\xBB\xBF"
		    "Vekt;Regel;Enhet;Nummer;systemID;Linje;Element;Hva\r\n",
	    f);
}

enum sl_rc
sl_devs_close(struct sl_devs *d, struct sl_err *err)
{
	bool bad = d->csv == NULL || ferror(d->csv) != 0;
	size_t i;

	if (d->csv != NULL && fclose(d->csv) != 0)
		bad = true;
	d->csv = NULL;
	for (i = 0; i < d->left_n; i++)
		free(d->left[i].where);
	free(d->left);
	d->left = NULL;
	d->left_n = 0;
	if (!bad)
		return SL_OK;
	return sl_err_set(
	    err, SL_FATAL, 0, "disk_error", "avvik.csv cannot be written");
}

static void
field(struct sl_buf *b, const char *s)
{
	SL_BUF struct sl_buf shown = {0};

	sl_text_display(&shown, s, strlen(s));
	sl_text_csv(b, sl_buf_str(&shown), shown.n);
	sl_buf_add_char(b, ';');
}

void
sl_dev_tell(struct sl_devs *d, enum sl_dev_id id, const struct sl_unit *u,
    const char *element)
{
	SL_BUF struct sl_buf b = {0};

	d->n[id]++;
	if (rules[id].weight == AVVIK)
		d->avvik++;
	else
		d->merknad++;
	field(&b, rules[id].weight == AVVIK ? "avvik" : "merknad");
	field(&b, rules[id].name);
	field(&b, u == NULL	     ? "uttrekk"
		  : *u->type != '\0' ? u->type
				     : sl_kind_name(u->kind));
	field(&b, u != NULL ? sl_unit_number(u) : "");
	field(&b, u != NULL ? u->id : "");
	sl_buf_printf(&b, "%lu;", u != NULL ? u->line : 0);
	field(&b, element);
	field(&b, rules[id].nb);
	b.p[b.n - 1] = '\r';
	sl_buf_add_char(&b, '\n');
	(void)fwrite(b.p, 1, b.n, d->csv);
}

void
sl_dev_left(struct sl_devs *d, const char *group, const char *name)
{
	char where[160];
	size_t low = 0, high = d->left_n, mid;
	int cmp;

	(void)snprintf(where, sizeof(where), "%s/%s", group, name);
	while (low < high) {
		mid = (low + high) / 2;
		cmp = strcmp(d->left[mid].where, where);
		if (cmp == 0) {
			d->left[mid].n++;
			return;
		}
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (d->left_n == SL_LEFT_MAX) {
		d->left_other++;
		return;
	}
	d->left =
	    sl_grow(d->left, &d->left_cap, d->left_n + 1, sizeof(*d->left));
	memmove(d->left + low + 1, d->left + low,
	    (d->left_n - low) * sizeof(*d->left));
	d->left[low].where = sl_strdup(where);
	d->left[low].n = 1;
	d->left_n++;
}

void
sl_devs_write_left(const struct sl_devs *d, FILE *f)
{
	SL_BUF struct sl_buf b = {0};
	const char *slash;
	size_t i;

	sl_buf_add_str(&b, "\xEF\xBB\xBF"
			   "Enhet;Felt;Antall\r\n");
	for (i = 0; i < d->left_n; i++) {
		slash = strchr(d->left[i].where, '/');
		sl_buf_add(
		    &b, d->left[i].where, (size_t)(slash - d->left[i].where));
		sl_buf_add_char(&b, ';');
		field(&b, slash + 1);
		sl_buf_printf(&b, "%" PRIu64 "\r\n", d->left[i].n);
	}
	if (d->left_other > 0)
		sl_buf_printf(&b, "(andre);;%" PRIu64 "\r\n", d->left_other);
	(void)fwrite(sl_buf_str(&b), 1, b.n, f);
}

void
sl_devs_print(const struct sl_devs *d, FILE *f, bool json)
{
	size_t i;

	for (i = 0; i < SL_DEVS; i++) {
		if (d->n[i] == 0)
			continue;
		if (json)
			(void)fprintf(f,
			    "{\"rule\":\"%s\",\"weight\":\"%s\",\"count\":"
			    "%" PRIu64 "}\n",
			    rules[i].name,
			    rules[i].weight == AVVIK ? "avvik" : "merknad",
			    d->n[i]);
		else
			(void)fprintf(f, "  %-8s %8" PRIu64 "  %s\n",
			    rules[i].weight == AVVIK ? "avvik" : "merknad",
			    d->n[i], rules[i].nb);
	}
}
