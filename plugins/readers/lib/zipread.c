/*
 * SECURITY: no more of a member is inflated than its caller allows; sizes that
 * the zip claims only refuse, they take no memory by themselves.
 */
#include "zipread.h"

#include <stdlib.h>
#include <string.h>

static zip_int64_t
on_zip(void *arg, void *p, zip_uint64_t n, zip_source_cmd_t cmd)
{
	struct zipread *z = arg;
	int64_t got;

	switch ((int)cmd) {
	case ZIP_SOURCE_OPEN:
		z->at = 0;
		return 0;
	case ZIP_SOURCE_READ:
		got = z->host->read_at(z->s, p, (size_t)n, z->at);
		z->at += got > 0 ? (uint64_t)got : 0;
		return got;
	case ZIP_SOURCE_STAT:
		zip_stat_init(p);
		((zip_stat_t *)p)->size = z->host->length(z->s);
		((zip_stat_t *)p)->valid = ZIP_STAT_SIZE;
		return sizeof(zip_stat_t);
	case ZIP_SOURCE_SEEK: {
		zip_int64_t to = zip_source_seek_compute_offset(
		    z->at, z->host->length(z->s), p, n, NULL);

		if (to < 0)
			return -1;
		z->at = (uint64_t)to;
		return 0;
	}
	case ZIP_SOURCE_TELL:
		return (zip_int64_t)z->at;
	case ZIP_SOURCE_ERROR:
		memset(p, 0, 2 * sizeof(int));
		return 2 * sizeof(int);
	case ZIP_SOURCE_SUPPORTS:
		return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN,
		    ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
		    ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK,
		    ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
	default:
		return 0;
	}
}

int
zipread_open(struct zipread *z, zip_t **ret_zip)
{
	zip_error_t e;
	zip_source_t *src;
	int code;

	zip_error_init(&e);
	src = zip_source_function_create(on_zip, z, &e);
	*ret_zip = src ? zip_open_from_source(src, ZIP_RDONLY, &e) : NULL;
	code = zip_error_code_zip(&e);
	if (!*ret_zip && src)
		zip_source_free(src);
	zip_error_fini(&e);
	if (*ret_zip)
		return SLUSE_READ_OK;
	if (code == ZIP_ER_NOZIP)
		return SLUSE_READ_INCOMPLETE; /* the directory is at the end */
	return code == ZIP_ER_MEMORY ? SLUSE_READ_LIMIT : SLUSE_READ_DAMAGED;
}

uint8_t *
zipread_bytes(zip_t *zip, zip_uint64_t i, size_t max, size_t *ret_n)
{
	zip_stat_t st;
	zip_file_t *f;
	uint8_t *p;
	zip_int64_t got;
	size_t n = 0;

	if (zip_stat_index(zip, i, 0, &st) != 0 || st.size > max)
		return NULL;
	p = malloc((size_t)st.size + 1);
	f = p ? zip_fopen_index(zip, i, 0) : NULL;
	while (f && n < st.size && (got = zip_fread(f, p + n, st.size - n)) > 0)
		n += (size_t)got;
	if (!f) {
		free(p);
		return NULL;
	}
	(void)zip_fclose(f);
	*ret_n = n;
	return p;
}

int
zipread_part(const struct zipread *z, zip_t *zip, struct sluse_sink *k,
    zip_uint64_t i, struct sluse_part *part, zipread_fn *fn, void *arg)
{
	uint64_t max = z->host->limits ? z->host->limits->bytes_max : 0;
	zip_file_t *f = zip_fopen_index(zip, i, 0);
	zip_int64_t n;
	uint64_t sum = 0;
	char b[16384];
	int rc;

	if (!f) {
		part->role = SLUSE_PART_SKIPPED;
		z->host->note(k, "part_damaged", NULL);
	}
	rc = z->host->part_begin(k, part);
	while (!rc && f && (n = zip_fread(f, b, sizeof(b))) != 0) {
		if (n < 0) {
			z->host->note(k, "part_damaged", NULL);
			break;
		}
		if (fn)
			fn(arg, b, (size_t)n);
		sum += (uint64_t)n;
		rc = (max && sum > max) || z->host->part_write(k, b, (size_t)n);
	}
	if (!rc)
		rc = z->host->part_end(k);
	if (f)
		(void)zip_fclose(f);
	return rc;
}
