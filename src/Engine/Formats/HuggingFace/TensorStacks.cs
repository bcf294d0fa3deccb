using System.Runtime.InteropServices;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Formats.HuggingFace;

/// <summary>
/// Tensors that a folder's files do not hold in the engine's form: vectors in F32, and the matrices of all experts of a
/// layer one after another. They live in unmanaged memory until this is disposed.
/// </summary>
internal sealed unsafe class TensorStacks : IDisposable
{
    private readonly List<nint> _memory = [];
    private long _allocated;
    private readonly Dictionary<string, Stack> _stacks = new(StringComparer.Ordinal);

    /// <summary>A vector converted to F32.</summary>
    public Tensor Vector(string name, StorageType type, ReadOnlySpan<byte> values)
    {
        var length = values.Length / StorageLayout.Of(type).BlockBytes;
        var data = Allocate(length * (long)sizeof(float));
        Dequantizer.ToFloat(type, values, new((float*)data, length));
        return new(name, StorageType.F32, [length], data, length * (long)sizeof(float));
    }

    /// <summary>Copies the matrix of one expert to its place.</summary>
    /// <param name="name">Name of the stacked tensor.</param>
    /// <param name="type">How the values are stored.</param>
    /// <param name="shape">Shape of the stacked tensor.</param>
    /// <param name="expert">Which expert it is, in 0 … the last dimension - 1.</param>
    /// <param name="values">The matrix.</param>
    /// <returns>False when it was there already or has another type than the others.</returns>
    public bool AddPart(string name, StorageType type, IReadOnlyList<long> shape, int expert, ReadOnlySpan<byte> values)
    {
        var bytes = checked(values.Length * shape[2]);
        if (!_stacks.TryGetValue(name, out var stack))
            _stacks[name] = stack = new(new(name, type, shape, Allocate(bytes), bytes), []);
        if (stack.Tensor.Type != type || stack.Tensor.ByteLength != bytes || !stack.Present.Add(expert)) return false;
        values.CopyTo(new(stack.Tensor.Data + (long)expert * values.Length, values.Length));
        return true;
    }

    /// <summary>The stacked tensors that have all their parts.</summary>
    public IEnumerable<Tensor> Complete(int experts) => _stacks.Values.Where(stack => stack.Present.Count == experts).Select(stack => stack.Tensor);

    public void Dispose()
    {
        foreach (var memory in _memory) NativeMemory.AlignedFree((void*)memory);
        _memory.Clear();
    }

    /// <summary>Rather an error than a machine that swaps or ends the process.</summary>
    private byte* Allocate(long bytes)
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        _allocated += bytes;
        if (_allocated > available)
            throw new EngineException($"The experts' weights take more than the {available >> 20} MiB of memory; use a GGUF file of the model, which needs no copy.");
        var data = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        _memory.Add((nint)data);
        return data;
    }

    private sealed record Stack(Tensor Tensor, HashSet<int> Present);
}
