// Switches between stacks. Where no assembly is written for the processor, ucontext does the same more slowly.
#pragma once
#include <cstdint>
#if !defined(__x86_64__) && !defined(__aarch64__)
#include <ucontext.h>
#endif

namespace emulation {

#if defined(__x86_64__) || defined(__aarch64__)

struct Fiber {
    void *stack_pointer = nullptr;
};

extern "C" void emulation_switch(void **from, void *to);

inline void switch_fiber(Fiber &from, Fiber &to) { emulation_switch(&from.stack_pointer, to.stack_pointer); }

// Prepares a fiber that starts at `entry` on a stack; `entry` must not return.
inline void prepare_fiber(Fiber &fiber, u8 *stack, uint64_t size, void (*entry)()) {
    auto top = (uint64_t *)(((uintptr_t)stack + size) & ~(uintptr_t)63);
#if defined(__x86_64__)
    *--top = 0; // keeps the stack aligned as after a call
    *--top = (uint64_t)entry;
    for (int i = 0; i < 6; i++) *--top = 0;
#else
    top -= 22;
    for (int i = 0; i < 22; i++) top[i] = 0;
    top[11] = (uint64_t)entry; // the link register
#endif
    fiber.stack_pointer = top;
}

#else

struct Fiber {
    ucontext_t context;
};

inline void switch_fiber(Fiber &from, Fiber &to) { swapcontext(&from.context, &to.context); }

inline void prepare_fiber(Fiber &fiber, u8 *stack, uint64_t size, void (*entry)()) {
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = stack;
    fiber.context.uc_stack.ss_size = size;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, entry, 0);
}

#endif

}  // namespace emulation
