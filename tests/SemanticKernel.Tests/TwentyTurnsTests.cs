using System.Diagnostics;
using System.Globalization;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using static AgentRuntime.SemanticKernel.Tests.ScriptedModel;
using static AgentRuntime.SemanticKernel.Tests.Turns;

namespace AgentRuntime.SemanticKernel.Tests;

/// <summary>
/// A conversation of 20 turns with a tool call in each: what each way of holding it computes, against the context that it ends with.
/// AGENTRT_TURNS_REPORT names a file for the table.
/// </summary>
public sealed class TwentyTurnsTests
{
    private const int TurnCount = 20;
    private const string System = "You know the weather of every town and answer in one sentence.";

    [Fact]
    public async Task Semantic_Kernel_pays_for_new_tokens_only()
    {
        var resent = await KernelAsync(new());
        var streamed = await KernelAsync(new(), streaming: true);
        var stateful = await StatefulAsync();
        Assert.InRange(resent.Amplification, 0.9, 1.02);
        Assert.InRange(streamed.Amplification, 0.9, 1.02);
        Assert.InRange(stateful.Amplification, 0.9, 1.01);

        // Computing everything anew takes a while, so all turns only for the report.
        var report = Environment.GetEnvironmentVariable("AGENTRT_TURNS_REPORT");
        var without = await KernelAsync(new() { PrefixReuse = false }, turns: report is null ? 6 : TurnCount);
        Assert.Equal(0, without.Cached!.Value);
        Assert.True(without.Amplification > 5);
        if (report is { Length: > 0 } path)
            await File.WriteAllTextAsync(path, Table(("Semantic Kernel, history resent", resent), ("Semantic Kernel, streaming, history resent", streamed), ("IChatClient, ConversationId", stateful), ("Semantic Kernel, history resent, engine without prefix reuse", without)));
    }

    /// <summary>Semantic Kernel sends the whole history with each request.</summary>
    private static async Task<Cost> KernelAsync(EngineOptions options, bool streaming = false, int turns = TurnCount)
    {
        await using var model = await ScriptedModel.LoadAsync(options);
        var builder = Kernel.CreateBuilder().AddAgentRuntimeChatCompletion(model.Engine);
        builder.Plugins.AddFromFunctions("town", [KernelFunctionFactory.CreateFromMethod(Weather, "weather", "The weather of a town.")]);
        var kernel = builder.Build();
        var chat = kernel.GetRequiredService<IChatCompletionService>();
        var settings = new AgentRuntimePromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };
        var history = new ChatHistory(System);
        var (cached, start) = (0L, Stopwatch.GetTimestamp());
        for (var turn = 0; turn < turns; turn++)
        {
            Script(model, "town_weather", turn);
            history.AddUserMessage(Question(turn));
            if (streaming)
            {
                var text = "";
                // Semantic Kernel drops the usage of a stream.
                await foreach (var part in chat.GetStreamingChatMessageContentsAsync(history, settings, kernel)) text += part.Content;
                history.AddAssistantMessage(text);
            }
            else
            {
                var message = await chat.GetChatMessageContentAsync(history, settings, kernel);
                cached += UsageOf(message).CachedInputTokenCount!.Value;
                history.Add(message);
            }
            Assert.Equal(Answer(turn), history[^1].Content);
        }
        return new(model.Computed, model.LongestContext, streaming ? null : cached, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>The client's own loop continues by conversation id.</summary>
    private static async Task<Cost> StatefulAsync()
    {
        await using var model = await ScriptedModel.LoadAsync();
        using var client = new EngineChatClient(model.Engine).AsBuilder().UseFunctionInvocation().Build();
        var options = new ChatOptions { Instructions = System, Tools = [AIFunctionFactory.Create(Weather, "town_weather", "The weather of a town.")] };
        var (cached, start) = (0L, Stopwatch.GetTimestamp());
        for (var turn = 0; turn < TurnCount; turn++)
        {
            Script(model, "town_weather", turn);
            var response = await client.GetResponseAsync(Question(turn), options);
            Assert.Equal(Answer(turn), response.Messages[^1].Text);
            options.ConversationId = response.ConversationId;
            cached += response.Usage!.CachedInputTokenCount!.Value;
        }
        return new(model.Computed, model.LongestContext, cached, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static string Weather(string town) => $"rain until noon, {town.Length} degrees";

    private static string Question(int turn) => $"What is the weather in town {turn}?";

    private static string Answer(int turn) => $"Rain until noon in town {turn}.";

    private static void Script(ScriptedModel model, string function, int turn) =>
        model.Wants(Call(function, $$"""{"town": "Ulm {{turn}}"}"""), Answer(turn));

    private static string Table(params (string Name, Cost Cost)[] rows) =>
        "| way | requests | context at the end | computed | cached | amplification | seconds |\n|---|---|---|---|---|---|---|\n"
        + string.Concat(rows.Select(r => string.Create(CultureInfo.InvariantCulture,
            $"| {r.Name} | {2 * TurnCount} | {r.Cost.Context:N0} | {r.Cost.Computed:N0} | {r.Cost.Cached?.ToString("N0", CultureInfo.InvariantCulture) ?? "not reported"} | {r.Cost.Amplification:0.000} | {r.Cost.Seconds:0.0} |\n")));

    /// <summary>What a conversation cost: computed tokens are counted at the model, cached ones are what the usage said.</summary>
    private sealed record Cost(long Computed, long Context, long? Cached, double Seconds)
    {
        public double Amplification => (double)Computed / Context;
    }
}
