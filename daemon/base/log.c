#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "text.h"

static const char *log_program = "sluse";
static enum sl_level log_max = SL_LOG_INFO;

void
sl_log_open(const char *program, enum sl_level max)
{
	log_program = program;
	log_max = max;
}

void
sl_log(enum sl_level level, const char *subject, const char *fmt, ...)
{
	char text[1024];
	SL_BUF struct sl_buf line = {0};
	va_list ap;

	if (level > log_max)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sl_buf_printf(&line, "<%d>%s %s: ", (int)level, log_program,
	    subject != NULL ? subject : "-");
	sl_text_display(&line, text, strlen(text));
	sl_buf_add_char(&line, '\n');
	/* One write per line, so that lines of several programs never mix. */
	(void)!write(STDERR_FILENO, line.p, line.n);
}
