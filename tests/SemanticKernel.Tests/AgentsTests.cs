using AgentRuntime.Engine.Chat;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using static AgentRuntime.SemanticKernel.Tests.ScriptedModel;

namespace AgentRuntime.SemanticKernel.Tests;

/// <summary>Microsoft.Agents.AI over the engine's client.</summary>
public sealed class AgentsTests : IAsyncLifetime
{
    private ScriptedModel _model = null!;
    private ChatClientAgent _agent = null!;

    public async ValueTask InitializeAsync()
    {
        _model = await LoadAsync();
        _agent = new(new EngineChatClient(_model.Engine), "You know the weather.", "weather", tools: [AIFunctionFactory.Create((string town) => "rain in " + town, "Weather")]);
    }

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_of_an_agent_computes_each_token_once(bool streaming)
    {
        var session = await _agent.CreateSessionAsync();
        var (computed, context) = (0L, 0L);
        for (var turn = 0; turn < 4; turn++)
        {
            _model.Wants(Call("Weather", $$"""{"town": "Ulm{{turn}}"}"""), $"Rain {turn}.");
            var response = streaming
                ? await _agent.RunStreamingAsync($"Weather in Ulm{turn}?", session).ToAgentResponseAsync()
                : await _agent.RunAsync($"Weather in Ulm{turn}?", session);
            Assert.Equal($"Rain {turn}.", response.Messages[^1].Text);
            computed += response.Usage!.AdditionalCounts![EngineChatProperties.ComputedTokens];
            // What was computed is the context, less its last token; each of the two requests found all that was there but its last token.
            var before = context;
            context = computed + 1;
            Assert.Equal(context - Math.Max(0, before - 1) + 1, response.Usage.InputTokenCount + response.Usage.OutputTokenCount - response.Usage.CachedInputTokenCount);
        }
    }

    [Fact]
    public async Task Two_sessions_do_not_mix_and_share_their_front()
    {
        _model.Wants("One.", "Two.", "One again.");
        var (one, two) = (await _agent.CreateSessionAsync(), await _agent.CreateSessionAsync());
        await _agent.RunAsync("First", one);
        var second = await _agent.RunAsync("Second", two);
        Assert.True(second.Usage!.CachedInputTokenCount > 20);
        Assert.Equal("One again.", (await _agent.RunAsync("Third", one)).Text);
    }
}
