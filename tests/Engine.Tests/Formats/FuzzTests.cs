using AgentRuntime.Engine.Fuzz;

namespace AgentRuntime.Engine.Tests.Formats;

/// <summary>A few thousand cases of what <c>tests/Engine.Fuzz</c> runs by the million.</summary>
public sealed class FuzzTests
{
    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Mutated_files_give_typed_errors_only(string name)
    {
        var report = FuzzRunner.Run(FuzzTargets.All.Single(target => target.Name == name), 0, 5000);
        Assert.Empty(report.Failures);
        Assert.True(report.Accepted > 0 && report.Refused > 0);
    }
}
