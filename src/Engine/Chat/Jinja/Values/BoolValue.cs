using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Python's <c>bool</c>; counts as 0 or 1 wherever a number is wanted.</summary>
internal sealed class BoolValue : JinjaValue
{
    public static readonly BoolValue True = new(true);
    public static readonly BoolValue False = new(false);

    private BoolValue(bool value) => Value = value;

    public bool Value { get; }

    public override string TypeName => "bool";

    public override bool IsTrue => Value;

    public static BoolValue Of(bool value) => value ? True : False;

    public override void WriteRepr(StringBuilder output) => output.Append(Value ? "True" : "False");

    public override bool Equals(JinjaValue? other) => Numbers.AreEqual(this, other);

    public override int GetHashCode() => Value ? 1 : 0;
}
