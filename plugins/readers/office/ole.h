/*
 * The binary formats. Each fills d->text; enum sluse_read_rc.
 */
#ifndef READERS_OFFICE_OLE_H
#define READERS_OFFICE_OLE_H

#include "office.h"

#define STREAM_MAX ((size_t)128 << 20)

/* A whole stream, at most STREAM_MAX; free. NULL if it is empty or too long. */
uint8_t *stream_load(struct sluse_doc *d, uint32_t stream, size_t *ret);

int doc_open(struct sluse_doc *d, uint32_t stream);
int xls_open(struct sluse_doc *d, uint32_t stream);
int ppt_open(struct sluse_doc *d, uint32_t stream);

#endif
