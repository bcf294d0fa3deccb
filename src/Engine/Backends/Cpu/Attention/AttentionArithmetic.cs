using AgentRuntime.Engine.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Backends.Cpu.Attention;

/// <summary>How an attention item's products are computed; what it loads lies in the thread's scratch.</summary>
internal abstract unsafe class AttentionArithmetic
{
    /// <summary>Floats from one row of results to the next.</summary>
    public abstract int OutputStride { get; }

    /// <summary>Prepares a query row; a row that only fills a tile has none and gives zeros.</summary>
    public abstract void LoadQuery(float* query, int row, AttentionScratch scratch);

    /// <summary>Prepares the keys and values of a KV block, in which the sequence has <paramref name="tokens"/> tokens, for the products of all rows.</summary>
    public abstract void LoadBlock(int layer, int block, int head, int tokens, AttentionScratch scratch);

    /// <summary>
    /// Adds a block to 4 rows from <paramref name="row"/> on. Row r sees the block's tokens in [first[r], end[r]); all that
    /// any sees are in [<paramref name="least"/>, <paramref name="most"/>). Brings near what comes <paramref name="ahead"/>.
    /// </summary>
    public abstract void Tile(AttentionScratch scratch, int row, int* first, int* end, int least, int most, Ahead ahead);
}
