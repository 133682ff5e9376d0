/*
 * OpenDocument that is closed with a password.
 */
#ifndef READERS_OFFICE_ODFCRYPT_H
#define READERS_OFFICE_ODFCRYPT_H

#include "office.h"

/* d->zip is one: opens it with a password of the tenant's; d->zip is then the
 * clear package. ENCRYPTED: none fits, or it is of a kind that is not opened.
 * LIMIT: larger than is opened, or it asks for too much work. */
int odf_unlock(struct sluse_doc *d);
/* In the parent: what is fetched later, behind the walls, is there. */
bool odf_unlock_warm(void);

#endif
