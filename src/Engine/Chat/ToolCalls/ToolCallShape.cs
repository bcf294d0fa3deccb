namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>The fixed texts around the names and arguments of calls: <c>Open (BeforeName name BeforeArguments arguments AfterArguments) Separator … Close</c>.</summary>
/// <param name="Open">Before the first call.</param>
/// <param name="BeforeName">Before a call's name.</param>
/// <param name="BeforeArguments">Between name and arguments.</param>
/// <param name="AfterArguments">After the arguments.</param>
/// <param name="Separator">Between two calls.</param>
/// <param name="Close">After the last call.</param>
public sealed record ToolCallShape(
    string Open, string BeforeName, string BeforeArguments, string AfterArguments, string Separator, string Close)
{
    /// <summary>Whether arguments are a JSON object; otherwise each is written between tags of its own.</summary>
    public bool JsonArguments { get; init; } = true;

    /// <summary>Further texts that begin a call for the parser; a model that is held to the grammar cannot write them.</summary>
    public IReadOnlyList<string> LooseOpenings { get; init; } = [];
}
