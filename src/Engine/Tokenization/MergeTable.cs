using System.Numerics;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// Which two pieces merge into which, and how early: an open-addressing hash table, because each word asks it several
/// times per character.
/// </summary>
internal sealed class MergeTable
{
    private readonly Slot[] slots;
    private readonly int shift;

    // Random, so that a hostile file cannot choose pairs that all collide.
    private readonly ulong multiplier = (ulong)Random.Shared.NextInt64() << 1 | 1;

    /// <param name="capacity">At least the number of pairs that will be added.</param>
    public MergeTable(int capacity)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, checked(capacity + capacity / 2)));
        slots = new Slot[size];
        shift = 64 - BitOperations.Log2((uint)size);
    }

    /// <summary>Adds a pair unless it is there already: the first mention has the lower rank.</summary>
    public void Add(int left, int right, int rank, int merged)
    {
        var key = Key(left, right);
        var i = Home(key);
        for (; slots[i].RankPlusOne != 0; i = (i + 1) & (slots.Length - 1))
            if (slots[i].Key == key) return;
        slots[i] = new Slot { Key = key, RankPlusOne = rank + 1, Merged = merged };
    }

    /// <summary>The rank of a pair (lower merges earlier) and the piece that it gives; rank -1 if it does not merge.</summary>
    public int Rank(int left, int right, out int merged)
    {
        var key = Key(left, right);
        for (var i = Home(key); slots[i].RankPlusOne != 0; i = (i + 1) & (slots.Length - 1))
        {
            if (slots[i].Key != key) continue;
            merged = slots[i].Merged;
            return slots[i].RankPlusOne - 1;
        }

        merged = 0;
        return -1;
    }

    private static ulong Key(int left, int right) => (ulong)(uint)left << 32 | (uint)right;

    private int Home(ulong key) => (int)(key * multiplier >> shift);

    private struct Slot
    {
        public ulong Key;
        public int RankPlusOne; // 0 marks a free slot
        public int Merged;
    }
}
