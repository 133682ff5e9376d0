/*
 * Values on their way into an extraction, codes, screening, and systemIDs.
 */
#include <stdlib.h>

#include "../../daemon/depot/elements.h"
#include "../../daemon/depot/extension.h"
#include "../../daemon/depot/ids.h"
#include "../../daemon/depot/posts.h"
#include "../../daemon/depot/write.h"
#include "../../daemon/xsd/xsd.h"
#include "test.h"

static void
dates(void)
{
	static const struct {
		const char *s, *day; /* NULL: it is none */
		bool time;
	} t[] = {{"2025-01-31", "2025-01-31", false},
	    {"2025-01-31Z", "2025-01-31", false},
	    {"2025-01-31+01:00", "2025-01-31", false},
	    {"2024-02-29", "2024-02-29", false}, {"2025-02-29", NULL, false},
	    {"2025-04-31", NULL, false}, {"2025-13-01", NULL, false},
	    {"2025-00-01", NULL, false}, {"2025-01-31T", NULL, false},
	    {"2025-01-31T08:15:00", "2025-01-31", true},
	    {"2025-01-31T08:15:00.123+01:00", "2025-01-31", true},
	    /* The day it was in Norway. */
	    {"2025-01-31T23:30:00Z", "2025-02-01", true},
	    {"2025-07-01T22:30:00Z", "2025-07-02", true},
	    {"2025-01-31T23:30:00+01:00", "2025-01-31", true},
	    {"2025-01-01T00:30:00+02:00", "2024-12-31", true},
	    {"2025-01-31T24:00:00Z", NULL, false},
	    {"2025-01-31T08:15Z", NULL, false},
	    {"2025-01-31T08:15:00+15:00", NULL, false},
	    {"2025-01-31T08:15:00.Z", NULL, false},
	    {"2025-01-31 08:15:00", NULL, false}, {"31.01.2025", NULL, false},
	    {"", NULL, false}, {"0000-01-01", NULL, false}};
	char day[11];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CHECK_MSG(sl_time_valid(t[i].s) == t[i].time, "%s", t[i].s);
		if (sl_date_text(t[i].s, day))
			CHECK_STR(day, t[i].day);
		else
			CHECK_MSG(t[i].day == NULL, "%s", t[i].s);
	}
}

static void
characters(void)
{
	SL_BUF struct sl_buf b = {0};

	CHECK(!sl_xml_clean(&b, "blå\t\n"));
	CHECK_STR(sl_buf_str(&b), "blå\t\n");
	sl_buf_reset(&b);
	CHECK(sl_xml_clean(&b, "a\x01"
			       "b\xEF\xBF\xBE"
			       "c"));
	CHECK_STR(sl_buf_str(&b), "a\uFFFDb\uFFFDc");
}

static void
masks(void)
{
	static const struct {
		const char *s, *shown;
		unsigned n;
	} t[] = {{"ingen", "ingen", 0}, {"fra 02013299997.", "fra *****.", 1},
	    {"020132 99997", "*****", 1}, {"30108299939", "*****", 1},
	    {"02013299997 og 42013299980", "***** og *****", 2},
	    {"02013299998", "02013299998", 0},
	    {"102013299997", "102013299997", 0},
	    {"0a020132-9999-4aaa-8aaa-02013299997a",
		"0a020132-9999-4aaa-8aaa-02013299997a", 0},
	    {"nr. 0a020132-9999-4aaa-8aaa-02013299997a",
		"nr. 0a020132-9999-4aaa-8aaa-*****a", 1}};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		SL_BUF struct sl_buf b = {0};

		CHECK_MSG(sl_mask_fnr(&b, t[i].s) == t[i].n, "%s", t[i].s);
		CHECK_STR(sl_buf_str(&b), t[i].shown);
	}
}

static void
codes(void)
{
	static const struct {
		int list;
		const char *json, *name, *kode;
		bool own;
	} t[] = {{SL_LIST_journalposttype, "{\"kode\":\"I\"}",
		     "Inngående dokument", "I", true},
	    {SL_LIST_journalstatus, "\"A\"", "Arkivert", "A", true},
	    {SL_LIST_journalstatus, "\"Arkivert\"", "Arkivert", "A", true},
	    {SL_LIST_journalstatus, "{\"kode\":\"M\"}",
		"Midlertidig registrering av innkommet dokument", "M", false},
	    /* An installation's own code for Noark's name. */
	    {SL_LIST_saksstatus, "{\"kode\":\"9\",\"kodenavn\":\"Avsluttet\"}",
		"Avsluttet", "A", true},
	    {SL_LIST_saksstatus, "{\"kode\":\"Q\",\"kodenavn\":\"Rar\"}", "Rar",
		"Q", false},
	    {SL_LIST_dokumentmedium,
		"{\"kode\":\"F\",\"kodenavn\":\"Fysisk medium\"}",
		"Fysisk arkiv", "F", true},
	    {SL_LIST_dokumenttype, "{\"kode\":\"B\",\"kodenavn\":\"Epost\"}",
		"Epost", "B", true},
	    {SL_LIST_dokumenttype, "{\"kode\":\"ZZ\"}", "ZZ", "ZZ", true},
	    {SL_LIST_tilgangsrestriksjon, "\"Unntatt offentlighet\"",
		"Unntatt offentlighet", "", true},
	    {SL_LIST_journalstatus, "{}", NULL, "", false},
	    {SL_LIST_journalstatus, "7", NULL, "", false}};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		json_t *v = json_loads(t[i].json, JSON_DECODE_ANY, NULL);
		bool own;

		CHECK_STR(sl_code_name(t[i].list, v, &own), t[i].name);
		CHECK_MSG(own == t[i].own, "%s", t[i].json);
		CHECK_STR(sl_code_kode(t[i].list, v), t[i].kode);
		json_decref(v);
	}
}

static void
screening(void)
{
	static const struct {
		const char *json, *kodes;
		bool screens, temporary;
	} t[] = {
	    {"{\"skjermingMetadata\":[{\"kode\":\"NA\"}]}", "NA", true, false},
	    {"{\"skjermingMetadata\":[{\"kode\":\"NA\"}]}", "NM", false, false},
	    {"{\"skjermingMetadata\":\"Skjerming navn mottaker\"}", "NA NM",
		true, false},
	    {"{\"skjermingMetadata\":[{\"kode\":\"M\"}]}", "KID", true, true},
	    {"{\"skjermingMetadata\":[{\"kode\":\"M\"}]}", "NM", true, true},
	    {"{\"skjermingMetadata\":[{\"kode\":\"TM1\"}]}", "M", false, false},
	    {"{\"tilgangsrestriksjon\":{\"kode\":\"XX\"}}", "NA", true, true},
	    {"{\"tilgangsrestriksjon\":\"Midlertidig sperret\"}", "NA", true,
		true},
	    {"{\"tilgangsrestriksjon\":{\"kode\":\"P\"}}", "NA", true, false},
	    {"{\"skjermingMetadata\":[{\"kode\":\"ZZ\"}]}", "NA", true, false},
	    {"{\"skjermingMetadata\":[],\"skjermingDokument\":{}}", "NA", false,
		false},
	    {"{}", "NA", false, false}};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		json_t *v = json_loads(t[i].json, 0, NULL);

		CHECK_MSG(sl_screens(v, t[i].kodes) == t[i].screens, "%zu", i);
		CHECK_MSG(sl_is_temporary(v) == t[i].temporary, "%zu", i);
		json_decref(v);
	}
	CHECK(!sl_screens(NULL, "NA"));
}

static void
sources(void)
{
	json_t *v = json_loads("{\"a\":{\"b\":\"x\"},\"c\":null,\"d\":\"\","
			       "\"e\":\"y\"}",
	    0, NULL);

	CHECK_STR(json_string_value(sl_source_find(v, "a/b")), "x");
	CHECK_STR(json_string_value(sl_source_find(v, "c|d|e")), "y");
	CHECK(sl_source_find(v, "c|d|a/x") == NULL);
	CHECK(sl_group_knows(SL_GROUP_journalpost, "tittel") == 1);
	CHECK(sl_group_knows(SL_GROUP_journalpost, "titt") == 0);
	CHECK(sl_group_knows(SL_GROUP_part, "postadresse") == 2);
	CHECK(sl_group_knows(SL_GROUP_part, "postadresse/poststed") == 1);
	json_decref(v);
}

static void
identifiers(void)
{
	static const char *const bad[] = {"", "x",
	    "01234567-89ab-cdef-0123-456789abcde",
	    "01234567-89ab-cdef-0123-456789abcdef0",
	    "0123456789ab-cdef-0123-456789abcdef--",
	    "0123456g-89ab-cdef-0123-456789abcdef"};
	struct sl_ids t = {0};
	uint8_t id[16] = {0}, other[16];
	uint32_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_MSG(!sl_id_parse(bad[i], id), "%s", bad[i]);
	CHECK(sl_id_parse("01234567-89AB-cdef-0123-456789abCDEF", id));
	CHECK(sl_id_parse("01234567-89ab-cdef-0123-456789abcdef", other));
	CHECK(memcmp(id, other, 16) == 0);
	memset(id, 0, sizeof(id));
	CHECK(sl_ids_find(&t, id) == NULL);
	for (i = 1; i <= 5000; i++) {
		memcpy(id, &i, sizeof(i));
		CHECK(sl_ids_add(&t, id, (uint8_t)(i % 7), i) == NULL);
	}
	for (i = 1; i <= 5000; i++) {
		memcpy(id, &i, sizeof(i));
		CHECK(sl_ids_find(&t, id)->kind == i % 7);
		CHECK(sl_ids_add(&t, id, 0, 1)->line == i);
	}
	CHECK(t.n == 5000);
	sl_ids_free(&t);
}

static void
extensions(void)
{
	static const struct {
		const char *path, *ending;
	} t[] = {{"a.pdf", "pdf"}, {"a.b/c.TIF", "tif"}, {"a.b/c", ""},
	    {"a", ""}, {"a.", ""}, {"a.p/f", ""}, {"a.p f", ""},
	    {"a.verylong1", ""}};
	char out[SL_EXTENSION_MAX + 1];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		sl_extension_of(t[i].path, out);
		CHECK_STR(out, t[i].ending);
	}
	CHECK(sl_extension_in("jpg,jpeg", "jpeg"));
	CHECK(sl_extension_in("jpg,jpeg", "jpg"));
	CHECK(!sl_extension_in("jpg,jpeg", "jpe"));
	CHECK(!sl_extension_in("jpg,jpeg", ""));
}

static void
every_schema_loads(void)
{
	const struct sl_schema *s;
	struct sl_err err = {0};
	xmlSchemaPtr x;
	size_t i;

	for (i = 0; (s = sl_schema_noark5(i)) != NULL; i++) {
		CHECK_MSG(sl_schema_load(s, &x, &err) == SL_OK, "%s", s->name);
	}
	CHECK(i == 6);
	CHECK(sl_schema_find("andre.xsd") == NULL);
}

TEST_MAIN({"dates", dates}, {"characters", characters}, {"masks", masks},
    {"codes", codes}, {"screening", screening}, {"sources", sources},
    {"identifiers", identifiers}, {"extensions", extensions},
    {"every schema loads", every_schema_loads})
