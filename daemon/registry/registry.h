/*
 * The domain's words and the one table of legal changes.
 *
 * Enums, names and rules come from the .def files beside this; the SQL look-up
 * tables, the manual's tables and the diagram come from the same rows.
 */
#ifndef SL_REGISTRY_REGISTRY_H
#define SL_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/err.h"
#include "../wire/roles.h"

#define SL_WHY_MIN 3 /* characters of a reason that a person gives */
#define SL_WHY_SAID "a reason of at least 3 characters (--why)"

#define SL_STAGE(number, name, nb, owner) SL_STAGE_##name = number,
enum sl_stage {
#include "stages.def"
};
#undef SL_STAGE

#define SL_DISPO(number, name, nb) SL_DISPO_##name = number,
enum sl_dispo {
#include "dispositions.def"
};
#undef SL_DISPO

#define SL_OUTCOME(number, name, nb) SL_OUTCOME_##name = number,
enum sl_outcome {
#include "outcomes.def"
};
#undef SL_OUTCOME

#define SL_EVENT(number, name, nb) SL_EVENT_##name = number,
enum sl_event {
#include "events.def"
};
#undef SL_EVENT

#define SL_DEVIATION(name, nb, en) SL_DEVIATION_##name,
enum sl_deviation {
#include "deviations.def"
	SL_DEVIATIONS,
};
#undef SL_DEVIATION

/* What can happen to an item (transitions.def). */
enum sl_change {
	SL_CHANGE_pass,
	SL_CHANGE_defer,
	SL_CHANGE_resume,
	SL_CHANGE_hold,
	SL_CHANGE_release,
	SL_CHANGE_retry,
	SL_CHANGE_decide,
	SL_CHANGE_expire,
	SL_CHANGE_quarantine,
	SL_CHANGE_break_,
	SL_CHANGE_finish,
	SL_CHANGE_reject,
	SL_CHANGE_replace, /* another entry of the same reading comes */
	SL_CHANGE_COUNT,
};

/* Names in code and English; NULL for an unknown number. */
const char *sl_stage_name(int stage);
const char *sl_dispo_name(int dispo);
const char *sl_outcome_name(int outcome);
const char *sl_event_name(int event);
/* Does it only tell what became of a signed head? No head is sent anywhere for
 * such events: that would never end. */
bool sl_event_is_mark(int event);
const char *sl_change_name(enum sl_change c);
/* Norwegian (bokmål), as people see them. */
const char *sl_stage_nb(int stage);
const char *sl_dispo_nb(int dispo);
const char *sl_outcome_nb(int outcome);
const char *sl_event_nb(int event);
/* 0 for an unknown name. */
int sl_stage_by_name(const char *name);
int sl_dispo_by_name(const char *name);
int sl_event_by_name(const char *name);
/* SL_DEVIATIONS for an unknown name. */
enum sl_deviation sl_deviation_by_name(const char *name);

/* The gate after this one; 0 after the last. */
int sl_stage_next(int stage);
/* The gate before this one; 0 before the first. */
int sl_stage_before(int stage);

/* Disposition after the change. SL_FATAL (own bug) names both if the pair is
 * not in the table. */
enum sl_rc sl_change_apply(enum sl_dispo from, enum sl_change c,
    enum sl_dispo *ret, struct sl_err *err);

/* The journal's event of a change other than pass. */
enum sl_event sl_change_event(enum sl_change c);

enum sl_owner {
	SL_OWNER_RECORDS,
	SL_OWNER_OPERATIONS,
	SL_OWNER_VENDOR,
	SL_OWNER_SENDER,
};
struct sl_reason {
	const char *slug;
	enum sl_dispo dispo; /* where an item with this reason belongs */
	enum sl_owner owner;
	const char *en, *nb; /* what happened and what to do */
};
/* NULL for an unknown slug. */
const struct sl_reason *sl_reason_find(const char *slug);
/* All of them; ends with slug NULL. */
const struct sl_reason *sl_reason_all(void);
const char *sl_owner_name(enum sl_owner o);
const char *sl_owner_nb(enum sl_owner o);
/* What happened, without what to do: the first sentence of its text, without
 * the full stop. Appended. */
void sl_reason_short(const struct sl_reason *r, bool nb, struct sl_buf *out);
/* The change that puts a ready item where its reason belongs. */
enum sl_change sl_reason_change(const struct sl_reason *r);

/* What a remark about a digital signature says (signatures.def); NULL for any
 * other remark. */
const char *sl_signed_en(const char *slug);
const char *sl_signed_nb(const char *slug);

/* One message, as the mail programs keep it. */
bool sl_mime_is_message(const char *mime);
/* Is a part of this role a document of its entry? A message is, with its
 * attachments behind it; an archive is not, its files are, unless it cannot be
 * opened (reason not ""). Bodies, pictures inside them and sidecars are not. */
bool sl_part_is_document(unsigned role, const char *mime, const char *reason);
/* Is it a signed container whose files are documents? It goes along behind
 * them, as it came: what was taken out of it proves nothing. */
bool sl_part_is_original(unsigned role, const char *mime, const char *reason);
/* Does this part keep the whole post from going on, whichever part it is? A
 * description that cannot be understood does, and so does an envelope that
 * stayed shut: the letter itself may be in it. */
bool sl_part_stops_all(const char *mime, const char *reason);

/* Walks the rows of a look-up table for the database: false at the end. */
enum sl_table {
	SL_TABLE_STAGE,
	SL_TABLE_DISPOSITION,
	SL_TABLE_OUTCOME,
	SL_TABLE_EVENT,
	SL_TABLE_FIELD,
};
bool sl_table_row(
    enum sl_table t, int i, int *ret_number, const char **ret_name);

/* Reception number: prefix, two-digit year, six digits or more, check digit
 * (Luhn over year and number): M26-004711-3. out >= 32 bytes. */
void sl_reception_format(
    const char *prefix, int year, int64_t number, char *out, size_t n);
/* Splits "M26-004711-3" or "M26-004711-3.2" (entry 2; 0 if not said). The
 * check digit must fit. */
bool sl_reception_parse(
    const char *s, char *ret_reception, size_t n, int *ret_entry);

#endif
