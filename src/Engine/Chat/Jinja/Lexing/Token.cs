namespace AgentRuntime.Engine.Chat.Jinja.Lexing;

/// <summary>A piece of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; a string's contents with escapes resolved.</param>
/// <param name="Line">The line on which it starts, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    /// <summary>Whether it is this operator.</summary>
    public bool IsOperator(string text) => Kind == TokenKind.Operator && Text == text;

    /// <summary>Whether it is this name or keyword.</summary>
    public bool IsName(string text) => Kind == TokenKind.Name && Text == text;

    /// <summary>How messages call it.</summary>
    public string Description => Kind switch
    {
        TokenKind.Data => "text",
        TokenKind.End => "the end of the template",
        TokenKind.VariableBegin => "'{{'",
        TokenKind.VariableEnd => "'}}'",
        TokenKind.BlockBegin => "'{%'",
        TokenKind.BlockEnd => "'%}'",
        _ => $"'{Text}'",
    };
}
