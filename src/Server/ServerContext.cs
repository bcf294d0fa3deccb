using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using AgentRuntime.Server.Diagnostics;
using AgentRuntime.Server.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server;

/// <summary>What the endpoints share.</summary>
internal sealed class ServerContext(InferenceEngine engine, EngineChatClient chat, ServerOptions options)
{
    public InferenceEngine Engine { get; } = engine;

    public EngineChatClient Chat { get; } = chat;

    public ServerOptions Options { get; } = options;

    /// <summary>What the model is called in answers.</summary>
    public string ModelName => Options.ModelName ?? Engine.Model.Name;

    /// <summary>When the server started, Unix time in seconds.</summary>
    public long Started { get; } = options.Chat.TimeProvider.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Unix time in seconds.</summary>
    public long Now => Options.Chat.TimeProvider.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>
    /// Lets the pieces of calls come as they are written. Only while replies are held to the tools: what was streamed cannot be repaired.
    /// </summary>
    public void StreamCalls(ChatOptions options)
    {
        if (Options.Chat.ConstrainToolCalls) options.AdditionalProperties = new() { [EngineChatProperties.StreamCalls] = true };
    }

    /// <exception cref="ApiException">There is no such model.</exception>
    public void CheckModel(string name)
    {
        if (name != ModelName && name != Engine.Model.Name)
            throw new ApiException(404, $"There is no model of this name here; the model is '{ModelName}'.", "model", "model_not_found");
    }

    /// <summary>Answers with a stream of events. An error after its start becomes its last event.</summary>
    /// <param name="http">The request.</param>
    /// <param name="clock">Knows how far the prompt is.</param>
    /// <param name="send">Sends the events.</param>
    /// <param name="fail">Sends the event of an error; by default one that holds nothing else.</param>
    public async Task StreamAsync(HttpContext http, GenerationClock clock, Func<EventStream, Task> send, Func<EventStream, ApiException, Task>? fail = null)
    {
        await using var events = new EventStream(http, Options.Chat.TimeProvider, Options.KeepAlive, () => clock.Progress);
        try
        {
            await send(events).ConfigureAwait(false);
        }
        catch (Exception error) when (http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            LogFailure(error);
            var told = ApiErrors.From(error);
            if (fail is null) await events.SendAsync(ApiErrors.Body(told)).ConfigureAwait(false);
            else await fail(events, told).ConfigureAwait(false);
        }
    }

    /// <summary>Notes an error that the caller is told little about.</summary>
    public void LogFailure(Exception error)
    {
        if (ApiErrors.From(error).Status >= 500) Options.Log?.Invoke($"error: {error}");
    }
}
