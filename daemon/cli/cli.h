/*
 * The command line: what was asked, and the commands.
 *
 * A command takes the parsed line and ends with one of the exit codes, the
 * same for every command (sluse(1) has the table). Results go to standard
 * output, everything else to standard error.
 */
#ifndef SL_CLI_CLI_H
#define SL_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>

#include "../base/err.h"
#include "../options/options.h"
#include "../store/store.h"

#define SL_CLI_KEYS_MAX 16

struct sl_cli {
	const char *root; /* of the instance */
	bool root_given;
	bool json, csv, recurse, pronom_only, demo, once, progress, payloads,
	    log_only, originals;
	const char *stage, *disposition, *queue, *why, *case_number, *cases,
	    *language, *output, *new_case, *with, *kind, *person, *from, *to,
	    *against, *witness, *tsa;
	const char *key[SL_CLI_KEYS_MAX]; /* --key, as often as it is given */
	int keys; /* may be more than fit */
	bool break_glass, list, deny;
	char **line; /* the whole of it */
	char **arg; /* operands */
	int args;
};

/* main() of sluse. */
int sl_cli_main(int argc, char **argv);

/* -- for the commands ------------------------------------------------------ */
/* sl_say() of a failed call, with the code that fits it. */
enum sl_exit sl_cli_fail(const struct sl_err *err);
/* Prints o as one line; takes nothing over. */
void sl_cli_json(const json_t *o);
/* The instance's database read-only; *ret is the caller's. */
enum sl_exit sl_cli_store(const struct sl_cli *c, struct sl_store **ret);
/* The folder the other programs lie in: SLUSE_LIBEXEC or our own. */
enum sl_exit sl_cli_libexec(char *out, size_t cap);

/* For what runs without an instance: its configuration if one was named (and
 * its table of formats), else the defaults. The caller's. */
struct sl_config;
enum sl_exit sl_cli_config(const struct sl_cli *c, struct sl_config **ret);

/* -- commands -----------------------------------------------------------------
 */
int sl_cmd_identify(const struct sl_cli *c);
int sl_cmd_pronom_import(const struct sl_cli *c);
int sl_cmd_read(const struct sl_cli *c);
int sl_cmd_try(const struct sl_cli *c);
int sl_cmd_status(const struct sl_cli *c);
int sl_cmd_list(const struct sl_cli *c);
int sl_cmd_show(const struct sl_cli *c);
int sl_cmd_explain(const struct sl_cli *c);
int sl_cmd_age(const struct sl_cli *c);
int sl_cmd_journal_list(const struct sl_cli *c);
int sl_cmd_journal_verify(const struct sl_cli *c);
int sl_cmd_journal_export(const struct sl_cli *c);
int sl_cmd_journal_prove(const struct sl_cli *c);
int sl_cmd_journal_consistency(const struct sl_cli *c);
int sl_cmd_journal_erase(const struct sl_cli *c);
int sl_cmd_journal_accept(const struct sl_cli *c);
int sl_cmd_journal_new_key(const struct sl_cli *c);
int sl_cmd_cases_list(const struct sl_cli *c);
int sl_cmd_cases_import(const struct sl_cli *c);
int sl_cmd_hold(const struct sl_cli *c);
int sl_cmd_release(const struct sl_cli *c);
int sl_cmd_retry(const struct sl_cli *c);
int sl_cmd_reject(const struct sl_cli *c);
int sl_cmd_assign(const struct sl_cli *c);
int sl_cmd_approve(const struct sl_cli *c);
int sl_cmd_approvals(const struct sl_cli *c);
int sl_cmd_deviation(const struct sl_cli *c);
int sl_cmd_scan_sign(const struct sl_cli *c);
int sl_cmd_stop_in(const struct sl_cli *c);
int sl_cmd_start_in(const struct sl_cli *c);
int sl_cmd_stop_out(const struct sl_cli *c);
int sl_cmd_start_out(const struct sl_cli *c);
int sl_cmd_init(const struct sl_cli *c);
int sl_cmd_run(const struct sl_cli *c);
int sl_cmd_report(const struct sl_cli *c);
int sl_cmd_depot(const struct sl_cli *c);
/* The command, if it is one that takes options of its own; else NULL. */
typedef int sl_cmd_fn(const struct sl_cli *c);
sl_cmd_fn *sl_cli_becomes(int argc, char **argv);
int sl_cmd_config_check(const struct sl_cli *c);
int sl_cmd_config_show(const struct sl_cli *c);
int sl_cmd_config_manual(const struct sl_cli *c);
int sl_cmd_config_schema(const struct sl_cli *c);

#endif
