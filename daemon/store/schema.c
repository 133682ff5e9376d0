/*
 * The migrations of schemas/sql/, as they lie there, inside the program.
 */
/* clang-format off */
#define MIGRATION(n)                                                           \
	extern const char sl_schema_##n[];                                     \
	__asm__(".section .rodata\n"                                           \
		".global sl_schema_" #n "\n"                                   \
		".type sl_schema_" #n ", @object\n"                            \
		"sl_schema_" #n ":\n"                                          \
		".incbin \"schemas/sql/" #n ".sql\"\n"                         \
		".byte 0\n"                                                    \
		".size sl_schema_" #n ", . - sl_schema_" #n "\n"               \
		".previous\n")
/* clang-format on */

MIGRATION(001);
MIGRATION(002);
MIGRATION(003);
MIGRATION(004);
MIGRATION(005);
MIGRATION(006);
MIGRATION(007);
MIGRATION(008);
MIGRATION(009);
MIGRATION(010);
MIGRATION(011);
