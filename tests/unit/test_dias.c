/*
 * DIAS packages: text in XML and tables, PREMIS of a file to the letter, the
 * same package twice, digests that do not fit, readers of broken documents.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/dias/pack.h"
#include "test.h"

#define UUID "01234567-89ab-4def-8123-456789abcdef"

static char top[64];

static const char *
below(const char *name)
{
	static char path[4][128];
	static unsigned at;
	char *p = path[at++ % 4];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", top, name);
	return p;
}

static void
begin(void)
{
	(void)snprintf(top, sizeof(top), "/tmp/sluse-dias-XXXXXX");
	CHECK(mkdtemp(top) != NULL);
}

static void
end(void)
{
	CHECK(sl_remove_tree(AT_FDCWD, top) == 0);
}

static void
write_file(const char *name, const char *text)
{
	struct timespec t[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	FILE *f = fopen(below(name), "we");

	CHECK(f != NULL);
	(void)fputs(text, f);
	(void)fclose(f);
	CHECK(utimensat(AT_FDCWD, below(name), t, 0) == 0);
}

static const struct sl_dias_options said = {.uuid = UUID,
    .label = "Prøve",
    .archivist = "Testvik kommune",
    .start = "1948-01-01",
    .end = "1996-12-31",
    .made_ms = 1767225600000};

static void
xml_text(void)
{
	SL_BUF struct sl_buf b = {0};

	sl_dias_xml(&b, "<a b=\"%s\">%s</a> %d", "\"<&>'\n",
	    "x\x01\xC3y\xEF\xBF\xBF", (int64_t)-5);
	CHECK_STR(sl_buf_str(&b),
	    "<a b=\"&quot;&lt;&amp;&gt;'&#10;\">x\xEF\xBF\xBD\xEF\xBF\xBDy"
	    "\xEF\xBF\xBD</a> -5");
	sl_buf_reset(&b);
	sl_dias_xml(&b, "%s", (const char *)NULL);
	CHECK_STR(sl_buf_str(&b), "");
}

static void
read_back(FILE *f, char *out, size_t cap)
{
	size_t n;

	rewind(f);
	n = fread(out, 1, cap - 1, f);
	out[n] = '\0';
}

static void
table_row(void)
{
	struct sl_pack k = {.dir = -1, .lock = -1};
	char text[512];

	k.table[SL_DIAS_T_dokumenter] = tmpfile();
	sl_dias_row(&k, SL_DIAS_T_dokumenter, "ssdsss", "1/1", "1", (int64_t)-1,
	    "H", "a;\"b\"\r\nc\xFF", NULL);
	read_back(k.table[SL_DIAS_T_dokumenter], text, sizeof(text));
	CHECK_STR(text,
	    "\"dokument\";\"post\";\"nummer\";\"rolle\";\"tittel\";\"fil\"\r\n"
	    "\"1/1\";\"1\";\"\";\"H\";\"a;\"\"b\"\"  c\xEF\xBF\xBD\";\"\"\r\n");
	sl_pack_free(&k);
}

static void
premis_object(void)
{
	struct sl_digest d = {{0xAB}};
	struct sl_pack k = {.dir = -1, .lock = -1};
	char text[4096];

	(void)snprintf(k.made.uuid, sizeof(k.made.uuid), UUID);
	k.objects = tmpfile();
	sl_pack_object(&k, &(struct sl_pack_object){.path = "content/b",
			       .name = "b & c",
			       .digest = &d,
			       .size = 7,
			       .format = "TIFF",
			       .puid = "fmt/353",
			       .part_of = "M26-000001-3",
			       .made_of = "content/a",
			       .made_by = "log/5"});
	read_back(k.objects, text, sizeof(text));
	CHECK_STR(text,
	    "  <premis:object xsi:type=\"premis:file\">\n"
	    "    <premis:objectIdentifier><premis:objectIdentifierType>NO/RA"
	    "</premis:objectIdentifierType><premis:objectIdentifierValue>" UUID
	    "/content/b</premis:objectIdentifierValue>"
	    "</premis:objectIdentifier>\n"
	    "    <premis:preservationLevel><premis:preservationLevelValue>full"
	    "</premis:preservationLevelValue></premis:preservationLevel>\n"
	    "    <premis:objectCharacteristics><premis:compositionLevel>0"
	    "</premis:compositionLevel><premis:fixity>"
	    "<premis:messageDigestAlgorithm>SHA-256"
	    "</premis:messageDigestAlgorithm><premis:messageDigest>ab00000000"
	    "000000000000000000000000000000000000000000000000000000"
	    "</premis:messageDigest><premis:messageDigestOriginator>Sluse"
	    "</premis:messageDigestOriginator></premis:fixity><premis:size>7"
	    "</premis:size><premis:format><premis:formatDesignation>"
	    "<premis:formatName>TIFF</premis:formatName>"
	    "</premis:formatDesignation><premis:formatRegistry>"
	    "<premis:formatRegistryName>PRONOM</premis:formatRegistryName>"
	    "<premis:formatRegistryKey>fmt/353</premis:formatRegistryKey>"
	    "</premis:formatRegistry></premis:format>"
	    "</premis:objectCharacteristics>\n"
	    "    <premis:originalName>b &amp; c</premis:originalName>\n"
	    "    <premis:relationship><premis:relationshipType>structural"
	    "</premis:relationshipType><premis:relationshipSubType>is part of"
	    "</premis:relationshipSubType><premis:relatedObjectIdentification>"
	    "<premis:relatedObjectIdentifierType>Sluse"
	    "</premis:relatedObjectIdentifierType>"
	    "<premis:relatedObjectIdentifierValue>M26-000001-3"
	    "</premis:relatedObjectIdentifierValue>"
	    "</premis:relatedObjectIdentification></premis:relationship>\n"
	    "    <premis:relationship><premis:relationshipType>derivation"
	    "</premis:relationshipType><premis:relationshipSubType>has source"
	    "</premis:relationshipSubType><premis:relatedObjectIdentification>"
	    "<premis:relatedObjectIdentifierType>NO/RA"
	    "</premis:relatedObjectIdentifierType>"
	    "<premis:relatedObjectIdentifierValue>" UUID
	    "/content/a</premis:relatedObjectIdentifierValue>"
	    "</premis:relatedObjectIdentification>"
	    "<premis:relatedEventIdentification>"
	    "<premis:relatedEventIdentifierType>sporingslogg"
	    "</premis:relatedEventIdentifierType>"
	    "<premis:relatedEventIdentifierValue>log/5"
	    "</premis:relatedEventIdentifierValue>"
	    "</premis:relatedEventIdentification></premis:relationship>\n"
	    "  </premis:object>\n");
	sl_pack_free(&k);
}

static void
count_fault(void *arg, const char *slug, const char *text)
{
	(void)slug;
	(void)fprintf(stderr, "%s: %s\n", slug, text);
	(*(int *)arg)++;
}

/* The same folder, UUID and time make the same bytes. */
static void
same_twice(void)
{
	struct sl_dias_made one, two;
	struct sl_dias_checked c;
	struct sl_err err;
	int faults = 0;

	begin();
	CHECK(mkdir(below("in"), 0700) == 0);
	write_file("in/b.txt", "b");
	write_file("in/a.xml", "<a/>");
	CHECK(sl_dias_folder(below("in"), &said, below("en"), &one, &err) ==
	      SL_OK);
	CHECK(sl_dias_folder(below("in"), &said, below("to"), &two, &err) ==
	      SL_OK);
	CHECK_STR(one.sha256, two.sha256);
	CHECK_STR(one.uuid, UUID);
	CHECK(one.files == 2 && one.bytes % 512 == 0);
	CHECK(sl_dias_check(below("to"), count_fault, &faults, &c, &err) ==
	      SL_OK);
	CHECK(faults == 0 && c.faults == 0 && c.files == 7);
	write_file("in/b.txt", "c");
	CHECK(sl_dias_folder(below("in"), &said, below("tre"), &two, &err) ==
	      SL_OK);
	CHECK(strcmp(one.sha256, two.sha256) != 0);
	end();
}

static enum sl_rc
tell_nobody(void *arg, const struct sl_dias_made *made, struct sl_err *err)
{
	*(struct sl_dias_made *)arg = *made;
	return sl_err_set(err, SL_RETRY, 0, "slused_away", "nobody is there");
}

/* What must be told and cannot be does not get its name; what is told is what
 * is there. */
static void
not_told(void)
{
	struct sl_dias_options o = said;
	struct sl_dias_made told, made;
	struct sl_err err;

	begin();
	CHECK(mkdir(below("in"), 0700) == 0);
	write_file("in/b.txt", "b");
	o.tell = tell_nobody;
	o.tell_arg = &told;
	CHECK(sl_dias_folder(below("in"), &o, below("ut"), &made, &err) ==
	      SL_RETRY);
	CHECK(access(below("ut"), F_OK) != 0);
	CHECK(access(below("ut.part"), F_OK) != 0);
	CHECK(sl_dias_folder(below("in"), &said, below("ut"), &made, &err) ==
	      SL_OK);
	CHECK_STR(told.sha256, made.sha256);
	CHECK_STR(told.uuid, UUID);
	CHECK(told.files == made.files && told.bytes == made.bytes);
	end();
}

/* What does not fit stops it, and of that package there is nothing. */
static void
not_made(void)
{
	static const struct sl_digest other = {{1}};
	struct sl_pack k = {.dir = -1, .lock = -1};
	struct sl_pack_file f = {.path = "content/x",
	    .size = 3,
	    .want = &other,
	    .shown = "M26-000001-3",
	    .content = true};
	struct sl_dias_options wrong = said;
	struct sl_dias_made made;
	struct sl_err err;

	begin();
	write_file("x", "abc");
	CHECK(sl_pack_begin(&k, &said, below("ut"), &err) == SL_OK);
	f.fd = open(below("x"), O_RDONLY | O_CLOEXEC);
	CHECK(sl_pack_add(&k, &f, &err) == SL_BROKEN);
	CHECK_STR(err.reason, "digest_differs");
	CHECK(strstr(err.text, "M26-000001-3") != NULL);
	f.want = NULL;
	f.size = 4;
	CHECK(sl_pack_add(&k, &f, &err) == SL_BROKEN);
	CHECK_STR(err.reason, "source_changed");
	(void)close(f.fd);
	CHECK(access(below("ut.part"), F_OK) == 0);
	/* Somebody else's, or one that was killed: left alone. */
	CHECK(sl_dias_folder(below("."), &said, below("ut"), &made, &err) ==
	      SL_REJECT);
	CHECK(access(below("ut.part"), F_OK) == 0);
	sl_pack_free(&k);
	CHECK(access(below("ut.part"), F_OK) != 0 && errno == ENOENT);
	wrong.start = "1948-13-01";
	CHECK(sl_dias_folder(below("."), &wrong, below("ut"), &made, &err) ==
	      SL_HOLD);
	CHECK(access(below("ut.part"), F_OK) != 0);
	end();
}

static bool
is_valid(enum sl_dias_schema which, const char *text)
{
	struct sl_dias_reader *r;
	char why[200] = "";
	FILE *f = tmpfile();
	bool ok;

	(void)fputs(text, f);
	(void)fflush(f);
	r = sl_dias_reader_new(fileno(f), which);
	CHECK(r != NULL);
	ok = sl_dias_reader_end(r, why, sizeof(why));
	CHECK_MSG(ok == (why[0] == '\0'), "%s", why);
	sl_dias_reader_free(r);
	(void)fclose(f);
	return ok;
}

static void
readers(void)
{
	static const char good[] =
	    "<premis xmlns=\"http://arkivverket.no/standarder/PREMIS\" "
	    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
	    "version=\"2.0\"><object xsi:type=\"representation\">"
	    "<objectIdentifier><objectIdentifierType>a</objectIdentifierType>"
	    "<objectIdentifierValue>b</objectIdentifierValue>"
	    "</objectIdentifier></object></premis>";
	SL_FREE char *cut = sl_strndup(good, sizeof(good) - 10);
	SL_FREE char *entity = sl_asprintf(
	    "<!DOCTYPE premis [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>%s",
	    good);
	int i;

	CHECK(is_valid(SL_DIAS_PREMIS, good));
	CHECK(!is_valid(SL_DIAS_PREMIS, cut));
	CHECK(!is_valid(SL_DIAS_PREMIS, ""));
	CHECK(!is_valid(SL_DIAS_PREMIS, "no XML"));
	CHECK(is_valid(SL_DIAS_PREMIS, entity)); /* named, not used */
	CHECK(!is_valid(SL_DIAS_PREMIS,
	    "<!DOCTYPE premis [<!ENTITY x \"b\">]>"
	    "<premis xmlns=\"http://arkivverket.no/standarder/PREMIS\" "
	    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
	    "version=\"2.0\"><object xsi:type=\"representation\">"
	    "<objectIdentifier><objectIdentifierType>a</objectIdentifierType>"
	    "<objectIdentifierValue>&x;</objectIdentifierValue>"
	    "</objectIdentifier></object></premis>"));
	for (i = 0; i < SL_DIAS_SCHEMAS; i++)
		if (i != SL_DIAS_PREMIS)
			CHECK(!is_valid((enum sl_dias_schema)i, good));
}

TEST_MAIN({"xml_text", xml_text}, {"table_row", table_row},
    {"premis_object", premis_object}, {"same_twice", same_twice},
    {"not_told", not_told}, {"not_made", not_made}, {"readers", readers})
