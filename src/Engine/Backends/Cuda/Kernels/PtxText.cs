using System.Text;

namespace AgentRuntime.Engine.Backends.Cuda.Kernels;

/// <summary>
/// PTX of many kernels, of which one can be taken alone: the driver compiles what it is given, and all kernels would take
/// it a minute where a model needs a dozen.
/// </summary>
internal sealed class PtxText
{
    private readonly byte[] _text;
    private readonly byte[] _shared;
    private readonly Dictionary<string, Range> _kernels = new(StringComparer.Ordinal);

    public PtxText(byte[] text)
    {
        _text = text;
        using var shared = new MemoryStream();
        var (done, line) = (0, 0);
        while (line < text.Length)
        {
            var next = text.AsSpan(line).IndexOf((byte)'\n') is var found && found < 0 ? text.Length : line + found + 1;
            if (Name(text.AsSpan(line, next - line)) is { } name)
            {
                shared.Write(text, done, line - done);
                done = next = EndOfBody(line);
                _kernels[name] = line..done;
            }
            line = next;
        }
        shared.Write(text, done, text.Length - done);
        _shared = shared.ToArray();
    }

    /// <summary>The kernels that there are.</summary>
    public IReadOnlyCollection<string> Kernels => _kernels.Keys;

    /// <summary>What all kernels share and one of them, with the zero that the driver wants at the end; without it when there is no such kernel.</summary>
    public byte[] Of(string kernel)
    {
        var body = _kernels.TryGetValue(kernel, out var range) ? _text.AsSpan(range) : [];
        return [.. _shared, .. body, 0];
    }

    /// <summary>The name on a line like <c>.visible .entry name(</c>; null for other lines.</summary>
    private static string? Name(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith(".visible "u8)) line = line[".visible "u8.Length..];
        if (!line.StartsWith(".entry "u8)) return null;
        line = line[".entry "u8.Length..];
        return line.IndexOf((byte)'(') is var end and > 0 ? Encoding.ASCII.GetString(line[..end]) : null;
    }

    private int EndOfBody(int start)
    {
        var depth = 0;
        for (var i = start; i < _text.Length; i++)
        {
            if (_text[i] == '{') depth++;
            else if (_text[i] == '}' && --depth == 0) return i + 1;
        }
        return _text.Length;
    }
}
