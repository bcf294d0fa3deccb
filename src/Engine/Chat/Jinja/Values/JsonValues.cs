using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>JSON as values of the template language, as Python's <c>json.loads</c> reads it.</summary>
internal static class JsonValues
{
    /// <summary>Converts JSON.</summary>
    /// <exception cref="TemplateException">It nests too deeply or holds half of a surrogate pair.</exception>
    public static JinjaValue From(JsonElement json) => Guarded(() => Convert(json, 0));

    /// <summary>Converts a list of JSON values.</summary>
    /// <exception cref="TemplateException">As for <see cref="From(JsonElement)"/>.</exception>
    public static JinjaValue From(IReadOnlyList<JsonElement> items) => Guarded(() => new ListValue([.. items.Select(i => Convert(i, 0))]));

    private static JinjaValue Guarded(Func<JinjaValue> convert)
    {
        try
        {
            return convert();
        }
        catch (JinjaError error)
        {
            throw new TemplateException(error.Message);
        }
        catch (InvalidOperationException)
        {
            throw new TemplateException("a text in the messages holds half of a surrogate pair; remove it");
        }
    }

    private static JinjaValue Convert(JsonElement json, int depth)
    {
        if (depth > TemplateLimits.ValueDepth) throw new JinjaError($"a value nests deeper than {TemplateLimits.ValueDepth} levels");
        switch (json.ValueKind)
        {
            case JsonValueKind.String: return new StringValue(json.GetString()!);
            case JsonValueKind.True: return BoolValue.True;
            case JsonValueKind.False: return BoolValue.False;
            case JsonValueKind.Number: return Number(json);
            case JsonValueKind.Array: return new ListValue([.. json.EnumerateArray().Select(e => Convert(e, depth + 1))]);
            case JsonValueKind.Object:
                var entries = new OrderedDictionary<JinjaValue, JinjaValue>();
                foreach (var property in json.EnumerateObject()) entries[new StringValue(property.Name)] = Convert(property.Value, depth + 1);
                return new DictValue(entries);
            default: return NoneValue.Instance;
        }
    }

    private static JinjaValue Number(JsonElement json)
    {
        if (json.TryGetInt64(out var number)) return new IntValue(number);
        var text = json.GetRawText();
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0) return new FloatValue(double.Parse(text, CultureInfo.InvariantCulture));
        if (text.Length > TemplateLimits.IntegerBits / 4) throw new JinjaError("a number is too large");
        return new IntValue(BigInteger.Parse(text, CultureInfo.InvariantCulture));
    }
}
