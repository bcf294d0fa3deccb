// How stored weights are read: eight at a time, a "unit". Of each storage type: load() decodes unit u of a row into
// w[0..3], which belong to columns first .. first + 3, and w[4..7], to columns second .. second + 3. Every 16 units cover
// 128 columns. The layouts are GGUF's, as src/Engine/Formats/Gguf/Blocks documents them: a file's bytes go to the device
// as they are. Blocks of 18, 34 and 210 bytes are aligned to two bytes only, hence the halfword loads.
#pragma once
#include "device.h"

DEVICE u32 load_u16(const u8 *p) { return *(const u16 *)p; }
DEVICE u32 load_pair(const u8 *p) { return load_u16(p) | load_u16(p + 2) << 16; }
DEVICE float load_half(const u8 *p) { return from_half(*(const u16 *)p); }
DEVICE int byte_of(u32 word, int i) { return (int)(word >> (8 * i) & 255); }

struct TypeF32 {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int columns, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        for (int i = 0; i < 8; i++) w[i] = first + i < columns ? ((const float *)row)[first + i] : 0;
    }
};

struct TypeF16 {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int columns, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        if (columns % 8 == 0) {
            for (int i = 0; i < 4; i++) {
                u32 word = ((const u32 *)row)[unit * 4 + i];
                w[2 * i] = from_half((u16)word);
                w[2 * i + 1] = from_half((u16)(word >> 16));
            }
            return;
        }
        for (int i = 0; i < 8; i++) w[i] = first + i < columns ? from_half(((const u16 *)row)[first + i]) : 0;
    }
};

struct TypeBF16 {
    static const bool brain = true;
    DEVICE void load(const u8 *row, int unit, int columns, float (&w)[8], int &first, int &second) {
        first = unit * 8;
        second = first + 4;
        if (columns % 8 == 0) {
            for (int i = 0; i < 4; i++) {
                u32 word = ((const u32 *)row)[unit * 4 + i];
                w[2 * i] = bits_to_float(word << 16);
                w[2 * i + 1] = bits_to_float(word & 0xffff0000u);
            }
            return;
        }
        for (int i = 0; i < 8; i++) w[i] = first + i < columns ? bits_to_float((u32)((const u16 *)row)[first + i] << 16) : 0;
    }
};

struct TypeQ8_0 {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int, float (&w)[8], int &first, int &second) {
        const u8 *block = row + (u64)(unit / 4) * 34;
        const u8 *values = block + 2 + unit % 4 * 8;
        float scale = load_half(block);
        u32 low = load_pair(values), high = load_pair(values + 4);
        for (int i = 0; i < 4; i++) {
            w[i] = scale * (s8)byte_of(low, i);
            w[4 + i] = scale * (s8)byte_of(high, i);
        }
        first = unit * 8;
        second = first + 4;
    }
};

struct TypeQ4_0 {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int, float (&w)[8], int &first, int &second) {
        const u8 *block = row + (u64)(unit / 4) * 18;
        float scale = load_half(block);
        u32 values = load_pair(block + 2 + unit % 4 * 4);
        for (int i = 0; i < 4; i++) {
            w[i] = scale * ((byte_of(values, i) & 15) - 8);
            w[4 + i] = scale * ((byte_of(values, i) >> 4) - 8);
        }
        first = unit / 4 * 32 + unit % 4 * 4;
        second = first + 16;
    }
};

// The six-bit scale and minimum of 32-value group j of a Q4_K or Q5_K block.
DEVICE void k_scales(const u8 *scales, int j, int &scale, int &minimum) {
    if (j < 4) {
        scale = scales[j] & 63;
        minimum = scales[j + 4] & 63;
        return;
    }
    scale = (scales[j + 4] & 15) | (scales[j - 4] >> 6) << 4;
    minimum = scales[j + 4] >> 4 | (scales[j] >> 6) << 4;
}

struct TypeQ4_K {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int, float (&w)[8], int &first, int &second) {
        const u8 *block = row + (u64)(unit / 32) * 144;
        int r = unit % 32, chunk = r / 8;
        u32 head = *(const u32 *)block, values = *(const u32 *)(block + 16 + r * 4);
        float d = from_half((u16)head), minimum = from_half((u16)(head >> 16));
        int s0, m0, s1, m1;
        k_scales(block + 4, 2 * chunk, s0, m0);
        k_scales(block + 4, 2 * chunk + 1, s1, m1);
        float d0 = d * s0, n0 = minimum * m0, d1 = d * s1, n1 = minimum * m1;
        for (int i = 0; i < 4; i++) {
            w[i] = d0 * (byte_of(values, i) & 15) - n0;
            w[4 + i] = d1 * (byte_of(values, i) >> 4) - n1;
        }
        first = unit / 32 * 256 + chunk * 64 + r % 8 * 4;
        second = first + 32;
    }
};

struct TypeQ5_K {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int, float (&w)[8], int &first, int &second) {
        const u8 *block = row + (u64)(unit / 32) * 176;
        int r = unit % 32, chunk = r / 8;
        u32 head = *(const u32 *)block, values = *(const u32 *)(block + 48 + r * 4);
        u32 fifth = *(const u32 *)(block + 16 + r % 8 * 4) >> (2 * chunk);
        float d = from_half((u16)head), minimum = from_half((u16)(head >> 16));
        int s0, m0, s1, m1;
        k_scales(block + 4, 2 * chunk, s0, m0);
        k_scales(block + 4, 2 * chunk + 1, s1, m1);
        float d0 = d * s0, n0 = minimum * m0, d1 = d * s1, n1 = minimum * m1;
        for (int i = 0; i < 4; i++) {
            int bits = byte_of(fifth, i);
            w[i] = d0 * ((byte_of(values, i) & 15) + (bits & 1) * 16) - n0;
            w[4 + i] = d1 * ((byte_of(values, i) >> 4) + (bits >> 1 & 1) * 16) - n1;
        }
        first = unit / 32 * 256 + chunk * 64 + r % 8 * 4;
        second = first + 32;
    }
};

struct TypeQ6_K {
    static const bool brain = false;
    DEVICE void load(const u8 *row, int unit, int, float (&w)[8], int &first, int &second) {
        const u8 *block = row + (u64)(unit / 32) * 210;
        int r = unit % 32, half = r / 16, l = r % 16 * 4;
        u32 low = load_pair(block + half * 64 + l);
        u32 high = load_pair(block + 128 + half * 32 + l % 32) >> (l / 32 * 2);
        float d = load_half(block + 208);
        int group = (half * 128 + l) / 16;
        float d0 = d * (s8)block[192 + group], d1 = d * (s8)block[192 + group + 4];
        for (int i = 0; i < 4; i++) {
            int bits = byte_of(high, i);
            w[i] = d0 * (((byte_of(low, i) & 15) | (bits & 3) << 4) - 32);
            w[4 + i] = d1 * ((byte_of(low, i) >> 4 | (bits >> 4 & 3) << 4) - 32);
        }
        first = unit / 32 * 256 + half * 128 + l;
        second = first + 64;
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

    DEVICE void load(const u8 *row, int unit, int, float (&w)[8], int &first, int &second) {
        const u8 *block = row + (u64)(unit / 4) * 17;
        // 2^(e - 128); the smallest two exponents give floats without a leading one.
        float scale = block[0] >= 2 ? bits_to_float((u32)(block[0] - 1) << 23) : bits_to_float(0x00200000u << block[0]);
        for (int i = 0; i < 4; i++) {
            u32 pair = block[1 + unit % 4 * 4 + i];
            w[i] = scale * doubled(pair & 15);
            w[4 + i] = scale * doubled(pair >> 4);
        }
        first = unit / 4 * 32 + unit % 4 * 4;
        second = first + 16;
    }
};

// Makes a kernel of a template for every storage type.
#define FOR_EVERY_TYPE(KERNEL_OF) \
    KERNEL_OF(f32, TypeF32) KERNEL_OF(f16, TypeF16) KERNEL_OF(bf16, TypeBF16) KERNEL_OF(q8_0, TypeQ8_0) KERNEL_OF(q4_0, TypeQ4_0) \
    KERNEL_OF(q4_k, TypeQ4_K) KERNEL_OF(q5_k, TypeQ5_K) KERNEL_OF(q6_k, TypeQ6_K) KERNEL_OF(mxfp4, TypeMXFP4)
