using System.Text;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Python's <c>"{} {name}".format(…)</c>.</summary>
internal static class FormatMethod
{
    /// <summary>Fills in a format.</summary>
    public static string Apply(string format, Arguments arguments)
    {
        var output = new StringBuilder();
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            var c = format[i];
            if (c is not ('{' or '}'))
            {
                output.Append(c);
                continue;
            }
            if (i + 1 < format.Length && format[i + 1] == c)
            {
                output.Append(c);
                i++;
                continue;
            }
            var end = c == '{' ? format.IndexOf('}', i) : -1;
            if (end < 0) throw new JinjaError($"a single '{c}' stands in a format");
            TemplateLimits.CheckText(output.Length);
            output.Append(Field(format[(i + 1)..end], arguments, ref next));
            i = end;
        }
        return output.ToString();
    }

    private static string Field(string field, Arguments arguments, ref int next)
    {
        var colon = field.IndexOf(':', StringComparison.Ordinal);
        var specification = colon < 0 ? "" : field[(colon + 1)..];
        var path = colon < 0 ? field : field[..colon];
        var bang = path.IndexOf('!', StringComparison.Ordinal);
        var value = Resolve(bang < 0 ? path : path[..bang], arguments, ref next);
        if (bang >= 0 && path[(bang + 1)..] == "r") value = ValueFilters.Repr(value);
        else if (bang >= 0) value = new StringValue(value.ToText());
        return FormatSpec.Apply(value, specification);
    }

    private static JinjaValue Resolve(string path, Arguments arguments, ref int next)
    {
        var end = path.AsSpan().IndexOfAny('.', '[');
        var root = end < 0 ? path : path[..end];
        var index = root.Length == 0 ? next++ : int.TryParse(root, out var given) ? given : -1;
        var value = index >= 0
            ? index < arguments.Positional.Count ? arguments.Positional[index] : throw new JinjaError("there are not enough arguments for the format")
            : arguments.Named.TryGetValue(root, out var named) ? named : throw new JinjaError($"the format has no value for '{root}'");
        foreach (var part in end < 0 ? [] : path[end..].Split('.', '[').Skip(1))
        {
            value = part.EndsWith(']')
                ? Access.Item(value, int.TryParse(part[..^1], out var i) ? new IntValue(i) : new StringValue(part[..^1]))
                : Access.Attribute(value, part);
        }
        return value;
    }
}
