/*
 * Watching an instance from outside, for `sluse run`: the progress line, "is
 * all quiet?", and the summary. Reads the database and looks into the inlets.
 */
#ifndef SL_CLI_PROGRESS_H
#define SL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "../config/config.h"

struct sl_watch_run;

/* cfg and root outlive it. show: print the progress. */
struct sl_watch_run *sl_watch_run_new(
    const char *root, const struct sl_config *cfg, bool show);
void sl_watch_run_free(struct sl_watch_run *w);
/* One look, twice a second. True when nothing has been under way for some
 * looks in a row. */
bool sl_watch_run_look(struct sl_watch_run *w);
/* True once for each time that something was done and all is quiet again, and
 * the first time. */
bool sl_watch_run_news(struct sl_watch_run *w);
/* What came of everything received since it was made. */
void sl_watch_run_summary(struct sl_watch_run *w);

#endif
