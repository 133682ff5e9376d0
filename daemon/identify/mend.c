/*
 * SECURITY: all bytes are hostile; nothing here allocates by what they say.
 */
#include "mend.h"

#include <string.h>
#include <strings.h>

#include "../unpack/zipdir.h"
#include "../wire/roles.h"

#define ZIP_PEEK_ENTRIES 2000u
#define ZIP_PEEK_BYTES ((size_t)256 << 10)

/* -- mail ------------------------------------------------------------------ */

/* 0 = not a mail header we know, 1 = one, 2 = one that only mail has. */
static int
header_weight(const char *p, size_t n)
{
	static const struct {
		const char *name;
		int weight;
	} known[] = {{"received", 2}, {"return-path", 2}, {"message-id", 2},
	    {"mime-version", 2}, {"delivered-to", 2}, {"from", 1}, {"to", 1},
	    {"cc", 1}, {"date", 1}, {"subject", 1}, {"reply-to", 1},
	    {"content-type", 1}, {"in-reply-to", 2}, {"references", 2},
	    {"content-transfer-encoding", 1}, {"sender", 1},
	    {"dkim-signature", 2}, {"x-mailer", 1}};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == n &&
		    strncasecmp(known[i].name, p, n) == 0)
			return known[i].weight;
	return 0;
}

/* Length of a header name that a colon follows; 0 if the line is none. */
static size_t
header_name(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && i < 100; i++) {
		if (p[i] == ':')
			return i;
		if (p[i] <= ' ' || p[i] > '~')
			return 0;
	}
	return 0;
}

bool
sl_looks_mail(const char *p, size_t n)
{
	const char *nl;
	size_t line, name;
	int known = 0, sure = 0, w;

	if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
		p += 3, n -= 3;
	while (n > 0) {
		nl = memchr(p, '\n', n);
		line = nl != NULL ? (size_t)(nl - p) : n;
		if (line == 0 || (line == 1 && p[0] == '\r'))
			break;
		if (p[0] != ' ' && p[0] != '\t') {
			if ((name = header_name(p, line)) == 0)
				return false;
			w = header_weight(p, name);
			known += w > 0;
			sure += w > 1;
		} else if (known == 0) {
			return false;
		}
		if (nl == NULL)
			break;
		n -= line + 1;
		p += line + 1;
	}
	return known >= 3 && sure >= 1;
}

bool
sl_looks_mbox(const char *p, size_t n)
{
	const char *nl = memchr(p, '\n', n < 512 ? n : 512);

	return n > 5 && memcmp(p, "From ", 5) == 0 && nl != NULL &&
	       memchr(p, ':', (size_t)(nl - p)) != NULL &&
	       sl_looks_mail(nl + 1, n - (size_t)(nl + 1 - p));
}

/* -- PDF, text ---------------------------------------------------------------
 */

bool
sl_looks_pdf(const char *p, size_t n)
{
	size_t head = n < 1024 ? n : 1024, i;

	for (i = 0; i + 8 <= head; i++) {
		if (p[i] != '%' || memcmp(p + i, "%PDF-", 5) != 0)
			continue;
		if (p[i + 5] >= '0' && p[i + 5] <= '9' && p[i + 6] == '.' &&
		    memmem(p + i, n - i, " obj", 4) != NULL)
			return true;
	}
	return false;
}

bool
sl_looks_text(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] < ' ' &&
		    strchr("\t\n\r\f\033\032\b", p[i]) == NULL)
			return false;
	/* strchr finds the NUL that ends its string. */
	return memchr(p, 0, n) == NULL;
}

/* -- CMS ------------------------------------------------------------------- */

/* The bytes before the content of a SEQUENCE; 0: p holds none. *ret_length: of
 * its content; 0 if it ends with a mark. */
static size_t
sequence_head(const uint8_t *p, size_t n, uint64_t *ret_length)
{
	size_t i, bytes;

	*ret_length = 0;
	if (n < 10 || p[0] != 0x30)
		return 0;
	if (p[1] < 0x80) {
		*ret_length = p[1];
		return 2;
	}
	bytes = p[1] & 0x7fu;
	if (bytes > 8)
		return 0;
	for (i = 0; i < bytes; i++)
		*ret_length = *ret_length << 8 | p[2 + i];
	return 2 + bytes;
}

/* What an identifier stands for; the value of an EncryptedData is closed with a
 * word or key that is in no certificate: no envelope. */
static const struct cms_kind {
	const char *oid, *mime;
	bool envelope;
} cms_kinds[] = {
    {"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", SL_MIME_SIGNED, false},
    {"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", SL_MIME_ENVELOPE, true},
    {"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06", SL_MIME_ENVELOPE, false},
    {"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17", SL_MIME_ENVELOPE,
	true},
};

static const struct cms_kind *
cms_kind_of(const char *p, size_t n)
{
	uint64_t length;
	size_t i, head = sequence_head((const uint8_t *)p, n, &length), k;

	for (i = 0; i < sizeof(cms_kinds) / sizeof(cms_kinds[0]); i++) {
		k = strlen(cms_kinds[i].oid);
		if (head > 0 && n >= head + k &&
		    memcmp(p + head, cms_kinds[i].oid, k) == 0)
			return &cms_kinds[i];
	}
	return NULL;
}

const char *
sl_looks_cms(const char *p, size_t n)
{
	const struct cms_kind *k = cms_kind_of(p, n);

	return k != NULL ? k->mime : NULL;
}

bool
sl_looks_envelope(const char *p, size_t n)
{
	const struct cms_kind *k = cms_kind_of(p, n);

	return k != NULL && k->envelope;
}

bool
sl_is_envelope(const struct sl_extent *x)
{
	char b[32];
	ssize_t n = sl_extent_read(x, b, sizeof(b), 0);

	return n > 0 && sl_looks_envelope(b, (size_t)n);
}

bool
sl_has_envelope_end(const struct sl_extent *x)
{
	uint8_t b[16];
	uint64_t length;
	size_t head;

	if (sl_extent_read(x, b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return false;
	head = sequence_head(b, sizeof(b), &length);
	if (length > 0)
		return length <= x->size - head;
	/* ContentInfo and [0] at least: four zero bytes. */
	return sl_extent_read(x, b, 4, x->size - 4) == 4 &&
	       memcmp(b, "\0\0\0\0", 4) == 0;
}

/* -- what lies in a zip
 * -------------------------------------------------------- */

static bool
entry_is(const struct sl_zip_entry *e, const char *name)
{
	size_t n = strlen(name);

	return e->name_n == n && memcmp(e->name, name, n) == 0;
}

static bool
entry_begins(const struct sl_zip_entry *e, const char *name)
{
	size_t n = strlen(name);

	return e->name_n >= n && memcmp(e->name, name, n) == 0;
}

static bool
entry_ends(const struct sl_zip_entry *e, const char *name)
{
	size_t n = strlen(name);

	return e->name_n >= n && memcmp(e->name + e->name_n - n, name, n) == 0;
}

/* The types that a stored member "mimetype" may name; static strings, since
 * what stands in the file is not to be passed on. */
static const char *
stored_mimetype(const struct sl_extent *x, const struct sl_zip_entry *e)
{
	static const char *const types[] = {
	    "application/vnd.oasis.opendocument.text",
	    "application/vnd.oasis.opendocument.text-template",
	    "application/vnd.oasis.opendocument.text-master",
	    "application/vnd.oasis.opendocument.spreadsheet",
	    "application/vnd.oasis.opendocument.spreadsheet-template",
	    "application/vnd.oasis.opendocument.presentation",
	    "application/vnd.oasis.opendocument.presentation-template",
	    "application/vnd.oasis.opendocument.graphics",
	    "application/vnd.oasis.opendocument.graphics-template",
	    "application/vnd.oasis.opendocument.chart",
	    "application/vnd.oasis.opendocument.formula",
	    "application/vnd.oasis.opendocument.image",
	    "application/vnd.oasis.opendocument.database",
	    "application/vnd.sun.xml.writer",
	    "application/vnd.sun.xml.calc",
	    "application/vnd.sun.xml.impress",
	    "application/vnd.etsi.asic-e+zip",
	    "application/vnd.etsi.asic-s+zip",
	    "application/epub+zip",
	};
	char p[30 + 512];
	ssize_t n = sl_extent_read(x, p, sizeof(p), e->local);
	size_t at, len, i, k;

	if (n < 30 || e->method != 0 || memcmp(p, "PK\3\4", 4) != 0)
		return NULL;
	at = 30 + ((size_t)(uint8_t)p[26] | (size_t)(uint8_t)p[27] << 8) +
	     ((size_t)(uint8_t)p[28] | (size_t)(uint8_t)p[29] << 8);
	if (at >= (size_t)n)
		return NULL;
	len = (size_t)n - at;
	if (len > e->packed)
		len = (size_t)e->packed;
	while (len > 0 && (uint8_t)p[at + len - 1] <= ' ')
		len--;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		k = strlen(types[i]);
		if (k == len && memcmp(types[i], p + at, k) == 0)
			return types[i];
	}
	return NULL;
}

/* What the names tell. */
struct zip_signs {
	const char *mimetype;
	bool content_types, word, sheet, slides, drawing, binary_sheet, macro;
	bool signature, manifest, odf_content, odf_manifest, jar;
	size_t plain; /* members outside META-INF */
};

static void
note_entry(const struct sl_extent *x, const struct sl_zip_entry *e,
    struct zip_signs *s)
{
	bool meta = entry_begins(e, "META-INF/");

	if (entry_is(e, "mimetype"))
		s->mimetype = stored_mimetype(x, e);
	s->content_types |= entry_is(e, "[Content_Types].xml");
	s->word |= entry_begins(e, "word/");
	s->sheet |= entry_begins(e, "xl/");
	s->slides |= entry_begins(e, "ppt/");
	s->drawing |= entry_begins(e, "visio/");
	s->binary_sheet |= entry_is(e, "xl/workbook.bin");
	s->macro |= entry_ends(e, "/vbaProject.bin");
	s->signature |=
	    meta &&
	    (entry_ends(e, ".p7s") ||
		(entry_ends(e, ".xml") && e->name_n >= 19 &&
		    memmem(e->name, e->name_n, "signatures", 10) != NULL));
	s->manifest |= entry_is(e, "META-INF/asicmanifest.xml") ||
		       entry_is(e, "META-INF/ASiCManifest.xml");
	s->odf_content |= entry_is(e, "content.xml");
	s->odf_manifest |= entry_is(e, "META-INF/manifest.xml");
	s->jar |= entry_is(e, "META-INF/MANIFEST.MF");
	s->plain += !meta;
}

#define OOXML "application/vnd.openxmlformats-officedocument."
static const char *
kind_by_signs(const struct zip_signs *s)
{
	if (s->mimetype != NULL)
		return s->mimetype;
	if (s->content_types) {
		if (s->word)
			return s->macro ? "application/"
					  "vnd.ms-word.document.macroEnabled.12"
					: OOXML "wordprocessingml.document";
		if (s->binary_sheet)
			return "application/"
			       "vnd.ms-excel.sheet.binary.macroEnabled.12";
		if (s->sheet)
			return s->macro ? "application/"
					  "vnd.ms-excel.sheet.macroEnabled.12"
					: OOXML "spreadsheetml.sheet";
		if (s->slides)
			return s->macro ? "application/"
					  "vnd.ms-powerpoint.presentation."
					  "macroEnabled.12"
					: OOXML "presentationml.presentation";
		if (s->drawing)
			return "application/vnd.ms-visio.drawing.main+xml";
		return "application/vnd.openxmlformats-officedocument";
	}
	if (s->signature || s->manifest)
		return s->plain == 1 && !s->manifest
			   ? "application/vnd.etsi.asic-s+zip"
			   : "application/vnd.etsi.asic-e+zip";
	if (s->odf_content && s->odf_manifest)
		return "application/vnd.oasis.opendocument.text";
	if (s->jar)
		return "application/java-archive";
	return "application/zip";
}

const char *
sl_zip_kind(const struct sl_extent *x, bool *ret_macro)
{
	struct zip_signs s = {0};
	struct sl_zip_dir d;
	enum sl_rc rc;
	size_t i;

	*ret_macro = false;
	rc = sl_zip_dir_load(x, ZIP_PEEK_ENTRIES, ZIP_PEEK_BYTES, &d, NULL);
	if (rc != SL_OK)
		return rc == SL_HOLD ? "application/zip" : NULL;
	for (i = 0; i < d.count; i++)
		note_entry(x, &d.entries[i], &s);
	sl_zip_dir_free(&d);
	*ret_macro = s.macro;
	return kind_by_signs(&s);
}

bool
sl_has_zip_end(const struct sl_extent *x)
{
	uint8_t tail[512];
	size_t n = x->size < sizeof(tail) ? (size_t)x->size : sizeof(tail);

	return n >= 22 &&
	       sl_extent_read(x, tail, n, x->size - n) == (ssize_t)n &&
	       memmem(tail, n - 18, "PK\5\6", 4) != NULL;
}

/* -- names
 * --------------------------------------------------------------------- */

const char *
sl_extension(const char *name)
{
	const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');

	if (dot == NULL || (slash != NULL && dot < slash) || dot[1] == '\0' ||
	    strlen(dot) > 9)
		return "";
	return dot + 1;
}

bool
sl_extension_fits(const char *name, const char *mime, bool *ret_known)
{
	/* Begins of the types that may stand behind an ending. */
	static const struct {
		const char *ending;
		const char *types[3];
	} known[] = {
	    {"pdf", {"application/pdf"}},
	    {"tif", {"image/tiff"}},
	    {"tiff", {"image/tiff"}},
	    {"jpg", {"image/jpeg"}},
	    {"jpeg", {"image/jpeg"}},
	    {"png", {"image/png"}},
	    {"gif", {"image/gif"}},
	    {"bmp", {"image/bmp", "image/x-ms-bmp"}},
	    {"heic", {"image/hei"}},
	    {"txt", {"text/", "message/"}},
	    {"csv", {"text/"}},
	    {"htm", {"text/"}},
	    {"html", {"text/"}},
	    {"xml", {"text/", "application/xml", "image/svg"}},
	    {"json", {"application/json", "text/"}},
	    {"eml", {"message/", "text/", "application/mbox"}},
	    {"mbox", {"application/mbox", "text/"}},
	    {"msg", {"application/vnd.ms-outlook", "application/x-ole"}},
	    {"rtf", {"text/rtf"}},
	    {"zip", {"application/zip", "application/vnd.etsi.asic"}},
	    {"gz", {"application/gzip"}},
	    {"tgz", {"application/gzip"}},
	    {"tar", {"application/x-tar"}},
	    {"7z", {"application/x-7z"}},
	    {"rar", {"application/x-rar", "application/vnd.rar"}},
	    {"doc", {"application/msword", "application/x-ole", "text/rtf"}},
	    {"xls", {"application/vnd.ms-excel", "application/x-ole"}},
	    {"ppt", {"application/vnd.ms-powerpoint", "application/x-ole"}},
	    {"docx", {OOXML "wordprocessingml"}},
	    {"docm", {"application/vnd.ms-word"}},
	    {"xlsx", {OOXML "spreadsheetml"}},
	    {"xlsm", {"application/vnd.ms-excel"}},
	    {"pptx", {OOXML "presentationml"}},
	    {"odt", {"application/vnd.oasis.opendocument.text"}},
	    {"ods", {"application/vnd.oasis.opendocument.spreadsheet"}},
	    {"odp", {"application/vnd.oasis.opendocument.presentation"}},
	    {"asice", {"application/vnd.etsi.asic-e"}},
	    {"sce", {"application/vnd.etsi.asic-e"}},
	    {"asics", {"application/vnd.etsi.asic-s"}},
	    {"p7m", {"application/pkcs7", "application/octet-stream"}},
	    {"p7s", {"application/pkcs7"}},
	    {"exe", {"application/x-dosexec", "application/vnd.microsoft"}},
	};
	const char *ext = sl_extension(name);
	size_t i, k;

	*ret_known = false;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(known[i].ending, ext) != 0)
			continue;
		*ret_known = true;
		for (k = 0; k < 3 && known[i].types[k] != NULL; k++)
			if (strncmp(known[i].types[k], mime,
				strlen(known[i].types[k])) == 0)
				return true;
		return false;
	}
	return true;
}
