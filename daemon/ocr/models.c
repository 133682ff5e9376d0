/*
 * FAILURES: Tesseract goes on without a language of a set that it cannot load;
 * here that is an error, for who asked for Sámi wants to know.
 */
#include "models.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../base/mem.h"

#define SETS_MAX 8

/* A model's file, and the model once it was asked for. */
struct later {
	const char *name;
	TessOcrEngineMode mode;
	void *data; /* NULL = there is no such file, or no use in it */
	size_t size;
	TessBaseAPI *api;
};

static struct sl_ocr_models sets[SETS_MAX];
static size_t sets_count;
static struct later osd = {.name = "osd", .mode = OEM_TESSERACT_ONLY};
/* Debian's tesseract-ocr-frk. */
static struct later fraktur = {.name = "frk", .mode = OEM_LSTM_ONLY};

/* The models' names of the languages that sl_language_guess tells. */
static const struct {
	char language[3], model[4];
} models_of[] = {
    {"nb", "nor"}, {"nn", "nor"}, {"en", "eng"}, {"se", "sme"}, {"da", "dan"}};

static bool
all_loaded(TessBaseAPI *api, const char *name)
{
	char **loaded = TessBaseAPIGetLoadedLanguagesAsVector(api);
	size_t n, i;
	bool found = loaded != NULL;

	for (; found && *name != '\0'; name += n + (name[n] == '+')) {
		n = strcspn(name, "+");
		found = false;
		for (i = 0; loaded[i] != NULL; i++)
			found |= strlen(loaded[i]) == n &&
				 strncmp(loaded[i], name, n) == 0;
	}
	if (loaded != NULL)
		TessDeleteTextArray(loaded);
	return found;
}

static TessBaseAPI *
load(const char *name)
{
	TessBaseAPI *api = TessBaseAPICreate();

	if (api == NULL)
		return NULL;
	if (TessBaseAPIInit2(api, NULL, name, OEM_LSTM_ONLY) == 0 &&
	    all_loaded(api, name))
		return api;
	TessBaseAPIDelete(api);
	return NULL;
}

/* Each of the set's languages by itself. */
static enum sl_rc
load_each(struct sl_ocr_models *s, struct sl_err *err)
{
	const char *at = s->name;
	size_t n, i;

	for (i = 0; *at != '\0'; at += n + (at[n] == '+'), i++) {
		SL_FREE char *name = NULL;

		n = strcspn(at, "+");
		if (i == SL_OCR_TOGETHER_MAX)
			return sl_err_set(err, SL_FATAL, 0, "ocr_language",
			    "more than %d languages together",
			    SL_OCR_TOGETHER_MAX);
		name = sl_strndup(at, n);
		s->one[i] = load(name);
		if (s->one[i] == NULL)
			return sl_err_set(err, SL_FATAL, 0, "ocr_language",
			    "tesseract has no model for \"%s\"", name);
	}
	return SL_OK;
}

static enum sl_rc
load_set(const char *name, struct sl_err *err)
{
	struct sl_ocr_models *s = &sets[sets_count];
	enum sl_rc rc;

	if (sets_count == SETS_MAX)
		return sl_err_set(err, SL_FATAL, 0, "ocr_language",
		    "more than %d sets of languages", SETS_MAX);
	s->name = sl_strdup(name);
	sets_count++; /* for cool() */
	rc = load_each(s, err);
	if (rc != SL_OK)
		return rc;
	s->all = s->one[1] == NULL ? s->one[0] : load(name);
	return s->all != NULL ? SL_OK
			      : sl_err_set(err, SL_FATAL, 0, "ocr_language",
				    "tesseract cannot load \"%s\"", name);
}

static enum sl_rc
load_sets(const char *s, struct sl_err *err)
{
	enum sl_rc rc;
	size_t n;

	for (; *s != '\0'; s += n) {
		SL_FREE char *name = NULL;

		s += strspn(s, ", ");
		n = strcspn(s, ", ");
		if (n == 0)
			break;
		name = sl_strndup(s, n);
		rc = load_set(name, err);
		if (rc != SL_OK)
			return rc;
	}
	return sets_count > 0 ? SL_OK
			      : sl_err_set(err, SL_FATAL, 0, "ocr_language",
				    "no language to read with");
}

/* Maps the file that lies beside those of the set. */
static void
map_later(struct later *l)
{
	SL_FREE char *path = sl_asprintf("%s/%s.traineddata",
	    TessBaseAPIGetDatapath(sets[0].one[0]), l->name);
	SL_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size <= 0 ||
	    st.st_size > INT_MAX)
		return;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return;
	l->data = p;
	l->size = (size_t)st.st_size;
}

static TessBaseAPI *
load_later(struct later *l)
{
	if (l->api != NULL || l->data == NULL)
		return l->api;
	l->api = TessBaseAPICreate();
	if (l->api != NULL &&
	    TessBaseAPIInit5(l->api, l->data, (int)l->size, l->name, l->mode,
		NULL, 0, NULL, NULL, 0, 0) != 0) {
		TessBaseAPIDelete(l->api);
		l->api = NULL;
	}
	(void)munmap(l->data, l->size);
	l->data = NULL;
	return l->api;
}

static void
drop_later(struct later *l)
{
	if (l->api != NULL)
		TessBaseAPIDelete(l->api);
	if (l->data != NULL)
		(void)munmap(l->data, l->size);
	l->api = NULL;
	l->data = NULL;
}

/* At the parent's exit: Tesseract complains of models that are still open. */
static void
cool(void)
{
	size_t i, k;

	for (i = 0; i < sets_count; i++) {
		if (sets[i].all != NULL && sets[i].all != sets[i].one[0])
			TessBaseAPIDelete(sets[i].all);
		for (k = 0; k < SL_OCR_TOGETHER_MAX; k++)
			if (sets[i].one[k] != NULL)
				TessBaseAPIDelete(sets[i].one[k]);
		free(sets[i].name);
		sets[i] = (struct sl_ocr_models){0};
	}
	sets_count = 0;
	drop_later(&osd);
	drop_later(&fraktur);
}

enum sl_rc
sl_ocr_models_load(const char *names, struct sl_err *err)
{
	enum sl_rc rc = load_sets(names, err);

	if (rc == SL_OK)
		map_later(&osd);
	if (rc == SL_OK && osd.data == NULL)
		rc = sl_err_set(err, SL_FATAL, 0, "ocr_language",
		    "tesseract has no model for \"osd\"");
	if (rc == SL_OK)
		map_later(&fraktur);
	/* After Tesseract's own, so that it runs before them. */
	(void)atexit(cool);
	return rc;
}

const struct sl_ocr_models *
sl_ocr_models_find(struct sl_slice name, bool *ret_known)
{
	size_t i;

	*ret_known = true;
	for (i = 0; i < sets_count; i++)
		if (name.n == 0 || sl_slice_eq(name, sets[i].name))
			return &sets[i];
	*ret_known = false;
	return &sets[0];
}

const struct sl_ocr_models *
sl_ocr_models_at(size_t i)
{
	return i < sets_count ? &sets[i] : NULL;
}

TessBaseAPI *
sl_ocr_models_osd(void)
{
	return load_later(&osd);
}

TessBaseAPI *
sl_ocr_models_fraktur(void)
{
	return load_later(&fraktur);
}

/* The place of a model in the set, SL_OCR_TOGETHER_MAX if it is not there. */
static size_t
place_in(const struct sl_ocr_models *m, const char *model)
{
	const char *at = m->name;
	size_t n, i;

	for (i = 0; *at != '\0'; at += n + (at[n] == '+'), i++) {
		n = strcspn(at, "+");
		if (n == strlen(model) && strncmp(at, model, n) == 0)
			return i;
	}
	return SL_OCR_TOGETHER_MAX;
}

TessBaseAPI *
sl_ocr_models_for(const struct sl_ocr_models *m, const char *language)
{
	size_t i, k;

	for (i = 0; i < sizeof(models_of) / sizeof(models_of[0]); i++) {
		if (strcmp(models_of[i].language, language) != 0)
			continue;
		k = place_in(m, models_of[i].model);
		return k < SL_OCR_TOGETHER_MAX ? m->one[k] : NULL;
	}
	return NULL;
}
