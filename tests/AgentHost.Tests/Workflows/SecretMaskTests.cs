using System.Text.Json;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Tests.Workflows;

/// <summary>Secrets do not show.</summary>
public sealed class SecretMaskTests
{
    [Theory]
    [InlineData("hunter2", "the password is hunter2, hunter2!", "the password is ***, ***!")]
    [InlineData("a\"b\\c", "{\"x\": \"a\\\"b\\\\c\"}", "{\"x\": \"***\"}")]
    [InlineData("it's", "echo 'it'\\''s'", "echo '***'")]
    [InlineData("hunter2", "aHVudGVyMg==", "***")]
    [InlineData("line one\nline two\n", "has line two in it", "has *** in it")]
    [InlineData("", "nothing", "nothing")]
    [InlineData("abc", "abcabc abcd", "****** ***d")]
    public void Of_a_text(string secret, string text, string expected) => Assert.Equal(expected, new SecretMask([secret]).Apply(text));

    [Fact]
    public void The_longest_goes_first() => Assert.Equal("*** ***", new SecretMask(["ab", "abcd"]).Apply("abcd ab"));

    [Fact]
    public void Of_a_value()
    {
        var mask = new SecretMask(["hunter2", "1234"]);
        Assert.Equal("""{"a":["x***"],"***":null,"n":"***","m":7}""", mask.Apply(JsonNode.Parse("""{"a": ["xhunter2"], "hunter2": null, "n": 1234, "m": 7}"""))!.ToJsonString());
        Assert.Null(mask.Apply((JsonNode?)null));
    }

    [Fact]
    public void Escaped_in_any_way_of_JSON()
    {
        const string Secret = "pä<ss>&word";
        var mask = new SecretMask([Secret]);
        Assert.Equal("\"***\"", mask.Apply(JsonSerializer.Serialize(Secret)));
        Assert.Equal("\"***\"", mask.Apply(AgentRuntime.AgentHost.Workflows.Expressions.JsonValues.Json(Secret)));
    }

    [Fact]
    public void Only_named_ones_are_read_and_all_missing_ones_are_told()
    {
        using var fixture = new WorkflowFixture();
        fixture.Write("inner.yaml", "version: 1\nname: x\nsteps:\n  a: {run: \"echo ${{ secrets.INNER }}\"}\n");
        var loaded = fixture.Load("steps:\n  a: {run: \"echo ${{ secrets.A }} ${{ secrets['B'] }}\"}\n  b: {uses: ./inner.yaml}\n");
        var asked = new List<string>();
        var secrets = WorkflowSecrets.Read(loaded, name => { asked.Add(name); return name + "-value"; });
        Assert.Equal(["A", "B", "INNER"], asked);
        Assert.Equal("*** and ***", secrets.Mask.Apply("A-value and INNER-value"));
        var error = Assert.Throws<WorkflowException>(() => WorkflowSecrets.Read(loaded, name => name == "B" ? "x" : null));
        Assert.Equal(["the secret 'A' is not set; set the environment variable A", "the secret 'INNER' is not set; set the environment variable INNER"], error.Problems.Select(p => p.Message));
        Assert.Equal((4, 30), (error.Problems[0].Mark.Line, error.Problems[0].Mark.Column));
    }
}
