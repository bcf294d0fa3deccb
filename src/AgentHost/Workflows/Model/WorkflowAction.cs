namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary><c>uses: ./FILE</c>: runs another workflow. Outputs: those that it declares.</summary>
/// <param name="File">Its file as written, relative to the folder of the calling workflow's file.</param>
/// <param name="With">Its inputs.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record WorkflowAction(string File, MapValue With, Mark Mark) : StepAction(Mark)
{
    /// <inheritdoc/>
    public override string Key => "uses";

    /// <summary>The file as seen from where the calling workflow's file was named.</summary>
    /// <param name="caller">The calling workflow's file, as it was named.</param>
    public string PathFrom(string caller) =>
        Path.IsPathRooted(File) ? File : Path.Combine(Path.GetDirectoryName(caller) ?? "", File.StartsWith("./", StringComparison.Ordinal) ? File[2..] : File);
}
