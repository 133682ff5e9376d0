/*
 * Samples.
 */
#include "sample.h"

#include <math.h>
#include <stdlib.h>

#include "../base/mem.h"

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)
#define Z 1.959963984540054 /* 97.5 per cent of the normal distribution */

uint64_t
sl_sample_next(uint64_t *state)
{
	uint64_t z = (*state += GOLDEN);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

double
sl_sample_unit(uint64_t *state)
{
	return ((double)(sl_sample_next(state) >> 11) + 0.5) /
	       9007199254740992.0;
}

struct drawn {
	double key;
	uint32_t item;
};

/* A heap with the smallest key on top. */
static void
sift(struct drawn *h, size_t n, size_t i)
{
	struct drawn t;
	size_t c;

	for (; (c = 2 * i + 1) < n; i = c) {
		if (c + 1 < n && h[c + 1].key < h[c].key)
			c++;
		if (h[i].key <= h[c].key)
			return;
		t = h[i];
		h[i] = h[c];
		h[c] = t;
	}
}

static int
compare(const void *a, const void *b)
{
	const struct drawn *x = a, *y = b;

	return x->key > y->key ? -1 : x->key < y->key;
}

size_t
sl_sample_draw(uint64_t seed, const uint32_t *id, const uint16_t *weight,
    size_t of, uint32_t *ret, size_t n)
{
	struct drawn *h;
	size_t have = 0, i, k;
	uint64_t state;
	double key;

	if (n > of)
		n = of;
	if (n == 0)
		return 0;
	h = sl_alloc(n * sizeof(*h));
	for (i = 0; i < of; i++) {
		state = seed + (id != NULL ? id[i] : i) * GOLDEN;
		key = log(sl_sample_unit(&state)) /
		      (weight != NULL && weight[i] > 0 ? weight[i] : 1);
		if (have < n) {
			h[have++] = (struct drawn){key, (uint32_t)i};
			for (k = have == n ? n / 2 : 0; k-- > 0;)
				sift(h, n, k);
		} else if (key > h[0].key) {
			h[0] = (struct drawn){key, (uint32_t)i};
			sift(h, n, 0);
		}
	}
	qsort(h, n, sizeof(*h), compare);
	for (i = 0; i < n; i++)
		ret[i] = h[i].item;
	free(h);
	return n;
}

void
sl_interval_wilson(int k, int n, double *ret_low, double *ret_high)
{
	double p = (double)k / n, z2 = Z * Z, d = 1 + z2 / n,
	       mid = (p + z2 / (2 * n)) / d,
	       half = Z / d * sqrt(p * (1 - p) / n + z2 / (4.0 * n * n));

	*ret_low = k == 0 ? 0 : mid - half;
	*ret_high = k == n ? 1 : mid + half;
}

/* P(X <= k) of a binomial. */
static double
binomial_up_to(int k, int n, double p)
{
	double sum = 0;
	int i;

	if (p <= 0)
		return 1;
	if (p >= 1)
		return k >= n;
	for (i = 0; i <= k; i++)
		sum +=
		    exp(lgamma(n + 1.0) - lgamma(i + 1.0) -
			lgamma(n - i + 1.0) + i * log(p) + (n - i) * log1p(-p));
	return sum;
}

/* Clopper and Pearson 1934, by halving. */
void
sl_interval_exact(int k, int n, double *ret_low, double *ret_high)
{
	double low = 0, high = 1, mid;
	int i;

	for (i = 0; i < 60 && k > 0; i++) {
		mid = (low + high) / 2;
		if (1 - binomial_up_to(k - 1, n, mid) < 0.025)
			low = mid;
		else
			high = mid;
	}
	*ret_low = k > 0 ? low : 0;
	low = 0;
	high = 1;
	for (i = 0; i < 60 && k < n; i++) {
		mid = (low + high) / 2;
		if (binomial_up_to(k, n, mid) > 0.025)
			low = mid;
		else
			high = mid;
	}
	*ret_high = k < n ? high : 1;
}
