using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;

/// <summary>
/// How 16 rows of a quantised matrix lie together after repacking. A panel is a row of stretches of up to
/// <see cref="PanelScratch.Columns"/> columns, so that streaming a panel reads memory from front to back. A stretch holds the
/// scales and values of its units, of <see cref="UnitColumns"/> columns each. Repacking loses nothing: every stored value and
/// scale is kept.
/// </summary>
internal abstract unsafe class PackedFormat
{
    /// <summary>Columns in a unit.</summary>
    public abstract int UnitColumns { get; }

    /// <summary>Bytes of a unit of 16 rows.</summary>
    public abstract int UnitBytes { get; }

    /// <summary>Bytes of one stored row's unit.</summary>
    public abstract int SourceBytes { get; }

    /// <summary>The format for a storage type, or null when it has none and takes the float path.</summary>
    public static PackedFormat? For(StorageType type, DotKernel kernel) => type switch
    {
        StorageType.Q8_0 => new Q8Format(kernel.FullUnsigned),
        StorageType.Q4_0 or StorageType.Q4_1 or StorageType.Q5_0 or StorageType.Q5_1 => new SmallBlockFormat(type),
        StorageType.Q4_K or StorageType.Q5_K => new SuperBlockFormat(type),
        StorageType.Q6_K => new Q6KFormat(),
        _ => null,
    };

    /// <summary>Bytes of so many columns of 16 rows.</summary>
    public long PanelBytes(int columns) => (long)(columns / UnitColumns) * UnitBytes;

    /// <summary>Repacks unit <paramref name="unit"/> of a stretch of <paramref name="units"/> units from 16 stored rows.</summary>
    public abstract void Pack(byte** rows, byte* stretch, int unit, int units);

    /// <summary>The form in which it wants inputs; its minima are taken from their sums.</summary>
    public abstract TileForm InputForm { get; }

    /// <summary>
    /// Makes a stretch of <paramref name="columns"/> columns readable for the dot kernels. Values of less than 8 bits are
    /// unpacked, unless the kernel does so itself.
    /// </summary>
    public abstract Panel Open(byte* stretch, int columns, PanelScratch scratch, bool unpack);
}
