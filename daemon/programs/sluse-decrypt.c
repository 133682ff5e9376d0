/*
 * sluse-decrypt [--credentials DIR] ...: opens encrypted packages with the
 * tenant's keys. See worker/ and decrypt/. The folder of secrets comes first,
 * before worker.h's options.
 */
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
load_keys(bool locked, struct sl_err *err)
{
	SL_CLOSE int dir = -1;
	enum sl_rc rc = open_credentials(&dir, err);

	if (rc == SL_OK)
		rc = sl_keys_load(&keys, dir, names, err);
	if (rc == SL_OK)
		rc = sl_decrypt_warm(&keys, err);
	if (rc == SL_OK)
		sl_log(SL_LOG_INFO, "keys", "ready keys=\"%zu\" locked=\"%s\"",
		    keys.n, locked ? "yes" : "no");
	return rc;
}

static enum sl_rc
warm(struct sl_err *err)
{
	bool locked = false;
	enum sl_rc rc = sl_keys_guard(&locked, err);

	if (rc != SL_OK)
		return rc;
	if (names[0] == '\0')
		sl_log(SL_LOG_INFO, "keys", "none is configured");
	else
		rc = load_keys(locked, err);
	sl_decrypt_use(&keys);
	return rc;
}

int
main(int argc, char **argv)
{
	static const struct sl_worker w = {.program = "sluse-decrypt",
	    .role = SL_ROLE_DECRYPT,
	    .told = take_told,
	    .warm = warm,
	    .run = sl_decrypt_run};
	int status;

	if (argc > 2 && strcmp(argv[1], "--credentials") == 0) {
		credentials = argv[2];
		argv[2] = argv[0];
		argv += 2;
		argc -= 2;
	}
	status = sl_worker_main(&w, argc, argv);
	sl_keys_forget(&keys);
	return status;
}
