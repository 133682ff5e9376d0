/*
 * sluse-place's side of the wire: CASES, PLACE, PLACE_FIELD, PLACE_GO in;
 * PLACED_FIELD, PLACED out. One entry at a time, in the order they come.
 */
#ifndef SL_PLACE_PLACE_H
#define SL_PLACE_PLACE_H

#include "../base/err.h"
#include "../wire/wire.h"

/* Serves c (blocking, best with a time limit) until the peer closes it: SL_OK.
 * notify: of sl_notify_open, for the watchdog. SL_REJECT: messages out
 * of order or a case index that is not usable; the caller ends the program,
 * and slused hands a fresh index to the next one. */
enum sl_rc sl_place_serve(struct sl_chan *c, int notify, struct sl_err *err);

#endif
