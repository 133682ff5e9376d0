/*
 * The lists: which columns, which rows, what a cell holds.
 */
#include "list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "../report/legal.h"
#include "write.h"

enum { R = 1, P = 2, S = 4, W = 8, N = 16 };
enum column {
#define SL_JCOL(key, type, nb, en, where) COL_##key,
#include "columns.def"
#undef SL_JCOL
	COLUMNS
};
static const struct {
	struct sl_column c;
	unsigned where;
} columns[COLUMNS] = {
#define SL_JCOL(key, type, nb, en, where)                                      \
	{{0, #key, SL_COL_##type, nb, en, ""}, where},
#include "columns.def"
#undef SL_JCOL
};

static const struct sl_shape shapes[] = {
    {"loepende-journal", "Løpende journal", "Running journal", "none", NULL, 0},
    {"offentlig-journal", "Offentlig journal", "Public journal", "none", NULL,
	0},
    {"restanseliste", "Restanseliste", "Posts without an answer", "none", NULL,
	0},
};

struct table {
	struct sl_jlist *l;
	struct sl_out *out;
	struct sl_shape shape;
	struct sl_column col[COLUMNS];
	int id[COLUMNS]; /* enum column */
	struct sl_buf cell[COLUMNS];
	uint64_t rows;
};

/* -- cells -------------------------------------------------------------- */

static const char *
text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

static void
join(struct sl_buf *b, const char *between, const char *s)
{
	if (*s == '\0')
		return;
	if (b->n > 0)
		sl_buf_add_str(b, between);
	sl_buf_add_str(b, s);
}

static void
add_parties(struct sl_buf *b, const json_t *post)
{
	const json_t *parts = json_object_get(post, "korrespondansepart"), *one;
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		one = json_array_get(parts, i);
		join(b, "; ", text_of(one, "korrespondanseparttype"));
		join(b, ": ", text_of(one, "korrespondansepartNavn"));
	}
}

static const char *
public_or_own(const struct sl_jlist *l, const json_t *o)
{
	return text_of(o, l->screen.public ? "offentligTittel" : "tittel");
}

static void
add_case(const struct sl_jlist *l, struct sl_buf *b, const json_t *view)
{
	const json_t *sak = json_object_get(view, "saksmappe");
	const json_t *klasse = json_object_get(view, "klasse");

	join(b, "", text_of(sak, "mappeID"));
	join(b, " ", public_or_own(l, sak));
	if (*text_of(klasse, "klasseID") != '\0') {
		join(b, " (", text_of(klasse, "klasseID"));
		join(b, " ", text_of(klasse, "tittel"));
		sl_buf_add_char(b, ')');
	}
}

/* A code of the record, which views have no place for. */
static const char *
kind_of(const json_t *record)
{
	const json_t *v =
	    json_object_get(json_object_get(record, "post"), "journalposttype");

	return v != NULL ? sl_code_kode(SL_LIST_journalposttype, v) : "";
}

static void
add_day(struct sl_buf *b, const json_t *record, const char *name)
{
	const char *s = json_string_value(
	    json_object_get(json_object_get(record, "post"), name));
	char day[11];

	if (s != NULL && sl_date_text(s, day))
		sl_buf_add_str(b, day);
}

/* Who it lies with: the post's own, else the case's. */
static const char *
holder(const json_t *view, const char *own, const char *cases)
{
	const char *s = text_of(json_object_get(view, "journalpost"), own);

	return *s != '\0' ? s
			  : text_of(json_object_get(view, "saksmappe"), cases);
}

/* The day that waiting began: received, else journaled; -1: not known. */
static int64_t
waits_since(const json_t *record)
{
	SL_BUF struct sl_buf b = {0};

	add_day(&b, record, "mottattDato");
	if (b.n == 0)
		add_day(&b, record, "journaldato");
	return sl_day_read(sl_buf_str(&b));
}

/* A date of Noark as a person writes it, and what is none as it is. */
static void
show_day(const struct table *t, const char *s, struct sl_buf *b)
{
	char day[11];

	if (sl_date_text(s, day))
		sl_out_add_day(t->out, b, day);
	else
		sl_buf_add_str(b, s);
}

static void
show_day_of(const struct table *t, const json_t *record, const char *name,
    struct sl_buf *b)
{
	SL_BUF struct sl_buf day = {0};

	add_day(&day, record, name);
	if (day.n > 0)
		sl_out_add_day(t->out, b, sl_buf_str(&day));
}

static void
add_fields(struct table *t, int id, const json_t *view, struct sl_buf *b)
{
	const json_t *post = json_object_get(view, "journalpost");
	const json_t *sak = json_object_get(view, "saksmappe");
	const json_t *klasse = json_object_get(view, "klasse");

	switch (id) {
	case COL_number:
		join(b, "", text_of(post, "journalsekvensnummer"));
		join(b, "/", text_of(post, "journalaar"));
		break;
	case COL_title:
		join(b, "", public_or_own(t->l, post));
		break;
	case COL_parties:
		add_parties(b, post);
		break;
	case COL_casetitle:
		join(b, "", public_or_own(t->l, sak));
		break;
	case COL_class:
		join(b, "", text_of(klasse, "klasseID"));
		join(b, " ", text_of(klasse, "tittel"));
		break;
	case COL_caseline:
		add_case(t->l, b, view);
		break;
	case COL_unithandler:
		join(b, "",
		    holder(view, "administrativEnhet", "administrativEnhet"));
		join(b, ", ", holder(view, "saksbehandler", "saksansvarlig"));
		break;
	case COL_unit:
		join(b, "",
		    holder(view, "administrativEnhet", "administrativEnhet"));
		break;
	case COL_handler:
		join(b, "", holder(view, "saksbehandler", "saksansvarlig"));
		break;
	case COL_access:
		join(b, "", text_of(post, "tilgangsrestriksjon"));
		join(b, ", ", text_of(post, "skjermingshjemmel"));
		break;
	case COL_writtenoff:
		show_day(t, text_of(post, "avskrivningsdato"), b);
		join(b, " ", text_of(post, "avskrivningsmaate"));
		break;
	default:
		break;
	}
}

/* Columns that are one member of the view. */
static const struct {
	int id;
	const char *in, *name;
} plain[] = {
    {COL_registreringsid, "journalpost", "registreringsID"},
    {COL_case, "saksmappe", "mappeID"},
    {COL_caseunit, "saksmappe", "administrativEnhet"},
    {COL_caseowner, "saksmappe", "saksansvarlig"},
    {COL_series, "saksmappe", "referanseArkivdel"},
    {COL_unit2, "journalpost", "administrativEnhet"},
    {COL_handler2, "journalpost", "saksbehandler"},
    {COL_journalunit, "journalpost", "journalenhet"},
    {COL_restriction, "journalpost", "tilgangsrestriksjon"},
    {COL_ground, "journalpost", "skjermingshjemmel"},
    {COL_by, "journalpost", "referanseAvskrivesAvJournalpost"},
};

static void
fill_cell(struct table *t, int id, const json_t *view, const json_t *record,
    struct sl_buf *b)
{
	const json_t *post = json_object_get(view, "journalpost");
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].id == id) {
			sl_buf_add_str(
			    b, text_of(json_object_get(view, plain[i].in),
				   plain[i].name));
			return;
		}
	if (id == COL_kind)
		sl_buf_add_str(b, kind_of(record));
	else if (id == COL_journaldato)
		show_day(t, text_of(post, "journaldato"), b);
	else if (id == COL_assessed)
		show_day(t, text_of(post, "offentlighetsvurdertDato"), b);
	else if (id == COL_received)
		show_day_of(t, record, "mottattDato", b);
	else if (id == COL_due)
		show_day_of(t, record, "forfallsdato", b);
	else if (id == COL_dokumentdato) {
		show_day_of(t, record, "dokumentetsDato", b);
		if (b->n == 0)
			sl_buf_add_str(
			    b, sl_out_say(t->out, "Udatert", "Undated"));
	} else
		add_fields(t, id, view, b);
}

static void
set_number(struct sl_cell *c, int id, const struct table *t, const json_t *view,
    const json_t *record)
{
	const char *s =
	    text_of(json_object_get(view, "journalpost"), "antallVedlegg");
	int64_t day = waits_since(record);
	uint64_t n;

	c->kind = SL_CELL_UNKNOWN;
	if (id == COL_age && day >= 0) {
		c->kind = SL_CELL_VALUE;
		c->n = sl_working_days(day, t->l->screen.today);
	} else if (id == COL_attachments) {
		c->kind = SL_CELL_NONE;
		if (sl_parse_u64(s, 0, INT32_MAX, &n)) {
			c->kind = SL_CELL_VALUE;
			c->n = (int64_t)n;
		}
	}
}

static void
give_row(struct table *t, const json_t *view, const json_t *record)
{
	struct sl_cell c[COLUMNS] = {{0}};
	size_t i;

	for (i = 0; i < t->shape.columns; i++) {
		if (t->col[i].type == SL_COL_INT) {
			set_number(&c[i], t->id[i], t, view, record);
			continue;
		}
		sl_buf_reset(&t->cell[i]);
		fill_cell(t, t->id[i], view, record, &t->cell[i]);
		c[i].kind = t->cell[i].n > 0 ? SL_CELL_VALUE : SL_CELL_NONE;
		c[i].text = sl_buf_str(&t->cell[i]);
	}
	t->rows++;
	sl_out_row(t->out, c);
}

/* -- rows --------------------------------------------------------------- */

static bool
is_taken(const struct sl_jlist *l, size_t i)
{
	return sl_posts_takes(
	    &l->posts, i, l->screen.public, l->from_day, l->to_day);
}

static enum sl_rc
give_post(struct table *t, size_t i, struct sl_err *err)
{
	json_t *record, *view;
	int64_t day;
	enum sl_rc rc = sl_posts_read(&t->l->posts, i, &record, err);

	if (rc != SL_OK)
		return rc;
	view = sl_post_view(&t->l->screen, record, &day);
	if (view != NULL)
		give_row(t, view, record);
	json_decref(view);
	json_decref(record);
	return SL_OK;
}

static enum sl_rc
give_journal(struct table *t, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	size_t i;

	for (i = 0; rc == SL_OK && i < t->l->posts.n; i++) {
		if (is_taken(t->l, i))
			rc = give_post(t, i, err);
		else if (t->l->screen.public && t->l->posts.at[i].graded &&
			 t->l->posts.at[i].journaled)
			t->l->screen.graded++;
	}
	return rc;
}

struct waiting {
	char *holder; /* unit, NUL in between shown as a line */
	int64_t day;
	size_t i;
};

static int
by_holder(const void *pa, const void *pb)
{
	const struct waiting *a = pa, *b = pb;
	int cmp = strcmp(a->holder, b->holder);

	if (cmp != 0)
		return cmp;
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return a->i < b->i ? -1 : 1;
}

/* Somebody waits for an answer: it came in, or is internal for follow-up, it is
 * valid, and nothing writes it off. */
static bool
is_waiting(const json_t *record)
{
	const json_t *post = json_object_get(record, "post");
	const json_t *status = json_object_get(post, "journalstatus");
	const json_t *off = json_object_get(post, "avskrivning");
	const char *kind = kind_of(record);

	if (strcmp(kind, "I") != 0 && strcmp(kind, "N") != 0)
		return false;
	if (status != NULL &&
	    strcmp(sl_code_kode(SL_LIST_journalstatus, status), "U") == 0)
		return false;
	return off == NULL || json_is_null(off) ||
	       (json_is_array(off) && json_array_size(off) == 0);
}

static enum sl_rc
find_waiting(struct table *t, struct waiting **ret, size_t *ret_n,
    uint64_t *ret_more, struct sl_err *err)
{
	size_t cap = 0, i;
	struct waiting *w;
	json_t *record, *view;
	enum sl_rc rc;
	int64_t day;

	for (i = 0; i < t->l->posts.n; i++) {
		if (!is_taken(t->l, i))
			continue;
		rc = sl_posts_read(&t->l->posts, i, &record, err);
		if (rc != SL_OK)
			return rc;
		if (is_waiting(record) && *ret_n == SL_LIST_OPEN_MAX)
			++*ret_more;
		else if (is_waiting(record)) {
			view = sl_post_view(&t->l->screen, record, &day);
			*ret = sl_grow(*ret, &cap, *ret_n + 1, sizeof(**ret));
			w = &(*ret)[(*ret_n)++];
			w->holder = sl_asprintf("%s\n%s",
			    holder(view, "administrativEnhet",
				"administrativEnhet"),
			    holder(view, "saksbehandler", "saksansvarlig"));
			w->day = waits_since(record);
			w->i = i;
			json_decref(view);
		}
		json_decref(record);
	}
	return SL_OK;
}

static enum sl_rc
give_waiting(struct table *t, struct sl_err *err)
{
	struct waiting *w = NULL;
	size_t n = 0, i;
	uint64_t more = 0;
	char text[32];
	enum sl_rc rc = find_waiting(t, &w, &n, &more, err);

	t->l->screen.fnr = 0; /* they are seen once more */
	if (n > 0)
		qsort(w, n, sizeof(*w), by_holder);
	for (i = 0; rc == SL_OK && i < n; i++)
		rc = give_post(t, w[i].i, err);
	if (more > 0) {
		(void)snprintf(text, sizeof(text), "%" PRIu64, more);
		sl_out_fact(t->out, "more",
		    sl_out_say(t->out, "Flere, som ikke står her",
			"More that do not stand here"),
		    text);
	}
	for (i = 0; i < n; i++)
		free(w[i].holder);
	free(w);
	return rc;
}

/* -- around the rows ---------------------------------------------------- */

static void
fact(struct table *t, const char *key, const char *nb, const char *en,
    uint64_t n)
{
	char text[24];

	if (n == 0)
		return;
	(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	sl_out_fact(t->out, key, sl_out_say(t->out, nb, en), text);
}

/* The legal ground of the list, as it held then. */
static void
tell_law(struct table *t, const char *theme, int64_t from, int64_t to)
{
	char text[512];
	struct sl_legal law;
	size_t at = 0;

	while ((at = sl_legal_next(at, from, to, &law)) != 0) {
		if (strcmp(law.theme, theme) != 0)
			continue;
		(void)snprintf(text, sizeof(text), "%s %s (%s – %s): %s",
		    law.law, law.paragraph, law.from, law.to,
		    sl_out_say(t->out, law.nb, law.en));
		sl_out_fact(t->out, "law",
		    sl_out_say(t->out, "Hjemmel", "Legal ground"), text);
	}
}

/* The first and last day of the posts that are taken; where there is none, of
 * the period, which ends today if it is not said. */
static void
days_of(const struct sl_jlist *l, int64_t *first, int64_t *last)
{
	const struct sl_post_at *at = l->posts.at;
	bool any = false;
	size_t i;

	*last = l->to_day != INT64_MAX ? l->to_day : l->screen.today;
	*first = l->from_day != INT64_MIN ? l->from_day : *last;
	for (i = 0; i < l->posts.n; i++) {
		if (!is_taken(l, i) || at[i].day < 0)
			continue;
		if (!any || at[i].day < *first)
			*first = at[i].day;
		if (!any || at[i].day > *last)
			*last = at[i].day;
		any = true;
	}
}

static void
tell_facts(struct table *t)
{
	const struct sl_screen *s = &t->l->screen;
	int64_t first, last;

	days_of(t->l, &first, &last);
	fact(t, "posts", "Journalposter", "Posts", t->rows);
	fact(t, "masked", "Fødselsnummer og D-nummer som er skjult",
	    "National identity numbers that are masked", s->fnr);
	fact(t, "titles", "Titler som er skjermet", "Titles that are screened",
	    s->titles);
	fact(t, "names", "Navn som er skjermet", "Names that are screened",
	    s->names);
	fact(t, "expired", "Personnavn utelatt etter ett år",
	    "Names of persons left out after a year", s->expired);
	fact(t, "classes", "Klasser som er skjermet",
	    "Classes that are screened", s->classes);
	fact(t, "unjournaled", "Poster som ikke er journalført, og ikke er med",
	    "Posts that are not journaled, and are left out",
	    sl_posts_unjournaled(&t->l->posts, t->l->from_day, t->l->to_day));
	fact(t, "unassessed",
	    "Poster uten offentlighetsvurdertDato, som ikke er med",
	    "Posts that are not assessed, and are left out",
	    sl_posts_unassessed(&t->l->posts, s->public));
	fact(t, "graded", "Graderte journalposter som ikke er med",
	    "Graded posts that are left out", s->graded);
	tell_law(t, "journal", first, last);
	if (s->public)
		tell_law(t, "publisering", s->today, s->today);
}

static void
choose_columns(struct table *t)
{
	unsigned list = t->l->restanser ? S : t->l->screen.public ? P : R;
	unsigned not = t->out->form->kept ? W : N;
	size_t i, n = 0;

	t->shape = shapes[t->l->restanser ? 2 : t->l->screen.public ? 1 : 0];
	for (i = 0; i < COLUMNS; i++) {
		if ((columns[i].where & list) == 0 ||
		    (columns[i].where & not ) != 0)
			continue;
		t->col[n] = columns[i].c;
		t->id[n++] = (int)i;
	}
	t->shape.column = t->col;
	t->shape.columns = n;
}

static void
set_head(struct table *t)
{
	struct sl_out *o = t->out;
	SL_BUF struct sl_buf names = {0};
	size_t i;

	for (i = 0; i < json_array_size(t->l->creators); i++)
		join(&names, ", ",
		    text_of(
			json_array_get(t->l->creators, i), "arkivskaperNavn"));
	sl_out_set_head(o, "", t->l->from, t->l->to, sl_clock_utc_ms());
	(void)sl_slice_copy(
	    sl_slice_buf(&names), o->instance, sizeof(o->instance));
	if (t->l->from == NULL && t->l->to == NULL)
		(void)snprintf(o->period, sizeof(o->period), "%s",
		    sl_out_say(o, "alt", "all"));
	o->no_queue = true;
}

enum sl_rc
sl_list_write(struct sl_jlist *l, struct sl_err *err)
{
	SL_FREE struct table *t = sl_alloc(sizeof(*t));
	enum sl_rc rc;
	size_t i;

	t->l = l;
	t->out = sl_out_new(sl_form_find(l->format), stdout, l->lang);
	t->out->room = sl_out_terminal();
	choose_columns(t);
	set_head(t);
	sl_out_begin(t->out, &t->shape);
	rc = l->restanser ? give_waiting(t, err) : give_journal(t, err);
	if (rc == SL_OK) {
		tell_facts(t);
		rc = sl_out_end(t->out, err);
	}
	sl_out_free(t->out);
	for (i = 0; i < COLUMNS; i++)
		sl_buf_free(&t->cell[i]);
	return rc;
}
