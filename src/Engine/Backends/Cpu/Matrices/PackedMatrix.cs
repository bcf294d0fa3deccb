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
        var single = job.Tokens < FewestTileTokens;
        var tokenBlock = ThreadScratch.TokenBlock(Columns);
        for (var token = 0; token < job.Tokens; token += tokenBlock)
        {
            var tokens = Math.Min(tokenBlock, job.Tokens - token);
            if (!single) Pack(job.X, job.Rows + token, tokens, scratch.Tiles);
            if (!single && job.X.Remainder is { } rest) Pack(rest, job.Rows + token, tokens, scratch.RemainderTiles);
            for (var panel = start; panel < end; panel++)
            {
                var y = job.Y + token * job.YStride + panel * Panel.Rows;
                if ((panel + 1) * Panel.Rows <= Rows) MultiplyPanel(job, panel, token, tokens, y, job.YStride, job.Accumulate, scratch);
                else MultiplyLastPanel(job, panel, token, tokens, y, scratch);
            }
        }
    }

    public override void Dispose() => _data.Dispose();

    private void Pack(Activations x, int* rows, int tokens, float* tiles)
    {
        for (var t = 0; t < tokens; t += _kernel.TileTokens, tiles += TileFloats)
            TileInput.Pack(x, rows + t, Math.Min(_kernel.TileTokens, tokens - t), _kernel.TileTokens, Columns, InputForm, tiles);
    }

    /// <summary>Signed weights of kernels that want so are multiplied by inputs in two parts.</summary>
    private TileForm InputForm => _format.InputForm == TileForm.Plain && _kernel.SplitsSigned ? TileForm.Split : _format.InputForm;

    private nint TileFloats => (nint)Columns / 32 * TileInput.LargestBlockFloats * _kernel.TileTokens;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyPanel(in MatrixJob job, int panel, int token, int tokens, float* y, nint yStride, bool accumulate, ThreadScratch scratch)
    {
        var single = job.Tokens < FewestTileTokens;
        for (var column = 0; column < Columns; column += PanelScratch.Columns)
        {
            var view = Open(panel, column, scratch, unpack: !single || !_kernel.ReadsPacked, out var blocks);
            var add = accumulate || column > 0;
            if (single)
            {
                for (var t = 0; t < tokens; t++)
                {
                    var row = job.Rows[token + t];
                    _kernel.Tile1(view, job.X, row, column, blocks, y + t * yStride, add);
                    if (job.X.Remainder is { } rest) _kernel.Tile1(view, rest, row, column, blocks, y + t * yStride, true);
                    view.Next = null;
                }
            }
            else
            {
                MultiplyTiles(ref view, scratch.Tiles, tokens, column, blocks, y, yStride, add);
                if (job.X.Remainder is not null) MultiplyTiles(ref view, scratch.RemainderTiles, tokens, column, blocks, y, yStride, true);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyTiles(ref Panel view, float* tiles, int tokens, int column, int blocks, float* y, nint yStride, bool accumulate)
    {
        var tileTokens = _kernel.TileTokens;
        for (var t = 0; t < tokens; t += tileTokens, tiles += TileFloats)
        {
            var input = TileInput.At(tiles, tileTokens, Columns, column, InputForm);
            _kernel.Tile(view, input, Math.Min(tileTokens, tokens - t), blocks, y + t * yStride, yStride, accumulate);
            view.Next = null;
        }
    }

    /// <summary>The panel whose last rows do not exist: computed aside, and only the existing rows stored.</summary>
    private void MultiplyLastPanel(in MatrixJob job, int panel, int token, int tokens, float* y, ThreadScratch scratch)
    {
        var rows = Rows - panel * Panel.Rows;
        MultiplyPanel(job, panel, token, tokens, scratch.LastPanel, Panel.Rows, accumulate: false, scratch);
        for (var t = 0; t < tokens; t++)
        {
            for (var r = 0; r < rows; r++)
            {
                var value = scratch.LastPanel[t * Panel.Rows + r];
                y[t * job.YStride + r] = job.Accumulate ? y[t * job.YStride + r] + value : value;
            }
        }
    }

    private Panel Open(int panel, int column, ThreadScratch scratch, bool unpack, out int blocks)
    {
        var columns = Math.Min(PanelScratch.Columns, Columns - column);
        blocks = columns / 32;
        var unit = _data.Bytes + panel * _panelBytes + _format.PanelBytes(column);
        var view = _format.Open(unit, columns, scratch.Panel, unpack);
        // Panels follow one another, so this reaches into the next; past the last, a prefetch does no harm.
        view.Next = unit + PrefetchDistance;
        view.NextStep = (nint)_format.PanelBytes(columns) / blocks;
        return view;
    }
}
