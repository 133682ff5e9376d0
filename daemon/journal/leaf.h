/*
 * Leaf v1: the canonical bytes of one event in the journal (sporingslogg).
 *
 * Nine lines of UTF-8, each ended by a newline, for ever:
 *
 *     sluse/leaf/v1
 *     <origin>        the journal's name, as in its checkpoints
 *     <sequence>      decimal, from 0
 *     <time>          milliseconds since 1970 UTC, decimal
 *     <event>         number of registry/events.def, decimal
 *     <subject>       reception number, entry number or "-"
 *     <actor>         "slused", "uid:1000", "target:arkiv" ..; never a name
 *     <payload>       SHA-256 of 32 bytes of salt and the payload, in hex
 *     -               room for a later extension; always "-" in v1
 *
 * No line holds control characters; a leaf is at most 65 535 bytes (C2SP
 * tlog-tiles). Personal data lies in the payload beside the leaf, whose erasure
 * leaves the tree whole. Source: RFC 6962 for the tree over these bytes.
 */
#ifndef SL_JOURNAL_LEAF_H
#define SL_JOURNAL_LEAF_H

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/hash.h"

#define SL_LEAF_MAX 65535
#define SL_SALT_LEN 32

struct sl_leaf {
	const char *origin, *subject, *actor;
	uint64_t seq;
	int64_t time_ms;
	int event;
	struct sl_digest payload;
};

/* Appends the bytes. SL_FATAL if a text holds what may not stand in a line. */
enum sl_rc sl_leaf_encode(
    const struct sl_leaf *l, struct sl_buf *out, struct sl_err *err);

/* The fields of bytes that sl_leaf_encode may have made; anything else is
 * SL_REJECT. Texts point into store, which must live as long. */
enum sl_rc sl_leaf_decode(const void *p, size_t n, struct sl_buf *store,
    struct sl_leaf *ret, struct sl_err *err);

/* The same where it lies: nothing is copied, texts have no end. */
struct sl_leaf_view {
	struct sl_slice origin, subject, actor;
	const char *payload; /* 64 digits */
	uint64_t seq;
	int64_t time_ms;
	int event;
};
/* False where sl_leaf_decode would say SL_REJECT: no check is left out. */
bool sl_leaf_read(const void *p, size_t n, struct sl_leaf_view *ret);
/* The same for leaves that should follow each other: the lines that the next
 * one begins with are known from the one before, and are only compared. Start
 * with {0}. Whatever comes is read as sl_leaf_read would. */
struct sl_leaf_reader {
	char start[256];
	size_t start_n; /* 0: nothing is known */
	uint32_t origin_n;
	uint64_t seq;
};
bool sl_leaf_read_next(struct sl_leaf_reader *r, const void *p, size_t n,
    struct sl_leaf_view *ret);
void sl_leaf_payload(const struct sl_leaf_view *l, struct sl_digest *ret);

/* SHA-256(salt || body). */
void sl_payload_digest(const uint8_t salt[SL_SALT_LEN], const char *body,
    size_t n, struct sl_digest *ret);

#endif
