/*
 * What a configuration names outside of itself: connectors, secrets, keys, the
 * converter. Would the programs start with them?
 */
#ifndef SL_CLI_CHECKUP_H
#define SL_CLI_CHECKUP_H

#include <jansson.h>

#include "../config/config.h"
#include "cli.h"

/* Appends an object to faults for each thing that is wrong:
 * {"program":..,"text":..}. conf: the file that cfg was read from. *ret_blind:
 * the secrets could not be looked at by who asks. Starts our own programs, one
 * after the other, and waits for each; they end by themselves. */
enum sl_exit sl_checkup(const char *conf, const struct sl_config *cfg,
    json_t *faults, bool *ret_blind);

#endif
