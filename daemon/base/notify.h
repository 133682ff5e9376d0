/*
 * Telling systemd how we are: sd_notify(3)'s protocol, one datagram each.
 *
 * Our own 40 lines and not libsystemd, which would bring its libraries and
 * their start-up into the parents of sandboxed children. Without NOTIFY_SOCKET
 * in the environment nothing happens.
 */
#ifndef SL_BASE_NOTIFY_H
#define SL_BASE_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..". Never blocks, never
 * fails: nobody could do anything about it. */
void sl_notify(const char *state);

/* The start takes its time: systemd waits two minutes more from now, and shows
 * what it is that takes it. To be called again before they are over. */
void sl_notify_longer(const char *status);

/* The same in two steps, for a program that locks itself in and can make no
 * socket afterwards: a connected descriptor (-1: nobody listens), and one
 * sendmsg over it. */
int sl_notify_open(void);
void sl_notify_by(int fd, const char *state);

/* slused is away, for the tries-th time from 0: keeps systemd content, and
 * gives how many ms to wait before the next try. */
int sl_notify_away(unsigned tries);

/* How often "WATCHDOG=1" is due: half of what systemd waits; 0 = never. */
int64_t sl_notify_watchdog_ms(void);
/* Sends "WATCHDOG=1" if it is due; to be called at least that often. Over fd,
 * or with a socket of its own if fd is -1. */
void sl_notify_pulse(int fd);

#endif
