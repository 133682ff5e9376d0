/*
 * sluse-decrypt [--credentials DIR] ...: opens encrypted packages with the
 * tenant's keys. See worker/ and decrypt/. The folder of secrets comes first,
 * before worker.h's options.
 *
 * sluse-decrypt [--credentials DIR] --check NAMES: are these keys in order? A
 * line for each that is not; exit 0 if all are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../decrypt/decrypt.h"

static struct sl_keys keys;
static char names[sizeof(((struct sl_told *)0)->keys)];
static const char *credentials;

static void
take_told(const struct sl_told *told)
{
	(void)snprintf(names, sizeof(names), "%s", told->keys);
}

static enum sl_rc
open_credentials(int *ret, struct sl_err *err)
{
	enum sl_rc rc;

	if (credentials == NULL)
		credentials = getenv("CREDENTIALS_DIRECTORY");
	if (credentials == NULL)
		return sl_err_set(err, SL_FATAL, 0, "config_invalid",
		    "there are keys to read (decrypt_keys) and no folder of "
		    "secrets");
	rc = sl_open_secrets(credentials, ret, err);
	return rc == SL_SKIP ? SL_FATAL : rc;
}

static enum sl_rc
load_keys(struct sl_err *err)
{
	SL_CLOSE int dir = -1;
	enum sl_rc rc = open_credentials(&dir, err);

	if (rc == SL_OK)
		rc = sl_keys_load(&keys, dir, names, err);
	if (rc == SL_OK)
		rc = sl_decrypt_warm(&keys, err);
	return rc;
}

static enum sl_rc
warm(struct sl_err *err)
{
	bool locked = false;
	enum sl_rc rc = sl_keys_guard(&locked, err);
	size_t i;

	if (rc != SL_OK)
		return rc;
	if (names[0] == '\0')
		sl_log(SL_LOG_INFO, "keys", "none is configured");
	else
		rc = load_keys(err);
	for (i = 0; i < keys.left_n; i++)
		sl_log(SL_LOG_ERR, "keys", "%s", keys.left[i].text);
	if (rc == SL_OK && keys.n > 0)
		sl_log(SL_LOG_INFO, "keys",
		    "ready keys=\"%zu\" left_out=\"%zu\" locked=\"%s\"", keys.n,
		    keys.left_n, locked ? "yes" : "no");
	sl_decrypt_use(&keys);
	return rc;
}

/* Post that is closed for one that was left out is held: people shall know
 * before it comes. */
static bool
lacks(struct sl_err *ret)
{
	if (keys.left_n == 0)
		return false;
	(void)sl_err_set(ret, SL_HOLD, 0, "key_missing", "%.200s%s",
	    keys.left[0].text,
	    keys.left_n > 1 ? " (and more: see its log)" : "");
	return true;
}

static int
check(const char *list)
{
	struct sl_err err = {0};
	bool locked = false;
	size_t i;

	(void)snprintf(names, sizeof(names), "%s", list);
	if (sl_keys_guard(&locked, &err) != SL_OK ||
	    (load_keys(&err) != SL_OK && keys.left_n == 0)) {
		(void)printf("%s\n", err.text);
		return 1;
	}
	for (i = 0; i < keys.left_n; i++)
		(void)printf("%s\n", keys.left[i].text);
	return keys.left_n > 0;
}

int
main(int argc, char **argv)
{
	static const struct sl_worker w = {.program = "sluse-decrypt",
	    .role = SL_ROLE_DECRYPT,
	    .told = take_told,
	    .warm = warm,
	    .lacks = lacks,
	    .run = sl_decrypt_run};
	int status;

	if (argc > 2 && strcmp(argv[1], "--credentials") == 0) {
		credentials = argv[2];
		argv[2] = argv[0];
		argv += 2;
		argc -= 2;
	}
	status = argc == 3 && strcmp(argv[1], "--check") == 0
		     ? check(argv[2])
		     : sl_worker_main(&w, argc, argv);
	sl_keys_forget(&keys);
	return status;
}
