/*
 * The target's journal, XML or CSV: every text is whole UTF-8 and ended, and a
 * failure names no more than a line. Also what looks into receipts.
 */
#include "../../daemon/lists/targetlog.h"
#include "../../daemon/report/snap.h"
#include "fuzz.h"

static void
text(const char *s, size_t cap)
{
	FUZZ_CHECK(strnlen(s, cap) < cap && sl_utf8_valid(s, strlen(s)));
}

static enum sl_rc
on_post(void *arg, const struct sl_tlog_post *p, struct sl_err *err)
{
	(void)arg;
	(void)err;
	text(p->number, sizeof(p->number));
	text(p->case_number, sizeof(p->case_number));
	text(p->journal, sizeof(p->journal));
	text(p->title, sizeof(p->title));
	text(p->public_title, sizeof(p->public_title));
	text(p->party, sizeof(p->party));
	text(p->status, sizeof(p->status));
	FUZZ_CHECK(p->attachments >= -1);
	return SL_OK;
}

static void
peek(const char *s)
{
	char out[17];

	if (sl_json_peek(s, "number", out, sizeof(out)))
		FUZZ_CHECK(strnlen(out, sizeof(out)) < sizeof(out));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_FREE char *s = fuzz_text(p, n);
	struct sl_targetlog_period period;
	struct sl_err err = {0};
	char path[64];
	int fd = memfd_create("targetlog", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && sl_write_full(fd, p, n) == 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (sl_targetlog_read(path, on_post, NULL, &period, &err) != SL_OK)
		FUZZ_CHECK(err.rc == SL_BROKEN && err.text[0] != '\0');
	(void)close(fd);
	peek(s);
	return 0;
}
