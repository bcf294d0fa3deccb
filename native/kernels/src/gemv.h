// Matrix times 1 to 16 vectors, bound by reading the weights once. A warp takes two rows, its lanes every 32nd unit of
// eight weights; inputs wait in shared memory. Reference: Dequantizer and a plain product; tolerance 1e-4 of |w|·|x|.
#pragma once
#include "params.h"
#include "weights.h"

static const int GemvRows = 2; // a warp
static const int GemvWarps = 8;

template <class Type, int Batch> DEVICE void gemv(const MatrixParams &p) {
    const int Tile = Batch == 1 ? 4096 : Batch == 4 ? 2048 : 512;
    SHARED_ARRAY(float, input, Batch * Tile);
    int lane = lane_index(), row = ((int)block_x() * GemvWarps + (int)warp_index()) * GemvRows;
    float sums[GemvRows][Batch];
    for (int r = 0; r < GemvRows; r++)
        for (int b = 0; b < Batch; b++) sums[r][b] = 0;
    for (int start = 0; start < p.columns; start += Tile) {
        int width = p.columns - start < Tile ? p.columns - start : Tile;
        sync_block();
        for (int b = 0; b < Batch; b++)
            for (int c = thread_index(); c < Tile; c += GemvWarps * 32)
                input[b * Tile + c] = b < p.tokens && c < width ? p.input[(u64)b * p.columns + start + c] : 0;
        sync_block();
        for (int unit = lane; unit * 8 < width; unit += 32) {
            for (int r = 0; r < GemvRows; r++) {
                if (row + r >= p.rows) continue;
                float w[8];
                int first, second;
                Type::load(p.weights + (u64)(row + r) * p.row_bytes, start / 8 + unit, p.columns, w, first, second);
                for (int b = 0; b < Batch; b++) {
                    const float *x = input + b * Tile - start;
                    for (int i = 0; i < 4; i++) sums[r][b] += w[i] * x[first + i] + w[4 + i] * x[second + i];
                }
            }
        }
    }
    for (int r = 0; r < GemvRows; r++) {
        for (int b = 0; b < Batch; b++) {
            float sum = warp_sum(sums[r][b]);
            if (lane != b || row + r >= p.rows || b >= p.tokens) continue;
            float *output = p.output + (u64)b * p.rows + row + r;
            if (p.bias) sum += p.bias[row + r];
            *output = p.accumulate ? *output + sum : sum;
        }
    }
}

#define GEMV_OF(name, Type) \
    KERNEL(gemv_##name##_1, 256, MatrixParams) { gemv<Type, 1>(p); } \
    KERNEL(gemv_##name##_4, 256, MatrixParams) { gemv<Type, 4>(p); } \
    KERNEL(gemv_##name##_16, 256, MatrixParams) { gemv<Type, 16>(p); }
FOR_EVERY_TYPE(GEMV_OF)
