using System.Text.RegularExpressions;

namespace AgentRuntime.Tools.Mcp;

/// <summary>How to reach a server of the Model Context Protocol: a program to start, or an address.</summary>
public sealed partial record McpServerSettings
{
    /// <summary>Longest <see cref="Timeout"/>.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromHours(1);

    /// <summary>What it is called here: letters, digits, <c>-</c> and <c>_</c>, at most 64.</summary>
    public required string Name { get; init; }

    /// <summary>The program that speaks the protocol on its standard input and output; null for a server with an address.</summary>
    public string? Command { get; init; }

    /// <summary>Arguments of the program.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Environment variables of the program, besides the few that every program needs; it sees no others.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Folder in which the program starts; the current one when null.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Address of a server that is running (streamable HTTP, or server-sent events for older ones); null for a program.</summary>
    public string? Url { get; init; }

    /// <summary>HTTP headers for every request, an access token say.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>How long the server may take to start and list its tools, and then for each call, approval not counted.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Whether the user's own configuration declares it. Others are started only with approval, since they run with the
    /// user's rights, outside the sandbox.
    /// </summary>
    public bool IsTrusted { get; init; }

    /// <summary>Program and arguments, or the address: what a person decides by.</summary>
    public string Target => Url ?? string.Join(' ', [Command ?? "", .. Arguments]);

    /// <summary>Checks that the settings make sense.</summary>
    /// <exception cref="ToolsException">They do not; the message names what is wrong.</exception>
    public void Validate()
    {
        if (!ValidName().IsMatch(Name)) throw Invalid("has a name that is not made of letters, digits, '-' and '_', at most 64");
        if (string.IsNullOrWhiteSpace(Command) == string.IsNullOrWhiteSpace(Url)) throw Invalid("needs either a command or a url");
        if (Url is not null && !(Uri.TryCreate(Url, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            throw Invalid($"has the url '{Url}', which is no http or https address");
        if (Timeout <= TimeSpan.Zero || Timeout > MaxTimeout) throw Invalid($"has a timeout that is not above 0 and at most {MaxTimeout.TotalHours:0} h");
    }

    private ToolsException Invalid(string problem) => new($"The MCP server '{Name}' {problem}.");

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}$")]
    private static partial Regex ValidName();
}
