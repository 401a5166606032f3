/*
 * Attention over the lanes of the including file: scores with a lane per position, values with a
 * lane per dimension.
 *
 * Guarantees: each (row, position) score and each (row, dimension) output is a chain in the order
 * of reference.c. Taking several rows and pages together shares loads and changes no result. Page
 * contents behind a row's length never reach the row's result.
 */
#ifndef KN_LANES_ATTEND_H
#define KN_LANES_ATTEND_H

/* Stores the scores of rows [row, row + n) against `count` pages from `page` on. */
KN_INLINE void score_pages(const kn_attend *a, size_t row, const int n, size_t page,
                           const int count) {
    kn_v acc[KN_ROW_GROUP][4];
    const float *keys[4];
    for (int i = 0; i < count; i++) {
        keys[i] = a->keys + (size_t)a->pages[page + i] * a->key_page_stride;
        for (int r = 0; r < n; r++) acc[r][i] = v_zero();
    }
    for (size_t d = 0; d < a->key_length; d++) {
        for (int i = 0; i < count; i++) {
            kn_v key = v_load(keys[i] + 16 * d);
            for (int r = 0; r < n; r++) acc[r][i] = v_fma(v_set1(a->q[row + r][d]), key, acc[r][i]);
        }
    }
    kn_v scale = v_set1(a->scale);
    for (int r = 0; r < n; r++) {
        float *scores = a->scores + (row + r) * a->score_stride;
        for (int i = 0; i < count; i++) v_store(scores + 16 * (page + i), v_mul(acc[r][i], scale));
    }
}

/* Stores the scores of rows [row, row + n) against all pages. With few rows, takes several pages
 * together to keep enough chains in flight. */
KN_INLINE void score_rows(const kn_attend *a, size_t row, const int n, size_t pages) {
    const int together = n == 1 ? 4 : n * 2 <= KN_ROW_GROUP ? 2 : 1;
    size_t page = 0;
    for (; page + together <= pages; page += together) score_pages(a, row, n, page, together);
    for (; page < pages; page++) score_pages(a, row, n, page, 1);
}

/* Replaces scores by e^(score - largest), with zeros behind the length. Returns 1 / the sum. */
static float soften(float *scores, size_t length) {
    size_t whole = length / 16 * 16, rest = length - whole;
    kn_v largest = v_set1(-INFINITY), sums = v_zero();
    for (size_t p = 0; p < whole; p += 16) largest = v_max(largest, v_load(scores + p));
    if (rest) largest = v_max(largest, v_keep_n(v_load(scores + whole), rest, -INFINITY));
    kn_v top = v_set1(v_largest(largest));
    for (size_t p = 0; p < whole; p += 16) {
        kn_v e = v_exp(v_sub(v_load(scores + p), top));
        v_store(scores + p, e);
        sums = v_add(sums, e);
    }
    if (rest) {
        kn_v e = v_keep_n(v_exp(v_sub(v_load(scores + whole), top)), rest, 0.0f);
        v_store(scores + whole, e);
        sums = v_add(sums, e);
    }
    return 1.0f / v_tree(sums);
}

/* Address of the value vectors of a position. */
KN_INLINE const float *value_at(const kn_attend *a, size_t position, size_t width) {
    return a->values + (size_t)a->pages[position / 16] * a->value_page_stride +
           position % 16 * width;
}

/* Computes outputs [16*vector, 16*(vector+count)) of rows [row, row + n). All rows attend to the
 * first `common` positions together. Each row continues its chains alone from there. */
KN_INLINE void mix_vectors(const kn_attend *a, size_t row, const int n, size_t vector,
                           const int count, size_t common, const float *inverses) {
    kn_v acc[KN_ROW_GROUP][KN_VALUE_LANES];
    const float *weights[KN_ROW_GROUP];
    size_t width = (a->value_length + 15) / 16 * 16;
    for (int r = 0; r < n; r++) {
        weights[r] = a->scores + (row + r) * a->score_stride;
        for (int i = 0; i < count; i++) acc[r][i] = v_zero();
    }
    for (size_t p = 0; p < common;) {
        const float *value = value_at(a, p, width) + 16 * vector;
        size_t end = p + 16 < common ? p + 16 : common;
        for (; p < end; p++, value += width) {
            for (int i = 0; i < count; i++) {
                kn_v v = v_load(value + 16 * i);
                for (int r = 0; r < n; r++) acc[r][i] = v_fma(v_set1(weights[r][p]), v, acc[r][i]);
            }
        }
    }
    for (int r = 0; r < n; r++) {
        for (size_t p = common; p < a->length[row + r]; p++) {
            const float *value = value_at(a, p, width) + 16 * vector;
            for (int i = 0; i < count; i++) {
                acc[r][i] = v_fma(v_set1(weights[r][p]), v_load(value + 16 * i), acc[r][i]);
            }
        }
        for (int i = 0; i < count; i++) {
            size_t d = 16 * (vector + (size_t)i), left = a->value_length - d;
            kn_v result = v_mul(acc[r][i], v_set1(inverses[row + r]));
            if (left >= 16) v_store(a->out[row + r] + d, result);
            else v_store_n(a->out[row + r] + d, result, left);
        }
    }
}

/* Mixes `count` vectors at a time while enough are left, if the sums fit in registers. Returns the
 * next vector. */
KN_INLINE size_t mix_while(const kn_attend *a, size_t row, const int n, size_t vector,
                           const int count, size_t common, const float *inverses) {
    size_t vectors = (a->value_length + 15) / 16;
    if (count > 1 && count * n > KN_VALUE_LANES) return vector;
    for (; vector + (size_t)count <= vectors; vector += (size_t)count) {
        mix_vectors(a, row, n, vector, count, common, inverses);
    }
    return vector;
}

KN_INLINE void attend_rows(const kn_attend *a, size_t row, const int n) {
    size_t longest = 0, common = SIZE_MAX, vector = 0;
    float inverses[KN_ATTEND_ROWS];
    for (int r = 0; r < n; r++) {
        size_t length = a->length[row + r];
        longest = length > longest ? length : longest;
        common = length < common ? length : common;
    }
    score_rows(a, row, n, (longest + 15) / 16);
    for (int r = 0; r < n; r++) {
        inverses[row + r] = soften(a->scores + (row + r) * a->score_stride, a->length[row + r]);
    }
    vector = mix_while(a, row, n, vector, 8, common, inverses);
    vector = mix_while(a, row, n, vector, 4, common, inverses);
    vector = mix_while(a, row, n, vector, 2, common, inverses);
    mix_while(a, row, n, vector, 1, common, inverses);
}

static void attend(const kn_attend *a) {
    for (size_t row = 0; row < a->rows; row += KN_ROW_GROUP) {
        size_t left = a->rows - row;
        switch (left < KN_ROW_GROUP ? left : KN_ROW_GROUP) {
        case 1: attend_rows(a, row, 1); break;
        case 2: attend_rows(a, row, 2); break;
        case 3: attend_rows(a, row, 3); break;
#if KN_WIDE_ROWS
        case 4: attend_rows(a, row, 4); break;
        case 5: attend_rows(a, row, 5); break;
        case 6: attend_rows(a, row, 6); break;
        case 7: attend_rows(a, row, 7); break;
        default: attend_rows(a, row, 8);
#else
        default: attend_rows(a, row, 4);
#endif
        }
    }
}

#endif
