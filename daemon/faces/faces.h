/*
 * The folders as people see them: held posts, stopped posts, receipts, and the
 * decisions people make in them.
 *
 * Written from the store, never read back as truth: a lost face is made again.
 */
#ifndef SL_FACES_FACES_H
#define SL_FACES_FACES_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/loop.h"
#include "../config/config.h"
#include "../intake/inlet.h"
#include "../store/store.h"

struct sl_faces;

/* The house around them; all of it outlives them. What people decide is done
 * by it: SL_REJECT with a text for people if it cannot be. why may be NULL. */
struct sl_faces_house {
	const struct sl_config *cfg;
	struct sl_store *store;
	struct sl_loop *loop;
	struct sl_inlet **inlets;
	size_t inlets_n;
	/* It cannot go on. failed: so it is. */
	void (*fail)(void *arg, const struct sl_err *err);
	bool (*failed)(void *arg);
	enum sl_rc (*assign)(void *arg, const char *number,
	    const char *case_number, const char *why, const char *actor,
	    struct sl_err *err);
	enum sl_rc (*new_case)(void *arg, const char *number, const char *title,
	    const char *actor, struct sl_err *err);
	/* To the case of another post of that queue; ret_waits_for is the
	 * number of one that is not decided either, or "". */
	enum sl_rc (*follow)(void *arg, const char *number, const char *other,
	    const char *queue, const char *actor, char ret_waits_for[48],
	    struct sl_err *err);
	enum sl_rc (*reject)(void *arg, const char *number, const char *why,
	    const char *actor, struct sl_err *err);
	void *arg;
};

/* Takes over what an earlier run left in the folders. */
struct sl_faces *sl_faces_start(const struct sl_faces_house *house);
/* Shows what is not shown yet; frees. NULL is fine, here and below. */
void sl_faces_stop(struct sl_faces *f);
/* A queue's folder that was not there has come. */
void sl_faces_found(struct sl_faces *f, struct sl_inlet *in);
/* This consignment or one of its entries changed; called after the commit. */
void sl_faces_changed(struct sl_faces *f, int64_t consignment);
/* Something was refused at the door and lies in Stoppet under this name, or
 * cannot be opened and lies in Inn. closed: what in a folder it is, or "". */
void sl_faces_refused(struct sl_faces *f, struct sl_inlet *in, const char *name,
    const char *reason, const char *closed);

/* The reason for which a folder of a post that was received before is no post
 * by itself. */
#define SL_FACES_FOLDER_OF_POST "folder_of_post"
/* Is this claim a folder of Må avklares that came in by the door? SL_SKIP: no.
 * SL_OK: it is no claim any more; it lies where it stood before, or, where it
 * cannot, in Stoppet with a text. ret: its post. SL_RETRY: not now. */
enum sl_rc sl_faces_came_back(struct sl_faces *f, struct sl_inlet *in,
    const struct sl_claim *c, struct sl_entry *ret, bool *ret_stopped,
    struct sl_err *err);

#endif
