/*
 * FAILURES: what cannot be told is said in the program's log and tried again
 * with the next head; nothing waits for it. A file on a network disk that hangs
 * makes slused hang: mount it so that it fails instead (soft).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/base64.h"
#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../store/heads.h"
#include "seal_p.h"

/* All that is needed to write the note again stands in the line. */
static void
tell_log(const struct sl_checkpoint *c, const char *note)
{
	const char *line = strstr(note, "\n\n");
	SL_BUF struct sl_buf root = {0};

	sl_base64_add(&root, c->root.b, SL_SHA256_LEN);
	line = line != NULL ? strrchr(line, ' ') : NULL;
	sl_log(SL_LOG_INFO, "journal",
	    "signed origin=\"%s\" size=\"%" PRIu64
	    "\" root=\"%s\" signature=\"%.*s\"",
	    c->origin, c->size, sl_buf_str(&root),
	    line != NULL ? (int)strcspn(line + 1, "\n") : 0,
	    line != NULL ? line + 1 : "");
}

/* Splits a path and writes the file. The folder is not made: where it is
 * missing, its disk is. */
static bool
write_at(const char *path, const void *p, size_t n)
{
	SL_FREE char *dir = sl_strdup(path);
	char *slash = strrchr(dir, '/');
	SL_CLOSE int fd = -1;
	struct sl_err err;

	if (slash == NULL || slash[1] == '\0')
		return false;
	*slash = '\0';
	fd = sl_open_dir(AT_FDCWD, slash == dir ? "/" : dir);
	return fd >= 0 &&
	       sl_write_file(fd, slash + 1, p, n, 0644, &err) == SL_OK;
}

static void
tell_file(struct sl_seal *s, const char *note)
{
	SL_FREE char *path = NULL;

	if (*s->house.cfg->journal.head_file == '\0')
		return;
	path = sl_path_below(s->house.root, s->house.cfg->journal.head_file);
	s->no_file = !write_at(path, note, strlen(note));
	if (s->no_file)
		sl_log(SL_LOG_ERR, "journal",
		    "cannot write head_file errno=\"%d\"", errno);
}

/* RFC 5322 with CRLF, as pick-up folders want it. */
static void
message(struct sl_seal *s, const struct sl_checkpoint *c, const char *note,
    struct sl_buf *out)
{
	static const char *const days[] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct sl_date d = sl_clock_utc(sl_clock_utc_ms());
	const char *p;

	sl_buf_printf(out,
	    "From: %s\r\nTo: %s\r\n"
	    "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n"
	    "Subject: Sporingslogg %" PRIu64 "\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    s->house.cfg->journal.mail_from, s->house.cfg->journal.mail_to,
	    days[d.weekday], d.day, months[d.month - 1], d.year, d.hour,
	    d.minute, d.second, c->size);
	for (p = note; *p != '\0'; p++) {
		if (*p == '\n')
			sl_buf_add_char(out, '\r');
		sl_buf_add_char(out, *p);
	}
}

static enum sl_rc
tell_mail(struct sl_seal *s, const struct sl_checkpoint *c, const char *note,
    struct sl_err *err)
{
	const struct sl_journal_config *cfg = &s->house.cfg->journal;
	SL_BUF struct sl_buf mail = {0};
	SL_FREE char *path = NULL;
	int64_t now = sl_clock_utc_ms();
	char was[32];
	uint64_t then = 0;

	if (*cfg->mail_dir == '\0')
		return SL_OK;
	sl_store_meta(s->house.store, "head_mailed", was, sizeof(was));
	if (sl_parse_u64(was, 0, INT64_MAX, &then) && (int64_t)then <= now &&
	    now - (int64_t)then < cfg->mail_every_ms)
		return SL_OK;
	path = sl_path_below(s->house.root, cfg->mail_dir);
	path = sl_asprintf(
	    "%s/sluse-head-%" PRIu64 ".eml", SL_TAKE(path), c->size);
	message(s, c, note, &mail);
	s->no_mail = !write_at(path, mail.p, mail.n);
	if (s->no_mail) {
		sl_log(SL_LOG_ERR, "journal",
		    "cannot write into mail_dir errno=\"%d\"", errno);
		return SL_OK;
	}
	(void)snprintf(was, sizeof(was), "%" PRId64, now);
	return sl_store_meta_put(s->house.store, "head_mailed", was, err);
}

enum sl_rc
sl_seal_tell(struct sl_seal *s, const struct sl_checkpoint *c, const char *note,
    struct sl_err *err)
{
	tell_log(c, note);
	tell_file(s, note);
	return tell_mail(s, c, note, err);
}
