using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;

namespace AgentRuntime.SemanticKernel;

/// <summary>
/// Leaves conversation ids out of the responses to Semantic Kernel's own requests. Semantic Kernel sends the whole history
/// each time, and its function invocation relies on it; the engine finds what is resident of it by itself. Requests of
/// others keep their ids.
/// </summary>
internal sealed class ResentHistoryChatClient(IChatClient inner) : DelegatingChatClient(inner)
{
    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var response = await base.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        if (IsOfKernel(options)) response.ConversationId = null;
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var update in base.GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            if (IsOfKernel(options)) update.ConversationId = null;
            yield return update;
        }
    }

    // Options that carry a kernel are of a type that only Semantic Kernel sees.
    private static bool IsOfKernel(ChatOptions? options) => options?.GetType().Assembly == typeof(Kernel).Assembly;
}
