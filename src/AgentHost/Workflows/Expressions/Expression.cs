using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>
/// An expression. The language is small, total and without side effects: every expression ends and has a value, and what
/// cannot be computed is null. Evaluated by <see cref="Evaluator"/>, checked by <see cref="ExpressionChecker"/>.
/// </summary>
public abstract record Expression
{
    private protected Expression(Mark mark) => Mark = mark;

    /// <summary>Where it is written.</summary>
    public Mark Mark { get; }

    /// <summary>The parts that it is made of.</summary>
    internal virtual IEnumerable<Expression> Parts => [];
}
