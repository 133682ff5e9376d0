/*
 * The sidecar: sluse.json beside the post says where it belongs.
 *
 * Shape: schemas/sidecar.schema.json. It is believed whole or not at all.
 */
#ifndef SL_READ_SIDECAR_H
#define SL_READ_SIDECAR_H

#include <stdbool.h>

#include "../base/err.h"
#include "../wire/roles.h"

#define SL_SIDECAR_MAX ((size_t)64 << 10)

/* Is this the name of a sidecar: "sluse.json" or "<something>.sluse.json"? */
bool sl_sidecar_is(const char *name);

/* label = the member as it stood ("sender.name"); both live for the call. */
typedef void sl_sidecar_fn(
    void *arg, enum sl_field field, const char *value, const char *label);

/* In the parent: the JSON library draws its seed. */
void sl_sidecar_warm(void);
/* Checks all, then gives each field once. SL_HOLD with reason
 * "sidecar_invalid": not JSON, an unknown member, a wrong type or value;
 * nothing was given then. err->text names the member, never its value. */
enum sl_rc sl_sidecar_read(const char *json, size_t n, sl_sidecar_fn *fn,
    void *arg, struct sl_err *err);

#endif
