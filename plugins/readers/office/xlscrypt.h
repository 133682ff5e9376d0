/*
 * Workbooks before 2007 that are closed with a password.
 */
#ifndef READERS_OFFICE_XLSCRYPT_H
#define READERS_OFFICE_XLSCRYPT_H

#include "office.h"

/* The n bytes of p are a stream of BIFF8; at `at` lies what FilePass, of len
 * bytes, says. Makes clear in place what stands behind it. ENCRYPTED: no
 * password fits, or it is closed by another way; p is as it was. */
int xls_unlock(
    struct sluse_doc *d, uint8_t *p, size_t n, size_t at, size_t len);

#endif
