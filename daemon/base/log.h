/*
 * Log lines on stderr: "<level>program subject: text key="value"...".
 *
 * systemd reads the <level>; on a terminal it is left out. Never document text,
 * titles, file names or national ids: a subject is a reception number or a
 * program's part.
 */
#ifndef SL_BASE_LOG_H
#define SL_BASE_LOG_H

enum sl_level {
	SL_LOG_CRIT = 2,
	SL_LOG_ERR = 3,
	SL_LOG_WARNING = 4,
	SL_LOG_NOTICE = 5,
	SL_LOG_INFO = 6,
	SL_LOG_DEBUG = 7,
};

/* program must outlive the process; lines above max are dropped. */
void sl_log_open(const char *program, enum sl_level max);
void sl_log(enum sl_level level, const char *subject, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
