#include "err.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

/* A text cut to its room, or by a precision, may hold half a character, which
 * no message to another process could carry. */
static void
mend_text(char *s)
{
	size_t n = strlen(s), at, i = 0;

	if (sl_utf8_valid(s, n))
		return;
	while (i < n) {
		at = i;
		if (sl_utf8_next(s, n, &i) == 0xFFFD &&
		    strncmp(s + at, "\xEF\xBF\xBD", 3) != 0)
			memset(s + at, '?', i - at);
	}
}

enum sl_rc
sl_err_set(struct sl_err *err, enum sl_rc rc, int sys, const char *reason,
    const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (err == NULL)
		return rc;
	err->rc = rc;
	err->sys = sys;
	err->reason = reason;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	if (sys != 0 && n + 2 < sizeof(err->text))
		(void)snprintf(err->text + n, sizeof(err->text) - n, ": %s",
		    strerror(sys));
	mend_text(err->text);
	return rc;
}

enum sl_rc
sl_err_of(struct sl_err *err, const char *what)
{
	char text[sizeof(err->text)];

	memcpy(text, err->text, sizeof(text));
	(void)snprintf(
	    err->text, sizeof(err->text), "%.120s: %.130s", what, text);
	mend_text(err->text);
	return err->rc;
}

const char *
sl_rc_name(enum sl_rc rc)
{
	switch (rc) {
	case SL_OK:
		return "ok";
	case SL_SKIP:
		return "skip";
	case SL_RETRY:
		return "retry";
	case SL_HOLD:
		return "hold";
	case SL_REJECT:
		return "reject";
	case SL_BROKEN:
		return "broken";
	case SL_FATAL:
		return "fatal";
	}
	return "unknown";
}
