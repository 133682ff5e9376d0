/*
 * Packages that are closed with a password.
 */
#ifndef READERS_OFFICE_CRYPT_H
#define READERS_OFFICE_CRYPT_H

#include "office.h"

/* d->ole holds one: opens it with a password of the tenant's into d->clear and
 * d->clear_host; the OLE2 file is closed then. ENCRYPTED: none fits, or it is
 * of a kind that is not opened. */
int crypt_open(struct sluse_doc *d);
/* In the parent: what is fetched later, behind the walls, is there. */
bool crypt_warm(void);

#endif
