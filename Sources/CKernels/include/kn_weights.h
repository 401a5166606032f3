/*
 * Weights of a row's logits as whole numbers, for choosing a token.
 *
 *   x = (logit - largest) * inverse     each step rounded to single precision
 *   w = e^x, by `exp` of kn_ops         0..1
 *   units = w in units of 2^-39, rounded down
 *
 * Sums of units are exact while there are at most 2^24 of them, so every order and every way of
 * cutting a row gives the same sum.
 *
 * The distance of a logit is the number of floats from it up to `largest`, both zeros counted: 0
 * for the largest, more for smaller logits. A zero of either sign lies where +0 does. No logit is
 * NaN.
 *
 * Does not: allocate, or know threads. A row is passed in blocks.
 */
#ifndef KN_WEIGHTS_H
#define KN_WEIGHTS_H

#include "kn_ops.h"

enum {
    KN_WEIGHT_BLOCK = 256, /* most logits of a call */
    KN_WEIGHT_BIN_BITS = 11,
    KN_WEIGHT_BINS = 1 << KN_WEIGHT_BIN_BITS
};

typedef struct kn_weights {
    const kn_ops *ops;
    float largest; /* no logit is larger */
    float inverse; /* 1 / temperature, finite and above 0 */
    double least;  /* weights below count as 0 in kn_weights_keep */
} kn_weights;

/* Distances from `first` to `first + span`. */
typedef struct kn_distances {
    uint32_t first, span;
} kn_distances;

/* A beginning of the order of likelihood: every logit nearer than `distance`, and the first `ties`
 * logits at it. */
typedef struct kn_beginning {
    uint32_t distance;
    size_t ties;
} kn_beginning;

uint32_t kn_weights_distance(float largest, float logit);

/* The units of the logit at a distance that a logit has. */
uint64_t kn_weights_units(const kn_weights *weights, uint32_t distance);

/* Adds each logit in the range to bins[(distance - range.first) >> shift], with its units, or with
 * 1 when `counts`. */
void kn_weights_spread(const kn_weights *weights, const float *logits, size_t count,
                       kn_distances range, unsigned shift, bool counts, uint64_t *bins);

/* units[i] = the units of logit i if it belongs to the beginning and weighs `least` or more, or
 * else 0. Returns their sum, and takes the logits at the distance off beginning->ties. Leaves
 * `units` unwritten when all are 0. */
uint64_t kn_weights_keep(const kn_weights *weights, const float *logits, size_t count,
                         kn_beginning *beginning, uint64_t *units);

/* Writes the indices of the logits that belong to the beginning, and takes the logits at the
 * distance off beginning->ties. Returns their number. */
size_t kn_weights_pick(const kn_weights *weights, const float *logits, size_t count,
                       kn_beginning *beginning, uint32_t *indices);

#endif
