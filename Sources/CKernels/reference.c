/*
 * The scalar table: the meaning of every operation, rounding by rounding.
 *
 * Guarantees: plain C11, runs on any machine. fmaf is the fused operation, and contraction of
 * a * b + c is off, so that the compiler adds no fusion. The SIMD variants are compared with the
 * scalar table bit for bit.
 * Does not: try to be fast.
 */
#include "units.h"

#pragma STDC FP_CONTRACT OFF

/* ---- int8 panels ---- */

static float largest_magnitude(const float *x, size_t count) {
    int32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t bits;
        memcpy(&bits, x + i, 4);
        bits &= 0x7FFFFFFF; /* the bits of |x| order like |x|, with NaN above Inf */
        if (bits > largest) largest = bits;
    }
    return kn_float_of(largest);
}

/* Quantises 32 values of token t, with largest magnitude m (of the block, or of the row). */
static void quantise_block(const float *x, float m, uint8_t *out, size_t tokens, size_t t) {
    bool finite = m < INFINITY, live = finite && m >= KN_QUANTISE_MIN;
    float inverse = live ? 127.0f / m : 0.0f;
    float scale = live ? m / 127.0f : finite ? 0.0f : NAN;
    int32_t half[2] = {0, 0};
    for (size_t i = 0; i < KN_BLOCK_COLUMNS; i++) {
        int8_t byte = live ? (int8_t)rintf(x[i] * inverse) : 0;
        memcpy(out + kn_group_at(KN_BYTES, i / 4, tokens, t) + i % 4, &byte, 1);
        half[i / 16] += byte;
    }
    kn_panel_store_parts(out, KN_BYTES, tokens, t, scale, half[0], half[1]);
}

static void quantise(const float *x, size_t stride, size_t tokens, size_t columns, void *panel) {
    uint8_t *out = panel;
    for (size_t c = 0; c < columns; c += KN_BLOCK_COLUMNS) {
        for (size_t t = 0; t < tokens; t++) {
            const float *block = x + t * stride + c;
            quantise_block(block, largest_magnitude(block, KN_BLOCK_COLUMNS), out, tokens, t);
        }
        out += KN_BYTES_BLOCK * tokens;
    }
}

static void quantise_row(const float *x, size_t stride, size_t tokens, size_t columns,
                         void *panel) {
    for (size_t t = 0; t < tokens; t++) {
        uint8_t *out = panel;
        float m = largest_magnitude(x + t * stride, columns);
        if (m < KN_ROW_MAGNITUDE_MIN) m = KN_ROW_MAGNITUDE_MIN;
        for (size_t c = 0; c < columns; c += KN_BLOCK_COLUMNS) {
            quantise_block(x + t * stride + c, m, out, tokens, t);
            out += KN_BYTES_BLOCK * tokens;
        }
    }
}

static void interleave(const float *x, size_t stride, size_t tokens, size_t columns, void *panel) {
    float *out = panel;
    for (size_t c = 0; c < columns; c++) {
        for (size_t t = 0; t < tokens; t++) out[c * tokens + t] = x[t * stride + c];
    }
}

static const kn_panels floats = {KN_PANEL_TOKENS, 1, sizeof(float), interleave};
static const kn_panels bytes = {KN_PANEL_TOKENS, KN_BLOCK_COLUMNS, KN_BYTES_BLOCK, quantise};
static const kn_panels row_bytes = {KN_PANEL_TOKENS, KN_BLOCK_COLUMNS, KN_BYTES_BLOCK,
                                    quantise_row};

/* ---- products ---- */

static float float_weight(kn_tile_kind kind, const void *tile, size_t column, size_t row) {
    size_t i = column * KN_TILE_ROWS + row;
    float value;
    uint32_t bits;
    switch (kind) {
    case KN_TILE_F32: return ((const float *)tile)[i];
    case KN_TILE_F16: return kn_f16_to_f32(((const uint16_t *)tile)[i]);
    default:
        bits = (uint32_t)((const uint16_t *)tile)[i] << 16;
        memcpy(&value, &bits, 4);
        return value;
    }
}

static float float_sum(const kn_product *p, const void *tile, size_t row, const float *panel,
                       size_t tokens, size_t t) {
    float sum[2] = {0, 0};
    for (size_t c = 0; c < p->columns; c++) {
        float weight = float_weight(p->kind, tile, c, row);
        sum[c & 1] = fmaf(weight, panel[c * tokens + t], sum[c & 1]);
    }
    return sum[0] + sum[1];
}

/* Byte of a weight in a block of a Q8 or Q4 tile: weight + 128, for Q4 16 * weight + 128. */
static int32_t int8_weight(kn_tile_kind kind, const uint8_t *weights, size_t column, size_t row) {
    if (kind == KN_TILE_Q8) return weights[(column / 4) * 64 + 4 * row + column % 4];
    uint8_t two = weights[(column / 8) * 64 + 4 * row + column % 4];
    return (column % 8 < 4 ? two & 15 : two >> 4) * 16;
}

static float int8_sum(const kn_product *p, const uint8_t *tile, size_t row, const uint8_t *panel,
                      size_t tokens, size_t t) {
    size_t blocks = p->columns / KN_BLOCK_COLUMNS, weight_bytes = p->kind == KN_TILE_Q8 ? 512 : 256;
    float factor = p->kind == KN_TILE_Q8 ? 1.0f : 0.0625f, acc = 0;
    for (size_t b = 0; b < blocks; b++, panel += KN_BYTES_BLOCK * tokens) {
        const uint8_t *weights = tile + kn_weights_at(b, weight_bytes);
        int32_t sum = kn_panel_offset(panel, KN_BYTES, tokens, t);
        float scale = kn_panel_float(panel, KN_BYTES, KN_PANEL_SCALE, tokens, t);
        float weight_scale =
            kn_f16_to_f32(kn_f16_at(tile + kn_scales_at(b, blocks, weight_bytes) + 2 * row));
        for (size_t c = 0; c < KN_BLOCK_COLUMNS; c++) {
            sum += int8_weight(p->kind, weights, c, row) * kn_panel_byte(panel, c, tokens, t);
        }
        acc = fmaf((float)sum, (weight_scale * factor) * scale, acc);
    }
    return acc;
}

/* ---- products of unit tiles ---- */

/* Adds a unit of `blocks` blocks, with int8 input, to the chain of every token. */
static void add_int8_unit(kn_tile_kind kind, const kn_unit *unit, size_t blocks,
                          const uint8_t *panel, size_t tokens, float *acc) {
    const size_t group_columns = kn_shapes[kind].group_columns;
    for (size_t c = 0; c < blocks * KN_BLOCK_COLUMNS; c += group_columns) {
        const uint8_t *block = panel + c / KN_BLOCK_COLUMNS * KN_BYTES_BLOCK * tokens;
        const size_t start = c % KN_BLOCK_COLUMNS;
        const kn_panel_part sum_part = group_columns == KN_BLOCK_COLUMNS ? KN_PANEL_SUM
                                       : start == 0                      ? KN_PANEL_SUM_FIRST
                                                                         : KN_PANEL_SUM_SECOND;
        float scale, low;
        kn_unit_factors(kind, unit, c / group_columns, &scale, &low);
        for (size_t t = 0; t < tokens; t++) {
            int32_t sum = 0;
            float token_scale = kn_panel_float(block, KN_BYTES, KN_PANEL_SCALE, tokens, t);
            for (size_t i = start; i < start + group_columns; i++) {
                sum += kn_unit_q(kind, unit, c - start + i) * kn_panel_byte(block, i, tokens, t);
            }
            acc[t] = fmaf((float)sum, scale * token_scale, acc[t]);
            acc[t] = fmaf(low, kn_panel_float(block, KN_BYTES, sum_part, tokens, t), acc[t]);
        }
    }
}

/* Adds a ternary unit, with int8 input of a scale per row, as a single sum for the whole unit. */
static void add_row_unit(const kn_unit *unit, size_t columns, const uint8_t *panel, size_t tokens,
                         float *acc) {
    for (size_t t = 0; t < tokens; t++) {
        int32_t sum = 0;
        float token_scale = kn_panel_float(panel, KN_BYTES, KN_PANEL_SCALE, tokens, t);
        for (size_t c = 0; c < columns; c++) {
            const uint8_t *block = panel + c / KN_BLOCK_COLUMNS * KN_BYTES_BLOCK * tokens;
            sum += (unit->q[c] - 1) * kn_panel_byte(block, c % KN_BLOCK_COLUMNS, tokens, t);
        }
        acc[t] = fmaf((float)sum, unit->whole * token_scale, acc[t]);
    }
}

/* Adds a ternary unit, with float input. */
static void add_float_unit(const kn_unit *unit, size_t columns, const float *panel, size_t tokens,
                           float *acc) {
    for (size_t t = 0; t < tokens; t++) {
        float sum[2] = {0, 0};
        for (size_t c = 0; c < columns; c++) {
            float weight = (float)(unit->q[c] - 1);
            sum[c & 1] = fmaf(weight, panel[c * tokens + t], sum[c & 1]);
        }
        acc[t] = fmaf(sum[0] + sum[1], unit->whole, acc[t]);
    }
}

/* Multiplies a row of a unit tile with the tokens of a panel. */
static void unit_sums(const kn_product *p, const uint8_t *tile, size_t row, const uint8_t *panel,
                      size_t tokens, float *acc) {
    const size_t blocks = p->columns / KN_BLOCK_COLUMNS;
    const bool is_float = p->input == KN_INPUT_FLOAT;
    const bool is_row = p->kind == KN_TILE_TERNARY && p->input == KN_INPUT_INT8_ROW;
    const size_t block_bytes = is_float ? KN_BLOCK_COLUMNS * 4 : KN_BYTES_BLOCK;
    kn_unit unit;
    for (size_t t = 0; t < tokens; t++) acc[t] = 0;
    for (size_t block = 0; block < blocks;) {
        size_t n = kn_blocks_of_unit(block, blocks);
        kn_unit_load(p->kind, tile, n, row, &unit);
        if (is_float) {
            add_float_unit(&unit, n * KN_BLOCK_COLUMNS, (const float *)(const void *)panel, tokens,
                           acc);
        } else if (is_row) {
            add_row_unit(&unit, n * KN_BLOCK_COLUMNS, panel, tokens, acc);
        } else {
            add_int8_unit(p->kind, &unit, n, panel, tokens, acc);
        }
        tile += kn_unit_bytes(p->kind, n);
        panel += n * block_bytes * tokens;
        block += n;
    }
}

static void multiply(const kn_product *p, size_t tile0, size_t tile1, const void *input,
                     size_t tokens, size_t panel0, size_t panel1) {
    size_t tile_bytes = kn_tile_bytes(p->kind, p->columns);
    bool is_int8 = p->input != KN_INPUT_FLOAT;
    const kn_panels *panels = is_int8 ? &bytes : &floats;
    for (size_t i = panel0; i < panel1; i++) {
        size_t start = kn_panel_start(panels, tokens, i);
        size_t size = kn_panel_start(panels, tokens, i + 1) - start;
        const uint8_t *panel =
            (const uint8_t *)input + start * kn_panel_token_bytes(panels, p->columns);
        size_t end = tile1 * KN_TILE_ROWS < p->rows ? tile1 * KN_TILE_ROWS : p->rows;
        for (size_t row = tile0 * KN_TILE_ROWS; row < end; row++) {
            const uint8_t *tile = (const uint8_t *)p->tiles + row / KN_TILE_ROWS * tile_bytes;
            size_t r = row % KN_TILE_ROWS;
            float sums[KN_PANEL_TOKENS];
            if (kn_is_unit_kind(p->kind)) unit_sums(p, tile, r, panel, size, sums);
            for (size_t t = 0; t < size; t++) {
                if (!kn_is_unit_kind(p->kind)) {
                    sums[t] = is_int8 ? int8_sum(p, tile, r, panel, size, t)
                                      : float_sum(p, tile, r, (const float *)(const void *)panel,
                                                  size, t);
                }
                kn_store_sum(p, start + t, row, sums[t]);
            }
        }
    }
}

/* ---- element-wise ---- */

static float tree(float lanes[16]) {
    for (size_t half = 8; half > 0; half /= 2) {
        for (size_t i = 0; i < half; i++) lanes[i] = lanes[i] + lanes[i + half];
    }
    return lanes[0];
}

static void rms_norm(const float *x, const float *weight, float epsilon, size_t width, float *y) {
    float lanes[16] = {0};
    for (size_t i = 0; i < width; i++) lanes[i % 16] = fmaf(x[i], x[i], lanes[i % 16]);
    float inverse = 1.0f / sqrtf(tree(lanes) / (float)width + epsilon);
    for (size_t i = 0; i < width; i++) {
        float normal = x[i] * inverse;
        y[i] = weight ? normal * weight[i] : normal;
    }
}

static void layer_norm(const float *x, const float *weight, const float *bias, float epsilon,
                       size_t width, float *y) {
    float sums[16] = {0}, squares[16] = {0};
    for (size_t i = 0; i < width; i++) sums[i % 16] = sums[i % 16] + x[i];
    float mean = tree(sums) / (float)width;
    for (size_t i = 0; i < width; i++) {
        float centred = x[i] - mean;
        squares[i % 16] = fmaf(centred, centred, squares[i % 16]);
    }
    float inverse = 1.0f / sqrtf(tree(squares) / (float)width + epsilon);
    for (size_t i = 0; i < width; i++) {
        float normal = (x[i] - mean) * inverse;
        y[i] = bias ? fmaf(normal, weight[i], bias[i]) : normal * weight[i];
    }
}

static void rope(float *x, kn_rope_style style, size_t rotary, const float *cosines,
                 const float *sines) {
    for (size_t i = 0; i < rotary / 2; i++) {
        size_t first = style == KN_ROPE_INTERLEAVED ? 2 * i : i;
        size_t second = style == KN_ROPE_INTERLEAVED ? 2 * i + 1 : i + rotary / 2;
        float a = x[first], b = x[second];
        x[first] = fmaf(a, cosines[i], -(b * sines[i]));
        x[second] = fmaf(b, cosines[i], a * sines[i]);
    }
}

static float exp_one(float x) {
    if (x < KN_EXP_MIN) return 0.0f;
    if (x > KN_EXP_MAX) return INFINITY;
    if (x != x) return x;
    float n = rintf(x * KN_LOG2_E);
    float r = fmaf(n, -KN_LN2_LOW, fmaf(n, -KN_LN2_HIGH, x));
    float p = fmaf(r, KN_EXP_C6, KN_EXP_C5);
    p = fmaf(r, p, KN_EXP_C4);
    p = fmaf(r, p, KN_EXP_C3);
    p = fmaf(r, p, KN_EXP_C2);
    p = fmaf(r * r, p, r) + 1.0f;
    uint32_t bits = (uint32_t)((int32_t)n + 127) << 23; /* 2^n, n in -126..127 */
    float power;
    memcpy(&power, &bits, 4);
    return p * power;
}

static float activate(kn_activation act, float x) {
    switch (act) {
    case KN_SILU: return x / (1.0f + exp_one(-x));
    case KN_GELU: {
        float u = KN_GELU_SCALE * fmaf(KN_GELU_CUBE * x * x, x, x);
        return x / (1.0f + exp_one(-2.0f * u));
    }
    default: {
        float m = 0.0f > x ? 0.0f : x;
        return m * m;
    }
    }
}

static void gate(kn_activation act, const float *g, const float *up, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        float value = activate(act, g[i]);
        out[i] = up ? value * up[i] : value;
    }
}

static void add(const float *a, size_t count, float *b) {
    for (size_t i = 0; i < count; i++) b[i] = b[i] + a[i];
}

static void exp_all(const float *x, size_t count, float *y) {
    for (size_t i = 0; i < count; i++) y[i] = exp_one(x[i]);
}

/* ---- attention ---- */

static void attend_row(const kn_attend *a, size_t row) {
    float *s = a->scores, largest = -INFINITY, lanes[16] = {0};
    const float *q = a->q[row];
    float *out = a->out[row];
    size_t length = a->length[row], width = (a->value_length + 15) / 16 * 16;
    for (size_t p = 0; p < length; p++) {
        const float *key = a->keys + (size_t)a->pages[p / 16] * a->key_page_stride + p % 16;
        float acc = 0;
        for (size_t d = 0; d < a->key_length; d++) acc = fmaf(q[d], key[16 * d], acc);
        s[p] = acc * a->scale;
        largest = largest > s[p] ? largest : s[p];
    }
    for (size_t p = 0; p < length; p++) {
        s[p] = exp_one(s[p] - largest);
        lanes[p % 16] = lanes[p % 16] + s[p];
    }
    float inverse = 1.0f / tree(lanes);
    for (size_t d = 0; d < a->value_length; d++) {
        float acc = 0;
        for (size_t p = 0; p < length; p++) {
            size_t page = (size_t)a->pages[p / 16];
            acc = fmaf(s[p], a->values[page * a->value_page_stride + p % 16 * width + d], acc);
        }
        out[d] = acc * inverse;
    }
}

static void attend(const kn_attend *a) {
    for (size_t row = 0; row < a->rows; row++) attend_row(a, row);
}

const kn_ops kn_scalar_ops = {
    .name = "scalar",
    .product = {[0 ... KN_TILE_KINDS - 1] = {[KN_INPUT_FLOAT] = {multiply, &floats},
                                             [KN_INPUT_INT8] = {multiply, &bytes},
                                             [KN_INPUT_INT8_ROW] = {multiply, &row_bytes}}},
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .rope = rope,
    .gate = gate,
    .add = add,
    .exp = exp_all,
    .attend = attend,
};
