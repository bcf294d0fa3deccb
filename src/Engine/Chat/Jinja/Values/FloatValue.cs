using System.Numerics;
using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Python's <c>float</c>.</summary>
internal sealed class FloatValue(double value) : JinjaValue
{
    public double Value => value;

    public override string TypeName => "float";

    public override bool IsTrue => value != 0;

    public override void WriteRepr(StringBuilder output) => output.Append(Numbers.FloatText(value));

    public override bool Equals(JinjaValue? other) => Numbers.AreEqual(this, other);

    public override int GetHashCode() => double.IsInteger(value) ? Numbers.Hash(new BigInteger(value)) : value.GetHashCode();
}
