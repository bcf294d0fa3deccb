using System.Globalization;
using System.Text.Json;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Grammar.Grounding;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Tests.Conversations;

/// <summary>Edits of a model of random weights in this repository's own sources. AGENTRT_GROUNDING=500 for the full count, AGENTRT_REPORT for a file with the figures.</summary>
public sealed class GroundingTests : IAsyncLifetime
{
    /// <summary>Edits that are also made without grounding.</summary>
    private const int Compared = 50;

    private readonly AgentFixture _fixture = new();
    private InferenceEngine _engine = null!;

    public async ValueTask InitializeAsync()
    {
        var path = Path.Combine(_fixture.Folder, "model.gguf");
        ModelSynthesizer.Write("tiny-test", "Q8_0", path);
        _engine = await InferenceEngine.LoadAsync(path, new() { Threads = 1 });
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _fixture.Dispose();
    }

    [Fact]
    public async Task Every_edit_of_random_weights_names_a_file_and_a_text_that_stands_once_in_it()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("AGENTRT_GROUNDING"), NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) ? wanted : 16;
        var files = CopySources();
        var tools = _fixture.Dispatcher.Tools;
        // Those that write JSON: random weights never end a text that only a closing tag ends.
        string[] families = ["hermes", "llama3", "mistral", "deepseek"];
        var (tokens, forced, longer, misses) = (0, 0, 0, 0);
        var decode = TimeSpan.Zero;
        for (var done = 0; done < count;)
        {
            var format = ToolCallFormats.Find(families[done % families.Length])!;
            var grammar = Compile(format, tools);
            var (calls, usage, reason) = await GenerateAsync(format, grammar, seed: (ulong)(done + 1000 * longer));
            tokens += usage.OutputTokens;
            forced += usage.ForcedTokens;
            decode += usage.DecodeTime;
            if (reason == FinishReason.Length)
            {
                longer++;
                continue;
            }
            var call = Assert.Single(calls);
            Assert.Null(call.Exception);
            var (path, old) = (Text(call, "path"), Text(call, "old"));
            var text = (await File.ReadAllTextAsync(Path.Combine(_fixture.Repository, path), TestContext.Current.CancellationToken)).Replace("\r\n", "\n", StringComparison.Ordinal);
            var at = text.IndexOf(old, StringComparison.Ordinal);
            Assert.True(at >= 0 && text.IndexOf(old, at + 1, StringComparison.Ordinal) < 0, $"{path}: {old}");
            // The tool itself agrees; the only thing left to say is that nothing would change.
            var result = await _fixture.Dispatcher.InvokeAsync(call, cancellationToken: TestContext.Current.CancellationToken);
            Assert.True(result.Text.StartsWith("edited ", StringComparison.Ordinal) || result.Text.Contains("nothing to change", StringComparison.Ordinal), result.Text);
            if (done < Compared && await MissesWithoutAsync(format, tools, seed: (ulong)done)) misses++;
            done++;
        }
        Assert.True(longer * 10 <= count, $"{longer} replies were too long");
        var report = string.Create(CultureInfo.InvariantCulture,
            $"{count} edits in {files} files: every path exists and every old text stands once in it; {(double)tokens / count:0.0} tokens an edit, {(double)forced / tokens:P1} forced, {decode.TotalMicroseconds / tokens:0.0} µs a token with the model; {longer} replies too long; without grounding {misses} of {Math.Min(count, Compared)} miss");
        TestContext.Current.SendDiagnosticMessage(report);
        if (Environment.GetEnvironmentVariable("AGENTRT_REPORT") is { } file) await File.WriteAllTextAsync(file, report + "\n", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task In_an_empty_repository_the_model_is_told_that_there_is_no_file()
    {
        var tools = _fixture.Dispatcher.Tools;
        await using var conversation = new ResidentConversation(_engine, tools, new() { MaxTokens = 200 });
        await conversation.AppendAsync([new(ChatRole.User, "Fix it.")]);
        conversation.Generation = new() { MaxTokens = 200, TokenMask = Compile(ToolCallFormats.Find("hermes")!, tools).CreateMask() };
        var reply = await ReplyAsync(conversation);
        var call = Assert.Single(reply.Calls);
        Assert.Equal("edit_file", call.Name);
        var result = await _fixture.Dispatcher.InvokeAsync(call, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("error: the repository has no file yet; write_file creates one", result.Text);
        // The conversation goes on after it.
        await conversation.AppendAsync([new(ChatRole.Tool, [new FunctionResultContent(call.CallId, result.Text)])]);
        conversation.Generation = new() { MaxTokens = 3 };
        await ReplyAsync(conversation);
    }

    [Fact]
    public async Task A_call_that_is_cut_off_is_not_guessed_at()
    {
        _fixture.Write("a.txt", "one two three\n");
        var tools = _fixture.Dispatcher.Tools;
        await using var conversation = new ResidentConversation(_engine, tools);
        await conversation.AppendAsync([new(ChatRole.User, "Fix it.")]);
        conversation.Generation = new() { MaxTokens = 25, JumpForward = false, TokenMask = Compile(ToolCallFormats.Find("hermes")!, tools).CreateMask() };
        var reply = await ReplyAsync(conversation);
        Assert.Equal(FinishReason.Length, reply.FinishReason);
        Assert.Contains("cut off", Assert.Single(reply.Calls).Exception!.Message, StringComparison.Ordinal);
    }

    private static ToolCallGrammar Compile(IToolCallFormat format, IReadOnlyList<AIFunction> tools, InferenceEngine engine, bool ground = true) =>
        ToolCallGrammar.Compile(format, tools, engine.Tokenizer, new() { Mode = ChatToolMode.RequireSpecific("edit_file"), AllowMultipleCalls = false, Grounding = ground ? ToolGrounding.Of(tools) : null });

    private ToolCallGrammar Compile(IToolCallFormat format, IReadOnlyList<AIFunction> tools) => Compile(format, tools, _engine);

    private async Task<bool> MissesWithoutAsync(IToolCallFormat format, IReadOnlyList<AIFunction> tools, ulong seed)
    {
        var (calls, _, _) = await GenerateAsync(format, Compile(format, tools, _engine, ground: false), seed);
        return (await _fixture.Dispatcher.InvokeAsync(calls[0], cancellationToken: TestContext.Current.CancellationToken)).IsError;
    }

    private async Task<(List<FunctionCallContent> Calls, Usage Usage, FinishReason Reason)> GenerateAsync(IToolCallFormat format, ToolCallGrammar grammar, ulong seed)
    {
        using var session = _engine.CreateSession();
        session.Append(_engine.Tokenizer.Encode("Edit a file.", parseSpecial: false));
        var generation = new GenerationOptions { MaxTokens = 3500, Temperature = 1.5f, Seed = seed, TokenMask = grammar.CreateMask() };
        var parser = format.CreateParser(new() { Schemas = new(_fixture.Dispatcher.Tools) });
        List<ReplyPart> parts = [];
        await foreach (var e in session.GenerateAsync(generation, TestContext.Current.CancellationToken))
        {
            parts.AddRange(parser.Push(e.Text));
            if (e is not { Usage: { } usage, FinishReason: { } reason }) continue;
            parts.AddRange(parser.Finish(generation.CutOff(reason)));
            return ([.. parts.Select(part => part.Call).OfType<FunctionCallContent>()], usage, reason);
        }
        throw new InvalidOperationException("The generation did not end.");
    }

    private int CopySources()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "AgentRuntime.sln"))) root = Path.GetDirectoryName(root)!;
        var files = 0;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "src", "Engine"), "*.cs", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(root, file);
            if (relative.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)) continue;
            _fixture.Write(relative, File.ReadAllText(file));
            files++;
        }
        return files;
    }

    private static string Text(FunctionCallContent call, string name) => ((JsonElement)call.Arguments![name]!).GetString()!;

    private static async Task<Reply> ReplyAsync(ResidentConversation conversation)
    {
        await foreach (var part in conversation.RespondAsync())
        {
            if (part.Reply is { } reply) return reply;
        }
        throw new InvalidOperationException("No reply.");
    }
}
