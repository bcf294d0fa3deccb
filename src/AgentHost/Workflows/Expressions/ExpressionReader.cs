using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>Reads expressions and texts with expressions in them; what is wrong goes to a list of problems.</summary>
public static class ExpressionReader
{
    private const string Open = "${{";

    /// <summary>Whether a text has expressions in it.</summary>
    public static bool HasExpressions(string text) => text.Contains(Open, StringComparison.Ordinal);

    /// <summary>Reads a text that is an expression as a whole, without <c>${{ }}</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="markAt">The place of an offset in the text.</param>
    /// <param name="problems">Receives what is wrong.</param>
    /// <returns>The expression, or null when it cannot be read.</returns>
    public static Expression? ReadExpression(string text, Func<int, Mark> markAt, ProblemList problems)
    {
        try
        {
            var expression = ExpressionParser.Parse(text, 0, markAt, out var end);
            if (end == text.Length) return expression;
            problems.Add(markAt(end), "'}}' does not belong here: there is no '${{' before it");
        }
        catch (ExpressionSyntaxException e)
        {
            problems.Add(markAt(e.Offset), e.Message);
        }
        return null;
    }

    /// <summary>Reads a text with expressions in <c>${{ }}</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="markAt">The place of an offset in the text.</param>
    /// <param name="problems">Receives what is wrong.</param>
    /// <returns>The template; sound when there are no problems.</returns>
    public static Template ReadTemplate(string text, Func<int, Mark> markAt, ProblemList problems)
    {
        List<TemplatePart> parts = [];
        var position = 0;
        while (text.IndexOf(Open, position, StringComparison.Ordinal) is var open and >= 0)
        {
            if (open > position) parts.Add(new(text[position..open], null));
            try
            {
                var expression = ExpressionParser.Parse(text, open + Open.Length, markAt, out var end);
                if (end == text.Length) throw new ExpressionSyntaxException(open, "'${{' has no closing '}}'");
                position = end + 2;
                parts.Add(new(text[open..position], expression));
            }
            catch (ExpressionSyntaxException e)
            {
                problems.Add(markAt(e.Offset), e.Message);
                // Goes on behind this expression, so that the text's other mistakes are told too.
                var close = text.IndexOf("}}", open, StringComparison.Ordinal);
                position = close < 0 ? text.Length : close + 2;
                parts.Add(new(text[open..position], new BrokenExpression(markAt(open))));
            }
        }
        if (position < text.Length) parts.Add(new(text[position..], null));
        return new(text, parts);
    }
}
