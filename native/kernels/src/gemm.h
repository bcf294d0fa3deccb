// Matrix times many vectors on the tensor cores, sums as floats. A block makes 128 rows for 128 or 32 tokens. Inputs are
// halves already (inputs.h); they come to shared memory by asynchronous copies, three stages of 64 columns in turn, and so
// do weights that are stored as halves or brain floats; other weights are read a stage ahead, decoded in registers while
// the tensor cores work, and stored. Blocks that run together share their weights in the second-level cache. Few tiles are
// split along the columns, and the last block of a tile adds up what the others left, in order, so that equal inputs give
// equal sums. Reference: as gemv; tolerance 2e-3 of |w|·|x| (1e-2 for BF16), the rounding of the inputs.
#pragma once
#include "params.h"
#include "weights.h"

static const int GemmThreads = 128;
static const int GemmRows = 128;
static const int GemmDepth = 64; // columns of a stage: 128 bytes a row, eight chunks of 16
static const int GemmStages = 3;
static const int GemmKeepStride = GemmRows + 8; // floats of a token's sums: eight tokens' pairs share no bank

// Types whose bytes are what the tensor cores take.
template <class Type> struct StoredAsHalves { static const bool value = false; };
template <> struct StoredAsHalves<TypeF16> { static const bool value = true; };
template <> struct StoredAsHalves<TypeBF16> { static const bool value = true; };

struct alignas(16) Words4 { u32 word[4]; };
struct alignas(8) Floats2 { float low, high; };

// Where a chunk of a stage's row lies: the same chunk of eight rows lies in all banks once.
DEVICE int gemm_chunk(int row, int chunk) { return row * 128 + ((chunk ^ (row & 7)) << 4); }

// Reads and decodes a quarter of a stage's 128 rows; a thread has the same chunk of two of them. What lies behind the matrix
// repeats what lies in it: its inputs are zeros, its rows are not kept.
template <class Type> DEVICE void gemm_load(Words4 (&next)[2], const GemmParams &p, const u8 *weights, int row0, int start, int quarter) {
    int unit = start / 8 + (int)thread_index() % 8, last = p.columns / 8 - 1;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        int row = row0 + quarter * 32 + i * 16 + (int)thread_index() / 8, first, second;
        float w[8];
        Type::load(weights + (u64)(row < p.rows ? row : p.rows - 1) * p.row_bytes, unit < last ? unit : last, p.columns, w, first, second);
#pragma unroll
        for (int k = 0; k < 4; k++) next[i].word[k] = to_halves(w[2 * k], w[2 * k + 1]);
    }
}

DEVICE void gemm_store(const Words4 (&next)[2], u8 *weights, int quarter) {
#pragma unroll
    for (int i = 0; i < 2; i++) *(Words4 *)(weights + gemm_chunk(quarter * 32 + i * 16 + thread_index() / 8, thread_index() % 8)) = next[i];
}

// Starts the copies of a stage, if there is one, as one group. A thread has a chunk of every sixteenth row.
template <class Type, int Tokens> DEVICE void gemm_fetch(const GemmParams &p, const int *sources, const u8 *weights, SharedAddress shared, int row0, int first, int step, int steps) {
    if (step < steps) {
        int chunk = thread_index() % 8, column = (first + step) * GemmDepth + chunk * 8;
        SharedAddress stage = shared + step % GemmStages * ((Tokens + GemmRows) * 128);
#pragma unroll
        for (int i = 0; i < Tokens / 16; i++) {
            int row = thread_index() / 8 + i * 16, source = sources[row];
            copy_async(stage + gemm_chunk(row, chunk), p.input + (u64)(source < 0 ? 0 : source) * p.stride + column, source < 0 ? 0 : 16);
        }
        if (StoredAsHalves<Type>::value) {
#pragma unroll
            for (int i = 0; i < GemmRows / 16; i++) {
                int row = thread_index() / 8 + i * 16;
                bool inside = row0 + row < p.rows && column < p.columns;
                copy_async(stage + Tokens * 128 + gemm_chunk(row, chunk), weights + (inside ? (u64)(row0 + row) * p.row_bytes + column * 2 : 0), inside ? 16 : 0);
            }
        }
    }
    commit_copies();
}

// Adds the product of columns 16 · quarter .. 16 · quarter + 15 of a stage to a warp's sums.
template <class Type, int TokenFragments, int RowFragments> DEVICE void gemm_step(float (&sums)[TokenFragments][RowFragments][4], SharedAddress inputs, SharedAddress weights, int quarter) {
    int lane = lane_index(), swizzle = lane & 7;
    // Tokens are the left operand, rows of weights the right one, both along the columns.
    SharedAddress left = inputs + (lane & 15) * 128 + (((2 * quarter + (lane >> 4)) ^ swizzle) << 4);
    SharedAddress right = weights + (swizzle + (lane >> 4) * 8) * 128 + (((2 * quarter + (lane >> 3 & 1)) ^ swizzle) << 4);
    u32 a[TokenFragments][4], b[RowFragments / 2][4];
#pragma unroll
    for (int i = 0; i < TokenFragments; i++) load_matrices(a[i], left + i * 16 * 128);
#pragma unroll
    for (int j = 0; j < RowFragments / 2; j++) load_matrices(b[j], right + j * 16 * 128);
#pragma unroll
    for (int i = 0; i < TokenFragments; i++)
#pragma unroll
        for (int j = 0; j < RowFragments; j++) {
            u32 fragment[2] = {b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]};
            if (Type::brain) multiply_tile_brain(sums[i][j], a[i], fragment);
            else multiply_tile(sums[i][j], a[i], fragment);
        }
}

// Adds up the splits of a tile. Returns whether this block is the tile's last, which then has the sums.
template <int Values> DEVICE bool gemm_merge(const GemmParams &p, float *sums, int tile) {
    SHARED_ARRAY(u32, arrived, 1);
    float *partial = p.partial + (u64)tile * p.splits * Values * GemmThreads + thread_index();
#pragma unroll
    for (int i = 0; i < Values; i++) partial[(u64)(block_z() * Values + i) * GemmThreads] = sums[i];
    fence_device();
    sync_block();
    if (thread_index() == 0) arrived[0] = add_atomically(p.arrived + tile, 1);
    sync_block();
    if (arrived[0] + 1 != (u32)p.splits) return false;
    fence_device();
    if (thread_index() == 0) p.arrived[tile] = 0; // for the next product
#pragma unroll
    for (int i = 0; i < Values; i++) sums[i] = partial[(u64)i * GemmThreads];
    for (int split = 1; split < p.splits; split++)
#pragma unroll
        for (int i = 0; i < Values; i++) sums[i] += partial[(u64)(split * Values + i) * GemmThreads];
    return true;
}

template <class Type, int Tokens> DEVICE void gemm(const GemmParams &p) {
    const int WarpTokens = Tokens == 128 ? 64 : 32, WarpRows = Tokens == 128 ? 64 : 32, Warps = Tokens / WarpTokens;
    const int TokenFragments = WarpTokens / 16, RowFragments = WarpRows / 8, StageBytes = (Tokens + GemmRows) * 128;
    DYNAMIC_SHARED(memory);
    SHARED_ARRAY(int, sources, Tokens); // rows of the input, or -1
    SHARED_ARRAY(int, targets, Tokens); // rows of the output
    int thread = thread_index(), lane = lane_index(), token_tiles = (p.tokens + Tokens - 1) / Tokens;
    int row0 = (int)block_x() / token_tiles * GemmRows, token0 = (int)block_x() % token_tiles * Tokens, count = p.tokens;
    const u8 *weights = p.weights;
    if (p.tiles) {
        // An expert's choices: where they begin in the order, and how many.
        const int *tile = p.tiles + block_y() * 3;
        if (tile[2] == 0) return;
        row0 = block_x() * GemmRows;
        token0 = tile[1];
        count = token0 + tile[2];
        weights += tile[0] * p.expert_bytes;
    }
    for (int i = thread; i < Tokens; i += GemmThreads) {
        int target = token0 + i >= count ? -1 : p.tiles ? p.order[token0 + i] : token0 + i;
        sources[i] = target < 0 ? -1 : target / p.choices_per_input;
        targets[i] = target;
    }
    sync_block();

    int all = (p.columns + GemmDepth - 1) / GemmDepth, first = (int)block_z() * all / p.splits, steps = ((int)block_z() + 1) * all / p.splits - first;
    SharedAddress shared = shared_address(memory);
    float sums[TokenFragments][RowFragments][4];
#pragma unroll
    for (int i = 0; i < TokenFragments; i++)
#pragma unroll
        for (int j = 0; j < RowFragments; j++)
#pragma unroll
            for (int k = 0; k < 4; k++) sums[i][j][k] = 0;
    int warp_token = (int)warp_index() % Warps * WarpTokens, warp_row = (int)warp_index() / Warps * WarpRows;

    gemm_fetch<Type, Tokens>(p, sources, weights, shared, row0, first, 0, steps);
    gemm_fetch<Type, Tokens>(p, sources, weights, shared, row0, first, 1, steps);
    Words4 next[2][2]; // two quarters: one being read, one to be stored
    if (!StoredAsHalves<Type>::value)
#pragma unroll
        for (int quarter = 0; quarter < 4; quarter++) {
            gemm_load<Type>(next[0], p, weights, row0, first * GemmDepth, quarter);
            gemm_store(next[0], memory + Tokens * 128, quarter);
        }
    for (int step = 0; step < steps; step++) {
        // Behind the last stage its weights are read once more, which is simpler than not to.
        int ahead = (first + (step + 1 < steps ? step + 1 : step)) * GemmDepth;
        if (!StoredAsHalves<Type>::value) gemm_load<Type>(next[0], p, weights, row0, ahead, 0);
        wait_copies<GemmStages - 2>();
        sync_block();
        gemm_fetch<Type, Tokens>(p, sources, weights, shared, row0, first, step + GemmStages - 1, steps);
        SharedAddress stage = shared + step % GemmStages * StageBytes;
        SharedAddress inputs = stage + warp_token * 128, right = stage + (Tokens + warp_row) * 128;
        u8 *place = memory + (step + 1) % GemmStages * StageBytes + Tokens * 128;
#pragma unroll
        for (int quarter = 0; quarter < 4; quarter++) {
            if (!StoredAsHalves<Type>::value && quarter < 3) gemm_load<Type>(next[(quarter + 1) % 2], p, weights, row0, ahead, quarter + 1);
            gemm_step<Type>(sums, inputs, right, quarter);
            if (!StoredAsHalves<Type>::value) gemm_store(next[quarter % 2], place, quarter);
        }
    }
    wait_copies<0>();

    if (p.splits > 1 && !gemm_merge<TokenFragments * RowFragments * 4>(p, &sums[0][0][0], block_x())) return;
    // Through shared memory, so that a warp writes 32 rows of a token at a time.
    sync_block();
    float *tile = (float *)memory;
    int corner = (warp_token + lane / 4) * GemmKeepStride + warp_row + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < TokenFragments; i++)
#pragma unroll
        for (int j = 0; j < RowFragments; j++)
#pragma unroll
            for (int half = 0; half < 2; half++)
                *(Floats2 *)(tile + corner + (i * 16 + half * 8) * GemmKeepStride + j * 8) = {sums[i][j][half * 2], sums[i][j][half * 2 + 1]};
    sync_block();
    for (int token = warp_index(); token < Tokens; token += GemmThreads / 32) {
        if (targets[token] < 0) continue;
        float *output = p.output + (u64)targets[token] * p.rows + row0;
#pragma unroll
        for (int i = 0; i < GemmRows; i += 32) {
            int row = i + lane;
            if (row0 + row >= p.rows) continue;
            float sum = tile[token * GemmKeepStride + row] + (p.bias ? p.bias[row0 + row] : 0);
            output[row] = p.accumulate ? output[row] + sum : sum;
        }
    }
}

#define GEMM_OF(name, Type) \
    KERNEL(gemm_##name##_128, 128, GemmParams) { gemm<Type, 128>(p); } \
    KERNEL(gemm_##name##_32, 128, GemmParams) { gemm<Type, 32>(p); }
GEMM_OF(f16, TypeF16) GEMM_OF(bf16, TypeBF16) GEMM_OF(q8_0, TypeQ8_0) GEMM_OF(q4_0, TypeQ4_0)
GEMM_OF(q4_k, TypeQ4_K) GEMM_OF(q5_k, TypeQ5_K) GEMM_OF(q6_k, TypeQ6_K) GEMM_OF(mxfp4, TypeMXFP4)
