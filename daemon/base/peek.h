/*
 * A look into JSON without building a tree.
 */
#ifndef SL_BASE_PEEK_H
#define SL_BASE_PEEK_H

#include <stdbool.h>
#include <stddef.h>

/* The texts of top-level string or number members of a JSON object, the first
 * of each name, in one walk and without building a tree. Escapes are undone. */
struct sl_peek {
	const char *key;
	char *out; /* "" where there is none */
	size_t cap;
	bool found;
	size_t key_n; /* the walk's own */
	bool met;
};
#define SL_PEEK(name, text)                                                    \
	{                                                                      \
		.key = (name), .out = (text), .cap = sizeof(text)              \
	}
void sl_json_peek_all(const char *json, struct sl_peek *want, size_t n);
/* One of them. False: there is none, or the text is no object as far as that.
 */
bool sl_json_peek(const char *json, const char *key, char *out, size_t cap);

#endif
