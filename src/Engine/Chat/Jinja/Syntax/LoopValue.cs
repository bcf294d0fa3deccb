using System.Text;
using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>The variable <c>loop</c> inside a loop.</summary>
internal sealed class LoopValue(
    IReadOnlyList<JinjaValue> items, int depth, Func<RenderContext, Arguments, JinjaValue>? recurse) : JinjaValue, ICallable
{
    private ListValue? _changed;

    public override string TypeName => "LoopContext";

    /// <summary>The current pass, from 0.</summary>
    public int Index { get; set; }

    public override int? Length => items.Count;

    public override JinjaValue? Attribute(string name) => name switch
    {
        "index" => new IntValue(Index + 1),
        "index0" => new IntValue(Index),
        "revindex" => new IntValue(items.Count - Index),
        "revindex0" => new IntValue(items.Count - Index - 1),
        "first" => BoolValue.Of(Index == 0),
        "last" => BoolValue.Of(Index == items.Count - 1),
        "length" => new IntValue(items.Count),
        "depth" => new IntValue(depth + 1),
        "depth0" => new IntValue(depth),
        "previtem" => Index > 0 ? items[Index - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new UndefinedValue("there is no next item"),
        "cycle" => new FunctionValue("cycle", (_, arguments) => arguments.Positional.Count > 0
            ? arguments.Positional[Index % arguments.Positional.Count]
            : throw new JinjaError("no items for cycling given")),
        "changed" => new FunctionValue("changed", (_, arguments) => BoolValue.Of(HasChanged(arguments))),
        _ => null,
    };

    public JinjaValue Call(RenderContext context, Arguments arguments) => recurse is not null
        ? recurse(context, arguments)
        : throw new JinjaError("only a loop marked 'recursive' can be called");

    public override void WriteRepr(StringBuilder output) => output.Append($"<LoopContext {Index + 1}/{items.Count}>");

    private bool HasChanged(Arguments arguments)
    {
        var now = new ListValue(arguments.Positional, SequenceKind.Tuple);
        var changed = !now.Equals(_changed);
        _changed = now;
        return changed;
    }
}
