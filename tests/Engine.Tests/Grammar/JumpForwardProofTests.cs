using System.Globalization;
using System.Text;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Chat.ToolCalls;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Grammar;

/// <summary>Tool calls of the bundled model, greedily, with jump-forward and without. AGENTRT_JUMPS=500 for the full count.</summary>
public sealed class JumpForwardProofTests
{
    private static readonly string[] Nouns = "Price Tax Item Count Order Stock Unit Rate Score Level Page Line Word User Group Table Cell Row Node Edge".Split(' ');
    private static readonly string[] Prefixes = "Max Min Default Base First Last".Split(' ');

    /// <summary>The tools that tiny-coder knows.</summary>
    private static readonly AIFunctionDeclaration[] Tools =
    [
        Tool("edit_file", "path", "old", "new"), Tool("git_diff", "path"), Tool("list_files", "path"), Tool("read_file", "path"),
        Tool("run_command", "command"), Tool("search", "pattern"), Tool("write_file", "path", "content"),
    ];

    [Fact]
    public async Task Calls_are_the_same_with_and_without_and_much_of_them_is_not_decoded()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("AGENTRT_JUMPS"), NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) ? wanted : 24;
        await using var engine = await InferenceEngine.LoadAsync(Path.Combine(TestFiles.Root, "models", "tiny-coder", "tiny-coder.gguf"), new() { Threads = 1 });
        var grammar = ToolCallGrammar.Compile(ToolCallFormats.Find("hermes")!, Tools, engine.Tokenizer, new() { Mode = ChatToolMode.RequireAny });
        var random = new Random(5);
        List<string> different = [];
        var (tokens, forced, with, without) = (0, 0, TimeSpan.Zero, TimeSpan.Zero);
        for (var i = 0; i < count; i++)
        {
            var prompt = Prompt(random, i);
            var (plain, plainUsage) = await Generate(engine, grammar, prompt, jump: false);
            var (jumped, usage) = await Generate(engine, grammar, prompt, jump: true);
            tokens += usage.OutputTokens;
            forced += usage.ForcedTokens;
            with += usage.DecodeTime;
            without += plainUsage.DecodeTime;
            if (plain != jumped) different.Add($"{plain}\n{jumped}");
        }
        var report = string.Create(CultureInfo.InvariantCulture,
            $"{count} calls, {different.Count} different; {(double)tokens / count:0.0} tokens a call, {(double)forced / tokens:P1} of them forced; decoding {without.TotalMilliseconds / count:0.0} ms a call without, {with.TotalMilliseconds / count:0.0} ms with");
        TestContext.Current.SendDiagnosticMessage(report);
        if (Environment.GetEnvironmentVariable("AGENTRT_REPORT") is { } file) await File.WriteAllTextAsync(file, report + "\n" + string.Join("\n\n", different), TestContext.Current.CancellationToken);
        Assert.True(different.Count * 100 <= count, $"{report}\n{string.Join("\n\n", different)}");
        Assert.True(forced * 10 >= tokens * 3, report);
    }

    private static async Task<(string Text, Usage Usage)> Generate(InferenceEngine engine, ToolCallGrammar grammar, int[] prompt, bool jump)
    {
        using var session = engine.CreateSession();
        session.Append(prompt);
        var text = new StringBuilder();
        var options = new GenerationOptions { TokenMask = grammar.CreateMask(), JumpForward = jump, MaxTokens = 200 };
        await foreach (var e in session.GenerateAsync(options))
        {
            text.Append(e.Text);
            if (e.Usage is { } usage) return (text.ToString(), usage);
        }
        throw new InvalidOperationException("The generation did not end.");
    }

    /// <summary>A conversation of the kind that the model knows, up to the opening of a call.</summary>
    private static int[] Prompt(Random random, int index)
    {
        string Name() => Prefixes[random.Next(Prefixes.Length)] + Nouns[random.Next(Nouns.Length)] + Nouns[random.Next(Nouns.Length)];
        var (old, name, file, folder) = (Name(), Name(), Name(), Nouns[random.Next(Nouns.Length)].ToLowerInvariant());
        var text = new StringBuilder("<|im_start|>system\nYou are a coding agent. You work in a repository with tools, one step at a time. Find the cause before you edit, change as little as needed, and run the tests after each change. When the task is done, answer in one sentence without a tool call.\n"
            + "Tools: edit_file(path, old, new) git_diff(path) list_files(path) read_file(path, start, end) run_command(command, timeout_seconds) search(pattern, path) write_file(path, content)<|im_end|>\n"
            + $"<|im_start|>user\nRename {old} to {name} everywhere.<|im_end|>\n<|im_start|>assistant\nSearch for {old}.\n");
        if (index % 3 > 0)
        {
            var found = $"{folder}/{file}.cs:3: public static int {old}(int rain, int cell) => rain + cell;";
            text.Append($"<tool_call>\n{{\"name\": \"search\", \"arguments\": {{\"pattern\": \"{old}\"}}}}\n</tool_call><|im_end|>\n<|im_start|>tool\n{found}<|im_end|>\n<|im_start|>assistant\nRename the first.\n");
        }
        if (index % 3 > 1)
        {
            text.Append($"<tool_call>\n{{\"name\": \"edit_file\", \"arguments\": {{\"path\": \"{folder}/{file}.cs\", \"old\": \"{old}(int rain,\", \"new\": \"{name}(int rain,\"}}}}\n</tool_call><|im_end|>\n"
                + $"<|im_start|>tool\nedited {folder}/{file}.cs:3<|im_end|>\n<|im_start|>assistant\nSearch for the next.\n");
        }
        return GrammarFixture.Tokenizer.Encode(text.ToString(), parseSpecial: true);
    }

    private static AIFunctionDeclaration Tool(string name, params string[] parameters)
    {
        var properties = string.Join(',', parameters.Select(p => $"\"{p}\":{{\"type\":\"string\"}}"));
        var required = string.Join(',', parameters.Select(p => $"\"{p}\""));
        return ToolSets.Tool(name, $$$"""{"type":"object","properties":{{{{properties}}}},"required":[{{{required}}}]}""");
    }
}
