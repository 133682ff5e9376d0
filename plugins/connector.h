/*
 * The contract of a connector: a shared object that delivers posts to one kind
 * of sak/arkiv system.
 *
 * A connector exports one data symbol, `sluse_connector`, links nothing of
 * Sluse and no HTTP library: HTTP, secrets, checkpoints and files come from the
 * host. Calls block; Sluse runs several processes where a target allows it.
 * Manual: sluse-connector(7).
 *
 * ABI changes, newest first:
 *   1.4  what LATER says of the target: by http(), and by uncertain where
 *        deliver() says it. That http_status is 0 no longer says so: who
 *        reaches the target in another way says DOWN when he cannot.
 *   1.3  ask in a post: what may be under way is not made; lacks in a unit;
 *        makes_nothing in a request.
 *   1.2  harvest(): the whole archive, for its hand-over; sink(), emit_unit()
 *        and pause() in the host's table, sink in a request.
 *   1.1  emit_post() in the host's table, which list_journal was missing.
 *   1.0  first.
 */
#ifndef SLUSE_CONNECTOR_H
#define SLUSE_CONNECTOR_H

#include <stddef.h>
#include <stdint.h>

#define SLUSE_CONNECTOR_ABI_MAJOR 1
#define SLUSE_CONNECTOR_ABI_MINOR 4

/* What became of a call: faults of the post and of the target differ. */
enum sluse_verdict {
	SLUSE_DELIVERED = 1,
	SLUSE_ALREADY = 2, /* found by own key: as good as delivered */
	/* Passing fault; try again, and others go on. It is the target's, as
	 * DOWN, if the last http() of this try got no answer (or a 5xx to what
	 * makes something), or deliver() says uncertain; but not if that
	 * http() was given up for our own file ("request:"). DELIVERED without
	 * a receipt is such a LATER. */
	SLUSE_LATER = 3,
	SLUSE_HOLD = 4, /* this post needs a person */
	SLUSE_REFUSED = 5, /* the target says no to this post */
	SLUSE_LOGIN = 6, /* stop the connector and shout */
	SLUSE_DOWN = 7, /* unreachable: what is in line goes back, then one
			   at a time */
	SLUSE_NOT_FOUND = 8, /* find, read_back: it is not there */
};

/* Filled by the connector on anything but success. */
struct sluse_why {
	char reason[64]; /* stable slug: "case_closed", "http_500" */
	char text[256]; /* for people; no personal data */
	int http_status; /* 0 = none */
	int retry_after_s; /* 0 = as the host sees fit */
	int uncertain; /* 1 = the target may have done it */
};

struct sluse_http_header {
	const char *name, *value;
};

struct sluse_file; /* a rendition's bytes, the host's */
struct sluse_sink; /* where a document's bytes go, the host's */

struct sluse_http_request {
	uint32_t size;
	const char *method; /* "GET" .. */
	const char *url; /* absolute; other hosts than the configured one
			     are refused unless allowed */
	const struct sluse_http_header *headers;
	size_t headers_count;
	const void *body; /* or */
	size_t body_length;
	struct sluse_file *file; /* body streamed from here, or NULL */
	size_t answer_max; /* bytes; 0 = 1 MiB */
	/* minor 1 ends here */

	/* The body of a 2xx answer goes here, from its start, and not into the
	 * answer; answer_max is for any other. GET alone. */
	struct sluse_sink *sink;
	/* minor 2 ends here */

	/* 1 = makes nothing that is there twice if it is sent twice, though it
	 * is neither GET nor HEAD: a login. */
	int makes_nothing;
	/* minor 3 ends here */
};

struct sluse_http_answer {
	int status; /* 0 = no answer */
	int uncertain; /* no answer, but the request may have arrived */
	int sent; /* at least one byte of the request left us */
	int retry_after_s; /* parsed and capped, 0 = none */
	char etag[128];
	char location[2048]; /* absolute */
	char content_type[128];
	const char *body; /* host's, until the next request; NUL after it */
	size_t body_length;
	char error[128]; /* why there is no answer; no secrets */
};

struct sluse_step {
	const char *step, *key;
};

/* One post to deliver. Strings are UTF-8 and the host's. */
struct sluse_post {
	uint32_t size;
	const char *own_key; /* the same in every try; <= 63 bytes of ASCII */
	const char *subject; /* reception number, for logs */
	int attempt; /* 1 = first */
	int uncertain; /* an earlier try may have reached the target */
	const char *json; /* the prepared post: schemas/post.schema.json */
	const struct sluse_step *steps; /* finished in earlier tries */
	size_t steps_count;
	/* minor 2 ends here */

	/* 1 = the step behind the last finished one may still be under way, and
	 * is not to be made: NOT_FOUND if it is not there. Who has no find()
	 * sends all the same: his target takes a repeated own key. */
	int ask;
	/* minor 3 ends here */
};

struct sluse_case {
	uint32_t size;
	const char *number, *title, *status, *unit, *klass, *target_key;
};

/* One post of the target's own journal. NULL or 0: the target does not say.
 * Dates as "2026-03-05"; a moment with its zone is of the day it was in
 * Norway. */
struct sluse_journal_post {
	uint32_t size;
	const char *target_key; /* the target's id of it; must be there */
	const char *own_key; /* ours, where it came from us */
	const char *case_number, *number; /* 2026/211, 2026/211-8 */
	int64_t year, sequence; /* of the journal */
	const char *type, *status; /* codes: "I", "M" */
	const char *title, *public_title, *access;
	const char *received, *document_date, *journal_date;
	int64_t attachments; /* -1: not said */
};

/* What to take of the archive. Dates as "2026-03-05", both included. NULL:
 * no such bound. */
struct sluse_range {
	uint32_t size;
	const char *from, *to; /* made between */
	const char *series; /* id of the only arkivdel */
};

/* One unit of the archive, in Noark 5's words. */
#define SLUSE_LACKS_MAX 64 /* different names in one harvest */
#define SLUSE_LACK_MAX 40 /* letters of a name */
struct sluse_unit {
	uint32_t size;
	const char *kind; /* "mappe" */
	const char *type; /* "saksmappe"; NULL: of no special type */
	const char *id; /* NULL: it has none */
	const char *parent; /* id of an earlier unit; NULL: none */
	const char *fields; /* a JSON object */
	int again; /* 1 = it came before, below another parent */
	/* Of a document: */
	struct sluse_sink *sink; /* its bytes; NULL: none came, */
	const char *missing; /* and why: a slug; NULL: it is no document */
	const char *sha256; /* as the target states them; NULL, -1: not */
	int64_t bytes;
	/* minor 2 ends here */

	/* What it shows a link to and has no answer for: names with spaces
	 * between, each A-Z and a-z. NULL: none. */
	const char *lacks;
	/* minor 3 ends here */
};

struct sluse_connector_host {
	uint16_t abi_major, abi_minor;
	uint32_t size;
	void *host; /* first argument of every call below */

	/* Value of a key of this target's section; NULL if not set. */
	const char *(*config)(void *host, const char *key);
	/* A secret by credential name, without trailing newline, or NULL. */
	const char *(*secret)(void *host, const char *name);
	/* 0 = an answer came (any status); -1 = none, see answer->error. */
	int (*http)(void *host, const struct sluse_http_request *rq,
	    struct sluse_http_answer *ret);
	/* Returns 0 when the step is durable; -1: stop now, return
	 * SLUSE_LATER with uncertain as it is. */
	int (*checkpoint)(void *host, const char *step, const char *key);
	/* Rendition by its number in the post; NULL if there is none. */
	struct sluse_file *(*file)(void *host, uint32_t rendition);
	uint64_t (*file_length)(void *host, struct sluse_file *f);
	int64_t (*read_at)(
	    void *host, struct sluse_file *f, void *p, size_t n, uint64_t off);
	/* One known case, in sync_cases. Non-zero: stop. */
	int (*emit_case)(void *host, const struct sluse_case *c);
	/* level 3 error .. 7 debug; no personal data, no secrets. */
	void (*log)(void *host, int level, const char *text);
	int64_t (*now_ms)(void *host);
	/* Random UUID into out[37]. */
	void (*uuid)(void *host, char *out);
	/* Non-zero: Sluse is stopping; finish the step and return. */
	int (*cancelled)(void *host);
	/* minor 0 ends here */

	/* One post, in list_journal. Non-zero: stop. */
	int (*emit_post)(void *host, const struct sluse_journal_post *p);
	/* minor 1 ends here */

	/* In harvest: a place for one document, until the next emit_unit().
	 * key names the document and changes when its bytes do. *ret_have: it
	 * is there from an earlier run; fetch nothing. NULL: stop. */
	struct sluse_sink *(*sink)(void *host, const char *key, int *ret_have);
	/* One unit, in harvest, parents first. Non-zero: stop. */
	int (*emit_unit)(void *host, const struct sluse_unit *u);
	/* In harvest: waits after try number `attempt` (from 1) of a request
	 * that failed in passing, at least retry_after_s. Non-zero: there is
	 * to be no other try. */
	int (*pause)(void *host, int attempt, int retry_after_s);
	/* minor 2 ends here */
};

struct sluse_session; /* the connector's */

struct sluse_connector {
	uint16_t abi_major, abi_minor;
	uint32_t size;
	const char *name; /* "noark5" */
	const char *version;
	/* Keys it reads from its section, NULL-terminated; others are an
	 * error in the configuration. */
	const char *const *keys;

	/* Reads configuration; no network. 0, or why. */
	int (*open)(const struct sluse_connector_host *host,
	    struct sluse_session **ret, struct sluse_why *why);
	/* Can we log in, are the relations and codes there? */
	int (*check)(struct sluse_session *s, struct sluse_why *why);
	/* Is a post with this own key there? ALREADY with receipt, NOT_FOUND
	 * (why->uncertain: some of it is there, or may be; why->reason
	 * "partly_there": it is, and deliver would go on from there), or a
	 * fault. NULL = this kind of target cannot be asked. */
	int (*find)(struct sluse_session *s, const struct sluse_post *p,
	    char *receipt, size_t receipt_size, struct sluse_why *why);
	/* Goes on after the last finished step. receipt: a JSON object with
	 * the target's numbers: {"id","number","url","case",..}. */
	int (*deliver)(struct sluse_session *s, const struct sluse_post *p,
	    char *receipt, size_t receipt_size, struct sluse_why *why);
	/* Every known case through emit_case. May be NULL, as all below. */
	int (*sync_cases)(struct sluse_session *s, struct sluse_why *why);
	int (*create_case)(struct sluse_session *s, const char *case_json,
	    char *receipt, size_t receipt_size, struct sluse_why *why);
	/* The target's view of a delivered post: same shape as a receipt,
	 * with "files":[{"sha256","size"}] where it can tell. */
	int (*read_back)(struct sluse_session *s, const char *receipt_in,
	    char *receipt, size_t receipt_size, struct sluse_why *why);
	/* The posts of the target's journal that were made on that day
	 * ("2026-03-05") or later, whoever made them, through emit_post. */
	int (*list_journal)(
	    struct sluse_session *s, const char *since, struct sluse_why *why);
	/* Marks a doubly registered post as void (Utgår), if allowed. */
	int (*void_post)(struct sluse_session *s, const char *receipt_in,
	    struct sluse_why *why);
	void (*close)(struct sluse_session *s);
	/* minor 0 ends here */

	/* All that the target's archive holds, or what lies in the range,
	 * through emit_unit. DELIVERED when all was. May be NULL. */
	int (*harvest)(struct sluse_session *s, const struct sluse_range *range,
	    struct sluse_why *why);
	/* minor 2 ends here */
};

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern const struct sluse_connector sluse_connector;

#endif
