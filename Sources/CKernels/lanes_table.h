/*
 * The end of each SIMD file: a product per tile kind, made from the file's `float_product` and
 * `int8_product`, and the table of operations. The file defines KN_TABLE and KN_TABLE_NAME first.
 * A new tile kind is thus listed once for all instruction sets.
 */
#define KN_PRODUCT(name, body, kind)                                                              \
    static void name(const kn_product *p, size_t tile0, size_t tile1, const void *panels,         \
                     size_t tokens, size_t panel0, size_t panel1) {                               \
        body(kind, p, tile0, tile1, panels, tokens, panel0, panel1);                              \
    }
KN_PRODUCT(product_f32, float_product, KN_TILE_F32)
KN_PRODUCT(product_f16, float_product, KN_TILE_F16)
KN_PRODUCT(product_bf16, float_product, KN_TILE_BF16)
KN_PRODUCT(product_q8, int8_product, KN_TILE_Q8)
KN_PRODUCT(product_q4, int8_product, KN_TILE_Q4)
KN_PRODUCT(product_q4_low, int8_product, KN_TILE_Q4_LOW)
KN_PRODUCT(product_q5, int8_product, KN_TILE_Q5)
KN_PRODUCT(product_q5_low, int8_product, KN_TILE_Q5_LOW)
KN_PRODUCT(product_q2_s, int8_product, KN_TILE_Q2_S)
KN_PRODUCT(product_q3_s, int8_product, KN_TILE_Q3_S)
KN_PRODUCT(product_q4_s, int8_product, KN_TILE_Q4_S)
KN_PRODUCT(product_q5_s, int8_product, KN_TILE_Q5_S)
KN_PRODUCT(product_q6_s, int8_product, KN_TILE_Q6_S)
KN_PRODUCT(product_c4, int8_product, KN_TILE_C4)
KN_PRODUCT(product_c4_s, int8_product, KN_TILE_C4_S)
KN_PRODUCT(product_ternary, int8_product, KN_TILE_TERNARY)
KN_PRODUCT(ternary_float, float_product, KN_TILE_TERNARY)

const kn_ops KN_TABLE = {
    .name = KN_TABLE_NAME,
    .quantise = quantise,
    .quantise_row = quantise_row,
    .interleave = interleave,
    .product = {product_f32, product_f16, product_bf16, product_q8, product_q4, product_q4_low,
                product_q5, product_q5_low, product_q2_s, product_q3_s, product_q4_s, product_q5_s,
                product_q6_s, product_c4, product_c4_s, product_ternary},
    .ternary_float = ternary_float,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .rope = rope,
    .gate = gate,
    .add = add,
    .exp = exp_all,
    .attend = attend,
};
