/*
 * Embedded files. Non-OK results: enum sluse_read_rc, a limit of the host's.
 */
#ifndef READERS_OFFICE_PARTS_H
#define READERS_OFFICE_PARTS_H

#include "office.h"

int zip_parts(struct sluse_doc *d, struct sluse_sink *k);
int ole_parts(struct sluse_doc *d, struct sluse_sink *k);
int rtf_parts(struct sluse_doc *d, struct sluse_sink *k);

/* What an OLE object holds, out of its own container in memory: the file of a
 * Package or Ole10Native stream; else the object as it is. Non-zero: stop. */
int object_part(struct sluse_doc *d, struct sluse_sink *k, const char *name,
    const uint8_t *p, size_t n);
/* The same of one storage of an OLE2 file. *found: there was one. */
int storage_part(struct sluse_doc *d, struct sluse_sink *k, struct ole2 *o,
    uint32_t storage, bool *found);
int bytes_part(struct sluse_doc *d, struct sluse_sink *k, const char *name,
    const void *p, size_t n);

/* A letter of hardly any text may be scans pasted in: its large JPEG and PNG
 * pictures are pages to recognise. */
void pictures_find(struct sluse_doc *d);
int picture_page(
    struct sluse_doc *d, struct sluse_sink *k, zip_uint64_t member);

#endif
