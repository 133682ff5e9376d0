/*
 * SL_ASAN: is the address sanitizer compiled in? gcc and clang tell it in ways
 * of their own. Its shadow is terabytes of address space, and at its end it
 * looks at the process through /proc.
 */
#ifndef SL_BASE_SANITIZED_H
#define SL_BASE_SANITIZED_H

#define SL_ASAN 0
#if defined(__SANITIZE_ADDRESS__)
#undef SL_ASAN
#define SL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef SL_ASAN
#define SL_ASAN 1
#endif
#endif

#endif
