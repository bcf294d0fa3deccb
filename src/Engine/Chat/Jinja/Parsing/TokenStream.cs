using AgentRuntime.Engine.Chat.Jinja.Lexing;

namespace AgentRuntime.Engine.Chat.Jinja.Parsing;

/// <summary>The tokens of a template with a place in them.</summary>
internal sealed class TokenStream(IReadOnlyList<Token> tokens)
{
    private int _position;
    private int _depth;

    public Token Current => tokens[_position];

    public Token Following => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    public int Line => Current.Line;

    /// <summary>Returns the current token and steps over it; the end is never left.</summary>
    public Token Next()
    {
        var token = Current;
        if (token.Kind != TokenKind.End) _position++;
        return token;
    }

    public bool SkipOperator(string text)
    {
        var matches = Current.IsOperator(text);
        if (matches) Next();
        return matches;
    }

    public bool SkipName(string text)
    {
        var matches = Current.IsName(text);
        if (matches) Next();
        return matches;
    }

    public void ExpectOperator(string text)
    {
        if (!SkipOperator(text)) throw Unexpected($"'{text}'");
    }

    public string ExpectName()
    {
        if (Current.Kind != TokenKind.Name) throw Unexpected("a name");
        return Next().Text;
    }

    public void ExpectName(string text)
    {
        if (!SkipName(text)) throw Unexpected($"'{text}'");
    }

    public void Expect(TokenKind kind)
    {
        if (Current.Kind != kind) throw Unexpected(new Token(kind, "", 0).Description);
        Next();
    }

    /// <summary>Goes one level down; <see cref="Leave"/> comes back.</summary>
    public void Enter()
    {
        if (++_depth > TemplateLimits.Nesting) throw Fail($"it nests deeper than {TemplateLimits.Nesting} levels");
    }

    public void Leave() => _depth--;

    public TemplateException Unexpected(string wanted) => Fail($"expected {wanted}, but found {Current.Description}");

    public TemplateException Fail(string reason) => new(reason, Line);
}
