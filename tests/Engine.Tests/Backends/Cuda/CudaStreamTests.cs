using AgentRuntime.Engine.Backends.Cuda.Memory;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>What two streams owe each other. That the emulation notices a missing wait makes the other tests worth something.</summary>
[Collection(CudaCollection.Name)]
public sealed unsafe class CudaStreamTests : IDisposable
{
    private const int Count = 1000;

    private readonly CudaDevice _device = new(EmulatedGpu.Driver(), 0);
    private readonly nint _copies;
    private readonly nint _copied;
    private readonly ulong _buffer;
    private readonly int* _source;
    private readonly int* _target;

    public CudaStreamTests()
    {
        _copies = _device.Driver.CreateStream();
        _copied = _device.Driver.CreateEvent(timed: false);
        _buffer = _device.Allocate(sizeof(int) * Count);
        _source = (int*)_device.AllocateHost(sizeof(int) * Count);
        _target = (int*)_device.AllocateHost(sizeof(int) * Count);
    }

    [Fact]
    public void WhatWaitsComesAfterwards()
    {
        for (var round = 0; round < 100; round++) Assert.True(Arrives(round, wait: true));
    }

    [Fact]
    public void TheEmulationShowsAMissingWait()
    {
        Assert.SkipUnless(EmulatedGpu.IsEmulated, "a real GPU need not show it");
        Assert.Contains(Enumerable.Range(0, 100), round => !Arrives(round, wait: false));
    }

    public void Dispose()
    {
        _device.Driver.DestroyEvent(_copied);
        _device.Driver.DestroyStream(_copies);
        _device.Dispose();
    }

    /// <summary>Copies to the device on one stream and back on another; whether the numbers of this round came back.</summary>
    private bool Arrives(int round, bool wait)
    {
        new Span<int>(_source, Count).Fill(round);
        _device.Driver.CopyToDevice(_buffer, _source, sizeof(int) * Count, _copies);
        _device.Driver.RecordEvent(_copied, _copies);
        if (wait) _device.Driver.WaitEvent(_device.Stream, _copied);
        _device.Driver.CopyToHost(_target, _buffer, sizeof(int) * Count, _device.Stream);
        _device.Synchronize();
        _device.Driver.Synchronize(_copies);
        return !new Span<int>(_target, Count).ContainsAnyExcept(round);
    }
}
