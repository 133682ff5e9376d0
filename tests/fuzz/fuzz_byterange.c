/*
 * What a PDF signature covers: four numbers (eight bytes each) and the file.
 */
#include "../../plugins/readers/pdf/byterange.h"
#include "fuzz.h"

struct sluse_source {
	const uint8_t *p;
	size_t n;
};

static int64_t
read_at(struct sluse_source *s, void *p, size_t n, uint64_t off)
{
	if (off >= s->n)
		return 0;
	if (n > s->n - off)
		n = s->n - (size_t)off;
	if (n > 0)
		memcpy(p, s->p + off, n);
	return (int64_t)n;
}

static uint64_t
length(struct sluse_source *s)
{
	return s->n;
}

static void
look(struct byterange *r, const struct sluse_source *s, const int64_t *number)
{
	uint64_t covered = 0, added;
	unsigned revisions;
	size_t value_n = 0;
	uint8_t b[777], *value;
	int64_t got;

	FUZZ_CHECK(number[0] == 0 && number[1] > 0 && number[2] > number[1]);
	FUZZ_CHECK((uint64_t)number[2] + (uint64_t)number[3] <= s->n);
	while ((got = byterange_read(r, b, sizeof(b))) > 0)
		covered += (uint64_t)got;
	FUZZ_CHECK(got == 0);
	FUZZ_CHECK(covered == (uint64_t)number[1] + (uint64_t)number[3]);
	value = byterange_value(r, 4096, &value_n);
	if (value != NULL) {
		FUZZ_CHECK(value_n > 0 && value_n <= 4097);
		FUZZ_CHECK(value_n * 2 <= s->n + 2);
	}
	free(value);
	(void)byterange_ends_revision(r);
	added = byterange_added(r, &revisions);
	FUZZ_CHECK(added == s->n - (uint64_t)number[2] - (uint64_t)number[3]);
	FUZZ_CHECK((uint64_t)revisions * 5 <= added);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct sluse_reader_host host = {
	    .read_at = read_at, .length = length};
	struct sluse_source s;
	int64_t number[4];
	struct byterange r;

	if (n < sizeof(number))
		return 0;
	memcpy(number, p, sizeof(number));
	s = (struct sluse_source){p + sizeof(number), n - sizeof(number)};
	if (byterange_open(&r, &host, &s, number) == NULL)
		look(&r, &s, number);
	return 0;
}
