/*
 * Who may do what, said a second time here; and groups as NSS knows them.
 */
#include "../../daemon/access/access.h"
#include "../../daemon/access/groups.h"

#include <dlfcn.h>
#include <grp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/* Columns: archivist, systemansvarlig, operator, auditor, integrator, owner.
 * y yes, n no, b bare, g glass, 2 two persons. */
static const struct {
	const char *verb, *may;
	bool changes;
} table[] = {
    {"status", "yyyyyy", false},
    {"age", "yyyyyy", false},
    {"list", "yygyby", false},
    {"show", "yygyby", false},
    {"explain", "yygyby", false},
    {"cases-list", "yygyby", false},
    {"journal-list", "yygyby", false},
    {"journal-verify", "yyyyyy", false},
    {"journal-export", "yynyny", false},
    {"journal-prove", "yynyny", false},
    {"depot-dias", "nnnnny", false},
    {"approvals", "yybyny", false},
    {"hold", "yynnny", true},
    {"release", "yynnny", true},
    {"release-quarantined", "22nnn2", true},
    {"retry", "yyynyy", true},
    {"retry-held", "yynnny", true},
    {"reject", "yynnny", true},
    {"assign", "yynnny", true},
    {"mass", "22nnn2", true},
    {"journal-erase", "22nnn2", true},
    {"journal-accept", "n2nnn2", true},
    {"journal-key", "nynnny", true},
    {"approve", "yynnnn", true},
    {"deviation", "yyynyy", true},
    {"scan-sign", "yynnny", true},
    {"report", "yynyny", false},
    {"cases-import", "yynnyy", true},
    {"stop-in", "yyynny", true},
    {"start-in", "yyynny", true},
    {"stop-out", "nyynyy", true},
    {"start-out", "nyynyy", true},
};
#define ROWS (sizeof(table) / sizeof(table[0]))

static enum sl_may
by_letter(char c)
{
	switch (c) {
	case 'y':
		return SL_MAY_yes;
	case 'b':
		return SL_MAY_bare;
	case 'g':
		return SL_MAY_glass;
	case '2':
		return SL_MAY_two;
	default:
		return SL_MAY_no;
	}
}

static void
every_verb_and_role(void)
{
	enum sl_duty d, as;
	enum sl_verb v;
	enum sl_may want;
	size_t i;

	CHECK(ROWS == SL_VERBS);
	for (i = 0; i < ROWS; i++) {
		v = sl_verb_by_name(table[i].verb);
		CHECK_MSG(v < SL_VERBS, "%s", table[i].verb);
		if (v == SL_VERBS)
			continue;
		CHECK_STR(sl_verb_name(v), table[i].verb);
		CHECK(sl_verb_changes(v) == table[i].changes);
		CHECK(strlen(table[i].may) == SL_DUTIES);
		for (d = 0; d < SL_DUTIES; d++) {
			want = by_letter(table[i].may[d]);
			CHECK_MSG(sl_access_cell(v, d) == want, "%s %s",
			    table[i].verb, sl_duty_name(d));
			as = SL_DUTIES;
			CHECK_MSG(sl_access_may(v, 1u << d, &as) == want,
			    "%s %s", table[i].verb, sl_duty_name(d));
			CHECK(want == SL_MAY_no || as == d);
		}
		CHECK(sl_access_may(v, 0, &as) == SL_MAY_no);
	}
	CHECK(sl_verb_by_name("") == SL_VERBS);
	CHECK(sl_verb_by_name("read") == SL_VERBS);
	CHECK(sl_verb_name(SL_VERBS) == NULL);
	CHECK(sl_duty_name(SL_DUTIES) == NULL);
}

#define BIT(duty) (1u << SL_DUTY_##duty)

static void
several_roles(void)
{
	enum sl_duty as;

	/* The best of them. */
	CHECK(sl_access_may(SL_VERB_show, BIT(operator) | BIT(archivist),
		  &as) == SL_MAY_yes &&
	      as == SL_DUTY_archivist);
	CHECK(sl_access_may(SL_VERB_show, BIT(operator) | BIT(integrator),
		  &as) == SL_MAY_glass &&
	      as == SL_DUTY_operator);
	/* An auditor changes nothing, whatever else he is. */
	CHECK(sl_access_may(SL_VERB_hold, BIT(auditor) | BIT(archivist), &as) ==
	      SL_MAY_no);
	CHECK(sl_access_may(SL_VERB_mass, BIT(auditor) | BIT(systemansvarlig),
		  &as) == SL_MAY_no);
	CHECK(sl_access_may(SL_VERB_show, BIT(auditor) | BIT(operator), &as) ==
	      SL_MAY_yes);
	CHECK(sl_access_may(SL_VERB_hold, BIT(auditor) | BIT(owner), &as) ==
	      SL_MAY_yes);
}

static void
roles_in_words(void)
{
	char out[96];

	sl_duties_text(0, out, sizeof(out));
	CHECK_STR(out, "-");
	sl_duties_text(BIT(archivist) | BIT(owner), out, sizeof(out));
	CHECK_STR(out, "archivist,owner");
	sl_duties_text((1u << SL_DUTIES) - 1, out, sizeof(out));
	CHECK_STR(
	    out, "archivist,systemansvarlig,operator,auditor,integrator,owner");
}

/* Groups of this machine, whatever they are called. */
static void
groups(void)
{
	const char *names[3] = {"", "no-such-group-here", "0"};
	struct sl_access_config c = {0};
	struct sl_groups *g = NULL;
	struct sl_err err;
	struct group *gr = getgrgid(0);
	gid_t zero = 0, other = 12345678;

	if (gr == NULL) {
		(void)puts("# no group 0 here");
		return;
	}
	names[0] = gr->gr_name;
	c.auditor = (struct sl_list){names, 3};
	c.archivist = (struct sl_list){names + 1, 1};
	CHECK(sl_groups_start(&c, &g, &err) == SL_OK);
	CHECK(sl_groups_duties(g, &zero, 1) == 0);
	sl_groups_wait(g, 20000);
	CHECK(sl_groups_take(g));
	CHECK(!sl_groups_take(g));
	CHECK(sl_groups_duties(g, &zero, 1) == BIT(auditor));
	CHECK(sl_groups_duties(g, &other, 1) == 0);
	CHECK(sl_groups_duties(g, &other, 0) == 0);
	CHECK(strstr(sl_groups_json(g), "no-such-group-here") != NULL);
	CHECK(strstr(sl_groups_json(g), "\"gid\":0") != NULL);
	sl_groups_free(g);
}

#define CROWD 250
static const char *crowd_last; /* of all groups named crowd-... */

/* In the place of libc's, for groups that no machine has. */
int
getgrnam_r(const char *name, struct group *gr, char *buf, size_t cap,
    struct group **ret)
{
	static char text[CROWD][24], *mem[CROWD + 1];
	int (*next)(
	    const char *, struct group *, char *, size_t, struct group **);
	void *found = dlsym(RTLD_NEXT, "getgrnam_r");
	int i;

	if (strncmp(name, "crowd-", 6) != 0) {
		memcpy(&next, &found, sizeof(next));
		return next(name, gr, buf, cap, ret);
	}
	for (i = 0; i < CROWD; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "%s",
		    i < CROWD - 1 ? "ansatt" : crowd_last);
		mem[i] = text[i];
	}
	mem[CROWD] = NULL;
	*gr = (struct group){.gr_gid = 4711, .gr_mem = mem};
	*ret = gr;
	return 0;
}

/* What is told while that is the last of each group. Caller frees. */
static char *
told(const char *last, const char **names, size_t n)
{
	struct sl_access_config c = {0};
	struct sl_groups *g = NULL;
	struct sl_err err;
	json_t *j;
	char *s;

	crowd_last = last;
	c.archivist = c.auditor = c.operator=(struct sl_list){names, n};
	CHECK(sl_groups_start(&c, &g, &err) == SL_OK);
	sl_groups_wait(g, 20000);
	CHECK(sl_groups_take(g));
	s = strdup(sl_groups_json(g));
	sl_groups_free(g);
	j = json_loads(s, 0, NULL);
	CHECK(j != NULL);
	json_decref(j);
	return s;
}

/* Whoever comes or goes is a change, also where not all are named. */
static void
crowds(void)
{
	const char *names[SL_GROUPS_MAX];
	char *a, *b, *c;
	size_t i;

	for (i = 0; i < SL_GROUPS_MAX; i++)
		names[i] = "crowd-of-many-people";
	for (i = 1; i <= SL_GROUPS_MAX; i += SL_GROUPS_MAX - 1) {
		a = told("kari", names, i);
		b = told("ola", names, i);
		c = told("kari", names, i);
		CHECK(strcmp(a, b) != 0);
		CHECK(strcmp(a, c) == 0);
		free(a);
		free(b);
		free(c);
	}
}

/* Without groups there is no child; too many are refused. */
static void
no_groups_and_many(void)
{
	const char *names[SL_GROUPS_MAX + 1];
	struct sl_access_config c = {0};
	struct sl_groups *g = NULL;
	struct sl_err err;
	size_t i;

	CHECK(sl_groups_start(&c, &g, &err) == SL_OK);
	CHECK(sl_groups_fd(g) < 0 && !sl_groups_take(g));
	sl_groups_free(g);
	for (i = 0; i <= SL_GROUPS_MAX; i++)
		names[i] = "x";
	c.operator=(struct sl_list){names, SL_GROUPS_MAX + 1};
	CHECK(sl_groups_start(&c, &g, &err) == SL_FATAL);
}

TEST_MAIN({"every_verb_and_role", every_verb_and_role},
    {"several_roles", several_roles}, {"roles_in_words", roles_in_words},
    {"groups", groups}, {"crowds", crowds},
    {"no_groups_and_many", no_groups_and_many})
