#include "cosign.h"

#include <inttypes.h>
#include <string.h>

#include "../base/base64.h"
#include "../base/text.h"

bool
sl_cosign_key(const char *text, struct sl_vkey *ret)
{
	return sl_vkey_parse(text, strlen(text), ret) &&
	       ret->type == SL_KEY_COSIGNATURE;
}

void
sl_cosign_body(uint64_t old_size, const struct sl_digest *node, size_t n,
    struct sl_slice checkpoint, struct sl_buf *out)
{
	size_t i;

	sl_buf_printf(out, "old %" PRIu64 "\n", old_size);
	for (i = 0; i < n; i++) {
		sl_base64_add(out, node[i].b, SL_SHA256_LEN);
		sl_buf_add_char(out, '\n');
	}
	sl_buf_add_char(out, '\n');
	sl_buf_add(out, checkpoint.p, checkpoint.n);
}

/* Decimal as it is printed: no sign, no leading zero. */
static bool
read_size(struct sl_slice s, uint64_t *ret)
{
	char digits[24];

	return s.n > 0 && sl_slice_copy(s, digits, sizeof(digits)) &&
	       strspn(digits, "0123456789") == s.n &&
	       (digits[0] != '0' || s.n == 1) &&
	       sl_parse_u64(digits, 0, INT64_MAX, ret);
}

bool
sl_cosign_read(struct sl_slice *s, uint64_t *ret_old, struct sl_digest *node,
    size_t *ret_n)
{
	struct sl_slice line;
	size_t n;

	*ret_n = 0;
	if (!sl_slice_line(s, &line) || line.n < 4 ||
	    memcmp(line.p, "old ", 4) != 0 ||
	    !read_size((struct sl_slice){line.p + 4, line.n - 4}, ret_old))
		return false;
	while (sl_slice_line(s, &line)) {
		if (line.n == 0)
			return true;
		if (*ret_n == SL_PROOF_MAX ||
		    !sl_base64_read(
			line.p, line.n, node[*ret_n].b, SL_SHA256_LEN, &n) ||
		    n != SL_SHA256_LEN)
			return false;
		++*ret_n;
	}
	return false;
}

enum sl_rc
sl_cosign_answer(struct sl_slice body, const struct sl_vkey *k,
    struct sl_slice text, uint8_t ret[SL_COSIGNATURE_LEN], struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_note note;

	/* Behind our text they must make a note of it. An empty line in them
	 * would make them part of another text. */
	sl_buf_add(&b, text.p, text.n);
	sl_buf_add_char(&b, '\n');
	sl_buf_add(&b, body.p, body.n);
	if (body.n > SL_COSIGN_BODY_MAX ||
	    sl_note_parse(b.p, b.n, &note, NULL) != SL_OK ||
	    note.text.n != text.n)
		return sl_err_set(err, SL_REJECT, 0, "bad_answer",
		    "the answer is not signature lines");
	return sl_cosignature_find(&note, k, ret, err);
}

bool
sl_cosign_size(struct sl_slice body, uint64_t *ret)
{
	struct sl_slice line;

	return sl_slice_line(&body, &line) && body.n == 0 &&
	       read_size(line, ret);
}

bool
sl_cosign_head(struct sl_slice note, const char *origin,
    struct sl_checkpoint *ret, uint8_t ret_sig[SL_NOTE_SIGNATURE_LEN])
{
	SL_BUF struct sl_buf again = {0};
	struct sl_note parsed;

	if (note.n > SL_COSIGN_BODY_MAX ||
	    sl_note_parse(note.p, note.n, &parsed, NULL) != SL_OK ||
	    sl_checkpoint_parse(parsed.text, ret, NULL) != SL_OK ||
	    strcmp(ret->origin, origin) != 0)
		return false;
	/* Three lines, no more: what is signed must be written again from
	 * them. */
	sl_checkpoint_text(ret, &again);
	return again.n == parsed.text.n &&
	       memcmp(again.p, parsed.text.p, again.n) == 0 &&
	       sl_note_signature(&parsed, origin, ret_sig);
}
