using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>Float vectors of 128 bits (Arm AdvSimd, SSE, and emulated by the runtime elsewhere).</summary>
internal readonly unsafe struct FloatLanes128 : IFloatLanes<Vector128<float>>
{
    public static bool IsSupported => true;
    public static int Width => Vector128<float>.Count;
    public static Vector128<float> Load(float* source) => Vector128.Load(source);
    public static void Store(Vector128<float> value, float* destination) => value.Store(destination);
    public static Vector128<float> Create(float value) => Vector128.Create(value);
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);
    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.MinNative(a, b);
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.FusedMultiplyAdd(a, b, c);
    public static Vector128<float> Round(Vector128<float> value) => Vector128.Round(value);
    public static Vector128<float> ScaleByPowerOfTwo(Vector128<float> value, Vector128<float> exponent) =>
        value * ((Vector128.ConvertToInt32Native(exponent) + Vector128.Create(127)) << 23).AsSingle();
    public static bool AnyGreater(Vector128<float> a, Vector128<float> b) => Vector128.GreaterThanAny(a, b);
    public static float Sum(Vector128<float> value) => Vector128.Sum(value);

    public static float MaxAcross(Vector128<float> value)
    {
        var pair = Vector128.MaxNative(value, Vector128.Shuffle(value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(pair, Vector128.Shuffle(pair, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalf(ushort* source)
    {
        // Moves exponent and fraction into place and corrects the exponent's bias by a product, which is exact.
        var bits = Vector128.WidenLower(Vector64.Load((short*)source).ToVector128Unsafe()) << 13;
        return (bits & Vector128.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector128.Create(5.192296858534828e33f); // 2^112
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat(ushort* source) => (Vector128.WidenLower(Vector64.Load((short*)source).ToVector128Unsafe()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadSByte(sbyte* source) => Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte())));

    public static Vector128<float> Abs(Vector128<float> value) => Vector128.Abs(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreShorts(Vector128<float> value, short* destination)
    {
        var integers = Integers(value);
        Vector128.Narrow(integers, integers).GetLower().Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AddPairProducts(Vector128<float> sum, Vector128<float> a, Vector128<float> b)
    {
        if (Sse2.IsSupported) return (sum.AsInt32() + Sse2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16())).AsSingle();
        Vector128<int> x = a.AsInt32(), y = b.AsInt32();
        return (sum.AsInt32() + ((x << 16) >> 16) * ((y << 16) >> 16) + (x >> 16) * (y >> 16)).AsSingle();
    }

    public static Vector128<float> FromIntegers(Vector128<float> value) => Vector128.ConvertToSingle(value.AsInt32());

    private static Vector128<int> Integers(Vector128<float> value) => Vector128.ConvertToInt32Native(Vector128.Round(value));
}
