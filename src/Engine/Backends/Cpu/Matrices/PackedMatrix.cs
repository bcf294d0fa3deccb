using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Backends.Cpu.Threading;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices;

/// <summary>
/// Quantised weights in panels of 16 rows. A panel is unpacked a stretch of columns at a time into the first-level
/// cache and used there for all tokens of a block; tokens are blocked so that their inputs stay in the second level.
/// </summary>
internal sealed unsafe class PackedMatrix : WeightMatrix
{
    private const int InputBytesPerBlock = 512 << 10;

    // Far enough to cover the latency of a loaded memory bus, near enough to stay in the second-level cache.
    private const int PrefetchDistance = 32 << 10;

    private readonly PackedFormat _format;
    private readonly DotKernel _kernel;
    private readonly NativeBuffer _data;
    private readonly long _panelBytes;

    public PackedMatrix(int rows, int columns, PackedFormat format, DotKernel kernel) : base(rows, columns)
    {
        if (columns % format.UnitColumns != 0) throw new ArgumentException($"{columns} columns are no whole number of blocks.", nameof(columns));
        _format = format;
        _kernel = kernel;
        Panels = (rows + Panel.Rows - 1) / Panel.Rows;
        _panelBytes = format.PanelBytes(columns);
        _data = new NativeBuffer(checked(Panels * _panelBytes));
    }

    public int Panels { get; }

    public override bool ReadsQuantized => true;

    /// <summary>Repacks panel <paramref name="panel"/> from rows stored one after the other; missing rows become zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(int panel, byte* source, long rowBytes)
    {
        var rows = stackalloc byte*[Panel.Rows];
        // Any valid bytes do for missing rows: their results are never stored.
        for (var r = 0; r < Panel.Rows; r++) rows[r] = source + Math.Min(panel * Panel.Rows + r, Rows - 1) * rowBytes;
        var unit = _data.Bytes + panel * _panelBytes;
        for (var u = 0; u < Columns / _format.UnitColumns; u++, unit += _format.UnitBytes)
        {
            _format.Pack(rows, unit);
            for (var r = 0; r < Panel.Rows; r++) rows[r] += _format.SourceBytes;
        }
    }

    public override void Multiply(in MatrixJob job, int thread, int threads, ThreadScratch scratch)
    {
        var (start, end) = WorkShare.Of(Panels, thread, threads);
        var tokenBlock = Math.Max(32, InputBytesPerBlock / Columns / 8 * 8);
        for (var token = 0; token < job.Tokens; token += tokenBlock)
        {
            var tokens = Math.Min(tokenBlock, job.Tokens - token);
            for (var panel = start; panel < end; panel++)
            {
                if ((panel + 1) * Panel.Rows <= Rows) MultiplyPanel(job, panel, token, tokens, scratch);
                else MultiplyLastPanel(job, panel, token, tokens, scratch);
            }
        }
    }

    public override void Dispose() => _data.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyPanel(in MatrixJob job, int panel, int token, int tokens, ThreadScratch scratch)
    {
        var rows = job.Rows + token;
        var y = job.Y + token * job.YStride + panel * Panel.Rows;
        for (var column = 0; column < Columns; column += PanelScratch.Columns)
        {
            var view = Open(panel, column, scratch, out var blocks);
            MultiplyStretch(ref view, job.X, rows, tokens, column, blocks, y, job.YStride, job.Accumulate || column > 0);
            if (job.X.Remainder is { } remainder) MultiplyStretch(ref view, remainder, rows, tokens, column, blocks, y, job.YStride, true);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyStretch(
        ref Panel view, Activations x, int* rows, int tokens, int column, int blocks, float* y, nint yStride, bool accumulate)
    {
        var t = 0;
        for (; t <= tokens - _kernel.TileTokens; t += _kernel.TileTokens)
        {
            _kernel.Tile(view, x, rows + t, column, blocks, y + t * yStride, yStride, accumulate);
            view.Next = null;
        }
        for (; t < tokens; t++)
        {
            _kernel.Tile1(view, x, rows[t], column, blocks, y + t * yStride, accumulate);
            view.Next = null;
        }
    }

    /// <summary>The panel whose last rows do not exist: computed aside, and only the existing rows stored.</summary>
    private void MultiplyLastPanel(in MatrixJob job, int panel, int token, int tokens, ThreadScratch scratch)
    {
        var rows = Rows - panel * Panel.Rows;
        for (var t = token; t < token + tokens; t++)
        {
            var y = new Span<float>(job.Y + t * job.YStride + panel * Panel.Rows, rows);
            var tile = new Span<float>(scratch.Tile, Panel.Rows);
            tile.Clear();
            if (job.Accumulate) y.CopyTo(tile);
            for (var column = 0; column < Columns; column += PanelScratch.Columns)
            {
                var view = Open(panel, column, scratch, out var blocks);
                _kernel.Tile1(view, job.X, job.Rows[t], column, blocks, scratch.Tile, accumulate: true);
                if (job.X.Remainder is { } remainder) _kernel.Tile1(view, remainder, job.Rows[t], column, blocks, scratch.Tile, accumulate: true);
            }
            tile[..rows].CopyTo(y);
        }
    }

    private Panel Open(int panel, int column, ThreadScratch scratch, out int blocks)
    {
        var columns = Math.Min(PanelScratch.Columns, Columns - column);
        blocks = columns / 32;
        var unit = _data.Bytes + panel * _panelBytes + _format.PanelBytes(column);
        var view = _format.Open(unit, columns, scratch.Panel);
        // Panels follow one another, so this reaches into the next; past the last, a prefetch does no harm.
        view.Next = unit + PrefetchDistance;
        view.NextStep = (nint)_format.PanelBytes(columns) / blocks;
        return view;
    }
}
