namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// A width of float vectors. Kernels are written once over it; the JIT compiles them for each width, so the abstraction
/// costs nothing at run time.
/// </summary>
/// <typeparam name="V">The vector type.</typeparam>
internal unsafe interface IFloatLanes<V> where V : unmanaged
{
    static abstract bool IsSupported { get; }
    static abstract int Width { get; }
    static abstract V Load(float* source);
    static abstract void Store(V value, float* destination);
    static abstract V Create(float value);
    static abstract V Add(V a, V b);
    static abstract V Subtract(V a, V b);
    static abstract V Multiply(V a, V b);
    static abstract V Divide(V a, V b);
    static abstract V Max(V a, V b);
    static abstract V Min(V a, V b);
    /// <summary>a · b + c, rounded once where the processor can.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);
    static abstract V Round(V value);
    /// <summary>Value times 2 to an integral power in -126 … 127.</summary>
    static abstract V ScaleByPowerOfTwo(V value, V exponent);
    static abstract bool AnyGreater(V a, V b);
    static abstract float Sum(V value);
    static abstract float MaxAcross(V value);
    /// <summary>Loads F16; subnormals are exact, infinities become ±65536.</summary>
    static abstract V LoadHalf(ushort* source);
    static abstract V LoadBFloat(ushort* source);
    static abstract V LoadSByte(sbyte* source);
    static abstract V Abs(V value);

    /// <summary>Stores values, which are within ±32767, rounded to 16-bit integers.</summary>
    static abstract void StoreShorts(V value, short* destination);

    /// <summary>sum + a.low · b.low + a.high · b.high in 32-bit integers; a lane of a and b holds the bits of two 16-bit integers.</summary>
    static abstract V AddPairProducts(V sum, V a, V b);

    /// <summary>The floats of 32-bit integers whose bits the lanes hold.</summary>
    static abstract V FromIntegers(V value);
}
