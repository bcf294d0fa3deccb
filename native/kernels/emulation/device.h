// The device's part of src/device.h on the host: a thread is a fiber, its operations are calls into the machine.
#pragma once
#include <cmath>
#include <cstring>

namespace emulation {

// What the running thread is, set by the machine before it goes on.
struct Place {
    u32 thread, block[3], grid[3];
    bool early; // whether it has not waited for the kernel before
};
extern Place place;

void sync_block();
void sync_warp();

// Gives `size` bytes of every lane to all lanes of the warp; returns lane 0's, the others follow at that distance.
const u8 *exchange(const void *mine, u32 size);

// The block's shared array of a place in the source, and what the launch gave it beyond those.
void *shared(const void *site, u32 size);
u8 *dynamic_shared();

// A copy that is done no sooner than its thread waits for its group: until then its place holds poison.
void copy_async(u8 *to, const void *from, u32 bytes);
void commit_copies();
void wait_copies(u32 pending);

struct Registration {
    Registration(const char *name, u32 threads, u32 parameter_bytes, void (*run)(const void *));
};

void await_previous_kernel();
void loaded_early(const void *value, u32 size);

// Ends the launch: the device would, too.
void misaligned(const void *address, u32 size);

u16 to_half(float x);
float from_half(u16 bits);

}  // namespace emulation

#define DEVICE static inline
#define KERNEL(name, threads, Params) \
    static void name(const Params &p); \
    static emulation::Registration register_##name(#name, threads, sizeof(Params), [](const void *p) { name(*(const Params *)p); }); \
    static void name(const Params &p)
#define KERNEL_SHARING(name, threads, blocks, Params) KERNEL(name, threads, Params)
#define SHARED_ARRAY(type, name, count) \
    static const char name##_site = 0; \
    type *name = (type *)emulation::shared(&name##_site, sizeof(type) * (count))

#define DYNAMIC_SHARED(name) u8 *name = emulation::dynamic_shared()

DEVICE u32 thread_index() { return emulation::place.thread; }
DEVICE u32 block_x() { return emulation::place.block[0]; }
DEVICE u32 block_y() { return emulation::place.block[1]; }
DEVICE u32 block_z() { return emulation::place.block[2]; }
DEVICE u32 grid_x() { return emulation::place.grid[0]; }
DEVICE void sync_block() { emulation::sync_block(); }
DEVICE void sync_warp() { emulation::sync_warp(); }

template <class T> DEVICE T load_aligned(const void *p) {
    if ((u64)p % sizeof(T)) emulation::misaligned(p, sizeof(T));
    if (emulation::place.early) emulation::loaded_early(p, sizeof(T));
    return *(const T *)p;
}
DEVICE void await_previous_kernel() { emulation::await_previous_kernel(); }
DEVICE Words load_stream(const void *p) { return load_aligned<Words>(p); }
DEVICE Words load_once(const void *p) { return load_aligned<Words>(p); }
DEVICE void load_once_pair(const void *p, u32 &low, u32 &high) {
    u64 both = load_aligned<u64>(p);
    low = (u32)both;
    high = (u32)(both >> 32);
}
DEVICE u32 load_constant_u32(const void *p) { return load_aligned<u32>(p); }
DEVICE u32 load_constant_u16(const void *p) { return load_aligned<u16>(p); }
DEVICE u32 load_constant_u8(const void *p) { return load_aligned<u8>(p); }
DEVICE int dot_bytes(u32 a, u32 b, int c) {
    for (int i = 0; i < 32; i += 8) c += (s8)(a >> i) * (s8)(b >> i);
    return c;
}
DEVICE u32 select_bytes(u32 low, u32 high, u32 which) {
    u64 bytes = low | (u64)high << 32;
    u32 result = 0;
    for (int i = 0; i < 4; i++) {
        u32 byte = (u32)(bytes >> (which >> (4 * i) & 7) * 8) & 255;
        if (which >> (4 * i) & 8) byte = byte & 128 ? 255 : 0;
        result |= byte << (8 * i);
    }
    return result;
}

DEVICE float bits_to_float(u32 bits) { float x; memcpy(&x, &bits, 4); return x; }
DEVICE u32 float_to_bits(float x) { u32 bits; memcpy(&bits, &x, 4); return bits; }
DEVICE float from_half(u16 bits) { return emulation::from_half(bits); }
DEVICE u16 to_half(float x) { return emulation::to_half(x); }
DEVICE u32 to_halves(float low, float high) { return to_half(low) | (u32)to_half(high) << 16; }
DEVICE u32 to_brain(float x) { u32 bits = float_to_bits(x); return x != x ? bits >> 16 | 64 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16; }
DEVICE u32 to_brains(float low, float high) { return to_brain(low) | to_brain(high) << 16; }
DEVICE float exp2_approximate(float x) { return exp2f(x); }
DEVICE float highest_of(float a, float b) { return fmaxf(a, b); }
DEVICE float reciprocal_root(float x) { return 1 / sqrtf(x); }
DEVICE float round_to_even(float x) { return nearbyintf(x); }

DEVICE u32 shuffle_bits(u32 value, u32 lane) { return ((const u32 *)emulation::exchange(&value, 4))[lane & 31]; }
DEVICE u32 shuffle_xor_bits(u32 value, u32 mask) {
    u32 lane = (thread_index() & 31) ^ mask;
    return ((const u32 *)emulation::exchange(&value, 4))[lane];
}

// The fragments' layout is that of mma.m16n8k16 in the PTX manual.
template <class ToFloat> DEVICE void multiply_fragments(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2], ToFloat to_float) {
    float mine[12];
    for (u32 i = 0; i < 6; i++) {
        u32 pair = i < 4 ? a[i] : b[i - 4];
        mine[2 * i] = to_float((u16)pair);
        mine[2 * i + 1] = to_float((u16)(pair >> 16));
    }
    const float *all = (const float *)emulation::exchange(mine, sizeof mine);
    u32 lane = thread_index() & 31;
    for (u32 i = 0; i < 4; i++) {
        u32 row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
        const float *left = all + row % 8 * 4 * 12 + row / 8 * 2, *right = all + column * 4 * 12 + 8;
        for (u32 k = 0; k < 8; k++) d[i] += left[k / 2 * 12 + k % 2] * right[k / 2 * 12 + k % 2];
        for (u32 k = 0; k < 8; k++) d[i] += left[k / 2 * 12 + k % 2 + 4] * right[k / 2 * 12 + k % 2 + 2];
    }
}
DEVICE void multiply_tile(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { multiply_fragments(d, a, b, emulation::from_half); }
DEVICE void multiply_tile_brain(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    multiply_fragments(d, a, b, [](u16 bits) { return bits_to_float((u32)bits << 16); });
}

typedef u8 *SharedAddress;
DEVICE SharedAddress shared_address(const void *p) { return (SharedAddress)p; }
DEVICE void copy_async(SharedAddress to, const void *from, u32 bytes) { emulation::copy_async(to, from, bytes); }
DEVICE void commit_copies() { emulation::commit_copies(); }
template <int Pending> DEVICE void wait_copies() { emulation::wait_copies(Pending); }

DEVICE void load_matrices(u32 (&m)[4], SharedAddress row) {
    auto rows = (const SharedAddress *)emulation::exchange(&row, sizeof row);
    u32 lane = thread_index() & 31;
    for (u32 i = 0; i < 4; i++) m[i] = ((const u32 *)rows[i * 8 + lane / 4])[lane % 4];
    sync_warp(); // as the instruction: all lanes have read before any goes on
}
DEVICE void load_transposed(u32 (&m)[4], SharedAddress row) {
    auto rows = (const SharedAddress *)emulation::exchange(&row, sizeof row);
    u32 lane = thread_index() & 31;
    for (u32 i = 0; i < 4; i++) {
        const SharedAddress *two = rows + i * 8 + lane % 4 * 2;
        m[i] = ((const u16 *)two[0])[lane / 4] | (u32)((const u16 *)two[1])[lane / 4] << 16;
    }
    sync_warp();
}

DEVICE void fence_device() {}
DEVICE u32 add_atomically(u32 *to, u32 value) { u32 old = *to; *to += value; return old; }
