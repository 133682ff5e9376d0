/*
 * What calls that have ended left on the stack.
 */
#ifndef TESTS_UNIT_LEFTOVER_H
#define TESTS_UNIT_LEFTOVER_H

#include <stdbool.h>
#include <stddef.h>

#define LEFTOVER_BYTES 49152u

/* Do the bytes below the caller's frame hold the string s? */
__attribute__((noinline, no_sanitize("address"))) static bool
leftover_holds(const char *s)
{
	const volatile char *p =
	    (const volatile char *)__builtin_frame_address(0) - LEFTOVER_BYTES;
	size_t i, k;

	for (i = 0; i < LEFTOVER_BYTES; i++) {
		for (k = 0;
		     s[k] != '\0' && i + k < LEFTOVER_BYTES && p[i + k] == s[k];
		     k++)
			;
		if (s[k] == '\0')
			return true;
	}
	return false;
}

#endif
