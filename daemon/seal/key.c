/*
 * SECURITY: the private key lies in <root>/secrets/journal-key, 0600, or comes
 * as a credential of systemd (then it cannot be changed from here). It is read
 * at start and never leaves this process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../store/heads.h"
#include "seal_p.h"

#define NAME "journal-key"
#define NEXT "journal-key.next"
#define PEM_MAX 4096

static int
secrets(struct sl_seal *s)
{
	SL_FREE char *dir =
	    sl_path_below(s->house.root, s->house.cfg->push.credentials_dir);
	struct sl_err unused;

	(void)sl_make_path(dir, 0700, &unused);
	return sl_open_dir(AT_FDCWD, dir);
}

/* config_invalid for what a person must change, and only that: with it slused
 * is not started again. */
static enum sl_rc
cannot_open(const char *what, int error, struct sl_err *err)
{
	return sl_err_set(err, SL_FATAL, error,
	    sl_error_stays(error) ? "config_invalid" : "disk_error",
	    "%s cannot be opened", what);
}

/* SL_SKIP: is not there; that it cannot be seen now is no such thing. */
static enum sl_rc
load(struct sl_seal *s, int dir, const char *name, struct sl_signer **ret,
    struct sl_err *err)
{
	SL_BUF struct sl_buf pem = {0};
	SL_CLOSE int fd =
	    openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum sl_rc rc;

	if (fd < 0 && errno != ENOENT)
		return cannot_open("the journal's key", errno, err);
	if (fd < 0)
		return sl_err_set(err, SL_SKIP, errno, "key_gone",
		    "the journal's key is not there");
	if (!sl_file_is_private(fd))
		return sl_err_set(err, SL_FATAL, 0, "config_invalid",
		    "the journal's key is open to others");
	rc = sl_read_file(dir, name, PEM_MAX, &pem, err);
	if (rc == SL_SKIP || rc == SL_RETRY)
		return cannot_open("the journal's key", err->sys, err);
	if (rc == SL_OK)
		rc = sl_signer_new(
		    sl_store_origin(s->house.store), pem.p, pem.n, ret, err);
	if (pem.p != NULL)
		explicit_bzero(pem.p, pem.cap);
	if (rc != SL_OK)
		return sl_err_set(err, SL_FATAL, 0, "config_invalid",
		    "the journal's key is not an Ed25519 key, or the journal's "
		    "name cannot be one");
	return SL_OK;
}

static enum sl_rc
make(int dir, const char *name, struct sl_err *err)
{
	SL_BUF struct sl_buf pem = {0};
	enum sl_rc rc = sl_signer_make(&pem, err);

	if (rc == SL_OK)
		rc = sl_write_file(dir, name, pem.p, pem.n, 0600, err);
	if (pem.p != NULL)
		explicit_bzero(pem.p, pem.cap);
	return rc;
}

static bool
same(const struct sl_signer *s, const struct sl_vkey *k)
{
	return memcmp(sl_signer_vkey(s)->pub, k->pub, sizeof(k->pub)) == 0;
}

/* A crash came between the leaf that names the next key and its file's name. */
static enum sl_rc
finish_change(struct sl_seal *s, int dir, const struct sl_vkey *last,
    struct sl_signer **key, struct sl_err *err)
{
	struct sl_signer *next = NULL;
	enum sl_rc rc = load(s, dir, NEXT, &next, err);

	/* That it cannot be opened does not say whose it is. */
	if (rc == SL_FATAL && err->sys != 0)
		return rc;
	if (rc != SL_OK)
		return SL_OK;
	if (!same(next, last)) {
		sl_signer_free(next);
		return SL_OK;
	}
	sl_signer_free(*key);
	*key = next;
	return sl_seal_key_use(s, err);
}

enum sl_rc
sl_seal_key(struct sl_seal *s, struct sl_signer **ret, struct sl_err *err)
{
	const char *given = getenv("CREDENTIALS_DIRECTORY");
	SL_CLOSE int dir = given != NULL ? sl_open_dir(AT_FDCWD, given) : -1;
	int error = errno;
	struct sl_vkey keys[SL_KEYS_MAX];
	size_t n = sl_journal_keys(s->house.store, keys);
	enum sl_rc rc = SL_SKIP;

	if (given != NULL && dir < 0 && !sl_error_stays(error))
		return cannot_open("the folder of credentials", error, err);
	if (dir >= 0)
		rc = load(s, dir, NAME, ret, err);
	if (rc != SL_SKIP)
		return rc;
	sl_cleanup_close(&dir);
	dir = secrets(s);
	if (dir < 0)
		return cannot_open("the folder of secrets", errno, err);
	rc = load(s, dir, NAME, ret, err);
	/* An instance that has signed nothing yet may begin. */
	if (rc == SL_SKIP && n == 0) {
		if (make(dir, NAME, err) != SL_OK)
			return SL_FATAL;
		return load(s, dir, NAME, ret, err);
	}
	if (rc == SL_OK && n > 0 && !same(*ret, &keys[n - 1]))
		return finish_change(s, dir, &keys[n - 1], ret, err);
	return rc;
}

enum sl_rc
sl_seal_key_next(struct sl_seal *s, struct sl_signer **ret, struct sl_err *err)
{
	const char *given = getenv("CREDENTIALS_DIRECTORY");
	SL_CLOSE int dir = secrets(s);
	SL_CLOSE int own = given != NULL ? sl_open_dir(AT_FDCWD, given) : -1;

	if (own >= 0 && faccessat(own, NAME, F_OK, 0) == 0)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "the key comes from systemd and cannot be changed here");
	if (dir < 0 || make(dir, NEXT, err) != SL_OK ||
	    load(s, dir, NEXT, ret, err) != SL_OK)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "the folder of secrets cannot be written");
	return SL_OK;
}

enum sl_rc
sl_seal_key_use(struct sl_seal *s, struct sl_err *err)
{
	SL_CLOSE int dir = secrets(s);

	if (dir < 0 || renameat(dir, NEXT, dir, NAME) != 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot put the journal's new key in place");
	return sl_sync_fd(dir, "secrets", err);
}

enum sl_rc
sl_seal_introduce(const struct sl_signer *old, const struct sl_signer *new,
    struct sl_buf *out, struct sl_err *err)
{
	SL_BUF struct sl_buf text = {0};

	sl_buf_printf(&text, "sluse/key/v1\n%s\n", sl_signer_vkey(new)->name);
	sl_vkey_text(sl_signer_vkey(new), &text);
	sl_buf_add_char(&text, '\n');
	sl_buf_add(out, text.p, text.n);
	sl_buf_add_char(out, '\n');
	if (sl_note_sign(old, sl_slice_buf(&text), out, err) != SL_OK)
		return SL_FATAL;
	return sl_note_sign(new, sl_slice_buf(&text), out, err);
}
