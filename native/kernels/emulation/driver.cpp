// The entry points of the CUDA driver API that the engine uses, on the emulated device. Streams are queues (streams.h),
// a graph is the list of what was captured. Error codes are the driver's.
#include "settings.h"
#include "streams.h"
#include <atomic>
#include <cstring>
#include <map>

using emulation::Event;
using emulation::Graph;
using emulation::Kernel;
using emulation::Stream;

namespace {

constexpr int Success = 0, InvalidValue = 1, OutOfMemory = 2, InvalidPtx = 218, NotFound = 500, IllegalAddress = 700, LaunchFailed = 719, CaptureIsolation = 905;

std::atomic<u64> used{0};
std::string fault_text;
emulation::Streams streams;
emulation::Settings settings;
std::vector<std::pair<void *, u64>> sizes, host_sizes;
std::map<const Kernel *, u32> shared_limits; // what launches of a kernel may give, where it is not the usual

using Lock = std::lock_guard<std::recursive_mutex>;

Stream &on(void *stream) { return stream ? *(Stream *)stream : streams.standard; }

int fault(const char *entry) {
    Lock lock(streams.mutex);
    return settings.fault(entry, streams.broken);
}

int run(void *stream, Work work) {
    Lock lock(streams.mutex);
    return streams.queue(on(stream), std::move(work));
}

bool is_pinned(const void *memory) {
    for (auto &entry : host_sizes)
        if (memory >= entry.first && memory < (u8 *)entry.first + entry.second) return true;
    return false;
}

bool forget(std::vector<std::pair<void *, u64>> &entries, void *address, u64 &size) {
    for (auto &entry : entries)
        if (entry.first == address) {
            size = entry.second;
            entry = entries.back();
            entries.pop_back();
            return true;
        }
    return false;
}

struct Launch {
    const Kernel *kernel;
    std::vector<u8> parameters;
    u32 grid[3], threads, shared_bytes;

    int operator()(bool rehearsal = false, u64 *early_loads = nullptr) const {
        std::string why;
        auto outcome = emulation::launch(*kernel, parameters.data(), grid, threads, shared_bytes, why, rehearsal, early_loads);
        if (outcome == emulation::Outcome::done) return Success;
        fault_text = why;
        return outcome == emulation::Outcome::illegal_address ? IllegalAddress : LaunchFailed;
    }
};

// A kernel of a graph that may begin before the one in front of it is done begins before that one here, up to where it
// waits; it must have loaded the same then as when that one is done.
int queue_early(Graph &graph, const Launch &launch) {
    auto loads = std::make_shared<u64>(0);
    graph.works.insert(graph.works.end() - 1, [=] { return launch(true, loads.get()); });
    graph.works.push_back([=] {
        u64 again = 0;
        if (int code = launch(false, &again)) return code;
        if (again == *loads) return Success;
        fault_text = std::string("kernel ") + launch.kernel->name + " loads what the kernel before it writes, and has not waited for it";
        return LaunchFailed;
    });
    graph.behind_kernel = graph.works.size();
    return Success;
}

}  // namespace

#define API extern "C" __attribute__((visibility("default"))) int

// For tests in this process: another device, with settings as in AGENTRT_EMULATION.
API emulation_configure(const char *text) {
    Lock lock(streams.mutex);
    settings.read(text);
    streams.broken = Success;
    return Success;
}

API cuInit(u32) { return fault("cuInit"); }
API cuDriverGetVersion(int *version) { *version = settings.version; return Success; }
API cuGetErrorName(int code, const char **text) {
    *text = code == InvalidValue ? "CUDA_ERROR_INVALID_VALUE" : code == OutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY" : code == NotFound ? "CUDA_ERROR_NOT_FOUND"
        : code == CaptureIsolation ? "CUDA_ERROR_STREAM_CAPTURE_ISOLATION" : code == IllegalAddress ? "CUDA_ERROR_ILLEGAL_ADDRESS" : code == LaunchFailed ? "CUDA_ERROR_LAUNCH_FAILED"
        : code == InvalidPtx ? "CUDA_ERROR_INVALID_PTX" : "CUDA_ERROR_UNKNOWN";
    return Success;
}
API cuGetErrorString(int code, const char **text) {
    *text = code == OutOfMemory ? "out of memory" : code == NotFound ? "named symbol not found" : code == InvalidValue ? "invalid argument"
        : code == InvalidPtx ? "a PTX JIT compilation failed" : (code == IllegalAddress || code == LaunchFailed) && !fault_text.empty() ? fault_text.c_str() : "unknown error";
    return Success;
}

API cuDeviceGetCount(int *count) { *count = settings.devices; return Success; }
API cuDeviceGet(int *device, int ordinal) { *device = ordinal; return ordinal < settings.devices ? Success : 101; }
API cuDeviceGetName(char *name, int length, int) { strncpy(name, "Emulated CUDA device", length); return Success; }
API cuDeviceTotalMem_v2(u64 *bytes, int) { *bytes = settings.memory; return Success; }
API cuDeviceGetAttribute(int *value, int attribute, int) {
    // Two multiprocessors; what else is asked for is 0.
    *value = attribute == 75 ? settings.capability / 10 : attribute == 76 ? settings.capability % 10 : attribute == 16 ? 2 : 0;
    return Success;
}
API cuDevicePrimaryCtxRetain(void **context, int) { *context = &streams; return fault("cuDevicePrimaryCtxRetain"); }
API cuDevicePrimaryCtxRelease_v2(int) {
    // The last holder's release ends a faulty context, as cuDevicePrimaryCtxReset would.
    Lock lock(streams.mutex);
    streams.run_all();
    streams.broken = Success;
    return Success;
}
API cuCtxSetCurrent(void *) { return Success; }
API cuMemGetInfo_v2(u64 *free, u64 *total) { *total = settings.memory; *free = settings.memory - std::min<u64>(used, settings.memory); return streams.broken; }

API cuMemAlloc_v2(u64 *address, u64 size) {
    Lock lock(streams.mutex);
    if (streams.broken) return streams.broken;
    if (int code = fault("cuMemAlloc")) return code;
    if (size == 0) return InvalidValue;
    auto memory = used + size <= settings.memory ? emulation::allocate(size) : nullptr;
    if (!memory) return OutOfMemory;
    used += size;
    sizes.push_back({memory, size});
    *address = (u64)memory;
    return Success;
}
API cuMemFree_v2(u64 address) {
    Lock lock(streams.mutex);
    streams.run_all();
    u64 size = 0;
    forget(sizes, (void *)address, size);
    used -= size;
    if (emulation::release((void *)address)) return streams.broken;
    fault_text = "bytes beyond the end of an allocation were written";
    return IllegalAddress;
}
API cuMemHostAlloc(void **address, u64 size, u32) {
    Lock lock(streams.mutex);
    if (int code = fault("cuMemHostAlloc")) return code;
    *address = emulation::allocate(size);
    if (!*address) return OutOfMemory;
    host_sizes.push_back({*address, size});
    return Success;
}
API cuMemFreeHost(void *address) {
    Lock lock(streams.mutex);
    streams.run_all();
    u64 size;
    return forget(host_sizes, address, size) && emulation::release(address) ? Success : InvalidValue;
}

// Memory that is not pinned is read before a copy returns, and written before it returns.
API cuMemcpyHtoDAsync_v2(u64 to, const void *from, u64 size, void *stream) {
    Lock lock(streams.mutex);
    if (int code = fault("cuMemcpyHtoDAsync")) return code;
    if (is_pinned(from)) return run(stream, [=] { memcpy((void *)to, from, size); return Success; });
    auto bytes = std::make_shared<std::vector<u8>>((const u8 *)from, (const u8 *)from + size);
    return run(stream, [=] { memcpy((void *)to, bytes->data(), size); return Success; });
}
API cuMemcpyDtoHAsync_v2(void *to, u64 from, u64 size, void *stream) {
    Lock lock(streams.mutex);
    int code = run(stream, [=] { memcpy(to, (void *)from, size); return Success; });
    if (!is_pinned(to)) streams.run(on(stream));
    return code;
}
API cuMemcpyDtoDAsync_v2(u64 to, u64 from, u64 size, void *stream) {
    if (int code = fault("cuMemcpyDtoDAsync")) return code;
    return run(stream, [=] { memcpy((void *)to, (void *)from, size); return Success; });
}
API cuMemsetD8Async(u64 to, u8 value, u64 size, void *stream) { return run(stream, [=] { memset((void *)to, value, size); return Success; }); }

API cuStreamCreate(void **stream, u32) {
    Lock lock(streams.mutex);
    auto created = new Stream;
    streams.all.push_back(created);
    *stream = created;
    return streams.broken;
}
API cuStreamDestroy_v2(void *stream) {
    Lock lock(streams.mutex);
    streams.destroy((Stream *)stream);
    return Success;
}
API cuStreamSynchronize(void *stream) {
    Lock lock(streams.mutex);
    if (int code = fault("cuStreamSynchronize")) return code;
    streams.run(on(stream));
    return streams.broken;
}
API cuStreamWaitEvent(void *stream, void *event, u32) {
    Lock lock(streams.mutex);
    if (int code = fault("cuStreamWaitEvent")) return code;
    return on(stream).capture ? CaptureIsolation : streams.wait(on(stream), *(Event *)event);
}
API cuStreamBeginCapture_v2(void *stream, int) { ((Stream *)stream)->capture = std::make_unique<Graph>(); return streams.broken; }
API cuStreamEndCapture(void *stream, void **graph) { *graph = ((Stream *)stream)->capture.release(); return streams.broken; }
API cuGraphInstantiateWithFlags(void **executable, void *graph, u64) {
    if (int code = fault("cuGraphInstantiate")) return code;
    *executable = new std::shared_ptr<Graph>(new Graph(*(Graph *)graph));
    return streams.broken;
}
API cuGraphDestroy(void *graph) { delete (Graph *)graph; return Success; }
API cuGraphExecDestroy(void *executable) { delete (std::shared_ptr<Graph> *)executable; return Success; }
API cuGraphLaunch(void *executable, void *stream) {
    if (int code = fault("cuGraphLaunch")) return code;
    auto graph = *(std::shared_ptr<Graph> *)executable;
    return run(stream, [=] {
        for (auto &work : graph->works)
            if (int code = work()) return code;
        return Success;
    });
}

API cuEventCreate(void **event, u32) { *event = new Event; return Success; }
API cuEventDestroy_v2(void *event) { delete (Event *)event; return Success; }
API cuEventRecord(void *event, void *stream) {
    Lock lock(streams.mutex);
    return streams.record(*(Event *)event, on(stream));
}
API cuEventSynchronize(void *event) {
    Lock lock(streams.mutex);
    return streams.wait(*(Event *)event);
}
API cuEventElapsedTime(float *milliseconds, void *from, void *to) {
    auto &start = ((Event *)from)->mark, &end = ((Event *)to)->mark;
    if (!start || !end || !start->reached || !end->reached) return streams.broken ? streams.broken : InvalidValue;
    *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
    return streams.broken;
}

// The image is PTX for a device; here the kernels are those that were compiled in.
API cuModuleLoadData(void **module, const void *) { *module = &streams; int code = fault("cuModuleLoadData"); return code ? code : streams.broken; }
API cuModuleUnload(void *) { return Success; }
API cuModuleGetFunction(void **function, void *, const char *name) {
    *function = (void *)emulation::find_kernel(name);
    return *function ? Success : NotFound;
}
API cuFuncGetAttribute(int *value, int, void *function) { *value = 0; return function ? Success : InvalidValue; }
API cuFuncSetAttribute(void *function, int attribute, int value) {
    constexpr int MaxDynamicSharedSizeBytes = 8;
    if (attribute != MaxDynamicSharedSizeBytes || value < 0 || value > (int)emulation::MostDynamicShared) return InvalidValue;
    shared_limits[(const Kernel *)function] = (u32)value;
    return Success;
}
struct LaunchAttribute {
    int id, padding, value[16];
};
struct LaunchConfig {
    u32 grid[3], block[3], shared_bytes;
    void *stream;
    const LaunchAttribute *attributes;
    u32 attribute_count;
};
API cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *function, int threads, size_t) {
    *blocks = 3;
    return function && threads == (int)((const Kernel *)function)->threads ? Success : InvalidValue;
}

static int queue_kernel(void *function, u32 x, u32 y, u32 z, u32 threads, u32 threads_y, u32 threads_z, u32 shared_bytes, void *stream, void **parameters, bool early) {
    auto kernel = (const Kernel *)function;
    if (x == 0 || y == 0 || z == 0 || threads != kernel->threads || threads_y != 1 || threads_z != 1 || y > 65535 || z > 65535) return InvalidValue;
    auto limit = shared_limits.find(kernel);
    if (shared_bytes > (limit == shared_limits.end() ? 48u << 10 : limit->second)) return InvalidValue;
    if (int code = fault("cuLaunchKernel")) return code;
    Launch launch{kernel, std::vector<u8>((u8 *)parameters[0], (u8 *)parameters[0] + kernel->parameter_bytes), {x, y, z}, threads, shared_bytes};
    Lock lock(streams.mutex);
    auto graph = on(stream).capture.get();
    if (graph && early && graph->behind_kernel && graph->behind_kernel == graph->works.size()) return queue_early(*graph, launch);
    int code = run(stream, [=] { return launch(); });
    if (graph) graph->behind_kernel = graph->works.size();
    return code;
}
API cuLaunchKernel(void *function, u32 x, u32 y, u32 z, u32 threads, u32 threads_y, u32 threads_z, u32 shared_bytes, void *stream, void **parameters, void **) {
    return queue_kernel(function, x, y, z, threads, threads_y, threads_z, shared_bytes, stream, parameters, false);
}
API cuLaunchKernelEx(const LaunchConfig *config, void *function, void **parameters, void **) {
    const int ProgrammaticStreamSerialization = 6;
    if (config->attribute_count != 1 || config->attributes->id != ProgrammaticStreamSerialization || config->attributes->value[0] != 1) return InvalidValue;
    return queue_kernel(function, config->grid[0], config->grid[1], config->grid[2], config->block[0], config->block[1], config->block[2], config->shared_bytes, config->stream, parameters, true);
}
