// The inputs of gemv in shared memory, a tile of columns at a time, laid out so that the 16-byte reads of eight lanes
// touch all banks once. Floats serve plain weights. Quantised weights take whole numbers of 16 bits, scaled by 32 columns
// and split in a high and a low byte, since products of bytes are four at a time: the error is at most 2^-16 of the largest
// input of its 32 columns.
#pragma once
#include "params.h"

static const int GemvWarps = 8;
static const int InputAhead = 4; // four columns each that a thread has on their way while it stages

// Four columns of a token's input; null is a token that there is not. `scale` is that of the norm, where there is one.
DEVICE void read_input(const float *x, const float *norm, float scale, int column, int columns, float (&to)[4]) {
    UNROLL for (int i = 0; i < 4; i++) to[i] = 0;
    if (!x || column >= columns) return;
    if (columns % 4 == 0) {
        Words words = *(const Words *)(x + column);
        UNROLL for (int i = 0; i < 4; i++) to[i] = bits_to_float(words.word[i]);
        if (norm) {
            Words weights = *(const Words *)(norm + column);
            UNROLL for (int i = 0; i < 4; i++) to[i] *= scale * bits_to_float(weights.word[i]);
        }
        return;
    }
    UNROLL for (int i = 0; i < 4; i++)
        if (column + i < columns) to[i] = norm ? x[column + i] * scale * norm[column + i] : x[column + i];
}

// Four columns of token b's input as the product takes them: normed, or times the share of the choice that they belong to.
DEVICE void read_product_input(const GemvParams &p, const float *x, float scale, int b, int column, int columns, float (&to)[4]) {
    read_input(b < p.tokens ? x + (u64)b * columns : 0, p.norm, scale, column, columns, to);
    if (!p.shares || column >= columns) return;
    float share = p.shares[(int)block_y() * p.together + column / p.columns];
    UNROLL for (int i = 0; i < 4; i++) to[i] *= share;
}

template <int Batch> struct FloatInput {
    static const int Tile = Batch == 1 ? 8192 : Batch == 4 ? 2048 : 512;
    static const int Plane = Tile / 2 + 16; // of floats: the first four of each eight columns; the second
    static const int Bytes = Batch * 2 * Plane * 4;

    DEVICE void stage(u8 *shared, const GemvParams &p, const float *x, float scale, int start, int columns) {
        int width = columns - start < Tile ? (columns - start + 7) / 8 * 8 : Tile;
        for (int b = 0; b < Batch; b++)
            for (int from = 0; from < width; from += InputAhead * GemvWarps * 128) {
                float values[InputAhead][4];
                int first = from + (int)thread_index() * 4;
                UNROLL for (int a = 0; a < InputAhead; a++)
                    read_product_input(p, x, scale, b, start + first + a * GemvWarps * 128, columns, values[a]);
                UNROLL for (int a = 0; a < InputAhead; a++) {
                    int c = first + a * GemvWarps * 128;
                    if (c >= width) continue;
                    Words *to = (Words *)((float *)shared + (b * 2 + c / 4 % 2) * Plane + c / 8 * 4);
                    *to = {{float_to_bits(values[a][0]), float_to_bits(values[a][1]), float_to_bits(values[a][2]), float_to_bits(values[a][3])}};
                }
            }
    }

    // Adds the products of a piece of each row with all inputs; `piece` counts from the tile's start.
    template <class Piece, int Rows> DEVICE void multiply(const u8 *shared, const Piece (&pieces)[Rows], int piece, float (&sums)[Rows][Batch]) {
        const int Half = Piece::Columns / 8; // 0 where a piece is four columns
        float w[Rows][Piece::Columns];
        UNROLL for (int r = 0; r < Rows; r++) Piece::unpack(pieces[r], w[r]);
        UNROLL for (int b = 0; b < Batch; b++)
            UNROLL for (int i = 0; i <= Half; i++) {
                int plane = Half ? i : piece % 2, place = Half ? piece : piece / 2;
                Words x = *(const Words *)((const float *)shared + (b * 2 + plane) * Plane + place * 4);
                UNROLL for (int r = 0; r < Rows; r++)
                    UNROLL for (int k = 0; k < 4; k++) sums[r][b] += w[r][i * 4 + k] * bits_to_float(x.word[k]);
            }
    }
};

template <int Batch> struct IntegerInput {
    static const int Tile = Batch == 1 ? 16384 : Batch == 4 ? 4096 : 1024;
    static const int Plane = Tile / 2 + 64; // of bytes: of each 32 columns the high bytes of 16, of the others; low bytes
    static const int Scales = Batch * 4 * Plane, Sums = Scales + Batch * Tile / 8;
    static const int Bytes = Sums + Batch * Tile / 4;

    DEVICE void stage(u8 *shared, const GemvParams &p, const float *x, float scale, int start, int columns) {
        int width = columns - start < Tile ? columns - start : Tile;
        for (int b = 0; b < Batch; b++)
            for (int from = 0; from < width; from += InputAhead * GemvWarps * 128) {
                float values[InputAhead][4];
                int first = from + (int)thread_index() * 4;
                UNROLL for (int a = 0; a < InputAhead; a++)
                    read_product_input(p, x, scale, b, start + first + a * GemvWarps * 128, columns, values[a]);
                UNROLL for (int a = 0; a < InputAhead; a++) {
                    int c = first + a * GemvWarps * 128;
                    quantize(shared, b, c, c < width, values[a]);
                }
            }
    }

    // Eight lanes have 32 columns, each four of them.
    DEVICE void quantize(u8 *shared, int b, int c, bool inside, const float (&values)[4]) {
        int lane = lane_index(), group = c / 32, half = lane / 4 % 2;
        // Without their signs floats are ordered as their bits are, and what is not a number comes last.
        u32 most = 0;
        UNROLL for (int i = 0; i < 4; i++) most = larger_bits(most, float_to_bits(values[i]) & 0x7fffffffu);
        for (u32 mask = 1; mask < 8; mask *= 2) most = larger_bits(most, shuffle_xor_bits(most, mask));
        float largest = bits_to_float(most), inverse = largest > 1e-30f ? 32512 / largest : 0;
        u32 high = 0, low = 0;
        int sum = 0;
        UNROLL for (int i = 0; i < 4; i++) {
            int q = (int)round_to_even(values[i] * inverse), top = (q + 128) >> 8;
            sum += q;
            high |= (u32)(top & 255) << (8 * i);
            low |= (u32)((q - top * 256) & 255) << (8 * i);
        }
        sum += (int)shuffle_xor_bits((u32)sum, 1);
        sum += (int)shuffle_xor_bits((u32)sum, 2);
        if (!inside) return;
        u8 *to = shared + (b * 4 + half) * Plane + group * 16 + lane % 4 * 4;
        *(u32 *)to = high;
        *(u32 *)(to + 2 * Plane) = low;
        if (lane % 8 == 0) ((float *)(shared + Scales))[b * (Tile / 32) + group] = largest * (1 / 32512.0f);
        if (lane % 4 == 0) ((int *)(shared + Sums))[b * (Tile / 16) + group * 2 + half] = sum;
    }

    template <class Piece, int Rows> DEVICE void multiply(const u8 *shared, const Piece (&pieces)[Rows], int piece, float (&sums)[Rows][Batch]) {
        const int Halves = Piece::Columns / 16;
        u32 w[Rows][Halves * 4];
        typename Piece::Scale scales[Rows];
        UNROLL for (int r = 0; r < Rows; r++) {
            Piece::unpack(pieces[r], w[r]);
            scales[r] = Piece::scale(pieces[r]);
        }
        int group = Halves == 2 ? piece : piece / 2;
        UNROLL for (int b = 0; b < Batch; b++) {
            int dots[Rows][2], x_sums[2];
            UNROLL for (int i = 0; i < Halves; i++) {
                int half = Halves == 2 ? i : piece % 2;
                const u8 *x = shared + (b * 4 + half) * Plane + group * 16;
                Words high = *(const Words *)x, low = *(const Words *)(x + 2 * Plane);
                x_sums[i] = ((const int *)(shared + Sums))[b * (Tile / 16) + group * 2 + half];
                UNROLL for (int r = 0; r < Rows; r++) {
                    int h = 0, l = 0;
                    UNROLL for (int k = 0; k < 4; k++) {
                        h = dot_bytes(w[r][i * 4 + k], high.word[k], h);
                        l = dot_bytes(w[r][i * 4 + k], low.word[k], l);
                    }
                    dots[r][i] = h * 256 + l;
                }
            }
            if (Halves == 1) x_sums[1] = 0;
            float scale = ((const float *)(shared + Scales))[b * (Tile / 32) + group];
            UNROLL for (int r = 0; r < Rows; r++) sums[r][b] += scale * Piece::finish(scales[r], dots[r][0], Halves == 2 ? dots[r][1] : 0, x_sums[0], x_sums[1]);
        }
    }
};
