/*
 * C2SP tlog-proof: that one entry is in the journal, in one file.
 *
 *     c2sp.org/tlog-proof@v1
 *     extra <base64>      here: the leaf's nine lines, and perhaps its
 *                         payload: a line as an export has in payload/
 *     index <decimal>
 *     <base64> ...        nodes, from the leaf to the root
 *     (an empty line)
 *     <checkpoint>
 */
#ifndef SL_JOURNAL_TLOGPROOF_H
#define SL_JOURNAL_TLOGPROOF_H

#include "checkpoint.h"
#include "leaf.h"
#include "proof.h"

#define SL_TLOGPROOF_MAX (640u * 1024) /* bytes of the file */
#define SL_TLOGPROOF_EXTRA (SL_LEAF_MAX + 262144u)

struct sl_tlogproof {
	uint64_t index;
	struct sl_digest node[SL_PROOF_MAX];
	size_t n;
	struct sl_slice checkpoint; /* into what was parsed */
	uint8_t leaf[SL_TLOGPROOF_EXTRA]; /* extra: the payload behind it */
	size_t leaf_n; /* 0: there was none */
	size_t payload_n; /* 0: none came along */
};

/* checkpoint and leaf are taken from p. */
void sl_tlogproof_write(const struct sl_tlogproof *p, struct sl_buf *out);
/* SL_REJECT (bad_proof): not such a file. Says nothing of whether it is true.
 * ret is overwritten. */
enum sl_rc sl_tlogproof_parse(
    const void *p, size_t n, struct sl_tlogproof *ret, struct sl_err *err);

#endif
