using System.Buffers;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>Cuts an expression into tokens, up to the end of the text or to <c>}}</c>.</summary>
internal ref struct ExpressionLexer(string text, int start)
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    private static readonly string[] Symbols = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", "."];

    private int _position = start;

    /// <summary>The next token; at the end again and again the end.</summary>
    public ExpressionToken Next()
    {
        while (_position < text.Length && char.IsWhiteSpace(text[_position])) _position++;
        var from = _position;
        if (from == text.Length) return new(ExpressionTokenKind.End, "the end", from, from);
        var rest = text.AsSpan(from);
        if (rest.StartsWith("}}")) return new(ExpressionTokenKind.End, "'}}'", from, from);
        var c = rest[0];
        if (c == '\'') return Quoted();
        if (char.IsAsciiDigit(c) || (c == '-' && rest.Length > 1 && char.IsAsciiDigit(rest[1]))) return Number();
        if (char.IsAsciiLetter(c) || c == '_')
        {
            var length = rest.IndexOfAnyExcept(NameCharacters);
            return Take(ExpressionTokenKind.Name, length < 0 ? rest.Length : length);
        }
        foreach (var symbol in Symbols)
        {
            if (rest.StartsWith(symbol)) return Take(ExpressionTokenKind.Symbol, symbol.Length);
        }
        throw new ExpressionSyntaxException(from, Explain(rest));
    }

    private ExpressionToken Take(ExpressionTokenKind kind, int length)
    {
        var from = _position;
        _position += length;
        return new(kind, text[from.._position], from, _position);
    }

    /// <summary>A string in single quotes, in which two of them stand for one.</summary>
    private ExpressionToken Quoted()
    {
        var from = _position;
        for (var end = from + 1; ; end += 2)
        {
            end = end < text.Length ? text.IndexOf('\'', end) : -1;
            if (end < 0) throw new ExpressionSyntaxException(from, "this text has no closing quote (')");
            if (end + 1 < text.Length && text[end + 1] == '\'') continue;
            _position = end + 1;
            return new(ExpressionTokenKind.Text, text[(from + 1)..end].Replace("''", "'", StringComparison.Ordinal), from, _position);
        }
    }

    private ExpressionToken Number()
    {
        var rest = text.AsSpan(_position);
        var length = 1;
        while (length < rest.Length && (char.IsAsciiDigit(rest[length]) || (rest[length] == '.' && length + 1 < rest.Length && char.IsAsciiDigit(rest[length + 1])))) length++;
        if (length < rest.Length && (char.IsAsciiLetter(rest[length]) || rest[length] == '_'))
            throw new ExpressionSyntaxException(_position, "a name begins with a letter or '_', and a number has digits only");
        return Take(ExpressionTokenKind.Number, length);
    }

    private static string Explain(ReadOnlySpan<char> rest) => rest[0] switch
    {
        '/' or '+' or '-' or '*' or '%' => $"'{rest[0]}' is not part of the language: expressions have no arithmetic; compute it in a 'run' step",
        '"' => "text is written in single quotes ('text'), not in double quotes",
        '=' => "'=' is not part of the language; compare with '=='",
        '&' => "'&' is not part of the language; did you mean '&&'?",
        '|' => "'|' is not part of the language; did you mean '||'?",
        '?' => "'?' is not part of the language; use default(value, otherwise) or the 'if' of a step",
        '$' => "'${{' cannot stand inside an expression; write the name alone",
        '{' or '}' => $"'{rest[0]}' is not part of the language; an expression ends with '}}}}'",
        var c => $"'{c}' is not part of the language",
    };
}
