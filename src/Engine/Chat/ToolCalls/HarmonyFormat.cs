namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>gpt-oss: a message on the commentary channel that is addressed to <c>functions.name</c>.</summary>
internal static class HarmonyFormat
{
    public static readonly IToolCallFormat Instance = new JsonToolCallFormat(
        "harmony",
        new("", "<|channel|>commentary to=functions.", " <|constrain|>json<|message|>", "<|call|>", "<|start|>assistant", ""),
        source => source.Contains("<|channel|>", StringComparison.Ordinal) && source.Contains("<|message|>", StringComparison.Ordinal),
        ["<|channel|>commentary to=functions."],
        options => new HarmonyParser(options));
}
