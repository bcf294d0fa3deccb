using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>
/// What a missing variable, attribute or item gives: prints as nothing, is false, empty to a loop and equal to another
/// undefined; anything else that is done with it fails.
/// </summary>
internal sealed class UndefinedValue(string description) : JinjaValue
{
    /// <summary>Which name was missing, for messages.</summary>
    public string Description => description;

    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public override int? Length => 0;

    public override IEnumerable<JinjaValue> Elements => [];

    public override string ToText() => "";

    public override void WriteRepr(StringBuilder output) => output.Append("Undefined");

    public override bool Equals(JinjaValue? other) => other is UndefinedValue;

    public override int GetHashCode() => 0;

    /// <summary>Fails if the value is undefined.</summary>
    public static void Refuse(JinjaValue value)
    {
        if (value is UndefinedValue undefined) throw new JinjaError(undefined.Description);
    }
}
