using System.Text;
using System.Text.Json;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>
/// Reads JSON that a model wrote, repairing what can only have been meant one way: commas before a closing bracket, line
/// ends and stray backslashes inside strings, apostrophes for quotes, Python's True, False and None, names without quotes,
/// brackets missing or left over at the end. A string that is not closed is not guessed at.
/// </summary>
internal sealed class LenientJson
{
    private const int MaxDepth = 64;

    private readonly string _text;
    private readonly StringBuilder _output = new();
    private int _position;

    private LenientJson(string text) => _text = text;

    /// <summary>Reads a value.</summary>
    /// <param name="text">The text.</param>
    /// <param name="json">Receives the value.</param>
    /// <param name="problem">Receives what is wrong if it cannot be read.</param>
    public static bool TryParse(string text, out JsonElement json, out string? problem)
    {
        problem = null;
        try
        {
            using var document = JsonDocument.Parse(text, new() { AllowTrailingCommas = true, MaxDepth = MaxDepth });
            json = document.RootElement.Clone();
            return Decodes(json, out problem);
        }
        catch (JsonException)
        {
            return TryRepair(text, out json, out problem);
        }
    }

    private static bool TryRepair(string text, out JsonElement json, out string? problem)
    {
        json = default;
        try
        {
            var reader = new LenientJson(text);
            reader.Value(0);
            reader.Space();
            if (reader._text.AsSpan(reader._position).Trim("}] \t\r\n").Length > 0) throw new FormatException($"something follows its end{reader.Place()}");
            using var document = JsonDocument.Parse(reader._output.ToString(), new() { MaxDepth = MaxDepth });
            json = document.RootElement.Clone();
            return Decodes(json, out problem);
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            problem = error is FormatException ? error.Message : "it cannot be read";
            return false;
        }
    }

    // Half of a surrogate pair, written as an escape, is only found when a string is decoded.
    private static bool Decodes(JsonElement json, out string? problem)
    {
        problem = null;
        try
        {
            Jinja.Values.JsonValues.From(json);
            return true;
        }
        catch (TemplateException)
        {
            problem = "a text holds half of a surrogate pair";
            return false;
        }
    }

    private void Value(int depth)
    {
        if (depth > MaxDepth) throw new FormatException($"it nests deeper than {MaxDepth} levels");
        Space();
        switch (Current)
        {
            case '{': Nested('}', depth, isObject: true); break;
            case '[': Nested(']', depth, isObject: false); break;
            case '"' or '\'': String(); break;
            default: Word(); break;
        }
    }

    private void Nested(char close, int depth, bool isObject)
    {
        _output.Append(_text[_position++]);
        for (var count = 0; ; count++)
        {
            Space();
            var hasComma = Current == ',';
            if (hasComma && count > 0) _position++;
            Space();
            // Brackets that are missing at the very end are supplied.
            if (Current is '\0' || Current == close)
            {
                if (Current == close) _position++;
                _output.Append(close);
                return;
            }
            if (Current is '}' or ']') throw new FormatException($"'{close}' is missing{Place()}");
            if (count > 0 && !hasComma) throw new FormatException($"a comma is missing{Place()}");
            if (count > 0) _output.Append(',');
            if (isObject) Key();
            Value(depth + 1);
        }
    }

    private void Key()
    {
        if (Current is '"' or '\'') String();
        else
        {
            var start = _position;
            while (char.IsLetterOrDigit(Current) || Current is '_' or '-') _position++;
            if (_position == start) throw new FormatException($"a key is missing{Place()}");
            _output.Append('"').Append(_text, start, _position - start).Append('"');
        }
        Space();
        if (Current != ':') throw new FormatException($"':' is missing after a key{Place()}");
        _position++;
        _output.Append(':');
        Space();
        if (Current == '\0') throw new FormatException("it ends before a value");
    }

    private void String()
    {
        var quote = _text[_position++];
        _output.Append('"');
        while (true)
        {
            var c = Current;
            if (c == '\0' && _position >= _text.Length) throw new FormatException("a string is not closed");
            _position++;
            if (c == quote) break;
            if (c == '\\') Escape();
            else if (c == '"') _output.Append("\\\"");
            else if (c < ' ') _output.Append($"\\u{(int)c:x4}");
            else _output.Append(c);
        }
        _output.Append('"');
    }

    private void Escape()
    {
        var c = Current;
        var isKnown = c is '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't'
            || (c == 'u' && _position + 4 < _text.Length && _text.Substring(_position + 1, 4).All(char.IsAsciiHexDigit));
        if (c == '\'')
        {
            _output.Append('\'');
            _position++;
        }
        else if (isKnown)
        {
            _output.Append('\\').Append(c);
            _position++;
        }
        else _output.Append("\\\\");
    }

    private void Word()
    {
        var start = _position;
        while (char.IsLetterOrDigit(Current) || Current is '+' or '-' or '.') _position++;
        var word = _text[start.._position];
        _output.Append(word switch
        {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            "" => throw new FormatException($"a value is missing{Place()}"),
            "true" or "false" or "null" => word,
            _ => char.IsAsciiDigit(word[0]) || word[0] == '-' ? word : throw new FormatException($"'{word}' is no value; texts need quotes"),
        });
    }

    private char Current => _position < _text.Length ? _text[_position] : '\0';

    private void Space()
    {
        while (char.IsWhiteSpace(Current)) _position++;
    }

    private string Place()
    {
        var before = _text[Math.Max(0, _position - 24).._position];
        return before.Length == 0 ? "" : $" after {before.ReplaceLineEndings(" ")}";
    }
}
