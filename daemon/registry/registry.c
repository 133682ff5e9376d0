#include "registry.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"

struct name {
	int number;
	const char *name, *nb;
};

#define SL_STAGE(number, name, nb, owner) {number, #name, nb},
static const struct name stages[] = {
#include "stages.def"
};
#undef SL_STAGE
#define SL_DISPO(number, name, nb) {number, #name, nb},
static const struct name dispos[] = {
#include "dispositions.def"
};
#undef SL_DISPO
#define SL_OUTCOME(number, name, nb) {number, #name, nb},
static const struct name outcomes[] = {
#include "outcomes.def"
};
#undef SL_OUTCOME
#define SL_EVENT(number, name, nb) {number, #name, nb},
static const struct name events[] = {
#include "events.def"
};
#undef SL_EVENT
#define SL_FIELD(number, name, en, nb) {number, #name, nb},
static const struct name fields[] = {
#include "../wire/fields.def"
};
#undef SL_FIELD

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const char *const changes[SL_CHANGE_COUNT] = {
    [SL_CHANGE_pass] = "pass",
    [SL_CHANGE_defer] = "defer",
    [SL_CHANGE_resume] = "resume",
    [SL_CHANGE_hold] = "hold",
    [SL_CHANGE_release] = "release",
    [SL_CHANGE_retry] = "retry",
    [SL_CHANGE_decide] = "decide",
    [SL_CHANGE_expire] = "expire",
    [SL_CHANGE_quarantine] = "quarantine",
    [SL_CHANGE_break_] = "break",
    [SL_CHANGE_finish] = "finish",
    [SL_CHANGE_reject] = "reject",
    [SL_CHANGE_replace] = "replace",
};

/* [disposition / 10][change] -> new disposition; 0 = illegal. */
#define SL_RULE(from, change, to)                                              \
	[SL_DISPO_##from / 10][SL_CHANGE_##change] = SL_DISPO_##to,
static const uint8_t rules[7][SL_CHANGE_COUNT] = {
#include "transitions.def"
};
#undef SL_RULE
static_assert(SL_DISPO_done / 10 < 7, "rules[] has a row for each");

#define OWNER(o) SL_OWNER_##o
#define SL_REASON(slug, dispo, owner, en, nb)                                  \
	{#slug, SL_DISPO_##dispo, OWNER(owner), en, nb},
static const struct sl_reason reasons[] = {
#include "reasons.def"
    {NULL, SL_DISPO_held, SL_OWNER_RECORDS, NULL, NULL},
};
#undef SL_REASON

static const struct name *
find(const struct name *t, int count, int number)
{
	int i;

	for (i = 0; i < count; i++)
		if (t[i].number == number)
			return &t[i];
	return NULL;
}

static int
by_name(const struct name *t, int count, const char *s)
{
	int i;

	for (i = 0; i < count; i++)
		if (strcmp(t[i].name, s) == 0)
			return t[i].number;
	return 0;
}

#define NAMES(kind, table)                                                     \
	const char *sl_##kind##_name(int number)                               \
	{                                                                      \
		const struct name *n = find(table, COUNT(table), number);      \
		return n != NULL ? n->name : NULL;                             \
	}
#define NAMES_NB(kind, table)                                                  \
	const char *sl_##kind##_nb(int number)                                 \
	{                                                                      \
		const struct name *n = find(table, COUNT(table), number);      \
		return n != NULL ? n->nb : NULL;                               \
	}
NAMES(stage, stages)
NAMES(dispo, dispos)
NAMES(outcome, outcomes)
NAMES(event, events)
NAMES_NB(stage, stages)
NAMES_NB(dispo, dispos)
NAMES_NB(outcome, outcomes)
NAMES_NB(event, events)

int
sl_stage_by_name(const char *name)
{
	return by_name(stages, COUNT(stages), name);
}

int
sl_dispo_by_name(const char *name)
{
	return by_name(dispos, COUNT(dispos), name);
}

int
sl_event_by_name(const char *name)
{
	return by_name(events, COUNT(events), name);
}

enum sl_deviation
sl_deviation_by_name(const char *name)
{
#define SL_DEVIATION(slug, nb, en)                                             \
	if (strcmp(name, #slug) == 0)                                          \
		return SL_DEVIATION_##slug;
#include "deviations.def"
#undef SL_DEVIATION
	return SL_DEVIATIONS;
}

const char *
sl_change_name(enum sl_change c)
{
	return changes[c];
}

int
sl_stage_next(int stage)
{
	int i;

	for (i = 0; i + 1 < COUNT(stages); i++)
		if (stages[i].number == stage)
			return stages[i + 1].number;
	return 0;
}

int
sl_stage_before(int stage)
{
	int i;

	for (i = 1; i < COUNT(stages); i++)
		if (stages[i].number == stage)
			return stages[i - 1].number;
	return 0;
}

enum sl_rc
sl_change_apply(enum sl_dispo from, enum sl_change c, enum sl_dispo *ret,
    struct sl_err *err)
{
	int to = 0;

	if (sl_dispo_name((int)from) != NULL && c < SL_CHANGE_COUNT)
		to = rules[from / 10][c];
	if (to == 0)
		return sl_err_set(err, SL_FATAL, 0, "own_bug",
		    "change \"%s\" is not legal for an item that is \"%s\"",
		    c < SL_CHANGE_COUNT ? changes[c] : "?",
		    sl_dispo_name((int)from) != NULL ? sl_dispo_name((int)from)
						     : "?");
	*ret = (enum sl_dispo)to;
	return SL_OK;
}

enum sl_event
sl_change_event(enum sl_change c)
{
	static const enum sl_event e[SL_CHANGE_COUNT] = {
	    [SL_CHANGE_defer] = SL_EVENT_deferred,
	    [SL_CHANGE_resume] = SL_EVENT_resumed,
	    [SL_CHANGE_hold] = SL_EVENT_held,
	    [SL_CHANGE_release] = SL_EVENT_released,
	    [SL_CHANGE_retry] = SL_EVENT_retried,
	    [SL_CHANGE_decide] = SL_EVENT_decided,
	    [SL_CHANGE_expire] = SL_EVENT_expired,
	    [SL_CHANGE_quarantine] = SL_EVENT_quarantined,
	    [SL_CHANGE_break_] = SL_EVENT_broken,
	    [SL_CHANGE_finish] = SL_EVENT_delivered,
	    [SL_CHANGE_reject] = SL_EVENT_rejected,
	    [SL_CHANGE_replace] = SL_EVENT_replaced,
	};

	assert(c < SL_CHANGE_COUNT && e[c] != 0);
	return e[c];
}

const struct sl_reason *
sl_reason_find(const char *slug)
{
	const struct sl_reason *r;

	for (r = reasons; slug != NULL && r->slug != NULL; r++)
		if (strcmp(r->slug, slug) == 0)
			return r;
	return NULL;
}

const struct sl_reason *
sl_reason_all(void)
{
	return reasons;
}

void
sl_reason_short(const struct sl_reason *r, bool nb, struct sl_buf *out)
{
	const char *s = nb ? r->nb : r->en;
	size_t n;

	for (n = 0; s[n] != '\0'; n++)
		if (strchr(".:;", s[n]) != NULL &&
		    (s[n + 1] == ' ' || s[n + 1] == '\0'))
			break;
	sl_buf_add(out, s, n);
}

const char *
sl_owner_name(enum sl_owner o)
{
	static const char *const n[] = {
	    "records centre", "IT operations", "vendor", "sender"};

	return n[o];
}

const char *
sl_owner_nb(enum sl_owner o)
{
	static const char *const n[] = {
	    "dokumentsenteret", "IT-drift", "leverandøren", "avsenderen"};

	return n[o];
}

enum sl_change
sl_reason_change(const struct sl_reason *r)
{
	switch (r->dispo) {
	case SL_DISPO_deferred:
		return SL_CHANGE_defer;
	case SL_DISPO_quarantined:
		return SL_CHANGE_quarantine;
	case SL_DISPO_broken:
		return SL_CHANGE_break_;
	case SL_DISPO_ready:
	case SL_DISPO_held:
	case SL_DISPO_done:
		break;
	}
	return SL_CHANGE_hold;
}

#define SL_SIGNED(slug, en, nb) {#slug, en, nb},
static const struct {
	const char *slug, *en, *nb;
} signatures[] = {
#include "signatures.def"
};
#undef SL_SIGNED

const char *
sl_signed_en(const char *slug)
{
	size_t i;

	for (i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		if (strcmp(signatures[i].slug, slug) == 0)
			return signatures[i].en;
	return NULL;
}

const char *
sl_signed_nb(const char *slug)
{
	size_t i;

	for (i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		if (strcmp(signatures[i].slug, slug) == 0)
			return signatures[i].nb;
	return NULL;
}

bool
sl_mime_is_message(const char *mime)
{
	return strcmp(mime, "message/rfc822") == 0 ||
	       strcmp(mime, "application/vnd.ms-outlook") == 0;
}

bool
sl_part_is_document(unsigned role, const char *mime, const char *reason)
{
	if (role == SL_PART_DOCUMENT)
		return true;
	return role == SL_PART_CONTAINER &&
	       (sl_mime_is_message(mime) || *reason != '\0');
}

bool
sl_part_is_original(unsigned role, const char *mime, const char *reason)
{
	return role == SL_PART_CONTAINER && *reason == '\0' &&
	       (strncmp(mime, SL_MIME_ASIC, strlen(SL_MIME_ASIC)) == 0 ||
		   strcmp(mime, SL_MIME_SIGNED) == 0);
}

bool
sl_part_stops_all(const char *mime, const char *reason)
{
	return strcmp(reason, "sidecar_invalid") == 0 ||
	       strcmp(reason, "key_missing") == 0 ||
	       (reason[0] != '\0' && strcmp(mime, SL_MIME_ENVELOPE) == 0);
}

bool
sl_table_row(enum sl_table t, int i, int *ret_number, const char **ret_name)
{
	static const struct {
		const struct name *rows;
		int count;
	} tables[] = {
	    [SL_TABLE_STAGE] = {stages, COUNT(stages)},
	    [SL_TABLE_DISPOSITION] = {dispos, COUNT(dispos)},
	    [SL_TABLE_OUTCOME] = {outcomes, COUNT(outcomes)},
	    [SL_TABLE_EVENT] = {events, COUNT(events)},
	    [SL_TABLE_FIELD] = {fields, COUNT(fields)},
	};

	if (i >= tables[t].count)
		return false;
	*ret_number = tables[t].rows[i].number;
	*ret_name = tables[t].rows[i].name;
	return true;
}

/* Luhn (ISO/IEC 7812): finds every single wrong digit and nearly all swaps. */
static int
check_digit(const char *s)
{
	int sum = 0, d, i;
	bool twice = true;

	for (i = (int)strlen(s) - 1; i >= 0; i--) {
		if (!isdigit((unsigned char)s[i]))
			continue;
		d = (s[i] - '0') * (twice ? 2 : 1);
		sum += d > 9 ? d - 9 : d;
		twice = !twice;
	}
	return (10 - sum % 10) % 10;
}

void
sl_reception_format(
    const char *prefix, int year, int64_t number, char *out, size_t n)
{
	char digits[32];

	(void)snprintf(digits, sizeof(digits), "%02d-%06lld", year % 100,
	    (long long)number);
	(void)snprintf(out, n, "%s%s-%d", prefix, digits, check_digit(digits));
}

bool
sl_reception_parse(const char *s, char *ret_reception, size_t n, int *ret_entry)
{
	size_t letters = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), year, num;
	const char *dash, *end;
	char digits[32];
	uint64_t e = 0;

	year = strspn(s + letters, "0123456789");
	if (letters < 1 || letters > 8 || year != 2 || s[letters + 2] != '-')
		return false;
	dash = s + letters + 3;
	num = strspn(dash, "0123456789");
	if (num < 6 || num > 12 || dash[num] != '-' ||
	    !isdigit((unsigned char)dash[num + 1]))
		return false;
	end = dash + num + 2;
	if (*end == '.') {
		if (!sl_parse_u64(end + 1, 1, 9999, &e))
			return false;
	} else if (*end != '\0') {
		return false;
	}
	(void)snprintf(
	    digits, sizeof(digits), "%.*s", (int)(num + 3), s + letters);
	if (check_digit(digits) != dash[num + 1] - '0' ||
	    (size_t)(end - s) >= n)
		return false;
	memcpy(ret_reception, s, (size_t)(end - s));
	ret_reception[end - s] = '\0';
	*ret_entry = (int)e;
	return true;
}

bool
sl_event_is_mark(int event)
{
	return event == SL_EVENT_cosigned || event == SL_EVENT_timestamped ||
	       event == SL_EVENT_witness_refused;
}
