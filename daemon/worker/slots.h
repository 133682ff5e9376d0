/*
 * Slots that all instances of a host share: one locked file for each task that
 * runs.
 *
 * The operator makes DIR/slot.0, slot.1 .. (slused(8), "Several tenants"); a
 * task runs while its parent holds the lock (flock) of one. The files are never
 * written and may be read-only; a program that dies loses its locks. Without
 * such files nothing is shared and nothing waits.
 */
#ifndef SL_WORKER_SLOTS_H
#define SL_WORKER_SLOTS_H

#define SL_SLOTS_DIR "/run/sluse/slots"
#define SL_SLOTS_MAX 256
#define SL_SLOT_NONE (-1)

struct sl_slots;

/* Opens what is there, from slot.0 on; where there are several the first
 * `spare` of them (but never all) are left to others: long tasks leave one, so
 * that a letter finds a place. The result is the caller's. */
struct sl_slots *sl_slots_open(const char *dir, unsigned spare);
void sl_slots_close(struct sl_slots *s);
/* How many there are; 0: nothing is shared. */
unsigned sl_slots_count(const struct sl_slots *s);
/* A slot nobody else holds; SL_SLOT_NONE if there is none now. Never blocks. */
int sl_slots_take(struct sl_slots *s);
void sl_slots_give(struct sl_slots *s, int slot);

#endif
