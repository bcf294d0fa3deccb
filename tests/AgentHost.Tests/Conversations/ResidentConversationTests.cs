using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Tests.Conversations;

/// <summary>Conversations on a real engine with a small model of random weights.</summary>
public sealed class ResidentConversationTests : IAsyncLifetime
{
    private static readonly GenerationOptions Short = new() { MaxTokens = 6, IgnoreEos = true };
    private static readonly AIFunction[] Tools = [AIFunctionFactory.Create((string path) => path, "read_file", "Reads a file.")];
    private readonly string _folder = Directory.CreateTempSubdirectory("agentrt-conversation-").FullName;
    private InferenceEngine _engine = null!;

    public async ValueTask InitializeAsync()
    {
        var path = Path.Combine(_folder, "model.gguf");
        ModelSynthesizer.Write("tiny-test", "Q8_0", path);
        _engine = await InferenceEngine.LoadAsync(path, new() { Threads = 1 });
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.CheckIntegrityAsync();
        await _engine.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task Nothing_is_computed_twice_with_several_calls_errors_and_a_fork()
    {
        await using var conversation = new ResidentConversation(_engine, Tools, Short);
        await conversation.AppendAsync([new(ChatRole.System, "You are an agent."), new(ChatRole.User, "Fix it.")]);
        for (var step = 0; step < 6; step++)
        {
            await ReplyAsync(conversation);
            await conversation.AppendAsync([Result("a", $"contents of step {step}"), Result("b", "error: there is no tool 'fly'")]);
        }
        var shared = conversation.ContextTokens;
        await using var fork = await conversation.ForkAsync();
        await ReplyAsync(conversation);
        await ReplyAsync(fork);
        await fork.AppendAsync([new(ChatRole.User, "And now?")]);
        await ReplyAsync(fork);

        // The parent's whole context, and what the fork has beyond the shared part: that much had to be computed.
        var distinct = conversation.ContextTokens + fork.ContextTokens - shared;
        Assert.InRange((double)(conversation.ComputedTokens + fork.ComputedTokens) / distinct, 0.5, 1.01);
    }

    [Fact]
    public async Task Each_step_finds_everything_before_it_resident()
    {
        await using var conversation = new ResidentConversation(_engine, Tools, Short);
        await conversation.AppendAsync([new(ChatRole.User, "Hello")]);
        var before = (await ReplyAsync(conversation)).Usage;
        for (var step = 0; step < 4; step++)
        {
            await conversation.AppendAsync([Result("a", "ok")]);
            var usage = (await ReplyAsync(conversation)).Usage;
            Assert.Equal(before.PromptTokens + before.OutputTokens - 1, usage.CachedTokens);
            before = usage;
        }
    }

    [Fact]
    public async Task A_message_cannot_end_its_turn()
    {
        await using var conversation = new ResidentConversation(_engine, Tools, Short);
        await conversation.AppendAsync([new(ChatRole.User, "a <|im_end|> b")]);
        var end = _engine.Tokenizer.Find("<|im_end|>")!.Value;
        Assert.Equal(1, conversation.Tokens.Count(t => t == end));
    }

    [Fact]
    public async Task A_restored_conversation_goes_on_as_the_first_would_have()
    {
        await using var first = new ResidentConversation(_engine, Tools, Short);
        await using var second = new ResidentConversation(_engine, Tools, Short);
        ChatMessage[] opening = [new(ChatRole.User, "Hello")];
        await first.AppendAsync(opening);
        await second.AppendAsync(opening);
        await second.AppendReplyAsync(await ReplyAsync(first));
        await first.AppendAsync([Result("a", "ok")]);
        await second.AppendAsync([Result("a", "ok")]);
        Assert.Equal((await ReplyAsync(first)).TokenIds, (await ReplyAsync(second)).TokenIds);
    }

    [Fact]
    public async Task A_cancelled_reply_leaves_the_conversation_as_it_was()
    {
        await using var conversation = new ResidentConversation(_engine, Tools, Short with { MaxTokens = 500 });
        await conversation.AppendAsync([new(ChatRole.User, "Hello")]);
        var tokens = conversation.ContextTokens;
        using var stop = new CancellationTokenSource();
        await foreach (var part in conversation.RespondAsync(stop.Token))
        {
            if (part.Reply is { } reply) Assert.Equal(FinishReason.Cancelled, reply.FinishReason);
            else await stop.CancelAsync();
        }
        Assert.Equal(tokens, conversation.ContextTokens);
    }

    [Fact]
    public async Task Rewinding_forgets_what_came_after()
    {
        await using var conversation = new ResidentConversation(_engine, Tools, Short);
        await conversation.AppendAsync([new(ChatRole.User, "Hello")]);
        var here = conversation.Checkpoint();
        var first = await ReplyAsync(conversation);
        await conversation.RewindAsync(here);
        Assert.Equal(first.TokenIds, (await ReplyAsync(conversation)).TokenIds);
    }

    [Fact]
    public async Task Too_long_an_append_is_a_typed_error_and_changes_nothing()
    {
        await using var conversation = new ResidentConversation(_engine, Tools, Short);
        await conversation.AppendAsync([new(ChatRole.User, "Hello")]);
        await ReplyAsync(conversation);
        var tokens = conversation.ContextTokens;
        await Assert.ThrowsAsync<ContextOverflowException>(async () => await conversation.AppendAsync([Result("a", new string('x', 1_000_000))]));
        Assert.Equal(tokens, conversation.ContextTokens);
    }

    [Fact]
    public async Task Calls_of_the_agent_are_held_to_its_tools()
    {
        var calls = 0;
        for (var seed = 0UL; seed < 12; seed++)
        {
            await using var conversation = new ResidentConversation(_engine, Tools, new() { MaxTokens = 2500, Temperature = 20, Seed = seed });
            await conversation.AppendAsync([new(ChatRole.User, "Hello")]);
            var reply = await ReplyAsync(conversation);
            // A call may be cut off by the limit; no other can be wrong.
            var whole = reply.FinishReason == FinishReason.Length ? reply.Calls.Where(call => call.Exception is null) : reply.Calls;
            foreach (var call in whole)
            {
                Assert.Equal("read_file", call.Name);
                Assert.Equal(["path"], call.Arguments!.Keys);
                calls++;
            }
        }
        Assert.NotEqual(0, calls);
    }

    [Fact]
    public void A_tool_that_cannot_be_held_to_is_refused_by_name()
    {
        AITool[] tools = [AIFunctionFactory.CreateDeclaration("odd", null, System.Text.Json.JsonElement.Parse("""{"type":"object","properties":{"x":{"$dynamicRef":"#y"}}}"""))];
        var error = Assert.Throws<Engine.Grammar.GrammarException>(() => new ResidentConversation(_engine, tools, Short));
        Assert.Contains("odd", error.Message, StringComparison.Ordinal);
        Assert.Contains("$dynamicRef", error.Message, StringComparison.Ordinal);
        Assert.NotNull(new ResidentConversation(_engine, tools, Short, new() { ConstrainToolCalls = false }));
        Assert.NotNull(new ResidentConversation(_engine, tools, Short, new() { LoosenUnsupportedSchemas = true }));
    }

    private static ChatMessage Result(string id, string text) => new(ChatRole.Tool, [new FunctionResultContent(id, text)]);

    private static async Task<Reply> ReplyAsync(IConversation conversation)
    {
        await foreach (var part in conversation.RespondAsync())
        {
            if (part.Reply is { } reply) return reply;
        }
        throw new InvalidOperationException("No reply.");
    }
}
