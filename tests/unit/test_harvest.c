/*
 * The folder of a harvest, with a connector of the test's own: what it hands
 * on is checked, what it fetched is kept, nothing counts before the end.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/push/docset.h"
#include "../../daemon/push/host.h"
#include "../../daemon/push/plugins.h"
#include "test.h"

#define ID "11111111-2222-3333-4444-555555555555"

/* What the connector of the test does. */
static struct {
	const char *keys[4]; /* documents, NULL: no more */
	const char *bytes[4];
	int have[4]; /* what the host said of each */
	const struct sluse_unit *bad; /* handed on at last */
	int verdict;
	bool unfetched;
} plan;

static char dir[] = "/tmp/sluse-test-harvest-XXXXXX", folder[64];

static void
remove_dir(void)
{
	(void)sl_remove_tree(AT_FDCWD, dir);
}

static void
put_bytes(struct sluse_sink *s, const char *bytes)
{
	CHECK(ftruncate(s->fd, 0) == 0 && lseek(s->fd, 0, SEEK_SET) == 0);
	CHECK(sl_write_full(s->fd, bytes, strlen(bytes)) == 0);
	sl_sha256_free(s->sha);
	s->sha = sl_sha256_new();
	sl_sha256_add(s->sha, bytes, strlen(bytes));
	s->size = strlen(bytes);
}

static const struct sluse_connector_host *host;

static int
walk(
    struct sluse_session *s, const struct sluse_range *r, struct sluse_why *why)
{
	struct sluse_unit u = {.size = sizeof(u),
	    .kind = "dokumentobjekt",
	    .fields = "{\"tittel\":\"\xc3\xb8\"}",
	    .bytes = -1};
	size_t i;

	(void)s;
	CHECK(r->size == sizeof(*r));
	for (i = 0; i < 4 && plan.keys[i] != NULL; i++) {
		u.id = ID;
		u.parent = i > 0 ? ID : NULL;
		u.sink = host->sink(host->host, plan.keys[i], &plan.have[i]);
		if (u.sink == NULL)
			return SLUSE_LATER;
		if (!plan.have[i] && !plan.unfetched)
			put_bytes(u.sink, plan.bytes[i]);
		if (host->emit_unit(host->host, &u) != 0)
			return SLUSE_LATER;
	}
	if (plan.bad != NULL && host->emit_unit(host->host, plan.bad) != 0)
		return SLUSE_LATER;
	(void)snprintf(why->text, sizeof(why->text), "nr 01019012345");
	(void)snprintf(why->reason, sizeof(why->reason), "target_busy");
	return plan.verdict;
}

static const struct sluse_connector connector = {
    .abi_major = SLUSE_CONNECTOR_ABI_MAJOR,
    .abi_minor = SLUSE_CONNECTOR_ABI_MINOR,
    .size = sizeof(connector),
    .name = "test",
    .harvest = walk};

/* One run; the reason of its failure, or "". */
static const char *
run(const char *target)
{
	static struct sl_err err;
	struct sl_harvest_conf conf = {
	    .dir = folder, .target = target, .connector = "test"};
	struct sl_push p = {.connector = &connector};

	err = (struct sl_err){.reason = ""};
	if (sl_harvest_open(&conf, &p.harvest, &err) != SL_OK)
		return err.reason;
	sl_push_host_init(&p);
	host = &p.host;
	if (sl_harvest_run(&p, &err) == SL_OK)
		err.reason = "";
	CHECK(strstr(err.text, "01019012345") == NULL);
	sl_harvest_free(p.harvest);
	return err.reason;
}

/* A fresh folder, and a plan with two documents. */
static void
begin(void)
{
	memset(&plan, 0, sizeof(plan));
	plan.keys[0] = "en";
	plan.bytes[0] = "one";
	plan.keys[1] = "to";
	plan.bytes[1] = "two";
	plan.verdict = SLUSE_DELIVERED;
	if (folder[0] == '\0') {
		CHECK(mkdtemp(dir) != NULL && atexit(remove_dir) == 0);
		(void)snprintf(folder, sizeof(folder), "%s/uttrekk", dir);
	}
	(void)sl_remove_tree(AT_FDCWD, folder);
}

static bool
there(const char *name)
{
	SL_FREE char *path = sl_asprintf("%s/%s", folder, name);

	return access(path, F_OK) == 0;
}

static void
read_text(const char *name, struct sl_buf *b)
{
	SL_FREE char *path = sl_asprintf("%s/%s", folder, name);
	struct sl_err err;

	sl_buf_reset(b);
	CHECK(sl_read_file(AT_FDCWD, path, 1 << 20, b, &err) == SL_OK);
}

static json_t *
summary(void)
{
	SL_BUF struct sl_buf b = {0};

	read_text("harvest.json", &b);
	return json_loads(sl_buf_str(&b), 0, NULL);
}

static int64_t
number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* SHA-256 of "one". */
#define ONE                                                                    \
	"files/76/"                                                            \
	"7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"

static void
whole(void)
{
	SL_BUF struct sl_buf b = {0};
	json_t *s;

	begin();
	plan.keys[2] = "tre";
	plan.bytes[2] = "one"; /* the same bytes */
	CHECK_STR(run("t"), "");
	read_text(ONE, &b);
	CHECK_STR(sl_buf_str(&b), "one");
	read_text("units.jsonl", &b);
	CHECK(strncmp(sl_buf_str(&b),
		  "{\"kind\":\"dokumentobjekt\",\"id\":\"" ID
		  "\",\"parent\":null,\"fields\":{\"tittel\":\"\xc3\xb8\"},"
		  "\"file\":\"" ONE "\",\"sha256\":\"7692",
		  100) == 0);
	s = summary();
	CHECK(number(s, "units") == 3 && number(s, "files") == 2 &&
	      number(s, "bytes") == 6 && number(s, "missing") == 0);
	CHECK(json_is_true(json_object_get(s, "complete")));
	json_decref(s);
	CHECK(!there("unfinished.jsonl") && !there("document.part"));
	CHECK_STR(run("t"), "config_invalid"); /* never over a finished one */
}

static void
goes_on(void)
{
	SL_FREE char *one = NULL;
	SL_FREE char *stray = NULL;
	int fd;

	begin();
	one = sl_asprintf("%s/" ONE, folder);
	stray = sl_asprintf("%s/files/76/fremmed", folder);
	plan.verdict = SLUSE_LATER;
	CHECK_STR(run("t"), "target_error");
	CHECK(!there("harvest.json") && there("unfinished.jsonl"));
	CHECK_STR(run("annet"), "config_invalid");
	CHECK_STR(run("t"), "target_error");
	CHECK(plan.have[0] == 1 && plan.have[1] == 1);
	plan.keys[1] = "to, endret";
	CHECK_STR(run("t"), "target_error");
	CHECK(plan.have[0] == 1 && plan.have[1] == 0);
	/* Of the right size, and not what it was. */
	fd = open(one, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && sl_write_full(fd, "eno", 3) == 0 && close(fd) == 0);
	CHECK_STR(run("t"), "target_error");
	CHECK(plan.have[0] == 0 && plan.have[1] == 1);
	/* What it no longer names goes at the end. */
	fd = open(stray, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && close(fd) == 0);
	plan.keys[0] = "en, endret";
	plan.bytes[0] = "three";
	plan.verdict = SLUSE_DELIVERED;
	CHECK_STR(run("t"), "");
	CHECK(!there(ONE) && !there("files/76"));
}

static void
bad_units(void)
{
	static char large[SL_HARVEST_LINE_MAX + 16];
	const struct {
		struct sluse_unit u;
		const char *reason;
	} rows[] = {{{.kind = "arkiv", .fields = "{}"}, ""},
	    {{.kind = "arkiv", .id = "a-1:B_2.c", .fields = "{}"}, ""},
	    {{.kind = "Arkiv", .fields = "{}"}, "target_error"},
	    {{.kind = "", .fields = "{}"}, "target_error"},
	    {{.kind = "a", .type = "a\"b", .fields = "{}"}, "target_error"},
	    {{.kind = "a", .missing = "a b", .fields = "{}"}, "target_error"},
	    {{.kind = "a", .id = "../../etc", .fields = "{}"}, "target_error"},
	    {{.kind = "a", .id = "..", .fields = "{}"}, "target_error"},
	    {{.kind = "a", .id = "", .fields = "{}"}, "target_error"},
	    {{.kind = "a", .parent = "a\nb", .fields = "{}"}, "target_error"},
	    {{.kind = "a", .fields = "[]"}, "target_error"},
	    {{.kind = "a", .fields = ""}, "target_error"},
	    {{.kind = "a", .fields = "{\"a\":\n1}"}, "target_error"},
	    {{.kind = "a", .fields = "{\"\xff\":1}"}, "target_error"},
	    {{.kind = "a", .fields = large}, "limit_document"},
	    {{.kind = "a",
		 .fields = "{}",
		 .sink = (struct sluse_sink *)(void *)large},
		"target_error"}};
	size_t i;

	memset(large, 'x', sizeof(large) - 1);
	large[0] = '{';
	large[sizeof(large) - 2] = '}';
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		plan.bad = &rows[i].u;
		CHECK_MSG(strcmp(run("t"), rows[i].reason) == 0, "row %zu", i);
		CHECK(there("harvest.json") == (rows[i].reason[0] == '\0'));
	}
	begin();
	plan.unfetched = true;
	CHECK_STR(run("t"), "internal");
}

#define LETTERS40 "abcdefghijklmnopqrstABCDEFGHIJKLMNOPQRST"

static void
lacks(void)
{
	static char most[SLUSE_LACKS_MAX * 3 + 1],
	    more[SLUSE_LACKS_MAX * 3 + 3];
	const struct {
		const char *lacks, *reason;
	} rows[] = {{NULL, ""}, {"", ""}, {"skjerming gradering", ""},
	    {LETTERS40, ""}, {most, ""}, {more, "target_error"},
	    {LETTERS40 "a", "target_error"}, {" a", "target_error"},
	    {"a  b", "target_error"}, {"a1", "target_error"},
	    {"a\"", "target_error"}};
	struct sluse_unit u = {
	    .size = sizeof(u), .kind = "arkiv", .fields = "{}"};
	SL_BUF struct sl_buf b = {0};
	size_t i;
	json_t *s;

	for (i = 0; i < SLUSE_LACKS_MAX; i++)
		(void)snprintf(most + 3 * i, 4, "%c%c ", 'a' + (int)(i / 26),
		    'a' + (int)(i % 26));
	(void)snprintf(more, sizeof(more), "%szz", most);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		u.lacks = rows[i].lacks;
		plan.bad = &u;
		CHECK_MSG(strcmp(run("t"), rows[i].reason) == 0, "row %zu", i);
	}
	/* Of a unit each counts once. */
	begin();
	plan.bad = &u;
	u.lacks = "del skjerming del";
	CHECK_STR(run("t"), "");
	read_text("units.jsonl", &b);
	CHECK(strstr(sl_buf_str(&b), "\"lacks\":[\"del\",\"skjerming\"]}") !=
	      NULL);
	s = summary();
	CHECK(number(json_object_get(s, "lacks"), "del") == 1);
	json_decref(s);
}

static void
folders(void)
{
	struct sl_harvest_conf conf = {
	    .dir = folder, .target = "t", .connector = "test"};
	struct sl_harvest *h = NULL, *other = NULL;
	struct sl_err err = {0};
	SL_FREE char *name = NULL;
	int fd;

	begin();
	name = sl_asprintf("%s/brev", folder);
	CHECK(sl_harvest_open(&conf, &h, &err) == SL_OK);
	CHECK(sl_harvest_open(&conf, &other, &err) == SL_FATAL);
	CHECK_STR(err.reason, "config_invalid"); /* under way */
	sl_harvest_free(h);
	CHECK(sl_harvest_open(&conf, &h, &err) == SL_OK);
	sl_harvest_free(h);
	CHECK(sl_remove_tree(AT_FDCWD, folder) == 0);
	CHECK(mkdir(folder, 0755) == 0);
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(sl_harvest_open(&conf, &h, &err) == SL_FATAL);
	CHECK(unlink(name) == 0 && symlink("/tmp", name) == 0);
	conf.dir = name;
	CHECK(sl_harvest_open(&conf, &h, &err) == SL_FATAL);
	sl_harvest_free(NULL);
}

/* No disk is that large. */
static void
no_room(void)
{
	struct sl_harvest_conf conf = {.dir = folder,
	    .target = "t",
	    .connector = "test",
	    .free_min = UINT64_MAX};
	struct sl_harvest *h = NULL;
	struct sl_err err = {0};
	int have = 0;

	begin();
	CHECK(sl_harvest_open(&conf, &h, &err) == SL_OK);
	CHECK(sl_harvest_sink(h, "en", &have) == NULL);
	sl_harvest_free(h);
}

static void
waits(void)
{
	struct sl_harvest_conf conf = {.dir = folder,
	    .target = "t",
	    .connector = "test",
	    .wait_first_ms = 1};
	struct sl_push p = {.connector = &connector};
	struct sl_err err = {0};
	sigset_t set;
	int i, gone_on = 0;

	begin();
	CHECK(sl_harvest_open(&conf, &p.harvest, &err) == SL_OK);
	sl_push_host_init(&p);
	for (i = 1; i < 20; i++)
		gone_on += p.host.pause(&p, i, 0) == 0;
	CHECK(gone_on == SL_HARVEST_TRIES - 1);
	CHECK(p.host.pause(&p, 1, 86400) != 0);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)raise(SIGTERM);
	CHECK(p.host.pause(&p, 1, 600) != 0); /* at once */
	(void)sigwait(&set, &i);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	sl_harvest_free(p.harvest);
	p.harvest = NULL;
	CHECK(p.host.pause(&p, 1, 0) != 0 && p.host.sink(&p, "k", &i) == NULL);
	CHECK(p.host.emit_unit(&p, NULL) != 0); /* outside a harvest */
}

static void
docset(void)
{
	struct sl_docset set = {0};
	struct sl_doc d = {0};
	char text[16];
	unsigned i, bad = 0;

	for (i = 0; i < 5000; i++) {
		(void)snprintf(text, sizeof(text), "%u", i % 3000);
		sl_doc_key(text, d.key);
		d.size = i;
		sl_docset_put(&set, &d);
	}
	CHECK(set.n == 3000 && set.n * 3 <= set.cap * 2);
	for (i = 0; i < 4000; i++) {
		struct sl_doc *have;

		(void)snprintf(text, sizeof(text), "%u", i);
		sl_doc_key(text, d.key);
		have = sl_docset_find(&set, d.key);
		bad += (have != NULL) != (i < 3000);
		bad += i < 3000 && (have == NULL ||
				       have->size != (i < 2000 ? i + 3000 : i));
	}
	CHECK(bad == 0);
	sl_docset_free(&set);
}

/* -- the sink of a request ---------------------------------------------------
 */

/* A server for one answer, in a child. */
static pid_t
serve(int listening, const char *head, size_t body)
{
	pid_t pid = fork();
	char buf[4096];
	int fd;

	if (pid != 0)
		return pid;
	fd = accept(listening, NULL, NULL);
	(void)!read(fd, buf, sizeof(buf));
	(void)sl_write_full(fd, head, strlen(head));
	memset(buf, 'x', sizeof(buf));
	for (; body > 0; body -= body < sizeof(buf) ? body : sizeof(buf))
		if (sl_write_full(
			fd, buf, body < sizeof(buf) ? body : sizeof(buf)) != 0)
			break;
	_exit(0);
}

static void
sinks(void)
{
	static const struct {
		const char *head;
		size_t body;
		int rc, status;
		uint64_t size; /* in the sink */
		const char *error;
	} rows[] = {{"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n", 70000,
			0, 200, 70000, ""},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, 0, 200, 0, ""},
	    {"HTTP/1.1 404 No\r\nContent-Length: 500\r\n\r\n", 500, 0, 404, 0,
		""},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n", 100001, -1, 0,
		0, "limit:"},
	    {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 100001, -1, 0,
		100000, "limit:"},
	    {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 100000, 0, 200,
		100000, ""},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", 500, -1, 0, 500,
		"lost:"}};
	struct sockaddr_in sa = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(sa);
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sluse_sink s = {.max = 100000};
	struct sluse_http_answer a;
	struct sl_http *h = NULL;
	struct sl_err err = {0};
	char url[64], name[] = "/tmp/sluse-test-sink-XXXXXX";
	struct sl_http_conf conf = {.base_url = url, .allow_loopback = true};
	struct sluse_http_request rq = {
	    .size = sizeof(rq), .method = "GET", .url = url, .sink = &s};
	struct sl_digest have, want;
	static char xs[100000];
	size_t i;

	memset(xs, 'x', sizeof(xs));
	CHECK(bind(l, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	      listen(l, 8) == 0 &&
	      getsockname(l, (struct sockaddr *)&sa, &n) == 0);
	(void)snprintf(
	    url, sizeof(url), "http://127.0.0.1:%d/f", ntohs(sa.sin_port));
	s.fd = mkstemp(name);
	CHECK(s.fd >= 0 && unlink(name) == 0);
	CHECK(sl_http_new(&conf, &h, &err) == SL_OK);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pid_t pid = serve(l, rows[i].head, rows[i].body);

		CHECK_MSG(sl_http_do(h, &rq, &a) == rows[i].rc, "%zu", i);
		CHECK_MSG(a.status == rows[i].status, "%zu: %d", i, a.status);
		CHECK_MSG(s.size <= rows[i].size &&
			      lseek(s.fd, 0, SEEK_END) == (off_t)s.size,
		    "%zu: %llu", i, (unsigned long long)s.size);
		CHECK(strncmp(a.error, rows[i].error, strlen(rows[i].error)) ==
		      0);
		if (rows[i].status == 200) {
			CHECK(s.size == rows[i].size && a.body_length == 0);
			sl_sha256_end(SL_TAKE(s.sha), &have);
			sl_sha256(xs, (size_t)s.size, &want);
			CHECK(memcmp(&have, &want, sizeof(have)) == 0);
		}
		if (rows[i].status == 404)
			CHECK(a.body_length == 500);
		(void)waitpid(pid, NULL, 0);
	}
	/* A request as minor 1 knew it has no such member. */
	rq.size = offsetof(struct sluse_http_request, sink);
	(void)serve(l, rows[0].head, 70000);
	CHECK(sl_http_do(h, &rq, &a) == 0 && a.body_length == 70000);
	rq.size = sizeof(rq);
	rq.method = "POST";
	CHECK(sl_http_do(h, &rq, &a) == -1);
	rq.method = "GET";
	(void)close(s.fd);
	s.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	CHECK(sl_http_do(h, &rq, &a) == -1 && s.failed != 0);
	(void)close(s.fd);
	(void)close(l);
	(void)wait(NULL);
	sl_sha256_free(s.sha);
	sl_http_free(h);
}

/* A table of minor 0, which ends before harvest. */
static void
old_minor(void)
{
	const struct sluse_connector *c = NULL;
	struct sl_err err = {0};

	(void)setenv("SLUSE_PLUGINS", SLUSE_BUILD "/test", 1);
	CHECK_MSG(sl_plugin_load("old", &c, &err) == SL_OK, "%s", err.text);
	CHECK(c != NULL && c->abi_minor == 0 && !sl_plugin_harvests(c));
	(void)unsetenv("SLUSE_PLUGINS");
	CHECK(sl_plugin_harvests(&connector));
}

TEST_MAIN({"docset", docset}, {"whole", whole}, {"goes_on", goes_on},
    {"bad_units", bad_units}, {"lacks", lacks}, {"folders", folders},
    {"no_room", no_room}, {"waits", waits}, {"sinks", sinks},
    {"old_minor", old_minor})
