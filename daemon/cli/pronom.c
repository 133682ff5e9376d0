/*
 * `pronom import`: the official signature files as one table of ours,
 * sluse-pronom(5). Signatures are rewritten, never interpreted: what cannot be
 * expressed is left out and told.
 */
#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/hash.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../pronom/pattern.h"
#include "../pronom/pronom.h"
#include "cli.h"

#define XML_MAX ((size_t)64 << 20)
#define SUBS_MAX 64u

struct import {
	struct sl_buf out;
	xmlDoc *droid, *container;
	struct sl_region scratch;
	unsigned formats, signatures, left_out;
};

/* -- XML ------------------------------------------------------------------- */

static bool
is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE &&
	       strcmp((const char *)n->name, name) == 0;
}

/* The first child of that name at or after n. */
static xmlNode *
among(xmlNode *n, const char *name)
{
	while (n != NULL && !is(n, name))
		n = n->next;
	return n;
}

static xmlNode *
child(const xmlNode *n, const char *name)
{
	return n != NULL ? among(n->children, name) : NULL;
}

#define EACH(n, parent, name)                                                  \
	for (xmlNode * (n) = child(parent, name); (n) != NULL;                 \
	     (n) = among((n)->next, name))

/* An attribute's text; "" if there is none. */
static const char *
attribute(const xmlNode *n, const char *name)
{
	const xmlAttr *a = n != NULL ? n->properties : NULL;

	for (; a != NULL; a = a->next)
		if (strcmp((const char *)a->name, name) == 0 &&
		    a->children != NULL && a->children->content != NULL)
			return (const char *)a->children->content;
	return "";
}

static const char *
inner(const xmlNode *n)
{
	return n != NULL && n->children != NULL && n->children->content != NULL
		   ? (const char *)n->children->content
		   : "";
}

/* One field: no tabs, no line ends. */
static void
add_field(struct sl_buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		sl_buf_add_char(b, strchr("\t\r\n", *s) != NULL ? ' ' : *s);
}

/* -- sequences ---------------------------------------------------------------
 */

/* [!AABB], not these bytes, as ([!AA]??|AA[!BB]). */
static void
add_not(struct sl_buf *b, const char *hex, size_t bytes)
{
	size_t i, k;

	for (i = 0; i < bytes; i++) {
		sl_buf_add_char(b, i == 0 ? '(' : '|');
		sl_buf_add(b, hex, 2 * i);
		sl_buf_printf(b, "[!%.2s]", hex + 2 * i);
		for (k = i + 1; k < bytes; k++)
			sl_buf_add_str(b, "??");
	}
	sl_buf_add_char(b, ')');
}

/* [AABB:CCDD], in the order of a dictionary. */
static void
add_range(struct sl_buf *b, const char *from, const char *to)
{
	unsigned lo = 0, hi = 0;

	(void)sscanf(from, "%2x", &lo);
	(void)sscanf(to, "%2x", &hi);
	sl_buf_printf(
	    b, "(%02X[%.2s:%.2s]", lo, from + 2, lo == hi ? to + 2 : "FF");
	if (hi > lo + 1)
		sl_buf_printf(b, "|[%02X:%02X]??", lo + 1, hi - 1);
	if (hi > lo)
		sl_buf_printf(b, "|%02X[00:%.2s]", hi, to + 2);
	sl_buf_add_char(b, ')');
}

/* A bracket over several bytes, which our notation has no sign for, as a
 * choice. Result: its length, 0 if s is no such thing. */
static size_t
add_wide_bracket(struct sl_buf *b, const char *s)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	size_t not = s[1] == '!', n = strspn(s + 1 + not, digits), m;

	if (s[0] != '[' || n < 4 || n % 2 != 0)
		return 0;
	if (not &&s[2 + n] == ']') {
		add_not(b, s + 2, n / 2);
		return n + 3;
	}
	m = s[1 + n] == ':' ? strspn(s + 2 + n, digits) : 0;
	if (not || n != 4 || m != 4 || s[2 + n + m] != ']')
		return 0;
	add_range(b, s + 1, s + 2 + n);
	return n + m + 3;
}

/* "'PK' 03 04 ['a'-'z']" as "504B0304[61:7A]". */
static void
add_pattern(struct sl_buf *b, const char *s)
{
	bool quoted = false, brackets = false;
	size_t wide;

	for (; *s != '\0'; s++) {
		if (!quoted && (wide = add_wide_bracket(b, s)) > 0) {
			s += wide - 1;
			continue;
		}
		if (*s == '\'')
			quoted = !quoted;
		else if (quoted)
			sl_buf_printf(b, "%02X", (unsigned char)*s);
		else if (strchr(" \t\r\n", *s) != NULL)
			continue;
		else if (brackets && *s == '-')
			sl_buf_add_char(b, ':');
		else
			sl_buf_add_char(b, *s);
		if (!quoted && (*s == '[' || *s == ']'))
			brackets = *s == '[';
	}
}

/* A number as it stands; fallback if there is none. */
static long
count(const char *s, long fallback)
{
	uint64_t v;

	return sl_parse_u64(s + strspn(s, " "), 0, SL_GAP_MAX, &v) ? (long)v
								   : fallback;
}

static void
add_gap(struct sl_buf *b, long min, long max)
{
	if (max < 0 && min == 0)
		sl_buf_add_char(b, '*');
	else if (max < 0)
		sl_buf_printf(b, "{%ld-*}", min);
	else if (max > 0 && min == max)
		sl_buf_printf(b, "{%ld}", min);
	else if (max > 0)
		sl_buf_printf(b, "{%ld-%ld}", min, max);
}

/* The fragments at one position: one, or a choice if several share it. False:
 * there are none there. */
static bool
add_fragments(struct sl_buf *b, const xmlNode *sub, const char *name,
    long position, long *ret_min, long *ret_max)
{
	unsigned n = 0;

	EACH(f, sub, name)
	{
		if (count(attribute(f, "Position"), 1) != position)
			continue;
		*ret_min = count(attribute(f, "MinOffset"), 0);
		*ret_max = count(attribute(f, "MaxOffset"), -1);
		n++;
	}
	if (n > 1)
		sl_buf_add_char(b, '(');
	EACH(f, sub, name)
	{
		if (count(attribute(f, "Position"), 1) != position)
			continue;
		/* Other offsets for one of a choice: not to be expressed. */
		if (count(attribute(f, "MinOffset"), 0) != *ret_min ||
		    count(attribute(f, "MaxOffset"), -1) != *ret_max)
			sl_buf_add_char(b, '#');
		add_pattern(b, inner(f));
		if (n > 1)
			sl_buf_add_char(b, '|');
	}
	if (n > 1)
		b->p[b->n - 1] = ')';
	return n > 0;
}

static void
add_sub(struct sl_buf *b, const xmlNode *sub)
{
	long position = 1, min = 0, max = 0;
	SL_BUF struct sl_buf none = {0};

	while (add_fragments(&none, sub, "LeftFragment", position, &min, &max))
		position++;
	while (--position > 0) {
		(void)add_fragments(
		    b, sub, "LeftFragment", position, &min, &max);
		add_gap(b, min, max);
	}
	add_pattern(b, inner(child(sub, "Sequence")));
	for (position = 1;; position++) {
		SL_BUF struct sl_buf one = {0};

		if (!add_fragments(
			&one, sub, "RightFragment", position, &min, &max))
			return;
		add_gap(b, min, max);
		sl_buf_add(b, one.p, one.n);
	}
}

/* Sub-sequences by their position. Result: how many. */
static size_t
sorted_subs(const xmlNode *sequence, xmlNode **sub)
{
	size_t n = 0, i;

	EACH(s, sequence, "SubSequence")
	{
		if (n == SUBS_MAX)
			return 0;
		for (i = n++;
		     i > 0 && count(attribute(sub[i - 1], "Position"), 1) >
				  count(attribute(s, "Position"), 1);
		     i--)
			sub[i] = sub[i - 1];
		sub[i] = s;
	}
	return n;
}

static void
add_sequence(struct sl_buf *b, const xmlNode *sequence)
{
	const char *ref = attribute(sequence, "Reference");
	bool eof = strcmp(ref, "EOFoffset") == 0,
	     bof = strcmp(ref, "BOFoffset") == 0;
	xmlNode *sub[SUBS_MAX];
	size_t n = sorted_subs(sequence, sub), i;
	long min, max;

	if (n == 0)
		return;
	min = count(attribute(sub[0], "SubSeqMinOffset"), 0);
	max =
	    count(attribute(sub[0], "SubSeqMaxOffset"), bof || eof ? min : -1);
	if (max >= 0 && max < min) /* 0 stands for nothing more than min */
		max = min;
	if (max < 0)
		sl_buf_printf(b, "V%ld:", min);
	else
		sl_buf_printf(b, "%c%ld-%ld:", eof ? 'E' : 'B', min, max);
	/* From the end the first one is the last. */
	for (i = 0; i < n; i++) {
		const xmlNode *s = sub[eof ? n - 1 - i : i];

		if (i > 0) {
			s = eof ? sub[n - i] : s;
			min = count(attribute(s, "SubSeqMinOffset"), 0);
			max = count(attribute(s, "SubSeqMaxOffset"), -1);
			add_gap(b, min, max >= 0 && max < min ? min : max);
			s = sub[eof ? n - 1 - i : i];
		}
		add_sub(b, s);
	}
}

/* Every sequence of a signature as a field; false: one is not to be had. */
static bool
add_sequences(struct import *m, struct sl_buf *b, const xmlNode *signature,
    const char *of)
{
	struct sl_sequence q;
	const char *why;

	EACH(s, signature, "ByteSequence")
	{
		SL_BUF struct sl_buf one = {0};

		add_sequence(&one, s);
		m->scratch.n = 0;
		why =
		    sl_sequence_parse(sl_buf_str(&one), one.n, &m->scratch, &q);
		if (why != NULL) {
			(void)sl_say(SL_EXIT_FOUND,
			    "signature %s is left out: %s", of, why);
			m->left_out++;
			return false;
		}
		sl_buf_add_char(b, '\t');
		sl_buf_add(b, one.p, one.n);
	}
	return true;
}

/* -- signatures ---------------------------------------------------------------
 */

static xmlNode *
by_id(xmlNode *first, const char *name, const char *key, const char *id)
{
	for (; (first = among(first, name)) != NULL; first = first->next)
		if (strcmp(attribute(first, key), id) == 0)
			return first;
	return NULL;
}

static void
add_bytes(struct import *m, const xmlNode *format)
{
	xmlNode *all = child(child(xmlDocGetRootElement(m->droid),
				 "InternalSignatureCollection"),
	    "InternalSignature");

	EACH(id, format, "InternalSignatureID")
	{
		const xmlNode *s =
		    by_id(all, "InternalSignature", "ID", inner(id));
		SL_BUF struct sl_buf line = {0};

		if (s == NULL)
			continue;
		sl_buf_printf(&line, "b\t%s", inner(id));
		if (!add_sequences(m, &line, s, inner(id)))
			continue;
		sl_buf_add(&m->out, line.p, line.n);
		sl_buf_add_char(&m->out, '\n');
		m->signatures++;
	}
}

static void
add_container(struct import *m, const xmlNode *s)
{
	bool zip = strcmp(attribute(s, "ContainerType"), "ZIP") == 0;
	SL_BUF struct sl_buf line = {0};

	sl_buf_printf(&line, "%c\t%s", zip ? 'z' : 'o', attribute(s, "Id"));
	EACH(f, child(s, "Files"), "File")
	{
		const xmlNode *c = child(child(f, "BinarySignatures"),
		    "InternalSignatureCollection");

		sl_buf_add_str(&line, "\t@");
		add_field(&line, inner(child(f, "Path")));
		EACH(g, c, "InternalSignature")
		if (!add_sequences(m, &line, g, attribute(s, "Id")))
			return;
	}
	sl_buf_add(&m->out, line.p, line.n);
	sl_buf_add_char(&m->out, '\n');
	m->signatures++;
}

/* Result: whether the format has any. */
static bool
add_containers(struct import *m, const char *puid)
{
	const xmlNode *root = xmlDocGetRootElement(m->container), *s;
	xmlNode *all =
	    child(child(root, "ContainerSignatures"), "ContainerSignature");
	bool any = false;

	EACH(map, child(root, "FileFormatMappings"), "FileFormatMapping")
	{
		if (strcmp(attribute(map, "Puid"), puid) != 0)
			continue;
		s = by_id(all, "ContainerSignature", "Id",
		    attribute(map, "signatureId"));
		if (s == NULL)
			continue;
		any = true;
		add_container(m, s);
	}
	return any;
}

static void
add_format(struct import *m, const xmlNode *f, xmlNode *all)
{
	static const char *const fields[] = {
	    "PUID", "Name", "Version", "MIMEType"};
	struct sl_buf *b = &m->out;
	const xmlNode *other;
	bool first = true;
	size_t i;

	sl_buf_add_char(b, 'f');
	for (i = 0; i < 4; i++) {
		sl_buf_add_char(b, '\t');
		add_field(b, attribute(f, fields[i]));
	}
	sl_buf_add_char(b, '\t');
	EACH(e, f, "Extension")
	{
		const char *s = inner(e);

		if (strpbrk(s, ",\t\r\n") != NULL || *s == '\0')
			continue;
		if (!first)
			sl_buf_add_char(b, ',');
		first = false;
		for (; *s != '\0'; s++)
			sl_buf_add_char(
			    b, (char)(*s >= 'A' && *s <= 'Z' ? *s + 32 : *s));
	}
	sl_buf_add_char(b, '\t');
	first = true;
	EACH(o, f, "HasPriorityOverFileFormatID")
	{
		other = by_id(all, "FileFormat", "ID", inner(o));
		if (other == NULL)
			continue;
		sl_buf_printf(
		    b, "%s%s", first ? "" : ",", attribute(other, "PUID"));
		first = false;
	}
	sl_buf_add_char(b, '\n');
	m->formats++;
	/* What is told by its contents is not told by its bytes too: as DROID
	 * has it. */
	if (!add_containers(m, attribute(f, "PUID")))
		add_bytes(m, f);
}

/* -- files -------------------------------------------------------------------
 */

static enum sl_exit
read_xml(const char *path, const char *root, xmlDoc **ret, struct sl_buf *head)
{
	SL_BUF struct sl_buf b = {.max = XML_MAX};
	const char *slash = strrchr(path, '/');
	struct sl_digest d;
	struct sl_err err;
	char hex[SL_SHA256_HEX + 1];
	enum sl_rc rc = sl_read_file(AT_FDCWD, path, XML_MAX, &b, &err);

	if (rc != SL_OK)
		return sl_say(SL_EXIT_INPUT, "%s: %s", path,
		    rc == SL_SKIP ? "there is no such file" : err.text);
	*ret = xmlReadMemory(b.p, (int)b.n, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
		XML_PARSE_NOBLANKS);
	if (*ret == NULL || xmlDocGetRootElement(*ret) == NULL ||
	    !is(xmlDocGetRootElement(*ret), root))
		return sl_say(SL_EXIT_INPUT, "%s: no %s file", path, root);
	sl_sha256(b.p, b.n, &d);
	sl_digest_hex(&d, hex);
	sl_buf_add_str(head, "source\t");
	add_field(head, slash != NULL ? slash + 1 : path);
	sl_buf_printf(head, "\t%s\n", hex);
	return SL_EXIT_OK;
}

static void
write_head(struct import *m, const struct sl_buf *sources)
{
	const xmlNode *d = xmlDocGetRootElement(m->droid),
		      *c = xmlDocGetRootElement(m->container);
	struct sl_buf *b = &m->out;

	sl_buf_add_str(b, "sluse-pronom\t1\nversion\t");
	add_field(b, attribute(d, "Version"));
	sl_buf_printf(b, "\t%.10s\t", attribute(d, "DateCreated"));
	add_field(b, attribute(c, "signatureVersion"));
	sl_buf_add_char(b, '\n');
	sl_buf_add(b, sources->p, sources->n);
	sl_buf_add_str(b,
	    "note\tPRONOM, The National Archives (UK), "
	    "https://www.nationalarchives.gov.uk/PRONOM/\n"
	    "note\tContains public sector information licensed under the "
	    "Open Government Licence v3.0.\n"
	    "note\tFacts of the sources above, rewritten by `sluse pronom "
	    "import`; see sluse-pronom(5).\n");
}

static enum sl_exit
build(struct import *m, const char *droid, const char *container)
{
	SL_BUF struct sl_buf sources = {0};
	char hex[SL_SHA256_HEX + 1];
	struct sl_digest d;
	enum sl_exit code =
	    read_xml(droid, "FFSignatureFile", &m->droid, &sources);
	xmlNode *all;

	if (code == SL_EXIT_OK)
		code = read_xml(container, "ContainerSignatureMapping",
		    &m->container, &sources);
	if (code != SL_EXIT_OK)
		return code;
	write_head(m, &sources);
	all =
	    child(child(xmlDocGetRootElement(m->droid), "FileFormatCollection"),
		"FileFormat");
	for (xmlNode *f = all; f != NULL; f = among(f->next, "FileFormat"))
		add_format(m, f, all);
	if (m->out.full)
		return sl_say(SL_EXIT_INPUT, "the table is too large");
	sl_sha256(m->out.p, m->out.n, &d);
	sl_digest_hex(&d, hex);
	sl_buf_printf(&m->out, "end\t%s\n", hex);
	return SL_EXIT_OK;
}

/* Where it goes: what --output names, else the instance's own place. */
static enum sl_rc
open_place(
    const struct sl_cli *c, char **ret_name, int *ret_dir, struct sl_err *err)
{
	const char *slash = c->output != NULL ? strrchr(c->output, '/') : NULL;
	SL_FREE char *folder =
	    c->output == NULL ? sl_asprintf("%s/pronom", c->root)
	    : slash == NULL
		? sl_strdup(".")
		: sl_strndup(c->output, (size_t)(slash - c->output) + 1);

	*ret_name = sl_strdup(c->output == NULL ? "table.tsv"
			      : slash != NULL	? slash + 1
						: c->output);
	if (c->output == NULL && sl_make_path(folder, 0755, err) != SL_OK)
		return SL_FATAL;
	*ret_dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_dir >= 0 ? SL_OK
			     : sl_err_set(err, SL_REJECT, errno, "disk_error",
				   "%.200s", folder);
}

static enum sl_exit
save(const struct sl_cli *c, const struct import *m)
{
	struct sl_pronom *t = NULL;
	SL_FREE char *name = NULL;
	SL_CLOSE int dir = -1;
	enum sl_exit code = SL_EXIT_OK;
	struct sl_err err;

	/* An empty table in the place of a good one would identify nothing. */
	if (m->formats == 0 || m->signatures == 0)
		return sl_say(SL_EXIT_INPUT,
		    "%s: holds %u formats and %u signatures: no release of "
		    "PRONOM",
		    c->arg[0], m->formats, m->signatures);
	/* Nothing is written that sluse-work would not take. */
	if (sl_pronom_parse(m->out.p, m->out.n, "", 0, &t, &err) != SL_OK)
		return sl_say(SL_EXIT_INPUT, "%s", err.text);
	if (open_place(c, &name, &dir, &err) != SL_OK ||
	    sl_write_file(dir, name, m->out.p, m->out.n, 0644, &err) != SL_OK)
		code = sl_cli_fail(&err);
	if (code == SL_EXIT_OK)
		(void)printf("%s: PRONOM %s, %u formats, %u signatures\n", name,
		    sl_pronom_version(t), m->formats, m->signatures);
	sl_pronom_free(t);
	return code;
}

int
sl_cmd_pronom_import(const struct sl_cli *c)
{
	struct import m = {.out = {.max = SL_PRONOM_FILE_MAX}};
	enum sl_exit code;

	m.scratch.cap = (size_t)1 << 20;
	m.scratch.p = sl_alloc(m.scratch.cap);
	code = build(&m, c->arg[0], c->arg[1]);
	if (code == SL_EXIT_OK)
		code = save(c, &m);
	if (code == SL_EXIT_OK && m.left_out > 0)
		code = SL_EXIT_FOUND;
	xmlFreeDoc(m.droid);
	xmlFreeDoc(m.container);
	free(m.scratch.p);
	sl_buf_free(&m.out);
	return code;
}
