/*
 * Writing a unit's fields as the elements of its group, in the schema's order.
 *
 * What has no value is no element. Nothing is made up: a value that is not of
 * its element's type is told and left out.
 */
#ifndef SL_DEPOT_WRITE_H
#define SL_DEPOT_WRITE_H

#include <libxml/xmlwriter.h>

#include "../base/buf.h"
#include "dev.h"
#include "elements.h"
#include "ids.h"

/* libxml2's text is unsigned. */
static inline const xmlChar *
sl_xml(const char *s)
{
	return (const xmlChar *)s;
}

/* An XML file on its way out, hashed as it is written. */
struct sl_xmlout {
	xmlTextWriterPtr w;
	int fd;
	struct sl_sha256 *hash;
	bool failed;
	struct sl_digest digest; /* once closed */
};
/* name in dir must not be there; root opens in the namespace. xsi: it uses
 * xsi:type. root NULL: the caller opens it and gives it its namespaces. */
enum sl_rc sl_xmlout_open(int dir, const char *name, const char *root,
    const char *ns, bool xsi, struct sl_xmlout *ret, struct sl_err *err);
void sl_xmlout_namespaces(xmlTextWriterPtr w, const char *ns, bool xsi);
/* The same to a descriptor, which is taken over. */
enum sl_rc sl_xmlout_start(int fd, const char *root, const char *ns, bool xsi,
    struct sl_xmlout *ret, struct sl_err *err);
/* Ends and syncs it. SL_FATAL: not all of it was written. */
enum sl_rc sl_xmlout_close(struct sl_xmlout *o, struct sl_err *err);
/* Gives it up. */
void sl_xmlout_drop(struct sl_xmlout *o);

struct sl_writer {
	xmlTextWriterPtr w;
	struct sl_devs *devs; /* NULL: nobody is told */
	const struct sl_ids *ids; /* NULL: references are not followed */
	const struct sl_unit *u; /* the unit that is written */
	uint64_t count[SL_GROUPS]; /* elements of each group so far */
	/* For rows of type OWN: the text, NULL if there is none. */
	const char *(*own)(void *arg, const struct sl_el *e);
	void *arg;
	bool failed;
};

/* The rows before the units below (all, where none may be), and those behind
 * them. group: sl_group_of(). */
void sl_write_head(struct sl_writer *w, int group, const json_t *fields);
void sl_write_tail(struct sl_writer *w, int group, const json_t *fields);
/* <name> with all rows of a group, and its end. */
void sl_write_group(
    struct sl_writer *w, const char *name, int group, const json_t *fields);

/* Text that XML can hold; true if something had to be replaced. Appended. */
bool sl_xml_clean(struct sl_buf *b, const char *s);
/* A date or date and time as the core wrote it. As xs:date of Oslo into
 * out[11]; false if it is none. */
bool sl_date_text(const char *s, char *out);
/* It is a whole xs:dateTime. */
bool sl_time_valid(const char *s);

#endif
