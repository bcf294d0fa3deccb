using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Sessions;

/// <summary>A point in a session's history to which it, or a fork of it, can be rewound.</summary>
public readonly record struct SessionCheckpoint
{
    private readonly ulong _hash;

    internal SessionCheckpoint(List<int> tokens)
    {
        Length = tokens.Count;
        _hash = Hash(CollectionsMarshal.AsSpan(tokens));
    }

    /// <summary>Tokens before this point.</summary>
    public int Length { get; }

    /// <summary>Whether a history begins with the tokens that the checkpoint was taken after.</summary>
    internal bool IsPrefixOf(List<int> tokens) =>
        Length <= tokens.Count && Hash(CollectionsMarshal.AsSpan(tokens)[..Length]) == _hash;

    // FNV-1a over the ids.
    private static ulong Hash(ReadOnlySpan<int> tokens)
    {
        var hash = 14695981039346656037;
        foreach (var token in tokens) hash = (hash ^ (uint)token) * 1099511628211;
        return hash;
    }
}
