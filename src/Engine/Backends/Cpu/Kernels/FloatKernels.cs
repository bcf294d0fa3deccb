using System.Runtime.Intrinsics;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>The float kernels at one vector width. <see cref="Best"/> is the widest that this processor has.</summary>
internal abstract unsafe class FloatKernels
{
    /// <summary>The kernels that run on this processor, widest first.</summary>
    public static IReadOnlyList<FloatKernels> Supported { get; } = FindSupported();

    public static FloatKernels Best => Supported[0];

    public abstract int Width { get; }
    public abstract void RmsNorm(float* x, float* weight, float* y, int length, float epsilon);
    public abstract void SwiGlu(float* gate, float* up, int length);
    public abstract void AddScaled(float* x, float scale, float* y, int length);
    public abstract void AddScaled(float* x, float scale, float* y, float keep, int length);
    public abstract void FromHalf(ushort* source, float* destination, int length);
    public abstract void FromBFloat(ushort* source, float* destination, int length);
    public abstract void Dequantize(sbyte* values, ushort* scales, float* destination, int length);
    public abstract void Scale(sbyte* values, float scale, float* destination, int length);
    public abstract void Tile4(float* w, nint wStride, float* x0, float* x1, float* x2, float* x3, int length, float* y, nint yStride, bool accumulate);
    public abstract void Tile1(float* w, nint wStride, float* x, int length, float* y, bool accumulate);
    public abstract void Scores(float* q, float* k, int length, float* scores, Ahead ahead);
    public abstract void Softmax(float* scores, int* first, int* end, float* references, float* sums, float* factors);
    public abstract float Sum(float* sums);
    public abstract void Values(float* p, float* v, int length, int first, int end, float* factors, float* o);
    public abstract float RoundToFixed(float* x, int length, int limit, short* integers);
    public abstract void FixedScores(short* q, int pairs, float* queryScales, int* k, float* keyScales, float* scores, Ahead ahead);
    public abstract void FixedWeights(float* p, float* valueScales, short* weights, float* scales);
    public abstract void FixedValues(short* weights, float* scales, int* v, int stride, int first, int end, float* factors, float* o, Ahead ahead);

    private static List<FloatKernels> FindSupported()
    {
        List<FloatKernels> found = [];
        if (FloatLanes512.IsSupported) found.Add(new FloatKernels<FloatLanes512, Vector512<float>>());
        if (FloatLanes256.IsSupported) found.Add(new FloatKernels<FloatLanes256, Vector256<float>>());
        found.Add(new FloatKernels<FloatLanes128, Vector128<float>>());
        return found;
    }
}
