using System.Text;
using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>A macro together with the scope that it was defined in; calling it gives the text that it writes.</summary>
internal sealed class MacroValue(MacroSignature signature, Block body, Scope definedIn) : JinjaValue, ICallable
{
    public override string TypeName => "Macro";

    public override void WriteRepr(StringBuilder output) => output.Append("<Macro '").Append(signature.Name).Append("'>");

    public override JinjaValue? Attribute(string name) => name switch
    {
        "name" => new StringValue(signature.Name),
        "arguments" => new ListValue([.. signature.Parameters.Select(p => new StringValue(p.Name))], SequenceKind.Tuple),
        "caller" => BoolValue.Of(signature.UsesCaller),
        "catch_varargs" => BoolValue.Of(signature.UsesVarargs),
        "catch_kwargs" => BoolValue.Of(signature.UsesKwargs),
        _ => null,
    };

    public JinjaValue Call(RenderContext context, Arguments arguments)
    {
        var scope = new Scope(definedIn);
        return context.Inside(scope, () =>
        {
            Bind(context, scope, arguments);
            return context.Capture(() => body.RunIn(context, scope));
        });
    }

    private void Bind(RenderContext context, Scope scope, Arguments arguments)
    {
        var parameters = signature.Parameters;
        var left = new OrderedDictionary<string, JinjaValue>(arguments.Named, StringComparer.Ordinal);
        for (var i = 0; i < parameters.Count; i++)
        {
            var (name, fallback) = parameters[i];
            var isNamed = left.Remove(name, out var value);
            if (i < arguments.Positional.Count)
            {
                if (isNamed) throw new JinjaError($"macro '{signature.Name}' got argument '{name}' twice");
                value = arguments.Positional[i];
            }
            scope.Set(name, value ?? fallback?.Evaluate(context) ?? new UndefinedValue($"parameter '{name}' was not provided"));
        }
        if (signature.UsesCaller)
            scope.Set("caller", left.Remove("caller", out var caller) ? caller : new UndefinedValue("No caller defined"));
        var extra = arguments.Positional.Skip(parameters.Count).ToArray();
        if (signature.UsesVarargs) scope.Set("varargs", new ListValue(extra, SequenceKind.Tuple));
        else if (extra.Length > 0) throw new JinjaError($"macro '{signature.Name}' takes not more than {parameters.Count} arguments");
        if (signature.UsesKwargs) scope.Set("kwargs", Globals.ToDict(left));
        else if (left.Count > 0) throw new JinjaError($"macro '{signature.Name}' takes no argument '{left.GetAt(0).Key}'");
    }
}
