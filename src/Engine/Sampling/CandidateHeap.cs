namespace AgentRuntime.Engine.Sampling;

/// <summary>
/// Gives candidates likeliest first without sorting them all: building takes O(n), each candidate taken O(log n).
/// Equal logits come in order of token id, so that the order never depends on the heap's history.
/// </summary>
internal sealed class CandidateHeap
{
    /// <summary>Likeliest first, equals by id.</summary>
    public static Comparer<(float Logit, int Token)> Order { get; } =
        Comparer<(float Logit, int Token)>.Create((a, b) => Before(a, b) ? -1 : Before(b, a) ? 1 : 0);

    private (float Logit, int Token)[] _items = new (float, int)[256];

    public int Count { get; private set; }

    /// <summary>The candidates in no order, once <see cref="Build"/> has run; in order of addition before.</summary>
    public ReadOnlySpan<(float Logit, int Token)> Items => _items.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(float logit, int token)
    {
        if (Count == _items.Length) Array.Resize(ref _items, 2 * Count);
        _items[Count++] = (logit, token);
    }

    public void Build()
    {
        for (var i = Count / 2 - 1; i >= 0; i--) Sink(i);
    }

    public (float Logit, int Token) Take()
    {
        var top = _items[0];
        _items[0] = _items[--Count];
        Sink(0);
        return top;
    }

    private void Sink(int i)
    {
        while (2 * i + 1 < Count)
        {
            var child = 2 * i + 1;
            if (child + 1 < Count && Before(_items[child + 1], _items[child])) child++;
            if (!Before(_items[child], _items[i])) return;
            (_items[i], _items[child]) = (_items[child], _items[i]);
            i = child;
        }
    }

    private static bool Before((float Logit, int Token) a, (float Logit, int Token) b) =>
        a.Logit > b.Logit || (a.Logit == b.Logit && a.Token < b.Token);
}
