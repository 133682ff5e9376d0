/*
 * OLE2 compound files (MS-CFB): Outlook's .msg, Word, Excel and PowerPoint of
 * before 2007, embedded objects.
 *
 * Our own: libgsf had two heap overflows in just this code in 2024, follows
 * the directory as a tree by recursion and gives nothing of a file whose end
 * is missing; libolecf is alpha. Here the directory is one flat list, and a
 * sector belongs to the first chain that asks for it: no cycle, no file that
 * gives more bytes than it has.
 */
#ifndef READERS_OLE2_H
#define READERS_OLE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../reader.h"

#define OLE2_NONE UINT32_MAX

enum ole2_type {
	OLE2_FREE = 0, /* also what hangs nowhere in the tree */
	OLE2_STORAGE = 1,
	OLE2_STREAM = 2,
	OLE2_ROOT = 5,
};

struct ole2_entry {
	char name[96]; /* UTF-8; control characters as they stand */
	uint16_t name16[32]; /* as it stands, ends with 0 */
	uint8_t clsid[16];
	enum ole2_type type;
	uint32_t parent; /* of the root: OLE2_NONE */
	uint32_t left, right, child; /* as they stand */
	uint32_t first, next; /* in a storage, of a storage; OLE2_NONE */
	uint32_t start;
	uint64_t size; /* of a stream: what can be read of it */
	bool small; /* lies in mini sectors */
	bool known; /* its chain was followed */
	bool cut; /* size was more than there is */
};

struct ole2 {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	uint64_t length;
	uint32_t sector, cutoff; /* bytes */
	uint32_t *fat, *mini; /* next of each sector */
	uint32_t fat_n, mini_n;
	uint32_t *small; /* the sectors that mini sectors lie in */
	uint32_t small_n;
	uint8_t *taken, *mini_taken; /* a bit each: owned by a chain */
	struct ole2_entry *entries; /* 0 is the root */
	uint32_t count;
	uint32_t at_entry, at_block, at_sector; /* where the last read was */
	bool damaged; /* something of it could not be followed */
};

/* Result: enum sluse_read_rc; UNSUPPORTED if it is no OLE2 file, INCOMPLETE if
 * even the directory lies behind its end. Free with ole2_close. */
int ole2_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct ole2 **ret);
void ole2_close(struct ole2 *o);

/* The entry of that name (ASCII case is ignored) in a storage; OLE2_NONE.
 * To see all: from entries[storage].first by next. */
uint32_t ole2_find(const struct ole2 *o, uint32_t storage, const char *name);
/* How many bytes of a stream can be read. */
uint64_t ole2_size(struct ole2 *o, uint32_t stream);
/* Up to n bytes from off; fewer only at its end. -1: the source failed. */
int64_t ole2_read(
    struct ole2 *o, uint32_t stream, void *p, size_t n, uint64_t off);

#endif
