using System.Numerics;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>
/// Parses what stands before the tensors' data in a GGUF file (versions 2 and 3, little endian). Nothing that the
/// file says is believed: every count and offset is checked before memory is taken for it.
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
/// </summary>
public static class GgufReader
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const int LeastPairBytes = 8 + 1 + 4 + 1; // key length, key, type, value
    private const int LeastTensorBytes = 8 + 1 + 4 + 8 + 4 + 8; // name length, name, dimensions, one dimension, type, offset

    /// <summary>Parses a header.</summary>
    /// <param name="bytes">The start of the file, at least its whole header.</param>
    /// <param name="fileLength">Size of the whole file in bytes.</param>
    /// <param name="fileName">Name for messages.</param>
    /// <exception cref="ModelFormatException">The header is damaged, cut short or of another format.</exception>
    public static GgufHeader Read(ReadOnlySpan<byte> bytes, long fileLength, string fileName)
    {
        var cursor = new GgufCursor(bytes, fileName);
        if (bytes.Length < 4 || cursor.UInt32("the magic number") != Magic)
            throw new ModelFormatException($"{fileName}: not a GGUF file (it does not start with \"GGUF\").");
        var version = cursor.UInt32("the version");
        if (version is not (2 or 3))
            throw new ModelFormatException((version & 0xFFFF) == 0 && version != 0
                ? $"{fileName}: a big-endian GGUF file; only little-endian files are supported."
                : $"{fileName}: GGUF version {version} is not supported; convert the model to version 3.");

        var tensorCount = cursor.Count(LeastTensorBytes, "the number of tensors");
        var pairCount = cursor.Count(LeastPairBytes, "the number of metadata pairs");
        var pairs = new Dictionary<string, GgufValue>(StringComparer.Ordinal);
        for (var i = 0; i < pairCount; i++)
        {
            var key = cursor.Name(GgufLimits.KeyBytes, $"metadata key {i}");
            var value = cursor.Value(cursor.UInt32($"the type of {key}"), key);
            if (!pairs.TryAdd(key, value)) throw cursor.Error($"metadata key {key} appears twice");
        }
        var metadata = new GgufMetadata(fileName, pairs);
        var alignment = Alignment(metadata);
        var tensors = Tensors(ref cursor, tensorCount, alignment, fileLength, out var dataOffset);
        return new((int)version, metadata, tensors, alignment, dataOffset);
    }

    private static int Alignment(GgufMetadata metadata)
    {
        var alignment = metadata.Integer("general.alignment", 8, GgufLimits.Alignment) ?? GgufLimits.DefaultAlignment;
        if (!BitOperations.IsPow2(alignment))
            throw metadata.Error($"metadata key general.alignment is {alignment}, expected a power of two");
        return alignment;
    }

    private static List<GgufTensorInfo> Tensors(
        ref GgufCursor cursor, int count, int alignment, long fileLength, out long dataOffset)
    {
        var relative = new List<GgufTensorInfo>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long end = 0;
        for (var i = 0; i < count; i++)
        {
            var tensor = Tensor(ref cursor, i);
            if (!names.Add(tensor.Name)) throw cursor.Error($"tensor {tensor.Name} appears twice");
            if (tensor.Offset % alignment != 0)
                throw cursor.Error($"tensor {tensor.Name} lies at offset {tensor.Offset}, which is not a multiple of {alignment}");
            if (tensor.Offset < end)
                throw cursor.Error($"tensor {tensor.Name} lies at offset {tensor.Offset}, before the previous tensor's end at {end}");
            if (tensor.ByteLength > fileLength || tensor.Offset > fileLength - tensor.ByteLength)
                throw cursor.Error($"tensor {tensor.Name} ends outside the file; the file is damaged or was not copied completely");
            end = tensor.Offset + tensor.ByteLength;
            relative.Add(tensor);
        }
        dataOffset = ((long)cursor.Position + alignment - 1) / alignment * alignment;
        if (end > 0 && end > fileLength - dataOffset)
            throw cursor.Error($"the tensors need {end} bytes of data but the file has {Math.Max(0, fileLength - dataOffset)}; the file is damaged or was not copied completely");
        var start = dataOffset;
        return relative.ConvertAll(tensor => tensor with { Offset = start + tensor.Offset });
    }

    private static GgufTensorInfo Tensor(ref GgufCursor cursor, int index)
    {
        var name = cursor.Name(GgufLimits.TensorNameBytes, $"the name of tensor {index}");
        var dimensions = cursor.UInt32($"the number of dimensions of tensor {name}");
        if (dimensions is 0 or > GgufLimits.Dimensions)
            throw cursor.Error($"tensor {name} has {dimensions} dimensions, expected 1 to {GgufLimits.Dimensions}");
        var shape = new long[dimensions];
        Int128 elements = 1;
        for (var d = 0; d < shape.Length; d++)
        {
            var size = cursor.UInt64($"the shape of tensor {name}");
            // Four dimensions below 2^31 cannot overflow 128 bits.
            if (size is 0 or > int.MaxValue) throw cursor.Error($"tensor {name} has dimension {d} of {size}, expected 1 to {int.MaxValue}");
            shape[d] = (long)size;
            elements *= shape[d];
        }
        var id = cursor.UInt32($"the type of tensor {name}");
        if (GgufTensorType.Find(id) is not { } type)
            throw cursor.Error($"tensor {name} has the unknown type {id}");
        if (shape[0] % type.BlockLength != 0)
            throw cursor.Error($"tensor {name} has rows of {shape[0]} values, expected a multiple of {type.BlockLength} for {type.Name}");
        var bytes = elements / type.BlockLength * type.BlockBytes;
        var offset = cursor.UInt64($"the offset of tensor {name}");
        if (bytes > long.MaxValue || offset > long.MaxValue)
            throw cursor.Error($"tensor {name} lies outside the file");
        return new(name, type, shape, (long)offset, (long)bytes);
    }
}
