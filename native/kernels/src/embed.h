// Embedding rows of a batch's tokens. Reference: Dequantizer.ToFloat; exact.
#pragma once
#include "params.h"
#include "weights.h"

template <class Type> DEVICE void embed(const EmbedParams &p) {
    const u8 *row = p.table + p.tokens[block_x()] * p.row_bytes;
    float *output = p.output + (u64)block_x() * p.columns;
    for (int unit = thread_index(); unit * 8 < p.columns; unit += 128) {
        float w[8];
        int first, second;
        Type::load(row, unit, p.columns, w, first, second);
        for (int i = 0; i < 4; i++) {
            if (first + i < p.columns) output[first + i] = w[i];
            if (second + i < p.columns) output[second + i] = w[4 + i];
        }
    }
}

#define EMBED_OF(name, Type) KERNEL(embed_##name, 128, EmbedParams) { embed<Type>(p); }
FOR_EVERY_TYPE(EMBED_OF)
