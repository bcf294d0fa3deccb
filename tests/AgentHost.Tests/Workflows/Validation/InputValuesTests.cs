using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Reading;
using AgentRuntime.AgentHost.Workflows.Validation;

namespace AgentRuntime.AgentHost.Tests.Workflows.Validation;

/// <summary>Inputs from a command line.</summary>
public sealed class InputValuesTests
{
    private const string Inputs = "version: 1\nname: x\ninputs:\n  s: string\n  i: {type: integer, default: 1}\n  n: {type: number, default: 1.5}\n  b: {type: boolean, default: false}\n  l: {type: list, default: [a]}\n  o: {type: object, default: {a: 1}}\n  c: {default: x, options: [x, y]}\nsteps:\n  a: {run: ls}\n";

    [Theory]
    [InlineData("s=", """{"s":"","i":1,"n":1.5,"b":false,"l":["a"],"o":{"a":1},"c":"x"}""")]
    [InlineData("s=a=b|i=-3|n=2|b=TRUE|l=[1]|o={\"x\": [2]}|c=y", """{"s":"a=b","i":-3,"n":2,"b":true,"l":[1],"o":{"x":[2]},"c":"y"}""")]
    public void Are_given_the_meaning_of_their_type(string given, string expected) => Assert.Equal(expected, Parse(given, []));

    [Theory]
    [InlineData("", "4:3: the input 's' is missing; give text with --input s=…")]
    [InlineData("s=x|i=three", "5:3: the input 'i' is \"three\"; expected a whole number")]
    [InlineData("s=x|i=1.5", "5:3: the input 'i' is \"1.5\"; expected a whole number")]
    [InlineData("s=x|n=NaN", "6:3: the input 'n' is \"NaN\"; expected a number")]
    [InlineData("s=x|b=yes", "7:3: the input 'b' is \"yes\"; expected true or false")]
    [InlineData("s=x|l=a,b", "8:3: the input 'l' is \"a,b\"; expected a list, as JSON such as [\"a\", \"b\"]")]
    [InlineData("s=x|l={}", "8:3: the input 'l' is {}; expected a list, as JSON such as [\"a\", \"b\"]")]
    [InlineData("s=x|o=[1]", "9:3: the input 'o' is [1]; expected a map, as JSON such as {\"a\": 1}")]
    [InlineData("s=x|c=z", "10:3: the input 'c' is \"z\"; expected one of x, y")]
    [InlineData("s=x|topic=z", "1:1: there is no input 'topic'; expected one of s, i, n, b, l, o, c")]
    [InlineData("s=x|s=y", "1:1: the input 's' is given twice; give it once")]
    [InlineData("i=x|c=z", "4:3: the input 's' is missing; give text with --input s=…|5:3: the input 'i' is \"x\"; expected a whole number|10:3: the input 'c' is \"z\"; expected one of x, y")]
    public void Are_refused_where_they_are_declared(string given, string expected) => Parse(given, expected.Split('|'));

    private static string Parse(string given, string[] expected)
    {
        var problems = new ProblemList("x");
        var workflow = WorkflowReader.Read(Inputs, problems)!;
        var pairs = given.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).Select(p => KeyValuePair.Create(p[0], p[1]));
        var values = InputValues.Parse(workflow, pairs, problems);
        Assert.Equal(expected, problems.InOrder().Select(p => $"{p.Mark}: {p.Message}"));
        return values.ToJsonString();
    }
}
