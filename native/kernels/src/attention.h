// Attention of a few tokens over the paged KV. A block takes a token, a KV head with all its queries, and a part of the
// context, so that each key and value is read once; its four warps take KV blocks in turn, eight keys or values a lane
// and load, while the next loads are on their way. The block that ends last merges the parts. Where every token is of
// another sequence, queries, keys and values are finished here too, as in rope.h: the new key and value are in one part only. Softmax is computed as it
// goes (arXiv 2205.14135). Reference: AttentionOperator of the CPU backend; tolerance 1e-4 of the largest value.
#pragma once
#include "rope.h"

static const int AttentionWarps = 4;
static const int MostParts = 64; // of the context, each a block
#define NOTHING -1e30f // a maximum of no scores; a macro, for nvcc keeps float constants of the host from device code

// Eight keys of a dimension, or values of a token, as they are stored: halves, floats, or bytes with half scales.
template <int Kind> struct KvUnit {
    u32 data[Kind == 1 ? 8 : Kind == 0 ? 4 : 2];
    u32 scales[Kind == 2 ? 4 : 1];

    DEVICE void load(KvUnit &to, const u8 *tile, int first) {
        if (Kind == 2) {
            load_once_pair(tile + first, to.data[0], to.data[1]);
            return;
        }
        UNROLL for (int i = 0; i < (Kind == 1 ? 2 : 1); i++) {
            Words words = load_once(tile + first * (Kind == 1 ? 4 : 2) + i * 16);
            UNROLL for (int k = 0; k < 4; k++) to.data[(i * 4 + k) % (Kind == 2 ? 2 : Kind == 1 ? 8 : 4)] = words.word[k];
        }
    }

    // Of tokens 8 · part on.
    DEVICE void load_keys(KvUnit &to, const u8 *tile, int length, int dimension, int part) {
        load(to, tile, dimension * BlockTokens + part * 8);
        if (Kind != 2) return;
        Words scales = load_once(tile + length * BlockTokens + (dimension / 32 * BlockTokens + part * 8) * 2);
        UNROLL for (int k = 0; k < 4; k++) to.scales[k % (Kind == 2 ? 4 : 1)] = scales.word[k];
    }

    // Of dimensions `first` on.
    DEVICE void load_values(KvUnit &to, const u8 *tile, int stride, int token, int first) {
        load(to, tile, token * stride + first);
        if (Kind == 2) to.scales[0] = *(const u16 *)(tile + stride * BlockTokens + (token * kv_groups(stride) + first / 32) * 2);
    }

    DEVICE void unpack(const KvUnit &from, float (&x)[8]) {
        UNROLL for (int i = 0; i < 8; i++) {
            if (Kind == 0) x[i] = from_half((u16)(from.data[i / 2 % 4] >> (i % 2 * 16)));
            else if (Kind == 1) x[i] = bits_to_float(from.data[i % (Kind == 1 ? 8 : 2)]);
            // The byte plus 128 as the last bits of 2^23: faster than a conversion.
            else x[i] = bits_to_float(select_bytes(from.data[i / 4 % 2] ^ 0x80808080u, 0x4b000000u, 0x7440u + i % 4)) - 8388736.0f;
        }
    }

    DEVICE void keys(const KvUnit &from, float (&x)[8]) {
        unpack(from, x);
        if (Kind == 2)
            UNROLL for (int i = 0; i < 8; i++) x[i] *= from_half((u16)(from.scales[i / 2 % (Kind == 2 ? 4 : 1)] >> (i % 2 * 16)));
    }

    DEVICE void values(const KvUnit &from, float (&x)[8]) {
        unpack(from, x);
        if (Kind == 2)
            UNROLL for (int i = 0; i < 8; i++) x[i] *= from_half((u16)from.scales[0]);
    }
};

// The part of the context that a block has, in KV blocks; `parts` of them have any.
struct AttentionRange {
    int position, oldest, from, to, parts;
};

DEVICE AttentionRange attention_range(const AttentionParams &p) {
    AttentionRange r;
    r.position = p.rope.batch.positions[block_y()];
    r.oldest = p.window > 0 && r.position + 1 > p.window ? r.position + 1 - p.window : 0;
    int first = r.oldest / BlockTokens, blocks = r.position / BlockTokens + 1 - first;
    // A KV block a warp at least: of a short context one block does all.
    int share = (blocks + p.splits - 1) / p.splits;
    if (share < AttentionWarps) share = AttentionWarps;
    r.parts = (blocks + share - 1) / share;
    r.from = first + (int)block_z() * share;
    r.to = r.from + share < first + blocks ? r.from + share : first + blocks;
    return r;
}

DEVICE float choose(bool first, float a, float b) { return first ? a : b; }

// Sums eight values a lane over the lanes that differ in bits 2 to 4; lane l gets the sum of value l / 4.
DEVICE float scatter_sums(const float (&x)[8]) {
    bool upper = lane_index() & 16, middle = lane_index() & 8, odd = lane_index() & 4;
    float four[4], two[2];
    UNROLL for (int i = 0; i < 4; i++) four[i] = choose(upper, x[i + 4], x[i]) + shuffle_xor(choose(upper, x[i], x[i + 4]), 16);
    UNROLL for (int i = 0; i < 2; i++) two[i] = choose(middle, four[i + 2], four[i]) + shuffle_xor(choose(middle, four[i], four[i + 2]), 8);
    return choose(odd, two[1], two[0]) + shuffle_xor(choose(odd, two[0], two[1]), 4);
}

// A number of each query, from shared memory.
template <int Queries> DEVICE void read_queries(const float *from, float (&to)[Queries]) {
    UNROLL for (int i = 0; i < Queries / 4; i++) {
        Words words = *(const Words *)(from + i * 4);
        UNROLL for (int k = 0; k < 4; k++) to[i * 4 + k] = bits_to_float(words.word[k]);
    }
}

// Queries, as [dimension][query], times the keys of a batch of units: unit u of lane l has dimension 8 (first + u) + l / 4
// and the tokens 8 (l % 4) on.
template <int Kind, int Step> DEVICE void load_keys(KvUnit<Kind> (&to)[Step], const u8 *tile, int length, int first) {
    int lane = lane_index();
    UNROLL for (int u = 0; u < Step; u++) {
        int dimension = (first + u) * 8 + lane / 4;
        to[u] = {};
        if (dimension < length) KvUnit<Kind>::load_keys(to[u], tile, length, dimension, lane % 4);
    }
}

template <int Kind, int Queries, int Step> DEVICE void add_scores(const KvUnit<Kind> (&units)[Step], const float *query, int first, float (&scores)[Queries][8]) {
    UNROLL for (int u = 0; u < Step; u++) {
        float key[8], weights[Queries];
        read_queries<Queries>(query + ((first + u) * 8 + (int)lane_index() / 4) * Queries, weights);
        KvUnit<Kind>::keys(units[u], key);
        UNROLL for (int q = 0; q < Queries; q++)
            UNROLL for (int i = 0; i < 8; i++) scores[q][i] += weights[q] * key[i];
    }
}

// Values of a batch of units: unit u of lane l has token (first + u) · Together + l / RowLanes and dimensions
// 8 (l % RowLanes) on. What nobody wrote is not read.
template <int Kind, int Length, int Step> DEVICE void load_values(KvUnit<Kind> (&to)[Step], const u8 *tile, int stride, int first, int visible_from, int visible_to) {
    const int RowLanes = Length / 8, Together = 32 / RowLanes;
    int lane = lane_index(), dimension = lane % RowLanes * 8;
    UNROLL for (int u = 0; u < Step; u++) {
        int token = (first + u) * Together + lane / RowLanes;
        to[u] = {};
        if (token >= visible_from && token < visible_to && dimension < stride) KvUnit<Kind>::load_values(to[u], tile, stride, token, dimension);
    }
}

template <int Kind, int Queries, int Length, int Step> DEVICE void add_values(const KvUnit<Kind> (&units)[Step], const float *weights, int first, float (&sums)[Queries][8]) {
    const int RowLanes = Length / 8, Together = 32 / RowLanes;
    UNROLL for (int u = 0; u < Step; u++) {
        float value[8], weight[Queries];
        read_queries<Queries>(weights + ((first + u) * Together + (int)lane_index() / RowLanes) * Queries, weight);
        KvUnit<Kind>::values(units[u], value);
        UNROLL for (int q = 0; q < Queries; q++)
            UNROLL for (int i = 0; i < 8; i++) sums[q][i] += weight[q] * value[i];
    }
}

// A warp's KV blocks of a range, for some queries of a KV head. Lane l ends with the sums of dimensions 8 (l % RowLanes)
// on, of its share of the tokens.
template <int Kind, int Queries, int Length> DEVICE void attend(
    const AttentionParams &p, const AttentionRange &range, const float *query, float *weights, float (&maximum)[Queries], float (&total)[Queries], float (&sums)[Queries][8]) {
    const int Step = Length == 64 || Kind == 1 ? 4 : 8, Batches = Length / 8 / Step; // an even number of batches
    int lane = lane_index(), head = block_x(), mine = lane % 4 * 8 + lane / 4;
    const int *table = p.rope.batch.tables + p.rope.batch.table_start[p.rope.batch.sequence_of[block_y()]];
    KvUnit<Kind> even[Step], odd[Step]; // one is computed with while the other is on its way
    UNROLL for (int q = 0; q < Queries; q++) {
        maximum[q] = NOTHING;
        total[q] = 0;
        UNROLL for (int i = 0; i < 8; i++) sums[q][i] = 0;
    }
    int b = range.from + (int)warp_index(), block = b < range.to ? table[b] : 0;
    if (b < range.to) load_keys<Kind, Step>(even, key_tile(p.rope.kv, block, head), p.rope.kv.key_length, 0);
    for (; b < range.to; b += AttentionWarps) {
        bool more = b + AttentionWarps < range.to;
        int next = more ? table[b + AttentionWarps] : 0;
        const u8 *key = key_tile(p.rope.kv, block, head), *value = value_tile(p.rope.kv, block, head);
        int start = b * BlockTokens, visible_from = range.oldest - start, visible_to = range.position + 1 - start;
        float scores[Queries][8];
        UNROLL for (int q = 0; q < Queries; q++)
            UNROLL for (int i = 0; i < 8; i++) scores[q][i] = 0;
        for (int n = 0; n < Batches; n += 2) {
            load_keys<Kind, Step>(odd, key, p.rope.kv.key_length, (n + 1) * Step);
            add_scores<Kind, Queries, Step>(even, query, n * Step, scores);
            if (n + 2 < Batches) load_keys<Kind, Step>(even, key, p.rope.kv.key_length, (n + 2) * Step);
            else load_values<Kind, Length, Step>(even, value, p.rope.kv.value_stride, 0, visible_from, visible_to);
            add_scores<Kind, Queries, Step>(odd, query, (n + 1) * Step, scores);
        }
        sync_warp();
        UNROLL for (int q = 0; q < Queries; q++) {
            float score = scatter_sums(scores[q]);
            bool visible = mine >= visible_from && mine < visible_to;
            float highest = larger(maximum[q], warp_maximum(visible ? score : NOTHING));
            float shrink = exp2_approximate(maximum[q] - highest), weight = visible ? exp2_approximate(score - highest) : 0;
            total[q] = total[q] * shrink + weight;
            maximum[q] = highest;
            weights[mine * Queries + q] = weight;
            UNROLL for (int i = 0; i < 8; i++) sums[q][i] *= shrink;
        }
        sync_warp();
        for (int n = 0; n < Batches; n += 2) {
            load_values<Kind, Length, Step>(odd, value, p.rope.kv.value_stride, (n + 1) * Step, visible_from, visible_to);
            add_values<Kind, Queries, Length, Step>(even, weights, n * Step, sums);
            if (n + 2 < Batches) load_values<Kind, Length, Step>(even, value, p.rope.kv.value_stride, (n + 2) * Step, visible_from, visible_to);
            else if (more) load_keys<Kind, Step>(even, key_tile(p.rope.kv, next, head), p.rope.kv.key_length, 0);
            add_values<Kind, Queries, Length, Step>(odd, weights, (n + 1) * Step, sums);
        }
        block = next;
    }
    UNROLL for (int q = 0; q < Queries; q++) {
        total[q] = warp_sum(total[q]);
        UNROLL for (int mask = Length / 8; mask < 32; mask *= 2)
            UNROLL for (int i = 0; i < 8; i++) sums[q][i] += shuffle_xor(sums[q][i], mask);
    }
}

// Some queries of a KV head over the block's part of the context: to the output where there is one part, otherwise to
// be merged.
template <int Kind, int Queries, int Length> DEVICE void attention_heads(
    const AttentionParams &p, const AttentionRange &range, int first_head, int heads, float *query, float *weights, float *merged) {
    const int Row = Length + 4;
    int lane = lane_index(), warp = warp_index(), token = block_y(), keys = p.rope.kv.key_length, values = p.rope.kv.value_length;
    sync_block();
    for (int q = warp; q < Queries; q += AttentionWarps) {
        float *row = merged + warp * Row;
        for (int d = lane; d < keys && q < heads; d += 32) row[d] = p.rope.query[((u64)token * p.rope.heads + first_head + q) * keys + d];
        sync_warp();
        if (p.finish && q < heads) norm_and_rotate(row, p.rope.query_norm, p.rope, range.position);
        // Powers of two in place of e: one multiplication less a score.
        for (int d = lane; d < Length; d += 32) query[d * Queries + q] = q < heads && d < keys ? row[d] * (p.scale * 1.4426950408889634f) : 0;
        sync_warp();
    }
    sync_block();
    float maximum[Queries], total[Queries], sums[Queries][8];
    attend<Kind, Queries, Length>(p, range, query, weights + warp * BlockTokens * Queries, maximum, total, sums);
    UNROLL for (int q = 0; q < Queries; q++) {
        float *row = merged + (warp * Queries + q) * Row;
        UNROLL for (int i = 0; i < 8; i++)
            if (lane < Length / 8) row[lane * 8 + i] = sums[q][i];
        if (lane == 0) {
            row[Length] = maximum[q];
            row[Length + 1] = total[q];
        }
    }
    sync_block();
    for (int q = warp; q < heads; q += AttentionWarps) {
        float highest = NOTHING, sum = 0, share[AttentionWarps];
        UNROLL for (int w = 0; w < AttentionWarps; w++) highest = larger(highest, merged[(w * Queries + q) * Row + Length]);
        UNROLL for (int w = 0; w < AttentionWarps; w++) {
            share[w] = exp2_approximate(merged[(w * Queries + q) * Row + Length] - highest);
            sum += merged[(w * Queries + q) * Row + Length + 1] * share[w];
        }
        u64 head = (u64)token * p.rope.heads + first_head + q;
        float *output = range.parts == 1 ? p.output + head * values : p.partial + (head * p.splits + block_z()) * (values + 2);
        float factor = range.parts == 1 ? 1 / sum : 1;
        for (int d = lane; d < values; d += 32) {
            float result = 0;
            UNROLL for (int w = 0; w < AttentionWarps; w++) result += merged[(w * Queries + q) * Row + d] * share[w];
            output[d] = result * factor;
        }
        if (range.parts > 1 && lane == 0) {
            output[values] = highest;
            output[values + 1] = sum;
        }
    }
}

// By the block of a token and KV head that ends last: the parts' sums, each by its share.
DEVICE void merge_parts(const AttentionParams &p, int parts, int group, float *factors) {
    int values = p.rope.kv.value_length, lane = lane_index();
    for (int q = warp_index(); q < group; q += AttentionWarps) {
        u64 head = (u64)block_y() * p.rope.heads + block_x() * group + q;
        const float *partial = p.partial + head * p.splits * (values + 2);
        float *factor = factors + warp_index() * MostParts, highest = NOTHING, sum = 0;
        for (int s = lane; s < parts; s += 32) highest = larger(highest, partial[s * (values + 2) + values]);
        highest = warp_maximum(highest);
        for (int s = lane; s < parts; s += 32) {
            float share = exp2_approximate(partial[s * (values + 2) + values] - highest);
            factor[s] = share;
            sum += share * partial[s * (values + 2) + values + 1];
        }
        sum = warp_sum(sum);
        sync_warp();
        for (int d = lane; d < values; d += 32) {
            float result = 0;
            for (int s = 0; s < parts; s++) result += factor[s] * partial[s * (values + 2) + d];
            p.output[head * values + d] = result / sum;
        }
        sync_warp();
    }
}

// The token's key and value into their KV block, by the block that has it.
DEVICE void append(const AttentionParams &p, int position, float *scratch) {
    const RopeParams &rope = p.rope;
    int head = block_x(), slot = position % BlockTokens, block = kv_block_of(rope.batch, rope.batch.sequence_of[block_y()], position);
    u64 vector = (u64)block_y() * rope.kv.kv_heads + head;
    if (warp_index() == 0) {
        for (int d = lane_index(); d < rope.kv.key_length; d += 32) scratch[d] = rope.key[vector * rope.kv.key_length + d];
        sync_warp();
        norm_and_rotate(scratch, rope.key_norm, rope, position);
        append_key(rope, block, head, slot, scratch);
    } else if (warp_index() == 1) {
        append_value(rope, block, head, slot, rope.value + vector * rope.kv.value_length);
    }
}

template <int Kind, int Queries, int Length> DEVICE void attention(const AttentionParams &p) {
    SHARED_ARRAY(float, query, Queries * Length);
    SHARED_ARRAY(float, weights, AttentionWarps * BlockTokens * Queries);
    SHARED_ARRAY(float, merged, AttentionWarps * Queries * (Length + 4));
    SHARED_ARRAY(u32, arrived, 1);
    AttentionRange range = attention_range(p);
    if ((int)block_z() >= range.parts) return;
    await_previous_kernel();
    if (p.finish && (int)block_z() == range.parts - 1) append(p, range.position, merged);
    int group = p.rope.heads / p.rope.kv.kv_heads;
    for (int q = 0; q < group; q += Queries)
        attention_heads<Kind, Queries, Length>(p, range, block_x() * group + q, group - q < Queries ? group - q : Queries, query, weights, merged);
    if (range.parts == 1) return;
    fence_device();
    sync_block();
    u32 *counter = p.arrived + block_y() * p.rope.kv.kv_heads + block_x();
    if (thread_index() == 0) arrived[0] = add_atomically(counter, 1);
    sync_block();
    if (arrived[0] + 1 != (u32)range.parts) return;
    fence_device();
    if (thread_index() == 0) *counter = 0; // for the next layer
    merge_parts(p, range.parts, group, weights); // the warps' weights have had their use
}

// Of up to four or eight queries a KV head; of more in several rounds.
#define ATTENTION_KERNEL(name, kind, queries, length) \
    KERNEL_SHARING(attention_##name##_##queries##_##length, 128, queries == 4 ? 3 : 2, AttentionParams) { attention<kind, queries, length>(p); }
#define ATTENTION_OF(name, kind, queries) ATTENTION_KERNEL(name, kind, queries, 64) ATTENTION_KERNEL(name, kind, queries, 128) ATTENTION_KERNEL(name, kind, queries, 256)
ATTENTION_OF(f16, 0, 4) ATTENTION_OF(f16, 0, 8) ATTENTION_OF(f32, 1, 4) ATTENTION_OF(q8_0, 2, 4) ATTENTION_OF(q8_0, 2, 8)
