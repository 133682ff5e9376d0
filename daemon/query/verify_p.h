/*
 * What verifying the database and verifying an export have in common. For this
 * room.
 */
#ifndef SL_QUERY_VERIFY_P_H
#define SL_QUERY_VERIFY_P_H

#include "../journal/leaf.h"
#include "../journal/note.h"
#include "../store/db.h"
#include "query_p.h"

/* A signed head beside the one at the end: the leaves up to there must have its
 * root. */
struct sl_mark {
	uint64_t size;
	struct sl_digest root;
	size_t key; /* that signed it */
	struct sl_elsewhere *elsewhere; /* where it lies; NULL: in the log */
};

#define SL_ELSEWHERE_MAX 2
#define SL_MEMORY "journal/checkpoint"
/* What the instance remembers outside of its database. */
struct sl_elsewhere {
	const char *where;
	struct sl_buf note;
	char origin[SL_NOTE_NAME_MAX + 1];
	uint64_t size;
	bool wrong;
	char why[256];
};

/* How a key came to the log. */
struct sl_known_key {
	bool counts; /* was given, or one that counts leads to it */
	bool stranger; /* no key before it leads to it */
	uint64_t from; /* does not count: the first leaf that no key before it
			* had signed; UINT64_MAX: it has signed nothing */
};

struct sl_check {
	struct sl_verify *v;
	const struct sl_verify_ask *ask;
	struct sl_tree tree;
	struct sl_buf lines; /* of a leaf that is looked at on the side */
	struct sl_leaf_reader reader;
	size_t origin_n; /* of v->origin */
	struct sl_vkey keys[SL_VERIFY_KEYS_MAX]; /* given, or in the log */
	struct sl_known_key known[SL_VERIFY_KEYS_MAX];
	size_t keys_n, signer; /* which signed what was opened last */
	bool named; /* the log has named one */
	uint64_t counted_size; /* of the last head of a key that counts */
	uint64_t seen_size; /* or of the one from outside */
	uint64_t loose_size; /* of the last head of another one, */
	size_t loose; /* and whose that is */
	uint64_t renamed_at; /* the leaf by which the log went on */
	uint64_t against_size; /* UINT64_MAX: none, or seen */
	struct sl_mark *mark; /* in the order of size */
	size_t marks_n, marks_cap, mark_at;
	struct sl_elsewhere elsewhere[SL_ELSEWHERE_MAX];
	size_t elsewhere_n;
};

/* A view or a virtual table in the place of one of ours could run for ever, or
 * tell everybody something else. Ours has none, nor triggers: SL_REJECT
 * (journal_broken). Asked before anything else of a database. */
enum sl_rc sl_query_is_plain(struct sl_db *db, struct sl_err *err);

void sl_check_begin(
    struct sl_check *c, const struct sl_verify_ask *ask, struct sl_verify *ret);
/* Frees what it holds, and says what has not come. */
void sl_check_end(struct sl_check *c);
/* Notes a fault, unless there is one already. */
void sl_check_fault(struct sl_check *c, uint64_t first, uint64_t last,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Looks at the lines of leaf seq; its hash is the caller's. False: it is no
 * leaf (a fault was noted), and ret must not be used. ret points into bytes. */
bool sl_check_leaf(struct sl_check *c, uint64_t seq, struct sl_slice bytes,
    struct sl_leaf_view *ret);
/* One leaf more in the tree, or 2^level. Where the tree has the size of the
 * head from outside, that is looked at: never add more than up to there. */
void sl_check_add(
    struct sl_check *c, unsigned level, const struct sl_digest *hash);
/* A signed head of exactly the leaves so far. */
void sl_check_head(struct sl_check *c, struct sl_slice note);
/* The next size at which leaves must be added one by one (sl_check_add), or
 * UINT64_MAX. */
uint64_t sl_check_next_stop(const struct sl_check *c);
/* A head of the log beside the last one; with the keys, before the leaves are
 * added. */
void sl_check_mark(struct sl_check *c, struct sl_slice note);

/* The same with what was read of it and who signed it. */
struct sl_checkpoint;
void sl_check_add_mark(struct sl_check *c, const struct sl_checkpoint *head,
    size_t key, struct sl_elsewhere *where);

/* -- elsewhere.c ----------------------------------------------------------- */
/* Before the database is read: what lies there then is in it. What cannot be
 * read is passed over. */
void sl_check_read_elsewhere(struct sl_check *c, const char *root);
/* With the keys, before the leaves are added. */
void sl_check_mark_elsewhere(struct sl_check *c);
void sl_check_elsewhere_wrong(struct sl_elsewhere *e, const char *why);
/* Faults, and what holds; frees. */
void sl_check_elsewhere_end(struct sl_check *c);

/* -- marks.c: what others have said of heads ------------------------------- */
/* A cosignature of k over the head in note. */
void sl_check_cosigned(struct sl_check *c, struct sl_slice note,
    const struct sl_vkey *k, const uint8_t mark[SL_COSIGNATURE_LEN]);
/* A token over note, by somebody whom pem leads to. */
void sl_check_stamped(struct sl_check *c, struct sl_slice note,
    struct sl_slice token, struct sl_slice pem);
/* All that the database keeps. */
void sl_check_marks(struct sl_check *c, struct sl_db *db);
/* Is there what was asked for? */
void sl_check_marks_end(struct sl_check *c);
/* All that lies in an export, before its leaves are added. */
void sl_check_export_marks(struct sl_check *c, int dir);
/* Appends the cosignatures of the head of that size to its note. */
void sl_query_add_cosignatures(
    struct sl_db *db, uint64_t size, struct sl_buf *note);
/* The same for an export: put(arg, path, bytes) writes a file. */
typedef enum sl_rc sl_put_fn(
    void *arg, const char *path, const void *p, size_t n);
enum sl_rc sl_export_marks(struct sl_db *db, uint64_t size, sl_put_fn *put,
    void *arg, struct sl_err *err);

/* Has the witness that was asked for cosigned that head? (A fault if not.) */
void sl_check_witness(struct sl_check *c, struct sl_slice note);
/* The same without a journal. */
bool sl_is_witnessed(
    const struct sl_vkey *witness, struct sl_slice note, struct sl_err *err);
/* What an export holds: the file, and what stands in it. */
#define SL_EXPORT_CONTENTS "contents"
#define SL_EXPORT_WITH "entries and payloads\n"
#define SL_EXPORT_WITHOUT "entries\n"

/* -- keys.c ---------------------------------------------------------------- */
void sl_check_given_keys(struct sl_check *c);
/* A key of the journal, oldest first, and how it was introduced (n 0: not). */
void sl_check_key(
    struct sl_check *c, struct sl_slice vkey, struct sl_slice introduction);
/* -- tables.c: the tables against the leaves ------------------------------- */
/* With the log whole, in the same transaction. */
void sl_check_tables(struct sl_verify *v, struct sl_db *db);
/* Does it say where a post is now? */
bool sl_check_is_move(int event);

/* -- indices.c: the indices that reports read, against the log ------------- */
#define SL_INDICES 5
#define SL_INDICES_EVENTS 256
struct sl_index_hash {
	struct sl_sha256 *hash;
	size_t n;
	uint8_t waits[4096];
};
struct sl_indices {
	struct sl_index_hash in[SL_INDICES]; /* what should stand in each */
	uint8_t of[SL_INDICES_EVENTS]; /* by event: in which of them */
};
void sl_check_indices_begin(struct sl_indices *x);
/* Each leaf, in its order; from that column on: its consignment and entry. */
void sl_check_indices_leaf(struct sl_indices *x, const struct sl_leaf_view *l,
    sqlite3_stmt *st, int consignment, struct sl_slice bytes);
void sl_check_indices_payload(
    struct sl_indices *x, uint64_t seq, const char *body);
/* Reads the indices, in the same transaction; frees. */
void sl_check_indices_end(
    struct sl_indices *x, struct sl_check *c, struct sl_db *db);

/* Opens a head that any key of the journal has signed; *ret_key says which. As
 * sl_checkpoint_open. */
enum sl_rc sl_check_open(struct sl_check *c, struct sl_slice note,
    struct sl_checkpoint *ret, size_t *ret_key, struct sl_err *err);
/* It has signed the leaves so far. */
void sl_check_signed(struct sl_check *c, size_t key);
/* Did those sign whose word counts? */
void sl_check_keys_end(struct sl_check *c);

/* A line of payload/ in an export, without its newline; salt n 0: erased by
 * leaf `eraser`. And its salt and body, which lies in j. False: not that. */
void sl_payload_line(struct sl_buf *out, uint64_t seq, struct sl_slice salt,
    struct sl_slice body, uint64_t eraser);
bool sl_payload_read(
    const json_t *j, uint8_t ret_salt[SL_SALT_LEN], struct sl_slice *ret_body);
/* salt and body of a leaf against its digest. */
void sl_check_payload(struct sl_check *c, const struct sl_leaf_view *l,
    struct sl_slice salt, struct sl_slice body);

#endif
