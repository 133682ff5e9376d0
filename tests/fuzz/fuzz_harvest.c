/*
 * units.jsonl of a harvest: units open before those below them and close after,
 * every text that comes out is whole UTF-8 and within its limit, the file of a
 * unit is a path made of its digest; and what is written of any of them is XML
 * that can be read back.
 */
#include <libxml/parser.h>

#include "../../daemon/depot/posts.h"
#include "../../daemon/depot/write.h"
#include "fuzz.h"

struct seen {
	unsigned depth;
	struct sl_writer w;
	struct sl_screen screen[2];
	struct sl_posts posts;
};

static void
text(const char *s, size_t max)
{
	FUZZ_CHECK(strlen(s) <= max && sl_utf8_valid(s, strlen(s)));
}

static enum sl_rc
on_enter(void *arg, struct sl_unit *u, struct sl_err *err)
{
	struct seen *s = arg;

	(void)err;
	text(u->type, 40);
	text(u->id, SL_HARVEST_ID);
	text(u->file, 80);
	text(sl_unit_number(u), SL_HARVEST_LINE);
	FUZZ_CHECK(json_is_object(u->fields));
	FUZZ_CHECK(*u->file == '\0' || strncmp(u->file, "files/", 6) == 0);
	FUZZ_CHECK(strstr(u->file, "..") == NULL);
	if (u->kind == SL_KIND_endring)
		return SL_OK;
	s->depth++;
	FUZZ_CHECK(s->depth <= SL_HARVEST_DEPTH);
	FUZZ_CHECK((u->up == NULL) == (s->depth == 1));
	return SL_OK;
}

static enum sl_rc
on_leave(void *arg, struct sl_unit *u, struct sl_err *err)
{
	struct seen *s = arg;
	int group = sl_group_of(u);

	s->depth--;
	if (group == SL_GROUP_none)
		return SL_OK;
	s->w.u = u;
	sl_write_group(&s->w, "unit", group, u->fields);
	FUZZ_CHECK(!s->w.failed);
	return group == SL_GROUP_journalpost ? sl_posts_add(&s->posts, u, err)
					     : SL_OK;
}

/* No number of a person gets out. */
static void
no_person(json_t *v)
{
	const char *name, *s;
	json_t *one;
	size_t i, at, n;

	if (json_is_string(v)) {
		s = json_string_value(v);
		FUZZ_CHECK(!sl_find_fnr(s, strlen(s), &at, &n));
	}
	json_object_foreach(v, name, one)
	{
		no_person(one);
	}
	json_array_foreach(v, i, one)
	{
		no_person(one);
	}
}

static void
look(struct seen *s)
{
	json_t *record, *view;
	size_t i;
	int64_t day;
	bool public;

	s->w.u = NULL; /* it is closed */
	FUZZ_CHECK(sl_posts_sort(&s->posts, NULL) == SL_OK);
	for (i = 0; i < 2 * s->posts.n; i++) {
		FUZZ_CHECK(
		    sl_posts_read(&s->posts, i / 2, &record, NULL) == SL_OK);
		public = i % 2 == 1;
		view = sl_post_view(&s->screen[i % 2], record, &day);
		FUZZ_CHECK(view != NULL || public);
		no_person(view);
		if (view != NULL)
			sl_write_group(&s->w, "journalregistrering",
			    SL_GROUP_journalregistrering, view);
		if (public && view != NULL)
			FUZZ_CHECK(json_object_get(
				       json_object_get(view, "journalpost"),
				       "tittel") == NULL);
		json_decref(view);
		json_decref(record);
	}
}

static void
read_back(int fd)
{
	xmlDocPtr doc = xmlReadFd(fd, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
		XML_PARSE_HUGE);

	FUZZ_CHECK(doc != NULL);
	xmlFreeDoc(doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct seen s = {.screen[1].public = true};
	struct sl_visitor v = {on_enter, on_leave, &s};
	struct sl_harvest h = {.dir = -1, .units_fd = fuzz_fd(p, n)};
	struct sl_devs devs;
	struct sl_xmlout o;
	struct sl_err err = {0};
	int out = memfd_create("xml", MFD_CLOEXEC), copy = dup(out);
	size_t i;

	for (i = 0; i < n; i++)
		h.units += p[i] == '\n';
	sl_devs_open(&devs, fopen("/dev/null", "w"));
	FUZZ_CHECK(sl_posts_open(&s.posts, &err) == SL_OK);
	FUZZ_CHECK(sl_xmlout_start(out, "all", "x:y", true, &o, &err) == SL_OK);
	s.w = (struct sl_writer){.w = o.w, .devs = &devs};
	if (sl_harvest_walk(&h, &v, &err) != SL_OK)
		FUZZ_CHECK(err.rc == SL_BROKEN && err.text[0] != '\0');
	else
		FUZZ_CHECK(s.depth == 0);
	look(&s);
	FUZZ_CHECK(sl_xmlout_close(&o, &err) == SL_OK);
	FUZZ_CHECK(lseek(copy, 0, SEEK_SET) == 0);
	read_back(copy);
	(void)close(copy);
	sl_posts_close(&s.posts);
	(void)sl_devs_close(&devs, NULL);
	sl_harvest_close(&h);
	return 0;
}
