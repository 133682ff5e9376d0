/*
 * SECURITY: a connector runs with our secret and our network, so its file must
 * belong to root or to us and be writable by nobody else.
 */
#include "plugins.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/mem.h"

/* Every function a minor-0 connector must have. */
static bool
complete(const struct sluse_connector *c)
{
	return c->size >=
		   offsetof(struct sluse_connector, close) + sizeof(c->close) &&
	       c->name != NULL && c->version != NULL && c->keys != NULL &&
	       c->open != NULL && c->check != NULL && c->deliver != NULL &&
	       c->close != NULL;
}

bool
sl_plugin_harvests(const struct sluse_connector *c)
{
	return c->abi_minor >= 2 &&
	       c->size >= offsetof(struct sluse_connector, harvest) +
			      sizeof(c->harvest) &&
	       c->harvest != NULL;
}

/* Folder of this program, with "/../plugins/connectors" behind it. */
static char *
beside_program(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n <= 0)
		return sl_strdup("/nonexistent");
	path[n] = '\0';
	slash = strrchr(path, '/');
	*slash = '\0';
	return sl_asprintf("%s/../plugins/connectors", path);
}

static char *
find_file(const char *name)
{
	const char *env = getenv("SLUSE_PLUGINS");
	SL_FREE char *beside = NULL;
	char *path;

	if (env != NULL)
		return sl_asprintf("%s/connectors/%s.so", env, name);
	beside = beside_program();
	path = sl_asprintf("%s/%s.so", beside, name);
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return sl_asprintf(SLUSE_LIBDIR "/plugins/connectors/%s.so", name);
}

static enum sl_rc
check_file(const char *path, const char *name, struct sl_err *err)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return sl_err_set(err, SL_FATAL, 0, "plugin_invalid",
		    "connector %s: no such plugin", name);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & 022) != 0)
		return sl_err_set(err, SL_FATAL, 0, "plugin_invalid",
		    "connector %s: file may be written by others", name);
	return SL_OK;
}

enum sl_rc
sl_plugin_load(
    const char *name, const struct sluse_connector **ret, struct sl_err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	SL_FREE char *path = NULL;
	const struct sluse_connector *c;
	void *so;

	if (name[0] == '\0' || strlen(name) > 32 ||
	    strspn(name, letters) != strlen(name))
		return sl_err_set(err, SL_FATAL, 0, "plugin_invalid",
		    "connector: not a plugin's name");
	path = find_file(name);
	if (check_file(path, name, err) != SL_OK)
		return SL_FATAL;
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (so == NULL)
		return sl_err_set(err, SL_FATAL, 0, "plugin_invalid",
		    "connector %s: %.180s", name, dlerror());
	c = dlsym(so, "sluse_connector");
	if (c == NULL || c->abi_major != SLUSE_CONNECTOR_ABI_MAJOR ||
	    c->abi_minor > SLUSE_CONNECTOR_ABI_MINOR)
		return sl_err_set(err, SL_FATAL, 0, "plugin_invalid",
		    "connector %s: made for another version of Sluse", name);
	if (!complete(c) || strcmp(c->name, name) != 0)
		return sl_err_set(err, SL_FATAL, 0, "plugin_invalid",
		    "connector %s: incomplete or of another name", name);
	*ret = c;
	return SL_OK;
}
