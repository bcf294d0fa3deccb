using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>{% for target in values if test %}</c> with its <c>else</c> for when nothing ran.</summary>
internal sealed class ForStatement(
    Target target, Expression values, Expression? test, bool isRecursive, Block body, Block otherwise, int line) : Statement(line)
{
    public override Flow Run(RenderContext context) => RunOver(context, context.Scope, values.Evaluate(context), depth: 0);

    private Flow RunOver(RenderContext context, Scope outer, JinjaValue over, int depth)
    {
        context.Line = Line;
        var items = Access.Elements(over);
        var selected = test is null ? [.. items] : Select(context, outer, items);
        LoopValue? loop = null;
        loop = new(selected, depth, isRecursive
            ? (inner, arguments) => inner.Capture(() => RunOver(inner, outer, arguments.Bind("loop", "values")[0] ?? NoneValue.Instance, depth + 1))
            : null);
        var hasEnded = false;
        for (var i = 0; i < selected.Count; i++)
        {
            loop.Index = i;
            var scope = new Scope(outer);
            scope.Set("loop", loop);
            context.Step(Line);
            target.Assign(context, scope, selected[i]);
            var flow = body.RunIn(context, scope);
            hasEnded |= flow == Flow.Next;
            if (flow == Flow.Break) break;
        }
        // As in Jinja: a pass that was left early does not count.
        return hasEnded ? Flow.Next : otherwise.RunIn(context, new(outer));
    }

    private List<JinjaValue> Select(RenderContext context, Scope outer, IEnumerable<JinjaValue> items)
    {
        var selected = new List<JinjaValue>();
        foreach (var item in items)
        {
            var scope = new Scope(outer);
            target.Assign(context, scope, item);
            if (context.Inside(scope, () => test!.Evaluate(context)).IsTrue) selected.Add(item);
        }
        return selected;
    }
}
