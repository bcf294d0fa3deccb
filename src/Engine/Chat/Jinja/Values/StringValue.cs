using System.Text;
using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Python's <c>str</c>, which counts, indexes and slices by code point, not by UTF-16 unit.</summary>
internal sealed class StringValue : JinjaValue
{
    public static readonly StringValue Empty = new("");

    public StringValue(string value, bool isSafe = false)
    {
        TemplateLimits.CheckText(value.Length);
        Value = value;
        IsSafe = isSafe;
    }

    public string Value { get; }

    /// <summary>Whether the <c>safe</c> or <c>escape</c> filter marked it: text that is added to it gets escaped.</summary>
    public bool IsSafe { get; }

    public override string TypeName => "str";

    public override bool IsTrue => Value.Length > 0;

    public override long Weight => 1 + Value.Length;

    public override int? Length => CodePoints.Count(Value);

    public override IEnumerable<JinjaValue> Elements => CodePoints.Split(Value).Select(c => new StringValue(c));

    public override string ToText() => Value;

    public override JinjaValue? Attribute(string name) => StringMethods.Find(this, name);

    public override JinjaValue? Item(JinjaValue key) =>
        Numbers.AsIndex(key) is { } index && CodePoints.At(Value, index) is { } character ? new StringValue(character) : null;

    public override bool Equals(JinjaValue? other) => other is StringValue text && text.Value == Value;

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    public override void WriteRepr(StringBuilder output)
    {
        var quote = Value.Contains('\'') && !Value.Contains('"') ? '"' : '\'';
        output.Append(IsSafe ? "Markup(" : "").Append(quote);
        foreach (var rune in Value.EnumerateRunes())
        {
            var code = rune.Value;
            if (code == quote || code == '\\') output.Append('\\').Append((char)code);
            else if (code == '\n') output.Append("\\n");
            else if (code == '\r') output.Append("\\r");
            else if (code == '\t') output.Append("\\t");
            else if (code < 0x20 || code == 0x7f || (code >= 0x80 && !CodePoints.IsPrintable(rune)))
                output.Append(code <= 0xff ? $"\\x{code:x2}" : code <= 0xffff ? $"\\u{code:x4}" : $"\\U{code:x8}");
            else output.Append(rune.ToString());
        }
        output.Append(quote).Append(IsSafe ? ")" : "");
    }
}
