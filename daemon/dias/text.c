/*
 * XML by a tiny format, and the tables of a package with their ADDML.
 *
 * A table is separated by semicolons, every field in quotation marks, with a
 * head line; no field holds a line break, so that a record is a line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "../base/text.h"
#include "pack.h"

/* Characters that XML 1.0 cannot hold become U+FFFD. */
static bool
is_xml(uint32_t cp)
{
	return cp == '\t' || cp == '\n' || cp == '\r' ||
	       (cp >= 0x20 && cp <= 0xD7FF) || (cp >= 0xE000 && cp <= 0xFFFD) ||
	       (cp >= 0x10000 && cp <= 0x10FFFF);
}

bool
sl_dias_fits(const char *s)
{
	size_t i = 0, n = strlen(s);

	while (i < n)
		if (!is_xml(sl_utf8_next(s, n, &i)))
			return false;
	return true;
}

static void
escape(struct sl_buf *b, const char *s)
{
	size_t i = 0, n = strlen(s);
	uint32_t cp;

	while (i < n) {
		cp = sl_utf8_next(s, n, &i);
		if (cp == '&')
			sl_buf_add_str(b, "&amp;");
		else if (cp == '<')
			sl_buf_add_str(b, "&lt;");
		else if (cp == '>')
			sl_buf_add_str(b, "&gt;");
		else if (cp == '"')
			sl_buf_add_str(b, "&quot;");
		else if (cp == '\r' || cp == '\n' || cp == '\t')
			sl_buf_printf(b, "&#%" PRIu32 ";", cp);
		else
			sl_utf8_add(b, is_xml(cp) ? cp : 0xFFFD);
	}
}

static void
format(struct sl_buf *b, const char *fmt, va_list ap)
{
	const char *s;

	for (; *fmt != '\0'; fmt++) {
		if (*fmt != '%') {
			sl_buf_add_char(b, *fmt);
			continue;
		}
		fmt++;
		if (*fmt == 'd') {
			sl_buf_printf(b, "%" PRId64, va_arg(ap, int64_t));
			continue;
		}
		s = va_arg(ap, const char *);
		escape(b, s != NULL ? s : "");
	}
}

void
sl_dias_xml(struct sl_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(b, fmt, ap);
	va_end(ap);
}

void
sl_dias_put(FILE *f, const char *fmt, ...)
{
	SL_BUF struct sl_buf b = {0};
	va_list ap;

	va_start(ap, fmt);
	format(&b, fmt, ap);
	va_end(ap);
	(void)fwrite(sl_buf_str(&b), 1, b.n, f);
}

/* -- tables -------------------------------------------------------------------
 */

struct column {
	const char *name, *type, *key, *help;
};

/* One list of all: a table is the rows between its own and the next. */
static const struct row {
	enum sl_dias_table table;
	const char *head; /* of a table: its help; NULL: a column */
	struct column c;
} rows[] = {
#define DIAS_TABLE(id, help) {SL_DIAS_T_##id, help, {#id, "", "", ""}},
#define DIAS_COLUMN(table, name, type, key, help)                              \
	{SL_DIAS_T_##table, NULL, {#name, #type, #key, help}},
#include "tables.def"
#undef DIAS_TABLE
#undef DIAS_COLUMN
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
add_field(struct sl_buf *b, const char *s)
{
	size_t i = 0, n = strlen(s);
	uint32_t cp;

	sl_buf_add_char(b, '"');
	while (i < n) {
		cp = sl_utf8_next(s, n, &i);
		if (cp == '"')
			sl_buf_add_char(b, '"');
		sl_utf8_add(b, cp < 0x20 || cp == 0x7F ? ' ' : cp);
	}
	sl_buf_add_char(b, '"');
}

static void
begin_table(struct sl_pack *k, enum sl_dias_table t)
{
	struct sl_buf *b = &k->line;
	size_t i;

	sl_buf_reset(b);
	for (i = 0; i < ROWS; i++) {
		if (rows[i].table != t || rows[i].head != NULL)
			continue;
		if (b->n > 0)
			sl_buf_add_char(b, ';');
		add_field(b, rows[i].c.name);
	}
	sl_buf_add_str(b, "\r\n");
	(void)fwrite(sl_buf_str(b), 1, b->n, k->table[t]);
}

void
sl_dias_row(struct sl_pack *k, enum sl_dias_table t, const char *fmt, ...)
{
	struct sl_buf *b = &k->line;
	const char *s;
	va_list ap;
	int64_t n;

	if (k->rows[t]++ == 0)
		begin_table(k, t);
	sl_buf_reset(b);
	va_start(ap, fmt);
	for (; *fmt != '\0'; fmt++) {
		if (b->n > 0)
			sl_buf_add_char(b, ';');
		if (*fmt == 's') {
			s = va_arg(ap, const char *);
			add_field(b, s != NULL ? s : "");
			continue;
		}
		n = va_arg(ap, int64_t);
		if (n < 0)
			sl_buf_add_str(b, "\"\"");
		else
			sl_buf_printf(b, "\"%" PRId64 "\"", n);
	}
	va_end(ap);
	sl_buf_add_str(b, "\r\n");
	(void)fwrite(sl_buf_str(b), 1, b->n, k->table[t]);
}

/* -- ADDML -------------------------------------------------------------------
 */

static const char *
primary_of(enum sl_dias_table t)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (rows[i].table == t && strcmp(rows[i].c.key, "PRIMARY") == 0)
			return rows[i].c.name;
	return "";
}

static const struct row *
head_of(enum sl_dias_table t)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (rows[i].table == t && rows[i].head != NULL)
			return &rows[i];
	return &rows[0];
}

static void
put_file(FILE *f, const struct sl_pack *k, enum sl_dias_table t,
    const struct sl_pack_file *p)
{
	char hex[SL_SHA256_HEX + 1];
	const char *name = head_of(t)->c.name;

	sl_digest_hex(&p->digest, hex);
	sl_dias_put(f,
	    "      <flatFile name=\"%s\" definitionReference=\"%s\">\n"
	    "        <properties>\n"
	    "          <property name=\"fileName\"><value>%s.csv</value>"
	    "</property>\n"
	    "          <property name=\"checksum\"><properties>\n"
	    "            <property name=\"algorithm\"><value>SHA-256</value>"
	    "</property>\n"
	    "            <property "
	    "name=\"value\"><value>%s</value></property>\n"
	    "          </properties></property>\n"
	    "          <property name=\"numberOfRecords\"><value>%d</value>"
	    "</property>\n"
	    "        </properties>\n      </flatFile>\n",
	    name, name, name, hex, (int64_t)k->rows[t]);
}

static void
put_key(FILE *f, const struct row *r)
{
	size_t i;

	sl_dias_put(f, "              <key name=\"%s\">", r->c.name);
	if (strcmp(r->c.key, "PRIMARY") == 0)
		sl_dias_put(f, "<primaryKey/>");
	for (i = 0; i < ROWS; i++)
		if (rows[i].head != NULL &&
		    strcmp(rows[i].c.name, r->c.key) == 0)
			sl_dias_put(f,
			    "<foreignKey><flatFileDefinitionReference "
			    "name=\"%s\"><recordDefinitionReferences>"
			    "<recordDefinitionReference name=\"%s\">"
			    "<fieldDefinitionReferences>"
			    "<fieldDefinitionReference name=\"%s\"/>"
			    "</fieldDefinitionReferences>"
			    "</recordDefinitionReference>"
			    "</recordDefinitionReferences>"
			    "</flatFileDefinitionReference>"
			    "<relationType>n:1</relationType></foreignKey>",
			    rows[i].c.name, rows[i].c.name,
			    primary_of(rows[i].table));
	sl_dias_put(f,
	    "<fieldDefinitionReferences><fieldDefinitionReference "
	    "name=\"%s\"/></fieldDefinitionReferences></key>\n",
	    r->c.name);
}

static void
put_definition(FILE *f, enum sl_dias_table t)
{
	const struct row *h = head_of(t);
	size_t i;

	sl_dias_put(f,
	    "        <flatFileDefinition name=\"%s\" "
	    "typeReference=\"tabell\">\n"
	    "          <description>%s</description>\n"
	    "          <recordDefinitions>\n"
	    "            <recordDefinition name=\"%s\">\n"
	    "              <keys>\n",
	    h->c.name, h->head, h->c.name);
	for (i = 0; i < ROWS; i++)
		if (rows[i].table == t && rows[i].head == NULL &&
		    strcmp(rows[i].c.key, "NONE") != 0)
			put_key(f, &rows[i]);
	sl_dias_put(f, "              </keys>\n              "
		       "<fieldDefinitions>\n");
	for (i = 0; i < ROWS; i++) {
		if (rows[i].table != t || rows[i].head != NULL)
			continue;
		sl_dias_put(f,
		    "                <fieldDefinition name=\"%s\" "
		    "typeReference=\"%s\"><description>%s</description>",
		    rows[i].c.name, rows[i].c.type, rows[i].c.help);
		if (strcmp(rows[i].c.key, "PRIMARY") == 0)
			sl_dias_put(f, "<unique/><notNull/>");
		sl_dias_put(f, "</fieldDefinition>\n");
	}
	sl_dias_put(f, "              </fieldDefinitions>\n"
		       "              <headerLevel>1</headerLevel>\n"
		       "            </recordDefinition>\n"
		       "          </recordDefinitions>\n"
		       "        </flatFileDefinition>\n");
}

static void
put_types(FILE *f)
{
	sl_dias_put(f,
	    "      <structureTypes>\n        <flatFileTypes>\n"
	    "          <flatFileType name=\"tabell\"><charset>UTF-8</charset>"
	    "<delimFileFormat><recordSeparator>CRLF</recordSeparator>"
	    "<fieldSeparatingChar>;</fieldSeparatingChar>"
	    "<quotingChar>&quot;</quotingChar></delimFileFormat>"
	    "</flatFileType>\n        </flatFileTypes>\n"
	    "        <fieldTypes>\n"
	    "          <fieldType name=\"TEXT\"><dataType>string</dataType>"
	    "</fieldType>\n"
	    "          <fieldType name=\"INT\"><dataType>integer</dataType>"
	    "</fieldType>\n"
	    "          <fieldType name=\"TIME\"><dataType>date</dataType>"
	    "<fieldFormat>YYYY-MM-DDThh:mm:ssTZD</fieldFormat></fieldType>\n"
	    "        </fieldTypes>\n      </structureTypes>\n");
}

static void
put_addml(FILE *f, const struct sl_pack *k,
    const struct sl_pack_file file[SL_DIAS_TABLES])
{
	int t;

	sl_dias_put(f,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<addml xmlns=\"http://www.arkivverket.no/standarder/addml\" "
	    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
	    "xsi:schemaLocation=\"http://www.arkivverket.no/standarder/addml "
	    "addml.xsd\" name=\"%s\">\n"
	    "  <dataset>\n"
	    "    <description>%s</description>\n"
	    "    <reference>\n      <context>\n        <additionalElements>\n"
	    "          <additionalElement name=\"recordCreators\">"
	    "<additionalElements><additionalElement name=\"recordCreator\">"
	    "<value>%s</value></additionalElement></additionalElements>"
	    "</additionalElement>\n"
	    "          <additionalElement name=\"systemType\">"
	    "<value>Skannet papirarkiv</value></additionalElement>\n"
	    "          <additionalElement name=\"systemName\">"
	    "<value>Sluse</value></additionalElement>\n"
	    "        </additionalElements>\n      </context>\n"
	    "      <content>\n        <additionalElements>\n"
	    "          <additionalElement name=\"archivalPeriod\"><properties>"
	    "<property name=\"startDate\"><value>%s</value></property>"
	    "<property name=\"endDate\"><value>%s</value></property>"
	    "</properties></additionalElement>\n"
	    "        </additionalElements>\n      </content>\n"
	    "    </reference>\n    <flatFiles>\n",
	    k->made.uuid, k->o->label, k->o->archivist, k->o->start, k->o->end);
	for (t = 0; t < SL_DIAS_TABLES; t++)
		put_file(f, k, (enum sl_dias_table)t, &file[t]);
	sl_dias_put(f, "      <flatFileDefinitions>\n");
	for (t = 0; t < SL_DIAS_TABLES; t++)
		put_definition(f, (enum sl_dias_table)t);
	sl_dias_put(f, "      </flatFileDefinitions>\n");
	put_types(f);
	sl_dias_put(f, "    </flatFiles>\n  </dataset>\n</addml>\n");
}

static void
table_object(
    struct sl_pack *k, const struct sl_pack_file *p, const char *format)
{
	sl_pack_object(k, &(struct sl_pack_object){.path = p->path,
			      .digest = &p->digest,
			      .size = p->size,
			      .format = format,
			      .note = "made for this package"});
}

enum sl_rc
sl_dias_tables_add(struct sl_pack *k, struct sl_err *err)
{
	static const char *const copies[] = {
	    "content/", "administrative_metadata/"};
	struct sl_pack_file file[SL_DIAS_TABLES], addml;
	char path[64];
	enum sl_rc rc;
	size_t i;
	int t;

	for (t = 0; t < SL_DIAS_TABLES; t++) {
		if (k->rows[t] == 0)
			begin_table(k, (enum sl_dias_table)t);
		(void)snprintf(path, sizeof(path), "content/%s.csv",
		    head_of((enum sl_dias_table)t)->c.name);
		rc = sl_pack_add_made(
		    k, k->table[t], path, "text/csv", true, &file[t], err);
		if (rc != SL_OK)
			return rc;
		table_object(k, &file[t], "CSV");
	}
	if (ftruncate(fileno(k->scratch), 0) != 0)
		return sl_err_set(
		    err, SL_FATAL, errno, "disk_error", "cannot empty a file");
	rewind(k->scratch);
	put_addml(k->scratch, k, file);
	(void)fflush(k->scratch);
	rc = sl_dias_validate(
	    fileno(k->scratch), SL_DIAS_ADDML, "addml.xml", err);
	for (i = 0; rc == SL_OK && i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%saddml.xml", copies[i]);
		rc = sl_pack_add_made(k, k->scratch, path, "application/xml",
		    i == 0, &addml, err);
		if (rc == SL_OK && i == 0)
			table_object(k, &addml, "XML");
		(void)snprintf(path, sizeof(path), "%saddml.xsd", copies[i]);
		if (rc == SL_OK)
			rc = sl_pack_add_bytes(k, sl_dias_xsd(SL_DIAS_ADDML),
			    path, "application/xml", i == 0, err);
	}
	return rc;
}
