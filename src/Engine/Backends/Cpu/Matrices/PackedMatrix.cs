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
    // A tile costs as much whether it is full or not, and as much as this many single tokens.
    private const int FewestTileTokens = 3;

    // Stretches from the one in use to the one that is prefetched: 15 to 35 KB, enough to cover the latency of a loaded
    // memory bus, and few enough to stay in the second-level cache.
    private const int PrefetchDistance = 2;

    private readonly PackedFormat _format;
    private readonly DotKernel _kernel;
    private readonly NativeBuffer _data;
    private readonly long _panelBytes;
    private readonly int _stretches;

    public PackedMatrix(int rows, int columns, PackedFormat format, DotKernel kernel) : base(rows, columns)
    {
        if (columns % format.UnitColumns != 0) throw new ArgumentException($"{columns} columns are no whole number of blocks.", nameof(columns));
        _format = format;
        _kernel = kernel;
        Panels = (rows + Panel.Rows - 1) / Panel.Rows;
        // Each panel starts on a cache line.
        _panelBytes = (format.PanelBytes(columns) + 63) / 64 * 64;
        _stretches = (columns + PanelScratch.Columns - 1) / PanelScratch.Columns;
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
        for (var column = 0; column < Columns; column += PanelScratch.Columns)
        {
            var units = Width(column) / _format.UnitColumns;
            for (var unit = 0; unit < units; unit++)
            {
                _format.Pack(rows, Stretch(panel, column), unit, units);
                for (var r = 0; r < Panel.Rows; r++) rows[r] += _format.SourceBytes;
            }
        }
    }

    public override void Multiply(in MatrixJob job, int thread, int threads, ThreadScratch scratch)
    {
        var (start, end) = WorkShare.Of(Panels, thread, threads);
        var tileTokens = TileTokens(job.Tokens);
        var tokenBlock = ThreadScratch.TokenBlock(Columns);
        for (var token = 0; token < job.Tokens; token += tokenBlock)
        {
            var tokens = Math.Min(tokenBlock, job.Tokens - token);
            if (tileTokens > 0)
            {
                Pack(job.X, job.Rows + token, tokens, tileTokens, scratch.Tiles);
                if (job.X.Remainder is { } rest) Pack(rest, job.Rows + token, tokens, tileTokens, scratch.RemainderTiles);
            }
            var upcoming = PrefetchDistance;
            for (var panel = start; panel < end; panel++, upcoming += _stretches)
            {
                var y = job.Y + token * job.YStride + panel * Panel.Rows;
                var share = new Share(thread, threads, upcoming);
                if ((panel + 1) * Panel.Rows <= Rows) MultiplyPanel(job, panel, share, token, tokens, y, job.YStride, job.Accumulate, scratch);
                else MultiplyLastPanel(job, panel, share, token, tokens, y, scratch);
            }
        }
    }

    public override void Dispose() => _data.Dispose();

    /// <summary>Tokens that are packed side by side; 0 where the kernel reads their rows as they are.</summary>
    private int TileTokens(int tokens) => tokens >= FewestTileTokens ? _kernel.TileTokens : InputForm == TileForm.Split ? 1 : 0;

    /// <summary>Signed weights of kernels that want so are multiplied by inputs in two parts.</summary>
    private TileForm InputForm => _format.InputForm == TileForm.Plain && _kernel.SplitsSigned ? TileForm.Split : _format.InputForm;

    private void Pack(Activations x, int* rows, int tokens, int tileTokens, float* tiles)
    {
        for (var t = 0; t < tokens; t += tileTokens, tiles += TileFloats(tileTokens))
            TileInput.Pack(x, rows + t, Math.Min(tileTokens, tokens - t), tileTokens, Columns, InputForm, tiles);
    }

    private nint TileFloats(int tileTokens) => (nint)Columns / 32 * TileInput.LargestBlockFloats * tileTokens;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyPanel(
        in MatrixJob job, int panel, Share share, int token, int tokens, float* y, nint yStride, bool accumulate, ThreadScratch scratch)
    {
        var tileTokens = TileTokens(job.Tokens);
        for (var column = 0; column < Columns; column += PanelScratch.Columns)
        {
            var blocks = Width(column) / 32;
            var unpack = job.Tokens >= FewestTileTokens || !_kernel.ReadsPacked;
            var view = _format.Open(Stretch(panel, column), Width(column), scratch.Panel, unpack);
            (var next, var bytes) = Upcoming(share.Upcoming + column / PanelScratch.Columns, share.Thread, share.Threads);
            view.Next = (byte*)next;
            view.NextStep = bytes / blocks;
            var add = accumulate || column > 0;
            if (tileTokens > 0)
            {
                MultiplyTiles(ref view, scratch.Tiles, tokens, tileTokens, column, blocks, y, yStride, add);
                if (job.X.Remainder is not null) MultiplyTiles(ref view, scratch.RemainderTiles, tokens, tileTokens, column, blocks, y, yStride, true);
                continue;
            }
            for (var t = 0; t < tokens; t++)
            {
                var row = job.Rows[token + t];
                _kernel.Tile1(view, job.X, row, column, blocks, y + t * yStride, add);
                if (job.X.Remainder is { } rest) _kernel.Tile1(view, rest, row, column, blocks, y + t * yStride, true);
                view.Next = null;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyTiles(
        ref Panel view, float* tiles, int tokens, int tileTokens, int column, int blocks, float* y, nint yStride, bool accumulate)
    {
        for (var t = 0; t < tokens; t += tileTokens, tiles += TileFloats(tileTokens))
        {
            var input = TileInput.At(tiles, tileTokens, Columns, column, InputForm);
            if (tileTokens == _kernel.TileTokens) _kernel.Tile(view, input, Math.Min(tileTokens, tokens - t), blocks, y + t * yStride, yStride, accumulate);
            else _kernel.SplitTile1(view, input, blocks, y + t * yStride, accumulate);
            view.Next = null;
        }
    }

    /// <summary>The panel whose last rows do not exist: computed aside, and only the existing rows stored.</summary>
    private void MultiplyLastPanel(in MatrixJob job, int panel, Share share, int token, int tokens, float* y, ThreadScratch scratch)
    {
        var rows = Rows - panel * Panel.Rows;
        MultiplyPanel(job, panel, share, token, tokens, scratch.LastPanel, Panel.Rows, accumulate: false, scratch);
        for (var t = 0; t < tokens; t++)
        {
            for (var r = 0; r < rows; r++)
            {
                var value = scratch.LastPanel[t * Panel.Rows + r];
                y[t * job.YStride + r] = job.Accumulate ? y[t * job.YStride + r] + value : value;
            }
        }
    }

    /// <summary>Columns of the stretch that begins at a column.</summary>
    private int Width(int column) => Math.Min(PanelScratch.Columns, Columns - column);

    private byte* Stretch(int panel, int column) => _data.Bytes + panel * _panelBytes + _format.PanelBytes(column);

    /// <summary>
    /// Memory that a thread reads as its <paramref name="index"/>-th stretch of this matrix or, past its share, of the next:
    /// so memory does not stand idle while threads wait for one another between two matrices.
    /// </summary>
    private (nint Start, nint Bytes) Upcoming(int index, int thread, int threads)
    {
        var (start, end) = WorkShare.Of(Panels, thread, threads);
        var beyond = index - (end - start) * _stretches;
        if (beyond >= 0) return beyond < PrefetchDistance && Next is PackedMatrix next ? next.Upcoming(beyond, thread, threads) : default;
        var column = index % _stretches * PanelScratch.Columns;
        return ((nint)Stretch(start + index / _stretches, column), (nint)_format.PanelBytes(Width(column)));
    }

    /// <summary>A thread, and which of its stretches is to be prefetched when it begins a panel.</summary>
    private readonly record struct Share(int Thread, int Threads, int Upcoming);
}
