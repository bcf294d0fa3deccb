using System.Numerics;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// Ids by how entries are written. Loading a vocabulary looks up three pieces for each of some 300,000 merges, which a
/// Dictionary with span lookup takes several times as long for.
/// </summary>
internal sealed class EntryTable
{
    private readonly IReadOnlyList<string> entries;
    private readonly (int Hash, int IdPlusOne)[] slots; // id 0 marks a free slot

    /// <param name="entries">The entries by id; of equal ones the first counts.</param>
    public EntryTable(IReadOnlyList<string> entries)
    {
        this.entries = entries;
        slots = new (int, int)[BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, checked(entries.Count + entries.Count / 2)))];
        for (var id = 0; id < entries.Count; id++)
        {
            var hash = string.GetHashCode(entries[id].AsSpan());
            var slot = Slot(entries[id], hash);
            if (slots[slot].IdPlusOne == 0) slots[slot] = (hash, id + 1);
        }
    }

    /// <summary>The id, or -1.</summary>
    public int Find(ReadOnlySpan<char> entry) => slots[Slot(entry, string.GetHashCode(entry))].IdPlusOne - 1;

    /// <summary>The slot that holds the entry, or the free one where it would go.</summary>
    private int Slot(ReadOnlySpan<char> entry, int hash)
    {
        var i = hash & (slots.Length - 1);
        while (slots[i].IdPlusOne != 0 && (slots[i].Hash != hash || !entry.SequenceEqual(entries[slots[i].IdPlusOne - 1]))) i = (i + 1) & (slots.Length - 1);
        return i;
    }
}
