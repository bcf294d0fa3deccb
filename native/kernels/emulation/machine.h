// Runs kernels on the host: a block at a time, each of its threads a fiber that gives way at barriers and exchanges.
#pragma once
#include <string>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

namespace emulation {

struct Kernel {
    const char *name;
    u32 threads, parameter_bytes;
    void (*run)(const void *parameters);
};

const Kernel *find_kernel(const char *name);

enum class Outcome { done, illegal_address, diverged };

// Most shared memory that a launch may give a block: what compute capability 9.0 has.
constexpr u32 MostDynamicShared = 227 << 10;

// Runs a grid, each block with `shared_bytes` beyond its own arrays. Shared memory and stacks are filled with poison, so that what was never written reads as NaN.
// On failure `why` says which thread of which block did what. A rehearsal ends each thread where it would wait for the
// kernel before; `early_loads` receives a sum over what was loaded up to there.
Outcome launch(const Kernel &kernel, const void *parameters, const u32 (&grid)[3], u32 threads, u32 shared_bytes, std::string &why, bool rehearsal = false, u64 *early_loads = nullptr);

// Device memory: poisoned, between pages that cannot be touched, its end as close to the second as alignment allows.
void *allocate(u64 size);

// Frees it; false when it was never given, or bytes beyond its end were written.
bool release(void *address);

}  // namespace emulation
