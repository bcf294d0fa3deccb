// y = x / sqrt(mean(x²) + epsilon) · weight. Reference: FloatKernels.RmsNorm; relative tolerance 1e-5.
#pragma once
#include "params.h"

KERNEL(rms_norm, 256, NormParams) {
    await_previous_kernel();
    SHARED_ARRAY(float, sums, 8);
    const float *x = p.input + (u64)(p.rows ? p.rows[block_x()] : (int)block_x()) * p.columns;
    float *y = p.output + (u64)block_x() * p.columns;
    float sum = 0;
    for (int c = thread_index(); c < p.columns; c += 256) sum += x[c] * x[c];
    sum = warp_sum(sum);
    if (lane_index() == 0) sums[warp_index()] = sum;
    sync_block();
    sum = 0;
    for (int w = 0; w < 8; w++) sum += sums[w];
    float inverse = reciprocal_root(sum / p.columns + p.epsilon);
    for (int c = thread_index(); c < p.columns; c += 256) y[c] = x[c] * inverse * p.weight[c];
}
