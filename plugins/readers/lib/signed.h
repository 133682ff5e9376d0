/*
 * One digital signature: what was found of it, and how it is told.
 *
 * What is told as a remark (signed_*, see sluse-work(8)) holds no personal
 * data; who signed goes out as fields.
 */
#ifndef READERS_SIGNED_H
#define READERS_SIGNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../reader.h"

#define SIGNED_MAX                                                             \
	12u /* signatures told of one file: the host keeps 50 notes */

enum signed_state {
	SIGNED_INTACT = 0, /* content and signature belong together */
	SIGNED_CHANGED, /* the content is not what was signed */
	SIGNED_BROKEN, /* the signature itself is wrong or damaged */
	SIGNED_UNKNOWN, /* could not be checked: see why */
};

enum signed_chain {
	SIGNED_CHAIN_UNCHECKED = 0, /* there is no trust list */
	SIGNED_CHAIN_TRUSTED,
	SIGNED_CHAIN_UNTRUSTED,
};

struct signature {
	enum signed_state state;
	enum signed_chain chain;
	const char *why; /* static; more of a state that is not good */
	bool cert_found;
	bool expired; /* the certificate was not valid at that time */
	bool expired_since; /* it was, and is not now */
	int64_t claimed_s; /* Unix time as the signer says, 0: none */
	int64_t stamped_s; /* as a time-stamp says that fits, 0: none */
	bool stamp_wrong; /* there is one that does not fit */
	enum signed_chain stamp_chain;
	bool revocation; /* brings CRLs or OCSP answers: not looked at */
	char weak[64]; /* "sha1,rsa1024"; empty if nothing is */
	char digest[32]; /* "sha256" */
	/* UTF-8 without control characters; personal data. */
	char signer[200], organisation[200], identifier[100], issuer[200];
};

/* What a signature is about, read once from its beginning. */
struct signed_content {
	/* Up to n bytes; 0 at the end, -1 on failure. */
	int64_t (*read)(void *arg, void *p, size_t n);
	void *arg;
};

/* The slug of its main remark. */
const char *signed_slug(const struct signature *s);
/* Remarks and fields of one. kind: static, "PDF", "CAdES"; number: from 1. */
void signed_tell(const struct sluse_reader_host *host, struct sluse_sink *k,
    const struct signature *s, const char *kind, unsigned number);
/* One more name in a comma-separated list; left out if it is there. */
void signed_add_weak(struct signature *s, const char *name);

/* For readers of what has no pages of its own. */
int signed_page_count(struct sluse_doc *d, uint32_t *ret);
int signed_page(struct sluse_doc *d, uint32_t page, struct sluse_sink *k);

/* Bytes in memory as content. */
struct signed_memory {
	const uint8_t *p;
	size_t n;
};
int64_t signed_memory_read(void *memory, void *p, size_t n);

#endif
