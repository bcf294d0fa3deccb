using System.Globalization;
using System.Text.Json;

namespace AgentRuntime.Cli.Tests.Commands;

/// <summary>A <c>foreach</c> over eight items that fork a prefix of about 2,000 tokens computes the prefix once; without forks it is computed eight times.</summary>
public sealed class WorkflowForkTests : IDisposable
{
    private const int Items = 8;

    // AGENTRT_FORK_MODEL names another model, and AGENTRT_FORK_ROUNDS says how often; then the times mean something.
    private static readonly string Model = Environment.GetEnvironmentVariable("AGENTRT_FORK_MODEL") ?? "tiny-coder";
    private static readonly bool IsBundled = Model == "tiny-coder";
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("AGENTRT_FORK_ROUNDS") ?? "1", CultureInfo.InvariantCulture);

    private const string Head = """
        version: 1
        name: Judge eight items by one document
        inputs: {document: string}
        outputs: {all: "${{ steps.judge.outputs.json }}"}
        defaults: {max-tokens: 16}
        steps:
          judge:
            foreach: [ant, bee, cat, dog, eel, fox, gnu, hen]
            max-parallel: ${{ at-once }}
            schema: {enum: [good, bad]}

        """;

    private const string Fork = Head + """
            needs: read
            session: fork:read
            prompt: "How is the ${{ item }}?"
          read:
            prompt: ${{ inputs.document }}
            max-tokens: 1
        """;

    // The item stands before the document, as a client would write it that knows of no prefix; so nothing is shared.
    private const string Alone = Head + """
            prompt: "How is the ${{ item }}? ${{ inputs.document }}"
        """;

    // The document stands first, as a client would write it that hopes for a cache of prefixes.
    private const string Repeated = Head + """
            prompt: "${{ inputs.document }} How is the ${{ item }}?"
        """;

    private readonly WorkflowFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_prefix_is_computed_once()
    {
        Write("fork.yaml", Fork, Items);
        // The bundled model's cache holds four whole contexts, not eight.
        Write("alone.yaml", Alone, IsBundled ? 3 : Items);
        Write("repeated.yaml", Repeated, IsBundled ? 3 : Items);
        var document = string.Join(' ', Enumerable.Range(0, 330).Select(i => $"line {i % 10} test file;"));

        for (var round = 0; round < Rounds; round++)
        {
            var fork = await RunAsync("fork.yaml", document);
            var alone = await RunAsync("alone.yaml", document);
            // A cache of prefixes is no proof of anything here; it stands beside the others where times are measured.
            var repeated = IsBundled ? null : await RunAsync("repeated.yaml", document);

            var read = WorkflowExampleTests.Step(fork, "read");
            var prefix = WorkflowExampleTests.Number(read, "prompt_tokens") + WorkflowExampleTests.Number(read, "output_tokens");
            var judge = WorkflowExampleTests.Step(fork, "judge");
            // The tokens of all contexts, what they share counted once.
            var distinct = prefix + WorkflowExampleTests.Number(judge, "prompt_tokens") - Items * prefix + WorkflowExampleTests.Number(judge, "output_tokens");
            var amplification = Computed(fork) / (double)distinct;
            TestContext.Current.SendDiagnosticMessage(string.Create(
                CultureInfo.InvariantCulture,
                $"prefix {prefix} tokens, {Items} items: fork {Computed(fork)} computed, amplification {amplification:0.000}, {Milliseconds(fork):0} ms; alone {Computed(alone)} computed, {Computed(alone) / (double)distinct:0.00} times, {Milliseconds(alone):0} ms{(repeated is null ? "" : string.Create(CultureInfo.InvariantCulture, $"; document first {Computed(repeated)} computed, {Milliseconds(repeated):0} ms"))}"));

            Assert.InRange(prefix, 1950, 3500);
            Assert.InRange(amplification, 0.9, 1.05);
            Assert.True(Computed(alone) >= 7.5 * prefix, $"{Computed(alone)} tokens were computed without forks, expected about 8 × {prefix}");
        }
    }

    private void Write(string name, string workflow, int atOnce) =>
        File.WriteAllText(_folder.At(name), workflow.Replace("${{ at-once }}", atOnce.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));

    private async Task<AgentRtResult> RunAsync(string file, string document)
    {
        string[] context = IsBundled ? [] : ["--context", "8192"];
        var result = await _folder.RunAsync(file, ["--model", Model, "--input", "document=" + document, .. context]);
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
        Assert.Equal(Items, WorkflowExampleTests.End(result).GetProperty("outputs").GetProperty("all").GetArrayLength());
        return result;
    }

    private static long Computed(AgentRtResult result) => Cost(result).GetProperty("computed_tokens").GetInt64();

    /// <summary>The time of the steps, the loading of the model not counted: it is in the first step that needs it, and the same for all.</summary>
    private static double Milliseconds(AgentRtResult result) => WorkflowExampleTests.End(result).GetProperty("total_ms").GetDouble();

    private static JsonElement Cost(AgentRtResult result) => WorkflowExampleTests.End(result).GetProperty("cost");
}
