// The kernels' own sources, compiled for the host.
#define EMULATION
#include "../src/kernels.cu"

// Some that break rules on purpose, so that the tests can see that it is noticed.
KERNEL(emulation_diverges, 64, NormParams) {
    if (thread_index() < 40) sync_block();
    else sync_warp();
    p.output[thread_index()] = 0;
}
KERNEL(emulation_writes_beyond, 32, NormParams) { p.output[p.columns * 1000 + thread_index()] = 0; }
// Writes what a copy brought before its wait, and behind it.
KERNEL(emulation_reads_early, 32, NormParams) {
    SHARED_ARRAY(float, copied, 128);
    copy_async(shared_address(copied + 4 * thread_index()), p.input + 4 * thread_index(), 16);
    commit_copies();
    p.output[thread_index()] = copied[4 * thread_index()];
    wait_copies<0>();
    p.output[32 + thread_index()] = copied[4 * thread_index()];
}
// Loads its input before it waits for the kernel before.
KERNEL(emulation_begins_early, 256, NormParams) {
    float loaded = bits_to_float(load_constant_u32(p.input + thread_index()));
    await_previous_kernel();
    p.output[thread_index()] = loaded;
}
