/*
 * Loading a connector: one shared object, checked before it runs a line.
 */
#ifndef SL_PUSH_PLUGINS_H
#define SL_PUSH_PLUGINS_H

#include <stdbool.h>

#include "../../plugins/connector.h"
#include "../base/err.h"

/* Can it harvest? */
bool sl_plugin_harvests(const struct sluse_connector *c);
/* NAME.so from $SLUSE_PLUGINS/connectors if that is set, else from
 * ../plugins/connectors beside the program, else from the library folder.
 * Never unloaded. SL_FATAL, reason "plugin_invalid". */
enum sl_rc sl_plugin_load(
    const char *name, const struct sluse_connector **ret, struct sl_err *err);

#endif
