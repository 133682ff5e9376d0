/*
 * libmagic is the dearest thing in the life of a small file (about a
 * millisecond), so it is asked once for text, and not at all of a mail or where
 * a mail has said what its body is; the description costs a second look, which
 * is cheap for everything but text.
 *
 * SECURITY: never MAGIC_COMPRESS (it would start programs); limits by
 * magic_setparam.
 */
#include "identify.h"

#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/buf.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../pronom/pronom.h"
#include "mend.h"

#define FLAGS (MAGIC_ERROR | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF)

#define DATABASE "/usr/share/misc/magic.mgc"
#define DATABASE_MAX (64 << 20)

/* One cookie for the life of the process: libmagic keeps no more state in it
 * than buffers. */
static magic_t cookie;
static struct sl_pronom *table;
static size_t head_max = SL_IDENTIFY_PREFIX, tail_max = SL_PRONOM_TAIL;

static enum sl_rc
magic_failed(struct sl_err *err, const char *what)
{
	const char *why = cookie != NULL ? magic_error(cookie) : NULL;

	return sl_err_set(err, SL_FATAL, 0, "unsupported", "libmagic: %s: %s",
	    what, why != NULL ? why : "no reason given");
}

static const char *
ask(const void *p, size_t n, int flags)
{
	(void)magic_setflags(cookie, FLAGS | flags);
	return magic_buffer(cookie, p, n);
}

/*
 * Every child reads all of the 8 MB database. As a mapped file it would fault
 * a hundred times in each; in huge pages of the parent it is simply there. The
 * memory stays for the life of the process. NULL: no file of that name.
 */
static void *
database_in_memory(size_t *ret_n)
{
	const size_t huge = (size_t)2 << 20;
	int fd = open(DATABASE, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t n, whole;
	void *p = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_size > 0 &&
	    st.st_size <= DATABASE_MAX) {
		n = (size_t)st.st_size;
		whole = (n + huge - 1) / huge * huge;
		p = aligned_alloc(huge, whole);
		if (p != NULL) {
			(void)madvise(p, whole, MADV_HUGEPAGE);
			if (sl_pread_full(fd, p, n, 0) != (ssize_t)n) {
				free(p);
				p = NULL;
			}
			*ret_n = n;
		}
	}
	(void)close(fd);
	return p;
}

/* Debian's own database; what libmagic looks for by itself is the fallback. */
static bool
load_database(void)
{
	size_t n;
	void *p = database_in_memory(&n);

	if (p != NULL && magic_load_buffers(cookie, &p, &n, 1) == 0)
		return true;
	free(p);
	return magic_load(cookie, NULL) == 0;
}

/*
 * What libmagic compiles it keeps, and so does the C library with the states of
 * its regular expressions: what the parent has met in a sample, no child builds
 * again. So the samples hold what letters hold, in the sets they are written
 * in, and what a mail and a page for the web begin with.
 */
#define LETTER(ae, oe, aa, AE, OE, AA)                                         \
	"Sluseby kommune\nServicetorget\n5674 Sluseby\n\nDato: 12.03.2026\n"   \
	"Deres ref.: 26/1234-5\tV" aa "r ref: FE-067, (JKQ/wxz)\n\n"           \
	"S" oe "knad om dispensasjon - G" AA "RDSVEGEN 98, gnr. 14 bnr. 3\n\n" \
	"Vi viser til brevet. \"" AE "rlig talt\" er det n" ae "r " OE         \
	"stbygda; kan det\nv" ae "re s" aa                                     \
	" bratt? Takk & hilsen <post@a.no>, "                                  \
	"https://a.no/#x\nXYZ CHLMPUW bcfhjpquy 100 % = 1 500,- + mva. "       \
	"[*]\r\n"                                                              \
	"--\nKari Nordmann\nTlf. +47 55 00 00 00\n"

static const char *const samples[] = {
    LETTER(
	"\xC3\xA6", "\xC3\xB8", "\xC3\xA5", "\xC3\x86", "\xC3\x98", "\xC3\x85"),
    LETTER("\xE6", "\xF8", "\xE5", "\xC6", "\xD8", "\xC5"),
    LETTER("\x91", "\x9B", "\x86", "\x92", "\x9D", "\x8F"),
    "From: \"A\" <a@b.no>\nTo: post@b.no\nSubject: =?utf-8?B?w6U=?=\n"
    "Date: Mon, 2 Nov 2026 10:00:01 +0100\nMIME-Version: 1.0\n\nHei\n",
    "<!DOCTYPE "
    "html>\n<html><head><title>A</title></head><body></body></html>\n",
    "%PDF-1.7\n1 0 obj\n",
};

static bool
try_samples(void)
{
	size_t i;

	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (ask(samples[i], strlen(samples[i]), MAGIC_MIME) == NULL ||
		    ask(samples[i], strlen(samples[i]), 0) == NULL)
			return false;
	return true;
}

enum sl_rc
sl_identify_warm_format(struct sl_err *err)
{
	if (table != NULL || sl_pronom_open(&table, err) == SL_OK)
		return SL_OK;
	return SL_FATAL;
}

enum sl_rc
sl_identify_warm(struct sl_err *err)
{
	static const struct {
		int param;
		size_t value;
	} limits[] = {{MAGIC_PARAM_INDIR_MAX, 15}, {MAGIC_PARAM_NAME_MAX, 30},
	    {MAGIC_PARAM_ELF_NOTES_MAX, 64}, {MAGIC_PARAM_ELF_PHNUM_MAX, 64},
	    {MAGIC_PARAM_ELF_SHNUM_MAX, 1024}, {MAGIC_PARAM_REGEX_MAX, 1024},
	    {MAGIC_PARAM_BYTES_MAX, SL_IDENTIFY_PREFIX}};
	size_t i;

	if (cookie != NULL)
		return SL_OK;
	if (sl_identify_warm_format(err) != SL_OK)
		return SL_FATAL;
	cookie = magic_open(FLAGS);
	if (cookie == NULL || !load_database())
		return magic_failed(err, "load");
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (magic_setparam(cookie, limits[i].param, &limits[i].value) !=
		    0)
			return magic_failed(err, "limit");
	if (!try_samples())
		return magic_failed(err, "first run");
	return SL_OK;
}

const char *
sl_identify_table(void)
{
	return sl_pronom_version(table);
}

void
sl_identify_warn(char *list, size_t cap, const char *slug)
{
	size_t n = strlen(list), k = strlen(slug);

	if (k == 0 || n + k + 2 > cap)
		return;
	if (n > 0)
		list[n++] = ',';
	memcpy(list + n, slug, k + 1);
}

static void
warn(struct sl_identity *id, const char *slug)
{
	sl_identify_warn(id->warnings, sizeof(id->warnings), slug);
}

static void
set(struct sl_identity *id, const char *mime, enum sl_basis basis)
{
	(void)snprintf(id->mime, sizeof(id->mime), "%s", mime);
	id->basis = basis;
}

static bool
is_text(const struct sl_identity *id)
{
	return strncmp(id->mime, "text/", 5) == 0;
}

static bool
is_unknown(const struct sl_identity *id)
{
	return strcmp(id->mime, "application/octet-stream") == 0;
}

/* "text/plain; charset=iso-8859-1" */
static void
take_mime(const char *s, struct sl_identity *id)
{
	const char *end = strchr(s, ';'), *cs = strstr(s, "charset=");
	size_t n = end != NULL ? (size_t)(end - s) : strlen(s);

	/* Older databases print several answers after one another. */
	if (memchr(s, '\\', n) != NULL)
		n = (size_t)((const char *)memchr(s, '\\', n) - s);
	(void)snprintf(id->mime, sizeof(id->mime), "%.*s", (int)n, s);
	if (strchr(id->mime, '/') == NULL)
		set(id, "application/octet-stream", SL_BASIS_NONE);
	else
		id->basis = is_text(id) ? SL_BASIS_TEXT : SL_BASIS_SIGNATURE;
	if (is_unknown(id))
		id->basis = SL_BASIS_NONE;
	if (cs != NULL && strcmp(cs + 8, "binary") != 0)
		(void)snprintf(
		    id->charset, sizeof(id->charset), "%.31s", cs + 8);
}

/* libmagic prints bytes of the file in its description. */
static void
take_format(const char *s, struct sl_identity *id)
{
	SL_BUF struct sl_buf b = {0};

	sl_text_display(&b, s, strnlen(s, sizeof(id->format)));
	(void)sl_slice_copy(sl_slice_buf(&b), id->format, sizeof(id->format));
}

static void
ask_magic(const char *p, size_t n, struct sl_identity *id)
{
	const char *s = ask(p, n, MAGIC_MIME);

	set(id, "application/octet-stream", SL_BASIS_NONE);
	if (s != NULL)
		take_mime(s, id);
}

static void
mend_zip(const struct sl_extent *x, struct sl_identity *id)
{
	bool macro, junk = strncmp(id->mime, "application/x-dosexec", 21) == 0;
	const char *kind;

	if (is_text(id) || strncmp(id->mime, "message/", 8) == 0)
		return;
	if (!is_unknown(id) && !junk && strstr(id->mime, "zip") == NULL &&
	    strstr(id->mime, "officedocument") == NULL &&
	    strstr(id->mime, "opendocument") == NULL &&
	    strstr(id->mime, "java-archive") == NULL) {
		if (strcmp(id->mime, "application/pdf") != 0 &&
		    sl_has_zip_end(x))
			warn(id, "polyglot");
		return;
	}
	if (strcmp(id->mime, "application/gzip") == 0 ||
	    (kind = sl_zip_kind(x, &macro)) == NULL)
		return;
	if (junk || is_unknown(id))
		warn(id, "prefixed");
	set(id, kind,
	    strcmp(kind, "application/zip") == 0 ? SL_BASIS_SIGNATURE
						 : SL_BASIS_CONTAINER);
	if (macro)
		warn(id, "macro");
}

static void
mend(const struct sl_extent *x, const char *p, size_t n, const char *name,
    const char *declared, struct sl_identity *id)
{
	size_t head = n < 65536 ? n : 65536;
	const char *type;

	/* A directory that does not come first, or a name in the way. */
	if (n >= 4 && memcmp(p, "PK\3\4", 4) == 0 &&
	    strstr(id->mime, "zip") == NULL)
		set(id, "application/zip", SL_BASIS_SIGNATURE);
	if ((is_unknown(id) || is_text(id)) && sl_looks_pdf(p, n)) {
		set(id, "application/pdf", SL_BASIS_SIGNATURE);
		warn(id, "prefixed");
	}
	/* libmagic also takes a text that speaks of "%PDF-" for one. */
	else if (strcmp(id->mime, "application/pdf") == 0 &&
		 memcmp(p, "%PDF-", n < 5 ? n : 5) != 0 && !sl_looks_pdf(p, n))
		set(id, "application/octet-stream", SL_BASIS_NONE);
	mend_zip(x, id);
	/* libmagic takes some for a table of dBase. */
	if ((type = sl_looks_cms(p, n)) != NULL)
		set(id, type, SL_BASIS_SIGNATURE);
	if (sl_looks_envelope(p, n))
		(void)snprintf(id->format, sizeof(id->format), "CMS envelope");
	if (is_unknown(id) && sl_looks_text(p, head))
		set(id, "text/plain", SL_BASIS_TEXT);
	if (!is_text(id))
		return;
	if (sl_looks_mbox(p, n))
		set(id, "application/mbox", SL_BASIS_SIGNATURE);
	else if (sl_looks_mail(p, n))
		set(id, "message/rfc822", SL_BASIS_SIGNATURE);
	else if (declared != NULL &&
		 (strcasecmp(declared, "text/html") == 0 ||
		     strcasecmp(declared, "message/rfc822") == 0))
		set(id,
		    strcasecmp(declared, "text/html") == 0 ? "text/html"
							   : "message/rfc822",
		    SL_BASIS_EXTENSION);
	else if (strcmp(id->mime, "text/plain") == 0 &&
		 strcasecmp(sl_extension(name), "csv") == 0)
		set(id, "text/csv", SL_BASIS_EXTENSION);
}

/* A mail has said that this is its text: believed if it can be one. */
static bool
is_declared_body(const char *p, size_t n, const char *declared,
    const char *name, struct sl_identity *id)
{
	if (declared == NULL || name[0] != '\0' ||
	    (strcasecmp(declared, "text/plain") != 0 &&
		strcasecmp(declared, "text/html") != 0) ||
	    !sl_utf8_valid(p, n))
		return false;
	set(id,
	    strcasecmp(declared, "text/html") == 0 ? "text/html" : "text/plain",
	    SL_BASIS_TEXT);
	(void)snprintf(id->charset, sizeof(id->charset), "utf-8");
	return true;
}

/* A head of a mail and nothing else. libmagic would mostly say the same; where
 * Path: or Xref: comes first it has message/news, and where a mail has BinHex
 * in it sometimes the kind of that. Both are mails, and are read as mails. It
 * would guess a charset too: a mail has one for each part, and says which, so
 * none is told. */
static bool
is_plain_mail(const char *p, size_t n, struct sl_identity *id)
{
	if (!sl_looks_mail(p, n) || sl_looks_pdf(p, n) ||
	    !sl_looks_text(p, n < 65536 ? n : 65536))
		return false;
	set(id, "message/rfc822", SL_BASIS_SIGNATURE);
	return true;
}

static void
describe(const char *p, size_t n, struct sl_identity *id)
{
	const char *s;

	if (is_text(id))
		(void)snprintf(id->format, sizeof(id->format), "text, %s",
		    id->charset[0] != '\0' ? id->charset : "unknown");
	else if (strcmp(id->mime, "message/rfc822") == 0)
		(void)snprintf(id->format, sizeof(id->format), "e-mail");
	else if (strcmp(id->mime, "application/mbox") == 0)
		(void)snprintf(id->format, sizeof(id->format), "e-mail folder");
	else if (n >= 8 && memcmp(p, "%PDF-", 5) == 0 &&
		 strcmp(id->mime, "application/pdf") == 0)
		/* Its head says what libmagic would, at no cost. */
		(void)snprintf(id->format, sizeof(id->format),
		    "PDF document, version %c.%c",
		    p[5] >= '0' && p[5] <= '9' ? p[5] : '?',
		    p[7] >= '0' && p[7] <= '9' ? p[7] : '?');
	else if ((s = ask(p, n, 0)) != NULL)
		take_format(s, id);
}

/* -- PRONOM ---------------------------------------------------------------- */

static bool
is_text_of_any_kind(const char *p, size_t n)
{
	return sl_looks_text(p, n < 65536 ? n : 65536) ||
	       (n >= 2 && (memcmp(p, "\xFF\xFE", 2) == 0 ||
			      memcmp(p, "\xFE\xFF", 2) == 0));
}

/* Kinds that one file cannot be two of; 0: too wide to tell. */
static int
broad_kind(const char *mime)
{
	static const struct {
		const char *begin;
		int kind;
	} known[] = {{"image/", 1}, {"audio/", 2}, {"video/", 2},
	    {"application/pdf", 3}, {"application/zip", 4},
	    {"application/vnd.oasis", 4}, {"application/vnd.openxml", 4},
	    {"application/gzip", 5}, {"application/msword", 6},
	    {"application/vnd.ms-outlook", 6}};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(mime, known[i].begin, strlen(known[i].begin)) == 0)
			return known[i].kind;
	return 0;
}

/* Can the answer not be true if libmagic's is? */
static bool
contradicts(const struct sl_pronom_result *r, const struct sl_identity *id)
{
	int ours = broad_kind(id->mime), theirs = 0;

	if (r->basis == SL_BASIS_TEXT)
		return ours != 0;
	if (r->count == 1)
		theirs = broad_kind(r->format[0]->mime);
	if (r->basis == SL_BASIS_EXTENSION &&
	    strncmp(r->format[0]->mime, "text/", 5) == 0)
		return ours != 0;
	return ours != 0 && theirs != 0 && ours != theirs;
}

static void
take_formats(const struct sl_pronom_result *r, struct sl_identity *id)
{
	const struct sl_pronom_format *f = r->format[0];
	unsigned i;

	if (contradicts(r, id)) {
		warn(id, "type_contradiction");
		/* A name, or mere text, against bytes: nothing is said. */
		if (r->basis == SL_BASIS_TEXT || r->basis == SL_BASIS_EXTENSION)
			return;
	}
	for (i = 0; i < r->count; i++)
		sl_identify_warn(
		    id->puid, sizeof(id->puid), r->format[i]->puid);
	id->basis = r->basis;
	if (r->several)
		warn(id, "several_formats");
	if (r->count != 1 || r->basis == SL_BASIS_TEXT)
		return;
	(void)snprintf(id->format, sizeof(id->format), "%s%s%s", f->name,
	    *f->version != '\0' ? " " : "", f->version);
}

static bool
ask_pronom(const struct sl_extent *x, const char *p, size_t n, const char *name,
    struct sl_identity *id)
{
	const struct sl_pronom_input in = {.x = x,
	    .head = (const uint8_t *)p,
	    .head_n = n,
	    .tail_max = tail_max,
	    .name = name,
	    .is_text = is_text_of_any_kind(p, n)};
	struct sl_pronom_result r;

	sl_pronom_identify(table, &in, &r);
	if (r.count > 0)
		take_formats(&r, id);
	if (r.partial)
		warn(id, "partly_looked_at");
	if (r.exhausted)
		warn(id, "match_stopped");
	return !r.extension_mismatch;
}

/* libmagic is shown the first bytes only, and knows no more of a compound file
 * whose directory lies behind them. PRONOM's signatures looked there. */
static void
mend_compound(struct sl_identity *id)
{
	static const struct {
		const char *puid, *mime;
	} types[] = {{"x-fmt/430", "application/vnd.ms-outlook"},
	    {"fmt/39", "application/msword"}, {"fmt/40", "application/msword"},
	    {"fmt/609", "application/msword"},
	    {"x-fmt/45", "application/msword"},
	    {"fmt/59", "application/vnd.ms-excel"},
	    {"fmt/61", "application/vnd.ms-excel"},
	    {"fmt/126", "application/vnd.ms-powerpoint"},
	    {"x-fmt/88", "application/vnd.ms-powerpoint"}};
	size_t i;

	if (strcmp(id->mime, "application/x-ole-storage") != 0 ||
	    id->basis != SL_BASIS_CONTAINER)
		return;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(id->puid, types[i].puid) == 0)
			set(id, types[i].mime, SL_BASIS_CONTAINER);
}

void
sl_identify_windows(size_t head, size_t tail)
{
	head_max = head != 0 ? head : SL_IDENTIFY_PREFIX;
	tail_max = tail != 0 ? tail : SL_PRONOM_TAIL;
}

/* The first bytes of a file, in memory that is used for one after another. */
static const char *
read_head(const struct sl_extent *x, size_t *ret_n)
{
	static char *head;
	static size_t cap;
	size_t n = x->size < head_max ? (size_t)x->size : head_max;

	if (head == NULL || cap < n) {
		free(head); /* nothing to be kept */
		head = sl_realloc(NULL, cap = n);
	}
	*ret_n = n;
	return sl_extent_read(x, head, n, 0) == (ssize_t)n ? head : NULL;
}

enum sl_rc
sl_identify_format(const struct sl_extent *x, const char *name,
    struct sl_identity *ret, struct sl_err *err)
{
	const char *p, *type;
	size_t n;

	memset(ret, 0, sizeof(*ret));
	p = read_head(x, &n);
	if (p == NULL)
		return sl_err_set(err, SL_RETRY, errno, "file_unreadable",
		    "the input cannot be read");
	if (!ask_pronom(x, p, n, name, ret))
		warn(ret, "extension_mismatch");
	if (ret->puid[0] != '\0' && strchr(ret->puid, ',') == NULL) {
		type = sl_pronom_find(table, ret->puid)->mime;
		(void)snprintf(ret->mime, sizeof(ret->mime), "%.*s",
		    (int)strcspn(type, ", "), type);
	}
	return SL_OK;
}

enum sl_rc
sl_identify(const struct sl_extent *x, const char *name, const char *declared,
    struct sl_identity *ret, struct sl_err *err)
{
	const char *p;
	bool fits, known;
	size_t n;

	memset(ret, 0, sizeof(*ret));
	if (x->size == 0) {
		set(ret, "inode/x-empty", SL_BASIS_SIGNATURE);
		(void)snprintf(ret->format, sizeof(ret->format), "empty");
		return SL_OK;
	}
	if (cookie == NULL && sl_identify_warm(err) != SL_OK)
		return SL_FATAL;
	p = read_head(x, &n);
	if (p == NULL)
		return sl_err_set(err, SL_RETRY, errno, "file_unreadable",
		    "the input cannot be read");
	if (!is_declared_body(p, n, declared, name, ret)) {
		if (!is_plain_mail(p, n, ret))
			ask_magic(p, n, ret);
		mend(x, p, n, name, declared, ret);
	}
	fits = ask_pronom(x, p, n, name, ret);
	mend_compound(ret);
	if (ret->format[0] == '\0')
		describe(p, n, ret);
	/* PRONOM knows more endings; we know better what we looked into. */
	if (!sl_extension_fits(name, ret->mime, &known) || (!known && !fits))
		warn(ret, "extension_mismatch");
	return SL_OK;
}
