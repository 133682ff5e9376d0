/*
 * Reader of one mail (message/rfc822).
 *
 * GMime parses it from the host's bytes; every leaf of the MIME tree becomes a
 * part: bodies, attachments, pictures inside a body. A mail inside the mail is
 * a part with its bytes as they stand, and is opened again by the host, so
 * that depth, size and counts are the host's to limit. Page 0 is the mail as a
 * person reads it.
 *
 * SECURITY: nothing is decrypted or loaded; signatures are checked and what was
 * signed is kept as it is.
 */
#include <gmime/gmime.h>
#include <stdbool.h>
#include <string.h>

#include "../reader.h"
#include "lib/charset.h"
#include "lib/html.h"
#include "lib/mailhead.h"
#include "lib/mailinner.h"
#include "lib/mailstream.h"
#include "lib/mailtext.h"
#include "mail/mail.h"

#define PAGE_MAX ((size_t)1 << 20)
#define NAMES_MAX 200u /* attachments listed on the page */

static void
free_leaf(void *p)
{
	struct leaf *l = p;

	if (l->bounds)
		g_ptr_array_unref(l->bounds);
	if (l->text)
		g_byte_array_unref(l->text);
}

static void
mail_close(struct sluse_doc *d)
{
	if (!d)
		return;
	if (d->leaves)
		g_array_unref(d->leaves);
	if (d->bounds)
		g_ptr_array_unref(d->bounds);
	if (d->smime)
		g_ptr_array_unref(d->smime);
	if (d->inner)
		g_ptr_array_unref(d->inner);
	if (d->message)
		g_object_unref(d->message);
	g_free(d);
}

/* -- opening ------------------------------------------------------------- */

/* A mail has at least one header that only mail has. */
static bool
looks_like_mail(GMimeMessage *m)
{
	static const char *const names[] = {"From", "To", "Subject", "Date",
	    "Message-ID", "Received", "MIME-Version", "Content-Type", "Sender",
	    "Return-Path", "Delivered-To", "Content-Transfer-Encoding", "Cc",
	    "Reply-To", "Bcc", "X-Mailer", "Content-Disposition"};
	GMimeObject *part = g_mime_message_get_mime_part(m);

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_mime_object_get_header(GMIME_OBJECT(m), names[i]) ||
		    (part && g_mime_object_get_header(part, names[i])))
			return true;
	return false;
}

static int
mail_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_doc **ret)
{
	struct sluse_doc *d;
	GMimeStream *st;
	GMimeParser *parser;

	if (!mailstream_bounded(host, s))
		return SLUSE_READ_LIMIT;
	d = g_new0(struct sluse_doc, 1);
	d->host = host;
	d->s = s;
	d->leaves = g_array_new(FALSE, TRUE, sizeof(struct leaf));
	g_array_set_clear_func(d->leaves, free_leaf);
	d->bounds = g_ptr_array_new();
	d->smime = g_ptr_array_new_with_free_func(smime_free);
	d->inner = g_ptr_array_new_with_free_func(g_object_unref);
	st = mailstream_source(host, s);
	parser = g_mime_parser_new_with_stream(st);
	g_mime_parser_set_persist_stream(parser, TRUE);
	d->message =
	    g_mime_parser_construct_message(parser, mailhead_options());
	g_object_unref(parser);
	g_object_unref(st);
	if (!d->message || !looks_like_mail(d->message)) {
		mail_close(d);
		return SLUSE_READ_UNSUPPORTED;
	}
	mail_walk(d);
	*ret = d;
	return SLUSE_READ_OK;
}

static int
mail_page_count(struct sluse_doc *d, uint32_t *ret)
{
	(void)d;
	*ret = 1;
	return SLUSE_READ_OK;
}

/* -- the page ------------------------------------------------------------ */

/* The addresses of a header as people see them. */
static char *
addresses(GMimeObject *o, const char *header)
{
	char *raw = mailhead_raw(o, header), *text = NULL;
	InternetAddressList *list;

	if (!raw)
		return NULL;
	list = internet_address_list_parse(mailhead_options(), raw);
	if (list)
		text = internet_address_list_to_string(list, NULL, FALSE);
	if (list)
		g_object_unref(list);
	g_free(raw);
	return text ? text : mailhead_text(o, header);
}

static void
page_line(GString *page, const char *label, char *value)
{
	if (value && *value && page->len < PAGE_MAX)
		g_string_append_printf(page, "%s: %.8000s\n", label, value);
	g_free(value);
}

static void
page_names(struct sluse_doc *d, GString *page)
{
	unsigned count = 0;

	for (unsigned i = 0; i < d->leaves->len && count < NAMES_MAX; i++) {
		struct leaf *l = &g_array_index(d->leaves, struct leaf, i);
		char *raw, *charset, *name;
		size_t n;

		if (l->role != SLUSE_PART_ATTACHMENT)
			continue;
		name = mail_leaf_name(l, &raw, &n, &charset);
		if (name)
			g_string_append_printf(
			    page, "%s%s", count++ ? ", " : "Vedlegg: ", name);
		g_free(name);
		g_free(raw);
		g_free(charset);
	}
	if (count)
		g_string_append_c(page, '\n');
}

/* Plain text where there is any; HTML only where no plain text stands for it.
 */
static void
page_bodies(struct sluse_doc *d, GString *page)
{
	bool plain = false;
	unsigned i;
	size_t n;

	for (i = 0; i < d->leaves->len; i++) {
		struct leaf *l = &g_array_index(d->leaves, struct leaf, i);

		plain = plain || (l->role == SLUSE_PART_BODY &&
				     mail_is_type(l->o, "text", "plain"));
	}
	for (i = 0; i < d->leaves->len && page->len < PAGE_MAX; i++) {
		struct leaf *l = &g_array_index(d->leaves, struct leaf, i);
		bool html = mail_is_type(l->o, "text", "html");
		char *text;

		if (l->role != SLUSE_PART_BODY ||
		    (html && plain && l->alternative))
			continue;
		text = mail_part_text(l->o, html, &n, NULL);
		if (text && html)
			n = html_to_text(text, n);
		else if (text)
			n = uu_cut(text, n, l->files);
		if (text && n) {
			g_string_append_c(page, '\n');
			g_string_append_len(page, text, (gssize)n);
			g_string_append_c(page, '\n');
		}
		free(text);
	}
}

/* The Date header as an instant; false if there is none or it is absurd. */
static bool
sent(struct sluse_doc *d, char out[20])
{
	GDateTime *t = g_mime_message_get_date(d->message);
	gint64 s = t ? g_date_time_to_unix(t) : 0;

	/* e-mail is older than 1980 only by mistake; the future is judged
	 * where the time of receipt is known */
	if (s < 315532800 || s > 4102444800)
		return false;
	mailtext_oslo(s, out);
	return *out != 0;
}

static int
mail_page(struct sluse_doc *d, uint32_t page, struct sluse_sink *k)
{
	GMimeObject *o = GMIME_OBJECT(d->message);
	GString *text;
	char date[20], *valid;

	if (page != 0)
		return SLUSE_READ_DAMAGED;
	d->host->page_size(k, 595, 842);
	text = g_string_new(NULL);
	page_line(text, "Fra", addresses(o, "From"));
	page_line(text, "Til", addresses(o, "To"));
	page_line(text, "Kopi", addresses(o, "Cc"));
	if (sent(d, date))
		g_string_append_printf(text, "Dato: %s\n", date);
	page_line(text, "Emne", mailhead_text(o, "Subject"));
	page_names(d, text);
	page_bodies(d, text);
	if (text->len > PAGE_MAX)
		g_string_truncate(text, PAGE_MAX);
	valid = g_utf8_make_valid(text->str, (gssize)text->len);
	if (*valid)
		d->host->text(k, valid, strlen(valid));
	else
		d->host->blank(k);
	g_free(valid);
	g_string_free(text, TRUE);
	return SLUSE_READ_OK;
}

/* -- parts --------------------------------------------------------------- */

struct out {
	struct sluse_doc *d;
	struct sluse_sink *k;
	bool stopped;
};

static int
into_part(void *arg, const char *p, size_t n)
{
	struct out *o = arg;
	uint64_t max = o->d->host->limits ? o->d->host->limits->bytes_max : 0;

	o->d->written += n;
	if ((max && o->d->written > max) ||
	    o->d->host->part_write(o->k, p, n) != 0)
		o->stopped = true;
	return o->stopped;
}

static int
send_inner(struct out *o, struct leaf *l)
{
	GMimeMessage *m =
	    g_mime_message_part_get_message(GMIME_MESSAGE_PART(l->o));
	gint64 start = m && !l->inside ? mailinner_start(m) : -1, end;
	char buf[16384];

	if (m && start < 0) {
		GMimeStream *st = mailstream_writer(into_part, o);

		(void)g_mime_object_write_to_stream(GMIME_OBJECT(m), NULL, st);
		g_object_unref(st);
	}
	if (start < 0)
		return o->stopped;
	end = mailinner_end(o->d->host, o->d->s, l->bounds, start);
	while (start < end && !o->stopped) {
		size_t want = (guint64)(end - start) < sizeof(buf)
				  ? (size_t)(end - start)
				  : sizeof(buf);
		int64_t n =
		    o->d->host->read_at(o->d->s, buf, want, (uint64_t)start);

		if (n <= 0)
			break;
		into_part(o, buf, (size_t)n);
		start += n;
	}
	return o->stopped;
}

/* Only the message says what a body is written in: one that nobody could tell
 * without that goes out as UTF-8. False: it can go out as it stands. */
static bool
send_told(struct out *o, struct leaf *l)
{
	struct mail_said said;
	char *text;
	size_t n;

	if (l->role != SLUSE_PART_BODY || !mail_is_type(l->o, "text", "*"))
		return false;
	text =
	    mail_part_text(l->o, mail_is_type(l->o, "text", "html"), &n, &said);
	if (said.set == MAIL_SET_TOLD)
		(void)into_part(o, text, n);
	free(text);
	return said.set == MAIL_SET_TOLD;
}

static int
send_uu(struct out *o, const struct leaf *l)
{
	const char *s = l->uu.lines;
	char line[64];
	size_t n;

	while (!o->stopped && (n = uu_line(&s, l->uu.end, line)) > 0)
		(void)into_part(o, line, n);
	return o->stopped;
}

static int
send_leaf(struct sluse_doc *d, struct leaf *l, struct sluse_sink *k)
{
	GMimeContentType *type = g_mime_object_get_content_type(l->o);
	struct sluse_part part = {.size = sizeof(part), .role = l->role};
	struct out o = {.d = d, .k = k};
	char *name, *raw, *charset, *mime, *subject = NULL;
	size_t raw_n;
	int rc;

	name = mail_leaf_name(l, &raw, &raw_n, &charset);
	mime = l->text ? g_strdup("application/octet-stream")
	       : type  ? g_mime_content_type_get_mime_type(type)
		       : NULL;
	if (!name && GMIME_IS_MESSAGE_PART(l->o)) {
		GMimeMessage *m =
		    g_mime_message_part_get_message(GMIME_MESSAGE_PART(l->o));
		char *s = m ? mailhead_text(GMIME_OBJECT(m), "Subject") : NULL;

		if (s && *s)
			subject = g_strdup_printf("%.120s.eml", s);
		g_free(s);
	}
	part.name = name ? name : subject;
	part.name_raw = raw;
	part.name_raw_length = raw_n;
	part.name_charset = charset;
	part.mime = !l->text && mail_stray_text(l->o) ? "text/plain" : mime;
	d->written = 0;
	rc = d->host->part_begin(k, &part);
	if (!rc && l->text) {
		rc = send_uu(&o, l);
	} else if (!rc && GMIME_IS_MESSAGE_PART(l->o)) {
		rc = send_inner(&o, l);
	} else if (!rc && l->role == SLUSE_PART_BODY && mail_stray_text(l->o)) {
		rc = into_part(
		    &o, mail_stray_text(l->o), strlen(mail_stray_text(l->o)));
	} else if (!rc && send_told(&o, l)) {
		rc = o.stopped;
	} else if (!rc && l->role != SLUSE_PART_SKIPPED &&
		   GMIME_IS_PART(l->o)) {
		GMimeDataWrapper *w = g_mime_part_get_content(GMIME_PART(l->o));
		GMimeStream *st = mailstream_writer(into_part, &o);

		if (w)
			(void)g_mime_data_wrapper_write_to_stream(w, st);
		g_object_unref(st);
		rc = o.stopped;
	}
	if (!rc)
		rc = d->host->part_end(k);
	g_free(name);
	g_free(raw);
	g_free(charset);
	g_free(mime);
	g_free(subject);
	return rc ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
}

/* The first mailbox of a header. */
static void
give_mailbox(struct sluse_doc *d, struct sluse_sink *k, const char *header,
    const char *name_field, const char *address_field)
{
	char *raw = mailhead_raw(GMIME_OBJECT(d->message), header);
	InternetAddressList *list =
	    raw ? internet_address_list_parse(mailhead_options(), raw) : NULL;
	InternetAddress *a = list && internet_address_list_length(list) > 0
				 ? internet_address_list_get_address(list, 0)
				 : NULL;

	if (a && INTERNET_ADDRESS_IS_MAILBOX(a)) {
		const char *name = internet_address_get_name(a);
		const char *addr = internet_address_mailbox_get_addr(
		    INTERNET_ADDRESS_MAILBOX(a));

		if (name_field)
			mailtext_give(
			    d->host, k, name_field, name, header, 800);
		if (addr && strchr(addr, '@'))
			mailtext_give(
			    d->host, k, address_field, addr, header, 950);
	}
	if (list)
		g_object_unref(list);
	g_free(raw);
}

static void
give_fields(struct sluse_doc *d, struct sluse_sink *k)
{
	GMimeObject *o = GMIME_OBJECT(d->message);
	char *subject = mailhead_text(o, "Subject"), date[20];
	char *id = mailhead_id(o, "Message-ID", false);
	char *reply = mailhead_id(o, "In-Reply-To", false);
	char *last = mailhead_id(o, "References", true);

	if (subject)
		mailtext_give(d->host, k, "title",
		    mailtext_bare_subject(subject), "Subject", 800);
	give_mailbox(d, k, "From", "correspondent", "correspondent_email");
	give_mailbox(d, k, "To", NULL, "recipient");
	mailtext_give_thread(
	    d->host, k, sent(d, date) ? date : NULL, id, reply, last);
	g_free(subject);
	g_free(id);
	g_free(reply);
	g_free(last);
}

static void
give_notes(struct sluse_doc *d, struct sluse_sink *k)
{
	bool html = false;

	for (unsigned i = 0; i < d->leaves->len; i++) {
		struct leaf *l = &g_array_index(d->leaves, struct leaf, i);

		html = html || (l->alternative && l->role == SLUSE_PART_BODY &&
				   mail_is_type(l->o, "text", "html"));
	}
	if (html)
		d->host->note(k, "mail_html_alternative", "");
	if (d->is_signed)
		d->host->note(k, "mail_signed", "");
	if (d->encrypted)
		d->host->note(k, "mail_encrypted", "");
	if (*d->charset)
		d->host->note(k, "mail_charset", d->charset);
	if (d->partial)
		d->host->note(k, "mail_partial", "");
	if (d->truncated)
		d->host->note(k, "mail_truncated", "");
	if (d->empty)
		d->host->note(k, "mail_empty_multipart", "");
	if (d->too_deep)
		d->host->note(k, "mail_depth", "");
}

static int
mail_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	int rc;

	give_fields(d, k);
	give_notes(d, k);
	smime_tell(d->host, d->s, k, d->smime);
	for (unsigned i = 0; i < d->leaves->len; i++) {
		rc = send_leaf(d, &g_array_index(d->leaves, struct leaf, i), k);
		if (rc != SLUSE_READ_OK)
			return rc;
	}
	if (d->closed)
		return SLUSE_READ_ENCRYPTED;
	return d->too_deep ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
}

/* -- warming ------------------------------------------------------------- */

static const char sample[] =
    "From: =?iso-8859-1?Q?K=E5re?= <a@b.no>\nSubject: =?utf-8?B?w6U=?=\n"
    "Date: Thu, 12 Mar 2026 10:00:00 +0100\nMIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=x\n\n--x\n"
    "Content-Type: text/html; charset=windows-1252\n\n<p>\xE5\n--x\n"
    "Content-Type: application/pdf; name*=utf-8''%C3%A5.pdf\n"
    "Content-Transfer-Encoding: base64\n\nJVBERg==\n--x--\n";

/* Types, tables and converters come into being by use: read a small mail. */
static int
mail_warm(const struct sluse_reader_host *host)
{
	GMimeStream *st;
	GMimeParser *parser;
	GMimeMessage *m;
	char date[20], *s;

	(void)host;
	if (charset_warm() < 0 || cms_warm() != 0)
		return -1;
	g_mime_init();
	st = g_mime_stream_mem_new_with_buffer(sample, sizeof(sample) - 1);
	parser = g_mime_parser_new_with_stream(st);
	m = g_mime_parser_construct_message(parser, mailhead_options());
	g_object_unref(parser);
	g_object_unref(st);
	if (!m)
		return -1;
	st = mailstream_writer(NULL, NULL);
	g_object_unref(st);
	mailtext_oslo(0, date);
	s = mailhead_text(GMIME_OBJECT(m), "Subject");
	g_free(s);
	s = addresses(GMIME_OBJECT(m), "From");
	g_free(s);
	g_object_unref(m);
	return 0;
}

static const char *const mail_mimes[] = {
    "message/rfc822", "message/global", NULL};

const struct sluse_reader sluse_reader = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "mail",
    .version = "1 gmime-3.0",
    .mimes = mail_mimes,
    .warm = mail_warm,
    .open = mail_open,
    .page_count = mail_page_count,
    .page = mail_page,
    .parts = mail_parts,
    .close = mail_close,
};
