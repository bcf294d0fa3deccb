namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>The parameters of a macro or call block and which special variables its body mentions.</summary>
internal sealed record MacroSignature(
    string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, bool UsesCaller, bool UsesVarargs, bool UsesKwargs);
