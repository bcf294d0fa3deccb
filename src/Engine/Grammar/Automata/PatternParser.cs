using System.Globalization;

namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>Reads an ECMA-262 regular expression into a nondeterministic automaton. Look-around, back references and word boundaries are refused.</summary>
internal sealed class PatternParser
{
    private const int MaxNodes = 4000, MaxDepth = 60;
    private static readonly List<(int, int)> Digits = [('0', '9')];
    private static readonly List<(int, int)> Words = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
    private static readonly List<(int, int)> Spaces =
        [(9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)];

    private readonly string _pattern;
    private readonly string _place;
    private int _at;
    private int _depth;

    private PatternParser(string pattern, string place) => (_pattern, _place) = (pattern, place);

    private List<PatternNode> Nodes { get; } = [];

    /// <summary>Reads a pattern.</summary>
    /// <param name="pattern">The expression.</param>
    /// <param name="place">Where it stands, for the error.</param>
    /// <param name="whole">Whether the whole text must match; else a match anywhere in it is enough.</param>
    /// <exception cref="GrammarException">It is broken, too large, or needs what is not supported.</exception>
    public static PatternMatcher Parse(string pattern, string place, bool whole)
    {
        var parser = new PatternParser(pattern, place);
        var (start, end) = (parser.New(), parser.New());
        if (!whole)
        {
            var skip = parser.New();
            (skip.Ranges, skip.Next) = ([(0, 0x10FFFF)], skip);
            var (first, last) = (parser.New(), parser.New());
            start.Free.Add(first);
            start.Free.Add(skip);
            skip.Free.Add(first);
            parser.Alternatives(first, last);
            last.Free.Add(end);
            (end.Ranges, end.Next) = ([(0, 0x10FFFF)], end);
        }
        else
        {
            parser.Alternatives(start, end);
        }
        if (parser._at < pattern.Length) throw parser.Error("has a ')' too many");
        return new PatternMatcher(parser.Nodes, start, end);
    }

    private void Alternatives(PatternNode from, PatternNode to)
    {
        if (++_depth > MaxDepth) throw Error("is nested too deeply");
        do Sequence(from, to);
        while (Take('|'));
        _depth--;
    }

    private void Sequence(PatternNode from, PatternNode to)
    {
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
        {
            var next = New();
            Term(from, next);
            from = next;
        }
        from.Free.Add(to);
    }

    private void Term(PatternNode from, PatternNode to)
    {
        var start = _at;
        var (first, last) = (New(), New());
        Atom(first, last);
        var end = _at;
        var (min, max) = Quantifier();
        if (min == 1 && max == 1)
        {
            from.Free.Add(first);
            last.Free.Add(to);
            return;
        }
        // A quantified atom is read again for each copy: simple, and the limit on nodes bounds the work.
        var at = from;
        var after = _at;
        for (var i = 0; i < (max < 0 ? Math.Max(min, 1) : max); i++)
        {
            if (i >= min) at.Free.Add(to);
            (first, last) = (New(), New());
            at.Free.Add(first);
            _at = start;
            Atom(first, last);
            at = last;
            if (max < 0 && i >= min - 1) last.Free.Add(first);
        }
        at.Free.Add(to);
        _at = Math.Max(after, end);
    }

    private void Atom(PatternNode from, PatternNode to)
    {
        var c = _pattern[_at++];
        switch (c)
        {
            case '^': from.AtStart.Add(to); return;
            case '$': from.AtEnd.Add(to); return;
            case '.': Read(from, to, Complement([(10, 10), (13, 13), (0x2028, 0x2029)])); return;
            case '[': Read(from, to, Class()); return;
            case '\\': Read(from, to, EscapeSequence(inClass: false)); return;
            case '(':
                if (Take('?') && !Take(':'))
                {
                    if (!(Take('<') && _at < _pattern.Length && _pattern[_at] is not ('=' or '!'))) throw Error("uses look-around or a flag, which is not supported");
                    while (_at < _pattern.Length && !Take('>')) _at++;
                }
                Alternatives(from, to);
                if (!Take(')')) throw Error("lacks a ')'");
                return;
            case '*' or '+' or '?': throw Error($"has a '{c}' with nothing to repeat");
            default:
                var code = char.IsHighSurrogate(c) && _at < _pattern.Length ? char.ConvertToUtf32(c, _pattern[_at++]) : c;
                Read(from, to, [(code, code)]);
                return;
        }
    }

    private (int Min, int Max) Quantifier()
    {
        if (_at >= _pattern.Length) return (1, 1);
        var result = (1, 1);
        if (Take('*')) result = (0, -1);
        else if (Take('+')) result = (1, -1);
        else if (Take('?')) result = (0, 1);
        else if (_pattern[_at] == '{' && _at + 1 < _pattern.Length && char.IsAsciiDigit(_pattern[_at + 1]))
        {
            _at++;
            var min = Number();
            var max = Take(',') ? (_at < _pattern.Length && char.IsAsciiDigit(_pattern[_at]) ? Number() : -1) : min;
            if (!Take('}') || (max >= 0 && max < min)) throw Error("has a broken repetition");
            result = (min, max);
        }
        else return result;
        Take('?');
        return result;
    }

    private int Number()
    {
        var start = _at;
        while (_at < _pattern.Length && char.IsAsciiDigit(_pattern[_at])) _at++;
        return int.TryParse(_pattern.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= MaxNodes ? n : throw Error("repeats too often");
    }

    private List<(int, int)> Class()
    {
        var negated = Take('^');
        List<(int, int)> ranges = [];
        while (!Take(']'))
        {
            var first = ClassAtom();
            if (first is [var (low, same)] && low == same && _at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']')
            {
                _at++;
                if (ClassAtom() is not [var (high, also)] || high != also || high < low) throw Error("has a broken range");
                ranges.Add((low, high));
            }
            else ranges.AddRange(first);
        }
        return negated ? Complement(ranges) : ranges;
    }

    private List<(int, int)> ClassAtom()
    {
        if (_at >= _pattern.Length) throw Error("lacks a ']'");
        var c = _pattern[_at++];
        if (c == '\\') return EscapeSequence(inClass: true);
        var code = char.IsHighSurrogate(c) && _at < _pattern.Length ? char.ConvertToUtf32(c, _pattern[_at++]) : c;
        return [(code, code)];
    }

    private List<(int, int)> EscapeSequence(bool inClass)
    {
        if (_at >= _pattern.Length) throw Error("ends with a '\\'");
        var c = _pattern[_at++];
        switch (c)
        {
            case 'd': return Digits;
            case 'D': return Complement(Digits);
            case 'w': return Words;
            case 'W': return Complement(Words);
            case 's': return Spaces;
            case 'S': return Complement(Spaces);
            case 'n': return [(10, 10)];
            case 'r': return [(13, 13)];
            case 't': return [(9, 9)];
            case 'f': return [(12, 12)];
            case 'v': return [(11, 11)];
            case 'b' when inClass: return [(8, 8)];
            case '0': return [(0, 0)];
            case 'x': return Hex(2);
            case 'u' when Take('{'):
                var close = _pattern.IndexOf('}', _at);
                if (close < 0) throw Error("has a broken \\u escape");
                var result = Hex(close - _at);
                _at++;
                return result;
            case 'u': return Hex(4);
            default:
                if (char.IsAsciiLetterOrDigit(c)) throw Error($"uses \\{c}, which is not supported");
                return [(c, c)];
        }
    }

    private List<(int, int)> Hex(int length)
    {
        if (length is < 1 or > 6 || _at + length > _pattern.Length
            || !int.TryParse(_pattern.AsSpan(_at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code > 0x10FFFF) throw Error("has a broken escape");
        _at += length;
        return [(code, code)];
    }

    private void Read(PatternNode from, PatternNode to, List<(int, int)> ranges)
    {
        var reader = New();
        (reader.Ranges, reader.Next) = (ranges, to);
        from.Free.Add(reader);
    }

    private static List<(int, int)> Complement(List<(int First, int Last)> ranges)
    {
        List<(int, int)> result = [];
        var next = 0;
        foreach (var (first, last) in ranges.OrderBy(range => range.First))
        {
            if (first > next) result.Add((next, first - 1));
            next = Math.Max(next, last + 1);
        }
        if (next <= 0x10FFFF) result.Add((next, 0x10FFFF));
        return result;
    }

    private bool Take(char c)
    {
        if (_at >= _pattern.Length || _pattern[_at] != c) return false;
        _at++;
        return true;
    }

    private PatternNode New()
    {
        if (Nodes.Count >= MaxNodes) throw Error("is too large");
        var node = new PatternNode(Nodes.Count);
        Nodes.Add(node);
        return node;
    }

    private GrammarException Error(string problem) => new($"{_place}: the pattern {problem}.");
}
