using System.Numerics;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Python's operators.</summary>
internal static class Operators
{
    /// <summary>Applies an arithmetic operator; <c>+</c>, <c>*</c> and <c>%</c> also work on text and lists.</summary>
    public static JinjaValue Arithmetic(string op, JinjaValue left, JinjaValue right)
    {
        UndefinedValue.Refuse(left);
        UndefinedValue.Refuse(right);
        if (Numbers.AsDouble(left) is not null && Numbers.AsDouble(right) is not null) return OfNumbers(op, left, right);
        switch (op)
        {
            case "+" when left is StringValue a && right is StringValue b:
                return Join(a, b);
            case "+" when left is ListValue a && right is ListValue b && a.Kind == b.Kind && a.Kind != SequenceKind.Iterator:
                return new ListValue([.. a.Values, .. b.Values], a.Kind);
            case "*" when (left, right) is (not (StringValue or ListValue), StringValue or ListValue) && Numbers.AsIndex(left) is { } times:
                return Repeat(right, times, left, right);
            case "*" when Numbers.AsIndex(right) is { } times:
                return Repeat(left, times, left, right);
            case "%" when left is StringValue format:
                return new StringValue(PrintfFormat.Apply(format.Value, right));
            default:
                throw Unsupported(op, left, right);
        }
    }

    /// <summary><c>-value</c> or <c>+value</c>.</summary>
    public static JinjaValue Sign(string op, JinjaValue value)
    {
        UndefinedValue.Refuse(value);
        if (value is FloatValue real) return op == "-" ? new FloatValue(-real.Value) : real;
        if (Numbers.AsInteger(value) is { } number) return new IntValue(op == "-" ? -number : number);
        throw new JinjaError($"bad operand for unary {op}: '{value.TypeName}'");
    }

    /// <summary>A comparison or membership test.</summary>
    public static bool Compare(string op, JinjaValue left, JinjaValue right) => op switch
    {
        "==" => left.Equals(right),
        "!=" => !left.Equals(right),
        "in" => Contains(right, left),
        "not in" => !Contains(right, left),
        "<" => Order(op, left, right) < 0,
        "<=" => Order(op, left, right) <= 0,
        ">" => Order(op, left, right) is > 0 and < int.MaxValue,
        _ => Order(op, left, right) is >= 0 and < int.MaxValue,
    };

    /// <summary>Order of two values of one kind: negative, 0 or positive.</summary>
    public static int Order(string op, JinjaValue left, JinjaValue right)
    {
        UndefinedValue.Refuse(left);
        UndefinedValue.Refuse(right);
        if ((Numbers.AsInteger(left), Numbers.AsInteger(right)) is ({ } a, { } b)) return a.CompareTo(b);
        if ((Numbers.AsDouble(left), Numbers.AsDouble(right)) is ({ } x, { } y)) return x < y ? -1 : x > y ? 1 : x == y ? 0 : int.MaxValue;
        if (left is StringValue s && right is StringValue t) return string.CompareOrdinal(s.Value, t.Value);
        if (left is ListValue l && right is ListValue m && l.Kind == m.Kind && l.Kind != SequenceKind.Iterator)
        {
            for (var i = 0; i < Math.Min(l.Values.Count, m.Values.Count); i++)
            {
                if (!l.Values[i].Equals(m.Values[i])) return Order(op, l.Values[i], m.Values[i]);
            }
            return l.Values.Count.CompareTo(m.Values.Count);
        }
        throw new JinjaError($"'{op}' is not supported between '{left.TypeName}' and '{right.TypeName}'");
    }

    /// <summary><c>element in container</c>.</summary>
    public static bool Contains(JinjaValue container, JinjaValue element)
    {
        switch (container)
        {
            case StringValue text:
                UndefinedValue.Refuse(element);
                if (element is not StringValue part) throw new JinjaError($"'in <string>' needs a string on its left, not '{element.TypeName}'");
                return TextSearch.Contains(text.Value, part.Value);
            case DictValue dict:
                if (!element.IsHashable) throw new JinjaError($"a '{element.TypeName}' cannot be a key");
                return dict.Entries.ContainsKey(element);
            default:
                return Access.Elements(container).Contains(element);
        }
    }

    private static StringValue Join(StringValue left, StringValue right)
    {
        if (left.IsSafe == right.IsSafe) return new(left.Value + right.Value, left.IsSafe);
        return new((left.IsSafe ? left.Value : Html.Escape(left.Value)) + (right.IsSafe ? right.Value : Html.Escape(right.Value)), isSafe: true);
    }

    private static JinjaValue Repeat(JinjaValue value, int times, JinjaValue left, JinjaValue right)
    {
        times = Math.Max(0, times);
        switch (value)
        {
            case StringValue text:
                TemplateLimits.CheckText((long)text.Value.Length * times);
                return new StringValue(string.Concat(Enumerable.Repeat(text.Value, text.Value.Length == 0 ? 0 : times)), text.IsSafe);
            case ListValue { Kind: not SequenceKind.Iterator } list:
                TemplateLimits.CheckWeight((long)list.Values.Count * times);
                return new ListValue([.. Enumerable.Repeat(list.Values, list.Values.Count == 0 ? 0 : times).SelectMany(v => v)], list.Kind);
            default:
                throw Unsupported("*", left, right);
        }
    }

    private static JinjaValue OfNumbers(string op, JinjaValue left, JinjaValue right)
    {
        if (op != "/" && (Numbers.AsInteger(left), Numbers.AsInteger(right)) is ({ } a, { } b)) return OfIntegers(op, a, b);
        var (x, y) = (Numbers.AsDouble(left)!.Value, Numbers.AsDouble(right)!.Value);
        if (y == 0 && (op is "/" or "//" or "%")) throw new JinjaError("division by zero");
        return new FloatValue(op switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => x / y,
            "//" => Math.Floor(x / y),
            "%" => x - Math.Floor(x / y) * y,
            _ => Power(x, y),
        });
    }

    private static JinjaValue OfIntegers(string op, BigInteger a, BigInteger b)
    {
        switch (op)
        {
            case "+": return new IntValue(a + b);
            case "-": return new IntValue(a - b);
            case "*": return new IntValue(a * b);
            case "**" when b < 0: return new FloatValue(Power((double)a, (double)b));
            case "**":
                if (a.GetBitLength() * (double)b > TemplateLimits.IntegerBits * 2 && BigInteger.Abs(a) > 1) throw new JinjaError("a number grew too large");
                return new IntValue(BigInteger.Abs(a) <= 1 ? (a == -1 && b.IsEven ? 1 : b.IsZero ? 1 : a) : BigInteger.Pow(a, (int)b));
        }
        if (b.IsZero) throw new JinjaError("division by zero");
        // Python rounds the quotient down, so that the remainder has the divisor's sign.
        var quotient = BigInteger.DivRem(a, b, out var remainder);
        var isLower = !remainder.IsZero && remainder.Sign != b.Sign;
        return new IntValue(op == "//" ? (isLower ? quotient - 1 : quotient) : isLower ? remainder + b : remainder);
    }

    private static double Power(double x, double y) =>
        x == 0 && y < 0 ? throw new JinjaError("0 cannot be raised to a negative power")
        : x < 0 && !double.IsInteger(y) ? throw new JinjaError("a negative number cannot be raised to a fraction") : Math.Pow(x, y);

    private static JinjaError Unsupported(string op, JinjaValue left, JinjaValue right) =>
        new($"'{op}' is not supported between '{left.TypeName}' and '{right.TypeName}'");
}
