using System.Text;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>A text that is given up when it becomes too long.</summary>
internal sealed class BoundedText(int limit)
{
    private readonly StringBuilder _builder = new();
    private bool _exceeded;

    public BoundedText Append(ReadOnlySpan<char> text)
    {
        _exceeded |= text.Length > limit - _builder.Length;
        if (!_exceeded) _builder.Append(text);
        return this;
    }

    /// <summary>The text, or null when it was too long.</summary>
    public string? Result => _exceeded ? null : _builder.ToString();

    /// <summary>Whether it became too long.</summary>
    public bool Exceeded => _exceeded;
}
