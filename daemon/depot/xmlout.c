/*
 * XML files on their way out: by libxml2's writer, hashed on the way.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "write.h"

#define XSI "http://www.w3.org/2001/XMLSchema-instance"

static int
on_write(void *arg, const char *p, int n)
{
	struct sl_xmlout *o = arg;

	if (n < 0 || sl_write_full(o->fd, p, (size_t)n) != 0) {
		o->failed = true;
		return -1;
	}
	sl_sha256_add(o->hash, p, (size_t)n);
	return n;
}

static int
on_close(void *arg)
{
	(void)arg;
	return 0;
}

void
sl_xmlout_namespaces(xmlTextWriterPtr w, const char *ns, bool xsi)
{
	(void)xmlTextWriterWriteAttribute(w, sl_xml("xmlns"), sl_xml(ns));
	if (xsi)
		(void)xmlTextWriterWriteAttribute(
		    w, sl_xml("xmlns:xsi"), sl_xml(XSI));
}

enum sl_rc
sl_xmlout_start(int fd, const char *root, const char *ns, bool xsi,
    struct sl_xmlout *ret, struct sl_err *err)
{
	xmlOutputBufferPtr b;

	memset(ret, 0, sizeof(*ret));
	ret->fd = fd;
	ret->hash = sl_sha256_new();
	b = xmlOutputBufferCreateIO(on_write, on_close, ret, NULL);
	ret->w = b != NULL ? xmlNewTextWriter(b) : NULL;
	if (ret->w == NULL) {
		sl_xmlout_drop(ret);
		return sl_err_set(err, SL_FATAL, 0, "limit_memory",
		    "no memory for an XML file");
	}
	(void)xmlTextWriterSetIndent(ret->w, 1);
	(void)xmlTextWriterSetIndentString(ret->w, sl_xml(""));
	(void)xmlTextWriterStartDocument(ret->w, "1.0", "UTF-8", NULL);
	if (root != NULL) {
		(void)xmlTextWriterStartElement(ret->w, sl_xml(root));
		sl_xmlout_namespaces(ret->w, ns, xsi);
	}
	return SL_OK;
}

enum sl_rc
sl_xmlout_open(int dir, const char *name, const char *root, const char *ns,
    bool xsi, struct sl_xmlout *ret, struct sl_err *err)
{
	int fd =
	    openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	memset(ret, 0, sizeof(*ret));
	ret->fd = -1;
	if (fd < 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write %s", name);
	return sl_xmlout_start(fd, root, ns, xsi, ret, err);
}

void
sl_xmlout_drop(struct sl_xmlout *o)
{
	if (o->w != NULL)
		xmlFreeTextWriter(o->w);
	if (o->fd >= 0)
		(void)close(o->fd);
	sl_sha256_free(o->hash);
	o->w = NULL;
	o->fd = -1;
	o->hash = NULL;
}

enum sl_rc
sl_xmlout_close(struct sl_xmlout *o, struct sl_err *err)
{
	if (xmlTextWriterEndDocument(o->w) < 0)
		o->failed = true;
	xmlFreeTextWriter(o->w); /* writes what is left */
	o->w = NULL;
	sl_sha256_end(o->hash, &o->digest);
	o->hash = NULL;
	/* A pipe cannot be synced, and need not be. */
	if (fsync(o->fd) != 0 && errno != EINVAL && errno != EROFS)
		o->failed = true;
	if (close(o->fd) != 0)
		o->failed = true;
	o->fd = -1;
	if (!o->failed)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, errno, "disk_error",
	    "an XML file cannot be written");
}
