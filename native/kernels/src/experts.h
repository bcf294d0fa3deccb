// Gated feed-forward and mixture of experts. Reference: DenseFeedForward and ExpertFeedForward of the CPU backend;
// relative tolerance 1e-5. The experts' products are gemv's.
#pragma once
#include "params.h"

KERNEL(swiglu, 256, SwiGluParams) {
    for (u64 i = (u64)block_x() * 256 + thread_index(); i < p.count; i += (u64)grid_x() * 256)
        p.gate[i] = p.gate[i] / (1 + exponential(-p.gate[i])) * p.up[i];
}

// Softmax over a token's scores, then the most probable experts; ties go to the lower index.
KERNEL(route, 32, RouteParams) {
    await_previous_kernel();
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

// For experts of many tokens: an expert's choices one after the other, so that its matrix is multiplied with all of them at
// once. Their order within an expert is of no consequence.
KERNEL(gather_choices, 1024, GatherParams) {
    SHARED_ARRAY(u32, places, 1024); // counts, then where the next choice goes
    SHARED_ARRAY(int, needed, 1);
    int thread = thread_index();
    places[thread] = 0;
    sync_block();
    for (int c = thread; c < p.choices; c += 1024) add_atomically(places + p.chosen[c], 1);
    sync_block();
    if (thread == 0) {
        int first = 0, tile = 0;
        for (int e = 0; e < p.experts; e++) {
            int count = places[e];
            places[e] = first;
            for (int i = 0; i < count; i += 32, tile++) {
                p.tiles[tile * 3] = e;
                p.tiles[tile * 3 + 1] = first + i;
                p.tiles[tile * 3 + 2] = count - i < 32 ? count - i : 32;
            }
            first += count;
        }
        needed[0] = tile;
    }
    sync_block();
    for (int tile = needed[0] + thread; tile < p.capacity; tile += 1024) p.tiles[tile * 3 + 2] = 0;
    for (int c = thread; c < p.choices; c += 1024) p.order[add_atomically(places + p.chosen[c], 1)] = c;
}

KERNEL(combine_experts, 128, CombineParams) {
    await_previous_kernel();
    for (int c = thread_index(); c < p.columns; c += 128) {
        float sum = 0;
        for (int k = 0; k < p.used; k++)
            sum += p.weights[block_x() * p.used + k] * p.results[((u64)block_x() * p.used + k) * p.columns + c];
        p.hidden[(u64)block_x() * p.columns + c] += sum;
    }
}
