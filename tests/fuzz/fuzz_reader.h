/*
 * A reader, loaded as sluse-work loads it, over whatever bytes: what every
 * reader keeps.
 */
#ifndef TESTS_FUZZ_FUZZ_READER_H
#define TESTS_FUZZ_FUZZ_READER_H

#include "fuzz.h"

#include "../unit/mail_host.h"

static inline const struct sluse_reader *
fuzz_reader(const char *name)
{
	const struct sluse_reader *r = mock_load(name);

	FUZZ_CHECK(r != NULL && (r->warm == NULL || r->warm(&mock_host) == 0));
	return r;
}

/* Its text is UTF-8, its parts are ended. */
static inline void
fuzz_reading_end(struct reading *d)
{
	unsigned i;

	/* the host cuts very long text anywhere */
	if (d->k.n < sizeof(d->k.text) - 1)
		FUZZ_CHECK(sl_utf8_valid(d->k.text, d->k.n));
	if (d->parted == SLUSE_READ_OK)
		for (i = 0; i < d->k.count; i++)
			FUZZ_CHECK(d->k.parts[i].ended == 1);
	read_free(d);
}

#endif
