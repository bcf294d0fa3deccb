using System.Text;

namespace AgentRuntime.Tools.Files;

/// <summary>
/// A text file as it is on disk: its text, and what must stay as it is when the text changes (encoding, byte order mark).
/// Text that is not UTF-8 is taken as Latin-1, which keeps every byte.
/// </summary>
internal sealed class TextFile
{
    /// <summary>Larger files are refused: no model reads them, and an edit holds several copies in memory.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private static readonly Encoding Utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);
    private static readonly Encoding Latin1 = Encoding.GetEncoding(28591, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
    private static readonly Encoding[] Marked =
    [
        new UTF8Encoding(true, throwOnInvalidBytes: true),
        new UnicodeEncoding(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true),
        new UnicodeEncoding(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true),
    ];

    private readonly Encoding _encoding;

    private TextFile(byte[] bytes, string text, Encoding encoding) => (Bytes, Text, _encoding) = (bytes, text, encoding);

    /// <summary>The file as it was read.</summary>
    public byte[] Bytes { get; }

    /// <summary>The text without its byte order mark.</summary>
    public string Text { get; }

    /// <summary>Whether most lines end with a carriage return and a line feed.</summary>
    public bool UsesCrLf
    {
        get
        {
            var crLf = Text.AsSpan().Count("\r\n");
            return crLf > 0 && crLf * 2 > Text.AsSpan().Count('\n');
        }
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="ToolFailure">It does not exist, or is no text file.</exception>
    public static TextFile Read(ResolvedPath path)
    {
        var bytes = ReadBytes(path);
        try
        {
            return TryDecode(bytes) ?? throw new ToolFailure(ToolErrorKind.NotText, $"{path} is a binary file");
        }
        catch (DecoderFallbackException)
        {
            throw new ToolFailure(ToolErrorKind.NotText, $"{path} is not valid UTF-16");
        }
    }

    /// <summary>The text of a file's bytes; null when they are no text.</summary>
    /// <exception cref="DecoderFallbackException">A byte order mark says UTF-16, and the rest is not.</exception>
    public static TextFile? TryDecode(byte[] bytes)
    {
        foreach (var encoding in Marked)
            if (bytes.AsSpan().StartsWith(encoding.Preamble))
                return new TextFile(bytes, encoding.GetString(bytes.AsSpan(encoding.Preamble.Length)), encoding);
        if (bytes.AsSpan().Contains((byte)0))
            return null;
        try
        {
            return new TextFile(bytes, Utf8.GetString(bytes), Utf8);
        }
        catch (DecoderFallbackException)
        {
            return new TextFile(bytes, Latin1.GetString(bytes), Latin1);
        }
    }

    /// <summary>The bytes of another text in this file's encoding.</summary>
    /// <exception cref="ToolFailure">The encoding lacks a character of the text.</exception>
    public byte[] Encode(string text, ResolvedPath path)
    {
        try
        {
            return [.. _encoding.Preamble, .. _encoding.GetBytes(text)];
        }
        catch (EncoderFallbackException)
        {
            throw new ToolFailure(ToolErrorKind.NotText, $"the new text holds characters that {path} cannot: the file is not UTF-8");
        }
    }

    /// <summary>The bytes of a new file: UTF-8 without a byte order mark.</summary>
    /// <exception cref="ToolFailure">The text holds half of a surrogate pair.</exception>
    public static byte[] EncodeNew(string text)
    {
        try
        {
            return Utf8.GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            throw new ToolFailure(ToolErrorKind.InvalidArguments, "the text holds half of a surrogate pair and cannot be written");
        }
    }

    /// <summary>All line ends as carriage return and line feed.</summary>
    public static string ToCrLf(string text) =>
        text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal);

    /// <summary>Reads a whole regular file.</summary>
    /// <exception cref="ToolFailure">It does not exist, is no regular file, or is too large.</exception>
    public static byte[] ReadBytes(ResolvedPath path)
    {
        if (path.IsFolder)
            throw new ToolFailure(ToolErrorKind.NotText, $"{path} is a folder");
        if (!Path.Exists(path.Absolute))
            throw new ToolFailure(ToolErrorKind.NotFound, $"{path} does not exist");
        if (!FileSystemEntry.IsRegularFile(path.Absolute))
            throw new ToolFailure(ToolErrorKind.NotText, $"{path} is no regular file");

        using var handle = File.OpenHandle(path.Absolute, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // A link may have taken a component's place since the path was resolved.
        if (FileSystemEntry.PathOf(handle) is { } opened && opened != path.Absolute)
            throw new ToolFailure(ToolErrorKind.Conflict, $"{path} changed while it was opened; try again");
        var length = RandomAccess.GetLength(handle);
        if (length > MaxBytes)
            throw new ToolFailure(ToolErrorKind.NotText, $"{path} has {length:N0} bytes, more than the {MaxBytes:N0} that tools read");

        var bytes = new byte[length];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(handle, bytes.AsSpan(read), read) is > 0 and var count)
            read += count;
        return read == bytes.Length ? bytes : bytes[..read];
    }
}
