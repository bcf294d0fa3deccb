using System.Buffers.Binary;
using System.Text.Json;

namespace AgentRuntime.Engine.Formats.HuggingFace;

/// <summary>
/// Parses the header of a safetensors file: its length in 8 bytes, then JSON that gives each tensor's type, shape and
/// place. Nothing is believed: each tensor must lie inside the file, be as long as its shape says and overlap no other.
/// Format: https://github.com/huggingface/safetensors
/// </summary>
public static class SafetensorsReader
{
    /// <summary>Longest header in bytes, as in the reference implementation.</summary>
    public const int HeaderBytes = 100_000_000;

    private const int MostDimensions = 8;

    private static readonly Dictionary<string, int> ValueBytes = new(StringComparer.Ordinal)
    {
        ["F64"] = 8,
        ["I64"] = 8,
        ["U64"] = 8,
        ["F32"] = 4,
        ["I32"] = 4,
        ["U32"] = 4,
        ["F16"] = 2,
        ["BF16"] = 2,
        ["I16"] = 2,
        ["U16"] = 2,
        ["I8"] = 1,
        ["U8"] = 1,
        ["BOOL"] = 1,
        ["F8_E4M3"] = 1,
        ["F8_E5M2"] = 1,
        ["F8_E8M0"] = 1,
    };

    /// <summary>Parses a header.</summary>
    /// <param name="bytes">The start of the file, at least its whole header.</param>
    /// <param name="fileLength">Size of the whole file in bytes.</param>
    /// <param name="fileName">Name for messages.</param>
    /// <returns>The tensors, by place.</returns>
    /// <exception cref="ModelFormatException">The header is damaged, cut short or of another format.</exception>
    public static IReadOnlyList<SafetensorsEntry> Read(ReadOnlySpan<byte> bytes, long fileLength, string fileName)
    {
        if (bytes.Length < 8) throw new ModelFormatException($"{fileName}: the file is too short to be a safetensors file.");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (length > HeaderBytes || length > (ulong)(bytes.Length - 8))
            throw new ModelFormatException($"{fileName}: the header claims {length} bytes; the file is damaged or no safetensors file.");
        var header = JsonFields.Parse(bytes.Slice(8, (int)length).ToArray(), fileName);
        var start = 8 + (long)length;
        var entries = new List<SafetensorsEntry>();
        foreach (var property in header.Element.EnumerateObject())
        {
            var name = header.Name(property);
            if (name != "__metadata__") entries.Add(Entry(name, header.Object(property.Value, name), start, fileLength - start));
        }
        entries.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        var end = start;
        foreach (var entry in entries)
        {
            if (entry.Offset < end) throw header.Error($"tensor {entry.Name} overlaps another");
            end = entry.Offset + entry.ByteLength;
        }
        return entries;
    }

    private static SafetensorsEntry Entry(string name, JsonFields fields, long start, long dataLength)
    {
        if (name.Length == 0) throw fields.Error("a tensor has an empty name");
        var type = fields.Text("dtype") ?? throw fields.Error($"tensor {name} has no dtype");
        if (!ValueBytes.TryGetValue(type, out var width)) throw fields.Error($"tensor {name} has the unknown type {type}");
        var shape = fields.Items("shape").Select(size => (long)fields.Integer(size, $"shape of {name}", 1, int.MaxValue)).ToArray();
        if (shape.Length > MostDimensions) throw fields.Error($"tensor {name} has {shape.Length} dimensions");
        // Eight dimensions below 2^31 would overflow 128 bits, so stop at what no file can hold.
        Int128 size = width;
        foreach (var dimension in shape)
            if ((size *= dimension) > dataLength) throw fields.Error($"tensor {name} is larger than the file");
        var offsets = fields.Items("data_offsets").ToArray();
        if (offsets.Length != 2 || !Offset(offsets[0], out var begin) || !Offset(offsets[1], out var end))
            throw fields.Error($"tensor {name} has no data_offsets [begin, end]");
        if (begin > end || end > dataLength)
            throw fields.Error($"tensor {name} lies at {begin} to {end}, outside the {dataLength} bytes of data; the file is damaged or was not copied completely");
        if (end - begin != size) throw fields.Error($"tensor {name} takes {end - begin} bytes, its shape needs {size}");
        return new(name, type, shape, start + begin, end - begin);
    }

    private static bool Offset(JsonElement value, out long offset)
    {
        offset = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out offset) && offset >= 0;
    }
}
