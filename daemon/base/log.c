#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "text.h"

static const char *log_program = "sluse";
static enum sl_level log_max = SL_LOG_INFO;
static bool log_to_person; /* no systemd that reads the level */

void
sl_log_open(const char *program, enum sl_level max)
{
	log_program = program;
	log_max = max;
	log_to_person = isatty(STDERR_FILENO) == 1;
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
	if (!log_to_person)
		sl_buf_printf(&line, "<%d>", (int)level);
	sl_buf_printf(
	    &line, "%s %s: ", log_program, subject != NULL ? subject : "-");
	sl_text_display(&line, text, strlen(text));
	sl_buf_add_char(&line, '\n');
	/* One write per line, so that lines of several programs never mix. */
	(void)!write(STDERR_FILENO, line.p, line.n);
}
