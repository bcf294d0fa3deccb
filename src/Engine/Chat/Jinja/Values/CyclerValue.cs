using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>What <c>cycler()</c> makes: goes round a list of values.</summary>
internal sealed class CyclerValue : JinjaValue
{
    private readonly IReadOnlyList<JinjaValue> _items;
    private int _position;

    public CyclerValue(IReadOnlyList<JinjaValue> items)
    {
        if (items.Count == 0) throw new JinjaError("at least one item has to be provided to 'cycler'");
        _items = items;
    }

    public override string TypeName => "Cycler";

    public override JinjaValue? Attribute(string name) => name switch
    {
        "current" => _items[_position],
        "next" => new FunctionValue(name, (_, _) =>
        {
            var current = _items[_position];
            _position = (_position + 1) % _items.Count;
            return current;
        }),
        "reset" => new FunctionValue(name, (_, _) =>
        {
            _position = 0;
            return NoneValue.Instance;
        }),
        _ => null,
    };

    public override void WriteRepr(StringBuilder output) => output.Append("<Cycler>");
}
