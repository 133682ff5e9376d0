/*
 * A connector as it was built against minor 0 of the contract: its table ends
 * where that did. Nothing of today's header may come in here.
 */
#include <stddef.h>
#include <stdint.h>

static const char *const keys[] = {NULL};

static int
nothing(void)
{
	return 0;
}

struct table {
	uint16_t abi_major, abi_minor;
	uint32_t size;
	const char *name, *version;
	const char *const *keys;
	/* open, check, find, deliver, sync_cases, create_case, read_back,
	 * list_journal, void_post, close */
	int (*call[10])(void);
};

extern const struct table sluse_connector;
__attribute__((visibility("default"))) const struct table sluse_connector = {
    .abi_major = 1,
    .abi_minor = 0,
    .size = sizeof(struct table),
    .name = "old",
    .version = "1",
    .keys = keys,
    .call = {[0] = nothing, [1] = nothing, [3] = nothing, [9] = nothing},
};
