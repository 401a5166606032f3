/*
 * LayerNorm over the lanes of the including file. rms_norm is in lanes_ops.h.
 *
 * Guarantees: the rounding sequence of layer_norm in reference.c, lane for lane. The lanes behind
 * the end of a row are zero in both sums (the squares are masked: x - mean is not zero there).
 */
#ifndef KN_LANES_NORM_H
#define KN_LANES_NORM_H

KN_INLINE float row_mean(const float *x, size_t width) {
    kn_v sums = v_zero();
    size_t i = 0;
    for (; i + 16 <= width; i += 16) sums = v_add(sums, v_load(x + i));
    if (i < width) sums = v_add(sums, v_load_n(x + i, width - i));
    return v_tree(sums) / (float)width;
}

KN_INLINE float row_variance(const float *x, kn_v mean, size_t width) {
    kn_v sums = v_zero();
    size_t i = 0;
    for (; i + 16 <= width; i += 16) {
        kn_v v = v_sub(v_load(x + i), mean);
        sums = v_fma(v, v, sums);
    }
    if (i < width) {
        kn_v v = v_keep_n(v_sub(v_load_n(x + i, width - i), mean), width - i, 0.0f);
        sums = v_fma(v, v, sums);
    }
    return v_tree(sums) / (float)width;
}

static void layer_norm(const float *x, const float *weight, const float *bias, float epsilon,
                       size_t width, float *y) {
    kn_v mean = v_set1(row_mean(x, width));
    kn_v inverse = v_set1(1.0f / sqrtf(row_variance(x, mean, width) + epsilon));
    size_t i = 0;
    for (; i + 16 <= width; i += 16) {
        kn_v v = v_mul(v_sub(v_load(x + i), mean), inverse);
        kn_v w = v_load(weight + i);
        v_store(y + i, bias ? v_fma(v, w, v_load(bias + i)) : v_mul(v, w));
    }
    if (i < width) {
        size_t rest = width - i;
        kn_v v = v_mul(v_sub(v_load_n(x + i, rest), mean), inverse);
        kn_v w = v_load_n(weight + i, rest);
        v_store_n(y + i, bias ? v_fma(v, w, v_load_n(bias + i, rest)) : v_mul(v, w), rest);
    }
}

#endif
