// The kernels' own sources, compiled for the host.
#define EMULATION
#include "../src/kernels.cu"

// Two that break rules on purpose, so that the tests can see that it is noticed.
KERNEL(emulation_diverges, 64, NormParams) {
    if (thread_index() < 40) sync_block();
    else sync_warp();
    p.output[thread_index()] = 0;
}
KERNEL(emulation_writes_beyond, 32, NormParams) { p.output[p.columns * 1000 + thread_index()] = 0; }
