using AgentRuntime.Engine.Chat;

namespace AgentRuntime.Server.Responses;

/// <summary>Which conversation a response belongs to; the oldest are forgotten first. Safe for concurrent use.</summary>
internal sealed class ResponseStore(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _conversations = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Lets a later request go on from a response.</summary>
    public void Add(string response, string conversation)
    {
        lock (_lock)
        {
            _conversations[response] = conversation;
            _order.Enqueue(response);
            if (_order.Count > capacity) _conversations.Remove(_order.Dequeue());
        }
    }

    /// <summary>The conversation as it was after a response.</summary>
    /// <exception cref="ConversationLostException">The response is not known, or not any more.</exception>
    public string Find(string response)
    {
        lock (_lock) return _conversations.TryGetValue(response, out var conversation) ? conversation : throw new ConversationLostException(response);
    }
}
