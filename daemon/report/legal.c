/*
 * Reading our own table.
 */
#include "legal.h"

#include <stdio.h>
#include <string.h>

#include "../base/buf.h"
#include "../config/deadline.h"

/* clang-format off */
extern const char sl_legal_table[];
__asm__(".section .rodata\n"
	".global sl_legal_table\n"
	".type sl_legal_table, @object\n"
	"sl_legal_table:\n"
	".incbin \"schemas/hjemler.tsv\"\n"
	".byte 0\n"
	".size sl_legal_table, . - sl_legal_table\n"
	".previous\n");
/* clang-format on */

const char *
sl_legal_text(void)
{
	return sl_legal_table;
}

static const char *
field(const char *p, char *out, size_t cap)
{
	size_t n = strcspn(p, "\t\n");

	(void)sl_slice_copy((struct sl_slice){p, (uint32_t)n}, out, cap);
	return p[n] == '\t' ? p + n + 1 : p + n;
}

static void
take_line(const char *p, struct sl_legal *l)
{
	p = field(p, l->law, sizeof(l->law));
	p = field(p, l->paragraph, sizeof(l->paragraph));
	p = field(p, l->from, sizeof(l->from));
	p = field(p, l->to, sizeof(l->to));
	p = field(p, l->theme, sizeof(l->theme));
	p = field(p, l->nb, sizeof(l->nb));
	(void)field(p, l->en, sizeof(l->en));
}

size_t
sl_legal_next(size_t at, int64_t from_day, int64_t to_day, struct sl_legal *ret)
{
	const char *p = sl_legal_table + at;
	int64_t from, to;
	size_t n;

	for (; *p != '\0'; p += n) {
		n = strcspn(p, "\n");
		n += p[n] == '\n';
		if (*p == '#' || strncmp(p, "hjemmel\t", 8) == 0)
			continue;
		take_line(p, ret);
		from = sl_day_read(ret->from);
		to = sl_day_read(ret->to);
		if (from <= to_day && (to < 0 || to >= from_day))
			return (size_t)(p + n - sl_legal_table);
	}
	return 0;
}
