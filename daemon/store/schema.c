/*
 * The migrations of schemas/sql/, as they lie there, inside the program.
 */
#define SL_SCHEMA(number)                                                      \
	extern const char sl_schema_##number[];                                \
	__asm__(".section .rodata\n"                                           \
		".global sl_schema_" #number "\n"                              \
		".type sl_schema_" #number ", @object\n"                       \
		"sl_schema_" #number ":\n"                                     \
		".incbin \"schemas/sql/" #number ".sql\"\n"                    \
		".byte 0\n"                                                    \
		".size sl_schema_" #number ", . - sl_schema_" #number "\n"     \
		".previous\n")

SL_SCHEMA(001);
SL_SCHEMA(002);
