namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>A token.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Name, symbol, number as written, or a string's value.</param>
/// <param name="Start">Where it starts in the text.</param>
/// <param name="End">Where it ends.</param>
internal readonly record struct ExpressionToken(ExpressionTokenKind Kind, string Text, int Start, int End);

internal enum ExpressionTokenKind
{
    Name,
    Number,
    Text,
    Symbol,

    /// <summary>The end of the text, or the <c>}}</c> that ends an expression in a template.</summary>
    End,
}
