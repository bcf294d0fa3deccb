using AgentRuntime.Engine.Chat.Jinja.Lexing;
using AgentRuntime.Engine.Chat.Jinja.Syntax;

namespace AgentRuntime.Engine.Chat.Jinja.Parsing;

/// <summary>Parses text and tags into statements.</summary>
internal sealed class StatementParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;

    // How many loops are around the current place in the current macro: break and continue need one.
    private int _loops;

    private StatementParser(TokenStream tokens)
    {
        _tokens = tokens;
        _expressions = new(tokens);
    }

    /// <summary>Parses a whole template.</summary>
    public static Block Parse(IReadOnlyList<Token> tokens)
    {
        var parser = new StatementParser(new(tokens));
        return parser.ParseUntil();
    }

    // Parses something that has a scope to itself, whose parameters are these names.
    private T InFrame<T>(IEnumerable<string> parameters, Func<T> parse)
    {
        var frame = new FrameNames(_expressions.Frame);
        foreach (var name in parameters) frame.Mention(name);
        return InFrame(frame, parse);
    }

    private T InFrame<T>(FrameNames frame, Func<T> parse)
    {
        var outer = _expressions.Frame;
        _expressions.Frame = frame;
        var result = parse();
        _expressions.Frame = outer;
        return result;
    }

    private Block ParseBranch(params string[] ends)
    {
        _expressions.Frame.EnterBranch();
        var body = ParseBody(ends);
        _expressions.Frame.LeaveBranch();
        return body;
    }

    // Parses up to a tag of one of these names, which becomes the current token; with none, up to the end.
    private Block ParseUntil(params string[] ends)
    {
        _tokens.Enter();
        var statements = new List<Statement>();
        while (true)
        {
            var token = _tokens.Next();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    statements.Add(new TextStatement(token.Text, token.Line));
                    break;
                case TokenKind.VariableBegin:
                    statements.Add(new PrintStatement(_expressions.ParseTuple(), token.Line));
                    _tokens.Expect(TokenKind.VariableEnd);
                    break;
                case TokenKind.BlockBegin when _tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Text):
                    _tokens.Leave();
                    return new(statements, _expressions.Frame);
                case TokenKind.BlockBegin:
                    statements.Add(ParseTag());
                    _tokens.Expect(TokenKind.BlockEnd);
                    break;
                default:
                    if (ends.Length > 0) throw _tokens.Fail($"a block is not closed with '{{% {ends[^1]} %}}'");
                    _tokens.Leave();
                    return new(statements, _expressions.Frame);
            }
        }
    }

    // Parses the rest of an opening tag's end, the body, and the name of the tag that ends it.
    private Block ParseBody(params string[] ends)
    {
        _tokens.SkipOperator(":");
        _tokens.Expect(TokenKind.BlockEnd);
        return ParseUntil(ends);
    }

    private Block ParseBodyTo(string end)
    {
        var body = ParseBody(end);
        _tokens.Next();
        return body;
    }

    private Statement ParseTag()
    {
        var line = _tokens.Line;
        var tag = _tokens.ExpectName();
        switch (tag)
        {
            case "if": return ParseIf(line);
            case "for": return ParseFor(line);
            case "set": return ParseSet(line);
            case "macro": return ParseMacro(line);
            case "call": return ParseCall(line);
            case "filter": return ParseFilter(line);
            case "with": return ParseWith(line);
            case "print": return ParsePrint(line);
            case "generation": return new PassthroughStatement(ParseBodyTo("endgeneration"), line);
            case "autoescape":
                _expressions.Parse();
                return new WithStatement([], InFrame([], () => ParseBodyTo("endautoescape")), line);
            case "block": return ParseBlock(line);
            case "break" or "continue" when _loops > 0:
                return new JumpStatement(tag == "break" ? Flow.Break : Flow.Continue, line);
            case "break" or "continue": throw new TemplateException($"'{tag}' stands outside a loop", line);
            case "include" or "import" or "from" or "extends": throw new TemplateException($"'{tag}' cannot be used in a chat template", line);
            default: throw new TemplateException($"there is no tag '{tag}' that could stand here", line);
        }
    }

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression, Block)>();
        while (true)
        {
            var test = _expressions.ParseTuple(withIf: false);
            branches.Add((test, ParseBranch("elif", "else", "endif")));
            var end = _tokens.Next().Text;
            if (end == "elif") continue;
            var otherwise = end == "else" ? ParseBranch("endif") : Block.Empty;
            if (end == "else") _tokens.Next();
            return new(branches, otherwise, line);
        }
    }

    private ForStatement ParseFor(int line)
    {
        var names = new List<string>();
        var target = ParseTarget(names);
        _tokens.ExpectName("in");
        var values = _expressions.ParseTuple(withIf: false);
        var test = _tokens.SkipName("if") ? InFrame(names, _expressions.Parse) : null;
        var isRecursive = _tokens.SkipName("recursive");
        _loops++;
        var body = InFrame(names.Append("loop"), () => ParseBody("endfor", "else"));
        _loops--;
        var otherwise = _tokens.Next().Text == "else" ? InFrame([], () => ParseBodyTo("endfor")) : Block.Empty;
        return new(target, values, test, isRecursive, body, otherwise, line);
    }

    private SetStatement ParseSet(int line)
    {
        var names = new List<string>();
        var target = ParseTarget(names, withNamespace: true);
        if (_tokens.SkipOperator("="))
        {
            var assigned = _expressions.ParseTuple();
            names.ForEach(_expressions.Frame.Set);
            return new(target, assigned, line);
        }
        names.ForEach(_expressions.Frame.Set);
        var filters = new FilterHole(line);
        var value = _tokens.SkipOperator("|") ? _expressions.ParseFilters(filters) : filters;
        filters.Body = new CapturedText(InFrame([], () => ParseBodyTo("endset")), line);
        return new(target, value, line);
    }

    private PrintStatement ParseFilter(int line)
    {
        var hole = new FilterHole(line);
        var value = _expressions.ParseFilters(hole);
        hole.Body = new CapturedText(InFrame([], () => ParseBodyTo("endfilter")), line);
        return new(value, line);
    }

    private PassthroughStatement ParsePrint(int line)
    {
        var prints = new List<Statement>();
        do prints.Add(new PrintStatement(_expressions.Parse(), line));
        while (_tokens.SkipOperator(","));
        return new(new(prints), line);
    }

    private MacroStatement ParseMacro(int line)
    {
        var name = _tokens.ExpectName();
        _expressions.Frame.Set(name);
        var (parameters, frame) = ParseParameters();
        var (signature, body) = ParseMacroBody(name, parameters, frame, "endmacro");
        return new(signature, body, line);
    }

    private CallBlockStatement ParseCall(int line)
    {
        var (parameters, frame) = _tokens.Current.IsOperator("(") ? ParseParameters() : ([], new(_expressions.Frame));
        var call = _expressions.Parse() as CallExpression ?? throw new TemplateException("a 'call' block needs a call", line);
        var (signature, body) = ParseMacroBody("caller", parameters, frame, "endcall");
        return new(signature, call, body, line);
    }

    private (MacroSignature Signature, Block Body) ParseMacroBody(
        string name, IReadOnlyList<(string Name, Expression? Default)> parameters, FrameNames frame, string end)
    {
        var names = new SpecialNames();
        var loops = _loops;
        _loops = 0;
        _expressions.Macros.Add(names);
        var body = InFrame(frame, () => ParseBodyTo(end));
        _expressions.Macros.RemoveAt(_expressions.Macros.Count - 1);
        _loops = loops;
        bool Uses(bool mentioned, string special) => mentioned && !parameters.Any(p => p.Name == special);
        return (new(name, parameters, Uses(names.Caller, "caller"), Uses(names.Varargs, "varargs"), Uses(names.Kwargs, "kwargs")), body);
    }

    // Defaults are evaluated in the macro's own scope, after the parameters before them.
    private (List<(string Name, Expression? Default)> Parameters, FrameNames Frame) ParseParameters()
    {
        var frame = new FrameNames(_expressions.Frame);
        var parameters = new List<(string Name, Expression? Default)>();
        _tokens.ExpectOperator("(");
        while (!_tokens.Current.IsOperator(")"))
        {
            var name = _tokens.ExpectName();
            frame.Mention(name);
            var fallback = _tokens.SkipOperator("=") ? InFrame(frame, _expressions.Parse) : null;
            if (fallback is null && parameters.Count > 0 && parameters[^1].Default is not null)
                throw _tokens.Fail("a parameter without a default follows one with a default");
            parameters.Add((name, fallback));
            if (!_tokens.SkipOperator(",")) break;
        }
        _tokens.ExpectOperator(")");
        return (parameters, frame);
    }

    private WithStatement ParseWith(int line)
    {
        var assignments = new List<(Target, Expression)>();
        var names = new List<string>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            var target = ParseTarget(names);
            _tokens.ExpectOperator("=");
            assignments.Add((target, _expressions.Parse()));
            if (!_tokens.SkipOperator(",")) break;
        }
        return new(assignments, InFrame(names, () => ParseBodyTo("endwith")), line);
    }

    // Without inheritance a block is just its contents.
    private WithStatement ParseBlock(int line)
    {
        var name = _tokens.ExpectName();
        _tokens.SkipName("scoped");
        _tokens.SkipName("required");
        var body = InFrame([], () => ParseBodyTo("endblock"));
        _tokens.SkipName(name);
        return new([], body, line);
    }

    // Parses what is assigned to, and adds the names of the variables in it.
    private Target ParseTarget(List<string> names, bool withNamespace = false)
    {
        var targets = new List<Target>();
        var isTuple = false;
        do
        {
            if (targets.Count > 0 && (_tokens.Current.IsName("in") || _tokens.Current.IsOperator("="))) break;
            targets.Add(ParseSingleTarget(names, withNamespace));
            isTuple |= _tokens.Current.IsOperator(",");
        }
        while (_tokens.SkipOperator(","));
        return isTuple ? new TupleTarget(targets) : targets[0];
    }

    private Target ParseSingleTarget(List<string> names, bool withNamespace)
    {
        if (_tokens.SkipOperator("("))
        {
            _tokens.Enter();
            var inner = ParseTarget(names);
            _tokens.ExpectOperator(")");
            _tokens.Leave();
            return inner;
        }
        var name = _tokens.ExpectName();
        if (name is "true" or "false" or "none" or "True" or "False" or "None") throw _tokens.Fail($"'{name}' cannot be assigned to");
        if (withNamespace && _tokens.SkipOperator("."))
        {
            _expressions.Frame.Mention(name);
            return new NamespaceTarget(name, _tokens.ExpectName());
        }
        names.Add(name);
        return new NameTarget(name);
    }
}
