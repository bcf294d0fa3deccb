using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>A value of the template language, with Python's semantics. Immutable, but for namespaces.</summary>
internal abstract class JinjaValue : IEquatable<JinjaValue>
{
    /// <summary>The type as Python names it, for messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>Python's <c>bool(value)</c>.</summary>
    public virtual bool IsTrue => true;

    /// <summary>Characters and elements that it holds, nested ones counted each time they occur.</summary>
    public virtual long Weight => 1;

    /// <summary>How deep it nests; 0 for scalars.</summary>
    public virtual int Depth => 0;

    /// <summary>Python's <c>len(value)</c>, or null when it has none.</summary>
    public virtual int? Length => null;

    /// <summary>What a <c>for</c> loop runs over, or null when it cannot.</summary>
    public virtual IEnumerable<JinjaValue>? Elements => null;

    /// <summary>Python's <c>str(value)</c>: what <c>{{ value }}</c> prints.</summary>
    public virtual string ToText()
    {
        var output = new StringBuilder();
        WriteRepr(output);
        return output.ToString();
    }

    /// <summary>Python's <c>repr(value)</c>: how it is printed inside a list.</summary>
    public abstract void WriteRepr(StringBuilder output);

    /// <summary>A Python attribute (for most types, a method), or null.</summary>
    public virtual JinjaValue? Attribute(string name) => null;

    /// <summary>The item under a key or index, or null.</summary>
    public virtual JinjaValue? Item(JinjaValue key) => null;

    /// <summary>Whether it may be a key of a dictionary.</summary>
    public virtual bool IsHashable => true;

    /// <inheritdoc/>
    public virtual bool Equals(JinjaValue? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => obj is JinjaValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    /// <inheritdoc/>
    public sealed override string ToString() => ToText();
}
