/*
 * Files on their way over a channel, one behind another: what sluse-report
 * makes for who asked, and what he lends it. Neither opens a file of the
 * other's.
 *
 * A file: u16 bytes of its name, u64 bytes of it (little endian), name, bytes.
 * What is sent is gathered first, in a file without a name, so that nobody's
 * read transaction waits for a reader.
 * SECURITY: who takes believes neither names nor lengths: a name that
 * sl_parcel_is_name does not like, and more than he has set, end it.
 */
#ifndef SL_WIRE_PARCEL_H
#define SL_WIRE_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../base/err.h"

#define SL_PARCEL_NAME_MAX 200u
#define SL_PARCEL_HEAD 10u /* bytes before a name */
#define SL_PARCEL_CHUNK 57344u /* bytes of one message */

/* Bytes on their way. */
typedef enum sl_rc sl_bytes_fn(
    void *arg, const char *p, size_t n, struct sl_err *err);

/* Letters, digits, '.', '_', '-', with '/' between at most 8 parts, none of
 * which begins with '.'. */
bool sl_parcel_is_name(const char *name);

/* -- giving ---------------------------------------------------------------- */
struct sl_parcel;
/* max: bytes of all files with their names; leave: of the disk that stay free,
 * for post needs them. SL_RETRY: no room for a file. */
enum sl_rc sl_parcel_new(
    uint64_t max, uint64_t leave, struct sl_parcel **ret, struct sl_err *err);
/* NULL is fine. */
void sl_parcel_free(struct sl_parcel *p);
/* SL_REJECT (limit_bytes): over max; SL_RETRY: the disk is full, or would be.
 */
enum sl_rc sl_parcel_put(struct sl_parcel *p, const char *name,
    const void *bytes, size_t n, struct sl_err *err);
/* The same, written piece by piece: it is in the parcel once fclose has said
 * so, and before sl_parcel_free. NULL, or what fclose says: see
 * sl_parcel_failed. */
FILE *sl_parcel_open(struct sl_parcel *p, const char *name);
/* A file beside it, of sl_parcel_spool, with the same limits: for what is put
 * in later. Takes fd. NULL, or a stream that fails: see sl_parcel_failed. */
FILE *sl_parcel_aside(struct sl_parcel *p, int fd);
/* Why, as sl_parcel_put; SL_OK: nothing failed. */
enum sl_rc sl_parcel_failed(const struct sl_parcel *p, struct sl_err *err);
/* The rest of what is open; also of what has no end known before (a pipe). */
enum sl_rc sl_parcel_copy(
    struct sl_parcel *p, const char *name, int fd, struct sl_err *err);
/* All of it in order, in pieces of SL_PARCEL_CHUNK at most. */
enum sl_rc sl_parcel_send(
    struct sl_parcel *p, sl_bytes_fn *fn, void *arg, struct sl_err *err);

/* -- taking ---------------------------------------------------------------- */
/* Where that file goes; the descriptor is closed behind it. -1: err is set. */
typedef int sl_unwrap_fn(void *arg, const char *name, struct sl_err *err);

struct sl_unwrap {
	sl_unwrap_fn *open;
	void *arg;
	uint64_t max; /* bytes of all files */
	uint64_t left; /* of the file that is open */
	int fd; /* -1: between two */
	size_t n; /* of head */
	uint8_t head[SL_PARCEL_HEAD + SL_PARCEL_NAME_MAX + 1];
	unsigned files; /* begun */
};
void sl_unwrap_begin(
    struct sl_unwrap *u, uint64_t max, sl_unwrap_fn *open, void *arg);
/* An sl_bytes_fn; arg: a struct sl_unwrap. SL_REJECT: senseless, or too much;
 * SL_FATAL: it cannot be written; else what open says. */
enum sl_rc sl_unwrap_take(
    void *arg, const char *p, size_t n, struct sl_err *err);
/* Closes. SL_RETRY: it ended within a file. */
enum sl_rc sl_unwrap_end(struct sl_unwrap *u, struct sl_err *err);
/* A file without a name, to write and read; -1 with errno. */
int sl_parcel_spool(void);
/* Are there bytes for it on its disk, and leave more? */
bool sl_parcel_has_room(int fd, uint64_t bytes, uint64_t leave);
/* What of a disk stays free where nobody says more. */
#define SL_PARCEL_LEAVE ((uint64_t)256 << 20)

#endif
