/*
 * Input panels with AVX-512. Tokens are converted side by side, so that the values per token
 * (largest magnitude, sum, scale) end in a vector with a lane per token, as a panel stores them.
 *
 * Guarantees: per value the arithmetic of reference.c. Maxima and sums are of integers, so their
 * order is free.
 */
#ifndef KN_PANELS_H
#define KN_PANELS_H

KN_INLINE __m512i merge_max(__m512i a, __m512i b) { return _mm512_max_epi32(a, b); }
KN_INLINE __m512i merge_sum(__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }

/*
 * Folds 16 vectors into a vector whose lane t merges all lanes of rows[t], in four halving steps:
 *   32-bit unpack   [x0+x2 y0+y2 x1+x3 y1+y3] a 128-bit lane,   then 64-bit unpack  [x y z w],
 *   then twice the even and the odd 128-bit lanes of two vectors.
 */
#define KN_FOLD(name, merge)                                                                      \
    KN_INLINE __m512i name(const __m512i *rows) {                                                 \
        __m512i a[8], b[4], c[2];                                                                 \
        for (int i = 0; i < 8; i++) {                                                             \
            a[i] = merge(_mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]),                     \
                         _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]));                    \
        }                                                                                         \
        for (int i = 0; i < 4; i++) {                                                             \
            b[i] = merge(_mm512_unpacklo_epi64(a[2 * i], a[2 * i + 1]),                           \
                         _mm512_unpackhi_epi64(a[2 * i], a[2 * i + 1]));                          \
        }                                                                                         \
        for (int i = 0; i < 2; i++) {                                                             \
            c[i] = merge(_mm512_shuffle_i32x4(b[2 * i], b[2 * i + 1], 0x88),                      \
                         _mm512_shuffle_i32x4(b[2 * i], b[2 * i + 1], 0xDD));                     \
        }                                                                                         \
        return merge(_mm512_shuffle_i32x4(c[0], c[1], 0x88),                                      \
                     _mm512_shuffle_i32x4(c[0], c[1], 0xDD));                                     \
    }
KN_FOLD(fold_max, merge_max)
KN_FOLD(fold_sum, merge_sum)

/* Transposes a 4 x 4 matrix of 128-bit lanes: out[g] lane i = in[i] lane g. */
KN_INLINE void transpose_lanes(const __m512i *in, __m512i *out) {
    __m512i even01 = _mm512_shuffle_i32x4(in[0], in[1], 0x88);
    __m512i odd01 = _mm512_shuffle_i32x4(in[0], in[1], 0xDD);
    __m512i even23 = _mm512_shuffle_i32x4(in[2], in[3], 0x88);
    __m512i odd23 = _mm512_shuffle_i32x4(in[2], in[3], 0xDD);
    out[0] = _mm512_shuffle_i32x4(even01, even23, 0x88);
    out[1] = _mm512_shuffle_i32x4(odd01, odd23, 0x88);
    out[2] = _mm512_shuffle_i32x4(even01, even23, 0xDD);
    out[3] = _mm512_shuffle_i32x4(odd01, odd23, 0xDD);
}

/* Quantises a block of 32 columns of up to n tokens (n = 4, 8, 12). Rows past `tokens` repeat the
 * last row and are not stored. */
KN_INLINE void quantise_block(const float *const *x, size_t column, uint8_t *out, size_t tokens,
                              const int n) {
    const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF), zero = _mm512_setzero_si512();
    const __mmask16 stored = v_first(tokens);
    __m512i rows[16], uppers[16];
    __m512i low[4] = {zero, zero, zero, zero}, high[4] = {zero, zero, zero, zero};
    for (int t = 0; t < 16; t++) {
        rows[t] = uppers[t] = zero;
        if (t >= n) continue;
        __m512i a = _mm512_loadu_si512(x[t] + column), b = _mm512_loadu_si512(x[t] + column + 16);
        rows[t] = _mm512_max_epi32(_mm512_and_epi32(a, magnitude), _mm512_and_epi32(b, magnitude));
    }
    __m512i bits = fold_max(rows);
    __m512 m = _mm512_castsi512_ps(bits), limit = _mm512_set1_ps(127.0f);
    __mmask16 finite = _mm512_cmplt_epi32_mask(bits, _mm512_set1_epi32(0x7F800000));
    __mmask16 live = _mm512_mask_cmp_ps_mask(finite, m, _mm512_set1_ps(KN_QUANTISE_MIN),
                                             _CMP_GE_OQ);
    __m512 scale = _mm512_maskz_div_ps(live, m, limit);
    scale = _mm512_mask_mov_ps(_mm512_set1_ps(NAN), finite, scale);
    float inverse[16];
    _mm512_storeu_ps(inverse, _mm512_maskz_div_ps(live, limit, m));
    for (int i = 0; i < n; i += 4) {
        __m512i a[4], b[4];
        for (int k = 0; k < 4; k++) {
            const float *from = x[i + k] + column;
            __m512 factor = _mm512_set1_ps(inverse[i + k]);
            __mmask16 keep = (__mmask16) - ((live >> (i + k)) & 1);
            a[k] = _mm512_maskz_cvtps_epi32(keep, _mm512_mul_ps(_mm512_loadu_ps(from), factor));
            __m512 upper = _mm512_loadu_ps(from + 16);
            b[k] = _mm512_maskz_cvtps_epi32(keep, _mm512_mul_ps(upper, factor));
            rows[i + k] = a[k];
            uppers[i + k] = b[k];
        }
        /* packing works inside 128-bit lanes: lane g = 4 bytes each of four tokens, group g */
        low[i / 4] = _mm512_packs_epi16(_mm512_packs_epi32(a[0], a[1]),
                                        _mm512_packs_epi32(a[2], a[3]));
        high[i / 4] = _mm512_packs_epi16(_mm512_packs_epi32(b[0], b[1]),
                                         _mm512_packs_epi32(b[2], b[3]));
    }
    __m512i groups[8], first = fold_sum(rows), second = fold_sum(uppers);
    transpose_lanes(low, groups);
    transpose_lanes(high, groups + 4);
    for (int g = 0; g < 8; g++) {
        _mm512_mask_storeu_epi32(out + 4 * (size_t)g * tokens, stored, groups[g]);
    }
    __m512i sums = _mm512_add_epi32(first, second);
    __m512i offset = _mm512_sub_epi32(zero, _mm512_slli_epi32(sums, 7)); /* -128 * sum */
    _mm512_mask_storeu_epi32(out + 32 * tokens, stored, offset);
    _mm512_mask_storeu_ps(out + 36 * tokens, stored, scale);
    const __m512i parts[3] = {sums, first, second};
    for (size_t i = 0; i < 3; i++) {
        __m512 scaled = _mm512_mul_ps(scale, _mm512_cvtepi32_ps(parts[i]));
        _mm512_mask_storeu_ps(out + (40 + 4 * i) * tokens, stored, scaled);
    }
}

KN_INLINE void quantise_rows(const float *x, size_t stride, size_t tokens, size_t columns,
                             uint8_t *out, const int n) {
    const float *rows[KN_PANEL_TOKENS];
    for (size_t t = 0; t < (size_t)n; t++) {
        rows[t] = x + (t < tokens ? t : tokens - 1) * stride;
    }
    for (size_t c = 0; c < columns; c += KN_BLOCK_COLUMNS) {
        quantise_block(rows, c, out, tokens, n);
        out += KN_INT8_PANEL_BLOCK_BYTES * tokens;
    }
}

KN_INLINE __m512i largest_with(__m512i largest, const float *x) {
    const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
    largest = _mm512_max_epi32(largest, _mm512_and_epi32(_mm512_loadu_si512(x), magnitude));
    return _mm512_max_epi32(largest, _mm512_and_epi32(_mm512_loadu_si512(x + 16), magnitude));
}

KN_INLINE float magnitude_of(__m512i largest) {
    int32_t bits = _mm512_reduce_max_epi32(largest);
    float m;
    memcpy(&m, &bits, 4);
    return m;
}

/* Quantises 32 values of token t, with largest magnitude m (of the block, or of the row). */
KN_INLINE void quantise_one(const float *x, float m, uint8_t *out, size_t tokens, size_t t) {
    bool finite = m < INFINITY, live = finite && m >= KN_QUANTISE_MIN;
    float scale = live ? m / 127.0f : finite ? 0.0f : NAN;
    __m512 inverse = _mm512_set1_ps(live ? 127.0f / m : 0.0f);
    __mmask16 keep = live ? 0xFFFF : 0;
    __m512i a = _mm512_maskz_cvtps_epi32(keep, _mm512_mul_ps(_mm512_loadu_ps(x), inverse));
    __m512i b = _mm512_maskz_cvtps_epi32(keep, _mm512_mul_ps(_mm512_loadu_ps(x + 16), inverse));
    int32_t first = _mm512_reduce_add_epi32(a), second = _mm512_reduce_add_epi32(b);
    int32_t offset = -128 * (first + second);
    const float sums[3] = {scale * (float)(first + second), scale * (float)first,
                           scale * (float)second};
    uint8_t bytes[32];
    _mm_storeu_si128((__m128i *)(void *)bytes, _mm512_cvtepi32_epi8(a));
    _mm_storeu_si128((__m128i *)(void *)(bytes + 16), _mm512_cvtepi32_epi8(b));
    for (size_t g = 0; g < 8; g++) memcpy(out + (g * tokens + t) * 4, bytes + 4 * g, 4);
    memcpy(out + 32 * tokens + 4 * t, &offset, 4);
    memcpy(out + 36 * tokens + 4 * t, &scale, 4);
    for (size_t i = 0; i < 3; i++) memcpy(out + (40 + 4 * i) * tokens + 4 * t, sums + i, 4);
}

static void quantise(const float *x, size_t stride, size_t tokens, size_t columns, void *panel) {
    if (tokens == 1) {
        uint8_t *out = panel;
        for (size_t c = 0; c < columns; c += KN_BLOCK_COLUMNS) {
            float m = magnitude_of(largest_with(_mm512_setzero_si512(), x + c));
            quantise_one(x + c, m, out, 1, 0);
            out += KN_INT8_PANEL_BLOCK_BYTES;
        }
    } else if (tokens <= 4) {
        quantise_rows(x, stride, tokens, columns, panel, 4);
    } else if (tokens <= 8) {
        quantise_rows(x, stride, tokens, columns, panel, 8);
    } else {
        quantise_rows(x, stride, tokens, columns, panel, 12);
    }
}

static void quantise_row(const float *x, size_t stride, size_t tokens, size_t columns,
                         void *panel) {
    for (size_t t = 0; t < tokens; t++, x += stride) {
        uint8_t *out = panel;
        __m512i largest = _mm512_setzero_si512();
        for (size_t c = 0; c < columns; c += KN_BLOCK_COLUMNS) {
            largest = largest_with(largest, x + c);
        }
        float m = magnitude_of(largest);
        if (m < KN_ROW_MAGNITUDE_MIN) m = KN_ROW_MAGNITUDE_MIN;
        for (size_t c = 0; c < columns; c += KN_BLOCK_COLUMNS) {
            quantise_one(x + c, m, out, tokens, t);
            out += KN_INT8_PANEL_BLOCK_BYTES * tokens;
        }
    }
}

/* Turns up to 16 columns of `tokens` rows into runs of `tokens` values. */
KN_INLINE void interleave_columns(const float *x, size_t stride, size_t tokens, size_t columns,
                                  float *out) {
    __m512i r[16], t[16];
    const __mmask16 stored = v_first(tokens), valid = v_first(columns);
    for (size_t i = 0; i < 16; i++) {
        r[i] = _mm512_setzero_si512();
        if (i < tokens) r[i] = _mm512_maskz_loadu_epi32(valid, x + i * stride);
    }
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    /* r[4i + j], 128-bit lane q: column 4q + j of rows 4i .. 4i + 3 */
    for (size_t j = 0; j < 4; j++) {
        const __m512i in[4] = {r[j], r[4 + j], r[8 + j], r[12 + j]};
        transpose_lanes(in, t + 4 * j);
    }
    for (size_t c = 0; c < 16 && c < columns; c++) {
        _mm512_mask_storeu_epi32(out + c * tokens, stored, t[4 * (c % 4) + c / 4]);
    }
}

static void interleave(const float *x, size_t stride, size_t tokens, size_t columns, void *panel) {
    float *out = panel;
    for (size_t c = 0; c < columns; c += 16) {
        interleave_columns(x + c, stride, tokens, columns - c < 16 ? columns - c : 16,
                           out + c * tokens);
    }
}

#endif
