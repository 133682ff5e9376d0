/*
 * What there is no room for on the disk. It lies where it was dropped, and is
 * looked at again as soon as there is as much as it needs; the sweep would find
 * it too, but later.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "inlet_p.h"

bool
sl_need_fits(const struct sl_need *need, const struct sl_space *room)
{
	uint64_t less = room->store < room->db ? room->store : room->db;

	if (room->is_one)
		return need->copy <= less && need->made <= less - need->copy;
	return need->copy <= room->store && need->made <= room->db;
}

static int64_t
mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static struct waiting *
find(const struct sl_inlet *in, const char *name)
{
	size_t i;

	for (i = 0; i < in->waits_n; i++)
		if (strcmp(in->waits[i].name, name) == 0)
			return &in->waits[i];
	return NULL;
}

static bool
is_same(const struct waiting *w, const struct stat *st)
{
	return w->ino == st->st_ino && w->size == st->st_size &&
	       w->mtime_ns == mtime_ns(st);
}

static void
drop(struct sl_inlet *in, struct waiting *w)
{
	free(w->name);
	*w = in->waits[--in->waits_n];
}

/* Is what it needs still held against it? */
static bool
is_held(const struct waiting *w)
{
	return w->tried && sl_clock_boot_ms() < w->until_ms;
}

void
sl_waits_add(struct sl_inlet *in, const char *name, const struct stat *st,
    const struct sl_need *need, bool tried)
{
	struct waiting *w = find(in, name);
	uint64_t was = w != NULL ? w->need.copy : 0;

	if (w == NULL && in->waits_n == WAITS_MAX)
		return;
	if (w == NULL) {
		in->waits = sl_grow(
		    in->waits, &in->waits_cap, in->waits_n + 1, sizeof(*w));
		w = &in->waits[in->waits_n++];
		*w = (struct waiting){.name = sl_strdup(name)};
	}
	w->ino = st->st_ino;
	w->size = st->st_size;
	w->mtime_ns = mtime_ns(st);
	w->need = *need;
	/* Its time does not begin anew when it is seen again, but once it is
	 * over: then it was tried, and did not fit. */
	if (!tried || !w->tried || need->copy != was || !is_held(w))
		w->until_ms = sl_clock_boot_ms() + SL_NO_ROOM_MS;
	w->tried = tried;
}

bool
sl_waits_fits(struct sl_inlet *in, const char *name, const struct stat *st,
    struct sl_claim *ret)
{
	const struct waiting *w = find(in, name);

	ret->tried = w != NULL && w->tried && is_same(w, st);
	if (ret->tried && is_held(w) && w->need.copy > ret->need.copy)
		ret->need = w->need;
	if (sl_need_fits(&ret->need, &in->room))
		return true;
	sl_waits_add(in, name, st, &ret->need, ret->tried);
	return false;
}

bool
sl_waits_has(const struct sl_inlet *in, ino_t ino)
{
	size_t i;

	for (i = 0; i < in->waits_n; i++)
		if (in->waits[i].ino == ino)
			return true;
	return false;
}

void
sl_waits_forget(struct sl_inlet *in, const char *name)
{
	struct waiting *w = find(in, name);

	if (w != NULL)
		drop(in, w);
}

const char *
sl_waits_next(struct sl_inlet *in)
{
	const struct waiting *w;

	while (in->waits_at < in->waits_n) {
		w = &in->waits[in->waits_at++];
		if (sl_need_fits(&w->need, &in->room) ||
		    (w->tried && !is_held(w)))
			return w->name;
	}
	in->waits_at = 0;
	return NULL;
}

void
sl_waits_look(struct sl_inlet *in)
{
	struct stat st;
	size_t i = 0;

	while (i < in->waits_n) {
		/* While the folder is gone nobody knows. */
		if (in->inbox < 0 || fstatat(in->inbox, in->waits[i].name, &st,
					 AT_SYMLINK_NOFOLLOW) == 0)
			i++;
		else
			drop(in, &in->waits[i]);
	}
}

struct sl_no_room
sl_inlet_no_room(const struct sl_inlet *in)
{
	struct sl_no_room all = {.n = in->waits_n};
	const struct waiting *w;
	size_t i;

	for (i = 0; i < in->waits_n; i++) {
		w = &in->waits[i];
		if (i == 0 || w->need.copy < all.need.copy)
			all.need = w->need;
		all.tried |= w->tried;
	}
	return all;
}

void
sl_waits_free(struct sl_inlet *in)
{
	while (in->waits_n > 0)
		drop(in, &in->waits[in->waits_n - 1]);
	free(in->waits);
}
