/* A set of systemIDs: 16 bytes each, however many there are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harvest.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
n5_id_parse(const char *text, struct n5_id *ret)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i, n = 0;
	int d;

	memset(ret, 0, sizeof(*ret));
	if (text == NULL || strlen(text) != sizeof(form) - 1)
		return -1;
	for (i = 0; form[i] != '\0'; i++) {
		d = hex(text[i]);
		if (form[i] == '-' ? text[i] != '-' : d < 0)
			return -1;
		if (form[i] == '-')
			continue;
		ret->half[n / 16] = ret->half[n / 16] << 4 | (unsigned)d;
		n++;
	}
	/* All zeros marks an empty place, and is nobody's id (RFC 9562). */
	return ret->half[0] == 0 && ret->half[1] == 0 ? -1 : 0;
}

/* The place of the id, or the empty one where it goes. The seed keeps the
 * target from choosing ids that all want the same place. */
static struct n5_id *
place(const struct n5_ids *set, const struct n5_id *id)
{
	uint64_t h = (id->half[0] ^ set->seed) * 0x9e3779b97f4a7c15u;
	size_t i;

	h ^= h >> 32;
	h = (h ^ id->half[1]) * 0xd6e8feb86659fd93u;
	h ^= h >> 29;
	for (i = (size_t)h & (set->cap - 1);; i = (i + 1) & (set->cap - 1)) {
		struct n5_id *p = &set->at[i];

		if ((p->half[0] == 0 && p->half[1] == 0) ||
		    (p->half[0] == id->half[0] && p->half[1] == id->half[1]))
			return p;
	}
}

int
n5_ids_have(const struct n5_ids *set, const struct n5_id *id)
{
	return set->cap > 0 && place(set, id)->half[0] == id->half[0] &&
	       place(set, id)->half[1] == id->half[1];
}

static int
grow(struct n5_ids *set)
{
	struct n5_ids more = {.seed = set->seed, .n = set->n};
	size_t i;

	more.cap = set->cap > 0 ? set->cap * 2 : 64;
	more.at = calloc(more.cap, sizeof(*more.at));
	if (more.at == NULL)
		return -1;
	for (i = 0; i < set->cap; i++)
		if (set->at[i].half[0] != 0 || set->at[i].half[1] != 0)
			*place(&more, &set->at[i]) = set->at[i];
	free(set->at);
	*set = more;
	return 0;
}

int
n5_ids_add(struct n5_ids *set, const struct n5_id *id)
{
	if (n5_ids_have(set, id))
		return 1;
	if ((set->n + 1) * 3 > set->cap * 2 && grow(set) != 0)
		return -1;
	*place(set, id) = *id;
	set->n++;
	return 0;
}

int
n5_ids_each_in(const struct n5_ids *set, const struct n5_ids *other)
{
	size_t i;

	for (i = 0; i < set->cap; i++)
		if ((set->at[i].half[0] != 0 || set->at[i].half[1] != 0) &&
		    !n5_ids_have(other, &set->at[i]))
			return 0;
	return 1;
}

void
n5_ids_free(struct n5_ids *set)
{
	free(set->at);
	set->at = NULL;
	set->n = set->cap = 0;
}
