/*
 * Runs a fuzz target over files and folders of them, without libFuzzer:
 *
 *	fuzz_wire tests/fuzz/corpus/wire
 *
 * Each input lies in memory of just its size, so that a sanitizer sees a read
 * past its end. Fails if there was nothing to run.
 */
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_MAX ((off_t)4 << 20)

static unsigned ran;
static const char *now = "";

/* Which input it was; the signal then takes its course. */
static void
on_signal(int sig)
{
	static const char says[] = "\nwhile running ";

	(void)!write(STDERR_FILENO, says, sizeof(says) - 1);
	(void)!write(STDERR_FILENO, now, strlen(now));
	(void)!write(STDERR_FILENO, "\n", 1);
	(void)raise(sig);
}

static int
one(int dir, const char *name)
{
	SL_CLOSE int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *p;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > INPUT_MAX) {
		(void)fprintf(stderr, "%s: not an input\n", name);
		return 1;
	}
	p = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
	if (p == NULL ||
	    sl_pread_full(fd, p, (size_t)st.st_size, 0) != st.st_size) {
		free(p);
		return 1;
	}
	now = name;
	(void)LLVMFuzzerTestOneInput(p, (size_t)st.st_size);
	ran++;
	free(p);
	return 0;
}

static int
folder(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	int bad = 0;

	if (d == NULL)
		return one(AT_FDCWD, path);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.')
			bad |= one(dirfd(d), e->d_name);
	}
	(void)closedir(d);
	return bad;
}

int
main(int argc, char **argv)
{
	const struct sigaction sa = {
	    .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	int i, bad = 0;

	(void)sigaction(SIGABRT, &sa, NULL);
	(void)sigaction(SIGSEGV, &sa, NULL);
	for (i = 1; i < argc; i++)
		bad |= folder(argv[i]);
	(void)printf("%u inputs\n", ran);
	return bad == 0 && ran > 0 ? 0 : 1;
}
