namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>GLM 4.5 and later: the name and then pairs of <c>&lt;arg_key&gt;</c> and <c>&lt;arg_value&gt;</c>, inside <c>&lt;tool_call&gt;</c> tags.</summary>
internal static class GlmFormat
{
    public static readonly IToolCallFormat Instance = new TaggedToolCallFormat(
        "glm",
        new("", "<tool_call>", "\n", "</tool_call>", "\n", "") { JsonArguments = false },
        new("<tool_call>", '\n', "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "</tool_call>", TrimsLineEnds: false),
        "\n",
        source => source.Contains("<arg_key>", StringComparison.Ordinal),
        ["<tool_call>"],
        surrounding: []);
}
