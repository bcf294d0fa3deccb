using System.Runtime.InteropServices;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Models.Synthesis;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>Attention of many tokens against a plain one, over KV blocks that lie in no order.</summary>
[Collection(CudaCollection.Name)]
public sealed unsafe class PrefillAttentionTests
{
    private const int Tokens = RunnerOptions.BlockTokens;

    [Theory]
    [InlineData(64, 64, 4, 1, 0, KvType.F16, new[] { 40, 0, 33, 61 })] // pairs: new tokens, tokens before them
    [InlineData(37, 27, 2, 2, 0, KvType.F16, new[] { 17, 95 })]
    [InlineData(128, 128, 8, 2, 0, KvType.F16, new[] { 33, 500 })]
    [InlineData(128, 96, 7, 1, 50, KvType.F16, new[] { 70, 130 })]
    [InlineData(192, 256, 2, 1, 0, KvType.F16, new[] { 33, 64 })]
    [InlineData(64, 64, 4, 2, 0, KvType.Q8_0, new[] { 20, 200 })]
    [InlineData(128, 80, 3, 1, 33, KvType.Q8_0, new[] { 50, 31, 1, 8 })]
    public void AttendsAsPlainLoopsDo(int keyLength, int valueLength, int heads, int kvHeads, int window, KvType type, int[] sequences)
    {
        var config = ModelShape.Find("tiny-test").Config with { Layers = 2, Heads = heads, KvHeads = kvHeads, HeadLength = keyLength, ValueHeadLength = valueLength, SlidingWindow = window };
        Assert.True(PrefillAttention.Serves(type));
        using var device = new CudaDevice(EmulatedGpu.Driver(), 0);
        using var kernels = new KernelModule(device);
        var random = new Random(keyLength + heads + sequences[0]);
        var slices = new List<SequenceSlice>();
        var (tokens, blocks) = (0, 0);
        for (var i = 0; i < sequences.Length; i += 2)
        {
            var count = (sequences[i] + sequences[i + 1] + Tokens - 1) / Tokens;
            slices.Add(new(tokens, sequences[i], sequences[i + 1], [.. Enumerable.Range(blocks, count).Reverse()]));
            (tokens, blocks) = (tokens + sequences[i], blocks + count);
        }
        var pool = new KvPool(device, config, type, blocks);
        var (keys, values) = Fill(pool, config.KvHeads, keyLength, valueLength, type, slices, random);
        var batch = new CudaBatch(device, tokens, heads / kvHeads, PrefillAttention.TileRows(config), blocks, vocabulary: 0);
        batch.Load(new(new int[tokens], [.. slices], new int[1]));
        var query = Floats(tokens * heads * keyLength, random, 4);
        ulong from = Send(device, query), to = device.AllocateFloats((long)tokens * heads * valueLength);
        new PrefillAttention(config, kernels, PrefillAttention.AllocatePartial(device, config)).Attend(pool.Layer(1), batch, from, to);
        var actual = new float[tokens * heads * valueLength];
        fixed (float* target = actual) device.Driver.CopyToHost(target, to, actual.Length * sizeof(float), device.Stream);
        device.Synchronize();

        foreach (var (s, slice) in slices.Index())
        {
            for (var i = 0; i < slice.Count; i++)
            {
                var (token, position) = (slice.Start + i, slice.ContextLength + i);
                for (var head = 0; head < heads; head++)
                {
                    var expected = Attend(query.AsSpan((token * heads + head) * keyLength, keyLength), keys[s], values[s], head / (heads / kvHeads), position, window, valueLength);
                    for (var d = 0; d < valueLength; d++)
                    {
                        var found = actual[(token * heads + head) * valueLength + d];
                        Assert.True(Math.Abs(expected[d] - found) <= 2e-3, $"sequence {s}, token {i}, head {head}, dimension {d}: {found} instead of {expected[d]}");
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(64, 1032, 264, 4)] // a step of 256 tokens with 32k resident, of 8 KV heads on an H200
    [InlineData(512, 16, 264, 1)]
    [InlineData(1, 1, 4, 1)]
    [InlineData(1, 1000, 4, 4)]
    public void TheContextIsSplitWhereTilesAreFew(int blocks, int contextBlocks, int slots, int expected) =>
        Assert.Equal(expected, PrefillAttention.Splits(blocks, contextBlocks, slots));

    private static double[] Attend(ReadOnlySpan<float> query, float[][][] keys, float[][][] values, int head, int position, int window, int length)
    {
        var first = window > 0 ? Math.Max(0, position + 1 - window) : 0;
        var weights = new double[position + 1];
        for (var at = first; at <= position; at++)
        {
            double score = 0;
            for (var d = 0; d < query.Length; d++) score += (double)query[d] * keys[at][head][d];
            weights[at] = Math.Exp(score / Math.Sqrt(query.Length));
        }
        var result = new double[length];
        for (var at = first; at <= position; at++)
            for (var d = 0; d < length; d++) result[d] += weights[at] / weights.Sum() * values[at][head][d];
        return result;
    }

    /// <summary>Writes random keys and values of the second layer; the rest of the blocks stays as it was allocated.</summary>
    /// <returns>What was written: [sequence][position][head][dimension].</returns>
    private static (float[][][][] Keys, float[][][][] Values) Fill(KvPool pool, int heads, int keyLength, int valueLength, KvType type, List<SequenceSlice> slices, Random random)
    {
        var layer = pool.Layer(1);
        var (allKeys, allValues) = (new List<float[][][]>(), new List<float[][][]>());
        foreach (var slice in slices)
        {
            var length = slice.ContextLength + slice.Count;
            float[][][] keys = new float[length][][], values = new float[length][][];
            for (var block = 0; block < slice.Blocks.Length; block++)
            {
                var bytes = new byte[pool.BlockBytes];
                Array.Fill(bytes, (byte)0xff);
                for (var at = block * Tokens; at < Math.Min(length, (block + 1) * Tokens); at++)
                {
                    (keys[at], values[at]) = (new float[heads][], new float[heads][]);
                    for (var head = 0; head < heads; head++)
                    {
                        var tile = bytes.AsSpan((int)layer.LayerOffset + head * layer.HeadBytes, layer.HeadBytes);
                        var slot = at % Tokens;
                        keys[at][head] = Write(tile[..layer.KeyTileBytes], type, Floats(keyLength, random), d => d * Tokens + slot, group => group * Tokens + slot, keyLength);
                        values[at][head] = Write(tile[layer.KeyTileBytes..], type, Floats(valueLength, random), d => slot * layer.ValueStride + d, group => slot * ((layer.ValueStride + 31) / 32) + group, layer.ValueStride);
                    }
                }
                pool.Write(slice.Blocks[block], bytes);
            }
            allKeys.Add(keys);
            allValues.Add(values);
        }
        return ([.. allKeys], [.. allValues]);
    }

    /// <summary>Stores a vector and returns what its bytes stand for.</summary>
    private static float[] Write(Span<byte> tile, KvType type, float[] vector, Func<int, int> place, Func<int, int> scalePlace, int length)
    {
        var stored = new float[vector.Length];
        var halves = MemoryMarshal.Cast<byte, Half>(tile);
        for (var d = 0; d < vector.Length; d++)
        {
            if (type == KvType.F16)
            {
                halves[place(d)] = (Half)vector[d];
                stored[d] = (float)halves[place(d)];
                continue;
            }
            var scale = (Half)(1f / 127);
            var q = (sbyte)MathF.Round(vector[d] / (float)scale);
            tile[place(d)] = (byte)q;
            MemoryMarshal.Cast<byte, Half>(tile[(length * Tokens)..])[scalePlace(d / 32)] = scale;
            stored[d] = q * (float)scale;
        }
        return stored;
    }

    private static float[] Floats(int count, Random random, float size = 1)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = size * (random.NextSingle() * 2 - 1);
        return values;
    }

    private static ulong Send(CudaDevice device, float[] values)
    {
        var address = device.AllocateFloats(values.Length);
        fixed (float* source = values) device.Driver.CopyToDevice(address, source, values.Length * sizeof(float), device.Stream);
        device.Synchronize();
        return address;
    }
}
