namespace AgentRuntime.Engine.Backends.Cuda.Driver;

/// <summary>
/// The part of the CUDA driver API that the backend uses; another binding could take its place. Addresses and handles
/// are the driver's. Calls act on the calling thread's current context. Copies and launches are queued on a stream.
/// </summary>
/// <exception cref="CudaException">Every call: the driver's error, with its text.</exception>
internal interface ICudaDriver
{
    /// <summary>The driver's CUDA version, for instance 12080 for 12.8.</summary>
    int Version { get; }

    int DeviceCount { get; }

    CudaDeviceInfo Device(int ordinal);

    /// <summary>Takes hold of a device's primary context and makes it the thread's.</summary>
    nint RetainContext(int ordinal);

    void ReleaseContext(int ordinal);

    void SetContext(nint context);

    /// <summary>Free bytes of the current device.</summary>
    long FreeMemory();

    ulong Allocate(long bytes);

    void Free(ulong address);

    /// <summary>Host memory that the device copies from and to without a stop in between.</summary>
    unsafe void* AllocateHost(long bytes);

    unsafe void FreeHost(void* memory);

    unsafe void CopyToDevice(ulong to, void* from, long bytes, nint stream);

    unsafe void CopyToHost(void* to, ulong from, long bytes, nint stream);

    void CopyOnDevice(ulong to, ulong from, long bytes, nint stream);

    nint CreateStream();

    void DestroyStream(nint stream);

    void Synchronize(nint stream);

    /// <summary>From here on, what is queued on the stream is recorded instead.</summary>
    void BeginCapture(nint stream);

    /// <summary>Ends the recording.</summary>
    /// <returns>A graph that can be launched.</returns>
    nint EndCapture(nint stream);

    void LaunchGraph(nint graph, nint stream);

    void DestroyGraph(nint graph);

    /// <param name="timed">Whether <see cref="Elapsed"/> will be asked; without it, recording and waiting cost less.</param>
    nint CreateEvent(bool timed = true);

    void DestroyEvent(nint recorded);

    void RecordEvent(nint recorded, nint stream);

    /// <summary>What is queued on the stream from here on waits for the event's last recording. The host does not wait.</summary>
    void WaitEvent(nint stream, nint recorded);

    /// <summary>Milliseconds between two recorded events; waits for the second.</summary>
    float Elapsed(nint from, nint to);

    /// <summary>Loads kernels from PTX, which ends with a zero.</summary>
    nint LoadModule(ReadOnlySpan<byte> ptx);

    void UnloadModule(nint module);

    nint Function(nint module, string name);

    /// <summary>Blocks of a kernel that a multiprocessor holds at once, by their registers and shared memory.</summary>
    int ResidentBlocks(nint function, int threads);

    /// <summary>Lets launches of a kernel give a block more shared memory than the usual 48 KB.</summary>
    void AllowSharedMemory(nint function, int bytes);

    /// <summary>Launches a kernel whose only parameter is a structure.</summary>
    unsafe void Launch(nint function, (int X, int Y, int Z) grid, int threads, int sharedBytes, void* parameters, nint stream);

    /// <summary>The same of a kernel that may begin before the one in front of it in the stream is done, and waits for it itself.</summary>
    unsafe void LaunchEarly(nint function, (int X, int Y, int Z) grid, int threads, void* parameters, nint stream);
}
