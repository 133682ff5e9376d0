#include "checkpoint.h"

#include <inttypes.h>
#include <string.h>

#include "../base/base64.h"
#include "../base/text.h"

unsigned
sl_origin_generation(const char *origin, size_t *ret_base)
{
	const char *at = strrchr(origin, '~');
	uint64_t n;

	if (at != NULL && sl_parse_u64(at + 1, 2, 1000000, &n)) {
		*ret_base = (size_t)(at - origin);
		return (unsigned)n;
	}
	*ret_base = strlen(origin);
	return 1;
}

bool
sl_origin_is_before(const char *origin, const char *now)
{
	size_t a, b;

	return sl_origin_generation(origin, &a) <
		   sl_origin_generation(now, &b) &&
	       a == b && strncmp(origin, now, a) == 0;
}

void
sl_checkpoint_text(const struct sl_checkpoint *c, struct sl_buf *out)
{
	sl_buf_printf(out, "%s\n%" PRIu64 "\n", c->origin, c->size);
	sl_base64_add(out, c->root.b, SL_SHA256_LEN);
	sl_buf_add_char(out, '\n');
}

static enum sl_rc
bad(struct sl_err *err)
{
	return sl_err_set(err, SL_REJECT, 0, "bad_note", "not a checkpoint");
}

enum sl_rc
sl_checkpoint_parse(
    struct sl_slice text, struct sl_checkpoint *ret, struct sl_err *err)
{
	struct sl_slice origin, size, root, more;
	char digits[24];
	size_t n;

	memset(ret, 0, sizeof(*ret));
	if (!sl_slice_line(&text, &origin) || origin.n == 0 ||
	    !sl_slice_copy(origin, ret->origin, sizeof(ret->origin)) ||
	    !sl_slice_line(&text, &size) ||
	    !sl_slice_copy(size, digits, sizeof(digits)) ||
	    (digits[0] == '0' && size.n > 1) ||
	    strspn(digits, "0123456789") != size.n ||
	    !sl_parse_u64(digits, 0, INT64_MAX, &ret->size) ||
	    !sl_slice_line(&text, &root) ||
	    !sl_base64_read(root.p, root.n, ret->root.b, SL_SHA256_LEN, &n) ||
	    n != SL_SHA256_LEN)
		return bad(err);
	while (text.n > 0)
		if (!sl_slice_line(&text, &more) || more.n == 0)
			return bad(err);
	return SL_OK;
}

enum sl_rc
sl_checkpoint_sign(const struct sl_signer *s, const struct sl_checkpoint *c,
    struct sl_buf *out, struct sl_err *err)
{
	SL_BUF struct sl_buf text = {0};

	sl_checkpoint_text(c, &text);
	sl_buf_add(out, text.p, text.n);
	sl_buf_add_char(out, '\n');
	return sl_note_sign(s, sl_slice_buf(&text), out, err);
}

enum sl_rc
sl_checkpoint_open(struct sl_slice note, const struct sl_vkey *keys, size_t n,
    struct sl_checkpoint *ret, struct sl_err *err)
{
	struct sl_note parsed;
	struct sl_err own;
	size_t i;
	enum sl_rc rc = sl_note_parse(note.p, note.n, &parsed, err);

	if (rc == SL_OK)
		rc = sl_checkpoint_parse(parsed.text, ret, err);
	if (rc != SL_OK)
		return rc;
	for (i = 0; i < n; i++) {
		if (keys[i].type != SL_KEY_ED25519 ||
		    strcmp(keys[i].name, ret->origin) != 0)
			continue;
		rc = sl_note_verify(&parsed, &keys[i], 1, NULL, &own);
		if (rc == SL_SKIP)
			continue;
		if (rc != SL_OK && err != NULL)
			*err = own;
		return rc;
	}
	return sl_err_set(err, SL_SKIP, 0, "no_signature",
	    "it is not signed by a key of this journal");
}
