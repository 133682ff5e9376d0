/*
 * METS, PREMIS and info.xml of a package.
 *
 * Forms: METS as in schemas/dias/mets.xsd (Nasjonalarkivet's METS, which takes
 * any media type; DIAS_METS.xsd takes eleven), info.xml as in
 * submissionDescription.xsd, PREMIS as in DIAS_PREMIS.xsd, whose events are of
 * six kinds: what the sporingslogg calls them stands in the detail.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "pack.h"

#define PROFILE "http://xml.ra.se/METS/RA_METS_eARD.xml"
#define NS_METS "http://www.loc.gov/METS/"
#define NS_PREMIS "http://arkivverket.no/standarder/PREMIS"
#define XSI "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
#define XLINK "xmlns:xlink=\"http://www.w3.org/1999/xlink\""

void
sl_dias_join(FILE *from, FILE *to)
{
	char part[65536];
	size_t n;

	rewind(from);
	while ((n = fread(part, 1, sizeof(part), from)) > 0)
		(void)fwrite(part, 1, n, to);
	(void)fseek(from, 0, SEEK_END);
}

static const char *
given(const char *s, const char *or_else)
{
	return s != NULL && *s != '\0' ? s : or_else;
}

/* The path as a URI reference: what may not stand in one is percent-encoded. */
static void
add_uri(struct sl_buf *b, const char *path)
{
	static const char plain[] = "-._~/!$'()*+,;=@";
	const unsigned char *p = (const unsigned char *)path;

	for (; *p != '\0'; p++) {
		if ((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= 'a' && *p <= 'z') || strchr(plain, *p) != NULL)
			sl_buf_add_char(b, (char)*p);
		else
			sl_buf_printf(b, "%%%02X", *p);
	}
}

void
sl_dias_mets_file(FILE *f, const struct sl_pack_file *p, const char *href)
{
	SL_BUF struct sl_buf uri = {0};
	char hex[SL_SHA256_HEX + 1], when[32];

	add_uri(&uri, href);
	sl_digest_hex(&p->digest, hex);
	sl_clock_format_utc(p->time_ms, when, sizeof(when));
	sl_dias_put(f,
	    "      <mets:file ID=\"fileId_%d\" MIMETYPE=\"%s\" SIZE=\"%d\" "
	    "CREATED=\"%s\" CHECKSUM=\"%s\" CHECKSUMTYPE=\"SHA-256\" "
	    "USE=\"Datafile\"><mets:FLocat LOCTYPE=\"URL\" "
	    "xlink:type=\"simple\" xlink:href=\"file:%s\"/></mets:file>\n",
	    (int64_t)p->id, given(p->mime, "application/octet-stream"),
	    (int64_t)p->size, when, hex, sl_buf_str(&uri));
}

/* -- the header that both METS have ------------------------------------------
 */

static void
agent(FILE *f, const char *role, const char *type, const char *name,
    const char *note, const char *what)
{
	if (name == NULL || *name == '\0')
		return;
	sl_dias_put(f, "    <mets:agent ROLE=\"");
	(void)fputs(role, f);
	sl_dias_put(f, "\" TYPE=\"");
	(void)fputs(type, f);
	sl_dias_put(f, "\"><mets:name>%s</mets:name>", name);
	if (note != NULL && *note != '\0')
		sl_dias_put(f,
		    "<mets:note>%s</mets:note><mets:note>notescontent:%s"
		    "</mets:note>",
		    note, what);
	sl_dias_put(f, "</mets:agent>\n");
}

static void
record_id(FILE *f, const char *type, const char *value)
{
	if (value != NULL && *value != '\0')
		sl_dias_put(f,
		    "    <mets:altRecordID TYPE=\"%s\">%s</mets:altRecordID>\n",
		    type, value);
}

static void
header(const struct sl_pack *k, FILE *f, const char *document)
{
	static const char software[] = "OTHER\" OTHERTYPE=\"SOFTWARE";
	static const char submitter[] = "OTHER\" OTHERROLE=\"SUBMITTER";
	static const char producer[] = "OTHER\" OTHERROLE=\"PRODUCER";
	const struct sl_dias_options *o = k->o;
	const char *by = given(o->submitter, o->archivist);
	char when[32];

	sl_clock_format_utc(k->now_ms, when, sizeof(when));
	sl_dias_put(f,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<mets:mets xmlns:mets=\"" NS_METS "\" " XLINK " " XSI "\n"
	    "    xsi:schemaLocation=\"" NS_METS
	    " http://schema.arkivverket.no/%s\"\n"
	    "    OBJID=\"UUID:%s\" LABEL=\"%s\" TYPE=\"SIP\" "
	    "PROFILE=\"" PROFILE "\">\n"
	    "  <mets:metsHdr CREATEDATE=\"%s\" RECORDSTATUS=\"NEW\">\n",
	    strcmp(document, "info.xml") == 0
		? "INFOFIL/latest/submissionDescription.xsd"
		: "METS/mets.xsd",
	    k->made.uuid, o->label, when);
	agent(f, "ARCHIVIST", "ORGANIZATION", o->archivist, NULL, NULL);
	agent(f, "ARCHIVIST", software, given(o->system, "Sluse"),
	    o->system == NULL ? SLUSE_VERSION : NULL, "Version");
	agent(f, submitter, "ORGANIZATION", by, NULL, NULL);
	agent(f, submitter, "INDIVIDUAL", o->contact, o->email, "Email");
	agent(f, producer, "ORGANIZATION", by, NULL, NULL);
	agent(f, producer, software, "Sluse", SLUSE_VERSION, "Version");
	agent(f, "IPOWNER", "ORGANIZATION", o->archivist, NULL, NULL);
	agent(f, "CREATOR", "ORGANIZATION", by, NULL, NULL);
	agent(f, "CREATOR", software, "Sluse", SLUSE_VERSION, "Version");
	agent(f, "PRESERVATION", "ORGANIZATION", o->depot, NULL, NULL);
	record_id(f, "DELIVERYSPECIFICATION", o->label);
	record_id(f, "SUBMISSIONAGREEMENT", o->agreement);
	record_id(f, "DELIVERYTYPE", o->type);
	record_id(f, "STARTDATE", k->o->start);
	record_id(f, "ENDDATE", k->o->end);
	sl_dias_put(f,
	    "    <mets:metsDocumentID>%s</mets:metsDocumentID>\n"
	    "  </mets:metsHdr>\n",
	    document);
}

void
sl_dias_write_mets(struct sl_pack *k, FILE *f)
{
	header(k, f, "dias-mets.xml");
	sl_dias_put(f,
	    "  <mets:fileSec>\n"
	    "    <mets:fileGrp ID=\"fileGroup001\" USE=\"FILES\">\n");
	sl_dias_join(k->mets_meta, f);
	sl_dias_put(f,
	    "    </mets:fileGrp>\n"
	    "    <mets:fileGrp ID=\"fileGroup002\" USE=\"CONTENT\">\n");
	sl_dias_join(k->mets_content, f);
	sl_dias_put(f,
	    "    </mets:fileGrp>\n  </mets:fileSec>\n"
	    "  <mets:structMap LABEL=\"%s\">\n"
	    "    <mets:div LABEL=\"Package\">\n",
	    k->o->label);
	sl_dias_join(k->mets_divs, f);
	sl_dias_put(f, "    </mets:div>\n  </mets:structMap>\n</mets:mets>\n");
}

void
sl_dias_write_info(struct sl_pack *k, FILE *f, const struct sl_digest *tar,
    const struct sl_pack_file *mets)
{
	SL_FREE char *name = sl_asprintf("%s.tar", k->made.uuid);
	SL_FREE char *inner = sl_asprintf("%s/dias-mets.xml", k->made.uuid);
	struct sl_pack_file p = {.size = k->made.bytes,
	    .mime = "application/x-tar",
	    .time_ms = k->now_ms,
	    .digest = *tar};
	struct sl_pack_file m = *mets;

	header(k, f, "info.xml");
	sl_dias_put(f,
	    "  <mets:fileSec>\n"
	    "    <mets:fileGrp ID=\"fileGroup001\" USE=\"FILES\">\n");
	m.id = 1;
	sl_dias_mets_file(f, &p, name);
	sl_dias_mets_file(f, &m, inner);
	sl_dias_put(f,
	    "    </mets:fileGrp>\n  </mets:fileSec>\n"
	    "  <mets:structMap><mets:div LABEL=\"Package\">"
	    "<mets:fptr FILEID=\"fileId_0\"/></mets:div></mets:structMap>\n"
	    "</mets:mets>\n");
}

/* -- PREMIS ------------------------------------------------------------------
 */

static void
premis_begin(FILE *f)
{
	sl_dias_put(f,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<premis:premis xmlns:premis=\"" NS_PREMIS "\" " XLINK " " XSI "\n"
	    "    xsi:schemaLocation=\"" NS_PREMIS
	    " http://schema.arkivverket.no/PREMIS/v2.0/DIAS_PREMIS.xsd\"\n"
	    "    version=\"2.0\">\n");
}

static void
relation(FILE *f, const char *type, const char *sub, const char *id_type,
    const char *id, const char *event)
{
	sl_dias_put(f,
	    "    <premis:relationship><premis:relationshipType>%s"
	    "</premis:relationshipType><premis:relationshipSubType>%s"
	    "</premis:relationshipSubType><premis:relatedObjectIdentification>"
	    "<premis:relatedObjectIdentifierType>%s"
	    "</premis:relatedObjectIdentifierType>"
	    "<premis:relatedObjectIdentifierValue>%s"
	    "</premis:relatedObjectIdentifierValue>"
	    "</premis:relatedObjectIdentification>",
	    type, sub, id_type, id);
	if (event != NULL && *event != '\0')
		sl_dias_put(f,
		    "<premis:relatedEventIdentification>"
		    "<premis:relatedEventIdentifierType>sporingslogg"
		    "</premis:relatedEventIdentifierType>"
		    "<premis:relatedEventIdentifierValue>%s"
		    "</premis:relatedEventIdentifierValue>"
		    "</premis:relatedEventIdentification>",
		    event);
	sl_dias_put(f, "</premis:relationship>\n");
}

static void
put_format(FILE *f, const struct sl_pack_object *b)
{
	bool sure =
	    b->puid != NULL && *b->puid != '\0' && strchr(b->puid, ',') == NULL;

	sl_dias_put(f,
	    "<premis:format><premis:formatDesignation><premis:formatName>%s"
	    "</premis:formatName></premis:formatDesignation>",
	    given(b->format, "unknown"));
	if (sure)
		sl_dias_put(f,
		    "<premis:formatRegistry><premis:formatRegistryName>PRONOM"
		    "</premis:formatRegistryName><premis:formatRegistryKey>%s"
		    "</premis:formatRegistryKey></premis:formatRegistry>",
		    b->puid);
	else if (b->puid != NULL && *b->puid != '\0')
		sl_dias_put(f,
		    "<premis:formatNote>PRONOM: one of %s</premis:formatNote>",
		    b->puid);
	if (b->note != NULL && *b->note != '\0')
		sl_dias_put(
		    f, "<premis:formatNote>%s</premis:formatNote>", b->note);
	sl_dias_put(f, "</premis:format>");
}

static void
object_begin(FILE *f, const char *kind, const char *type, const char *id)
{
	sl_dias_put(f,
	    "  <premis:object xsi:type=\"premis:%s\">\n"
	    "    <premis:objectIdentifier><premis:objectIdentifierType>%s"
	    "</premis:objectIdentifierType><premis:objectIdentifierValue>%s"
	    "</premis:objectIdentifierValue></premis:objectIdentifier>\n"
	    "    <premis:preservationLevel><premis:preservationLevelValue>full"
	    "</premis:preservationLevelValue></premis:preservationLevel>\n",
	    kind, type, id);
}

void
sl_pack_object(struct sl_pack *k, const struct sl_pack_object *b)
{
	SL_FREE char *id = sl_asprintf("%s/%s", k->made.uuid, b->path);
	SL_FREE char *of = sl_asprintf(
	    "%s/%s", k->made.uuid, b->made_of != NULL ? b->made_of : "");
	char hex[SL_SHA256_HEX + 1];
	FILE *f = k->objects;

	sl_digest_hex(b->digest, hex);
	object_begin(f, "file", "NO/RA", id);
	sl_dias_put(f,
	    "    <premis:objectCharacteristics><premis:compositionLevel>0"
	    "</premis:compositionLevel><premis:fixity>"
	    "<premis:messageDigestAlgorithm>SHA-256"
	    "</premis:messageDigestAlgorithm><premis:messageDigest>%s"
	    "</premis:messageDigest><premis:messageDigestOriginator>Sluse"
	    "</premis:messageDigestOriginator></premis:fixity>"
	    "<premis:size>%d</premis:size>",
	    hex, (int64_t)b->size);
	put_format(f, b);
	sl_dias_put(f, "</premis:objectCharacteristics>\n");
	if (b->name != NULL && *b->name != '\0')
		sl_dias_put(f,
		    "    <premis:originalName>%s</premis:originalName>\n",
		    b->name);
	relation(f, "structural", "is part of",
	    b->part_of != NULL ? "Sluse" : "NO/RA",
	    b->part_of != NULL ? b->part_of : k->made.uuid, NULL);
	if (b->made_of != NULL)
		relation(
		    f, "derivation", "has source", "NO/RA", of, b->made_by);
	sl_dias_put(f, "  </premis:object>\n");
}

static const char *
agent_type(const char *name)
{
	return strncmp(name, "uid:", 4) == 0 ? "person" : "software";
}

static void
put_agent(FILE *f, const char *name, const char *shown, const char *type)
{
	sl_dias_put(f,
	    "  <premis:agent><premis:agentIdentifier>"
	    "<premis:agentIdentifierType>Sluse</premis:agentIdentifierType>"
	    "<premis:agentIdentifierValue>%s</premis:agentIdentifierValue>"
	    "</premis:agentIdentifier><premis:agentName>%s</premis:agentName>"
	    "<premis:agentType>%s</premis:agentType></premis:agent>\n",
	    name, shown, type);
}

static void
put_package_object(struct sl_pack *k, FILE *f)
{
	object_begin(f, "file", "NO/RA", k->made.uuid);
	sl_dias_put(f,
	    "    <premis:objectCharacteristics><premis:compositionLevel>0"
	    "</premis:compositionLevel><premis:format>"
	    "<premis:formatDesignation><premis:formatName>tar"
	    "</premis:formatName></premis:formatDesignation></premis:format>"
	    "</premis:objectCharacteristics>\n  </premis:object>\n");
}

void
sl_dias_write_premis(struct sl_pack *k, FILE *f)
{
	size_t i;

	premis_begin(f);
	put_package_object(k, f);
	sl_dias_join(k->objects, f);
	sl_dias_join(k->events, f);
	for (i = 0; i < k->agents.n; i++)
		put_agent(f, k->agents.name[i], k->agents.name[i],
		    agent_type(k->agents.name[i]));
	sl_dias_put(f, "</premis:premis>\n");
}

/* What happened to the package itself: that it was made, and of what. */
void
sl_dias_write_log(struct sl_pack *k, FILE *f)
{
	char when[32];

	sl_clock_format_utc(k->now_ms, when, sizeof(when));
	premis_begin(f);
	put_package_object(k, f);
	sl_dias_put(f,
	    "  <premis:event><premis:eventIdentifier>"
	    "<premis:eventIdentifierType>Sluse</premis:eventIdentifierType>"
	    "<premis:eventIdentifierValue>%s/1</premis:eventIdentifierValue>"
	    "</premis:eventIdentifier><premis:eventType>Creation"
	    "</premis:eventType><premis:eventDateTime>%s"
	    "</premis:eventDateTime><premis:eventDetail>package made: %d "
	    "files, %d consignments, %d posts; the SHA-256 of every file that "
	    "was known before was found to be the same%s"
	    "</premis:eventDetail><premis:eventOutcomeInformation>"
	    "<premis:eventOutcome>0</premis:eventOutcome>"
	    "</premis:eventOutcomeInformation><premis:linkingAgentIdentifier>"
	    "<premis:linkingAgentIdentifierType>Sluse"
	    "</premis:linkingAgentIdentifierType>"
	    "<premis:linkingAgentIdentifierValue>sluse-depot"
	    "</premis:linkingAgentIdentifierValue>"
	    "</premis:linkingAgentIdentifier><premis:linkingObjectIdentifier>"
	    "<premis:linkingObjectIdentifierType>NO/RA"
	    "</premis:linkingObjectIdentifierType>"
	    "<premis:linkingObjectIdentifierValue>%s"
	    "</premis:linkingObjectIdentifierValue>"
	    "</premis:linkingObjectIdentifier></premis:event>\n",
	    k->made.uuid, when, (int64_t)k->made.files,
	    (int64_t)k->made.consignments, (int64_t)k->made.posts,
	    sl_buf_str(&k->left_out), k->made.uuid);
	put_agent(f, "sluse-depot", "Sluse " SLUSE_VERSION, "software");
	sl_dias_put(f, "</premis:premis>\n");
}
