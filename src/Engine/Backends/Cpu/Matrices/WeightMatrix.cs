namespace AgentRuntime.Engine.Backends.Cpu.Matrices;

/// <summary>A weight matrix of <see cref="Rows"/> outputs by <see cref="Columns"/> inputs, in whatever layout its kernel wants.</summary>
internal abstract class WeightMatrix(int rows, int columns) : IDisposable
{
    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    /// <summary>Whether it reads its input quantised; otherwise as floats.</summary>
    public abstract bool ReadsQuantized { get; }

    /// <summary>The matrix that a pass reads after this one, or null. A thread that comes to its end prefetches from there.</summary>
    public WeightMatrix? Next { get; set; }

    /// <summary>
    /// Computes the part of a product that falls to a thread. A result is the same for any number of threads and tokens.
    /// </summary>
    public abstract void Multiply(in MatrixJob job, int thread, int threads, ThreadScratch scratch);

    public abstract void Dispose();
}
