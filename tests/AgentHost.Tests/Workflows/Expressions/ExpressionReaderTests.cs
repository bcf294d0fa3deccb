using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Tests.Workflows.Expressions;

/// <summary>What cannot be read, and where.</summary>
public sealed class ExpressionReaderTests
{
    [Theory]
    [InlineData("", 1, "the expression is empty")]
    [InlineData("a ==", 5, "the end does not belong here; expected a value")]
    [InlineData("a = 1", 3, "compare with '=='")]
    [InlineData("0 / 0", 3, "expressions have no arithmetic")]
    [InlineData("/", 1, "expressions have no arithmetic")]
    [InlineData("a + b", 3, "expressions have no arithmetic")]
    [InlineData("\"a\"", 1, "single quotes")]
    [InlineData("'a", 1, "no closing quote")]
    [InlineData("a and b", 3, "did you mean '&&'?")]
    [InlineData("a & b", 3, "did you mean '&&'?")]
    [InlineData("a ? b", 3, "default(value, otherwise)")]
    [InlineData("(a", 3, "expected ')'")]
    [InlineData("f(a b)", 5, "expected ',' or ')'")]
    [InlineData("a.", 3, "expected a name after '.'")]
    [InlineData("a.'b'", 3, "expected a name after '.'")]
    [InlineData("3a", 1, "a name begins with a letter")]
    [InlineData("a }} b", 3, "there is no '${{' before it")]
    [InlineData("${{ a }}", 1, "cannot stand inside an expression")]
    public void Says_where_and_what(string text, int column, string message)
    {
        var problems = new ProblemList("x");
        Assert.Null(ExpressionReader.ReadExpression(text, offset => new(1, offset + 1), problems));
        var problem = Assert.Single(problems.InOrder());
        Assert.Equal(column, problem.Mark.Column);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("!", "")]
    [InlineData("[", "]")]
    [InlineData("lower(", ")")]
    [InlineData("a[", "]")]
    public void Nesting_is_bounded(string open, string close)
    {
        var problems = new ProblemList("x");
        var text = string.Concat(Enumerable.Repeat(open, 300)) + "a" + string.Concat(Enumerable.Repeat(close, 300));
        Assert.Null(ExpressionReader.ReadExpression(text, _ => Mark.Start, problems));
        Assert.Contains("nested deeper than 32", problems.InOrder()[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Length_is_bounded()
    {
        var problems = new ProblemList("x");
        Assert.Null(ExpressionReader.ReadExpression("a" + string.Concat(Enumerable.Repeat(".a", 100_000)), _ => Mark.Start, problems));
        Assert.Contains("longer than 2000", problems.InOrder()[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_broken_expression_of_a_text_is_told()
    {
        var problems = new ProblemList("x");
        Assert.NotNull(ExpressionReader.ReadTemplate("${{ 1 + 1 }} ${{ ok }} ${{ 'a }} ${{ b", offset => new(1, offset + 1), problems));
        Assert.Equal([7, 28, 34], problems.InOrder().Select(p => p.Mark.Column));
    }
}
