/*
 * Signed notes and checkpoints: what is parsed is made of what was there, and
 * nobody is said to have signed what he has not.
 */
#include "../../daemon/journal/checkpoint.h"
#include "fuzz.h"

#define KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_BUF struct sl_buf again = {0};
	struct sl_checkpoint c;
	struct sl_vkey key, other;
	struct sl_note note;
	struct sl_err err = {0};

	FUZZ_CHECK(sl_vkey_parse(KEY, sizeof(KEY) - 1, &key));
	if (sl_vkey_parse((const char *)p, n, &other)) {
		sl_vkey_text(&other, &again);
		FUZZ_CHECK(again.n <= n && memcmp(again.p, p, again.n) == 0);
		sl_buf_reset(&again);
	}
	if (sl_note_parse(p, n, &note, &err) != SL_OK) {
		FUZZ_CHECK(err.rc == SL_REJECT);
		return 0;
	}
	FUZZ_CHECK(note.text.p == (const char *)p && note.text.n > 0 &&
		   note.text.p[note.text.n - 1] == '\n' &&
		   note.text.n + 1 + note.sigs.n == n);
	(void)sl_note_verify(&note, &key, 1, NULL, &err);
	if (sl_checkpoint_parse(note.text, &c, &err) != SL_OK)
		return 0;
	sl_checkpoint_text(&c, &again);
	FUZZ_CHECK(again.n <= note.text.n &&
		   memcmp(again.p, note.text.p, again.n) == 0);
	return 0;
}
