namespace AgentRuntime.Tools.Files;

/// <summary>
/// A change that a tool is about to make to a file. A caller may put an <see cref="IProgress{T}"/> of it into the call's
/// context under the key <c>typeof(IProgress&lt;FileChange&gt;)</c>: it is told right before the file is replaced, so that it
/// can tell later, after a crash, whether the change was made.
/// </summary>
/// <param name="Path">Full path of the file.</param>
/// <param name="Before">Its content before; null when it did not exist.</param>
/// <param name="After">Its content after.</param>
/// <param name="Result">What the model reads when the change succeeds.</param>
public sealed record FileChange(string Path, byte[]? Before, byte[] After, string Result);
