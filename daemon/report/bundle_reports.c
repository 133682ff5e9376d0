/*
 * The reports of the folder, by two processes. What the second makes lies in
 * files without a name until the first takes it in.
 */
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../form/form.h"
#include "../store/db.h"
#include "bundle.h"
#include "snap.h"

#define FREED "freed" /* said to the second: there is room for large arrays */

/* The folder's forms of a report. */
static const struct sl_form *const forms[] = {&sl_form_html, &sl_form_csv};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* -- which process makes what ------------------------------------------------
 */

/* The large arrays of what the target shows are wanted by the first of these
 * only, and its texts by the very first. */
static void
after_texts(struct sl_bundle *b)
{
	sl_snap_drop_texts(b->shared);
	sl_twin_say(&b->twin, FREED, strlen(FREED));
}

static void
after_target(struct sl_bundle *b)
{
	sl_snap_drop_target(b->shared);
	sl_snap_drop_deliveries(b->shared);
}

/* It has large ones of its own. */
static void
before_control(struct sl_bundle *b)
{
	SL_BUF struct sl_buf said = {0};

	if (b->twin.other == 0)
		(void)sl_twin_hear(&b->twin, &said);
}

struct step {
	const char *slug;
	void (*before)(struct sl_bundle *), (*after)(struct sl_bundle *);
};
/* All reports stand in one of the two, which take about as long. */
static const struct step first_steps[] = {
    {.slug = "mottaksprotokoll", .after = after_texts},
    {.slug = "journalforingstid"}, {.slug = "tilgangskoder"},
    {.slug = "gevinster", .after = after_target}, {.slug = "mottaksbalanse"},
    {.slug = "liggetid"}, {.slug = "avklaringer"}, {.slug = "stikkprove"},
    {.slug = "stille-innganger"}};
static const struct step second_steps[] = {{.slug = "korreksjoner"},
    {.slug = "lesekvalitet"}, {.slug = "skanningskontroll"},
    {.slug = "journalkontroll", .before = before_control}};
#define FIRST (sizeof(first_steps) / sizeof(first_steps[0]))
#define SECOND (sizeof(second_steps) / sizeof(second_steps[0]))
_Static_assert(SECOND *FORMS <= SL_BUNDLE_SPOOLS, "a file for each");

bool
sl_bundle_spools(struct sl_bundle *b)
{
	size_t i;

	for (i = 0; i < SECOND * FORMS; i++)
		if ((b->spool[i] = sl_parcel_spool()) < 0)
			return false;
	return true;
}

/* The second's file of that report and form; -1: there is none. */
static int
spool_of(const struct sl_bundle *b, const char *slug, const char *form)
{
	size_t i, f;

	for (i = 0; i < SECOND; i++)
		for (f = 0; f < FORMS; f++)
			if (strcmp(second_steps[i].slug, slug) == 0 &&
			    strcmp(forms[f]->name, form) == 0)
				return b->spool[i * FORMS + f];
	return -1;
}

/* Takes the descriptor, which may be none. */
static FILE *
open_stream(int fd)
{
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f == NULL && fd >= 0)
		(void)close(fd);
	return f;
}

/* What goes into a parcel leaves the disk as much room on its way there. */
static FILE *
open_spool(struct sl_bundle *b, int fd)
{
	return b->parcel != NULL && fd >= 0 ? sl_parcel_aside(b->parcel, fd)
					    : open_stream(fd);
}

static FILE *
open_file(struct sl_bundle *b, const char *slug, const char *form)
{
	SL_FREE char *name = sl_asprintf("%s.%s", slug, form);

	if (b->twin.other == 0)
		return open_spool(b, dup(spool_of(b, slug, form)));
	if (b->parcel != NULL)
		return sl_parcel_open(b->parcel, name);
	return open_stream(openat(
	    b->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

/* Those of the line that it takes. */
static struct sl_rep_options
options_of(const struct sl_bundle *b, const struct sl_report_def *d)
{
	const struct sl_rep_options *all = b->opt;
	struct sl_rep_options o = {
	    .days = -1, .errors = -1, .list_queue = all->queue};

	if ((d->takes & SL_TAKES_PERIOD) != 0) {
		o.from = all->from;
		o.to = all->to;
	}
	if ((d->takes & SL_TAKES_CONTROL) != 0)
		o.control = all->control;
	if ((d->takes & SL_TAKES_DAYS) != 0)
		o.days = all->days;
	if ((d->takes & SL_TAKES_SAMPLE) != 0) {
		o.count = all->count;
		o.seed = all->seed;
		o.seed_given = all->seed_given;
		o.by_risk = all->by_risk;
		o.errors = all->errors;
	}
	return o;
}

/* Counted once, and written in all its forms as the rows come. */
static enum sl_rc
write_report(
    struct sl_bundle *b, const struct sl_report_def *d, struct sl_err *err)
{
	struct sl_rep_options o = options_of(b, d);
	size_t i;
	struct sl_out *out[FORMS] = {NULL};
	FILE *f[FORMS] = {NULL};
	enum sl_rc rc = SL_OK;

	for (i = 0; rc == SL_OK && i < FORMS; i++) {
		f[i] = open_file(b, d->shape.slug, forms[i]->name);
		if (f[i] == NULL)
			rc = sl_bundle_cannot_write(b, err);
		out[i] = sl_out_new(forms[i], f[i], b->lang);
		if (i > 0)
			out[i - 1]->also = out[i];
	}
	if (rc == SL_OK)
		rc = sl_report_run_shared(
		    b->store, b->cfg, d, &o, b->shared, out[0], err);
	for (i = 0; i < FORMS; i++) {
		sl_out_free(out[i]);
		if (f[i] != NULL && fclose(f[i]) != 0 && rc == SL_OK)
			rc = sl_bundle_cannot_write(b, err);
	}
	(void)malloc_trim(0);
	return rc;
}

/* The control of the target's journal only where that has been read: a file of
 * it is the auditor's own. */
bool
sl_bundle_has(const struct sl_bundle *b, const struct sl_report_def *d)
{
	return (d->takes & SL_TAKES_FILES) == 0 ||
	       sl_db_int(sl_store_db(b->store), 0,
		   "SELECT EXISTS (SELECT 1 FROM target_post) OR EXISTS (SELECT"
		   " 1 FROM meta WHERE substr(key, 1, length(?1)) = ?1)",
		   "s", SL_STORE_JOURNAL_READ) > 0;
}

static enum sl_rc
write_steps(struct sl_bundle *b, const struct step *p, size_t n, bool alone,
    struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	const struct sl_report_def *d;
	size_t i;

	for (i = 0; rc == SL_OK && i < n; i++) {
		d = sl_report_def_find(p[i].slug);
		if (p[i].before != NULL && !alone)
			p[i].before(b);
		if (sl_bundle_has(b, d))
			rc = write_report(b, d, err);
		if (p[i].after != NULL)
			p[i].after(b);
	}
	return rc;
}

/* What the second has made, as a file of the folder. */
static enum sl_rc
take_file(
    struct sl_bundle *b, const char *slug, const char *form, struct sl_err *err)
{
	int from = spool_of(b, slug, form);
	FILE *f = open_file(b, slug, form);
	char part[65536];
	uint64_t at = 0;
	ssize_t n = 0;

	if (f == NULL)
		return sl_bundle_cannot_write(b, err);
	while ((n = sl_pread_full(from, part, sizeof(part), at)) > 0 &&
	       fwrite(part, 1, (size_t)n, f) == (size_t)n)
		at += (uint64_t)n;
	if (fclose(f) != 0 || n != 0)
		return sl_bundle_cannot_write(b, err);
	return SL_OK;
}

static enum sl_rc
take_second(struct sl_bundle *b, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	size_t i, f;

	if (!sl_twin_end(&b->twin))
		return write_steps(b, second_steps, SECOND, true, err);
	for (i = 0; i < SECOND; i++) {
		if (!sl_bundle_has(b, sl_report_def_find(second_steps[i].slug)))
			continue;
		for (f = 0; rc == SL_OK && f < FORMS; f++)
			rc = take_file(
			    b, second_steps[i].slug, forms[f]->name, err);
	}
	return rc;
}

static void
hand_over(struct sl_bundle *b, struct sl_buf *told)
{
	sl_twin_say(&b->twin, told->p, told->n);
	sl_buf_reset(told);
}

/* The second reads what was sent meanwhile; where there is none, or it died,
 * this does. */
static enum sl_rc
read_common(struct sl_bundle *b, struct sl_snap *s, struct sl_err *err)
{
	SL_BUF struct sl_buf told = {0}, heard = {0};
	enum sl_rc rc = sl_snap_share(b->store, b->twin.memory, s, &told, err);

	if (rc != SL_OK)
		return rc;
	hand_over(b, &told);
	sl_snap_share_rows(b->store, b->cfg, s, &told);
	if (!sl_twin_hear(&b->twin, &heard) ||
	    !sl_snap_adopt_sent(sl_slice_buf(&heard), s))
		sl_snap_share_sent(b->store, s, &heard);
	hand_over(b, &told);
	return sl_snap_share_target(b->store, s, err);
}

enum sl_rc
sl_bundle_reports(struct sl_bundle *b, struct sl_err *err)
{
	struct sl_snap shared = {0};
	enum sl_rc rc = read_common(b, &shared, err);

	b->shared = &shared;
	if (rc == SL_OK)
		rc = write_steps(b, first_steps, FIRST, false, err);
	if (rc == SL_OK)
		rc = take_second(b, err);
	b->shared = NULL;
	sl_snap_free(&shared);
	return rc;
}

static bool
adopt_common(struct sl_bundle *b, struct sl_snap *s)
{
	SL_BUF struct sl_buf told = {0};
	struct sl_err err;

	if (!sl_twin_hear(&b->twin, &told) ||
	    sl_snap_adopt(b->twin.memory, sl_slice_buf(&told), s, &err) !=
		SL_OK)
		return false;
	sl_buf_reset(&told);
	sl_snap_share_sent(b->store, s, &told);
	if (sl_db_check(sl_store_db(b->store), &err) != SL_OK)
		return false;
	hand_over(b, &told);
	return sl_twin_hear(&b->twin, &told) &&
	       sl_snap_adopt_rows(sl_slice_buf(&told), s);
}

/* Whatever goes wrong here, the first does it, and tells. */
void
sl_bundle_be_second(struct sl_bundle *b, const char *root)
{
	struct sl_snap shared = {0};
	struct sl_err err;
	bool ok;

	b->shared = &shared;
	ok = sl_store_open_read(root, &b->store, &err) == SL_OK &&
	     sl_twin_follow(&b->twin, b->store) && adopt_common(b, &shared) &&
	     write_steps(b, second_steps, SECOND, false, &err) == SL_OK &&
	     sl_db_check(sl_store_db(b->store), &err) == SL_OK;
	_exit(ok ? 0 : 1);
}
