/*
 * The text reader: character sets, pages, rubbish.
 */
#include <iconv.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mail_host.h"
#include "test.h"

static const struct sluse_reader *r;

static struct reading *
rd(const void *p, size_t n)
{
	if (!r) {
		r = mock_load("text");
		CHECK(r->warm(&mock_host) == 0);
	}
	return read_all(r, "text/plain", p, n, 0);
}

static const char letter[] =
    "Søknad om parkeringstillatelse for forflytningshemmede\n\n"
    "Jeg søker på vegne av min mor, som bor på Ås. Hun går dårlig og må ha\n"
    "hjelp når hun skal ut. Ærede kommune: vi håper på et raskt svar.\n"
    "Ørsta, Ålesund. Vi ønsker også å få vite når møtet er.\n";

/* The letter in a set of iconv comes back whole, with the set named. */
static void
charsets(void)
{
	static const char *const sets[][2] = {{"UTF-8", "UTF-8"},
	    {"CP1252", "windows-1252"}, {"CP865", "CP865"},
	    {"MACINTOSH", "macintosh"}, {"ISO646-NO", "ISO646-NO"},
	    {"UTF-16LE", "UTF-16LE"}, {"UTF-16BE", "UTF-16BE"},
	    {"UTF-16", "UTF-16LE"}};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		char in[sizeof(letter)], out[4 * sizeof(letter)], want[80];
		char *ip = in, *op = out;
		size_t il = sizeof(letter) - 1, ol = sizeof(out);
		iconv_t cd = iconv_open(sets[i][0], "UTF-8");
		struct reading *d;

		memcpy(in, letter, sizeof(letter));
		CHECK(cd != (iconv_t)-1);
		CHECK(iconv(cd, &ip, &il, &op, &ol) != (size_t)-1);
		iconv_close(cd);
		d = rd(out, (size_t)(op - out));
		CHECK(d->opened == 0 && d->pages == 1);
		snprintf(want, sizeof(want), "note charset %s\n", sets[i][1]);
		CHECK_STR(d->k.log, want);
		d->k.text[d->k.n - 1] = 0;
		CHECK_STR(d->k.text, letter);
		read_free(d);
	}
}

static void
one(const char *in, size_t n, const char *want, const char *note)
{
	struct reading *d = rd(in, n);

	CHECK(d->opened == 0);
	CHECK_STR(d->k.text, want);
	if (note)
		CHECK(strstr(d->k.log, note));
	read_free(d);
}

static void
small(void)
{
	one("", 0, "\f", NULL);
	one("A", 1, "A\f", "US-ASCII");
	one("\xEF\xBB\xBF"
	    "bl\xC3\xA5",
	    7, "blå\f", "UTF-8");
	one("a\r\nb\rc", 6, "a\nb\nc\f", NULL);
	one("b\xF8r \x80 5", 7, "bør € 5\f", "windows-1252");
	one("int main(void) { if (a[1] || b) { x = \"{y}\"; } }", 48,
	    "int main(void) { if (a[1] || b) { x = \"{y}\"; } }\f", "US-ASCII");
}

static void
mixed(void)
{
	static const char in[] = "Blåbær på Ørsta, ærlig og søt\nbl\xE5\n";

	one(in, sizeof(in) - 1, "Blåbær på Ørsta, ærlig og søt\nblå\n\f",
	    "UTF-8 with windows-1252");
}

static void
rubbish(void)
{
	unsigned char in[4096];
	unsigned seed = 3;
	struct reading *d;

	for (size_t i = 0; i < sizeof(in); i++) {
		seed = seed * 1103515245u + 12345u;
		in[i] = (unsigned char)(seed >> 16);
	}
	d = rd(in, sizeof(in));
	CHECK(d->opened == SLUSE_READ_UNSUPPORTED);
	read_free(d);
	memset(in, 0, sizeof(in));
	d = rd(in, sizeof(in));
	CHECK(d->opened == SLUSE_READ_UNSUPPORTED);
	read_free(d);
	/* one bell in a long text is left out */
	memset(in, 'a', sizeof(in));
	in[7] = 7;
	d = rd(in, sizeof(in));
	CHECK(d->opened == 0 && d->k.n == sizeof(in));
	read_free(d);
}

static void
pages(void)
{
	static char in[200000];
	struct reading *d = rd("one\ftwo\f\fthree\n\f", 16);
	size_t n = 0;

	CHECK(d->pages == 3);
	CHECK_STR(d->k.text, "one\ftwo\fthree\n\f");
	read_free(d);
	memset(in, 'A', sizeof(in)); /* one line without an end */
	d = rd(in, sizeof(in));
	CHECK(d->pages == 7 && d->k.n == sizeof(in) + 7);
	read_free(d);
	while (n + 2 < sizeof(in)) /* never inside a character */
		memcpy(in + n, "\xC3\xA5", 2), n += 2;
	in[0] = 'x';
	in[1] = 'y';
	in[2] = 'z';
	memmove(in + 3, in + 4, n - 4);
	d = rd(in, n - 1);
	CHECK(d->pages > 3 && !strstr(d->k.text, "\xEF\xBF\xBD"));
	CHECK(d->k.n == n - 1 + d->pages);
	read_free(d);
	for (n = 0; n + 40 < sizeof(in);) /* lines stay whole */
		n += (size_t)snprintf(
		    in + n, sizeof(in) - n, "linje nummer %zu her\n", n);
	d = rd(in, n);
	for (const char *p = d->k.text; (p = strchr(p, '\f')); p++)
		CHECK(p[-1] == '\n');
	read_free(d);
}

static void
html(void)
{
	static const char in[] =
	    "<html><head><title>Klage</title><style>p{x:y}</style>"
	    "<script>if (a<b) alert('<p>no</p>');</script></head><body>"
	    "<!-- gone --><p>Hei &amp; hallo,&nbsp;S&oslash;ren "
	    "<b title=\"a>b\">&#229;r</b>: 3 < 4<br>ny linje</p>"
	    "<table><tr><td>a</td><td>b</td></tr></table></body></html>";
	struct reading *d;
	static char deep[60000];
	size_t n = 0;

	read_free(rd("", 0));
	d = read_all(r, "text/html", in, sizeof(in) - 1, 0);
	CHECK_STR(d->k.text,
	    "Klage\n\nHei & hallo, Søren år: 3 < 4\nny linje\n\n"
	    "a\tb\f");
	read_free(d);
	while (n + 8 < sizeof(deep))
		memcpy(deep + n, "<script>", 8), n += 8;
	d = read_all(r, "text/html", deep, n, 0);
	CHECK(d->opened == 0);
	read_free(d);
}

/* After warm no file is opened: a child that may not open any still reads. */
static void
locked(void)
{
	pid_t pid;
	int st;

	read_free(rd("", 0));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct rlimit none = {0, 0};
		struct reading *d;

		setrlimit(RLIMIT_NOFILE, &none);
		d = rd("bl\x86 b\x91r p\x86 t\x86get", 16);
		_exit(strcmp(d->k.text, "blå bær på tåget\f") != 0);
	}
	CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

TEST_MAIN({"charsets", charsets}, {"small", small}, {"mixed", mixed},
    {"rubbish", rubbish}, {"pages", pages}, {"html", html}, {"locked", locked})
