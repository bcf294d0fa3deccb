using System.Reflection;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>
/// Says where the values of a tool's parameter come from: a static method of no parameters or of a <see cref="CallInProgress"/>
/// that gives texts or a <see cref="ValueDomain"/>. The parameter must be a string.
/// </summary>
/// <example><c>Task Checkout([GroundedIn(typeof(Git), nameof(Git.Branches))] string branch)</c></example>
/// <param name="type">The type that has the method.</param>
/// <param name="method">Its name.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class GroundedInAttribute(Type type, string method) : Attribute
{
    /// <summary>The type that has the method.</summary>
    public Type Type => type;

    /// <summary>The method's name.</summary>
    public string Method => method;

    /// <summary>Other parameters that the method looks at: they are written before this one.</summary>
    public string[] Needs { get; init; } = [];

    /// <exception cref="GrammarException">There is no such method.</exception>
    internal ValueSource CreateSource(string place)
    {
        var candidates = type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Where(m => m.Name == method && IsSource(m)).ToList();
        if (candidates is not [var found])
            throw new GrammarException($"{place}: {type.Name}.{method} must be one static method of nothing or of a {nameof(CallInProgress)} that gives texts or a {nameof(ValueDomain)}.");
        var takesCall = found.GetParameters().Length == 1;
        return new(
            call => found.Invoke(null, BindingFlags.DoNotWrapExceptions, null, takesCall ? [call] : [], null) switch
            {
                IEnumerable<string> texts => ValueDomain.OneOf(texts),
                var domain => (ValueDomain?)domain,
            },
            Needs);
    }

    private static bool IsSource(MethodInfo method) =>
        method.GetParameters() is [] or [{ ParameterType.Name: nameof(CallInProgress) }]
        && (typeof(IEnumerable<string>).IsAssignableFrom(method.ReturnType) || method.ReturnType == typeof(ValueDomain));
}
