/*
 * The migrations of schemas/sql/, as they lie there, inside the program.
 */
extern const char sl_schema_001[], sl_schema_006[];

__asm__(".section .rodata\n"
	".global sl_schema_001\n"
	".type sl_schema_001, @object\n"
	"sl_schema_001:\n"
	".incbin \"schemas/sql/001.sql\"\n"
	".byte 0\n"
	".size sl_schema_001, . - sl_schema_001\n"
	".previous\n");

__asm__(".section .rodata\n"
	".global sl_schema_006\n"
	".type sl_schema_006, @object\n"
	"sl_schema_006:\n"
	".incbin \"schemas/sql/006.sql\"\n"
	".byte 0\n"
	".size sl_schema_006, . - sl_schema_006\n"
	".previous\n");
