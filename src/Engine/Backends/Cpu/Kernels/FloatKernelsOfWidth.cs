namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>Binds the generic kernels to one vector width.</summary>
internal sealed unsafe class FloatKernels<TLanes, V> : FloatKernels where TLanes : struct, IFloatLanes<V> where V : unmanaged
{
    public override int Width => TLanes.Width;

    public override void RmsNorm(float* x, float* weight, float* y, int length, float epsilon) =>
        RowKernels<TLanes, V>.RmsNorm(x, weight, y, length, epsilon);

    public override void SwiGlu(float* gate, float* up, int length) => RowKernels<TLanes, V>.SwiGlu(gate, up, length);

    public override void AddScaled(float* x, float scale, float* y, int length) => RowKernels<TLanes, V>.AddScaled(x, scale, y, length);

    public override void AddScaled(float* x, float scale, float* y, float keep, int length) => RowKernels<TLanes, V>.AddScaled(x, scale, y, keep, length);

    public override void FromHalf(ushort* source, float* destination, int length) => RowKernels<TLanes, V>.FromHalf(source, destination, length);

    public override void FromBFloat(ushort* source, float* destination, int length) => RowKernels<TLanes, V>.FromBFloat(source, destination, length);

    public override void Dequantize(sbyte* values, ushort* scales, float* destination, int length) =>
        RowKernels<TLanes, V>.Dequantize(values, scales, destination, length);

    public override void Scale(sbyte* values, float scale, float* destination, int length) =>
        RowKernels<TLanes, V>.Scale(values, scale, destination, length);

    public override void Tile4(
        float* w, nint wStride, float* x0, float* x1, float* x2, float* x3, int length, float* y, nint yStride, bool accumulate) =>
        FloatTileKernel<TLanes, V>.Run4(w, wStride, x0, x1, x2, x3, length, y, yStride, accumulate);

    public override void Tile1(float* w, nint wStride, float* x, int length, float* y, bool accumulate) =>
        FloatTileKernel<TLanes, V>.Run1(w, wStride, x, length, y, accumulate);

    public override void Scores(float* q, float* k, int length, float* scores, Ahead ahead) =>
        AttentionTileKernel<TLanes, V>.Scores(q, k, length, scores, ahead);

    public override void Softmax(float* scores, int* first, int* end, float* references, float* sums, float* factors) =>
        AttentionTileKernel<TLanes, V>.Softmax(scores, first, end, references, sums, factors);

    public override float Sum(float* sums) => AttentionTileKernel<TLanes, V>.Sum(sums);

    public override void Values(float* p, float* v, int length, int first, int end, float* factors, float* o) =>
        AttentionTileKernel<TLanes, V>.Values(p, v, length, first, end, factors, o);

    public override float RoundToFixed(float* x, int length, int limit, short* integers) =>
        FixedAttentionKernel<TLanes, V>.Round(x, length, limit, integers);

    public override void FixedScores(short* q, int pairs, float* queryScales, int* k, float* keyScales, float* scores, Ahead ahead) =>
        FixedAttentionKernel<TLanes, V>.Scores(q, pairs, queryScales, k, keyScales, scores, ahead);

    public override void FixedWeights(float* p, float* valueScales, short* weights, float* scales) =>
        FixedAttentionKernel<TLanes, V>.Weights(p, valueScales, weights, scales);

    public override void FixedValues(short* weights, float* scales, int* v, int stride, int first, int end, float* factors, float* o, Ahead ahead) =>
        FixedAttentionKernel<TLanes, V>.Values(weights, scales, v, stride, first, end, factors, o, ahead);
}
