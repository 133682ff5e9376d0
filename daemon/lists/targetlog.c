/*
 * Reading the target's journal.
 */
#include "targetlog.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "csvin.h"

#define XML_OPTIONS                                                            \
	(XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |           \
	    XML_PARSE_NOCDATA)

static void
reset(struct sl_tlog_post *p, bool public)
{
	memset(p, 0, sizeof(*p));
	p->journal_day = p->document_day = p->received_day = -1;
	p->attachments = -1;
	p->public = public;
	p->has_document_day = true;
}

static int
small_number(const char *s)
{
	uint64_t n;

	return sl_parse_u64(s, 0, 1000000, &n) ? (int)n : -1;
}

static bool
says_incoming(const char *s)
{
	return strcmp(s, "I") == 0 || strncmp(s, "Inng", 4) == 0 ||
	       strcmp(s, "EA") == 0 || strcmp(s, "Avsender") == 0 ||
	       strcmp(s, "inngaaende_dokument") == 0;
}

static void
set_text(char *out, size_t cap, const char *s)
{
	if (out[0] == '\0')
		(void)sl_slice_copy(sl_slice_str(s), out, cap);
}

void
sl_tlog_journal(struct sl_tlog_post *p, const char *seq, const char *year)
{
	size_t n;

	if (*seq == '\0' || strcmp(seq, "0") == 0)
		return;
	/* A file may say anything: it is cut between two characters. */
	(void)sl_slice_copy(
	    sl_slice_str(seq), p->journal, sizeof(p->journal) - 1);
	n = strlen(p->journal);
	p->journal[n++] = '/';
	(void)sl_slice_copy(
	    sl_slice_str(year), p->journal + n, sizeof(p->journal) - n);
}

/* -- xml ---------------------------------------------------------------- */

/* Names that matter, as literals that can be compared by address. */
#define NAMES(N)                                                               \
	N(journalregistrering)                                                 \
	N(saksmappe)                                                           \
	N(mappe)                                                               \
	N(mappeID)                                                             \
	N(journalpost)                                                         \
	N(registreringsID)                                                     \
	N(journalaar)                                                          \
	N(journalsekvensnummer)                                                \
	N(journalposttype)                                                     \
	N(journalstatus)                                                       \
	N(tittel)                                                              \
	N(offentligTittel)                                                     \
	N(journaldato)                                                         \
	N(dokumentetsDato)                                                     \
	N(mottattDato)                                                         \
	N(antallVedlegg)                                                       \
	N(tilgangsrestriksjon)                                                 \
	N(korrespondansepart)                                                  \
	N(korrespondanseparttype)                                              \
	N(korrespondansepartNavn)                                              \
	N(journalStartDato)                                                    \
	N(journalSluttDato)
#define DECLARE(name) static const char name_##name[] = #name;
NAMES(DECLARE)
#undef DECLARE
#define ONE(name) name_##name,
static const char *const names[] = {NAMES(ONE)};
#undef ONE
#define NAMES_N (sizeof(names) / sizeof(names[0]))

/* Told as it is read (SAX): a file has a gigabyte, and a reader that makes
 * nodes takes twice the time. */
struct xml {
	struct sl_tlog_post post;
	struct sl_targetlog_period *period;
	const char *name[SL_TARGETLOG_DEPTH]; /* static; "" = not known */
	int depth; /* of the element that is open, from 0; -1: none is */
	struct sl_buf text; /* of it */
	char seq[24], year[24];
	bool public;
	sl_tlog_fn *fn;
	void *arg;
	xmlParserCtxtPtr parser;
	const xmlChar *met[NAMES_N]; /* the parser's own of names[] */
	enum sl_rc rc; /* it was stopped for that */
	struct sl_err *err;
};

static void
take_of_post(struct xml *x, const char *n, const char *s)
{
	struct sl_tlog_post *p = &x->post;

	if (n == name_registreringsID)
		set_text(p->number, sizeof(p->number), s);
	else if (n == name_journalaar)
		set_text(x->year, sizeof(x->year), s);
	else if (n == name_journalsekvensnummer)
		set_text(x->seq, sizeof(x->seq), s);
	else if (n == name_journalposttype)
		set_text(p->type, sizeof(p->type), s);
	else if (n == name_journalstatus)
		set_text(p->status, sizeof(p->status), s);
	else if (n == name_tittel)
		set_text(p->title, sizeof(p->title), s);
	else if (n == name_offentligTittel) {
		set_text(p->public_title, sizeof(p->public_title), s);
		p->has_public_title = true;
	} else if (n == name_journaldato)
		p->journal_day = sl_day_read(s);
	else if (n == name_dokumentetsDato)
		p->document_day = sl_day_read(s);
	else if (n == name_mottattDato)
		p->received_day = sl_day_read(s);
	else if (n == name_antallVedlegg)
		p->attachments = small_number(s);
	else if (n == name_tilgangsrestriksjon)
		set_text(p->restriction, sizeof(p->restriction), s);
}

/* Who writes an empty element over two lines has said nothing. */
static const char *
text_of(const struct xml *x)
{
	const char *s = sl_buf_str(&x->text);

	return s[strspn(s, " \t\r\n")] != '\0' ? s : "";
}

/* The end of an element at depth d (its name is x->name[d]). */
static enum sl_rc
take_end(struct xml *x, int d, struct sl_err *err)
{
	const char *n = x->name[d], *in = d > 0 ? x->name[d - 1] : "";
	const char *s = text_of(x);
	struct sl_tlog_post *p = &x->post;

	if (n == name_journalStartDato)
		x->period->from_day = sl_day_read(s);
	else if (n == name_journalSluttDato)
		x->period->to_day = sl_day_read(s);
	else if (n == name_mappeID &&
		 (in == name_saksmappe || in == name_mappe))
		set_text(p->case_number, sizeof(p->case_number), s);
	else if (in == name_journalpost)
		take_of_post(x, n, s);
	else if (in == name_korrespondansepart &&
		 n == name_korrespondanseparttype)
		p->incoming = p->incoming || says_incoming(s);
	else if (in == name_korrespondansepart &&
		 n == name_korrespondansepartNavn)
		set_text(p->party, sizeof(p->party), s);
	else if (n == name_journalregistrering) {
		p->incoming = p->incoming || says_incoming(p->type);
		sl_tlog_journal(p, x->seq, x->year);
		return x->fn(x->arg, p, err);
	}
	return SL_OK;
}

/* A name is the same in the parser wherever it stands. */
static const char *
known_name(const struct xml *x, const xmlChar *name)
{
	size_t i;

	for (i = 0; i < NAMES_N; i++)
		if (x->met[i] == name)
			return names[i];
	return "";
}

static void
stop(struct xml *x, enum sl_rc rc)
{
	if (rc == SL_OK)
		return;
	x->rc = rc;
	xmlStopParser(x->parser);
}

static void
on_start(void *arg, const xmlChar *local, const xmlChar *prefix,
    const xmlChar *uri, int spaces, const xmlChar **space, int attributes,
    int defaults, const xmlChar **attribute)
{
	struct xml *x = arg;

	(void)prefix, (void)uri, (void)spaces, (void)space;
	(void)attributes, (void)defaults, (void)attribute;
	if (x->rc != SL_OK)
		return;
	if (++x->depth >= SL_TARGETLOG_DEPTH) {
		stop(x, sl_err_set(x->err, SL_BROKEN, 0, "limit_depth",
			    "the journal is nested too deep"));
		return;
	}
	x->name[x->depth] = known_name(x, local);
	sl_buf_reset(&x->text);
	if (x->depth == 0)
		x->public =
		    strcmp((const char *)local, "offentligJournal") == 0;
	if (x->name[x->depth] == name_journalregistrering) {
		reset(&x->post, x->public);
		x->seq[0] = x->year[0] = '\0';
	}
}

static void
on_end(
    void *arg, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	struct xml *x = arg;

	(void)local, (void)prefix, (void)uri;
	if (x->rc == SL_OK)
		stop(x, take_end(x, x->depth, x->err));
	x->depth--;
}

static void
on_text(void *arg, const xmlChar *s, int n)
{
	struct xml *x = arg;

	sl_buf_add(&x->text, s, (size_t)n);
}

static void
on_doctype(
    void *arg, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
	struct xml *x = arg;

	(void)name, (void)id, (void)system;
	stop(x, sl_err_set(x->err, SL_BROKEN, 0, "damaged",
		    "the journal has a document type: refused"));
}

static int
on_read(void *arg, char *to, int n)
{
	return (int)sl_read_full(*(const int *)arg, to, (size_t)n);
}

/* libxml2 would tell standard error what stands in the file. */
static void
say_nothing(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}

static void
meet_names(struct xml *x)
{
	size_t i;

	for (i = 0; i < NAMES_N; i++)
		x->met[i] = xmlDictLookup(
		    x->parser->dict, (const xmlChar *)names[i], -1);
}

static enum sl_rc
parse(struct xml *x)
{
	(void)xmlCtxtUseOptions(x->parser, XML_OPTIONS);
	meet_names(x);
	if (xmlParseDocument(x->parser) == 0 || x->rc != SL_OK)
		return x->rc;
	return sl_err_set(x->err, SL_BROKEN, 0, "damaged",
	    "the journal is not well-formed XML (line %d)",
	    xmlSAX2GetLineNumber(x->parser));
}

static enum sl_rc
read_xml(int fd, sl_tlog_fn *fn, void *arg, struct sl_targetlog_period *period,
    struct sl_err *err)
{
	xmlSAXHandler on = {.initialized = XML_SAX2_MAGIC,
	    .startElementNs = on_start,
	    .endElementNs = on_end,
	    .characters = on_text,
	    .ignorableWhitespace = on_text,
	    .internalSubset = on_doctype};
	struct xml x = {.fn = fn,
	    .arg = arg,
	    .period = period,
	    .depth = -1,
	    .text = {.max = 65536},
	    .err = err};
	enum sl_rc rc;

	xmlSetGenericErrorFunc(NULL, say_nothing);
	x.parser = xmlCreateIOParserCtxt(
	    &on, &x, on_read, NULL, &fd, XML_CHAR_ENCODING_NONE);
	if (x.parser == NULL)
		return sl_err_set(err, SL_FATAL, 0, "limit_memory",
		    "no memory for the journal");
	reset(&x.post, false);
	rc = parse(&x);
	xmlFreeParserCtxt(x.parser);
	sl_buf_free(&x.text);
	return rc;
}

/* -- csv ---------------------------------------------------------------- */

enum {
	C_NUMBER,
	C_CASE,
	C_SEQ,
	C_YEAR,
	C_TITLE,
	C_PUBLIC,
	C_JOURNAL_DAY,
	C_DOCUMENT_DAY,
	C_RECEIVED_DAY,
	C_TYPE,
	C_STATUS,
	C_ATTACHMENTS,
	C_PARTY,
	C_RESTRICTION,
	C_COLUMNS
};
static const char *const heads[C_COLUMNS] = {
    "registreringsid|registrerings-id|dokumentnr|dokumentnummer|number",
    "saksnummer|saksnr|sak|mappeid|case",
    "journalsekvensnummer|løpenr|løpenummer|lopenr",
    "journalaar|journalår|year", "tittel|title",
    "offentligtittel|offentlig tittel|publictitle",
    "journaldato|jdato|journaldate",
    "dokumentetsdato|dokumentdato|dokdato|documentdate",
    "mottattdato|mottatt|received", "journalposttype|type|doktype",
    "journalstatus|status", "antallvedlegg|vedlegg|attachments",
    "korrespondansepart|avsender|avsender/mottaker|party",
    "tilgangsrestriksjon|tilgangskode|restriction"};

static void
take_fields(const struct sl_csvin *c, const int *col, struct sl_tlog_post *p)
{
	const char *seq = sl_csvin_field(c, col[C_SEQ]);

	reset(p, col[C_TITLE] < 0 && col[C_PUBLIC] >= 0);
	set_text(
	    p->number, sizeof(p->number), sl_csvin_field(c, col[C_NUMBER]));
	set_text(p->case_number, sizeof(p->case_number),
	    sl_csvin_field(c, col[C_CASE]));
	if (strchr(seq, '/') != NULL)
		set_text(p->journal, sizeof(p->journal), seq);
	else
		sl_tlog_journal(p, seq, sl_csvin_field(c, col[C_YEAR]));
	set_text(p->title, sizeof(p->title), sl_csvin_field(c, col[C_TITLE]));
	set_text(p->public_title, sizeof(p->public_title),
	    sl_csvin_field(c, col[C_PUBLIC]));
	p->has_public_title = p->public_title[0] != '\0';
	set_text(p->party, sizeof(p->party), sl_csvin_field(c, col[C_PARTY]));
	set_text(p->type, sizeof(p->type), sl_csvin_field(c, col[C_TYPE]));
	set_text(
	    p->status, sizeof(p->status), sl_csvin_field(c, col[C_STATUS]));
	set_text(p->restriction, sizeof(p->restriction),
	    sl_csvin_field(c, col[C_RESTRICTION]));
	p->journal_day = sl_day_read(sl_csvin_field(c, col[C_JOURNAL_DAY]));
	p->document_day = sl_day_read(sl_csvin_field(c, col[C_DOCUMENT_DAY]));
	p->received_day = sl_day_read(sl_csvin_field(c, col[C_RECEIVED_DAY]));
	p->attachments = small_number(sl_csvin_field(c, col[C_ATTACHMENTS]));
	p->has_document_day = col[C_DOCUMENT_DAY] >= 0;
	p->incoming = says_incoming(p->type);
}

static enum sl_rc
read_csv(FILE *f, sl_tlog_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_tlog_post *p = sl_alloc(sizeof(*p));
	struct sl_csvin c;
	int col[C_COLUMNS], i;
	enum sl_rc rc;

	sl_csvin_open(&c, f);
	rc = sl_csvin_next(&c, err);
	for (i = 0; rc == SL_OK && i < C_COLUMNS; i++)
		col[i] = sl_csvin_column(&c, heads[i]);
	if (rc == SL_SKIP ||
	    (rc == SL_OK && col[C_NUMBER] < 0 && col[C_SEQ] < 0))
		rc = sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "the head must name registreringsID or "
		    "journalsekvensnummer");
	while (rc == SL_OK && (rc = sl_csvin_next(&c, err)) == SL_OK) {
		take_fields(&c, col, p);
		rc = fn(arg, p, err);
	}
	sl_csvin_close(&c);
	free(p);
	return rc == SL_SKIP ? SL_OK : rc;
}

/* XML begins with '<', after a byte order mark or white space. */
static bool
looks_like_xml(int fd)
{
	char head[64];
	ssize_t n = pread(fd, head, sizeof(head), 0), i = 0;

	if (n >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0)
		i = 3;
	while (i < n && strchr(" \t\r\n", head[i]) != NULL)
		i++;
	return i < n && head[i] == '<';
}

enum sl_rc
sl_targetlog_read(const char *path, sl_tlog_fn *fn, void *arg,
    struct sl_targetlog_period *ret, struct sl_err *err)
{
	SL_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum sl_rc rc;
	FILE *f;

	ret->from_day = ret->to_day = -1;
	if (fd < 0) {
		(void)sl_err_set(err, SL_BROKEN, errno, "file_unreadable",
		    "the journal cannot be opened");
		return sl_err_of(err, path);
	}
	if (looks_like_xml(fd)) {
		rc = read_xml(fd, fn, arg, ret, err);
		return rc == SL_BROKEN ? sl_err_of(err, path) : rc;
	}
	f = fdopen(fd, "r");
	if (f == NULL)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "the journal cannot be read");
	(void)sl_take_fd(&fd);
	rc = read_csv(f, fn, arg, err);
	(void)fclose(f);
	return rc == SL_BROKEN ? sl_err_of(err, path) : rc;
}
