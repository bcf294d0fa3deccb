using System.Diagnostics;
using System.Text;
using System.Text.Json;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>Measures what it costs to hold an edit to a file's text: calls are written by a model that likes all allowed tokens alike.</summary>
public static class GroundingBenchmark
{
    private const int MaxTokens = 4000;

    /// <summary>Writes edit calls and times their masks on the caller's thread.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="calls">How many calls; at least 1.</param>
    /// <param name="seed">Seed of the choices.</param>
    public static GroundingBenchmarkResult Run(string text, Tokenizer tokenizer, int calls, int seed = 1)
    {
        var automata = new List<double>();
        ValueDomain domain = null!;
        for (var i = 0; i < 5; i++)
        {
            var start = Stopwatch.GetTimestamp();
            domain = ValueDomain.PartOf(text);
            automata.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        TokenGrammar.Prepare(tokenizer);
        var tool = new EditDeclaration(new(_ => domain));
        var grammar = ToolCallGrammar.Compile(ToolCallFormats.Find("hermes")!, [tool], tokenizer, new() { Mode = ChatToolMode.RequireAny, AllowMultipleCalls = false, Grounding = ToolGrounding.Of([tool]) });
        var random = new Random(seed);
        var times = new List<double>();
        var (first, forced) = (0.0, 0);
        for (var call = 0; call < calls; call++)
        {
            var mask = (GroundedMask)grammar.CreateMask();
            List<int> tokens = [];
            while (tokens.Count < MaxTokens && !mask.MayEnd)
            {
                var inside = mask.IsInside;
                var start = Stopwatch.GetTimestamp();
                var next = mask.Forced(tokens.ToArray().AsSpan());
                var allowed = next.Count > 0 ? default : mask.Allowed;
                var microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
                if (next.Count == 0) next = [Choose(allowed, tokenizer, random)];
                else if (inside) forced += next.Count;
                start = Stopwatch.GetTimestamp();
                foreach (var token in next) mask.Accept(token);
                microseconds += Stopwatch.GetElapsedTime(start).TotalMicroseconds;
                // The token with the opening quote may hold the text's beginning.
                inside |= mask.IsInside;
                if (inside && times.Count == 0 && first == 0) first = microseconds;
                else if (inside) times.AddRange(Enumerable.Repeat(microseconds / next.Count, next.Count));
                tokens.AddRange(next);
            }
        }
        automata.Sort();
        times.Sort();
        return new(Encoding.UTF8.GetByteCount(text), automata[automata.Count / 2], first, calls, times, forced);
    }

    private static int Choose(ReadOnlySpan<ulong> allowed, Tokenizer tokenizer, Random random)
    {
        List<int> choices = [];
        for (var token = 0; token < tokenizer.VocabularySize; token++)
        {
            if ((allowed[token >> 6] >> token & 1) != 0) choices.Add(token);
        }
        return choices[random.Next(choices.Count)];
    }

    private sealed class EditDeclaration(ValueSource old) : AIFunctionDeclaration
    {
        public override string Name => "edit_file";

        public override JsonElement JsonSchema { get; } = JsonElement.Parse("""{"type":"object","properties":{"old":{"type":"string"}},"required":["old"],"additionalProperties":false}""");

        public override IReadOnlyDictionary<string, object?> AdditionalProperties { get; } =
            new Dictionary<string, object?> { [ToolGrounding.PropertyName] = new Dictionary<string, ValueSource> { ["old"] = old } };
    }
}
