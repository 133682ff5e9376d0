/*
 * The inside of the host, shared by its files only: host.c and facts.c.
 */
#ifndef SL_READ_HOST_P_H
#define SL_READ_HOST_P_H

#include "host.h"

/* A limit was met: what the call of the reader is to return. */
int sl_host_met(struct sluse_sink *k, const char *slug);

/* Members of the table that readers see: plugins/reader.h. */
void sl_host_field(struct sluse_sink *k, const char *field, const char *value,
    const char *label, int confidence);
void sl_host_note(struct sluse_sink *k, const char *slug, const char *detail);
int sl_host_describes(struct sluse_sink *k, const char *kind, unsigned flags);
void sl_host_post(struct sluse_sink *k, uint32_t n);
int sl_host_named(struct sluse_sink *k, const struct sluse_named *n);

#endif
