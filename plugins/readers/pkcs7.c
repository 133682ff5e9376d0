/*
 * Reader of PKCS#7 and CMS as a file of its own (.p7m): what lies in a signed
 * envelope comes out as a part, and the signature is checked. One that is
 * encrypted is told as such, and so is a message of PGP (.asc). A signature
 * beside its content (.p7s) is nothing to read.
 */
#include <stdlib.h>
#include <string.h>

#include "../reader.h"
#include "lib/cms.h"

#define NAME_MAX_BYTES 200
#define PGP "application/pgp-encrypted"

struct sluse_doc {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	uint8_t *der, *inner;
	size_t n, inner_n;
	unsigned told;
	struct sluse_sink *k; /* inside parts() */
};

static void
p7_close(struct sluse_doc *d)
{
	if (!d)
		return;
	free(d->der);
	free(d->inner);
	free(d);
}

static int
load(struct sluse_doc *d)
{
	uint64_t n = d->host->length(d->s);

	if (strcmp(d->host->mime(d->s), PGP) == 0)
		return SLUSE_READ_ENCRYPTED;
	if (n == 0 || n > CMS_BYTES_MAX)
		return SLUSE_READ_UNSUPPORTED;
	d->n = (size_t)n;
	d->der = malloc(d->n);
	if (!d->der)
		return SLUSE_READ_LIMIT;
	if (d->host->read_at(d->s, d->der, d->n, 0) != (int64_t)d->n)
		return SLUSE_READ_DAMAGED;
	switch (cms_kind(d->der, d->n)) {
	case CMS_KIND_ENVELOPED:
		return SLUSE_READ_ENCRYPTED;
	case CMS_KIND_SIGNED:
		d->inner = cms_inner(d->der, d->n, &d->inner_n);
		return d->inner ? SLUSE_READ_OK : SLUSE_READ_UNSUPPORTED;
	case CMS_KIND_OTHER:
		break;
	}
	return SLUSE_READ_UNSUPPORTED;
}

static int
p7_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_doc **ret)
{
	struct sluse_doc *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return SLUSE_READ_LIMIT;
	d->host = host;
	d->s = s;
	rc = load(d);
	if (rc == SLUSE_READ_OK)
		*ret = d;
	else
		p7_close(d);
	return rc;
}

static void
tell(void *arg, const struct signature *s)
{
	struct sluse_doc *d = arg;

	signed_tell(d->host, d->k, s, "CMS", ++d->told);
}

static bool
begins(const struct sluse_doc *d, const char *with)
{
	size_t n = strlen(with);

	return d->inner_n >= n &&
	       strncasecmp((const char *)d->inner, with, n) == 0;
}

/* "brev.pdf.p7m" without its ending; NULL if nothing is left. */
static const char *
inner_name(const struct sluse_doc *d, char *out, size_t cap)
{
	const char *name = d->host->name(d->s);
	size_t n = strlen(name);

	if (n > 4 && strcasecmp(name + n - 4, ".p7m") == 0)
		n -= 4;
	else
		return NULL;
	if (n >= cap)
		return NULL;
	memcpy(out, name, n);
	out[n] = '\0';
	return out;
}

static int
p7_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	struct sluse_part part = {
	    .size = sizeof(part), .role = SLUSE_PART_ATTACHMENT};
	struct cms_job j = {.der = d->der, .n = d->n};
	struct trust *trust = trust_load(d->host, d->s);
	char name[NAME_MAX_BYTES];

	d->k = k;
	j.trust = trust;
	cms_verify(&j, tell, d);
	trust_free(trust);
	if (d->host->limits && d->inner_n > d->host->limits->bytes_max)
		return SLUSE_READ_LIMIT;
	part.name = inner_name(d, name, sizeof(name));
	/* Of S/MIME that lost its message: headers and a body. */
	if (begins(d, "Content-") || begins(d, "MIME-Version:"))
		part.mime = "message/rfc822";
	if (d->host->part_begin(k, &part) != 0 ||
	    (d->inner_n > 0 &&
		d->host->part_write(k, d->inner, d->inner_n) != 0) ||
	    d->host->part_end(k) != 0)
		return SLUSE_READ_LIMIT;
	return SLUSE_READ_OK;
}

static int
p7_warm(const struct sluse_reader_host *host)
{
	(void)host;
	return cms_warm();
}

static const char *const p7_mimes[] = {
    "application/pkcs7-signature", "application/pkcs7-mime", PGP, NULL};

const struct sluse_reader sluse_reader = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "pkcs7",
    .version = "1 openssl " OPENSSL_VERSION_STR,
    .mimes = p7_mimes,
    .warm = p7_warm,
    .open = p7_open,
    .page_count = signed_page_count,
    .page = signed_page,
    .parts = p7_parts,
    .close = p7_close,
};
