// Attention of a few tokens over the paged KV. A block takes a token, a KV head with all its queries, and a part of the
// context, so that each key and value is read once; its four warps take KV blocks in turn and merge at the end; a second
// kernel merges the parts. Softmax is computed as it goes (arXiv 2205.14135). Reference: AttentionOperator of the CPU
// backend; tolerance 1e-4 of the largest value.
#pragma once
#include "kv.h"

static const int AttentionWarps = 4;
#define NOTHING -1e30f // a maximum of no scores; a macro, for nvcc keeps float constants of the host from device code

template <int Kind, int Queries, int Parts> DEVICE void attention_heads(const AttentionParams &p, int first_head, int heads, int from, int to, int position, int oldest, float *query, float *merged) {
    const int Row = Parts * 32 + 2;
    int lane = lane_index(), warp = warp_index(), token = block_y();
    int keys = p.kv.key_length, values = p.kv.value_length, kv_head = block_x(), sequence = p.batch.sequence_of[token];
    sync_block();
    for (int i = thread_index(); i < Queries * keys; i += AttentionWarps * 32)
        query[i] = i / keys < heads ? p.query[((u64)token * p.heads + first_head + i / keys) * keys + i % keys] * p.scale : 0;
    sync_block();

    float maximum[Queries], total[Queries], sums[Queries][Parts];
    for (int q = 0; q < Queries; q++) {
        maximum[q] = NOTHING;
        total[q] = 0;
        for (int i = 0; i < Parts; i++) sums[q][i] = 0;
    }
    for (int b = from + warp; b < to; b += AttentionWarps) {
        int block = p.batch.tables[p.batch.table_start[sequence] + b], mine = b * BlockTokens + lane;
        const u8 *key = key_tile(p.kv, block, kv_head), *value = value_tile(p.kv, block, kv_head);
        bool visible = mine <= position && mine >= oldest;
        float weight[Queries];
        for (int q = 0; q < Queries; q++) weight[q] = 0;
        if (visible)
            for (int d = 0; d < keys; d++) {
                float k = read_key<Kind>(key, keys, d, lane);
                for (int q = 0; q < Queries; q++) weight[q] += query[q * keys + d] * k;
            }
        for (int q = 0; q < Queries; q++) {
            float highest = larger(maximum[q], warp_maximum(visible ? weight[q] : NOTHING));
            float shrink = exponential(maximum[q] - highest);
            weight[q] = visible ? exponential(weight[q] - highest) : 0;
            total[q] = total[q] * shrink + warp_sum(weight[q]);
            maximum[q] = highest;
            for (int i = 0; i < Parts; i++) sums[q][i] *= shrink;
        }
        int first = oldest > b * BlockTokens ? oldest - b * BlockTokens : 0;
        int last = position - b * BlockTokens < BlockTokens - 1 ? position - b * BlockTokens : BlockTokens - 1;
        for (int slot = first; slot <= last; slot++) {
            float v[Parts];
            for (int i = 0; i < Parts; i++) v[i] = i * 32 + lane < values ? read_value<Kind>(value, values, i * 32 + lane, slot) : 0;
            for (int q = 0; q < Queries; q++) {
                float w = shuffle(weight[q], slot);
                for (int i = 0; i < Parts; i++) sums[q][i] += w * v[i];
            }
        }
    }
    for (int q = 0; q < Queries; q++) {
        float *row = merged + (warp * Queries + q) * Row;
        for (int i = 0; i < Parts; i++) row[i * 32 + lane] = sums[q][i];
        if (lane == 0) {
            row[Parts * 32] = maximum[q];
            row[Parts * 32 + 1] = total[q];
        }
    }
    sync_block();
    for (int q = warp; q < heads; q += AttentionWarps) {
        float highest = NOTHING, sum = 0, result[Parts];
        for (int i = 0; i < Parts; i++) result[i] = 0;
        for (int w = 0; w < AttentionWarps; w++) highest = larger(highest, merged[(w * Queries + q) * Row + Parts * 32]);
        for (int w = 0; w < AttentionWarps; w++) {
            const float *row = merged + (w * Queries + q) * Row;
            float share = exponential(row[Parts * 32] - highest);
            sum += row[Parts * 32 + 1] * share;
            for (int i = 0; i < Parts; i++) result[i] += row[i * 32 + lane] * share;
        }
        u64 head = (u64)token * p.heads + first_head + q;
        float *output = p.splits == 1 ? p.output + head * values : p.partial + (head * p.splits + block_z()) * (values + 2);
        float divisor = p.splits == 1 ? 1 / sum : 1;
        for (int i = 0; i < Parts; i++)
            if (i * 32 + lane < values) output[i * 32 + lane] = result[i] * divisor;
        if (p.splits > 1 && lane == 0) {
            output[values] = highest;
            output[values + 1] = sum;
        }
    }
}

template <int Queries, int Parts> DEVICE void attention(const AttentionParams &p) {
    SHARED_ARRAY(float, query, Queries * Parts * 32);
    SHARED_ARRAY(float, merged, AttentionWarps * Queries * (Parts * 32 + 2));
    int token = block_y(), position = p.batch.positions[token];
    int oldest = p.window > 0 && position + 1 > p.window ? position + 1 - p.window : 0;
    int first = oldest / BlockTokens, blocks = position / BlockTokens + 1 - first;
    int share = (blocks + p.splits - 1) / p.splits, from = first + (int)block_z() * share;
    int to = from + share < first + blocks ? from + share : first + blocks;
    int group = p.heads / p.kv.kv_heads;
    for (int q = 0; q < group; q += Queries) {
        int head = block_x() * group + q, heads = group - q < Queries ? group - q : Queries;
        if (p.kv.type == 0) attention_heads<0, Queries, Parts>(p, head, heads, from, to, position, oldest, query, merged);
        else if (p.kv.type == 1) attention_heads<1, Queries, Parts>(p, head, heads, from, to, position, oldest, query, merged);
        else attention_heads<2, Queries, Parts>(p, head, heads, from, to, position, oldest, query, merged);
    }
}

#define ATTENTION_OF(queries, parts) KERNEL(attention_##queries##_##parts, 128, AttentionParams) { attention<queries, parts>(p); }
ATTENTION_OF(1, 2) ATTENTION_OF(1, 4) ATTENTION_OF(1, 8)
ATTENTION_OF(4, 2) ATTENTION_OF(4, 4) ATTENTION_OF(4, 8)
ATTENTION_OF(8, 2) ATTENTION_OF(8, 4) ATTENTION_OF(8, 8)

// Merges the parts of the context. Grid: x head, y token; a block of one warp.
KERNEL(attention_merge, 32, AttentionParams) {
    int values = p.kv.value_length;
    u64 head = (u64)block_y() * p.heads + block_x();
    const float *parts = p.partial + head * p.splits * (values + 2);
    float highest = NOTHING, sum = 0;
    for (int s = 0; s < p.splits; s++) highest = larger(highest, parts[s * (values + 2) + values]);
    for (int s = 0; s < p.splits; s++) sum += parts[s * (values + 2) + values + 1] * exponential(parts[s * (values + 2) + values] - highest);
    for (int d = lane_index(); d < values; d += 32) {
        float result = 0;
        for (int s = 0; s < p.splits; s++) result += parts[s * (values + 2) + d] * exponential(parts[s * (values + 2) + values] - highest);
        p.output[head * values + d] = result / sum;
    }
}
