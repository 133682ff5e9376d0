/*
 * Making the folder.
 *
 * FAILURES: a file that cannot be written, or a kill, ends it; what was written
 * stays with the mark of base/part.h, and index.html, which comes last, is
 * missing. The next run to that folder begins anew.
 */
#include "bundle.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/part.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "../form/form.h"
#include "../lists/control.h"
#include "../store/db.h"
#include "../store/heads.h"
#include "legal.h"

/* Arrays of a report go back to the system as the report ends: glibc would keep
 * the room of the first ones, and the next do not fit into it. */
#define ARRAY_BYTES (1 << 20)
#define HEAD "sporingslogg-hode"

static const char *
say(const struct sl_bundle *b, const char *nb, const char *en)
{
	return b->lang == SL_LANGUAGE_EN ? en : nb;
}

enum sl_rc
sl_bundle_folder(
    const char *dir, int *ret_dir, int *ret_lock, struct sl_err *err)
{
	enum sl_rc rc;

	/* Not the folders above: a slip of the keyboard would make some. */
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return sl_err_set(err, SL_BROKEN, errno, "cannot_make",
		    "%.150s cannot be made", dir);
	*ret_dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return sl_err_set(err, SL_BROKEN, errno, "file_unreadable",
		    "%.150s cannot be opened", dir);
	rc = sl_part_begin(*ret_dir, "tilsynspakke", dir, ret_lock, err);
	if (rc == SL_REJECT) /* not the line, but what lies there */
		rc = err->rc = SL_BROKEN;
	return rc;
}

enum sl_rc
sl_bundle_cannot_write(const struct sl_bundle *b, struct sl_err *err)
{
	if (b->parcel != NULL)
		return sl_parcel_failed(b->parcel, err);
	return sl_err_set(
	    err, SL_FATAL, errno, "disk_error", "cannot write into the folder");
}

static enum sl_rc
write_text(struct sl_bundle *b, const char *name, const char *p, size_t n,
    struct sl_err *err)
{
	if (b->parcel != NULL)
		return sl_parcel_put(b->parcel, name, p, n, err);
	if (sl_replace_file(b->dir, name, p, n, 0600, err) == SL_OK)
		return SL_OK;
	return sl_bundle_cannot_write(b, err);
}

/* Whose it is and of when: a printed page has nothing beside it. period: NULL
 * where it is of none. */
static void
add_about(const struct sl_bundle *b, const char *period, struct sl_buf *out)
{
	const char *const rows[][2] = {
	    {say(b, "Virksomhet", "Body"), b->cfg->instance.name},
	    {say(b, "Periode", "Period"), period},
	    {say(b, "Laget", "Made"), b->shown},
	    {"Sluse", SLUSE_VERSION},
	};
	size_t i;

	sl_buf_add_str(out, "<dl>");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i][1] == NULL)
			continue;
		sl_buf_printf(out, "<dt>%s</dt><dd>", rows[i][0]);
		sl_text_html(out, rows[i][1], strlen(rows[i][1]));
		sl_buf_add_str(out, "</dd>\n");
	}
	sl_buf_add_str(out, "</dl>\n");
}

static enum sl_rc
write_page(
    struct sl_bundle *b, const struct sl_bundle_page *p, struct sl_err *err)
{
	SL_BUF struct sl_buf out = {0};

	sl_html_begin(
	    &out, b->lang, say(b, p->nb, p->en), b->cfg->instance.name);
	add_about(b, NULL, &out);
	p->make(b, &out);
	sl_html_end(&out);
	return write_text(b, p->file, sl_buf_str(&out), out.n, err);
}

/* -- configuration ------------------------------------------------------- */

/* Keys hold no secret; what a target's own key is called may say otherwise. */
static bool
is_secret(const char *line, size_t n)
{
	static const char *const words[] = {
	    "password", "secret", "token", "passord", "apikey", "api_key"};
	SL_BUF struct sl_buf low = {0};
	size_t i, key = 0;

	while (key < n && line[key] != '=')
		key++;
	if (key == n || line[0] == '#' ||
	    (n > 9 && strncmp(line, "passwords", 9) == 0))
		return false;
	sl_text_lower(&low, line, key);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(sl_buf_str(&low), words[i]) != NULL)
			return true;
	return false;
}

static enum sl_rc
write_config(struct sl_bundle *b, struct sl_err *err)
{
	SL_BUF struct sl_buf all = {0}, out = {0};
	const char *p;
	size_t n;

	sl_config_show(b->cfg, &all);
	for (p = sl_buf_str(&all); *p != '\0'; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (is_secret(p, n))
			sl_buf_printf(
			    &out, "%.*s= ***\n", (int)strcspn(p, "="), p);
		else
			sl_buf_printf(&out, "%.*s\n", (int)n, p);
	}
	return write_text(
	    b, "konfigurasjon.conf", sl_buf_str(&out), out.n, err);
}

/* -- the log's head ------------------------------------------------------- */

/* The last signed head and the keys: with them anybody can see later that the
 * log has only grown since. */
static enum sl_rc
write_signed(struct sl_bundle *b, struct sl_err *err)
{
	SL_BUF struct sl_buf note = {0}, keys = {0};
	struct sl_vkey key[SL_KEYS_MAX];
	size_t n = sl_journal_keys(b->store, key), i;

	b->has_signed =
	    sl_head_last(b->store, INT64_MAX, &b->signed_size, &note);
	if (!b->has_signed)
		return SL_OK;
	for (i = 0; i < n; i++) {
		sl_vkey_text(&key[i], &keys);
		sl_buf_add_char(&keys, '\n');
	}
	if (write_text(b, HEAD ".vkey", sl_buf_str(&keys), keys.n, err) !=
	    SL_OK)
		return SL_FATAL;
	return write_text(
	    b, HEAD ".checkpoint", sl_buf_str(&note), note.n, err);
}

/* How far the log had come; what was not signed yet, too. */
static enum sl_rc
write_head(struct sl_bundle *b, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(b->store);
	SL_BUF struct sl_buf out = {0};
	char hex[SL_SHA256_HEX + 1] = "";
	struct sl_digest root;
	sqlite3_stmt *st =
	    sl_db_query(db, "SELECT size, root FROM tree WHERE id = 1", "");
	int64_t size = 0;

	if (sl_db_row(db, st)) {
		size = sqlite3_column_int64(st, 0);
		if (sl_db_digest(st, 1, &root))
			sl_digest_hex(&root, hex);
		sl_db_done(st);
	}
	if (write_signed(b, err) != SL_OK)
		return SL_FATAL;
	sl_buf_printf(&out,
	    "{\"leaves\":%" PRId64 ",\"root\":\"%s\",\"signed\":%" PRIu64
	    ",\"made\":\"%s\"}\n",
	    size, hex, b->signed_size, b->made);
	if (sl_db_check(db, err) != SL_OK)
		return SL_FATAL;
	return write_text(b, HEAD ".json", sl_buf_str(&out), out.n, err);
}

/* -- index ---------------------------------------------------------------- */

static void
add_link(struct sl_buf *out, const char *file, const char *title)
{
	sl_buf_printf(out, "<li><a href=\"%s\">", file);
	sl_text_html(out, title, strlen(title));
	sl_buf_add_str(out, "</a>");
}

static void
add_report_link(const struct sl_bundle *b, const struct sl_report_def *d,
    struct sl_buf *out)
{
	char file[96];

	(void)snprintf(file, sizeof(file), "%s.html", d->shape.slug);
	add_link(out, file, say(b, d->shape.nb, d->shape.en));
	sl_buf_printf(
	    out, " (<a href=\"%s.csv\">csv</a>)</li>\n", d->shape.slug);
}

static void
add_signed_links(const struct sl_bundle *b, struct sl_buf *out)
{
	add_link(out, HEAD ".checkpoint",
	    say(b, "Det siste signerte hodet (sluse journal verify --against)",
		"The last signed head (sluse journal verify --against)"));
	sl_buf_add_str(out, "</li>\n");
	add_link(out, HEAD ".vkey",
	    say(b, "Nøklene det er signert med (--key)",
		"The keys that signed it (--key)"));
	sl_buf_add_str(out, "</li>\n");
}

static enum sl_rc
write_index(struct sl_bundle *b, struct sl_err *err)
{
	SL_BUF struct sl_buf out = {0};
	const struct sl_bundle_page *p;
	size_t n, i;
	const struct sl_report_def *d = sl_report_defs(&n);

	sl_html_begin(&out, b->lang, say(b, "Tilsynspakke", "Supervision pack"),
	    b->cfg->instance.name);
	add_about(b, b->period, &out);
	sl_buf_printf(&out, "<h2>%s</h2>\n<ul>\n",
	    say(b, "Beskrivelser", "Descriptions"));
	for (p = sl_bundle_pages; p->file != NULL; p++) {
		add_link(&out, p->file, say(b, p->nb, p->en));
		sl_buf_add_str(&out, "</li>\n");
	}
	sl_buf_printf(
	    &out, "</ul>\n<h2>%s</h2>\n<ul>\n", say(b, "Rapporter", "Reports"));
	for (i = 0; i < n; i++)
		if (sl_bundle_has(b, &d[i]))
			add_report_link(b, &d[i], &out);
	sl_buf_printf(
	    &out, "</ul>\n<h2>%s</h2>\n<ul>\n", say(b, "Filer", "Files"));
	add_link(&out, "konfigurasjon.conf",
	    say(b, "Konfigurasjonen, uten hemmeligheter",
		"The configuration, without secrets"));
	sl_buf_add_str(&out, "</li>\n");
	add_link(&out, HEAD ".json",
	    say(b, "Sporingsloggens hode: antall hendelser og rot",
		"Head of the log: number of events and root"));
	sl_buf_add_str(&out, "</li>\n");
	if (b->has_signed)
		add_signed_links(b, &out);
	add_link(&out, "hjemler.tsv",
	    say(b, "Hjemler med gyldighet", "Legal references with validity"));
	sl_buf_add_str(&out, "</li>\n</ul>\n");
	sl_html_end(&out);
	return write_text(b, "index.html", sl_buf_str(&out), out.n, err);
}

/* All of one moment. */
static enum sl_rc
write_all(struct sl_bundle *b, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(b->store);
	const struct sl_bundle_page *p;
	enum sl_rc rc = sl_report_check_schema(b->store, err);

	if (rc == SL_OK)
		rc = sl_twin_meet(&b->twin, b->store, err);
	if (rc != SL_OK)
		return rc;
	rc = sl_bundle_reports(b, err);
	for (p = sl_bundle_pages; rc == SL_OK && p->file != NULL; p++)
		rc = write_page(b, p, err);
	if (rc == SL_OK)
		rc = write_config(b, err);
	if (rc == SL_OK)
		rc = write_head(b, err);
	if (rc == SL_OK)
		rc = write_text(b, "hjemler.tsv", sl_legal_text(),
		    strlen(sl_legal_text()), err);
	if (rc == SL_OK)
		rc = write_index(b, err);
	(void)sl_db_run(db, NULL, "COMMIT", "");
	return rc;
}

static enum sl_rc
check_options(struct sl_store *s, const struct sl_config *cfg,
    const struct sl_rep_options *opt, struct sl_err *err)
{
	struct sl_control_sheet sheet = {0};
	enum sl_rc rc = sl_report_check_options(opt, err);

	if (rc == SL_OK && opt->queue != NULL && opt->control == NULL)
		rc = sl_err_set(err, SL_REJECT, 0, "bad_option",
		    "tilsynspakke takes --queue only with --control");
	if (rc == SL_OK && opt->queue != NULL)
		rc = sl_report_check_schema(s, err);
	if (rc == SL_OK && opt->queue != NULL)
		rc = sl_report_check_queue(s, cfg, opt->queue, err);
	if (rc == SL_OK && opt->control != NULL)
		rc = sl_control_read(opt->control, opt->queue, &sheet, err);
	sl_control_free(&sheet);
	return rc;
}

/* When it is made, and of which days. */
static void
say_when(struct sl_bundle *b)
{
	struct sl_out *head = sl_out_new(&sl_form_html, NULL, b->lang);
	int64_t now_ms = sl_clock_utc_ms();

	sl_clock_format_oslo(now_ms, b->made, sizeof(b->made));
	sl_out_set_head(head, "", b->opt->from, b->opt->to, now_ms);
	(void)snprintf(b->shown, sizeof(b->shown), "%s", head->made);
	(void)snprintf(b->period, sizeof(b->period), "%s",
	    *head->period != '\0' ? head->period : say(b, "alt", "all"));
	sl_out_free(head);
}

/* Of the first that came; day: where nothing did. */
static int64_t
first_day(struct sl_store *s, int64_t day)
{
	int64_t ms = sl_db_int(sl_store_db(s), 0,
	    "SELECT received_ms FROM consignment ORDER BY id LIMIT 1", "");

	return ms > 0 && sl_day_of(ms) < day ? sl_day_of(ms) : day;
}

/* Before anything is made. */
static enum sl_rc
begin(struct sl_bundle *b, struct sl_err *err)
{
	const struct sl_rep_options *opt = b->opt;
	enum sl_rc rc = check_options(b->store, b->cfg, opt, err);

	if (rc != SL_OK)
		return rc;
	b->to_day = opt->to != NULL ? sl_day_read(opt->to)
				    : sl_day_of(sl_clock_utc_ms());
	b->from_day = opt->from != NULL ? sl_day_read(opt->from)
					: first_day(b->store, b->to_day);
	say_when(b);
	return SL_OK;
}

static enum sl_rc
make(struct sl_bundle *b, const char *root, const char *dir, struct sl_err *err)
{
	enum sl_rc rc = sl_store_open_read(root, &b->store, err);

	if (rc == SL_OK)
		rc = begin(b, err);
	if (rc == SL_OK && dir != NULL)
		rc = sl_bundle_folder(dir, &b->dir, &b->lock, err);
	if (rc == SL_OK)
		rc = write_all(b, err);
	if (rc == SL_OK && dir != NULL)
		rc = sl_part_end(b->dir, &b->lock, err);
	sl_store_close(b->store);
	return rc;
}

/* dir NULL: into the parcel. */
static enum sl_rc
make_by_two(
    struct sl_bundle *b, const char *root, const char *dir, struct sl_err *err)
{
	enum sl_rc rc;
	size_t i;

	(void)mallopt(M_MMAP_THRESHOLD, ARRAY_BYTES);
	b->dir = b->lock = -1;
	for (i = 0; i < SL_BUNDLE_SPOOLS; i++)
		b->spool[i] = -1;
	rc = sl_twin_begin(&b->twin, sl_bundle_spools(b), err);
	if (rc == SL_OK && b->twin.other == 0)
		sl_bundle_be_second(b, root);
	if (rc == SL_OK)
		rc = make(b, root, dir, err);
	sl_twin_free(&b->twin);
	for (i = 0; i < SL_BUNDLE_SPOOLS; i++)
		sl_cleanup_close(&b->spool[i]);
	sl_cleanup_close(&b->lock);
	sl_cleanup_close(&b->dir);
	return rc;
}

enum sl_rc
sl_bundle_make(const char *root, const struct sl_config *cfg,
    const struct sl_rep_options *opt, unsigned lang, const char *dir,
    struct sl_err *err)
{
	struct sl_bundle b = {.cfg = cfg, .opt = opt, .lang = lang};

	return make_by_two(&b, root, dir, err);
}

enum sl_rc
sl_bundle_parcel(const char *root, const struct sl_config *cfg,
    const struct sl_rep_options *opt, unsigned lang, struct sl_parcel *parcel,
    struct sl_err *err)
{
	struct sl_bundle b = {
	    .cfg = cfg, .opt = opt, .lang = lang, .parcel = parcel};
	enum sl_rc rc = make_by_two(&b, root, NULL, err);

	/* What writes a report says only that it could not. */
	if (rc != SL_OK && sl_parcel_failed(parcel, err) != SL_OK)
		rc = err->rc;
	return rc;
}
