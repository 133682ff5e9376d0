/*
 * `sluse init`: the folders and the configuration of a new instance.
 *
 * FAILURES: what stands half-made is finished by calling it again.
 * The inlets are setgid with a default ACL for their group, so that what one
 * person drops, the next may settle. Where the file system has no ACLs, the
 * group's umask decides, and we say so.
 */
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../config/config.h"
#include "../intake/names.h"
#include "../journal/note.h"
#include "cli.h"

#define CONF "sluse.conf"

/* The kernel's form of an ACL: linux/posix_acl_xattr.h. */
struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};
struct acl {
	uint32_t version;
	struct acl_entry e[4];
};

/* Default: user rwx, group rwx, mask rwx, other none. */
static int
set_default_acl(int fd)
{
	static const struct {
		uint16_t tag, perm;
	} rows[4] = {{0x01, 7}, {0x04, 7}, {0x10, 7}, {0x20, 0}};
	struct acl a = {.version = htole32(2)};
	size_t i;

	for (i = 0; i < 4; i++) {
		a.e[i].tag = htole16(rows[i].tag);
		a.e[i].perm = htole16(rows[i].perm);
		a.e[i].id = htole32(0xFFFFFFFFu);
	}
	return fsetxattr(fd, "system.posix_acl_default", &a, sizeof(a), 0);
}

/* Makes what is missing of path (below root unless absolute). */
static enum sl_rc
make(const char *root, const char *path, mode_t mode, bool inlet,
    bool *ret_no_acl, struct sl_err *err)
{
	SL_FREE char *full = sl_path_below(root, path);
	SL_CLOSE int fd = -1;

	if (sl_make_path(full, mode & 0777, err) != SL_OK)
		return SL_FATAL;
	fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fchmod(fd, mode) != 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot set the mode of a folder");
	if (inlet && set_default_acl(fd) != 0)
		*ret_no_acl = true;
	return SL_OK;
}

static enum sl_rc
make_queue(const char *root, const struct sl_queue_config *q, bool *no_acl,
    struct sl_err *err)
{
	enum sl_face f;

	if (make(root, q->path, 02770, true, no_acl, err) != SL_OK)
		return SL_FATAL;
	for (f = 0; f < SL_FACE_COUNT; f++) {
		SL_FREE char *face =
		    sl_asprintf("%s/%s", q->path, sl_face_name(f, q->language));

		if (make(root, face, 02770, true, no_acl, err) != SL_OK)
			return SL_FATAL;
	}
	return SL_OK;
}

/* An instance has our configuration; an empty folder may become one. */
static enum sl_exit
look(const char *root, bool *ret_is_instance)
{
	SL_FREE char *conf = sl_asprintf("%s/" CONF, root);
	struct dirent *e;
	bool empty = true;
	DIR *d;

	*ret_is_instance = access(conf, F_OK) == 0;
	if (*ret_is_instance)
		return SL_EXIT_OK;
	d = opendir(root);
	if (d == NULL)
		return errno == ENOENT ? SL_EXIT_OK
				       : sl_say(SL_EXIT_USAGE, "%s: %s", root,
					     strerror(errno));
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			empty = false;
	(void)closedir(d);
	if (!empty)
		return sl_say(SL_EXIT_USAGE,
		    "%s is neither empty nor an instance; nothing was made",
		    root);
	return SL_EXIT_OK;
}

/* What `--demo` sets: three queues as the demo post wants them; the target is
 * added by whoever knows where its server listens. */
static const struct sl_config_set demo[] = {
    {"instance", NULL, "name", "Eksempel kommune"},
    {"instance", NULL, "distribution_case", "2026/1"},
    {"instance", NULL, "settle", "1s"},
    {"instance", NULL, "sweep", "5s"},
    {"access", NULL, "second_person", "no"},
    {"queue", "Skannet post", "kind", "incoming"},
    {"queue", "Skannet post", "unit", "Dokumentsenteret"},
    {"queue", "Skannet post", "paper", "yes"},
    {"queue", "E-post", "kind", "incoming"},
    {"queue", "E-post", "unit", "Dokumentsenteret"},
    {"queue", "Digital post", "kind", "incoming"},
    {"queue", "Digital post", "unit", "Dokumentsenteret"},
};
#define DEMO_N (sizeof(demo) / sizeof(demo[0]))

static enum sl_rc
write_conf(const struct sl_cli *c, const char *root, struct sl_err *err)
{
	SL_BUF struct sl_buf text = {0};
	struct sl_config_set set[DEMO_N + 3];
	SL_CLOSE int dir = -1;
	size_t n = 0;
	const bool en = c->language != NULL && strcmp(c->language, "en") == 0;

	if (c->demo) {
		memcpy(set, demo, sizeof(demo));
		n = DEMO_N;
	} else {
		set[n++] = (struct sl_config_set){"queue",
		    en ? "Incoming post" : "Post inn", "kind", "incoming"};
	}
	/* Rows of one section stand together. */
	memmove(set + 1, set, n * sizeof(set[0]));
	set[0] = (struct sl_config_set){
	    "instance", NULL, "language", en ? "en" : "nb"};
	n++;
	sl_config_default_text(&text, set, n);
	dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot open the instance");
	return sl_write_file(dir, CONF, text.p, text.n, 0640, err);
}

static enum sl_rc
make_all(const char *root, const struct sl_config *cfg, bool *no_acl,
    struct sl_err *err)
{
	/* A queue's folder that slused must make anew inherits from spool/. */
	static const struct {
		const char *name;
		mode_t mode;
		bool inlet;
	} own[] = {{"db", 0750, false}, {"store", 0750, false},
	    {"run", 0711, false}, {"secrets", 0700, false},
	    {"spool", 02750, true}, {"closed", 02750, true}};
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (make(root, own[i].name, own[i].mode, own[i].inlet, no_acl,
			err) != SL_OK)
			return SL_FATAL;
	for (i = 0; i < cfg->queue_n; i++)
		if (make_queue(root, &cfg->queue[i], no_acl, err) != SL_OK)
			return SL_FATAL;
	return SL_OK;
}

/* The key that the sporingslogg is signed with; slused makes it at its first
 * start where init has not. */
static enum sl_rc
make_key(const char *root, const struct sl_config *cfg, struct sl_err *err)
{
	SL_FREE char *path = sl_path_below(root, cfg->push.credentials_dir);
	SL_CLOSE int dir = sl_open_dir(AT_FDCWD, path);
	SL_BUF struct sl_buf pem = {0};
	enum sl_rc rc;

	if (dir < 0 || faccessat(dir, "journal-key", F_OK, 0) == 0)
		return SL_OK;
	rc = sl_signer_make(&pem, err);
	if (rc == SL_OK)
		rc = sl_write_file(dir, "journal-key", pem.p, pem.n, 0600, err);
	if (pem.p != NULL)
		explicit_bzero(pem.p, pem.cap);
	return rc;
}

static void
report(
    const struct sl_cli *c, const struct sl_config *cfg, bool made, bool no_acl)
{
	size_t i;

	if (no_acl)
		(void)sl_say(SL_EXIT_OK,
		    "the file system takes no default ACL: who drops post "
		    "needs a umask that lets the group write (007)");
	if (c->json) {
		(void)printf("{\"ok\":true,\"made\":%s,\"acl\":%s}\n",
		    made ? "true" : "false", no_acl ? "false" : "true");
		return;
	}
	(void)printf(made ? "%s is an instance now.\n"
			  : "%s is an instance already; folders of its "
			    "configuration that were missing are made.\n",
	    c->arg[0]);
	if (!made)
		return;
	(void)printf("  configuration  %s/" CONF "\n", c->arg[0]);
	for (i = 0; i < cfg->queue_n; i++)
		(void)printf("  drop post in   %s%s%s/%s\n",
		    cfg->queue[i].path[0] == '/' ? "" : c->arg[0],
		    cfg->queue[i].path[0] == '/' ? "" : "/", cfg->queue[i].path,
		    sl_face_name(SL_FACE_INBOX, cfg->queue[i].language));
	(void)printf("  start it with  sluse run %s\n", c->arg[0]);
}

static bool
has_demo(const struct sl_config *cfg)
{
	size_t i;

	for (i = 0; i < DEMO_N; i++)
		if (demo[i].name != NULL &&
		    sl_config_queue(cfg, demo[i].name) == NULL)
			return false;
	return true;
}

/* What was asked for and the configuration that is there does not have; NULL:
 * nothing. */
static const char *
dropped(const struct sl_cli *c, const struct sl_config *cfg)
{
	const bool en = cfg->instance.language == SL_LANGUAGE_EN;

	if (c->demo && !has_demo(cfg))
		return "--demo";
	if (c->language != NULL && en != (strcmp(c->language, "en") == 0))
		return "--language";
	return NULL;
}

int
sl_cmd_init(const struct sl_cli *c)
{
	const char *root = c->arg[0];
	SL_FREE char *conf = sl_asprintf("%s/" CONF, root);
	struct sl_config *cfg = NULL;
	bool is_instance = false, no_acl = false;
	const char *option;
	struct sl_err err;
	enum sl_exit code;

	if (c->language != NULL && strcmp(c->language, "nb") != 0 &&
	    strcmp(c->language, "en") != 0)
		return sl_say(SL_EXIT_USAGE, "--language is nb or en");
	code = look(root, &is_instance);
	if (code != SL_EXIT_OK)
		return code;
	if (!is_instance && (sl_make_path(root, 0755, &err) != SL_OK ||
				write_conf(c, root, &err) != SL_OK))
		return sl_cli_fail(&err);
	if (sl_config_load(conf, &cfg, &err) != SL_OK)
		return sl_say(SL_EXIT_FOUND, "%s", err.text);
	option = is_instance ? dropped(c, cfg) : NULL;
	if (option != NULL)
		code = sl_say(SL_EXIT_USAGE,
		    "%s is an instance already and keeps its configuration, "
		    "so %s cannot be done; nothing was made. Another folder "
		    "can have it.",
		    root, option);
	else if (make_all(root, cfg, &no_acl, &err) != SL_OK ||
		 (!is_instance && make_key(root, cfg, &err) != SL_OK))
		code = sl_cli_fail(&err);
	else
		report(c, cfg, !is_instance, no_acl);
	sl_config_free(cfg);
	return code;
}
