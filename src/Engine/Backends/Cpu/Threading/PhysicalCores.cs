namespace AgentRuntime.Engine.Backends.Cpu.Threading;

/// <summary>
/// How many compute threads suit this machine: one per physical core, since two hardware threads of a core share the
/// vector units that the kernels keep busy.
/// </summary>
internal static class PhysicalCores
{
    private const string Topology = "/sys/devices/system/cpu";

    /// <summary>Physical cores, at most the processors that this process may use, at least 1.</summary>
    public static int Count { get; } = Math.Clamp(Find(Topology) ?? Environment.ProcessorCount, 1, Environment.ProcessorCount);

    /// <summary>Distinct sets of sibling hardware threads under a Linux topology folder, or null where there is none.</summary>
    public static int? Find(string folder)
    {
        try
        {
            var siblings = new HashSet<string>(StringComparer.Ordinal);
            foreach (var processor in Directory.EnumerateDirectories(folder, "cpu*"))
            {
                var file = Path.Combine(processor, "topology", "thread_siblings_list");
                if (File.Exists(file)) siblings.Add(File.ReadAllText(file).Trim());
            }
            return siblings.Count > 0 ? siblings.Count : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
