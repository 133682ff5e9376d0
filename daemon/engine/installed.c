/*
 * The files that decide over the post: read whole between everything else, a
 * piece at a time, and held against what was written down of them last.
 *
 * INVARIANTS: what is written down of a file and the leaf that tells of it are
 * one transaction. A walk that slused's end breaks off has written nothing; the
 * next start begins anew.
 * SECURITY: neither time nor size of a file is believed, both can be set. Of
 * the passwords nothing leaves but a keyed digest; the key is in the database,
 * and in no leaf.
 */
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/hash.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "engine.h"

#define FIRST_MS 2000 /* after the start: most programs have connected */
#define AGAIN_MS 30000 /* from one walk to the next */
#define PIECE (128u << 10)
/* So much at once, or for so long: few wake-ups, and nobody waits for it. */
#define TURN (8u << 20)
#define TURN_MS 20
#define REST_MS 50 /* between two */
#define FILES_MAX 1000u
#define KEY "file_key" /* of meta; and there: what each file was */
#define KNOWN "file:"

#define PASSWORDS "passwords"
#define TRUST "trust"
#define TRUSTS TRUST "/" /* of an authority of time stamps */
#define MAGIC "magic.mgc"
#define MAGIC_PATH "/usr/share/misc/magic.mgc" /* as sluse-work reads it */

struct file {
	char *name, *path;
	char now[SL_SHA256_HEX + 1]; /* "": there is none */
};

struct sl_installed {
	struct sl_engine *e;
	struct sl_timer *timer;
	struct file *file; /* of the walk that goes on */
	size_t n, cap, at;
	int fd; /* of the file it is at, or -1 */
	struct sl_sha256 *sum;
	char *piece;
	bool again; /* somebody has connected meanwhile */
	int64_t ended_ms; /* boot ms of the last walk; 0: there was none */
};

/* -- which files ----------------------------------------------------------- */

/* Takes path over. */
static void
add(struct sl_installed *in, const char *folder, const char *name, char *path)
{
	char *own = sl_asprintf("%s%s", folder, name);
	size_t i;

	for (i = 0; i < in->n && strcmp(in->file[i].name, own) != 0; i++)
		;
	if (i < in->n || in->n == FILES_MAX) {
		free(own);
		free(path);
		return;
	}
	in->file = sl_grow(in->file, &in->cap, in->n + 1, sizeof(*in->file));
	in->file[in->n++] = (struct file){.name = own, .path = path};
}

/* Files of a folder whose names begin and end so. */
static bool
add_folder(struct sl_installed *in, const char *path, const char *as,
    const char *begin, const char *end)
{
	DIR *d = opendir(path);
	struct dirent *f;
	size_t n;

	if (d == NULL)
		return false;
	while ((f = readdir(d)) != NULL) {
		n = strlen(f->d_name);
		if (f->d_type == DT_DIR || n < strlen(end) ||
		    strncmp(f->d_name, begin, strlen(begin)) != 0 ||
		    strcmp(f->d_name + n - strlen(end), end) != 0)
			continue;
		add(in, as, f->d_name, sl_asprintf("%s/%s", path, f->d_name));
	}
	(void)closedir(d);
	return true;
}

static void
add_plugins(struct sl_installed *in, const char *beside, const char *kind)
{
	const char *set = getenv("SLUSE_PLUGINS");
	SL_FREE char *as = sl_asprintf("%s/", kind);
	SL_FREE char *own = set != NULL && *set != '\0'
				? sl_asprintf("%s/%s", set, kind)
				: sl_asprintf("%s/../plugins/%s", beside, kind);

	if (!add_folder(in, own, as, "", ".so") &&
	    (set == NULL || *set == '\0'))
		(void)add_folder(in,
		    strcmp(kind, "readers") == 0
			? SLUSE_LIBDIR "/plugins/readers"
			: SLUSE_LIBDIR "/plugins/connectors",
		    as, "", ".so");
}

static void
add_programs(struct sl_installed *in)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	(void)add_folder(in, exe, "", "sluse", "");
	add_plugins(in, exe, "readers");
	add_plugins(in, exe, "connectors");
}

/* Where tesseract looks: it is another program that loads it. */
static char *
model_path(const char *name)
{
	const char *set = getenv("TESSDATA_PREFIX");
	SL_FREE char *pattern = sl_asprintf(
	    "/usr/share/tesseract-ocr/*/tessdata/%s.traineddata", name);
	char *path;
	glob_t found;

	if (set != NULL && *set != '\0')
		return sl_asprintf("%s/%s.traineddata", set, name);
	if (glob(pattern, 0, NULL, &found) != 0)
		return sl_asprintf("/usr/share/tessdata/%s.traineddata", name);
	path = sl_strdup(found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	return path;
}

static void
add_model(struct sl_installed *in, const char *name)
{
	SL_FREE char *file = sl_asprintf("%s.traineddata", name);

	if (sl_name_is_plain(name))
		add(in, "models/", file, model_path(name));
}

static void
add_models(struct sl_installed *in)
{
	const struct sl_ocr_config *c = &in->e->cfg->ocr;
	const char *at = c->languages;
	size_t n;

	if (c->pages_max == 0)
		return;
	for (; *at != '\0'; at += n + (at[n] != '\0')) {
		SL_FREE char *name = NULL;

		n = strcspn(at, "+, ");
		name = sl_strndup(at, n);
		add_model(in, name);
	}
	add_model(in, "osd");
	add_model(in, "frk");
}

static void
add_all(struct sl_installed *in)
{
	const struct sl_engine *e = in->e;
	const struct sl_tsa_config *t;
	size_t i;

	add_programs(in);
	add_models(in);
	add(in, "", MAGIC, sl_strdup(MAGIC_PATH));
	if (*e->trust != '\0')
		add(in, "", TRUST, sl_strdup(e->trust));
	for (i = 0; i < e->cfg->tsa_n; i++) {
		t = &e->cfg->tsa[i];
		add(in, TRUSTS, t->head.title,
		    sl_path_below(e->root, t->trust));
	}
	if (*e->passwords.path != '\0')
		add(in, "", PASSWORDS, sl_strdup(e->passwords.path));
}

static void
forget(struct sl_installed *in)
{
	while (in->n > 0) {
		free(in->file[--in->n].name);
		free(in->file[in->n].path);
	}
	in->at = 0;
	free(SL_TAKE(in->piece));
	sl_sha256_free(SL_TAKE(in->sum));
	sl_cleanup_close(&in->fd);
}

/* -- what is another ------------------------------------------------------- */

static const enum sl_event kinds[] = {SL_EVENT_program_changed,
    SL_EVENT_formats_changed, SL_EVENT_configuration_changed};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static size_t
kind_of(const char *name)
{
	if (strcmp(name, MAGIC) == 0)
		return 1;
	return strcmp(name, TRUST) == 0 || strcmp(name, PASSWORDS) == 0 ||
		       strncmp(name, TRUSTS, strlen(TRUSTS)) == 0
		   ? 2
		   : 0;
}

struct tale {
	struct sl_buf files[KINDS];
	size_t n;
};

/* f is what is known of it now, or only its name: it is gone. */
static enum sl_rc
compare(struct sl_engine *e, const struct file *f, struct tale *t,
    struct sl_err *err)
{
	struct sl_buf *b = &t->files[kind_of(f->name)];
	SL_FREE char *key = sl_asprintf(KNOWN "%s", f->name);
	char was[SL_SHA256_HEX + 1];
	struct stat st;

	sl_store_meta(e->store, key, was, sizeof(was));
	if (strcmp(was, f->now) == 0)
		return SL_OK;
	t->n++;
	sl_buf_add_str(b, b->n == 0 ? "{\"files\":[{\"name\":" : ",{\"name\":");
	sl_text_json(b, f->name, strlen(f->name));
	sl_buf_printf(b, ",\"old\":\"%s\",\"new\":\"%s\"", was, f->now);
	if (f->path != NULL && stat(f->path, &st) == 0)
		sl_buf_printf(b, ",\"owner\":\"uid:%" PRIu32 "\"", st.st_uid);
	sl_buf_add_char(b, '}');
	return sl_store_meta_put(e->store, key, f->now, err);
}

static bool
is_listed(const struct sl_installed *in, const char *name)
{
	size_t i;

	for (i = 0; i < in->n; i++)
		if (strcmp(in->file[i].name, name) == 0)
			return true;
	return false;
}

/* Those that were known and are not looked at any more. */
static enum sl_rc
compare_gone(struct sl_installed *in, struct tale *t, struct sl_err *err)
{
	char key[PATH_MAX] = KNOWN;
	struct file gone = {.name = key + strlen(KNOWN)};

	while (sl_store_meta_next(in->e->store, KNOWN, key, sizeof(key)))
		if (!is_listed(in, gone.name) &&
		    compare(in->e, &gone, t, err) != SL_OK)
			return SL_FATAL;
	return SL_OK;
}

static enum sl_rc
tell(struct sl_engine *e, struct tale *t, struct sl_err *err)
{
	size_t i;

	for (i = 0; i < KINDS; i++) {
		if (t->files[i].n == 0)
			continue;
		sl_buf_add_str(&t->files[i], "]}");
		if (sl_store_log(e->store, kinds[i], "-", "slused",
			sl_buf_str(&t->files[i]), 0, 0, err) != SL_OK)
			return SL_FATAL;
	}
	return SL_OK;
}

static void
end_walk(struct sl_installed *in)
{
	struct tale t = {0};
	struct sl_err err;
	enum sl_rc rc = SL_OK;
	size_t i;

	for (i = 0; i < in->n && rc == SL_OK; i++)
		rc = compare(in->e, &in->file[i], &t, &err);
	if (rc == SL_OK)
		rc = compare_gone(in, &t, &err);
	if (rc == SL_OK)
		rc = tell(in->e, &t, &err);
	for (i = 0; i < KINDS; i++)
		sl_buf_free(&t.files[i]);
	if (sl_engine_bad(in->e, rc, &err))
		return;
	sl_log(SL_LOG_INFO, "installed",
	    "looked through files=\"%zu\" changed=\"%zu\"", in->n, t.n);
	forget(in);
	in->ended_ms = sl_clock_boot_ms();
	if (in->again)
		sl_installed_soon(in->e);
	in->again = false;
}

/* -- reading them ---------------------------------------------------------- */

/* Random bytes that only this database has. */
static enum sl_rc
add_key(struct sl_installed *in, struct sl_err *err)
{
	char hex[SL_SHA256_HEX + 1];
	struct sl_digest key;

	sl_store_meta(in->e->store, KEY, hex, sizeof(hex));
	if (*hex == '\0') {
		sl_random(key.b, sizeof(key.b));
		sl_digest_hex(&key, hex);
		if (sl_store_meta_put(in->e->store, KEY, hex, err) != SL_OK)
			return SL_FATAL;
	}
	sl_sha256_add(in->sum, hex, strlen(hex));
	return SL_OK;
}

/* False: there is none that could be read. */
static bool
open_next(struct sl_installed *in)
{
	struct file *f = &in->file[in->at];
	struct sl_err err;
	struct stat st;

	in->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (in->fd < 0)
		return false;
	if (fstat(in->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		sl_cleanup_close(&in->fd);
		return false;
	}
	in->sum = sl_sha256_new();
	if (strcmp(f->name, PASSWORDS) == 0)
		(void)sl_engine_bad(in->e, add_key(in, &err), &err);
	return true;
}

/* Returns how much it has read. */
static size_t
read_on(struct sl_installed *in)
{
	struct file *f = &in->file[in->at];
	struct sl_digest d;
	ssize_t n;

	if (in->fd < 0 && !open_next(in)) {
		in->at++;
		return 0;
	}
	n = sl_read_full(in->fd, in->piece, PIECE);
	if (n > 0)
		sl_sha256_add(in->sum, in->piece, (size_t)n);
	if (n == (ssize_t)PIECE)
		return PIECE;
	sl_sha256_end(SL_TAKE(in->sum), &d);
	if (n >= 0)
		sl_digest_hex(&d, f->now);
	if (strcmp(f->name, PASSWORDS) == 0)
		explicit_bzero(in->piece, PIECE);
	sl_cleanup_close(&in->fd);
	in->at++;
	return n > 0 ? (size_t)n : 0;
}

static void
take_turn(struct sl_installed *in)
{
	int64_t end = sl_clock_boot_ms() + TURN_MS;
	size_t n = 0;

	while (in->at < in->n && n < TURN && !in->e->fatal &&
	       sl_clock_boot_ms() < end)
		n += read_on(in);
}

static void
on_timer(void *arg)
{
	struct sl_installed *in = arg;

	if (in->e->fatal || in->e->stopping)
		return;
	if (in->e->stalled) { /* its end would write */
		sl_timer_set(in->timer, SL_STALLED_MS);
		return;
	}
	if (in->n == 0) {
		in->piece = sl_alloc(PIECE);
		add_all(in);
	}
	take_turn(in);
	if (in->e->fatal)
		return;
	if (in->at == in->n)
		end_walk(in);
	else
		sl_timer_set(in->timer, REST_MS);
}

void
sl_installed_start(struct sl_engine *e)
{
	struct sl_installed *in = sl_alloc(sizeof(*in));

	in->e = e;
	in->fd = -1;
	in->timer = sl_loop_timer(e->loop, on_timer, in);
	sl_timer_set(in->timer, FIRST_MS);
	e->installed = in;
}

void
sl_installed_soon(struct sl_engine *e)
{
	struct sl_installed *in = e->installed;
	int64_t left;

	if (in == NULL || e->stopping)
		return;
	if (in->n > 0) {
		in->again = true;
		return;
	}
	left = in->ended_ms + AGAIN_MS - sl_clock_boot_ms();
	if (in->ended_ms != 0)
		sl_timer_pull(in->timer, left > 0 ? left : 0);
}

void
sl_installed_stop(struct sl_engine *e)
{
	struct sl_installed *in = e->installed;

	if (in == NULL)
		return;
	e->installed = NULL;
	forget(in);
	sl_timer_end(in->timer);
	free(in->file);
	free(in);
}
