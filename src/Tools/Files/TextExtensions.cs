using System.Text;

namespace AgentRuntime.Tools.Files;

/// <summary>Lines and cuts of text.</summary>
internal static class TextExtensions
{
    /// <summary>
    /// Enumerates lines; a line feed at the end starts no further line. Other separators, U+2028 say, end no line here:
    /// compilers and git do not count them, and the numbers must agree.
    /// </summary>
    public static LineEnumerator EnumerateLinesByFeed(this ReadOnlySpan<char> text) => new(text);

    /// <summary>Appends at most so many characters, never half of a surrogate pair, and says what was left out.</summary>
    public static StringBuilder AppendCut(this StringBuilder builder, ReadOnlySpan<char> text, int max)
    {
        if (text.Length <= max)
            return builder.Append(text);
        if (char.IsHighSurrogate(text[max - 1]))
            max--;
        return builder.Append(text[..max]).Append($" [… {text.Length - max} characters left out …]");
    }

    /// <summary>The lines of a text.</summary>
    public ref struct LineEnumerator(ReadOnlySpan<char> text)
    {
        private ReadOnlySpan<char> _rest = text;

        /// <summary>The line, without its line feed.</summary>
        public ReadOnlySpan<char> Current { get; private set; }

        /// <summary>For <c>foreach</c>.</summary>
        public readonly LineEnumerator GetEnumerator() => this;

        /// <summary>Goes to the next line.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
                return false;
            var feed = _rest.IndexOf('\n');
            Current = feed < 0 ? _rest : _rest[..feed];
            _rest = feed < 0 ? default : _rest[(feed + 1)..];
            return true;
        }
    }
}
