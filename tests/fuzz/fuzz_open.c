/*
 * Identify and unpack: whatever the bytes, members lie inside the output file,
 * their names are text, and the limits hold.
 */
#include "../../daemon/identify/identify.h"
#include "fuzz_members.h"

static void
warm(void)
{
	static bool done;

	if (done)
		return;
	FUZZ_CHECK(sl_unpack_warm(NULL) == SL_OK);
	FUZZ_CHECK(sl_identify_warm(NULL) == SL_OK);
	done = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_CLOSE int in = fuzz_fd(p, n);
	SL_CLOSE int out = fuzz_fd("", 0);
	struct sl_extent x = {.fd = in, .size = n};
	struct sl_budget b = fuzz_budget(out, n);
	struct sl_unpacked u = {0};
	static struct sl_passwords list = {.item = {"feil", "sluse"}, .n = 2};
	struct sl_keys keys = {.list = &list};
	enum sl_archive kind;
	struct sl_identity id;

	warm();
	FUZZ_CHECK(sl_identify(&x, "vedlegg.pdf", NULL, &id, NULL) == SL_OK);
	FUZZ_CHECK(sl_utf8_valid(id.mime, strlen(id.mime)) && id.mime[0]);
	FUZZ_CHECK(sl_utf8_valid(id.format, strlen(id.format)));
	kind = sl_archive_of(id.mime);
	/* and what identification would have kept from libarchive */
	if (kind == SL_ARCHIVE_NONE)
		kind = (enum sl_archive)(1 + (n > 0 ? p[0] : 0) % 17);
	FUZZ_CHECK(sl_unpack(kind, &x, "ytre.gz", &keys, &b, fuzz_member, &b,
		       &u, NULL) == SL_OK);
	sl_keys_free(&keys);
	fuzz_budget_end(&b);
	return 0;
}
