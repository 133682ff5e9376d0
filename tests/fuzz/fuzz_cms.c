/*
 * SignedData and time-stamp tokens from bytes: every answer is one of those
 * there are, and at least one comes.
 */
#include "../../plugins/readers/lib/cms.h"
#include "fuzz.h"

static void
on_found(void *arg, const struct signature *s)
{
	unsigned *n = arg;

	(*n)++;
	FUZZ_CHECK(s->state <= SIGNED_UNKNOWN);
	FUZZ_CHECK(strncmp(signed_slug(s), "signed_", 7) == 0);
	FUZZ_CHECK(s->state == SIGNED_INTACT || s->stamped_s == 0 ||
		   s->claimed_s >= 0 || s->cert_found);
	FUZZ_CHECK(sl_utf8_valid(s->signer, strlen(s->signer)));
	FUZZ_CHECK(sl_utf8_valid(s->organisation, strlen(s->organisation)));
	FUZZ_CHECK(sl_utf8_valid(s->identifier, strlen(s->identifier)));
	FUZZ_CHECK(sl_utf8_valid(s->issuer, strlen(s->issuer)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t text[] = "Til kommunen\n";
	struct signed_memory m = {text, sizeof(text) - 1};
	const struct signed_content c = {signed_memory_read, &m};
	struct cms_job j = {.der = p, .n = n, .content = &c};
	static bool warm;
	unsigned found = 0;
	size_t inner_n = 0;
	uint8_t *inner;

	if (!warm)
		FUZZ_CHECK(cms_warm() == 0);
	warm = true;
	cms_verify(&j, on_found, &found);
	FUZZ_CHECK(found >= 1 && found <= CMS_SIGNERS_MAX);
	j.content = NULL;
	found = 0;
	cms_verify(&j, on_found, &found);
	FUZZ_CHECK(found >= 1 && found <= CMS_SIGNERS_MAX);
	m = (struct signed_memory){text, sizeof(text) - 1};
	j.content = &c;
	found = 0;
	cms_verify_stamp(&j, on_found, &found);
	FUZZ_CHECK(found == 1);
	inner = cms_inner(p, n, &inner_n);
	FUZZ_CHECK(inner == NULL || cms_kind(p, n) == CMS_KIND_SIGNED);
	FUZZ_CHECK(inner_n <= n);
	free(inner);
	return 0;
}
