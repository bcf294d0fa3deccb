using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Tests;

/// <summary>The engine's chat client beneath the function-calling loop of Microsoft.Extensions.AI.</summary>
public sealed class EngineChatClientTests
{
    [Fact]
    public async Task The_function_calling_loop_sends_only_what_is_new()
    {
        var folder = Directory.CreateTempSubdirectory("agentrt-chat-");
        try
        {
            var path = Path.Combine(folder.FullName, "model.gguf");
            ModelSynthesizer.Write("tiny-test", "Q8_0", path);
            await using var engine = await InferenceEngine.LoadAsync(path, new() { Threads = 1 });
            Queue<string> replies = new(["<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"town\": \"Ulm\"}}\n</tool_call>", "Rain.", "Yes."]);
            List<string> towns = [];
            var options = new ChatOptions
            {
                Instructions = "You know the weather.",
                Tools = [AIFunctionFactory.Create((string town) => { towns.Add(town); return "rain"; }, "weather", "The weather.")],
                RawRepresentationFactory = _ => new GenerationOptions { TokenMask = new Script(engine, replies.Dequeue()) },
            };
            using var client = new FunctionInvokingChatClient(new EngineChatClient(engine));
            List<ChatMessage> history = [new(ChatRole.User, "Weather in Ulm?")];

            var first = await client.GetResponseAsync(history, options);
            Assert.Equal(("Rain.", "Ulm"), (first.Text, towns.Single()));
            // Two requests; the second found all of the first but its last token.
            Assert.Equal(first.Usage!.InputTokenCount + first.Usage.OutputTokenCount - Total(first) - 1, first.Usage.CachedInputTokenCount);

            // The loop went on by id; a caller who sends the whole history afterwards pays no more.
            history.AddMessages(first);
            history.Add(new(ChatRole.User, "Sure?"));
            var second = await client.GetResponseAsync(history, options);
            Assert.Equal("Yes.", second.Text);
            Assert.Equal(Total(first) - 1, second.Usage!.CachedInputTokenCount);
            Assert.Null(second.AdditionalProperties);
            await engine.CheckIntegrityAsync();
        }
        finally
        {
            folder.Delete(true);
        }

        // Usage adds the requests of a loop up, so the length of the context is what was computed, and the last token.
        static long Total(ChatResponse response) => response.Usage!.AdditionalCounts![EngineChatProperties.ComputedTokens] + 1;
    }

    private sealed class Script(InferenceEngine engine, string reply) : ITokenMask
    {
        private readonly int[] _tokens = [.. engine.Tokenizer.Encode(reply, parseSpecial: true), engine.Tokenizer.Find("<|im_end|>")!.Value];
        private readonly ulong[] _allowed = new ulong[engine.Model.VocabularySize / 64 + 1];
        private int _next;

        public ReadOnlySpan<ulong> Allowed
        {
            get
            {
                Array.Clear(_allowed);
                _allowed[_tokens[_next] / 64] = 1UL << (_tokens[_next] % 64);
                return _allowed;
            }
        }

        public void Accept(int token) => _next++;
    }
}
