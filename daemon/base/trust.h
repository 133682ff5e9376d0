/*
 * The tenant's list of certificates that digital signatures must lead to: a
 * file of PEM text. It travels to a task as a descriptor, and is read only
 * where something is signed.
 */
#ifndef SL_BASE_TRUST_H
#define SL_BASE_TRUST_H

#include <stddef.h>

#include "err.h"

#define SL_TRUST_BYTES ((size_t)4 << 20)

/* The file, open for reading; *ret_fd is -1 and the result SL_OK if path is
 * empty. SL_REJECT: it cannot be had, is no plain file, too large, or holds no
 * certificate. */
enum sl_rc sl_trust_open(const char *path, int *ret_fd, struct sl_err *err);

#endif
