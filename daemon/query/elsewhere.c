/*
 * The database against what the instance remembers outside of it: the head that
 * was signed last, in journal/checkpoint and in head_file. One that was put
 * back from a backup fails here, as it does at slused's start.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../config/config.h"
#include "../journal/checkpoint.h"
#include "verify_p.h"

/* Is it a head of what was given up? Of that nothing can be asked any more. The
 * leaf that says so anybody could have written, so the log must have been
 * signed since; and the instance's own memory is of the log as it is then.
 */
static bool
is_given_up(const struct sl_check *c, const struct sl_elsewhere *e)
{
	return strcmp(e->where, SL_MEMORY) != 0 &&
	       sl_origin_is_before(e->origin, c->v->origin) &&
	       c->counted_size > c->renamed_at;
}

static void
read_head(struct sl_check *c, const char *where, const char *path)
{
	struct sl_elsewhere *e = &c->elsewhere[c->elsewhere_n];

	if (sl_read_file(AT_FDCWD, path, SL_NOTE_MAX, &e->note, NULL) ==
	    SL_OK) {
		e->where = where;
		c->elsewhere_n++;
	}
}

void
sl_check_read_elsewhere(struct sl_check *c, const char *root)
{
	SL_FREE char *memory = sl_asprintf("%s/journal/checkpoint", root);
	SL_FREE char *conf = sl_asprintf("%s/sluse.conf", root);
	SL_FREE char *path = NULL;
	struct sl_config *cfg = NULL;

	read_head(c, SL_MEMORY, memory);
	if (sl_config_load(conf, &cfg, NULL) == SL_OK &&
	    *cfg->journal.head_file != '\0') {
		path = sl_path_below(root, cfg->journal.head_file);
		read_head(c, "head_file", path);
	}
	sl_config_free(cfg);
}

void
sl_check_elsewhere_wrong(struct sl_elsewhere *e, const char *why)
{
	e->wrong = true;
	(void)snprintf(e->why, sizeof(e->why), "%s", why);
}

void
sl_check_mark_elsewhere(struct sl_check *c)
{
	struct sl_checkpoint head;
	struct sl_elsewhere *e;
	struct sl_note note;
	struct sl_err err;
	size_t i, key;

	for (i = 0; i < c->elsewhere_n; i++) {
		e = &c->elsewhere[i];
		if (sl_note_parse(e->note.p, e->note.n, &note, &err) != SL_OK ||
		    sl_checkpoint_parse(note.text, &head, &err) != SL_OK) {
			sl_check_elsewhere_wrong(e, err.text);
			continue;
		}
		e->size = head.size;
		(void)snprintf(e->origin, sizeof(e->origin), "%s", head.origin);
		if (sl_check_open(
			c, sl_slice_buf(&e->note), &head, &key, &err) == SL_OK)
			sl_check_add_mark(c, &head, key, e);
		else
			sl_check_elsewhere_wrong(e, err.text);
	}
}

void
sl_check_elsewhere_end(struct sl_check *c)
{
	uint64_t size = c->tree.size;
	struct sl_elsewhere *e;
	size_t i;

	for (i = 0; i < c->elsewhere_n; i++) {
		e = &c->elsewhere[i];
		if (!is_given_up(c, e)) {
			if (!e->wrong)
				c->v->held_against[c->v->held_n++] = e->where;
			else
				sl_check_fault(c, e->size > size ? size : 0,
				    e->size > 0 ? e->size - 1 : 0, "%s: %s",
				    e->where, e->why);
		}
		sl_buf_free(&e->note);
	}
}
