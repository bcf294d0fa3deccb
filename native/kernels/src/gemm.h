// Matrix times many vectors on the tensor cores: weights become halves (brain floats for BF16) in shared memory, sums are
// floats. A block makes 64 rows for 64 tokens, each of its four warps 32 × 32. Reference: as gemv; tolerance 2e-3 of
// |w|·|x| (1e-2 for BF16), the rounding of the inputs.
#pragma once
#include "params.h"
#include "weights.h"

static const int GemmTile = 64;
static const int GemmDepth = 128;  // columns at a time: 16 units
static const int GemmStride = 136; // halves a row in shared memory: no two lanes of a fragment load share a bank

template <bool Brain> DEVICE u32 pack(float low, float high) { return Brain ? to_brains(low, high) : to_halves(low, high); }

template <class Type> DEVICE void gemm(const MatrixParams &p) {
    SHARED_ARRAY(u16, weights, GemmTile * GemmStride);
    SHARED_ARRAY(u16, input, GemmTile * GemmStride);
    int thread = thread_index(), lane = lane_index(), g = lane / 4, t = lane % 4;
    int warp_row = (int)warp_index() / 2 * 32, warp_token = (int)warp_index() % 2 * 32;
    int row0 = block_x() * GemmTile, token0 = block_y() * GemmTile;
    float sums[2][4][4];
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 4; j++)
            for (int k = 0; k < 4; k++) sums[i][j][k] = 0;

    for (int start = 0; start < p.columns; start += GemmDepth) {
        sync_block();
        for (int i = thread; i < GemmTile * 16; i += 128) {
            int row = i / 16, unit = i % 16;
            float w[8] = {};
            int first = start + unit * 8, second = first + 4;
            bool inside = row0 + row < p.rows && first < p.columns;
            if (inside) Type::load(p.weights + (u64)(row0 + row) * p.row_bytes, start / 8 + unit, p.columns, w, first, second);
            u32 *a = (u32 *)(weights + row * GemmStride + first - start), *b = (u32 *)(weights + row * GemmStride + second - start);
            a[0] = pack<Type::brain>(w[0], w[1]);
            a[1] = pack<Type::brain>(w[2], w[3]);
            b[0] = pack<Type::brain>(w[4], w[5]);
            b[1] = pack<Type::brain>(w[6], w[7]);
        }
        for (int i = thread; i < GemmTile * GemmDepth / 2; i += 128) {
            int token = i / (GemmDepth / 2), c = start + i % (GemmDepth / 2) * 2;
            const float *x = p.input + (u64)(token0 + token) * p.columns;
            float low = token0 + token < p.tokens && c < p.columns ? x[c] : 0, high = token0 + token < p.tokens && c + 1 < p.columns ? x[c + 1] : 0;
            *(u32 *)(input + token * GemmStride + c - start) = pack<Type::brain>(low, high);
        }
        sync_block();
        for (int depth = 0; depth < GemmDepth; depth += 16) {
            u32 a[2][4], b[4][2];
            for (int i = 0; i < 2; i++) {
                const u16 *w = weights + (warp_row + i * 16 + g) * GemmStride + depth + 2 * t;
                a[i][0] = *(const u32 *)w;
                a[i][1] = *(const u32 *)(w + 8 * GemmStride);
                a[i][2] = *(const u32 *)(w + 8);
                a[i][3] = *(const u32 *)(w + 8 * GemmStride + 8);
            }
            for (int j = 0; j < 4; j++) {
                const u16 *x = input + (warp_token + j * 8 + g) * GemmStride + depth + 2 * t;
                b[j][0] = *(const u32 *)x;
                b[j][1] = *(const u32 *)(x + 8);
            }
            for (int i = 0; i < 2; i++)
                for (int j = 0; j < 4; j++) {
                    if (Type::brain) multiply_tile_brain(sums[i][j], a[i], b[j]);
                    else multiply_tile(sums[i][j], a[i], b[j]);
                }
        }
    }
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 4; j++)
            for (int k = 0; k < 4; k++) {
                int row = row0 + warp_row + i * 16 + g + k / 2 * 8, token = token0 + warp_token + j * 8 + 2 * t + k % 2;
                if (row >= p.rows || token >= p.tokens) continue;
                float sum = sums[i][j][k] + (p.bias ? p.bias[row] : 0);
                float *output = p.output + (u64)token * p.rows + row;
                *output = p.accumulate ? *output + sum : sum;
            }
}

#define GEMM_OF(name, Type) KERNEL(gemm_##name, 128, MatrixParams) { gemm<Type>(p); }
FOR_EVERY_TYPE(GEMM_OF)
