/*
 * Element-wise operations and products with float tiles, over the lanes of the including file.
 *
 * Guarantees: the rounding sequence of reference.c, lane for lane. A partial vector is loaded with
 * zeros behind its end, so that the spare lanes add nothing to a sum.
 */
#ifndef KN_LANES_OPS_H
#define KN_LANES_OPS_H

KN_INLINE kn_v v_exp(kn_v x) {
    kn_v n = v_round(v_mul(x, v_set1(KN_LOG2_E)));
    kn_v r = v_fma(n, v_set1(-KN_LN2_LOW), v_fma(n, v_set1(-KN_LN2_HIGH), x));
    kn_v p = v_fma(r, v_set1(KN_EXP_C6), v_set1(KN_EXP_C5));
    p = v_fma(r, p, v_set1(KN_EXP_C4));
    p = v_fma(r, p, v_set1(KN_EXP_C3));
    p = v_fma(r, p, v_set1(KN_EXP_C2));
    p = v_add(v_fma(v_mul(r, r), p, r), v_set1(1.0f));
    p = v_mul(p, v_power_of_two(n));
    p = v_if_less(x, v_set1(KN_EXP_MIN), v_zero(), p);
    return v_if_less(v_set1(KN_EXP_MAX), x, v_set1(INFINITY), p);
}

static void exp_all(const float *x, size_t count, float *y) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) v_store(y + i, v_exp(v_load(x + i)));
    if (i < count) v_store_n(y + i, v_exp(v_load_n(x + i, count - i)), count - i);
}

static void rms_norm(const float *x, const float *weight, float epsilon, size_t width, float *y) {
    kn_v sums = v_zero();
    size_t i = 0, whole = width / 16 * 16, rest = width - whole;
    for (; i < whole; i += 16) {
        kn_v v = v_load(x + i);
        sums = v_fma(v, v, sums);
    }
    if (rest) {
        kn_v v = v_load_n(x + whole, rest);
        sums = v_fma(v, v, sums);
    }
    kn_v inverse = v_set1(1.0f / sqrtf(v_tree(sums) / (float)width + epsilon));
    for (i = 0; i < whole; i += 16) {
        kn_v v = v_mul(v_load(x + i), inverse);
        v_store(y + i, weight ? v_mul(v, v_load(weight + i)) : v);
    }
    if (rest) {
        kn_v v = v_mul(v_load_n(x + whole, rest), inverse);
        v_store_n(y + whole, weight ? v_mul(v, v_load_n(weight + whole, rest)) : v, rest);
    }
}

static void rope(float *x, kn_rope_style style, size_t rotary, const float *cosines,
                 const float *sines) {
    size_t half = rotary / 2;
    if (style == KN_ROPE_INTERLEAVED) {
        for (size_t i = 0; i < half; i += 8) {
            size_t pairs = half - i < 8 ? half - i : 8;
            kn_v v = v_load_n(x + 2 * i, 2 * pairs);
            kn_v turned = v_mul(v_swap_pairs(v), v_load_doubled(sines + i, pairs));
            kn_v result = v_fmaddsub(v, v_load_doubled(cosines + i, pairs), turned);
            v_store_n(x + 2 * i, result, 2 * pairs);
        }
        return;
    }
    for (size_t i = 0; i < half; i += 16) {
        size_t n = half - i < 16 ? half - i : 16;
        kn_v a = v_load_n(x + i, n), b = v_load_n(x + half + i, n);
        kn_v c = v_load_n(cosines + i, n), s = v_load_n(sines + i, n);
        v_store_n(x + i, v_fma(a, c, v_negate(v_mul(b, s))), n);
        v_store_n(x + half + i, v_fma(b, c, v_mul(a, s)), n);
    }
}

KN_INLINE kn_v v_activate(kn_activation act, kn_v x) {
    kn_v one = v_set1(1.0f);
    if (act == KN_SILU) return v_div(x, v_add(one, v_exp(v_negate(x))));
    if (act == KN_GELU) {
        kn_v square = v_mul(v_mul(v_set1(KN_GELU_CUBE), x), x);
        kn_v u = v_mul(v_set1(KN_GELU_SCALE), v_fma(square, x, x));
        return v_div(x, v_add(one, v_exp(v_mul(v_set1(-2.0f), u))));
    }
    kn_v m = v_max(v_zero(), x);
    return v_mul(m, m);
}

KN_INLINE void gate_with(kn_activation act, const float *g, const float *up, size_t count,
                         float *out) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        kn_v v = v_activate(act, v_load(g + i));
        v_store(out + i, up ? v_mul(v, v_load(up + i)) : v);
    }
    if (i < count) {
        kn_v v = v_activate(act, v_load_n(g + i, count - i));
        v_store_n(out + i, up ? v_mul(v, v_load_n(up + i, count - i)) : v, count - i);
    }
}

static void gate(kn_activation act, const float *g, const float *up, size_t count, float *out) {
    switch (act) {
    case KN_SILU: gate_with(KN_SILU, g, up, count, out); break;
    case KN_GELU: gate_with(KN_GELU, g, up, count, out); break;
    default: gate_with(KN_RELU_SQUARED, g, up, count, out);
    }
}

static void add(const float *a, size_t count, float *b) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) v_store(b + i, v_add(v_load(b + i), v_load(a + i)));
    if (i < count) {
        kn_v sum = v_add(v_load_n(b + i, count - i), v_load_n(a + i, count - i));
        v_store_n(b + i, sum, count - i);
    }
}

/* ---- products with float tiles ---- */

/* Adds the bias, accumulates, and stores 16 (or the last few) finished sums of a token. */
KN_INLINE void store_sums(const kn_product *p, size_t token, size_t row, kn_v sum) {
    float *out = p->out + token * p->out_stride + row;
    size_t n = p->rows - row;
    if (n >= 16) {
        if (p->bias) sum = v_add(sum, v_load(p->bias + row));
        if (p->accumulate) sum = v_add(v_load(out), sum);
        v_store(out, sum);
    } else {
        if (p->bias) sum = v_add(sum, v_load_n(p->bias + row, n));
        if (p->accumulate) sum = v_add(v_load_n(out, n), sum);
        v_store_n(out, sum, n);
    }
}

KN_INLINE kn_v load_column(kn_tile_kind kind, const uint8_t *tile, size_t column) {
    if (kind == KN_TILE_F32) return v_load((const float *)(const void *)tile + 16 * column);
    const uint8_t *p = tile + 32 * column;
    return kind == KN_TILE_F16 ? v_load_f16(p) : v_load_bf16(p);
}

/* Adds a block of 32 columns of a ternary tile to the two chains of each token. */
KN_INLINE void ternary_block(const uint8_t *plane, const float *x, size_t panel_tokens,
                             const int n, kn_v *even, kn_v *odd) {
    for (size_t v = 0; v < 2; v++) {
        for (unsigned c = 0; c < 16; c += 2, x += 2 * panel_tokens) {
            unsigned shift = 8 * (c % 4) + 2 * (c / 4); /* byte k, pair j of the row's 32 bits */
            kn_v w0 = v_load_pair_less_one(plane + 64 * v, shift);
            kn_v w1 = v_load_pair_less_one(plane + 64 * v, shift + 8);
            for (int t = 0; t < n; t++) {
                even[t] = v_fma(w0, v_set1(x[t]), even[t]);
                odd[t] = v_fma(w1, v_set1(x[panel_tokens + t]), odd[t]);
            }
        }
    }
}

/* Multiplies a ternary tile with n tokens of a float panel. x points at the first token. */
KN_INLINE void ternary_tile(const kn_product *p, size_t tile, const float *x, size_t panel_tokens,
                            size_t token, const int n) {
    const kn_tile_kind kind = KN_TILE_TERNARY;
    const size_t blocks = p->columns / KN_BLOCK_COLUMNS;
    const uint8_t *at = (const uint8_t *)p->tiles + tile * kn_tile_bytes(kind, p->columns);
    kn_v acc[KN_TOKEN_GROUP], even[KN_TOKEN_GROUP], odd[KN_TOKEN_GROUP];
    for (int t = 0; t < n; t++) acc[t] = v_zero();
    for (size_t first = 0; first < blocks; first += 8) {
        size_t count = kn_blocks_of_unit(first, blocks);
        kn_v scale = v_load((const float *)(const void *)at);
        at += kn_factor_bytes(kind, count);
        for (int t = 0; t < n; t++) even[t] = odd[t] = v_zero();
        for (size_t b = 0; b < count; b++, at += kn_plane_bytes(kind)) {
            ternary_block(at, x, panel_tokens, n, even, odd);
            x += KN_BLOCK_COLUMNS * panel_tokens;
        }
        for (int t = 0; t < n; t++) acc[t] = v_fma(v_add(even[t], odd[t]), scale, acc[t]);
    }
    for (int t = 0; t < n; t++) store_sums(p, token + (size_t)t, tile * 16, acc[t]);
}

/* Multiplies `tiles` (1 or 2) neighbouring tiles with n tokens of a panel. x points at the first
 * token. */
KN_INLINE void float_tile(const kn_product *p, kn_tile_kind kind, size_t tile, const int tiles,
                          const float *x, size_t panel_tokens, size_t token, const int n) {
    if (kind == KN_TILE_TERNARY) {
        for (int i = 0; i < tiles; i++) {
            ternary_tile(p, tile + (size_t)i, x, panel_tokens, token, n);
        }
        return;
    }
    kn_v even[2][KN_TOKEN_GROUP], odd[2][KN_TOKEN_GROUP];
    size_t tile_bytes = kn_tile_bytes(kind, p->columns), columns = p->columns, c = 0;
    const uint8_t *first = (const uint8_t *)p->tiles + tile * tile_bytes;
    for (int i = 0; i < tiles; i++) {
        for (int t = 0; t < n; t++) even[i][t] = odd[i][t] = v_zero();
    }
    for (; c + 2 <= columns; c += 2, x += 2 * panel_tokens) {
        for (int i = 0; i < tiles; i++) {
            kn_v w0 = load_column(kind, first + i * tile_bytes, c);
            kn_v w1 = load_column(kind, first + i * tile_bytes, c + 1);
            for (int t = 0; t < n; t++) {
                even[i][t] = v_fma(w0, v_set1(x[t]), even[i][t]);
                odd[i][t] = v_fma(w1, v_set1(x[panel_tokens + t]), odd[i][t]);
            }
        }
    }
    for (int i = 0; i < tiles; i++) {
        for (int t = 0; t < n; t++) {
            if (c < columns) {
                kn_v w = load_column(kind, first + i * tile_bytes, c);
                even[i][t] = v_fma(w, v_set1(x[t]), even[i][t]);
            }
            store_sums(p, token + t, (tile + i) * 16, v_add(even[i][t], odd[i][t]));
        }
    }
}

#endif
