/*
 * BEST/EDU: a PutMessage, whose payload is a Noark 4 message with its files in
 * base64, as elements or as text with XML in it.
 *
 * The name of a file stands behind its bytes, so the message is read twice: for
 * what it says, then for the files, which go through in pieces of any size.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package.h"

#define PIECE 49152

struct document {
	char title[1024], category[128], role[16], file[1024];
};

struct party {
	char kind[16], name[512], orgnr[64], email[320], ref[256], by[64];
};

struct best {
	struct model *m;
	struct xml *inner; /* the payload's parser, where that is text */
	bool inner_bad, payload; /* between <payload> and its end */
	char sender_orgnr[64], sender_name[512], sender_email[320],
	    sender_ref[256], our_ref[256], receiver[512];
	char title[1024], date[40], code[32], legal[128];
	char year[16], seq[16], number[16], case_year[16], case_seq[16];
	struct party party;
	struct document document;

	/* the second reading */
	const struct sluse_reader_host *host;
	struct sluse_sink *k;
	size_t file; /* of m->named */
	bool in_file;
	int rc;
	uint32_t bits;
	unsigned bits_n;
	uint8_t out[3072];
	size_t out_n;
};

#define KEEP(member)                                                           \
	offsetof(struct best, member), sizeof(((struct best *)0)->member)

static const struct place rows[] = {
    {"envelope/sender/orgnr", KEEP(sender_orgnr)},
    {"envelope/sender/name", KEEP(sender_name)},
    {"envelope/sender/email", KEEP(sender_email)},
    {"envelope/sender/ref", KEEP(sender_ref)},
    {"envelope/receiver/orgnr", 0, 0},
    {"envelope/receiver/name", KEEP(receiver)},
    {"envelope/receiver/ref", KEEP(our_ref)},
    {"journpost/jpInnhold", KEEP(title)},
    {"journpost/jpDokdato", KEEP(date)},
    {"journpost/jpTgkode", KEEP(code)},
    {"journpost/jpUoff", KEEP(legal)},
    {"journpost/jpSaar", KEEP(year)},
    {"journpost/jpSaseknr", KEEP(seq)},
    {"journpost/jpJpostnr", KEEP(number)},
    {"noarksak/saSaar", KEEP(case_year)},
    {"noarksak/saSeknr", KEEP(case_seq)},
    {"avsmot/amIhtype", KEEP(party.kind)},
    {"avsmot/amNavn", KEEP(party.name)},
    {"avsmot/amOrgnr", KEEP(party.orgnr)},
    {"avsmot/amEpostadr", KEEP(party.email)},
    {"avsmot/amRef", KEEP(party.ref)},
    {"avsmot/amForsend", KEEP(party.by)},
    {"dokument/dbTittel", KEEP(document.title)},
    {"dokument/dbKategori", KEEP(document.category)},
    {"dokument/dlType", KEEP(document.role)},
    {"dokument/veFilnavn", KEEP(document.file)},
    {"dokument/veMimeType", 0, 0},
    {"dokument/veDokformat", 0, 0},
    {"dokument/dlRnr", 0, 0},
    {"dokument/dbStatus", 0, 0},
    {"jpId", 0, 0},
    {"jpJaar", 0, 0},
    {"jpSeknr", 0, 0},
    {"jpJdato", 0, 0},
    {"jpNdoktype", 0, 0},
    {"jpStatus", 0, 0},
    {"jpAntved", 0, 0},
    {"noarksak/saId", 0, 0},
    {"noarksak/saDato", 0, 0},
};

static void
end_document(struct best *b)
{
	struct document *d = &b->document;
	struct named *n;

	/* Each is named, with bytes or without: best_files counts on it. */
	if (d->file[0] == '\0')
		(void)snprintf(
		    d->file, sizeof(d->file), "dokument-%zu", b->m->nameds + 1);
	n = model_named(b->m, 0, d->file, d->title, d->category);
	if (n != NULL)
		n->main = d->role[0] == 'H';
}

static void
end_party(struct best *b)
{
	const struct party *p = &b->party;
	struct model *m = b->m;

	model_fact(m, 0, "channel", p->by, "avsmot/amForsend", 900);
	if (p->kind[0] == '0') {
		model_fact(
		    m, 0, "correspondent", p->name, "avsmot/amNavn", 1000);
		model_orgnr(m, 0, p->orgnr, "avsmot/amOrgnr");
		model_fact(m, 0, "correspondent_email", p->email,
		    "avsmot/amEpostadr", 1000);
		model_fact(
		    m, 0, "our_ref_of_sender", p->ref, "avsmot/amRef", 900);
		return;
	}
	model_fact(m, 0, "recipient", p->name, "avsmot/amNavn", 1000);
	model_fact(m, 0, "case_number", p->ref, "avsmot/amRef", 900);
}

/* -- what the message says, in both shapes of its payload ------------------ */

static void
inner_begin(void *arg, struct xml *x, const char *name)
{
	struct best *b = arg;

	(void)x;
	if (strcmp(name, "dokument") == 0)
		memset(&b->document, 0, sizeof(b->document));
	else if (strcmp(name, "avsmot") == 0)
		memset(&b->party, 0, sizeof(b->party));
	else if (strcmp(name, "AppReceipt") == 0)
		b->m->flags |= SLUSE_DESCRIBES_NO_POST;
}

static void
inner_end(
    void *arg, struct xml *x, const char *name, const char *text, bool leaf)
{
	struct best *b = arg;

	if (leaf && *text != '\0')
		xml_keep(
		    x, rows, sizeof(rows) / sizeof(rows[0]), text, b, b->m);
	if (strcmp(name, "dokument") == 0)
		end_document(b);
	else if (strcmp(name, "avsmot") == 0)
		end_party(b);
}

static bool
inner_data(void *arg, struct xml *x, const char *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
	return xml_at(x, "fil/base64");
}

static const struct xml_events inner_events = {
    .begin = inner_begin, .end = inner_end, .data = inner_data};

static void
key_from(struct best *b, struct xml *x)
{
	const char *id = xml_attr(x, "conversationId");
	char key[400];

	if (id == NULL || *id == '\0')
		return;
	(void)snprintf(key, sizeof(key), "best-edu:%s", id);
	model_fact(
	    b->m, 0, "external_key", key, "envelope/conversationId", 1000);
}

static void
outer_begin(void *arg, struct xml *x, const char *name)
{
	struct best *b = arg;

	if (strcmp(name, "envelope") == 0)
		key_from(b, x);
	if (strcmp(name, "payload") == 0)
		b->payload = true;
	inner_begin(b, x, name);
}

static void
outer_end(
    void *arg, struct xml *x, const char *name, const char *text, bool leaf)
{
	struct best *b = arg;

	if (strcmp(name, "payload") == 0) {
		b->payload = false;
		if (b->inner != NULL && !xml_finish(b->inner))
			b->inner_bad = true;
		return;
	}
	inner_end(b, x, name, text, leaf);
}

/* Text right in the payload is a message of its own: <?xml .. or <Melding .. */
static bool
into_payload(struct best *b, struct xml *x, const struct xml_events *ev,
    const char *p, size_t n)
{
	size_t skip = 0;

	if (!xml_at(x, "payload"))
		return false;
	if (b->inner == NULL) {
		while (skip < n && (uint8_t)p[skip] <= ' ')
			skip++;
		if (skip == n)
			return true;
		b->inner = xml_new(ev, b);
	}
	/* It was decoded with the outer one: whatever it says, it is UTF-8. */
	if (b->inner == NULL || !xml_push(b->inner, p + skip, n - skip))
		b->inner_bad = true;
	return true;
}

static bool
outer_data(void *arg, struct xml *x, const char *p, size_t n)
{
	struct best *b = arg;

	return into_payload(b, x, &inner_events, p, n) ||
	       inner_data(b, x, p, n);
}

static void *
open_best(struct model *m)
{
	struct best *b = calloc(1, sizeof(*b));

	if (b != NULL)
		b->m = m;
	return b;
}

static void
tell_envelope(struct best *b)
{
	struct model *m = b->m;

	if (!model_has(m, 0, "correspondent"))
		model_fact(m, 0, "correspondent", b->sender_name,
		    "envelope/sender/name", 950);
	if (!model_has(m, 0, "correspondent_orgnr"))
		model_orgnr(m, 0, b->sender_orgnr, "envelope/sender/orgnr");
	if (!model_has(m, 0, "correspondent_email"))
		model_fact(m, 0, "correspondent_email", b->sender_email,
		    "envelope/sender/email", 950);
	if (!model_has(m, 0, "recipient"))
		model_fact(m, 0, "recipient", b->receiver,
		    "envelope/receiver/name", 950);
	model_fact(m, 0, "our_ref_of_sender", b->sender_ref,
	    "envelope/sender/ref", 900);
	model_fact(
	    m, 0, "case_number", b->our_ref, "envelope/receiver/ref", 950);
}

static bool
close_best(void *arg)
{
	struct best *b = arg;
	struct model *m = b->m;
	bool ok = !b->inner_bad;

	if (!ok)
		model_invalid(m, xml_fault(b->inner));
	model_case(m, 0, "our_ref_of_sender", b->year, b->seq,
	    "journpost/jpSaseknr", 1000);
	model_case(m, 0, "our_ref_of_sender", b->case_year, b->case_seq,
	    "noarksak/saSeknr", 990);
	model_fact(m, 0, "title", b->title, "journpost/jpInnhold", 1000);
	model_day(m, 0, "document_date", b->date, "journpost/jpDokdato", 1000);
	if (b->legal[0] != '\0')
		model_screened(m, 0, "journpost/jpUoff");
	else if (b->code[0] != '\0' && strcmp(b->code, "\xC3\x85") != 0)
		model_screened(m, 0, "journpost/jpTgkode");
	tell_envelope(b);
	if (!model_has(m, 0, "channel"))
		model_fact(m, 0, "channel", "BEST/EDU", "PutMessage", 500);
	xml_free(b->inner);
	free(b);
	return ok;
}

const struct xml_kind kind_best = {
    .ev = {.begin = outer_begin, .end = outer_end, .data = outer_data},
    .open = open_best,
    .close = close_best};

/* -- the files ------------------------------------------------------------- */

static void
flush(struct best *b)
{
	if (b->out_n > 0 && b->rc == SLUSE_READ_OK &&
	    b->host->part_write(b->k, b->out, b->out_n) != 0)
		b->rc = SLUSE_READ_LIMIT;
	b->out_n = 0;
}

static void
decode(struct best *b, const char *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at;
	size_t i;

	for (i = 0; i < n && b->rc == SLUSE_READ_OK; i++) {
		if ((uint8_t)p[i] <= ' ' || p[i] == '=')
			continue;
		at = strchr(digits, p[i]);
		if (at == NULL) {
			b->rc = SLUSE_READ_DAMAGED;
			return;
		}
		b->bits = b->bits << 6 | (uint32_t)(at - digits);
		b->bits_n += 6;
		if (b->bits_n < 8)
			continue;
		b->bits_n -= 8;
		b->out[b->out_n++] = (uint8_t)(b->bits >> b->bits_n);
		if (b->out_n == sizeof(b->out))
			flush(b);
	}
}

static void
files_begin(void *arg, struct xml *x, const char *name)
{
	struct best *b = arg;
	struct sluse_part part = {
	    .size = sizeof(part), .role = SLUSE_PART_ATTACHMENT};

	if (strcmp(name, "base64") != 0 || !xml_at(x, "fil/base64"))
		return;
	if (b->file >= b->m->nameds) {
		b->rc = SLUSE_READ_DAMAGED;
		xml_stop(x);
		return;
	}
	part.name = b->m->named[b->file].file;
	b->bits_n = 0;
	if (b->host->part_begin(b->k, &part) != 0) {
		b->rc = SLUSE_READ_LIMIT;
		xml_stop(x);
		return;
	}
	b->in_file = true;
}

static void
files_end(
    void *arg, struct xml *x, const char *name, const char *text, bool leaf)
{
	struct best *b = arg;

	(void)text;
	(void)leaf;
	if (strcmp(name, "payload") == 0 && b->inner != NULL)
		(void)xml_finish(b->inner);
	/* The same count as in the first reading: a file or a name each. */
	if (strcmp(name, "dokument") == 0 && b->file < b->m->nameds)
		b->file++;
	if (!b->in_file || strcmp(name, "base64") != 0)
		return;
	flush(b);
	b->in_file = false;
	if (b->rc == SLUSE_READ_OK && b->host->part_end(b->k) != 0)
		b->rc = SLUSE_READ_LIMIT;
	if (b->rc != SLUSE_READ_OK)
		xml_stop(x);
}

static bool files_data(void *arg, struct xml *x, const char *p, size_t n);
static const struct xml_events files_events = {
    .begin = files_begin, .end = files_end, .data = files_data};

static bool
files_data(void *arg, struct xml *x, const char *p, size_t n)
{
	struct best *b = arg;

	/* The outer parser's words of it come here first, as text. */
	if (!into_payload(b, x, &files_events, p, n) && b->in_file &&
	    xml_at(x, "fil/base64"))
		decode(b, p, n);
	return true;
}

int
best_files(const struct model *m, const struct sluse_reader_host *host,
    struct sluse_source *s, struct sluse_sink *k)
{
	struct best *b = calloc(1, sizeof(*b));
	struct model copy = *m;
	struct xml *x = b != NULL ? xml_new(&files_events, b) : NULL;
	uint8_t *piece = malloc(PIECE);
	uint64_t at = 0;
	int64_t n = 0;
	int rc = SLUSE_READ_LIMIT;

	if (x == NULL || piece == NULL)
		goto out;
	b->m = &copy;
	b->host = host;
	b->k = k;
	while (b->rc == SLUSE_READ_OK &&
	       (n = host->read_at(s, piece, PIECE, at)) > 0 &&
	       xml_push(x, piece, (size_t)n))
		at += (uint64_t)n;
	rc = b->rc;
	if (rc == SLUSE_READ_OK && (n < 0 || !xml_finish(x) || b->inner_bad))
		rc = SLUSE_READ_DAMAGED;
out:
	free(piece);
	xml_free(x);
	if (b != NULL)
		xml_free(b->inner);
	free(b);
	return rc;
}
