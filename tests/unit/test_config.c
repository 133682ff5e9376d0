/*
 * sluse.conf: good and bad files, ranges, what is derived, and the texts that
 * come from the rows.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/file.h"
#include "../../daemon/config/config.h"
#include "../../daemon/config/rows.h"
#include "test.h"

static struct sl_err err;

static struct sl_config *
parse(const char *text)
{
	struct sl_config *c = NULL;

	memset(&err, 0, sizeof(err));
	if (sl_config_parse("f", text, strlen(text), &c, &err) != SL_OK)
		return NULL;
	return c;
}

#define TARGET "[target t]\nconnector = webhook\n"
#define WITNESS "[witness w]\nurl = https://w.example/\nvkey = w+1+x\n"
#define TSA "[tsa t]\nurl = http://t.example/\ntrust = t.pem\n"

/* text, and what the message must hold ("" = the file is good). */
static const struct {
	const char *text, *message;
} files[] = {
    {"", ""},
    {"\n# only\n  # comments\n", ""},
    {"\xEF\xBB\xBF[instance]\r\nname = Lillevik\r\n", ""},
    {"[instance]\nname = a = b # not a comment\n", ""},
    {"[instance]\nname =\n", "f:2: name: \"\": may not be empty"},
    {"[instance]\nsettel = 5s\n",
	"f:2: unknown key \"settel\" in [instance]; nearest is \"settle\""},
    {"[instance]\n\n\nholdlimit = 1d\n", "f:4: unknown key"},
    {"[instance]\nholdlimit = 1d\n", "nearest is \"held_limit\""},
    {"[limits]\nsettle = 5s\n", "it belongs in [instance]"},
    {"[instance]\nsettle = 5s\nsettle = 6s\n",
	"f:3: \"settle\" is set already on line 2"},
    {"[instance]\nsettle = 5\n", "expected a duration"},
    {"[instance]\nsettle = 5 s\n", ""},
    {"[instance]\nsettle = 0\n", ""},
    {"[instance]\nsettle = 5m\n", "expected a duration"},
    {"[instance]\nsettle = -1s\n", "expected a duration"},
    {"[instance]\nsettle = 2h\n", "out of range 0 to 1h"},
    {"[instance]\nsettle = 99999999999999999999s\n",
	"f:2: settle: \"99999999999999999999s\": too large: out of range 0 to "
	"1h"},
    {"[instance]\nsettle = 9999999999999999999s\n",
	"too large: out of range 0 to 1h"},
    {"[limits]\ninput_max = 99999999999G\n", "too large: out of range "},
    {"[limits]\ninput_max = 99999999999Q\n", "expected bytes"},
    {"[limits]\ninput_max = 99999999999999999999999999999999 G\n", "too large"},
    {"[ocr]\npages_max = 99999999999999999999\n", "too large"},
    {"[instance]\ndistribution_case = tull\n",
	"distribution_case is no case number, such as 2026/1"},
    {"[instance]\ndistribution_case = 2026/1\n", ""},
    {"[instance]\ndistribution_case = S-14\n", ""},
    {"[queue a]\ndistribution_case = tull\n",
	"[queue a]: distribution_case is no case number"},
    {"[instance]\nfree_space_min = 10\n", ""},
    {"[instance]\nfree_space_min = 10Q\n", "expected bytes"},
    {"[instance]\nactive_max = 1.5\n", "expected a whole number"},
    {"[instance]\nactive_max = 2k\n", ""},
    {"[instance]\nlanguage = nn\n", "expected one of nb|en"},
    {"[instance]\nlanguage = n\n", "expected one of nb|en"},
    {"[instance]\nprefix = m\n", "expected capital letters"},
    {"[instance]\nprefix = ABCDE\n", "longer than 4"},
    {"[instance]\nname = \"Lillevik\"\n", "without quotes"},
    {"[instance]\nheld_limit = next-working-day 16:00\n", ""},
    {"[instance]\nheld_limit = next-working-day 24:00\n", "expected next"},
    {"[instance]\nheld_limit = next-working-day 12:60\n", "expected next"},
    {"[instance]\nheld_limit = next-working-day\n", "expected next"},
    {"[instance]\nheld_limit = never\n", ""},
    {"[instance]\nheld_limit = 36h\n", ""},
    {"[instance]\nheld_limit = soon\n", "expected next"},
    {"[push]\ncredentials_dir = /mnt/x/../y\n", "may not hold"},
    {"[push]\ncredentials_dir = /mnt/x..y\n", ""},
    {"[instance]\n[instance]\n", "f:2: section [instance] stands already"},
    {"[instance x]\n", "has no name"},
    {"[instans]\n", "unknown section [instans]; nearest is [instance]"},
    {"[instance\n", "ends in ]"},
    {"name = x\n", "before the first [section]"},
    {"[instance]\nname\n", "expected \"key = value\""},
    {"[instance]\nNavn = x\n", "a key is small letters"},
    {"[instance]\nname = a\xFF\n", "f:2: not UTF-8"},
    {"[limits]\nmember_max = 500M\n", "member_max is over unpacked_max"},
    {"[limits]\noutput_max = 100M\n", "output_max is under unpacked_max"},
    {"[ocr]\nlanguages = nor eng\n", "expected letters"},
    {"[push]\nretry_first = 2h\nretry_max = 1h\n", "over retry_max"},
    {"[push]\nbreaker_first = 2h\n", "over breaker_max"},
    {"[journal]\norigin = a b\n", "origin holds a space"},
    {"[journal]\norigin = a~2\n", "origin holds a space"},
    {"[journal]\nmail_dir = /tmp\nmail_to = a@b\n", "needs mail_to"},
    {"[journal]\ncheckpoint_after = 2min\n", "out of range"},
    {"[queue]\n", "a queue is named"},
    {"[queue .skjult]\n", "a queue is named"},
    {"[queue a/b]\n", "a queue is named"},
    {"[queue a:b]\n", "a queue is named"},
    {"[queue a.]\n", "a queue is named"},
    {"[queue a]\n[queue A]\n", "queue \"A\" stands already on line 1"},
    {"[queue Å]\n[queue å]\n", "stands already"},
    {"[queue Barnevern (lukket)]\nclosed = yes\n", ""},
    {"[queue a]\nclosed = maybe\n", "expected yes or no"},
    {"[queue a]\npath = p\n[queue b]\npath = p\n", "the same path"},
    {"[queue a]\n[queue b]\npath = spool/a/b\n", "lies in the other's"},
    {"[queue a]\npath = /x/a/\n[queue b]\npath = /x/a/b\n", "[queue a]"},
    {"[queue a]\npath = /x/a/b\n[queue b]\npath = /x/a\n", "[queue a]"},
    {"[queue a]\n[queue ab]\n", ""},
    {"[queue a]\ntarget = t\n", "no [target t]"},
    {TARGET "[queue a]\ntarget = tt\n", "nearest is \"t\""},
    {"[queue a]\ntarget = t\n" TARGET, ""},
    {"[queue a]\nkey = 1\n", "unknown key \"key\" in [queue]"},
    {"[target a b]\n", "a target is named"},
    {WITNESS TSA "at = 23:59\n", ""},
    {TSA "at = 24:00\n", "expected a time of day"},
    {TSA "at = 4:00\n", "expected a time of day"},
    {TSA "at = 04:60\n", "expected a time of day"},
    {TSA TSA, "tsa \"t\" stands already on line 1"},
    {"[tsa t]\nurl = http://t.example/\n", "[tsa t] needs \"trust\""},
    {WITNESS "[witness W]\n", "stands already"},
    {"[witness w]\nurl = https://w.example/\n", "needs \"vkey\""},
    {"[witness]\n", "a witness is named"},
    {"[witness w]\nurl = http://w.example/\nvkey = w+1+x\n",
	"must begin with https://"},
    {"[witness w]\nurl = http://127.0.0.1:8/\nvkey = w+1+x\n",
	"needs allow_loopback"},
    {"[target t]\n", "f:1: [target t] needs \"connector\""},
    {"[target t]\nconnector =\n", "may not be empty"},
    {TARGET "[target T]\nconnector = x\n", "stands already"},
    {TARGET "user = x\nuser = y\n", "set already on line 3"},
    {TARGET "password = x\n", "a secret may not stand here"},
    {TARGET "base_url = ftp://x\n", "expected https://"},
    {TARGET "base_url = https://u@x\n", "expected https://"},
    {TARGET "base_url = https://\n", "expected https://"},
    {TARGET "base_url = http://x\n", "must begin with https://"},
    {TARGET "base_url = https://x/api\n", ""},
    {TARGET "base_url = http://127.0.0.1:8080/\n", "allow_loopback"},
    {TARGET "base_url = http://127.0.0.1:8080/\nallow_loopback = yes\n", ""},
    {TARGET "base_url = http://127.0.0.1.x.no/\nallow_loopback = yes\n",
	"must begin with https://"},
    {TARGET "retry_first = 2h\n", "retry_first is over retry_max"},
    {TARGET "jobs = 17\n", "out of range 1 to 16"},
};

static void
good_and_bad_files(void)
{
	struct sl_config *c;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		c = parse(files[i].text);
		if (*files[i].message == '\0')
			CHECK_MSG(c != NULL, "file %zu: %s", i, err.text);
		else
			CHECK_MSG(
			    c == NULL && err.rc == SL_FATAL &&
				strcmp(err.reason, "config_invalid") == 0 &&
				strstr(err.text, files[i].message) != NULL,
			    "file %zu: \"%s\" without \"%s\"", i, err.text,
			    files[i].message);
		sl_config_free(c);
	}
}

/* Every fault is told, each once, and none that only follows from another. */
static const struct {
	const char *text, *faults;
} several[] = {
    {"[instance]\nsettel = 5s\nname =\n[limits]\nfoo = 1\n"
     "input_max = x\n[queue a]\ntarget = t\n",
	"f:2: unknown key \"settel\" in [instance]; nearest is \"settle\"\n"
	"f:3: name: \"\": may not be empty\n"
	"f:5: unknown key \"foo\" in [limits]; nearest is \"cpu\"\n"
	"f:6: input_max: \"x\": expected bytes, with k, M, G or T\n"
	"f:7: [queue a]: no [target t]\n"},
    /* what stands below a section line at fault is not judged */
    {"[que a]\nkind = incoming\nfoo = 1\n[targt t]\nconnector = x\n"
     "[queue b]\ntarget = t\nx\n",
	"f:1: unknown section [que]; nearest is [queue]\n"
	"f:4: unknown section [targt]; nearest is [target]\n"
	"f:8: expected \"key = value\", [section] or # comment\n"},
    {"a = 1\nb = 2\n[push]\nretry_max = x\nretry_first = 9h\n",
	"f:1: \"a\" stands before the first [section]\n"
	"f:4: retry_max: \"x\": expected a duration with ms, s, min, h or d\n"},
    /* a value at fault is not missing too */
    {"[target t]\nconnector =\n[target u]\n[witness w]\n",
	"f:2: connector: \"\": may not be empty\n"
	"f:3: [target u] needs \"connector\"\n"
	"f:4: [witness w] needs \"url\"\n"
	"f:4: [witness w] needs \"vkey\"\n"},
    {TARGET "base_url = http://x\nretry_first = 2h\nbreaker_first = 2h\n",
	"f:1: [target t]: base_url must begin with https://\n"
	"f:1: [target t]: retry_first is over retry_max\n"
	"f:1: [target t]: breaker_first is over breaker_max\n"},
    {"[instance]\ndistribution_case = tull\n[queue a]\n[queue b]\n"
     "distribution_case = tøys\n",
	"f:1: [instance]: distribution_case is no case number, such as 2026/1\n"
	"f:4: [queue b]: distribution_case is no case number, such as "
	"2026/1\n"},
    {"[queue a]\npath = p\nx = 1\n[queue b]\npath = p\n[queue c]\n"
     "path = p\n",
	"f:3: unknown key \"x\" in [queue]; nearest is \"kind\"\n"
	"f:6: [queue c] has the same path as [queue b]\n"},
};

static void
add_fault(void *arg, const char *text)
{
	sl_buf_printf(arg, "%s\n", text);
}

/* "f:" at the beginning of a line is the file. */
static void
add_with_path(struct sl_buf *b, const char *path, const char *faults)
{
	const char *nl;

	for (; *faults != '\0'; faults = nl + 1) {
		nl = strchr(faults, '\n');
		sl_buf_printf(
		    b, "%s%.*s\n", path, (int)(nl - faults) - 1, faults + 1);
	}
}

/* Loads a file of that text; told: its faults. */
static void
load_faulty(const char *path, const struct sl_buf *text, struct sl_buf *told)
{
	struct sl_config *c = NULL;
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	CHECK(write(fd, text->p, text->n) == (ssize_t)text->n);
	(void)close(fd);
	CHECK(sl_config_load_all(path, add_fault, told, &c, &err) == SL_FATAL);
	CHECK(c == NULL);
	CHECK(strncmp(err.text, sl_buf_str(told), strlen(err.text)) == 0);
}

static void
every_fault(void)
{
	SL_BUF struct sl_buf many = {0}, of_many = {0};
	char path[] = "/tmp/sluse-test-config-XXXXXX";
	unsigned k, lines = 0;
	size_t i;

	(void)close(mkstemp(path));
	for (i = 0; i < sizeof(several) / sizeof(several[0]); i++) {
		SL_BUF struct sl_buf text = {0}, told = {0}, want = {0};

		sl_buf_add_str(&text, several[i].text);
		load_faulty(path, &text, &told);
		add_with_path(&want, path, several[i].faults);
		CHECK_STR(sl_buf_str(&told), sl_buf_str(&want));
	}
	for (k = 0; k < 2 * SL_CONFIG_FAULTS_MAX; k++)
		sl_buf_add_str(&many, "[x]\n");
	load_faulty(path, &many, &of_many);
	for (k = 0; k < of_many.n; k++)
		lines += of_many.p[k] == '\n';
	CHECK(lines == SL_CONFIG_FAULTS_MAX);
	(void)unlink(path);
}

/* Every number's row: at its ends it is taken, one beyond it is not. */
static bool
takes(const struct sl_row *r, uint64_t v)
{
	struct sl_config *c = NULL;
	struct sl_section *s;
	char text[32], why[128];
	bool ok;

	c = parse(TARGET WITNESS TSA "[queue q]\n");
	s = sl_section_at(c, r->section, 0);
	if (s == NULL)
		s = sl_config_section(c, r->section);
	(void)snprintf(text, sizeof(text), "%llu%s", (unsigned long long)v,
	    r->kind == SL_KIND_DURATION ? "ms" : "");
	ok = sl_value_parse(r, text, c->arena, s, why, sizeof(why));
	sl_config_free(c);
	return ok;
}

static void
ranges_at_their_ends(void)
{
	uint64_t min = 0, max = 0;
	unsigned numbers = 0;
	size_t i;

	for (i = 0; i < sl_rows_n; i++) {
		const struct sl_row *r = &sl_rows[i];

		if (r->kind != SL_KIND_INT && r->kind != SL_KIND_BYTES &&
		    r->kind != SL_KIND_DURATION)
			continue;
		numbers++;
		CHECK_MSG(sl_number_parse(r->kind, r->min, &min) &&
			      sl_number_parse(r->kind, r->max, &max) &&
			      min < max,
		    "%s", r->key);
		CHECK_MSG(
		    r->kind != SL_KIND_INT || max <= UINT32_MAX, "%s", r->key);
		CHECK_MSG(takes(r, min) && takes(r, min + 1), "%s", r->key);
		CHECK_MSG(takes(r, max) && takes(r, max - 1), "%s", r->key);
		CHECK_MSG(!takes(r, max + 1), "%s", r->key);
		CHECK_MSG(min == 0 || !takes(r, min - 1), "%s", r->key);
	}
	CHECK(numbers > 40);
}

static void
rows_are_sound(void)
{
	size_t i, first, n, total = 0;
	int id;

	for (id = 0; id < SL_SECTIONS; id++) {
		n = sl_rows_of((enum sl_section_id)id, &first);
		CHECK(n > 0 && n <= SL_CONFIG_KEYS_MAX);
		total += n;
	}
	/* else rows of one section do not stand together */
	CHECK(total == sl_rows_n);
	for (i = 0; i < sl_rows_n; i++) {
		const struct sl_row *r = &sl_rows[i];

		CHECK_MSG(sl_row_find(r->section, r->key) == r, "%s", r->key);
		CHECK_MSG(strlen(r->help) > 20, "%s", r->key);
		CHECK_MSG(
		    r->def != NULL || (sl_row_wider(r) != NULL &&
					  sl_row_wider(r)->kind == r->kind &&
					  sl_row_wider(r)->def != NULL),
		    "%s", r->key);
	}
}

static void
defaults_and_wider_sections(void)
{
	struct sl_config *c = parse(
	    "[instance]\ndistribution_case = 2026/1\n"
	    "held_limit = 2h\nignore = *.bak a?b\n"
	    "[push]\nretry_first = 1s\n"
	    "[place]\nmargin = 150\n" TARGET "retry_max = 9s\nuser = kari\n"
	    "[queue Skannet post]\n"
	    "[queue Barnevern]\nclosed = yes\n"
	    "language = en\nmargin = 5\n"
	    "held_limit = never\n"
	    "[queue Helse]\nclosed = yes\naccess = UO\n"
	    "path = /srv/helse\nignore =\n");
	const struct sl_queue_config *q;
	const struct sl_target_config *t;
	struct sl_buf b = {0};

	CHECK(c != NULL);
	if (c == NULL)
		return;
	CHECK(c->limits.input_max_bytes == 200u << 20);
	CHECK(c->limits.pixels_max == 100000000);
	CHECK(c->limits.wall_ms == 120000);
	CHECK(c->instance.done_keep_ms == 14 * 86400000LL);
	CHECK(c->instance.log_level == 4);
	q = sl_config_queue(c, "Skannet post");
	CHECK(q != NULL && sl_config_queue(c, "skannet post") == NULL);
	CHECK_STR(q->path, "spool/Skannet post");
	CHECK_STR(q->access, "");
	CHECK_STR(q->distribution_case, "2026/1");
	CHECK(q->language == SL_LANGUAGE_NB && q->margin == 150);
	CHECK(q->threshold == 800 && q->kind == SL_QUEUE_INCOMING);
	CHECK(q->target.n == 1 && strcmp(q->target.item[0], "t") == 0);
	CHECK(q->ignore.n == 2 && strcmp(q->ignore.item[1], "a?b") == 0);
	CHECK(q->held_limit.kind == SL_DEADLINE_AFTER &&
	      q->held_limit.duration_ms == 7200000);
	q = sl_config_queue(c, "Barnevern");
	CHECK_STR(q->path, "closed/Barnevern");
	CHECK_STR(q->access, "XX");
	CHECK(q->language == SL_LANGUAGE_EN && q->margin == 5);
	CHECK(q->held_limit.kind == SL_DEADLINE_NEVER);
	q = sl_config_queue(c, "Helse");
	CHECK_STR(q->access, "UO");
	CHECK(q->ignore.n == 0);
	t = sl_config_target(c, "t");
	CHECK(t->retry_first_ms == 1000 && t->retry_max_ms == 9000);
	CHECK_STR(sl_target_extra(t, "user"), "kari");
	CHECK(sl_target_extra(t, "nobody") == NULL);
	CHECK(sl_target_extra(t, "jobs") == NULL);
	CHECK_STR(sl_target_value(t, "jobs", &b), "1");
	CHECK_STR(sl_target_value(t, "user", &b), "kari");
	CHECK(sl_target_value(t, "base_url", &b) == NULL);
	CHECK_STR(sl_config_near_target_key("base_ulr"), "base_url");
	sl_buf_free(&b);
	sl_config_free(c);
}

/* What show prints is a file that means the same. */
static void
show_can_be_read_again(void)
{
	static const char text[] = "[instance]\nname = Øvre Lillevik\n"
				   "poll = 1500ms\nactive_size_max = 3M\n"
				   "[limits]\npixels_max = 1k\n"
				   "[target t]\nconnector = noark5\n"
				   "scope = a b\n[queue q]\nclosed = yes\n";
	struct sl_config *c = parse(text), *again;
	struct sl_buf a = {0}, b = {0}, ja = {0}, jb = {0};
	char *p;

	sl_config_show(c, &a);
	CHECK(strstr(sl_buf_str(&a), "# line 2; default: Sluse\n"
				     "name = Øvre Lillevik\n") != NULL);
	CHECK(strstr(sl_buf_str(&a), "\npoll = 1500ms\n") != NULL);
	CHECK(strstr(sl_buf_str(&a), "\nactive_size_max = 3M\n") != NULL);
	CHECK(strstr(sl_buf_str(&a), "\nsweep = 1min\n") != NULL);
	CHECK(strstr(sl_buf_str(&a), "\nscope = a b\n") != NULL);
	again = parse(sl_buf_str(&a));
	CHECK_MSG(again != NULL, "%s", err.text);
	if (again != NULL) {
		sl_config_json(c, &ja);
		sl_config_json(again, &jb);
		/* but for the digest of the file */
		p = strstr(ja.p, "\"instance\"");
		CHECK_STR(p, strstr(jb.p, "\"instance\""));
		CHECK(memcmp(&c->digest, &again->digest, 32) != 0);
	}
	sl_config_free(c);
	sl_config_free(again);
	sl_buf_free(&a);
	sl_buf_free(&b);
	sl_buf_free(&ja);
	sl_buf_free(&jb);
}

static void
fresh_file_is_good(void)
{
	static const struct sl_config_set set[] = {
	    {"instance", NULL, "name", "Lillevik kommune"},
	    {"target", "arkiv", "connector", "noark5"},
	    {"target", "arkiv", "user", "sluse"},
	    {"queue", "Skannet post", "kind", "incoming"},
	    {"queue", "Skjema", "kind", "incoming"},
	    {"queue", "Skannet post", "unit", "Dokumentsenteret"},
	};
	struct sl_buf b = {0};
	struct sl_config *c;

	sl_config_default_text(&b, set, 6);
	c = parse(sl_buf_str(&b));
	CHECK_MSG(c != NULL, "%s", err.text);
	if (c != NULL) {
		CHECK_STR(c->instance.name, "Lillevik kommune");
		CHECK(c->queue_n == 2 && c->target_n == 1);
		CHECK_STR(c->queue[0].unit, "Dokumentsenteret");
		CHECK_STR(sl_target_extra(&c->target[0], "user"), "sluse");
	}
	CHECK(strstr(sl_buf_str(&b), "\n#sweep = 60s\n") != NULL);
	sl_config_free(c);
	sl_buf_reset(&b);
	sl_config_default_text(&b, NULL, 0);
	c = parse(sl_buf_str(&b));
	CHECK(c != NULL && c->queue_n == 0);
	CHECK(strstr(sl_buf_str(&b), "\n#[queue NAME]\n") != NULL);
	sl_config_free(c);
	sl_buf_free(&b);
}

static void
manual_names_every_key(void)
{
	struct sl_buf b = {0};
	char line[80];
	size_t i;

	sl_config_manual(&b);
	for (i = 0; i < sl_rows_n; i++) {
		(void)snprintf(
		    line, sizeof(line), ".It Cm %s\n", sl_rows[i].key);
		CHECK_MSG(strstr(sl_buf_str(&b), line) != NULL, "%s", line);
	}
	sl_buf_free(&b);
}

/* SLUSE_TEST_UPDATE=1 writes the committed file anew. */
static void
schema_is_the_committed_one(void)
{
	static const char path[] = "schemas/config.schema.json";
	struct sl_buf b = {0}, file = {0};

	sl_config_schema(&b);
	if (getenv("SLUSE_TEST_UPDATE") != NULL)
		CHECK(sl_replace_file(AT_FDCWD, path, b.p, b.n, 0644, NULL) ==
		      SL_OK);
	CHECK(sl_read_file(AT_FDCWD, path, 1 << 20, &file, NULL) == SL_OK);
	CHECK(file.n == b.n && memcmp(sl_buf_str(&file), b.p, b.n) == 0);
	sl_buf_free(&b);
	sl_buf_free(&file);
}

/* Cut at every byte, and with every byte changed: an answer, no crash. */
static void
broken_text_ends_well(void)
{
	static const char text[] =
	    "[instance]\nname = Øst\nheld_limit = next-working-day 16:00\n"
	    "ignore = *.a ~$*\n[limits]\ncpu = 60s\nmemory = 1G\n"
	    "[target t]\nconnector = webhook\nbase_url = https://x/\n"
	    "[queue Å ø]\nclosed = yes\ntarget = t\n" WITNESS TSA;
	static const unsigned char odd[] = {0, 1, '\n', '=', '[', ']', '#', ' ',
	    '-', '9', 'z', 0x80, 0xC3, 0xFF};
	struct sl_config *c;
	char copy[sizeof(text)];
	size_t i, k;
	unsigned good = 0, bad = 0;

	for (i = 0; i < sizeof(text); i++) {
		memset(&err, 0, sizeof(err));
		c = NULL;
		if (sl_config_parse("f", text, i, &c, &err) == SL_OK)
			good++;
		else
			bad++;
		sl_config_free(c);
		for (k = 0; k < sizeof(odd) && i + 1 < sizeof(text); k++) {
			memcpy(copy, text, sizeof(text));
			copy[i] = (char)odd[k];
			c = NULL;
			if (sl_config_parse(
				"f", copy, sizeof(text) - 1, &c, &err) == SL_OK)
				good++;
			else
				CHECK(strncmp(err.text, "f:", 2) == 0), bad++;
			sl_config_free(c);
		}
	}
	CHECK(good > 100 && bad > 100);
}

static void
sizes_are_limited(void)
{
	struct sl_buf b = {0};
	struct sl_config *c;
	unsigned i;

	sl_buf_add_str(&b, "[instance]\n#");
	for (i = 0; i < SL_CONFIG_LINE_MAX - 1; i++)
		sl_buf_add_char(&b, 'x');
	c = parse(sl_buf_str(&b));
	CHECK(c != NULL);
	sl_config_free(c);
	sl_buf_add_char(&b, 'x');
	CHECK(parse(sl_buf_str(&b)) == NULL);
	CHECK(strstr(err.text, "f:2: line longer") != NULL);
	sl_buf_reset(&b);
	for (i = 0; i < SL_CONFIG_QUEUES_MAX; i++)
		sl_buf_printf(&b, "[queue q%u]\n", i);
	c = parse(sl_buf_str(&b));
	CHECK(c != NULL);
	sl_config_free(c);
	sl_buf_add_str(&b, "[queue one more]\n");
	CHECK(parse(sl_buf_str(&b)) == NULL);
	sl_buf_reset(&b);
	sl_buf_add_str(&b, TARGET);
	for (i = 0; i < SL_CONFIG_EXTRAS_MAX; i++)
		sl_buf_printf(&b, "k%u = v\n", i);
	c = parse(sl_buf_str(&b));
	CHECK(c != NULL && c->target[0].extra_n == SL_CONFIG_EXTRAS_MAX);
	sl_config_free(c);
	sl_buf_add_str(&b, "k = v\n");
	CHECK(parse(sl_buf_str(&b)) == NULL);
	sl_buf_free(&b);
	c = NULL;
	CHECK(sl_config_load("/nonexistent/sluse.conf", &c, &err) == SL_FATAL);
	CHECK_STR(err.reason, "config_missing");
	CHECK(sl_config_load("/", &c, &err) == SL_FATAL);
	CHECK(c == NULL);
}

/* From, limit, expected: all Oslo time. */
static void
working_days(void)
{
	static const struct {
		int from[5];
		int minute;
		int until[5];
	} t[] = {
	    {{2026, 3, 4, 9, 0}, 960, {2026, 3, 5, 16, 0}}, /* Wednesday */
	    {{2026, 3, 6, 23, 30}, 960, {2026, 3, 9, 16, 0}}, /* Friday */
	    {{2026, 3, 7, 12, 0}, 960, {2026, 3, 9, 16, 0}}, /* Saturday */
	    {{2026, 4, 1, 12, 0}, 960, {2026, 4, 7, 16, 0}}, /* before Easter */
	    {{2026, 4, 30, 12, 0}, 600,
		{2026, 5, 4, 10, 0}}, /* 1 May: Friday */
	    {{2026, 5, 13, 12, 0}, 960, {2026, 5, 15, 16, 0}}, /* Ascension */
	    {{2026, 5, 22, 12, 0}, 960, {2026, 5, 26, 16, 0}}, /* Whitsun */
	    {{2027, 5, 14, 12, 0}, 960, {2027, 5, 18, 16, 0}}, /* 17 May */
	    {{2026, 12, 24, 12, 0}, 960, {2026, 12, 28, 16, 0}},
	    {{2026, 12, 31, 12, 0}, 960, {2027, 1, 4, 16, 0}},
	    {{2026, 3, 27, 12, 0}, 960, {2026, 3, 30, 16, 0}}, /* summer time */
	    {{2024, 2, 28, 12, 0}, 0, {2024, 2, 29, 0, 0}},
	};
	struct sl_deadline d = {.kind = SL_DEADLINE_WORKING_DAY};
	char got[32], want[32];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct sl_date a = {.year = t[i].from[0],
		    .month = t[i].from[1],
		    .day = t[i].from[2],
		    .hour = t[i].from[3],
		    .minute = t[i].from[4]};
		struct sl_date b = {.year = t[i].until[0],
		    .month = t[i].until[1],
		    .day = t[i].until[2],
		    .hour = t[i].until[3],
		    .minute = t[i].until[4]};

		d.minute = t[i].minute;
		sl_clock_format_oslo(sl_deadline_at(&d, sl_clock_from_oslo(&a)),
		    got, sizeof(got));
		sl_clock_format_oslo(
		    sl_clock_from_oslo(&b), want, sizeof(want));
		CHECK_STR(got, want);
	}
	d = (struct sl_deadline){.kind = SL_DEADLINE_AFTER, .duration_ms = 5};
	CHECK(sl_deadline_at(&d, 10) == 15);
	d.kind = SL_DEADLINE_NEVER;
	CHECK(sl_deadline_at(&d, 10) == INT64_MAX);
}

/* For the check against the schema: SLUSE_TEST_OUT names a folder. */
static void
json_for_schema(void)
{
	const char *dir = getenv("SLUSE_TEST_OUT");
	struct sl_config *c = parse(TARGET "x = y\n[queue q]\nclosed = yes\n");
	struct sl_buf b = {0};
	char path[512];
	json_t *o;

	sl_config_json(c, &b);
	o = json_loads(sl_buf_str(&b), 0, NULL);
	CHECK(o != NULL && json_object_size(o) == 12);
	json_decref(o);
	if (dir != NULL) {
		(void)snprintf(path, sizeof(path), "%s/config.json", dir);
		CHECK(sl_replace_file(AT_FDCWD, path, b.p, b.n, 0644, NULL) ==
		      SL_OK);
	}
	sl_buf_free(&b);
	sl_config_free(c);
}

TEST_MAIN({"good_and_bad_files", good_and_bad_files},
    {"ranges_at_their_ends", ranges_at_their_ends},
    {"rows_are_sound", rows_are_sound}, {"every_fault", every_fault},
    {"defaults_and_wider_sections", defaults_and_wider_sections},
    {"show_can_be_read_again", show_can_be_read_again},
    {"fresh_file_is_good", fresh_file_is_good},
    {"manual_names_every_key", manual_names_every_key},
    {"schema_is_the_committed_one", schema_is_the_committed_one},
    {"broken_text_ends_well", broken_text_ends_well},
    {"sizes_are_limited", sizes_are_limited}, {"working_days", working_days},
    {"json_for_schema", json_for_schema})
