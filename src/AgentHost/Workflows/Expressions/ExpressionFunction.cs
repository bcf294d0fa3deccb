using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>A function of the language.</summary>
/// <param name="Signature">As documented: <c>name(parameter, parameter?)</c>; <c>…</c> repeats the last one.</param>
/// <param name="Summary">What it gives, in one sentence.</param>
/// <param name="Parameters">The kinds that each parameter takes.</param>
/// <param name="Required">How many arguments it needs.</param>
/// <param name="Repeats">Whether the last parameter may be given again and again.</param>
/// <param name="Result">The type of its value, from its arguments' types.</param>
/// <param name="Body">Computes its value; never throws.</param>
internal sealed record ExpressionFunction(
    string Signature,
    string Summary,
    IReadOnlyList<ExpressionKind[]> Parameters,
    int Required,
    bool Repeats,
    Func<IReadOnlyList<ExpressionType>, ExpressionType> Result,
    Func<IReadOnlyList<JsonNode?>, JsonNode?> Body)
{
    public string Name { get; } = Signature[..Signature.IndexOf('(', StringComparison.Ordinal)];

    public JsonNode? Invoke(IReadOnlyList<JsonNode?> arguments) =>
        arguments.Count < Required || (!Repeats && arguments.Count > Parameters.Count) ? null : Body(arguments);
}
