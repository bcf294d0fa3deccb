namespace AgentRuntime.Engine.Chat;

/// <summary>
/// The conversations that can be continued, by id and by what they say; bounded in number, tokens and time. It holds
/// tokens, not KV blocks: those stay in the engine's prefix tree as long as there is room. Safe for concurrent use.
/// </summary>
internal sealed class ConversationMemory(EngineChatClientOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LinkedListNode<Entry>> _byKey = new(StringComparer.Ordinal);
    // The one used last first, which is also the order of time.
    private readonly LinkedList<Entry> _recent = new();
    private long _tokens;

    /// <summary>Keeps a conversation; one that says the same is found by its id only from now on.</summary>
    public void Add(KnownConversation conversation)
    {
        lock (_lock)
        {
            var node = _recent.AddFirst(new Entry(conversation, options.TimeProvider.GetTimestamp()));
            _byId[conversation.Id] = node;
            _byKey[conversation.Key] = node;
            _tokens += conversation.Tokens.Length;
            while (_recent.Count > options.MaxConversations || (_tokens > options.MaxConversationTokens && _recent.Count > 1)) Forget(_recent.Last!);
        }
    }

    /// <summary>The conversation of an id, or null.</summary>
    public KnownConversation? FindById(string id) => Find(_byId, id);

    /// <summary>The conversation that says what the key was made from, or null.</summary>
    public KnownConversation? FindByKey(string key) => Find(_byKey, key);

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            while (_recent.Last is { } last) Forget(last);
        }
    }

    private KnownConversation? Find(Dictionary<string, LinkedListNode<Entry>> index, string name)
    {
        lock (_lock)
        {
            while (_recent.Last is { } last && options.TimeProvider.GetElapsedTime(last.Value.Used) > options.ConversationLifetime) Forget(last);
            if (!index.TryGetValue(name, out var node)) return null;
            _recent.Remove(node);
            node.Value = node.Value with { Used = options.TimeProvider.GetTimestamp() };
            _recent.AddFirst(node);
            return node.Value.Conversation;
        }
    }

    private void Forget(LinkedListNode<Entry> node)
    {
        var conversation = node.Value.Conversation;
        _recent.Remove(node);
        _byId.Remove(conversation.Id);
        if (_byKey.TryGetValue(conversation.Key, out var named) && named == node) _byKey.Remove(conversation.Key);
        _tokens -= conversation.Tokens.Length;
    }

    private readonly record struct Entry(KnownConversation Conversation, long Used);
}
