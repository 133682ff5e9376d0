/*
 * slused from inside: one loop that moves consignments and entries gate by
 * gate.
 *
 * Data flows down one road: intake claims -> jobs (a consignment on the road)
 * -> tasks (a child of a worker) -> results (its records) -> gates (database
 * and journal) -> placing -> outbox. Every handler writes to the store's open
 * transaction; after each round of the loop the round is committed once (group
 * commit), and only then are answers sent, sources touched and tasks that
 * depend on it started (sl_engine_after).
 *
 * FAILURES: SL_FATAL anywhere stops the program without committing; the next
 * start takes everything again from its last gate. Where the disk was full, the
 * next start is in the same process, once there is room.
 */
#ifndef SL_ENGINE_ENGINE_H
#define SL_ENGINE_ENGINE_H

#include "../access/groups.h"
#include "../base/loop.h"
#include "../base/passwords.h"
#include "../base/trust.h"
#include "../config/config.h"
#include "../faces/faces.h"
#include "../intake/inlet.h"
#include "../seal/seal.h"
#include "../seal/witness.h"
#include "../store/store.h"
#include "../wire/wire.h"

/* While nothing may be written: until what was due is looked at again. */
#define SL_STALLED_MS 2000

#define SL_PAGES_A_TASK 32 /* an OPEN task reads so many of each part */
#define SL_PARTS_MAX 20000u /* of one source, whatever a worker says */

struct sl_engine;
struct sl_trouble;
struct sl_job;
struct sl_task;
struct sl_access;

/* A connected program. */
struct sl_peer {
	struct sl_peer *next;
	struct sl_engine *e;
	struct sl_chan *chan;
	struct sl_watch *watch;
	enum sl_role role; /* 0 until its hello */
	unsigned slots, running;
	char name[64];
	uint32_t uid, pid;
	unsigned duties; /* of who is at the other end, access.h */
	struct sl_buf cases; /* of a list that is not all here yet */
	int64_t heard_ms; /* boot ms */
	uint32_t line; /* of sluse-push: its answers that ended the line */
	bool dead;
};

/* A delivery that is being tried. */
struct sl_inflight {
	int64_t id;
	struct sl_peer *peer; /* NULL until its count is durable */
	int asked; /* as they were before the try, should it not be begun */
	bool send_again;
};

/* A target and what is under way to it. */
struct sl_target {
	struct sl_engine *e;
	const struct sl_target_config *cfg;
	struct sl_timer *timer;
	struct sl_inflight inflight[64];
	size_t inflight_n;
	unsigned at_once; /* posts one sluse-push is given; 1 after no answer */
	bool soon; /* see sl_outbox_soon */
	int failures; /* in a row */
	int64_t open_until_ms; /* boot ms: breaker open; 0 = closed */
	int64_t pause_ms;
	bool login_stopped;
	enum sl_sync_kind syncing; /* 0: it is asked for nothing now */
	int64_t sync_began_ms;
	int64_t sync_next_ms[SL_SYNC_KINDS]; /* INT64_MAX: never again */
	unsigned sync_news; /* our posts of which something is new */
};

/* What was told of an inlet. */
struct sl_door {
	bool lost; /* its folder is not there */
	bool no_room; /* something lies there that does not fit */
	int64_t replaced_ms; /* UTC: it became another one; 0: never */
	bool made; /* then: by slused, empty */
	char removed[SL_DAY_MAX]; /* the last day of Ferdig that went */
};

typedef void sl_after_fn(struct sl_engine *e, int64_t a, int64_t b);
struct sl_after {
	sl_after_fn *fn;
	int64_t a, b;
};

/* A consignment that there was not enough room for. */
struct sl_short {
	int64_t consignment;
	uint64_t need;
	int64_t until_ms; /* boot ms: then it is tried all the same */
};

struct sl_engine {
	const char *root;
	struct sl_config *cfg;
	struct sl_store *store;
	struct sl_loop *loop;
	struct sl_watcher *watcher;
	struct sl_inlet **inlets;
	struct sl_door *doors; /* one for each inlet */
	size_t inlets_n, inlet_turn;
	size_t recover_inlet, recover_at; /* old claims still to be taken */
	int64_t recover_row; /* consignments looked at already */
	bool recovering;
	bool stray; /* something was left lying: recover at the next sweep */
	int lock_fd; /* of the instance, as long as this lives */
	int listen_fd;
	struct sl_watch *listen_watch;
	struct sl_peer *peers;
	struct sl_trouble *troubles;
	int64_t started_ms; /* boot ms */
	struct sl_timer *peers_timer; /* who is silent; listening again */
	bool peers_full; /* somebody was turned away, and it was said */
	struct sl_job *jobs, **jobs_tail;
	size_t jobs_n;
	uint64_t jobs_bytes;
	struct sl_need promised; /* that jobs are to need still */
	bool stalled; /* nothing is committed: the disk is full */
	struct sl_short *shorts; /* consignments that wait for room */
	size_t shorts_n, shorts_cap;
	size_t placing_n; /* entries handed to sluse-place */
	int64_t
	    placing_at; /* all unplaced ones up to this id were handed over */
	bool placing_behind; /* there are more than it takes at once */
	struct sl_task *waiting, *running;
	uint64_t next_task;
	struct sl_target *targets;
	size_t targets_n;
	struct sl_after *after;
	size_t after_n, after_cap;
	struct sl_timer *sweep_timer, *settle_timer, *due_timer, *beat_timer;
	struct sl_timer *commit_timer;
	int64_t committed_ms; /* boot ms of the last commit of a round */
	bool hurry; /* a program does nothing until the next one */
	struct sl_timer *wait_timer; /* a task may start again */
	int64_t clock_delta_ms; /* UTC minus boot, to see the clock step */
	bool
	    sync_inlets; /* a claim's rename must be durable with this commit */
	bool unfiled; /* a source of what is done could not be filed away */
	int64_t changed_at_ms; /* boot ms: Ferdig was looked at */
	bool store_clean; /* looked through for what a crash left */
	bool cases_dirty;
	int case_index_fd;
	bool someone_waits, waiting_due; /* belongs.c */
	bool intake_stopped, push_stopped;
	bool
	    low_space; /* nothing is claimed until the next sweep looks again */
	unsigned failed_sweeps; /* until a queue that failed is fine again */
	char paused[256]; /* why not all is claimed, once that is said; or "" */
	bool paused_all; /* and nothing is */
	bool halted; /* the log is not what was signed: both stopped for good */
	bool stopping, fatal;
	struct sl_err fatal_err;
	struct sl_faces *faces;
	struct sl_groups *groups;
	struct sl_access *access;
	struct sl_seal *seal;
	struct sl_witnesses *witnesses;
	int64_t erase_at, erase_next_ms; /* erase.c: how far, and when next */
	bool erasing; /* something is listed that shall go */
	struct sl_password_file passwords;
	const char *trust; /* path of the list of certificates, or "" */
	bool trust_bad; /* it could not be had last time: said */
	struct sl_installed *installed;
	int signal_fd; /* SIGTERM and SIGINT */
	const char *signal; /* that ends it */
};

/* -- engine.c ------------------------------------------------------------- */
/* How slused ends. */
#define SL_SLUSED_CONFIG 2 /* until a person changed something */
#define SL_SLUSED_FATAL 70 /* may go well once it is started again */

/* Runs the instance at root until SIGTERM. Result: exit status. */
int sl_engine_run(const char *root, struct sl_config *cfg);
/* Notes a failure that ends the program; always returns SL_FATAL. */
enum sl_rc sl_engine_fail(struct sl_engine *e, const struct sl_err *err);
/* Commits now, in the middle of a round. Effects wait for its end. */
enum sl_rc sl_engine_commit(struct sl_engine *e);
/* fn(e, a, b) once what was written so far is durable. */
void sl_engine_after(
    struct sl_engine *e, sl_after_fn *fn, int64_t a, int64_t b);
/* Shorthand for the common pattern: true and noted if rc is a failure. */
bool sl_engine_bad(
    struct sl_engine *e, enum sl_rc rc, const struct sl_err *err);
/* What was asked for cannot be: SL_REJECT, not_possible. */
enum sl_rc sl_engine_no(struct sl_err *err, const char *words);
/* Something became possible: claim more, start tasks. */
void sl_engine_kick(struct sl_engine *e);
struct sl_inlet *sl_engine_inlet(struct sl_engine *e, const char *queue);
struct sl_target *sl_engine_target(struct sl_engine *e, const char *name);

/* -- peers.c --------------------------------------------------------------- */
void sl_peers_start(struct sl_engine *e);
/* Sends; a peer that cannot be reached is dropped. */
bool sl_peer_send(
    struct sl_peer *p, const struct sl_msg *m, const int *fds, size_t nfds);
/* One with a free slot, the least busy; NULL if there is none. */
struct sl_peer *sl_peer_free_slot(struct sl_engine *e, enum sl_role role);
struct sl_peer *sl_peer_find(struct sl_engine *e, enum sl_role role);
void sl_peers_sweep(struct sl_engine *e);

/* -- trouble.c: programs that are configured and do not run -----------------
 */
/* "sluse-decrypt", "sluse-push/arkiv"; role's program, name of a target. */
void sl_trouble_program(
    enum sl_role role, const char *name, char *out, size_t cap);
/* A program of ours says what keeps it from starting, or what it lacks. */
void sl_trouble_put(struct sl_peer *p, const struct sl_msg_trouble *m);
/* It has started: what it said before counts no more. */
void sl_trouble_end(struct sl_peer *p);
/* A JSON array: who is configured and not here, or says it lacks something,
 * why, and what to do. */
void sl_trouble_status(struct sl_engine *e, struct sl_buf *b);
void sl_trouble_free(struct sl_engine *e);

/* -- jobs.c: a consignment on the road ------------------------------------- */
/* A file that a task wrote: parts' bytes, page images. Each task has its own,
 * since a child writes from the start; those that read from it share it. */
struct sl_outfile {
	int fd;
	unsigned refs;
	bool spoilt; /* a child may still write to it: never used again */
};

/* An envelope in it, or what only the converter reads, and what became of it.
 */
struct sl_sealed {
	uint32_t part;
	enum sl_task_kind kind; /* DECRYPT or CONVERT */
	const char *ending; /* CONVERT: of its kind; static */
	enum { SL_SEALED_WAITS, SL_SEALED_OPENED, SL_SEALED_SHUT } state;
	struct sl_outfile *out; /* OPENED: the clear text, or the PDF */
	struct sl_digest key; /* OPENED: by which key, or program */
	char reason[64]; /* SHUT */
};
#define SL_SEALED_MAX 32 /* of one dropped file */

/* One dropped file of it. */
struct sl_job_source {
	char *sub; /* path below the dropped folder, or NULL */
	uint64_t size;
	struct sl_source row; /* id 0 until received */
	bool have_original;
	int original_fd; /* -1 when not open */
	struct sl_outfile *out; /* of its OPEN task, or NULL */
	int64_t *part_ids; /* database rows, by number in the task */
	struct sl_msg_r_part *part; /* their numbers only: no slices kept */
	char (*mime)[128];
	uint32_t parts, parts_cap;
	struct sl_sealed *sealed;
	size_t sealed_n;
	bool has_bundle_parts;
	bool opened; /* OPEN task ended well */
	int attempts;
	enum sl_rc rc;
	char reason[64], detail[256];
};

struct sl_job {
	struct sl_job *next, **prev;
	struct sl_engine *e;
	struct sl_inlet *inlet;
	struct sl_claim claim;
	struct sl_consignment c; /* id 0 until received */
	struct sl_job_source *src;
	size_t src_n, src_cap;
	struct sl_job_left {
		char *sub;
		const char *reason;
	} * left; /* out of its folder */
	size_t left_n, left_cap;
	struct sl_need promised; /* not written yet */
	unsigned tasks_open;
	uint32_t pages_left; /* OCR pages waiting or running */
	bool ended;
};
struct sl_job *sl_job_find(struct sl_engine *e, int64_t consignment);
/* A fresh claim. */
enum sl_rc sl_job_begin(struct sl_engine *e, struct sl_inlet *in,
    const struct sl_claim *claim, struct sl_err *err);
/* A consignment whose row is there but whose reading is not. */
enum sl_rc sl_job_resume(struct sl_engine *e, struct sl_inlet *in,
    const struct sl_consignment *c, struct sl_err *err);
/* Never copied: could it be now? err says why not. */
bool sl_job_copyable(
    struct sl_engine *e, const struct sl_consignment *c, struct sl_err *err);
#define SL_ORIGINAL_MISSING "original_missing"
/* How many originals of a consignment the store has no more, or cannot open
 * until somebody mends it; detail then names one. */
size_t sl_originals_gone(
    struct sl_engine *e, int64_t consignment, char *detail, size_t cap);
/* The same of the newest of all; *ret_looked: how many of those there are. */
size_t sl_originals_newest_gone(struct sl_engine *e, size_t *ret_looked);
/* SL_REJECT, with words for who wants it read: at least one is gone. */
enum sl_rc sl_originals_present(
    struct sl_engine *e, int64_t consignment, struct sl_err *err);
/* Stops a job that cannot be read for that, and frees it. SL_SKIP, and the job
 * stays: it is for another reason. */
enum sl_rc sl_originals_stop(struct sl_job *j, struct sl_err *err);
/* Opens every source of a folder that has been received. */
enum sl_rc sl_job_open_all(struct sl_job *j);
/* All sources of a claim are copied: gate *received*, or, of one that has its
 * number, what was missing for it. */
enum sl_rc sl_job_received(struct sl_job *j, struct sl_err *err);
/* What was left out of its folder (left.c): named in the payload of received,
 * an object that is closed; and an event for each. */
void sl_job_name_left(const struct sl_job *j, struct sl_buf *payload);
enum sl_rc sl_job_log_left(struct sl_job *j, struct sl_err *err);
/* A task of it ended; goes on when it was the last. */
enum sl_rc sl_job_advance(struct sl_job *j, struct sl_err *err);
/* Its claim could not be copied now: put back, or tried again later. */
void sl_job_drop(struct sl_job *j, const char *reason);
void sl_job_free(struct sl_job *j);
/* More claims, while there is room. */
void sl_jobs_claim(struct sl_engine *e);
/* At a sweep: takes what was left lying, if anything was. */
void sl_jobs_stray(struct sl_engine *e);

/* -- doors.c: the queues' folders --------------------------------------------
 */
/* With the inlets open: which of them were replaced before this start. */
void sl_doors_remember(struct sl_engine *e);
/* Which queues' folders went or came, or are others? Said in the log and in the
 * sporingslogg. */
enum sl_rc sl_doors_see(struct sl_engine *e, struct sl_err *err);
/* UTC: since when an inlet's folder is another one, where that is less than a
 * day; else 0. */
int64_t sl_doors_replaced_ms(const struct sl_engine *e, size_t i);

/* -- room.c: room on the disk -----------------------------------------------
 */
/* What a claim may need now. */
struct sl_space sl_room_left(const struct sl_engine *e);
/* What its claim needs is kept for it, */
void sl_room_promise(struct sl_job *j);
/* until so much of it is copied, */
void sl_room_copied(struct sl_job *j, uint64_t bytes);
/* or it has ended. */
void sl_room_end(struct sl_job *j);
/* The disk became full under it: what it is to wait for. */
struct sl_need sl_room_more(const struct sl_job *j);
/* Bytes that a task may write; at least 1. What is on its way may use what
 * free_space_min keeps from new post. */
uint64_t sl_room_for_output(const struct sl_engine *e);
/* It has its number and waits (disk_full): not before there is more. */
void sl_room_defer(const struct sl_job *j);
/* May that consignment be tried again now? */
bool sl_room_allows(const struct sl_engine *e, int64_t consignment);
/* Is more than free_space_min left? Says so once where it is not. */
bool sl_room_is_above_floor(struct sl_engine *e);
/* Said once when something cannot be claimed (all: nothing can), and once when
 * all can again: why = "". */
void sl_room_pause(struct sl_engine *e, const char *why, bool all);
/* Says once of a queue that something does not fit, and that nothing waits so
 * any more. */
void sl_room_tell(struct sl_engine *e);
/* A text that tells of those of an inlet that there is no room for; false: of
 * none that was told. */
bool sl_room_text(
    const struct sl_engine *e, size_t inlet, char *out, size_t cap);
/* At a sweep: looks again, and gives back what can be. */
enum sl_rc sl_room_sweep(struct sl_engine *e, struct sl_err *err);
/* Is there no room for a commit? Then look again soon, and do nothing that
 * writes until then. Said once. */
bool sl_room_stalls(struct sl_engine *e);
/* Between two lives of slused, the last of which a full disk ended (tries:
 * how often, soon after one another), or before the first (0): returns when
 * there is room. False: it is to end (a signal came). */
bool sl_room_wait(const char *root, int signals, unsigned tries);

/* -- tasks.c: one child of a worker -----------------------------------------
 */
struct sl_page_parts; /* a page being put together from its records */
struct sl_task {
	struct sl_task *next, **prev;
	struct sl_engine *e;
	uint64_t id;
	enum sl_task_kind kind;
	struct sl_job *job; /* NULL once the job is gone */
	size_t source;
	uint32_t part; /* all but OPEN: number in the source */
	uint32_t page_from, page_count;
	uint64_t offset, size; /* all but OPEN: extent of the input */
	bool got_clear; /* DECRYPT, CONVERT: its record came */
	bool copy_only;
	struct sl_outfile *from; /* where its input lies, NULL = original */
	struct sl_outfile *out; /* all but OPEN: what it writes */
	struct sl_msg_r_page image; /* OCR: numbers only */
	int attempts;
	int64_t cost; /* what it competes with: less goes first */
	struct sl_peer *peer;
	struct sl_chan *result;
	struct sl_watch *watch;
	struct sl_page_parts *page;
	int64_t began_ms, not_before_ms;
	bool got_original, got_end, eof, ended;
	struct sl_msg_task_ended how;
	enum sl_rc rc; /* of R_END, or of a protocol fault */
	char reason[64], detail[256];
	uint32_t next_part;
	uint64_t pages_told, parts_bytes;
	unsigned facts; /* of the part told last */
	/* hashing of unpacked parts after the end */
	uint32_t hash_part;
	uint64_t hash_at;
	struct sl_sha256 *hash;
};
struct sl_task *sl_task_new(
    struct sl_job *j, enum sl_task_kind kind, size_t source);
void sl_task_queue(struct sl_task *t);
void sl_tasks_start(struct sl_engine *e);
void sl_task_ended(struct sl_engine *e, const struct sl_msg_task_ended *m);
/* Ends its child; the task itself ends as usual. */
void sl_task_cancel(struct sl_task *t);
/* No more records of it will come. */
void sl_task_eof(struct sl_task *t);
void sl_tasks_peer_gone(struct sl_engine *e, struct sl_peer *p);
void sl_task_free(struct sl_task *t);
/* One reference more or less; NULL is fine. */
/* NULL: none can be made now (errno). */
struct sl_outfile *sl_outfile_new(struct sl_files *f);
struct sl_outfile *sl_outfile_ref(struct sl_outfile *o);
/* opened.c: an OPEN task with its END. SL_SKIP: ask again, its parts are still
 * being hashed. Otherwise t is freed, and its job goes on. */
enum sl_rc sl_task_opened(struct sl_task *t, struct sl_err *err);
/* Its writer's end was not seen. */
void sl_task_spoil(struct sl_task *t);
void sl_outfile_drop(struct sl_files *f, struct sl_outfile *o);

/* -- sealed.c: what sluse-decrypt and sluse-convert open ----------------------
 */
/* Is it a task of theirs? */
bool sl_sealed_is(const struct sl_task *t);
/* The ending that a CONVERT task is told; "" of others. */
const char *sl_sealed_ending(const struct sl_task *t);
/* Names of the keys, a space between, for sluse-decrypt. */
void sl_sealed_keys(const struct sl_engine *e, struct sl_buf *out);
/* A part as an OPEN task tells it, before it is written: an envelope is noted,
 * and of one that stayed shut the reason is put in. A slug to note with the
 * part, or NULL. */
const char *sl_sealed_see(struct sl_task *t, struct sl_msg_r_part *m);
/* An OPEN task has ended well: if envelopes wait, they are opened, and the
 * source is opened once more. False: there are none. */
bool sl_sealed_start(struct sl_task *t);
/* The clear text is whole. SL_REJECT: that cannot be. */
enum sl_rc sl_sealed_clear(
    struct sl_task *t, const struct sl_msg_r_clear *m, struct sl_err *err);
/* A task of theirs has ended; reason: why it came to nothing, or NULL. Frees
 * it. Where its source is to wait (rc SL_RETRY) it is not opened again. */
enum sl_rc sl_sealed_ended(
    struct sl_task *t, const char *reason, struct sl_err *err);
/* For the next OPEN task of s: its descriptors into fds (SL_SEALED_MAX) and
 * which parts they belong to. False: they cannot be had now. */
bool sl_sealed_fds(const struct sl_job_source *s, int *fds, size_t *ret_n);
struct sl_slice sl_sealed_parts(const struct sl_job_source *s);
/* The source is opened: which key opened what, and what
 * was converted, to the log. */
enum sl_rc sl_sealed_log(
    struct sl_job *j, const struct sl_job_source *s, struct sl_err *err);
void sl_sealed_free(struct sl_engine *e, struct sl_job_source *s);

/* -- results.c: records of a child, hostile -----------------------------------
 */
void sl_result_readable(void *task, unsigned events);
void sl_page_parts_free(struct sl_page_parts *p);

/* -- gates.c: what is written when an item moves
 * --------------------------------- */
/* Applies a change to a consignment or an entry, with its leaf. reason may be
 * NULL; payload is a JSON object text or NULL. */
enum sl_rc sl_consignment_apply(struct sl_engine *e, struct sl_consignment *c,
    enum sl_change change, const char *reason, const char *detail,
    const char *actor, struct sl_err *err);
/* One gate up; event and payload for its leaf. */
enum sl_rc sl_consignment_pass(struct sl_engine *e, struct sl_consignment *c,
    enum sl_event event, const char *payload, struct sl_err *err);
/* Sources of a day of Ferdig that were written to since: in Inn again, and a
 * leaf for each. */
enum sl_rc sl_sources_changed(struct sl_engine *e, struct sl_inlet *in,
    const char *day, struct sl_err *err);
/* Back to the gate *received*: its files will be unpacked, identified and read
 * anew, and another entry comes of it. */
enum sl_rc sl_consignment_read_again(struct sl_engine *e,
    struct sl_consignment *c, const char *why, const char *actor,
    struct sl_err *err);
enum sl_rc sl_entry_apply(struct sl_engine *e, struct sl_entry *en,
    enum sl_change change, const char *reason, const char *detail,
    const char *actor, struct sl_err *err);
/* The change `finish`; more: members for its leaf's payload, without braces. */
enum sl_rc sl_entry_finish(struct sl_engine *e, struct sl_entry *en,
    const char *more, const char *actor, struct sl_err *err);
enum sl_rc sl_entry_pass(struct sl_engine *e, struct sl_entry *en,
    enum sl_event event, const char *payload, struct sl_err *err);
/* Holds, stops or defers by what the reason's row says. */
enum sl_rc sl_entry_stop(struct sl_engine *e, struct sl_entry *en,
    const char *reason, const char *detail, struct sl_err *err);
/* Source to Ferdig when a consignment and all its entries are done; while it is
 * read again, or where that stopped, it is not. */
enum sl_rc sl_consignment_settle(
    struct sl_engine *e, int64_t consignment, struct sl_err *err);

/* -- birth.c: from parts to entries
 * --------------------------------------------- */
enum sl_rc sl_job_birth(struct sl_job *j, struct sl_err *err);

/* -- placing.c
 * -------------------------------------------------------------------- */
/* Asks sluse-place for an entry in stage read, if it is there. */
enum sl_rc sl_placing_ask(
    struct sl_engine *e, int64_t entry, struct sl_err *err);
void sl_placing_peer_ready(struct sl_engine *e, struct sl_peer *p);
void sl_placing_peer_gone(struct sl_engine *e);
enum sl_rc sl_placing_answer(
    struct sl_engine *e, const struct sl_msg *m, struct sl_err *err);
/* Is that case known and open? SL_REJECT (unknown_case, case_closed) if not. */
enum sl_rc sl_placing_case_open(
    struct sl_engine *e, const char *number, struct sl_err *err);
/* What a person, or the held limit, decided of an entry. */
struct sl_decision {
	enum sl_change change; /* decide or expire */
	unsigned field; /* SL_FIELD_case_number or SL_FIELD_new_case */
	const char *value;
	const char *with; /* the post whose case it takes, or NULL */
	const char *actor, *why; /* why may be NULL */
};
enum sl_rc sl_placing_decide(struct sl_engine *e, struct sl_entry *en,
    const struct sl_decision *d, struct sl_err *err);
/* The next revision of its placement: with this value, and nothing else that
 * says where it goes. */
enum sl_rc sl_placing_put(struct sl_engine *e, struct sl_entry *en,
    unsigned field, const char *value, const char *evidence, const char *actor,
    struct sl_err *err);
/* A target made its case: its number from the receipt is known from now on. */
enum sl_rc sl_placing_made(struct sl_engine *e, struct sl_entry *en,
    const char *target, const char *receipt, struct sl_err *err);
/* Prepares a placed entry and hands it to the outbox. */
enum sl_rc sl_placing_prepare(
    struct sl_engine *e, struct sl_entry *en, struct sl_err *err);
/* A fresh index of known cases for sluse-place. */
enum sl_rc sl_placing_cases(struct sl_engine *e, struct sl_err *err);

/* -- belongs.c: posts that follow another -----------------------------------
 */
/* en goes to the case of other: at once (*ret_waits false), or held until that
 * is known. SL_REJECT with a reason if it never can. */
enum sl_rc sl_belongs_set(struct sl_engine *e, struct sl_entry *en,
    const struct sl_entry *other, const char *why, const char *actor,
    bool *ret_waits, struct sl_err *err);
/* Some entry was placed or has ended: those that wait are looked at. */
void sl_belongs_changed(struct sl_engine *e);

/* -- outbox.c
 * ---------------------------------------------------------------------- */
void sl_outbox_start(struct sl_engine *e);
enum sl_rc sl_outbox_add(
    struct sl_engine *e, struct sl_entry *en, struct sl_err *err);
/* Does a target hold some of it, as far as anybody knows? */
bool sl_outbox_may_be_there(struct sl_engine *e, const struct sl_entry *en);
void sl_outbox_kick(struct sl_target *t);
/* The same just before what the caller has written is committed, once for all
 * that ask. */
void sl_outbox_soon(struct sl_target *t);
void sl_outbox_round(struct sl_engine *e);
/* The i-th that is under way is so no longer. */
void sl_outbox_drop(struct sl_target *t, size_t i);
struct sl_outbox_file {
	struct sl_msg m;
	int fd;
};
/* Opens the files of a post, at most SL_PUSH_FILES_MAX. False (errno): not
 * all are there now, and the post must not be begun. The first *ret_n
 * descriptors are the caller's either way. */
bool sl_outbox_files(struct sl_engine *e, const struct sl_delivery *d,
    struct sl_outbox_file *files, size_t *ret_n);
/* The clock stepped, and with it what waits. */
void sl_outbox_stepped(struct sl_engine *e, int64_t step_ms);
void sl_outbox_peer_ready(struct sl_engine *e, struct sl_peer *p);
void sl_outbox_peer_gone(struct sl_engine *e, struct sl_peer *p);

/* -- outbox_answer.c: what came of it -------------------------------------- */
enum sl_rc sl_outbox_message(struct sl_engine *e, struct sl_peer *p,
    const struct sl_msg *m, struct sl_err *err);
/* The entry is done once every target of it has it. */
enum sl_rc sl_outbox_finish(struct sl_engine *e, struct sl_entry *en,
    const char *target, struct sl_err *err);
/* It refuses our login: nothing more is sent, and everybody hears of it. */
enum sl_rc sl_outbox_stop(struct sl_target *t, struct sl_err *err);
/* d->reason says why; a person has it once retry_limit is over. */
enum sl_rc sl_outbox_later(struct sl_target *t, struct sl_delivery *d,
    struct sl_entry *en, int64_t wait_ms, struct sl_err *err);

/* -- outbox_wait.c: when it is tried again --------------------------------- */
int64_t sl_outbox_backoff_ms(const struct sl_target *t, int attempts);
/* UTC: when what may be at work in the target by now has settled. */
int64_t sl_outbox_settled_ms(const struct sl_target *t);
/* Is the next try of d to ask only? A target that was at work for longer than
 * unknown_wait is not to get it twice. */
bool sl_outbox_only_asks(
    const struct sl_target *t, const struct sl_delivery *d);
/* Was it looked for less often than is wanted? */
bool sl_outbox_asks_on(const struct sl_target *t, const struct sl_delivery *d);
/* Until the next look for what was not there; longer each time. */
int64_t sl_outbox_ask_ms(
    const struct sl_target *t, const struct sl_delivery *d);
/* At once; but what may have arrived has its time, also when a person asks. */
int64_t sl_outbox_again_ms(
    const struct sl_target *t, const struct sl_delivery *d);
/* The try came to nothing: nothing was asked or sent. It was due and is so
 * again, as if it had not been tried; the sporingslogg tells both. A crash
 * before the commit leaves the try counted, so that the next one asks first. */
enum sl_rc sl_outbox_not_begun(struct sl_target *t, struct sl_delivery *d,
    const struct sl_inflight *was, const struct sl_entry *en,
    struct sl_err *err);
/* Whoever sent it is gone; its last request may be under way still. */
void sl_outbox_unheard(struct sl_target *t, int64_t delivery);
/* At start, with the store open: what was under way has its time to settle. */
enum sl_rc sl_outbox_resume(struct sl_engine *e, struct sl_err *err);

/* The push process of the target with the least under way, or NULL. */
struct sl_peer *sl_outbox_peer(struct sl_target *t);
/* -- known.c: post that names a case nobody knew --------------------------- */
/* Known cases have changed: sluse-place gets them, and held post that names one
 * of them goes on. */
enum sl_rc sl_known_changed(struct sl_engine *e, struct sl_err *err);

/* -- sync.c: known cases of a target, and its journal ------------------------
 */
/* Asks for what is due, one kind at a time; the timer is set for the next. */
void sl_sync_start(struct sl_target *t);
/* Ask again at once for what the target can tell. */
void sl_sync_soon(struct sl_target *t);
/* SYNC_CASE, SYNC_POST or SYNC_DONE. */
enum sl_rc sl_sync_message(
    struct sl_target *t, const struct sl_msg *m, struct sl_err *err);

/* -- requests.c: what people ask
 * ------------------------------------------------------ */
enum sl_rc sl_control_request(struct sl_engine *e, struct sl_peer *p,
    const struct sl_msg_ctl *m, struct sl_err *err);
/* Does what was asked for by verb and args, with no question who may; p is
 * NULL but for a list of cases. SL_REJECT with a text for people. */
struct json_t;
enum sl_rc sl_control_do(struct sl_engine *e, struct sl_peer *p,
    const char *verb, struct json_t *args, const char *actor,
    struct sl_buf *json, struct sl_err *err);
/* The consignment and, where there is one, the entry that an id names, for the
 * leaf's columns; subject (48 bytes) is the id, or "-" if it names nothing. */
void sl_control_subject(struct sl_engine *e, const char *id, char *subject,
    int64_t *ret_consignment, int64_t *ret_entry);
/* The verb that a release or retry of an item is, as it stands now. */
enum sl_verb sl_control_verb(
    struct sl_engine *e, enum sl_change change, const char *id);
/* -- control.c: what people decide ------------------------------------------
 */
/* The verbs themselves, for the faces too. SL_REJECT with a text for people
 * if it cannot be. */
enum sl_rc sl_control_change(struct sl_engine *e, const char *id,
    enum sl_change change, const char *why, const char *actor,
    struct sl_err *err);
enum sl_rc sl_control_assign(struct sl_engine *e, const char *id,
    const char *case_number, const char *why, const char *actor,
    struct sl_err *err);
/* It goes on a new case of that title, where its targets make cases. */
enum sl_rc sl_control_new_case(struct sl_engine *e, const char *id,
    const char *title, const char *why, const char *actor, struct sl_err *err);
/* It goes to the case of other: a reception number, or with a queue (then of
 * that queue only) the name of a held post. ret_waits_for gets the number of
 * the post it waits for, or "". */
enum sl_rc sl_control_with(struct sl_engine *e, const char *id,
    const char *other, const char *queue, const char *why, const char *actor,
    char ret_waits_for[48], struct sl_err *err);

/* -- changes.c: what is another than at the last start -----------------------
 */
/* The first start of all: the first leaf, before anything else is written. */
enum sl_rc sl_changes_made(struct sl_engine *e, struct sl_err *err);
/* Program, configuration, table of formats: a leaf for each that changed. */
enum sl_rc sl_changes_log(struct sl_engine *e, struct sl_err *err);

/* Ends in order: with its leaf, committed. */
enum sl_rc sl_changes_stop(struct sl_engine *e, struct sl_err *err);

/* -- installed.c: files that are others than they were -----------------------
 */
/* Programs, plugins, models, signatures, and what `trust` and `passwords` name:
 * all are read in the first minutes, and what differs has its leaf. */
void sl_installed_start(struct sl_engine *e);
/* A program has connected, and may be another one: again, but not at once. */
void sl_installed_soon(struct sl_engine *e);
/* NULL-safe. */
void sl_installed_stop(struct sl_engine *e);

/* -- erase.c: content that goes -------------------------------------------- */
/* At a sweep: what was kept long enough, and what is still listed. */
enum sl_rc sl_erase_sweep(struct sl_engine *e, struct sl_err *err);
/* A post's content and payloads, or (a number) the payload of one event,
 * because a person says so. SL_REJECT with a text for people if it cannot be.
 */
enum sl_rc sl_erase_asked(struct sl_engine *e, const char *id, const char *why,
    const char *actor, struct sl_err *err);
/* Could it be done now? */
enum sl_rc sl_erase_may(
    struct sl_engine *e, const char *id, struct sl_err *err);

/* -- house.c: the engine as seal/ and faces/ see it ------------------------ */
/* With the store open; its signed heads and their witnesses. */
enum sl_rc sl_house_seal(struct sl_engine *e, struct sl_err *err);
/* With the inlets open. */
void sl_house_faces(struct sl_engine *e);

/* -- due.c: what comes by time
 * ---------------------------------------------------------- */
void sl_due_look(struct sl_engine *e);
/* At start: did the clock step since slused ran last? */
enum sl_rc sl_due_start(struct sl_engine *e, struct sl_err *err);
/* Has it stepped now? Asked before deadlines are written or compared: those
 * written so far then step with it. */
void sl_due_clock(struct sl_engine *e);
/* Something is due at utc_ms: look then, or earlier. */
void sl_due_at(struct sl_engine *e, int64_t utc_ms);

#endif
