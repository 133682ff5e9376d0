#include "access.h"

#include <stdio.h>
#include <string.h>

static const char *const duties_names[SL_DUTIES] = {
#define SL_DUTY(name, nb, en) [SL_DUTY_##name] = #name,
#include "roles.def"
#undef SL_DUTY
};

static const struct {
	const char *name;
	bool changes;
	enum sl_may may[SL_DUTIES];
} verbs[SL_VERBS] = {
#define SL_VERB(name, words, changes, a, s, op, au, in, ow, en)                \
	[SL_VERB_##name] = {words, changes,                                    \
	    {SL_MAY_##a, SL_MAY_##s, SL_MAY_##op, SL_MAY_##au, SL_MAY_##in,    \
		SL_MAY_##ow}},
#include "verbs.def"
#undef SL_VERB
};

const char *
sl_duty_name(enum sl_duty duty)
{
	return duty < SL_DUTIES ? duties_names[duty] : NULL;
}

const char *
sl_verb_name(enum sl_verb verb)
{
	return verb < SL_VERBS ? verbs[verb].name : NULL;
}

enum sl_verb
sl_verb_by_name(const char *name)
{
	enum sl_verb v;

	for (v = 0; v < SL_VERBS && strcmp(verbs[v].name, name) != 0; v++)
		;
	return v;
}

bool
sl_verb_changes(enum sl_verb verb)
{
	return verbs[verb].changes;
}

enum sl_may
sl_access_cell(enum sl_verb verb, enum sl_duty duty)
{
	return verbs[verb].may[duty];
}

enum sl_may
sl_access_may(enum sl_verb verb, unsigned duties, enum sl_duty *ret_as)
{
	enum sl_may best = SL_MAY_no;
	enum sl_duty d;

	if (verbs[verb].changes && (duties & 1u << SL_DUTY_auditor) != 0)
		duties &= 1u << SL_DUTY_owner;
	for (d = 0; d < SL_DUTIES; d++) {
		if ((duties & 1u << d) == 0 || verbs[verb].may[d] <= best)
			continue;
		best = verbs[verb].may[d];
		*ret_as = d;
	}
	return best;
}

void
sl_duties_text(unsigned duties, char *out, size_t n)
{
	enum sl_duty d;
	size_t at = 0;

	(void)snprintf(out, n, "-");
	for (d = 0; d < SL_DUTIES && at < n; d++)
		if ((duties & 1u << d) != 0)
			at += (size_t)snprintf(out + at, n - at, "%s%s",
			    at > 0 ? "," : "", duties_names[d]);
}
