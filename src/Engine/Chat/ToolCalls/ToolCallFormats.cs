namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>The families of tool-call formats.</summary>
public static class ToolCallFormats
{
    /// <summary>All of them, those with the surest marks first.</summary>
    public static IReadOnlyList<IToolCallFormat> All { get; } =
    [
        HarmonyFormat.Instance, QwenCoderFormat.Instance, GlmFormat.Instance, DeepSeekFormat.V3, DeepSeekFormat.V31, KimiFormat.Instance,
        MistralFormat.Named, MistralFormat.List, GraniteFormat.Instance, HermesFormat.Instance, LlamaFormat.Instance, GenericFormat.Instance,
    ];

    /// <summary>The family of a template; the generic one if none is recognised or there is no template.</summary>
    public static IToolCallFormat Detect(string? templateSource) =>
        templateSource is null ? GenericFormat.Instance : All.First(f => f.Matches(templateSource));

    /// <summary>The family of that name, or null.</summary>
    public static IToolCallFormat? Find(string name) => All.FirstOrDefault(f => f.Name == name);
}
