using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Lexing;

/// <summary>
/// Splits a template into text and tags, as Jinja does with <c>trim_blocks</c> (the line end after a block or comment goes)
/// and <c>lstrip_blocks</c> (spaces before one on its line go), which is how Hugging Face's libraries set it.
/// </summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;

    // Whether what was read last ended a line: then spaces before a block are its line's indentation.
    private bool _lineStarts = true;

    private Lexer(string source) => _source = source;

    /// <summary>The tokens of a template, the last of kind <see cref="TokenKind.End"/>.</summary>
    public static List<Token> Tokenize(string source)
    {
        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var lexer = new Lexer(text.EndsWith('\n') ? text[..^1] : text);
        while (lexer._position < lexer._source.Length) lexer.ReadTextAndTag();
        lexer.Add(TokenKind.End, "");
        return lexer._tokens;
    }

    private void ReadTextAndTag()
    {
        var tag = FindTag(_position);
        if (tag < 0)
        {
            AddData(_source[_position..]);
            Advance(_source.Length);
            return;
        }
        var kind = _source[tag + 1];
        var sign = SignAt(tag + 2);
        AddData(StripBefore(_source[_position..tag], sign, canIndent: kind != '{'));
        Advance(tag);
        var inside = tag + (sign == '\0' ? 2 : 3);
        if (kind == '#') SkipComment(inside);
        else if (kind == '%' && RawBodyStart(inside) is { } body) ReadRaw(body);
        else ReadTag(inside, kind == '{');
    }

    private int FindTag(int from)
    {
        for (var i = _source.IndexOf('{', from); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
        {
            if (_source[i + 1] is '{' or '%' or '#') return i;
        }
        return -1;
    }

    private char SignAt(int position) =>
        position < _source.Length && _source[position] is '-' or '+' ? _source[position] : '\0';

    private string StripBefore(string text, char sign, bool canIndent)
    {
        if (sign == '-') return TrimEnd(text);
        if (sign == '+' || !canIndent) return text;
        var lineStart = text.LastIndexOf('\n') + 1;
        var isIndentation = (lineStart > 0 || _lineStarts) && text[lineStart..].All(CodePoints.IsSpace);
        return isIndentation ? text[..lineStart] : text;
    }

    private void SkipComment(int from)
    {
        var end = _source.IndexOf("#}", from, StringComparison.Ordinal);
        if (end < 0) throw Fail("a comment is not closed with '#}'");
        Close(end, end > from ? _source[end - 1] : '\0', trimsLine: true);
    }

    // Where the body of a raw block begins, if the tag whose inside starts here is {% raw %}.
    private int? RawBodyStart(int inside)
    {
        var i = SkipSpaces(inside);
        if (string.CompareOrdinal(_source, i, "raw", 0, 3) != 0) return null;
        i = SkipSpaces(i + 3);
        if (string.CompareOrdinal(_source, i, "-%}", 0, 3) == 0) return SkipSpaces(i + 3);
        return string.CompareOrdinal(_source, i, "%}", 0, 2) == 0 ? i + 2 : null;
    }

    private void ReadRaw(int body)
    {
        for (var tag = _source.IndexOf("{%", body, StringComparison.Ordinal); tag >= 0; tag = _source.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            var sign = SignAt(tag + 2);
            var i = SkipSpaces(tag + (sign == '\0' ? 2 : 3));
            if (string.CompareOrdinal(_source, i, "endraw", 0, 6) != 0) continue;
            i = SkipSpaces(i + 6);
            var endSign = SignAt(i);
            if (endSign != '\0') i++;
            if (string.CompareOrdinal(_source, i, "%}", 0, 2) != 0) continue;
            _lineStarts = _source[body - 1] == '\n';
            Advance(body);
            AddData(StripBefore(_source[body..tag], sign, canIndent: true));
            Close(i, endSign, trimsLine: true);
            return;
        }
        throw Fail("a raw block is not closed with '{% endraw %}'");
    }

    private void ReadTag(int inside, bool isVariable)
    {
        Add(isVariable ? TokenKind.VariableBegin : TokenKind.BlockBegin, "");
        Advance(inside);
        var closing = isVariable ? "}}" : "%}";
        var brackets = new Stack<char>();
        while (true)
        {
            Advance(SkipSpaces(_position));
            if (_position >= _source.Length) throw Fail($"a tag is not closed with '{closing}'");
            if (brackets.Count == 0)
            {
                var sign = _source[_position];
                var skip = sign == '-' || (sign == '+' && !isVariable) ? 1 : 0;
                if (string.CompareOrdinal(_source, _position + skip, closing, 0, 2) == 0)
                {
                    Add(isVariable ? TokenKind.VariableEnd : TokenKind.BlockEnd, "");
                    Close(_position + skip, skip == 1 ? sign : '\0', trimsLine: !isVariable);
                    return;
                }
            }
            var afterDot = _tokens[^1].IsOperator(".");
            var token = TagLexer.Read(_source, _position, _line, afterDot, out var end);
            if (token.Kind == TokenKind.Operator) Balance(brackets, token.Text[0]);
            _tokens.Add(token);
            Advance(end);
        }
    }

    private void Balance(Stack<char> brackets, char c)
    {
        switch (c)
        {
            case '(': brackets.Push(')'); break;
            case '[': brackets.Push(']'); break;
            case '{': brackets.Push('}'); break;
            case ')' or ']' or '}':
                if (brackets.Count == 0 || brackets.Pop() != c) throw Fail($"unexpected '{c}'");
                break;
        }
    }

    // Steps over a tag's closing mark and what its sign or trim_blocks takes away after it.
    private void Close(int mark, char sign, bool trimsLine)
    {
        var end = mark + 2;
        if (sign == '-') end = SkipSpaces(end);
        else if (trimsLine && sign != '+' && end < _source.Length && _source[end] == '\n') end++;
        Advance(end);
        _lineStarts = _source[end - 1] == '\n';
    }

    private int SkipSpaces(int position)
    {
        while (position < _source.Length && CodePoints.IsSpace(_source[position])) position++;
        return position;
    }

    private static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && CodePoints.IsSpace(text[end - 1])) end--;
        return text[..end];
    }

    private void Advance(int position)
    {
        _line += _source.AsSpan(_position, position - _position).Count('\n');
        _position = position;
    }

    private void AddData(string text)
    {
        if (text.Length > 0) Add(TokenKind.Data, text);
    }

    private void Add(TokenKind kind, string text) => _tokens.Add(new(kind, text, _line));

    private TemplateException Fail(string reason) => new(reason, _line);
}
