// Attention of many tokens over the paged KV on the tensor cores. A block takes 64 rows, a row being a token and one of
// the KV head's queries, and walks through the KV blocks; a warp has 16 rows. Queries, keys, values and weights are
// halves, sums floats (arXiv 2307.08691 for the division of the work). Reference: as attention; tolerance 2e-3 of the
// largest value.
#pragma once
#include "kv.h"

static const int PrefillRows = 64;

// Keys as [token][dimension], values as [dimension][token], both zero where there is nothing.
template <int Kind, int Length> DEVICE void stage_tiles(const KvLayout &kv, int block, int head, int tokens, u16 *keys, u16 *values) {
    const int KeyStride = Length + 8, ValueStride = BlockTokens + 8;
    const u8 *key = key_tile(kv, block, head), *value = value_tile(kv, block, head);
    for (int i = thread_index(); i < Length * BlockTokens; i += 128) {
        int dimension = i / BlockTokens, slot = i % BlockTokens;
        keys[slot * KeyStride + dimension] = dimension < kv.key_length && slot < tokens ? to_half(read_key<Kind>(key, kv.key_length, dimension, slot)) : 0;
    }
    for (int i = thread_index(); i < Length * BlockTokens; i += 128) {
        int dimension = i % Length, slot = i / Length;
        values[dimension * ValueStride + slot] = dimension < kv.value_length && slot < tokens ? to_half(read_value<Kind>(value, kv.value_length, dimension, slot)) : 0;
    }
}

template <int Length> DEVICE void prefill_attention(const PrefillAttentionParams &p) {
    const int KeyStride = Length + 8, ValueStride = BlockTokens + 8;
    SHARED_ARRAY(u16, keys, BlockTokens * KeyStride);
    SHARED_ARRAY(u16, values, Length * ValueStride);
    const int *tile = p.tiles + block_y() * 3;
    int first_token = tile[0], first_row = tile[1], rows = tile[2], kv_head = block_x(), group = p.heads / p.kv.kv_heads;
    int lane = lane_index(), g = lane / 4, t = lane % 4, sequence = p.batch.sequence_of[first_token];
    int end_row = first_row + PrefillRows < rows ? first_row + PrefillRows : rows;
    int newest = p.batch.positions[first_token + (end_row - 1) / group];
    int oldest = p.batch.positions[first_token + first_row / group] + 1 - p.window;
    int first_block = p.window > 0 && oldest > 0 ? oldest / BlockTokens : 0;

    // This lane's two rows: g and g + 8 of its warp's sixteen.
    int position[2];
    u64 head_of[2];
    u32 query[Length / 16][4];
    for (int r = 0; r < 2; r++) {
        int row = first_row + (int)warp_index() * 16 + g + r * 8, token = first_token + row / group;
        bool inside = row < end_row;
        position[r] = inside ? p.batch.positions[token] : -1;
        head_of[r] = inside ? (u64)token * p.heads + kv_head * group + row % group : 0;
        const float *source = p.query + head_of[r] * p.kv.key_length;
        for (int i = 0; i < Length / 16; i++)
            for (int half = 0; half < 2; half++) {
                int d = i * 16 + half * 8 + 2 * t;
                float low = inside && d < p.kv.key_length ? source[d] * p.scale : 0, high = inside && d + 1 < p.kv.key_length ? source[d + 1] * p.scale : 0;
                query[i][half * 2 + r] = to_halves(low, high);
            }
    }
    float sums[Length / 8][4], maximum[2] = {-1e30f, -1e30f}, total[2] = {0, 0};
    for (int i = 0; i < Length / 8; i++)
        for (int k = 0; k < 4; k++) sums[i][k] = 0;

    for (int b = first_block; b <= newest / BlockTokens; b++) {
        int block = p.batch.tables[p.batch.table_start[sequence] + b];
        int tokens = newest + 1 - b * BlockTokens < BlockTokens ? newest + 1 - b * BlockTokens : BlockTokens;
        sync_block();
        if (p.kv.type == 0) stage_tiles<0, Length>(p.kv, block, kv_head, tokens, keys, values);
        else if (p.kv.type == 1) stage_tiles<1, Length>(p.kv, block, kv_head, tokens, keys, values);
        else stage_tiles<2, Length>(p.kv, block, kv_head, tokens, keys, values);
        sync_block();

        float scores[4][4];
        for (int n = 0; n < 4; n++) {
            for (int k = 0; k < 4; k++) scores[n][k] = 0;
            for (int i = 0; i < Length / 16; i++) {
                const u16 *key = keys + (n * 8 + g) * KeyStride + i * 16 + 2 * t;
                u32 fragment[2] = {*(const u32 *)key, *(const u32 *)(key + 8)};
                multiply_tile(scores[n], query[i], fragment);
            }
        }
        for (int r = 0; r < 2; r++) {
            int seen = p.window > 0 ? position[r] + 1 - p.window : 0;
            float highest = maximum[r];
            for (int n = 0; n < 4; n++)
                for (int k = 0; k < 2; k++) {
                    int other = b * BlockTokens + n * 8 + 2 * t + k;
                    if (other <= position[r] && other >= seen) highest = larger(highest, scores[n][r * 2 + k]);
                }
            highest = larger(highest, shuffle_xor(highest, 1));
            highest = larger(highest, shuffle_xor(highest, 2));
            float shrink = exponential(maximum[r] - highest), sum = 0;
            for (int n = 0; n < 4; n++)
                for (int k = 0; k < 2; k++) {
                    int other = b * BlockTokens + n * 8 + 2 * t + k;
                    float weight = other <= position[r] && other >= seen ? exponential(scores[n][r * 2 + k] - highest) : 0;
                    scores[n][r * 2 + k] = weight;
                    sum += weight;
                }
            maximum[r] = highest;
            total[r] = total[r] * shrink + sum;
            for (int i = 0; i < Length / 8; i++) {
                sums[i][r * 2] *= shrink;
                sums[i][r * 2 + 1] *= shrink;
            }
        }
        for (int half = 0; half < 2; half++) {
            // What the first product gave is the left operand of the second, lane by lane.
            const float *left = scores[half * 2], *right = scores[half * 2 + 1];
            u32 weights[4] = {to_halves(left[0], left[1]), to_halves(left[2], left[3]), to_halves(right[0], right[1]), to_halves(right[2], right[3])};
            for (int i = 0; i < Length / 8; i++) {
                const u16 *value = values + (i * 8 + g) * ValueStride + half * 16 + 2 * t;
                u32 fragment[2] = {*(const u32 *)value, *(const u32 *)(value + 8)};
                multiply_tile(sums[i], weights, fragment);
            }
        }
    }
    for (int r = 0; r < 2; r++) {
        float sum = total[r];
        sum += shuffle_xor(sum, 1);
        sum += shuffle_xor(sum, 2);
        if (position[r] < 0) continue;
        float *output = p.output + head_of[r] * p.kv.value_length;
        for (int i = 0; i < Length / 8; i++)
            for (int k = 0; k < 2; k++) {
                int d = i * 8 + 2 * t + k;
                if (d < p.kv.value_length) output[d] = sums[i][r * 2 + k] / sum;
            }
    }
}

KERNEL(prefill_attention_64, 128, PrefillAttentionParams) { prefill_attention<64>(p); }
KERNEL(prefill_attention_128, 128, PrefillAttentionParams) { prefill_attention<128>(p); }
KERNEL(prefill_attention_256, 128, PrefillAttentionParams) { prefill_attention<256>(p); }
