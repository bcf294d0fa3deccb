using System.Runtime.CompilerServices;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// Products of a panel of 16 quantised weight rows with quantised activation rows, for one kind of processor. Bytes are
/// multiplied and summed exactly in integers within a block of 32 (or 16); blocks are summed in floats in ascending
/// order, the same for a tile of tokens as for one, so batching never changes a result.
/// Tolerance against the same sums in doubles: 1e-5 of the sum of absolute products.
/// </summary>
internal abstract unsafe class DotKernel
{
    /// <summary>The kernels that run on this processor, best first.</summary>
    public static IReadOnlyList<DotKernel> Supported { get; } = FindSupported();

    public static DotKernel Best => Supported[0];

    public abstract string Name { get; }

    /// <summary>
    /// Whether unsigned weights may use all 8 bits. Where they may not, because 16-bit sums of two products would
    /// overflow, they stay below 64 and 8-bit weights are packed signed.
    /// </summary>
    public abstract bool FullUnsigned { get; }

    /// <summary>
    /// Whether inputs of signed weights are wanted in split form (<see cref="TileForm.Split"/>), by <see cref="Tile"/> and
    /// <see cref="SplitTile1"/>.
    /// </summary>
    public virtual bool SplitsSigned => false;

    /// <summary>Tokens that <see cref="Tile"/> computes together.</summary>
    public abstract int TileTokens { get; }

    /// <summary>Whether <see cref="Tile1"/> takes weights of 4 to 6 bits as they lie in memory, unpacking them in registers.</summary>
    public abstract bool ReadsPacked { get; }

    /// <summary>
    /// y[t · yStride + r] (+)= Σ over <paramref name="blocks"/> blocks of panel row r times token t of a tile
    /// (<see cref="TileInput"/>), for the first <paramref name="count"/> of its <see cref="TileTokens"/> tokens.
    /// </summary>
    public abstract void Tile(in Panel panel, in TileInput x, int count, int blocks, float* y, nint yStride, bool accumulate);

    /// <summary>
    /// The same for one token, activation row <paramref name="row"/>; the panel's first block stands at
    /// <paramref name="column"/> of it, a multiple of 32.
    /// </summary>
    public abstract void Tile1(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate);

    /// <summary>The same for one token in split form, packed as a tile of one; only where <see cref="SplitsSigned"/>.</summary>
    public virtual void SplitTile1(in Panel panel, in TileInput x, int blocks, float* y, bool accumulate) =>
        throw new NotSupportedException($"{Name} reads single tokens as they are.");

    private static List<DotKernel> FindSupported()
    {
        List<DotKernel> found = [];
        if (AvxVnniDotKernel.IsSupported) found.Add(new AvxVnniDotKernel());
        if (Avx512DotKernel.IsSupported) found.Add(new Avx512DotKernel());
        if (Avx2DotKernel.IsSupported) found.Add(new Avx2DotKernel());
        found.Add(new PortableDotKernel());
        return found;
    }

    /// <summary>A constant type argument: the JIT compiles a kernel for each value.</summary>
    protected interface IFlag
    {
        static abstract bool Value { get; }
    }

    protected readonly struct Yes : IFlag
    {
        public static bool Value { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => true; }
    }

    protected readonly struct No : IFlag
    {
        public static bool Value { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => false; }
    }
}
