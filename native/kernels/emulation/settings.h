// What the emulated device is like, and when it fails: AGENTRT_EMULATION, for instance
// "memory=512 capability=75 version=11080 devices=0 fail=cuLaunchKernel:100:719" (memory in MiB, or bytes=N; the capability's major
// number, then its minor; the 101st call of an entry point gives that code, which stays when it is a fault of the device).
#pragma once
#include "machine.h"
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace emulation {

struct Settings {
    u64 memory = 8192;
    int capability = 80, version = 12080, devices = 1;
    char failing[64] = "";
    int fails_at = 0, code = 0;
    std::atomic<int> calls{0}; // of the entry point that fails

    Settings() { read(getenv("AGENTRT_EMULATION")); }

    void read(const char *text) {
        memory = 8192, capability = 80, version = 12080, devices = 1, failing[0] = 0, calls = 0;
        bool exact = false;
        for (; text && *text; text = strchr(text, ' ') ? strchr(text, ' ') + 1 : "") {
            sscanf(text, "memory=%llu", &memory);
            if (sscanf(text, "bytes=%llu", &memory) == 1) exact = true;
            sscanf(text, "capability=%d", &capability);
            sscanf(text, "version=%d", &version);
            sscanf(text, "devices=%d", &devices);
            sscanf(text, "fail=%63[^:]:%d:%d", failing, &fails_at, &code);
        }
        if (!exact) memory <<= 20;
    }

    // The code with which this call of an entry point fails, or 0.
    int fault(const char *entry, int &broken) {
        if (strcmp(entry, failing) || calls++ != fails_at) return 0;
        if (code >= 700) broken = code;
        return code;
    }
};

}  // namespace emulation
