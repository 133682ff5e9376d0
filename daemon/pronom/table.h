/*
 * The table as it lies in memory: between table.c, index.c, bytes.c and
 * container.c.
 */
#ifndef SL_PRONOM_TABLE_H
#define SL_PRONOM_TABLE_H

#include "pattern.h"
#include "pronom.h"

#define SL_PRONOM_SIGNATURES_MAX 30000u
#define SL_PRONOM_FORMATS_MAX 20000u
#define SL_PRONOM_PATHS_MAX 4000u

enum sl_container { SL_IN_FILE = 0, SL_IN_ZIP = 1, SL_IN_OLE2 = 2 };

/* A member of a container; sequences 0: its being there is enough. */
struct sl_member_sign {
	uint32_t path; /* in sl_pronom.path */
	uint32_t sequences;
	const struct sl_sequence *sequence;
};

struct sl_signature {
	uint32_t format;
	enum sl_container where;
	uint32_t sequences; /* SL_IN_FILE */
	const struct sl_sequence *sequence;
	uint32_t members;
	const struct sl_member_sign *member;
	bool needs_all; /* an unanchored sequence: may lie anywhere */
};

/* Where the index finds a signature: bytes at a place, or anywhere in a span.
 * Chains by hash; 0 ends them. */
struct sl_index_entry {
	uint32_t next, signature;
	uint32_t key; /* up to four bytes, little-endian, zero-filled */
	uint16_t group; /* of places */
	uint32_t from, to; /* of a gram: places where it may begin */
};
/* The bytes at `offset` from the beginning, or that far before the end. */
struct sl_index_group {
	uint32_t offset, n;
	bool eof;
};

#define SL_INDEX_GROUPS 256u
#define SL_INDEX_SLOTS 4096u
#define SL_GRAM_BITS 65536u

struct sl_index {
	uint32_t groups;
	struct sl_index_group group[SL_INDEX_GROUPS];
	uint32_t place[SL_INDEX_SLOTS], gram[SL_INDEX_SLOTS];
	uint8_t gram_bit[SL_GRAM_BITS / 8];
	uint32_t entries;
	struct sl_index_entry *entry;
	uint32_t always_n;
	uint32_t *always; /* signatures that no index finds */
	uint32_t gram_to; /* end of the farthest span */
	/* Words by three of their bytes; `from` is where those stand in it. */
	uint32_t word[SL_INDEX_SLOTS];
	uint8_t word_bit[SL_GRAM_BITS / 8];
	struct sl_index_entry *word_entry; /* .signature is the word's number */
};

struct sl_path {
	const char *name;
	uint32_t n, next; /* next in the chain, 0 ends */
	enum sl_container where;
};
#define SL_PATH_SLOTS 1024u

struct sl_extension {
	const char *ext;
	uint32_t format;
};

struct sl_pronom {
	size_t mapped;
	struct sl_region r;
	char version[32];
	uint32_t formats, signatures, words, paths, extensions;
	struct sl_pronom_format *format;
	uint32_t *by_puid; /* numbers of the formats, by their PUID */
	struct sl_signature *signature; /* those of containers come last */
	uint32_t first_container;
	struct sl_extension *extension; /* sorted */
	const struct sl_string **word; /* by number, from 1 */
	struct sl_path *path; /* from 1 */
	uint32_t path_slot[SL_PATH_SLOTS];
	struct sl_index index;
};

static inline uint32_t
sl_hash32(uint32_t v)
{
	return v * 2654435761u;
}
static inline uint32_t
sl_place_slot(uint32_t key, uint32_t group)
{
	return sl_hash32(key ^ group * 0x9E3779B1u) >> 20;
}
/* Of the lower three bytes: the filter of grams, and the chain. */
static inline uint32_t
sl_gram_hash(uint32_t three)
{
	return sl_hash32(three << 8) >> 16;
}

/* The next place in [at, end) whose three bytes are in the filter; end if there
 * is none. Four bytes can be read at each. */
size_t sl_gram_next(
    const uint8_t *bits, const uint8_t *p, size_t at, size_t end);
static inline uint32_t
sl_gram_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

uint32_t sl_path_hash(enum sl_container where, const char *name, size_t n);
/* 0: no signature asks for it. */
uint32_t sl_path_find(const struct sl_pronom *t, enum sl_container where,
    const char *name, size_t n);

/* Fills t->index; NULL or what is wrong. */
const char *sl_index_build(struct sl_pronom *t);

/* What one file is matched with. */
struct sl_look {
	const struct sl_pronom *t;
	const struct sl_pronom_input *in;
	struct sl_pronom_result *ret;
	struct sl_window head, tail;
	uint8_t *tail_bytes;
	struct sl_seen *seen; /* head's, then tail's */
	uint64_t work;
	uint8_t *tried, *hit; /* bits by signature, by format */
	uint32_t hits;
};
void sl_look_hit(struct sl_look *k, uint32_t format);
/* A window's `see`; arg is the table. */
void sl_look_see_words(struct sl_window *w, const void *arg);
/* By the bytes of the file; by what lies in it, if it is a container. */
void sl_look_bytes(struct sl_look *k);
void sl_look_container(struct sl_look *k);

#endif
