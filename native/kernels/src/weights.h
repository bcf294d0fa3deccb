// How stored weights are read: load() decodes eight of them, a "unit", into w[0..3], which belong to columns first ..
// first + 3, and w[4..7], to columns second .. second + 3.
//
// A row is a multiple of 16 bytes and holds planes, one after the other; n is the number of columns. PackedRows of the
// CUDA backend makes them of a file's blocks.
//   F32, F16, BF16   n values, zeros up to a multiple of eight
//   Q8_0             n bytes; n/32 halves d: value = d · byte
//   Q4_0             n nibbles; n/32 halves d: value = d · (nibble - 8)
//   MXFP4            n four-bit floats in order; n/32 bytes e: value = 2^(e - 127) · float
//   Q4_K             n nibbles; n/256 times 16 bytes of scales: value = d · scale · nibble - dmin · minimum
//   Q5_K             as Q4_K; n/32 words of fifth bits
//   Q6_K             n nibbles; n/4 bytes of two high bits; n/16 signed scales; n/256 halves d: value = d · scale · (q - 32)
// Of eight nibbles byte i holds values i and i + 4. Of 32 fifth bits, bit 8 (i % 4) + i / 4 is that of value i; of 16
// pairs of high bits, bits 8 (i % 4) + 2 (i / 4). Scales of Q4_K: halves d and dmin, then byte j has the low four bits of
// scale and minimum j (of 32 values), then nibble j the high two of each.
#pragma once
#include "device.h"

DEVICE u32 load_word(const u8 *p) { return *(const u32 *)p; }
DEVICE float load_half(const u8 *p) { return from_half(*(const u16 *)p); }
DEVICE int byte_of(u32 word, int i) { return (int)(word >> (8 * i) & 255); }

struct TypeF32 {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        for (int i = 0; i < 8; i++) w[i] = ((const float *)row)[first + i];
    }
};

struct TypeF16 {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        for (int i = 0; i < 4; i++) {
            u32 word = load_word(row + unit * 16 + i * 4);
            w[2 * i] = from_half((u16)word);
            w[2 * i + 1] = from_half((u16)(word >> 16));
        }
    }
};

struct TypeBF16 {
    static const bool brain = true;
    DEVICE void load(const u8 *row, int unit, int, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        for (int i = 0; i < 4; i++) {
            u32 word = load_word(row + unit * 16 + i * 4);
            w[2 * i] = bits_to_float(word << 16);
            w[2 * i + 1] = bits_to_float(word & 0xffff0000u);
        }
    }
};

struct TypeQ8_0 {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int columns, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        float scale = load_half(row + columns + unit / 4 * 2);
        u32 low = load_word(row + first), high = load_word(row + second);
        for (int i = 0; i < 4; i++) {
            w[i] = scale * (s8)byte_of(low, i);
            w[4 + i] = scale * (s8)byte_of(high, i);
        }
    }
};

struct TypeQ4_0 {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int columns, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        float scale = load_half(row + columns / 2 + unit / 4 * 2);
        u32 values = load_word(row + unit * 4);
        for (int i = 0; i < 4; i++) {
            w[i] = scale * ((byte_of(values, i) & 15) - 8);
            w[4 + i] = scale * ((byte_of(values, i) >> 4) - 8);
        }
    }
};

// Of a Q4_K or Q5_K block's 16 bytes of scales: scale and minimum of its group j.
DEVICE void k_scales(const u8 *scales, int j, int &scale, int &minimum) {
    int low = scales[4 + j], high = (int)(load_word(scales + 12) >> (4 * j));
    scale = (low & 15) | (high & 3) << 4;
    minimum = low >> 4 | (high & 12) << 2;
}

struct TypeQ4_K {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int columns, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        const u8 *scales = row + columns / 2 + unit / 32 * 16;
        int scale, minimum;
        k_scales(scales, unit / 4 % 8, scale, minimum);
        float d = load_half(scales) * scale, n = load_half(scales + 2) * minimum;
        u32 values = load_word(row + unit * 4);
        for (int i = 0; i < 4; i++) {
            w[i] = d * (byte_of(values, i) & 15) - n;
            w[4 + i] = d * (byte_of(values, i) >> 4) - n;
        }
    }
};

struct TypeQ5_K {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int columns, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        const u8 *scales = row + columns / 2 + unit / 32 * 16;
        int scale, minimum;
        k_scales(scales, unit / 4 % 8, scale, minimum);
        float d = load_half(scales) * scale, n = load_half(scales + 2) * minimum;
        u32 values = load_word(row + unit * 4), fifths = load_word(row + columns / 2 + columns / 16 + unit / 4 * 4) >> (unit % 4 * 2);
        for (int i = 0; i < 4; i++) {
            w[i] = d * ((byte_of(values, i) & 15) | (byte_of(fifths, i) & 1) << 4) - n;
            w[4 + i] = d * (byte_of(values, i) >> 4 | (byte_of(fifths, i) & 2) << 3) - n;
        }
    }
};

struct TypeQ6_K {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int columns, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        const u8 *highs = row + columns / 2, *scales = highs + columns / 4, *factors = scales + columns / 16;
        float d = load_half(factors + unit / 32 * 2) * (s8)scales[unit / 2];
        u32 low = load_word(row + unit * 4), high = load_word(highs + unit / 2 * 4) >> (unit % 2 * 4);
        for (int i = 0; i < 4; i++) {
            w[i] = d * (((byte_of(low, i) & 15) | (byte_of(high, i) & 3) << 4) - 32);
            w[4 + i] = d * ((byte_of(low, i) >> 4 | (byte_of(high, i) & 12) << 2) - 32);
        }
    }
};

struct TypeMXFP4 {
    static const bool brain = false;

    // Twice the value of a four-bit float: 0, 1, 2, 3, 4, 6, 8, 12 and their negatives.
    DEVICE float doubled(int q) {
        int magnitude = q & 7;
        int value = magnitude < 4 ? magnitude : (2 + (magnitude & 1)) << (magnitude / 2 - 1);
        return (float)(q & 8 ? -value : value);
    }

    // 2^(e - 128); the smallest two exponents give floats without a leading one.
    DEVICE float scale(u32 exponent) { return exponent >= 2 ? bits_to_float((exponent - 1) << 23) : bits_to_float(0x00200000u << exponent); }

    DEVICE void load(const u8 *row, int unit, int columns, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        float factor = scale(row[columns / 2 + unit / 4]);
        u32 values = load_word(row + unit * 4);
        for (int i = 0; i < 8; i++) w[i] = factor * doubled((int)(values >> (4 * i) & 15));
    }
};

// Makes a kernel of a template for every storage type.
#define FOR_EVERY_TYPE(KERNEL_OF) \
    KERNEL_OF(f32, TypeF32) KERNEL_OF(f16, TypeF16) KERNEL_OF(bf16, TypeBF16) KERNEL_OF(q8_0, TypeQ8_0) KERNEL_OF(q4_0, TypeQ4_0) \
    KERNEL_OF(q4_k, TypeQ4_K) KERNEL_OF(q5_k, TypeQ5_K) KERNEL_OF(q6_k, TypeQ6_K) KERNEL_OF(mxfp4, TypeMXFP4)
