// The entry points of the CUDA driver API that the engine uses, on the emulated device. Streams run at once, in order;
// a graph is the list of what was captured. Error codes are the driver's.
#include "machine.h"
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

using emulation::Kernel;
using Work = std::function<int()>;

namespace {

constexpr int Success = 0, InvalidValue = 1, OutOfMemory = 2, NotFound = 500, IllegalAddress = 700, LaunchFailed = 719;
constexpr u64 TotalBytes = 8ull << 30;

struct Graph {
    std::vector<Work> works;
};

struct Stream {
    std::unique_ptr<Graph> capture;
};

struct Event {
    std::chrono::steady_clock::time_point time;
};

std::atomic<int> broken{Success}; // a fault stays, as on a device
std::atomic<u64> used{0};
std::string fault_text;
Stream default_stream;
std::vector<std::pair<void *, u64>> sizes;

int run(void *stream, Work work) {
    if (broken) return broken;
    auto &on = stream ? *(Stream *)stream : default_stream;
    if (on.capture) {
        on.capture->works.push_back(std::move(work));
        return Success;
    }
    return work();
}

int launch(const Kernel &kernel, const std::vector<u8> &parameters, const u32 (&grid)[3], u32 threads) {
    std::string why;
    auto outcome = emulation::launch(kernel, parameters.data(), grid, threads, why);
    if (outcome == emulation::Outcome::done) return Success;
    fault_text = why;
    return broken = outcome == emulation::Outcome::illegal_address ? IllegalAddress : LaunchFailed;
}

}  // namespace

#define API extern "C" __attribute__((visibility("default"))) int

API cuInit(u32) { return Success; }
API cuDriverGetVersion(int *version) { *version = 12080; return Success; }
API cuGetErrorName(int code, const char **text) {
    *text = code == InvalidValue ? "CUDA_ERROR_INVALID_VALUE" : code == OutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY" : code == NotFound ? "CUDA_ERROR_NOT_FOUND"
        : code == IllegalAddress ? "CUDA_ERROR_ILLEGAL_ADDRESS" : code == LaunchFailed ? "CUDA_ERROR_LAUNCH_FAILED" : "CUDA_ERROR_UNKNOWN";
    return Success;
}
API cuGetErrorString(int code, const char **text) {
    *text = code == OutOfMemory ? "out of memory" : code == NotFound ? "named symbol not found" : code == InvalidValue ? "invalid argument"
        : (code == IllegalAddress || code == LaunchFailed) && !fault_text.empty() ? fault_text.c_str() : "unknown error";
    return Success;
}

API cuDeviceGetCount(int *count) { *count = 1; return Success; }
API cuDeviceGet(int *device, int ordinal) { *device = ordinal; return ordinal == 0 ? Success : 101; }
API cuDeviceGetName(char *name, int length, int) { strncpy(name, "Emulated CUDA device", length); return Success; }
API cuDeviceTotalMem_v2(u64 *bytes, int) { *bytes = TotalBytes; return Success; }
API cuDeviceGetAttribute(int *value, int attribute, int) {
    // Compute capability 8.0, two multiprocessors; what else is asked for is 0.
    *value = attribute == 75 ? 8 : attribute == 76 ? 0 : attribute == 16 ? 2 : 0;
    return Success;
}
API cuDevicePrimaryCtxRetain(void **context, int) { *context = &default_stream; return Success; }
API cuDevicePrimaryCtxRelease_v2(int) {
    // The last holder's release ends a faulty context, as cuDevicePrimaryCtxReset would.
    broken = Success;
    return Success;
}
API cuCtxSetCurrent(void *) { return Success; }
API cuMemGetInfo_v2(u64 *free, u64 *total) { *total = TotalBytes; *free = TotalBytes - used; return broken; }

API cuMemAlloc_v2(u64 *address, u64 size) {
    if (broken) return broken;
    if (size == 0) return InvalidValue;
    auto memory = used + size <= TotalBytes ? emulation::allocate(size) : nullptr;
    if (!memory) return OutOfMemory;
    used += size;
    sizes.push_back({memory, size});
    *address = (u64)memory;
    return Success;
}
API cuMemFree_v2(u64 address) {
    for (auto &entry : sizes)
        if (entry.first == (void *)address) {
            used -= entry.second;
            entry = sizes.back();
            sizes.pop_back();
            break;
        }
    if (emulation::release((void *)address)) return broken;
    fault_text = "bytes beyond the end of an allocation were written";
    return IllegalAddress;
}
API cuMemHostAlloc(void **address, u64 size, u32) { *address = emulation::allocate(size); return *address ? Success : OutOfMemory; }
API cuMemFreeHost(void *address) { return emulation::release(address) ? Success : InvalidValue; }

API cuMemcpyHtoDAsync_v2(u64 to, const void *from, u64 size, void *stream) { return run(stream, [=] { memcpy((void *)to, from, size); return Success; }); }
API cuMemcpyDtoHAsync_v2(void *to, u64 from, u64 size, void *stream) { return run(stream, [=] { memcpy(to, (void *)from, size); return Success; }); }
API cuMemcpyDtoDAsync_v2(u64 to, u64 from, u64 size, void *stream) { return run(stream, [=] { memcpy((void *)to, (void *)from, size); return Success; }); }
API cuMemsetD8Async(u64 to, u8 value, u64 size, void *stream) { return run(stream, [=] { memset((void *)to, value, size); return Success; }); }

API cuStreamCreate(void **stream, u32) { *stream = new Stream; return broken; }
API cuStreamDestroy_v2(void *stream) { delete (Stream *)stream; return Success; }
API cuStreamSynchronize(void *) { return broken; }
API cuStreamBeginCapture_v2(void *stream, int) { ((Stream *)stream)->capture = std::make_unique<Graph>(); return broken; }
API cuStreamEndCapture(void *stream, void **graph) { *graph = ((Stream *)stream)->capture.release(); return broken; }
API cuGraphInstantiateWithFlags(void **executable, void *graph, u64) { *executable = new Graph(*(Graph *)graph); return broken; }
API cuGraphDestroy(void *graph) { delete (Graph *)graph; return Success; }
API cuGraphExecDestroy(void *executable) { delete (Graph *)executable; return Success; }
API cuGraphLaunch(void *executable, void *) {
    for (auto &work : ((Graph *)executable)->works) {
        if (broken) return broken;
        if (int code = work()) return code;
    }
    return broken;
}

API cuEventCreate(void **event, u32) { *event = new Event; return Success; }
API cuEventDestroy_v2(void *event) { delete (Event *)event; return Success; }
API cuEventRecord(void *event, void *stream) { return run(stream, [=] { ((Event *)event)->time = std::chrono::steady_clock::now(); return Success; }); }
API cuEventSynchronize(void *) { return broken; }
API cuEventElapsedTime(float *milliseconds, void *from, void *to) {
    *milliseconds = std::chrono::duration<float, std::milli>(((Event *)to)->time - ((Event *)from)->time).count();
    return broken;
}

// The image is PTX for a device; here the kernels are those that were compiled in.
API cuModuleLoadData(void **module, const void *) { *module = &default_stream; return broken; }
API cuModuleUnload(void *) { return Success; }
API cuModuleGetFunction(void **function, void *, const char *name) {
    *function = (void *)emulation::find_kernel(name);
    return *function ? Success : NotFound;
}
API cuFuncGetAttribute(int *value, int, void *function) { *value = 0; return function ? Success : InvalidValue; }
API cuLaunchKernel(void *function, u32 x, u32 y, u32 z, u32 threads, u32 threads_y, u32 threads_z, u32, void *stream, void **parameters, void **) {
    auto kernel = (const Kernel *)function;
    if (x == 0 || y == 0 || z == 0 || threads != kernel->threads || threads_y != 1 || threads_z != 1 || y > 65535 || z > 65535) return InvalidValue;
    std::vector<u8> bytes((u8 *)parameters[0], (u8 *)parameters[0] + kernel->parameter_bytes);
    u32 grid[3] = {x, y, z};
    return run(stream, [=] { return launch(*kernel, bytes, {grid[0], grid[1], grid[2]}, threads); });
}
