/*
 * Which messages of a mailbox's list came: by their Message-ID, else by the UID
 * in the name of the file (",U=17"). Each reception answers for one UID, so
 * that a message that lay there twice must have come twice; one that was told
 * the duplicate of another came all the same.
 */
#ifndef SL_REPORT_MAILMATCH_H
#define SL_REPORT_MAILMATCH_H

#include "../lists/mailbox.h"
#include "snap.h"

#define SL_MAILMATCH_TOLD 100u /* one by one, of each kind */

struct sl_mailmatch_pair {
	uint32_t consignment, line; /* in the list's `line` */
};
struct sl_mailmatch_open {
	uint32_t consignment, uid; /* uid: of its name; 0 none */
	uint64_t hash; /* 0: no Message-ID that is known */
};
struct sl_mailmatch_opens {
	struct sl_mailmatch_open *at;
	size_t n, cap;
};
struct sl_mailmatch {
	struct sl_rep *r;
	const struct sl_snap *snap;
	struct sl_mailbox *list;
	uint16_t *queue_of; /* the snap's queue: the list's; 0: none there */
	uint16_t *mark; /* by consignment */
	struct sl_mailmatch_opens known, keyless;
	struct sl_mailmatch_parts {
		struct sl_mailmatch_part {
			uint32_t part, consignment;
			bool inside; /* of a file; else it is the file */
			bool closed; /* it could not be read */
		} * at;
		size_t n, cap;
	} parts;
	struct sl_mailmatch_pair *pair;
	size_t pairs, pair_cap;
	/* Lines that were passed over: of a Message-ID; of one and a UID; of a
	 * UID, all and those without a Message-ID. By the first of them. */
	uint32_t *taken, *same, (*passed)[2];
	int64_t *unknown; /* by the list's queue: came, but cannot be told */
	int64_t *unread; /* of these, not read: any message may be it */
	int64_t again, unlisted;
	uint32_t stranger[SL_MAILMATCH_TOLD]; /* consignments */
};

/* list and snap are lent; the list's lines have `asked` set. Reads all
 * consignments once. */
void sl_mailmatch_begin(struct sl_mailmatch *m, struct sl_rep *r,
    const struct sl_snap *snap, struct sl_mailbox *list);
/* A part that is a message, and a consignment with a part that describes a
 * package: of any period. */
void sl_mailmatch_part(
    struct sl_mailmatch *m, const struct sl_mailmatch_part *part);
void sl_mailmatch_package(struct sl_mailmatch *m, uint32_t consignment);
/* After all parts: sets `came` of the lines and fills `pair`. has_parts: by
 * consignment. */
void sl_mailmatch_end(struct sl_mailmatch *m, const uint8_t *has_parts);
/* Below the table: how many came, and each that did not, cannot be told, or
 * is not in the list. */
void sl_mailmatch_tell(struct sl_mailmatch *m);
void sl_mailmatch_free(struct sl_mailmatch *m);

#endif
