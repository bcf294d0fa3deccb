using System.Text;
using AgentRuntime.Engine.Formats.HuggingFace;

namespace AgentRuntime.Engine.Fuzz.Safetensors;

/// <summary>Safetensors files: what is accepted lies inside the file and does not overlap.</summary>
internal sealed class SafetensorsTarget : IFuzzTarget
{
    public string Name => "safetensors";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        File("{}", 0),
        File("""{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}}""", 32),
        File("""{"__metadata__":{"format":"pt"},"x.y":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"z":{"dtype":"I8","shape":[1,1,5],"data_offsets":[2,7]}}  """, 7),
    ];

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[] { "\"dtype\":", "\"F64\"", "\"shape\":", "[", "]", "{", "}", ",", "-1", "1e400", "9223372036854775807", "null", "\"\\ud800\"", "\"a\":" }.Select(Encoding.UTF8.GetBytes),
    ];

    public bool Run(byte[] input)
    {
        long end = 0;
        foreach (var entry in SafetensorsReader.Read(input, input.Length, "fuzz.safetensors"))
        {
            if (entry.Offset < end || entry.ByteLength < 0 || entry.Offset + entry.ByteLength > input.Length)
                throw new InvalidOperationException($"Tensor {entry.Name} lies at {entry.Offset} and takes {entry.ByteLength} bytes of {input.Length}.");
            end = entry.Offset + entry.ByteLength;
        }
        return true;
    }

    private static byte[] File(string header, int dataBytes)
    {
        var text = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. new byte[dataBytes]];
    }
}
