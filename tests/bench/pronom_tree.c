/*
 * PRONOM over a tree, without the walls: one line a file (path, PUIDs, basis,
 * flags), and on standard error what the matching alone took. Times are
 * processor time; -r N looks at every file N times.
 *
 *	pronom_tree schemas/pronom/table.tsv FOLDER... > lines
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/identify/mend.h"
#include "../../daemon/pronom/pronom.h"

static struct sl_pronom *table;
static unsigned repeat = 1, files;
static uint64_t bytes;
static double spent, worst;
static char worst_name[512];

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
show(const char *path, const struct sl_pronom_result *r)
{
	static const char *const basis[] = {
	    "none", "signature", "container", "extension", "text"};
	unsigned i;

	(void)printf("%s\t", path);
	for (i = 0; i < r->count; i++)
		(void)printf("%s%s", i > 0 ? "," : "", r->format[i]->puid);
	(void)printf("\t%s\t%s%s%s%s\n", basis[r->basis],
	    r->extension_mismatch ? "mismatch " : "",
	    r->ambiguous_extension ? "ambiguous " : "",
	    r->partial ? "partial " : "", r->exhausted ? "exhausted" : "");
}

static int
on_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	static uint8_t head[SL_PRONOM_HEAD];
	SL_CLOSE int fd = -1;
	struct sl_extent x;
	struct sl_pronom_input in;
	struct sl_pronom_result r;
	double began, took;
	unsigned i;

	if (kind != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	x = (struct sl_extent){.fd = fd, .size = (uint64_t)st->st_size};
	in = (struct sl_pronom_input){.x = &x,
	    .head = head,
	    .tail_max = SL_PRONOM_TAIL,
	    .name = path + at->base};
	in.head_n = (size_t)sl_extent_read(&x, head, sizeof(head), 0);
	if (fd < 0 || (ssize_t)in.head_n < 0)
		return 0;
	began = now();
	for (i = 0; i < repeat; i++) {
		in.is_text =
		    sl_looks_text((const char *)head,
			in.head_n < 65536 ? in.head_n : 65536) ||
		    (in.head_n > 2 && (memcmp(head, "\xFF\xFE", 2) == 0 ||
					  memcmp(head, "\xFE\xFF", 2) == 0));
		sl_pronom_identify(table, &in, &r);
	}
	took = (now() - began) / repeat;
	spent += took;
	if (took > worst) {
		worst = took;
		(void)snprintf(worst_name, sizeof(worst_name), "%s", path);
	}
	files++;
	bytes += x.size;
	show(path, &r);
	return 0;
}

int
main(int argc, char **argv)
{
	struct sl_err err;
	double began = now();
	int i = 2;

	if (argc < 3 || sl_pronom_load(argv[1], NULL, &table, &err) != SL_OK) {
		(void)fprintf(stderr, "%s\n", argc < 3 ? "usage" : err.text);
		return 1;
	}
	(void)fprintf(stderr, "table: %.2f ms\n", now() - began);
	if (argc > 4 && strcmp(argv[2], "-r") == 0) {
		repeat = (unsigned)strtoul(argv[3], NULL, 10);
		i = 4;
	}
	for (; i < argc; i++)
		(void)nftw(argv[i], on_file, 16, FTW_PHYS);
	(void)fprintf(stderr,
	    "%u files, %.1f MB: %.1f ms, %.3f ms a file; worst %.1f ms %s\n",
	    files, (double)bytes / 1e6, spent, spent / files, worst,
	    worst_name);
	sl_pronom_free(table);
	return 0;
}
