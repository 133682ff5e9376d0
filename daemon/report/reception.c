/*
 * Reading and packing reception numbers.
 */
#include "reception.h"

#include <ctype.h>
#include <string.h>

/* Packed: the year above, the number below. */
enum { YEAR_SHIFT = 25, DIGITS_LEAST = 6 };
#define NUMBER_MAX ((UINT32_C(1) << YEAR_SHIFT) - 1)

/* At most twelve digits; -1: none. */
static int64_t
take_digits(struct sl_slice *s)
{
	int64_t n = 0;
	uint32_t i = 0;

	for (; i < s->n && i < 12 && isdigit((unsigned char)s->p[i]); i++)
		n = n * 10 + (s->p[i] - '0');
	s->p += i;
	s->n -= i;
	return i > 0 ? n : -1;
}

static bool
take_char(struct sl_slice *s, char c)
{
	if (s->n == 0 || *s->p != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

bool
sl_reception_read(struct sl_slice s, struct sl_reception *ret)
{
	int64_t year, check, entry = 0;

	while (s.n > 0 && isupper((unsigned char)*s.p)) {
		s.p++;
		s.n--;
	}
	year = take_digits(&s);
	if (year < 0 || year >= SL_RECEPTION_YEARS || !take_char(&s, '-'))
		return false;
	ret->n = take_digits(&s);
	if (ret->n <= 0 || !take_char(&s, '-'))
		return false;
	check = take_digits(&s);
	if (check < 0 || check > 9)
		return false;
	if (s.n > 0) {
		entry = take_char(&s, '.') ? take_digits(&s) : -1;
		if (entry < 1 || entry > 9999 || s.n > 0)
			return false;
	}
	ret->year = (unsigned)year;
	ret->check = (unsigned)check;
	ret->entry = (int)entry;
	return true;
}

/* Luhn over year and number, as registry/ writes it; result: also how many
 * digits the number has. */
static unsigned
check_digit(unsigned year, uint32_t n, unsigned *ret_digits)
{
	unsigned sum = 0, d, i;

	for (i = 0; n > 0 || i < DIGITS_LEAST; i++, n /= 10) {
		d = n % 10 * (i % 2 == 0 ? 2 : 1);
		sum += d > 9 ? d - 9 : d;
	}
	*ret_digits = i;
	for (; i < *ret_digits + 2; i++, year /= 10) {
		d = year % 10 * (i % 2 == 0 ? 2 : 1);
		sum += d > 9 ? d - 9 : d;
	}
	return (10 - sum % 10) % 10;
}

uint32_t
sl_reception_pack(struct sl_slice text, const char *prefix)
{
	size_t before = strlen(prefix);
	struct sl_reception r;
	unsigned digits;

	if (text.n < before + 4 || memcmp(text.p, prefix, before) != 0 ||
	    text.p[before + 2] != '-' || !sl_reception_read(text, &r) ||
	    r.entry != 0 || r.n > NUMBER_MAX ||
	    check_digit(r.year, (uint32_t)r.n, &digits) != r.check ||
	    text.n != before + 2 + 1 + digits + 1 + 1)
		return 0;
	return (uint32_t)r.year << YEAR_SHIFT | (uint32_t)r.n;
}

/* printf is what a report of a million would spend its time in. */
void
sl_reception_write(uint32_t packed, const char *prefix, char *out)
{
	struct sl_reception r = sl_reception_unpack(packed);
	size_t before = strlen(prefix), n = before;
	unsigned digits, i;

	memcpy(out, prefix, before);
	out[n++] = (char)('0' + r.year / 10);
	out[n++] = (char)('0' + r.year % 10);
	out[n++] = '-';
	(void)check_digit(r.year, (uint32_t)r.n, &digits);
	for (i = digits; i-- > 0; r.n /= 10)
		out[n + i] = (char)('0' + r.n % 10);
	n += digits;
	out[n++] = '-';
	out[n++] = (char)('0' + r.check);
	out[n] = '\0';
}

struct sl_reception
sl_reception_unpack(uint32_t packed)
{
	struct sl_reception r = {
	    .year = packed >> YEAR_SHIFT, .n = (int64_t)(packed & NUMBER_MAX)};
	unsigned digits;

	r.check = check_digit(r.year, (uint32_t)r.n, &digits);
	return r;
}
