using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>What <c>namespace()</c> makes: the one value that a template can change.</summary>
internal sealed class NamespaceValue : JinjaValue
{
    private readonly Dictionary<string, JinjaValue> _attributes = new(StringComparer.Ordinal);

    public override string TypeName => "Namespace";

    public override JinjaValue? Attribute(string name) => _attributes.GetValueOrDefault(name);

    public void Set(string name, JinjaValue value) => _attributes[name] = value;

    // Without its contents, which may hold the namespace itself.
    public override void WriteRepr(StringBuilder output) => output.Append("<Namespace>");
}
