using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Server.Http;
using AgentRuntime.Server.Wire;
using Microsoft.AspNetCore.Http;

namespace AgentRuntime.Server.Completions;

/// <summary><c>POST /v1/completions</c>: text or token ids go on as they are, without a chat template.</summary>
internal sealed class CompletionsEndpoint(ServerContext server)
{
    public async Task HandleAsync(HttpContext http)
    {
        var (fields, received) = await ApiJson.ReadAsync(http, server.Options).ConfigureAwait(false);
        var request = CompletionRequest.Read(fields, server);
        var head = new TextCompletion($"cmpl-{Guid.NewGuid():N}", "text_completion", server.Now, server.ModelName, []);
        CompletionChoice[] choices = [.. request.Prompts.SelectMany(prompt => Enumerable.Repeat(prompt, request.Choices))
            .Select((prompt, i) => new CompletionChoice(i, server.Engine, prompt, new(server.Options.Chat.TimeProvider, received), request.Generation.LogProbabilities))];
        if (request.Stream) await server.StreamAsync(http, choices[0].Clock, events => StreamAsync(http, request, head, choices, events)).ConfigureAwait(false);
        else await CompleteAsync(http, request, head, choices).ConfigureAwait(false);
    }

    private async Task CompleteAsync(HttpContext http, CompletionRequest request, TextCompletion head, CompletionChoice[] choices)
    {
        await foreach (var (index, item) in Events(request, choices, http.RequestAborted).ConfigureAwait(false)) choices[index].Push(item);
        await ApiJson.WriteAsync(http, head with { Choices = [.. choices.Select(choice => choice.Whole)], Usage = Usage(request, choices) }).ConfigureAwait(false);
        foreach (var choice in choices) choice.Delivered(0);
    }

    private async Task StreamAsync(HttpContext http, CompletionRequest request, TextCompletion head, CompletionChoice[] choices, EventStream events)
    {
        await foreach (var (index, item) in Events(request, choices, http.RequestAborted).ConfigureAwait(false))
        {
            if (choices[index].Push(item) is not { } piece) continue;
            await events.SendAsync(head with { Choices = [piece] }).ConfigureAwait(false);
            choices[index].Delivered(events.StalledUntil);
        }
        if (request.IncludeUsage) await events.SendAsync(head with { Usage = Usage(request, choices) }).ConfigureAwait(false);
        await events.SendLineAsync("data: [DONE]").ConfigureAwait(false);
    }

    private IAsyncEnumerable<(int Index, TokenEvent Item)> Events(CompletionRequest request, CompletionChoice[] choices, CancellationToken cancellationToken) => MergedStreams.Of(
        [.. choices.Select((choice, i) => (Func<CancellationToken, IAsyncEnumerable<TokenEvent>>)(cancel =>
            GenerateAsync(choice.Prompt, SamplingFields.ForChoice(request.Generation, i % request.Choices) with { PrefillProgress = choice.Clock }, cancel)))],
        cancellationToken);

    private async IAsyncEnumerable<TokenEvent> GenerateAsync(CompletionPrompt prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var session = server.Engine.CreateSession();
        session.Append(prompt.Tokens);
        await foreach (var e in session.GenerateAsync(options, cancellationToken).ConfigureAwait(false))
        {
            if (e.FinishReason == FinishReason.Cancelled) cancellationToken.ThrowIfCancellationRequested();
            yield return e;
        }
    }

    // A prompt counts once, however many continuations it has.
    private static TokenUsage Usage(CompletionRequest request, CompletionChoice[] choices)
    {
        var prompts = choices.Where((_, i) => i % request.Choices == 0).Select(c => c.Usage!).ToList();
        return TokenUsage.Of(prompts.Sum(p => p.PromptTokens), prompts.Sum(p => p.CachedTokens), choices.Sum(c => c.Usage!.OutputTokens), 0);
    }
}
