namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Qwen3-Coder: <c>&lt;function=name&gt;</c> with a tag for each parameter, inside <c>&lt;tool_call&gt;</c> tags.</summary>
internal static class QwenCoderFormat
{
    public static readonly IToolCallFormat Instance = new TaggedToolCallFormat(
        "qwen3-coder",
        new("", "<tool_call>\n<function=", ">\n", "</function>\n</tool_call>", "\n", "") { JsonArguments = false, LooseOpenings = ["<function="] },
        new("<function=", '>', "<parameter=", ">", "", "</parameter>", "</function>", TrimsLineEnds: true),
        "\n",
        source => source.Contains("<function=", StringComparison.Ordinal),
        ["<tool_call>"],
        surrounding: ["<tool_call>", "</tool_call>"]);
}
