using AgentRuntime.Server.Diagnostics;
using AgentRuntime.Server.Http;
using AgentRuntime.Server.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Chat;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatCompletionsEndpoint(ServerContext server)
{
    public async Task HandleAsync(HttpContext http)
    {
        var (fields, received) = await ApiJson.ReadAsync(http, server.Options).ConfigureAwait(false);
        var request = ChatCompletionRequest.Read(fields, server);
        var head = new ChatCompletion($"chatcmpl-{Guid.NewGuid():N}", "chat.completion", server.Now, server.ModelName, []);
        GenerationClock[] clocks = [.. Enumerable.Range(0, request.Choices).Select(_ => new GenerationClock(server.Options.Chat.TimeProvider, received))];
        ChatChoice[] choices = [.. clocks.Select(clock => new ChatChoice(server.Engine.Tokenizer, clock, request.Generation.LogProbabilities))];
        var updates = Updates(request, clocks, http.RequestAborted);
        if (request.Stream) await server.StreamAsync(http, clocks[0], events => StreamAsync(updates, request, head with { Object = "chat.completion.chunk" }, choices, events)).ConfigureAwait(false);
        else await CompleteAsync(http, updates, head, choices).ConfigureAwait(false);
    }

    private static async Task CompleteAsync(HttpContext http, IAsyncEnumerable<(int Index, ChatResponseUpdate Item)> updates, ChatCompletion head, ChatChoice[] choices)
    {
        await foreach (var (index, update) in updates.ConfigureAwait(false)) choices[index].Push(update);
        await ApiJson.WriteAsync(http, head with
        {
            Choices = [.. choices.Select((choice, i) => new ChatCompletion.Choice(i, choice.FinishReason) { Message = choice.Message, Logprobs = choice.Logprobs })],
            Usage = Usage(choices),
        }).ConfigureAwait(false);
        foreach (var choice in choices) choice.Delivered(0);
    }

    private static async Task StreamAsync(
        IAsyncEnumerable<(int Index, ChatResponseUpdate Item)> updates, ChatCompletionRequest request, ChatCompletion head, ChatChoice[] choices, EventStream events)
    {
        await foreach (var (index, update) in updates.ConfigureAwait(false))
        {
            var choice = choices[index];
            foreach (var (delta, logprobs) in choice.Push(update)) await events.SendAsync(head with { Choices = [new(index, null) { Delta = delta, Logprobs = logprobs }] }).ConfigureAwait(false);
            if (choice.FinishReason is { } reason) await events.SendAsync(head with { Choices = [new(index, reason) { Delta = new() }] }).ConfigureAwait(false);
            choice.Delivered(events.StalledUntil);
        }
        if (request.IncludeUsage) await events.SendAsync(head with { Usage = Usage(choices) }).ConfigureAwait(false);
        await events.SendLineAsync("data: [DONE]").ConfigureAwait(false);
    }

    private IAsyncEnumerable<(int Index, ChatResponseUpdate Item)> Updates(ChatCompletionRequest request, GenerationClock[] clocks, CancellationToken cancellationToken) => MergedStreams.Of(
        [.. Enumerable.Range(0, request.Choices).Select(i => (Func<CancellationToken, IAsyncEnumerable<ChatResponseUpdate>>)(cancel =>
            server.Chat.GetStreamingResponseAsync(request.Messages, request.ForChoice(i, clocks[i]), cancel)))],
        cancellationToken);

    private static TokenUsage Usage(ChatChoice[] choices) => TokenUsage.Of([.. choices.Select(c => c.Usage!)]);
}
