/*
 * slused: watches, claims, schedules; the only writer of the database.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../engine/engine.h"

static int
usage(FILE *to, int status)
{
	(void)fprintf(to, "usage: slused --root DIR [--log-level 2..7]\n"
			  "Serves the instance in DIR; see slused(8).\n");
	return status;
}

static const enum sl_level levels[] = {SL_LOG_CRIT, SL_LOG_ERR, SL_LOG_WARNING,
    SL_LOG_NOTICE, SL_LOG_INFO, SL_LOG_DEBUG};

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"root", required_argument, NULL, 'r'},
	    {"log-level", required_argument, NULL, 'l'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	const char *root = NULL;
	struct sl_config *cfg;
	SL_FREE char *path = NULL;
	struct sl_err err;
	uint64_t level = 0;
	int c, status;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			root = optarg;
			break;
		case 'l':
			if (!sl_parse_u64(
				optarg, SL_LOG_CRIT, SL_LOG_DEBUG, &level))
				return usage(stderr, 2);
			break;
		case 'h':
			return usage(stdout, 0);
		case 'V':
			(void)printf("slused %s\n", SLUSE_VERSION);
			return 0;
		default:
			return usage(stderr, 2);
		}
	}
	if (root == NULL || optind != argc)
		return usage(stderr, 2);
	sl_log_open("slused", SL_LOG_INFO);
	path = sl_asprintf("%s/sluse.conf", root);
	if (sl_config_load(path, &cfg, &err) != SL_OK) {
		sl_log(SL_LOG_CRIT, "config", "%s", err.text);
		return strcmp(err.reason, "disk_error") == 0 ? SL_SLUSED_FATAL
							     : SL_SLUSED_CONFIG;
	}
	sl_log_open("slused", level != 0 ? (enum sl_level)level
					 : levels[cfg->instance.log_level]);
	status = sl_engine_run(root, cfg);
	sl_config_free(cfg);
	return status;
}
