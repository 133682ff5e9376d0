/*
 * The whole archive, depth first: sluse-connector-noark5(7), "Harvest".
 *
 * The same unit may be shown in several lists: a series lists the folders of
 * its classes, a class system serves several series, a document several
 * registrations. The order of the walk (classes, folders, registrations) and
 * what was seen decide below what it is handed on.
 *
 * INVARIANT: a unit is handed on after its parent; below one parent once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harvest.h"

enum kind { ARKIV, SKAPER, DEL, SYSTEM, KLASSE, MAPPE, REG, DOK, OBJ, KINDS };

/* What a list may show that is not taken there. */
enum {
	TOP = 1, /* has a link to one above it of its own kind: later */
	MET = 2, /* was met elsewhere */
	HERE = 4, /* lies in another series */
};

struct below {
	enum kind kind;
	const char *name; /* of the relation; NULL: the end */
	unsigned skip;
};

static const struct {
	const char *name, *over; /* relation to one above of the same kind */
	const char *types[3];
	struct below below[4];
} kinds[KINDS] = {
    [ARKIV] = {"arkiv", "overarkiv", {NULL},
	{{SKAPER, "arkivskaper", 0}, {DEL, "arkivdel", 0},
	    {ARKIV, "underarkiv", 0}}},
    [SKAPER] = {"arkivskaper", NULL, {NULL}, {{0, NULL, 0}}},
    [DEL] = {"arkivdel", NULL, {NULL},
	{{SYSTEM, "klassifikasjonssystem", 0}, {MAPPE, "mappe", TOP | MET},
	    {REG, "registrering", MET},
	    {SYSTEM, "sekundaerklassifikasjonssystem", MET}}},
    [SYSTEM] = {"klassifikasjonssystem", NULL, {NULL},
	{{KLASSE, "klasse", TOP}}},
    [KLASSE] = {"klasse", "overklasse", {NULL},
	{{KLASSE, "underklasse", 0}, {MAPPE, "mappe", TOP | MET | HERE},
	    {REG, "registrering", MET | HERE}}},
    [MAPPE] = {"mappe", "overmappe", {"saksmappe", NULL},
	{{MAPPE, "undermappe", 0}, {REG, "registrering", 0}}},
    [REG] = {"registrering", NULL, {"journalpost", "arkivnotat", NULL},
	{{DOK, "dokumentbeskrivelse", 0}}},
    [DOK] = {"dokumentbeskrivelse", NULL, {NULL}, {{OBJ, "dokumentobjekt", 0}}},
    [OBJ] = {"dokumentobjekt", NULL, {NULL}, {{0, NULL, 0}}},
};

/* Relations whose rows go into the fields of what they hang on, by the name
 * of the field. */
static const char *const inside[] = {"korrespondansepart", "merknad", "part",
    "kryssreferanse", "nasjonalidentifikator", "avskrivning", "dokumentflyt",
    "presedens", "konvertering", "sekundaerklassifikasjon"};
/* The same of which there is one. */
static const char *const alone[] = {"skjerming", "gradering", "kassasjon",
    "utfoertKassasjon", "sletting", "elektroniskSignatur"};

/* A unit that is handed on once something below it is. */
struct n5_waiting {
	enum kind kind;
	const char *type;
	char *id, *parent, *fields, *lacks;
	int again;
};

struct context {
	enum kind kind;
	const char *name; /* of the list */
	unsigned skip;
	const char *parent; /* its id */
	int depth;
};

static int unit(struct n5_walk *w, json_t *row, void *context);

static int
refuse(struct n5_walk *w, const char *what, const char *why)
{
	return n5_why(
	    w->why, SLUSE_REFUSED, "target_error", "%s: %s", what, why);
}

static int
stopped(struct n5_walk *w)
{
	return n5_why(w->why, SLUSE_LATER, "target_down", "stopped");
}

/* href of a relation of either package; the caller frees. */
static char *
href_of(const json_t *o, const char *name)
{
	char *rel = n5_printf(N5_STRUCT "%s/", name), *p;
	char *href = n5_href(o, rel);

	if (href == NULL) {
		free(rel);
		rel = n5_printf(N5_SAK "%s/", name);
		href = n5_href(o, rel);
	}
	if (href == NULL) { /* utfoertKassasjon is utfoertkassasjon/ there */
		for (p = rel; *p != '\0'; p++)
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
		href = n5_href(o, rel);
	}
	free(rel);
	return href;
}

static int
leads(const json_t *o, const char *name)
{
	char *href = href_of(o, name);
	int there = href != NULL;

	free(href);
	return there;
}

/* The subtype whose relation leads to the object itself, as a row of a list
 * of its general type says it. */
static const char *
type_of(const json_t *row, enum kind kind)
{
	const char *const *t = kinds[kind].types;
	char *self = n5_href(row, "self"), *href;
	int same;

	for (; *t != NULL; t++) {
		href = href_of(row, *t);
		same = self != NULL && href != NULL && strcmp(self, href) == 0;
		free(href);
		if (same)
			break;
	}
	free(self);
	return *t;
}

/* -- fields ------------------------------------------------------------------
 */

static int
take_row(struct n5_walk *w, json_t *row, void *arg)
{
	json_t *rows = arg, *copy = json_copy(row);

	(void)w;
	(void)json_object_del(copy, "_links");
	(void)json_array_append_new(rows, copy);
	return 0;
}

static int
add_list(struct n5_walk *w, const json_t *row, const char *name, json_t *fields)
{
	char *url = href_of(row, name);
	json_t *rows;
	int v;

	if (url == NULL || json_object_get(fields, name) != NULL) {
		free(url);
		return 0;
	}
	rows = json_array();
	v = n5_walk_list(w, url, name, 0, take_row, rows);
	if (v == 0 && json_array_size(rows) > 0)
		(void)json_object_set(fields, name, rows);
	json_decref(rows);
	return v;
}

/* One object, or a list with one. */
static int
add_one(struct n5_walk *w, const json_t *row, const char *name, json_t *fields)
{
	char *url = href_of(row, name);
	json_t *o = NULL, *rows, *first;
	int v = 0;

	if (url != NULL && json_object_get(fields, name) == NULL) {
		v = n5_walk_get_field(w, url, name, &o);
		rows = json_object_get(o, "results");
		if (json_array_size(rows) > 1)
			v = refuse(
			    w, name, "there may be one, and several came");
		first = rows != NULL ? json_array_get(rows, 0) : o;
		if (v == 0 && json_is_object(first) &&
		    !json_is_integer(json_object_get(first, "count"))) {
			first = json_copy(first);
			(void)json_object_del(first, "_links");
			(void)json_object_set_new(fields, name, first);
		}
		json_decref(o);
	}
	free(url);
	return v;
}

/* The unit's own object with what hangs on it; *ret is the caller's. */
static int
fields_of(struct n5_walk *w, const json_t *row, json_t **ret)
{
	json_t *fields = json_deep_copy(row);
	size_t i;
	int v = 0;

	w->lacks[0] = '\0';
	(void)json_object_del(fields, "_links");
	for (i = 0; v == 0 && i < sizeof(inside) / sizeof(*inside); i++)
		v = add_list(w, row, inside[i], fields);
	for (i = 0; v == 0 && i < sizeof(alone) / sizeof(*alone); i++)
		v = add_one(w, row, alone[i], fields);
	*ret = fields;
	return v;
}

/* -- handing on ------------------------------------------------------------
 */

static int
emit(struct n5_walk *w, const struct sluse_unit *u)
{
	struct n5_id id;

	if (++w->units > N5_UNITS_MAX)
		return refuse(w, u->kind, "there are too many units");
	if (u->id != NULL && n5_id_parse(u->id, &id) == 0 &&
	    n5_ids_add(&w->emitted, &id) < 0)
		return refuse(w, u->kind, "out of memory");
	return w->s->h->emit_unit(w->s->h->host, u) == 0 ? 0 : stopped(w);
}

static void
free_waiting(struct n5_walk *w, size_t from)
{
	while (w->wait_n > from) {
		struct n5_waiting *x = &w->wait[--w->wait_n];

		free(x->id);
		free(x->parent);
		free(x->fields);
		free(x->lacks);
	}
}

/* Those that waited for something below them. */
static int
flush(struct n5_walk *w)
{
	size_t i;
	int v = 0;

	for (i = 0; v == 0 && i < w->wait_n; i++) {
		const struct n5_waiting *x = &w->wait[i];
		struct sluse_unit u = {.size = sizeof(u),
		    .kind = kinds[x->kind].name,
		    .type = x->type,
		    .id = x->id,
		    .parent = x->parent,
		    .fields = x->fields,
		    .lacks = x->lacks,
		    .again = x->again,
		    .bytes = -1};

		v = emit(w, &u);
	}
	free_waiting(w, 0);
	return v;
}

static int
wait_for_more(struct n5_walk *w, const struct sluse_unit *u, enum kind kind)
{
	struct n5_waiting *more;

	if (w->wait_n == w->wait_cap) {
		w->wait_cap = w->wait_cap * 2 + 16;
		more = realloc(w->wait, w->wait_cap * sizeof(*more));
		if (more == NULL)
			return refuse(w, u->kind, "out of memory");
		w->wait = more;
	}
	w->wait[w->wait_n++] = (struct n5_waiting){.kind = kind,
	    .type = u->type,
	    .id = strdup(u->id),
	    .parent = u->parent != NULL ? strdup(u->parent) : NULL,
	    .fields = strdup(u->fields),
	    .lacks = u->lacks != NULL ? strdup(u->lacks) : NULL,
	    .again = u->again};
	return 0;
}

/* SHA-256 as the object states it, or NULL. */
static const char *
stated_sum(const json_t *o)
{
	const char *how = n5_text(o, "sjekksumAlgoritme");

	if (how == NULL ||
	    (strcasecmp(how, "SHA-256") != 0 && strcasecmp(how, "SHA256") != 0))
		return NULL;
	return n5_text(o, "sjekksum");
}

/* A number, also where it stands as text. */
static int64_t
stated_size(const json_t *o)
{
	const json_t *size = json_object_get(o, "filstoerrelse");
	const char *text = json_string_value(size);

	if (json_is_integer(size))
		return json_integer_value(size);
	if (text == NULL || *text == '\0' ||
	    strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
		return -1;
	return strtoll(text, NULL, 10);
}

static int
hand_on(struct n5_walk *w, const json_t *row, struct sluse_unit *u,
    enum kind kind, int lazy)
{
	json_t *fields = NULL;
	char *text = NULL;
	int v = fields_of(w, row, &fields);

	u->bytes = -1;
	if (v == 0)
		text = json_dumps(fields, JSON_COMPACT);
	json_decref(fields);
	if (v == 0 && text == NULL)
		v = refuse(w, u->kind, "the object cannot be written");
	u->fields = text;
	u->lacks = w->lacks[0] != '\0' ? w->lacks : NULL;
	if (v == 0 && lazy) {
		v = wait_for_more(w, u, kind);
	} else if (v == 0) {
		v = flush(w);
		if (v == 0 && kind == OBJ && !u->again) {
			u->sha256 = stated_sum(row);
			u->bytes = stated_size(row);
			v = n5_walk_file(w, row, &u->sink, &u->missing);
		}
		if (v == 0)
			v = emit(w, u);
	}
	free(text);
	return v;
}

/* -- logs --------------------------------------------------------------------
 */

static int
log_row(struct n5_walk *w, json_t *row, void *arg)
{
	const char *about = n5_text(row, "referanseArkivenhet");
	struct sluse_unit u = {.size = sizeof(u),
	    .kind = "endring",
	    .id = n5_text(row, "systemID"),
	    .bytes = -1};
	int narrow = w->range->from != NULL || w->range->to != NULL ||
		     w->range->series != NULL;
	struct n5_id id, unit_id;
	json_t *copy;
	char *text;
	int v;

	(void)n5_id_parse(u.id, &id); /* the list has looked */
	v = n5_ids_add(&w->logged, &id);
	if (v != 0) /* both lists may show it */
		return v > 0 ? 0 : refuse(w, "endringslogg", "out of memory");
	u.parent = arg != NULL ? arg : about;
	if (n5_id_parse(u.parent, &unit_id) != 0 ||
	    !n5_ids_have(&w->emitted, &unit_id))
		u.parent = NULL;
	if (u.parent == NULL && narrow)
		return 0;
	if (json_object_get(row, "hendelsetype") != NULL)
		u.type = "hendelseslogg";
	copy = json_copy(row);
	(void)json_object_del(copy, "_links");
	text = json_dumps(copy, JSON_COMPACT);
	json_decref(copy);
	u.fields = text;
	v = text != NULL ? emit(w, &u) : refuse(w, u.kind, "out of memory");
	free(text);
	return v;
}

/* The list of a log that page o leads to, if it does. */
static int
log_list(struct n5_walk *w, const json_t *o, const char *name, char *parent)
{
	char *rel = n5_printf(N5_REL "loggingogsporing/%s/", name);
	char *url = n5_href(o, rel);

	free(rel);
	return url == NULL ? 0 : n5_walk_list(w, url, name, 1, log_row, parent);
}

/* -- the walk ----------------------------------------------------------------
 */

static int
walk_below(struct n5_walk *w, const json_t *row, enum kind kind, int depth)
{
	const struct below *b = kinds[kind].below;
	char *parent = strdup(n5_text(row, "systemID"));
	int v = 0;

	for (; v == 0 && b < kinds[kind].below + 4 && b->name != NULL; b++) {
		struct context c = {.kind = b->kind,
		    .name = b->name,
		    .skip = b->skip,
		    .parent = parent,
		    .depth = depth + 1};
		char *url = href_of(row, b->name);

		if (url != NULL)
			v = n5_walk_list(w, url, b->name, 1, unit, &c);
	}
	free(parent);
	return v;
}

static int
narrowed(const struct n5_walk *w)
{
	return w->range->from != NULL || w->range->to != NULL;
}

/* Was it made in the range? -1: it does not say when it was made. */
static int
made_in(const struct n5_walk *w, const json_t *row)
{
	const char *made = n5_text(row, "opprettetDato");

	if (!narrowed(w))
		return 1;
	if (made == NULL || strlen(made) < 10)
		return -1;
	return (w->range->from == NULL ||
		   strncmp(made, w->range->from, 10) >= 0) &&
	       (w->range->to == NULL || strncmp(made, w->range->to, 10) <= 0);
}

/* Does it belong to another list than this one? */
static int
is_elsewhere(struct n5_walk *w, const json_t *row, const struct context *c,
    const struct n5_id *id)
{
	const char *over = kinds[c->kind].over;
	char *series;
	int other = 0;

	if ((c->skip & TOP) != 0 && over != NULL && leads(row, over)) {
		(void)n5_ids_add(&w->later, id);
		return 1;
	}
	if ((c->skip & HERE) != 0) {
		series = href_of(row, "arkivdel");
		other = series != NULL && w->series != NULL &&
			strcmp(series, w->series) != 0;
		free(series);
	}
	return other ||
	       ((c->skip & MET) != 0 &&
		   n5_ids_have(c->kind == SYSTEM ? &w->classes : &w->seen, id));
}

/* Notes that it was met; *ret_again: below another parent before. */
static int
meet(struct n5_walk *w, const struct context *c, const struct n5_id *id,
    int *ret_again)
{
	int met = n5_ids_add(&w->seen, id), twice = met;

	if (c->kind == SYSTEM || c->kind == KLASSE)
		twice = n5_ids_add(&w->classes, id);
	else if (c->kind == SKAPER || c->kind == DOK)
		twice = met < 0 ? met : 0;
	*ret_again = met == 1;
	if (twice < 0)
		return refuse(w, c->name, "out of memory");
	return twice > 0 ? refuse(w, c->name, "a unit comes twice") : 0;
}

/* From here on we are in this series. */
static int
enter_series(struct n5_walk *w, const json_t *row)
{
	const char *id = n5_text(row, "systemID");

	if (w->range->series != NULL && strcmp(w->range->series, id) != 0)
		return 0;
	w->series_found = 1;
	free(w->series);
	w->series = n5_href(row, "self");
	n5_ids_free(&w->classes);
	return 1;
}

static int
walk_unit(struct n5_walk *w, json_t *row, const struct context *c, int again,
    int lazy)
{
	struct sluse_unit u = {.size = sizeof(u),
	    .kind = kinds[c->kind].name,
	    .type = type_of(row, c->kind),
	    .id = n5_text(row, "systemID"),
	    .parent = c->parent,
	    .again = again};
	size_t waiting = w->wait_n;
	struct n5_id id;
	char *about;
	int v = hand_on(w, row, &u, c->kind, lazy);

	if (v == 0 && !(c->kind == DOK && again))
		v = walk_below(w, row, c->kind, c->depth);
	(void)n5_id_parse(u.id, &id);
	if (v == 0 && w->logs_below && n5_ids_have(&w->emitted, &id)) {
		about = strdup(u.id);
		v = log_list(w, row, "endringslogg", about);
		free(about);
	}
	if (c->kind != SKAPER) /* it waits for what comes beside it */
		free_waiting(w, waiting);
	return v;
}

static int
unit(struct n5_walk *w, json_t *row, void *context)
{
	const struct context *c = context;
	int again = 0, lazy = 0, in = 1, v;
	struct n5_id id;

	(void)n5_id_parse(n5_text(row, "systemID"), &id);
	if (c->depth > N5_DEPTH_MAX)
		return refuse(w, c->name, "units lie too deep");
	if (is_elsewhere(w, row, c, &id))
		return 0;
	v = meet(w, c, &id, &again);
	if (v != 0)
		return v;
	if (c->kind == DEL && !enter_series(w, row))
		return 0;
	if (c->kind == MAPPE || c->kind == REG)
		in = made_in(w, row);
	if (in < 0)
		return refuse(w, c->name, "one does not say when it was made");
	if (c->kind == REG && in == 0)
		return 0;
	lazy = in == 0 || (w->range->series != NULL &&
			      (c->kind == ARKIV || c->kind == SKAPER));
	return walk_unit(w, row, c, again, lazy);
}

/* What was to come below another has come. */
static int
check_later(struct n5_walk *w)
{
	if (w->range->series != NULL && !w->series_found)
		return n5_why(w->why, SLUSE_NOT_FOUND, "target_refused",
		    "the target shows no such arkivdel");
	if (!n5_ids_each_in(&w->later, &w->seen))
		return refuse(w, "arkivstruktur",
		    "a unit lies below one that the target does not show");
	return 0;
}

static int
walk(struct n5_walk *w)
{
	const struct context top = {
	    .kind = ARKIV, .name = "arkiv", .skip = TOP | MET};
	struct context c = top;
	json_t *root = NULL, *logs = NULL;
	char *url, *log_url;
	/* The pages that lead on come with it. */
	int v =
	    n5_walk_get(w, n5_config(w->s, "base_url", NULL), "root", &root);

	log_url = n5_href(root, N5_REL "loggingogsporing/");
	json_decref(root);
	url = v == 0 ? n5_href(w->s->structure, N5_STRUCT "arkiv/") : NULL;
	if (v == 0 && url == NULL)
		v = refuse(w, "arkiv", "the target shows no list of them");
	if (v == 0 && log_url != NULL)
		v = n5_walk_get(w, log_url, "loggingogsporing", &logs);
	free(log_url);
	log_url = n5_href(logs, N5_REL "loggingogsporing/endringslogg/");
	w->logs_below = log_url == NULL;
	free(log_url);
	if (v == 0)
		v = n5_walk_list(w, url, "arkiv", 1, unit, &c);
	else
		free(url);
	if (v == 0)
		v = check_later(w);
	if (v == 0)
		v = log_list(w, logs, "endringslogg", NULL);
	if (v == 0)
		v = log_list(w, logs, "hendelseslogg", NULL);
	json_decref(logs);
	return v;
}

int
n5_harvest(struct sluse_session *s, const struct sluse_range *range,
    struct sluse_why *why)
{
	struct n5_walk w = {.s = s, .range = range, .why = why};
	char uuid[37];
	struct n5_id seed;
	int v;

	s->h->uuid(s->h->host, uuid);
	(void)n5_id_parse(uuid, &seed);
	w.seed = seed.half[0];
	w.seen.seed = w.emitted.seed = w.classes.seed = w.seed;
	w.later.seed = w.logged.seed = w.seed;
	w.dead = json_object();
	v = walk(&w);
	json_decref(w.dead);
	free_waiting(&w, 0);
	free(w.wait);
	free(w.series);
	n5_ids_free(&w.seen);
	n5_ids_free(&w.emitted);
	n5_ids_free(&w.classes);
	n5_ids_free(&w.later);
	n5_ids_free(&w.logged);
	return v == 0 ? SLUSE_DELIVERED : v;
}
