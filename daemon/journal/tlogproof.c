#include "tlogproof.h"

#include <inttypes.h>
#include <string.h>

#include "../base/base64.h"
#include "../base/text.h"

#define HEAD "c2sp.org/tlog-proof@v1"
#define LEAF_LINES 9

void
sl_tlogproof_write(const struct sl_tlogproof *p, struct sl_buf *out)
{
	size_t i;

	sl_buf_add_str(out, HEAD "\n");
	if (p->leaf_n > 0) {
		sl_buf_add_str(out, "extra ");
		sl_base64_add(out, p->leaf, p->leaf_n + p->payload_n);
		sl_buf_add_char(out, '\n');
	}
	sl_buf_printf(out, "index %" PRIu64 "\n", p->index);
	for (i = 0; i < p->n; i++) {
		sl_base64_add(out, p->node[i].b, SL_SHA256_LEN);
		sl_buf_add_char(out, '\n');
	}
	sl_buf_add_char(out, '\n');
	sl_buf_add(out, p->checkpoint.p, p->checkpoint.n);
}

/* What follows a word at the beginning of the line. */
static bool
behind(struct sl_slice *line, const char *word)
{
	size_t n = strlen(word);

	if (line->n < n || memcmp(line->p, word, n) != 0)
		return false;
	line->p += n;
	line->n -= (uint32_t)n;
	return true;
}

/* What is behind the nine lines of a leaf is its payload. */
static void
split_extra(struct sl_tlogproof *p, size_t n)
{
	const uint8_t *end = p->leaf, *nl;
	unsigned lines;

	p->leaf_n = n;
	for (lines = 0; lines < LEAF_LINES; lines++) {
		nl = memchr(end, '\n', n - (size_t)(end - p->leaf));
		if (nl == NULL)
			return;
		end = nl + 1;
	}
	p->leaf_n = (size_t)(end - p->leaf);
	p->payload_n = n - p->leaf_n;
}

static bool
read_index(struct sl_slice line, uint64_t *ret)
{
	char digits[24];

	return sl_slice_copy(line, digits, sizeof(digits)) &&
	       strspn(digits, "0123456789") == line.n && line.n > 0 &&
	       (digits[0] != '0' || line.n == 1) &&
	       sl_parse_u64(digits, 0, INT64_MAX, ret);
}

enum sl_rc
sl_tlogproof_parse(
    const void *p, size_t n, struct sl_tlogproof *ret, struct sl_err *err)
{
	struct sl_slice s = {p, (uint32_t)n}, line;
	size_t len;

	memset(ret, 0, sizeof(*ret));
	if (n > SL_TLOGPROOF_MAX || !sl_slice_line(&s, &line) ||
	    !sl_slice_eq(line, HEAD) || !sl_slice_line(&s, &line))
		goto bad;
	if (behind(&line, "extra ")) {
		if (!sl_base64_read(
			line.p, line.n, ret->leaf, sizeof(ret->leaf), &len) ||
		    len == 0 || !sl_slice_line(&s, &line))
			goto bad;
		split_extra(ret, len);
	}
	if (!behind(&line, "index ") || !read_index(line, &ret->index))
		goto bad;
	for (;; ret->n++) {
		if (!sl_slice_line(&s, &line))
			goto bad;
		if (line.n == 0)
			break;
		if (ret->n == SL_PROOF_MAX ||
		    !sl_base64_read(line.p, line.n, ret->node[ret->n].b,
			SL_SHA256_LEN, &len) ||
		    len != SL_SHA256_LEN)
			goto bad;
	}
	ret->checkpoint = s;
	return SL_OK;
bad:
	return sl_err_set(err, SL_REJECT, 0, "bad_proof",
	    "not a file of c2sp.org/tlog-proof");
}
