/*
 * Reader of what Outlook writes: a saved message (.msg) and a winmail.dat.
 *
 * Both are lists of properties (outlook/outlook.h); from these come the same
 * facts, page and parts as from any other mail. A message inside is given on
 * as a .msg of its own, as Outlook would save it, and opened again by the host.
 *
 * SECURITY: nothing is decrypted, verified or loaded; what is signed or
 * encrypted is noted and kept as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "../reader.h"
#include "lib/charset.h"
#include "lib/codepage.h"
#include "lib/mailtext.h"
#include "lib/ole2copy.h"
#include "outlook/outlook.h"

#define PAGE_MAX ((size_t)1 << 20)
#define LIST_MAX ((size_t)8000)
#define NAMES_MAX 200u /* attachments listed on the page */
#define OUTLOOK "application/vnd.ms-outlook"
#define TNEF "application/vnd.ms-tnef"

enum { BY_VALUE = 1, EMBEDDED = 5, OLE_OBJECT = 6 };

static void
outlook_close(struct sluse_doc *d)
{
	if (!d)
		return;
	body_free(d);
	bags_free(d);
	ole2_close(d->ole);
	g_free(d);
}

static int
outlook_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_doc **ret)
{
	struct sluse_doc *d = g_new0(struct sluse_doc, 1);
	int rc;

	d->host = host;
	d->s = s;
	rc = ole2_open(host, s, &d->ole);
	if (rc == SLUSE_READ_OK)
		rc = msg_load(d);
	else if (rc == SLUSE_READ_UNSUPPORTED)
		rc = tnef_load(d);
	if (rc != SLUSE_READ_OK) {
		outlook_close(d);
		return rc;
	}
	d->page = bag_number(&d->message, PR_PAGE, d->page);
	if (!d->page)
		d->page =
		    codepage_of_locale(bag_number(&d->message, PR_LOCALE, 0));
	if (!d->page)
		d->page = bag_number(&d->message, PR_PAGE_HTML, 0);
	body_load(d);
	*ret = d;
	return SLUSE_READ_OK;
}

/* A winmail.dat that came for its attachments is a wrapping, and its text
 * stands in the mail about it; without any it is the message itself. */
static int
outlook_page_count(struct sluse_doc *d, uint32_t *ret)
{
	*ret = d->ole || d->files.n == 0;
	return SLUSE_READ_OK;
}

/* -- who and when -------------------------------------------------------- */

/* A property as one line of UTF-8 (g_free), NULL if empty. */
static char *
line_of(struct sluse_doc *d, const struct bag *b, uint16_t id)
{
	size_t n;
	char *raw = bag_text(d, b, id, TEXT_MAX, &n), *s;

	if (!raw)
		return NULL;
	s = mailtext_one_line(g_strndup(raw, n));
	free(raw);
	if (!*s) {
		g_free(s);
		return NULL;
	}
	return s;
}

/* The value of a header of the transport, unfolded (g_free); NULL. */
static char *
header(struct sluse_doc *d, const char *name)
{
	size_t n, len = strlen(name);
	char *all = bag_text(d, &d->message, PR_HEADERS, TEXT_MAX, &n);
	char *p = all, *value = NULL;

	while (p && *p) {
		char *end = strchr(p, '\n');

		while (end && (end[1] == ' ' || end[1] == '\t'))
			end = strchr(end + 1, '\n');
		if (g_ascii_strncasecmp(p, name, len) == 0 && p[len] == ':') {
			p += len + 1;
			value =
			    g_strndup(p, end ? (gsize)(end - p) : strlen(p));
			value = mailtext_one_line(value);
			break;
		}
		p = end ? end + 1 : NULL;
	}
	free(all);
	return value;
}

/* An address with its type: only an Internet one is of use. */
static char *
address(struct sluse_doc *d, const struct bag *b, const uint16_t ids[3])
{
	char *s = line_of(d, b, ids[0]), *type;

	if (s && strchr(s, '@'))
		return s;
	g_free(s);
	s = line_of(d, b, ids[1]);
	type = line_of(d, b, ids[2]);
	if (s && (!strchr(s, '@') || *s == '/' ||
		     (type && g_ascii_strcasecmp(type, "SMTP") != 0))) {
		g_free(s);
		s = NULL;
	}
	g_free(type);
	return s;
}

struct person {
	char *name, *address; /* g_free; either may be NULL */
};

static void
free_person(struct person *p)
{
	g_free(p->name);
	g_free(p->address);
}

static struct person
sender(struct sluse_doc *d)
{
	static const uint16_t from[] = {
	    PR_FROM_SMTP, PR_FROM_ADDRESS, PR_FROM_TYPE};
	static const uint16_t by[] = {
	    PR_SENDER_SMTP, PR_SENDER_ADDRESS, PR_SENDER_TYPE};
	struct person p = {.name = line_of(d, &d->message, PR_FROM_NAME)};
	char *h, *a, *b;

	p.address = address(d, &d->message, from);
	if (!p.name && !p.address) {
		p.name = line_of(d, &d->message, PR_SENDER_NAME);
		p.address = address(d, &d->message, by);
	} else if (!p.address) {
		/* the same person, whose address only stands there */
		char *name = line_of(d, &d->message, PR_SENDER_NAME);

		if (g_strcmp0(name, p.name) == 0)
			p.address = address(d, &d->message, by);
		g_free(name);
	}
	if (p.address || !(h = header(d, "From")))
		return p;
	a = strrchr(h, '<');
	b = a ? strchr(a, '>') : NULL;
	if (b)
		p.address = g_strndup(a + 1, (gsize)(b - a - 1));
	else if (!a && !strchr(h, ' '))
		p.address = g_strdup(h);
	if (p.address && !strchr(p.address, '@')) {
		g_free(p.address);
		p.address = NULL;
	}
	g_free(h);
	return p;
}

static struct person
recipient(struct sluse_doc *d, const struct bag *b)
{
	static const uint16_t ids[] = {PR_SMTP, PR_ADDRESS, PR_ADDRESS_TYPE};

	return (struct person){
	    .name = line_of(d, b, PR_NAME), .address = address(d, b, ids)};
}

static void
add_person(GString *s, const struct person *p)
{
	if (!p->name && !p->address)
		return;
	if (s->len)
		g_string_append(s, ", ");
	if (p->name && p->address && strcmp(p->name, p->address) != 0)
		g_string_append_printf(s, "%s <%s>", p->name, p->address);
	else
		g_string_append(s, p->name ? p->name : p->address);
}

/* The recipients of a kind as a person sees them. */
static void
add_recipients(struct sluse_doc *d, GString *page, const char *label,
    uint32_t kind, uint16_t shown)
{
	GString *s = g_string_new(NULL);
	char *line;

	for (uint32_t i = 0; i < d->people.n && s->len < LIST_MAX; i++) {
		struct person p;

		if ((bag_number(&d->people.p[i], PR_KIND, 1) & 15) != kind)
			continue;
		p = recipient(d, &d->people.p[i]);
		add_person(s, &p);
		free_person(&p);
	}
	if (!s->len && (line = line_of(d, &d->message, shown)) != NULL) {
		g_string_append(s, line);
		g_free(line);
	}
	if (s->len)
		g_string_append_printf(page, "%s: %.8000s\n", label, s->str);
	g_string_free(s, TRUE);
}

/* A draft: its time of delivery is that of saving it. */
static bool
is_unsent(const struct sluse_doc *d)
{
	return bag_number(&d->message, PR_FLAGS, 0) & 8;
}

static bool
sent(struct sluse_doc *d, char out[20])
{
	gint64 s;

	if (!bag_time(&d->message, PR_SUBMITTED, &s) &&
	    (is_unsent(d) || !bag_time(&d->message, PR_DELIVERED, &s)))
		return false;
	mailtext_oslo(s, out);
	return *out != 0;
}

static char *
subject(struct sluse_doc *d)
{
	char *s = line_of(d, &d->message, PR_SUBJECT);

	return s ? s : line_of(d, &d->message, PR_NORMAL_SUBJECT);
}

/* -- attachments --------------------------------------------------------- */

static const struct prop *
data_of(const struct bag *b)
{
	uint32_t method = bag_number(b, PR_METHOD, BY_VALUE);
	const struct prop *found = NULL;

	for (uint32_t i = 0; i < b->n; i++) {
		const struct prop *p = &b->p[i];
		bool object = p->type == PT_OBJECT;

		if (p->id != PR_DATA || p->fixed ||
		    (!object && p->type != PT_BINARY))
			continue;
		if (!found ||
		    object == (method == EMBEDDED || method == OLE_OBJECT))
			found = p;
	}
	return found;
}

/* What the attachment is called (g_free), NULL if it has no name. */
static char *
file_name(struct sluse_doc *d, const struct bag *b)
{
	static const uint16_t ids[] = {PR_FILE_LONG, PR_FILE_SHORT, PR_NAME};
	bool message = bag_number(b, PR_METHOD, BY_VALUE) == EMBEDDED;
	char *s, *name = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(ids) && !name; i++) {
		if (!(s = line_of(d, b, ids[i])))
			continue;
		/* a subject may hold any of what a path is made of */
		if (message)
			g_strdelimit(s, "/\\:", '-');
		name = mailtext_file_name(s);
		g_free(s);
	}
	if (name && message) {
		const char *end = d->ole ? ".msg" : ".dat";

		if (!g_str_has_suffix(name, end)) {
			s = g_strdup_printf("%.120s%s", name, end);
			g_free(name);
			name = g_utf8_make_valid(s, -1);
			g_free(s);
		}
	}
	return name;
}

static bool
is_image(const char *mime, const char *name)
{
	static const char *const ends[] = {
	    ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".emz", ".wmz"};
	const char *dot = name ? strrchr(name, '.') : NULL;

	if (mime && *mime)
		return g_ascii_strncasecmp(mime, "image/", 6) == 0;
	for (size_t i = 0; dot && i < G_N_ELEMENTS(ends); i++)
		if (g_ascii_strcasecmp(dot, ends[i]) == 0)
			return true;
	return false;
}

/* A picture that the body shows, or that Outlook does not show as a file. */
static bool
is_inline(struct sluse_doc *d, const struct bag *b, GHashTable *cids,
    const char *mime, const char *name)
{
	char *id = line_of(d, b, PR_CONTENT_ID);
	bool yes = false;

	if (id && is_image(mime, name))
		yes = g_hash_table_contains(cids, id) ||
		      bag_number(b, PR_HIDDEN, 0) != 0;
	g_free(id);
	return yes;
}

struct out {
	struct sluse_doc *d;
	struct sluse_sink *k;
	uint64_t written;
};

static int
into_part(void *arg, const void *p, size_t n)
{
	struct out *o = arg;
	uint64_t max = o->d->host->limits ? o->d->host->limits->bytes_max : 0;

	o->written += n;
	if (max && o->written > max)
		return 1;
	return o->d->host->part_write(o->k, p, n) != 0;
}

/* An object of a .msg is a storage: a message, or what a program embedded. */
static int
send_storage(struct out *o, uint32_t storage, bool message)
{
	struct ole2 *ole = o->d->ole;
	struct ole2_copy c = {.o = ole,
	    .storage = storage,
	    .also = OLE2_NONE,
	    .put = into_part,
	    .arg = o};
	int rc;

	if (ole->entries[storage].type != OLE2_STORAGE)
		return 0;
	if (message) {
		/* a saved message has its own names of properties, and a
		 * head that is 8 bytes longer (MS-OXMSG 2.4.1) */
		c.also = ole2_find(ole, 0, "__nameid_version1.0");
		c.clsid = ole->entries[0].clsid;
		c.grow = "__properties_version1.0";
		c.grow_at = 24;
		c.grow_by = 8;
	}
	rc = ole2_copy(&c);
	if (rc < 0)
		o->d->truncated = true;
	return rc > 0;
}

static int
send_bytes(struct out *o, const struct prop *p)
{
	char buf[16384];
	uint64_t off = 0;
	int64_t n;

	while ((n = prop_read(o->d, p, buf, sizeof(buf), off)) > 0) {
		if (into_part(o, buf, (size_t)n) != 0)
			return 1;
		off += (uint64_t)n;
	}
	return 0;
}

static bool
is_signed_multipart(struct sluse_doc *d)
{
	char *class = line_of(d, &d->message, PR_CLASS);
	bool yes = class && strstr(class, ".SMIME.MultipartSigned");

	g_free(class);
	return yes;
}

static int
send_file(struct sluse_doc *d, const struct bag *b, GHashTable *cids,
    struct sluse_sink *k)
{
	const struct prop *data = data_of(b);
	bool message = bag_number(b, PR_METHOD, BY_VALUE) == EMBEDDED;
	struct sluse_part part = {
	    .size = sizeof(part), .role = SLUSE_PART_ATTACHMENT};
	struct out o = {.d = d, .k = k};
	char *name = file_name(d, b), *mime = line_of(d, b, PR_MIME);
	int rc;

	part.name = name;
	part.mime = mime;
	if (message)
		part.mime = d->ole ? OUTLOOK : TNEF;
	else if (is_signed_multipart(d))
		part.mime = "message/rfc822";
	if (!data && bag_number(b, PR_METHOD, BY_VALUE) > BY_VALUE)
		part.role = SLUSE_PART_SKIPPED; /* it lies elsewhere */
	else if (is_inline(d, b, cids, mime, name))
		part.role = SLUSE_PART_INLINE;
	rc = d->host->part_begin(k, &part);
	if (!rc && data && part.role != SLUSE_PART_SKIPPED)
		rc = d->ole && data->type == PT_OBJECT &&
			     d->ole->entries[data->where].type == OLE2_STORAGE
			 ? send_storage(&o, (uint32_t)data->where, message)
			 : send_bytes(&o, data);
	if (!rc)
		rc = d->host->part_end(k);
	g_free(name);
	g_free(mime);
	return rc ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
}

/* -- the page ------------------------------------------------------------ */

static void
add_names(struct sluse_doc *d, GHashTable *cids, GString *page)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < d->files.n && count < NAMES_MAX; i++) {
		const struct bag *b = &d->files.p[i];
		char *name = file_name(d, b), *mime = line_of(d, b, PR_MIME);

		if (name && !is_inline(d, b, cids, mime, name))
			g_string_append_printf(
			    page, "%s%s", count++ ? ", " : "Vedlegg: ", name);
		g_free(name);
		g_free(mime);
	}
	if (count)
		g_string_append_c(page, '\n');
}

static GHashTable *
cids_of(struct sluse_doc *d)
{
	GHashTable *cids =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	if (d->html)
		mailtext_cids(cids, d->html, d->html_n);
	return cids;
}

static int
outlook_page(struct sluse_doc *d, uint32_t page, struct sluse_sink *k)
{
	GString *text, *from;
	GHashTable *cids;
	struct person p;
	char date[20], *s;

	if (page != 0)
		return SLUSE_READ_DAMAGED;
	d->host->page_size(k, 595, 842);
	text = g_string_new(NULL);
	from = g_string_new(NULL);
	p = sender(d);
	add_person(from, &p);
	free_person(&p);
	if (from->len)
		g_string_append_printf(text, "Fra: %.8000s\n", from->str);
	g_string_free(from, TRUE);
	add_recipients(d, text, "Til", 1, PR_SHOWN_TO);
	add_recipients(d, text, "Kopi", 2, PR_SHOWN_CC);
	if (sent(d, date))
		g_string_append_printf(text, "Dato: %s\n", date);
	if ((s = subject(d)) != NULL)
		g_string_append_printf(text, "Emne: %.8000s\n", s);
	g_free(s);
	cids = cids_of(d);
	add_names(d, cids, text);
	g_hash_table_unref(cids);
	body_text(d, text);
	if (text->len > PAGE_MAX)
		g_string_truncate(text, PAGE_MAX);
	s = g_utf8_make_valid(text->str, (gssize)text->len);
	if (*s)
		d->host->text(k, s, strlen(s));
	else
		d->host->blank(k);
	g_free(s);
	g_string_free(text, TRUE);
	return SLUSE_READ_OK;
}

/* -- parts --------------------------------------------------------------- */

/* The first or last id of a property, else of the header; NULL (g_free). */
static char *
id_of(struct sluse_doc *d, uint16_t prop, const char *name, bool last)
{
	char *s = line_of(d, &d->message, prop), *a, *b, *id = NULL;

	if (!s)
		s = header(d, name);
	if (!s)
		return NULL;
	a = last ? strrchr(s, '<') : strchr(s, '<');
	b = a ? strchr(a, '>') : NULL;
	if (b)
		id = g_strndup(a + 1, (gsize)(b - a - 1));
	else if (!a && !last)
		id = g_strndup(s, strcspn(s, " "));
	g_free(s);
	if (id && (!*id || strlen(id) > 998)) {
		g_free(id);
		id = NULL;
	}
	return id;
}

static void
give_fields(struct sluse_doc *d, struct sluse_sink *k)
{
	char *title = subject(d), date[20];
	char *id = id_of(d, PR_MESSAGE_ID, "Message-ID", false);
	char *reply = id_of(d, PR_REPLY_TO_ID, "In-Reply-To", false);
	char *last = id_of(d, PR_REFERENCES, "References", true);
	struct person p = sender(d);

	if (title)
		mailtext_give(d->host, k, "title", mailtext_bare_subject(title),
		    "Subject", 800);
	if (p.name && !strchr(p.name, '@'))
		mailtext_give(d->host, k, "correspondent", p.name, "From", 800);
	mailtext_give(
	    d->host, k, "correspondent_email", p.address, "From", 950);
	free_person(&p);
	for (uint32_t i = 0; i < d->people.n; i++) {
		if ((bag_number(&d->people.p[i], PR_KIND, 1) & 15) != 1)
			continue;
		p = recipient(d, &d->people.p[i]);
		mailtext_give(d->host, k, "recipient", p.address, "To", 950);
		free_person(&p);
		break;
	}
	mailtext_give_thread(
	    d->host, k, sent(d, date) ? date : NULL, id, reply, last);
	g_free(title);
	g_free(id);
	g_free(reply);
	g_free(last);
}

/* An S/MIME message is one attachment, of which only the first bytes tell
 * whether it is signed or encrypted. */
static bool
is_signed_data(struct sluse_doc *d)
{
	static const char oid[] = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
	const struct prop *p = d->files.n ? data_of(&d->files.p[0]) : NULL;
	char b[64];
	int64_t n =
	    p && p->type == PT_BINARY ? prop_read(d, p, b, sizeof(b), 0) : 0;

	return n > 0 && memmem(b, (size_t)n, oid, sizeof(oid) - 1) != NULL;
}

static void
give_class(struct sluse_doc *d, struct sluse_sink *k)
{
	char *class = line_of(d, &d->message, PR_CLASS);

	if (!class)
		return;
	if (strstr(class, ".SMIME") || strstr(class, ".Secure"))
		d->host->note(k,
		    is_signed_multipart(d) || is_signed_data(d)
			? "mail_signed"
			: "mail_encrypted",
		    "");
	/* a meeting, a contact, a task: its other fields are not read */
	else if (g_ascii_strncasecmp(class, "IPM.Note", 8) != 0 &&
		 strspn(class, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstu"
			       "vwxyz0123456789._-") == strlen(class) &&
		 strlen(class) < 100)
		d->host->note(k, "mail_class", class);
	g_free(class);
}

static void
give_notes(struct sluse_doc *d, struct sluse_sink *k)
{
	bool elsewhere = false, is_signed = false, encrypted = false;

	give_class(d, k);
	if (d->plain)
		mailtext_pgp(d->plain, d->plain_n, &is_signed, &encrypted);
	if (is_signed)
		d->host->note(k, "mail_signed", "");
	if (encrypted)
		d->host->note(k, "mail_encrypted", "");
	if (is_unsent(d))
		d->host->note(k, "mail_unsent", "");
	for (uint32_t i = 0; i < d->files.n; i++)
		elsewhere |=
		    bag_number(&d->files.p[i], PR_METHOD, 1) > BY_VALUE &&
		    !data_of(&d->files.p[i]);
	if (elsewhere)
		d->host->note(k, "mail_linked", "");
	if (d->plain && d->html)
		d->host->note(k, "mail_html_alternative", "");
	if (d->truncated)
		d->host->note(k, "mail_truncated", "");
	if (d->too_many)
		d->host->note(k, "mail_depth", "");
}

static int
send_body(struct sluse_doc *d, struct sluse_sink *k, const char *mime,
    const char *name, const char *text, size_t n)
{
	struct sluse_part part = {.size = sizeof(part),
	    .role = SLUSE_PART_BODY,
	    .mime = mime,
	    .name = name};
	struct out o = {.d = d, .k = k};

	if (!text || !n)
		return SLUSE_READ_OK;
	if (d->host->part_begin(k, &part) != 0)
		return SLUSE_READ_LIMIT;
	/* HTML that is a property goes out as it stands, if that can be read */
	if (d->html_stands && text == d->html) {
		if (send_bytes(&o, bag_find(&d->message, PR_HTML)) != 0)
			return SLUSE_READ_LIMIT;
	} else if (into_part(&o, text, n) != 0) {
		return SLUSE_READ_LIMIT;
	}
	return d->host->part_end(k) ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
}

static int
outlook_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	GHashTable *cids;
	int rc;

	give_fields(d, k);
	give_notes(d, k);
	rc = send_body(d, k, "text/plain", NULL, d->plain, d->plain_n);
	if (rc == SLUSE_READ_OK)
		rc = send_body(d, k, "text/html", NULL, d->html, d->html_n);
	/* where plain text stands, RTF says the same with fonts */
	if (rc == SLUSE_READ_OK && !d->html && !body_has_ink(d))
		rc = send_body(d, k, "text/rtf", "body.rtf", d->rtf, d->rtf_n);
	cids = cids_of(d);
	for (uint32_t i = 0; i < d->files.n && rc == SLUSE_READ_OK; i++)
		rc = send_file(d, &d->files.p[i], cids, k);
	g_hash_table_unref(cids);
	if (rc == SLUSE_READ_OK && d->too_many)
		rc = SLUSE_READ_LIMIT;
	for (uint32_t i = 0; d->ole && i < d->ole->count; i++)
		d->truncated |= d->ole->entries[i].cut;
	if (rc == SLUSE_READ_OK && d->truncated)
		rc = SLUSE_READ_INCOMPLETE;
	return rc;
}

/* -- warming ------------------------------------------------------------- */

static int
outlook_warm(const struct sluse_reader_host *host)
{
	char date[20];

	(void)host;
	mailtext_oslo(0, date);
	return charset_warm();
}

static const char *const outlook_mimes[] = {
    OUTLOOK, TNEF, "application/ms-tnef", NULL};

const struct sluse_reader sluse_reader = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "outlook",
    .version = "1",
    .mimes = outlook_mimes,
    .warm = outlook_warm,
    .open = outlook_open,
    .page_count = outlook_page_count,
    .page = outlook_page,
    .parts = outlook_parts,
    .close = outlook_close,
};
