/*
 * Each program looks at what is its own, so that no connector and no key is
 * loaded here: sluse-push --check-config, sluse-decrypt --check, sluse-convert
 * --check say a line for each thing that is wrong. Only slused has nothing to
 * load: its folders are looked at here.
 *
 * SECURITY: asked by root, they run as the owner of the folder of secrets: what
 * belongs to him is what the instance would take.
 */
#include "checkup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../access/groups.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/passwords.h"
#include "../base/trust.h"
#include "../config/rows.h"

#define SAID_MAX 65536u
#define ARGS_MAX 8

struct checkup {
	const char *conf;
	const struct sl_config *cfg;
	char libexec[4096], *dir, *secrets;
	int fd; /* the folder of secrets, or -1 */
	struct stat st;
	json_t *faults;
};

static void
fault(struct checkup *c, const char *program, const char *text, size_t n)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "program", json_string(program));
	(void)json_object_set_new(o, "text", json_stringn(text, n));
	(void)json_array_append_new(c->faults, o);
}

/* -- a program's own look ---------------------------------------------------
 */

static void __attribute__((noreturn))
become(const struct checkup *c, char **argv, int out)
{
	bool other = geteuid() == 0 && c->fd >= 0 && c->st.st_uid != 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (other && (setgroups(0, NULL) != 0 || setgid(c->st.st_gid) != 0 ||
			 setuid(c->st.st_uid) != 0))
		_exit(126);
	if (dup2(out, STDOUT_FILENO) >= 0)
		(void)execv(argv[0], argv);
	_exit(127);
}

/* "the secret NAME is not there, is empty, or is open to others": which of it,
 * we say ourselves where we can look. */
static bool
is_of_secret(const struct checkup *c, const char *line)
{
	static const char begin[] = "the secret ",
			  end[] = " is not there, is empty, or is open to "
				  "others";
	size_t n = strlen(line);

	return c->fd >= 0 && strncmp(line, begin, sizeof(begin) - 1) == 0 &&
	       n > sizeof(end) && strcmp(line + n - sizeof(end) + 1, end) == 0;
}

static void
take_lines(struct checkup *c, const char *program, char *said)
{
	char *line, *save = NULL;

	for (line = strtok_r(said, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		if (!is_of_secret(c, line))
			fault(c, program, line, strlen(line));
}

static void
ask(struct checkup *c, const char *name, const char *file, char **argv)
{
	SL_FREE char *path = sl_asprintf("%s/%s", c->libexec, file);
	SL_CLOSE int out = memfd_create("said", MFD_CLOEXEC);
	SL_FREE char *said = sl_alloc(SAID_MAX + 1);
	int status = 0;
	ssize_t n;
	pid_t pid;

	argv[0] = path;
	pid = out >= 0 ? fork() : -1;
	if (pid == 0)
		become(c, argv, out);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	n = pid > 0 ? sl_pread_full(out, said, SAID_MAX, 0) : -1;
	if (n > 0) {
		said[n] = '\0';
		take_lines(c, name, said);
	} else if (pid < 0 || status != 0) {
		fault(c, name, "the program cannot be started: is it there?",
		    strlen("the program cannot be started: is it there?"));
	}
}

/* -- secrets ------------------------------------------------------------------
 */

/* Under systemd a secret is a credential, `sluse.INSTANCE.NAME`. */
static bool
is_credential(const struct checkup *c, const char *name)
{
	static const char *const stores[] = {
	    "/etc/credstore", "/etc/credstore.encrypted"};
	SL_FREE char *real = realpath(c->dir, NULL);
	const char *slash = real != NULL ? strrchr(real, '/') : NULL;
	bool found = false;
	size_t i;

	for (i = 0; i < 2 && slash != NULL && !found; i++) {
		SL_FREE char *path =
		    sl_asprintf("%s/sluse.%s.%s", stores[i], slash + 1, name);

		found = access(path, F_OK) == 0 || errno == EACCES;
	}
	return found;
}

/* True if the program itself may look into it. */
static bool
see_secret(struct checkup *c, const char *program, const char *name)
{
	SL_FREE char *text = NULL;
	struct stat st;

	if (!sl_name_is_plain(name)) {
		text = sl_asprintf("%s is no name of a secret", name);
	} else if (fstatat(c->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT && is_credential(c, name))
			return false;
		text = sl_asprintf("the secret %s is not there: %s/%s", name,
		    c->secrets, name);
	} else if (!S_ISREG(st.st_mode)) {
		text = sl_asprintf("the secret %s is no plain file", name);
	} else if ((st.st_mode & 077) != 0) {
		text = sl_asprintf(
		    "the secret %s is open to others (chmod 600)", name);
	} else if (st.st_size == 0) {
		text = sl_asprintf("the secret %s is empty", name);
	}
	if (text != NULL)
		fault(c, program, text, strlen(text));
	return text == NULL;
}

static void
see_keys(struct checkup *c)
{
	const struct sl_list *l = &c->cfg->instance.decrypt_keys;
	char *argv[ARGS_MAX] = {
	    NULL, sl_strdup("--credentials"), c->secrets, sl_strdup("--check")};
	SL_BUF struct sl_buf names = {0};
	size_t i;

	for (i = 0; i < l->n; i++)
		if (see_secret(c, "sluse-decrypt", l->item[i]))
			sl_buf_printf(
			    &names, "%s%s", names.n > 0 ? " " : "", l->item[i]);
	argv[4] = sl_strdup(sl_buf_str(&names));
	if (names.n > 0)
		ask(c, "sluse-decrypt", "sluse-decrypt", argv);
	free(argv[1]);
	free(argv[3]);
	free(argv[4]);
}

/* A free key that ends in _name says which secret a connector takes. */
static void
see_named(
    struct checkup *c, const char *program, const struct sl_target_config *t)
{
	size_t i, k, n, own = strlen(t->name);
	const char *key, *name;

	for (i = 0; i < t->extra_n && c->fd >= 0; i++) {
		key = t->extra[i].key;
		name = t->extra[i].value;
		n = strlen(key);
		if (n < 5 || strcmp(key + n - 5, "_name") != 0 || *name == '\0')
			continue;
		for (k = 0; k < t->credentials.n; k++)
			if (strcmp(t->credentials.item[k], name) == 0)
				break;
		if (k < t->credentials.n)
			continue; /* it was looked at */
		if (strncmp(name, t->name, own) == 0 && name[own] == '-') {
			(void)see_secret(c, program, name);
			continue;
		}
		SL_FREE char *text =
		    sl_asprintf("%s = %s: the secret is not "
				"in credentials of [target %s]",
			key, name, t->name);

		fault(c, program, text, strlen(text));
	}
}

static void
see_target(struct checkup *c, const struct sl_target_config *t)
{
	SL_FREE char *program = sl_asprintf("sluse-push/%s", t->name);
	char *argv[ARGS_MAX] = {NULL, sl_strdup("--check-config"),
	    sl_strdup("--target"), sl_strdup(t->name), sl_strdup("--config"),
	    sl_strdup(c->conf)};
	size_t i;

	ask(c, program, "sluse-push", argv);
	for (i = 1; i < ARGS_MAX; i++)
		free(argv[i]);
	for (i = 0; i < t->credentials.n && c->fd >= 0; i++)
		(void)see_secret(c, program, t->credentials.item[i]);
	see_named(c, program, t);
}

static void
see_witnesses(struct checkup *c)
{
	char *argv[ARGS_MAX] = {NULL, sl_strdup("--witness"),
	    sl_strdup("--check-config"), sl_strdup("--config"),
	    sl_strdup(c->conf)};
	size_t i;

	ask(c, "sluse-push --witness", "sluse-push", argv);
	for (i = 1; i < ARGS_MAX; i++)
		free(argv[i]);
}

static void
see_converter(struct checkup *c)
{
	char *argv[ARGS_MAX] = {
	    NULL, sl_strdup("--check"), sl_strdup(c->cfg->instance.converter)};

	ask(c, "sluse-convert", "sluse-convert", argv);
	free(argv[1]);
	free(argv[2]);
}

static void
see_languages(struct checkup *c)
{
	char *argv[ARGS_MAX] = {
	    NULL, sl_strdup("--check"), sl_strdup(c->cfg->ocr.languages)};

	ask(c, "sluse-ocr", "sluse-ocr", argv);
	free(argv[1]);
	free(argv[2]);
}

/* -- folders of slused's ----------------------------------------------------
 */

__attribute__((format(printf, 2, 3))) static void
slused_fault(struct checkup *c, const char *fmt, ...)
{
	char text[1500];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fault(c, "slused", text, strlen(text));
}

/* Why path is no folder; NULL: it is one. */
static const char *
no_folder(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return strerror(errno);
	return S_ISDIR(st.st_mode) ? NULL : strerror(ENOTDIR);
}

/* What lies below the instance slused makes; what lies elsewhere may be a share
 * that is not mounted, and it would fill the folder beneath. */
static void
see_folders(struct checkup *c)
{
	const struct sl_journal_config *j = &c->cfg->journal;
	SL_FREE char *head = sl_path_below(c->dir, j->head_file);
	SL_FREE char *mail = sl_path_below(c->dir, j->mail_dir);
	const struct sl_queue_config *q;
	struct stat st;
	const char *why;
	size_t i;

	if (c->cfg->queue_n == 0)
		slused_fault(c, "there is no [queue]: nothing is taken in");
	for (i = 0; i < c->cfg->queue_n; i++) {
		q = &c->cfg->queue[i];
		why = *q->path == '/' ? no_folder(q->path) : NULL;
		if (why != NULL)
			slused_fault(c, "[queue %s]: path %s: %s", q->name,
			    q->path, why);
	}
	if (*j->mail_dir != '\0' && (why = no_folder(mail)) != NULL)
		slused_fault(c, "[journal]: mail_dir %s: %s", mail, why);
	if (*j->head_file == '\0')
		return;
	if (stat(head, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			slused_fault(c,
			    "[journal]: head_file %s: is no plain file", head);
		return;
	}
	*strrchr(head, '/') = '\0';
	why = no_folder(*head != '\0' ? head : "/");
	if (why != NULL)
		slused_fault(
		    c, "[journal]: head_file: its folder %s: %s", head, why);
}

/* Also where one path is absolute and the other is not, or is a link. */
static void
see_inside(struct checkup *c)
{
	const struct sl_config *cfg = c->cfg;
	size_t i, k, n;

	for (i = 0; i < cfg->queue_n; i++) {
		SL_FREE char *p = sl_path_below(c->dir, cfg->queue[i].path);
		SL_FREE char *one = realpath(p, NULL);

		for (k = 0; one != NULL && k < cfg->queue_n; k++) {
			SL_FREE char *q =
			    sl_path_below(c->dir, cfg->queue[k].path);
			SL_FREE char *other = realpath(q, NULL);

			n = other != NULL && k != i ? strlen(other) : 0;
			if (n > 0 && strncmp(one, other, n) == 0 &&
			    (one[n] == '/' || (one[n] == '\0' && k < i)))
				slused_fault(c,
				    "[queue %s]: path %s lies in the folder of "
				    "[queue %s]",
				    cfg->queue[i].name, one,
				    cfg->queue[k].name);
		}
	}
}

static void
see_lists(struct checkup *c)
{
	const struct sl_instance_config *i = &c->cfg->instance;
	SL_FREE char *trust = sl_path_below(c->dir, i->trust);
	SL_FREE char *words = sl_path_below(c->dir, i->passwords);
	uid_t owner = geteuid() == 0 && c->fd >= 0 ? c->st.st_uid : geteuid();
	SL_CLOSE int fd = -1;
	struct sl_err err;
	enum sl_rc rc;

	if (*i->trust != '\0' && sl_trust_open(trust, &fd, &err) != SL_OK)
		slused_fault(c, "[instance]: %s", err.text);
	rc = *i->passwords != '\0' ? sl_password_file_check(words, owner, &err)
				   : SL_OK;
	/* Who may not look into the folder of secrets is told so. */
	if (rc != SL_OK && rc != SL_SKIP && err.sys != EACCES)
		slused_fault(c, "[instance]: %s", err.text);
	if (rc == SL_SKIP &&
	    sl_config_says(c->cfg, SL_SECTION_INSTANCE, "passwords"))
		slused_fault(c,
		    "[instance]: the list of passwords %s is not there", words);
}

static void
see_groups(struct checkup *c)
{
	const struct sl_list *l;
	enum sl_duty d;
	size_t i;

	for (d = 0; d < SL_DUTY_owner; d++) {
		l = sl_groups_of(&c->cfg->access, d);
		if (!sl_config_says(c->cfg, SL_SECTION_ACCESS, sl_duty_name(d)))
			continue;
		for (i = 0; i < l->n; i++) {
			errno = 0;
			if (getgrnam(l->item[i]) == NULL &&
			    (errno == 0 || errno == ENOENT || errno == ESRCH))
				slused_fault(c,
				    "[access]: %s = %s: there is no such group",
				    sl_duty_name(d), l->item[i]);
		}
	}
}

enum sl_exit
sl_checkup(const char *conf, const struct sl_config *cfg, json_t *faults,
    bool *ret_blind)
{
	struct checkup c = {
	    .conf = conf, .cfg = cfg, .fd = -1, .faults = faults};
	const char *slash = strrchr(conf, '/');
	enum sl_exit code = sl_cli_libexec(c.libexec, sizeof(c.libexec));
	size_t i;

	if (code != SL_EXIT_OK)
		return code;
	c.dir = slash != NULL ? sl_strndup(conf, (size_t)(slash - conf))
			      : sl_strdup(".");
	c.secrets = sl_path_below(c.dir, cfg->push.credentials_dir);
	c.fd = sl_open_dir(AT_FDCWD, c.secrets);
	if (c.fd >= 0 && fstat(c.fd, &c.st) != 0)
		sl_cleanup_close(&c.fd);
	*ret_blind = c.fd < 0;
	see_folders(&c);
	see_inside(&c);
	see_lists(&c);
	see_groups(&c);
	if (c.fd >= 0)
		see_keys(&c);
	if (cfg->ocr.pages_max > 0)
		see_languages(&c);
	if (*cfg->instance.converter != '\0')
		see_converter(&c);
	for (i = 0; i < cfg->target_n; i++)
		see_target(&c, &cfg->target[i]);
	if (cfg->witness_n + cfg->tsa_n > 0)
		see_witnesses(&c);
	sl_cleanup_close(&c.fd);
	free(c.dir);
	free(c.secrets);
	return SL_EXIT_OK;
}
