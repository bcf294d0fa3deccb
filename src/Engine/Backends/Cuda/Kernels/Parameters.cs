using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Backends.Cuda.Kernels;

// The structures of native/kernels/src/params.h, where every field is explained: the same fields in the same order.

[StructLayout(LayoutKind.Sequential)]
internal struct EmbedParams
{
    public ulong Table, Tokens, Output, RowBytes;
    public int Columns, Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NormParams
{
    public ulong Input, Weight, Rows, Output;
    public int Columns;
    public float Epsilon;
}

[StructLayout(LayoutKind.Sequential)]
internal struct InputParams
{
    public ulong Input, Halves, Brains;
    public int Columns, Stride;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GemmParams
{
    public ulong Weights, Input, Bias, Output, Partial, Arrived, Tiles, Order, RowBytes, ExpertBytes;
    public int Rows, Columns, Stride, Tokens, Splits, Accumulate, ChoicesPerInput, Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GemvPart
{
    public ulong Weights, Bias, Output;
    public int Rows, Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GemvParams
{
    public GemvPart First, Second, Third;
    public ulong Input, Norm, Experts, Shares, RowBytes, ExpertBytes;
    public int Columns, Tokens, Accumulate, Gated, Split, Rounds, ChoicesPerInput, Together;
    public float Epsilon;
    public int Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct KvLayout
{
    public ulong Data, BlockBytes, LayerOffset;
    public int HeadBytes, KeyTileBytes, Type, KeyLength, ValueLength, ValueStride, KvHeads, Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct BatchLayout
{
    public ulong Positions, SequenceOf, TableStart, Tables;
}

[StructLayout(LayoutKind.Sequential)]
internal struct RopeParams
{
    public KvLayout Kv;
    public BatchLayout Batch;
    public ulong Query, Key, Value, QueryNorm, KeyNorm, Cosines, Sines;
    public int Heads, Pairs, HalfSplit;
    public float Epsilon;
}

[StructLayout(LayoutKind.Sequential)]
internal struct AttentionParams
{
    public RopeParams Rope;
    public ulong Output, Partial, Arrived;
    public int Splits, Window;
    public float Scale;
    public int Finish;
}

[StructLayout(LayoutKind.Sequential)]
internal struct PrefillAttentionParams
{
    public KvLayout Kv;
    public BatchLayout Batch;
    public ulong Tiles, Query, Output, Partial;
    public int Heads, Window, Splits;
    public float Scale;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SwiGluParams
{
    public ulong Gate, Up, Count;
}

[StructLayout(LayoutKind.Sequential)]
internal struct RouteParams
{
    public ulong Scores, Chosen, Weights;
    public int Experts, Used, Normalize, Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GatherParams
{
    public ulong Chosen, Order, Tiles;
    public int Choices, Experts, Capacity, Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CombineParams
{
    public ulong Results, Weights, Hidden;
    public int Columns, Used;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SampleRule
{
    public float Temperature, TopP, MinP, Penalty;
    public uint Uniform;
    public int TopK, MaskAt, MaskWords, PenalisedAt, Penalised;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SampleParams
{
    public ulong Logits, Rules, Lists, Best, Sums, Tokens;
    public int Columns, Parts;
}
