using System.Text;
using System.Text.Json;
using AgentRuntime.Engine.Grammar.Matching;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>What grounding knows of a place in a reply, beside the state of its grammar.</summary>
/// <param name="Call">What is complete of the call.</param>
/// <param name="Parameter">The parameter whose value is being written, if it is a text, a number or a truth value; otherwise null.</param>
/// <param name="Written">The value's bytes so far.</param>
/// <param name="Value">What the value is held to; null for nothing.</param>
/// <param name="At">The state of <see cref="GroundedValue.Spelling"/>.</param>
internal readonly record struct Ground(CallInProgress Call, ParameterNode? Parameter, WrittenBytes? Written, GroundedValue? Value, int At)
{
    /// <summary>The place between values.</summary>
    public static Ground Between(CallInProgress call) => new(call, null, null, null, 0);

    /// <summary>The text of a value that is complete.</summary>
    /// <param name="value">The value's bytes.</param>
    /// <param name="closing">Number of bytes that stand behind a raw text; 0 for JSON.</param>
    public static string TextOf(byte[] value, int closing)
    {
        if (closing > 0) return Encoding.UTF8.GetString(value.AsSpan(..^closing));
        if (value is not [(byte)'"', ..]) return Encoding.UTF8.GetString(value);
        try
        {
            return JsonSerializer.Deserialize<string>(value)!;
        }
        catch (JsonException)
        {
            // Half of a surrogate pair as an escape is JSON, but no text.
            return Encoding.UTF8.GetString(value);
        }
    }
}
