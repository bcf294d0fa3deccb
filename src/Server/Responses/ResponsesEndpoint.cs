using System.Security.Cryptography;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Server.Diagnostics;
using AgentRuntime.Server.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Responses;

/// <summary><c>POST /v1/responses</c>. With <c>previous_response_id</c> a request sends what is new only.</summary>
internal sealed class ResponsesEndpoint(ServerContext server)
{
    private readonly ResponseStore _store = new(server.Options.MaxStoredResponses);

    public async Task HandleAsync(HttpContext http)
    {
        var (fields, received) = await ApiJson.ReadAsync(http, server.Options).ConfigureAwait(false);
        var clock = new GenerationClock(server.Options.Chat.TimeProvider, received);
        var request = ResponseRequest.Read(fields, server, _store, clock);
        // Whoever knows the id can go on with the conversation, so it cannot be guessed.
        var body = request.Echo with { Id = $"resp_{RandomNumberGenerator.GetHexString(48, lowercase: true)}" };
        if (request.Stream) await StreamAsync(http, request, body, clock).ConfigureAwait(false);
        else await CompleteAsync(http, request, body).ConfigureAwait(false);
    }

    private async Task CompleteAsync(HttpContext http, ResponseRequest request, ResponseBody body)
    {
        var output = new ResponseOutput();
        await foreach (var update in server.Chat.GetStreamingResponseAsync(request.Messages, request.Options, http.RequestAborted).ConfigureAwait(false))
        {
            foreach (var _ in output.Push(update))
            {
                // The output itself is what is answered.
            }
            if (update.FinishReason is not null) (body, _) = End(body, request, output, update);
        }
        await ApiJson.WriteAsync(http, body).ConfigureAwait(false);
    }

    private Task StreamAsync(HttpContext http, ResponseRequest request, ResponseBody body, GenerationClock clock)
    {
        var sent = 0;
        return server.StreamAsync(http, clock, SendAllAsync, (events, error) =>
            SendAsync(events, new("response.failed") { Response = body with { Status = "failed", Error = new { code = error.Code, message = error.Message } } }));

        async Task SendAllAsync(EventStream events)
        {
            var output = new ResponseOutput();
            await foreach (var update in server.Chat.GetStreamingResponseAsync(request.Messages, request.Options, http.RequestAborted).ConfigureAwait(false))
            {
                if (sent == 0)
                {
                    await SendAsync(events, new("response.created") { Response = body }).ConfigureAwait(false);
                    await SendAsync(events, new("response.in_progress") { Response = body }).ConfigureAwait(false);
                }
                foreach (var e in output.Push(update)) await SendAsync(events, e).ConfigureAwait(false);
                if (update.RawRepresentation is IReadOnlyList<TokenEvent> and [.., var latest]) clock.Delivered(latest.Time, events.StalledUntil);
                if (update.FinishReason is null) continue;
                var (whole, last) = End(body, request, output, update);
                foreach (var e in last) await SendAsync(events, e).ConfigureAwait(false);
                await SendAsync(events, new($"response.{whole.Status}") { Response = whole }).ConfigureAwait(false);
            }
        }

        async Task SendAsync(EventStream events, ResponseEvent e) => await events.SendAsync(e with { SequenceNumber = sent++ }, e.Type).ConfigureAwait(false);
    }

    private (ResponseBody Whole, IEnumerable<ResponseEvent> Last) End(ResponseBody body, ResponseRequest request, ResponseOutput output, ChatResponseUpdate update)
    {
        var isCut = update.FinishReason == ChatFinishReason.Length;
        var status = isCut ? "incomplete" : "completed";
        var last = output.Close(status);
        if (request.Store) _store.Add(body.Id, update.ConversationId!);
        return (body with
        {
            Status = status,
            IncompleteDetails = isCut ? new { reason = "max_output_tokens" } : null,
            Output = output.Items,
            Usage = ResponseBody.UsageBody.Of(update.Contents.OfType<UsageContent>().Single().Details),
        }, last);
    }
}
