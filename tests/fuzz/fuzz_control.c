/*
 * Control totals from before the door: batch sheets, and lists of mailboxes as
 * CSV and JSON. Each UID stands once, in order, and is found again; every text
 * is whole UTF-8; a failure names no more than a line.
 */
#include "../../daemon/lists/control.h"
#include "fuzz.h"

static void
text(const char *s)
{
	FUZZ_CHECK(sl_utf8_valid(s, strlen(s)));
}

static void
look(const struct sl_mailbox *m, size_t i)
{
	const struct sl_mail_line *l = &m->line[i];
	size_t at, n = sl_mailbox_by_uid(m, l->queue, l->uid, &at);

	FUZZ_CHECK(l->uid > 0 && l->day >= 0 && l->queue < m->queue.n);
	FUZZ_CHECK(at <= i && i < at + n);
	FUZZ_CHECK((l->hash == 0) == (l->text == 0));
	if (l->hash == 0)
		return;
	text(m->text.p + l->text);
	FUZZ_CHECK(strlen(m->text.p + l->text) <= SL_MAILBOX_SHOWN);
	FUZZ_CHECK(sl_mailbox_by_id(m, l->queue, l->hash, &at) > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sl_control_sheet s;
	struct sl_err err = {0};
	char path[64], from[16], to[16];
	int fd = memfd_create("control", MFD_CLOEXEC);
	size_t i;

	FUZZ_CHECK(fd >= 0 && sl_write_full(fd, p, n) == 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (sl_control_read(path, "Post", &s, &err) != SL_OK)
		FUZZ_CHECK(err.rc == SL_BROKEN && err.text[0] != '\0');
	for (i = 0; i < s.n; i++) {
		text(s.row[i].queue);
		text(s.row[i].by);
	}
	for (i = 0; i < s.mail.n; i++)
		look(&s.mail, i);
	(void)sl_control_days(&s, NULL, from, to, sizeof(from));
	sl_control_free(&s);
	(void)close(fd);
	return 0;
}
