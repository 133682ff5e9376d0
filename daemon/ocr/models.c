/*
 * FAILURES: Tesseract goes on without a language of a set that it cannot load;
 * here that is an error, for who asked for Sámi wants to know.
 */
#include "models.h"

#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"

#define SETS_MAX 8
/* Debian's tesseract-ocr-frk. */
#define FRAKTUR "frk"

static struct sl_ocr_models sets[SETS_MAX];
static size_t sets_count;
static TessBaseAPI *osd, *fraktur;

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
load(const char *name, TessOcrEngineMode mode)
{
	TessBaseAPI *api = TessBaseAPICreate();

	if (api == NULL)
		return NULL;
	if (TessBaseAPIInit2(api, NULL, name, mode) == 0 &&
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
		s->one[i] = load(name, OEM_LSTM_ONLY);
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
	s->all = s->one[1] == NULL ? s->one[0] : load(name, OEM_LSTM_ONLY);
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

/* Tesseract would complain of one that is not there. */
static bool
installed(TessBaseAPI *api, const char *name)
{
	char **all = TessBaseAPIGetAvailableLanguagesAsVector(api);
	bool found = false;
	size_t i;

	for (i = 0; all != NULL && all[i] != NULL; i++)
		found |= strcmp(all[i], name) == 0;
	if (all != NULL)
		TessDeleteTextArray(all);
	return found;
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
	if (osd != NULL)
		TessBaseAPIDelete(osd);
	if (fraktur != NULL)
		TessBaseAPIDelete(fraktur);
	osd = fraktur = NULL;
}

enum sl_rc
sl_ocr_models_load(const char *names, struct sl_err *err)
{
	enum sl_rc rc = load_sets(names, err);

	osd = load("osd", OEM_TESSERACT_ONLY);
	if (rc == SL_OK && osd == NULL)
		rc = sl_err_set(err, SL_FATAL, 0, "ocr_language",
		    "tesseract has no model for \"osd\"");
	if (rc == SL_OK && installed(osd, FRAKTUR))
		fraktur = load(FRAKTUR, OEM_LSTM_ONLY);
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
	return osd;
}

TessBaseAPI *
sl_ocr_models_fraktur(void)
{
	return fraktur;
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
