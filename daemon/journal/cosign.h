/*
 * C2SP tlog-witness: what a witness is asked, and what it may answer.
 *
 *     old <size>          what it cosigned last, as far as we know
 *     <base64> ...        nodes of the proof that the log goes on from there
 *     (an empty line)
 *     <checkpoint>
 *
 * What comes back is foreign: each form has one reader here, which takes it
 * whole or not at all. A cosignature says that the witness has never seen
 * another history of that name.
 */
#ifndef SL_JOURNAL_COSIGN_H
#define SL_JOURNAL_COSIGN_H

#include "checkpoint.h"
#include "proof.h"

#define SL_COSIGN_NODES_MAX 63 /* the protocol's */
#define SL_COSIGN_BODY_MAX 16384u /* bytes of a question, or of an answer */

/* A witness's key as its operator gives it: a vkey of type 4. */
bool sl_cosign_key(const char *text, struct sl_vkey *ret);

/* Appends the question. */
void sl_cosign_body(uint64_t old_size, const struct sl_digest *node, size_t n,
    struct sl_slice checkpoint, struct sl_buf *out);
/* Takes its head off s; the checkpoint is left. node has SL_PROOF_MAX places.
 * False: it is no such thing. */
bool sl_cosign_read(struct sl_slice *s, uint64_t *ret_old,
    struct sl_digest *node, size_t *ret_n);

/* 200: signature lines. The first of k, verified over text. SL_SKIP
 * (no_signature): none is k's; SL_REJECT (bad_signature, bad_answer). */
enum sl_rc sl_cosign_answer(struct sl_slice body, const struct sl_vkey *k,
    struct sl_slice text, uint8_t ret[SL_COSIGNATURE_LEN], struct sl_err *err);
/* 409: the size that it has cosigned, in decimal, and a newline. */
bool sl_cosign_size(struct sl_slice body, uint64_t *ret);
/* What the witness shows of the log called origin: its head and the log's own
 * signature, unverified. False: it is no checkpoint of three lines, or another
 * log's. */
bool sl_cosign_head(struct sl_slice note, const char *origin,
    struct sl_checkpoint *ret, uint8_t ret_sig[SL_NOTE_SIGNATURE_LEN]);

#endif
