/*
 * What the lists of Nasjonalarkivet accept, for documents that are shown:
 * looked up when it is asked, in the table of formats in force
 * (sluse-pronom(5)), since the lists change and the identifier of a file does
 * not.
 */
#ifndef SL_CLI_FORMATS_H
#define SL_CLI_FORMATS_H

#include <jansson.h>

#include "cli.h"

struct sl_pronom;

/* NULL if there is no table here: then nothing is said. The caller's. */
struct sl_pronom *sl_formats_open(const struct sl_cli *c);
/* Sets "accepted": ["2022", "2026"] in each of a row's documents that has one
 * identifier the table knows. */
void sl_formats_add(const struct sl_pronom *t, json_t *row);

#endif
