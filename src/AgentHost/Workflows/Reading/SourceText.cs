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
    /// The place of an offset in a scalar's value. Values differ from what is written where quotes, escapes, folding and
    /// indentation are; there an expression is found by being the n-th, and a place inside it as far as both texts agree.
    /// </summary>
    public Mark At(SourceScalar scalar, int offset)
    {
        var value = scalar.Text;
        var raw = _text[scalar.Start..Math.Max(scalar.Start, scalar.End)];
        if (raw.IndexOf(value, StringComparison.Ordinal) is var whole and >= 0 && value.Length > 0) return At(scalar.Start + whole + offset);
        var (inValue, inRaw) = (-1, -1);
        while (value.IndexOf(Open, inValue + 1, StringComparison.Ordinal) is var next and >= 0 && next <= offset
            && raw.IndexOf(Open, inRaw + 1, StringComparison.Ordinal) is var other and >= 0)
        {
            (inValue, inRaw) = (next, other);
        }
        if (inValue < 0) return scalar.Mark;
        var same = value.AsSpan(inValue, Math.Min(offset, value.Length) - inValue).CommonPrefixLength(raw.AsSpan(inRaw));
        return At(scalar.Start + inRaw + (inValue + same == offset ? same : 0));
    }

    private Mark At(int offset)
    {
        var found = _lines.BinarySearch(offset);
        var line = found >= 0 ? found : ~found - 1;
        return new(line + 1, offset - _lines[line] + 1);
    }
}
