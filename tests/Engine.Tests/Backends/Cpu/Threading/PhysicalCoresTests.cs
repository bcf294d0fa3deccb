using AgentRuntime.Engine.Backends.Cpu.Threading;

namespace AgentRuntime.Engine.Tests.Backends.Cpu.Threading;

public sealed class PhysicalCoresTests
{
    [Fact]
    public void CountsDistinctSiblingSets()
    {
        var folder = Directory.CreateTempSubdirectory("topology-").FullName;
        try
        {
            foreach (var (processor, siblings) in new[] { (0, "0,2"), (1, "1,3"), (2, "0,2"), (3, "1,3") })
            {
                var topology = Directory.CreateDirectory(Path.Combine(folder, $"cpu{processor}", "topology")).FullName;
                File.WriteAllText(Path.Combine(topology, "thread_siblings_list"), siblings + "\n");
            }
            Directory.CreateDirectory(Path.Combine(folder, "cpufreq"));
            Assert.Equal(2, PhysicalCores.Find(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void WithoutATopologyThereIsNoAnswer() => Assert.Null(PhysicalCores.Find(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"))));

    [Fact]
    public void NeverMoreThanTheProcessMayUse() => Assert.InRange(PhysicalCores.Count, 1, Environment.ProcessorCount);
}
