using System.Globalization;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>
/// Recursive descent over
/// <c>or: and ('||' and)*; and: equality ('&amp;&amp;' equality)*; equality: relation (('==' | '!=') relation)*;
/// relation: unary (('&lt;' | '&lt;=' | '>' | '>=') unary)*; unary: '!' unary | primary ('.' name | '[' or ']')*;
/// primary: literal | name | name '(' list ')' | '(' or ')' | '[' list ']'</c>.
/// </summary>
internal ref struct ExpressionParser
{
    /// <summary>Deepest nesting of an expression.</summary>
    public const int MaxDepth = 32;

    /// <summary>Most characters of an expression.</summary>
    public const int MaxLength = 2000;

    private static readonly string[][] Levels = [["||"], ["&&"], ["==", "!="], ["<", "<=", ">", ">="]];

    private readonly Func<int, Mark> _markAt;
    private readonly int _start;
    private ExpressionLexer _lexer;
    private ExpressionToken _token;
    private int _depth;

    private ExpressionParser(string text, int start, Func<int, Mark> markAt)
    {
        _markAt = markAt;
        _start = start;
        _lexer = new(text, start);
        _token = _lexer.Next();
    }

    /// <summary>Reads an expression to its end, which is <paramref name="end"/>.</summary>
    /// <exception cref="ExpressionSyntaxException">It cannot be read.</exception>
    public static Expression Parse(string text, int start, Func<int, Mark> markAt, out int end)
    {
        var parser = new ExpressionParser(text, start, markAt);
        if (parser._token.Kind == ExpressionTokenKind.End) throw new ExpressionSyntaxException(start, "the expression is empty; write a value such as inputs.name");
        var expression = parser.Binary(0);
        if (parser._token.Kind != ExpressionTokenKind.End)
            throw new ExpressionSyntaxException(parser._token.Start, $"{Describe(parser._token)} does not belong here; expected an operator or the end of the expression{WordHint(parser._token)}");
        end = parser._token.Start;
        return expression;
    }

    private Expression Binary(int level)
    {
        if (level == Levels.Length) return Unary();
        var left = Binary(level + 1);
        while (_token.Kind == ExpressionTokenKind.Symbol && Levels[level].Contains(_token.Text))
        {
            var symbol = Advance();
            left = new BinaryExpression(symbol.Text, left, Binary(level + 1), _markAt(symbol.Start));
        }
        return left;
    }

    private Expression Unary()
    {
        if (++_depth > MaxDepth) throw new ExpressionSyntaxException(_token.Start, $"the expression is nested deeper than {MaxDepth} levels; compute a part of it in a step's outputs");
        Expression result;
        if (IsSymbol("!"))
        {
            var symbol = Advance();
            result = new NotExpression(Unary(), _markAt(symbol.Start));
        }
        else
        {
            result = Postfix(Primary());
        }
        _depth--;
        return result;
    }

    private Expression Postfix(Expression target)
    {
        while (true)
        {
            if (IsSymbol("."))
            {
                Advance();
                if (_token.Kind != ExpressionTokenKind.Name) throw new ExpressionSyntaxException(_token.Start, $"{Describe(_token)} does not belong here; expected a name after '.'");
                var name = Advance();
                target = new MemberExpression(target, name.Text, _markAt(name.Start));
            }
            else if (IsSymbol("["))
            {
                var bracket = Advance();
                var index = Binary(0);
                Expect("]");
                target = index is LiteralExpression { Value: { } value } literal && value.GetValueKind() == System.Text.Json.JsonValueKind.String
                    ? new MemberExpression(target, value.GetValue<string>(), literal.Mark)
                    : new IndexExpression(target, index, _markAt(bracket.Start));
            }
            else
            {
                return target;
            }
        }
    }

    private Expression Primary()
    {
        var token = Advance();
        var mark = _markAt(token.Start);
        switch (token.Kind)
        {
            case ExpressionTokenKind.Text:
                return new LiteralExpression(JsonValue.Create(token.Text), mark);
            case ExpressionTokenKind.Number:
                return new LiteralExpression(Number(token), mark);
            case ExpressionTokenKind.Name when IsSymbol("("):
                Advance();
                return new CallExpression(token.Text, Arguments(")"), mark);
            case ExpressionTokenKind.Name:
                return token.Text switch
                {
                    "true" => new LiteralExpression(JsonValue.Create(true), mark),
                    "false" => new LiteralExpression(JsonValue.Create(false), mark),
                    "null" => new LiteralExpression(null, mark),
                    _ => new NameExpression(token.Text, mark),
                };
            case ExpressionTokenKind.Symbol when token.Text == "(":
                var inner = Binary(0);
                Expect(")");
                return inner;
            case ExpressionTokenKind.Symbol when token.Text == "[":
                return new ListExpression(Arguments("]"), mark);
            default:
                throw new ExpressionSyntaxException(token.Start, $"{Describe(token)} does not belong here; expected a value such as inputs.name, 'text' or 3");
        }
    }

    private List<Expression> Arguments(string close)
    {
        List<Expression> arguments = [];
        while (!IsSymbol(close))
        {
            if (arguments.Count > 0) Expect(",", close);
            arguments.Add(Binary(0));
        }
        Advance();
        return arguments;
    }

    private static JsonValue Number(ExpressionToken token)
    {
        if (long.TryParse(token.Text, CultureInfo.InvariantCulture, out var whole)) return JsonValue.Create(whole);
        if (double.TryParse(token.Text, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) return JsonValue.Create(number);
        throw new ExpressionSyntaxException(token.Start, $"'{token.Text}' is not a number");
    }

    private readonly bool IsSymbol(string symbol) => _token.Kind == ExpressionTokenKind.Symbol && _token.Text == symbol;

    private void Expect(string symbol, string? or = null)
    {
        if (!IsSymbol(symbol))
            throw new ExpressionSyntaxException(_token.Start, $"{Describe(_token)} does not belong here; expected '{symbol}'{(or is null ? "" : $" or '{or}'")}{WordHint(_token)}");
        Advance();
    }

    private ExpressionToken Advance()
    {
        var token = _token;
        _token = _lexer.Next();
        if (_token.End - _start > MaxLength) throw new ExpressionSyntaxException(_start, $"the expression is longer than {MaxLength} characters; compute a part of it in a step's outputs");
        return token;
    }

    private static string Describe(ExpressionToken token) => token.Kind switch
    {
        ExpressionTokenKind.End => token.Text,
        ExpressionTokenKind.Text => "this text",
        _ => $"'{token.Text}'",
    };

    private static string WordHint(ExpressionToken token) => token.Text switch
    {
        "and" when token.Kind == ExpressionTokenKind.Name => "; did you mean '&&'?",
        "or" when token.Kind == ExpressionTokenKind.Name => "; did you mean '||'?",
        "is" or "eq" when token.Kind == ExpressionTokenKind.Name => "; did you mean '=='?",
        "in" when token.Kind == ExpressionTokenKind.Name => "; did you mean contains(list, value)?",
        _ => "",
    };
}
