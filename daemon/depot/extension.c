/*
 * Endings of names.
 */
#include "extension.h"

#include <ctype.h>
#include <string.h>

void
sl_extension_of(const char *path, char *out)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	size_t i;

	out[0] = '\0';
	if (dot == NULL || (slash != NULL && dot < slash) ||
	    strlen(dot + 1) > SL_EXTENSION_MAX)
		return;
	for (i = 0; dot[i + 1] != '\0'; i++) {
		if (!isalnum((unsigned char)dot[i + 1])) {
			out[0] = '\0';
			return;
		}
		out[i] = (char)tolower((unsigned char)dot[i + 1]);
	}
	out[i] = '\0';
}

bool
sl_extension_in(const char *list, const char *extension)
{
	size_t n = strlen(extension);

	for (; *list != '\0'; list += strcspn(list, ",")) {
		list += *list == ',';
		if (n > 0 && strncmp(list, extension, n) == 0 &&
		    (list[n] == ',' || list[n] == '\0'))
			return true;
	}
	return false;
}
