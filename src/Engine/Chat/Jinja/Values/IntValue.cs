using System.Globalization;
using System.Numerics;
using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Python's <c>int</c>, of any size up to <see cref="TemplateLimits.IntegerBits"/>.</summary>
internal sealed class IntValue : JinjaValue
{
    public IntValue(BigInteger value)
    {
        if (value.GetBitLength() > TemplateLimits.IntegerBits) throw new JinjaError("a number grew too large");
        Value = value;
    }

    public BigInteger Value { get; }

    public override string TypeName => "int";

    public override bool IsTrue => !Value.IsZero;

    public override void WriteRepr(StringBuilder output) => output.Append(Value.ToString(CultureInfo.InvariantCulture));

    public override bool Equals(JinjaValue? other) => Numbers.AreEqual(this, other);

    public override int GetHashCode() => Numbers.Hash(Value);
}
