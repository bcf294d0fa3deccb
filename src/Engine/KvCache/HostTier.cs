using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Diagnostics;

namespace AgentRuntime.Engine.KvCache;

/// <summary>
/// The second tier of the prefix cache: tree nodes whose blocks the device had no room for, in slots of host memory.
/// Bringing one back costs a copy, which is always cheaper than computing it again. What came back keeps its slot until
/// another needs it, so that going again costs nothing.
/// </summary>
/// <remarks>
/// Nodes come in the order in which the device lets them go, children before their parents, and the first is dropped
/// first. A node's children are here whenever it is, so what is dropped is always a leaf.
/// </remarks>
internal sealed class HostTier(IKvOffload runner)
{
    private readonly LinkedList<PrefixNode> _nodes = new();
    private readonly LinkedList<PrefixNode> _copies = new();
    private readonly Stack<int> _free = new();

    /// <summary>Most nodes; fewer from the moment on at which the machine has no memory for more.</summary>
    public int Slots { get; private set; } = runner.HostSlots;

    /// <summary>Slots that were used once: only those below are in <see cref="FreeSlots"/>.</summary>
    public int OpenedSlots { get; private set; }

    /// <summary>The nodes, the one that is dropped next first.</summary>
    public IReadOnlyCollection<PrefixNode> Nodes => _nodes;

    /// <summary>The nodes that have a block too, the one that gives up its slot next first.</summary>
    public IReadOnlyCollection<PrefixNode> Copies => _copies;

    /// <summary>Slots that were used once and hold nothing now.</summary>
    public IReadOnlyCollection<int> FreeSlots => _free;

    /// <summary>Copies a block into a slot, and drops a node where that takes one. Whoever has the slot then is to be added.</summary>
    /// <returns>False when there is no slot to be had.</returns>
    public bool TryCopy(int block, out int slot)
    {
        if (_free.Count == 0 && OpenedSlots < Slots)
        {
            slot = OpenedSlots;
            if (runner.TryOffload(block, slot))
            {
                OpenedSlots++;
                return true;
            }
            Slots = OpenedSlots;
        }
        if (_free.Count == 0 && _copies.First is { } copy) Release(copy.Value);
        if (_free.Count == 0 && _nodes.First is { } oldest) Drop(oldest.Value);
        return _free.TryPeek(out slot) && runner.TryOffload(block, slot) && _free.TryPop(out slot);
    }

    /// <summary>Takes over a node whose contents are in a slot.</summary>
    public void Add(PrefixNode node, int slot)
    {
        node.Slot = slot;
        Unhold(node);
        Count("offload");
    }

    /// <summary>Makes a node the last to be dropped, also one that had a block beside its slot; its children have to be touched before it.</summary>
    public void Touch(PrefixNode node)
    {
        Hold(node);
        Unhold(node);
    }

    /// <summary>Keeps a node from being dropped while room is made for it; <see cref="Restore"/> or <see cref="Unhold"/> ends that.</summary>
    public static void Hold(PrefixNode node)
    {
        node.HostPlace!.List!.Remove(node.HostPlace);
        node.HostPlace = null;
    }

    /// <summary>Makes a node that was held the last to be dropped.</summary>
    public void Unhold(PrefixNode node) => node.HostPlace = _nodes.AddLast(node);

    /// <summary>Copies a held node's contents into a block.</summary>
    /// <param name="node">The node.</param>
    /// <param name="block">The block, whose contents do not matter.</param>
    /// <param name="isIts">Whether the block is the node's from now on; otherwise the node stays here, as the last to be dropped.</param>
    public void Restore(PrefixNode node, int block, bool isIts)
    {
        runner.Restore(node.Slot, block);
        Count("restore");
        if (isIts) node.HostPlace = _copies.AddLast(node);
        else Unhold(node);
    }

    /// <summary>Frees the slot of a node that has a block.</summary>
    public void Release(PrefixNode node)
    {
        Hold(node);
        _free.Push(node.Slot);
        node.Slot = PrefixNode.None;
    }

    /// <summary>Takes a leaf out of the tree.</summary>
    public void Drop(PrefixNode node)
    {
        Release(node);
        node.Parent!.Children.Remove(node);
    }

    private void Count(string direction)
    {
        var tag = new KeyValuePair<string, object?>("direction", direction);
        EngineDiagnostics.KvBlocksMoved.Add(1, tag);
        EngineDiagnostics.KvBytesMoved.Add(runner.BlockBytes, tag);
    }
}
