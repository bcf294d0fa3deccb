using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Backends.Cpu;

/// <summary>A small model of the repository, loaded on the CPU.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly ModelFile _file;

    public LoadedModel(string name, RunnerOptions? options = null, DotKernel? dot = null, FloatKernels? kernels = null)
    {
        _file = ModelLoader.Open(TestFiles.Golden($"{name}.gguf"));
        options ??= new RunnerOptions { KvBlocks = 8, KvType = KvType.F16, MaxBatchTokens = 128, Threads = 2 };
        Runner = CpuBackend.LoadModel(_file, options, dot ?? DotKernel.Best, kernels ?? FloatKernels.Best);
    }

    public CpuModelRunner Runner { get; }

    public int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(_ => random.Next(Runner.Config.VocabularySize)).ToArray();
    }

    public void Dispose()
    {
        Runner.Dispose();
        _file.Dispose();
    }
}
