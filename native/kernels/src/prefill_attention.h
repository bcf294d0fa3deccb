// Attention of many tokens over the paged KV on the tensor cores. A block takes 128 rows (64 where heads are long), a row
// being a token and one of the KV head's queries, and walks through the KV blocks of its part of the context; a warp has
// two times 16 rows, so that what it reads of keys and values serves both. Halves of keys and values come by asynchronous
// copies, one or two blocks ahead; Q8_0 ones are decoded on the way. Queries, keys, values and weights are halves, sums floats;
// queries are scaled so that softmax takes powers of two (arXiv 2307.08691 for the division of the work). Another kernel
// merges the parts of the context. Reference: as attention; tolerance 2e-3 of the largest value.
#pragma once
#include "kv.h"

static const int PrefillThreads = 128;

struct alignas(16) Halves8 { u32 word[4]; };

// Shared memory: queries [row][dimension], then stages of keys [dimension][token] and values [token][dimension]; the
// chunks of 16 bytes of a row are exchanged so that the same chunk of eight rows lies in all banks once.
template <int Length> struct PrefillShape {
    static const int Fragments = Length == 256 ? 1 : 2; // times 16 rows a warp
    static const int Rows = 4 * 16 * Fragments;
    static const int Stages = Length == 256 ? 2 : 3; // at most 96 KB with the queries, which every device has
    static const int QueryBytes = Rows * Length * 2;
    static const int TileBytes = BlockTokens * Length * 2;

    // Of a query's or value's row.
    DEVICE int wide(int row, int chunk) { return row * Length * 2 + ((chunk ^ (row & 7)) << 4); }
    DEVICE int key(int dimension, int chunk) { return dimension * 64 + ((chunk ^ (dimension >> 1 & 3)) << 4); }
};

// Starts the copies of a KV block as one group. Of values, what is beyond the tokens becomes zero; keys there are masked.
template <int Length> DEVICE void prefill_fetch(const KvLayout &kv, int block, int head, int tokens, SharedAddress stage) {
    using Shape = PrefillShape<Length>;
    const u8 *key = key_tile(kv, block, head), *value = value_tile(kv, block, head);
#pragma unroll
    for (int j = 0; j < Length * 4 / PrefillThreads; j++) {
        int i = j * PrefillThreads + (int)thread_index();
        bool inside = i / 4 < kv.key_length;
        copy_async(stage + Shape::key(i / 4, i % 4), inside ? key + i * 16 : key, inside ? 16 : 0);
    }
#pragma unroll
    for (int j = 0; j < Length * 4 / PrefillThreads; j++) {
        int i = j * PrefillThreads + (int)thread_index(), token = i / (Length / 8), chunk = i % (Length / 8);
        bool inside = token < tokens && chunk * 8 < kv.value_length;
        copy_async(stage + Shape::TileBytes + Shape::wide(token, chunk), inside ? value + (token * kv.value_stride + chunk * 8) * 2 : value, inside ? 16 : 0);
    }
}

// The product of eight bytes and their scales.
DEVICE Halves8 prefill_decode(const u8 *bytes, const float (&scales)[8]) {
    Halves8 halves;
    for (int i = 0; i < 4; i++) {
        u32 pair = *(const u16 *)(bytes + 2 * i);
        halves.word[i] = to_halves((s8)(pair & 255) * scales[2 * i], (s8)(pair >> 8) * scales[2 * i + 1]);
    }
    return halves;
}

// The same for Q8_0 keys and values, at once.
template <int Length> DEVICE void prefill_stage(const KvLayout &kv, int block, int head, int tokens, u8 *stage) {
    using Shape = PrefillShape<Length>;
    const u8 *key = key_tile(kv, block, head), *value = value_tile(kv, block, head);
    const u16 *key_scales = (const u16 *)(key + kv.key_length * BlockTokens), *value_scales = (const u16 *)(value + kv.value_stride * BlockTokens);
    for (int j = 0; j < Length * 4 / PrefillThreads; j++) {
        int i = j * PrefillThreads + (int)thread_index();
        Halves8 halves = {};
        if (i / 4 < kv.key_length) {
            float scales[8];
            for (int k = 0; k < 8; k++) scales[k] = from_half(key_scales[i / 128 * BlockTokens + i % 4 * 8 + k]);
            halves = prefill_decode(key + i * 8, scales);
        }
        *(Halves8 *)(stage + Shape::key(i / 4, i % 4)) = halves;
    }
    for (int j = 0; j < Length * 4 / PrefillThreads; j++) {
        int i = j * PrefillThreads + (int)thread_index(), token = i / (Length / 8), chunk = i % (Length / 8);
        Halves8 halves = {};
        if (token < tokens && chunk * 8 < kv.value_length) {
            float scale = from_half(value_scales[token * kv_groups(kv.value_stride) + chunk / 4]), scales[8];
            for (int k = 0; k < 8; k++) scales[k] = scale;
            halves = prefill_decode(value + token * kv.value_stride + chunk * 8, scales);
        }
        *(Halves8 *)(stage + Shape::TileBytes + Shape::wide(token, chunk)) = halves;
    }
}

template <int Length> DEVICE void prefill_attention(const PrefillAttentionParams &p) {
    using Shape = PrefillShape<Length>;
    const int Fragments = Shape::Fragments, Rows = Shape::Rows;
    DYNAMIC_SHARED(memory);
    const int *tile = p.tiles + block_y() * 3;
    int first_token = tile[0], first_row = tile[1], rows = tile[2], kv_head = block_x(), group = p.heads / p.kv.kv_heads;
    int lane = lane_index(), g = lane / 4, t = lane % 4, warp_row = (int)warp_index() * 16 * Fragments, sequence = p.batch.sequence_of[first_token];
    int end_row = first_row + Rows < rows ? first_row + Rows : rows;
    int earliest = p.batch.positions[first_token + first_row / group], newest = p.batch.positions[first_token + (end_row - 1) / group];
    int first_block = p.window > 0 && earliest + 1 > p.window ? (earliest + 1 - p.window) / BlockTokens : 0;
    // This block's part of the context.
    int share = (newest / BlockTokens + 1 - first_block + p.splits - 1) / p.splits, from = first_block + (int)block_z() * share;
    int to = from + share < newest / BlockTokens + 1 ? from + share : newest / BlockTokens + 1;
    const int *table = p.batch.tables + p.batch.table_start[sequence];
    SharedAddress shared = shared_address(memory);

    auto fetch = [&](int b) __attribute__((always_inline)) {
        if (b < to) {
            int tokens = newest + 1 - b * BlockTokens < BlockTokens ? newest + 1 - b * BlockTokens : BlockTokens;
            int stage = Shape::QueryBytes + (b - from) % Shape::Stages * 2 * Shape::TileBytes;
            if (p.kv.type == 0) prefill_fetch<Length>(p.kv, table[b], kv_head, tokens, shared + stage);
            else prefill_stage<Length>(p.kv, table[b], kv_head, tokens, memory + stage);
        }
        commit_copies();
    };
    for (int i = 0; i < Shape::Stages - 1; i++) fetch(from + i);

    float scale = p.scale * 1.4426950408889634f;
    for (int i = thread_index(); i < Rows * (Length / 2); i += PrefillThreads) {
        int row = i / (Length / 2), d = i % (Length / 2) * 2, r = first_row + row;
        bool inside = r < end_row && d < p.kv.key_length;
        const float *source = p.query + ((u64)(first_token + r / group) * p.heads + kv_head * group + r % group) * p.kv.key_length + d;
        *(u32 *)(memory + Shape::wide(row, d / 8) + d % 8 * 2) = inside ? to_halves(source[0] * scale, d + 1 < p.kv.key_length ? source[1] * scale : 0) : 0;
    }

    float sums[Fragments][Length / 8][4], maximum[Fragments][2], total[Fragments][2];
    int position[Fragments][2]; // of this lane's rows: g and g + 8 of sixteen
#pragma unroll
    for (int f = 0; f < Fragments; f++)
#pragma unroll
        for (int r = 0; r < 2; r++) {
            int row = first_row + warp_row + f * 16 + r * 8 + g;
            position[f][r] = row < end_row ? p.batch.positions[first_token + row / group] : -1;
            maximum[f][r] = -1e30f;
            total[f][r] = 0;
#pragma unroll
            for (int i = 0; i < Length / 8; i++) sums[f][i][r * 2] = sums[f][i][r * 2 + 1] = 0;
        }

    for (int b = from; b < to; b++) {
        wait_copies<Shape::Stages - 2>();
        sync_block();
        fetch(b + Shape::Stages - 1);
        SharedAddress keys = shared + Shape::QueryBytes + (b - from) % Shape::Stages * 2 * Shape::TileBytes, values = keys + Shape::TileBytes;

        float scores[Fragments][4][4];
#pragma unroll
        for (int f = 0; f < Fragments; f++)
#pragma unroll
            for (int n = 0; n < 4; n++)
#pragma unroll
                for (int k = 0; k < 4; k++) scores[f][n][k] = 0;
#pragma unroll
        for (int i = 0; i < Length / 16; i++) {
            u32 query[Fragments][4], key[2][4];
#pragma unroll
            for (int f = 0; f < Fragments; f++) load_matrices(query[f], shared + Shape::wide(warp_row + f * 16 + (lane & 15), i * 2 + (lane >> 4)));
#pragma unroll
            for (int n = 0; n < 2; n++) load_transposed(key[n], keys + Shape::key(i * 16 + (lane & 15), n * 2 + (lane >> 4)));
#pragma unroll
            for (int f = 0; f < Fragments; f++)
#pragma unroll
                for (int n = 0; n < 4; n++) {
                    u32 fragment[2] = {key[n / 2][n % 2 * 2], key[n / 2][n % 2 * 2 + 1]};
                    multiply_tile(scores[f][n], query[f], fragment);
                }
        }
        // Only blocks at the diagonal or the window's edge hold what some row does not see.
        if (b * BlockTokens + BlockTokens - 1 > earliest || (p.window > 0 && b * BlockTokens <= newest - p.window))
#pragma unroll
            for (int f = 0; f < Fragments; f++)
#pragma unroll
                for (int n = 0; n < 4; n++)
#pragma unroll
                    for (int k = 0; k < 4; k++) {
                        int at = position[f][k / 2], other = b * BlockTokens + n * 8 + 2 * t + k % 2;
                        if (other > at || (p.window > 0 && other <= at - p.window)) scores[f][n][k] = -1e30f;
                    }
        u32 weights[Fragments][2][4];
#pragma unroll
        for (int f = 0; f < Fragments; f++) {
            float shrink[2];
#pragma unroll
            for (int r = 0; r < 2; r++) {
                float highest = maximum[f][r], sum = 0;
#pragma unroll
                for (int n = 0; n < 4; n++) highest = highest_of(highest, highest_of(scores[f][n][r * 2], scores[f][n][r * 2 + 1]));
                highest = highest_of(highest, shuffle_xor(highest, 1));
                highest = highest_of(highest, shuffle_xor(highest, 2));
                // A row that has seen nothing yet keeps no weights.
                float base = highest > -1e30f ? highest : 0;
                shrink[r] = exp2_approximate(maximum[f][r] - base);
#pragma unroll
                for (int n = 0; n < 4; n++)
#pragma unroll
                    for (int k = 0; k < 2; k++) {
                        scores[f][n][r * 2 + k] = exp2_approximate(scores[f][n][r * 2 + k] - base);
                        sum += scores[f][n][r * 2 + k];
                    }
                maximum[f][r] = highest;
                total[f][r] = total[f][r] * shrink[r] + sum;
            }
            // Behind the first blocks the maximum seldom changes.
            if (shrink[0] != 1 || shrink[1] != 1)
#pragma unroll
                for (int i = 0; i < Length / 8; i++)
#pragma unroll
                    for (int k = 0; k < 4; k++) sums[f][i][k] *= shrink[k / 2];
            // What the first product gave is the left operand of the second, lane by lane.
#pragma unroll
            for (int n = 0; n < 4; n++)
#pragma unroll
                for (int r = 0; r < 2; r++) weights[f][n / 2][n % 2 * 2 + r] = to_halves(scores[f][n][r * 2], scores[f][n][r * 2 + 1]);
        }
#pragma unroll
        for (int half = 0; half < 2; half++)
#pragma unroll
            for (int i = 0; i < Length / 16; i++) {
                u32 value[4];
                load_transposed(value, values + Shape::wide(half * 16 + (lane & 15), i * 2 + (lane >> 4)));
#pragma unroll
                for (int f = 0; f < Fragments; f++)
#pragma unroll
                    for (int n = 0; n < 2; n++) {
                        u32 fragment[2] = {value[n * 2], value[n * 2 + 1]};
                        multiply_tile(sums[f][i * 2 + n], weights[f][half], fragment);
                    }
            }
    }
    wait_copies<0>();

#pragma unroll
    for (int f = 0; f < Fragments; f++)
#pragma unroll
        for (int r = 0; r < 2; r++) {
            float sum = total[f][r];
            sum += shuffle_xor(sum, 1);
            sum += shuffle_xor(sum, 2);
            if (position[f][r] < 0) continue;
            int mine = warp_row + f * 16 + r * 8 + g, row = first_row + mine, length = p.kv.value_length;
            float *output, divisor = 1;
            if (p.splits == 1) {
                output = p.output + ((u64)(first_token + row / group) * p.heads + kv_head * group + row % group) * length;
                divisor = 1 / sum;
            } else {
                output = p.partial + (((u64)(block_y() * p.kv.kv_heads + kv_head) * p.splits + block_z()) * Rows + mine) * (length + 2);
                if (t == 0) {
                    output[length] = maximum[f][r];
                    output[length + 1] = sum;
                }
            }
#pragma unroll
            for (int i = 0; i < Length / 8; i++)
#pragma unroll
                for (int k = 0; k < 2; k++) {
                    int d = i * 8 + 2 * t + k;
                    if (d < length) output[d] = sums[f][i][r * 2 + k] * divisor;
                }
        }
}

KERNEL(prefill_attention_64, 128, PrefillAttentionParams) { prefill_attention<64>(p); }
KERNEL(prefill_attention_128, 128, PrefillAttentionParams) { prefill_attention<128>(p); }
KERNEL(prefill_attention_256, 128, PrefillAttentionParams) { prefill_attention<256>(p); }

// Merges the parts of the context, a warp a row at a time. Grid: x KV head, y tile.
template <int Rows> DEVICE void prefill_merge(const PrefillAttentionParams &p) {
    const int *tile = p.tiles + block_y() * 3;
    int first_token = tile[0], first_row = tile[1], rows = tile[2], kv_head = block_x(), group = p.heads / p.kv.kv_heads, length = p.kv.value_length;
    u64 step = (u64)Rows * (length + 2); // from split to split
    for (int mine = warp_index(); mine < Rows && first_row + mine < rows; mine += PrefillThreads / 32) {
        const float *parts = p.partial + (u64)(block_y() * p.kv.kv_heads + kv_head) * p.splits * step + mine * (length + 2);
        float highest = -1e30f, sum = 0;
        for (int s = 0; s < p.splits; s++) highest = larger(highest, parts[s * step + length]);
        for (int s = 0; s < p.splits; s++) sum += parts[s * step + length + 1] * exp2_approximate(parts[s * step + length] - highest);
        int row = first_row + mine;
        float *output = p.output + ((u64)(first_token + row / group) * p.heads + kv_head * group + row % group) * length;
        for (int d = lane_index(); d < length; d += 32) {
            float result = 0;
            for (int s = 0; s < p.splits; s++) result += parts[s * step + d] * exp2_approximate(parts[s * step + length] - highest);
            output[d] = result / sum;
        }
    }
}

KERNEL(prefill_merge_128, 128, PrefillAttentionParams) { prefill_merge<128>(p); }
KERNEL(prefill_merge_64, 128, PrefillAttentionParams) { prefill_merge<64>(p); }
