// Gated feed-forward and mixture of experts. Reference: DenseFeedForward and ExpertFeedForward of the CPU backend;
// relative tolerance 1e-5, expert products as gemv.
#pragma once
#include "params.h"
#include "weights.h"

KERNEL(swiglu, 256, SwiGluParams) {
    for (u64 i = (u64)block_x() * 256 + thread_index(); i < p.count; i += (u64)grid_x() * 256)
        p.gate[i] = p.gate[i] / (1 + exponential(-p.gate[i])) * p.up[i];
}

// Softmax over a token's scores, then the most probable experts; ties go to the lower index.
KERNEL(route, 32, RouteParams) {
    int lane = lane_index();
    float *scores = p.scores + (u64)block_x() * p.experts;
    float highest = -1e30f, sum = 0, total = 0;
    for (int e = lane; e < p.experts; e += 32) highest = larger(highest, scores[e]);
    highest = warp_maximum(highest);
    for (int e = lane; e < p.experts; e += 32) sum += scores[e] = exponential(scores[e] - highest);
    sum = warp_sum(sum);
    sync_warp();
    for (int k = 0; k < p.used; k++) {
        float best = -1;
        int chosen = 0;
        for (int e = lane; e < p.experts; e += 32)
            if (scores[e] > best) {
                best = scores[e];
                chosen = e;
            }
        for (u32 mask = 16; mask > 0; mask >>= 1) {
            float other = shuffle_xor(best, mask);
            int index = (int)shuffle_xor_bits((u32)chosen, mask);
            if (other > best || (other == best && index < chosen)) {
                best = other;
                chosen = index;
            }
        }
        total += best;
        if (lane == 0) {
            p.chosen[block_x() * p.used + k] = chosen;
            p.weights[block_x() * p.used + k] = best / sum;
            scores[chosen] = -2;
        }
        sync_warp();
    }
    if (p.normalize && lane == 0)
        for (int k = 0; k < p.used; k++) p.weights[block_x() * p.used + k] *= sum / total;
}

// One expert's matrix times one input for each choice; a warp takes a row.
template <class Type> DEVICE void expert_gemv(const ExpertParams &p) {
    int choice = block_y(), row = block_x() * 8 + warp_index();
    const float *x = p.input + (u64)(choice / p.choices_per_input) * p.columns;
    const u8 *weights = p.weights + p.experts[choice] * p.expert_bytes + (u64)row * p.row_bytes;
    float sum = 0;
    for (int unit = lane_index(); row < p.rows && unit * 8 < p.columns; unit += 32) {
        float w[8];
        int first, second;
        Type::load(weights, unit, p.columns, w, first, second);
        for (int i = 0; i < 4; i++) {
            if (first + i < p.columns) sum += w[i] * x[first + i];
            if (second + i < p.columns) sum += w[4 + i] * x[second + i];
        }
    }
    sum = warp_sum(sum);
    if (lane_index() == 0 && row < p.rows) p.output[(u64)choice * p.rows + row] = sum;
}

#define EXPERT_OF(name, Type) KERNEL(expert_gemv_##name, 256, ExpertParams) { expert_gemv<Type>(p); }
FOR_EVERY_TYPE(EXPERT_OF)

KERNEL(combine_experts, 128, CombineParams) {
    for (int c = thread_index(); c < p.columns; c += 128) {
        float sum = 0;
        for (int k = 0; k < p.used; k++)
            sum += p.weights[block_x() * p.used + k] * p.results[((u64)block_x() * p.used + k) * p.columns + c];
        p.hidden[(u64)block_x() * p.columns + c] += sum;
    }
}
