using System.Globalization;

namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>Numbers or integers within bounds; written without exponent. A state is what was written so far.</summary>
internal sealed class BoundedNumberAutomaton : ByteAutomaton
{
    private const int MaxDigits = 15, MaxDecimals = 10;
    private readonly NumberBounds _bounds;
    private readonly bool _integer;
    private readonly List<string> _texts = [""];
    private readonly Dictionary<string, int> _states = new(StringComparer.Ordinal) { [""] = 0 };

    public BoundedNumberAutomaton(NumberBounds bounds, bool integer) => (_bounds, _integer) = (bounds, integer);

    public override int Start => 0;

    /// <summary>Whether no number fits.</summary>
    public bool IsEmpty => !Continues(0);

    public override int Step(int state, byte value)
    {
        var base_ = _integer ? NumberAutomaton.Integer : NumberAutomaton.Number;
        if (value is (byte)'e' or (byte)'E') return -1;
        var shape = 0;
        foreach (var c in _texts[state]) shape = base_.Step(shape, (byte)c);
        if (base_.Step(shape, value) < 0) return -1;
        var text = _texts[state] + (char)value;
        if (_states.TryGetValue(text, out var known)) return known;
        var next = IsPossible(text) ? _texts.Count : -1;
        _states[text] = next;
        if (next >= 0) _texts.Add(text);
        return next;
    }

    public override bool Accepts(int state) => _texts[state] is { Length: > 0 } text && char.IsAsciiDigit(text[^1]) && _bounds.Contains(Parse(text));

    public override bool Continues(int state)
    {
        foreach (var c in "-0123456789.")
        {
            if (Step(state, (byte)c) >= 0) return true;
        }
        return false;
    }

    private static decimal Parse(string text) => decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private bool IsPossible(string text)
    {
        var negative = text[0] == '-';
        var digits = negative ? text[1..] : text;
        if (digits.Length == 0) return _bounds.Intersects(-1e15m, 0, _integer);
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0)
        {
            var decimals = digits.Length - point - 1;
            var start = Parse(digits.TrimEnd('.'));
            if (decimals > MaxDecimals) return false;
            return decimals == MaxDecimals ? _bounds.Contains(negative ? -start : start) : Reaches(start, Pow10(-decimals), negative);
        }
        if (digits.Length > MaxDigits) return false;
        var value = Parse(digits);
        for (var more = 0; more <= (value == 0 ? 0 : MaxDigits - digits.Length); more++)
        {
            if (Reaches(value * Pow10(more), Pow10(more), negative)) return true;
        }
        return false;
    }

    /// <summary>Whether a number of [start, start + width), mirrored if negative, is within the bounds.</summary>
    private bool Reaches(decimal start, decimal width, bool negative)
    {
        var last = start + width - (_integer ? 1 : 1e-10m);
        return negative ? _bounds.Intersects(-last, -start, _integer) : _bounds.Intersects(start, last, _integer);
    }

    private static decimal Pow10(int exponent)
    {
        var result = 1m;
        for (var i = 0; i < Math.Abs(exponent); i++) result = exponent > 0 ? result * 10 : result / 10;
        return result;
    }
}
