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
        var request = ChatCompletionRequest.Read(await ApiJson.ReadAsync(http, server.Options).ConfigureAwait(false), server);
        var head = new ChatCompletion($"chatcmpl-{Guid.NewGuid():N}", "chat.completion", server.Now, server.ModelName, []);
        ChatChoice[] choices = [.. Enumerable.Range(0, request.Choices).Select(_ => new ChatChoice())];
        if (request.Stream) await server.StreamAsync(http, events => StreamAsync(http, request, head with { Object = "chat.completion.chunk" }, choices, events)).ConfigureAwait(false);
        else await CompleteAsync(http, request, head, choices).ConfigureAwait(false);
    }

    private async Task CompleteAsync(HttpContext http, ChatCompletionRequest request, ChatCompletion head, ChatChoice[] choices)
    {
        await foreach (var (index, update) in Updates(request, http.RequestAborted).ConfigureAwait(false)) choices[index].Push(update);
        await ApiJson.WriteAsync(http, head with
        {
            Choices = [.. choices.Select((choice, i) => new ChatCompletion.Choice(i, choice.FinishReason) { Message = choice.Message })],
            Usage = Usage(choices),
        }).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext http, ChatCompletionRequest request, ChatCompletion head, ChatChoice[] choices, EventStream events)
    {
        await foreach (var (index, update) in Updates(request, http.RequestAborted).ConfigureAwait(false))
        {
            var choice = choices[index];
            foreach (var delta in choice.Push(update)) await events.SendAsync(head with { Choices = [new(index, null) { Delta = delta }] }).ConfigureAwait(false);
            if (choice.FinishReason is { } reason) await events.SendAsync(head with { Choices = [new(index, reason) { Delta = new() }] }).ConfigureAwait(false);
        }
        if (request.IncludeUsage) await events.SendAsync(head with { Usage = Usage(choices) }).ConfigureAwait(false);
        await events.SendLineAsync("data: [DONE]").ConfigureAwait(false);
    }

    private IAsyncEnumerable<(int Index, ChatResponseUpdate Item)> Updates(ChatCompletionRequest request, CancellationToken cancellationToken) => MergedStreams.Of(
        [.. Enumerable.Range(0, request.Choices).Select(i => (Func<CancellationToken, IAsyncEnumerable<ChatResponseUpdate>>)(cancel =>
            server.Chat.GetStreamingResponseAsync(request.Messages, request.ForChoice(i), cancel)))],
        cancellationToken);

    private static TokenUsage Usage(ChatChoice[] choices) => TokenUsage.Of([.. choices.Select(c => c.Usage!)]);
}
