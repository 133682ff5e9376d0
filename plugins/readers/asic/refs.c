#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asic.h"

int
hash_by_uri(const char *algorithm)
{
	/* Difi's own library writes #sha256 of xmldsig, which there is not. */
	static const char *const spaces[] = {
	    "http://www.w3.org/2000/09/xmldsig#",
	    "http://www.w3.org/2001/04/xmlenc#",
	    "http://www.w3.org/2001/04/xmldsig-more#"};
	static const char *const names[HASHES] = {[HASH_SHA1] = "sha1",
	    [HASH_SHA256] = "sha256",
	    [HASH_SHA384] = "sha384",
	    [HASH_SHA512] = "sha512"};
	size_t i, n;
	int k;

	for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		n = strlen(spaces[i]);
		if (strncmp(algorithm, spaces[i], n) != 0)
			continue;
		for (k = 0; k < HASHES; k++)
			if (strcmp(algorithm + n, names[k]) == 0)
				return k;
	}
	return -1;
}

const EVP_MD *
hash_md(int hash)
{
	switch (hash) {
	case HASH_SHA1:
		return EVP_sha1();
	case HASH_SHA256:
		return EVP_sha256();
	case HASH_SHA384:
		return EVP_sha384();
	case HASH_SHA512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

size_t
hash_size(int hash)
{
	const EVP_MD *md = hash_md(hash);

	return md ? (size_t)EVP_MD_get_size(md) : 0;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "./a%20b" to "a b", in place. */
static const char *
decode(char *s)
{
	char *o = s;
	const char *p;

	for (p = s; *p; p++) {
		if (*p == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0 &&
		    (hex(p[1]) | hex(p[2])) != 0) {
			*o++ = (char)(hex(p[1]) << 4 | hex(p[2]));
			p += 2;
		} else {
			*o++ = *p;
		}
	}
	*o = '\0';
	if (strncmp(s, "./", 2) == 0)
		return s + 2;
	return *s == '/' ? s + 1 : s;
}

static struct member *
by_name(struct sluse_doc *d, const char *name, bool *ret_twice)
{
	struct member *found = NULL;
	unsigned i;

	for (i = 0; i < d->count; i++) {
		if (strcmp(d->member[i].name, name) != 0)
			continue;
		*ret_twice = found != NULL;
		if (found)
			break;
		found = &d->member[i];
	}
	return found;
}

struct member *
member_named(struct sluse_doc *d, const char *uri, bool *ret_twice)
{
	struct member *m;
	char *copy;

	*ret_twice = false;
	m = by_name(d, uri, ret_twice);
	if (m || !(copy = strdup(uri)))
		return m;
	m = by_name(d, decode(copy), ret_twice);
	free(copy);
	return m;
}

static void
note_file(struct sluse_doc *d, const char *slug, const char *kind,
    const struct member *m)
{
	char detail[96];

	if (++d->file_notes > ASIC_FILE_NOTES)
		return;
	if (m)
		(void)snprintf(detail, sizeof(detail),
		    "%s signature %u: file %u of %u", kind, d->told + 1,
		    (unsigned)(m - d->member) + 1, d->count);
	else
		(void)snprintf(detail, sizeof(detail), "%s signature %u", kind,
		    d->told + 1);
	d->host->note(d->k, slug, detail);
}

void
ref_check(struct sluse_doc *d, const char *kind, const char *uri, int hash,
    const uint8_t *digest, size_t n, struct tally *t)
{
	bool twice;
	struct member *m;

	t->files++;
	t->sha1 |= hash == HASH_SHA1;
	if (++d->refs > ASIC_REFS_MAX) {
		t->unknown++;
		return;
	}
	m = member_named(d, uri, &twice);
	if (m)
		m->named = true;
	if (!m) {
		t->missing++;
		note_file(d, "signed_file_missing", kind, NULL);
	} else if (hash < 0 || !digest || !m->hashed) {
		t->unknown++;
	} else if (twice || n != hash_size(hash) ||
		   memcmp(digest, m->hash[hash], n) != 0) {
		t->changed++;
		note_file(d, "signed_file_changed", kind, m);
	}
}

void
ref_apply(struct signature *s, const struct tally *t)
{
	if (t->sha1)
		signed_add_weak(s, "sha1");
	if (s->state != SIGNED_INTACT)
		return;
	if (t->changed > 0 || t->missing > 0) {
		s->state = SIGNED_CHANGED;
		s->why = t->changed > 0 ? "a file is not what was signed"
					: "a file is missing";
	} else if (t->unknown > 0) {
		s->state = SIGNED_UNKNOWN;
		s->why = "a digest could not be checked";
	} else if (t->files == 0) {
		s->state = SIGNED_UNKNOWN;
		s->why = "it names no file";
	}
}

bool
asic_full(struct sluse_doc *d)
{
	if (d->told < SIGNED_MAX)
		return false;
	d->told = SIGNED_MAX + 1;
	return true;
}

void
asic_tell(struct sluse_doc *d, const struct signature *s, const char *kind)
{
	if (++d->told <= SIGNED_MAX)
		signed_tell(d->host, d->k, s, kind, d->told);
}
