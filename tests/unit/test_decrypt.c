/*
 * Envelopes as the openssl command line makes them, in every combination of
 * transport and cipher that there is, and what a sender may do to them.
 */
#include <fcntl.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/decrypt/decrypt.h"
#include "../../daemon/decrypt/envelope.h"
#include "../../daemon/sandbox/sandbox.h"
#include "envelopes.h"
#include "parent.h"
#include "test.h"

#define DATA "tests/data/"
#define OAEP256                                                                \
	" -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256"            \
	" -keyopt rsa_mgf1_md:sha256"

static char dir[] = "/tmp/sluse-decrypt-XXXXXX";
static const char text[] = "Brev til kommunen. Gjelder sak 2026/211.\n";
static struct sl_keys both;

static void
set_up(void)
{
	static bool done;
	SL_CLOSE int d = open(DATA, O_DIRECTORY | O_CLOEXEC);
	SL_BUF struct sl_buf b = {0};
	struct sl_err err = {0};
	const char *const names[] = {"decrypt-rsa.pem", "decrypt-ec.pem"};
	size_t i;

	if (done)
		return;
	done = true;
	if (mkdtemp(dir) == NULL)
		abort();
	for (i = 0; i < 2; i++) {
		sl_buf_reset(&b);
		CHECK(sl_read_file(d, names[i], 65536, &b, &err) == SL_OK);
		CHECK_MSG(
		    sl_keys_add(&both, names[i], b.p, b.n, NULL, &err) == SL_OK,
		    "%s", err.text);
	}
	CHECK_MSG(sl_decrypt_warm(&both, &err) == SL_OK, "%s", err.text);
}

static const char *
in_dir(const char *name)
{
	static char b[2][128];
	static int turn;

	turn = !turn;
	(void)snprintf(b[turn], sizeof(b[turn]), "%s/%s", dir, name);
	return b[turn];
}

static void
write_file(const char *name, const void *p, size_t n)
{
	int fd =
	    open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || sl_write_full(fd, p, n) != 0)
		abort();
	(void)close(fd);
}

/* A shell, for once: the tests' own words only. */
static bool __attribute__((format(printf, 1, 2))) shell(const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	int status = -1;
	pid_t pid;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	pid = fork();
	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* dir/env: dir/text closed by the openssl command line. */
static bool
make(const char *more)
{
	return shell("openssl cms -encrypt -binary -in %s/text -outform DER"
		     " -out %s/env %s 2>%s/said",
	    dir, dir, more, dir);
}

struct outcome {
	enum sl_rc rc;
	uint64_t size;
	struct sl_digest key;
	struct sl_err err;
	struct sl_buf clear;
};

static void
take_clear(int fd, struct outcome *o)
{
	SL_FREE char *b = sl_alloc(o->size + 1);

	sl_buf_reset(&o->clear);
	if (sl_pread_full(fd, b, o->size, 0) == (ssize_t)o->size)
		sl_buf_add(&o->clear, b, o->size);
}

static void
open_with(const struct sl_keys *k, const void *p, size_t n, struct outcome *o)
{
	SL_CLOSE int in = memfd_create("in", MFD_CLOEXEC);
	SL_CLOSE int out = memfd_create("out", MFD_CLOEXEC);
	struct sl_extent x = {.fd = in, .offset = 3, .size = n};
	struct stat st;

	memset(&o->err, 0, sizeof(o->err));
	/* Not at the start of its file, and with something behind it. */
	if (sl_write_full(in, "abc", 3) != 0 || sl_write_full(in, p, n) != 0 ||
	    sl_write_full(in, "0123456789abcdef", 16) != 0)
		abort();
	o->size = 0;
	o->rc = sl_decrypt(k, &x, out, &o->size, &o->key, &o->err);
	CHECK(fstat(out, &st) == 0);
	CHECK(st.st_size == (o->rc == SL_OK ? (off_t)o->size : 0));
	if (o->rc == SL_OK)
		take_clear(out, o);
}

static void
load(const char *name, struct sl_buf *b)
{
	sl_buf_reset(b);
	b->max = 64 << 20;
	if (sl_read_file(AT_FDCWD, in_dir(name), 64 << 20, b, NULL) != SL_OK)
		abort();
}

static void
expect_clear(const struct outcome *o, const char *what)
{
	CHECK_MSG(
	    o->rc == SL_OK, "%s: %s %s", what, o->err.reason, o->err.text);
	CHECK_MSG(o->clear.n == sizeof(text) - 1 &&
		      memcmp(o->clear.p, text, sizeof(text) - 1) == 0,
	    "%s: another text", what);
}

static void
expect(const struct outcome *o, enum sl_rc rc, const char *reason,
    const char *what)
{
	CHECK_MSG(o->rc == rc && o->err.reason != NULL &&
		      strcmp(o->err.reason, reason) == 0,
	    "%s: rc %d %s (%s)", what, (int)o->rc,
	    o->err.reason != NULL ? o->err.reason : "-", o->err.text);
}

/* -- what is made ------------------------------------------------------------
 */

static const char *const ciphers[] = {"-aes-128-cbc", "-aes-192-cbc",
    "-aes-256-cbc", "-aes-128-gcm", "-aes-192-gcm", "-aes-256-gcm", "-des3"};

static void
combinations(void)
{
	static const char *const to[] = {"-recip " DATA "decrypt-rsa.pem",
	    "-recip " DATA "decrypt-rsa.pem -keyopt rsa_padding_mode:oaep",
	    "-recip " DATA "decrypt-rsa.pem" OAEP256,
	    "-recip " DATA "decrypt-ec.pem",
	    "-recip " DATA "decrypt-ec.pem -keyopt ecdh_kdf_md:sha256",
	    "-keyid -recip " DATA "decrypt-rsa.pem" OAEP256,
	    "-keyid -recip " DATA "decrypt-ec.pem",
	    "-stream -recip " DATA "decrypt-rsa.pem"};
	SL_BUF struct sl_buf env = {0};
	struct outcome o = {.rc = SL_OK};
	char line[512];
	size_t c, i;

	set_up();
	write_file("text", text, sizeof(text) - 1);
	for (c = 0; c < sizeof(ciphers) / sizeof(ciphers[0]); c++)
		for (i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
			(void)snprintf(
			    line, sizeof(line), "%s %s", ciphers[c], to[i]);
			if (!make(line)) {
				CHECK_MSG(false, "openssl: %s", line);
				continue;
			}
			load("env", &env);
			open_with(&both, env.p, env.n, &o);
			expect_clear(&o, line);
			CHECK(memcmp(&o.key,
				  &both.key[strstr(line, "-ec") != NULL]
				       .fingerprint,
				  sizeof(o.key)) == 0);
		}
	sl_buf_free(&o.clear);
}

static void
other_forms(void)
{
	SL_BUF struct sl_buf env = {0}, ber = {0};
	struct outcome o = {.rc = SL_OK};
	const char *const kinds[] = {"-aes-256-cbc -recip " DATA
				     "decrypt-rsa.pem",
	    "-aes-256-gcm -recip " DATA "decrypt-rsa.pem",
	    "-aes-128-cbc -keyid -recip " DATA "decrypt-ec.pem"};
	size_t i;

	set_up();
	write_file("text", text, sizeof(text) - 1);
	for (i = 0; i < 3; i++) {
		CHECK(make(kinds[i]));
		load("env", &env);
		sl_buf_reset(&ber);
		envelope_to_ber(&env, NULL, NULL, &ber);
		CHECK(ber.n > env.n);
		open_with(&both, ber.p, ber.n, &o);
		expect_clear(&o, kinds[i]);
		/* Not one of its last bytes may be missing. */
		open_with(&both, ber.p, ber.n - 40, &o);
		expect(&o, SL_BROKEN, "damaged", "cut");
	}
	sl_buf_free(&o.clear);
}

static void
empty_text(void)
{
	SL_BUF struct sl_buf env = {0};
	struct outcome o = {.rc = SL_OK};
	size_t c;
	char line[256];

	set_up();
	write_file("text", "", 0);
	for (c = 0; c < sizeof(ciphers) / sizeof(ciphers[0]); c++) {
		(void)snprintf(line, sizeof(line),
		    "%s -recip " DATA "decrypt-rsa.pem", ciphers[c]);
		CHECK(make(line));
		load("env", &env);
		open_with(&both, env.p, env.n, &o);
		CHECK_MSG(
		    o.rc == SL_OK && o.size == 0, "%s: %s", line, o.err.text);
	}
	open_with(&both, "", 0, &o);
	expect(&o, SL_BROKEN, "damaged", "nothing");
	sl_buf_free(&o.clear);
}

static void
attributes(void)
{
	SL_BUF struct sl_buf env = {0}, ber = {0};
	struct outcome o = {.rc = SL_OK};
	struct sl_buf mac = {0}, attrs = {0};

	set_up();
	write_file("text", text, sizeof(text) - 1);
	CHECK(make("-aes-256-gcm -recip " DATA "decrypt-rsa.pem"));
	load("env", &env);
	CHECK(envelope_attributes(
	    &env, both.key[0].pkey, text, sizeof(text) - 1, &attrs, &mac));
	envelope_to_ber(&env, &attrs, &mac, &ber);
	open_with(&both, ber.p, ber.n, &o);
	expect_clear(&o, "authenticated attributes");
	/* They are covered. */
	attrs.p[attrs.n - 1] ^= 1;
	sl_buf_reset(&ber);
	envelope_to_ber(&env, &attrs, &mac, &ber);
	open_with(&both, ber.p, ber.n, &o);
	expect(&o, SL_BROKEN, "damaged", "attributes changed");
	sl_buf_free(&mac);
	sl_buf_free(&attrs);
	sl_buf_free(&o.clear);
}

/* -- whose it is
 * --------------------------------------------------------------- */

static void
strangers(void)
{
	SL_BUF struct sl_buf env = {0};
	struct outcome o = {.rc = SL_OK};
	struct sl_keys ec = {0};

	set_up();
	write_file("text", text, sizeof(text) - 1);
	ec.key[0] = both.key[1];
	ec.n = 1;
	CHECK(make("-aes-256-cbc -recip " DATA "decrypt-rsa.pem"));
	load("env", &env);
	open_with(&ec, env.p, env.n, &o);
	expect(&o, SL_HOLD, "key_missing", "another's");
	CHECK(make("-aes-256-gcm -secretkey 00112233445566778899aabbccddeeff"
		   " -secretkeyid 0a0b"));
	load("env", &env);
	open_with(&both, env.p, env.n, &o);
	expect(&o, SL_HOLD, "key_missing", "a shared secret");
	CHECK(make("-aes-256-cbc -pwri_password hemmelig"));
	load("env", &env);
	open_with(&both, env.p, env.n, &o);
	expect(&o, SL_HOLD, "key_missing", "a password");
	/* Ours is the last of three. */
	CHECK(shell("cd %s && openssl req -x509 -newkey rsa:2048 -nodes"
		    " -keyout other.key -out other.crt -subj /CN=other"
		    " 2>/dev/null",
	    dir));
	CHECK(shell("openssl cms -encrypt -binary -in %s/text -outform DER"
		    " -out %s/env -aes-256-cbc %s/other.crt " DATA
		    "decrypt-ec.pem " DATA "decrypt-rsa.pem",
	    dir, dir, dir));
	load("env", &env);
	open_with(&both, env.p, env.n, &o);
	expect_clear(&o, "one of three");
	open_with(&ec, env.p, env.n, &o);
	expect_clear(&o, "another of three");
	sl_buf_free(&o.clear);
}

/* Every second recipient list grows by so many. */
static void
crowd(unsigned recipients, const char *reason)
{
	SL_BUF struct sl_buf env = {0}, ber = {0};
	struct outcome o = {.rc = SL_OK};

	CHECK(make("-aes-256-cbc -recip " DATA "decrypt-rsa.pem"));
	load("env", &env);
	envelope_crowd(&env, recipients, &ber);
	open_with(&both, ber.p, ber.n, &o);
	if (reason == NULL)
		expect_clear(&o, "a crowd");
	else
		expect(&o, SL_HOLD, reason, "a crowd");
	sl_buf_free(&o.clear);
}

static void
crowds(void)
{
	set_up();
	write_file("text", text, sizeof(text) - 1);
	crowd(1000, NULL);
	crowd(60000, "unsupported");
}

/* -- what is changed
 * ------------------------------------------------------------ */

static void
cut(void)
{
	SL_BUF struct sl_buf env = {0};
	struct outcome o = {.rc = SL_OK};
	size_t c, n;
	char line[256];

	set_up();
	write_file("text", text, sizeof(text) - 1);
	for (c = 0; c < 7; c += 3) {
		(void)snprintf(line, sizeof(line),
		    "%s -recip " DATA "decrypt-rsa.pem", ciphers[c]);
		CHECK(make(line));
		load("env", &env);
		for (n = 0; n < env.n; n += n < 64 || n > env.n - 64 ? 1 : 7) {
			open_with(&both, env.p, n, &o);
			expect(&o, SL_BROKEN, "damaged", "cut");
		}
	}
	sl_buf_free(&o.clear);
}

/* What cannot be read was not seen to be damaged. */
static void
unreadable(void)
{
	SL_CLOSE int out = memfd_create("out", MFD_CLOEXEC);
	SL_CLOSE int in = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sl_extent x = {.fd = in, .size = 500};
	struct outcome o = {.rc = SL_OK};

	set_up();
	o.rc = sl_decrypt(&both, &x, out, &o.size, &o.key, &o.err);
	expect(&o, SL_RETRY, "disk_error", "a folder");
}

/* EncryptedData is whole, and for none of our keys: shut, not damaged. */
static void
no_envelope_but_shut(void)
{
	SL_BUF struct sl_buf env = {0};
	struct outcome o = {.rc = SL_OK};

	set_up();
	write_file("text", text, sizeof(text) - 1);
	CHECK(shell("openssl cms -EncryptedData_encrypt -binary -aes-256-cbc"
		    " -secretkey %064d -in %s/text -outform DER -out %s/env"
		    " 2>%s/said",
	    0, dir, dir, dir));
	load("env", &env);
	open_with(&both, env.p, env.n, &o);
	expect(&o, SL_HOLD, "encrypted", "EncryptedData");
	sl_buf_free(&o.clear);
}

/* One byte of it is another: nothing but that it is damaged, not for us, or of
 * an unknown kind comes out; of GCM never a clear text. */
static void
changed(void)
{
	SL_BUF struct sl_buf env = {0};
	struct outcome o = {.rc = SL_OK};
	unsigned opened = 0;
	size_t i, c;
	char line[256];

	set_up();
	write_file("text", text, sizeof(text) - 1);
	for (c = 2; c < 6; c += 3) {
		(void)snprintf(line, sizeof(line),
		    "%s -recip " DATA "decrypt-rsa.pem" OAEP256, ciphers[c]);
		CHECK(make(line));
		load("env", &env);
		for (i = 0; i < env.n; i++) {
			env.p[i] ^= 0x55;
			open_with(&both, env.p, env.n, &o);
			env.p[i] ^= 0x55;
			opened += o.rc == SL_OK && c == 5;
			if (o.rc != SL_OK)
				CHECK_MSG(o.rc == SL_BROKEN || o.rc == SL_HOLD,
				    "byte %zu: %d", i, (int)o.rc);
		}
	}
	/* Its version, and names that mean nothing here. */
	CHECK_MSG(opened < 40, "%u opened", opened);
	sl_buf_free(&o.clear);
}

/* A content key that is padded wrongly ends as one that is right for another
 * content: the same result, reason and words. */
static void
no_oracle(void)
{
	SL_BUF struct sl_buf env = {0};
	struct outcome o = {.rc = SL_OK}, other = {.rc = SL_OK};
	const char *const kinds[] = {"-aes-256-gcm -recip " DATA
				     "decrypt-rsa.pem",
	    "-aes-256-gcm -recip " DATA "decrypt-rsa.pem" OAEP256};
	size_t i, at;

	set_up();
	write_file("text", text, sizeof(text) - 1);
	for (i = 0; i < 2; i++) {
		CHECK(make(kinds[i]));
		load("env", &env);
		at = envelope_key_at(&env);
		CHECK(at > 0);
		env.p[at + 128] ^= 1; /* its padding */
		open_with(&both, env.p, env.n, &o);
		env.p[at + 128] ^= 1;
		env.p[env.n - 1] ^= 1; /* the tag */
		open_with(&both, env.p, env.n, &other);
		expect(&o, SL_BROKEN, "damaged", kinds[i]);
		CHECK(other.rc == o.rc);
		CHECK_STR(o.err.reason, other.err.reason);
		CHECK_STR(o.err.text, other.err.text);
	}
}

static void
unknown_cipher(void)
{
	SL_BUF struct sl_buf env = {0};
	struct outcome o = {.rc = SL_OK};
	static const char aes256cbc[] = "\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
	char *p;

	set_up();
	write_file("text", text, sizeof(text) - 1);
	CHECK(make("-aes-256-cbc -recip " DATA "decrypt-rsa.pem"));
	load("env", &env);
	p = memmem(env.p, env.n, aes256cbc, 9);
	CHECK(p != NULL);
	p[8] = 0x7a; /* no such cipher */
	open_with(&both, env.p, env.n, &o);
	expect(&o, SL_HOLD, "unsupported", "a cipher of nobody's");
}

/* -- keys
 * ------------------------------------------------------------------------ */

static enum sl_rc
add(const char *name, const char *passphrase, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_keys k = {0};
	enum sl_rc rc;

	load(name, &b);
	rc = sl_keys_add(&k, name, b.p, b.n, passphrase, err);
	CHECK(rc != SL_OK || k.n > 0);
	sl_keys_forget(&k);
	return rc;
}

static void
key_files(void)
{
	struct sl_err err = {0};

	set_up();
	CHECK(
	    shell("cd %s && openssl pkey -in $OLDPWD/" DATA
		  "decrypt-rsa.pem -aes256 -passout pass:hemmelig -out e.key"
		  " && openssl x509 -in $OLDPWD/" DATA "decrypt-rsa.pem -out"
		  " rsa.crt && cat e.key rsa.crt >e.pem && openssl rsa -in"
		  " $OLDPWD/" DATA "decrypt-rsa.pem -traditional -out t.key"
		  " 2>/dev/null && cat rsa.crt t.key >t.pem && openssl"
		  " genrsa -traditional -out s.key 1024 2>/dev/null && openssl"
		  " req -x509 -key s.key -subj /CN=s -out s.crt && cat s.key"
		  " s.crt >s.pem && cat t.key >bare.pem && cat s.crt t.key"
		  " >wrong.pem",
		dir));
	CHECK(add("e.pem", "hemmelig", &err) == SL_OK);
	CHECK(add("e.pem", NULL, &err) == SL_FATAL);
	CHECK(strstr(err.text, "needs its passphrase") != NULL);
	CHECK(add("e.pem", "annet", &err) == SL_FATAL);
	CHECK(strstr(err.text, "annet") == NULL);
	CHECK(add("t.pem", NULL, &err) == SL_OK);
	CHECK(add("s.pem", NULL, &err) == SL_FATAL);
	CHECK(strstr(err.text, "so short") != NULL);
	CHECK(add("bare.pem", NULL, &err) == SL_FATAL);
	CHECK(strstr(err.text, "without its certificate") != NULL);
	CHECK(add("wrong.pem", NULL, &err) == SL_FATAL);
	CHECK(add("rsa.crt", NULL, &err) == SL_FATAL);
}

static void
key_folder(void)
{
	SL_CLOSE int d = -1;
	struct sl_keys k = {0};
	struct sl_err err = {0};

	set_up();
	CHECK(
	    shell("cd %s && mkdir -p sec && cp e.pem sec/en && cp t.pem sec/to"
		  " && chmod 600 sec/* && (umask 077; echo hemmelig"
		  " >sec/en-passphrase) && cp t.pem sec/open && chmod 644"
		  " sec/open",
		dir));
	d = open(in_dir("sec"), O_DIRECTORY | O_CLOEXEC);
	CHECK_MSG(sl_keys_load(&k, d, "en to", &err) == SL_OK, "%s", err.text);
	CHECK(k.n == 2);
	sl_keys_forget(&k);
	CHECK(sl_keys_load(&k, d, "open", &err) == SL_FATAL);
	CHECK(strstr(err.text, "open to others") != NULL);
	sl_keys_forget(&k);
	CHECK(sl_keys_load(&k, d, "tre", &err) == SL_FATAL);
	CHECK(sl_keys_load(&k, d, "../sec/to", &err) == SL_FATAL);
	sl_keys_forget(&k);
	/* The others are left as they are. */
	CHECK(sl_keys_load(&k, d, "tre en open to", &err) == SL_OK);
	CHECK(k.n == 2 && k.left_n == 2);
	CHECK(strcmp(k.key[0].name, "en") == 0);
	CHECK(strstr(k.left[0].text, "key tre") != NULL);
	CHECK(strstr(k.left[1].text, "open to others") != NULL);
	sl_keys_leave(&k, 0, &err);
	CHECK(k.n == 1 && k.left_n == 3 && strcmp(k.key[0].name, "to") == 0);
	sl_keys_forget(&k);
}

/* -- behind the walls
 * -------------------------------------------------------------- */

static enum sl_rc
warm(struct sl_err *err)
{
	bool locked;
	enum sl_rc rc = sl_keys_guard(&locked, err);

	if (rc == SL_OK)
		rc = sl_decrypt_warm(&both, err);
	sl_decrypt_use(&both);
	return rc;
}

static const struct sl_worker worker = {.program = "test",
    .role = SL_ROLE_DECRYPT,
    .warm = warm,
    .run = sl_decrypt_run};

static struct sl_msg
record(struct sl_chan *c, uint8_t *end_rc)
{
	struct sl_msg m, first = {.type = SL_MSG_R_END};
	size_t nfds;

	*end_rc = 255;
	while (sl_chan_recv(c, &m, NULL, &nfds, NULL) == SL_OK) {
		if (m.type == SL_MSG_R_END)
			*end_rc = m.r_end.rc;
		else
			first = m;
	}
	return first;
}

/* A long one, in a child that may not have much memory for it. */
static void
stream(void)
{
	SL_CLOSE int in = -1, out = -1;
	struct sl_msg_task t = parent_task(1, "x");
	struct sl_msg_task_ended e;
	struct parent_proc p;
	struct sl_chan *c;
	struct sl_msg m;
	struct stat st, clear;
	uint8_t rc;
	int result;

	set_up();
	CHECK(shell("truncate -s 200M %s/big && openssl cms -encrypt"
		    " -stream -binary -in %s/big -outform DER -out %s/env"
		    " -aes-128-gcm -recip " DATA "decrypt-rsa.pem",
	    dir, dir, dir));
	in = open(in_dir("env"), O_RDONLY | O_CLOEXEC);
	out = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	CHECK(fstat(in, &st) == 0 && st.st_size > 200 << 20);
	t.kind = SL_TASK_DECRYPT;
	t.size = (uint64_t)st.st_size;
	t.wall_ms = 120000;
	t.cpu_s = 60;
	t.mem_bytes = 16 << 20;
	t.out_bytes = 300 << 20;
	CHECK(parent_start(&p, &worker, 1, false));
	CHECK(parent_send(&p, &t, in, out, &result));
	CHECK(parent_ended(&p, &e));
	c = sl_chan_new(result, true);
	m = record(c, &rc);
	CHECK_MSG(e.how == SL_END_EXIT && e.code == 0 && rc == SL_OK,
	    "how %u code %u rc %u", e.how, e.code, rc);
	CHECK(m.type == SL_MSG_R_CLEAR && m.r_clear.size == 200 << 20);
	CHECK(fstat(out, &clear) == 0 && clear.st_size == 200 << 20);
	(void)printf("# %u ms, %u KiB\n", e.cpu_ms, e.rss_kb);
	CHECK(sl_sandbox_is_wide() || e.rss_kb < 24 << 10);
	sl_chan_free(c);
	/* Over its limit: said, and nothing is left. */
	t.out_bytes = 1 << 20;
	CHECK(ftruncate(out, 0) == 0);
	CHECK(parent_send(&p, &t, in, out, &result) && parent_ended(&p, &e));
	c = sl_chan_new(result, true);
	(void)record(c, &rc);
	CHECK(e.how == SL_END_EXIT && rc == SL_REJECT);
	CHECK(fstat(out, &clear) == 0 && clear.st_size == 0);
	sl_chan_free(c);
	CHECK(parent_hangup(&p) == 0);
	(void)shell("rm -f %s/big %s/env", dir, dir);
}

/* Nor can a child of it reach out: the ways that lead to a key. */
static void
walls(void)
{
	static const char *const probes[] = {"open", "open_proc_mem",
	    "open_proc_fd", "socket_unix", "socket_inet", "ptrace_parent",
	    "process_vm_readv", "execve", "fork", "sendmsg_fd",
	    "prctl_dumpable", "keyctl", "memfd_create", "mlock"};
	struct sl_msg_task_ended e;
	struct parent_proc p;
	struct sl_msg_task t;
	char name[128];
	size_t i;
	int in, out;

	set_up();
	write_file("post", "the post\n", 9);
	CHECK(parent_start(&p, &worker, 1, false));
	for (i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		(void)snprintf(
		    name, sizeof(name), "\001probe:%s:%s", probes[i], dir);
		t = parent_task(i + 1, name);
		in = open(in_dir("post"), O_RDONLY | O_CLOEXEC);
		out = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		CHECK(
		    parent_send(&p, &t, in, out, NULL) && parent_ended(&p, &e));
		CHECK_MSG((e.how == SL_END_EXIT && e.code == 11) ||
			      (e.how == SL_END_SIGNAL && e.code == 31),
		    "%s: how %u code %u", probes[i], e.how, e.code);
		(void)close(in);
		(void)close(out);
	}
	CHECK(parent_hangup(&p) == 0);
}

static void
tidy(void)
{
	sl_keys_forget(&both);
	CHECK(shell("rm -rf %s", dir));
}

TEST_MAIN({"combinations", combinations}, {"other_forms", other_forms},
    {"empty_text", empty_text}, {"attributes", attributes},
    {"strangers", strangers}, {"crowds", crowds}, {"cut", cut},
    {"changed", changed}, {"no_oracle", no_oracle},
    {"no_envelope_but_shut", no_envelope_but_shut}, {"unreadable", unreadable},
    {"unknown_cipher", unknown_cipher}, {"key_files", key_files},
    {"key_folder", key_folder}, {"stream", stream}, {"walls", walls},
    {"tidy", tidy})
