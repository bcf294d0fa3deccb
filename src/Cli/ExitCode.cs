namespace AgentRuntime.Cli;

/// <summary>What a command tells its shell.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>The task failed.</summary>
    public const int Failure = 1;

    /// <summary>Bad usage or bad input.</summary>
    public const int Usage = 2;

    /// <summary>Stopped with Ctrl-C.</summary>
    public const int Cancelled = 130;
}
