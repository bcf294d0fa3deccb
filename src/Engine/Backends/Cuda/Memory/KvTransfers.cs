using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.KvCache;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>
/// Moves KV blocks between the device and pinned host memory, on a stream of its own. What is to be moved is collected
/// until the next pass and then queued a few layers at a time, so that the first layers compute while the later ones are
/// still on their way: a layer waits for its own part only.
/// </summary>
/// <remarks>
/// One stream makes one order: a slot that is read and then given away is read first, a block that is saved and then
/// written is saved first. Before it stands what was computed so far, behind each part of it the layers of that part.
/// </remarks>
internal sealed unsafe class KvTransfers : IDisposable
{
    /// <summary>A copy of this size takes about 10 µs over PCIe 5, several times what queueing it does.</summary>
    public const long PieceBytes = 512 << 10;

    /// <summary>Host memory is taken and pinned this much at a time, when it is first needed; 64 MB take some 20 ms.</summary>
    private const long SlabBytes = 64 << 20;

    private readonly CudaDevice _device;
    private readonly KvPool _pool;
    private readonly long _slotBytes;
    private readonly int _slotsPerSlab;
    private readonly int _layersPerPart;
    private readonly nint _stream;
    private readonly nint _computed;
    private readonly nint[] _moved;
    private readonly List<nint> _slabs = [];
    private readonly List<Move> _moves = [];
    private readonly HashSet<int> _blocks = []; // on their way, as far as the device's stream has not waited for them
    private int _awaited;
    private CudaException? _failure;

    /// <param name="device">The device.</param>
    /// <param name="pool">Its KV blocks.</param>
    /// <param name="slots">Most blocks in host memory.</param>
    /// <param name="restBytes">What a slot holds beside: the part of a block that the processor's layers have.</param>
    public KvTransfers(CudaDevice device, KvPool pool, int slots, int restBytes)
    {
        (_device, _pool, Slots) = (device, pool, slots);
        _slotBytes = (long)pool.BlockBytes + restBytes;
        _slotsPerSlab = (int)Math.Clamp(SlabBytes / _slotBytes, 1, Math.Max(1, slots));
        var parts = (int)Math.Clamp(pool.BlockBytes / PieceBytes, Math.Min(2, pool.Layers), pool.Layers);
        _layersPerPart = (pool.Layers + parts - 1) / parts;
        _moved = new nint[(pool.Layers + _layersPerPart - 1) / _layersPerPart];
        _awaited = _moved.Length;
        _stream = device.Driver.CreateStream();
        _computed = device.Driver.CreateEvent(timed: false);
        for (var part = 0; part < _moved.Length; part++) _moved[part] = device.Driver.CreateEvent(timed: false);
    }

    private enum Direction { ToHost, ToDevice, OnDevice }

    public int Slots { get; }

    /// <summary>Saves a block in a slot; false when there is no memory for the slot.</summary>
    public bool TryOffload(int block, int slot)
    {
        if (!HasSlot(slot)) return false;
        _moves.Add(new(Direction.ToHost, block, slot));
        _blocks.Add(block);
        return true;
    }

    /// <summary>The part of a slot that is not the device's.</summary>
    public Span<byte> Rest(int slot) => new(Slot(slot) + _pool.BlockBytes, (int)(_slotBytes - _pool.BlockBytes));

    public void Restore(int slot, int block)
    {
        _moves.Add(new(Direction.ToDevice, slot, block));
        _blocks.Add(block);
    }

    /// <summary>Copies a block within the device in its turn; false when nothing is to be moved before it.</summary>
    public bool TryCopy(int source, int destination)
    {
        if (!_blocks.Contains(source) && !_blocks.Contains(destination)) return false;
        if (_moves.Count == 0)
        {
            AwaitAll();
            return false;
        }
        _moves.Add(new(Direction.OnDevice, source, destination));
        _blocks.Add(source);
        _blocks.Add(destination);
        return true;
    }

    /// <summary>Queues what was collected, behind everything that the device's stream has been given so far.</summary>
    /// <exception cref="CudaException">The device failed, now or before: what the blocks hold is no longer known.</exception>
    public void Flush()
    {
        if (_failure is not null) throw new CudaException($"{_failure.Message} The model has to be loaded again.", _failure.Code);
        if (_moves.Count == 0) return;
        try
        {
            _device.Driver.RecordEvent(_computed, _device.Stream);
            _device.Driver.WaitEvent(_stream, _computed);
            for (var part = 0; part < _moved.Length; part++)
            {
                foreach (var move in _moves) Queue(move, part);
                _device.Driver.RecordEvent(_moved[part], _stream);
            }
        }
        catch (CudaException error)
        {
            _failure = error;
            throw;
        }
        _moves.Clear();
        _awaited = 0;
    }

    /// <summary>Whether a pass has to wait: a block of one of its sequences is on its way.</summary>
    public bool Concern(ReadOnlySpan<SequenceSlice> sequences)
    {
        if (_blocks.Count == 0) return false;
        foreach (var sequence in sequences)
        {
            foreach (var block in sequence.Blocks.AsSpan(0, KvCacheManager.BlocksFor(sequence.ContextLength + sequence.Count)))
                if (_blocks.Contains(block)) return true;
        }
        return false;
    }

    /// <summary>What is queued on the device's stream from here on waits for a layer's part of the moves.</summary>
    public void Await(int layer)
    {
        var part = layer / _layersPerPart;
        if (part < _awaited) return;
        _device.Driver.WaitEvent(_device.Stream, _moved[part]);
        _awaited = part + 1;
        if (_awaited == _moved.Length && _moves.Count == 0) _blocks.Clear();
    }

    /// <summary>The same for all layers.</summary>
    public void AwaitAll() => Await(_pool.Layers - 1);

    public void Dispose()
    {
        try
        {
            _device.Driver.Synchronize(_stream);
        }
        catch (CudaException)
        {
            // A device that failed moves nothing any more.
        }
        _device.Driver.DestroyStream(_stream);
        _device.Driver.DestroyEvent(_computed);
        foreach (var moved in _moved) _device.Driver.DestroyEvent(moved);
    }

    private bool HasSlot(int slot)
    {
        try
        {
            while (slot >= _slabs.Count * _slotsPerSlab)
            {
                var slots = Math.Min(_slotsPerSlab, Slots - _slabs.Count * _slotsPerSlab);
                _slabs.Add((nint)_device.AllocateHost(slots * _slotBytes));
            }
            return true;
        }
        catch (CudaException error) when (error.IsOutOfMemory)
        {
            return false;
        }
    }

    private void Queue(Move move, int part)
    {
        var offset = part * _layersPerPart * _pool.LayerBytes;
        var bytes = Math.Min(_layersPerPart * _pool.LayerBytes, _pool.BlockBytes - offset);
        switch (move.Direction)
        {
            case Direction.ToHost:
                _device.Driver.CopyToHost(Slot(move.To) + offset, _pool.Address(move.From) + (ulong)offset, bytes, _stream);
                break;
            case Direction.ToDevice:
                _device.Driver.CopyToDevice(_pool.Address(move.To) + (ulong)offset, Slot(move.From) + offset, bytes, _stream);
                break;
            default:
                _device.Driver.CopyOnDevice(_pool.Address(move.To) + (ulong)offset, _pool.Address(move.From) + (ulong)offset, bytes, _stream);
                break;
        }
    }

    private byte* Slot(int slot) => (byte*)_slabs[slot / _slotsPerSlab] + slot % _slotsPerSlab * _slotBytes;

    private readonly record struct Move(Direction Direction, int From, int To);
}
