/*
 * Folding and hashing titles.
 */
#include "title.h"

#include <ctype.h>
#include <string.h>

uint64_t
sl_title_mix(const char *a, const char *b)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *a != '\0'; a++)
		h = (h ^ (unsigned char)*a) * UINT64_C(1099511628211);
	h = (h ^ 0xFF) * UINT64_C(1099511628211);
	for (; *b != '\0'; b++)
		h = (h ^ (unsigned char)*b) * UINT64_C(1099511628211);
	return h == 0 ? 1 : h;
}

uint32_t
sl_title_hash(const char *folded)
{
	uint64_t h = sl_title_mix(folded, "");

	return (uint32_t)(h >> 32) | 1;
}

/* What a byte becomes; 0: nothing. */
static unsigned char
fold(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned char)(c + 0x20);
	return c >= 128 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c
									    : 0;
}

void
sl_title_fold(const char *s, char *out, size_t cap)
{
	size_t n = 0;
	unsigned char c;

	for (; *s != '\0' && n + 2 < cap; s++) {
		c = (unsigned char)*s;
		if (c == 0xC3 && (unsigned char)s[1] >= 0x80 &&
		    (unsigned char)s[1] <= 0x9E) {
			out[n++] = *s++;
			out[n++] = (char)((unsigned char)*s + 0x20);
		} else if ((c = fold(c)) != 0) {
			out[n++] = (char)c;
		}
	}
	out[n] = '\0';
}

bool
sl_title_is_poor(const char *f)
{
	static const char *const poor[] = {"dokument", "skannetdokument",
	    "scan", "skann", "skannet", "brev", "epost", "vedlegg", "pdf",
	    "utentittel", "ukjent", "svar", "image", "img", "fax", "notat",
	    "henvendelse", "untitled", "document"};
	size_t i, digits = 0, n = strlen(f);

	if (n < 4)
		return true;
	for (i = 0; i < n; i++)
		digits += isdigit((unsigned char)f[i]) != 0;
	if (digits * 3 >= n * 2)
		return true;
	for (i = 0; i < sizeof(poor) / sizeof(poor[0]); i++) {
		size_t m;

		if (poor[i][0] != f[0])
			continue;
		m = strlen(poor[i]);
		/* "scan_0001.pdf" is no more than "scan". */
		if (strncmp(f, poor[i], m) == 0 &&
		    strspn(f + m, "0123456789") + m >=
			n - (n > 3 && strcmp(f + n - 3, "pdf") == 0 ? 3 : 0))
			return true;
	}
	return false;
}
