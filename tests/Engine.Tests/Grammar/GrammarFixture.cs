using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Tests.Grammar;

/// <summary>What the tests of grammars share.</summary>
internal static class GrammarFixture
{
    private static readonly Lazy<Tokenizer> Tiny = new(() => Open(Path.Combine(TestFiles.Root, "models", "tiny-coder", "tiny-coder.gguf")));

    /// <summary>The bundled model's tokenizer, on every machine.</summary>
    public static Tokenizer Tokenizer => Tiny.Value;

    public static Tokenizer Open(string path)
    {
        using var file = ModelLoader.Open(path);
        return TokenizerFactory.Create(file.Vocabulary!);
    }

    /// <summary>Whether a text can be written token by token and may end there; also checks every mask against the bytes.</summary>
    public static bool Accepts(Constraint constraint, string text)
    {
        var grammar = TokenGrammar.Compile(constraint, Tokenizer);
        var mask = (GrammarMask)grammar.CreateMask();
        foreach (var token in Tokenizer.Encode(text, parseSpecial: false))
        {
            if ((mask.Allowed[token >> 6] >> token & 1) == 0)
            {
                Assert.Throws<GrammarException>(() => mask.Accept(token));
                return false;
            }
            mask.Accept(token);
        }
        var end = Tokenizer.EndTokens.First();
        Assert.Equal(mask.MayEnd, (mask.Allowed[end >> 6] >> end & 1) != 0);
        return mask.MayEnd;
    }

    public static bool AcceptsJson(string schema, string text) => Accepts(Constraint.JsonSchema(schema), text);

    /// <summary>Writes random allowed tokens until the text may end and an end token is drawn.</summary>
    public static string? Generate(Constraint constraint, int seed, int maxTokens = 400)
    {
        var mask = TokenGrammar.Compile(constraint, Tokenizer).CreateMask();
        var random = new Random(seed);
        List<int> tokens = [];
        while (tokens.Count < maxTokens)
        {
            var allowed = mask.Allowed;
            List<int> choices = [];
            for (var token = 0; token < Tokenizer.VocabularySize; token++)
            {
                if ((allowed[token >> 6] >> token & 1) != 0) choices.Add(token);
            }
            Assert.NotEmpty(choices);
            // A text that may end ends, and half of the time closing marks are preferred, so that most texts do end.
            if (choices.Exists(Tokenizer.EndTokens.Contains)) return Tokenizer.Decode(tokens, special: false);
            var next = choices[random.Next(choices.Count)];
            if (random.Next(2) == 0) next = choices.Find(token => Tokenizer.Bytes(token, false).Span is [(byte)'"'] or [(byte)'}'] or [(byte)']']) is > 0 and var close ? close : next;
            mask.Accept(next);
            tokens.Add(next);
        }
        return null;
    }
}
