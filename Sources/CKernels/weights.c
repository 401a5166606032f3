/*
 * Weights of a row's logits as whole numbers. The exponential is the only kernel. The rest is
 * exact, or rounds each value once, so the compiler's choice of instructions changes no bits.
 */
#include "kn_weights.h"

#include <string.h>

/* Larger for larger logits. */
static inline uint32_t key_of(float logit) {
    float positive_zero = logit + 0.0f;
    uint32_t bits;
    memcpy(&bits, &positive_zero, 4);
    return bits ^ ((uint32_t)((int32_t)bits >> 31) | 0x80000000u);
}

static inline float logit_of(uint32_t key) {
    uint32_t bits = key >> 31 ? key ^ 0x80000000u : ~key;
    float logit;
    memcpy(&logit, &bits, 4);
    return logit;
}

uint32_t kn_weights_distance(float largest, float logit) { return key_of(largest) - key_of(logit); }

static inline uint64_t units_of(float weight) { return (uint64_t)(int64_t)(weight * 0x1p39f); }

static void weigh(const kn_weights *weights, const float *logits, size_t count, float *w) {
    float largest = weights->largest, inverse = weights->inverse;
    for (size_t i = 0; i < count; i++) w[i] = (logits[i] - largest) * inverse;
    weights->ops->exp(w, count, w);
}

/* Returns the number of distances in the range. */
static size_t measure(float largest, const float *logits, size_t count, kn_distances range,
                      uint32_t *distances) {
    uint32_t origin = key_of(largest), found = 0;
    for (size_t i = 0; i < count; i++) {
        distances[i] = origin - key_of(logits[i]);
        found += distances[i] - range.first <= range.span;
    }
    return found;
}

uint64_t kn_weights_units(const kn_weights *weights, uint32_t distance) {
    float logit = logit_of(key_of(weights->largest) - distance), w;
    weigh(weights, &logit, 1, &w);
    return units_of(w);
}

/* Moves the `found` logits in the range, and their distances, to the front. */
static void gather(const float *logits, size_t count, kn_distances range, size_t found,
                   uint32_t *distances, float *near) {
    size_t next = 0;
    if (found < count / 8) { /* few branches are predicted wrong */
        for (size_t i = 0; i < count; i++) {
            if (distances[i] - range.first > range.span) continue;
            near[next] = logits[i];
            distances[next++] = distances[i];
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            uint32_t distance = distances[i];
            near[next] = logits[i];
            distances[next] = distance;
            next += distance - range.first <= range.span;
        }
    }
}

void kn_weights_spread(const kn_weights *weights, const float *logits, size_t count,
                       kn_distances range, unsigned shift, bool counts, uint64_t *bins) {
    uint32_t distances[KN_WEIGHT_BLOCK];
    float near[KN_WEIGHT_BLOCK], w[KN_WEIGHT_BLOCK];
    size_t found = measure(weights->largest, logits, count, range, distances);
    if (found == 0) return;
    if (found < count) {
        gather(logits, count, range, found, distances, near);
        logits = near;
    }
    if (counts) {
        for (size_t i = 0; i < found; i++) bins[(distances[i] - range.first) >> shift]++;
        return;
    }
    weigh(weights, logits, found, w);
    for (size_t i = 0; i < found; i++) {
        bins[(distances[i] - range.first) >> shift] += units_of(w[i]);
    }
}

/* belongs[i] = all ones for a logit that belongs to the beginning, or else 0. Returns false when
 * all are 0. */
static bool mark(float largest, const float *logits, size_t count, kn_beginning *beginning,
                 uint32_t *belongs) {
    uint32_t distance = beginning->distance, equal = 0;
    if (!measure(largest, logits, count, (kn_distances){0, distance}, belongs)) return false;
    for (size_t i = 0; i < count; i++) equal += belongs[i] == distance;
    if (equal) {
        for (size_t i = 0; i < count; i++) {
            bool is_tie = belongs[i] == distance && beginning->ties > 0;
            beginning->ties -= is_tie;
            belongs[i] = -(uint32_t)(belongs[i] < distance || is_tie);
        }
    } else {
        for (size_t i = 0; i < count; i++) belongs[i] = -(uint32_t)(belongs[i] < distance);
    }
    return true;
}

/* Zeros the weights of logits that do not belong to the beginning. Returns false when all do
 * not. */
static bool weigh_beginning(const kn_weights *weights, const float *logits, size_t count,
                            kn_beginning *beginning, float *w) {
    uint32_t belongs[KN_WEIGHT_BLOCK];
    if (beginning->distance == UINT32_MAX) {
        weigh(weights, logits, count, w);
        return true;
    }
    if (!mark(weights->largest, logits, count, beginning, belongs)) return false;
    weigh(weights, logits, count, w);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &w[i], 4);
        bits &= belongs[i];
        memcpy(&w[i], &bits, 4);
    }
    return true;
}

uint64_t kn_weights_keep(const kn_weights *weights, const float *logits, size_t count,
                         kn_beginning *beginning, uint64_t *units) {
    float w[KN_WEIGHT_BLOCK];
    if (!weigh_beginning(weights, logits, count, beginning, w)) return 0;
    if (weights->least > 0) {
        for (size_t i = 0; i < count; i++) w[i] = (double)w[i] < weights->least ? 0.0f : w[i];
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        units[i] = units_of(w[i]);
        sum += units[i];
    }
    return sum;
}

size_t kn_weights_pick(const kn_weights *weights, const float *logits, size_t count,
                       kn_beginning *beginning, uint32_t *indices) {
    uint32_t belongs[KN_WEIGHT_BLOCK];
    if (!mark(weights->largest, logits, count, beginning, belongs)) return 0;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (belongs[i]) indices[found++] = (uint32_t)i;
    }
    return found;
}
