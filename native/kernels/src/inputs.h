// Rows of floats as the tensor cores take them. Reference: a cast, but what halves have no room for becomes the largest
// one, so that a single outlier does not make a row infinite; exact.
#pragma once
#include "params.h"

DEVICE float within_halves(float x) { return x > 65504.0f ? 65504.0f : x < -65504.0f ? -65504.0f : x; } // NaN stays

KERNEL(pack_rows, 256, InputParams) {
    const float *x = p.input + (u64)block_x() * p.columns;
    u64 row = (u64)block_x() * p.stride;
    for (int c = 2 * thread_index(); c < p.stride; c += 512) {
        float low = c < p.columns ? x[c] : 0, high = c + 1 < p.columns ? x[c + 1] : 0;
        if (p.halves) *(u32 *)(p.halves + row + c) = to_halves(within_halves(low), within_halves(high));
        if (p.brains) *(u32 *)(p.brains + row + c) = to_brains(low, high);
    }
}
