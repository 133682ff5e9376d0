/*
 * What the files of the mail reader share.
 */
#ifndef READERS_MAIL_MAIL_H
#define READERS_MAIL_MAIL_H

#include <gmime/gmime.h>
#include <stdbool.h>

#include "../../reader.h"
#include "smime.h"
#include "uu.h"

struct leaf {
	GMimeObject *o;
	int role;
	bool alternative; /* inside multipart/alternative */
	GPtrArray *bounds; /* of a mail inside the mail: boundaries about it */
	bool inside; /* of a signed envelope: not of the file's own bytes */
	GByteArray *text; /* the body that the file lies in, else NULL */
	struct uu_file uu; /* points into text */
	unsigned files; /* of a body: how many of those became leaves */
};

struct sluse_doc {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	GMimeMessage *message;
	GArray *leaves; /* struct leaf */
	GPtrArray *bounds; /* boundaries open while walking */
	GPtrArray *smime; /* signatures found: struct smime */
	GPtrArray *inner; /* what lay in signed envelopes */
	unsigned inside; /* how many of them are open while walking */
	bool closed; /* all of it is encrypted */
	bool is_signed, encrypted, partial, truncated, too_deep, empty;
	char charset[60]; /* of a body, not known here; "" */
	size_t uu_left; /* bytes of bodies that may still be kept for files */
	uint64_t written; /* of the part at hand */
};

/* The file name of a leaf, as mailhead_file_name tells that of a part. */
char *mail_leaf_name(
    const struct leaf *l, char **raw, size_t *raw_n, char **charset);
/* Fills leaves, signatures and what is to be noted. */
void mail_walk(struct sluse_doc *d);

bool mail_is_type(GMimeObject *o, const char *type, const char *subtype);
/* What stands in a multipart without parts, NULL if nothing does. */
const char *mail_stray_text(GMimeObject *o);
enum mail_set {
	MAIL_SET_SHOWS, /* its bytes tell the set, or what they say of it */
	MAIL_SET_TOLD, /* only the message tells it */
	MAIL_SET_UNKNOWN, /* its label is not known here: guessed */
};
struct mail_said {
	enum mail_set set;
	char label[60]; /* where none of our own sets has that name, else "" */
};
/* A text part as UTF-8: by its label, or guessed where that cannot be; free().
 * ret may be NULL. */
char *mail_part_text(
    GMimeObject *o, bool html, size_t *n, struct mail_said *ret);

#endif
