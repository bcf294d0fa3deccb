// Chooses the next token of each row of logits by the row's own rule: the likeliest, or one drawn with temperature, top-k,
// top-p and min-p, among those that a mask allows, after a repetition penalty. Two kernels: a warp for each 128 logits,
// then a block for each row, which looks closer only where the row's candidates are.
// Reference: TokenChooser, for the same uniform number. The likeliest token is exact, the first of equals, as are order and
// number of the likeliest k; a drawn one may differ where the number lies within 1e-5 of the border between two tokens, as
// may what top-p and min-p leave out.
#pragma once
#include "params.h"

static const int PartTokens = 128;      // a warp's
static const int ChooseThreads = 1024;
static const int MostKeptParts = 256;   // whose logits are read again
static const int MostCandidates = 1024; // that are sorted
static const u32 LastId = 0xffffff;     // no vocabulary is larger
static const int NoToken = -1, Unresolved = -2;

// Numbers that order as the floats do.
DEVICE u32 order_of(float x) {
    u32 bits = float_to_bits(x == 0 ? 0 : x); // one zero
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}
DEVICE float value_of(u32 order) { return bits_to_float(order >> 31 ? order & 0x7fffffffu : ~order); }

// Likelier tokens have higher keys, of equals the first; nothing and what is not a number has 0.
DEVICE u64 key_of(float logit, int token) { return logit > -INFINITE ? (u64)order_of(logit) << 24 | (LastId - token) : 0; }
DEVICE float logit_of(u64 key) { return value_of((u32)(key >> 24)); }
DEVICE int token_of(u64 key) { return (int)(LastId - (u32)(key & LastId)); }

// How likely compared with the best; 0 for what is not a number.
DEVICE float weight_of(float logit, float best, float temperature) { return logit <= best ? exponential((logit - best) / temperature) : 0; }

// Weights are summed as whole numbers: in any order the sum is the same, and no larger than that of more.
DEVICE u64 fixed_point(float weight) { return (u64)(weight * 1099511627776.0f); }

DEVICE u64 shuffle_wide(u64 x, u32 lane) { return shuffle_bits((u32)x, lane) | (u64)shuffle_bits((u32)(x >> 32), lane) << 32; }
DEVICE u64 warp_highest(u64 x) {
    for (u32 mask = 16; mask > 0; mask >>= 1) {
        u64 other = shuffle_wide(x, lane_index() ^ mask);
        x = other > x ? other : x;
    }
    return x;
}

// Applies mask and penalty, and finds the best of each part and the sum of its weights relative to it. Grid: x eight parts,
// y rows.
KERNEL(sample_parts, 256, SampleParams) {
    int part = block_x() * 8 + warp_index(), row = block_y(), lane = lane_index();
    if (part >= p.parts) return; // with its whole warp
    const SampleRule rule = p.rules[row];
    float *logits = p.logits + (u64)row * p.columns;
    float values[PartTokens / 32];
    for (int i = 0; i < PartTokens / 32; i++) {
        int token = part * PartTokens + i * 32 + lane, word = token / 32;
        values[i] = token < p.columns ? logits[token] : -INFINITE;
        if (rule.mask_words >= 0 && (word >= rule.mask_words || !((u32)p.lists[rule.mask_at + word] >> lane & 1))) values[i] = -INFINITE;
    }
    for (int n = 0; n < rule.penalised; n++) {
        int token = p.lists[rule.penalised_at + n];
        if (token / PartTokens != part || token % 32 != lane) continue;
        for (int i = 0; i < PartTokens / 32; i++)
            if (token / 32 % (PartTokens / 32) == i) values[i] = values[i] > 0 ? values[i] / rule.penalty : values[i] * rule.penalty;
    }
    u64 best = 0;
    for (int i = 0; i < PartTokens / 32; i++) {
        int token = part * PartTokens + i * 32 + lane;
        if ((rule.mask_words >= 0 || rule.penalised > 0) && token < p.columns) logits[token] = values[i];
        u64 key = key_of(values[i], token);
        best = key > best ? key : best;
    }
    best = warp_highest(best);
    float sum = 0;
    if (rule.temperature > 0 && best > 0) {
        for (int i = 0; i < PartTokens / 32; i++) sum += weight_of(values[i], logit_of(best), rule.temperature);
        sum = warp_sum(sum);
    }
    if (lane > 0) return;
    p.best[(u64)row * p.parts + part] = best;
    p.sums[(u64)row * p.parts + part] = sum;
}

// Sum of what the block's threads hold. Like the following, all threads call it; `warps` is shared, 32 long.
DEVICE u32 block_sum(u32 mine, u64 *warps) {
    for (u32 mask = 16; mask > 0; mask >>= 1) mine += shuffle_xor_bits(mine, mask);
    if (lane_index() == 0) warps[warp_index()] = mine;
    sync_block();
    mine = (u32)warps[lane_index()];
    for (u32 mask = 16; mask > 0; mask >>= 1) mine += shuffle_xor_bits(mine, mask);
    sync_block();
    return mine;
}

DEVICE u64 block_highest(u64 mine, u64 *warps) {
    mine = warp_highest(mine);
    if (lane_index() == 0) warps[warp_index()] = mine;
    sync_block();
    mine = warp_highest(warps[lane_index()]);
    sync_block();
    return mine;
}

// What this thread and those before it hold together; `total` is of all.
DEVICE u64 block_scan(u64 mine, u64 *warps, u64 &total) {
    for (u32 step = 1; step < 32; step *= 2) {
        u64 before = shuffle_wide(mine, lane_index() - step);
        if (lane_index() >= step) mine += before;
    }
    if (lane_index() == 31) warps[warp_index()] = mine;
    sync_block();
    total = 0;
    for (u32 warp = 0; warp < ChooseThreads / 32; warp++) {
        if (warp < warp_index()) mine += warps[warp];
        total += warps[warp];
    }
    sync_block();
    return mine;
}

// The thread in whose share of the block's weights the point lies that divides them all as `uniform` divides 2^32; then
// `uniform` is how the point divides that share.
DEVICE int draw(u64 mine, u32 &uniform, u64 *warps) {
    u64 total, sum = block_scan(mine, warps, total);
    u64 point = (total >> 32) * uniform + ((total & 0xffffffffu) * uniform >> 32);
    u32 owner = block_sum(sum <= point, warps);
    if (thread_index() == owner) {
        double share = (double)(point - (sum - mine)) / (double)mine * 4294967296.0;
        warps[0] = share < 4294967295.0 ? (u64)share : 0xffffffffu;
    }
    sync_block();
    uniform = (u32)warps[0];
    sync_block();
    return (int)owner;
}

// Sorts 2^bits keys, the highest first.
DEVICE void sort_descending(u64 *keys, u32 bits) {
    for (u32 size = 1; size <= bits; size++)
        for (u32 step = size; step-- > 0;) {
            u32 low = (thread_index() >> step << (step + 1)) + (thread_index() & ((1u << step) - 1)), high = low + (1u << step);
            sync_block();
            if (high >> bits) continue;
            u64 first = keys[low], second = keys[high];
            if ((first < second) == ((low >> size & 1) == 0)) {
                keys[low] = second;
                keys[high] = first;
            }
        }
    sync_block();
}

// A border that at least so many keys reach, and if they differ no more than so many.
template <class Count> DEVICE u64 border_of(u32 fewest, u32 most, const Count &count) {
    u64 border = 0;
    for (int bit = 55; bit >= 0; bit--) {
        u32 reaching = count(border | 1ull << bit);
        if (reaching >= fewest) border |= 1ull << bit;
        if (reaching >= fewest && reaching <= most) break;
    }
    return border;
}

// Draws among all tokens, in the order of their ids.
DEVICE int choose_from_all(const SampleParams &p, const SampleRule &rule, const float *logits, const u64 *parts, const float *sums, float best, u64 *warps) {
    int share = (p.parts + ChooseThreads - 1) / ChooseThreads, thread = thread_index();
    u32 uniform = rule.uniform;
    u64 mine = 0;
    for (int part = thread * share; part < (thread + 1) * share && part < p.parts; part++)
        if (parts[part] > 0) mine += fixed_point(sums[part] * weight_of(logit_of(parts[part]), best, rule.temperature));
    int part = draw(mine, uniform, warps) * share;
    bool mayBe = thread < share && part + thread < p.parts && parts[part + thread] > 0;
    part += draw(mayBe ? fixed_point(sums[part + thread] * weight_of(logit_of(parts[part + thread]), best, rule.temperature)) : 0, uniform, warps);
    int token = part * PartTokens + thread;
    bool within = thread < PartTokens && token < p.columns;
    return part * PartTokens + draw(within ? fixed_point(weight_of(logits[token], logit_of(parts[part]), rule.temperature)) : 0, uniform, warps);
}

// Draws among the likeliest, in this order; where only min-p chooses them, in the order of their ids.
DEVICE int choose_from_likeliest(const SampleParams &p, const SampleRule &rule, const float *logits, const u64 *parts, const float *sums, float best, u64 *warps, u64 *keys, int *kept) {
    int thread = thread_index();
    // No token outside the parts that reach the border has a key that reaches it.
    u32 wanted = rule.top_k > 0 && rule.top_k < MostKeptParts / 2 ? rule.top_k : MostKeptParts / 2;
    auto count_parts = [&](u64 border) {
        u32 reaching = 0;
        for (int part = thread; part < p.parts; part += ChooseThreads) reaching += parts[part] >= border;
        return block_sum(reaching, warps);
    };
    u64 border = count_parts(1) <= MostKeptParts ? 1 : border_of(wanted, 2 * wanted, count_parts);
    u64 mine = 0, total;
    for (int part = thread; part < p.parts; part += ChooseThreads) mine += parts[part] >= border;
    u32 place = (u32)(block_scan(mine, warps, total) - mine);
    for (int part = thread; part < p.parts; part += ChooseThreads)
        if (parts[part] >= border) kept[place++] = part;
    int slots = (int)total * PartTokens;
    sync_block();

    auto reaching = [&](u64 border) {
        u32 count = 0;
        for (int slot = thread; slot < slots; slot += ChooseThreads) {
            int token = kept[slot / PartTokens] * PartTokens + slot % PartTokens;
            count += token < p.columns && key_of(logits[token], token) >= border;
        }
        return count;
    };
    auto count_tokens = [&](u64 border) { return block_sum(reaching(border), warps); };
    if (count_tokens(border) > MostCandidates) border = border_of(MostCandidates / 2, MostCandidates, count_tokens);
    bool all = border == 1;
    mine = reaching(border);
    place = (u32)(block_scan(mine, warps, total) - mine);
    u32 count = (u32)total, bits = 0;
    while (1u << bits < count) bits++;
    if (thread < 1 << bits) keys[thread] = 0;
    sync_block();
    for (int slot = thread; slot < slots; slot += ChooseThreads) {
        int token = kept[slot / PartTokens] * PartTokens + slot % PartTokens;
        if (token < p.columns && key_of(logits[token], token) >= border) keys[place++] = key_of(logits[token], token);
    }
    sort_descending(keys, bits);

    // How many of the candidates each filter leaves; unresolved where it may leave more than the candidates.
    u32 left = count;
    if (rule.top_k > 0) {
        if ((u32)rule.top_k > count && !all) return Unresolved;
        left = (u32)rule.top_k < count ? rule.top_k : count;
    }
    float weight = thread < (int)left ? weight_of(logit_of(keys[thread]), best, rule.temperature) : 0;
    u64 reached = block_scan(fixed_point(weight), warps, total);
    bool ended = all || rule.top_k > 0;
    if (rule.top_p < 1) {
        if (rule.top_k <= 0) {
            mine = 0;
            for (int part = thread; part < p.parts; part += ChooseThreads)
                if (parts[part] > 0) mine += fixed_point(sums[part] * weight_of(logit_of(parts[part]), best, rule.temperature));
            block_scan(mine, warps, total);
        }
        u32 below = block_sum(thread < (int)left && reached < (u64)((double)total * rule.top_p), warps);
        ended = ended || below < left;
        left = below < left ? below + 1 : left;
    }
    u32 likely = block_sum(thread < (int)left && weight >= rule.min_p, warps);
    if (likely == left && !ended) return Unresolved;
    left = likely;

    if (rule.top_k <= 0 && rule.top_p >= 1) {
        u64 key = thread < (int)left ? (keys[thread] & LastId) << 32 | keys[thread] >> 24 : 0;
        sync_block();
        if (thread < 1 << bits) keys[thread] = key;
        sort_descending(keys, bits);
        key = thread < (int)left ? (keys[thread] & 0xffffffffu) << 24 | keys[thread] >> 32 : 0;
        sync_block();
        if (thread < 1 << bits) keys[thread] = key;
        sync_block();
    }
    weight = thread < (int)left ? weight_of(logit_of(keys[thread]), best, rule.temperature) : 0;
    u32 uniform = rule.uniform;
    return token_of(keys[draw(fixed_point(weight), uniform, warps)]);
}

// Grid: a block a row.
KERNEL(sample_choose, 1024, SampleParams) {
    SHARED_ARRAY(u64, warps, ChooseThreads / 32);
    SHARED_ARRAY(u64, keys, MostCandidates);
    SHARED_ARRAY(int, kept, MostKeptParts);
    int row = block_x();
    const SampleRule rule = p.rules[row];
    const float *logits = p.logits + (u64)row * p.columns, *sums = p.sums + (u64)row * p.parts;
    const u64 *parts = p.best + (u64)row * p.parts;
    u64 mine = 0;
    for (int part = thread_index(); part < p.parts; part += ChooseThreads) mine = parts[part] > mine ? parts[part] : mine;
    u64 best = block_highest(mine, warps);
    int token = token_of(best);
    if (best == 0 || !(logit_of(best) < INFINITE)) token = NoToken;
    else if (rule.temperature > 0)
        token = rule.top_k > 0 || rule.top_p < 1 || rule.min_p > 0
            ? choose_from_likeliest(p, rule, logits, parts, sums, logit_of(best), warps, keys, kept)
            : choose_from_all(p, rule, logits, parts, sums, logit_of(best), warps);
    if (thread_index() == 0) p.tokens[row] = token;
}
