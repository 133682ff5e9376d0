/*
 * arkivuttrekk.xml: what the extraction is, with counts and checksums; after
 * Nasjonalarkivet's template for Noark 5 v5.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../xsd/xsd.h"
#include "noark5.h"

#define NS "http://www.arkivverket.no/standarder/addml"

static void
begin(xmlTextWriterPtr w, const char *element, const char *name)
{
	(void)xmlTextWriterStartElement(w, sl_xml(element));
	if (name != NULL)
		(void)xmlTextWriterWriteAttribute(
		    w, sl_xml("name"), sl_xml(name));
}

static void
end(xmlTextWriterPtr w)
{
	(void)xmlTextWriterEndElement(w);
}

static void
value(xmlTextWriterPtr w, const char *s)
{
	SL_BUF struct sl_buf b = {0};

	(void)sl_xml_clean(&b, s);
	(void)xmlTextWriterWriteElement(
	    w, sl_xml("value"), sl_xml(sl_buf_str(&b)));
}

/* <property name dataType><value/></property> */
static void
property(xmlTextWriterPtr w, const char *name, const char *type, const char *s)
{
	begin(w, "property", NULL);
	if (type != NULL)
		(void)xmlTextWriterWriteAttribute(
		    w, sl_xml("dataType"), sl_xml(type));
	(void)xmlTextWriterWriteAttribute(w, sl_xml("name"), sl_xml(name));
	value(w, s);
	end(w);
}

/* <property name>[<value/>]<properties>, for close_property. */
static void
open_property(xmlTextWriterPtr w, const char *name, const char *s)
{
	begin(w, "property", name);
	if (s != NULL)
		value(w, s);
	begin(w, "properties", NULL);
}

static void
close_property(xmlTextWriterPtr w)
{
	end(w);
	end(w);
}

static void
versioned(xmlTextWriterPtr w, const char *name, const char *s, const char *v)
{
	open_property(w, name, s);
	property(w, "version", NULL, v);
	close_property(w);
}

static void
file_of(xmlTextWriterPtr w, const char *name, const struct sl_digest *d)
{
	char hex[SL_SHA256_HEX + 1];

	sl_digest_hex(d, hex);
	open_property(w, "file", NULL);
	property(w, "name", NULL, name);
	versioned(w, "format", "XML", "1.0");
	open_property(w, "checksum", NULL);
	property(w, "algorithm", NULL, "SHA-256");
	property(w, "value", NULL, hex);
	close_property(w);
	close_property(w);
}

static void
schema_of(xmlTextWriterPtr w, const char *name, bool is_main)
{
	struct sl_digest d;

	sl_schema_digest(sl_schema_find(name), &d);
	open_property(w, "schema", is_main ? "main" : NULL);
	file_of(w, name, &d);
	versioned(w, "type", "XML Schema", "1.0");
	close_property(w);
}

static void
occurrences(xmlTextWriterPtr w, const char *element, uint64_t n)
{
	char path[64], number[24];

	(void)snprintf(path, sizeof(path), "//%s", element);
	(void)snprintf(number, sizeof(number), "%" PRIu64, n);
	open_property(w, "numberOfOccurrences", element);
	property(w, "elementPath", NULL, path);
	property(w, "value", "integer", number);
	close_property(w);
}

static void
xml_file(
    struct sl_n5 *n, xmlTextWriterPtr w, enum sl_n5_xml which, const char *name)
{
	char xml[64], xsd[64];

	if (!n->file[which].there)
		return;
	(void)snprintf(xml, sizeof(xml), "%s.xml", name);
	(void)snprintf(xsd, sizeof(xsd), "%s.xsd", name);
	begin(w, "dataObject", name);
	begin(w, "properties", NULL);
	file_of(w, xml, &n->file[which].digest);
	schema_of(w, xsd, true);
	schema_of(w, "metadatakatalog.xsd", false);
	open_property(w, "info", NULL);
	if (which == SL_N5_STRUCTURE) {
		occurrences(w, "mappe",
		    n->w.count[SL_GROUP_mappe] +
			n->w.count[SL_GROUP_saksmappe] +
			n->w.count[SL_GROUP_moetemappe]);
		occurrences(w, "registrering",
		    n->w.count[SL_GROUP_registrering] +
			n->w.count[SL_GROUP_journalpost] +
			n->w.count[SL_GROUP_arkivnotat] +
			n->w.count[SL_GROUP_moeteregistrering]);
	} else if (which == SL_N5_CHANGES)
		occurrences(w, "endring", n->wc.count[SL_GROUP_endring]);
	else
		occurrences(w, "journalregistrering",
		    which == SL_N5_RUNNING ? n->journal_n : n->public_n);
	close_property(w);
	end(w);
	end(w);
}

static void
additional(xmlTextWriterPtr w, const char *name, const char *s)
{
	begin(w, "additionalElement", name);
	value(w, s);
	end(w);
}

static void
about(struct sl_n5 *n, xmlTextWriterPtr w)
{
	const json_t *one;
	size_t i;

	begin(w, "reference", NULL);
	begin(w, "context", NULL);
	begin(w, "additionalElements", NULL);
	begin(w, "additionalElement", "recordCreators");
	/* The schema has none without one in it. */
	if (json_array_size(n->all_creators) > 0)
		begin(w, "additionalElements", NULL);
	for (i = 0; i < json_array_size(n->all_creators); i++) {
		one = json_array_get(n->all_creators, i);
		additional(w, "recordCreator",
		    json_string_value(
			json_object_get(one, "arkivskaperNavn")) != NULL
			? json_string_value(
			      json_object_get(one, "arkivskaperNavn"))
			: "");
	}
	if (i > 0)
		end(w);
	end(w);
	additional(w, "systemType", n->opt->type);
	if (n->opt->system != NULL)
		additional(w, "systemName", n->opt->system);
	if (n->arkiv_title != NULL)
		additional(w, "archive", n->arkiv_title);
	end(w);
	end(w);
	begin(w, "content", NULL);
	begin(w, "additionalElements", NULL);
	begin(w, "additionalElement", "archivalPeriod");
	begin(w, "properties", NULL);
	property(w, "startDate", NULL, n->opt->from);
	property(w, "endDate", NULL, n->opt->to);
	end(w);
	end(w);
	end(w);
	end(w);
	end(w);
}

static const char *
truth(bool yes)
{
	return yes ? "true" : "false";
}

static void
declarations(struct sl_n5 *n, xmlTextWriterPtr w)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRIu64, n->documents);
	begin(w, "properties", NULL);
	open_property(w, "info", NULL);
	versioned(w, "type", "Noark 5", "5.0");
	open_property(w, "additionalInfo", NULL);
	open_property(w, "periode", NULL);
	property(
	    w, "inngaaendeSkille", NULL, n->opt->in_sharp ? "skarpt" : "mykt");
	property(
	    w, "utgaaendeSkille", NULL, n->opt->out_sharp ? "skarpt" : "mykt");
	close_property(w);
	property(w, "inneholderSkjermetInformasjon", "boolean",
	    truth(n->w.count[SL_GROUP_skjerming] > 0));
	property(w, "omfatterDokumenterSomErKassert", "boolean",
	    truth(n->w.count[SL_GROUP_utfoertKassasjon] > 0));
	property(w, "inneholderDokumenterSomSkalKasseres", "boolean",
	    truth(n->w.count[SL_GROUP_kassasjon] > 0));
	property(
	    w, "inneholderVirksomhetsspesifikkeMetadata", "boolean", "false");
	property(w, "antallDokumentfiler", "integer", number);
	close_property(w);
	close_property(w);
	end(w);
}

enum sl_rc
sl_n5_addml(struct sl_n5 *n, struct sl_err *err)
{
	struct sl_xmlout o;
	enum sl_rc rc = sl_xmlout_open(
	    n->package, "arkivuttrekk.xml", "addml", NS, true, &o, err);
	xmlTextWriterPtr w = o.w;

	if (rc != SL_OK)
		return rc;
	(void)xmlTextWriterWriteAttribute(
	    w, sl_xml("xsi:schemaLocation"), sl_xml(NS " addml.xsd"));
	(void)xmlTextWriterWriteAttribute(
	    w, sl_xml("name"), sl_xml("Noark 5-arkivuttrekk"));
	begin(w, "dataset", NULL);
	(void)xmlTextWriterWriteElement(
	    w, sl_xml("description"), sl_xml("Noark 5-arkivuttrekk"));
	about(n, w);
	begin(w, "dataObjects", NULL);
	begin(w, "dataObject", "Noark 5-arkivuttrekk");
	declarations(n, w);
	begin(w, "dataObjects", NULL);
	xml_file(n, w, SL_N5_STRUCTURE, "arkivstruktur");
	xml_file(n, w, SL_N5_CHANGES, "endringslogg");
	xml_file(n, w, SL_N5_RUNNING, "loependeJournal");
	xml_file(n, w, SL_N5_PUBLIC, "offentligJournal");
	end(w);
	end(w);
	end(w);
	end(w);
	return sl_xmlout_close(&o, err);
}
