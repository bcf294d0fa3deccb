using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>The text of a file, for places inside its scalars.</summary>
internal sealed class SourceText
{
    private const string Open = "${{";

    private readonly string _text;
    private readonly List<int> _lines = [0];

    public SourceText(string text)
    {
        _text = text;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n') _lines.Add(i + 1);
        }
    }

    /// <summary>
    /// Finds the places of offsets in a scalar's value. Values differ from what is written where quotes, escapes, folding and
    /// indentation are; there an expression is found by being the n-th, and a place inside it as far as both texts agree.
    /// </summary>
    public Func<int, Mark> Places(SourceScalar scalar)
    {
        var value = scalar.Text;
        var whole = value.Length == 0 ? -1 : _text.AsSpan(scalar.Start, Math.Max(0, scalar.End - scalar.Start)).IndexOf(value);
        if (whole >= 0) return offset => At(scalar.Start + whole + offset);
        var inValue = Opens(value, 0, value.Length);
        var inText = Opens(_text, scalar.Start, scalar.End);
        return offset =>
        {
            var found = inValue.BinarySearch(offset);
            var index = Math.Min(found >= 0 ? found : ~found - 1, inText.Count - 1);
            if (index < 0) return scalar.Mark;
            var length = Math.Min(offset, value.Length) - inValue[index];
            var same = value.AsSpan(inValue[index], length).CommonPrefixLength(_text.AsSpan(inText[index]));
            return At(inText[index] + (same == length ? same : 0));
        };
    }

    private static List<int> Opens(string text, int start, int end)
    {
        List<int> opens = [];
        for (var at = start; at < end && text.IndexOf(Open, at, end - at, StringComparison.Ordinal) is var next and >= 0; at = next + 1) opens.Add(next);
        return opens;
    }

    private Mark At(int offset)
    {
        var found = _lines.BinarySearch(offset);
        var line = found >= 0 ? found : ~found - 1;
        return new(line + 1, offset - _lines[line] + 1);
    }
}
