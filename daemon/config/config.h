/*
 * The configuration of one instance: sluse.conf, read once, checked whole.
 *
 * Sections [instance] [limits] [ocr] [place] [push] [journal] [access], and any
 * number of [queue NAME], [target NAME], [witness NAME], [tsa NAME]; lines `key
 * = value`; a line that begins with # is a comment. An unknown or doubled key,
 * a value of the wrong kind or out of range refuses the whole file. All keys:
 * keys.def; manual: sluse.conf(5).
 */
#ifndef SL_CONFIG_CONFIG_H
#define SL_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/hash.h"
#include "deadline.h"

#define SL_CONFIG_FILE_MAX (1u << 20) /* bytes of the file */
#define SL_CONFIG_LINE_MAX 4096u /* bytes of a line */
#define SL_CONFIG_QUEUES_MAX 256u
#define SL_CONFIG_TARGETS_MAX 32u
#define SL_CONFIG_WITNESSES_MAX 16u
#define SL_CONFIG_TSAS_MAX 8u
#define SL_CONFIG_EXTRAS_MAX 64u /* free keys of one target */
#define SL_CONFIG_KEYS_MAX 24u /* rows of one section */

/* In the order of the choices in keys.def. */
enum sl_language { SL_LANGUAGE_NB, SL_LANGUAGE_EN };
enum sl_queue_kind {
	SL_QUEUE_INCOMING,
	SL_QUEUE_OUTGOING,
	SL_QUEUE_INTERNAL,
	SL_QUEUE_HISTORIC,
};
enum sl_received_rule { SL_RECEIVED_FILE, SL_RECEIVED_TODAY };
enum sl_poll_rule { SL_POLL_AUTO, SL_POLL_YES, SL_POLL_NO };

struct sl_list {
	const char *const *item;
	size_t n;
};

/* What each section begins with; set_line[row in its section] = 0: default. */
struct sl_section {
	const char *title; /* NAME, where sections have one, else "" */
	unsigned line;
	unsigned set_line[SL_CONFIG_KEYS_MAX];
};

#define SL_MEMBER_STR(key) const char *key;
#define SL_MEMBER_WORD(key) const char *key;
#define SL_MEMBER_CODE(key) const char *key;
#define SL_MEMBER_PATH(key) const char *key;
#define SL_MEMBER_URL(key) const char *key;
#define SL_MEMBER_BOOL(key) bool key;
#define SL_MEMBER_INT(key) uint32_t key;
#define SL_MEMBER_BYTES(key) uint64_t key##_bytes;
#define SL_MEMBER_DURATION(key) int64_t key##_ms;
#define SL_MEMBER_ENUM(key) unsigned key;
#define SL_MEMBER_LIST(key) struct sl_list key;
#define SL_MEMBER_DEADLINE(key) struct sl_deadline key;
#define SL_MEMBER_TIME(key) uint32_t key##_min; /* of the day */
#define SL_NONE(...)
#define SL_KEY(section, key, kind, ...) SL_IN_##section(SL_MEMBER_##kind, key)
#define SL_YES(member, key) member(key)

#define SL_IN_INSTANCE SL_YES
#define SL_IN_LIMITS SL_NONE
#define SL_IN_OCR SL_NONE
#define SL_IN_PLACE SL_NONE
#define SL_IN_PUSH SL_NONE
#define SL_IN_JOURNAL SL_NONE
#define SL_IN_ACCESS SL_NONE
#define SL_IN_QUEUE SL_NONE
#define SL_IN_TARGET SL_NONE
#define SL_IN_WITNESS SL_NONE
#define SL_IN_TSA SL_NONE
struct sl_instance_config {
	struct sl_section head;
#include "keys.def"
};
#undef SL_IN_INSTANCE
#undef SL_IN_LIMITS
#define SL_IN_INSTANCE SL_NONE
#define SL_IN_LIMITS SL_YES
struct sl_limits_config {
	struct sl_section head;
#include "keys.def"
};
#undef SL_IN_LIMITS
#undef SL_IN_OCR
#define SL_IN_LIMITS SL_NONE
#define SL_IN_OCR SL_YES
struct sl_ocr_config {
	struct sl_section head;
#include "keys.def"
};
#undef SL_IN_OCR
#undef SL_IN_PLACE
#define SL_IN_OCR SL_NONE
#define SL_IN_PLACE SL_YES
struct sl_place_config {
	struct sl_section head;
#include "keys.def"
};
#undef SL_IN_PLACE
#undef SL_IN_PUSH
#define SL_IN_PLACE SL_NONE
#define SL_IN_PUSH SL_YES
struct sl_push_config {
	struct sl_section head;
#include "keys.def"
};
#undef SL_IN_PUSH
#undef SL_IN_JOURNAL
#define SL_IN_PUSH SL_NONE
#define SL_IN_JOURNAL SL_YES
struct sl_journal_config {
	struct sl_section head;
#include "keys.def"
};
#undef SL_IN_JOURNAL
#undef SL_IN_ACCESS
#define SL_IN_JOURNAL SL_NONE
#define SL_IN_ACCESS SL_YES
struct sl_access_config {
	struct sl_section head;
#include "keys.def"
};
#undef SL_IN_ACCESS
#undef SL_IN_QUEUE
#define SL_IN_ACCESS SL_NONE
#define SL_IN_QUEUE SL_YES
/* path is filled in; access is XX for a closed queue without a code; target
 * names targets that exist. */
struct sl_queue_config {
	struct sl_section head;
	const char *name;
#include "keys.def"
};
#undef SL_IN_QUEUE
#undef SL_IN_TARGET
#define SL_IN_QUEUE SL_NONE
#define SL_IN_TARGET SL_YES
struct sl_extra {
	const char *key, *value;
	unsigned line;
};
/* extra: keys that are the connector's own; sluse-push checks them against the
 * connector's list. */
struct sl_target_config {
	struct sl_section head;
	const char *name;
	struct sl_extra *extra;
	size_t extra_n;
#include "keys.def"
};
#undef SL_IN_TARGET
#undef SL_IN_WITNESS
#define SL_IN_TARGET SL_NONE
#define SL_IN_WITNESS SL_YES
struct sl_witness_config {
	struct sl_section head;
#include "keys.def"
};
#undef SL_IN_WITNESS
#undef SL_IN_TSA
#define SL_IN_WITNESS SL_NONE
#define SL_IN_TSA SL_YES
struct sl_tsa_config {
	struct sl_section head;
#include "keys.def"
};
#undef SL_IN_INSTANCE
#undef SL_IN_LIMITS
#undef SL_IN_OCR
#undef SL_IN_PLACE
#undef SL_IN_PUSH
#undef SL_IN_JOURNAL
#undef SL_IN_ACCESS
#undef SL_IN_QUEUE
#undef SL_IN_TARGET
#undef SL_IN_WITNESS
#undef SL_IN_TSA
#undef SL_KEY

struct sl_arena;
struct sl_config {
	struct sl_instance_config instance;
	struct sl_limits_config limits;
	struct sl_ocr_config ocr;
	struct sl_place_config place;
	struct sl_push_config push;
	struct sl_journal_config journal;
	struct sl_access_config access;
	struct sl_queue_config *queue;
	size_t queue_n;
	struct sl_target_config *target;
	size_t target_n;
	struct sl_witness_config *witness; /* named by their titles */
	size_t witness_n;
	struct sl_tsa_config *tsa;
	size_t tsa_n;
	struct sl_digest digest; /* of the file, for the sporingslogg */
	struct sl_arena *arena;
};

/* Reads and checks path. *ret is the caller's. SL_FATAL with err->text
 * "path:line: what is wrong": reason config_invalid, config_missing if
 * there is no such file, or disk_error if it cannot be read just now. */
enum sl_rc sl_config_load(
    const char *path, struct sl_config **ret, struct sl_err *err);
/* One fault, as err->text. */
typedef void sl_config_fault_fn(void *arg, const char *text);
#define SL_CONFIG_FAULTS_MAX 100u
/* The same, and tell (or NULL) hears of every fault that stands in the file, in
 * the order of its lines, then of what is missing or does not fit together: at
 * most SL_CONFIG_FAULTS_MAX. *err is the first. */
enum sl_rc sl_config_load_all(const char *path, sl_config_fault_fn *tell,
    void *arg, struct sl_config **ret, struct sl_err *err);
/* The same from text; where is named in errors. */
enum sl_rc sl_config_parse(const char *where, const char *text, size_t n,
    struct sl_config **ret, struct sl_err *err);
/* NULL is fine. */
void sl_config_free(struct sl_config *c);

/* By name, or NULL. */
const struct sl_queue_config *sl_config_queue(
    const struct sl_config *c, const char *name);
const struct sl_target_config *sl_config_target(
    const struct sl_config *c, const char *name);
/* A free key of the target; NULL if it is not set. */
const char *sl_target_extra(const struct sl_target_config *t, const char *key);
/* Any key of the target as text, fixed (also by default) or free, for the
 * connector's host; out is overwritten. NULL if it is not set. */
const char *sl_target_value(
    const struct sl_target_config *t, const char *key, struct sl_buf *out);

/* The fixed key of a target that looks most like key: sluse-push names it when
 * it refuses a free key. Never NULL. */
const char *sl_config_near_target_key(const char *key);

/* The values in force, as a file that could be read again; what differs from
 * the default says where it was set. */
void sl_config_show(const struct sl_config *c, struct sl_buf *out);
/* The same as one JSON object that schemas/config.schema.json describes. */
void sl_config_json(const struct sl_config *c, struct sl_buf *out);
/* The table of all keys for sluse.conf(5), in mdoc. */
void sl_config_manual(struct sl_buf *out);
/* schemas/config.schema.json. */
void sl_config_schema(struct sl_buf *out);

/* One setting to write into a fresh file; name is NULL but for a queue or
 * target. */
struct sl_config_set {
	const char *section, *name, *key, *value;
};
/* The commented file that `sluse init` writes: every key with its help, those
 * of `set` with their value, the others commented out. A queue or target
 * stands there if a setting names it; without any, an example is commented
 * out. */
void sl_config_default_text(
    struct sl_buf *out, const struct sl_config_set *set, size_t n);

#endif
