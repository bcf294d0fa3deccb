using System.Text;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>
/// Writes a GGUF file (version 3) from front to back: first all metadata and tensors are stated, then the tensors' data
/// follow in the same order, in pieces of any size. Nothing is held in memory.
/// </summary>
public sealed class GgufWriter
{
    private const int Version = 3;
    private readonly Stream _stream;
    private readonly int _alignment;
    private readonly List<(string Key, object Value)> _pairs = [];
    private readonly List<(string Name, StorageType Type, long[] Shape, long Bytes)> _tensors = [];
    private int _current = -1;
    private long _written;

    /// <summary>Creates a writer.</summary>
    /// <param name="stream">Where to write, from its present position, which must be the start of the file.</param>
    /// <param name="alignment">Alignment of each tensor's data in bytes, a power of two from 8.</param>
    public GgufWriter(Stream stream, int alignment = GgufLimits.DefaultAlignment)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (alignment < 8 || alignment > GgufLimits.Alignment || !int.IsPow2(alignment))
            throw new ArgumentOutOfRangeException(nameof(alignment), alignment, "The alignment must be a power of two from 8 to 1 MiB.");
        (_stream, _alignment) = (stream, alignment);
        Add("general.alignment", (uint)alignment);
    }

    /// <summary>Size of all tensors' data in bytes, padding included.</summary>
    public long DataBytes => _tensors.Sum(tensor => Padded(tensor.Bytes));

    /// <summary>States a metadata pair.</summary>
    /// <param name="key">A key that was not stated before.</param>
    /// <param name="value">A bool, string, number of one of GGUF's widths, or an array of them.</param>
    public void Add(string key, object value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        TypeOf(value is Array array ? array.GetType().GetElementType()! : value.GetType());
        if (_pairs.Exists(pair => pair.Key == key)) throw new ArgumentException($"The key {key} was stated already.", nameof(key));
        _pairs.Add((key, value));
    }

    /// <summary>States a tensor.</summary>
    /// <param name="name">A name that was not stated before.</param>
    /// <param name="type">How its values are stored.</param>
    /// <param name="shape">Its dimensions, the fastest-running first.</param>
    public void AddTensor(string name, StorageType type, params ReadOnlySpan<long> shape)
    {
        long rows = 1;
        foreach (var size in shape[1..]) rows = checked(rows * size);
        _tensors.Add((name, type, shape.ToArray(), checked(StorageLayout.Of(type).Bytes(shape[0]) * rows)));
    }

    /// <summary>Writes everything before the tensors' data. Nothing can be stated afterwards.</summary>
    public void Begin()
    {
        if (_current >= 0) throw new InvalidOperationException("The header was written already.");
        using var header = new MemoryStream();
        using var writer = new BinaryWriter(header, Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_pairs.Count);
        foreach (var (key, value) in _pairs)
        {
            WriteValue(writer, key);
            WriteTyped(writer, value);
        }
        long offset = 0;
        foreach (var (name, type, shape, bytes) in _tensors)
        {
            WriteValue(writer, name);
            writer.Write(shape.Length);
            foreach (var size in shape) writer.Write((ulong)size);
            writer.Write((uint)type);
            writer.Write((ulong)offset);
            offset += Padded(bytes);
        }
        if (_tensors.Count > 0) writer.Write(new byte[Padded(header.Length) - header.Length]);
        header.WriteTo(_stream);
        _current = 0;
    }

    /// <summary>Writes the next bytes of the tensors' data, in the order in which the tensors were stated.</summary>
    /// <param name="data">Bytes of the present tensor only; the next call goes on after them.</param>
    public void Write(ReadOnlySpan<byte> data)
    {
        if (_current < 0 || _current >= _tensors.Count) throw new InvalidOperationException("There is no tensor to write to.");
        var bytes = _tensors[_current].Bytes;
        if (data.Length > bytes - _written)
            throw new ArgumentException($"Tensor {_tensors[_current].Name} has {bytes} bytes, {_written + data.Length} were given.", nameof(data));
        _stream.Write(data);
        _written += data.Length;
        if (_written < bytes) return;
        _stream.Write(new byte[Padded(bytes) - bytes]);
        (_current, _written) = (_current + 1, 0);
    }

    /// <summary>Ends the file.</summary>
    /// <exception cref="InvalidOperationException">Data of a tensor are missing.</exception>
    public void End()
    {
        if (_current < _tensors.Count) throw new InvalidOperationException("Not all tensors were written.");
        _stream.Flush();
    }

    private long Padded(long bytes) => (bytes + _alignment - 1) / _alignment * _alignment;

    private static void WriteTyped(BinaryWriter writer, object value)
    {
        if (value is not Array array)
        {
            writer.Write((uint)TypeOf(value.GetType()));
            WriteValue(writer, value);
            return;
        }
        writer.Write((uint)GgufValueType.Array);
        writer.Write((uint)TypeOf(array.GetType().GetElementType()!));
        writer.Write((ulong)array.Length);
        foreach (var item in array) WriteValue(writer, item);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case string v:
                var bytes = Encoding.UTF8.GetBytes(v);
                writer.Write((ulong)bytes.Length);
                writer.Write(bytes);
                break;
            case bool v: writer.Write(v); break;
            case byte v: writer.Write(v); break;
            case sbyte v: writer.Write(v); break;
            case ushort v: writer.Write(v); break;
            case short v: writer.Write(v); break;
            case uint v: writer.Write(v); break;
            case int v: writer.Write(v); break;
            case ulong v: writer.Write(v); break;
            case long v: writer.Write(v); break;
            case float v: writer.Write(v); break;
            case double v: writer.Write(v); break;
        }
    }

    private static GgufValueType TypeOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => GgufValueType.UInt8,
        TypeCode.SByte => GgufValueType.Int8,
        TypeCode.UInt16 => GgufValueType.UInt16,
        TypeCode.Int16 => GgufValueType.Int16,
        TypeCode.UInt32 => GgufValueType.UInt32,
        TypeCode.Int32 => GgufValueType.Int32,
        TypeCode.UInt64 => GgufValueType.UInt64,
        TypeCode.Int64 => GgufValueType.Int64,
        TypeCode.Single => GgufValueType.Float32,
        TypeCode.Double => GgufValueType.Float64,
        TypeCode.Boolean => GgufValueType.Bool,
        TypeCode.String => GgufValueType.String,
        _ => throw new ArgumentException($"GGUF has no metadata of type {type}."),
    };
}
