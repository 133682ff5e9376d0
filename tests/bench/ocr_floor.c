/*
 * The floor for OCR: what Tesseract itself costs and nothing else.
 *
 *	ocr_floor [-l languages] [-j processes] [-t] file ...
 *
 * One process per core, each with its own engine, takes the next file from a
 * shared counter, decodes it by Leptonica and recognises it in-process. The
 * clock starts when all engines are loaded. -t prints the text instead.
 */
#include <leptonica/allheaders.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <tesseract/capi.h>
#include <time.h>
#include <unistd.h>

struct shared {
	atomic_int next, ready, go;
	atomic_long words;
};

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long
count_words(const char *s)
{
	long n = 0;

	while (*(s += strspn(s, " \n\t\f")) != '\0') {
		s += strcspn(s, " \n\t\f");
		n++;
	}
	return n;
}

static void
one_file(TessBaseAPI *api, const char *name, struct shared *sh, int print)
{
	PIX *pix = pixRead(name);
	char *text;

	if (pix == NULL)
		exit(1);
	TessBaseAPISetImage2(api, pix);
	if (TessBaseAPIRecognize(api, NULL) != 0)
		exit(1);
	text = TessBaseAPIGetUTF8Text(api);
	if (print)
		(void)printf("== %s\n%s\n", name, text);
	(void)atomic_fetch_add(&sh->words, count_words(text));
	TessDeleteText(text);
	pixDestroy(&pix);
	TessBaseAPIClear(api);
}

static void
work(struct shared *sh, const char *lang, int n, char **files, int print)
{
	TessBaseAPI *api = TessBaseAPICreate();
	int i;

	if (TessBaseAPIInit2(api, NULL, lang, OEM_LSTM_ONLY) != 0)
		exit(1);
	TessBaseAPISetPageSegMode(api, PSM_AUTO);
	(void)atomic_fetch_add(&sh->ready, 1);
	while (!atomic_load(&sh->go))
		(void)usleep(500);
	while ((i = atomic_fetch_add(&sh->next, 1)) < n)
		one_file(api, files[i], sh, print);
	(void)fflush(stdout);
	_exit(0);
}

int
main(int argc, char **argv)
{
	const char *lang = "nor+eng";
	long cores = sysconf(_SC_NPROCESSORS_ONLN), i;
	int c, print = 0, status, bad = 0;
	struct shared *sh;
	struct rusage ru;
	double start, cpu;

	if (getenv("OMP_THREAD_LIMIT") == NULL) {
		(void)setenv("OMP_THREAD_LIMIT", "1", 1);
		(void)execv("/proc/self/exe", argv);
	}
	while ((c = getopt(argc, argv, "l:j:t")) != -1)
		if (c == 'l')
			lang = optarg;
		else if (c == 'j')
			cores = strtol(optarg, NULL, 10);
		else
			print = 1;
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sh == MAP_FAILED || optind >= argc)
		return 2;
	for (i = 0; i < cores; i++)
		if (fork() == 0)
			work(sh, lang, argc - optind, argv + optind, print);
	while (atomic_load(&sh->ready) < cores)
		(void)usleep(500);
	start = now();
	atomic_store(&sh->go, 1);
	while (wait(&status) > 0)
		bad |= status;
	start = now() - start;
	/* Loading the engines is in it: two tenths of a second each. */
	(void)getrusage(RUSAGE_CHILDREN, &ru);
	cpu = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	      (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
	(void)fprintf(print ? stderr : stdout,
	    "pages=%d seconds=%.3f pages_per_s=%.4f words=%ld cpu_s=%.2f\n",
	    argc - optind, start, (argc - optind) / start,
	    atomic_load(&sh->words), cpu);
	return bad != 0;
}
