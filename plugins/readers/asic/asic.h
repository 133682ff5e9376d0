/*
 * What the files of the ASiC reader share.
 *
 * A container's signatures lie in META-INF: XAdES, which names files and their
 * digests itself, or CAdES over a manifest that does, or (ASiC-S) over the one
 * file there is.
 */
#ifndef READERS_ASIC_H
#define READERS_ASIC_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../reader.h"
#include "../lib/cms.h"
#include "../lib/zipread.h"

#define ASIC_MEMBERS_MAX 5000u
#define ASIC_META_MAX ((size_t)8 << 20) /* bytes of one file in META-INF */
#define ASIC_META_ALL ((size_t)64 << 20)
#define ASIC_REFS_MAX 10000u /* digests looked at, in all signatures */

enum hash { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512, HASHES };
#define HASH_BYTES 64
#define ASIC_WORK_MAX (UINT64_C(256) << 20) /* of `worked` */
#define ASIC_FILE_NOTES 10u /* files told of; their number is no news */

struct member {
	zip_uint64_t index;
	const char *name; /* the zip's, UTF-8 */
	bool meta; /* in META-INF */
	bool data; /* to be signed: neither meta nor mimetype nor a folder */
	bool named; /* some signature speaks of it */
	bool hashed;
	uint8_t *bytes; /* of META-INF only */
	size_t n;
	uint8_t hash[HASHES][HASH_BYTES];
};

struct sluse_doc {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	struct zipread zipread;
	zip_t *zip;
	struct member *member;
	unsigned count, data;
	bool want[HASHES]; /* digests that are named somewhere */
	struct trust *trust;
	struct sluse_sink *k; /* inside parts() */
	unsigned told, refs, file_notes;
	uint64_t worked; /* bytes of XML gone through for canonical forms */
};

/* -- refs.c: files against the digests that signatures name --------------- */

/* What came of the files of one signature. */
struct tally {
	unsigned files, changed, missing, unknown;
	bool sha1;
};

int hash_by_uri(const char *algorithm); /* enum hash, -1: not known */
size_t hash_size(int hash);
const EVP_MD *hash_md(int hash);
/* The member of that name, percent-decoded; NULL. *ret_twice: there are two. */
struct member *member_named(
    struct sluse_doc *d, const char *uri, bool *ret_twice);
/* Counts one reference in t, and says what is wrong with it. */
void ref_check(struct sluse_doc *d, const char *kind, const char *uri, int hash,
    const uint8_t *digest, size_t n, struct tally *t);
/* Lowers a signature that is itself intact to what its files are. */
void ref_apply(struct signature *s, const struct tally *t);
/* No more signatures are looked at; counts the one that is left out. */
bool asic_full(struct sluse_doc *d);
/* Tells one signature of the container. */
void asic_tell(
    struct sluse_doc *d, const struct signature *s, const char *kind);

/* -- xml.c ------------------------------------------------------------------
 */

/* No network, no entities, no DTD at all; NULL if it is not well formed. */
xmlDocPtr asic_xml(const uint8_t *p, size_t n);
/* Elements by local name and by what their namespace holds. */
bool xml_is(xmlNodePtr e, const char *space, const char *name);
xmlNodePtr xml_child(xmlNodePtr e, const char *space, const char *name);
xmlNodePtr xml_next(xmlNodePtr e, const char *space, const char *name);
/* Anywhere below e, in order; NULL. */
xmlNodePtr xml_find(xmlNodePtr e, const char *space, const char *name);
/* An attribute, at most cap-1 bytes; "" if it is not there or longer. */
void xml_get(xmlNodePtr e, const char *name, char *out, size_t cap);
/* Its text, base64-decoded, at most max bytes; free(). NULL. */
uint8_t *xml_base64(xmlNodePtr e, size_t max, size_t *ret_n);
/* Its text, at most cap-1 bytes, blanks around it dropped; "" if longer. */
void xml_text(xmlNodePtr e, char *out, size_t cap);

#define NS_DS "2000/09/xmldsig#"
#define NS_XADES "01903/"
#define NS_ASIC "2918/v1.2"

/* -- the kinds ------------------------------------------------------------- */

/* Every signature of an XAdES file. */
void xades_verify(struct sluse_doc *d, const struct member *m);
/* A manifest and the CAdES signature it names. false: it is none. */
bool manifest_verify(struct sluse_doc *d, struct member *m);
/* A CAdES signature or time-stamp that no manifest names: ASiC-S. */
void single_verify(struct sluse_doc *d, struct member *m);
/* The list of files as OpenDocument has it. */
void listing_check(struct sluse_doc *d, const struct member *m);

#endif
