/*
 * The command table, and a line of words against it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/log.h"
#include "../registry/registry.h"
#include "cli.h"

/* Options, one bit each. --root, --json and --help go with every command. */
#define BIT(n) (UINT64_C(1) << (n))
#define O_STAGE BIT(0)
#define O_DISPOSITION BIT(1)
#define O_QUEUE BIT(2)
#define O_WHY BIT(3)
#define O_CASE BIT(4)
#define O_CASES BIT(5)
#define O_LANGUAGE BIT(6)
#define O_OUTPUT BIT(7)
#define O_DEMO BIT(8)
#define O_ONCE BIT(9)
#define O_PROGRESS BIT(10)
#define O_ROOT BIT(11)
#define O_JSON BIT(12)
#define O_HELP BIT(13)
#define O_VERSION BIT(14)
#define O_CSV BIT(15)
#define O_RECURSE BIT(16)
#define O_PRONOM_ONLY BIT(17)
#define O_NEW_CASE BIT(18)
#define O_WITH BIT(19)
#define O_BREAK_GLASS BIT(20)
#define O_KIND BIT(21)
#define O_PERSON BIT(22)
#define O_FROM BIT(23)
#define O_TO BIT(24)
#define O_LIST BIT(25)
#define O_DENY BIT(26)
#define O_AGAINST BIT(27)
#define O_KEY BIT(28)
#define O_PAYLOADS BIT(29)
#define O_WITNESS BIT(30)
#define O_TSA BIT(31)
#define O_LOG_ONLY BIT(37)
#define O_ORIGINALS BIT(38)
/* What getopt_long knows it by: above all letters. */
#define NUMBER(bit) (256 + __builtin_ctzll(bit))
#define EVERYWHERE (O_ROOT | O_JSON | O_HELP | O_VERSION)

struct command {
	const char *name, *sub;
	int min, max; /* operands */
	uint64_t options, needed;
	int (*run)(const struct sl_cli *c);
	const char *usage, *help;
};

#define ANY 1000000
#define GLASS (O_BREAK_GLASS | O_WHY)
#define GLASS_USAGE "[--break-glass --why TEXT]"
static const struct command commands[] = {
    {"identify", NULL, 1, ANY, O_CSV | O_RECURSE | O_PRONOM_ONLY, 0,
	sl_cmd_identify, "[--csv] [-r] [--pronom-only] PATH...",
	"say what kind of files these are"},
    {"pronom", "import", 2, 2, O_OUTPUT, 0, sl_cmd_pronom_import,
	"[--output FILE] DROID.xml CONTAINER.xml",
	"make the table of formats from PRONOM's signature files"},
    {"read", NULL, 1, ANY, 0, 0, sl_cmd_read, "FILE...",
	"read their text, page by page"},
    {"try", NULL, 1, ANY, O_CASES, 0, sl_cmd_try, "[--cases FILE.csv] FILE...",
	"take them down the whole road as a dry run"},
    {"status", NULL, 0, 0, 0, 0, sl_cmd_status, "",
	"how much is where, and which programs are alive"},
    {"list", NULL, 0, 0, O_STAGE | O_DISPOSITION | O_QUEUE | GLASS, 0,
	sl_cmd_list, "[--stage S] [--disposition D] [--queue Q] " GLASS_USAGE,
	"list the post"},
    {"show", NULL, 1, ANY, GLASS, 0, sl_cmd_show, "ID... " GLASS_USAGE,
	"show one post"},
    {"explain", NULL, 1, ANY, GLASS, 0, sl_cmd_explain, "ID... " GLASS_USAGE,
	"why it is where it is: evidence and events"},
    {"age", NULL, 0, 0, 0, 0, sl_cmd_age, "",
	"what waits longest, per queue and target"},
    {"hold", NULL, 1, ANY, O_WHY, O_WHY, sl_cmd_hold, "ID... --why TEXT",
	"put it on hold"},
    {"release", NULL, 1, ANY, O_WHY, O_WHY, sl_cmd_release, "ID... --why TEXT",
	"let it go on"},
    {"retry", NULL, 1, ANY, O_WHY, O_WHY, sl_cmd_retry, "ID... --why TEXT",
	"try the gate again"},
    {"reject", NULL, 1, ANY, O_WHY, O_WHY, sl_cmd_reject, "ID... --why TEXT",
	"end it here; the original is kept"},
    {"assign", NULL, 1, ANY, O_WHY | O_CASE | O_NEW_CASE | O_WITH, 0,
	sl_cmd_assign,
	"ID... --case N | --new-case TITLE | --with ID [--why TEXT]",
	"decide which case it belongs to"},
    {"approve", NULL, 0, 1, O_LIST | O_DENY | O_WHY, 0, sl_cmd_approve,
	"--list | REQUEST [--deny] [--why TEXT]",
	"be the second person for what another asked for"},
    {"deviation", NULL, 1, 1, O_KIND | O_WHY, O_KIND | O_WHY, sl_cmd_deviation,
	"ID --kind wrong_case|wrong_tenant|disclosed --why TEXT",
	"note in the sporingslogg what went wrong with it (avvik)"},
    {"scan", "sign", 0, 0, O_QUEUE | O_FROM | O_TO | O_WHY,
	O_QUEUE | O_FROM | O_WHY, sl_cmd_scan_sign,
	"--queue Q --from DAY [--to DAY] --why TEXT",
	"sign that the pictures of scanned paper are good"},
    {"cases", "import", 1, 1, 0, 0, sl_cmd_cases_import, "FILE.csv",
	"make the cases of a list known"},
    {"cases", "list", 0, 0, GLASS, 0, sl_cmd_cases_list, GLASS_USAGE,
	"list the known cases"},
    {"journal", "list", 0, 1, O_PERSON | O_FROM | O_TO | O_KIND | GLASS, 0,
	sl_cmd_journal_list,
	"[ID] [--person P] [--from DAY] [--to DAY] [--kind EVENT] " GLASS_USAGE,
	"list the sporingslogg"},
    {"journal", "verify", 0, 1,
	O_AGAINST | O_KEY | O_WITNESS | O_TSA | O_LOG_ONLY | O_ORIGINALS, 0,
	sl_cmd_journal_verify,
	"[--key KEY ...] [--against HEAD] [--witness KEY] [--tsa FILE] "
	"[--log-only] [--originals] [DIR | FILE]",
	"show that the sporingslogg, an export or a proof is whole"},
    {"journal", "export", 1, 1, O_PAYLOADS, 0, sl_cmd_journal_export,
	"[--payloads] DIR", "write it as files that anybody can verify"},
    {"journal", "prove", 1, 1, O_KIND | O_OUTPUT | O_PAYLOADS, 0,
	sl_cmd_journal_prove,
	"[--kind EVENT] [--payloads] [--output FILE] SEQUENCE|ID",
	"write a proof that an event stands in it"},
    {"journal", "consistency", 1, 2, O_OUTPUT, 0, sl_cmd_journal_consistency,
	"[--output FILE] OLD [NEW]",
	"write a proof that an earlier head is the beginning of a later"},
    {"journal", "erase", 1, 1, O_WHY, O_WHY, sl_cmd_journal_erase,
	"SEQUENCE|ID --why TEXT",
	"erase the content of a post, or what one event holds"},
    {"journal", "new-key", 0, 0, O_WHY, O_WHY, sl_cmd_journal_new_key,
	"--why TEXT", "sign with a fresh key from now on"},
    {"journal", "accept", 0, 0, O_WHY, O_WHY, sl_cmd_journal_accept,
	"--why TEXT", "go on with a sporingslogg that was put back"},
    {"report", NULL, 0, ANY, 0, 0, sl_cmd_report, "NAME ...",
	"a report for archivists and auditors; see sluse report --help"},
    {"depot", NULL, 0, ANY, 0, 0, sl_cmd_depot, "COMMAND ...",
	"packages for an archive depot, journals; see sluse depot --help"},
    {"stop-in", NULL, 0, 0, O_WHY, 0, sl_cmd_stop_in, "[--why TEXT]",
	"claim nothing new (steng inn)"},
    {"start-in", NULL, 0, 0, O_WHY, 0, sl_cmd_start_in, "[--why TEXT]",
	"claim again"},
    {"stop-out", NULL, 0, 0, O_WHY, 0, sl_cmd_stop_out, "[--why TEXT]",
	"deliver nothing (steng ut)"},
    {"start-out", NULL, 0, 0, O_WHY, 0, sl_cmd_start_out, "[--why TEXT]",
	"deliver again"},
    {"init", NULL, 1, 1, O_DEMO | O_LANGUAGE, 0, sl_cmd_init,
	"DIR [--demo] [--language nb|en]", "make an instance"},
    {"run", NULL, 1, 1, O_ONCE | O_PROGRESS, 0, sl_cmd_run,
	"DIR [--once] [--progress]",
	"start its programs and keep them running"},
    {"config", "check", 0, 1, 0, 0, sl_cmd_config_check, "[FILE]",
	"check the configuration"},
    {"config", "show", 0, 1, 0, 0, sl_cmd_config_show, "[FILE]",
	"the values in force"},
    {"config", "manual", 0, 0, 0, 0, sl_cmd_config_manual, "",
	"every key, for sluse.conf(5)"},
    {"config", "schema", 0, 0, 0, 0, sl_cmd_config_schema, "",
	"every key as a JSON Schema"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct option options[] = {
    {"stage", required_argument, NULL, NUMBER(O_STAGE)},
    {"disposition", required_argument, NULL, NUMBER(O_DISPOSITION)},
    {"queue", required_argument, NULL, NUMBER(O_QUEUE)},
    {"why", required_argument, NULL, NUMBER(O_WHY)},
    {"case", required_argument, NULL, NUMBER(O_CASE)},
    {"cases", required_argument, NULL, NUMBER(O_CASES)},
    {"new-case", required_argument, NULL, NUMBER(O_NEW_CASE)},
    {"with", required_argument, NULL, NUMBER(O_WITH)},
    {"language", required_argument, NULL, NUMBER(O_LANGUAGE)},
    {"output", required_argument, NULL, NUMBER(O_OUTPUT)},
    {"kind", required_argument, NULL, NUMBER(O_KIND)},
    {"person", required_argument, NULL, NUMBER(O_PERSON)},
    {"from", required_argument, NULL, NUMBER(O_FROM)},
    {"to", required_argument, NULL, NUMBER(O_TO)},
    {"break-glass", no_argument, NULL, NUMBER(O_BREAK_GLASS)},
    {"list", no_argument, NULL, NUMBER(O_LIST)},
    {"deny", no_argument, NULL, NUMBER(O_DENY)},
    {"against", required_argument, NULL, NUMBER(O_AGAINST)},
    {"key", required_argument, NULL, NUMBER(O_KEY)},
    {"witness", required_argument, NULL, NUMBER(O_WITNESS)},
    {"tsa", required_argument, NULL, NUMBER(O_TSA)},
    {"log-only", no_argument, NULL, NUMBER(O_LOG_ONLY)},
    {"originals", no_argument, NULL, NUMBER(O_ORIGINALS)},
    {"payloads", no_argument, NULL, NUMBER(O_PAYLOADS)},
    {"demo", no_argument, NULL, NUMBER(O_DEMO)},
    {"once", no_argument, NULL, NUMBER(O_ONCE)},
    {"progress", no_argument, NULL, NUMBER(O_PROGRESS)},
    {"csv", no_argument, NULL, NUMBER(O_CSV)},
    {"recurse", no_argument, NULL, NUMBER(O_RECURSE)},
    {"pronom-only", no_argument, NULL, NUMBER(O_PRONOM_ONLY)},
    {"root", required_argument, NULL, NUMBER(O_ROOT)},
    {"json", no_argument, NULL, NUMBER(O_JSON)},
    {"help", no_argument, NULL, NUMBER(O_HELP)},
    {"version", no_argument, NULL, NUMBER(O_VERSION)},
    {NULL, 0, NULL, 0},
};

static const char *
option_name(uint64_t bit)
{
	const struct option *o;

	for (o = options; o->name != NULL; o++)
		if (o->val == NUMBER(bit))
			return o->name;
	return "?";
}

static void
print_command(FILE *f, const struct command *c)
{
	(void)fprintf(f, "  %s%s%s %s\n        %s\n", c->name,
	    c->sub != NULL ? " " : "", c->sub != NULL ? c->sub : "", c->usage,
	    c->help);
}

static void
print_help(FILE *f, const char *name)
{
	size_t i;

	(void)fputs("Usage: sluse [--root DIR] [--json] COMMAND ...\n\n", f);
	for (i = 0; i < COMMANDS; i++)
		if (name == NULL || strcmp(commands[i].name, name) == 0)
			print_command(f, &commands[i]);
	(void)fputs("\n  --root DIR   the instance; default $SLUSE_ROOT "
		    "or " SL_OPTION_ROOT "\n"
		    "  --json       one JSON object a line\n"
		    "  --help       this, or for one command\n"
		    "  --version\n\n"
		    "Exit status: 0 ok, 1 found something wrong, 2 usage, "
		    "3 no instance or not running,\n"
		    "4 refused, 5 bad input file, 6 internal fault. "
		    "Manual: sluse(1).\n",
	    f);
}

static void
take_option(struct sl_cli *c, uint64_t bit, const char *value)
{
	const char **to[] = {&c->stage, &c->disposition, &c->queue, &c->why,
	    &c->case_number, &c->cases, &c->language, &c->output};
	const char **late[] = {&c->kind, &c->person, &c->from, &c->to};

	if (bit <= O_OUTPUT)
		*to[__builtin_ctzll(bit)] = value;
	if (bit >= O_KIND && bit <= O_TO)
		*late[__builtin_ctzll(bit / O_KIND)] = value;
	switch (bit) {
	case O_BREAK_GLASS:
		c->break_glass = true;
		break;
	case O_LIST:
		c->list = true;
		break;
	case O_DENY:
		c->deny = true;
		break;
	case O_DEMO:
		c->demo = true;
		break;
	case O_ONCE:
		c->once = true;
		break;
	case O_PROGRESS:
		c->progress = true;
		break;
	case O_ROOT:
		c->root = value;
		c->root_given = true;
		break;
	case O_CSV:
		c->csv = true;
		break;
	case O_PRONOM_ONLY:
		c->pronom_only = true;
		break;
	case O_RECURSE:
		c->recurse = true;
		break;
	case O_JSON:
		c->json = true;
		break;
	case O_NEW_CASE:
		c->new_case = value;
		break;
	case O_AGAINST:
		c->against = value;
		break;
	case O_KEY:
		if (c->keys < SL_CLI_KEYS_MAX)
			c->key[c->keys] = value;
		c->keys++;
		break;
	case O_WITNESS:
		c->witness = value;
		break;
	case O_TSA:
		c->tsa = value;
		break;
	case O_LOG_ONLY:
		c->log_only = true;
		break;
	case O_ORIGINALS:
		c->originals = true;
		break;
	case O_PAYLOADS:
		c->payloads = true;
		break;
	case O_WITH:
		c->with = value;
		break;
	default:
		break;
	}
}

/* Options out, operands left in c->arg. */
static enum sl_exit
take_line(struct sl_cli *c, int argc, char **argv, uint64_t *ret_seen)
{
	uint64_t bit;
	int n;

	while ((n = sl_option_or_say(argc, argv, "r", options)) > 0) {
		bit = n == 'r' ? O_RECURSE : BIT(n - NUMBER(1));
		take_option(c, bit, optarg);
		*ret_seen |= bit;
	}
	if (n < 0)
		return SL_EXIT_USAGE;
	c->arg = argv + optind;
	c->args = argc - optind;
	return SL_EXIT_OK;
}

static const struct command *
find_command(struct sl_cli *c)
{
	const struct command *k;
	bool group = false;
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		k = &commands[i];
		if (strcmp(k->name, c->arg[0]) != 0)
			continue;
		if (k->sub == NULL) {
			c->arg++;
			c->args--;
			return k;
		}
		group = true;
		if (c->args > 1 && strcmp(k->sub, c->arg[1]) == 0) {
			c->arg += 2;
			c->args -= 2;
			return k;
		}
	}
	(void)sl_say(SL_EXIT_USAGE,
	    group ? "%s: which of its commands? see sluse --help"
		  : "there is no command %s; see sluse --help",
	    c->arg[0]);
	return NULL;
}

static enum sl_exit
check_line(const struct command *k, const struct sl_cli *c, uint64_t seen)
{
	uint64_t odd = seen & ~(k->options | EVERYWHERE),
		 missing = k->needed & ~seen;

	if (odd != 0)
		return sl_say(SL_EXIT_USAGE, "%s does not take --%s", k->name,
		    option_name(odd & -odd));
	if (missing != 0)
		return sl_say(SL_EXIT_USAGE, "%s needs --%s", k->name,
		    option_name(missing & -missing));
	if ((seen & O_WHY) != 0 && strlen(c->why) < SL_WHY_MIN)
		return sl_say(SL_EXIT_USAGE, "%s takes " SL_WHY_SAID, k->name);
	if (c->args < k->min || c->args > k->max)
		return sl_say(SL_EXIT_USAGE, "usage: sluse %s%s%s %s", k->name,
		    k->sub != NULL ? " " : "", k->sub != NULL ? k->sub : "",
		    k->usage);
	return SL_EXIT_OK;
}

/* Whoever read it has seen enough: to end as any program does then. */
static void
end_with_reader(void)
{
	if (errno == EPIPE) {
		(void)signal(SIGPIPE, SIG_DFL);
		(void)raise(SIGPIPE);
	}
}

int
sl_cli_main(int argc, char **argv)
{
	struct sl_cli c = {.root = sl_option_root(NULL), .line = argv};
	const struct command *k;
	uint64_t seen = 0;
	int code;

	sl_log_open("sluse", SL_LOG_NOTICE);
	if (sl_cli_becomes(argc, argv) != NULL)
		return sl_cli_becomes(argc, argv)(&c);
	if (take_line(&c, argc, argv, &seen) != SL_EXIT_OK)
		return SL_EXIT_USAGE;
	if ((seen & O_VERSION) != 0) {
		(void)puts("sluse " SLUSE_VERSION);
		return SL_EXIT_OK;
	}
	if ((seen & O_HELP) != 0 || c.args == 0) {
		print_help((seen & O_HELP) != 0 ? stdout : stderr,
		    c.args > 0 ? c.arg[0] : NULL);
		return (seen & O_HELP) != 0 ? SL_EXIT_OK : SL_EXIT_USAGE;
	}
	k = find_command(&c);
	if (k == NULL || check_line(k, &c, seen) != SL_EXIT_OK)
		return SL_EXIT_USAGE;
	code = k->run(&c);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		end_with_reader();
		return sl_say(
		    SL_EXIT_INTERNAL, "cannot write: %s", strerror(errno));
	}
	return code;
}
