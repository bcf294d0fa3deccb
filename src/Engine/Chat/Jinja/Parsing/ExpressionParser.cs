using AgentRuntime.Engine.Chat.Jinja.Lexing;
using AgentRuntime.Engine.Chat.Jinja.Syntax;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Parsing;

/// <summary>
/// Parses expressions by recursive descent, one method per level of precedence, loosest first: if, or, and, not, comparison,
/// + -, ~, * / // %, **, sign; then what follows a value (access, calls, filters, tests).
/// </summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    /// <summary>The special names of the macros around the current place, innermost last.</summary>
    public List<SpecialNames> Macros { get; } = [];

    /// <summary>The names of the scope around the current place.</summary>
    public FrameNames Frame { get; set; } = new(null);

    /// <summary>Parses an expression.</summary>
    public Expression Parse()
    {
        tokens.Enter();
        var value = ParseOr();
        for (var count = 0; tokens.Current.IsName("if"); Limit(ref count))
        {
            var line = tokens.Next().Line;
            var test = ParseOr();
            value = new ConditionalExpression(test, value, tokens.SkipName("else") ? Parse() : null, line);
        }
        tokens.Leave();
        return value;
    }

    /// <summary>Parses an expression, or several with commas between, which make a tuple.</summary>
    /// <param name="withIf">Whether a bare inline <c>if</c> belongs to it; not in a <c>for</c> tag, where it is the loop's filter.</param>
    public Expression ParseTuple(bool withIf = true)
    {
        var line = tokens.Line;
        var items = new List<Expression>();
        var isTuple = false;
        while (!IsTupleEnd(items.Count))
        {
            items.Add(withIf ? Parse() : ParseOr());
            if (!tokens.SkipOperator(",")) break;
            isTuple = true;
        }
        if (items.Count == 0) throw tokens.Unexpected("an expression");
        return isTuple ? new SequenceExpression(items, SequenceKind.Tuple, line) : items[0];
    }

    /// <summary>Parses the arguments of a call, brackets included.</summary>
    public CallArguments ParseArguments()
    {
        tokens.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? list = null, dict = null;
        while (!tokens.Current.IsOperator(")"))
        {
            if (tokens.SkipOperator("*")) list = Once(list, dict);
            else if (tokens.SkipOperator("**")) dict = Once(dict, null);
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("="))
            {
                var name = tokens.Next().Text;
                tokens.Next();
                named.Add((name, Parse()));
            }
            else if (named.Count > 0 || list is not null || dict is not null) throw tokens.Fail("a positional argument follows a named one");
            else positional.Add(Parse());
            if (!tokens.SkipOperator(",")) break;
        }
        tokens.ExpectOperator(")");
        return positional.Count == 0 && named.Count == 0 && list is null && dict is null
            ? CallArguments.None
            : new(positional, named, list, dict);
    }

    /// <summary>Parses <c>name(arguments)</c> after a filter's bar, and any further filters behind it.</summary>
    public Expression ParseFilters(Expression value)
    {
        var count = 0;
        do
        {
            var line = tokens.Line;
            var name = ParseDottedName();
            value = new FilterExpression(value, name, tokens.Current.IsOperator("(") ? ParseArguments() : CallArguments.None, line);
            Limit(ref count);
        }
        while (tokens.SkipOperator("|"));
        return value;
    }

    private Expression Once(Expression? given, Expression? after) =>
        given is null && after is null ? Parse() : throw tokens.Fail("a call can have one '*' and then one '**' argument");

    private bool IsTupleEnd(int items) => tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd or TokenKind.End
        || tokens.Current.IsOperator(")") || tokens.Current.IsOperator("]") || (items > 0 && tokens.Current.IsName("recursive"));

    private Expression ParseOr()
    {
        var left = ParseAnd();
        for (var count = 0; tokens.Current.IsName("or"); Limit(ref count))
            left = new LogicalExpression(isAnd: false, left, After(ParseAnd, out var line), line);
        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        for (var count = 0; tokens.Current.IsName("and"); Limit(ref count))
            left = new LogicalExpression(isAnd: true, left, After(ParseNot, out var line), line);
        return left;
    }

    private Expression ParseNot()
    {
        if (!tokens.Current.IsName("not")) return ParseComparison();
        tokens.Enter();
        var operand = After(ParseNot, out var line);
        tokens.Leave();
        return new NotExpression(operand, line);
    }

    private Expression ParseComparison()
    {
        var line = tokens.Line;
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (ComparisonOperator() is { } op) rest.Add((op, ParseSum()));
        return rest.Count == 0 ? first : new CompareExpression(first, rest, line);
    }

    private string? ComparisonOperator()
    {
        if (tokens.Current is { Kind: TokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" }) return tokens.Next().Text;
        if (tokens.SkipName("in")) return "in";
        if (!tokens.Current.IsName("not") || !tokens.Following.IsName("in")) return null;
        tokens.Next();
        tokens.Next();
        return "not in";
    }

    private Expression ParseSum() => ParseChain(ParseConcat, "+", "-");

    private Expression ParseConcat()
    {
        var line = tokens.Line;
        var operands = new List<Expression> { ParseProduct() };
        while (tokens.SkipOperator("~")) operands.Add(ParseProduct());
        return operands.Count == 1 ? operands[0] : new ConcatExpression(operands, line);
    }

    private Expression ParseProduct() => ParseChain(ParsePower, "*", "/", "//", "%");

    private Expression ParsePower() => ParseChain(() => ParseSigned(withFilters: true), "**");

    private Expression ParseChain(Func<Expression> operand, params string[] operators)
    {
        var left = operand();
        for (var count = 0; tokens.Current.Kind == TokenKind.Operator && operators.Contains(tokens.Current.Text); Limit(ref count))
        {
            var op = tokens.Current.Text;
            left = new ArithmeticExpression(op, left, After(operand, out var line), line);
        }
        return left;
    }

    // A sign binds looser than access and tighter than filters: -x.y|abs is (-(x.y))|abs.
    private Expression ParseSigned(bool withFilters)
    {
        Expression value;
        if (tokens.Current.IsOperator("-") || tokens.Current.IsOperator("+"))
        {
            tokens.Enter();
            var sign = tokens.Current.Text;
            value = new SignExpression(sign, After(() => ParseSigned(withFilters: false), out var line), line);
            tokens.Leave();
        }
        else value = ParsePrimary();
        value = ParsePostfix(value);
        return withFilters ? ParseFiltersAndTests(value) : value;
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        for (var count = 0; ; Limit(ref count))
        {
            if (tokens.SkipOperator("|")) value = ParseFilters(value);
            else if (tokens.SkipName("is")) value = ParseTest(value);
            else if (tokens.Current.IsOperator("(")) value = new CallExpression(value, ParseArguments(), tokens.Line);
            else return value;
        }
    }

    private Expression ParseTest(Expression value)
    {
        var line = tokens.Line;
        var isNegated = tokens.SkipName("not");
        var name = ParseDottedName();
        var arguments = CallArguments.None;
        var next = tokens.Current;
        if (next.IsOperator("(")) arguments = ParseArguments();
        else if ((next.Kind is TokenKind.Name && next.Text is not ("else" or "or" or "and"))
            || next.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float || next.IsOperator("[") || next.IsOperator("{"))
        {
            if (next.IsName("is")) throw tokens.Fail("tests cannot be chained with 'is'");
            arguments = new([ParsePostfix(ParsePrimary())], [], null, null);
        }
        Expression test = new TestExpression(value, name, arguments, line);
        return isNegated ? new NotExpression(test, line) : test;
    }

    private Expression ParsePrimary()
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Next();
                return ParseName(token);
            case TokenKind.String:
                var text = "";
                for (var count = 0; tokens.Current.Kind == TokenKind.String; Limit(ref count)) text += tokens.Next().Text;
                return new Literal(new StringValue(text), token.Line);
            case TokenKind.Integer or TokenKind.Float:
                tokens.Next();
                return new Literal(NumberLiteral.Parse(token), token.Line);
        }
        tokens.Enter();
        var value = token.Kind != TokenKind.Operator ? null : token.Text switch
        {
            "(" => ParseParentheses(),
            "[" => ParseList(),
            "{" => ParseDict(),
            _ => null,
        };
        tokens.Leave();
        return value ?? throw tokens.Unexpected("an expression");
    }

    private Expression ParseName(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True": return new Literal(BoolValue.True, token.Line);
            case "false" or "False": return new Literal(BoolValue.False, token.Line);
            case "none" or "None": return new Literal(NoneValue.Instance, token.Line);
        }
        if (Macros.Count > 0) Macros[^1].Note(token.Text);
        Frame.Mention(token.Text);
        return new NameExpression(token.Text, token.Line);
    }

    private Expression ParseParentheses()
    {
        var line = tokens.Next().Line;
        var value = tokens.Current.IsOperator(")") ? new SequenceExpression([], SequenceKind.Tuple, line) : ParseTuple();
        tokens.ExpectOperator(")");
        return value;
    }

    private SequenceExpression ParseList()
    {
        var line = tokens.Next().Line;
        var items = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            items.Add(Parse());
            if (!tokens.SkipOperator(",")) break;
        }
        tokens.ExpectOperator("]");
        return new(items, SequenceKind.List, line);
    }

    private DictExpression ParseDict()
    {
        var line = tokens.Next().Line;
        var entries = new List<(Expression, Expression)>();
        while (!tokens.Current.IsOperator("}"))
        {
            var key = Parse();
            tokens.ExpectOperator(":");
            entries.Add((key, Parse()));
            if (!tokens.SkipOperator(",")) break;
        }
        tokens.ExpectOperator("}");
        return new(entries, line);
    }

    private Expression ParsePostfix(Expression value)
    {
        for (var count = 0; ; Limit(ref count))
        {
            var line = tokens.Line;
            if (tokens.Current.IsOperator("(")) value = new CallExpression(value, ParseArguments(), line);
            else if (tokens.SkipOperator("[")) value = ParseSubscript(value, line);
            else if (!tokens.SkipOperator(".")) return value;
            else if (tokens.Current.Kind == TokenKind.Integer) value = new ItemExpression(value, new Literal(NumberLiteral.Parse(tokens.Next()), line), line);
            else value = new AttributeExpression(value, tokens.ExpectName(), line);
        }
    }

    private Expression ParseSubscript(Expression target, int line)
    {
        var start = tokens.Current.IsOperator(":") ? null : ParseTuple();
        if (!tokens.Current.IsOperator(":"))
        {
            tokens.ExpectOperator("]");
            return new ItemExpression(target, start!, line);
        }
        var (stop, step) = (SliceBound(), SliceBound());
        tokens.ExpectOperator("]");
        return new SliceExpression(target, start, stop, step, line);
    }

    private Expression? SliceBound() =>
        !tokens.SkipOperator(":") || tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") ? null : Parse();

    private string ParseDottedName()
    {
        var name = tokens.ExpectName();
        while (tokens.SkipOperator(".")) name += "." + tokens.ExpectName();
        return name;
    }

    // Parses what follows an operator, which is stepped over here.
    private Expression After(Func<Expression> operand, out int line)
    {
        line = tokens.Next().Line;
        return operand();
    }

    // Chains become trees that are evaluated by recursion.
    private void Limit(ref int count)
    {
        if (++count > TemplateLimits.Chain) throw tokens.Fail($"more than {TemplateLimits.Chain} operators stand in one row");
    }
}
