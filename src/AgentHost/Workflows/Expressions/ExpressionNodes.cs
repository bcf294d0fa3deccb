using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>A string, number, boolean or null.</summary>
internal sealed record LiteralExpression(JsonNode? Value, Mark Mark) : Expression(Mark);

/// <summary>Stands for an expression that could not be read, so that the rest of its text is checked all the same.</summary>
internal sealed record BrokenExpression(Mark Mark) : Expression(Mark);

/// <summary>A root of paths: <c>inputs</c>, <c>steps</c>, <c>item</c> …</summary>
internal sealed record NameExpression(string Name, Mark Mark) : Expression(Mark);

/// <summary><c>target.name</c>, also when written <c>target['name']</c>. The mark is the name's.</summary>
internal sealed record MemberExpression(Expression Target, string Name, Mark Mark) : Expression(Mark)
{
    internal override IEnumerable<Expression> Parts => [Target];
}

/// <summary><c>target[index]</c>.</summary>
internal sealed record IndexExpression(Expression Target, Expression Index, Mark Mark) : Expression(Mark)
{
    internal override IEnumerable<Expression> Parts => [Target, Index];
}

/// <summary><c>!operand</c>.</summary>
internal sealed record NotExpression(Expression Operand, Mark Mark) : Expression(Mark)
{
    internal override IEnumerable<Expression> Parts => [Operand];
}

/// <summary>Two operands. The mark is the operator's.</summary>
internal sealed record BinaryExpression(string Operator, Expression Left, Expression Right, Mark Mark) : Expression(Mark)
{
    internal override IEnumerable<Expression> Parts => [Left, Right];
}

/// <summary><c>function(arguments)</c>.</summary>
internal sealed record CallExpression(string Function, IReadOnlyList<Expression> Arguments, Mark Mark) : Expression(Mark)
{
    internal override IEnumerable<Expression> Parts => Arguments;
}

/// <summary><c>[a, b]</c>.</summary>
internal sealed record ListExpression(IReadOnlyList<Expression> Items, Mark Mark) : Expression(Mark)
{
    internal override IEnumerable<Expression> Parts => Items;
}
