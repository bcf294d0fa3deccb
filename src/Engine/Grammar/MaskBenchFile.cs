using System.Diagnostics;
using System.Text.Json;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Grammar;

/// <summary>Runs a file in the format of MaskBench: a schema and instances, each said to be valid or not.</summary>
public static class MaskBenchFile
{
    /// <summary>Compiles the schema and takes each instance through it token by token.</summary>
    /// <exception cref="EngineException">The file is not in the format.</exception>
    public static MaskBenchResult Run(string path, Tokenizer tokenizer)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path), new JsonDocumentOptions { MaxDepth = 512 });
            var tests = document.RootElement.GetProperty("tests").EnumerateArray()
                .Select(test => (test.GetProperty("data"), test.GetProperty("valid").GetBoolean())).ToList();
            return Run(Path.GetFileName(path), document.RootElement.GetProperty("schema").GetRawText(), tests, tokenizer);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new EngineException($"{path}: expected a MaskBench file: a JSON object with a schema and tests of data and valid.");
        }
    }

    /// <summary>The same for a schema and instances in memory.</summary>
    public static MaskBenchResult Run(string name, string schema, IReadOnlyList<(JsonElement Instance, bool Valid)> tests, Tokenizer tokenizer)
    {
        var result = new MaskBenchResult { File = name };
        var start = Stopwatch.GetTimestamp();
        TokenGrammar grammar;
        try { grammar = TokenGrammar.Compile(Constraint.JsonSchema(schema), tokenizer); }
        catch (GrammarException e)
        {
            return result with
            {
                CompileMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds,
                Unsupported = e.Message,
                ValidRejected = tests.Count(test => test.Valid),
                InvalidRejected = tests.Count(test => !test.Valid),
            };
        }
        result = result with { CompileMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds };
        List<double> times = [];
        foreach (var (instance, valid) in tests)
        {
            var accepted = Accepts(grammar, tokenizer, Serialize(instance), times);
            result = (valid, accepted) switch
            {
                (true, true) => result with { ValidAccepted = result.ValidAccepted + 1 },
                (true, false) => result with { ValidRejected = result.ValidRejected + 1 },
                (false, true) => result with { InvalidAccepted = result.InvalidAccepted + 1 },
                _ => result with { InvalidRejected = result.InvalidRejected + 1 },
            };
        }
        return result with { MaskUs = times };
    }

    private static bool Accepts(TokenGrammar grammar, Tokenizer tokenizer, string text, List<double> times)
    {
        var mask = grammar.CreateMask();
        foreach (var token in tokenizer.Encode(text, parseSpecial: false))
        {
            var start = Stopwatch.GetTimestamp();
            var allowed = mask.Allowed;
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            if ((allowed[token >> 6] >> token & 1) == 0) return false;
            mask.Accept(token);
        }
        return ((GrammarMask)mask).MayEnd;
    }

    /// <summary>As models write it: a space after comma and colon, nothing escaped that need not be, integral numbers without fraction.</summary>
    private static string Serialize(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                return "{" + string.Join(", ", value.EnumerateObject().Select(member => Schema.CanonicalJson.Quote(member.Name) + ": " + Serialize(member.Value))) + "}";
            case JsonValueKind.Array:
                return "[" + string.Join(", ", value.EnumerateArray().Select(Serialize)) + "]";
            case JsonValueKind.Number:
                return Schema.CanonicalJson.Number(value);
            case JsonValueKind.String:
                return Schema.CanonicalJson.Quote(value.GetString()!);
            default:
                return value.GetRawText();
        }
    }
}
