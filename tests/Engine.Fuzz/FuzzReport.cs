using System.Globalization;
using System.Text;

namespace AgentRuntime.Engine.Fuzz;

/// <summary>What a fuzz run found.</summary>
internal sealed class FuzzReport
{
    public required string Target { get; init; }

    public required int First { get; init; }

    public required long MostBytes { get; init; }

    public int Cases { get; set; }

    public long Accepted { get; set; }

    public long Refused { get; set; }

    public int LongestInput { get; set; }

    public TimeSpan Elapsed { get; set; }

    public TimeSpan LongestCase { get; set; }

    public long LargestAllocation { get; set; }

    public long PeakProcessBytes { get; set; }

    /// <summary>The numbers of the cases that failed, and how.</summary>
    public List<(int Case, string What)> Failures { get; } = [];

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        Add($"# Fuzzing {Target}");
        Add($"");
        Add($"`dotnet run -c Release --project tests/Engine.Fuzz -- {Target} --first {First} --cases {Cases}`");
        Add($"");
        Add($"| | |");
        Add($"|---|---|");
        Add($"| cases | {Cases:N0} |");
        Add($"| accepted and used | {Accepted:N0} |");
        Add($"| refused with a typed error | {Refused:N0} |");
        Add($"| failures (other exceptions, disagreement with the oracle, over the limits) | {Failures.Count:N0} |");
        Add($"| longest input | {LongestInput:N0} bytes |");
        Add($"| longest case | {LongestCase.TotalMilliseconds:0.0} ms (limit {FuzzRunner.MostTime.TotalMilliseconds:0} ms) |");
        Add($"| most memory allocated in a case | {LargestAllocation / 1e6:0.0} MB (limit {MostBytes / 1_000_000} MB) |");
        Add($"| peak memory of the process | {PeakProcessBytes / 1e6:0} MB |");
        Add($"| time | {Elapsed.TotalSeconds:0} s |");
        foreach (var (number, what) in Failures) Add($"\n- case {number}: {what}");
        return text.ToString();

        void Add(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
