/*
 * What comes from a target or its configuration before any connection: the
 * URL on the first line, Retry-After on the second.
 */
#include "../../daemon/push/http.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_FREE char *url = fuzz_text(p, n);
	char *after = strchr(url, '\n');
	struct sl_http_conf conf = {.base_url = url, .allow_loopback = true};
	struct sl_http *h = NULL;
	struct sl_err err = {0};
	int s;

	if (after != NULL) {
		*after++ = '\0';
		s = sl_http_retry_after(after, 1790000000);
		FUZZ_CHECK(s >= 0 && s <= SL_HTTP_RETRY_AFTER_MAX_S);
	}
	if (sl_http_new(&conf, &h, &err) == SL_OK) {
		FUZZ_CHECK(strncasecmp(url, "http", 4) == 0);
		FUZZ_CHECK(strchr(url, '@') == NULL ||
			   strcspn(url + 8, "/?#") < strcspn(url, "@"));
	} else {
		FUZZ_CHECK(err.rc == SL_FATAL && h == NULL);
	}
	sl_http_free(h);
	return 0;
}
