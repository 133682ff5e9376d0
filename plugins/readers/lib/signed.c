#include "signed.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t
signed_memory_read(void *memory, void *p, size_t n)
{
	struct signed_memory *m = memory;

	if (n > m->n)
		n = m->n;
	if (n > 0)
		memcpy(p, m->p, n);
	m->p += n;
	m->n -= n;
	return (int64_t)n;
}

void
signed_add_weak(struct signature *s, const char *name)
{
	size_t n = strlen(s->weak), k = strlen(name);

	if (strstr(s->weak, name) || n + k + 2 > sizeof(s->weak))
		return;
	if (n > 0)
		s->weak[n++] = ',';
	memcpy(s->weak + n, name, k + 1);
}

const char *
signed_slug(const struct signature *s)
{
	switch (s->state) {
	case SIGNED_CHANGED:
		return "signed_changed";
	case SIGNED_BROKEN:
		return "signed_broken";
	case SIGNED_UNKNOWN:
		return "signed_unknown";
	case SIGNED_INTACT:
		break;
	}
	if (s->expired)
		return "signed_expired";
	switch (s->chain) {
	case SIGNED_CHAIN_TRUSTED:
		return "signed_trusted";
	case SIGNED_CHAIN_UNTRUSTED:
		return "signed_untrusted";
	case SIGNED_CHAIN_UNCHECKED:
		break;
	}
	return "signed_intact";
}

static const char *
time_words(const struct signature *s)
{
	if (s->stamp_wrong)
		return ", time-stamp wrong";
	if (s->stamped_s != 0)
		return s->stamp_chain == SIGNED_CHAIN_TRUSTED
			   ? ", time-stamp trusted"
			   : ", time-stamp intact";
	return s->claimed_s != 0 ? ", time claimed" : ", no time";
}

static void
tell_time(const struct sluse_reader_host *host, struct sluse_sink *k,
    int64_t at, const char *label, int confidence)
{
	time_t t = (time_t)at;
	struct tm tm;
	char b[40];

	/* Years of four digits: what stands outside them is no time. */
	if (at < -62135596800 || at > 253402300799 || !gmtime_r(&t, &tm))
		return;
	if (strftime(b, sizeof(b), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		host->field(k, "signed_at", b, label, confidence);
}

static void
tell_fields(const struct sluse_reader_host *host, struct sluse_sink *k,
    const struct signature *s, const char *label)
{
	const struct {
		const char *field, *value;
	} rows[] = {{"signer", s->signer}, {"signer_org", s->organisation},
	    {"signer_id", s->identifier}, {"signer_issuer", s->issuer}};
	int sure = s->state != SIGNED_INTACT	      ? 100
		   : s->chain == SIGNED_CHAIN_TRUSTED ? 1000
						      : 600;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (*rows[i].value)
			host->field(
			    k, rows[i].field, rows[i].value, label, sure);
	if (s->stamped_s != 0)
		tell_time(host, k, s->stamped_s, label, sure);
	else if (s->claimed_s != 0)
		tell_time(host, k, s->claimed_s, label, sure / 2);
}

void
signed_tell(const struct sluse_reader_host *host, struct sluse_sink *k,
    const struct signature *s, const char *kind, unsigned number)
{
	char detail[200], label[40];

	(void)snprintf(label, sizeof(label), "%s signature %u", kind, number);
	(void)snprintf(detail, sizeof(detail), "%s%s%s%s%s%s%s%s", label,
	    *s->digest ? ", " : "", s->digest, time_words(s),
	    s->expired_since ? ", certificate expired since" : "",
	    s->revocation ? ", revocation data not looked at" : "",
	    s->why ? ": " : "", s->why ? s->why : "");
	host->note(k, signed_slug(s), detail);
	if (*s->weak) {
		(void)snprintf(
		    detail, sizeof(detail), "%s: %s", label, s->weak);
		host->note(k, "signed_weak", detail);
	}
	tell_fields(host, k, s, label);
}

int
signed_page_count(struct sluse_doc *d, uint32_t *ret)
{
	(void)d;
	*ret = 0;
	return SLUSE_READ_OK;
}

int
signed_page(struct sluse_doc *d, uint32_t page, struct sluse_sink *k)
{
	(void)d, (void)page, (void)k;
	return SLUSE_READ_DAMAGED;
}
