using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Python's <c>None</c>.</summary>
internal sealed class NoneValue : JinjaValue
{
    public static readonly NoneValue Instance = new();

    private NoneValue() { }

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;

    public override void WriteRepr(StringBuilder output) => output.Append("None");
}
