using System.Globalization;
using System.Text.Json;
using AgentRuntime.Engine.Grammar;

namespace AgentRuntime.Engine.Tests.Grammar;

public sealed class SuiteTests
{
    [Fact]
    public void MaskBench_accepts_no_invalid_instance_and_nearly_all_valid_ones()
    {
        var tokenizer = GrammarFixture.Open(TestFiles.Shared("vocab", "ggml-vocab-qwen2.gguf"));
        TokenGrammar.Prepare(tokenizer);
        var results = Directory.GetFiles(TestFiles.Shared("json-schema", "maskbench"), "*.json").Order(StringComparer.Ordinal).Select(file => MaskBenchFile.Run(file, tokenizer)).ToList();
        var refused = string.Join('\n', results.Where(r => r.ValidRejected > 0).Select(r => $"{r.File} {r.Unsupported}"));
        Assert.All(results, result => Assert.Equal(0, result.InvalidAccepted));
        var share = (double)results.Sum(r => r.ValidAccepted) / results.Sum(r => r.ValidAccepted + r.ValidRejected);
        Assert.True(share >= 0.95, string.Create(CultureInfo.InvariantCulture, $"{share:P1}\n{refused}"));
    }

    [Fact]
    public void The_test_suite_is_classified_right_or_refused()
    {
        List<string> wrong = [];
        List<string> refused = [];
        foreach (var file in Directory.GetFiles(TestFiles.Shared("json-schema", "test-suite-draft2020-12"), "*.json").Order(StringComparer.Ordinal))
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var group in document.RootElement.EnumerateArray())
            {
                var name = Path.GetFileNameWithoutExtension(file) + ": " + group.GetProperty("description").GetString();
                foreach (var test in group.GetProperty("tests").EnumerateArray())
                {
                    var valid = test.GetProperty("valid").GetBoolean();
                    var result = MaskBenchFile.Run(name, group.GetProperty("schema").GetRawText(), [(test.GetProperty("data"), valid)], GrammarFixture.Tokenizer);
                    if (result.Unsupported is { } reason) refused.Add(name + " | " + reason);
                    else if (result.ValidRejected + result.InvalidAccepted > 0) wrong.Add($"{name} / {test.GetProperty("description").GetString()}: {(valid ? "rejected" : "accepted")}");
                }
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        var listed = File.ReadAllLines(Path.Combine(TestFiles.Root, "tests", "Engine.Tests", "Grammar", "refusals.txt"));
        Assert.Equal(listed, refused.Distinct(StringComparer.Ordinal));
    }
}
