// Where the KV blocks lie, and how a vector is written to them.
#pragma once
#include "params.h"

static const int BlockTokens = 32;

DEVICE int kv_groups(int length) { return (length + 31) / 32; }

DEVICE u8 *key_tile(const KvLayout &kv, int block, int head) {
    return kv.data + block * kv.block_bytes + kv.layer_offset + (u64)head * kv.head_bytes;
}

DEVICE u8 *value_tile(const KvLayout &kv, int block, int head) { return key_tile(kv, block, head) + kv.key_tile_bytes; }

DEVICE int kv_block_of(const BatchLayout &batch, int sequence, int position) {
    return batch.tables[batch.table_start[sequence] + position / BlockTokens];
}

// Writes one vector of a tile by one warp, `stride` being the tile's length: element d at first + d · step, a Q8_0 scale of group
// g at scale_first + g · scale_step.
DEVICE void write_vector(u8 *tile, int type, int length, int stride, const float *x, int first, int step, int scale_first, int scale_step) {
    for (int start = 0; start < length; start += 32) {
        int d = start + (int)lane_index();
        float value = d < length ? x[d] : 0;
        if (type == 2) {
            u16 scale = to_half(warp_maximum(value < 0 ? -value : value) / 127);
            // The byte is chosen for the scale as it is stored.
            float stored = from_half(scale), q = stored > 0 ? round_to_even(value * (1 / stored)) : 0;
            q = q > 127 ? 127 : q < -127 ? -127 : q;
            if (d < length) ((s8 *)tile)[first + d * step] = (s8)q;
            if (lane_index() == 0) ((u16 *)(tile + stride * BlockTokens))[scale_first + start / 32 * scale_step] = scale;
        } else if (d < length) {
            if (type == 0) ((u16 *)tile)[first + d * step] = to_half(value);
            else ((float *)tile)[first + d * step] = value;
        }
    }
}
