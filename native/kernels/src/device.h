// What the kernels need of the device, on three compilers: clang without CUDA headers, nvcc, and a C++ compiler for the
// host emulation. On the device everything is PTX, so that both device compilers give the same instructions.
#pragma once

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

// What a lane reads at a time where it can: 16 bytes, aligned.
struct alignas(16) Words {
    u32 word[4];
};

// Before a loop whose counter names registers: an array that is indexed at run time lies in memory.
#define UNROLL _Pragma("unroll")

template <bool Condition, class A, class B> struct Choose { typedef A Type; };
template <class A, class B> struct Choose<false, A, B> { typedef B Type; };

#ifdef EMULATION
#include "../emulation/device.h"
#else

#ifndef __NVCC__
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#endif
#define DEVICE static __device__ inline __attribute__((always_inline))

// A kernel of blocks of THREADS threads; its only parameter is a structure. The file params.h has them all.
#define KERNEL(name, threads, Params) extern "C" __global__ void __launch_bounds__(threads) name(const Params p)

// The same with as few registers as let a multiprocessor hold BLOCKS blocks.
#define KERNEL_SHARING(name, threads, blocks, Params) extern "C" __global__ void __launch_bounds__(threads, blocks) name(const Params p)

// An array that a block shares; COUNT is a constant.
#define SHARED_ARRAY(type, name, count) __shared__ __attribute__((aligned(16))) type name[count]

// The shared memory that the launch gives a block beyond its arrays.
#define DYNAMIC_SHARED(name) extern __shared__ __attribute__((aligned(128))) u8 name[]

DEVICE u32 thread_index() { u32 r; asm("mov.u32 %0, %%tid.x;" : "=r"(r)); return r; }
DEVICE u32 block_x() { u32 r; asm("mov.u32 %0, %%ctaid.x;" : "=r"(r)); return r; }
DEVICE u32 block_y() { u32 r; asm("mov.u32 %0, %%ctaid.y;" : "=r"(r)); return r; }
DEVICE u32 block_z() { u32 r; asm("mov.u32 %0, %%ctaid.z;" : "=r"(r)); return r; }
DEVICE u32 grid_x() { u32 r; asm("mov.u32 %0, %%nctaid.x;" : "=r"(r)); return r; }

// All threads of the block wait for each other and see each other's writes.
DEVICE void sync_block() { asm volatile("bar.sync 0;" ::: "memory"); }

// All lanes of the warp wait for each other and see each other's writes.
DEVICE void sync_warp() { asm volatile("bar.warp.sync 0xffffffff;" ::: "memory"); }

DEVICE u32 shuffle_bits(u32 value, u32 lane) { u32 r; asm volatile("shfl.sync.idx.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(r) : "r"(value), "r"(lane)); return r; }
DEVICE u32 shuffle_xor_bits(u32 value, u32 mask) { u32 r; asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(r) : "r"(value), "r"(mask)); return r; }

// Loads of what no kernel writes, weights above all; those of 16 bytes leave the first-level cache to others.
DEVICE Words load_stream(const void *p) {
    Words r;
    asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(r.word[0]), "=r"(r.word[1]), "=r"(r.word[2]), "=r"(r.word[3]) : "l"(p));
    return r;
}
// Loads of what an earlier kernel wrote and is read once.
DEVICE Words load_once(const void *p) {
    Words r;
    asm volatile("ld.global.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(r.word[0]), "=r"(r.word[1]), "=r"(r.word[2]), "=r"(r.word[3]) : "l"(p));
    return r;
}
DEVICE void load_once_pair(const void *p, u32 &low, u32 &high) { asm volatile("ld.global.L1::no_allocate.v2.u32 {%0, %1}, [%2];" : "=r"(low), "=r"(high) : "l"(p)); }

DEVICE u32 load_constant_u32(const void *p) { u32 r; asm("ld.global.nc.u32 %0, [%1];" : "=r"(r) : "l"(p)); return r; }
DEVICE u32 load_constant_u16(const void *p) { u16 r; asm("ld.global.nc.u16 %0, [%1];" : "=h"(r) : "l"(p)); return r; }
DEVICE u32 load_constant_u8(const void *p) { u32 r; asm("ld.global.nc.u8 %0, [%1];" : "=r"(r) : "l"(p)); return r; }

// c plus the products of four signed bytes.
DEVICE int dot_bytes(u32 a, u32 b, int c) { int r; asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(r) : "r"(a), "r"(b), "r"(c)); return r; }

// Of the eight bytes of low and high, those that the four lower nibbles of `which` name; a nibble's highest bit asks for
// the sign of the byte, eight times.
DEVICE u32 select_bytes(u32 low, u32 high, u32 which) { u32 r; asm("prmt.b32 %0, %1, %2, %3;" : "=r"(r) : "r"(low), "r"(high), "r"(which)); return r; }

DEVICE float from_half(u16 bits) { float r; asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(bits)); return r; }
DEVICE u16 to_half(float x) { u16 r; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r) : "f"(x)); return r; }
DEVICE u32 to_halves(float low, float high) { u32 r; asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low)); return r; }
DEVICE float bits_to_float(u32 bits) { float r; asm("mov.b32 %0, %1;" : "=f"(r) : "r"(bits)); return r; }
DEVICE u32 float_to_bits(float x) { u32 r; asm("mov.b32 %0, %1;" : "=r"(r) : "f"(x)); return r; }
DEVICE float exp2_approximate(float x) { float r; asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x)); return r; }
DEVICE float highest_of(float a, float b) { float r; asm("max.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b)); return r; } // of a NaN and a number: the number
DEVICE float reciprocal_root(float x) { float r; asm("rsqrt.approx.f32 %0, %1;" : "=f"(r) : "f"(x)); return r; }
DEVICE float round_to_even(float x) { float r; asm("cvt.rni.f32.f32 %0, %1;" : "=f"(r) : "f"(x)); return r; }

// d += a · b for a 16 × 16 matrix of halves a (rows), a 16 × 8 matrix b (columns) and 16 × 8 floats d, spread over the
// lanes of the warp as the PTX manual lays the fragments of mma.m16n8k16 out.
DEVICE void multiply_tile(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// The same with brain floats, for weights whose range halves do not have.
DEVICE void multiply_tile_brain(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
DEVICE u32 to_brains(float low, float high) { u32 r; asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low)); return r; }

// An address in shared memory as the next three take it.
typedef u32 SharedAddress;
DEVICE SharedAddress shared_address(const void *p) {
    u32 r;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(r) : "l"(p));
    return r;
}

// Copies 16 bytes from device to shared memory while the thread goes on; of them `bytes` are read, the rest are zeros.
// Both addresses are multiples of 16.
DEVICE void copy_async(SharedAddress to, const void *from, u32 bytes) { asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory"); }

// Makes a group of the thread's copies since the last one.
DEVICE void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits for all of the thread's groups but the last `Pending`; the block's other threads see them behind a barrier.
template <int Pending> DEVICE void wait_copies() { asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory"); }

// Four 8 × 8 matrices of halves, as fragments of a matrix product: lane l gives the address of row l % 8 of matrix l / 8,
// and gets of each matrix the elements 2 (l % 4) and the next of row l / 4.
DEVICE void load_matrices(u32 (&m)[4], SharedAddress row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3]) : "r"(row) : "memory");
}

// The same of the transposed matrices: element l / 4 of the rows 2 (l % 4) and the next.
DEVICE void load_transposed(u32 (&m)[4], SharedAddress row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3]) : "r"(row) : "memory");
}

// A kernel may be launched while the one before it in the stream still runs (from compute capability 9.0 on). It reads
// nothing that kernels write, and writes nothing, until it has waited here for that one to be done; only then does it let
// the next one start, so that the next knows all but its direct predecessor to be done.
DEVICE void await_previous_kernel() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// What this thread wrote before comes before what it writes next, for all threads of the device.
DEVICE void fence_device() { asm volatile("fence.acq_rel.gpu;" ::: "memory"); }
DEVICE u32 add_atomically(u32 *to, u32 value) { u32 r; asm volatile("atom.add.u32 %0, [%1], %2;" : "=r"(r) : "l"(to), "r"(value) : "memory"); return r; }

#endif

DEVICE u32 lane_index() { return thread_index() & 31; }
DEVICE u32 warp_index() { return thread_index() >> 5; }
DEVICE float shuffle(float x, u32 lane) { return bits_to_float(shuffle_bits(float_to_bits(x), lane)); }
DEVICE float shuffle_xor(float x, u32 mask) { return bits_to_float(shuffle_xor_bits(float_to_bits(x), mask)); }
#define INFINITE bits_to_float(0x7f800000u)
DEVICE float larger(float a, float b) { return a > b ? a : b; }
DEVICE u32 larger_bits(u32 a, u32 b) { return a > b ? a : b; }
DEVICE float exponential(float x) { return exp2_approximate(x * 1.4426950408889634f); }

DEVICE float warp_sum(float x) {
    for (u32 mask = 16; mask > 0; mask >>= 1) x += shuffle_xor(x, mask);
    return x;
}

DEVICE float warp_maximum(float x) {
    for (u32 mask = 16; mask > 0; mask >>= 1) x = larger(x, shuffle_xor(x, mask));
    return x;
}
