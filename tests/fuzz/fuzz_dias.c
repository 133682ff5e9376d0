/*
 * A package as --check reads it: a tar with METS, PREMIS and ADDML in it. What
 * is told of it can be shown to a person, and is counted.
 */
#include "../../daemon/dias/dias.h"
#include "fuzz.h"

#define UUID "01234567-89ab-4def-8123-456789abcdef"

static void
fault(void *arg, const char *slug, const char *text)
{
	size_t n = strlen(text), i;

	for (i = 0; i < n; i++)
		FUZZ_CHECK((unsigned char)text[i] >= 0x20);
	FUZZ_CHECK(*slug != '\0' && n > 0 && sl_utf8_valid(text, n));
	(*(uint64_t *)arg)++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sl_dias_checked c;
	struct sl_err err = {0};
	uint64_t told = 0;
	int fd = fuzz_fd(p, n);

	FUZZ_CHECK(lseek(fd, 0, SEEK_SET) == 0);
	if (sl_dias_check_tar(fd, UUID, fault, &told, &c, &err) == SL_OK)
		FUZZ_CHECK(told <= c.faults && (c.faults == 0) == (told == 0));
	else
		FUZZ_CHECK(err.text[0] != '\0');
	(void)close(fd);
	return 0;
}
