/*
 * The table of formats, patterns, and files against signatures. The first byte
 * says which: 't' a table (its end is put right), 'p' a pattern, NUL, a file;
 * anything else a whole file. A file gets an answer in bounded work; a table
 * that is taken can be asked.
 */
#include "../../daemon/base/hash.h"
#include "../../daemon/pronom/pattern.h"
#include "../../daemon/pronom/pronom.h"
#include "fuzz.h"

/* One format of each kind, and signatures that can be slow. */
static const char body[] =
    "f\tfmt/1\tOne\t\timage/x\tone\t\nb\t1\tB0-0:4F4E45\n"
    "f\tfmt/2\tTwo\t\t\ttwo\tfmt/1\nb\t2\tB0-0:4F4E45\tV0:54574F*45\n"
    "f\tfmt/3\tThree\t\t\tthree\tfmt/1\nb\t3\tB0-0:4F\tE0-9:454E44\n"
    "f\tfmt/4\tFour\t\t\tfour\t\n"
    "b\t4\tB2-999:464F{0-99}[30:39]{0-99}(41|4243){0-99}5552\n"
    "f\tfmt/5\tFive\t\t\tfive\t\nb\t5\tE0-999:[30:39]{0-99}46*46\n"
    "f\tfmt/20\tZip\t\t\tz\t\nz\t30\t@kind\tB0-9:6162{0-3}63\t@other\n"
    "f\tfmt/21\tZip end\t\t\tz\t\nz\t31\t@mimetype\tE0-0:797A\n"
    "f\tfmt/22\tOLE2\t\t\tole\t\no\t32\t@A/B\tB0-9:6869\t@C\n"
    "f\tx-fmt/111\tText\t\ttext/plain\ttxt\t\n";

static enum sl_rc
load(const char *p, size_t n, struct sl_pronom **ret)
{
	SL_BUF struct sl_buf b = {0};
	char hex[SL_SHA256_HEX + 1];
	struct sl_digest d;

	sl_buf_add_str(&b, "sluse-pronom\t1\nversion\t1\t2026-01-01\t2\n");
	sl_buf_add(&b, p, n);
	if (b.p[b.n - 1] != '\n')
		sl_buf_add_char(&b, '\n');
	sl_sha256(b.p, b.n, &d);
	sl_digest_hex(&d, hex);
	sl_buf_printf(&b, "end\t%s\n", hex);
	return sl_pronom_parse(b.p, b.n, "2026\tfmt/1\n", 11, ret, NULL);
}

static void
look(const struct sl_pronom *t, const uint8_t *p, size_t n, size_t head)
{
	SL_CLOSE int fd = fuzz_fd(p, n);
	struct sl_extent x = {.fd = fd, .size = n};
	/* Just as large as it is said to be. */
	SL_FREE uint8_t *copy = malloc(head > 0 ? head : 1);
	struct sl_pronom_input in = {.x = &x,
	    .head = copy,
	    .head_n = head,
	    .tail_max = n / 3,
	    .name = n > 0 && (p[0] & 1) != 0 ? "a.four" : "",
	    .is_text = n > 0 && (p[0] & 2) != 0};
	struct sl_pronom_result r;
	unsigned i;

	FUZZ_CHECK(copy != NULL);
	if (head > 0)
		memcpy(copy, p, head);
	sl_pronom_identify(t, &in, &r);
	FUZZ_CHECK(r.count <= SL_PRONOM_HITS_MAX);
	FUZZ_CHECK((r.count == 0) == (r.basis == SL_BASIS_NONE));
	for (i = 0; i < r.count; i++)
		FUZZ_CHECK(sl_pronom_find(t, r.format[i]->puid) != NULL);
}

static void
one_table(const char *p, size_t n)
{
	static const uint8_t file[] = "ONE 123 FO7AUR TWO E END";
	struct sl_pronom *t = NULL;

	if (load(p, n, &t) != SL_OK)
		return;
	look(t, file, sizeof(file) - 1, sizeof(file) - 1);
	look(t, file, sizeof(file) - 1, 8);
	sl_pronom_free(t);
}

static void
one_pattern(const char *p, size_t n)
{
	static char memory[1 << 20];
	struct sl_region r = {.p = memory, .cap = sizeof(memory)};
	const char *nul = memchr(p, 0, n);
	size_t k = nul != NULL ? (size_t)(nul - p) : n;
	uint64_t work = 1 << 20;
	struct sl_window w = {.p = (const uint8_t *)p + k,
	    .n = n - k,
	    .bof = true,
	    .eof = true,
	    .work = &work};
	struct sl_sequence q;

	memset(memory, 0, sizeof(memory));
	if (sl_sequence_parse(p, k, &r, &q) == NULL)
		(void)sl_sequence_matches(&q, &w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct sl_pronom *t;

	if (t == NULL)
		FUZZ_CHECK(load(body, sizeof(body) - 1, &t) == SL_OK);
	if (n > 0 && p[0] == 't') {
		one_table((const char *)p + 1, n - 1);
	} else if (n > 0 && p[0] == 'p') {
		one_pattern((const char *)p + 1, n - 1);
	} else {
		look(t, p, n, n);
		look(t, p, n, n / 2);
	}
	return 0;
}
