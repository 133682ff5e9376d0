/*
 * INVARIANT: one open file description a slot, for ever: a lock is the
 * description's, and a child, which closes its copy, holds none.
 */
#include "slots.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../base/mem.h"

struct sl_slots {
	int fd[SL_SLOTS_MAX];
	bool held[SL_SLOTS_MAX];
	unsigned count;
	unsigned next; /* where the last search ended: all wear alike */
};

static int
open_slot(const char *dir, unsigned number)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/slot.%u", dir, number) >=
	    (int)sizeof(path))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

struct sl_slots *
sl_slots_open(const char *dir, unsigned spare)
{
	struct sl_slots *s = sl_alloc(sizeof(*s));
	int fd;

	while (s->count < SL_SLOTS_MAX && (fd = open_slot(dir, s->count)) >= 0)
		s->fd[s->count++] = fd;
	while (spare > 0 && s->count > 1) {
		(void)close(s->fd[0]);
		memmove(s->fd, s->fd + 1, --s->count * sizeof(s->fd[0]));
		spare--;
	}
	return s;
}

void
sl_slots_close(struct sl_slots *s)
{
	unsigned i;

	if (s == NULL)
		return;
	for (i = 0; i < s->count; i++)
		(void)close(s->fd[i]);
	free(s);
}

unsigned
sl_slots_count(const struct sl_slots *s)
{
	return s->count;
}

int
sl_slots_take(struct sl_slots *s)
{
	unsigned i, k;

	for (i = 0; i < s->count; i++) {
		k = (s->next + i) % s->count;
		if (s->held[k])
			continue;
		if (flock(s->fd[k], LOCK_EX | LOCK_NB) != 0)
			continue;
		s->held[k] = true;
		s->next = (k + 1) % s->count;
		return (int)k;
	}
	return SL_SLOT_NONE;
}

void
sl_slots_give(struct sl_slots *s, int slot)
{
	if (slot == SL_SLOT_NONE)
		return;
	s->held[slot] = false;
	(void)flock(s->fd[slot], LOCK_UN);
}
