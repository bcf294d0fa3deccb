// The likeliest token of each row of logits: the highest number, the first of equal ones; -1 where no number is finite or
// one is beyond all bounds. Reference: LogitMath.ArgMax; exact.
#pragma once
#include "params.h"

static const int ArgMaxThreads = 1024;

KERNEL(argmax, 1024, ArgMaxParams) {
    SHARED_ARRAY(float, bests, ArgMaxThreads / 32);
    SHARED_ARRAY(int, places, ArgMaxThreads / 32);
    const float *logits = p.logits + (u64)block_x() * p.columns;
    float best = -INFINITE;
    int place = -1;
    for (int c = thread_index(); c < p.columns; c += ArgMaxThreads)
        if (logits[c] > best) {
            best = logits[c];
            place = c;
        }
    for (int round = 0; round < 2; round++) {
        for (u32 mask = 16; mask > 0; mask >>= 1) {
            float other = shuffle_xor(best, mask);
            int index = (int)shuffle_xor_bits((u32)place, mask);
            // As unsigned numbers, -1 comes after all places.
            if (other > best || (other == best && (u32)index < (u32)place)) {
                best = other;
                place = index;
            }
        }
        if (round == 0) {
            if (lane_index() == 0) {
                bests[warp_index()] = best;
                places[warp_index()] = place;
            }
            sync_block();
            // Every warp does the second round, so that all lanes take part in the exchange.
            best = bests[lane_index()];
            place = places[lane_index()];
        }
    }
    if (thread_index() == 0) p.likeliest[block_x()] = best < INFINITE ? place : -1;
}
