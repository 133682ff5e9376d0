/*
 * Documents into the package: copied, hashed on the way, named by a number.
 *
 * FAILURES: a copy whose digest or length is another than the harvest's is
 * removed; the disk's failures end the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "extension.h"
#include "noark5.h"

#define CHUNK ((size_t)256 << 10)
#define PER_FOLDER 1000u

/* -- names -------------------------------------------------------------- */

/* The file's own ending where the format has it or has none, else the format's
 * first; "bin" where nothing is known. */
static void
choose_extension(
    const struct sl_unit *u, const struct sl_pronom_format *f, char *out)
{
	const char *own =
	    json_string_value(json_object_get(u->fields, "filnavn"));
	size_t n;

	sl_extension_of(own != NULL ? own : "", out);
	if (f != NULL && f->extensions[0] != '\0' &&
	    !sl_extension_in(f->extensions, out)) {
		n = strcspn(f->extensions, ",");
		if (n <= SL_EXTENSION_MAX) {
			memcpy(out, f->extensions, n);
			out[n] = '\0';
		}
	}
	if (out[0] == '\0')
		memcpy(out, "bin", 4);
}

/* The format as the core has it: a PRONOM identifier. */
static const struct sl_pronom_format *
take_format(struct sl_n5 *n, const struct sl_unit *u)
{
	const json_t *v = json_object_get(u->fields, "format");
	const char *s = json_is_object(v)
			    ? json_string_value(json_object_get(v, "kode"))
			    : json_string_value(v);
	const struct sl_pronom_format *f;

	n->format[0] = '\0';
	if (s == NULL || *s == '\0')
		return NULL;
	(void)sl_slice_copy(sl_slice_str(s), n->format, sizeof(n->format));
	f = n->pronom != NULL ? sl_pronom_find(n->pronom, s) : NULL;
	if (f == NULL)
		sl_dev_tell(&n->devs, SL_DEV_format, u, "format");
	else if (f->accepted[0] == '\0')
		sl_dev_tell(&n->devs, SL_DEV_godtatt, u, "format");
	return f;
}

/* -- copying ------------------------------------------------------------ */

static enum sl_rc
open_folder(struct sl_n5 *n, struct sl_err *err)
{
	char name[24];

	(void)snprintf(
	    name, sizeof(name), "%04" PRIu64, n->serial / PER_FOLDER);
	if (n->docs_sub >= 0 && n->serial % PER_FOLDER != 0)
		return SL_OK;
	if (n->docs_sub >= 0)
		(void)close(n->docs_sub);
	n->docs_sub = sl_make_dir(n->docs, name, 0755);
	if (n->docs_sub >= 0)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, errno, "disk_error",
	    "cannot make a folder of dokumenter");
}

/* SL_SKIP: the source cannot be read to its end. */
static enum sl_rc
copy(int from, int to, struct sl_digest *ret, uint64_t *ret_n,
    struct sl_err *err)
{
	SL_FREE char *p = sl_alloc(CHUNK);
	struct sl_sha256 *h = sl_sha256_new();
	enum sl_rc rc = SL_OK;
	ssize_t got;

	*ret_n = 0;
	while ((got = sl_read_full(from, p, CHUNK)) > 0) {
		sl_sha256_add(h, p, (size_t)got);
		*ret_n += (uint64_t)got;
		if (sl_write_full(to, p, (size_t)got) != 0) {
			rc = sl_err_set(err, SL_FATAL, errno, "disk_error",
			    "cannot write a document");
			break;
		}
	}
	sl_sha256_end(h, ret);
	return rc == SL_OK && got < 0 ? SL_SKIP : rc;
}

static enum sl_rc
copy_to(struct sl_n5 *n, const struct sl_unit *u, int from, const char *name,
    struct sl_err *err)
{
	SL_CLOSE int to = openat(
	    n->docs_sub, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct sl_digest d;
	uint64_t size;
	enum sl_rc rc;

	if (to < 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write a document");
	rc = copy(from, to, &d, &size, err);
	sl_digest_hex(&d, n->hex);
	if (rc == SL_OK &&
	    (size != u->size || strcasecmp(n->hex, u->sha256) != 0))
		rc = SL_SKIP;
	(void)snprintf(n->size, sizeof(n->size), "%" PRIu64, size);
	if (rc == SL_SKIP) {
		(void)unlinkat(n->docs_sub, name, 0);
		sl_dev_tell(
		    &n->devs, SL_DEV_fil_sum, u, "referanseDokumentfil");
	}
	return rc;
}

/* What the core says of the file against what it is. */
static void
compare_with_core(struct sl_n5 *n, const struct sl_unit *u)
{
	const json_t *size = json_object_get(u->fields, "filstoerrelse");
	const json_t *algo = json_object_get(u->fields, "sjekksumAlgoritme");
	const char *sum =
	    json_string_value(json_object_get(u->fields, "sjekksum"));
	const char *how = json_string_value(algo);

	if (json_is_integer(size) &&
	    (uint64_t)json_integer_value(size) != u->size)
		sl_dev_tell(&n->devs, SL_DEV_sjekksum, u, "filstoerrelse");
	/* Another algorithm's cannot be compared. */
	if (sum != NULL &&
	    (how == NULL || strcmp(how, "SHA-256") == 0 ||
		strcmp(how, "SHA256") == 0) &&
	    strcasecmp(sum, n->hex) != 0)
		sl_dev_tell(&n->devs, SL_DEV_sjekksum, u, "sjekksum");
}

enum sl_rc
sl_n5_document(struct sl_n5 *n, const struct sl_unit *u, struct sl_err *err)
{
	SL_CLOSE int from = -1;
	char name[40], extension[SL_EXTENSION_MAX + 1];
	enum sl_rc rc;

	if (*u->file != '\0')
		from = sl_harvest_file(&n->harvest, u);
	if (from < 0) {
		sl_dev_tell(
		    &n->devs, SL_DEV_fil_mangler, u, "referanseDokumentfil");
		return SL_SKIP;
	}
	choose_extension(u, take_format(n, u), extension);
	rc = open_folder(n, err);
	if (rc != SL_OK)
		return rc;
	(void)snprintf(
	    name, sizeof(name), "%07" PRIu64 ".%s", n->serial + 1, extension);
	(void)snprintf(n->path, sizeof(n->path), "dokumenter/%04" PRIu64 "/%s",
	    n->serial / PER_FOLDER, name);
	n->serial++;
	rc = copy_to(n, u, from, name, err);
	if (rc != SL_OK)
		return rc;
	n->documents++;
	compare_with_core(n, u);
	if (n->opt->extension)
		(void)snprintf(n->format, sizeof(n->format), "%s", extension);
	return SL_OK;
}
