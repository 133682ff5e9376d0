/*
 * Messages: structs, coding, and channels over SOCK_SEQPACKET sockets.
 *
 * One record: u16 type, u16 proto, then the fields of messages.def in order,
 * little endian; STR and RAW as u32 length + bytes. A packet holds one, or
 * several behind one another; descriptors belong to the first.
 * Decoded slices point into the packet and live as long as it does.
 * Everything received is checked for shape here; what a value means, the
 * receiver checks. What a worker says is hostile.
 */
#ifndef SL_WIRE_WIRE_H
#define SL_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/hash.h"
#include "messages.def"

#define SL_WIRE_PROTO 5
#define SL_WIRE_MAX 65536 /* bytes of one packet */
#define SL_WIRE_FDS_MAX 128 /* descriptors with one packet */

#define SL_WIRE_TYPE_U8 uint8_t
#define SL_WIRE_TYPE_U16 uint16_t
#define SL_WIRE_TYPE_U32 uint32_t
#define SL_WIRE_TYPE_U64 uint64_t
#define SL_WIRE_TYPE_I64 int64_t
#define SL_WIRE_TYPE_STR struct sl_slice
#define SL_WIRE_TYPE_RAW struct sl_slice
#define SL_WIRE_TYPE_DIGEST struct sl_digest

#define SL_WIRE_MEMBER(kind, name, max) SL_WIRE_TYPE_##kind name;
#define SL_WIRE_STRUCT(n, NAME, name)                                          \
	struct sl_msg_##name {                                                 \
		SL_MSG_##NAME##_FIELDS(SL_WIRE_MEMBER)                         \
	};
SL_MESSAGES(SL_WIRE_STRUCT)
#undef SL_WIRE_STRUCT

#define SL_WIRE_ENUM(n, NAME, name) SL_MSG_##NAME = n,
enum sl_msg_type { SL_MESSAGES(SL_WIRE_ENUM) };
#undef SL_WIRE_ENUM

struct sl_msg {
	enum sl_msg_type type;
	union {
#define SL_WIRE_UNION(n, NAME, name) struct sl_msg_##name name;
		SL_MESSAGES(SL_WIRE_UNION)
#undef SL_WIRE_UNION
	};
};

/* "task_ended"; NULL for an unknown number. */
const char *sl_msg_name(unsigned type);

/* Into p (SL_WIRE_MAX bytes). Result: length, or 0 if a field is over its
 * limit or not UTF-8 (own bug or unchecked input: the caller decides). */
size_t sl_msg_encode(const struct sl_msg *m, uint8_t *p);
/* SL_REJECT with reason "worker_protocol" for anything out of shape. */
enum sl_rc sl_msg_decode(
    const uint8_t *p, size_t n, struct sl_msg *ret, struct sl_err *err);
/* The same of the record at *at, which is moved behind it. */
enum sl_rc sl_msg_next(const uint8_t *p, size_t n, size_t *at,
    struct sl_msg *ret, struct sl_err *err);

/* Blocking send by write(2) alone: for children in the sandbox. */
enum sl_rc sl_msg_write(int fd, const struct sl_msg *m, struct sl_err *err);
/* The same, but it waits for others to share a packet with, until there is no
 * room or sl_msg_flush: what it says is lost if the process ends before. One
 * descriptor only in the life of a process. */
enum sl_rc sl_msg_put(int fd, const struct sl_msg *m, struct sl_err *err);
enum sl_rc sl_msg_flush(int fd, struct sl_err *err);

/* A connected socket with its queues. */
struct sl_chan;
/* Takes fd over; makes it non-blocking if asked (slused), else blocking. */
struct sl_chan *sl_chan_new(int fd, bool nonblocking);
/* Closes; NULL is fine. */
void sl_chan_free(struct sl_chan *c);
int sl_chan_fd(const struct sl_chan *c);
/* Sends, or queues if the socket is full. fds are lent (dup'ed if queued).
 * SL_RETRY: the peer is gone. SL_FATAL: message cannot be encoded. */
enum sl_rc sl_chan_send(struct sl_chan *c, const struct sl_msg *m,
    const int *fds, size_t nfds, struct sl_err *err);
/* Bytes still queued; the owner then watches for writing and calls flush. */
size_t sl_chan_queued(const struct sl_chan *c);
enum sl_rc sl_chan_flush(struct sl_chan *c, struct sl_err *err);
/* One message; where a packet holds several, the others come with the next
 * calls, for which no event is waited for. Its slices live until the next
 * receive on c. Descriptors go to
 * fds[SL_WIRE_FDS_MAX] and are the caller's. SL_SKIP: nothing there now;
 * SL_RETRY: peer closed; SL_REJECT: out of shape. */
enum sl_rc sl_chan_recv(struct sl_chan *c, struct sl_msg *ret, int *fds,
    size_t *ret_nfds, struct sl_err *err);

/* Does the last packet hold more, so that the next receive takes it at once?
 * Who waits for an event instead may wait for ever. */
bool sl_chan_pending(const struct sl_chan *c);

/* Connects to slused's socket and says hello. *ret is the caller's. SL_RETRY
 * if nobody listens, SL_FATAL if we are refused. */
enum sl_rc sl_chan_connect(const char *path, unsigned role, unsigned slots,
    const char *name, struct sl_chan **ret, struct sl_err *err);
/* What slused's configuration says to a program that may not read it. */
struct sl_told {
	unsigned slots; /* 0: by the cores */
	char languages[65];
	char keys[2049];
	char converter[1025];
};
/* Asks for it, before the program loads anything; no connection is left. As
 * sl_chan_connect. */
enum sl_rc sl_chan_ask(
    const char *path, unsigned role, struct sl_told *ret, struct sl_err *err);
/* Tells slused what is wrong with us, err's reason and text, for people to see;
 * stops: we end because of it. Nobody waits for an answer. */
enum sl_rc sl_chan_trouble(
    struct sl_chan *c, bool stops, const struct sl_err *why);
/* The same before there is a connection; none is left. Where slused is not
 * there, nothing is told: who started us starts us again. */
void sl_chan_tell(const char *path, unsigned role, const char *name,
    const struct sl_err *why);
/* As sl_chan_connect, over a descriptor that is connected already (taken over).
 */
enum sl_rc sl_chan_greet(int fd, unsigned role, unsigned slots,
    const char *name, struct sl_chan **ret, struct sl_err *err);
/* The listening socket of slused, mode 0666: who may what, slused decides. */
enum sl_rc sl_chan_listen(const char *path, int *ret, struct sl_err *err);
/* This build's id: version and a digest of the wire's rows. */
const char *sl_build_id(void);

#endif
