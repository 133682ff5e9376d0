/*
 * What makes a unit not deliverable, as far as it shows of itself.
 */
#include <string.h>

#include "../base/text.h"
#include "../config/deadline.h"
#include "noark5.h"

static bool
has_value(const struct sl_unit *u, const char *field, int list, const char *a,
    const char *b)
{
	const json_t *v = json_object_get(u->fields, field);
	bool own;
	const char *s = v != NULL ? sl_code_name(list, v, &own) : NULL;

	/* What is missing is told as missing. */
	return s == NULL || strcmp(s, a) == 0 ||
	       (b != NULL && strcmp(s, b) == 0);
}

static void
judge_screening(struct sl_n5 *n, const struct sl_unit *u)
{
	const json_t *skj = json_object_get(u->fields, "skjerming");

	if (u->screen_unknown)
		sl_dev_tell(&n->devs, SL_DEV_ubesvart, u, "skjerming");
	if (u->grade_unknown)
		sl_dev_tell(&n->devs, SL_DEV_ubesvart, u, "gradering");
	if (sl_is_graded(u->fields))
		sl_dev_tell(&n->devs, SL_DEV_gradert, u, "gradering");
	if (!json_is_object(skj))
		return;
	if (sl_is_temporary(skj))
		sl_dev_tell(
		    &n->devs, SL_DEV_midlertidig, u, "tilgangsrestriksjon");
	if ((u->kind == SL_KIND_mappe || u->kind == SL_KIND_registrering) &&
	    sl_screens(skj, "TM1 TMO TR1 TRO") &&
	    sl_source_find(u->fields, "offentligTittel") == NULL)
		sl_dev_tell(&n->devs, SL_DEV_offentlig, u, "offentligTittel");
}

static void
judge_post(struct sl_n5 *n, const struct sl_unit *u)
{
	const char *s =
	    json_string_value(json_object_get(u->fields, "journaldato"));
	bool sharp = n->opt->in_sharp && n->opt->out_sharp;
	char text[11];
	int64_t day;

	if (!has_value(
		u, "journalstatus", SL_LIST_journalstatus, "Arkivert", "Utgår"))
		sl_dev_tell(&n->devs, SL_DEV_journalstatus, u, "journalstatus");
	if (json_array_size(json_object_get(u->fields, "korrespondansepart")) ==
	    0)
		sl_dev_tell(&n->devs, SL_DEV_mangler, u, "korrespondansepart");
	if (s == NULL || !sl_date_text(s, text))
		return;
	day = sl_day_read(text);
	if (day < n->opt->from_day || day > n->opt->to_day)
		sl_dev_tell(&n->devs,
		    sharp ? SL_DEV_utenfor : SL_DEV_utenfor_mykt, u,
		    "journaldato");
}

void
sl_n5_judge(struct sl_n5 *n, const struct sl_unit *u, int group)
{
	judge_screening(n, u);
	if (u->kind == SL_KIND_arkivdel &&
	    !has_value(u, "arkivdelstatus", SL_LIST_arkivdelstatus,
		"Avsluttet periode", "Uaktuelle mapper"))
		sl_dev_tell(&n->devs, SL_DEV_arkivdel, u, "arkivdelstatus");
	if (group == SL_GROUP_saksmappe &&
	    !has_value(
		u, "saksstatus", SL_LIST_saksstatus, "Avsluttet", "Utgår"))
		sl_dev_tell(&n->devs, SL_DEV_saksstatus, u, "saksstatus");
	if (group == SL_GROUP_journalpost)
		judge_post(n, u);
	if (u->kind == SL_KIND_dokumentbeskrivelse &&
	    !has_value(u, "dokumentstatus", SL_LIST_dokumentstatus,
		"Dokumentet er ferdigstilt", NULL))
		sl_dev_tell(
		    &n->devs, SL_DEV_dokumentstatus, u, "dokumentstatus");
}
