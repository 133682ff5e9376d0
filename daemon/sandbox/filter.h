/*
 * The system calls a child may make, compiled to a seccomp program.
 */
#ifndef SL_SANDBOX_FILTER_H
#define SL_SANDBOX_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <sys/types.h>

#include "../base/err.h"

#define SL_FILTER_MAX 1024 /* instructions */

struct sl_filter {
	struct sock_filter code[SL_FILTER_MAX];
	size_t count;
	size_t pid_at; /* instruction that compares with the child's pid */
};

/* In the parent; takes about a millisecond. wide: for sanitizers;
 * messages: sendmsg and recvmsg on sockets that are open already. */
enum sl_rc sl_filter_compile(
    bool wide, bool messages, struct sl_filter *ret, struct sl_err *err);
/* In the child: writes its pid into the program and installs it. */
enum sl_rc sl_filter_install(
    struct sl_filter *f, pid_t pid, struct sl_err *err);

#endif
