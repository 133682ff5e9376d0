#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum sl_exit
sl_say(enum sl_exit code, const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	(void)fputs("sluse: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	return code;
}

int
sl_option_next(int argc, char **argv, const char *shorts,
    const struct option *options, char *words, size_t cap)
{
	char letters[16];
	int bit;

	(void)snprintf(letters, sizeof(letters), ":%s", shorts);
	opterr = 0;
	bit = getopt_long(argc, argv, letters, options, NULL);
	if (bit == -1)
		return 0;
	if (bit != ':' && bit != '?')
		return bit;
	/* Of letters in one word optind is at that word until the last. */
	if (bit == '?' && optopt != 0 && optopt < 256)
		(void)snprintf(words, cap, "unknown option -%c",
		    optopt > ' ' && optopt < 127 ? optopt : '?');
	else
		(void)snprintf(words, cap,
		    bit == ':' ? "%s needs a value" : "unknown option %s",
		    argv[optind - 1]);
	return -1;
}

int
sl_option_or_say(
    int argc, char **argv, const char *shorts, const struct option *options)
{
	char words[256];
	int bit =
	    sl_option_next(argc, argv, shorts, options, words, sizeof(words));

	if (bit < 0)
		(void)sl_say(SL_EXIT_USAGE, "%s", words);
	return bit;
}

int
sl_option_word(int argc, char **argv, const char **ret)
{
	const char *root;
	int i;

	for (i = 1; i < argc; i++) {
		root = NULL;
		if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			root = argv[++i];
		else if (strncmp(argv[i], "--root=", 7) == 0)
			root = argv[i] + 7;
		else if (strcmp(argv[i], "--json") != 0)
			break;
		if (root != NULL && ret != NULL)
			*ret = root;
	}
	return i;
}

const char *
sl_option_root(const char *given)
{
	if (given == NULL)
		given = getenv("SLUSE_ROOT");
	return given != NULL && *given != '\0' ? given : SL_OPTION_ROOT;
}

const char *
sl_option_folder(char *s)
{
	size_t n = strlen(s);

	while (n > 1 && s[n - 1] == '/')
		s[--n] = '\0';
	return s;
}
