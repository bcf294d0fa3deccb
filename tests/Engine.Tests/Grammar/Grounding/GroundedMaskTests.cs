using System.ComponentModel;
using System.Text.Json;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Grammar.Grounding;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Tests.Chat.ToolCalls;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Grammar.Grounding;

public sealed class GroundedMaskTests
{
    private const string Code = "class Shop\n{\n\tint Total(int a, int b) => a - b;\n\tint Count(int a) => a;\n\tstring Name => \"<ü 𝄞>\\\\\";\n}\n";

    public static TheoryData<string, bool> Families => [.. ToolCallFormats.All.SelectMany(format => new[] { (format.Name, false), (format.Name, true) })];

    [Theory]
    [MemberData(nameof(Families))]
    public void Random_replies_name_what_exists(string family, bool marks)
    {
        var repository = new FakeRepository();
        var format = ToolCallFormats.Find(family)!;
        var (grammar, tokenizer) = Compile(repository, format, marks, ChatToolMode.RequireAny);
        var edits = 0;
        for (var seed = 0; seed < 10; seed++)
        {
            var mask = grammar.CreateMask(thinkingBudget: 8);
            var reply = Write(mask, tokenizer, new Random(seed));
            Assert.Null(mask.DeadEnd);
            var calls = CallChecks.ValidCalls(format, repository.Tools, reply);
            Assert.NotEmpty(calls);
            edits += repository.Check(calls, reply);
        }
        Assert.NotEqual(0, edits);
    }

    [Theory]
    [InlineData("hermes", false)]
    [InlineData("qwen3-coder", false)]
    [InlineData("glm", true)]
    [InlineData("mistral", true)]
    public void A_mask_allows_exactly_the_tokens_whose_bytes_fit(string family, bool marks)
    {
        var format = ToolCallFormats.Find(family)!;
        var (grammar, tokenizer) = Compile(new(), format, marks, ChatToolMode.Auto);
        var mask = (GroundedMask)grammar.CreateMask();
        var edit = Call("edit_file", ("path", "src/shop.cs"), ("old", "\tint Total(int a, int b) => a - b;\n"), ("new", "\"\\\n"));
        var two = format.Write([edit, Call("checkout", ("branch", "main"))]);
        foreach (var next in tokenizer.Encode("Now. " + two, parseSpecial: true))
        {
            var allowed = mask.Allowed.ToArray();
            for (var token = 0; token < tokenizer.VocabularySize; token++)
                Assert.True(((allowed[token >> 6] >> token & 1) != 0) == mask.MayFollow(token), $"token {token} '{tokenizer.Decode([token], true)}' before '{tokenizer.Decode([next], true)}'");
            mask.Accept(next);
        }
        Assert.True(mask.MayFollow(tokenizer.EndTokens.First()));
    }

    [Theory]
    [InlineData("src/shop.cs", "a - b", true)]
    [InlineData("src/shop.cs", "\"<ü 𝄞>\\\\", true)]
    [InlineData("src/shop.cs", "int a", false)]
    [InlineData("src/shop.cs", "a + b", false)]
    [InlineData("src/shop.cs", "", false)]
    [InlineData("src/shop", "a - b", false)]
    [InlineData("README.md", "a - b", false)]
    [InlineData("README.md", "Shop", true)]
    public void Only_text_that_stands_once_in_the_file_can_be_replaced(string path, string old, bool fits)
    {
        foreach (var family in new[] { "hermes", "qwen3-coder", "glm", "llama3" })
            Assert.True(fits == Fits(new(), family, Call("edit_file", ("path", path), ("old", old), ("new", "x"))), family);
    }

    [Fact]
    public void What_others_depend_on_comes_first()
    {
        foreach (var family in new[] { "hermes", "qwen3-coder" })
        {
            Assert.False(Fits(new(), family, Call("edit_file", ("old", "a - b"), ("path", "src/shop.cs"), ("new", "x"))));
            Assert.True(Fits(new(), family, Call("edit_file", ("new", "x"), ("path", "src/shop.cs"), ("old", "a - b"))));
        }
    }

    [Fact]
    public void A_second_edit_sees_the_first()
    {
        var first = Call("edit_file", ("path", "src/shop.cs"), ("old", "a - b"), ("new", "a + b"));
        var second = Call("edit_file", ("path", "src/shop.cs"), ("old", "a + b"), ("new", "b"));
        Assert.True(Fits(new(), "hermes", first, second));
        Assert.False(Fits(new(), "hermes", second, first));
        Assert.False(Fits(new(), "hermes", first, first));
    }

    [Fact]
    public void Values_known_only_at_run_time_are_asked_for_each_call()
    {
        var repository = new FakeRepository();
        var (grammar, tokenizer) = Compile(repository, ToolCallFormats.Find("hermes")!, false, ChatToolMode.Auto);
        Assert.False(Fits(grammar, tokenizer, "hermes", Call("read_file", ("path", "new.txt"))));
        repository.Files["new.txt"] = "x";
        Assert.True(Fits(grammar, tokenizer, "hermes", Call("read_file", ("path", "new.txt"))));
        Assert.True(Fits(grammar, tokenizer, "hermes", Call("checkout", ("branch", "main"))));
        Assert.False(Fits(grammar, tokenizer, "hermes", Call("checkout", ("branch", "mainline"))));
    }

    [Fact]
    public void A_tool_can_be_left_out()
    {
        var repository = new FakeRepository();
        var grounding = ToolGrounding.Of(repository.Tools, new HashSet<string> { "read_file" });
        var grammar = ToolCallGrammar.Compile(ToolCallFormats.Find("hermes")!, repository.Tools, GrammarFixture.Tokenizer, new() { Grounding = grounding });
        Assert.True(Fits(grammar, GrammarFixture.Tokenizer, "hermes", Call("read_file", ("path", "anything"))));
        Assert.False(Fits(grammar, GrammarFixture.Tokenizer, "hermes", Call("checkout", ("branch", "anything"))));
    }

    [Fact]
    public void Where_nothing_exists_the_reply_ends_with_the_reason()
    {
        var repository = new FakeRepository();
        repository.Files.Clear();
        var (grammar, tokenizer) = Compile(repository, ToolCallFormats.Find("hermes")!, false, ChatToolMode.Auto);
        var mask = grammar.CreateMask();
        foreach (var token in tokenizer.Encode("<tool_call>\n{\"name\": \"read_file\", \"arguments\": {\"path\":", parseSpecial: true)) mask.Accept(token);
        while (mask.DeadEnd is null)
        {
            var allowed = Enumerable.Range(0, tokenizer.VocabularySize).Where(token => IsAllowed(mask, token)).ToList();
            Assert.NotEmpty(allowed);
            if (mask.DeadEnd is null) mask.Accept(allowed[0]);
            else Assert.All(allowed, token => Assert.Contains(token, tokenizer.EndTokens));
        }
        Assert.Equal("there is no file", mask.DeadEnd);
        mask.Accept(tokenizer.EndTokens.First());
    }

    [Fact]
    public void A_source_that_fails_tells_the_model_why()
    {
        var tool = Declare("look", ["where"], ("where", new ValueSource(_ => throw new InvalidOperationException("the index is locked."))));
        var grammar = ToolCallGrammar.Compile(ToolCallFormats.Find("hermes")!, [tool], GrammarFixture.Tokenizer, new() { Grounding = ToolGrounding.Of([tool]) });
        var mask = grammar.CreateMask();
        foreach (var token in GrammarFixture.Tokenizer.Encode("<tool_call>\n{\"name\": \"look\", \"arguments\": {\"where\": ", parseSpecial: true)) mask.Accept(token);
        Assert.False(mask.Allowed.IsEmpty);
        Assert.Equal("the index is locked", mask.DeadEnd);
    }

    [Fact]
    public void What_has_one_continuation_is_forced()
    {
        var repository = new FakeRepository { Files = { ["twice"] = "alpha beta gamma 1\nalpha beta gamma 2\n" } };
        var (grammar, tokenizer) = Compile(repository, ToolCallFormats.Find("hermes")!, false, ChatToolMode.Auto);
        var mask = grammar.CreateMask();
        var written = tokenizer.Encode("<tool_call>\n{\"name\": \"edit_file\", \"arguments\": {\"path\": \"twice\", \"old\": \"al", parseSpecial: true);
        foreach (var token in written) mask.Accept(token);
        var forced = mask.Forced(written);
        var text = tokenizer.Decode(forced, special: false);
        Assert.StartsWith("pha beta", text, StringComparison.Ordinal);
        Assert.StartsWith(text, "pha beta gamma ", StringComparison.Ordinal);
        foreach (var token in forced)
        {
            Assert.True(IsAllowed(mask, token));
            mask.Accept(token);
        }
    }

    [Fact]
    public void Declarations_that_cannot_hold_are_refused()
    {
        Assert.Contains("no parameter that takes a text", Assert.Throws<GrammarException>(() => ToolGrounding.Of([Declare("f", ["a"], ("b", Nothing()))])).Message, StringComparison.Ordinal);
        Assert.Contains("depends on 'c'", Assert.Throws<GrammarException>(() => ToolGrounding.Of([Declare("f", ["a"], ("a", Nothing("c")))])).Message, StringComparison.Ordinal);
        Assert.Contains("takes a text", Assert.Throws<GrammarException>(() => ToolGrounding.Of([AIFunctionFactory.Create(([GroundedIn(typeof(FakeRepository), nameof(FakeRepository.Branches))] int number) => number, "f")])).Message, StringComparison.Ordinal);
        Assert.Contains("must be one static method", Assert.Throws<GrammarException>(() => ToolGrounding.Of([AIFunctionFactory.Create(([GroundedIn(typeof(FakeRepository), "Gone")] string a) => a, "f")])).Message, StringComparison.Ordinal);
        Assert.Null(ToolGrounding.Of([AIFunctionFactory.Create((string a) => a, "f")]));
        static ValueSource Nothing(params string[] needs) => new(_ => null, needs);
    }

    internal static AIFunction Declare(string name, string[] parameters, params (string Parameter, ValueSource Source)[] sources) => new DeclaredFunction(name, parameters, sources.ToDictionary(source => source.Parameter, source => source.Source));

    private static (ToolCallGrammar Grammar, Tokenizer Tokenizer) Compile(FakeRepository repository, IToolCallFormat format, bool marks, ChatToolMode mode)
    {
        var tokenizer = marks ? MarkedVocabulary.Tokenizer : GrammarFixture.Tokenizer;
        return (ToolCallGrammar.Compile(format, repository.Tools, tokenizer, new() { Mode = mode, Grounding = ToolGrounding.Of(repository.Tools) }), tokenizer);
    }

    private static bool Fits(FakeRepository repository, string family, params FunctionCallContent[] calls)
    {
        var (grammar, tokenizer) = Compile(repository, ToolCallFormats.Find(family)!, false, ChatToolMode.Auto);
        return Fits(grammar, tokenizer, family, calls);
    }

    private static bool Fits(ToolCallGrammar grammar, Tokenizer tokenizer, string family, params FunctionCallContent[] calls)
    {
        var mask = (GroundedMask)grammar.CreateMask();
        foreach (var token in tokenizer.Encode(ToolCallFormats.Find(family)!.Write(calls), parseSpecial: true))
        {
            if (!IsAllowed(mask, token) || mask.DeadEnd is not null) return false;
            mask.Accept(token);
        }
        return mask.MayFollow(tokenizer.EndTokens.First());
    }

    private static bool IsAllowed(ITokenMask mask, int token) => (mask.Allowed[token >> 6] >> token & 1) != 0;

    /// <summary>Writes random allowed tokens up to the end, the ends of values more often than they would come.</summary>
    private static string Write(ITokenMask mask, Tokenizer tokenizer, Random random)
    {
        List<int> tokens = [];
        int[][] closings = [.. new[] { "\"", "}", "\n</parameter>\n", "</arg_value>\n" }.Select(text => tokenizer.Encode(text, parseSpecial: true))];
        var script = new Queue<int>();
        while (tokens.Count < 3000)
        {
            var allowed = mask.Allowed.ToArray();
            var choices = Enumerable.Range(0, tokenizer.VocabularySize).Where(token => (allowed[token >> 6] >> token & 1) != 0).ToList();
            Assert.NotEmpty(choices);
            var end = choices.FindIndex(tokenizer.EndTokens.Contains);
            var next = choices[random.Next(choices.Count)];
            if (end >= 0 && random.Next(2) == 0) next = choices[end];
            else if (script.TryDequeue(out var scripted) && choices.Contains(scripted)) next = scripted;
            else if (random.Next(4) == 0) script = new(closings[random.Next(closings.Length)]);
            if (tokenizer.EndTokens.Contains(next)) return tokenizer.Decode(tokens, special: true);
            mask.Accept(next);
            tokens.Add(next);
        }
        Assert.Fail($"No end in sight: {tokenizer.Decode(tokens, special: true)}");
        return "";
    }

    private static FunctionCallContent Call(string name, params (string Name, string Value)[] arguments) =>
        new("", name, arguments.ToDictionary(argument => argument.Name, argument => (object?)JsonSerializer.SerializeToElement(argument.Value)));

    /// <summary>Files in memory and the tools of a repository over them.</summary>
    private sealed class FakeRepository
    {
        public FakeRepository() => Tools =
        [
            Declare("edit_file", ["path", "old", "new"], ("path", Paths), ("old", new(call => ValueDomain.PartOf(TextOf(call)), "path"))),
            Declare("read_file", ["path"], ("path", Paths)),
            AIFunctionFactory.Create(([GroundedIn(typeof(FakeRepository), nameof(Branches)), Description("Where to.")] string branch, bool force = false) => branch, "checkout"),
            Declare("say", ["text"]),
        ];

        public Dictionary<string, string> Files { get; init; } = new() { ["src/shop.cs"] = Code, ["src/ü.txt"] = "aab", ["README.md"] = "# Shop\n\nA shop.\n" };

        public AIFunction[] Tools { get; }

        public static string[] Branches() => ["main", "fix/total", "fix/ümlaut \"quoted\""];

        /// <summary>Checks calls as if they ran one after the other; gives the number of edits.</summary>
        public int Check(IEnumerable<FunctionCallContent> calls, string reply)
        {
            var files = new Dictionary<string, string>(Files);
            var edits = 0;
            foreach (var call in calls)
            {
                if (call.Name == "checkout") Assert.Contains(Text(call, "branch"), Branches());
                if (call.Name is not ("edit_file" or "read_file")) continue;
                Assert.True(files.TryGetValue(Text(call, "path"), out var text), reply);
                if (call.Name == "read_file") continue;
                var old = Text(call, "old");
                Assert.True(old.Length > 0 && text.IndexOf(old, StringComparison.Ordinal) is >= 0 and var at && text.IndexOf(old, at + 1, StringComparison.Ordinal) < 0, reply);
                files[Text(call, "path")] = text.Replace(old, Text(call, "new"), StringComparison.Ordinal);
                edits++;
            }
            return edits;
        }

        private ValueSource Paths => new(_ => ValueDomain.OneOf(Files.Keys, "there is no file"));

        private static string Text(FunctionCallContent call, string name) => ((JsonElement)call.Arguments![name]!).GetString()!;

        private string TextOf(CallInProgress call)
        {
            var text = Files[call.Arguments["path"]];
            foreach (var edit in call.Earlier.Where(earlier => earlier.Tool == "edit_file" && earlier.Arguments["path"] == call.Arguments["path"]))
                text = text.Replace(edit.Arguments["old"], edit.Arguments["new"], StringComparison.Ordinal);
            return text;
        }
    }

    private sealed class DeclaredFunction(string name, string[] parameters, IReadOnlyDictionary<string, ValueSource> sources) : AIFunction
    {
        public override string Name => name;

        public override JsonElement JsonSchema { get; } = JsonSerializer.SerializeToElement(new
        {
            type = "object",
            properties = parameters.ToDictionary(parameter => parameter, _ => new { type = "string" }),
            required = parameters,
        });

        public override IReadOnlyDictionary<string, object?> AdditionalProperties => new Dictionary<string, object?> { [ToolGrounding.PropertyName] = sources };

        protected override ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken) => new((object?)null);
    }
}
