using System.Globalization;
using System.Text;

namespace AgentRuntime.Cli.Tests.Models;

internal sealed record HubResponse(int Status)
{
    public List<string> Headers { get; init; } = [];

    public byte[] Body { get; init; } = [];

    /// <summary>Closes the connection after so many bytes of the body.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Keeps the connection silent until this has ended.</summary>
    public Task? Stall { get; init; }

    /// <summary>Whether the length of the body is told; otherwise it ends with the connection.</summary>
    public bool TellsLength { get; init; } = true;

    public static HubResponse Json(string json, params string[] headers) => new(200) { Body = Encoding.UTF8.GetBytes(json), Headers = [.. headers] };

    public static HubResponse Redirect(string to) => new(302) { Headers = { "Location: " + to } };

    public string Head()
    {
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {Status} X\r\nConnection: close\r\n");
        if (TellsLength) head.Append(CultureInfo.InvariantCulture, $"Content-Length: {Body.Length}\r\n");
        foreach (var header in Headers) head.Append(header).Append("\r\n");
        return head.Append("\r\n").ToString();
    }
}
