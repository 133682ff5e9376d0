/*
 * The configuration: a file that is taken can be shown, and what is shown is a
 * file that means the same.
 */
#include "../../daemon/config/config.h"
#include "fuzz.h"

/* All but the digest of the file's bytes. */
static void
values(const struct sl_config *c, struct sl_buf *out)
{
	struct sl_digest none = {0};
	struct sl_config copy = *c;

	copy.digest = none;
	sl_config_json(&copy, out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_BUF struct sl_buf shown = {0}, was = {0}, is = {0};
	SL_FREE char *text = fuzz_text(p, n);
	struct sl_config *c = NULL, *d = NULL;
	struct sl_err err = {0};

	if (sl_config_parse("/etc/sluse/sluse.conf", text, n, &c, &err) !=
	    SL_OK) {
		FUZZ_CHECK(err.rc == SL_FATAL && err.text[0] != '\0');
		FUZZ_CHECK(sl_utf8_valid(err.text, strlen(err.text)));
		return 0;
	}
	sl_config_show(c, &shown);
	FUZZ_CHECK(sl_config_parse("/etc/sluse/sluse.conf", shown.p, shown.n,
		       &d, &err) == SL_OK);
	values(c, &was);
	values(d, &is);
	FUZZ_CHECK(strcmp(sl_buf_str(&was), sl_buf_str(&is)) == 0);
	sl_config_free(c);
	sl_config_free(d);
	return 0;
}
