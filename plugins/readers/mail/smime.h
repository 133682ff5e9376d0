/*
 * Signed mail: S/MIME beside its content (multipart/signed) and around it
 * (application/pkcs7-mime). PGP is told of and not checked: nobody's keys are
 * known here.
 */
#ifndef READERS_MAIL_SMIME_H
#define READERS_MAIL_SMIME_H

#include <gmime/gmime.h>
#include <stdbool.h>

#include "../../reader.h"
#include "../lib/cms.h"

/* application/pkcs7-mime, whatever lies in it. */
bool smime_is_opaque(GMimeObject *o);
/* The signature beside a signed content. */
bool smime_is_signature(GMimeObject *o);
/* What it is by its bytes; by its label where they do not tell. */
enum cms_kind smime_kind(GMimeObject *o);
/* The MIME entity inside a SignedData; unref. NULL: none that can be read. */
GMimeObject *smime_inner(GMimeObject *o, GMimeParserOptions *options);

/* One signature, remembered until parts(). */
struct smime {
	GMimeObject *o; /* the multipart, or the opaque part; lent */
	GPtrArray *bounds; /* boundaries about a multipart; owned */
	bool inside; /* of another: its bytes are not those of the file */
};
void smime_free(void *smime);
/* Checks and tells them all: struct smime in order. */
void smime_tell(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_sink *k, GPtrArray *all);

#endif
