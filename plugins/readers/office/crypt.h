/*
 * Packages that are closed with a password.
 */
#ifndef READERS_OFFICE_CRYPT_H
#define READERS_OFFICE_CRYPT_H

#include "office.h"

#define BLOB_MAX 128u
#define CRYPT_WORD_MAX 510u /* bytes of a password in UTF-16 */

struct blob {
	uint8_t b[BLOB_MAX];
	uint32_t n;
};

/* False: none, empty or too long. */
bool crypt_base64(const char *s, struct blob *ret);
/* UTF-8 to UTF-16, at most CRYPT_WORD_MAX bytes; 0 if it is none, or too long.
 */
size_t crypt_utf16(const char *s, uint8_t *out);
/* p is d's from here on: what is read of d->clear_host. */
void crypt_opened(struct sluse_doc *d, uint8_t *p, uint64_t n);

/* d->ole holds one: opens it with a password of the tenant's into d->clear and
 * d->clear_host; the OLE2 file is closed then. ENCRYPTED: none fits, or it is
 * of a kind that is not opened. */
int crypt_open(struct sluse_doc *d);
/* In the parent: what is fetched later, behind the walls, is there. */
bool crypt_warm(void);

#endif
