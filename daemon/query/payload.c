/*
 * Payloads as they lie in an export or come with a proof.
 */
#include <inttypes.h>
#include <string.h>

#include "../base/text.h"
#include "verify_p.h"

void
sl_payload_line(struct sl_buf *out, uint64_t seq, struct sl_slice salt,
    struct sl_slice body, uint64_t eraser)
{
	char hex[2 * SL_SALT_LEN + 1];

	sl_buf_printf(out, "{\"seq\":%" PRIu64, seq);
	if (salt.n == SL_SALT_LEN) {
		sl_hex((const uint8_t *)salt.p, salt.n, hex);
		sl_buf_printf(out, ",\"salt\":\"%s\",\"body\":", hex);
		sl_text_json(out, body.p, body.n);
	} else {
		sl_buf_printf(out, ",\"erased\":%" PRIu64, eraser);
	}
	sl_buf_add_char(out, '}');
}

bool
sl_payload_read(
    const json_t *j, uint8_t ret_salt[SL_SALT_LEN], struct sl_slice *ret_body)
{
	const json_t *body = json_object_get(j, "body");
	const char *salt = json_string_value(json_object_get(j, "salt"));

	if (salt == NULL || strlen(salt) != 2 * (size_t)SL_SALT_LEN ||
	    strspn(salt, "0123456789abcdef") != 2 * (size_t)SL_SALT_LEN ||
	    !sl_unhex(salt, ret_salt, SL_SALT_LEN) || !json_is_string(body))
		return false;
	ret_body->p = json_string_value(body);
	ret_body->n = (uint32_t)json_string_length(body);
	return true;
}
