namespace AgentRuntime.Engine.Backends;

/// <summary>
/// A runner on a device that can move KV blocks to slots of host memory and back. Moves, and the copies between them, are
/// queued and overlap with computing, but act as if they were done at once, in the order of the calls: a block may be
/// given to somebody else right after it was offloaded, and used right after it was restored.
/// </summary>
public interface IKvOffload : IModelRunner
{
    /// <summary>KV blocks that host memory holds at most, in slots 0 … <see cref="HostSlots"/> - 1; 0 when nothing is to be offloaded.</summary>
    int HostSlots { get; }

    /// <summary>Copies a block's contents, all layers, into a slot.</summary>
    /// <returns>False when there is no host memory for a slot that was not used before; nothing was done.</returns>
    bool TryOffload(int block, int slot);

    /// <summary>Copies a slot's contents, which stay there, into a block.</summary>
    void Restore(int slot, int block);
}
