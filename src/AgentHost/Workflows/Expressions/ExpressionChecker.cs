using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>Finds the type of expressions, and what is wrong with them, before anything runs.</summary>
/// <param name="scope">What they may refer to.</param>
/// <param name="problems">Receives what is wrong.</param>
public sealed class ExpressionChecker(ExpressionScope scope, ProblemList problems)
{
    private static readonly Dictionary<string, string> Elsewhere = new(StringComparer.Ordinal)
    {
        ["success"] = "a step runs when the steps that it needs have succeeded",
        ["failure"] = "set 'continue-on-error' on the step that may fail, and test steps.ID.outcome",
        ["always"] = "set 'continue-on-error' on the step that may fail",
        ["cancelled"] = "a workflow that is stopped can be resumed",
        ["hashFiles"] = "compute it in a 'run' step",
    };

    /// <summary>Checks something written in a workflow and tells its type.</summary>
    public ExpressionType Check(WorkflowValue value)
    {
        switch (value)
        {
            case ConstantValue constant:
                return ExpressionType.Of(constant.Value);
            case TextValue { Template.Whole: { } whole }:
                return Check(whole);
            case TextValue text:
                foreach (var part in text.Template.Parts)
                {
                    if (part.Expression is not null) Check(part.Expression);
                }
                return ExpressionType.String;
            case ListValue list:
                return ExpressionType.ListOf(list.Items.Select(Check).ToList().DefaultIfEmpty(ExpressionType.Any).Aggregate(ExpressionType.Join));
            case MapValue map:
                return ExpressionType.ObjectOf(map.Entries.ToDictionary(e => e.Name, e => Check(e.Value)));
            default:
                return ExpressionType.Any;
        }
    }

    /// <summary>Checks an expression and tells its type; <see cref="ExpressionType.Any"/> where it is wrong.</summary>
    public ExpressionType Check(Expression expression) => expression switch
    {
        LiteralExpression literal => ExpressionType.Of(literal.Value),
        NameExpression name => CheckName(name),
        MemberExpression member => CheckMember(member),
        IndexExpression index => CheckIndex(index),
        NotExpression not => Condition(not.Operand, "!"),
        BinaryExpression binary => CheckBinary(binary),
        CallExpression call => CheckCall(call),
        ListExpression list => ExpressionType.ListOf(list.Items.Select(Check).ToList().DefaultIfEmpty(ExpressionType.Any).Aggregate(ExpressionType.Join)),
        _ => ExpressionType.Any,
    };

    private ExpressionType CheckName(NameExpression name)
    {
        var type = Root(name);
        if (name.Name is not ("steps" or "secrets") || !scope.Roots.ContainsKey(name.Name)) return type;
        var wanted = name.Name == "steps" ? "steps.ID.outputs.NAME" : "secrets.NAME";
        return Wrong(name.Mark, $"'{name.Name}' cannot be used as a whole; name what is meant: {wanted}");
    }

    private ExpressionType Root(NameExpression name)
    {
        if (scope.Roots.TryGetValue(name.Name, out var type)) return type;
        var why = name.Name switch
        {
            "item" or "index" => $"'{name.Name}' is there only in a step with 'foreach'",
            "result" => "'result' is there only in a step's 'outputs'",
            "steps" => "'steps' is not there in this place, because it is needed before any step runs",
            "env" => "'env' is not there in this place; expected inputs or secrets, on which it may depend itself",
            "secrets" => "'secrets' is not there in this place, because a workflow's outputs are for everybody to see",
            "needs" => "there is no 'needs'; write steps.ID.outputs.NAME",
            "matrix" => "there is no 'matrix'; use 'foreach', and 'item' in it",
            _ => $"there is no '{name.Name}'; expected one of {string.Join(", ", scope.Roots.Keys)}{Suggestion.For(name.Name, scope.Roots.Keys)}",
        };
        return Wrong(name.Mark, why);
    }

    private ExpressionType CheckMember(MemberExpression member)
    {
        var root = (member.Target as NameExpression)?.Name;
        var target = member.Target is NameExpression name ? Root(name) : Check(member.Target);
        switch (target.Kind)
        {
            case ExpressionKind.Any:
                return ExpressionType.Any;
            case ExpressionKind.Object when target.Properties is null:
                return root == "secrets" ? ExpressionType.String : ExpressionType.Any;
            case ExpressionKind.Object:
                if (target.Properties.TryGetValue(member.Name, out var type)) return type;
                if (root == "steps" && scope.ExplainStep(member.Name) is { } why) return Wrong(member.Mark, why);
                var what = root switch { "inputs" => "input", "steps" => "step", "env" => "variable", _ => "value" };
                var there = target.Properties.Count == 0 ? "there are none" : "expected one of " + string.Join(", ", target.Properties.Keys);
                return Wrong(member.Mark, $"there is no {what} '{member.Name}'; {there}{Suggestion.For(member.Name, target.Properties.Keys)}");
            case ExpressionKind.List:
                return Wrong(member.Mark, $"a list has no '{member.Name}'; take an entry with [0], or what all entries have with pluck(list, '{member.Name}')");
            default:
                return Wrong(member.Mark, $"{target} has no '{member.Name}'; expected a map before the '.'");
        }
    }

    private ExpressionType CheckIndex(IndexExpression index)
    {
        var key = Check(index.Index);
        if (index.Target is NameExpression { Name: "steps" or "secrets" } name && scope.Roots.ContainsKey(name.Name))
            return Wrong(index.Mark, $"'{name.Name}' takes a name that is known before anything runs, as in {name.Name}.NAME");
        var target = Check(index.Target);
        if (!target.MayBe(ExpressionKind.List) && !target.MayBe(ExpressionKind.Object))
            return Wrong(index.Mark, $"{target} has no entries; expected a list or a map before '['");
        if (target.Kind == ExpressionKind.List && !key.MayBe(ExpressionKind.Number)) return Wrong(index.Mark, $"the place in a list is a number, not {key}");
        if (target.Kind == ExpressionKind.Object && !key.MayBe(ExpressionKind.String)) return Wrong(index.Mark, $"the name in a map is text, not {key}");
        return target.Kind == ExpressionKind.List ? target.Element
            : target.Properties is { Count: > 0 } properties ? properties.Values.Aggregate(ExpressionType.Join)
            : ExpressionType.Any;
    }

    private ExpressionType CheckBinary(BinaryExpression binary)
    {
        if (binary.Operator is "&&" or "||")
        {
            Condition(binary.Left, binary.Operator);
            Condition(binary.Right, binary.Operator);
            return ExpressionType.Boolean;
        }
        var (left, right) = (Check(binary.Left), Check(binary.Right));
        var alike = left.MayBe(right.Kind) || left.Kind == ExpressionKind.Null || right.Kind == ExpressionKind.Null;
        if (!alike)
            return Wrong(binary.Mark, $"'{binary.Operator}' compares {left} with {right}, which are never the same kind; convert one of them, as with {(left.Kind == ExpressionKind.String ? "number" : "string")}(…)", ExpressionType.Boolean);
        if (binary.Operator is not ("==" or "!=") && !(Ordered(left) && Ordered(right)))
            return Wrong(binary.Mark, $"'{binary.Operator}' takes numbers or texts, not {(Ordered(left) ? right : left)}", ExpressionType.Boolean);
        return ExpressionType.Boolean;
    }

    private static bool Ordered(ExpressionType type) => type.Kind is ExpressionKind.Any or ExpressionKind.Number or ExpressionKind.String;

    private ExpressionType Condition(Expression operand, string symbol)
    {
        var type = Check(operand);
        if (type.MayBe(ExpressionKind.Boolean)) return ExpressionType.Boolean;
        var remedy = symbol == "||" ? "for a value in place of a missing one use default(value, otherwise)" : "compare it, as with value != ''";
        return Wrong(operand.Mark, $"'{symbol}' takes true or false, not {type}; {remedy}", ExpressionType.Boolean);
    }

    private ExpressionType CheckCall(CallExpression call)
    {
        var types = call.Arguments.Select(Check).ToList();
        if (ExpressionFunctions.Find(call.Function) is not { } function)
        {
            if (Elsewhere.TryGetValue(call.Function, out var why)) return Wrong(call.Mark, $"there is no function '{call.Function}'; {why}");
            var names = ExpressionFunctions.All.Select(f => f.Name).ToList();
            return Wrong(call.Mark, $"there is no function '{call.Function}'; expected one of {string.Join(", ", names)}{Suggestion.For(call.Function, names)}");
        }
        if (types.Count < function.Required || (!function.Repeats && types.Count > function.Parameters.Count))
            return Wrong(call.Mark, $"'{call.Function}' was given {types.Count} {(types.Count == 1 ? "argument" : "arguments")}; expected {function.Signature}");
        for (var i = 0; i < types.Count; i++)
        {
            var kinds = function.Parameters[Math.Min(i, function.Parameters.Count - 1)];
            if (kinds.Any(types[i].MayBe)) continue;
            return Wrong(call.Arguments[i].Mark, $"argument {i + 1} of '{call.Function}' is {types[i]}; expected {string.Join(" or ", kinds.Select(ExpressionType.Describe))}, as in {function.Signature}");
        }
        return function.Result(types);
    }

    private ExpressionType Wrong(Mark mark, string message, ExpressionType? type = null)
    {
        problems.Add(mark, message);
        return type ?? ExpressionType.Any;
    }
}
