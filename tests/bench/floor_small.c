/*
 * The floor for small post: what the libraries, the disk and the target cost
 * and nothing else.
 *
 *	floor_small [-j processes] port database file ...
 *
 * One process per core takes the next file from a shared counter: libmagic and
 * SHA-256 of it and of what a mail carries, the text of it in-process (MuPDF,
 * GMime, character sets), a row and a journal row in SQLite (WAL, FULL, 64
 *files a commit), then one POST over a kept connection with the file as base64
 *in JSON, as the webhook connector sends it. A file is posted after its commit.
 * The clock starts when all processes are warm.
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <gmime/gmime.h>
#include <iconv.h>
#include <magic.h>
#include <mupdf/fitz.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define FILES_MAX 16 /* of one message */
#define META 900 /* what a prepared post says beside the files */

struct shared {
	atomic_int next, ready, go;
	atomic_long chars, requests;
};

struct blob {
	unsigned char *p;
	size_t n;
};

struct letter {
	const char *name;
	struct blob file[FILES_MAX];
	int files;
	long chars;
	char mime[128], sha[65];
};

struct worker {
	struct shared *sh;
	fz_context *fz;
	magic_t magic;
	sqlite3 *db;
	sqlite3_stmt *row, *leaf;
	CURL *curl;
	char url[64];
};

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static _Noreturn void
die(const char *what)
{
	(void)fprintf(stderr, "floor_small: %s\n", what);
	_exit(1);
}

static void
need(int ok, const char *what)
{
	if (!ok)
		die(what);
}

/* -- reading ------------------------------------------------------------- */

static struct blob
slurp(const char *name)
{
	struct blob b = {0};
	struct stat st;
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	need(fd >= 0 && fstat(fd, &st) == 0, name);
	b.n = (size_t)st.st_size;
	b.p = malloc(b.n + 1);
	need(b.p != NULL && read(fd, b.p, b.n) == (ssize_t)b.n, name);
	(void)close(fd);
	return b;
}

static long
pdf_text(fz_context *c, const struct blob *b)
{
	fz_stream *s = fz_open_memory(c, b->p, b->n);
	fz_document *d = fz_open_document_with_stream(c, "application/pdf", s);
	/* As the reader asks: no glyph that lies outside the page. */
	fz_stext_options opt = {.flags = FZ_STEXT_MEDIABOX_CLIP};
	int i, n = fz_count_pages(c, d);
	long chars = 0;

	for (i = 0; i < n; i++) {
		fz_stext_page *t =
		    fz_new_stext_page_from_page_number(c, d, i, &opt);
		fz_buffer *o = fz_new_buffer_from_stext_page(c, t);

		chars += (long)fz_buffer_storage(c, o, NULL);
		fz_drop_buffer(c, o);
		fz_drop_stext_page(c, t);
	}
	fz_drop_document(c, d);
	fz_drop_stream(c, s);
	return chars;
}

/* UTF-8 as it is, else the likelier of two by its letters. */
static long
plain_text(const struct blob *b)
{
	char *out, *o, *in = (char *)b->p;
	size_t left = b->n, room = b->n * 3, i, dos = 0, iso = 0;
	iconv_t cd;

	if (g_utf8_validate((const char *)b->p, (gssize)b->n, NULL))
		return (long)b->n;
	for (i = 0; i < b->n; i++) {
		dos += memchr("\x86\x91\x9B\x8F\x92\x9D", b->p[i], 6) != NULL;
		iso += memchr("\xE5\xE6\xF8\xC5\xC6\xD8", b->p[i], 6) != NULL;
	}
	cd = iconv_open("UTF-8", dos > iso ? "CP865" : "ISO-8859-1");
	o = out = malloc(room);
	need(cd != (iconv_t)-1 && out != NULL, "iconv");
	(void)iconv(cd, &in, &left, &o, &room);
	(void)iconv_close(cd);
	i = (size_t)(o - out);
	free(out);
	return (long)i;
}

struct mail {
	const struct worker *w;
	struct letter *l;
};

static const char *
mime_of(const struct worker *w, const struct blob *b)
{
	const char *mime = magic_buffer(w->magic, b->p, b->n);

	need(mime != NULL, "magic");
	return mime;
}

static int
is_pdf(const struct worker *w, const struct blob *b)
{
	return strncmp(mime_of(w, b), "application/pdf", 15) == 0;
}

static void
see_part(GMimeObject *parent, GMimeObject *part, gpointer arg)
{
	struct mail *m = arg;
	GMimeDataWrapper *w;
	GMimeStream *mem;
	GByteArray *a;
	struct blob b;

	(void)parent;
	if (GMIME_IS_TEXT_PART(part)) {
		char *t = g_mime_text_part_get_text(GMIME_TEXT_PART(part));

		m->l->chars += t != NULL ? (long)strlen(t) : 0;
		g_free(t);
		return;
	}
	if (!GMIME_IS_PART(part) || m->l->files == FILES_MAX)
		return;
	w = g_mime_part_get_content(GMIME_PART(part));
	mem = g_mime_stream_mem_new();
	(void)g_mime_data_wrapper_write_to_stream(w, mem);
	a = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
	b.n = a->len;
	b.p = malloc(b.n + 1);
	need(b.p != NULL, "memory");
	memcpy(b.p, a->data, b.n);
	g_object_unref(mem);
	m->l->file[m->l->files++] = b;
	if (is_pdf(m->w, &b))
		m->l->chars += pdf_text(m->w->fz, &b);
}

static void
mail_text(const struct worker *w, struct letter *l)
{
	GMimeStream *s = g_mime_stream_mem_new_with_buffer(
	    (const char *)l->file[0].p, l->file[0].n);
	GMimeParser *p = g_mime_parser_new_with_stream(s);
	GMimeMessage *msg = g_mime_parser_construct_message(p, NULL);
	struct mail m = {w, l};

	need(msg != NULL, "message");
	(void)g_mime_message_get_subject(msg);
	(void)g_mime_message_get_date(msg);
	g_mime_message_foreach(msg, see_part, &m);
	g_object_unref(msg);
	g_object_unref(p);
	g_object_unref(s);
}

static void
digest(struct letter *l)
{
	unsigned char md[32];
	unsigned n = 0, i;
	int k;

	for (k = l->files - 1; k >= 0; k--)
		need(EVP_Digest(l->file[k].p, l->file[k].n, md, &n,
			 EVP_sha256(), NULL) == 1,
		    "sha256");
	for (i = 0; i < n; i++)
		(void)snprintf(l->sha + 2 * i, 3, "%02x", md[i]);
}

static void
read_letter(struct worker *w, struct letter *l)
{
	const char *dot;

	l->file[l->files++] = slurp(l->name);
	(void)snprintf(l->mime, sizeof(l->mime), "%s", mime_of(w, &l->file[0]));
	dot = strrchr(l->name, '.');
	if (strncmp(l->mime, "application/pdf", 15) == 0)
		l->chars = pdf_text(w->fz, &l->file[0]);
	else if (dot != NULL && strcmp(dot, ".eml") == 0)
		mail_text(w, l);
	else
		l->chars = plain_text(&l->file[0]);
	digest(l);
	(void)atomic_fetch_add(&w->sh->chars, l->chars);
}

/* -- database ------------------------------------------------------------- */

static void
run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
}

static sqlite3 *
open_db(const char *name)
{
	sqlite3 *db;

	need(sqlite3_open(name, &db) == SQLITE_OK, "database");
	(void)sqlite3_busy_timeout(db, 60000);
	run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
	return db;
}

static void
make_tables(const char *name)
{
	sqlite3 *db = open_db(name);

	run(db, "CREATE TABLE letter(id INTEGER PRIMARY KEY, name TEXT, "
		"mime TEXT, sha256 TEXT UNIQUE, size INTEGER, chars INTEGER); "
		"CREATE TABLE journal(seq INTEGER PRIMARY KEY, at INTEGER, "
		"event TEXT, letter TEXT, leaf BLOB)");
	(void)sqlite3_close(db);
}

static void
prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
	need(sqlite3_prepare_v2(db, sql, -1, ret, NULL) == SQLITE_OK, sql);
}

static void
put(struct worker *w, const struct letter *l)
{
	sqlite3_stmt *s = w->row;

	(void)sqlite3_bind_text(s, 1, l->name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(s, 2, l->mime, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(s, 3, l->sha, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(s, 4, (sqlite3_int64)l->file[0].n);
	(void)sqlite3_bind_int64(s, 5, l->chars);
	need(sqlite3_step(s) == SQLITE_DONE, sqlite3_errmsg(w->db));
	(void)sqlite3_reset(s);
	s = w->leaf;
	(void)sqlite3_bind_int64(s, 1, (sqlite3_int64)time(NULL));
	(void)sqlite3_bind_text(s, 2, l->sha, -1, SQLITE_STATIC);
	(void)sqlite3_bind_blob(s, 3, l->sha, 32, SQLITE_STATIC);
	need(sqlite3_step(s) == SQLITE_DONE, sqlite3_errmsg(w->db));
	(void)sqlite3_reset(s);
}

/* -- target --------------------------------------------------------------- */

static size_t
swallow(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

static char *
body_of(const struct letter *l)
{
	size_t room = META + 256, n = 0;
	char *b;
	int i;

	for (i = 0; i < l->files; i++)
		room += l->file[i].n * 4 / 3 + META;
	b = malloc(room);
	need(b != NULL, "memory");
	n += (size_t)snprintf(
	    b + n, room - n, "{\"name\":\"%*s\",\"files\":[", META, "");
	for (i = 0; i < l->files; i++) {
		n += (size_t)snprintf(b + n, room - n,
		    "%s{\"sha256\":\"%s\",\"content\":\"", i > 0 ? "," : "",
		    l->sha);
		n += (size_t)EVP_EncodeBlock(
		    (unsigned char *)b + n, l->file[i].p, (int)l->file[i].n);
		n += (size_t)snprintf(b + n, room - n, "\"}");
	}
	(void)snprintf(b + n, room - n, "]}");
	return b;
}

static void
post(struct worker *w, const struct letter *l)
{
	struct curl_slist *h = NULL;
	char *body = body_of(l), key[96];
	long status = 0;

	(void)snprintf(key, sizeof(key), "Idempotency-Key: %s", l->sha);
	h = curl_slist_append(h, "Content-Type: application/json");
	h = curl_slist_append(h, "Expect:");
	h = curl_slist_append(h, key);
	(void)curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, h);
	(void)curl_easy_setopt(w->curl, CURLOPT_POSTFIELDS, body);
	(void)curl_easy_setopt(
	    w->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
	need(curl_easy_perform(w->curl) == CURLE_OK, "post");
	(void)curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
	need(status == 200, "status of a post");
	(void)atomic_fetch_add(&w->sh->requests, 1);
	curl_slist_free_all(h);
	free(body);
}

/* -- a process ------------------------------------------------------------ */

static void
flush_batch(struct worker *w, struct letter *l, int n)
{
	int i, k;

	if (n == 0)
		return;
	run(w->db, "BEGIN IMMEDIATE");
	for (i = 0; i < n; i++)
		put(w, &l[i]);
	run(w->db, "COMMIT");
	for (i = 0; i < n; i++) {
		post(w, &l[i]);
		for (k = 0; k < l[i].files; k++)
			free(l[i].file[k].p);
	}
	memset(l, 0, (size_t)n * sizeof(*l));
}

/* With the limits that sluse-work sets: they make it cheaper. */
static magic_t
open_magic(void)
{
	const size_t bytes = 1 << 20, regex = 4096;
	magic_t m = magic_open(MAGIC_MIME | MAGIC_ERROR |
			       MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);

	need(m != NULL && magic_load(m, NULL) == 0, "magic");
	(void)magic_setparam(m, MAGIC_PARAM_BYTES_MAX, &bytes);
	(void)magic_setparam(m, MAGIC_PARAM_REGEX_MAX, &regex);
	(void)magic_buffer(m, "warm", 4);
	return m;
}

static void
warm(struct worker *w, const char *port, const char *database)
{
	w->fz = fz_new_context(NULL, NULL, FZ_STORE_DEFAULT);
	need(w->fz != NULL, "mupdf");
	fz_register_document_handlers(w->fz);
	g_mime_init();
	w->magic = open_magic();
	w->db = open_db(database);
	prepare(w->db,
	    "INSERT INTO letter(name, mime, sha256, size, chars) "
	    "VALUES (?, ?, ?, ?, ?)",
	    &w->row);
	prepare(w->db,
	    "INSERT INTO journal(at, event, letter, leaf) VALUES "
	    "(?, 'delivered', ?, ?)",
	    &w->leaf);
	w->curl = curl_easy_init();
	need(w->curl != NULL, "curl");
	(void)snprintf(
	    w->url, sizeof(w->url), "http://127.0.0.1:%s/post", port);
	(void)curl_easy_setopt(w->curl, CURLOPT_URL, w->url);
	(void)curl_easy_setopt(w->curl, CURLOPT_WRITEFUNCTION, swallow);
}

static _Noreturn void
work(struct shared *sh, char **arg, int n, char **files)
{
	struct worker w = {.sh = sh};
	struct letter batch[BATCH] = {0};
	int i, have = 0;

	warm(&w, arg[0], arg[1]);
	(void)atomic_fetch_add(&sh->ready, 1);
	while (!atomic_load(&sh->go))
		(void)usleep(500);
	while ((i = atomic_fetch_add(&sh->next, 1)) < n) {
		batch[have].name = files[i];
		read_letter(&w, &batch[have]);
		if (++have == BATCH) {
			flush_batch(&w, batch, have);
			have = 0;
		}
	}
	flush_batch(&w, batch, have);
	(void)sqlite3_finalize(w.row);
	(void)sqlite3_finalize(w.leaf);
	(void)sqlite3_close(w.db);
	_exit(0);
}

int
main(int argc, char **argv)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN), i;
	int c, status, bad = 0, n;
	struct shared *sh;
	struct rusage ru;
	double start;

	while ((c = getopt(argc, argv, "j:")) == 'j')
		cores = strtol(optarg, NULL, 10);
	n = argc - optind - 2;
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c != -1 || n < 1 || sh == MAP_FAILED)
		return 2;
	make_tables(argv[optind + 1]);
	for (i = 0; i < cores; i++)
		if (fork() == 0)
			work(sh, argv + optind, n, argv + optind + 2);
	while (atomic_load(&sh->ready) < cores) {
		if (waitpid(-1, &status, WNOHANG) > 0)
			return 1; /* died while warming */
		(void)usleep(500);
	}
	start = now();
	atomic_store(&sh->go, 1);
	while (wait(&status) > 0)
		bad |= status;
	start = now() - start;
	(void)getrusage(RUSAGE_CHILDREN, &ru);
	(void)printf("files=%d seconds=%.3f requests=%ld chars=%ld "
		     "cpu_s=%.2f\n",
	    n, start, atomic_load(&sh->requests), atomic_load(&sh->chars),
	    (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
		(double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6);
	return bad != 0;
}
