using System.Runtime.InteropServices;
using System.Text;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Grammar;

/// <summary>
/// Leaves the text free up to a mark, for instance the end of a reasoning section, and holds what follows to another
/// mask. The reply cannot end before the mark. A line break or two may follow it, as models are used to.
/// </summary>
internal sealed class AfterMarkMask : ITokenMask
{
    private const int MaxLineBreaks = 2;

    private readonly Tokenizer _tokenizer;
    private readonly ITokenMask _then;
    private readonly byte[] _mark;
    private readonly List<byte> _tail = [];
    private readonly ulong[] _free;
    private readonly int[] _close;
    private bool _found;
    private int _lineBreaks = MaxLineBreaks;
    private int _budget;
    private int _closed;
    private int _openBytes;

    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="mark">The mark; control tokens in it are written by name.</param>
    /// <param name="then">What holds from the mark on.</param>
    /// <param name="budget">Most tokens before the mark: after them it is all that may come. Null for no limit.</param>
    public AfterMarkMask(Tokenizer tokenizer, string mark, ITokenMask then, int? budget = null)
    {
        (_tokenizer, _then, _mark, _budget) = (tokenizer, then, Encoding.UTF8.GetBytes(mark), budget ?? int.MaxValue);
        _close = tokenizer.Encode("\n" + mark, parseSpecial: true);
        _free = new ulong[(tokenizer.VocabularySize + 63) / 64];
        Array.Fill(_free, ulong.MaxValue);
        foreach (var end in tokenizer.EndTokens) Forbid(_free, end);
    }

    public ReadOnlySpan<ulong> Allowed =>
        IsClosing ? Only(_close[_closed])
        : !_found ? Matched() is > 0 and var matched ? WithoutOverlap(matched) : _free
        : _lineBreaks > 0 ? WithLineBreaks()
        : _then.Allowed;

    public IReadOnlyList<int> Forced(ReadOnlySpan<int> history) => _found && _lineBreaks == 0 ? _then.Forced(history) : [];

    public void Accept(int token)
    {
        var bytes = Bytes(token);
        if (_found)
        {
            if (IsLineBreaks(bytes)) _lineBreaks -= bytes.Length;
            else
            {
                _lineBreaks = 0;
                _then.Accept(token);
            }
            return;
        }
        if (IsClosing) _closed++;
        else _budget--;
        for (var i = 0; i < bytes.Length && !_found; i++)
        {
            _openBytes = bytes[i] switch { < 0x80 => 0, < 0xC0 => Math.Max(0, _openBytes - 1), < 0xE0 => 1, < 0xF0 => 2, _ => 3 };
            _tail.Add(bytes[i]);
            if (_tail.Count > _mark.Length) _tail.RemoveAt(0);
            _found = _tail.Count == _mark.Length && Matched() == _mark.Length;
            if (_found && !IsBlank(bytes[(i + 1)..])) throw new GrammarException($"Token {token} goes beyond the end of the reasoning.");
        }
    }

    // The budget is spent, and no character is cut in two.
    private bool IsClosing => !_found && (_closed > 0 || (_budget <= 0 && _openBytes == 0));

    private ulong[] Only(int token)
    {
        var allowed = new ulong[_free.Length];
        allowed[token / 64] = 1UL << (token % 64);
        return allowed;
    }

    // How much of the mark the text ends with.
    private int Matched()
    {
        for (var length = _tail.Count; length > 0; length--)
        {
            if (CollectionsMarshal.AsSpan(_tail)[^length..].SequenceEqual(_mark.AsSpan(0, length))) return length;
        }
        return 0;
    }

    // A token that ends the mark and goes on would escape what holds from there.
    private ulong[] WithoutOverlap(int matched)
    {
        var rest = _mark.AsSpan(matched);
        var allowed = (ulong[])_free.Clone();
        for (var token = 0; token < _tokenizer.VocabularySize; token++)
        {
            var bytes = Bytes(token);
            if (bytes.Length > rest.Length && bytes.StartsWith(rest) && !IsBlank(bytes[rest.Length..])) Forbid(allowed, token);
        }
        return allowed;
    }

    private ulong[] WithLineBreaks()
    {
        var allowed = new ulong[_free.Length];
        _then.Allowed.CopyTo(allowed);
        for (var token = 0; token < _tokenizer.VocabularySize; token++)
        {
            if (IsLineBreaks(Bytes(token))) allowed[token / 64] |= 1UL << (token % 64);
        }
        return allowed;
    }

    private bool IsLineBreaks(ReadOnlySpan<byte> bytes) => bytes.Length > 0 && bytes.Length <= _lineBreaks && bytes.IndexOfAnyExcept((byte)'\n') < 0;

    // Control tokens are part of the marks of some families.
    private ReadOnlySpan<byte> Bytes(int token) => _tokenizer.Bytes(token, special: !_tokenizer.EndTokens.Contains(token)).Span;

    private static bool IsBlank(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept(" \t\r\n"u8) < 0;

    private static void Forbid(ulong[] mask, int token) => mask[token / 64] &= ~(1UL << (token % 64));
}
