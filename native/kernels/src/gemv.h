// Matrix times 1 to 16 vectors, bound by reading the weights once. A warp takes a pair of rows, its lanes 16 bytes at a
// time of each: while it computes with two pieces of both rows, the next two are on their way, across the ends of rows
// and tiles of columns. The grid is as many blocks as the device holds at once, or fewer, all with equally many pairs; where pairs
// are few, `split` warps share one. Inputs wait in shared memory (input.h), normed on the way there if asked for; one
// launch takes up to three matrices with the same inputs, or gives silu(gate) · up of two, or takes one matrix for each
// choice of an expert, or adds up a token's choices, as if their rows and inputs were one. Reference: Dequantizer and a plain product; tolerance 1e-4 of |w|·|x|.
#pragma once
#include "input.h"
#include "pieces.h"

static const int GemvRows = 2;

// Pieces of a row that a lane has at a time.
#define AHEAD_OF(batch) (batch == 16 ? 1 : 2)

// Where the pair of rows `index` of a launch's matrices lies, which follow one another; of a gated launch, row `index` of
// both. Found again when it is needed: registers are for weights on their way.
struct RowPlace {
    GemvPart part;
    int row;
    int count; // rows that there are: 2, 1 or none
};

DEVICE RowPlace find_rows(const GemvParams &p, int index) {
    RowPlace place = {p.parts[0], index, 0};
    if (!p.gated) {
        int pairs = (place.part.rows + 1) / 2;
        if (index >= pairs && p.parts[1].rows) {
            index -= pairs;
            place.part = p.parts[1];
            pairs = (place.part.rows + 1) / 2;
            if (index >= pairs && p.parts[2].rows) {
                index -= pairs;
                place.part = p.parts[2];
            }
        }
        place.row = index * 2;
    }
    int left = place.part.rows - place.row;
    place.count = left <= 0 ? 0 : p.gated || left > 1 ? 2 : 1;
    return place;
}

struct RowPair {
    const u8 *rows[GemvRows];
    bool any;
};

DEVICE RowPair row_pair(const GemvParams &p, int index) {
    RowPlace place = find_rows(p, index);
    u64 offset = (p.experts && p.together == 1 ? p.experts[block_y()] * p.expert_bytes : 0) + (u64)place.row * p.row_bytes;
    RowPair pair;
    pair.any = place.count > 0;
    pair.rows[0] = place.part.weights + offset;
    pair.rows[1] = p.gated ? p.parts[1].weights + offset : place.count == 2 ? pair.rows[0] + p.row_bytes : pair.rows[0];
    return pair;
}

// Starts the loads of a warp's pieces from `first` on; what lies beyond `end` is zero. A row has `row_pieces`.
template <class Piece, int Ahead> DEVICE void fetch_pieces(const GemvParams &p, const RowPair &pair, int first, int end, int row_pieces, Piece (&to)[Ahead][GemvRows]) {
    UNROLL for (int a = 0; a < Ahead; a++) {
        int piece = first + a * 32 + (int)lane_index();
        bool inside = pair.any && piece < end;
        u64 offset = 0;
        if (p.together > 1 && inside) {
            int choice = piece / row_pieces;
            piece -= choice * row_pieces;
            offset = p.experts[(int)block_y() * p.together + choice] * p.expert_bytes;
        }
        UNROLL for (int r = 0; r < GemvRows; r++) {
            to[a][r] = {};
            if (inside) Piece::fetch(to[a][r], pair.rows[r] + offset, piece, p.columns);
        }
    }
}

// 1 / sqrt(mean(x²) + epsilon), by all threads of the block.
DEVICE float norm_scale(const float *x, int columns, float epsilon, float *shared) {
    float sum = 0;
    for (int from = (int)thread_index() * 4; from < columns; from += InputAhead * GemvWarps * 128) {
        float values[InputAhead][4];
        UNROLL for (int a = 0; a < InputAhead; a++) read_input(x, 0, 1, from + a * GemvWarps * 128, columns, values[a]);
        UNROLL for (int a = 0; a < InputAhead; a++)
            UNROLL for (int i = 0; i < 4; i++) sum += values[a][i] * values[a][i];
    }
    sum = warp_sum(sum);
    if (lane_index() == 0) shared[warp_index()] = sum;
    sync_block();
    sum = 0;
    UNROLL for (int w = 0; w < GemvWarps; w++) sum += shared[w];
    return reciprocal_root(sum / columns + epsilon);
}

template <int Batch> DEVICE void write_rows(const GemvParams &p, int index, const float (&sums)[GemvRows][Batch]) {
    RowPlace place = find_rows(p, index);
    if (place.count == 0) return;
    UNROLL for (int b = 0; b < Batch; b++) {
        if ((int)lane_index() != b || b >= p.tokens) continue;
        float *output = place.part.output + ((u64)(p.experts ? block_y() : 0) + b) * place.part.rows + place.row;
        if (p.gated) {
            output[0] = sums[0][b] / (1 + exponential(-sums[0][b])) * sums[1][b];
            continue;
        }
        UNROLL for (int r = 0; r < GemvRows; r++) {
            if (r >= place.count) continue;
            float sum = sums[r][b] + (place.part.bias ? place.part.bias[place.row + r] : 0);
            output[r] = p.accumulate ? output[r] + sum : sum;
        }
    }
}

template <class Piece, int Batch> DEVICE void gemv(const GemvParams &p) {
    typedef typename Choose<Piece::Integer, IntegerInput<Batch>, FloatInput<Batch>>::Type Input;
    const int TilePieces = Input::Tile / Piece::Columns, Ahead = AHEAD_OF(Batch), Chunk = Ahead * 32;
    SHARED_ARRAY(u8, staged, Input::Bytes);
    SHARED_ARRAY(float, partial, 2 * GemvWarps * GemvRows * Batch); // used in turn
    int lane = lane_index(), warp = warp_index(), part = warp % p.split;
    int together = GemvWarps / p.split, index = (int)block_x() * together + warp / p.split;
    int row_pieces = Piece::Integer ? p.columns / Piece::Columns : (p.columns + 7) / 8 * 8 / Piece::Columns, pieces = row_pieces * p.together;
    int first_end = pieces < TilePieces ? pieces : TilePieces, at = -1;
    int columns = p.columns * p.together;
    const float *x = p.input + (p.experts ? (u64)(block_y() / p.choices_per_input) * columns : 0);

    // Weights can be on their way while the kernel before still runs, once it is known which.
    if (p.experts) await_previous_kernel();
    RowPair pair = row_pair(p, index), following = pair;
    Piece now[Ahead][GemvRows], next[Ahead][GemvRows] = {};
    fetch_pieces(p, pair, part * Chunk, first_end, row_pieces, now);
    if (!p.experts) await_previous_kernel();
    float scale = p.norm ? norm_scale(x, p.columns, p.epsilon, partial) : 1;

    for (int round = 0; round < p.rounds; round++) {
        float sums[GemvRows][Batch];
        UNROLL for (int r = 0; r < GemvRows; r++)
            UNROLL for (int b = 0; b < Batch; b++) sums[r][b] = 0;
        if (round + 1 < p.rounds) following = row_pair(p, index + together * (int)grid_x());
        for (int start = 0; start < pieces; start += TilePieces) {
            if (start != at) {
                sync_block();
                Input::stage(staged, p, x, scale, start * Piece::Columns, columns);
                sync_block();
                at = start;
            }
            int end = pieces - start < TilePieces ? pieces : start + TilePieces;
            for (int first = start + part * Chunk;;) {
                int later = first + p.split * Chunk;
                if (later < end) fetch_pieces(p, pair, later, end, row_pieces, next);
                else if (end < pieces) fetch_pieces(p, pair, end + part * Chunk, pieces - end < TilePieces ? pieces : end + TilePieces, row_pieces, next);
                else if (round + 1 < p.rounds) fetch_pieces(p, following, part * Chunk, first_end, row_pieces, next);
                UNROLL for (int a = 0; a < Ahead; a++) {
                    // Pieces beyond the end are zeros, times any input.
                    int piece = first + a * 32 + lane;
                    Input::template multiply<Piece, GemvRows>(staged, now[a], piece < end ? piece - start : 0, sums);
                }
                UNROLL for (int a = 0; a < Ahead; a++)
                    UNROLL for (int r = 0; r < GemvRows; r++) now[a][r] = next[a][r];
                if (later >= end) break;
                first = later;
            }
        }
        UNROLL for (int r = 0; r < GemvRows; r++)
            UNROLL for (int b = 0; b < Batch; b++) sums[r][b] = warp_sum(sums[r][b]);
        if (p.split > 1) {
            float *mine = partial + (round % 2 * GemvWarps + warp) * GemvRows * Batch;
            UNROLL for (int r = 0; r < GemvRows; r++)
                UNROLL for (int b = 0; b < Batch; b++)
                    if (lane == 0) mine[r * Batch + b] = sums[r][b];
            sync_block();
            for (int other = 1; other < p.split && part == 0; other++)
                UNROLL for (int r = 0; r < GemvRows; r++)
                    UNROLL for (int b = 0; b < Batch; b++) sums[r][b] += mine[(other * GemvRows + r) * Batch + b];
        }
        if (part == 0) write_rows<Batch>(p, index, sums);
        pair = following;
        index += together * (int)grid_x();
    }
}

// A multiprocessor is to hold `blocks` blocks for one vector, two for more.
#define GEMV_OF(name, Type, blocks) \
    KERNEL_SHARING(gemv_##name##_1, 256, blocks, GemvParams) { gemv<Piece##Type, 1>(p); } \
    KERNEL_SHARING(gemv_##name##_4, 256, 2, GemvParams) { gemv<Piece##Type, 4>(p); } \
    KERNEL_SHARING(gemv_##name##_16, 256, 2, GemvParams) { gemv<Piece##Type, 16>(p); }
GEMV_OF(f32, F32, 3) GEMV_OF(f16, F16, 3) GEMV_OF(bf16, BF16, 3) GEMV_OF(q8_0, Q8_0, 3) GEMV_OF(q4_0, Q4_0, 3)
GEMV_OF(q4_k, Q4_K, 3) GEMV_OF(q5_k, Q5_K, 2) GEMV_OF(q6_k, Q6_K, 2) GEMV_OF(mxfp4, MXFP4, 3)
