/*
 * The mail reader: parts, names, bodies, fields, what is broken or hostile.
 */
#include <dlfcn.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/read/converters.h"
#include "mail_host.h"
#include "test.h"

#define HEAD                                                                   \
	"From: Kari Nordmann <kari@eksempel.no>\nTo: post@strand.no\n"         \
	"Subject: x\nMIME-Version: 1.0\n"

static struct reading *
rd(const void *p, size_t n)
{
	static const struct sluse_reader *r;

	if (!r) {
		r = mock_load("mail");
		CHECK(r->warm(&mock_host) == 0);
	}
	return read_all(r, "message/rfc822", p, n, 20000);
}
#define RD(s) rd(s, sizeof(s) - 1)

static void
part_is(struct reading *d, unsigned i, int role, const char *name,
    const char *mime, const char *bytes)
{
	CHECK(i < d->k.count);
	if (i >= d->k.count)
		return;
	CHECK(d->k.parts[i].role == role);
	CHECK(d->k.parts[i].ended == 1);
	CHECK_STR(d->k.parts[i].name, name);
	CHECK_STR(d->k.parts[i].mime, mime);
	CHECK_STR(d->k.parts[i].bytes ? d->k.parts[i].bytes : "", bytes);
}

static void
fields(void)
{
	struct reading *d =
	    RD("From: =?iso-8859-1?Q?K=E5re_=D8deg=E5rd?= <kare@x.no>\n"
	       "To: Postmottak <post@strand.kommune.no>, b@c.no\n"
	       "Subject: SV: Re: VS: =?utf-8?B?S2xhZ2UgcMOl?=\n"
	       " =?utf-8?Q?_vedtak_2026/211?=\n"
	       "Date: Sun, 29 Mar 2026 23:30:00 -0100\n"
	       "Message-ID: <a.b@x.no>\nIn-Reply-To: <1@s>\n"
	       "References: <0@s> <1@s> <2@s>\n\nHei\n");

	CHECK_STR(d->k.log, "field title Klage på vedtak 2026/211\n"
			    "field correspondent Kåre Ødegård\n"
			    "field correspondent_email kare@x.no\n"
			    "field recipient post@strand.kommune.no\n"
			    "field document_date 2026-03-30\n"
			    "field message_id a.b@x.no\n"
			    "field in_reply_to 1@s\nfield in_reply_to 2@s\n");
	CHECK_STR(d->k.text,
	    "Fra: Kåre Ødegård <kare@x.no>\n"
	    "Til: Postmottak <post@strand.kommune.no>, b@c.no\n"
	    "Dato: 2026-03-30 02:30\n"
	    "Emne: SV: Re: VS: Klage på vedtak 2026/211\n\nHei\n\n\f");
	read_free(d);
	/* raw 8-bit headers, each in its own set */
	d = RD("From: K\xE5re <k@x.no>\nSubject: S\xF8knad om b\xE5tplass\n"
	       "Date: rubbish\n\nHei p\xE5 deg\n");
	CHECK(strstr(d->k.log, "title Søknad om båtplass\n"));
	CHECK(strstr(d->k.log, "correspondent Kåre\n"));
	CHECK(!strstr(d->k.log, "document_date"));
	CHECK(strstr(d->k.text, "Hei på deg"));
	read_free(d);
}

/* Encoded words that say another set than they are written in, or none. */
static void
labels(void)
{
	static const char *const rows[][2] = {
	    {"=?us-ascii?Q?Bl=E5b=E6r_p=E5_tun?=", "Blåbær på tun"},
	    {"=?utf-8?Q?Bl=E5b=E6r_p=E5_tun?=", "Blåbær på tun"},
	    {"=?unknown-8bit*no?B?QmzlYuZyIHDlIHR1bg==?=", "Blåbær på tun"},
	    {"=?x-unknown?Q?Bl=C3=A5b=C3=A6r?= ja", "Blåbær ja"},
	    {"=?US-ASCII?Q?S=C3=B8?= =?utf-8?Q?knad?=", "Søknad"},
	    /* a letter in two words, and one that is what it says */
	    {"=?utf-8?Q?Bl=C3?= =?utf-8?Q?=A5b?=", "Blåb"},
	    {"=?koi8-r?Q?=F0?= =?utf-8?Q?_=E5?=", "П å"},
	    {"=?utf-8?Q?=E5?= =?a?Q?x", "å =?a?Q?x"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char mail[512];
		int n = snprintf(mail, sizeof(mail),
		    "From: %s <a@b.no>\nSubject: %s\n\nHei\n", rows[i][0],
		    rows[i][0]);
		struct reading *d = rd(mail, (size_t)n);
		char want[2][200];

		(void)snprintf(
		    want[0], sizeof(want[0]), "title %s\n", rows[i][1]);
		(void)snprintf(
		    want[1], sizeof(want[1]), "correspondent %s\n", rows[i][1]);
		CHECK(strstr(d->k.log, want[0]) != NULL);
		CHECK(strstr(d->k.log, want[1]) != NULL);
		if (!strstr(d->k.log, want[0]) || !strstr(d->k.log, want[1]))
			printf("# %s: %s\n", rows[i][0], d->k.log);
		read_free(d);
	}
}

/* Of a body in a set that only its message names, the part says the same as the
 * page; of others, of HTML that names its set, and of files, it is as it stood.
 */
static void
bodies(void)
{
	static const struct {
		const char *type, *body, *part;
	} rows[] = {
	    {"text/plain; charset=koi8-r", "\xDB\xCF\xD3\xD4", "шост"},
	    {"text/html; charset=koi8-r", "<p>\xDB\xCF", "<p>шо"},
	    {"text/html", "<meta charset=koi8-r><p>\xDB",
		"<meta charset=koi8-r><p>\xDB"},
	    {"text/html; charset=windows-1251",
		"<meta charset=windows-1251><p>\xF8",
		"<meta charset=windows-1251><p>\xF8"},
	    {"text/html; charset=koi8-r", "<meta charset=utf-8><p>\xDB",
		"<meta charset=utf-8><p>ш"},
	    {"text/plain; charset=macintosh", "bl\x8C", "bl\x8C"},
	    {"text/plain; charset=ns_4551-1", "bl}", "blå"},
	    {"text/plain; charset=iso-8859-1", "bl\xE5 b\xE6r",
		"bl\xE5 b\xE6r"},
	    {"application/x; charset=koi8-r", "\xDB\xCF", "\xDB\xCF"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char mail[512];
		int n = snprintf(mail, sizeof(mail),
		    "From: a@b.no\nContent-Type: %s\n\n%s", rows[i].type,
		    rows[i].body);
		struct reading *d = rd(mail, (size_t)n);

		CHECK(d->k.count == 1);
		CHECK_STR(d->k.parts[0].bytes ? d->k.parts[0].bytes : "",
		    rows[i].part);
		read_free(d);
	}
}

static void
roles(void)
{
	struct reading *d = RD(HEAD
	    "Content-Type: multipart/mixed; boundary=m\n\n--m\n"
	    "Content-Type: multipart/related; boundary=r\n\n--r\n"
	    "Content-Type: multipart/alternative; boundary=a\n\n--a\n"
	    "Content-Type: text/plain\n\nren\n--a\n"
	    "Content-Type: text/html\n\n<p>pen <img src=\"cid:b%40x\">\n"
	    "--a--\n--r\nContent-Type: image/png\nContent-ID: <b@x>\n\nPNG\n"
	    "--r\nContent-Type: image/png; name=logo.png\n"
	    "Content-Disposition: inline\nContent-ID: <other@x>\n\nLOGO\n"
	    "--r--\n--m\nContent-Type: application/pdf\n"
	    "Content-Disposition: inline; filename=brev.pdf\n"
	    "Content-Transfer-Encoding: base64\n\nSGVp\n--m\n"
	    "Content-Type: text/plain; name=liste.txt\n\nen\n--m--\n");

	CHECK(d->opened == 0 && d->paged == 0 && d->parted == 0);
	CHECK(d->k.count == 6);
	part_is(d, 0, SLUSE_PART_BODY, "", "text/plain", "ren");
	part_is(d, 1, SLUSE_PART_BODY, "", "text/html",
	    "<p>pen <img src=\"cid:b%40x\">");
	part_is(d, 2, SLUSE_PART_INLINE, "", "image/png", "PNG");
	part_is(d, 3, SLUSE_PART_ATTACHMENT, "logo.png", "image/png", "LOGO");
	part_is(
	    d, 4, SLUSE_PART_ATTACHMENT, "brev.pdf", "application/pdf", "Hei");
	part_is(d, 5, SLUSE_PART_ATTACHMENT, "liste.txt", "text/plain", "en");
	CHECK(strstr(d->k.text, "Vedlegg: logo.png, brev.pdf, liste.txt\n"));
	CHECK(strstr(d->k.text, "\nren\n") && !strstr(d->k.text, "pen"));
	CHECK(strstr(d->k.log, "note mail_html_alternative"));
	read_free(d);
	/* what is about the encrypted is no document */
	d = RD(HEAD "Content-Type: multipart/encrypted; boundary=m; "
		    "protocol=\"application/pgp-encrypted\"\n\n--m\n"
		    "Content-Type: application/pgp-encrypted\n\nVersion: 1\n"
		    "--m\nContent-Type: application/octet-stream; "
		    "name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----\n--m--");
	CHECK(d->parted == SLUSE_READ_ENCRYPTED && d->k.count == 2);
	part_is(d, 0, SLUSE_PART_SKIPPED, "", "application/pgp-encrypted", "");
	part_is(d, 1, SLUSE_PART_ATTACHMENT, "encrypted.asc",
	    "application/octet-stream", "-----BEGIN PGP MESSAGE-----");
	CHECK(strstr(d->k.log, "note mail_encrypted \n"));
	read_free(d);
	d = RD(HEAD "Content-Type: text/html; charset=utf-8\n\n"
		    "<p>Bl&aring;b\xC3\xA6r</p>");
	CHECK(strstr(d->k.text, "\nBlåbær\n"));
	read_free(d);
}

static void
inner_mail(void)
{
	static const char inner[] = "Subject: indre\r\nX-A:  b\r\n"
				    "Content-Type: multipart/mixed; "
				    "boundary=i\r\n\r\npre\r\n--i\r\n\r\n"
				    "tekst\r\n--i--\r\nepilog";
	char mail[1024];
	int n = snprintf(mail, sizeof(mail),
	    HEAD "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
		 "Content-Type: message/rfc822\r\n\r\n%s\r\n--m\r\n"
		 "Content-Type: message/rfc822; name=to.eml\r\n\r\n%s",
	    inner, inner);
	struct reading *d = rd(mail, (size_t)n);

	CHECK(d->k.count == 2);
	part_is(
	    d, 0, SLUSE_PART_ATTACHMENT, "indre.eml", "message/rfc822", inner);
	part_is(d, 1, SLUSE_PART_ATTACHMENT, "to.eml", "message/rfc822", inner);
	CHECK(strstr(d->k.log, "note mail_truncated"));
	read_free(d);
}

static void
names(void)
{
	static const char *const rows[][3] = {
	    {"filename*=utf-8''bl%C3%A5.pdf", "blå.pdf", "utf-8"},
	    {"filename*=iso-8859-1''bl%E5.pdf", "blå.pdf", "iso-8859-1"},
	    {"filename*0=\"lang\"; filename*1=\"t.pdf\"", "langt.pdf", ""},
	    {"filename=\"=?utf-8?Q?bl=C3=A5=2Epdf?=\"", "blå.pdf", "utf-8"},
	    {"filename=\"bl\xE5.pdf\"", "blå.pdf", "windows-1252"},
	    {"filename=\"bl\x86 b\x91r.pdf\"", "blå bær.pdf", "CP865"},
	    {"filename=\"C:\\\\tmp\\\\a.pdf\"", "a.pdf", ""},
	    {"filename=\"../../etc/passwd\"", "passwd", ""},
	    {"filename=\"..\"", "", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char mail[1024];
		int n = snprintf(mail, sizeof(mail),
		    HEAD "Content-Type: application/pdf\n"
			 "Content-Disposition: attachment; %s\n\nx",
		    rows[i][0]);
		struct reading *d = rd(mail, (size_t)n);

		CHECK(d->k.count == 1);
		CHECK_STR(d->k.parts[0].name, rows[i][1]);
		if (*rows[i][2])
			CHECK(!strcasecmp(d->k.parts[0].charset, rows[i][2]));
		CHECK(!*rows[i][1] || d->k.parts[0].raw[0]);
		read_free(d);
	}
}

/* Files in the text of a body, and what only looks like one. */
static void
uuencoded(void)
{
	static const char *const rows[][3] = {
	    /* with blanks for zeros, one lost at the end; a letter behind */
	    {"Hei\nbegin 644 br\xE5v.txt\n#2&5I\n`\nend\nslutt\n", "Hei",
		"bråv.txt"},
	    {"begin 0644 C:\\a\\b.doc\r\n$2&5I(0 \r\n\r\nend", "Hei!", "b.doc"},
	    {"begin 644 x\n#2&5IA\n#2&5I\n \nend\n", "HeiHei", "x"},
	    {"begin 644 x\n#2&5I\n`\n", NULL, NULL},
	    {"begin 644 x\nend\n", NULL, NULL},
	    {"begin 644 x\n#2&5I\nHei\nend\n", NULL, NULL},
	    {"begin 888 x\n#2&5I\n`\nend\n", NULL, NULL},
	    {" begin 644 x\n#2&5I\n`\nend\n", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char mail[512];
		int n = snprintf(mail, sizeof(mail), HEAD "\n%s", rows[i][0]);
		struct reading *d = rd(mail, (size_t)n);

		CHECK(d->k.count == (rows[i][1] ? 2 : 1));
		part_is(d, 0, SLUSE_PART_BODY, "", "text/plain", rows[i][0]);
		if (rows[i][1])
			part_is(d, 1, SLUSE_PART_ATTACHMENT, rows[i][2],
			    "application/octet-stream", rows[i][1]);
		read_free(d);
	}
	struct reading *d = RD(HEAD "\nHei\nbegin 644 a\n#2&5I\n`\nend\n"
				    "og\nbegin 644 b\n#2&5I\n`\nend\nslutt");
	CHECK(d->k.count == 3);
	CHECK(strstr(d->k.text, "Vedlegg: a, b\n"));
	CHECK(strstr(d->k.text, "\nHei\nog\nslutt\n"));
	CHECK(!strstr(d->k.log, "mail_truncated"));
	read_free(d);
	/* one that is cut off is no attachment, and stays where it was */
	d = RD(HEAD "\nHei\nbegin 644 a\n#2&5I\n`\nend\n"
		    "og\nbegin 644 b\n#2&5I\n\nHILSEN KARI\n");
	CHECK(d->k.count == 2);
	CHECK(strstr(d->k.text, "Vedlegg: a\n"));
	CHECK(strstr(
	    d->k.text, "\nHei\nog\nbegin 644 b\n#2&5I\n\nHILSEN KARI\n"));
	CHECK(strstr(d->k.log, "note mail_truncated \n"));
	read_free(d);
	/* a mail of one named text has it for its body, and looks into none */
	d = RD(HEAD "Content-Disposition: attachment; filename=a.txt\n"
		    "\nbegin 644 b\n#2&5I\n`\nend\n");
	CHECK(d->k.count == 1);
	CHECK(strstr(d->k.text, "\nbegin 644 b\n#2&5I\n`\nend\n"));
	read_free(d);
}

/* The line end before a boundary is none of the part's, at the end of the file
 * too. */
static void
last_line(void)
{
	static const char *const ends[] = {"", "\r\n", "\r\n\r\n"};
	static const char *const parts[] = {"", "x", "x\r\n", "x\r\n\r", "\r"};

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 5; k++) {
			char mail[300];
			int n = snprintf(mail, sizeof(mail),
			    "From: a@b.no\r\nContent-Type: multipart/mixed; "
			    "boundary=b\r\n\r\n--b\r\nContent-Type: x/y\r\n"
			    "\r\n%s\r\n--b--%s",
			    parts[k], ends[i]);
			struct reading *d = rd(mail, (size_t)n);

			CHECK(d->k.count == 1);
			CHECK_STR(
			    d->k.parts[0].bytes ? d->k.parts[0].bytes : "",
			    parts[k]);
			read_free(d);
		}
}

static void
notes(void)
{
	static const char *const rows[][2] = {
	    {"text/plain; charset=x-nonsense\n\nbl\xE5",
		"mail_charset x-nonsense"},
	    {"text/plain; charset=\"<b>\"\n\nbl\xE5", "mail_charset ?"},
	    {"text/html\n\n<meta charset=x-nonsense>bl\xE5",
		"mail_charset x-nonsense"},
	    {"multipart/signed; boundary=b\n\n--b\n\nx\n--b--", "mail_signed"},
	    {"multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--",
		"mail_encrypted"},
	    {"application/pkcs7-mime; smime-type=enveloped-data\n\nx",
		"mail_encrypted"},
	    {"application/pkcs7-mime; smime-type=signed-data\n\nx",
		"mail_signed"},
	    {"text/plain\n\n-----BEGIN PGP MESSAGE-----\n\nx",
		"mail_encrypted"},
	    {"text/plain\n\n-----BEGIN PGP SIGNED MESSAGE-----\nx",
		"mail_signed"},
	    {"message/partial; number=1; total=2; id=a\n\nx", "mail_partial"},
	    {"multipart/mixed; boundary=b\n\n--b\n\nx", "mail_truncated"},
	    {"multipart/mixed; boundary=b\n\nbare tekst",
		"mail_empty_multipart"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char mail[1024], want[64];
		int n = snprintf(
		    mail, sizeof(mail), HEAD "Content-Type: %s", rows[i][0]);
		struct reading *d = rd(mail, (size_t)n);

		snprintf(want, sizeof(want), "note %s%s\n", rows[i][1],
		    strchr(rows[i][1], ' ') ? "" : " ");
		CHECK(strstr(d->k.log, want));
		CHECK(d->k.count == 1 && d->k.parts[0].n > 0);
		read_free(d);
	}
	struct reading *d = RD("%PDF-1.4 no mail\n\nat all\n");
	CHECK(d->opened == SLUSE_READ_UNSUPPORTED);
	read_free(d);
}

/* Repeats s into a mail and reads it in a child with 20 s and 1 GiB. */
static int
ends_with(const char *head, const char *unit, size_t times, const char *tail,
    int opened, int parted, unsigned parts)
{
	size_t len = strlen(unit), n = 0;
	size_t room = strlen(head) + len * times + strlen(tail) + 1;
	char *mail = malloc(room);
	int st = -1;
	pid_t pid;

	n += (size_t)snprintf(mail, room, "%s", head);
	for (size_t i = 0; i < times; i++, n += len)
		memcpy(mail + n, unit, len);
	n += (size_t)snprintf(mail + n, room - n, "%s", tail);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct rlimit cpu = {20, 20};
		struct reading *d;

		setrlimit(RLIMIT_CPU, &cpu);
		d = rd(mail, n);
		_exit(
		    !(d->opened == opened && (opened || d->parted == parted) &&
			d->k.count == parts));
	}
	free(mail);
	return waitpid(pid, &st, 0) == pid && st == 0;
}

static void
hostile(void)
{
	char deep[64 * 1024], wide[24000], line[80];
	size_t n = 0;

	read_free(RD(HEAD "\nx"));
	CHECK(ends_with(HEAD "Content-Type: multipart/mixed; boundary=b\n\n",
	    "--b\n\nx\n", 10000, "--b--\n", 0, 0, 10000));
	CHECK(ends_with(HEAD "Content-Type: multipart/mixed; boundary=b\n\n",
	    "--b\n\nx\n", 30000, "--b--\n", 0, SLUSE_READ_LIMIT, 20000));
	CHECK(ends_with(
	    HEAD "X: ", "a", 10 << 20, "\n\nx", SLUSE_READ_LIMIT, 0, 0));
	CHECK(ends_with(
	    HEAD "Subject: ", "=?utf-8?q?a?= ", 60000, "\n\nx", 0, 0, 1));
	CHECK(ends_with(HEAD "Content-Type: application/pdf; name=a\n"
			     "Content-Transfer-Encoding: base64\n\n",
	    "@@!!\xE5\n", 10000, "", 0, 0, 1));
	CHECK(ends_with(
	    "", "Content-Type: message/rfc822\n\n", 100, "x", 0, 0, 1));
	n = (size_t)snprintf(deep, sizeof(deep),
	    HEAD "Content-Type: multipart/mixed; boundary=b0\n\n");
	for (int i = 0; i < 200; i++)
		n += (size_t)snprintf(deep + n, sizeof(deep) - n,
		    "--b%d\nContent-Type: multipart/mixed; "
		    "boundary=b%d\n\n",
		    i, i + 1);
	(void)snprintf(line, sizeof(line), "--b200\n\nx\n");
	CHECK(ends_with(deep, line, 1, "", 0, SLUSE_READ_LIMIT, 1));
	n = (size_t)snprintf(wide, sizeof(wide),
	    HEAD "Content-Type: multipart/mixed; boundary=");
	memset(wide + n, 'B', 10000);
	n += 10000;
	n += (size_t)snprintf(wide + n, sizeof(wide) - n, "\n\n--");
	memset(wide + n, 'B', 10000);
	n += 10000;
	(void)snprintf(wide + n, sizeof(wide) - n, "\n\nx\n");
	CHECK(ends_with(wide, "", 0, "", 0, 0, 1));
}

/* GMime's, for all who call it: how often. */
static unsigned opens;
void *g_mime_iconv_open(const char *to, const char *from);

__attribute__((visibility("default"))) void *
g_mime_iconv_open(const char *to, const char *from)
{
	void *gmime = dlopen("libgmime-3.0.so.0", RTLD_LAZY | RTLD_NOLOAD);
	void *p = dlsym(gmime, "g_mime_iconv_open");
	void *(*real)(const char *, const char *);

	memcpy(&real, &p, sizeof(real));
	dlclose(gmime);
	opens++;
	return real(to, from);
}

static unsigned
opens_for(unsigned words)
{
	static char mail[40000];
	size_t n = (size_t)snprintf(mail, sizeof(mail), "Subject: a");
	unsigned before;

	for (unsigned i = 0; i < words; i++)
		n += (size_t)snprintf(
		    mail + n, sizeof(mail) - n, "=?iso-8859-1?q?a?=");
	n += (size_t)snprintf(mail + n, sizeof(mail) - n, "\n\nx");
	before = opens;
	read_free(rd(mail, n));
	return opens - before;
}

/* Words of one label take no more converters for being many. */
static void
converters(void)
{
	unsigned few;

	read_free(RD(HEAD "\nx"));
	few = opens_for(10);
	CHECK(few > 0);
	CHECK(opens_for(1000) == few);
}

/* After warm no file may be opened; every set of the table still reads. */
static void
locked(void)
{
	static const char *const rows[][3] = {{"windows-1252", "bl\xE5"},
	    {"iso-8859-1", "bl\xE5"}, {"iso-8859-15", "bl\xE5"},
	    {"iso-8859-10", "bl\xE5"}, {"cp865", "bl\x86"},
	    {"ibm850", "bl\x86"}, {"macintosh", "bl\x8C"},
	    {"windows-1257", "bl\xE5"}, {"iso-8859-4", "bl\xE5"},
	    {"iso-8859-9", "bl\xE5"}, {"utf-7", "bl+AOU-"},
	    {"hp-roman8", "bl\xD4"}, {"cp1047", "\x82\x93\x47"},
	    {"ns_4551-1", "bl}"}, {"nonsense-9", "bl\xE5"},
	    {"windows-31j", "\x8A\xBF\x87\x40", "\n漢①\n"},
	    {"iso-8859-16", "\xAA\xBA \xDE", "\nȘș Ț\n"},
	    {"koi8-ru", "\xD0\xA4\xA4", "\nпєє\n"}};
	int st = -1;
	pid_t pid;

	CHECK(sl_converters_warm(NULL) == SL_OK);
	read_free(RD(HEAD "\nx"));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct rlimit none = {0, 0};
		int bad = 0;

		setrlimit(RLIMIT_NOFILE, &none);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			char mail[512];
			int n = snprintf(mail, sizeof(mail),
			    HEAD "Content-Type: text/plain; charset=%s\n\n%s",
			    rows[i][0], rows[i][1]);
			struct reading *d = rd(mail, (size_t)n);

			if (!strstr(d->k.text,
				rows[i][2] ? rows[i][2] : "\nblå\n")) {
				printf("# %s %s\n", rows[i][0], d->k.text);
				bad = 1;
			}
			read_free(d);
		}
		fflush(stdout);
		_exit(bad);
	}
	CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

TEST_MAIN({"fields", fields}, {"labels", labels}, {"bodies", bodies},
    {"roles", roles}, {"inner_mail", inner_mail}, {"names", names},
    {"last_line", last_line}, {"uuencoded", uuencoded}, {"notes", notes},
    {"hostile", hostile}, {"converters", converters}, {"locked", locked})
