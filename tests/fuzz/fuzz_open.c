/*
 * Identify and unpack: whatever the bytes, members lie inside the output file,
 * their names are text, and the limits hold.
 */
#include "../../daemon/identify/identify.h"
#include "../../daemon/unpack/unpack.h"
#include "fuzz.h"

enum { MEMBERS = 200, MEMBER_BYTES = 256 << 10, TOTAL_BYTES = 1 << 20 };

static void
on_member(void *arg, const struct sl_member *m)
{
	const struct sl_budget *b = arg;
	off_t end = lseek(b->fd, 0, SEEK_END);

	FUZZ_CHECK(sl_utf8_valid(m->name, strlen(m->name)));
	FUZZ_CHECK(m->name_charset != NULL && m->warnings != NULL);
	if (m->skipped || m->reason != NULL)
		return;
	FUZZ_CHECK(m->size <= MEMBER_BYTES);
	FUZZ_CHECK(
	    m->offset <= (uint64_t)end && m->size <= (uint64_t)end - m->offset);
}

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
	struct sl_budget b = {.fd = out,
	    .input_bytes = n,
	    .members_max = MEMBERS,
	    .member_bytes_max = MEMBER_BYTES,
	    .total_bytes_max = TOTAL_BYTES,
	    .ratio_max = 100};
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
	FUZZ_CHECK(sl_unpack(kind, &x, "ytre.gz", &keys, &b, on_member, &b, &u,
		       NULL) == SL_OK);
	FUZZ_CHECK(b.members <= MEMBERS);
	FUZZ_CHECK(b.produced <= TOTAL_BYTES + MEMBER_BYTES);
	sl_keys_free(&keys);
	sl_budget_free(&b);
	return 0;
}
