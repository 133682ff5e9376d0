/*
 * winmail.dat (MS-OXTNEF): a row of attributes, two of which hold properties.
 *
 * Our own: libytnef takes the whole file into memory by sizes that the file
 * names, has had two dozen CVEs for it, and gives neither recipients nor the
 * attached messages. Here only places are kept; no byte is copied.
 */
#include <string.h>

#include "outlook.h"

#define SIGNATURE 0x223E9F78u
#define ATTRIBUTES_MAX 1000000u

enum {
	ATT_SUBJECT = 0x8004,
	ATT_SENT = 0x8005,
	ATT_CLASS = 0x8008,
	ATT_BODY = 0x800C,
	ATT_FILE_DATA = 0x800F,
	ATT_FILE_TITLE = 0x8010,
	ATT_FILE_BEGINS = 0x9002,
	ATT_PROPS = 0x9003,
	ATT_PEOPLE = 0x9004,
	ATT_FILE_PROPS = 0x9005,
	ATT_PAGE = 0x9007,
};

/* A stretch of the source that is read from front to back. */
struct span {
	struct sluse_doc *d;
	uint64_t at, end;
	bool bad;
};

static uint64_t
number(struct span *s, unsigned bytes)
{
	uint8_t b[8] = {0};
	uint64_t v = 0;

	if (s->bad || s->end - s->at < bytes ||
	    s->d->host->read_at(s->d->s, b, bytes, s->at) != (int64_t)bytes) {
		s->bad = true;
		return 0;
	}
	s->at += bytes;
	for (unsigned i = bytes; i-- > 0;)
		v = v << 8 | b[i];
	return v;
}

static void
skip(struct span *s, uint64_t n)
{
	if (s->bad || n > s->end - s->at)
		s->bad = true;
	else
		s->at += n;
}

static uint64_t
padded(uint64_t n)
{
	return (n + 3) & ~(uint64_t)3;
}

static unsigned
fixed_size(unsigned type)
{
	switch (type) {
	case 0x0001: /* null */
		return 0;
	case PT_SHORT:
	case PT_LONG:
	case PT_BOOL:
	case 0x0004: /* float */
	case 0x000A: /* error */
		return 4;
	case PT_TIME:
	case 0x0005: /* double */
	case 0x0006: /* currency */
	case 0x0007: /* application time */
	case 0x0014: /* 64 bits */
		return 8;
	case 0x0048: /* GUID */
		return 16;
	default:
		return UINT32_MAX;
	}
}

/* A string or binary; of an object the data behind its interface's id. */
static void
take_value(struct span *s, struct bag *b, uint16_t id, uint16_t type, bool keep)
{
	uint64_t n = number(s, 4);
	struct prop *p;

	if (s->bad || n > s->end - s->at) {
		s->bad = true;
		return;
	}
	if (keep && (p = bag_add(s->d, b, id, type)) != NULL) {
		p->where = s->at;
		p->size = n;
		if (type == PT_OBJECT && n >= 16) {
			p->where += 16;
			p->size -= 16;
		}
	}
	skip(s, padded(n) < s->end - s->at ? padded(n) : s->end - s->at);
}

static void
take_prop(struct span *s, struct bag *b)
{
	uint16_t type = (uint16_t)number(s, 2), id = (uint16_t)number(s, 2);
	unsigned one = type & 0x0FFF, size = fixed_size(one);
	bool many = (type & 0x1000) != 0, named = id >= 0x8000;
	uint64_t values = 1;
	struct prop *p;

	if (named) {
		skip(s, 16);
		if (number(s, 4) == 0)
			skip(s, 4);
		else
			skip(s, padded(number(s, 4)));
	}
	if (size == UINT32_MAX && one != PT_STRING8 && one != PT_UNICODE &&
	    one != PT_BINARY && one != PT_OBJECT)
		s->bad = true;
	if (many || size == UINT32_MAX)
		values = number(s, 4);
	for (uint64_t i = 0; i < values && !s->bad; i++) {
		bool keep = !named && !many && i == 0;

		if (size == UINT32_MAX) {
			take_value(s, b, id, type, keep);
		} else if (size != 4 && size != 8) {
			skip(s, size);
			if (size == 0)
				break;
		} else {
			uint64_t v = number(s, size);

			if (keep && !s->bad &&
			    (p = bag_add(s->d, b, id, type)) != NULL) {
				p->fixed = true;
				p->value = v;
			}
		}
	}
}

static void
take_props(struct span *s, struct bag *b)
{
	uint64_t n = number(s, 4);

	for (uint64_t i = 0; i < n && !s->bad && !s->d->too_many; i++)
		take_prop(s, b);
	if (s->bad)
		s->d->truncated = true;
}

/* What older programs write beside the properties, as if it were one. */
static void
take_old(struct span *s, struct bag *b, uint16_t id, uint16_t type)
{
	struct prop *p = b ? bag_add(s->d, b, id, type) : NULL;

	if (!p)
		return;
	p->where = s->at;
	p->size = s->end - s->at;
}

/* Year, month, day, hour, minute, second: local time of nobody knows where,
 * taken for UTC as Outlook writes it. */
static void
take_date(struct span *s, struct bag *b)
{
	int v[6];
	GDateTime *t;
	struct prop *p;

	for (unsigned i = 0; i < 6; i++)
		v[i] = (int)number(s, 2);
	if (s->bad || v[0] < 1980 || v[0] > 2099)
		return;
	t = g_date_time_new_utc(v[0], v[1], v[2], v[3], v[4], v[5]);
	if (t && (p = bag_add(s->d, b, PR_SUBMITTED, PT_TIME)) != NULL) {
		p->fixed = true;
		p->value =
		    (uint64_t)(g_date_time_to_unix(t) + 11644473600) * 10000000;
	}
	if (t)
		g_date_time_unref(t);
}

static void
take_attribute(struct sluse_doc *d, unsigned id, struct span *s)
{
	struct bag *file = d->files.n ? &d->files.p[d->files.n - 1] : NULL;
	uint64_t n;

	switch (id) {
	case ATT_SUBJECT:
		take_old(s, &d->message, PR_SUBJECT, PT_STRING8);
		break;
	case ATT_CLASS:
		take_old(s, &d->message, PR_CLASS, PT_STRING8);
		break;
	case ATT_BODY:
		take_old(s, &d->message, PR_BODY, PT_STRING8);
		break;
	case ATT_SENT:
		take_date(s, &d->message);
		break;
	case ATT_PAGE:
		d->page = (unsigned)(number(s, 4) & 0xFFFF);
		break;
	case ATT_PROPS:
		take_props(s, &d->message);
		break;
	case ATT_PEOPLE:
		n = number(s, 4);
		for (uint64_t i = 0; i < n && !s->bad && !d->too_many; i++) {
			struct bag *b = bags_add(d, &d->people, PEOPLE_MAX);

			if (b)
				take_props(s, b);
		}
		break;
	case ATT_FILE_BEGINS:
		(void)bags_add(d, &d->files, FILES_MAX);
		break;
	case ATT_FILE_TITLE:
		take_old(s, file, PR_FILE_SHORT, PT_STRING8);
		break;
	case ATT_FILE_DATA:
		take_old(s, file, PR_DATA, PT_BINARY);
		break;
	case ATT_FILE_PROPS:
		if (file)
			take_props(s, file);
		break;
	default:
		break;
	}
}

int
tnef_load(struct sluse_doc *d)
{
	struct span all = {.d = d, .end = d->host->length(d->s)};

	if (number(&all, 4) != SIGNATURE)
		return SLUSE_READ_UNSUPPORTED;
	skip(&all, 2);
	for (unsigned i = 0;
	     i < ATTRIBUTES_MAX && !all.bad && !d->too_many && all.at < all.end;
	     i++) {
		unsigned level = (unsigned)number(&all, 1);
		unsigned id = (unsigned)(number(&all, 4) & 0xFFFF);
		uint64_t n = number(&all, 4);
		struct span s = {.d = d, .at = all.at, .end = all.end};

		if (all.bad || (level != 1 && level != 2))
			break; /* programs append anything */
		if (n <= all.end - all.at)
			s.end = all.at + n;
		else
			d->truncated = true;
		take_attribute(d, id, &s);
		if (n > all.end - all.at)
			break;
		skip(&all, n);
		skip(&all, all.end - all.at < 2 ? all.end - all.at : 2);
	}
	return SLUSE_READ_OK;
}
