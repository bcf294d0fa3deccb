#include "machine.h"
#include "fiber.h"
#include <cmath>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#if defined(__x86_64__)
asm(R"(
.text
.globl emulation_switch
emulation_switch:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
)");
#elif defined(__aarch64__)
asm(R"(
.text
.globl emulation_switch
emulation_switch:
    sub sp, sp, #176
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #176
    ret
)");
#endif

namespace emulation {

struct Place {
    u32 thread, block[3], grid[3];
    bool early;
};
Place place;

namespace {

constexpr u64 StackBytes = 128 << 10, SharedBytes = 48 << 10, GuardBytes = 2 << 20;
constexpr u32 MostThreads = 1024, MostExchanged = 64;
constexpr u8 Poison = 0xff; // as floats and halves: NaN; as integers: -1

enum class State { ready, at_block_barrier, at_warp_barrier, finished };

struct Copy {
    u8 *to;
    const void *from;
    u32 bytes, group;
};

struct Thread {
    Fiber fiber;
    State state;
    bool waited; // for the kernel before
    u32 exchanges, groups; // groups of copies that are committed
    std::vector<Copy> copies;
};

struct Warp {
    u32 waiting;
    // Two in turn, so that a quick lane's next exchange does not overwrite what a slow one still reads.
    u8 exchanged[2][32 * MostExchanged];
};

struct Machine {
    std::vector<Thread> threads{MostThreads};
    std::vector<Warp> warps{MostThreads / 32};
    std::map<const void *, std::pair<u32, u32>> shared; // site: where, how much
    u8 *stacks = nullptr, *shared_memory = nullptr, *dynamic_end = nullptr, *dynamic = nullptr;
    u32 dynamic_bytes = 0, shared_used = 0, count = 0, waiting = 0, finished = 0, running = 0;
    Fiber scheduler;
    const Kernel *kernel = nullptr;
    const void *parameters = nullptr;
    std::string *why = nullptr;
    bool rehearsal = false;
    u64 early_loads = 0;
    sigjmp_buf escape;
    pthread_t host;
    struct sigaction segv, bus; // what was there before
};
Machine machine;
std::mutex one_launch;

// All halves as floats.
const std::vector<float> &half_values() {
    static const std::vector<float> values = [] {
        std::vector<float> all(65536);
        for (u32 bits = 0; bits < 65536; bits++) {
            u32 exponent = bits >> 10 & 31, fraction = bits & 1023;
            float magnitude = exponent == 31 ? (fraction ? NAN : INFINITY)
                : exponent ? ldexpf((float)(1024 + fraction), (int)exponent - 25) : ldexpf((float)fraction, -24);
            all[bits] = bits >> 15 ? -magnitude : magnitude;
        }
        return all;
    }();
    return values;
}

u8 *pages(u64 size) {
    auto p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? nullptr : (u8 *)p;
}

std::vector<Kernel> &kernels() {
    static std::vector<Kernel> all;
    return all;
}

void yield(State state) {
    auto &thread = machine.threads[machine.running];
    thread.state = state;
    switch_fiber(thread.fiber, machine.scheduler);
}

void thread_entry() {
    machine.kernel->run(machine.parameters);
    machine.finished++;
    yield(State::finished);
}

// Faults of other threads are the host's own affair: a .NET process turns some of them into exceptions.
void fault(int signal, siginfo_t *info, void *context) {
    if (!pthread_equal(pthread_self(), machine.host)) {
        auto &previous = signal == SIGSEGV ? machine.segv : machine.bus;
        if (previous.sa_flags & SA_SIGINFO) return previous.sa_sigaction(signal, info, context);
        if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) return previous.sa_handler(signal);
        sigaction(signal, &previous, nullptr);
        return;
    }
    char text[200];
    snprintf(text, sizeof text, "kernel %s touched the address %p, which is not its own (thread %u of block %u, %u, %u)",
        machine.kernel->name, info->si_addr, place.thread, place.block[0], place.block[1], place.block[2]);
    *machine.why = text;
    siglongjmp(machine.escape, 1);
}

bool run_block(u32 threads) {
    machine.count = threads;
    machine.waiting = machine.finished = machine.shared_used = 0;
    machine.shared.clear();
    memset(machine.shared_memory, Poison, SharedBytes);
    memset(machine.dynamic, Poison, machine.dynamic_bytes);
    for (u32 w = 0; w < threads / 32; w++) machine.warps[w].waiting = 0;
    for (u32 t = 0; t < threads; t++) {
        machine.threads[t].state = State::ready;
        machine.threads[t].exchanges = machine.threads[t].groups = 0;
        machine.threads[t].waited = false;
        machine.threads[t].copies.clear();
        prepare_fiber(machine.threads[t].fiber, machine.stacks + t * StackBytes, StackBytes, thread_entry);
    }
    while (machine.finished < threads) {
        bool ran = false;
        for (u32 t = 0; t < threads; t++) {
            if (machine.threads[t].state != State::ready) continue;
            ran = true;
            machine.running = place.thread = t;
            place.early = !machine.threads[t].waited;
            switch_fiber(machine.scheduler, machine.threads[t].fiber);
        }
        if (!ran) return false;
    }
    return true;
}

void describe_divergence() {
    u32 block = 0, warp = 0;
    for (u32 t = 0; t < machine.count; t++) {
        block += machine.threads[t].state == State::at_block_barrier;
        warp += machine.threads[t].state == State::at_warp_barrier;
    }
    *machine.why = std::string("kernel ") + machine.kernel->name + ": " + std::to_string(block) + " threads wait for their block, " +
        std::to_string(warp) + " for their warp and " + std::to_string(machine.finished) + " have finished, so none can go on (block " +
        std::to_string(place.block[0]) + ", " + std::to_string(place.block[1]) + ", " + std::to_string(place.block[2]) + ")";
}

struct Allocation {
    u8 *start;
    u64 mapped, size, rounded;
};
std::map<void *, Allocation> allocations;
std::mutex memory;

}  // namespace

struct Registration {
    Registration(const char *name, u32 threads, u32 parameter_bytes, void (*run)(const void *));
};
Registration::Registration(const char *name, u32 threads, u32 parameter_bytes, void (*run)(const void *)) {
    kernels().push_back({name, threads, parameter_bytes, run});
}

void sync_block() {
    if (++machine.waiting < machine.count) return yield(State::at_block_barrier);
    machine.waiting = 0;
    for (u32 t = 0; t < machine.count; t++)
        if (machine.threads[t].state == State::at_block_barrier) machine.threads[t].state = State::ready;
}

void sync_warp() {
    u32 warp = machine.running / 32;
    if (++machine.warps[warp].waiting < 32) return yield(State::at_warp_barrier);
    machine.warps[warp].waiting = 0;
    for (u32 t = warp * 32; t < warp * 32 + 32; t++)
        if (machine.threads[t].state == State::at_warp_barrier) machine.threads[t].state = State::ready;
}

void loaded_early(const void *value, u32 size) {
    u64 hash = 14695981039346656037ull;
    for (u32 i = 0; i < size; i++) hash = (hash ^ ((const u8 *)value)[i]) * 1099511628211ull;
    machine.early_loads += hash;
}

void await_previous_kernel() {
    machine.threads[machine.running].waited = true;
    place.early = false;
    if (!machine.rehearsal) return;
    machine.finished++;
    yield(State::finished);
}

void misaligned(const void *address, u32 size) {
    char text[200];
    snprintf(text, sizeof text, "kernel %s reads %u bytes at the address %p, which is no multiple of them (thread %u of block %u, %u, %u)",
        machine.kernel->name, size, address, place.thread, place.block[0], place.block[1], place.block[2]);
    *machine.why = text;
    siglongjmp(machine.escape, 1);
}

float from_half(u16 bits) {
    static const float *values = half_values().data();
    return values[bits];
}

// Rounds to the nearest half, ties to even.
u16 to_half(float x) {
    u32 bits;
    memcpy(&bits, &x, 4);
    u32 sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (u16)(sign | 0x7e00);
    if (magnitude >= 0x477ff000) return (u16)(sign | 0x7c00);
    if (magnitude < 0x38800000) return (u16)(sign | (u32)nearbyintf(fabsf(x) * 16777216.0f)); // in steps of 2^-24
    return (u16)(sign | ((magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13));
}

const u8 *exchange(const void *mine, u32 size) {
    u32 t = machine.running;
    u8 *slots = machine.warps[t / 32].exchanged[machine.threads[t].exchanges++ % 2];
    memcpy(slots + t % 32 * size, mine, size);
    sync_warp();
    return slots;
}

void *shared(const void *site, u32 size) {
    auto known = machine.shared.find(site);
    if (known == machine.shared.end()) {
        known = machine.shared.insert({site, {machine.shared_used, size}}).first;
        machine.shared_used += (size + 15) / 16 * 16;
        if (machine.shared_used > SharedBytes) {
            // Beyond what a block may have: touch the guard page behind it.
            return machine.shared_memory + SharedBytes;
        }
    }
    return machine.shared_memory + known->second.first;
}

u8 *dynamic_shared() { return machine.dynamic; }

void copy_async(u8 *to, const void *from, u32 bytes) {
    // As on a device, an address that is no multiple of 16 is a fault.
    if (((u64)to | (u64)from) % 16) *(volatile u8 *)1 = 0;
    memset(to, Poison, 16);
    Thread &thread = machine.threads[machine.running];
    thread.copies.push_back({to, from, bytes, thread.groups});
}

void commit_copies() { machine.threads[machine.running].groups++; }

void wait_copies(u32 pending) {
    Thread &thread = machine.threads[machine.running];
    u32 kept = 0;
    for (Copy &copy : thread.copies) {
        if (copy.group + pending >= thread.groups) {
            thread.copies[kept++] = copy;
            continue;
        }
        memcpy(copy.to, copy.from, copy.bytes);
        memset(copy.to + copy.bytes, 0, 16 - copy.bytes);
    }
    thread.copies.resize(kept);
}

const Kernel *find_kernel(const char *name) {
    for (auto &kernel : kernels())
        if (!strcmp(kernel.name, name)) return &kernel;
    return nullptr;
}

Outcome launch(const Kernel &kernel, const void *parameters, const u32 (&grid)[3], u32 threads, u32 shared_bytes, std::string &why, bool rehearsal, u64 *early_loads) {
    std::lock_guard<std::mutex> lock(one_launch);
    machine.rehearsal = rehearsal;
    machine.early_loads = 0;
    if (!machine.stacks) {
        machine.stacks = pages(MostThreads * StackBytes);
        machine.shared_memory = pages(SharedBytes + 4096);
        mprotect(machine.shared_memory + SharedBytes, 4096, PROT_NONE);
        const u64 most = (MostDynamicShared + 4095) / 4096 * 4096;
        machine.dynamic_end = pages(most + 4096) + most;
        mprotect(machine.dynamic_end, 4096, PROT_NONE);
    }
    // Its end lies at a page that cannot be touched.
    machine.dynamic_bytes = (shared_bytes + 127) / 128 * 128;
    machine.dynamic = machine.dynamic_end - machine.dynamic_bytes;
    machine.kernel = &kernel;
    machine.parameters = parameters;
    machine.why = &why;
    machine.host = pthread_self();
    struct sigaction ours = {};
    ours.sa_sigaction = fault;
    ours.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &ours, &machine.segv);
    sigaction(SIGBUS, &ours, &machine.bus);
    volatile auto outcome = Outcome::done;
    if (sigsetjmp(machine.escape, 1)) {
        outcome = Outcome::illegal_address;
    } else {
        for (u32 i = 0; i < 3; i++) place.grid[i] = grid[i];
        for (u32 z = 0; z < grid[2] && outcome == Outcome::done; z++)
            for (u32 y = 0; y < grid[1] && outcome == Outcome::done; y++)
                for (u32 x = 0; x < grid[0] && outcome == Outcome::done; x++) {
                    place.block[0] = x;
                    place.block[1] = y;
                    place.block[2] = z;
                    if (!run_block(threads)) {
                        describe_divergence();
                        outcome = Outcome::diverged;
                    }
                }
    }
    sigaction(SIGSEGV, &machine.segv, nullptr);
    sigaction(SIGBUS, &machine.bus, nullptr);
    if (early_loads) *early_loads = machine.early_loads;
    return outcome;
}

void *allocate(u64 size) {
    const u64 page = sysconf(_SC_PAGESIZE), rounded = (size + 255) / 256 * 256, body = (rounded + page - 1) / page * page;
    u8 *start = pages(body + 2 * GuardBytes);
    if (!start) return nullptr;
    mprotect(start, GuardBytes, PROT_NONE);
    mprotect(start + GuardBytes + body, GuardBytes, PROT_NONE);
    memset(start + GuardBytes, Poison, body);
    u8 *address = start + GuardBytes + body - rounded;
    std::lock_guard<std::mutex> lock(memory);
    allocations[address] = {start, body + 2 * GuardBytes, size, rounded};
    return address;
}

bool release(void *address) {
    std::lock_guard<std::mutex> lock(memory);
    auto found = allocations.find(address);
    if (found == allocations.end()) return false;
    bool whole = true;
    for (u64 i = found->second.size; i < found->second.rounded; i++) whole &= ((u8 *)address)[i] == Poison;
    munmap(found->second.start, found->second.mapped);
    allocations.erase(found);
    return whole;
}

}  // namespace emulation
