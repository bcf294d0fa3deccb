using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Backends.Cpu.Threading;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>Brings a file's tensors into the layouts of the kernels, on all threads, and reports progress.</summary>
internal sealed unsafe class WeightLoader(
    ModelFile file, ComputePool pool, DotKernel dot, FloatKernels floats, IProgress<double>? progress, CancellationToken cancellationToken)
{
    private readonly double _totalBytes = Math.Max(1, file.Tensors.Values.Sum(tensor => (double)tensor.ByteLength));
    private double _readyBytes;

    public bool Has(string name) => file.Tensors.ContainsKey(name);

    /// <summary>A vector as floats.</summary>
    public NativeBuffer Vector(string name, long length)
    {
        var tensor = Find(name);
        if (tensor.Elements != length) throw WrongShape(tensor, $"{length} values");
        var buffer = NativeBuffer.OfFloats(length);
        Dequantizer.ToFloat(tensor.Type, new(tensor.Data, checked((int)tensor.ByteLength)), new(buffer.Floats, checked((int)length)));
        Report(tensor);
        return buffer;
    }

    /// <summary>A vector as floats, or null where the model has none of this name.</summary>
    public NativeBuffer? OptionalVector(string name, long length) => Has(name) ? Vector(name, length) : null;

    /// <summary>A matrix of <paramref name="rows"/> outputs by <paramref name="columns"/> inputs.</summary>
    public WeightMatrix Matrix(string name, int rows, int columns)
    {
        var tensor = Find(name);
        if (tensor.RowLength != columns || tensor.Rows != rows) throw WrongShape(tensor, $"{rows} rows of {columns}");
        var matrix = Load(tensor, 0, rows);
        Finish(tensor, matrix);
        return matrix;
    }

    /// <summary>One matrix an expert, from a tensor that holds them one after the other.</summary>
    public WeightMatrix[] Experts(string name, int experts, int rows, int columns)
    {
        var tensor = Find(name);
        if (tensor.RowLength != columns || tensor.Rows != (long)experts * rows) throw WrongShape(tensor, $"{experts} times {rows} rows of {columns}");
        var matrices = new WeightMatrix[experts];
        for (var e = 0; e < experts; e++) matrices[e] = Load(tensor, (long)e * rows, rows);
        Finish(tensor, matrices[0]);
        return matrices;
    }

    public Tensor Find(string name) =>
        file.Tensors.TryGetValue(name, out var tensor) ? tensor : throw new ModelFormatException($"{file.Path}: the tensor {name} is missing.");

    private WeightMatrix Load(Tensor tensor, long firstRow, int rows)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var source = tensor.Data + firstRow * tensor.RowBytes;
        var rowBytes = tensor.RowBytes;
        if (PackedFormat.For(tensor.Type, dot) is not { } format || tensor.RowLength % format.UnitColumns != 0)
            return new FloatMatrix(rows, tensor.RowLength, tensor.Type, source, rowBytes, floats);
        var matrix = new PackedMatrix(rows, tensor.RowLength, format, dot);
        pool.Run(thread =>
        {
            var (start, end) = WorkShare.Of(matrix.Panels, thread, pool.Threads);
            for (var panel = start; panel < end; panel++) matrix.Pack(panel, source, rowBytes);
        });
        return matrix;
    }

    private void Finish(Tensor tensor, WeightMatrix matrix)
    {
        // What was repacked is not read from the file again.
        if (matrix is PackedMatrix) file.Release(tensor);
        Report(tensor);
    }

    private void Report(Tensor tensor)
    {
        _readyBytes += tensor.ByteLength;
        progress?.Report(Math.Min(1, _readyBytes / _totalBytes));
    }

    private ModelFormatException WrongShape(Tensor tensor, string expected) =>
        new($"{file.Path}: the tensor {tensor.Name} is {tensor.Rows} rows of {tensor.RowLength}, but the configuration needs {expected}.");
}
