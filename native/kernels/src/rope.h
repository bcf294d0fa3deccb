// Finishes a token's query, key and value: head norms (qwen3), rope (arXiv 2104.09864), and keys and values into their KV
// block. A warp takes a head, a block eight. Reference: AttentionBlock of the CPU backend; relative tolerance 1e-5 before storing.
#pragma once
#include "kv.h"

DEVICE void norm_and_rotate(float *head, const float *weight, const RopeParams &p, int position) {
    int lane = lane_index(), length = p.kv.key_length;
    float inverse = 1;
    if (weight) {
        float sum = 0;
        for (int d = lane; d < length; d += 32) sum += head[d] * head[d];
        inverse = reciprocal_root(warp_sum(sum) / length + p.epsilon);
    }
    const float *cosines = p.cosines + (u64)position * p.pairs, *sines = p.sines + (u64)position * p.pairs;
    for (int pair = lane; pair < p.pairs; pair += 32) {
        int a = p.half_split ? pair : 2 * pair, b = p.half_split ? pair + p.pairs : a + 1;
        float x = head[a] * inverse * (weight ? weight[a] : 1), y = head[b] * inverse * (weight ? weight[b] : 1);
        head[a] = x * cosines[pair] - y * sines[pair];
        head[b] = x * sines[pair] + y * cosines[pair];
    }
    if (weight)
        for (int d = 2 * p.pairs + lane; d < length; d += 32) head[d] *= inverse * weight[d];
    sync_warp();
}

// By a warp: a key, finished already, and a value into their tiles.
DEVICE void append_key(const RopeParams &p, int block, int head, int slot, const float *key) {
    int length = p.kv.key_length;
    write_vector(key_tile(p.kv, block, head), p.kv.type, length, length, key, slot, BlockTokens, slot, BlockTokens);
}

DEVICE void append_value(const RopeParams &p, int block, int head, int slot, const float *value) {
    int stride = p.kv.value_stride;
    write_vector(value_tile(p.kv, block, head), p.kv.type, p.kv.value_length, stride, value, slot * stride, 1, slot * kv_groups(stride), 1);
}

KERNEL(rope, 256, RopeParams) {
    await_previous_kernel();
    int token = block_x(), position = p.batch.positions[token], slot = position % BlockTokens;
    int block = kv_block_of(p.batch, p.batch.sequence_of[token], position);
    int i = (int)block_y() * 8 + (int)warp_index(), head = i - p.heads;
    if (i < p.heads) {
        norm_and_rotate(p.query + ((u64)token * p.heads + i) * p.kv.key_length, p.query_norm, p, position);
    } else if (head < p.kv.kv_heads) {
        float *key = p.key + ((u64)token * p.kv.kv_heads + head) * p.kv.key_length;
        norm_and_rotate(key, p.key_norm, p, position);
        append_key(p, block, head, slot, key);
    } else if (head < 2 * p.kv.kv_heads) {
        head -= p.kv.kv_heads;
        append_value(p, block, head, slot, p.value + ((u64)token * p.kv.kv_heads + head) * p.kv.value_length);
    }
}
