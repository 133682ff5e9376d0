/*
 * A hostile file of a package under test: the input's first byte says which,
 * the rest is the file. Every place that is told has a text, and no count of
 * places is more than there are errors.
 */
#include <sys/stat.h>

#include "../../daemon/depot/check.h"
#include "fuzz.h"

static const char *const names[] = {"arkivuttrekk.xml", "arkivstruktur.xml",
    "endringslogg.xml", "loependeJournal.xml"};

static void
judge(const struct sl_check *c)
{
	size_t i, k;

	for (i = 0; i < SL_CHECK_NUMBERS; i++)
		for (k = 0; k < SL_CHECK_PLACES; k++)
			FUZZ_CHECK((c->r[i].place[k].text != NULL) ==
				   (k < c->r[i].errors));
}

static void
run(struct sl_check *c)
{
	struct sl_err err = {0};
	enum sl_rc rc = sl_check_addml(c, &err);

	if (rc == SL_OK)
		rc = sl_check_find_files(c, &err);
	if (rc == SL_OK)
		rc = sl_check_structure(c, &err);
	if (rc == SL_OK)
		rc = sl_check_changes(c, &err);
	if (rc == SL_OK)
		rc = sl_check_journals(c, &err);
	FUZZ_CHECK(rc == SL_OK || err.text[0] != '\0');
	judge(c);
}

static char dir[] = "/tmp/sluse-fuzz-XXXXXX";

static void
remove_dir(void)
{
	(void)rmdir(dir);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct sl_pronom *pronom;
	struct sl_check *c;
	struct sl_err err;
	const char *name;

	if (n == 0)
		return 0;
	if (pronom == NULL) {
		FUZZ_CHECK(mkdtemp(dir) != NULL);
		FUZZ_CHECK(sl_pronom_open(&pronom, &err) == SL_OK);
		(void)atexit(remove_dir);
	}
	c = sl_check_new();
	c->dir = sl_open_dir(AT_FDCWD, dir);
	c->pronom = pronom;
	name = names[p[0] % 4];
	FUZZ_CHECK(
	    sl_replace_file(c->dir, name, p + 1, n - 1, 0600, &err) == SL_OK);
	run(c);
	FUZZ_CHECK(unlinkat(c->dir, name, 0) == 0);
	c->pronom = NULL;
	sl_check_free(c);
	return 0;
}
