/*
 * Drawing so that it can be drawn again, and what a sample says of the whole.
 */
#ifndef SL_REPORT_SAMPLE_H
#define SL_REPORT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* splitmix64 (Steele, Lea and Flood 2014): the same numbers from the same
 * seed, on every machine. */
uint64_t sl_sample_next(uint64_t *state);
/* In (0, 1). */
double sl_sample_unit(uint64_t *state);

/* n of the items 0..of-1 without putting back, each with its weight (>= 1;
 * NULL: all the same), the first drawn first; result: how many (at most of).
 * Efraimidis and Spirakis 2006: the largest log(u)/w. id: what u is of, so that
 * an item that is gone moves no other; NULL: where it stands. */
size_t sl_sample_draw(uint64_t seed, const uint32_t *id, const uint16_t *weight,
    size_t of, uint32_t *ret, size_t n);

/* 95 per cent intervals of a share of k in n, 0..1. */
void sl_interval_wilson(int k, int n, double *ret_low, double *ret_high);
void sl_interval_exact(int k, int n, double *ret_low, double *ret_high);

#endif
