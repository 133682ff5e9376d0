/*
 * `journal export` for who may not open the database: sluse-report makes the
 * files, whoever asked writes them. For `sluse` and sluse-report.
 */
#ifndef SL_QUERY_TAKEHOME_H
#define SL_QUERY_TAKEHOME_H

#include "byname.h"

/* Bytes of a folder that goes over the socket. */
#define SL_TAKEHOME_MAX ((uint64_t)16 << 30)

/* Bytes of the disk that what is on its way leaves free: more than slused
 * claims post for. */
uint64_t sl_takehome_leave(const char *root);

/* (sl_answer_fn) args: payloads, and old, the head of the export that is there
 * already. As sl_query_export_to. */
enum sl_rc sl_export_answer(const char *root, const json_t *args,
    const struct sl_given *given, sl_bytes_fn *fn, void *arg,
    struct sl_err *err);

/* The other side: asks for it over k and writes it into dir, as sl_query_export
 * does. SL_HOLD: slused says no, and nothing was written; SL_RETRY: it went
 * away, and what is there can be gone on with. */
enum sl_rc sl_export_ask(struct sl_control *k, const char *dir, bool payloads,
    uint64_t *ret_size, struct sl_err *err);

#endif
