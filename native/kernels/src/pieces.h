// How gemv reads weights: 16 bytes a lane and time, a "piece", with what belongs to them. fetch() only starts the loads,
// so that the next piece is on its way while one is computed with. Plain floats unpack to floats; the other types to
// whole numbers in bytes, for products of four bytes at a time (dp4a) with inputs that are whole numbers too; their
// scale() gives what turns such sums into floats. weights.h describes the planes. The lanes of a warp have consecutive
// pieces, lane 0 one whose number is a multiple of 32, so that the eight lanes of a block of 256 share its scales.
#pragma once
#include "weights.h"

struct PieceF32 {
    static const bool Integer = false;
    static const int Columns = 4;
    Words values;
    DEVICE void fetch(PieceF32 &to, const u8 *row, int piece, int) { to.values = load_stream(row + (u64)piece * 16); }
    DEVICE void unpack(const PieceF32 &from, float (&w)[4]) {
        UNROLL for (int i = 0; i < 4; i++) w[i] = bits_to_float(from.values.word[i]);
    }
};

struct PieceF16 {
    static const bool Integer = false;
    static const int Columns = 8;
    Words values;
    DEVICE void fetch(PieceF16 &to, const u8 *row, int piece, int) { to.values = load_stream(row + (u64)piece * 16); }
    DEVICE void unpack(const PieceF16 &from, float (&w)[8]) {
        UNROLL for (int i = 0; i < 4; i++) {
            w[2 * i] = from_half((u16)from.values.word[i]);
            w[2 * i + 1] = from_half((u16)(from.values.word[i] >> 16));
        }
    }
};

struct PieceBF16 {
    static const bool Integer = false;
    static const int Columns = 8;
    Words values;
    DEVICE void fetch(PieceBF16 &to, const u8 *row, int piece, int) { to.values = load_stream(row + (u64)piece * 16); }
    DEVICE void unpack(const PieceBF16 &from, float (&w)[8]) {
        UNROLL for (int i = 0; i < 4; i++) {
            w[2 * i] = bits_to_float(from.values.word[i] << 16);
            w[2 * i + 1] = bits_to_float(from.values.word[i] & 0xffff0000u);
        }
    }
};

struct PieceQ8_0 {
    static const bool Integer = true;
    static const int Columns = 16;
    Words values;
    u32 factor;
    struct Scale { float d; };
    DEVICE void fetch(PieceQ8_0 &to, const u8 *row, int piece, int columns) {
        to.values = load_stream(row + (u64)piece * 16);
        to.factor = load_constant_u16(row + columns + piece / 2 * 2);
    }
    DEVICE void unpack(const PieceQ8_0 &from, u32 (&w)[4]) {
        UNROLL for (int i = 0; i < 4; i++) w[i] = from.values.word[i];
    }
    DEVICE Scale scale(const PieceQ8_0 &from) { return {from_half((u16)from.factor)}; }
    DEVICE float finish(const Scale &s, int sum, int, int, int) { return s.d * (float)sum; }
};

// Eight words of four nibbles each, of four words of eight.
DEVICE void unpack_nibbles(const Words &values, u32 (&w)[8]) {
    UNROLL for (int i = 0; i < 4; i++) {
        w[2 * i] = values.word[i] & 0x0f0f0f0fu;
        w[2 * i + 1] = values.word[i] >> 4 & 0x0f0f0f0fu;
    }
}

struct PieceQ4_0 {
    static const bool Integer = true;
    static const int Columns = 32;
    Words values;
    u32 factor;
    struct Scale { float d; };
    DEVICE void fetch(PieceQ4_0 &to, const u8 *row, int piece, int columns) {
        to.values = load_stream(row + (u64)piece * 16);
        to.factor = load_constant_u16(row + columns / 2 + piece * 2);
    }
    DEVICE void unpack(const PieceQ4_0 &from, u32 (&w)[8]) { unpack_nibbles(from.values, w); }
    DEVICE Scale scale(const PieceQ4_0 &from) { return {from_half((u16)from.factor)}; }
    DEVICE float finish(const Scale &s, int first, int second, int x_first, int x_second) { return s.d * (float)(first + second - 8 * (x_first + x_second)); }
};

// A block's 16 bytes of scales are loaded by its eight lanes together, each one word, and handed round afterwards.
struct KScale {
    float d, n;
    int scale, minimum;
};
DEVICE u32 fetch_k_scales(const u8 *row, int piece, int columns) { return load_constant_u32(row + columns / 2 + piece / 8 * 16 + piece % 4 * 4); }
DEVICE KScale share_k_scales(u32 word) {
    u32 lane = lane_index(), first = lane & ~7u, j = lane & 7;
    u32 factors = shuffle_bits(word, first), low = shuffle_bits(word, first + 1 + j / 4) >> (j % 4 * 8), high = shuffle_bits(word, first + 3) >> (4 * j);
    return {from_half((u16)factors), from_half((u16)(factors >> 16)), (int)((low & 15) | (high & 3) << 4), (int)((low >> 4 & 15) | (high & 12) << 2)};
}
// At most 63 · 31 · 32 · 32512 < 2^31.
DEVICE float finish_k(const KScale &s, int sum, int x) { return s.d * (float)(s.scale * sum) - s.n * (float)(s.minimum * x); }

struct PieceQ4_K {
    static const bool Integer = true;
    static const int Columns = 32;
    Words values;
    u32 scales;
    typedef KScale Scale;
    DEVICE void fetch(PieceQ4_K &to, const u8 *row, int piece, int columns) {
        to.values = load_stream(row + (u64)piece * 16);
        to.scales = fetch_k_scales(row, piece, columns);
    }
    DEVICE void unpack(const PieceQ4_K &from, u32 (&w)[8]) { unpack_nibbles(from.values, w); }
    DEVICE Scale scale(const PieceQ4_K &from) { return share_k_scales(from.scales); }
    DEVICE float finish(const Scale &s, int first, int second, int x_first, int x_second) { return finish_k(s, first + second, x_first + x_second); }
};

struct PieceQ5_K {
    static const bool Integer = true;
    static const int Columns = 32;
    Words values;
    u32 scales, fifths;
    typedef KScale Scale;
    DEVICE void fetch(PieceQ5_K &to, const u8 *row, int piece, int columns) {
        to.values = load_stream(row + (u64)piece * 16);
        to.scales = fetch_k_scales(row, piece, columns);
        to.fifths = load_constant_u32(row + columns / 2 + columns / 16 + piece * 4);
    }
    DEVICE void unpack(const PieceQ5_K &from, u32 (&w)[8]) {
        unpack_nibbles(from.values, w);
        UNROLL for (int i = 0; i < 8; i++) w[i] |= (i < 4 ? from.fifths << (4 - i) : from.fifths >> (i - 4)) & 0x10101010u;
    }
    DEVICE Scale scale(const PieceQ5_K &from) { return share_k_scales(from.scales); }
    DEVICE float finish(const Scale &s, int first, int second, int x_first, int x_second) { return finish_k(s, first + second, x_first + x_second); }
};

struct PieceQ6_K {
    static const bool Integer = true;
    static const int Columns = 32;
    Words values;
    u32 high[2], scales, factor;
    struct Scale { float first, second; };
    DEVICE void fetch(PieceQ6_K &to, const u8 *row, int piece, int columns) {
        const u8 *highs = row + columns / 2, *scales = highs + columns / 4, *factors = scales + columns / 16;
        to.values = load_stream(row + (u64)piece * 16);
        to.high[0] = load_constant_u32(highs + piece * 8);
        to.high[1] = load_constant_u32(highs + piece * 8 + 4);
        to.scales = load_constant_u16(scales + piece * 2);
        to.factor = load_constant_u16(factors + piece / 8 * 2);
    }
    DEVICE void unpack(const PieceQ6_K &from, u32 (&w)[8]) {
        unpack_nibbles(from.values, w);
        UNROLL for (int i = 0; i < 8; i++) {
            u32 high = from.high[i / 4];
            int left = 4 - i % 4 * 2;
            w[i] |= (left >= 0 ? high << left : high >> -left) & 0x30303030u;
        }
    }
    DEVICE Scale scale(const PieceQ6_K &from) {
        float d = from_half((u16)from.factor);
        return {d * (s8)from.scales, d * (s8)(from.scales >> 8)};
    }
    DEVICE float finish(const Scale &s, int first, int second, int x_first, int x_second) {
        return s.first * (float)(first - 32 * x_first) + s.second * (float)(second - 32 * x_second);
    }
};

struct PieceMXFP4 {
    static const bool Integer = true;
    static const int Columns = 32;
    Words values;
    u32 exponent;
    struct Scale { float d; };
    DEVICE void fetch(PieceMXFP4 &to, const u8 *row, int piece, int columns) {
        to.values = load_stream(row + (u64)piece * 16);
        to.exponent = load_constant_u8(row + columns / 2 + piece);
    }
    // Doubled values plus 12, looked up four at a time: select_bytes gives 0 where the nibble's highest bit is set (it then
    // spreads the sign of the table's byte), so that one table serves the positive half and one the negative.
    DEVICE void unpack(const PieceMXFP4 &from, u32 (&w)[8]) {
        UNROLL for (int i = 0; i < 4; i++) {
            u32 plus = from.values.word[i], minus = plus ^ 0x88888888u;
            w[2 * i] = select_bytes(0x0f0e0d0cu, 0x18141210u, plus) | select_bytes(0x090a0b0cu, 0x00040608u, minus);
            w[2 * i + 1] = select_bytes(0x0f0e0d0cu, 0x18141210u, plus >> 16) | select_bytes(0x090a0b0cu, 0x00040608u, minus >> 16);
        }
    }
    DEVICE Scale scale(const PieceMXFP4 &from) { return {TypeMXFP4::scale(from.exponent)}; }
    DEVICE float finish(const Scale &s, int first, int second, int x_first, int x_second) { return s.d * (float)(first + second - 12 * (x_first + x_second)); }
};
